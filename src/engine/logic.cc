#include "engine/logic.h"

#include <arrow/array/array_primitive.h>
#include <arrow/array/util.h>
#include <arrow/scalar.h>
#include <arrow/util/bitmap_ops.h>

#include <bit>
#include <utility>

#include "columnar/arrow_status.h"
#include "columnar/gather.h"

namespace thalweg::engine {
namespace {

void ClearTail(std::vector<uint64_t>& words, int64_t rows) {
  if ((rows & 63) != 0) words.back() &= (uint64_t{1} << (rows & 63)) - 1;
}

/// The bits `offset … offset + rows` as words.
std::vector<uint64_t> WordsOf(const uint8_t* bits, int64_t offset, int64_t rows) {
  std::vector<uint64_t> words(static_cast<size_t>((rows + 63) / 64));
  if (rows > 0) {
    arrow::internal::CopyBitmap(bits, offset, rows, reinterpret_cast<uint8_t*>(words.data()), 0);
    ClearTail(words, rows);
  }
  return words;
}

std::string JoinTerms(const std::vector<ExpressionPtr>& terms, std::string_view word) {
  std::string out = "(";
  for (size_t i = 0; i < terms.size(); ++i) {
    if (i > 0) out.append(word);
    out += terms[i]->ToString();
  }
  return out + ')';
}

/// Spreads a dense boolean answer over the rows that it belongs to.
Result<Truth> TruthOfReached(const Reached& answer, const RowSet& reached) {
  const int64_t rows = reached.rows();
  if (!answer.dense || answer.value.is_scalar()) return TruthOf(answer.value, rows);
  const std::vector<int32_t> indices = reached.Rows();
  THALWEG_ASSIGN_OR_RETURN(const Truth dense,
                           TruthOf(answer.value, static_cast<int64_t>(indices.size())));
  Truth out{RowSet(rows), RowSet(rows)};
  for (size_t i = 0; i < indices.size(); ++i) {
    if (dense.is_true.Has(static_cast<int64_t>(i))) out.is_true.Add(indices[i]);
    if (dense.is_false.Has(static_cast<int64_t>(i))) out.is_false.Add(indices[i]);
  }
  return out;
}

/// AND and OR. A row that is settled (false for AND, true for OR) reaches no further term.
class JunctionExpression final : public Expression {
 public:
  JunctionExpression(std::vector<ExpressionPtr> terms, bool is_and)
      : terms_(std::move(terms)), is_and_(is_and) {}
  const TypePtr& type() const override { return type_; }
  Result<arrow::Datum> Evaluate(const arrow::RecordBatch& batch,
                                const EvalContext& context) const override {
    const int64_t rows = batch.num_rows();
    RowSet settled(rows);
    RowSet neutral(rows, true);
    RowSet open(rows, true);
    for (const ExpressionPtr& term : terms_) {
      THALWEG_ASSIGN_OR_RETURN(const Reached answer, EvaluateReached(*term, batch, open, context));
      THALWEG_ASSIGN_OR_RETURN(const Truth truth, TruthOfReached(answer, open));
      const RowSet& settles = is_and_ ? truth.is_false : truth.is_true;
      const RowSet& passes = is_and_ ? truth.is_true : truth.is_false;
      uint64_t any_open = 0;
      for (size_t w = 0; w < open.words().size(); ++w) {
        const uint64_t reached = open.words()[w];
        settled.words()[w] |= settles.words()[w] & reached;
        neutral.words()[w] &= passes.words()[w] | ~reached;
        open.words()[w] = reached & ~settles.words()[w];
        any_open |= open.words()[w];
      }
      if (any_open == 0) break;
    }
    for (size_t w = 0; w < neutral.words().size(); ++w) neutral.words()[w] &= ~settled.words()[w];
    if (is_and_) return DatumOf({std::move(neutral), std::move(settled)});
    return DatumOf({std::move(settled), std::move(neutral)});
  }
  void CollectColumns(std::vector<int>* columns) const override {
    for (const ExpressionPtr& term : terms_) term->CollectColumns(columns);
  }
  std::string ToString() const override { return JoinTerms(terms_, is_and_ ? " AND " : " OR "); }

 private:
  std::vector<ExpressionPtr> terms_;
  bool is_and_;
  TypePtr type_ = arrow::boolean();
};

class NotExpression final : public Expression {
 public:
  explicit NotExpression(ExpressionPtr term) : term_(std::move(term)) {}
  const TypePtr& type() const override { return type_; }
  Result<arrow::Datum> Evaluate(const arrow::RecordBatch& batch,
                                const EvalContext& context) const override {
    THALWEG_ASSIGN_OR_RETURN(const arrow::Datum value, term_->Evaluate(batch, context));
    THALWEG_ASSIGN_OR_RETURN(Truth truth, TruthOf(value, batch.num_rows()));
    std::swap(truth.is_true, truth.is_false);
    return DatumOf(truth);
  }
  void CollectColumns(std::vector<int>* columns) const override { term_->CollectColumns(columns); }
  std::string ToString() const override { return "(NOT " + term_->ToString() + ')'; }

 private:
  ExpressionPtr term_;
  TypePtr type_ = arrow::boolean();
};

enum class Known : uint8_t { kNo, kTrue, kFalse, kNull };
Known KnownTruth(const Expression& term) {
  const auto value = term.constant();
  if (value == nullptr) return Known::kNo;
  if (!value->is_valid) return Known::kNull;
  return static_cast<const arrow::BooleanScalar&>(*value).value ? Known::kTrue : Known::kFalse;
}

ExpressionPtr MakeJunction(std::vector<ExpressionPtr> terms, bool is_and) {
  std::vector<ExpressionPtr> kept;
  for (ExpressionPtr& term : terms) {
    const Known known = KnownTruth(*term);
    // A neutral constant changes nothing; a settling one hides what stands after it.
    if (known == (is_and ? Known::kTrue : Known::kFalse)) continue;
    if (known == (is_and ? Known::kFalse : Known::kTrue) && kept.empty()) return term;
    kept.push_back(std::move(term));
  }
  if (kept.empty()) return MakeLiteral(std::make_shared<arrow::BooleanScalar>(is_and));
  if (kept.size() == 1) return std::move(kept[0]);
  return std::make_shared<JunctionExpression>(std::move(kept), is_and);
}

}  // namespace

RowSet::RowSet(int64_t rows, bool all)
    : rows_(rows), words_(static_cast<size_t>((rows + 63) / 64), all ? ~uint64_t{0} : 0) {
  if (all && rows > 0) ClearTail(words_, rows);
}

int64_t RowSet::Count() const {
  int64_t count = 0;
  for (const uint64_t word : words_) count += std::popcount(word);
  return count;
}

std::vector<int32_t> RowSet::Rows() const {
  std::vector<int32_t> out;
  out.reserve(static_cast<size_t>(Count()));
  for (size_t w = 0; w < words_.size(); ++w) {
    for (uint64_t word = words_[w]; word != 0; word &= word - 1) {
      out.push_back(static_cast<int32_t>(w * 64) + std::countr_zero(word));
    }
  }
  return out;
}

Result<Truth> TruthOf(const arrow::Datum& datum, int64_t rows) {
  if (datum.is_scalar()) {
    const arrow::Scalar& value = *datum.scalar();
    const bool truth = value.is_valid && value.type->id() == arrow::Type::BOOL &&
                       static_cast<const arrow::BooleanScalar&>(value).value;
    return Truth{RowSet(rows, truth), RowSet(rows, value.is_valid && !truth)};
  }
  const ArrayPtr array = datum.make_array();
  if (array->type_id() == arrow::Type::NA || rows == 0) return Truth{RowSet(rows), RowSet(rows)};
  const arrow::ArrayData& data = *array->data();
  Truth out{RowSet(rows), RowSet(rows)};
  out.is_true.words() = WordsOf(data.buffers[1]->data(), data.offset, rows);
  out.is_false.words() = out.is_true.words();
  for (uint64_t& word : out.is_false.words()) word = ~word;
  ClearTail(out.is_false.words(), rows);
  if (array->null_count() == 0) return out;
  const std::vector<uint64_t> valid = WordsOf(data.buffers[0]->data(), data.offset, rows);
  for (size_t w = 0; w < valid.size(); ++w) {
    out.is_true.words()[w] &= valid[w];
    out.is_false.words()[w] &= valid[w];
  }
  return out;
}

Result<arrow::Datum> DatumOf(const Truth& truth) {
  const int64_t rows = truth.is_true.rows();
  THALWEG_ASSIGN_OR_RETURN(auto values, AllocateBitmap(rows));
  THALWEG_ASSIGN_OR_RETURN(auto valid, AllocateBitmap(rows));
  const size_t bytes = static_cast<size_t>((rows + 7) / 8);
  std::vector<uint64_t> known = truth.is_true.words();
  int64_t known_count = 0;
  for (size_t w = 0; w < known.size(); ++w) {
    known[w] |= truth.is_false.words()[w];
    known_count += std::popcount(known[w]);
  }
  if (bytes > 0) {
    std::memcpy(values->mutable_data(), truth.is_true.words().data(), bytes);
    std::memcpy(valid->mutable_data(), known.data(), bytes);
  }
  Validity validity{known_count == rows ? nullptr : std::move(valid), rows - known_count};
  return arrow::Datum(
      MakeFlatArray(arrow::boolean(), rows, std::move(values), std::move(validity)));
}

Result<Reached> EvaluateReached(const Expression& term, const arrow::RecordBatch& batch,
                                const RowSet& reached, const EvalContext& context) {
  const int64_t rows = batch.num_rows();
  const int64_t count = reached.Count();
  if (count == 0 && rows > 0)
    return Reached{arrow::Datum(arrow::MakeNullScalar(term.type())), true};
  const bool plain = count == rows || term.column() || term.constant() != nullptr;
  // Few rows: gathering them is cheaper than evaluating all.
  if (plain || count * 8 >= rows) {
    Result<arrow::Datum> all = term.Evaluate(batch, context);
    if (all.ok()) return Reached{*std::move(all), false};
    // With all rows reached the failure is real; otherwise it may belong to a row that is not.
    if (count == rows || !IsRowFailure(all.status())) return all.status();
  }
  const std::vector<int32_t> indices = reached.Rows();
  std::vector<int> wanted;
  term.CollectColumns(&wanted);
  // Columns that the term does not read stay empty of content, at the number they have.
  const auto blank = std::make_shared<arrow::NullArray>(count);
  arrow::ArrayVector columns(static_cast<size_t>(batch.num_columns()), blank);
  for (const int column : wanted) {
    THALWEG_ASSIGN_OR_RETURN(columns[static_cast<size_t>(column)],
                             columnar::Gather(batch.column(column), indices));
  }
  const auto part = arrow::RecordBatch::Make(batch.schema(), count, std::move(columns));
  THALWEG_ASSIGN_OR_RETURN(arrow::Datum value, term.Evaluate(*part, context));
  return Reached{std::move(value), true};
}

ExpressionPtr MakeAnd(std::vector<ExpressionPtr> terms) {
  return MakeJunction(std::move(terms), true);
}

ExpressionPtr MakeOr(std::vector<ExpressionPtr> terms) {
  return MakeJunction(std::move(terms), false);
}

ExpressionPtr MakeNot(ExpressionPtr term) {
  switch (KnownTruth(*term)) {
    case Known::kTrue:
      return MakeLiteral(std::make_shared<arrow::BooleanScalar>(false));
    case Known::kFalse:
      return MakeLiteral(std::make_shared<arrow::BooleanScalar>(true));
    case Known::kNull:
      return MakeLiteral(arrow::MakeNullScalar(arrow::boolean()));
    case Known::kNo:
      break;
  }
  return std::make_shared<NotExpression>(std::move(term));
}

}  // namespace thalweg::engine
