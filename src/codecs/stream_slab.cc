#include "codecs/stream_slab.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "codecs/text_scan.h"

namespace thalweg::codecs {

int64_t LineCounter::At(std::string_view text, size_t offset) {
  if (offset > offset_) {
    line_ += CountByte(text.substr(offset_, offset - offset_), newline_);
    offset_ = offset;
  }
  return line_;
}

Status SlabText::Begin(const engine::Slab& slab, std::string_view codec, char newline) {
  constexpr size_t kBytesMax = 0x7fffffff;
  if (slab.data.size() > kBytesMax) {
    return Status::ResourceExhausted(std::string(codec) + ": a slab is longer than 2 GiB: " +
                                     std::to_string(slab.data.size()) + " bytes");
  }
  slab_ = &slab;
  if (slab.owner != nullptr) {
    const char* owned = reinterpret_cast<const char*>(slab.owner->data());
    buffer_ = arrow::SliceBuffer(slab.owner, slab.data.data() - owned,
                                 static_cast<int64_t>(slab.data.size()));
  } else {
    buffer_ = arrow::Buffer::FromString(std::string(slab.data));
  }
  text_ = std::string_view(reinterpret_cast<const char*>(buffer_->data()),
                           static_cast<size_t>(buffer_->size()));
  batch_lines_ = reject_lines_ = LineCounter(slab.first_line, newline);
  return {};
}

std::shared_ptr<columnar::Origin> SlabText::OriginOf(std::shared_ptr<std::vector<uint32_t>> offsets,
                                                     size_t end) {
  const uint32_t begin = offsets->front();
  for (uint32_t& offset : *offsets) offset -= begin;
  auto origin = std::make_shared<columnar::Origin>();
  origin->file = slab_->file;
  origin->byte_offset = slab_->byte_offset + begin;
  origin->first_line = batch_lines_.At(text_, begin);
  origin->row_offsets = std::move(offsets);
  origin->bytes = arrow::SliceBuffer(buffer_, begin, static_cast<int64_t>(end - begin));
  return origin;
}

engine::RejectedRow SlabText::RejectOf(size_t begin, size_t end) {
  engine::RejectedRow row;
  if (slab_->file != nullptr) row.file = *slab_->file;
  row.line = reject_lines_.At(text_, begin);
  row.byte_offset = slab_->byte_offset + static_cast<int64_t>(begin);
  row.raw = std::string(text(begin, end));
  return row;
}

columnar::Selection WithoutRows(std::vector<int32_t>* bad, int64_t rows) {
  if (bad->empty()) return nullptr;
  std::sort(bad->begin(), bad->end());
  auto good = std::make_shared<std::vector<int32_t>>();
  auto next = bad->begin();
  for (int32_t row = 0; row < rows; ++row) {
    while (next != bad->end() && *next < row) ++next;
    if (next == bad->end() || *next != row) good->push_back(row);
  }
  return good;
}

std::string Excerpt(std::string_view text) {
  constexpr size_t kBytesMax = 60;
  std::string out;
  const bool cut = text.size() > kBytesMax;
  if (cut) text = text.substr(0, kBytesMax);
  // A character is not cut in two.
  for (int i = 0; cut && i < 4 && !simdjson::validate_utf8(text); ++i) text.remove_suffix(1);
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  return "'" + out + (cut ? "…'" : "'");
}

}  // namespace thalweg::codecs
