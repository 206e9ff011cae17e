#pragma once

#include <type_traits>

#include "engine/cast.h"

namespace thalweg::engine {

/// `CastFailure` for the value of a row.
Status CastFailureAt(const ArrayPtr& input, int64_t row, const arrow::DataType& to);

namespace internal {

/// After a loop in which some row failed: nulls them, or fails for the first that has a value.
template <typename In, typename Out, typename F>
Status SettleFailures(const ArrayPtr& input, const RowReader<In>& reader, const TypePtr& to,
                      bool try_cast, const F& convert, Validity* validity) {
  const int64_t rows = input->length();
  for (int64_t row = 0; row < rows; ++row) {
    Out out{};
    if (validity->IsNull(row) || convert(reader[row], &out)) continue;
    if (!try_cast) return CastFailureAt(input, row, *to);
    THALWEG_RETURN_IF_ERROR(ClearRow(validity, rows, row));
  }
  return {};
}

}  // namespace internal

/// Converts fixed-width rows by `convert`: bool(In, Out*). It must bear whatever stands under a
/// null.
template <typename In, typename Out, typename F>
Result<ArrayPtr> CastRows(const ArrayPtr& input, const TypePtr& to, bool try_cast, F convert) {
  const int64_t rows = input->length();
  if (rows == 0) return MakeFlatArray(to, 0, nullptr, {});
  THALWEG_ASSIGN_OR_RETURN(const Argument argument, Argument::Of(arrow::Datum(input)));
  const RowReader<In> reader(argument);
  std::shared_ptr<arrow::Buffer> values;
  bool all = true;
  if constexpr (std::is_same_v<Out, bool>) {
    THALWEG_ASSIGN_OR_RETURN(values, AllocateBitmap(rows));
    for (int64_t row = 0; row < rows; ++row) {
      bool out = false;
      all &= convert(reader[row], &out);
      if (out) arrow::bit_util::SetBit(values->mutable_data(), row);
    }
  } else {
    THALWEG_ASSIGN_OR_RETURN(values, AllocateBytes(rows * static_cast<int64_t>(sizeof(Out))));
    Out* out = reinterpret_cast<Out*>(values->mutable_data());
    for (int64_t row = 0; row < rows; ++row) {
      Out value{};
      all &= convert(reader[row], &value);
      out[row] = value;
    }
  }
  THALWEG_ASSIGN_OR_RETURN(Validity validity, Intersect(std::span(&argument, 1), rows));
  if (!all) {
    THALWEG_RETURN_IF_ERROR(
        (internal::SettleFailures<In, Out>(input, reader, to, try_cast, convert, &validity)));
  }
  return MakeFlatArray(to, rows, std::move(values), std::move(validity));
}

/// Converts the text of each row that has one by `parse`: bool(std::string_view, Out*).
template <typename Out, typename F>
Result<ArrayPtr> ParseRows(const ArrayPtr& input, const TypePtr& to, bool try_cast, F parse) {
  const int64_t rows = input->length();
  if (rows == 0) return MakeFlatArray(to, 0, nullptr, {});
  THALWEG_ASSIGN_OR_RETURN(const Argument argument, Argument::Of(arrow::Datum(input)));
  const RowReader<std::string_view> reader(argument);
  THALWEG_ASSIGN_OR_RETURN(Validity validity, Intersect(std::span(&argument, 1), rows));
  std::shared_ptr<arrow::Buffer> values;
  if constexpr (std::is_same_v<Out, bool>) {
    THALWEG_ASSIGN_OR_RETURN(values, AllocateBitmap(rows));
  } else {
    THALWEG_ASSIGN_OR_RETURN(values, AllocateBytes(rows * static_cast<int64_t>(sizeof(Out))));
  }
  for (int64_t row = 0; row < rows; ++row) {
    Out out{};
    if (!validity.IsNull(row) && !parse(reader[row], &out)) [[unlikely]] {
      if (!try_cast) return CastFailureAt(input, row, *to);
      THALWEG_RETURN_IF_ERROR(internal::ClearRow(&validity, rows, row));
    }
    internal::StoreRow(values, row, out);
  }
  return MakeFlatArray(to, rows, std::move(values), std::move(validity));
}

}  // namespace thalweg::engine
