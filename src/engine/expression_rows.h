#pragma once

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/datum.h>
#include <arrow/util/bit_util.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/number.h"
#include "columnar/batch.h"
#include "engine/expression.h"
#include "thalweg/status.h"

// What kernels are written with: arguments that are arrays or constants, read row by row, and
// writers of the answer.
namespace thalweg::engine {

// A row number is never negative; Arrow counts bits without sign.
inline bool GetBit(const uint8_t* bits, int64_t row) {
  return arrow::bit_util::GetBit(bits, static_cast<uint64_t>(row));
}

/// True for a failure that belongs to a row's values, not to the machine.
inline bool IsRowFailure(const Status& status) {
  return status.code() == StatusCode::kInvalidArgument;
}

/// An argument of a kernel: an array of all rows, or a constant held as an array of one row.
class Argument {
 public:
  static Result<Argument> Of(const arrow::Datum& datum);

  bool constant() const { return constant_; }
  const ArrayPtr& array() const { return array_; }
  int64_t At(int64_t row) const { return constant_ ? 0 : row; }
  bool IsNull(int64_t row) const { return may_be_null_ && array_->IsNull(At(row)); }
  bool may_be_null() const { return may_be_null_; }
  /// Every row is null, and that is known without looking at the rows.
  bool always_null() const { return always_null_; }

 private:
  ArrayPtr array_;
  bool constant_ = false;
  bool may_be_null_ = false;
  bool always_null_ = false;
};

Result<std::vector<Argument>> ArgumentsOf(std::span<const arrow::Datum> datums);

/// An array of `rows` rows.
Result<ArrayPtr> ToArray(const arrow::Datum& datum, int64_t rows);

/// Which rows have a value: a bitmap from bit 0, or none when all have.
struct Validity {
  std::shared_ptr<arrow::Buffer> bitmap;
  int64_t null_count = 0;
  bool IsNull(int64_t row) const { return bitmap != nullptr && !GetBit(bitmap->data(), row); }
};

/// The rows in which no argument is null.
Result<Validity> Intersect(std::span<const Argument> arguments, int64_t rows);

Result<std::shared_ptr<arrow::Buffer>> AllocateBytes(int64_t bytes);
/// All bits zero.
Result<std::shared_ptr<arrow::Buffer>> AllocateBitmap(int64_t rows);
ArrayPtr MakeFlatArray(const TypePtr& type, int64_t rows, std::shared_ptr<arrow::Buffer> values,
                       Validity validity);
Result<arrow::Datum> NullDatum(const TypePtr& type);

/// Reads a fixed-width argument; `T` is the C++ type of the buffer.
template <typename T>
class RowReader {
 public:
  explicit RowReader(const Argument& argument)
      : bytes_(argument.array()->data()->template GetValues<uint8_t>(
            1, argument.array()->offset() * static_cast<int64_t>(sizeof(T)))),
        mask_(argument.constant() ? 0 : -1) {}
  /// Foreign buffers may be aligned to less than 16 bytes: no pointer to T is formed.
  T operator[](int64_t row) const {
    T value;
    std::memcpy(&value, bytes_ + (row & mask_) * static_cast<int64_t>(sizeof(T)), sizeof(T));
    return value;
  }

 private:
  const uint8_t* bytes_;
  int64_t mask_;
};

template <>
class RowReader<bool> {
 public:
  explicit RowReader(const Argument& argument)
      : bits_(argument.array()->data()->buffers[1]->data()),
        offset_(argument.array()->offset()),
        mask_(argument.constant() ? 0 : -1) {}
  bool operator[](int64_t row) const { return GetBit(bits_, offset_ + (row & mask_)); }

 private:
  const uint8_t* bits_;
  int64_t offset_;
  int64_t mask_;
};

template <>
class RowReader<std::string_view> {
 public:
  explicit RowReader(const Argument& argument)
      : column_(argument.array()), mask_(argument.constant() ? 0 : -1) {}
  std::string_view operator[](int64_t row) const { return column_[row & mask_]; }

 private:
  columnar::StringColumn column_;
  int64_t mask_;
};

/// Writes a `utf8` or `binary` array row by row.
class TextWriter {
 public:
  /// `bytes` is a guess of the total.
  TextWriter(int64_t rows, int64_t bytes);

  void Append(std::string_view piece) {
    piece.copy(Extend(piece.size()), piece.size());  // Unlike memcpy, takes an empty one from null.
  }
  void Append(char c) { *Extend(1) = c; }
  /// Room for `size` more bytes of this row, which the caller fills.
  char* Extend(size_t size) {
    if (size > capacity_ - used_) [[unlikely]]
      Grow(size);
    char* out = bytes_ + used_;
    used_ += size;
    return out;
  }
  /// Takes back the last `size` bytes.
  void Shrink(size_t size) { used_ -= size; }
  void EndRow();
  void EndNull();
  /// Bytes of the present row so far.
  std::string_view Row() const {
    const size_t start = static_cast<size_t>(offsets_[row_]);
    return {bytes_ + start, used_ - start};
  }
  /// `resource_exhausted` where the column would pass 2 GiB.
  Result<ArrayPtr> Finish(const TypePtr& type);

 private:
  void Grow(size_t size);

  std::unique_ptr<arrow::ResizableBuffer> buffer_;
  std::shared_ptr<arrow::Buffer> offsets_buffer_;
  std::shared_ptr<arrow::Buffer> nulls_;
  int32_t* offsets_ = nullptr;
  char* bytes_ = nullptr;
  size_t used_ = 0;
  size_t capacity_ = 0;
  int64_t row_ = 0;
  int64_t rows_ = 0;
  int64_t null_count_ = 0;
  Status status_;
};

namespace internal {

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <typename T>
struct IsResult : std::false_type {};
template <typename T>
struct IsResult<Result<T>> : std::true_type {};

template <typename T>
void StoreRow(std::shared_ptr<arrow::Buffer>& buffer, int64_t row, T value) {
  if constexpr (std::is_same_v<T, bool>) {
    arrow::bit_util::SetBitTo(buffer->mutable_data(), row, value);
  } else {
    std::memcpy(buffer->mutable_data() + row * static_cast<int64_t>(sizeof(T)), &value, sizeof(T));
  }
}

/// Makes `validity` own a bitmap, and clears `row` in it.
Status ClearRow(Validity* validity, int64_t rows, int64_t row);

}  // namespace internal

/// A kernel that calls `f` on each row without nulls and stores a fixed-width value. `f` takes
/// (In…), and gives Out, optional<Out> (none: null) or Result<Out>.
template <typename Out, typename... In, typename F>
ScalarKernel RowKernel(TypePtr type, F f) {
  return
      [type = std::move(type), f = std::move(f)](std::span<const arrow::Datum> datums, int64_t rows,
                                                 const EvalContext&) -> Result<arrow::Datum> {
        THALWEG_ASSIGN_OR_RETURN(const std::vector<Argument> arguments, ArgumentsOf(datums));
        for (const Argument& argument : arguments) {
          if (argument.always_null()) return NullDatum(type);
        }
        THALWEG_ASSIGN_OR_RETURN(Validity validity, Intersect(arguments, rows));
        std::shared_ptr<arrow::Buffer> out;
        if constexpr (std::is_same_v<Out, bool>) {
          THALWEG_ASSIGN_OR_RETURN(out, AllocateBitmap(rows));
        } else {
          THALWEG_ASSIGN_OR_RETURN(out, AllocateBytes(rows * static_cast<int64_t>(sizeof(Out))));
        }
        Status status = [&]<size_t... I>(std::index_sequence<I...>) -> Status {
          const std::tuple<RowReader<In>...> readers{RowReader<In>(arguments[I])...};
          for (int64_t row = 0; row < rows; ++row) {
            if (validity.IsNull(row)) {
              if constexpr (!std::is_same_v<Out, bool>) internal::StoreRow(out, row, Out{});
              continue;
            }
            using Answer = std::invoke_result_t<const F&, In...>;
            if constexpr (internal::IsOptional<Answer>::value) {
              const Answer answer = f(std::get<I>(readers)[row]...);
              internal::StoreRow(out, row, static_cast<Out>(answer.value_or(Out{})));
              if (!answer) THALWEG_RETURN_IF_ERROR(internal::ClearRow(&validity, rows, row));
            } else if constexpr (internal::IsResult<Answer>::value) {
              THALWEG_ASSIGN_OR_RETURN(const Out value, f(std::get<I>(readers)[row]...));
              internal::StoreRow(out, row, value);
            } else {
              internal::StoreRow(out, row, static_cast<Out>(f(std::get<I>(readers)[row]...)));
            }
          }
          return {};
        }(std::index_sequence_for<In...>());
        THALWEG_RETURN_IF_ERROR(status);
        return arrow::Datum(MakeFlatArray(type, rows, std::move(out), std::move(validity)));
      };
}

/// A kernel that calls `f` on each row without nulls, which writes the row's text. `f` takes
/// (TextWriter&, In…), and gives nothing, bool (false: null) or Status.
template <typename... In, typename F>
ScalarKernel TextKernel(TypePtr type, F f) {
  return
      [type = std::move(type), f = std::move(f)](std::span<const arrow::Datum> datums, int64_t rows,
                                                 const EvalContext&) -> Result<arrow::Datum> {
        THALWEG_ASSIGN_OR_RETURN(const std::vector<Argument> arguments, ArgumentsOf(datums));
        for (const Argument& argument : arguments) {
          if (argument.always_null()) return NullDatum(type);
        }
        THALWEG_ASSIGN_OR_RETURN(const Validity validity, Intersect(arguments, rows));
        TextWriter out(rows, rows * 16);
        Status status = [&]<size_t... I>(std::index_sequence<I...>) -> Status {
          const std::tuple<RowReader<In>...> readers{RowReader<In>(arguments[I])...};
          for (int64_t row = 0; row < rows; ++row) {
            if (validity.IsNull(row)) {
              out.EndNull();
              continue;
            }
            using Answer = std::invoke_result_t<const F&, TextWriter&, In...>;
            if constexpr (std::is_same_v<Answer, bool>) {
              if (f(out, std::get<I>(readers)[row]...)) {
                out.EndRow();
              } else {
                out.EndNull();
              }
            } else {
              if constexpr (std::is_same_v<Answer, Status>) {
                THALWEG_RETURN_IF_ERROR(f(out, std::get<I>(readers)[row]...));
              } else {
                f(out, std::get<I>(readers)[row]...);
              }
              out.EndRow();
            }
          }
          return {};
        }(std::index_sequence_for<In...>());
        THALWEG_RETURN_IF_ERROR(status);
        THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, out.Finish(type));
        return arrow::Datum(std::move(array));
      };
}

}  // namespace thalweg::engine
