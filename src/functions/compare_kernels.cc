#include "functions/compare_kernels.h"

#include <arrow/array/array_nested.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace thalweg::functions {
namespace {

using engine::RowReader;

template <Comparison kOp, typename T>
bool Holds(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    // Bitwise operators: no branches, so that the loop can be vectorised.
    const bool a_nan = a != a;
    const bool b_nan = b != b;
    if constexpr (kOp == Comparison::kEq) return (a == b) | (a_nan & b_nan);
    if constexpr (kOp == Comparison::kNe) return !((a == b) | (a_nan & b_nan));
    if constexpr (kOp == Comparison::kLt) return (a < b) | (b_nan & !a_nan);
    if constexpr (kOp == Comparison::kLe) return (a <= b) | b_nan;
  } else {
    if constexpr (kOp == Comparison::kEq) return a == b;
    if constexpr (kOp == Comparison::kNe) return a != b;
    if constexpr (kOp == Comparison::kLt) return a < b;
    if constexpr (kOp == Comparison::kLe) return a <= b;
  }
}

/// Eight bytes of 0 or 1 to eight bits.
uint8_t PackByte(const uint8_t* flags) {
  uint64_t word;
  std::memcpy(&word, flags, 8);
  return static_cast<uint8_t>((word * 0x0102040810204080) >> 56);
}

template <typename F>
void FillBits(uint8_t* bits, int64_t rows, F holds) {
  int64_t row = 0;
  for (; row + 64 <= rows; row += 64) {
    uint8_t flags[64];
    for (int64_t i = 0; i < 64; ++i) flags[i] = holds(row + i);
    for (int64_t i = 0; i < 64; i += 8) bits[(row + i) / 8] = PackByte(flags + i);
  }
  for (; row < rows; ++row) {
    if (holds(row)) arrow::bit_util::SetBit(bits, row);
  }
}

template <Comparison kOp, typename T>
void CompareFixed(const Argument& left, const Argument& right, int64_t rows, uint8_t* bits) {
  const RowReader<T> a(left);
  const RowReader<T> b(right);
  if (right.constant()) {
    const T value = b[0];
    const T* values = left.array()->data()->GetValues<T>(1);
    if (!left.constant() && reinterpret_cast<uintptr_t>(values) % alignof(T) == 0) {
      return FillBits(bits, rows, [=](int64_t row) { return Holds<kOp>(values[row], value); });
    }
    return FillBits(bits, rows, [=](int64_t row) { return Holds<kOp>(a[row], value); });
  }
  FillBits(bits, rows, [=](int64_t row) { return Holds<kOp>(a[row], b[row]); });
}

template <Comparison kOp>
bool HoldsOrder(int order) {
  return Holds<kOp>(order, 0);
}

int OrderText(std::string_view a, std::string_view b) {
  const size_t size = std::min(a.size(), b.size());
  const int order = size == 0 ? 0 : std::memcmp(a.data(), b.data(), size);
  if (order != 0) return order;
  return a.size() < b.size() ? -1 : (a.size() > b.size() ? 1 : 0);
}

/// Equality of views with a constant: most rows are told apart by length and first four bytes.
template <Comparison kOp>
void CompareViewsEqual(const Argument& left, std::string_view constant, int64_t rows,
                       uint8_t* bits) {
  const arrow::ArrayData& data = *left.array()->data();
  const auto* views = data.GetValues<arrow::BinaryViewType::c_type>(1);
  uint64_t wanted = static_cast<uint32_t>(constant.size());
  std::memcpy(reinterpret_cast<char*>(&wanted) + 4, constant.data(),
              std::min<size_t>(4, constant.size()));
  FillBits(bits, rows, [&](int64_t row) {
    uint64_t head;
    std::memcpy(&head, &views[row], 8);
    bool equal = head == wanted;
    if (equal && constant.size() > 4 && !left.IsNull(row)) {
      const auto& view = views[row];
      const uint8_t* text =
          view.is_inline() ? view.inline_data()
                           : data.buffers[static_cast<size_t>(view.ref.buffer_index) + 2]->data() +
                                 view.ref.offset;
      equal = std::memcmp(text + 4, constant.data() + 4, constant.size() - 4) == 0;
    }
    return kOp == Comparison::kEq ? equal : !equal;
  });
}

/// utf8 with a constant, by offsets.
template <Comparison kOp>
void CompareUtf8(const Argument& left, std::string_view constant, int64_t rows, uint8_t* bits) {
  const arrow::ArrayData& data = *left.array()->data();
  const int32_t* offsets = data.GetValues<int32_t>(1);
  const char* bytes =
      data.buffers[2] ? reinterpret_cast<const char*>(data.buffers[2]->data()) : nullptr;
  FillBits(bits, rows, [=](int64_t row) {
    const size_t size = static_cast<size_t>(offsets[row + 1] - offsets[row]);
    if constexpr (kOp == Comparison::kEq || kOp == Comparison::kNe) {
      const bool equal =
          size == constant.size() &&
          (size == 0 || std::memcmp(bytes + offsets[row], constant.data(), size) == 0);
      return kOp == Comparison::kEq ? equal : !equal;
    } else {
      return HoldsOrder<kOp>(OrderText(std::string_view(bytes + offsets[row], size), constant));
    }
  });
}

template <Comparison kOp>
void CompareText(const Argument& left, const Argument& right, int64_t rows, uint8_t* bits) {
  const RowReader<std::string_view> b(right);
  if (right.constant() && !left.constant()) {
    const Type::type layout = left.array()->type_id();
    if (layout == Type::STRING || layout == Type::BINARY) {
      return CompareUtf8<kOp>(left, b[0], rows, bits);
    }
    if constexpr (kOp == Comparison::kEq || kOp == Comparison::kNe) {
      if (layout == Type::STRING_VIEW || layout == Type::BINARY_VIEW) {
        return CompareViewsEqual<kOp>(left, b[0], rows, bits);
      }
    }
  }
  const RowReader<std::string_view> a(left);
  for (int64_t row = 0; row < rows; ++row) {
    if (left.IsNull(row) || right.IsNull(row)) continue;
    if (HoldsOrder<kOp>(OrderText(a[row], b[row]))) arrow::bit_util::SetBit(bits, row);
  }
}

Int128 LengthOf(const engine::Interval& value) {
  constexpr int64_t kNanosPerDay = 86'400'000'000'000;
  return static_cast<Int128>(int64_t{value.months} * 30 + value.days) * kNanosPerDay + value.nanos;
}

template <Comparison kOp>
void CompareIntervals(const Argument& left, const Argument& right, int64_t rows, uint8_t* bits) {
  const RowReader<engine::Interval> a(left);
  const RowReader<engine::Interval> b(right);
  FillBits(bits, rows, [&](int64_t row) { return Holds<kOp>(LengthOf(a[row]), LengthOf(b[row])); });
}

template <Comparison kOp>
Status CompareAs(const Argument& left, const Argument& right, int64_t rows, uint8_t* bits) {
  const auto fixed = [&]<typename T>(T) {
    CompareFixed<kOp, T>(left, right, rows, bits);
    return Status();
  };
  const arrow::DataType& type = *left.array()->type();
  if (columnar::IsString(type) || columnar::IsBinary(type)) {
    CompareText<kOp>(left, right, rows, bits);
    return {};
  }
  switch (type.id()) {
    case Type::INT8:
      return fixed(int8_t{});
    case Type::INT16:
      return fixed(int16_t{});
    case Type::DATE32:
    case Type::INT32:
      return fixed(int32_t{});
    case Type::TIMESTAMP:
    case Type::TIME64:
    case Type::INT64:
      return fixed(int64_t{});
    case Type::UINT8:
      return fixed(uint8_t{});
    case Type::UINT16:
      return fixed(uint16_t{});
    case Type::UINT32:
      return fixed(uint32_t{});
    case Type::UINT64:
      return fixed(uint64_t{});
    case Type::FLOAT:
      return fixed(float{});
    case Type::DOUBLE:
      return fixed(double{});
    case Type::DECIMAL128:
      return fixed(Int128{});
    case Type::INTERVAL_MONTH_DAY_NANO:
      CompareIntervals<kOp>(left, right, rows, bits);
      return {};
    default:
      break;
  }
  const RowOrder order(left.array(), right.array());
  for (int64_t row = 0; row < rows; ++row) {
    if (left.IsNull(row) || right.IsNull(row)) continue;
    if (HoldsOrder<kOp>(order.Compare(left.At(row), right.At(row)))) {
      arrow::bit_util::SetBit(bits, row);
    }
  }
  return {};
}

template <typename T>
int OrderFixed(const arrow::Array& a, int64_t i, const arrow::Array& b, int64_t j) {
  const auto at = [](const arrow::Array& array, int64_t row) {
    T value;
    std::memcpy(
        &value,
        array.data()->buffers[1]->data() + (array.offset() + row) * static_cast<int64_t>(sizeof(T)),
        sizeof(T));
    return value;
  };
  const T x = at(a, i);
  const T y = at(b, j);
  if (Holds<Comparison::kLt>(x, y)) return -1;
  return Holds<Comparison::kEq>(x, y) ? 0 : 1;
}

int OrderInterval(const arrow::Array& a, int64_t i, const arrow::Array& b, int64_t j) {
  const auto at = [](const arrow::Array& array, int64_t row) {
    engine::Interval value;
    std::memcpy(&value, array.data()->buffers[1]->data() + (array.offset() + row) * 16, 16);
    return LengthOf(value);
  };
  const Int128 x = at(a, i);
  const Int128 y = at(b, j);
  return x < y ? -1 : (x == y ? 0 : 1);
}

}  // namespace

struct RowOrder::Sides {
  ArrayPtr left;
  ArrayPtr right;
  std::optional<columnar::StringColumn> left_text;
  std::optional<columnar::StringColumn> right_text;
  std::vector<RowOrder> children;
};

RowOrder::~RowOrder() = default;
RowOrder::RowOrder(RowOrder&&) noexcept = default;

RowOrder::RowOrder(ArrayPtr left, ArrayPtr right) : sides_(std::make_unique<Sides>()) {
  sides_->left = std::move(left);
  sides_->right = std::move(right);
  const auto& a = sides_->left;
  const auto& b = sides_->right;
  if (columnar::IsString(*a->type()) || columnar::IsBinary(*a->type())) {
    sides_->left_text.emplace(a);
    sides_->right_text.emplace(b);
  } else if (a->type_id() == Type::LIST || a->type_id() == Type::MAP) {
    const auto values = [](const ArrayPtr& array) {
      return static_cast<const arrow::ListArray&>(*array).values();
    };
    sides_->children.emplace_back(values(a), values(b));
  } else if (a->type_id() == Type::STRUCT) {
    const auto& x = static_cast<const arrow::StructArray&>(*a);
    const auto& y = static_cast<const arrow::StructArray&>(*b);
    for (int i = 0; i < x.num_fields(); ++i) {
      sides_->children.emplace_back(x.field(i), y.field(i));
    }
  }
}

int RowOrder::CompareNulls(int64_t left, int64_t right) const {
  if (sides_->left->type_id() == Type::NA) return 0;
  const bool a = sides_->left->IsNull(left);
  const bool b = sides_->right->IsNull(right);
  if (a || b) return a == b ? 0 : (a ? 1 : -1);
  return Compare(left, right);
}

int RowOrder::Compare(int64_t i, int64_t j) const {
  const arrow::Array& a = *sides_->left;
  const arrow::Array& b = *sides_->right;
  if (sides_->left_text) return OrderText((*sides_->left_text)[i], (*sides_->right_text)[j]);
  switch (a.type_id()) {
    case Type::BOOL:
      return int{static_cast<const arrow::BooleanArray&>(a).Value(i)} -
             int{static_cast<const arrow::BooleanArray&>(b).Value(j)};
    case Type::INT8:
      return OrderFixed<int8_t>(a, i, b, j);
    case Type::INT16:
      return OrderFixed<int16_t>(a, i, b, j);
    case Type::DATE32:
    case Type::INT32:
      return OrderFixed<int32_t>(a, i, b, j);
    case Type::TIMESTAMP:
    case Type::TIME64:
    case Type::INT64:
      return OrderFixed<int64_t>(a, i, b, j);
    case Type::UINT8:
      return OrderFixed<uint8_t>(a, i, b, j);
    case Type::UINT16:
      return OrderFixed<uint16_t>(a, i, b, j);
    case Type::UINT32:
      return OrderFixed<uint32_t>(a, i, b, j);
    case Type::UINT64:
      return OrderFixed<uint64_t>(a, i, b, j);
    case Type::FLOAT:
      return OrderFixed<float>(a, i, b, j);
    case Type::DOUBLE:
      return OrderFixed<double>(a, i, b, j);
    case Type::DECIMAL128:
      return OrderFixed<Int128>(a, i, b, j);
    case Type::INTERVAL_MONTH_DAY_NANO:
      return OrderInterval(a, i, b, j);
    case Type::LIST:
    case Type::MAP: {
      const auto& x = static_cast<const arrow::ListArray&>(a);
      const auto& y = static_cast<const arrow::ListArray&>(b);
      const int64_t size = std::min(x.value_length(i), y.value_length(j));
      for (int64_t k = 0; k < size; ++k) {
        const int order =
            sides_->children[0].CompareNulls(x.value_offset(i) + k, y.value_offset(j) + k);
        if (order != 0) return order;
      }
      return x.value_length(i) - y.value_length(j);
    }
    case Type::STRUCT:
      for (const RowOrder& child : sides_->children) {
        const int order = child.CompareNulls(i, j);
        if (order != 0) return order;
      }
      return 0;
    default:
      return 0;
  }
}

Result<std::shared_ptr<arrow::Buffer>> CompareRows(Comparison comparison, const Argument& left,
                                                   const Argument& right, int64_t rows) {
  THALWEG_ASSIGN_OR_RETURN(auto bits, engine::AllocateBitmap(rows));
  if (rows == 0 || left.always_null() || right.always_null()) return bits;
  uint8_t* out = bits->mutable_data();
  switch (comparison) {
    case Comparison::kEq:
      THALWEG_RETURN_IF_ERROR(CompareAs<Comparison::kEq>(left, right, rows, out));
      break;
    case Comparison::kNe:
      THALWEG_RETURN_IF_ERROR(CompareAs<Comparison::kNe>(left, right, rows, out));
      break;
    case Comparison::kLt:
      THALWEG_RETURN_IF_ERROR(CompareAs<Comparison::kLt>(left, right, rows, out));
      break;
    case Comparison::kLe:
      THALWEG_RETURN_IF_ERROR(CompareAs<Comparison::kLe>(left, right, rows, out));
      break;
  }
  return bits;
}

}  // namespace thalweg::functions
