#pragma once

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/number.h"
#include "columnar/arrow_status.h"
#include "columnar/batch.h"
#include "engine/expression.h"
#include "engine/expression_rows.h"
#include "thalweg/status.h"

// What aggregate functions are written with: a state for each group, and one loop for each type.
namespace thalweg::functions {

using columnar::ArrayPtr;
using columnar::TypePtr;

inline bool BitAt(const uint8_t* bits, int64_t at) {
  return ((bits[at >> 3] >> (at & 7)) & 1) != 0;
}

/// Values of a fixed-width column. Foreign buffers may be aligned to less than their type.
template <typename T>
class Values {
 public:
  explicit Values(const arrow::Array& array)
      : bytes_(array.data()->buffers[1]->data() +
               array.offset() * static_cast<int64_t>(sizeof(T))) {}
  T operator[](int64_t row) const {
    T value;
    std::memcpy(&value, bytes_ + row * static_cast<int64_t>(sizeof(T)), sizeof(T));
    return value;
  }

 private:
  const uint8_t* bytes_;
};

template <>
class Values<bool> {
 public:
  explicit Values(const arrow::Array& array)
      : bits_(array.data()->buffers[1]->data()), offset_(array.offset()) {}
  bool operator[](int64_t row) const { return BitAt(bits_, offset_ + row); }

 private:
  const uint8_t* bits_;
  int64_t offset_;
};

/// A decimal128 of at most 18 digits, read as its low word.
struct NarrowDecimal {};
template <>
class Values<NarrowDecimal> {
 public:
  explicit Values(const arrow::Array& array)
      : bytes_(array.data()->buffers[1]->data() + array.offset() * 16) {}
  int64_t operator[](int64_t row) const {
    int64_t value;
    std::memcpy(&value, bytes_ + row * 16, sizeof(value));
    return value;
  }

 private:
  const uint8_t* bytes_;
};

/// Calls `f(row)` for each row that is valid in `array`.
template <typename F>
void ForEachValid(const arrow::Array& array, F&& f) {
  const int64_t rows = array.length();
  if (array.null_count() == 0) {
    for (int64_t row = 0; row < rows; ++row) f(row);
    return;
  }
  if (array.null_count() == rows) return;
  const uint8_t* valid = array.null_bitmap_data();
  const int64_t offset = array.offset();
  for (int64_t row = 0; row < rows; ++row) {
    if (BitAt(valid, offset + row)) f(row);
  }
}

inline Result<ArrayPtr> RowsOf(const arrow::Datum& argument, int64_t rows) {
  return engine::ToArray(argument, rows);
}

/// The group of a row; without groups all rows belong to group 0.
inline uint32_t GroupOf(const uint32_t* groups, int64_t row) {
  return groups == nullptr ? 0 : groups[row];
}

/// Makes a fixed-width array row by row; `f(row, T*)` gives false for null.
template <typename T, typename F>
Result<ArrayPtr> BuildFixed(const TypePtr& type, int64_t rows, F&& f) {
  THALWEG_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Buffer> values,
                                 arrow::AllocateBuffer(rows * static_cast<int64_t>(sizeof(T))));
  THALWEG_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Buffer> valid,
                                 arrow::AllocateEmptyBitmap(rows));
  int64_t nulls = 0;
  for (int64_t row = 0; row < rows; ++row) {
    T value{};
    const bool is_valid = f(row, &value);
    std::memcpy(values->mutable_data() + row * static_cast<int64_t>(sizeof(T)), &value, sizeof(T));
    arrow::bit_util::SetBitTo(valid->mutable_data(), row, is_valid);
    nulls += is_valid ? 0 : 1;
  }
  if (nulls == 0) valid = nullptr;
  return arrow::MakeArray(
      arrow::ArrayData::Make(type, rows, {std::move(valid), std::move(values)}, nulls));
}

template <typename F>
Result<ArrayPtr> BuildBool(int64_t rows, F&& f) {
  THALWEG_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Buffer> values,
                                 arrow::AllocateEmptyBitmap(rows));
  THALWEG_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Buffer> valid,
                                 arrow::AllocateEmptyBitmap(rows));
  for (int64_t row = 0; row < rows; ++row) {
    bool value = false;
    arrow::bit_util::SetBitTo(valid->mutable_data(), row, f(row, &value));
    arrow::bit_util::SetBitTo(values->mutable_data(), row, value);
  }
  return arrow::MakeArray(
      arrow::ArrayData::Make(arrow::boolean(), rows, {std::move(valid), std::move(values)}));
}

/// An aggregate of one argument whose groups have a plain `State` each:
///   void Add(value);  void Merge(const State&);
/// Nulls are skipped. What is left to the derived class is `Finish`.
template <typename State, typename T>
class UnaryAggregate : public engine::Aggregate {
 public:
  Status Resize(int64_t count) override {
    states_.resize(static_cast<size_t>(count));
    return {};
  }
  Status Update(std::span<const arrow::Datum> arguments, const uint32_t* groups,
                int64_t rows) override {
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr array, RowsOf(arguments[0], rows));
    if (array->null_count() == rows) return {};
    const Values<T> values(*array);
    if (groups == nullptr) {
      State state = states_[0];
      ForEachValid(*array, [&](int64_t row) { state.Add(values[row]); });
      states_[0] = state;
    } else if (states_.size() * sizeof(State) < kPrefetchFromBytes || array->null_count() > 0) {
      State* const states = states_.data();
      ForEachValid(*array, [&](int64_t row) { states[groups[row]].Add(values[row]); });
    } else {
      State* const states = states_.data();
      for (int64_t row = 0; row < rows; ++row) {
        __builtin_prefetch(&states[groups[std::min(row + kPrefetchDistance, rows - 1)]], 1);
        states[groups[row]].Add(values[row]);
      }
    }
    return {};
  }
  Status Merge(const engine::Aggregate& other, const uint32_t* groups, int64_t count) override {
    const auto& from = static_cast<const UnaryAggregate&>(other);
    for (int64_t i = 0; i < count; ++i) {
      states_[GroupOf(groups, i)].Merge(from.states_[static_cast<size_t>(i)]);
    }
    return {};
  }
  int64_t ByteSize() const override {
    return static_cast<int64_t>(states_.capacity() * sizeof(State));
  }

 protected:
  static constexpr size_t kPrefetchFromBytes = size_t{1} << 18;
  static constexpr int64_t kPrefetchDistance = 16;

  int64_t count() const { return static_cast<int64_t>(states_.size()); }
  const State& state(int64_t group) const { return states_[static_cast<size_t>(group)]; }

  std::vector<State> states_;
};

/// `sum: takes (numeric): got (VARCHAR)`.
Status BadArguments(const std::string& name, const std::string& takes,
                    std::span<const engine::BindArgument> arguments);

bool IsInteger(const arrow::DataType& type);
bool IsFloating(const arrow::DataType& type);
/// Integers, floats and decimals.
bool IsNumeric(const arrow::DataType& type);

/// DISTINCT: passes each (group, arguments) to what `bound` makes once.
engine::BoundAggregate Distinct(engine::BoundAggregate bound);

}  // namespace thalweg::functions
