#pragma once

#include <string>
#include <string_view>

#include "thalweg/status.h"

namespace thalweg::io {

/// The failure that `error` (an errno) stands for: `operation: 'path': text of the error`.
///
/// Codes: a missing path is `not_found`; a taken name `already_exists`; a full disk, quota, file
/// size limit, or descriptors run out `resource_exhausted`; no permission `unauthenticated`;
/// what passes by itself `unavailable`; a reader that went away `cancelled` (see `IsClosedPipe`);
/// what this place cannot do `unsupported`; a wrong request `invalid_argument`; the rest
/// `io_error`.
Status StatusOfErrno(int error, std::string_view operation, std::string_view path);

/// The reader of a pipe or socket went away: the output is complete as far as anybody wants it.
/// The one `cancelled` that is a success, as in `thalweg … | head`.
bool IsClosedPipe(const Status& status);

}  // namespace thalweg::io
