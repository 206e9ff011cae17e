#include <arrow/type.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/spec.h"
#include "columnar/batch.h"

namespace thalweg::columnar {
namespace {

std::string TimestampName(const arrow::TimestampType& type) {
  if (!type.timezone().empty()) return "TIMESTAMP WITH TIME ZONE";
  switch (type.unit()) {
    case arrow::TimeUnit::SECOND:
      return "TIMESTAMP_S";
    case arrow::TimeUnit::MILLI:
      return "TIMESTAMP_MS";
    case arrow::TimeUnit::MICRO:
      return "TIMESTAMP";
    case arrow::TimeUnit::NANO:
      return "TIMESTAMP_NS";
  }
  return "TIMESTAMP";
}

/// A field's name as SQL text: quoted where it is not a plain word.
std::string Quoted(const std::string& name) {
  const bool plain = !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                              (c >= 'A' && c <= 'Z');
                     });
  if (plain) return name;
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string NestedName(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::FIXED_SIZE_LIST:
      return SqlTypeName(*type.field(0)->type()) + '[' +
             std::to_string(static_cast<const arrow::FixedSizeListType&>(type).list_size()) + ']';
    case arrow::Type::STRUCT: {
      std::string out = "STRUCT(";
      for (const auto& field : type.fields()) {
        if (out.back() != '(') out += ", ";
        out += Quoted(field->name()) + ' ' + SqlTypeName(*field->type());
      }
      return out + ')';
    }
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      return "MAP(" + SqlTypeName(*map.key_type()) + ", " + SqlTypeName(*map.item_type()) + ')';
    }
    default:
      return SqlTypeName(*type.field(0)->type()) + "[]";
  }
}

constexpr std::pair<arrow::Type::type, const char*> kPlainNames[] = {
    {arrow::Type::NA, "\"NULL\""},
    {arrow::Type::BOOL, "BOOLEAN"},
    {arrow::Type::INT8, "TINYINT"},
    {arrow::Type::INT16, "SMALLINT"},
    {arrow::Type::INT32, "INTEGER"},
    {arrow::Type::INT64, "BIGINT"},
    {arrow::Type::UINT8, "UTINYINT"},
    {arrow::Type::UINT16, "USMALLINT"},
    {arrow::Type::UINT32, "UINTEGER"},
    {arrow::Type::UINT64, "UBIGINT"},
    {arrow::Type::HALF_FLOAT, "HALF"},
    {arrow::Type::FLOAT, "FLOAT"},
    {arrow::Type::DOUBLE, "DOUBLE"},
    {arrow::Type::STRING, "VARCHAR"},
    {arrow::Type::LARGE_STRING, "VARCHAR"},
    {arrow::Type::STRING_VIEW, "VARCHAR"},
    {arrow::Type::BINARY, "BLOB"},
    {arrow::Type::LARGE_BINARY, "BLOB"},
    {arrow::Type::BINARY_VIEW, "BLOB"},
    {arrow::Type::FIXED_SIZE_BINARY, "BLOB"},
    {arrow::Type::DATE32, "DATE"},
    {arrow::Type::DATE64, "DATE"},
    {arrow::Type::TIME32, "TIME"},
    {arrow::Type::TIME64, "TIME"},
    {arrow::Type::DURATION, "INTERVAL"},
    {arrow::Type::INTERVAL_MONTHS, "INTERVAL"},
    {arrow::Type::INTERVAL_DAY_TIME, "INTERVAL"},
    {arrow::Type::INTERVAL_MONTH_DAY_NANO, "INTERVAL"},
};

/// SQL names of types without parameters, in upper case with single spaces.
const std::vector<std::pair<std::string, TypePtr>>& NamedTypes() {
  static const std::vector<std::pair<std::string, TypePtr>> types = [] {
    std::vector<std::pair<std::string, TypePtr>> out;
    const auto add = [&](const TypePtr& type, std::initializer_list<const char*> names) {
      for (const char* name : names) out.emplace_back(name, type);
    };
    add(arrow::boolean(), {"BOOLEAN", "BOOL", "LOGICAL"});
    add(arrow::int8(), {"TINYINT", "INT1"});
    add(arrow::int16(), {"SMALLINT", "INT2", "SHORT", "INT16"});
    add(arrow::int32(), {"INTEGER", "INT", "INT4", "SIGNED", "INT32"});
    add(arrow::int64(), {"BIGINT", "INT8", "LONG", "INT64"});
    add(arrow::uint8(), {"UTINYINT", "UINT8"});
    add(arrow::uint16(), {"USMALLINT", "UINT16"});
    add(arrow::uint32(), {"UINTEGER", "UINT32"});
    add(arrow::uint64(), {"UBIGINT", "UINT64"});
    add(arrow::decimal128(38, 0), {"HUGEINT", "INT128"});
    add(arrow::float32(), {"FLOAT", "REAL", "FLOAT4"});
    add(arrow::float64(), {"DOUBLE", "DOUBLE PRECISION", "FLOAT8"});
    add(arrow::decimal128(18, 3), {"DECIMAL", "NUMERIC", "DEC", "SCALED_INTEGER"});
    add(arrow::utf8(), {"VARCHAR", "STRING", "TEXT", "CHAR", "BPCHAR", "NVARCHAR",
                        "CHARACTER VARYING", "CHARACTER"});
    add(arrow::binary(), {"BLOB", "BYTEA", "BINARY", "VARBINARY", "BYTES"});
    add(arrow::date32(), {"DATE"});
    add(arrow::time64(arrow::TimeUnit::MICRO), {"TIME", "TIME WITHOUT TIME ZONE"});
    add(arrow::timestamp(arrow::TimeUnit::MICRO),
        {"TIMESTAMP", "DATETIME", "TIMESTAMP_US", "TIMESTAMP WITHOUT TIME ZONE"});
    add(arrow::timestamp(arrow::TimeUnit::SECOND), {"TIMESTAMP_S"});
    add(arrow::timestamp(arrow::TimeUnit::MILLI), {"TIMESTAMP_MS"});
    add(arrow::timestamp(arrow::TimeUnit::NANO), {"TIMESTAMP_NS"});
    add(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
        {"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"});
    add(arrow::month_day_nano_interval(), {"INTERVAL"});
    add(arrow::null(), {"NULL", "\"NULL\""});
    return out;
  }();
  return types;
}

std::string Upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

/// Reads a type's SQL name by recursive descent.
class TypeNameParser {
 public:
  explicit TypeNameParser(std::string_view text) : text_(text) {}

  Result<TypePtr> Parse() {
    THALWEG_ASSIGN_OR_RETURN(TypePtr type, ParseType());
    SkipSpace();
    if (at_ != text_.size()) return Bad("text follows the type");
    return type;
  }

 private:
  static constexpr int kDepthMax = 64;  // Nesting: bounds the recursion.

  Status Bad(std::string_view why) const {
    return Status::InvalidArgument("not a type: '" + std::string(text_) + "': " + std::string(why));
  }
  void SkipSpace() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool Take(char c) {
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  /// One word: letters, digits and underscores; or a quoted one, without its quotes.
  std::string Word(bool* quoted) {
    SkipSpace();
    *quoted = at_ < text_.size() && text_[at_] == '"';
    std::string out;
    if (*quoted) {
      for (++at_; at_ < text_.size(); ++at_) {
        if (text_[at_] == '"') {
          ++at_;
          if (at_ >= text_.size() || text_[at_] != '"') return out;
        }
        out += text_[at_];
      }
      *quoted = false;  // No closing quote: no word.
      return {};
    }
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_' ||
            (static_cast<unsigned char>(text_[at_]) & 0x80) != 0)) {
      out += text_[at_++];
    }
    return out;
  }

  Result<TypePtr> ParseType() {
    if (++depth_ > kDepthMax) return Bad("nested too deeply");
    THALWEG_ASSIGN_OR_RETURN(TypePtr type, ParseElement());
    while (Take('[')) {
      if (Take(']')) {
        type = arrow::list(type);
        continue;
      }
      THALWEG_ASSIGN_OR_RETURN(const int32_t size, ParseNumber());
      if (size < 1 || !Take(']')) return Bad("expected a size from 1 and ']'");
      type = arrow::fixed_size_list(type, size);
    }
    --depth_;
    return type;
  }

  Result<TypePtr> ParseElement() {
    bool quoted = false;
    std::string name = Upper(Word(&quoted));
    if (name.empty()) return Bad("expected a type name");
    if (name == "STRUCT" || name == "ROW") return ParseStruct();
    if (name == "MAP") return ParseMap();
    if ((name == "ARRAY" || name == "LIST") && Take('(')) {
      THALWEG_ASSIGN_OR_RETURN(TypePtr element, ParseType());
      if (!Take(')')) return Bad("expected ')'");
      return arrow::list(std::move(element));
    }
    if (name == "DECIMAL" || name == "NUMERIC" || name == "DEC") return ParseDecimal();
    return ParseNamed(std::move(name));
  }

  /// Names of several words, and VARCHAR(n), whose length DuckDB ignores too.
  Result<TypePtr> ParseNamed(std::string name) {
    for (;;) {
      const size_t before = at_;
      bool quoted = false;
      const std::string next = Upper(Word(&quoted));
      if (next.empty() || quoted) {
        at_ = before;
        break;
      }
      name += ' ' + next;
    }
    if (Take('(')) {
      THALWEG_ASSIGN_OR_RETURN(const int32_t size, ParseNumber());
      static_cast<void>(size);
      if (!Take(')')) return Bad("expected ')'");
    }
    std::vector<std::string> known;
    for (const auto& [known_name, type] : NamedTypes()) {
      if (known_name == name) return type;
      known.push_back(known_name);
    }
    return Status::InvalidArgument("not a type: '" + std::string(text_) + "'" +
                                   DidYouMean(name, known));
  }

  Result<TypePtr> ParseDecimal() {
    int32_t precision = 18;
    int32_t scale = 3;
    if (Take('(')) {
      THALWEG_ASSIGN_OR_RETURN(precision, ParseNumber());
      scale = 0;
      if (Take(',')) {
        THALWEG_ASSIGN_OR_RETURN(scale, ParseNumber());
      }
      if (!Take(')')) return Bad("expected ')'");
    }
    if (precision < 1 || precision > 38) return Bad("the precision of a DECIMAL is 1 to 38");
    if (scale < 0 || scale > precision) return Bad("the scale of a DECIMAL is 0 to its precision");
    return arrow::decimal128(precision, scale);
  }

  Result<TypePtr> ParseStruct() {
    if (!Take('(')) return Bad("expected '(' and the fields");
    arrow::FieldVector fields;
    do {
      bool quoted = false;
      std::string name = Word(&quoted);
      if (name.empty() && !quoted) return Bad("expected a field name");
      THALWEG_ASSIGN_OR_RETURN(TypePtr type, ParseType());
      fields.push_back(arrow::field(std::move(name), std::move(type)));
    } while (Take(','));
    if (!Take(')')) return Bad("expected ')'");
    return arrow::struct_(std::move(fields));
  }

  Result<TypePtr> ParseMap() {
    if (!Take('(')) return Bad("expected '(' and two types");
    THALWEG_ASSIGN_OR_RETURN(TypePtr key, ParseType());
    if (!Take(',')) return Bad("expected ',' and the type of the values");
    THALWEG_ASSIGN_OR_RETURN(TypePtr value, ParseType());
    if (!Take(')')) return Bad("expected ')'");
    return arrow::map(std::move(key), std::move(value));
  }

  Result<int32_t> ParseNumber() {
    SkipSpace();
    int32_t value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc()) return Bad("expected a number");
    at_ += static_cast<size_t>(end - begin);
    return value;
  }

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

bool IsString(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRING || type.id() == arrow::Type::LARGE_STRING ||
         type.id() == arrow::Type::STRING_VIEW;
}

bool IsBinary(const arrow::DataType& type) {
  return type.id() == arrow::Type::BINARY || type.id() == arrow::Type::LARGE_BINARY ||
         type.id() == arrow::Type::BINARY_VIEW;
}

std::string SqlTypeName(const arrow::DataType& type) {
  if (arrow::is_decimal(type.id())) {
    const auto& decimal = static_cast<const arrow::DecimalType&>(type);
    if (type.id() == arrow::Type::DECIMAL128 && decimal.precision() == 38 && decimal.scale() == 0) {
      return "HUGEINT";
    }
    return "DECIMAL(" + std::to_string(decimal.precision()) + ',' +
           std::to_string(decimal.scale()) + ')';
  }
  for (const auto& [id, name] : kPlainNames) {
    if (id == type.id()) return name;
  }
  switch (type.id()) {
    case arrow::Type::TIMESTAMP:
      return TimestampName(static_cast<const arrow::TimestampType&>(type));
    case arrow::Type::DICTIONARY:
      return SqlTypeName(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case arrow::Type::EXTENSION:
      return SqlTypeName(*static_cast<const arrow::ExtensionType&>(type).storage_type());
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::LIST_VIEW:
    case arrow::Type::LARGE_LIST_VIEW:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::STRUCT:
    case arrow::Type::MAP:
      return NestedName(type);
    default:
      return Upper(type.ToString());
  }
}

Result<TypePtr> TypeFromSqlName(std::string_view name) { return TypeNameParser(name).Parse(); }

}  // namespace thalweg::columnar
