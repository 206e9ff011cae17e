#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/status.h"

namespace thalweg::archive {

/// A file that begins in a frame, where the content is not simply that of files as they were: so
/// that whoever reads a stream knows it before the index comes.
struct FileStart {
  uint32_t place = 0;  ///< In the content of the frame.
  bool base64 = false;
  int64_t size = 0;  ///< With extents: of the file, holes included.
  std::vector<std::pair<int64_t, int64_t>> extents;

  bool as_it_is() const { return !base64 && extents.empty(); }
};

/// What stands in the padding frame behind a frame of content, before the padding.
std::string EncodeFileMap(const std::vector<FileStart>& starts);

/// Takes apart what stands behind a frame of `content_bytes` bytes of content: nothing, or one
/// padding frame with a map or without. `corruption` for anything else.
Result<std::vector<FileStart>> TakeFileMap(std::string_view rest, size_t content_bytes);

}  // namespace thalweg::archive
