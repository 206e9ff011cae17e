#include "columnar/batch.h"

#include <arrow/array/data.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <numeric>
#include <unordered_set>
#include <utility>

#include "base/check.h"
#include "columnar/gather.h"

namespace thalweg::columnar {
namespace {

using Seen = std::unordered_set<const uint8_t*>;

/// Bytes of a buffer that several columns or batches may share: counted once.
int64_t SharedBytes(const std::shared_ptr<arrow::Buffer>& buffer, Seen* seen) {
  if (buffer == nullptr || buffer->size() == 0) return 0;
  return seen->insert(buffer->data()).second ? buffer->size() : 0;
}

template <typename Offset>
int64_t StringBytes(const arrow::ArrayData& data) {
  const auto* offsets = data.GetValues<Offset>(1);
  return (data.length + 1) * static_cast<int64_t>(sizeof(Offset)) +
         static_cast<int64_t>(offsets[data.length] - offsets[0]);
}

int64_t DataBytes(const arrow::ArrayData& data, Seen* seen) {
  int64_t bytes = 0;
  if (!data.buffers.empty() && data.buffers[0] != nullptr) bytes += data.length / 8 + 1;
  switch (data.type->id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      if (data.length > 0) bytes += StringBytes<int32_t>(data);
      break;
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      if (data.length > 0) bytes += StringBytes<int64_t>(data);
      break;
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      bytes += data.length * 16;
      for (size_t i = 2; i < data.buffers.size(); ++i) bytes += SharedBytes(data.buffers[i], seen);
      break;
    default:
      if (arrow::is_fixed_width(data.type->id())) {
        const int bits = static_cast<const arrow::FixedWidthType&>(*data.type).bit_width();
        bytes += (data.length * bits + 7) / 8;
      } else {
        for (size_t i = 1; i < data.buffers.size(); ++i) {
          bytes += SharedBytes(data.buffers[i], seen);
        }
      }
  }
  for (const auto& child : data.child_data) bytes += DataBytes(*child, seen);
  if (data.dictionary) bytes += DataBytes(*data.dictionary, seen);
  return bytes;
}

/// The origin of the rows `rows` of a batch that came from `origin`.
std::shared_ptr<const Origin> OriginOfRows(const std::shared_ptr<const Origin>& origin,
                                           Selection rows) {
  if (origin == nullptr) return nullptr;
  auto out = std::make_shared<Origin>(*origin);
  if (origin->rows == nullptr) {
    out->rows = std::move(rows);
    return out;
  }
  auto composed = std::make_shared<std::vector<int32_t>>(rows->size());
  std::transform(rows->begin(), rows->end(), composed->begin(),
                 [&](int32_t row) { return (*origin->rows)[static_cast<size_t>(row)]; });
  out->rows = std::move(composed);
  return out;
}

}  // namespace

Result<Batch> Batch::Compact() const {
  if (selection_ == nullptr) return *this;
  const auto selected = static_cast<int64_t>(selection_->size());
  Batch out = *this;
  out.selection_ = nullptr;
  if (selected == data_->num_rows()) return out;
  if (selected > 0 && selection_->back() - selection_->front() + 1 == selected) {
    out.data_ = data_->Slice(selection_->front(), selected);
  } else {
    THALWEG_ASSIGN_OR_RETURN(out.data_, Gather(data_, *selection_));
  }
  out.origin_ = OriginOfRows(origin_, selection_);
  return out;
}

Batch Batch::Slice(int64_t offset, int64_t length) const {
  offset = std::clamp<int64_t>(offset, 0, num_rows());
  length = std::clamp<int64_t>(length, 0, num_rows() - offset);
  if (offset == 0 && length == num_rows()) return *this;
  Batch out = *this;
  if (selection_ != nullptr) {
    const auto begin = selection_->begin() + offset;
    out.selection_ = std::make_shared<const std::vector<int32_t>>(begin, begin + length);
    return out;
  }
  out.data_ = data_->Slice(offset, length);
  if (origin_ != nullptr) {
    auto rows = std::make_shared<std::vector<int32_t>>(static_cast<size_t>(length));
    std::iota(rows->begin(), rows->end(), static_cast<int32_t>(offset));
    out.origin_ = OriginOfRows(origin_, std::move(rows));
  }
  return out;
}

int64_t Batch::ByteSize() const {
  if (data_ == nullptr) return 0;
  Seen seen;
  int64_t bytes = 0;
  for (int i = 0; i < data_->num_columns(); ++i) bytes += DataBytes(*data_->column_data(i), &seen);
  if (selection_) bytes += static_cast<int64_t>(selection_->size() * sizeof(int32_t));
  if (origin_) {
    bytes += SharedBytes(origin_->bytes, &seen);
    if (origin_->row_offsets) {
      bytes += static_cast<int64_t>(origin_->row_offsets->size() * sizeof(uint32_t));
    }
  }
  return bytes;
}

Batch Batch::WithOrigin(std::shared_ptr<const Origin> origin) const {
  Batch out = *this;
  out.origin_ = std::move(origin);
  return out;
}

Batch Batch::WithWeightColumn(int index) const {
  THALWEG_DCHECK(index >= -1 && (index < 0 || index < num_columns()));
  Batch out = *this;
  out.weight_column_ = index;
  return out;
}

}  // namespace thalweg::columnar
