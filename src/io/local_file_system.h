#pragma once

#include "io/file_system.h"

namespace thalweg::io {

/// The machine's files. Relative paths start at the working directory. Lives as long as the
/// process.
FileSystem& LocalFileSystem();

}  // namespace thalweg::io
