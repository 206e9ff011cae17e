#include "engine/row_key.h"

#include <arrow/array.h>
#include <arrow/compute/api.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "columnar/arrow_status.h"

namespace thalweg::engine {
namespace {

using arrow::Array;
using columnar::IsBinary;
using columnar::IsString;
using columnar::StringColumn;

template <typename T>
T Normalised(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) return std::numeric_limits<T>::quiet_NaN();
    return value == 0 ? T{0} : value;
  } else {
    return value;
  }
}

template <typename T, typename Bits>
void LoadAs(const Array& array, uint64_t* out) {
  const T* values = array.data()->GetValues<T>(1);
  for (int64_t i = 0; i < array.length(); ++i) {
    const T value = Normalised(values[i]);
    Bits bits;
    std::memcpy(&bits, &value, sizeof(bits));
    out[i] = bits;
  }
}

void EncodeValue(const Array& array, int64_t row, std::string* out);

void EncodeRange(const Array& values, int64_t begin, int64_t end, std::string* out) {
  const auto count = static_cast<uint32_t>(end - begin);
  out->append(reinterpret_cast<const char*>(&count), sizeof(count));
  for (int64_t i = begin; i < end; ++i) EncodeValue(values, i, out);
}

void EncodeText(std::string_view text, std::string* out) {
  const auto length = static_cast<uint32_t>(text.size());
  out->append(reinterpret_cast<const char*>(&length), sizeof(length));
  out->append(text);
}

/// One value of any type; slow, for nested columns only.
void EncodeValue(const Array& array, int64_t row, std::string* out) {
  out->push_back(array.IsNull(row) ? '\0' : '\1');
  if (array.IsNull(row)) return;
  const arrow::DataType& type = *array.type();
  switch (type.id()) {
    case arrow::Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      return EncodeRange(*list.values(), list.value_offset(row), list.value_offset(row + 1), out);
    }
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapArray&>(array);
      return EncodeRange(*map.values(), map.value_offset(row), map.value_offset(row + 1), out);
    }
    case arrow::Type::LARGE_LIST: {
      const auto& list = static_cast<const arrow::LargeListArray&>(array);
      return EncodeRange(*list.values(), list.value_offset(row), list.value_offset(row + 1), out);
    }
    case arrow::Type::FIXED_SIZE_LIST: {
      const auto& list = static_cast<const arrow::FixedSizeListArray&>(array);
      return EncodeRange(*list.values(), list.value_offset(row), list.value_offset(row + 1), out);
    }
    case arrow::Type::STRUCT: {
      const auto& structs = static_cast<const arrow::StructArray&>(array);
      for (int i = 0; i < structs.num_fields(); ++i) EncodeValue(*structs.field(i), row, out);
      return;
    }
    default:
      break;
  }
  const std::shared_ptr<Array> one = array.Slice(row, 1);
  if (IsString(type) || IsBinary(type)) return EncodeText(StringColumn(one)[0], out);
  const int bits = KeyBits(type);
  if (bits > 0 && bits <= 64) {
    uint64_t value = 0;
    LoadKeyBits(*one, &value);
    out->append(reinterpret_cast<const char*>(&value), sizeof(value));
  } else if (arrow::is_fixed_width(type.id())) {
    const int width = static_cast<const arrow::FixedWidthType&>(type).bit_width() / 8;
    const auto* bytes = one->data()->GetValues<char>(1, one->offset() * width);
    out->append(bytes, static_cast<size_t>(width));
  } else {
    EncodeText(array.GetScalar(row).ValueOrDie()->ToString(), out);
  }
}

enum class Kind : uint8_t { kText, kBits, kWide, kNested };

Kind KindOf(const arrow::DataType& type) {
  if (IsString(type) || IsBinary(type)) return Kind::kText;
  const int bits = KeyBits(type);
  if (bits > 0 && bits <= 64) return Kind::kBits;
  const bool wide = arrow::is_decimal(type.id()) || type.id() == arrow::Type::FIXED_SIZE_BINARY ||
                    type.id() == arrow::Type::INTERVAL_MONTH_DAY_NANO;
  return wide ? Kind::kWide : Kind::kNested;
}

size_t BitsWidth(const arrow::DataType& type) { return static_cast<size_t>(KeyBits(type) + 7) / 8; }

size_t WideWidth(const arrow::DataType& type) {
  return static_cast<size_t>(static_cast<const arrow::FixedWidthType&>(type).bit_width()) / 8;
}

}  // namespace

int KeyBits(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA:
      return 1;
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
      return static_cast<const arrow::FixedWidthType&>(type).bit_width();
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
    case arrow::Type::HALF_FLOAT:
      return 0;
    default:
      return arrow::is_primitive(type.id())
                 ? static_cast<const arrow::FixedWidthType&>(type).bit_width()
                 : 0;
  }
}

void LoadKeyBits(const Array& array, uint64_t* out) {
  if (array.type_id() == arrow::Type::NA) {
    std::fill_n(out, array.length(), 0);
    return;
  }
  if (array.type_id() == arrow::Type::FLOAT) return LoadAs<float, uint32_t>(array, out);
  if (array.type_id() == arrow::Type::DOUBLE) return LoadAs<double, uint64_t>(array, out);
  switch (KeyBits(*array.type())) {
    case 1: {
      const uint8_t* bits = array.data()->buffers[1]->data();
      for (int64_t i = 0; i < array.length(); ++i) {
        const int64_t at = array.offset() + i;
        out[i] = static_cast<uint64_t>((bits[at >> 3] >> (at & 7)) & 1);
      }
      return;
    }
    case 8:
      return LoadAs<uint8_t, uint8_t>(array, out);
    case 16:
      return LoadAs<uint16_t, uint16_t>(array, out);
    case 32:
      return LoadAs<uint32_t, uint32_t>(array, out);
    default:
      return LoadAs<uint64_t, uint64_t>(array, out);
  }
}

Result<ArrayPtr> PlainKey(const ArrayPtr& array) {
  if (array->type_id() == arrow::Type::EXTENSION) {
    return static_cast<const arrow::ExtensionArray&>(*array).storage();
  }
  if (array->type_id() != arrow::Type::DICTIONARY) return array;
  const auto& type = static_cast<const arrow::DictionaryType&>(*array->type());
  THALWEG_ASSIGN_OR_RETURN(const ArrayPtr plain, columnar::WithoutViews(array));
  THALWEG_ASSIGN_OR_RETURN_ARROW(
      arrow::Datum decoded, arrow::compute::Cast(plain, columnar::WithoutViews(type.value_type())));
  return decoded.make_array();
}

Status RowEncoder::AddLengths(const ArrayPtr& column, int64_t rows) {
  const arrow::DataType& type = *column->type();
  const bool has_nulls = column->null_count() > 0;
  uint64_t* lengths = offsets_.data() + 1;
  switch (KindOf(type)) {
    case Kind::kBits:
    case Kind::kWide: {
      // A null takes the same room, zeroed: no branch for each row.
      const uint64_t width = 1 + (KindOf(type) == Kind::kBits ? BitsWidth(type) : WideWidth(type));
      for (int64_t i = 0; i < rows; ++i) lengths[i] += width;
      return {};
    }
    case Kind::kText: {
      const StringColumn text(column);
      for (int64_t i = 0; i < rows; ++i) {
        lengths[i] += 1 + (has_nulls && text.IsNull(i) ? 0 : sizeof(uint32_t) + text[i].size());
      }
      return {};
    }
    case Kind::kNested: {
      THALWEG_ASSIGN_OR_RETURN(const ArrayPtr plain, columnar::WithoutViews(column));
      std::vector<std::string>& values = nested_.emplace_back(static_cast<size_t>(rows));
      for (int64_t i = 0; i < rows; ++i) {
        EncodeValue(*plain, i, &values[static_cast<size_t>(i)]);
        lengths[i] += values[static_cast<size_t>(i)].size();
      }
      return {};
    }
  }
  return {};
}

/// `offsets_[i + 1]` is where row i goes on; it moves by what is written.
void RowEncoder::Write(const ArrayPtr& column, size_t nested_index, int64_t rows) {
  const arrow::DataType& type = *column->type();
  const bool has_nulls = column->null_count() > 0;
  uint64_t* cursors = offsets_.data() + 1;
  const auto put = [&](int64_t row, const void* from, size_t length) {
    if (length > 0) std::memcpy(bytes_.data() + cursors[row], from, length);
    cursors[row] += length;
  };
  const Kind kind = KindOf(type);
  if (kind == Kind::kNested) {
    for (int64_t i = 0; i < rows; ++i) {
      const std::string& value = nested_[nested_index][static_cast<size_t>(i)];
      put(i, value.data(), value.size());
    }
    return;
  }
  for (int64_t i = 0; i < rows; ++i) {
    bytes_[cursors[i]++] = has_nulls && column->IsNull(i) ? '\0' : '\1';
  }
  if (kind == Kind::kText) {
    const StringColumn text(column);
    for (int64_t i = 0; i < rows; ++i) {
      if (has_nulls && text.IsNull(i)) continue;
      const std::string_view value = text[i];
      const auto length = static_cast<uint32_t>(value.size());
      put(i, &length, sizeof(length));
      put(i, value.data(), value.size());
    }
    return;
  }
  const char* values = nullptr;
  size_t stride = 8;
  size_t width = 0;
  if (kind == Kind::kBits) {
    bits_.resize(static_cast<size_t>(rows));
    LoadKeyBits(*column, bits_.data());
    values = reinterpret_cast<const char*>(bits_.data());
    width = BitsWidth(type);
  } else {
    width = stride = WideWidth(type);
    values = column->data()->GetValues<char>(1, column->offset() * static_cast<int64_t>(width));
  }
  static constexpr char kZeros[32] = {};
  for (int64_t i = 0; i < rows; ++i) {
    const bool null = has_nulls && column->IsNull(i);
    if (null && width > sizeof(kZeros)) {
      std::memset(bytes_.data() + cursors[i], 0, width);
      cursors[i] += width;
    } else {
      put(i, null ? kZeros : values + static_cast<size_t>(i) * stride, width);
    }
  }
}

Status RowEncoder::Encode(std::span<const ArrayPtr> columns, int64_t rows) {
  offsets_.assign(static_cast<size_t>(rows) + 1, 0);
  nested_.clear();
  for (const ArrayPtr& column : columns) THALWEG_RETURN_IF_ERROR(AddLengths(column, rows));
  // From lengths to starts, one place later: writing moves each start to its row's end.
  uint64_t total = 0;
  for (size_t i = 1; i < offsets_.size(); ++i) {
    const uint64_t length = offsets_[i];
    offsets_[i] = total;
    total += length;
  }
  bytes_.resize(total);
  size_t nested_index = 0;
  for (const ArrayPtr& column : columns) {
    Write(column, nested_index, rows);
    if (KindOf(*column->type()) == Kind::kNested) ++nested_index;
  }
  return {};
}

}  // namespace thalweg::engine
