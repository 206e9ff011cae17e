#pragma once

#include <string>

#include "io/file_system.h"
#include "thalweg/archive/archive.h"
#include "thalweg/status.h"

namespace thalweg::archive {

/// Copies the archive at `path` to a new one under a new file key, frame by frame as they are
/// compressed, and puts it in the place that `options` names.
Status Reencrypt(io::FileSystem& fs, const std::string& path, const RekeyOptions& options);

}  // namespace thalweg::archive
