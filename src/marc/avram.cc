// Avram (https://format.gbv.de/schema/avram/specification): what a schema says, as rules.

#include "marc/avram.h"

#include <utility>

#include "marc/json_cursor.h"

namespace thalweg::marc {
namespace {

class SchemaReader {
 public:
  SchemaReader(std::string_view text, RuleTable* table) : json_(text), table_(table) {}

  Status Read() {
    const bool whole = json_.Members([&](std::string_view key) {
      if (key == "fields") return ReadFields();
      return json_.SkipValue();
    });
    if (!status_.ok()) return status_;
    if (!whole || !json_.AtEnd()) {
      return Status::InvalidArgument(
          "avram: " + (json_.error().empty() ? "text behind the schema" : json_.error()));
    }
    return {};
  }

 private:
  bool Fail(Status status) {
    status_ = std::move(status).WithContext("avram: field " + tag_text_);
    return false;
  }

  bool ReadFields() {
    // By identifier, or as a list.
    if (json_.Peek() == '[') return json_.Elements([&] { return ReadField({}); });
    return json_.Members([&](std::string_view key) { return ReadField(std::string(key)); });
  }

  bool ReadField(std::string identifier) {
    FieldRule rule;
    tag_text_ = std::move(identifier);
    bool has_subfields = false;
    const bool read = json_.Members([&](std::string_view key) {
      if (key == "tag") return ReadText(&tag_text_);
      if (key == "label") return ReadText(&rule.name);
      if (key == "repeatable") return ReadFlag(&rule.repeatable);
      if (key == "required") return ReadFlag(&rule.required);
      if (key == "deprecated") return ReadFlag(&rule.deprecated);
      if (key == "indicator1") return ReadIndicator(&rule.indicators[0]);
      if (key == "indicator2") return ReadIndicator(&rule.indicators[1]);
      if (key == "pattern") return ReadPattern(&rule.pattern);
      if (key == "positions") return ReadPositions(&rule.positions);
      if (key == "subfields") {
        has_subfields = true;
        return ReadSubfields(&rule);
      }
      return json_.SkipValue();
    });
    if (!read) return false;
    if (tag_text_ == "LDR" || tag_text_ == "leader") {
      for (PositionRule& position : rule.positions) table_->leader.push_back(std::move(position));
      return true;
    }
    const auto tag = Tag::Of(tag_text_);
    if (!tag) return Fail(Status::InvalidArgument("a tag has three characters"));
    rule.any_subfield = !has_subfields;
    table_->Set(*tag, std::move(rule));
    return true;
  }

  bool ReadText(std::string* out) {
    std::string_view text;
    if (!json_.Scalar(&text)) return false;
    *out = text;
    return true;
  }

  bool ReadFlag(bool* out) {
    std::string_view text;
    if (!json_.Scalar(&text)) return false;
    *out = text == "true";
    return true;
  }

  bool ReadPattern(std::shared_ptr<const TextPattern>* out) {
    std::string text;
    if (!ReadText(&text)) return false;
    auto pattern = TextPattern::Compile(text);
    if (!pattern.ok()) return Fail(pattern.status());
    *out = *std::move(pattern);
    return true;
  }

  // `{"a":"label"}`, `{"a":{"label":…,"deprecated":true}}`; a list by name is not looked up.
  bool ReadCodes(std::map<std::string, bool, std::less<>>* codes) {
    if (json_.Peek() != '{') return json_.SkipValue();
    return json_.Members([&](std::string_view key) {
      const std::string code(key);
      bool deprecated = false;
      const bool read = json_.Peek() == '{' ? json_.Members([&](std::string_view part) {
        return part == "deprecated" ? ReadFlag(&deprecated) : json_.SkipValue();
      })
                                            : json_.SkipValue();
      (*codes)[code] = deprecated;
      return read;
    });
  }

  // Null: not defined, and so blank.
  bool ReadIndicator(IndicatorRule* rule) {
    if (json_.Peek() != '{') {
      rule->any = false;
      rule->values.set(' ');
      return json_.SkipValue();
    }
    std::map<std::string, bool, std::less<>> codes;
    const bool read = json_.Members([&](std::string_view key) {
      return key == "codes" ? ReadCodes(&codes) : json_.SkipValue();
    });
    for (const auto& [code, deprecated] : codes) {
      if (code.size() != 1) continue;
      rule->any = false;
      (deprecated ? rule->deprecated : rule->values).set(static_cast<unsigned char>(code[0]));
    }
    return read;
  }

  bool ReadPositions(std::vector<PositionRule>* positions) {
    return json_.Members([&](std::string_view key) {
      PositionRule rule;
      rule.each = false;
      const size_t hyphen = key.find('-');
      rule.first = Number(key.substr(0, hyphen));
      rule.last = hyphen == std::string_view::npos ? rule.first : Number(key.substr(hyphen + 1));
      if (rule.first < 0 || rule.last < rule.first) {
        return Fail(Status::InvalidArgument("positions '" + std::string(key) + "'"));
      }
      const bool read = json_.Members([&](std::string_view part) {
        if (part == "label") return ReadText(&rule.name);
        if (part == "codes") return ReadCodes(&rule.codes);
        if (part == "pattern") return ReadPattern(&rule.pattern);
        return json_.SkipValue();
      });
      positions->push_back(std::move(rule));
      return read;
    });
  }

  static int Number(std::string_view text) {
    constexpr int kMax = 99999;
    int value = 0;
    if (text.empty()) return -1;
    for (const char c : text) {
      if (c < '0' || c > '9' || value > kMax) return -1;
      value = value * 10 + (c - '0');
    }
    return value;
  }

  bool ReadSubfields(FieldRule* rule) {
    if (json_.Peek() == '[') {
      return json_.Elements([&] { return ReadSubfield({}, rule); });
    }
    return json_.Members(
        [&](std::string_view key) { return ReadSubfield(std::string(key), rule); });
  }

  bool ReadSubfield(std::string code, FieldRule* rule) {
    SubfieldRule detail;
    const bool read = json_.Members([&](std::string_view key) {
      if (key == "code") return ReadText(&code);
      if (key == "label") return ReadText(&detail.name);
      if (key == "repeatable") return ReadFlag(&detail.repeatable);
      if (key == "required") return ReadFlag(&detail.required);
      if (key == "deprecated") return ReadFlag(&detail.deprecated);
      if (key == "codes") return ReadCodes(&detail.codes);
      if (key == "pattern") return ReadPattern(&detail.pattern);
      return json_.SkipValue();
    });
    if (!read) return false;
    if (code.size() != 1 || static_cast<unsigned char>(code[0]) >= 128) {
      return Fail(Status::InvalidArgument("subfield code '" + code + "'"));
    }
    const bool more = !detail.codes.empty() || detail.pattern;
    rule->codes[static_cast<unsigned char>(code[0])] =
        static_cast<uint8_t>(kDefined | (detail.repeatable ? kRepeatable : 0) |
                             (detail.deprecated ? kDeprecatedCode : 0) | (more ? kDetailed : 0));
    rule->any_required = rule->any_required || detail.required;
    rule->details[code[0]] = std::move(detail);
    return true;
  }

  JsonCursor json_;
  RuleTable* table_;
  std::string tag_text_;
  Status status_;
};

}  // namespace

Status AddAvramSchema(std::string_view json, RuleTable* table) {
  return SchemaReader(json, table).Read();
}

}  // namespace thalweg::marc
