#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "io/file_reader.h"
#include "marc/frame.h"
#include "marc/frame_source.h"
#include "thalweg/status.h"

namespace thalweg::marc {

/// Cuts ranges of a file, each by itself: several threads can each read what they work on. One
/// thread at a time.
///
/// Only the frames before a range tell for certain where its first frame starts. Who does not know
/// them looks for a terminator with a record behind it, and is nearly always right. A frame depends
/// on nothing before its start: where the frames before end at the first of these, all are right.
class FrameRange {
 public:
  FrameRange(std::unique_ptr<io::FileReader> file, const FrameSource::Limits& limits)
      : file_(std::move(file)), limits_(limits), framer_(limits.record_bytes_max) {}

  /// The frames that start in [begin, end) are wanted, which lies in the file. `known`: one starts
  /// at `begin`; otherwise there is a byte before it. Who goes on where they stopped keeps what was
  /// read behind it.
  void Begin(int64_t begin, int64_t end, bool known);
  /// The next slab; false: there are no more. Where the start is not known, also: no record shows
  /// itself, or the next reaches further than is read on a guess.
  Result<bool> Next(FrameSlab* slab);

 private:
  Status Read(int64_t offset, size_t length);
  std::optional<size_t> FindRecord(std::string_view data) const;
  Result<bool> FindFirst();
  void Give(std::string_view data, FrameSlab* slab);
  // What is read at once of the range from `at_` on, with what follows it.
  size_t WindowBytes() const;
  int64_t window_end() const { return window_.offset + static_cast<int64_t>(window_.bytes.size()); }

  std::unique_ptr<io::FileReader> file_;
  FrameSource::Limits limits_;
  Framer framer_;
  int64_t at_ = 0;  // Of the next frame; while it is not found, where it starts at the earliest.
  int64_t end_ = 0;
  bool known_ = false;
  bool found_ = false;
  io::FileSlab window_;  // The bytes that are there.
};

}  // namespace thalweg::marc
