#include "engine/expression_rows.h"

#include <arrow/array/util.h>
#include <arrow/scalar.h>
#include <arrow/util/bitmap_ops.h>

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "columnar/arrow_status.h"

namespace thalweg::engine {

Result<Argument> Argument::Of(const arrow::Datum& datum) {
  Argument out;
  if (datum.is_scalar()) {
    THALWEG_ASSIGN_OR_RETURN_ARROW(out.array_, arrow::MakeArrayFromScalar(*datum.scalar(), 1));
    out.constant_ = true;
    out.may_be_null_ = !datum.scalar()->is_valid;
    out.always_null_ = out.may_be_null_;
    return out;
  }
  if (!datum.is_array()) return Status::Internal("an argument is neither an array nor a scalar");
  out.array_ = datum.make_array();
  out.always_null_ = out.array_->type_id() == arrow::Type::NA;
  out.may_be_null_ = out.always_null_ || out.array_->null_count() > 0;
  return out;
}

Result<std::vector<Argument>> ArgumentsOf(std::span<const arrow::Datum> datums) {
  std::vector<Argument> out;
  out.reserve(datums.size());
  for (const arrow::Datum& datum : datums) {
    THALWEG_ASSIGN_OR_RETURN(Argument argument, Argument::Of(datum));
    out.push_back(std::move(argument));
  }
  return out;
}

Result<ArrayPtr> ToArray(const arrow::Datum& datum, int64_t rows) {
  if (datum.is_array()) return datum.make_array();
  if (!datum.is_scalar()) return Status::Internal("an answer is neither an array nor a scalar");
  return columnar::FromArrow(arrow::MakeArrayFromScalar(*datum.scalar(), rows));
}

Result<std::shared_ptr<arrow::Buffer>> AllocateBytes(int64_t bytes) {
  THALWEG_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Buffer> out, arrow::AllocateBuffer(bytes));
  return out;
}

Result<std::shared_ptr<arrow::Buffer>> AllocateBitmap(int64_t rows) {
  return columnar::FromArrow(arrow::AllocateEmptyBitmap(rows));
}

Result<Validity> Intersect(std::span<const Argument> arguments, int64_t rows) {
  Validity out;
  for (const Argument& argument : arguments) {
    if (!argument.may_be_null()) continue;
    const arrow::ArrayData& data = *argument.array()->data();
    if (argument.constant() || data.buffers[0] == nullptr) {
      if (argument.constant() && !argument.array()->IsNull(0)) continue;
      THALWEG_ASSIGN_OR_RETURN(out.bitmap, AllocateBitmap(rows));
      out.null_count = rows;
      return out;
    }
    const uint8_t* bits = data.buffers[0]->data();
    if (out.bitmap == nullptr) {
      THALWEG_ASSIGN_OR_RETURN(out.bitmap, AllocateBitmap(rows));
      arrow::internal::CopyBitmap(bits, data.offset, rows, out.bitmap->mutable_data(), 0);
    } else {
      arrow::internal::BitmapAnd(out.bitmap->data(), 0, bits, data.offset, rows, 0,
                                 out.bitmap->mutable_data());
    }
  }
  if (out.bitmap != nullptr) {
    out.null_count = rows - arrow::internal::CountSetBits(out.bitmap->data(), 0, rows);
    if (out.null_count == 0) out.bitmap = nullptr;
  }
  return out;
}

ArrayPtr MakeFlatArray(const TypePtr& type, int64_t rows, std::shared_ptr<arrow::Buffer> values,
                       Validity validity) {
  return arrow::MakeArray(arrow::ArrayData::Make(
      type, rows, {std::move(validity.bitmap), std::move(values)}, validity.null_count));
}

Result<arrow::Datum> NullDatum(const TypePtr& type) {
  return arrow::Datum(arrow::MakeNullScalar(type));
}

namespace internal {

Status ClearRow(Validity* validity, int64_t rows, int64_t row) {
  if (validity->bitmap == nullptr) {
    THALWEG_ASSIGN_OR_RETURN(validity->bitmap, AllocateBitmap(rows));
    arrow::bit_util::SetBitsTo(validity->bitmap->mutable_data(), 0, rows, true);
  }
  arrow::bit_util::ClearBit(validity->bitmap->mutable_data(), row);
  ++validity->null_count;
  return {};
}

}  // namespace internal

TextWriter::TextWriter(int64_t rows, int64_t bytes) : rows_(rows) {
  auto offsets = AllocateBytes((rows + 1) * static_cast<int64_t>(sizeof(int32_t)));
  auto buffer = columnar::FromArrow(arrow::AllocateResizableBuffer(std::max<int64_t>(bytes, 64)));
  // Without these two there is no memory at all: going on would write nowhere.
  THALWEG_CHECK(offsets.ok() && buffer.ok());
  offsets_buffer_ = *std::move(offsets);
  buffer_ = *std::move(buffer);
  offsets_ = reinterpret_cast<int32_t*>(offsets_buffer_->mutable_data());
  offsets_[0] = 0;
  bytes_ = reinterpret_cast<char*>(buffer_->mutable_data());
  capacity_ = static_cast<size_t>(buffer_->size());
}

void TextWriter::Grow(size_t size) {
  constexpr size_t kMax = std::numeric_limits<int32_t>::max();
  if (size > kMax - std::min(used_, kMax)) {
    // The text is written over from the start: `Finish` fails, and memory stays bounded.
    status_ = Status::ResourceExhausted("a text column of one batch passes 2 GiB");
    used_ = static_cast<size_t>(offsets_[0]);
    std::fill(offsets_, offsets_ + row_ + 1, 0);
    if (size <= capacity_) return;
  }
  const size_t wanted = std::max(used_ + size, capacity_ * 2);
  const arrow::Status resized = buffer_->Resize(static_cast<int64_t>(wanted), false);
  THALWEG_CHECK(resized.ok());
  bytes_ = reinterpret_cast<char*>(buffer_->mutable_data());
  capacity_ = wanted;
}

void TextWriter::EndRow() { offsets_[++row_] = static_cast<int32_t>(used_); }

void TextWriter::EndNull() {
  used_ = static_cast<size_t>(offsets_[row_]);
  if (nulls_ == nullptr) {
    auto bitmap = AllocateBitmap(rows_);
    THALWEG_CHECK(bitmap.ok());
    nulls_ = *std::move(bitmap);
    arrow::bit_util::SetBitsTo(nulls_->mutable_data(), 0, rows_, true);
  }
  arrow::bit_util::ClearBit(nulls_->mutable_data(), row_);
  ++null_count_;
  EndRow();
}

Result<ArrayPtr> TextWriter::Finish(const TypePtr& type) {
  THALWEG_RETURN_IF_ERROR(status_);
  THALWEG_DCHECK(row_ == rows_);
  THALWEG_RETURN_IF_ARROW_ERROR(buffer_->Resize(static_cast<int64_t>(used_), false));
  return arrow::MakeArray(arrow::ArrayData::Make(
      type, rows_, {std::move(nulls_), std::move(offsets_buffer_), std::move(buffer_)},
      null_count_));
}

}  // namespace thalweg::engine
