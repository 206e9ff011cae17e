#include <arrow/array/builder_base.h>
#include <arrow/builder.h>
#include <arrow/scalar.h>

#include <utility>

#include "columnar/arrow_status.h"
#include "engine/logic.h"

namespace thalweg::engine {
namespace {

/// Which row of which branch stands in each row of the answer. Branch -1: null.
struct Pick {
  int32_t branch = -1;
  int32_t row = 0;
};

std::vector<Pick> PicksOf(int64_t rows, const std::vector<Branch>& branches,
                          const std::vector<Argument>& values) {
  std::vector<Pick> picks(static_cast<size_t>(rows));
  for (size_t b = 0; b < branches.size(); ++b) {
    const Branch& branch = branches[b];
    const bool dense = branch.answer.dense && !values[b].constant();
    const std::vector<int32_t> evaluated = (dense ? branch.evaluated : branch.taken).Rows();
    int32_t k = 0;
    for (const int32_t row : evaluated) {
      if (branch.taken.Has(row)) {
        const int32_t source = values[b].constant() ? 0 : (dense ? k : row);
        picks[static_cast<size_t>(row)] = {static_cast<int32_t>(b), source};
      }
      ++k;
    }
  }
  return picks;
}

bool IsNullPick(const Pick& pick, const std::vector<Argument>& values) {
  return pick.branch < 0 || values[static_cast<size_t>(pick.branch)].IsNull(pick.row);
}

template <size_t kWidth>
void CopyFixed(const std::vector<Pick>& picks, const std::vector<const uint8_t*>& sources,
               uint8_t* out) {
  for (const Pick& pick : picks) {
    if (pick.branch >= 0 && sources[static_cast<size_t>(pick.branch)] != nullptr) {
      std::memcpy(
          out, sources[static_cast<size_t>(pick.branch)] + static_cast<size_t>(pick.row) * kWidth,
          kWidth);
    } else {
      std::memset(out, 0, kWidth);
    }
    out += kWidth;
  }
}

Result<Validity> ValidityOf(const std::vector<Pick>& picks, const std::vector<Argument>& values) {
  const int64_t rows = static_cast<int64_t>(picks.size());
  Validity out;
  THALWEG_ASSIGN_OR_RETURN(out.bitmap, AllocateBitmap(rows));
  for (int64_t row = 0; row < rows; ++row) {
    const bool null = IsNullPick(picks[static_cast<size_t>(row)], values);
    arrow::bit_util::SetBitTo(out.bitmap->mutable_data(), row, !null);
    out.null_count += null;
  }
  if (out.null_count == 0) out.bitmap = nullptr;
  return out;
}

Result<ArrayPtr> MergeFixed(const TypePtr& type, size_t width, const std::vector<Pick>& picks,
                            const std::vector<Argument>& values) {
  std::vector<const uint8_t*> sources;
  for (const Argument& value : values) {
    const arrow::ArrayData& data = *value.array()->data();
    sources.push_back(value.always_null() || data.buffers.size() < 2 || data.buffers[1] == nullptr
                          ? nullptr
                          : data.buffers[1]->data() + static_cast<size_t>(data.offset) * width);
  }
  const int64_t rows = static_cast<int64_t>(picks.size());
  THALWEG_ASSIGN_OR_RETURN(auto out, AllocateBytes(rows * static_cast<int64_t>(width)));
  switch (width) {
    case 1:
      CopyFixed<1>(picks, sources, out->mutable_data());
      break;
    case 2:
      CopyFixed<2>(picks, sources, out->mutable_data());
      break;
    case 4:
      CopyFixed<4>(picks, sources, out->mutable_data());
      break;
    case 8:
      CopyFixed<8>(picks, sources, out->mutable_data());
      break;
    default:
      CopyFixed<16>(picks, sources, out->mutable_data());
      break;
  }
  THALWEG_ASSIGN_OR_RETURN(Validity validity, ValidityOf(picks, values));
  return MakeFlatArray(type, rows, std::move(out), std::move(validity));
}

Result<ArrayPtr> MergeBooleans(const std::vector<Pick>& picks,
                               const std::vector<Argument>& values) {
  const int64_t rows = static_cast<int64_t>(picks.size());
  THALWEG_ASSIGN_OR_RETURN(auto out, AllocateBitmap(rows));
  for (int64_t row = 0; row < rows; ++row) {
    const Pick& pick = picks[static_cast<size_t>(row)];
    if (IsNullPick(pick, values)) continue;
    const arrow::ArrayData& data = *values[static_cast<size_t>(pick.branch)].array()->data();
    if (GetBit(data.buffers[1]->data(), data.offset + pick.row)) {
      arrow::bit_util::SetBit(out->mutable_data(), row);
    }
  }
  THALWEG_ASSIGN_OR_RETURN(Validity validity, ValidityOf(picks, values));
  return MakeFlatArray(arrow::boolean(), rows, std::move(out), std::move(validity));
}

Result<ArrayPtr> MergeText(const TypePtr& type, const std::vector<Pick>& picks,
                           const std::vector<Argument>& values) {
  std::vector<std::optional<columnar::StringColumn>> columns;
  for (const Argument& value : values) {
    if (value.always_null()) {
      columns.emplace_back();
    } else {
      columns.emplace_back(value.array());
    }
  }
  TextWriter out(static_cast<int64_t>(picks.size()), static_cast<int64_t>(picks.size()) * 16);
  for (const Pick& pick : picks) {
    if (IsNullPick(pick, values)) {
      out.EndNull();
    } else {
      out.Append((*columns[static_cast<size_t>(pick.branch)])[pick.row]);
      out.EndRow();
    }
  }
  return out.Finish(type);
}

/// Any type, by Arrow's builders, in runs of the same branch.
Result<ArrayPtr> MergeAny(const TypePtr& type, const std::vector<Pick>& picks,
                          const std::vector<Argument>& values) {
  std::vector<ArrayPtr> arrays;
  for (const Argument& value : values) {
    THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, columnar::WithoutViews(value.array()));
    arrays.push_back(std::move(array));
  }
  std::unique_ptr<arrow::ArrayBuilder> builder;
  THALWEG_RETURN_IF_ARROW_ERROR(
      arrow::MakeBuilder(arrow::default_memory_pool(), columnar::WithoutViews(type), &builder));
  for (size_t start = 0; start < picks.size();) {
    const Pick first = picks[start];
    size_t end = start + 1;
    if (IsNullPick(first, values)) {
      THALWEG_RETURN_IF_ARROW_ERROR(builder->AppendNull());
      start = end;
      continue;
    }
    while (end < picks.size() && picks[end].branch == first.branch &&
           picks[end].row == first.row + static_cast<int32_t>(end - start)) {
      ++end;
    }
    THALWEG_RETURN_IF_ARROW_ERROR(builder->AppendArraySlice(
        arrow::ArraySpan(*arrays[static_cast<size_t>(first.branch)]->data()), first.row,
        static_cast<int64_t>(end - start)));
    start = end;
  }
  return columnar::FromArrow(builder->Finish());
}

size_t FixedWidth(const arrow::DataType& type) {
  if (type.id() == arrow::Type::BOOL || type.id() == arrow::Type::DICTIONARY ||
      type.id() == arrow::Type::EXTENSION || !arrow::is_fixed_width(type.id())) {
    return 0;
  }
  const int bytes = type.byte_width();
  const bool known = bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8 || bytes == 16;
  return known ? static_cast<size_t>(bytes) : 0;
}

class CaseExpression final : public Expression {
 public:
  CaseExpression(std::vector<std::pair<ExpressionPtr, ExpressionPtr>> whens,
                 ExpressionPtr otherwise, TypePtr type)
      : whens_(std::move(whens)), otherwise_(std::move(otherwise)), type_(std::move(type)) {}
  const TypePtr& type() const override { return type_; }

  Result<arrow::Datum> Evaluate(const arrow::RecordBatch& batch,
                                const EvalContext& context) const override {
    const int64_t rows = batch.num_rows();
    RowSet open(rows, true);
    std::vector<Branch> branches;
    for (const auto& [condition, value] : whens_) {
      THALWEG_ASSIGN_OR_RETURN(RowSet taken, Taken(*condition, batch, open, context));
      const int64_t count = taken.Count();
      if (count == 0) continue;
      for (size_t w = 0; w < open.words().size(); ++w) open.words()[w] &= ~taken.words()[w];
      THALWEG_ASSIGN_OR_RETURN(Reached answer, EvaluateReached(*value, batch, taken, context));
      branches.push_back({std::move(answer), taken, std::move(taken)});
      if (open.Count() == 0) break;
    }
    if (otherwise_ != nullptr && open.Count() > 0) {
      THALWEG_ASSIGN_OR_RETURN(Reached answer, EvaluateReached(*otherwise_, batch, open, context));
      branches.push_back({std::move(answer), open, open});
    }
    return MergeBranches(type_, rows, branches);
  }
  void CollectColumns(std::vector<int>* columns) const override {
    for (const auto& [condition, value] : whens_) {
      condition->CollectColumns(columns);
      value->CollectColumns(columns);
    }
    if (otherwise_ != nullptr) otherwise_->CollectColumns(columns);
  }
  std::string ToString() const override {
    std::string out = "CASE";
    for (const auto& [condition, value] : whens_) {
      out += " WHEN " + condition->ToString() + " THEN " + value->ToString();
    }
    if (otherwise_ != nullptr) out += " ELSE " + otherwise_->ToString();
    return out + " END";
  }

 private:
  /// The open rows for which the condition is true.
  static Result<RowSet> Taken(const Expression& condition, const arrow::RecordBatch& batch,
                              const RowSet& open, const EvalContext& context) {
    THALWEG_ASSIGN_OR_RETURN(const Reached answer,
                             EvaluateReached(condition, batch, open, context));
    if (answer.dense && !answer.value.is_scalar()) {
      const std::vector<int32_t> rows = open.Rows();
      THALWEG_ASSIGN_OR_RETURN(const Truth dense,
                               TruthOf(answer.value, static_cast<int64_t>(rows.size())));
      RowSet out(open.rows());
      for (size_t i = 0; i < rows.size(); ++i) {
        if (dense.is_true.Has(static_cast<int64_t>(i))) out.Add(rows[i]);
      }
      return out;
    }
    THALWEG_ASSIGN_OR_RETURN(Truth truth, TruthOf(answer.value, open.rows()));
    for (size_t w = 0; w < open.words().size(); ++w) {
      truth.is_true.words()[w] &= open.words()[w];
    }
    return std::move(truth.is_true);
  }

  std::vector<std::pair<ExpressionPtr, ExpressionPtr>> whens_;
  ExpressionPtr otherwise_;
  TypePtr type_;
};

class CoalesceExpression final : public Expression {
 public:
  CoalesceExpression(std::vector<ExpressionPtr> terms, TypePtr type)
      : terms_(std::move(terms)), type_(std::move(type)) {}
  const TypePtr& type() const override { return type_; }

  Result<arrow::Datum> Evaluate(const arrow::RecordBatch& batch,
                                const EvalContext& context) const override {
    RowSet open(batch.num_rows(), true);
    std::vector<Branch> branches;
    for (const ExpressionPtr& term : terms_) {
      THALWEG_ASSIGN_OR_RETURN(Reached answer, EvaluateReached(*term, batch, open, context));
      THALWEG_ASSIGN_OR_RETURN(const Argument value, Argument::Of(answer.value));
      RowSet taken(batch.num_rows());
      int64_t k = 0;
      const bool dense = answer.dense && !value.constant();
      for (const int32_t row : open.Rows()) {
        if (!value.IsNull(dense ? k : row)) taken.Add(row);
        ++k;
      }
      const RowSet evaluated = open;
      for (size_t w = 0; w < open.words().size(); ++w) open.words()[w] &= ~taken.words()[w];
      branches.push_back({std::move(answer), evaluated, std::move(taken)});
      if (open.Count() == 0) break;
    }
    return MergeBranches(type_, batch.num_rows(), branches);
  }
  void CollectColumns(std::vector<int>* columns) const override {
    for (const ExpressionPtr& term : terms_) term->CollectColumns(columns);
  }
  std::string ToString() const override {
    std::string out = "coalesce(";
    for (size_t i = 0; i < terms_.size(); ++i) {
      if (i > 0) out += ", ";
      out += terms_[i]->ToString();
    }
    return out + ')';
  }

 private:
  std::vector<ExpressionPtr> terms_;
  TypePtr type_;
};

}  // namespace

Result<arrow::Datum> MergeBranches(const TypePtr& type, int64_t rows,
                                   const std::vector<Branch>& branches) {
  std::vector<Argument> values;
  for (const Branch& branch : branches) {
    THALWEG_ASSIGN_OR_RETURN(Argument value, Argument::Of(branch.answer.value));
    values.push_back(std::move(value));
  }
  // One branch for all rows: its array as it is.
  if (branches.size() == 1 && values[0].array()->type()->Equals(*type) &&
      branches[0].taken.Count() == rows) {
    return branches[0].answer.value;
  }
  if (type->id() == arrow::Type::NA) return NullDatum(type);
  const std::vector<Pick> picks = PicksOf(rows, branches, values);
  Result<ArrayPtr> merged = Status::Internal("unset");
  const size_t width = FixedWidth(*type);
  if (type->id() == arrow::Type::BOOL) {
    merged = MergeBooleans(picks, values);
  } else if (width > 0) {
    merged = MergeFixed(type, width, picks, values);
  } else if (type->id() == arrow::Type::STRING || type->id() == arrow::Type::BINARY) {
    merged = MergeText(type, picks, values);
  } else {
    merged = MergeAny(type, picks, values);
  }
  THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, std::move(merged));
  return arrow::Datum(std::move(array));
}

ExpressionPtr MakeCase(std::vector<std::pair<ExpressionPtr, ExpressionPtr>> whens,
                       ExpressionPtr otherwise, TypePtr type) {
  return std::make_shared<CaseExpression>(std::move(whens), std::move(otherwise),
                                          columnar::WithoutViews(type));
}

ExpressionPtr MakeCoalesce(std::vector<ExpressionPtr> terms, TypePtr type) {
  return std::make_shared<CoalesceExpression>(std::move(terms), columnar::WithoutViews(type));
}

}  // namespace thalweg::engine
