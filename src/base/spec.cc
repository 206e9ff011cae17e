#include "base/spec.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "base/text.h"

namespace thalweg {
namespace {

Field MakeField(std::string name, FieldType type) {
  Field field;
  field.name = std::move(name);
  field.type = type;
  return field;
}

const char* TypeName(FieldType type) {
  switch (type) {
    case FieldType::kBool:
      return "a boolean";
    case FieldType::kInt64:
      return "an integer";
    case FieldType::kDouble:
      return "a number";
    case FieldType::kString:
      return "a string";
    case FieldType::kEnum:
      return "a name";
    case FieldType::kDuration:
      return "a duration such as '5s'";
    case FieldType::kBytes:
      return "a size such as '64 MiB'";
    case FieldType::kStringList:
      return "a list of strings";
    case FieldType::kStringMap:
      return "a map of strings";
  }
  return "a value";
}

std::string Join(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts) out.append(out.empty() ? "" : ", ").append(part);
  return out;
}

Result<double> ParseNumber(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return Status::InvalidArgument("not a number: '" + std::string(text) + "'");
  }
  return value;
}

struct Unit {
  std::string_view name;
  double factor;
};

// Splits `12.5 MiB` and multiplies. An absent unit is the factor 1.
Result<int64_t> ParseWithUnit(std::string_view text, const Unit* begin, const Unit* end,
                              const char* what) {
  const auto bad = [&] {
    return Status::InvalidArgument(std::string("not a ") + what + ": '" + std::string(text) + "'");
  };
  size_t digits = 0;
  while (digits < text.size() &&
         (std::isdigit(static_cast<unsigned char>(text[digits])) != 0 || text[digits] == '.')) {
    ++digits;
  }
  auto number = ParseNumber(text.substr(0, digits));
  if (!number.ok()) return bad();
  std::string_view unit = text.substr(digits);
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  double factor = 1;
  if (!unit.empty()) {
    const Unit* found = std::find_if(
        begin, end, [&](const Unit& u) { return LowerAscii(u.name) == LowerAscii(unit); });
    if (found == end) return bad();
    factor = found->factor;
  }
  const double value = *number * factor;
  if (value > 9.0e18) return bad();
  return static_cast<int64_t>(std::llround(value));
}

Status CheckBounds(const Field& field, double value, const std::string& where) {
  if (field.min && value < *field.min) {
    return Status::InvalidArgument(where + ": must be at least " +
                                   std::to_string(static_cast<int64_t>(*field.min)));
  }
  if (field.max && value > *field.max) {
    return Status::InvalidArgument(where + ": must be at most " +
                                   std::to_string(static_cast<int64_t>(*field.max)));
  }
  return {};
}

std::optional<int64_t> AsInt64(const OptionValue& value) {
  if (const auto* i = std::get_if<int64_t>(&value)) return *i;
  if (const auto* d = std::get_if<double>(&value)) {
    if (*d == std::floor(*d) && std::abs(*d) < 9.0e15) return static_cast<int64_t>(*d);
  }
  if (const auto* s = std::get_if<std::string>(&value)) {
    int64_t parsed = 0;
    const auto [end, error] = std::from_chars(s->data(), s->data() + s->size(), parsed);
    if (error == std::errc() && end == s->data() + s->size()) return parsed;
  }
  return std::nullopt;
}

std::optional<bool> AsBool(const OptionValue& value) {
  if (const auto* b = std::get_if<bool>(&value)) return *b;
  if (const auto* s = std::get_if<std::string>(&value)) {
    const std::string text = LowerAscii(*s);
    if (text == "true" || text == "yes" || text == "on" || text == "1") return true;
    if (text == "false" || text == "no" || text == "off" || text == "0") return false;
  }
  if (const auto* i = std::get_if<int64_t>(&value); i != nullptr && (*i == 0 || *i == 1)) {
    return *i == 1;
  }
  return std::nullopt;
}

Result<OptionValue> CoerceNumber(const Field& field, const OptionValue& value,
                                 const std::string& where) {
  if (field.type == FieldType::kDouble) {
    std::optional<double> number;
    if (const auto* d = std::get_if<double>(&value)) number = *d;
    if (const auto* i = std::get_if<int64_t>(&value)) number = static_cast<double>(*i);
    if (const auto* s = std::get_if<std::string>(&value)) {
      if (auto parsed = ParseNumber(*s); parsed.ok()) number = *parsed;
    }
    if (!number) return Status::InvalidArgument(where + ": expected a number");
    THALWEG_RETURN_IF_ERROR(CheckBounds(field, *number, where));
    return OptionValue(*number);
  }
  std::optional<int64_t> number = AsInt64(value);
  if (const auto* s = std::get_if<std::string>(&value); s != nullptr && !number) {
    Result<int64_t> parsed = Status::InvalidArgument("not an integer");
    if (field.type == FieldType::kDuration) parsed = ParseDurationMs(*s);
    if (field.type == FieldType::kBytes) parsed = ParseByteSize(*s);
    if (parsed.ok()) number = *parsed;
  }
  if (!number) {
    return Status::InvalidArgument(where + ": expected " + TypeName(field.type));
  }
  THALWEG_RETURN_IF_ERROR(CheckBounds(field, static_cast<double>(*number), where));
  return OptionValue(*number);
}

Result<OptionValue> Coerce(const Field& field, const OptionValue& value, const std::string& where) {
  const auto mismatch = [&] {
    return Status::InvalidArgument(where + ": expected " + TypeName(field.type));
  };
  switch (field.type) {
    case FieldType::kBool:
      if (const auto b = AsBool(value)) return OptionValue(*b);
      return mismatch();
    case FieldType::kInt64:
    case FieldType::kDouble:
    case FieldType::kDuration:
    case FieldType::kBytes:
      return CoerceNumber(field, value, where);
    case FieldType::kString:
      if (std::holds_alternative<std::string>(value)) return value;
      if (const auto* i = std::get_if<int64_t>(&value)) return OptionValue(std::to_string(*i));
      return mismatch();
    case FieldType::kEnum: {
      const auto* s = std::get_if<std::string>(&value);
      if (s == nullptr) return mismatch();
      for (const auto& choice : field.choices) {
        if (LowerAscii(choice) == LowerAscii(*s)) return OptionValue(choice);
      }
      return Status::InvalidArgument(where + ": must be one of " + Join(field.choices) + ": '" +
                                     *s + "'" + DidYouMean(*s, field.choices));
    }
    case FieldType::kStringList:
      if (std::holds_alternative<std::vector<std::string>>(value)) return value;
      if (const auto* s = std::get_if<std::string>(&value)) {
        return OptionValue(std::vector<std::string>{*s});
      }
      return mismatch();
    case FieldType::kStringMap:
      if (std::holds_alternative<std::map<std::string, std::string>>(value)) return value;
      return mismatch();
  }
  return mismatch();
}

}  // namespace

Field&& Field::Doc(std::string text) && {
  doc = std::move(text);
  return std::move(*this);
}
Field&& Field::Default(OptionValue value) && {
  default_value = std::move(value);
  return std::move(*this);
}
Field&& Field::Min(double value) && {
  min = value;
  return std::move(*this);
}
Field&& Field::Max(double value) && {
  max = value;
  return std::move(*this);
}
Field&& Field::Alias(std::string other) && {
  aliases.push_back(std::move(other));
  return std::move(*this);
}
Field&& Field::Required() && {
  required = true;
  return std::move(*this);
}
Field&& Field::Secret() && {
  secret = true;
  return std::move(*this);
}

Field BoolField(std::string name) { return MakeField(std::move(name), FieldType::kBool); }
Field Int64Field(std::string name) { return MakeField(std::move(name), FieldType::kInt64); }
Field DoubleField(std::string name) { return MakeField(std::move(name), FieldType::kDouble); }
Field StringField(std::string name) { return MakeField(std::move(name), FieldType::kString); }
Field EnumField(std::string name, std::vector<std::string> choices) {
  Field field = MakeField(std::move(name), FieldType::kEnum);
  field.choices = std::move(choices);
  return field;
}
Field DurationField(std::string name) { return MakeField(std::move(name), FieldType::kDuration); }
Field BytesField(std::string name) { return MakeField(std::move(name), FieldType::kBytes); }
Field StringListField(std::string name) {
  return MakeField(std::move(name), FieldType::kStringList);
}
Field StringMapField(std::string name) { return MakeField(std::move(name), FieldType::kStringMap); }

const Field* Spec::Find(std::string_view field) const {
  const std::string wanted = LowerAscii(field);
  for (const auto& f : fields) {
    if (LowerAscii(f.name) == wanted) return &f;
    for (const auto& alias : f.aliases) {
      if (LowerAscii(alias) == wanted) return &f;
    }
  }
  return nullptr;
}

Result<Options> Options::Parse(const Spec& spec, const Given& given, std::string_view where) {
  Options out;
  for (const auto& [name, value] : given) {
    const Field* field = spec.Find(name);
    if (field == nullptr) {
      std::vector<std::string> known;
      for (const auto& f : spec.fields) known.push_back(f.name);
      return Status::InvalidArgument(std::string(where) + ": unknown option '" + name + "'" +
                                     DidYouMean(name, known));
    }
    if (out.given_.contains(field->name)) {
      return Status::InvalidArgument(std::string(where) + ": option given twice: '" + name + "'");
    }
    THALWEG_ASSIGN_OR_RETURN(OptionValue typed,
                             Coerce(*field, value, std::string(where) + ": " + field->name));
    out.values_[field->name] = std::move(typed);
    out.given_[field->name] = true;
  }
  for (const auto& field : spec.fields) {
    if (out.values_.contains(field.name)) continue;
    if (field.required) {
      return Status::InvalidArgument(std::string(where) + ": missing option '" + field.name + "'");
    }
    if (!std::holds_alternative<std::monostate>(field.default_value)) {
      THALWEG_ASSIGN_OR_RETURN(OptionValue typed,
                               Coerce(field, field.default_value, spec.name + ": " + field.name));
      out.values_[field.name] = std::move(typed);
    }
  }
  return out;
}

bool Options::Has(std::string_view name) const { return values_.contains(name); }
bool Options::IsGiven(std::string_view name) const { return given_.contains(name); }

template <typename T>
const T& Options::Get(std::string_view name) const {
  const auto found = values_.find(name);
  THALWEG_CHECK(found != values_.end());
  const T* value = std::get_if<T>(&found->second);
  THALWEG_CHECK(value != nullptr);
  return *value;
}

bool Options::Bool(std::string_view name) const { return Get<bool>(name); }
int64_t Options::Int64(std::string_view name) const { return Get<int64_t>(name); }
double Options::Double(std::string_view name) const { return Get<double>(name); }
const std::string& Options::String(std::string_view name) const { return Get<std::string>(name); }
const std::vector<std::string>& Options::List(std::string_view name) const {
  return Get<std::vector<std::string>>(name);
}
const std::map<std::string, std::string>& Options::Map(std::string_view name) const {
  return Get<std::map<std::string, std::string>>(name);
}

std::string NearestName(std::string_view name, const std::vector<std::string>& known) {
  const std::string wanted = LowerAscii(name);
  std::string best;
  size_t best_distance = std::max<size_t>(1, wanted.size() / 3) + 1;
  for (const auto& candidate : known) {
    const std::string other = LowerAscii(candidate);
    // Levenshtein distance by rows.
    std::vector<size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 0; i < wanted.size(); ++i) {
      size_t diagonal = row[0];
      row[0] = i + 1;
      for (size_t j = 0; j < other.size(); ++j) {
        const size_t substituted = diagonal + (wanted[i] == other[j] ? 0 : 1);
        diagonal = row[j + 1];
        row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
      }
    }
    if (row[other.size()] < best_distance) {
      best_distance = row[other.size()];
      best = candidate;
    }
  }
  return best;
}

std::string DidYouMean(std::string_view name, const std::vector<std::string>& known) {
  const std::string nearest = NearestName(name, known);
  return nearest.empty() ? "" : " (did you mean '" + nearest + "'?)";
}

Result<int64_t> ParseDurationMs(std::string_view text) {
  static constexpr Unit kUnits[] = {{"ns", 1e-6},    {"us", 1e-3},    {"ms", 1},
                                    {"s", 1000},     {"m", 60000},    {"h", 3600000},
                                    {"d", 86400000}, {"w", 604800000}};
  return ParseWithUnit(text, std::begin(kUnits), std::end(kUnits), "duration");
}

Result<int64_t> ParseByteSize(std::string_view text) {
  static constexpr Unit kUnits[] = {{"B", 1},
                                    {"KiB", 1024.0},
                                    {"MiB", 1048576.0},
                                    {"GiB", 1073741824.0},
                                    {"TiB", 1099511627776.0},
                                    {"kB", 1e3},
                                    {"MB", 1e6},
                                    {"GB", 1e9},
                                    {"TB", 1e12}};
  return ParseWithUnit(text, std::begin(kUnits), std::end(kUnits), "size");
}

}  // namespace thalweg
