#pragma once

#include <memory>
#include <stop_token>

#include "io/file_system.h"

// The process's standard input and output as files. They are lent: closing and destroying leave
// the descriptors open. One user of each at a time.
namespace thalweg::io {

/// A wait for input ends with `cancelled` when `stop` is set.
std::unique_ptr<SequentialFile> OpenStandardInput(std::stop_token stop);

/// A reader that went away gives a status for which `IsClosedPipe` holds, provided that the
/// application ignores SIGPIPE.
std::unique_ptr<WritableFile> OpenStandardOutput();

}  // namespace thalweg::io
