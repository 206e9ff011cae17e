#include <arrow/array/array_primitive.h>
#include <arrow/scalar.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <unordered_set>
#include <utility>

#include "columnar/arrow_status.h"
#include "engine/logic.h"

namespace thalweg::engine {
namespace {

/// Membership of one row's value. The answer for a null value is not asked for.
class Members {
 public:
  virtual ~Members() = default;
  /// Sets the bits of the rows whose value is a member.
  virtual Status Mark(const Argument& values, int64_t rows, uint8_t* bits) const = 0;
};

/// Values of at most eight bytes, as bit patterns in ascending order.
template <typename T>
class FlatMembers final : public Members {
 public:
  explicit FlatMembers(const std::vector<Argument>& list) {
    for (const Argument& entry : list) members_.push_back(Key(RowReader<T>(entry)[0]));
    std::ranges::sort(members_);
    members_.erase(std::unique(members_.begin(), members_.end()), members_.end());
  }
  Status Mark(const Argument& values, int64_t rows, uint8_t* bits) const override {
    const RowReader<T> reader(values);
    for (int64_t row = 0; row < rows; ++row) {
      const KeyType key = Key(reader[row]);
      bool found = false;
      if (members_.size() <= 16) {
        for (const KeyType member : members_) found |= member == key;
      } else {
        found = std::binary_search(members_.begin(), members_.end(), key);
      }
      if (found) arrow::bit_util::SetBit(bits, row);
    }
    return {};
  }

 private:
  using KeyType = std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>;
  static KeyType Key(T value) { return value; }
  std::vector<KeyType> members_;
};

/// Doubles and floats: NaN equals NaN, and the zeros are one.
template <typename T, typename Bits>
class RealMembers final : public Members {
 public:
  explicit RealMembers(const std::vector<Argument>& list) {
    for (const Argument& entry : list) members_.push_back(Key(RowReader<T>(entry)[0]));
    std::ranges::sort(members_);
  }
  Status Mark(const Argument& values, int64_t rows, uint8_t* bits) const override {
    const RowReader<T> reader(values);
    for (int64_t row = 0; row < rows; ++row) {
      if (std::binary_search(members_.begin(), members_.end(), Key(reader[row]))) {
        arrow::bit_util::SetBit(bits, row);
      }
    }
    return {};
  }

 private:
  static Bits Key(T value) {
    if (value == T{0}) value = T{0};
    if (std::isnan(value)) value = std::numeric_limits<T>::quiet_NaN();
    return std::bit_cast<Bits>(value);
  }
  std::vector<Bits> members_;
};

class TextMembers final : public Members {
 public:
  explicit TextMembers(const std::vector<Argument>& list) : list_(list) {
    for (const Argument& entry : list_) {
      const std::string_view text = RowReader<std::string_view>(entry)[0];
      owned_.emplace_back(text);
    }
    for (const std::string& text : owned_) {
      members_.insert(text);
      lengths_ |= uint64_t{1} << std::min<size_t>(text.size(), 63);
    }
  }
  Status Mark(const Argument& values, int64_t rows, uint8_t* bits) const override {
    const RowReader<std::string_view> reader(values);
    for (int64_t row = 0; row < rows; ++row) {
      if (values.IsNull(row)) continue;
      const std::string_view text = reader[row];
      if (((lengths_ >> std::min<size_t>(text.size(), 63)) & 1) == 0) continue;
      if (members_.contains(text)) arrow::bit_util::SetBit(bits, row);
    }
    return {};
  }

 private:
  std::vector<Argument> list_;
  std::vector<std::string> owned_;
  std::unordered_set<std::string_view> members_;
  uint64_t lengths_ = 0;  ///< Bit n: a member has n bytes; bit 63: 63 or more.
};

/// Any other type, by Arrow's equality.
class AnyMembers final : public Members {
 public:
  explicit AnyMembers(const std::vector<std::shared_ptr<arrow::Scalar>>& list) : list_(list) {}
  Status Mark(const Argument& values, int64_t rows, uint8_t* bits) const override {
    for (int64_t row = 0; row < rows; ++row) {
      if (values.IsNull(row)) continue;
      THALWEG_ASSIGN_OR_RETURN_ARROW(const auto value, values.array()->GetScalar(values.At(row)));
      const bool found =
          std::ranges::any_of(list_, [&](const auto& member) { return member->Equals(*value); });
      if (found) arrow::bit_util::SetBit(bits, row);
    }
    return {};
  }

 private:
  std::vector<std::shared_ptr<arrow::Scalar>> list_;
};

std::unique_ptr<Members> MakeMembers(const arrow::DataType& type,
                                     const std::vector<std::shared_ptr<arrow::Scalar>>& list) {
  std::vector<Argument> arguments;
  for (const auto& value : list) {
    Result<Argument> argument = Argument::Of(arrow::Datum(value));
    if (!argument.ok()) return std::make_unique<AnyMembers>(list);
    arguments.push_back(*std::move(argument));
  }
  if (columnar::IsString(type) || columnar::IsBinary(type)) {
    return std::make_unique<TextMembers>(arguments);
  }
  switch (type.id()) {
    case arrow::Type::INT8:
    case arrow::Type::UINT8:
      return std::make_unique<FlatMembers<uint8_t>>(arguments);
    case arrow::Type::INT16:
    case arrow::Type::UINT16:
      return std::make_unique<FlatMembers<uint16_t>>(arguments);
    case arrow::Type::INT32:
    case arrow::Type::UINT32:
    case arrow::Type::DATE32:
      return std::make_unique<FlatMembers<uint32_t>>(arguments);
    case arrow::Type::INT64:
    case arrow::Type::UINT64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::TIME64:
      return std::make_unique<FlatMembers<uint64_t>>(arguments);
    case arrow::Type::DECIMAL128:
      return std::make_unique<FlatMembers<Int128>>(arguments);
    case arrow::Type::BOOL:
      return std::make_unique<FlatMembers<bool>>(arguments);
    case arrow::Type::FLOAT:
      return std::make_unique<RealMembers<float, uint32_t>>(arguments);
    case arrow::Type::DOUBLE:
      return std::make_unique<RealMembers<double, uint64_t>>(arguments);
    default:
      return std::make_unique<AnyMembers>(list);
  }
}

class InListExpression final : public Expression {
 public:
  InListExpression(ExpressionPtr value, std::vector<std::shared_ptr<arrow::Scalar>> list,
                   bool list_has_null)
      : value_(std::move(value)),
        list_(std::move(list)),
        members_(MakeMembers(*value_->type(), list_)),
        list_has_null_(list_has_null) {}
  const TypePtr& type() const override { return type_; }

  Result<arrow::Datum> Evaluate(const arrow::RecordBatch& batch,
                                const EvalContext& context) const override {
    THALWEG_ASSIGN_OR_RETURN(const arrow::Datum datum, value_->Evaluate(batch, context));
    THALWEG_ASSIGN_OR_RETURN(const Argument values, Argument::Of(datum));
    if (values.always_null()) return NullDatum(type_);
    const int64_t rows = values.constant() ? 1 : batch.num_rows();
    THALWEG_ASSIGN_OR_RETURN(auto bits, AllocateBitmap(rows));
    if (rows > 0) THALWEG_RETURN_IF_ERROR(members_->Mark(values, rows, bits->mutable_data()));
    THALWEG_ASSIGN_OR_RETURN(Validity validity, Intersect(std::span(&values, 1), rows));
    // Against a null in the list, a row that was not found is neither in it nor out of it.
    for (int64_t row = 0; list_has_null_ && row < rows; ++row) {
      if (!GetBit(bits->data(), row) && !validity.IsNull(row)) {
        THALWEG_RETURN_IF_ERROR(internal::ClearRow(&validity, rows, row));
      }
    }
    ArrayPtr answer = MakeFlatArray(type_, rows, std::move(bits), std::move(validity));
    if (!values.constant()) return arrow::Datum(std::move(answer));
    THALWEG_ASSIGN_OR_RETURN_ARROW(auto scalar, answer->GetScalar(0));
    return arrow::Datum(std::move(scalar));
  }
  void CollectColumns(std::vector<int>* columns) const override { value_->CollectColumns(columns); }
  std::string ToString() const override {
    std::string out = '(' + value_->ToString() + " IN (";
    for (size_t i = 0; i < list_.size(); ++i) {
      if (i > 0) out += ", ";
      out += MakeLiteral(list_[i])->ToString();
    }
    if (list_has_null_) out += list_.empty() ? "NULL" : ", NULL";
    return out + "))";
  }

 private:
  ExpressionPtr value_;
  std::vector<std::shared_ptr<arrow::Scalar>> list_;
  std::unique_ptr<Members> members_;
  bool list_has_null_;
  TypePtr type_ = arrow::boolean();
};

}  // namespace

ExpressionPtr MakeInList(ExpressionPtr value, std::vector<std::shared_ptr<arrow::Scalar>> list,
                         bool list_has_null) {
  // The caller may leave its nulls in the list.
  const auto nulls = std::ranges::remove_if(list, [](const auto& v) { return !v->is_valid; });
  list_has_null = list_has_null || !nulls.empty();
  list.erase(nulls.begin(), nulls.end());
  return std::make_shared<InListExpression>(std::move(value), std::move(list), list_has_null);
}

}  // namespace thalweg::engine
