#include "operators/sort_key.h"

#include <arrow/array.h>

#include <algorithm>
#include <utility>

#include "base/number.h"
#include "engine/ordered_value.h"

namespace thalweg::operators {
namespace {

using arrow::Array;
using arrow::Type;
using columnar::IsBinary;
using columnar::IsString;
using engine::EachOrdered;
using engine::OrderedWidthOf;
using engine::TextAt;

constexpr int kPrefixBits = engine::kOrderedBitsMax;

template <typename T>
int Order(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

int CompareValues(const Array& a, int64_t i, const Array& b, int64_t j);

/// Elements in turn; where one list ends, the longer is greater.
int CompareRanges(const Array& a, int64_t i, int64_t i_end, const Array& b, int64_t j,
                  int64_t j_end) {
  for (; i < i_end && j < j_end; ++i, ++j) {
    const int order = CompareValues(a, i, b, j);
    if (order != 0) return order;
  }
  return Order(i_end - i, j_end - j);
}

template <typename Lists>
int CompareLists(const Array& a, int64_t i, const Array& b, int64_t j) {
  const auto& x = static_cast<const Lists&>(a);
  const auto& y = static_cast<const Lists&>(b);
  return CompareRanges(*x.values(), x.value_offset(i), x.value_offset(i + 1), *y.values(),
                       y.value_offset(j), y.value_offset(j + 1));
}

/// Ascending, a null above every value: how nested values are ordered inside.
int CompareValues(const Array& a, int64_t i, const Array& b, int64_t j) {
  if (a.IsNull(i) || b.IsNull(j)) return Order(a.IsNull(i), b.IsNull(j));
  const arrow::DataType& type = *a.type();
  if (IsString(type) || IsBinary(type)) return TextAt(a, i).compare(TextAt(b, j));
  switch (type.id()) {
    case Type::LIST:
      return CompareLists<arrow::ListArray>(a, i, b, j);
    case Type::LARGE_LIST:
      return CompareLists<arrow::LargeListArray>(a, i, b, j);
    case Type::MAP:
      return CompareLists<arrow::MapArray>(a, i, b, j);
    case Type::FIXED_SIZE_LIST:
      return CompareLists<arrow::FixedSizeListArray>(a, i, b, j);
    case Type::STRUCT: {
      const auto& x = static_cast<const arrow::StructArray&>(a);
      const auto& y = static_cast<const arrow::StructArray&>(b);
      for (int field = 0; field < x.num_fields(); ++field) {
        const int order = CompareValues(*x.field(field), i, *y.field(field), j);
        if (order != 0) return order;
      }
      return 0;
    }
    default:
      break;
  }
  if (OrderedWidthOf(type).bits == 0) {
    return a.GetScalar(i).ValueOrDie()->ToString().compare(b.GetScalar(j).ValueOrDie()->ToString());
  }
  UInt128 left = 0;
  UInt128 right = 0;
  EachOrdered(*a.Slice(i, 1), [&](int64_t, UInt128 value) { left = value; });
  EachOrdered(*b.Slice(j, 1), [&](int64_t, UInt128 value) { right = value; });
  return Order(left, right);
}

}  // namespace

void SortComparator::AddChunk(std::vector<ArrayPtr> keys) { chunks_.push_back(std::move(keys)); }

void SortComparator::Clear() { chunks_.clear(); }

void SortComparator::Settle() {
  nullable_.assign(orders_.size(), false);
  for (const auto& chunk : chunks_) {
    for (size_t key = 0; key < orders_.size(); ++key) {
      if (chunk[key]->null_count() > 0) nullable_[key] = true;
    }
  }
  whole_ = true;
  rest_from_ = orders_.size();
  if (chunks_.empty()) return;
  int left = kPrefixBits;
  for (size_t key = 0; key < orders_.size() && whole_; ++key) {
    const engine::OrderedWidth width = OrderedWidthOf(*chunks_[0][key]->type());
    left -= nullable_[key] ? 1 : 0;
    if (!width.whole || width.bits > left) {
      whole_ = false;
      rest_from_ = key;
    }
    left -= width.bits;
  }
}

bool SortComparator::Fits(std::span<const ArrayPtr> keys) const {
  for (size_t key = 0; key < keys.size(); ++key) {
    if (keys[key]->null_count() > 0 && !nullable_[key]) return false;
  }
  return true;
}

void SortComparator::Encode(std::span<const ArrayPtr> keys, uint32_t chunk, SortEntry* out) const {
  if (keys.empty()) return;
  const int64_t rows = keys[0]->length();
  std::vector<UInt128> prefixes(static_cast<size_t>(rows), UInt128{0});
  int left = kPrefixBits;
  for (size_t key = 0; key < keys.size() && left > 0; ++key) {
    const Array& array = *keys[key];
    const engine::OrderedWidth width = OrderedWidthOf(*array.type());
    if (nullable_[key]) {
      --left;
      const bool null_bit = !orders_[key].nulls_first;
      for (int64_t row = 0; row < rows; ++row) {
        const bool bit = array.IsNull(row) == null_bit;
        prefixes[static_cast<size_t>(row)] |= static_cast<UInt128>(bit ? 1 : 0) << left;
      }
    }
    const int taken = std::min(width.bits, left);
    if (taken > 0) {
      const int drop = width.bits - taken;
      const int shift = left - taken;
      const UInt128 mask = taken == kPrefixBits ? ~UInt128{0} : (UInt128{1} << taken) - 1;
      const bool descending = orders_[key].descending;
      EachOrdered(array, [&](int64_t row, UInt128 value) {
        value = ((descending ? ~value : value) >> drop) & mask;
        prefixes[static_cast<size_t>(row)] |= value << shift;
      });
    }
    left -= taken;
    if (!width.whole || taken < width.bits) break;
  }
  for (int64_t row = 0; row < rows; ++row) {
    const UInt128 prefix = prefixes[static_cast<size_t>(row)];
    out[row] = {static_cast<uint64_t>(prefix >> 64),
                static_cast<uint64_t>(prefix),
                {chunk, static_cast<uint32_t>(row)}};
  }
}

std::vector<SortEntry> SortComparator::EncodeAll() const {
  size_t rows = 0;
  for (const auto& chunk : chunks_) rows += static_cast<size_t>(chunk[0]->length());
  std::vector<SortEntry> entries(rows);
  SortEntry* out = entries.data();
  for (size_t chunk = 0; chunk < chunks_.size(); ++chunk) {
    Encode(chunks_[chunk], static_cast<uint32_t>(chunk), out);
    out += chunks_[chunk][0]->length();
  }
  return entries;
}

int SortComparator::CompareRest(columnar::RowRef a, columnar::RowRef b) const {
  for (size_t key = rest_from_; key < orders_.size(); ++key) {
    const Array& left = *chunks_[a.chunk][key];
    const Array& right = *chunks_[b.chunk][key];
    const bool left_null = left.IsNull(a.row);
    const bool right_null = right.IsNull(b.row);
    if (left_null || right_null) {
      if (left_null == right_null) continue;
      return left_null == orders_[key].nulls_first ? -1 : 1;
    }
    const int order = CompareValues(left, a.row, right, b.row);
    if (order != 0) return orders_[key].descending ? -order : order;
  }
  return 0;
}

void SortComparator::Sort(std::vector<SortEntry>* entries) const {
  std::sort(entries->begin(), entries->end(),
            [this](const SortEntry& a, const SortEntry& b) { return Less(a, b); });
}

}  // namespace thalweg::operators
