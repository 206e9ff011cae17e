#include <arrow/array.h>
#include <arrow/array/builder_base.h>
#include <arrow/buffer.h>
#include <arrow/type_traits.h>

#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "columnar/arrow_status.h"
#include "columnar/gather.h"

namespace thalweg::columnar {
namespace {

using BufferPtr = std::shared_ptr<arrow::Buffer>;
using Chunks = std::span<const ArrayPtr>;
using Refs = std::span<const RowRef>;

Result<BufferPtr> NewBuffer(int64_t bytes) {
  THALWEG_ASSIGN_OR_RETURN_ARROW(std::unique_ptr<arrow::Buffer> buffer,
                                 arrow::AllocateBuffer(bytes));
  return BufferPtr(std::move(buffer));
}

bool GetBit(const uint8_t* bits, int64_t at) { return ((bits[at >> 3] >> (at & 7)) & 1) != 0; }

/// Bitmap of the rows for which `f` gives true; `set` counts them.
template <typename F>
Result<BufferPtr> MakeBits(Refs rows, int64_t* set, F&& f) {
  const int64_t count = static_cast<int64_t>(rows.size());
  THALWEG_ASSIGN_OR_RETURN(BufferPtr buffer, NewBuffer((count + 7) / 8));
  uint8_t* out = buffer->mutable_data();
  std::memset(out, 0, static_cast<size_t>(buffer->size()));
  *set = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const bool bit = f(rows[i]);
    out[i >> 3] = static_cast<uint8_t>(out[i >> 3] | (static_cast<unsigned>(bit) << (i & 7)));
    *set += bit ? 1 : 0;
  }
  return buffer;
}

template <size_t kWidth>
Result<BufferPtr> Fixed(Chunks chunks, Refs rows) {
  std::vector<const uint8_t*> bases(chunks.size(), nullptr);
  for (size_t i = 0; i < chunks.size(); ++i) {
    if (chunks[i] == nullptr || chunks[i]->length() == 0) continue;
    bases[i] =
        chunks[i]->data()->buffers[1]->data() + chunks[i]->offset() * static_cast<int64_t>(kWidth);
  }
  THALWEG_ASSIGN_OR_RETURN(BufferPtr buffer, NewBuffer(static_cast<int64_t>(rows.size() * kWidth)));
  uint8_t* out = buffer->mutable_data();
  for (const RowRef& ref : rows) {
    std::memcpy(out, bases[ref.chunk] + static_cast<size_t>(ref.row) * kWidth, kWidth);
    out += kWidth;
  }
  return buffer;
}

Result<std::vector<BufferPtr>> Strings(Chunks chunks, Refs rows) {
  std::vector<const int32_t*> offsets(chunks.size(), nullptr);
  std::vector<const uint8_t*> bases(chunks.size(), nullptr);
  for (size_t i = 0; i < chunks.size(); ++i) {
    if (chunks[i] == nullptr || chunks[i]->length() == 0) continue;
    offsets[i] = chunks[i]->data()->GetValues<int32_t>(1);
    if (chunks[i]->data()->buffers[2]) bases[i] = chunks[i]->data()->buffers[2]->data();
  }
  THALWEG_ASSIGN_OR_RETURN(BufferPtr places,
                           NewBuffer(static_cast<int64_t>((rows.size() + 1) * sizeof(int32_t))));
  auto* place = reinterpret_cast<int32_t*>(places->mutable_data());
  int64_t total = 0;
  for (const RowRef& ref : rows) {
    *place++ = static_cast<int32_t>(total);
    total += offsets[ref.chunk][ref.row + 1] - offsets[ref.chunk][ref.row];
    if (total > std::numeric_limits<int32_t>::max()) {
      return Status::ResourceExhausted(
          "a string column of one batch holds more than 2 GiB: use smaller batches");
    }
  }
  *place = static_cast<int32_t>(total);
  THALWEG_ASSIGN_OR_RETURN(BufferPtr bytes, NewBuffer(total));
  uint8_t* out = bytes->mutable_data();
  for (const RowRef& ref : rows) {
    const int32_t begin = offsets[ref.chunk][ref.row];
    const auto length = static_cast<size_t>(offsets[ref.chunk][ref.row + 1] - begin);
    if (length > 0) std::memcpy(out, bases[ref.chunk] + begin, length);
    out += length;
  }
  return std::vector<BufferPtr>{nullptr, std::move(places), std::move(bytes)};
}

/// Any type, value by value.
Result<ArrayPtr> Slowly(const TypePtr& type, Chunks chunks, Refs rows) {
  THALWEG_ASSIGN_OR_RETURN_ARROW(std::unique_ptr<arrow::ArrayBuilder> builder,
                                 arrow::MakeBuilder(type));
  for (const RowRef& ref : rows) {
    THALWEG_RETURN_IF_ARROW_ERROR(
        builder->AppendArraySlice(arrow::ArraySpan(*chunks[ref.chunk]->data()), ref.row, 1));
  }
  THALWEG_ASSIGN_OR_RETURN_ARROW(ArrayPtr out, builder->Finish());
  return out;
}

/// Empty: there is no loop for the type.
Result<std::vector<BufferPtr>> ValuesOf(const arrow::DataType& type, Chunks chunks, Refs rows) {
  if (type.id() == arrow::Type::STRING || type.id() == arrow::Type::BINARY) {
    return Strings(chunks, rows);
  }
  BufferPtr values;
  if (type.id() == arrow::Type::BOOL) {
    int64_t set = 0;
    THALWEG_ASSIGN_OR_RETURN(values, MakeBits(rows, &set, [&](const RowRef& ref) {
                               const arrow::ArrayData& data = *chunks[ref.chunk]->data();
                               return GetBit(data.buffers[1]->data(), data.offset + ref.row);
                             }));
    return std::vector<BufferPtr>{nullptr, std::move(values)};
  }
  if (!arrow::is_primitive(type.id()) && !arrow::is_decimal(type.id())) {
    return std::vector<BufferPtr>();
  }
  switch (static_cast<const arrow::FixedWidthType&>(type).bit_width()) {
    case 8: {
      THALWEG_ASSIGN_OR_RETURN(values, Fixed<1>(chunks, rows));
      break;
    }
    case 16: {
      THALWEG_ASSIGN_OR_RETURN(values, Fixed<2>(chunks, rows));
      break;
    }
    case 32: {
      THALWEG_ASSIGN_OR_RETURN(values, Fixed<4>(chunks, rows));
      break;
    }
    case 64: {
      THALWEG_ASSIGN_OR_RETURN(values, Fixed<8>(chunks, rows));
      break;
    }
    case 128: {
      THALWEG_ASSIGN_OR_RETURN(values, Fixed<16>(chunks, rows));
      break;
    }
    default:
      return std::vector<BufferPtr>();
  }
  return std::vector<BufferPtr>{nullptr, std::move(values)};
}

}  // namespace

Result<ArrayPtr> GatherFrom(Chunks chunks, Refs rows) {
  TypePtr type;
  bool has_nulls = false;
  for (const ArrayPtr& chunk : chunks) {
    if (chunk == nullptr) continue;
    type = chunk->type();
    has_nulls = has_nulls || chunk->null_count() > 0;
  }
  if (type == nullptr) return Status::Internal("gather: no chunk");
  const int64_t count = static_cast<int64_t>(rows.size());
  if (type->id() == arrow::Type::NA) return ArrayPtr(std::make_shared<arrow::NullArray>(count));
  THALWEG_ASSIGN_OR_RETURN(std::vector<BufferPtr> buffers, ValuesOf(*type, chunks, rows));
  if (buffers.empty()) return Slowly(type, chunks, rows);
  int64_t null_count = 0;
  if (has_nulls) {
    int64_t set = 0;
    THALWEG_ASSIGN_OR_RETURN(buffers[0], MakeBits(rows, &set, [&](const RowRef& ref) {
                               return chunks[ref.chunk]->IsValid(ref.row);
                             }));
    null_count = count - set;
    if (null_count == 0) buffers[0] = nullptr;
  }
  return arrow::MakeArray(
      arrow::ArrayData::Make(std::move(type), count, std::move(buffers), null_count));
}

}  // namespace thalweg::columnar
