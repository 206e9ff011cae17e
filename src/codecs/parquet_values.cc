#include "codecs/parquet_values.h"

#include <arrow/array.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/decimal.h>

#include <cstring>
#include <limits>
#include <string>

namespace thalweg::codecs::parquet {

namespace {

using arrow::Type;

Status WrongType(const arrow::Array& array) {
  return Status::InvalidArgument("parquet: a batch does not have the schema of its file: found " +
                                 array.type()->ToString());
}

Status OutOfRange(const arrow::Array& array) {
  return Status::InvalidArgument("parquet: a value is out of range for its column: " +
                                 array.type()->ToString());
}

template <typename Out, typename At>
void ForPresent(const Present& present, GrowArray<Out>* out, At at) {
  const auto count = static_cast<size_t>(present.count);
  Out* to = out->Extend(count);
  if (present.all) {
    for (size_t i = 0; i < count; ++i) to[i] = at(static_cast<int64_t>(i));
  } else {
    const uint32_t* rows = present.rows.data();
    for (size_t i = 0; i < count; ++i) to[i] = at(static_cast<int64_t>(rows[i]));
  }
}

// Widens or keeps `In`, sign and all, as the bits of `Out`.
template <typename In, typename Out>
Status Copy(const arrow::Array& array, const Present& present, GrowArray<Out>* out) {
  const In* in = array.data()->GetValues<In>(1);
  if constexpr (sizeof(In) == sizeof(Out)) {
    if (present.all) {
      const auto count = static_cast<size_t>(present.count);
      out->Append(reinterpret_cast<const Out*>(in), count);
      return {};
    }
  }
  ForPresent(present, out, [in](int64_t row) { return static_cast<Out>(in[row]); });
  return {};
}

// Multiplies a count of coarser units; Parquet has no seconds.
template <typename In, typename Signed, typename Out>
Status Scale(const arrow::Array& array, const Present& present, Signed factor,
             GrowArray<Out>* out) {
  const In* in = array.data()->GetValues<In>(1);
  bool overflow = false;
  ForPresent(present, out, [&](int64_t row) {
    Signed scaled = 0;
    overflow |= __builtin_mul_overflow(Signed{in[row]}, factor, &scaled);
    return static_cast<Out>(scaled);
  });
  return overflow ? OutOfRange(array) : Status();
}

Int128 WideAt(const arrow::Array& array, int64_t row) {
  Int128 value;
  std::memcpy(&value, array.data()->GetValues<uint8_t>(1, 0) + (array.offset() + row) * 16, 16);
  return value;
}

// A decimal of any width into `Out`, checked.
template <typename Signed, typename Out>
Status Decimal(const arrow::Array& array, const Present& present, GrowArray<Out>* out) {
  bool overflow = false;
  const auto narrow = [&overflow](Int128 value) {
    overflow |=
        value < std::numeric_limits<Signed>::min() || value > std::numeric_limits<Signed>::max();
    return static_cast<Out>(value);
  };
  switch (array.type_id()) {
    case Type::DECIMAL32: {
      const int32_t* in = array.data()->GetValues<int32_t>(1);
      ForPresent(present, out, [&](int64_t row) { return narrow(in[row]); });
      break;
    }
    case Type::DECIMAL64: {
      const int64_t* in = array.data()->GetValues<int64_t>(1);
      ForPresent(present, out, [&](int64_t row) { return narrow(in[row]); });
      break;
    }
    case Type::DECIMAL128:
      ForPresent(present, out, [&](int64_t row) { return narrow(WideAt(array, row)); });
      break;
    case Type::DECIMAL256: {
      const auto& wide = static_cast<const arrow::Decimal256Array&>(array);
      ForPresent(present, out, [&](int64_t row) {
        const arrow::Decimal256 value(wide.GetValue(row));
        const auto words = value.little_endian_array();
        const auto low = static_cast<int64_t>(words[0]);
        overflow |= value != arrow::Decimal256(low);
        return narrow(low);
      });
      break;
    }
    default:
      return WrongType(array);
  }
  return overflow ? OutOfRange(array) : Status();
}

Status AppendWords(const Leaf& leaf, const arrow::Array& array, const Present& present,
                   GrowArray<uint32_t>* out) {
  if (leaf.logical.kind == LogicalKind::kDecimal) return Decimal<int32_t>(array, present, out);
  switch (array.type_id()) {
    case Type::NA:
      return {};
    case Type::INT8:
      return Copy<int8_t>(array, present, out);
    case Type::INT16:
      return Copy<int16_t>(array, present, out);
    case Type::UINT8:
      return Copy<uint8_t>(array, present, out);
    case Type::UINT16:
      return Copy<uint16_t>(array, present, out);
    case Type::INT32:
    case Type::UINT32:
    case Type::DATE32:
      return Copy<uint32_t>(array, present, out);
    case Type::FLOAT:
      if (leaf.kind != ValueKind::kFloat) return WrongType(array);
      return Copy<uint32_t>(array, present, out);
    case Type::TIME32: {
      const auto& type = static_cast<const arrow::Time32Type&>(*array.type());
      const int32_t factor = type.unit() == arrow::TimeUnit::SECOND ? 1000 : 1;
      return Scale<int32_t, int32_t>(array, present, factor, out);
    }
    case Type::DATE64: {
      const int64_t* in = array.data()->GetValues<int64_t>(1);
      constexpr int64_t kMillisPerDay = 86'400'000;
      ForPresent(present, out, [in](int64_t row) {
        const int64_t floor = in[row] % kMillisPerDay < 0 ? 1 : 0;
        return static_cast<uint32_t>(in[row] / kMillisPerDay - floor);
      });
      return {};
    }
    default:
      return WrongType(array);
  }
}

Status AppendLongs(const Leaf& leaf, const arrow::Array& array, const Present& present,
                   GrowArray<uint64_t>* out) {
  if (leaf.logical.kind == LogicalKind::kDecimal) return Decimal<int64_t>(array, present, out);
  switch (array.type_id()) {
    case Type::INT64:
    case Type::UINT64:
    case Type::TIME64:
    case Type::DURATION:
      return Copy<uint64_t>(array, present, out);
    case Type::DOUBLE:
      if (leaf.kind != ValueKind::kDouble) return WrongType(array);
      return Copy<uint64_t>(array, present, out);
    case Type::TIMESTAMP: {
      const auto& type = static_cast<const arrow::TimestampType&>(*array.type());
      if (type.unit() != arrow::TimeUnit::SECOND) return Copy<uint64_t>(array, present, out);
      return Scale<int64_t, int64_t>(array, present, 1000, out);
    }
    default:
      return WrongType(array);
  }
}

template <typename Offset>
void CopyOffsets(const arrow::Array& array, const Present& present, GrowArray<BytesRef>* out) {
  const Offset* offsets = array.data()->GetValues<Offset>(1);
  const auto& buffer = array.data()->buffers[2];
  const char* bytes = buffer ? reinterpret_cast<const char*>(buffer->data()) : nullptr;
  ForPresent(present, out, [offsets, bytes](int64_t row) {
    const auto length = static_cast<uint32_t>(offsets[row + 1] - offsets[row]);
    return BytesRef::Make(bytes + offsets[row], length);
  });
}

void CopyViews(const arrow::Array& array, const Present& present, GrowArray<BytesRef>* out) {
  using View = arrow::BinaryViewType::c_type;
  static_assert(sizeof(View) == sizeof(BytesRef));
  const View* views = array.data()->GetValues<View>(1);
  const auto& buffers = array.data()->buffers;
  ForPresent(present, out, [views, &buffers](int64_t row) {
    const View& view = views[row];
    BytesRef ref;
    std::memcpy(&ref, &view, sizeof(ref));
    if (!view.is_inline()) [[unlikely]] {
      const auto buffer = static_cast<size_t>(view.ref.buffer_index) + 2;
      const uint8_t* bytes = buffers[buffer]->data() + view.ref.offset;
      std::memcpy(&ref.tail, &bytes, sizeof(bytes));
    }
    return ref;
  });
}

Status AppendRefs(const arrow::Array& array, const Present& present, GrowArray<BytesRef>* out) {
  switch (array.type_id()) {
    case Type::NA:
      return {};
    case Type::STRING:
    case Type::BINARY:
      CopyOffsets<int32_t>(array, present, out);
      return {};
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY: {
      const auto& large = static_cast<const arrow::LargeBinaryArray&>(array);
      for (int64_t row = 0; row < array.length(); ++row) {
        if (large.value_length(row) > std::numeric_limits<int32_t>::max()) return OutOfRange(array);
      }
      CopyOffsets<int64_t>(array, present, out);
      return {};
    }
    case Type::STRING_VIEW:
    case Type::BINARY_VIEW:
      CopyViews(array, present, out);
      return {};
    default:
      return WrongType(array);
  }
}

Status AppendFixed(const Leaf& leaf, const arrow::Array& array, const Present& present,
                   GrowArray<uint8_t>* out) {
  const auto width = static_cast<size_t>(leaf.type_length);
  int64_t stride = 0;
  switch (array.type_id()) {
    case Type::HALF_FLOAT:
      stride = 2;
      break;
    case Type::DECIMAL256:
      stride = 32;
      break;
    case Type::FIXED_SIZE_BINARY:
      stride = static_cast<const arrow::FixedSizeBinaryType&>(*array.type()).byte_width();
      break;
    default:
      return WrongType(array);
  }
  const bool decimal = stride == 32 && leaf.logical.kind == LogicalKind::kDecimal;
  if (!decimal && static_cast<size_t>(stride) != width) return WrongType(array);
  const uint8_t* in = array.data()->GetValues<uint8_t>(1, 0);
  uint8_t* to = out->Extend(static_cast<size_t>(present.count) * width);
  for (int64_t i = 0; i < present.count; ++i, to += width) {
    const int64_t row = present.all ? i : present.rows[static_cast<size_t>(i)];
    const uint8_t* value = in + (array.offset() + row) * stride;
    if (!decimal) {
      std::memcpy(to, value, width);
    } else {
      for (size_t k = 0; k < width; ++k) to[k] = value[width - 1 - k];
    }
  }
  return {};
}

Status AppendBools(const arrow::Array& array, const Present& present, GrowArray<uint8_t>* out) {
  if (array.type_id() != Type::BOOL) return WrongType(array);
  const uint8_t* bits = array.data()->GetValues<uint8_t>(1, 0);
  const int64_t offset = array.offset();
  ForPresent(present, out, [bits, offset](int64_t row) {
    return static_cast<uint8_t>(
        arrow::bit_util::GetBit(bits, static_cast<uint64_t>(offset + row)) ? 1 : 0);
  });
  return {};
}

}  // namespace

void DenseValues::Clear() {
  bytes.clear();
  words.clear();
  longs.clear();
  wides.clear();
  refs.clear();
}

Status AppendValues(const Leaf& leaf, const arrow::Array& array, const Present& present,
                    DenseValues* out) {
  if (present.count == 0) return {};
  switch (leaf.kind) {
    case ValueKind::kBool:
      return AppendBools(array, present, &out->bytes);
    case ValueKind::kInt32:
    case ValueKind::kFloat:
      return AppendWords(leaf, array, present, &out->words);
    case ValueKind::kInt64:
    case ValueKind::kDouble:
      return AppendLongs(leaf, array, present, &out->longs);
    case ValueKind::kWide:
      if (array.type_id() != Type::DECIMAL128) return WrongType(array);
      ForPresent(present, &out->wides, [&array](int64_t row) { return WideAt(array, row); });
      return {};
    case ValueKind::kBytes:
      return AppendRefs(array, present, &out->refs);
    case ValueKind::kFixed:
      return AppendFixed(leaf, array, present, &out->bytes);
  }
  return {};
}

}  // namespace thalweg::codecs::parquet
