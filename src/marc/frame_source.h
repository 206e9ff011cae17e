#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "io/buffer_pool.h"
#include "marc/frame.h"
#include "thalweg/marc/reader.h"
#include "thalweg/status.h"

namespace thalweg::marc {

/// A piece of the input, cut into frames. `data` lives as long as `owner`.
struct FrameSlab {
  std::shared_ptr<const void> owner;
  std::string_view data;
  int64_t data_offset = 0;  ///< Of `data` in the input.
  std::vector<Frame> frames;
};

/// Cuts `data` from its start into frames that start before `bytes_max`, until the slab has
/// `records_max` of them or more bytes are needed; gives where the last one ends.
size_t CutFrames(std::string_view data, bool end_of_input, size_t bytes_max, size_t records_max,
                 Framer* framer, FrameSlab* slab);

/// Cuts an input from front to back. One thread at a time.
class FrameSource {
 public:
  /// `slab_bytes` and `slab_records` bound a slab, but for a single record that is larger.
  struct Limits {
    size_t record_bytes_max;
    size_t slab_bytes;
    size_t slab_records;
  };

  /// `owner` keeps `bytes` alive, if it is not null.
  static FrameSource OverMemory(std::string_view bytes, std::shared_ptr<const void> owner,
                                const Limits& limits);
  static FrameSource OverStream(Reader::ReadBytes read, const Limits& limits);

  /// The next slab, which has at least one frame; false at the end. What `slab` held is dropped.
  Result<bool> Next(FrameSlab* slab);
  int64_t offset() const { return offset_; }

 private:
  explicit FrameSource(const Limits& limits) : limits_(limits), framer_(limits.record_bytes_max) {}
  // Cuts `data` from its start; gives how many bytes became frames.
  size_t Cut(std::string_view data, bool end_of_input, FrameSlab* slab);
  Result<bool> NextOfMemory(FrameSlab* slab);
  Result<bool> NextOfStream(FrameSlab* slab);
  size_t SlabBytes() const { return std::max(limits_.slab_bytes, size_t{4096}); }
  // `first_try`: nothing is needed where enough is left.
  Status Fill(size_t wanted, bool first_try);
  Status Renew(size_t capacity);

  Limits limits_;
  Framer framer_;
  int64_t offset_ = 0;  // Of the next byte that is no part of a frame yet.

  std::string_view memory_;
  std::shared_ptr<const void> owner_;

  Reader::ReadBytes read_;
  std::shared_ptr<io::BufferPool> pool_;
  std::shared_ptr<char> buffer_;
  size_t capacity_ = 0;
  size_t begin_ = 0;  // The part of the buffer that is not yet cut.
  size_t end_ = 0;
  bool end_of_stream_ = false;
};

}  // namespace thalweg::marc
