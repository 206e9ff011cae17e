#pragma once

#include <cstdint>
#include <vector>

#include "archive/index.h"
#include "archive/opened_archive.h"

// Where the bytes of a file are in the content stream.
namespace thalweg::archive {

/// A run of bytes of one file that stand together in the content stream.
struct ContentRun {
  int64_t file_offset = 0;
  int64_t stream_offset = 0;
  int64_t length = 0;
};

/// The runs of `length` stored bytes from `offset` of the file: holes are left out.
std::vector<ContentRun> RunsOf(const Entry& entry, int64_t offset, int64_t length);

/// The frame that holds the byte at `stream_offset`, which lies in the content.
size_t FrameAt(const OpenedArchive& archive, int64_t stream_offset);

}  // namespace thalweg::archive
