#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/batch.h"
#include "engine/codec.h"

// What the decoders of text formats share: a slab as text, lines, rows that drop out.
namespace thalweg::codecs {

/// Counts lines forwards from one asked-for place to the next.
class LineCounter {
 public:
  LineCounter() = default;
  LineCounter(int64_t first_line, char newline) : line_(first_line), newline_(newline) {}
  /// The line of `text[offset]`. Offsets must not descend.
  int64_t At(std::string_view text, size_t offset);

 private:
  size_t offset_ = 0;
  int64_t line_ = 1;
  char newline_ = '\n';
};

/// A slab as text that batches can point into.
class SlabText {
 public:
  /// `resource_exhausted` where offsets into the slab would not fit a view (2 GiB).
  Status Begin(const engine::Slab& slab, std::string_view codec, char newline = '\n');
  void End() { buffer_.reset(); }

  const engine::Slab& slab() const { return *slab_; }
  std::string_view text() const { return text_; }
  std::string_view text(size_t begin, size_t end) const { return text_.substr(begin, end - begin); }
  const std::shared_ptr<arrow::Buffer>& buffer() const { return buffer_; }

  /// Where a batch comes from; `offsets` are those of its rows in the text, not empty; `end` is
  /// that of the last row. Batches are asked for in order.
  std::shared_ptr<columnar::Origin> OriginOf(std::shared_ptr<std::vector<uint32_t>> offsets,
                                             size_t end);
  /// A rejected row with its place; asked for in order.
  engine::RejectedRow RejectOf(size_t begin, size_t end);

 private:
  const engine::Slab* slab_ = nullptr;
  std::shared_ptr<arrow::Buffer> buffer_;
  std::string_view text_;
  LineCounter batch_lines_;
  LineCounter reject_lines_;
};

/// The rows of 0…rows-1 that are not in `bad`, which is sorted by it; null where none is.
columnar::Selection WithoutRows(std::vector<int32_t>* bad, int64_t rows);

/// A value for a message: in quotes, of bounded length, on one line.
std::string Excerpt(std::string_view text);

}  // namespace thalweg::codecs
