#include "connectors/hive.h"

#include <arrow/array/util.h>
#include <arrow/scalar.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/number.h"
#include "columnar/arrow_status.h"

namespace thalweg::connectors {
namespace {

using Keys = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kNull = "__HIVE_DEFAULT_PARTITION__";

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

Keys KeysOf(std::string_view path) {
  Keys keys;
  for (size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/')) {
    const std::string_view name = path.substr(0, slash);
    const size_t equals = name.find('=');
    if (equals != std::string_view::npos && equals > 0) {
      keys.emplace_back(DecodePathValue(name.substr(0, equals)),
                        std::string(name.substr(equals + 1)));
    }
    path.remove_prefix(slash + 1);
  }
  return keys;
}

/// What a file's directories say: a value for each added column.
struct Added {
  arrow::FieldVector fields;
  std::vector<std::shared_ptr<arrow::Scalar>> values;
};

columnar::SchemaPtr Extended(const columnar::SchemaPtr& schema, const Added& added) {
  arrow::FieldVector fields = schema->fields();
  fields.insert(fields.end(), added.fields.begin(), added.fields.end());
  return arrow::schema(std::move(fields));
}

/// Puts constant columns where the projection wants them.
class HiveEmitter final : public engine::Emitter {
 public:
  HiveEmitter(const columnar::SchemaPtr& schema, const std::vector<int>& picks, const Added& added,
              engine::Emitter& out)
      : schema_(schema), picks_(picks), added_(added), out_(out) {}

  Status Emit(columnar::Batch batch) override {
    const auto& data = batch.data();
    std::vector<columnar::ArrayPtr> columns;
    for (const int pick : picks_) {
      if (pick >= 0) {
        columns.push_back(data->column(pick));
        continue;
      }
      const auto& value = added_.values[static_cast<size_t>(-pick - 1)];
      THALWEG_ASSIGN_OR_RETURN_ARROW(auto column,
                                     arrow::MakeArrayFromScalar(*value, data->num_rows()));
      columns.push_back(std::move(column));
    }
    arrow::FieldVector fields;
    for (size_t i = 0; i < columns.size(); ++i) {
      fields.push_back(schema_->field(static_cast<int>(i))->WithType(columns[i]->type()));
    }
    columnar::Batch wide(arrow::RecordBatch::Make(arrow::schema(std::move(fields)),
                                                  data->num_rows(), std::move(columns)),
                         batch.selection());
    return out_.Emit(wide.WithOrigin(batch.origin()));
  }
  Status Reject(engine::RejectedRow row) override { return out_.Reject(std::move(row)); }
  void CountFiltered(int64_t rows) override { out_.CountFiltered(rows); }

 private:
  const columnar::SchemaPtr& schema_;
  const std::vector<int>& picks_;
  const Added& added_;
  engine::Emitter& out_;
};

/// A projection taken apart: what the file gives, and where each column comes from (≥ 0: column of
/// the file's batch; < 0: added value -pick-1).
struct Split {
  engine::Projection inner;
  std::vector<int> picks;
  columnar::SchemaPtr schema;
};

Split SplitProjection(const columnar::SchemaPtr& schema, const columnar::SchemaPtr& inner,
                      const Added& added, const engine::Projection& projection) {
  Split split;
  split.inner.all = false;
  arrow::FieldVector fields;
  const auto names = projection.all ? schema->field_names() : projection.columns;
  for (const auto& name : names) {
    const auto found =
        std::ranges::find(added.fields, name, [](const auto& f) { return f->name(); });
    if (found == added.fields.end()) {
      split.picks.push_back(static_cast<int>(split.inner.columns.size()));
      split.inner.columns.push_back(name);
      const auto field = inner->GetFieldByName(name);
      fields.push_back(field != nullptr ? field : arrow::field(name, arrow::utf8()));
    } else {
      split.picks.push_back(-1 - static_cast<int>(found - added.fields.begin()));
      fields.push_back(*found);
    }
  }
  split.schema = arrow::schema(std::move(fields));
  return split;
}

class HiveDecoder final : public engine::Decoder {
 public:
  HiveDecoder(std::unique_ptr<engine::Decoder> inner, Split split,
              std::shared_ptr<const Added> added)
      : inner_(std::move(inner)), split_(std::move(split)), added_(std::move(added)) {}
  Status Decode(const engine::Slab& slab, engine::Emitter& out) override {
    HiveEmitter emitter(split_.schema, split_.picks, *added_, out);
    return inner_->Decode(slab, emitter);
  }

 private:
  std::unique_ptr<engine::Decoder> inner_;
  Split split_;
  std::shared_ptr<const Added> added_;
};

class HiveFormat final : public engine::StreamFormat {
 public:
  HiveFormat(std::shared_ptr<const engine::StreamFormat> inner, std::shared_ptr<const Added> added)
      : inner_(std::move(inner)),
        added_(std::move(added)),
        schema_(Extended(inner_->schema(), *added_)) {}
  const columnar::SchemaPtr& schema() const override { return schema_; }
  std::optional<columnar::TypePtr> ResolveColumn(std::string_view name) const override {
    return inner_->ResolveColumn(name);
  }
  std::unique_ptr<engine::Splitter> MakeSplitter() const override { return inner_->MakeSplitter(); }
  Result<std::unique_ptr<engine::Decoder>> MakeDecoder(const engine::Projection& projection,
                                                       int64_t batch_rows_max) const override {
    Split split = SplitProjection(schema_, inner_->schema(), *added_, projection);
    THALWEG_ASSIGN_OR_RETURN(auto decoder, inner_->MakeDecoder(split.inner, batch_rows_max));
    return std::unique_ptr<engine::Decoder>(
        std::make_unique<HiveDecoder>(std::move(decoder), std::move(split), added_));
  }

 private:
  std::shared_ptr<const engine::StreamFormat> inner_;
  std::shared_ptr<const Added> added_;
  columnar::SchemaPtr schema_;
};

class HiveUnits final : public engine::UnitReader {
 public:
  HiveUnits(std::shared_ptr<const engine::UnitReader> inner, std::shared_ptr<const Added> added)
      : inner_(std::move(inner)),
        added_(std::move(added)),
        schema_(Extended(inner_->schema(), *added_)) {}
  const columnar::SchemaPtr& schema() const override { return schema_; }
  int64_t num_units() const override { return inner_->num_units(); }
  int64_t unit_bytes(int64_t unit) const override { return inner_->unit_bytes(unit); }
  std::optional<int64_t> num_rows() const override { return inner_->num_rows(); }
  Status ReadUnit(int64_t unit, const engine::Projection& projection, int64_t batch_rows_max,
                  engine::Emitter& out) const override {
    const Split split = SplitProjection(schema_, inner_->schema(), *added_, projection);
    HiveEmitter emitter(split.schema, split.picks, *added_, out);
    return inner_->ReadUnit(unit, split.inner, batch_rows_max, emitter);
  }

 private:
  std::shared_ptr<const engine::UnitReader> inner_;
  std::shared_ptr<const Added> added_;
  columnar::SchemaPtr schema_;
};

bool AllIntegers(const std::vector<Keys>& keys, size_t index) {
  return std::ranges::all_of(keys, [index](const Keys& of_file) {
    int64_t value = 0;
    const std::string& text = of_file[index].second;
    const bool leading_zero = text.size() > 1 && text[0] == '0';
    return text == kNull || (!leading_zero && ParseInt64(text, &value));
  });
}

std::shared_ptr<arrow::Scalar> ValueOf(const std::string& text, bool integer) {
  if (text == kNull) return arrow::MakeNullScalar(integer ? arrow::int64() : arrow::utf8());
  int64_t value = 0;
  if (integer && ParseInt64(text, &value)) return arrow::MakeScalar(value);
  return arrow::MakeScalar(DecodePathValue(text));
}

}  // namespace

std::string DecodePathValue(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
        HexDigit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(16 * HexDigit(text[i + 1]) + HexDigit(text[i + 2])));
      i += 2;
    } else if (text[i] == '%' && text.size() == 1) {
      break;  // The name of the empty value.
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

Status AddHiveColumns(std::vector<InputFile>* files) {
  std::vector<Keys> keys;
  for (const auto& file : *files) {
    keys.push_back(KeysOf(file.path));
    const Keys& first = keys.front();
    const Keys& last = keys.back();
    const bool same =
        first.size() == last.size() &&
        std::ranges::equal(first, last, {}, &Keys::value_type::first, &Keys::value_type::first);
    if (last.empty() || !same) return {};
  }
  for (size_t f = 0; f < files->size(); ++f) {
    InputFile& file = (*files)[f];
    const auto& schema = file.format ? file.format->schema() : file.units->schema();
    auto added = std::make_shared<Added>();
    for (size_t k = 0; k < keys[f].size(); ++k) {
      const auto& [name, text] = keys[f][k];
      if (schema->GetFieldIndex(name) >= 0) continue;
      const bool integer = AllIntegers(keys, k);
      added->fields.push_back(arrow::field(name, integer ? arrow::int64() : arrow::utf8()));
      added->values.push_back(ValueOf(text, integer));
    }
    if (added->fields.empty()) continue;
    if (file.format) file.format = std::make_shared<HiveFormat>(file.format, added);
    if (file.units) file.units = std::make_shared<HiveUnits>(file.units, added);
  }
  return {};
}

}  // namespace thalweg::connectors
