#include <array>

#include "base/json_writer.h"
#include "marc/content_rules.h"
#include "thalweg/marc/validation.h"

namespace thalweg::marc {
namespace {

constexpr std::array kRules = std::to_array<RuleInfo>({
    {Rule::kUndefinedField, Severity::kError, "undefinedField",
     "The field is not defined, nor one of the tags for local use."},
    {Rule::kDeprecatedField, Severity::kWarning, "deprecatedField",
     "The field was defined once and is obsolete."},
    {Rule::kNonrepeatableField, Severity::kError, "nonrepeatableField",
     "A field that may stand once stands more often."},
    {Rule::kMissingField, Severity::kError, "missingField", "A field that must be there is not."},
    {Rule::kInvalidIndicator, Severity::kError, "invalidIndicator",
     "The indicator has a value that is not defined."},
    {Rule::kDeprecatedIndicator, Severity::kWarning, "deprecatedIndicator",
     "The indicator has a value that is obsolete."},
    {Rule::kUndefinedSubfield, Severity::kError, "undefinedSubfield",
     "The subfield is not defined in this field."},
    {Rule::kDeprecatedSubfield, Severity::kWarning, "deprecatedSubfield",
     "The subfield was defined once and is obsolete."},
    {Rule::kNonrepeatableSubfield, Severity::kError, "nonrepeatableSubfield",
     "A subfield that may stand once stands more often."},
    {Rule::kMissingSubfield, Severity::kError, "missingSubfield",
     "A subfield that must be there is not."},
    {Rule::kInvalidLength, Severity::kError, "invalidLength",
     "A fixed-length field has another length."},
    {Rule::kUndefinedCode, Severity::kError, "undefinedCode",
     "A position or subfield holds a code that is not defined for it."},
    {Rule::kDeprecatedCode, Severity::kWarning, "deprecatedCode",
     "A position or subfield holds a code that is obsolete."},
    {Rule::kPatternMismatch, Severity::kError, "patternMismatch",
     "A value does not have the form that the schema asks for."},
    {Rule::kInvalidIsbn, Severity::kWarning, "invalidIsbn",
     "020 $a is no ISBN with a right check digit; wrong ones belong into $z."},
    {Rule::kInvalidIssn, Severity::kWarning, "invalidIssn",
     "022 $a or $l is no ISSN with a right check digit; wrong ones belong into $y or $z."},
    {Rule::kInvalidLccn, Severity::kWarning, "invalidLccn",
     "010 $a is no Library of Congress control number."},
});
static_assert(kRules.size() == kRuleCount);

void AppendQuotedCode(std::string* out, int first, int last) {
  const auto two = [](int place) { return (place < 10 ? "0" : "") + std::to_string(place); };
  *out += "/" + two(first);
  if (last != first) *out += "-" + two(last);
}

}  // namespace

std::span<const RuleInfo> AllRules() { return kRules; }
const RuleInfo& InfoOf(Rule rule) { return kRules[static_cast<size_t>(rule)]; }

std::string Finding::Kind() const {
  std::string kind = std::string(InfoOf(rule).id) + " " + tag.ToString();
  if (first >= 0) AppendQuotedCode(&kind, first, last);
  if (indicator > 0) kind += " ind" + std::to_string(indicator);
  if (code != 0) {
    kind += " $";
    kind += code;
  }
  return kind;
}

std::string Finding::ToString() const {
  std::string text = severity == Severity::kError ? "error " : "warning ";
  text += InfoOf(rule).id;
  text += ": " + tag.ToString();
  if (occurrence > 1) text += "[" + std::to_string(occurrence) + "]";
  if (first >= 0) AppendQuotedCode(&text, first, last);
  if (indicator > 0) text += " ind" + std::to_string(indicator);
  if (code != 0) {
    text += " $";
    text += code;
  }
  if (!value.empty()) text += ": '" + value + "'";
  if (!expected.empty()) text += " (" + expected + ")";
  return text;
}

std::string Finding::ToJson() const {
  JsonWriter json;
  json.BeginObject();
  json.Key("rule").String(InfoOf(rule).id);
  json.Key("severity").String(severity == Severity::kError ? "error" : "warning");
  json.Key("tag").String(tag.ToString());
  if (occurrence > 0) json.Key("occurrence").Int(occurrence);
  if (indicator > 0) json.Key("indicator").Int(indicator);
  if (code != 0) json.Key("subfield").String({&code, 1});
  if (first >= 0) json.Key("first").Int(first).Key("last").Int(last);
  json.Key("value").String(value);
  json.Key("expected").String(expected);
  json.EndObject();
  return std::move(json).Take();
}

namespace {

void WriteIndicator(JsonWriter* json, const char* key, const IndicatorRule& rule) {
  json->Key(key);
  if (rule.any) {
    json->BeginObject().EndObject();
    return;
  }
  json->BeginObject().Key("codes").BeginObject();
  for (size_t c = 0; c < rule.values.size(); ++c) {
    const char value = static_cast<char>(c);
    if (!rule.values[c] && !rule.deprecated[c]) continue;
    json->Key({&value, 1}).BeginObject();
    if (rule.deprecated[c]) json->Key("deprecated").Bool(true);
    json->EndObject();
  }
  json->EndObject().EndObject();
}

void WriteField(JsonWriter* json, Tag tag, const FieldRule& rule) {
  json->Key(tag.ToString()).BeginObject();
  json->Key("tag").String(tag.ToString());
  json->Key("label").String(rule.name);
  json->Key("repeatable").Bool(rule.repeatable);
  if (rule.required) json->Key("required").Bool(true);
  if (rule.deprecated) json->Key("deprecated").Bool(true);
  if (!tag.is_control()) {
    WriteIndicator(json, "indicator1", rule.indicators[0]);
    WriteIndicator(json, "indicator2", rule.indicators[1]);
  }
  if (!tag.is_control() && !rule.any_subfield) {
    json->Key("subfields").BeginObject();
    for (size_t c = 0; c < rule.codes.size(); ++c) {
      const char code = static_cast<char>(c);
      if ((rule.codes[c] & kDefined) == 0) continue;
      json->Key({&code, 1}).BeginObject();
      json->Key("repeatable").Bool((rule.codes[c] & kRepeatable) != 0);
      if ((rule.codes[c] & kDeprecatedCode) != 0) json->Key("deprecated").Bool(true);
      json->EndObject();
    }
    json->EndObject();
  }
  json->EndObject();
}

}  // namespace

std::string AvramSchema(RecordKind kind) {
  JsonWriter json;
  json.BeginObject();
  json.Key("title").String(std::string("MARC 21 for ") + NameOf(kind) + " records");
  json.Key("family").String("marc");
  json.Key("fields").BeginObject();
  for (const auto& [tag, rule] : Marc21Rules(kind).all()) WriteField(&json, tag, rule);
  json.EndObject().EndObject();
  return std::move(json).Take();
}

}  // namespace thalweg::marc
