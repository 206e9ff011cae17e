#include <algorithm>

#include "engine/registry.h"
#include "functions/json_scan.h"
#include "functions/json_value.h"
#include "functions/list_kernels.h"
#include "functions/nested_rows.h"
#include "functions/signature.h"

namespace thalweg::functions::json {
namespace {

using View = std::string_view;

constexpr char kFamily[] = "json";

Status Malformed(View text) {
  return Status::InvalidArgument("json: malformed: '" + std::string(text.substr(0, 60)) + "'");
}

/// The last path that was read: nearly always the only one.
class Paths {
 public:
  Result<const JsonPath*> Get(View text) {
    if (!ready_ || text != text_) {
      THALWEG_ASSIGN_OR_RETURN(path_, JsonPath::Parse(text));
      text_ = text;
      ready_ = true;
    }
    return &path_;
  }

 private:
  bool ready_ = false;
  std::string text_;
  JsonPath path_;
};

/// Arguments (json[, path]), where the path is text or a whole number; `f(row, json)` is given the
/// values found, or the whole text without a path. Rows with nulls go to `null(row)`.
class Rows {
 public:
  static Result<Rows> Of(std::span<const arrow::Datum> datums, int64_t rows) {
    Rows out;
    out.rows_ = rows;
    THALWEG_ASSIGN_OR_RETURN(out.arguments_, engine::ArgumentsOf(datums));
    for (const Argument& argument : out.arguments_) {
      out.all_null_ = out.all_null_ || argument.always_null();
    }
    return out;
  }
  bool all_null() const { return all_null_; }

  template <typename F, typename N>
  Status ForEach(F f, N null) const {
    const engine::RowReader<View> texts(arguments_[0]);
    const bool has_path = arguments_.size() > 1;
    const bool by_index = has_path && arguments_[1].array()->type_id() == Type::INT64;
    std::optional<engine::RowReader<View>> paths;
    std::optional<engine::RowReader<int64_t>> indices;
    if (by_index) {
      indices.emplace(arguments_[1]);
    } else if (has_path) {
      paths.emplace(arguments_[1]);
    }
    Paths known;
    for (int64_t row = 0; row < rows_; ++row) {
      if (arguments_[0].IsNull(row) || (has_path && arguments_[1].IsNull(row))) {
        null(row);
        continue;
      }
      const View text = texts[row];
      if (!IsValidJson(text)) return Malformed(text);
      if (by_index) {
        f(row, JsonPath::Index((*indices)[row]).Find(text));
      } else {
        THALWEG_ASSIGN_OR_RETURN(const JsonPath* path,
                                 known.Get(has_path ? (*paths)[row] : View("$")));
        f(row, path->Find(text));
      }
    }
    return {};
  }

 private:
  std::vector<Argument> arguments_;
  int64_t rows_ = 0;
  bool all_null_ = false;
};

/// Writes what was found; false: null.
using WriteFound = bool (*)(const std::vector<View>& found, TextWriter& out);

ScalarKernel TextOfFound(WriteFound write) {
  return [write](std::span<const arrow::Datum> datums, int64_t rows,
                 const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const Rows in, Rows::Of(datums, rows));
    if (in.all_null()) return engine::NullDatum(Varchar());
    TextWriter out(rows, rows * 16);
    THALWEG_RETURN_IF_ERROR(in.ForEach(
        [&](int64_t, const std::vector<View>& found) {
          write(found, out) ? out.EndRow() : out.EndNull();
        },
        [&](int64_t) { out.EndNull(); }));
    THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, out.Finish(Varchar()));
    return arrow::Datum(std::move(array));
  };
}

bool WriteJson(const std::vector<View>& found, TextWriter& out) {
  if (found.empty()) return false;
  AppendJson(found[0], out);
  return true;
}

/// A string without its quotes; JSON's null is null.
bool WriteText(const std::vector<View>& found, TextWriter& out) {
  if (found.empty()) return false;
  switch (JsonKindOf(found[0])) {
    case JsonKind::kNull:
      return false;
    case JsonKind::kString:
      AppendJsonString(found[0], out);
      return true;
    default:
      AppendJson(found[0], out);
      return true;
  }
}

bool IsNested(View value) {
  const JsonKind kind = JsonKindOf(value);
  return kind == JsonKind::kArray || kind == JsonKind::kObject;
}

bool WriteScalar(const std::vector<View>& found, TextWriter& out) {
  return !found.empty() && !IsNested(found[0]) && WriteText(found, out);
}

bool WriteNested(const std::vector<View>& found, TextWriter& out) {
  return !found.empty() && IsNested(found[0]) && WriteJson(found, out);
}

bool WriteKind(const std::vector<View>& found, TextWriter& out) {
  if (found.empty()) return false;
  const View value = found[0];
  switch (JsonKindOf(value)) {
    case JsonKind::kNull:
      out.Append("NULL");
      break;
    case JsonKind::kBoolean:
      out.Append("BOOLEAN");
      break;
    case JsonKind::kString:
      out.Append("VARCHAR");
      break;
    case JsonKind::kArray:
      out.Append("ARRAY");
      break;
    case JsonKind::kObject:
      out.Append("OBJECT");
      break;
    case JsonKind::kNumber:
      if (value.find_first_of(".eE") != View::npos) {
        out.Append("DOUBLE");
      } else {
        out.Append(value[0] == '-' ? "BIGINT" : "UBIGINT");
      }
  }
  return true;
}

/// All that a path with wildcards leads to.
ScalarKernel ListOfFound(WriteFound write) {
  return [write](std::span<const arrow::Datum> datums, int64_t rows,
                 const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const Rows in, Rows::Of(datums, rows));
    if (in.all_null()) return engine::NullDatum(arrow::list(Varchar()));
    TextListWriter out(rows);
    THALWEG_RETURN_IF_ERROR(in.ForEach(
        [&](int64_t, const std::vector<View>& found) {
          for (const View value : found) {
            TextWriter text(1, static_cast<int64_t>(value.size()));
            write({value}, text) ? out.Item(text.Row()) : out.NullItem();
          }
          out.EndRow();
        },
        [&](int64_t) { out.EndNull(); }));
    THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, out.Finish());
    return arrow::Datum(std::move(array));
  };
}

/// A whole number for each row: `f(found)`, negative for null.
template <typename Out>
ScalarKernel NumberOfFound(TypePtr type, int64_t (*f)(const std::vector<View>& found)) {
  return [type = std::move(type), f](std::span<const arrow::Datum> datums, int64_t rows,
                                     const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const Rows in, Rows::Of(datums, rows));
    if (in.all_null()) return engine::NullDatum(type);
    std::shared_ptr<arrow::Buffer> out;
    if constexpr (std::is_same_v<Out, bool>) {
      THALWEG_ASSIGN_OR_RETURN(out, engine::AllocateBitmap(rows));
    } else {
      THALWEG_ASSIGN_OR_RETURN(out,
                               engine::AllocateBytes(rows * static_cast<int64_t>(sizeof(Out))));
    }
    Validity validity;
    Status status;
    const auto null = [&](int64_t row) {
      engine::internal::StoreRow(out, row, Out{});
      if (status.ok()) status = engine::internal::ClearRow(&validity, rows, row);
    };
    THALWEG_RETURN_IF_ERROR(in.ForEach(
        [&](int64_t row, const std::vector<View>& found) {
          const int64_t value = f(found);
          if (value < 0) return null(row);
          engine::internal::StoreRow(out, row, static_cast<Out>(value));
        },
        null));
    THALWEG_RETURN_IF_ERROR(status);
    return arrow::Datum(engine::MakeFlatArray(type, rows, std::move(out), std::move(validity)));
  };
}

int64_t ArrayLength(const std::vector<View>& found) {
  if (found.empty()) return -1;
  if (JsonKindOf(found[0]) != JsonKind::kArray) return 0;
  int64_t count = 0;
  ForEachJson(found[0], [&](View, View) { return ++count, true; });
  return count;
}

int64_t Exists(const std::vector<View>& found) { return found.empty() ? 0 : 1; }

ScalarKernel KeysKernel() {
  return [](std::span<const arrow::Datum> datums, int64_t rows,
            const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const Rows in, Rows::Of(datums, rows));
    if (in.all_null()) return engine::NullDatum(arrow::list(Varchar()));
    TextListWriter out(rows);
    THALWEG_RETURN_IF_ERROR(in.ForEach(
        [&](int64_t, const std::vector<View>& found) {
          if (found.empty()) return out.EndNull();
          if (JsonKindOf(found[0]) == JsonKind::kObject) {
            ForEachJson(found[0], [&](View key, View) {
              TextWriter text(1, static_cast<int64_t>(key.size()));
              AppendJsonString('"' + std::string(key) + '"', text);
              out.Item(text.Row());
              return true;
            });
          }
          out.EndRow();
        },
        [&](int64_t) { out.EndNull(); }));
    THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, out.Finish());
    return arrow::Datum(std::move(array));
  };
}

std::vector<Overload> WithPath(const TypePtr& result, const ScalarKernel& kernel) {
  return {{{Varchar(), Varchar()}, result, kernel}, {{Varchar(), arrow::int64()}, result, kernel}};
}

std::vector<Overload> PathOrNone(const TypePtr& result, const ScalarKernel& kernel) {
  std::vector<Overload> out = WithPath(result, kernel);
  out.push_back({{Varchar()}, result, kernel});
  return out;
}

void Add(engine::Registry& registry, About about, std::vector<Overload> overloads) {
  registry.Add(MakeFunction(kFamily, std::move(about), std::move(overloads)));
}

/// A constant path with a wildcard gives a list.
Bind BindExtract(std::string name, WriteFound write) {
  return [=](std::span<const BindArgument> arguments) -> Result<BoundScalar> {
    if (arguments.size() == 2) {
      if (const std::optional<std::string> text = ConstantText(arguments[1])) {
        THALWEG_ASSIGN_OR_RETURN(const JsonPath path, JsonPath::Parse(*text));
        if (path.has_wildcard() && ConversionCost(arguments[0], *Varchar()) >= 0) {
          return BoundScalar{{Varchar(), Varchar()}, arrow::list(Varchar()), ListOfFound(write)};
        }
      }
    }
    const std::vector<Overload> overloads = WithPath(Varchar(), TextOfFound(write));
    THALWEG_ASSIGN_OR_RETURN(const size_t chosen, ChooseOverload(name, overloads, arguments));
    return BoundScalar{overloads[chosen].parameters, Varchar(), overloads[chosen].kernel};
  };
}

// Making JSON.

enum class Shape : uint8_t { kValue, kArray, kObject };

ScalarKernel MakeKernel(Shape shape) {
  return [shape](std::span<const arrow::Datum> datums, int64_t rows,
                 const EvalContext& context) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto arguments, engine::ArgumentsOf(datums));
    std::vector<JsonValue> values;
    for (const Argument& argument : arguments) {
      THALWEG_ASSIGN_OR_RETURN(JsonValue value, JsonValue::Of(argument.array(), context));
      values.push_back(std::move(value));
    }
    TextWriter out(rows, rows * 32);
    for (int64_t row = 0; row < rows; ++row) {
      if (shape == Shape::kValue && IsNullRow(arguments[0], row)) {
        out.EndNull();
        continue;
      }
      if (shape != Shape::kValue) out.Append(shape == Shape::kArray ? '[' : '{');
      for (size_t i = 0; i < values.size(); ++i) {
        const bool key = shape == Shape::kObject && i % 2 == 0;
        if (key && IsNullRow(arguments[i], row)) {
          return Status::InvalidArgument("json_object: a key is null");
        }
        if (i > 0) out.Append(shape == Shape::kObject && !key ? ':' : ',');
        values[i].Append(arguments[i].At(row), out);
      }
      if (shape != Shape::kValue) out.Append(shape == Shape::kArray ? ']' : '}');
      out.EndRow();
    }
    THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, out.Finish(Varchar()));
    return arrow::Datum(std::move(array));
  };
}

Bind BindMake(std::string name, Shape shape) {
  return [=](std::span<const BindArgument> arguments) -> Result<BoundScalar> {
    if (shape == Shape::kValue && arguments.size() != 1) {
      return WrongArguments(name, "one value", arguments);
    }
    if (shape == Shape::kObject && arguments.size() % 2 != 0) {
      return WrongArguments(name, "keys and values in turn", arguments);
    }
    BoundScalar out;
    for (size_t i = 0; i < arguments.size(); ++i) {
      const bool key = shape == Shape::kObject && i % 2 == 0;
      out.parameters.push_back(key ? Varchar() : engine::CanonicalType(arguments[i].type));
    }
    out.result = Varchar();
    out.kernel = MakeKernel(shape);
    // The text of an instant depends on the session's zone.
    out.constant_foldable = std::ranges::none_of(
        out.parameters, [](const TypePtr& type) { return type->Equals(*Instant()); });
    return out;
  };
}

void RegisterReading(engine::Registry& registry) {
  constexpr char kPath[] =
      "Paths: `$.key[0]`, `$.\"a key\"`, `$[#-1]` (the last), `/key/0` (RFC 6901), one bare key, "
      "or a "
      "whole number for an array's item, from 0. With `[*]` or `.*` in a constant path the answer "
      "is "
      "a list. Null where the path leads nowhere. Malformed JSON is an error of the row.";
  registry.Add(MakeFunction(kFamily,
                            {"json_extract",
                             {"json_extract_path"},
                             "The JSON at a path of a JSON text; the operator `->`.",
                             kPath,
                             {"json_extract('{\"a\": [1, 2]}', '$.a[1]')  -- '2'"}},
                            BindExtract("json_extract", WriteJson)));
  registry.Add(MakeFunction(
      kFamily,
      {"json_extract_string",
       {"json_extract_path_text"},
       "As json_extract, but strings without their quotes, and null for JSON's null; `->>`.",
       kPath,
       {"json_extract_string('{\"a\": \"x\"}', '$.a')  -- 'x'"}},
      BindExtract("json_extract_string", WriteText)));
  Add(registry,
      {"json_value",
       {},
       "The text of a string, number or boolean at a path.",
       std::string("Null for arrays and objects. ") + kPath,
       {"json_value('{\"a\": \"x\"}', '$.a')  -- 'x'"}},
      WithPath(Varchar(), TextOfFound(WriteScalar)));
  Add(registry,
      {"json_query",
       {},
       "The array or object at a path.",
       std::string("Null for other values. ") + kPath,
       {"json_query('{\"a\": [1]}', '$.a')  -- '[1]'"}},
      WithPath(Varchar(), TextOfFound(WriteNested)));
  Add(registry,
      {"json_exists",
       {},
       "True where the path leads to something, JSON's null too.",
       kPath,
       {"json_exists('{\"a\": null}', '$.a')  -- true"}},
      WithPath(arrow::boolean(), NumberOfFound<bool>(arrow::boolean(), Exists)));
  Add(registry,
      {"json_array_length",
       {},
       "The number of items of an array; 0 of other values.",
       kPath,
       {"json_array_length('[1, 2]')  -- 2"}},
      PathOrNone(arrow::uint64(), NumberOfFound<uint64_t>(arrow::uint64(), ArrayLength)));
  Add(registry,
      {"json_type",
       {},
       "The kind of a value.",
       std::string("NULL, BOOLEAN, UBIGINT, BIGINT, DOUBLE, VARCHAR, ARRAY or OBJECT. ") + kPath,
       {"json_type('[1]')  -- 'ARRAY'"}},
      PathOrNone(Varchar(), TextOfFound(WriteKind)));
  Add(registry,
      {"json_keys",
       {},
       "The keys of an object, as a list.",
       kPath,
       {"json_keys('{\"a\": 1}')  -- [a]"}},
      PathOrNone(arrow::list(Varchar()), KeysKernel()));
  Add(registry,
      {"json_valid",
       {},
       "True where the text is JSON (RFC 8259).",
       "At most 1,024 levels deep.",
       {"json_valid('{\"a\": 1}')  -- true"}},
      {{{Varchar()},
        arrow::boolean(),
        engine::RowKernel<bool, View>(arrow::boolean(), IsValidJson)}});
}

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  RegisterReading(registry);
  constexpr char kMade[] =
      "Structs and maps become objects, lists arrays, numbers and booleans themselves, other "
      "values "
      "strings.";
  registry.Add(MakeFunction(kFamily,
                            {"to_json",
                             {"json_quote", "array_to_json", "row_to_json"},
                             "The value as JSON text.",
                             kMade,
                             {"to_json([1, NULL])  -- '[1,null]'"}},
                            BindMake("to_json", Shape::kValue)));
  registry.Add(MakeFunction(kFamily,
                            {"json_array",
                             {},
                             "A JSON array of the values.",
                             kMade,
                             {"json_array(1, 'a', NULL)  -- '[1,\"a\",null]'"}},
                            BindMake("json_array", Shape::kArray)));
  registry.Add(MakeFunction(kFamily,
                            {"json_object",
                             {},
                             "A JSON object of keys and values in turn.",
                             kMade,
                             {"json_object('a', 1)  -- '{\"a\":1}'"}},
                            BindMake("json_object", Shape::kObject)));
}

}  // namespace thalweg::functions::json
