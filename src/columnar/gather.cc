#include "columnar/gather.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/initialize.h>
#include <arrow/datum.h>
#include <arrow/type_traits.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>

#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "columnar/arrow_status.h"

namespace thalweg::columnar {
namespace {

using arrow::ArrayData;
using arrow::Buffer;
using BufferPtr = std::shared_ptr<Buffer>;
using Rows = std::span<const int32_t>;

Result<BufferPtr> NewBuffer(int64_t bytes) {
  THALWEG_ASSIGN_OR_RETURN_ARROW(std::unique_ptr<Buffer> buffer, arrow::AllocateBuffer(bytes));
  return BufferPtr(std::move(buffer));
}

/// Bits `rows` of `bits`, which starts `offset` bits in. `set` counts the ones.
Result<BufferPtr> GatherBits(const uint8_t* bits, int64_t offset, Rows rows, int64_t* set) {
  const int64_t count = static_cast<int64_t>(rows.size());
  THALWEG_ASSIGN_OR_RETURN(BufferPtr buffer, NewBuffer(arrow::bit_util::BytesForBits(count)));
  uint8_t* out = buffer->mutable_data();
  std::memset(out, 0, static_cast<size_t>(buffer->size()));
  int64_t ones = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const int64_t at = offset + rows[i];
    const uint8_t bit = static_cast<uint8_t>((bits[at >> 3] >> (at & 7)) & 1);
    out[i >> 3] = static_cast<uint8_t>(out[i >> 3] | (bit << (i & 7)));
    ones += bit;
  }
  *set = ones;
  return buffer;
}

struct Validity {
  BufferPtr bits;  ///< Null: all rows are valid.
  int64_t null_count = 0;
};

Result<Validity> GatherValidity(const ArrayData& data, Rows rows) {
  Validity out;
  if (data.buffers.empty() || data.buffers[0] == nullptr || data.GetNullCount() == 0) return out;
  int64_t set = 0;
  THALWEG_ASSIGN_OR_RETURN(out.bits, GatherBits(data.buffers[0]->data(), data.offset, rows, &set));
  out.null_count = static_cast<int64_t>(rows.size()) - set;
  if (out.null_count == 0) out.bits = nullptr;
  return out;
}

template <size_t kWidth>
void CopyFixed(const uint8_t* from, Rows rows, uint8_t* to) {
  for (const int32_t row : rows) {
    std::memcpy(to, from + static_cast<size_t>(row) * kWidth, kWidth);
    to += kWidth;
  }
}

Result<BufferPtr> GatherFixed(const ArrayData& data, int buffer, size_t width, Rows rows) {
  THALWEG_ASSIGN_OR_RETURN(BufferPtr out, NewBuffer(static_cast<int64_t>(rows.size() * width)));
  if (rows.empty()) return out;
  const uint8_t* from =
      data.buffers[static_cast<size_t>(buffer)]->data() + static_cast<size_t>(data.offset) * width;
  uint8_t* to = out->mutable_data();
  switch (width) {
    case 1:
      CopyFixed<1>(from, rows, to);
      break;
    case 2:
      CopyFixed<2>(from, rows, to);
      break;
    case 4:
      CopyFixed<4>(from, rows, to);
      break;
    case 8:
      CopyFixed<8>(from, rows, to);
      break;
    case 16:
      CopyFixed<16>(from, rows, to);
      break;
    case 32:
      CopyFixed<32>(from, rows, to);
      break;
    default:
      for (const int32_t row : rows) {
        std::memcpy(to, from + static_cast<size_t>(row) * width, width);
        to += width;
      }
  }
  return out;
}

/// Offsets and bytes of a string or binary column.
template <typename Offset>
Result<std::pair<BufferPtr, BufferPtr>> GatherStrings(const ArrayData& data, Rows rows) {
  const Offset* offsets = data.GetValues<Offset>(1);
  uint64_t total = 0;
  for (const int32_t row : rows) total += static_cast<uint64_t>(offsets[row + 1] - offsets[row]);
  if (total > static_cast<uint64_t>(std::numeric_limits<Offset>::max())) {
    return Status::ResourceExhausted(
        "a string column of one batch holds more than 2 GiB: use smaller batches");
  }
  THALWEG_ASSIGN_OR_RETURN(BufferPtr new_offsets,
                           NewBuffer(static_cast<int64_t>((rows.size() + 1) * sizeof(Offset))));
  THALWEG_ASSIGN_OR_RETURN(BufferPtr bytes, NewBuffer(static_cast<int64_t>(total)));
  auto* to_offset = reinterpret_cast<Offset*>(new_offsets->mutable_data());
  const uint8_t* from = data.buffers[2] ? data.buffers[2]->data() : nullptr;
  uint8_t* to = bytes->mutable_data();
  Offset at = 0;
  for (const int32_t row : rows) {
    *to_offset++ = at;
    const Offset length = offsets[row + 1] - offsets[row];
    if (length > 0) std::memcpy(to + at, from + offsets[row], static_cast<size_t>(length));
    at += length;
  }
  *to_offset = at;
  return std::pair(std::move(new_offsets), std::move(bytes));
}

/// What has no loop here (lists, maps, unions): Arrow's kernel, which knows no views.
Result<ArrayPtr> GatherByArrow(const ArrayPtr& array, Rows rows) {
  static const arrow::Status ready = arrow::compute::Initialize();
  THALWEG_RETURN_IF_ARROW_ERROR(ready);
  THALWEG_ASSIGN_OR_RETURN(const ArrayPtr plain, WithoutViews(array));
  const auto indices = std::make_shared<arrow::Int32Array>(
      static_cast<int64_t>(rows.size()),
      std::make_shared<Buffer>(reinterpret_cast<const uint8_t*>(rows.data()),
                               static_cast<int64_t>(rows.size_bytes())));
  THALWEG_ASSIGN_OR_RETURN_ARROW(
      arrow::Datum taken,
      arrow::compute::Take(plain, indices, arrow::compute::TakeOptions::NoBoundsCheck()));
  return taken.make_array();
}

Result<ArrayPtr> GatherStruct(const ArrayPtr& array, Rows rows) {
  const auto& structs = static_cast<const arrow::StructArray&>(*array);
  THALWEG_ASSIGN_OR_RETURN(Validity validity, GatherValidity(*array->data(), rows));
  std::vector<std::shared_ptr<ArrayData>> children;
  for (int i = 0; i < structs.num_fields(); ++i) {
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr child, Gather(structs.field(i), rows));
    children.push_back(child->data());
  }
  return arrow::MakeArray(ArrayData::Make(array->type(), static_cast<int64_t>(rows.size()),
                                          {validity.bits}, std::move(children),
                                          validity.null_count));
}

Result<std::vector<BufferPtr>> GatherValues(const ArrayData& data, Rows rows) {
  switch (data.type->id()) {
    case arrow::Type::BOOL: {
      int64_t set = 0;
      THALWEG_ASSIGN_OR_RETURN(BufferPtr bits,
                               GatherBits(data.buffers[1]->data(), data.offset, rows, &set));
      return std::vector<BufferPtr>{nullptr, std::move(bits)};
    }
    case arrow::Type::STRING:
    case arrow::Type::BINARY: {
      THALWEG_ASSIGN_OR_RETURN(auto parts, GatherStrings<int32_t>(data, rows));
      return std::vector<BufferPtr>{nullptr, std::move(parts.first), std::move(parts.second)};
    }
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY: {
      THALWEG_ASSIGN_OR_RETURN(auto parts, GatherStrings<int64_t>(data, rows));
      return std::vector<BufferPtr>{nullptr, std::move(parts.first), std::move(parts.second)};
    }
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW: {
      std::vector<BufferPtr> buffers = data.buffers;
      THALWEG_ASSIGN_OR_RETURN(buffers[1], GatherFixed(data, 1, 16, rows));
      return buffers;
    }
    default: {
      const int bits = static_cast<const arrow::FixedWidthType&>(*data.type).bit_width();
      THALWEG_ASSIGN_OR_RETURN(BufferPtr values,
                               GatherFixed(data, 1, static_cast<size_t>(bits / 8), rows));
      return std::vector<BufferPtr>{nullptr, std::move(values)};
    }
  }
}

bool HasOwnLoop(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::DICTIONARY:
    case arrow::Type::BOOL:
    case arrow::Type::FIXED_SIZE_BINARY:
      return true;
    default:
      return arrow::is_primitive(type.id()) || arrow::is_decimal(type.id());
  }
}

}  // namespace

Result<ArrayPtr> Gather(const ArrayPtr& array, Rows rows) {
  const arrow::DataType& type = *array->type();
  const int64_t count = static_cast<int64_t>(rows.size());
  if (type.id() == arrow::Type::NA) return ArrayPtr(std::make_shared<arrow::NullArray>(count));
  if (type.id() == arrow::Type::STRUCT) return GatherStruct(array, rows);
  if (!HasOwnLoop(type) || array->length() == 0) return GatherByArrow(array, rows);
  const ArrayData& data = *array->data();
  THALWEG_ASSIGN_OR_RETURN(Validity validity, GatherValidity(data, rows));
  THALWEG_ASSIGN_OR_RETURN(std::vector<BufferPtr> buffers, GatherValues(data, rows));
  buffers[0] = std::move(validity.bits);
  auto out = ArrayData::Make(array->type(), count, std::move(buffers), validity.null_count);
  out->dictionary = data.dictionary;
  return arrow::MakeArray(std::move(out));
}

Result<RecordBatchPtr> Gather(const RecordBatchPtr& batch, Rows rows) {
  std::vector<ArrayPtr> columns;
  columns.reserve(static_cast<size_t>(batch->num_columns()));
  for (int i = 0; i < batch->num_columns(); ++i) {
    THALWEG_ASSIGN_OR_RETURN(ArrayPtr column, Gather(batch->column(i), rows));
    columns.push_back(std::move(column));
  }
  // A nested column with views comes back without: the schema follows the columns.
  SchemaPtr schema = batch->schema();
  for (int i = 0; i < batch->num_columns(); ++i) {
    const ArrayPtr& column = columns[static_cast<size_t>(i)];
    if (column->type()->Equals(*schema->field(i)->type())) continue;
    THALWEG_ASSIGN_OR_RETURN_ARROW(schema,
                                   schema->SetField(i, schema->field(i)->WithType(column->type())));
  }
  return arrow::RecordBatch::Make(std::move(schema), static_cast<int64_t>(rows.size()),
                                  std::move(columns));
}

}  // namespace thalweg::columnar
