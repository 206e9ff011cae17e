#pragma once

#include <optional>
#include <string_view>

#include "thalweg/marc/formats.h"

namespace thalweg::marc {

/// An input whose format is known. What was read to know it is given again by `read`.
struct DetectedInput {
  Format format;
  Reader::ReadBytes read;
};

/// `given` wins over the bytes, and those over the suffix of `path`. `invalid_argument` when none
/// of them tells.
Result<DetectedInput> DetectInput(Reader::ReadBytes read, std::optional<Format> given,
                                  const std::string& path);

}  // namespace thalweg::marc
