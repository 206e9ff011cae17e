#include <algorithm>
#include <utility>

#include "marc/avram.h"
#include "marc/content_rules.h"
#include "thalweg/marc/validation.h"

namespace thalweg::marc {

// One table a kind of record, and for each a quick way from a tag to its rule.
struct Validator::Rules {
  struct Kind {
    RuleTable table;
    std::array<const FieldRule*, 1000> by_number{};

    void Index() {
      for (int number = 0; number < 1000; ++number) {
        const Tag tag(static_cast<char>('0' + number / 100),
                      static_cast<char>('0' + number / 10 % 10),
                      static_cast<char>('0' + number % 10));
        by_number[static_cast<size_t>(number)] = table.Find(tag);
      }
    }
    const FieldRule* Find(Tag tag) const {
      if (!tag.is_number()) return table.Find(tag);
      return by_number[static_cast<size_t>((tag[0] - '0') * 100 + (tag[1] - '0') * 10 +
                                           (tag[2] - '0'))];
    }
  };
  std::array<Kind, 5> kinds;
  bool marc21 = true;
  bool identifiers = true;
};

namespace {

// Tags with a 9 are everyone's own.
bool IsLocal(Tag tag) { return tag[0] == '9' || tag[1] == '9' || tag[2] == '9'; }

// The checks of one record.
class RecordCheck {
 public:
  RecordCheck(const RecordView& record, const Validator::Rules& rules,
              std::vector<Finding>* findings)
      : record_(record),
        rules_(rules),
        kind_(rules.kinds[static_cast<size_t>(record.kind())]),
        findings_(findings) {}

  void Run() {
    CheckPositions("LDR", 0, record_.leader_text(), kind_.table.leader);
    for (const FieldView& field : record_.fields()) CheckField(field);
    for (const auto& [tag, rule] : kind_.table.all()) {
      if (rule.required && !record_.Has(tag)) Add(Rule::kMissingField, tag, 0).expected = rule.name;
    }
  }

 private:
  Finding& Add(Rule rule, Tag tag, int occurrence) {
    Finding finding;
    finding.rule = rule;
    finding.severity = InfoOf(rule).severity;
    finding.tag = tag;
    finding.occurrence = occurrence;
    return findings_->emplace_back(std::move(finding));
  }

  // How many fields of this tag have been seen, this one included. Fields of one tag mostly stand
  // together.
  int Occurrence(Tag tag) {
    if (!seen_.empty() && seen_.back().first == tag) return ++seen_.back().second;
    for (auto& [other, count] : seen_) {
      if (other == tag) return ++count;
    }
    seen_.emplace_back(tag, 1);
    return 1;
  }

  void CheckField(const FieldView& field) {
    const Tag tag = field.tag();
    const int occurrence = Occurrence(tag);
    const FieldRule* rule = kind_.Find(tag);
    if (rule == nullptr) {
      if (!kind_.table.open && !IsLocal(tag)) Add(Rule::kUndefinedField, tag, occurrence);
    } else {
      CheckByRule(field, *rule, occurrence);
    }
    if (rules_.marc21 && tag[0] == '0' && tag[1] == '0') CheckFixedField(field, occurrence);
    if (rules_.identifiers && tag[0] == '0') CheckIdentifiers(field, occurrence);
  }

  void CheckByRule(const FieldView& field, const FieldRule& rule, int occurrence) {
    const Tag tag = field.tag();
    if (rule.deprecated) {
      Add(Rule::kDeprecatedField, tag, occurrence).expected = rule.name;
      return;
    }
    if (occurrence == 2 && !rule.repeatable) {
      Add(Rule::kNonrepeatableField, tag, occurrence).expected = rule.name;
    }
    if (field.is_control()) {
      CheckPositions(tag, occurrence, field.data(), rule.positions);
      if (!rule.lengths.empty()) CheckLength(tag, occurrence, field.data(), rule.lengths);
      if (rule.pattern && !rule.pattern->Matches(field.data())) {
        Finding& finding = Add(Rule::kPatternMismatch, tag, occurrence);
        finding.value = field.data();
        finding.expected = rule.pattern->text();
      }
      return;
    }
    CheckIndicator(tag, occurrence, 1, field.indicator1(), rule.indicators[0]);
    CheckIndicator(tag, occurrence, 2, field.indicator2(), rule.indicators[1]);
    CheckSubfields(field, rule, occurrence);
  }

  void CheckIndicator(Tag tag, int occurrence, int place, char value, const IndicatorRule& rule) {
    const auto byte = static_cast<unsigned char>(value);
    if (rule.any || rule.values[byte]) return;
    Finding& finding =
        Add(rule.deprecated[byte] ? Rule::kDeprecatedIndicator : Rule::kInvalidIndicator, tag,
            occurrence);
    finding.indicator = place;
    finding.value.assign(1, value);
    finding.expected = NamesOf(rule.values);
  }

  static std::string NamesOf(const ByteSet& set) {
    std::string names = "one of";
    for (size_t c = 0; c < set.size(); ++c) {
      if (set[c]) names.append(" ").push_back(c == ' ' ? '#' : static_cast<char>(c));
    }
    return names;
  }

  void CheckSubfields(const FieldView& field, const FieldRule& rule, int occurrence) {
    if (rule.any_subfield) return;
    std::array<uint8_t, 128> times{};
    for (const Subfield& subfield : field.subfields()) {
      const auto code = static_cast<unsigned char>(subfield.code);
      const uint8_t flags = code < 128 ? rule.codes[code] : uint8_t{0};
      if ((flags & kDefined) == 0) {
        // $9 is everyone's own.
        if (code != '9') AddSubfield(Rule::kUndefinedSubfield, field, occurrence, subfield);
        continue;
      }
      if ((flags & kDeprecatedCode) != 0) {
        AddSubfield(Rule::kDeprecatedSubfield, field, occurrence, subfield);
      }
      if (++times[code] == 2 && (flags & kRepeatable) == 0) {
        AddSubfield(Rule::kNonrepeatableSubfield, field, occurrence, subfield);
      }
      if ((flags & kDetailed) != 0) CheckDetails(field, occurrence, subfield, rule);
    }
    if (!rule.any_required) return;
    for (const auto& [code, detail] : rule.details) {
      if (detail.required && times[static_cast<unsigned char>(code) & 127U] == 0) {
        AddSubfield(Rule::kMissingSubfield, field, occurrence, {code, {}}).expected = detail.name;
      }
    }
  }

  Finding& AddSubfield(Rule rule, const FieldView& field, int occurrence,
                       const Subfield& subfield) {
    constexpr size_t kShown = 80;
    Finding& finding = Add(rule, field.tag(), occurrence);
    finding.code = subfield.code;
    finding.value = subfield.value.substr(0, kShown);
    return finding;
  }

  void CheckDetails(const FieldView& field, int occurrence, const Subfield& subfield,
                    const FieldRule& rule) {
    const SubfieldRule& detail = rule.details.at(subfield.code);
    if (!detail.codes.empty()) {
      const auto found = detail.codes.find(subfield.value);
      if (found == detail.codes.end()) {
        AddSubfield(Rule::kUndefinedCode, field, occurrence, subfield);
      } else if (found->second) {
        AddSubfield(Rule::kDeprecatedCode, field, occurrence, subfield);
      }
    }
    if (detail.pattern && !detail.pattern->Matches(subfield.value)) {
      AddSubfield(Rule::kPatternMismatch, field, occurrence, subfield).expected =
          detail.pattern->text();
    }
  }

  void CheckLength(Tag tag, int occurrence, std::string_view data,
                   const std::vector<int>& lengths) {
    const auto size = static_cast<int>(data.size());
    if (std::find(lengths.begin(), lengths.end(), size) != lengths.end()) return;
    Finding& finding = Add(Rule::kInvalidLength, tag, occurrence);
    finding.value = std::to_string(size) + " characters";
    for (const int length : lengths) {
      finding.expected += (finding.expected.empty() ? "" : " or ") + std::to_string(length);
    }
  }

  void CheckPositions(Tag tag, int occurrence, std::string_view data,
                      const std::vector<PositionRule>& rules, int shift = 0) {
    for (const PositionRule& rule : rules) {
      const int first = rule.first + shift;
      const int last = rule.last + shift;
      if (first < 0 || last >= static_cast<int>(data.size())) continue;
      const std::string_view value =
          data.substr(static_cast<size_t>(first), static_cast<size_t>(last - first + 1));
      const auto verdict = Judge(value, rule);
      if (!verdict) continue;
      Finding& finding = Add(*verdict, tag, occurrence);
      finding.first = first;
      finding.last = last;
      finding.value = value;
      finding.expected = rule.name;
    }
  }

  static std::optional<Rule> Judge(std::string_view value, const PositionRule& rule) {
    if (rule.pattern && !rule.pattern->Matches(value)) return Rule::kPatternMismatch;
    bool deprecated = false;
    if (!rule.codes.empty()) {
      if (rule.fill && value.find_first_not_of('|') == std::string_view::npos) return {};
      const auto found = rule.codes.find(value);
      if (found == rule.codes.end()) return Rule::kUndefinedCode;
      return found->second ? std::optional(Rule::kDeprecatedCode) : std::nullopt;
    }
    if (rule.chars.none()) return {};
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      if (rule.chars[byte] || (rule.fill && c == '|')) continue;
      if (!rule.deprecated[byte]) return Rule::kUndefinedCode;
      deprecated = true;
    }
    return deprecated ? std::optional(Rule::kDeprecatedCode) : std::nullopt;
  }

  void CheckFixedField(const FieldView& field, int occurrence) {
    const std::string_view data = field.data();
    const Tag tag = field.tag();
    if (tag == Tag("008")) {
      Check008(data, occurrence);
    } else if (tag == Tag("007") && !data.empty()) {
      const auto& materials = FixedFieldRules::Get().of_007;
      if (const auto all = materials.find("all"); all != materials.end()) {
        CheckPositions(tag, occurrence, data, all->second.positions);
      }
      const auto found = materials.find(data.substr(0, 1));
      if (found == materials.end()) return;
      if (!found->second.lengths.empty()) {
        CheckLength(tag, occurrence, data, found->second.lengths);
      }
      CheckPositions(tag, occurrence, data, found->second.positions);
    } else if (tag == Tag("006") && !data.empty()) {
      const auto& rules = FixedFieldRules::Get();
      CheckLength(tag, occurrence, data, rules.of_006.lengths);
      CheckPositions(tag, occurrence, data, rules.of_006.positions);
      const auto found = rules.of_008.find(MaterialOf(data[0], 'm'));
      // 006/01-17 are what 008/18-34 are.
      if (found != rules.of_008.end()) {
        CheckPositions(tag, occurrence, data, found->second.positions, -17);
      }
    }
  }

  void Check008(std::string_view data, int occurrence) {
    static constexpr std::array<const char*, 5> kKinds = {"bib", "auth", "hold", "class", "comm"};
    const auto& rules = FixedFieldRules::Get().of_008;
    const auto check = [&](std::string_view material) {
      const auto found = rules.find(material);
      if (found == rules.end()) return;
      if (!found->second.lengths.empty()) {
        CheckLength("008", occurrence, data, found->second.lengths);
      }
      CheckPositions("008", occurrence, data, found->second.positions);
    };
    check("all");
    check(kKinds[static_cast<size_t>(record_.kind())]);
    if (record_.kind() == RecordKind::kBibliographic && data.size() == 40) {
      check(MaterialOf(record_.leader_text()[6], record_.leader_text()[7]));
    }
  }

  void CheckIdentifiers(const FieldView& field, int occurrence) {
    const Tag tag = field.tag();
    if (tag != Tag("020") && tag != Tag("022") && tag != Tag("010")) return;
    for (const Subfield& subfield : field.subfields()) {
      if (tag == Tag("020") && subfield.code == 'a' && !IsValidIsbn(subfield.value)) {
        AddSubfield(Rule::kInvalidIsbn, field, occurrence, subfield);
      } else if (tag == Tag("022") && (subfield.code == 'a' || subfield.code == 'l') &&
                 !IsValidIssn(subfield.value)) {
        AddSubfield(Rule::kInvalidIssn, field, occurrence, subfield);
      } else if (tag == Tag("010") && subfield.code == 'a' && !NormalizeLccn(subfield.value)) {
        AddSubfield(Rule::kInvalidLccn, field, occurrence, subfield);
      }
    }
  }

  const RecordView& record_;
  const Validator::Rules& rules_;
  const Validator::Rules::Kind& kind_;
  std::vector<Finding>* findings_;
  std::vector<std::pair<Tag, int>> seen_;
};

}  // namespace

Validator::Validator(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}

Result<Validator> Validator::Make(const ValidationOptions& options) {
  auto rules = std::make_shared<Rules>();
  rules->marc21 = options.marc21;
  rules->identifiers = options.identifiers;
  for (size_t kind = 0; kind < rules->kinds.size(); ++kind) {
    RuleTable& table = rules->kinds[kind].table;
    if (options.marc21) {
      table = Marc21Rules(static_cast<RecordKind>(kind));
    } else {
      table.open = options.schemas.empty();
    }
    for (const std::string& schema : options.schemas) {
      THALWEG_RETURN_IF_ERROR(AddAvramSchema(schema, &table));
    }
    rules->kinds[kind].Index();
  }
  return Validator(std::move(rules));
}

void Validator::Check(const RecordView& record, std::vector<Finding>* findings) const {
  RecordCheck(record, *rules_, findings).Run();
}

}  // namespace thalweg::marc
