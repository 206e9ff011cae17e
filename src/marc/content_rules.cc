#include "marc/content_rules.h"

#include <algorithm>
#include <utility>

namespace thalweg::marc {
namespace {

constexpr std::string_view kBibliographic =
#include "marc/rules/bibliographic.inc"
    ;
constexpr std::string_view kAuthority =
#include "marc/rules/authority.inc"
    ;
constexpr std::string_view kHoldings =
#include "marc/rules/holdings.inc"
    ;
constexpr std::string_view kFixedFields =
#include "marc/rules/fixed_fields.inc"
    ;

std::string_view TakeLine(std::string_view* text) {
  const size_t end = std::min(text->find('\n'), text->size());
  const std::string_view line = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return line;
}

std::string_view TakeWord(std::string_view* line) {
  const size_t end = std::min(line->find(' '), line->size());
  const std::string_view word = line->substr(0, end);
  line->remove_prefix(std::min(end + 1, line->size()));
  return word;
}

// `#` is blank, `0-9` a range; what stands behind `!` goes to `deprecated`.
void ReadSet(std::string_view text, ByteSet* values, ByteSet* deprecated) {
  ByteSet* set = values;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '!') {
      set = deprecated;
    } else if (i + 2 < text.size() && text[i + 1] == '-') {
      for (unsigned v = c; v <= static_cast<unsigned char>(text[i + 2]); ++v) set->set(v);
      i += 2;
    } else {
      set->set(c == '#' ? ' ' : c);
    }
  }
}

IndicatorRule ReadIndicator(std::string_view text) {
  IndicatorRule rule;
  if (text == "*") return rule;
  rule.any = false;
  ReadSet(text, &rule.values, &rule.deprecated);
  return rule;
}

void ReadSubfields(std::string_view text, FieldRule* rule) {
  if (text == "*") {
    rule->any_subfield = true;
    return;
  }
  bool deprecated = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '!') {
      deprecated = true;
      continue;
    }
    uint8_t flags = kDefined;
    const auto code = static_cast<unsigned char>(text[i]);
    if (i + 1 < text.size() && text[i + 1] == '+') {
      flags |= kRepeatable;
      ++i;
    }
    if (deprecated) flags |= kDeprecatedCode | kRepeatable;
    rule->codes[code] = flags;
  }
}

int Number(std::string_view text) {
  int value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return value;
}

// `18-21 chars #abc Illustrations`.
PositionRule ReadPosition(std::string_view line) {
  PositionRule rule;
  const std::string_view range = TakeWord(&line);
  rule.first = Number(range.substr(0, 2));
  rule.last = Number(range.substr(3, 2));
  const std::string_view kind = TakeWord(&line);
  const std::string_view values = TakeWord(&line);
  if (kind == "digits") {
    ReadSet("0-9", &rule.chars, &rule.deprecated);
    rule.fill = values != "nofill";
  } else {
    ReadSet(values, &rule.chars, &rule.deprecated);
  }
  rule.name = line;
  return rule;
}

std::vector<int> ReadLengths(std::string_view text) {
  std::vector<int> lengths;
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    lengths.push_back(Number(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lengths;
}

// The lines of the fixed fields' text for one field, as material -> lines.
template <typename Take>
void ForEachFixed(std::string_view field, Take&& take) {
  for (std::string_view text = kFixedFields; !text.empty();) {
    std::string_view line = TakeLine(&text);
    if (line.empty() || TakeWord(&line) != field) continue;
    const std::string_view material = TakeWord(&line);
    take(material, line);
  }
}

FixedFieldRules MakeFixedFieldRules() {
  FixedFieldRules rules;
  const auto add = [](FixedFieldRules::Material* material, std::string_view line) {
    if (line.starts_with("length ")) {
      material->lengths = ReadLengths(line.substr(7));
    } else {
      material->positions.push_back(ReadPosition(line));
    }
  };
  ForEachFixed("008",
               [&](auto material, auto line) { add(&rules.of_008[std::string(material)], line); });
  ForEachFixed("007",
               [&](auto material, auto line) { add(&rules.of_007[std::string(material)], line); });
  ForEachFixed("006", [&](auto /*material*/, auto line) { add(&rules.of_006, line); });
  return rules;
}

const char* LeaderKindName(RecordKind kind) {
  switch (kind) {
    case RecordKind::kBibliographic:
      return "bib";
    case RecordKind::kAuthority:
      return "auth";
    case RecordKind::kHoldings:
      return "hold";
    case RecordKind::kClassification:
      return "class";
    case RecordKind::kCommunity:
      return "comm";
  }
  return "bib";
}

RuleTable MakeTable(RecordKind kind) {
  RuleTable table;
  std::vector<Tag> required = {"001", "008"};
  if (kind == RecordKind::kBibliographic) {
    table.AddFields(kBibliographic);
    required.emplace_back("245");
  } else if (kind == RecordKind::kAuthority) {
    table.AddFields(kAuthority);
  } else if (kind == RecordKind::kHoldings) {
    table.AddFields(kHoldings);
  } else {
    // The fields of these are not in our data: what is common to all formats is checked.
    table.open = true;
  }
  for (const Tag tag : required) {
    if (const FieldRule* rule = table.Find(tag)) {
      FieldRule changed = *rule;
      changed.required = true;
      table.Set(tag, std::move(changed));
    }
  }
  ForEachFixed("leader", [&](auto which, auto line) {
    if (which != "all" && which != LeaderKindName(kind)) return;
    PositionRule rule = ReadPosition(line);
    rule.fill = false;
    table.leader.push_back(std::move(rule));
  });
  return table;
}

}  // namespace

void RuleTable::AddFields(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = TakeLine(&text);
    if (line.empty()) continue;
    FieldRule rule;
    if (line[0] == '!') {
      rule.deprecated = true;
      line.remove_prefix(1);
    }
    const Tag tag = *Tag::Of(TakeWord(&line));
    rule.repeatable = TakeWord(&line) == "+";
    if (line.starts_with("control ")) {
      TakeWord(&line);
    } else {
      rule.indicators[0] = ReadIndicator(TakeWord(&line));
      rule.indicators[1] = ReadIndicator(TakeWord(&line));
      ReadSubfields(TakeWord(&line), &rule);
    }
    rule.name = line;
    Set(tag, std::move(rule));
  }
}

void RuleTable::Set(Tag tag, FieldRule rule) { fields_[tag] = std::move(rule); }

const FieldRule* RuleTable::Find(Tag tag) const {
  const auto found = fields_.find(tag);
  return found == fields_.end() ? nullptr : &found->second;
}

const FixedFieldRules& FixedFieldRules::Get() {
  static const FixedFieldRules rules = MakeFixedFieldRules();
  return rules;
}

const RuleTable& Marc21Rules(RecordKind kind) {
  static const std::array<RuleTable, 5> tables = {
      MakeTable(RecordKind::kBibliographic), MakeTable(RecordKind::kAuthority),
      MakeTable(RecordKind::kHoldings), MakeTable(RecordKind::kClassification),
      MakeTable(RecordKind::kCommunity)};
  return tables[static_cast<size_t>(kind)];
}

std::string_view MaterialOf(char type, char level) {
  switch (type) {
    case 'a':
      return level == 'b' || level == 'i' || level == 's' ? "serials" : "books";
    case 't':
      return "books";
    case 's':  // Of 006 only.
      return "serials";
    case 'c':
    case 'd':
    case 'i':
    case 'j':
      return "music";
    case 'e':
    case 'f':
      return "maps";
    case 'g':
    case 'k':
    case 'o':
    case 'r':
      return "visual";
    case 'm':
      return "computer";
    case 'p':
      return "mixed";
    default:
      return {};
  }
}

}  // namespace thalweg::marc
