#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>

#include "marc/frame_source.h"
#include "thalweg/marc/reader.h"
#include "thalweg/status.h"

namespace thalweg::marc {

/// A file from front to back, decompressed when it is compressed; `-` is standard input.
Result<Reader::ReadBytes> OpenInput(const std::string& path, std::stop_token stop);

FrameSource::Limits LimitsOf(const ReaderOptions& options);
/// The failure that ends the reading when `errors_max` is passed.
Status TooManyDefects(const ReaderOptions& options);
int64_t CountErrors(std::span<const Defect> defects);

}  // namespace thalweg::marc
