#include "thalweg/marc/query.h"

#include <algorithm>
#include <utility>

#include "marc/text_pattern.h"

namespace thalweg::marc {
namespace {

struct ValueTest {
  char code = 0;
  std::string value;
  bool partial = false;
  bool negate = false;
  std::shared_ptr<const TextPattern> pattern;

  bool Holds(std::string_view text) const {
    if (pattern) return pattern->Matches(text);
    return partial ? text.find(value) != std::string_view::npos : text == value;
  }
  bool HoldsFor(const FieldView& field) const {
    for (const Subfield& subfield : field.subfields()) {
      if (subfield.code == code && Holds(subfield.value)) return !negate;
    }
    return negate;
  }
};

std::vector<FieldView> Choose(const RecordView& record, Tag first, Tag last) {
  return FieldQuery().WithTagRange(first, last).Find(record);
}

bool IsName(Tag tag) {
  return tag == Tag("100") || tag == Tag("110") || tag == Tag("111") || tag == Tag("700") ||
         tag == Tag("710") || tag == Tag("711");
}

}  // namespace

struct FieldQuery::Conditions {
  std::optional<std::pair<Tag, Tag>> tags;
  std::optional<char> indicators[2];
  std::string codes;
  std::vector<ValueTest> values;
  Status status;
};

FieldQuery::FieldQuery() : conditions_(std::make_unique<Conditions>()) {}
FieldQuery::FieldQuery(const FieldQuery& other)
    : conditions_(std::make_unique<Conditions>(*other.conditions_)) {}
FieldQuery::FieldQuery(FieldQuery&&) noexcept = default;
FieldQuery& FieldQuery::operator=(const FieldQuery& other) {
  if (this != &other) conditions_ = std::make_unique<Conditions>(*other.conditions_);
  return *this;
}
FieldQuery& FieldQuery::operator=(FieldQuery&&) noexcept = default;
FieldQuery::~FieldQuery() = default;

FieldQuery& FieldQuery::WithTag(Tag tag) { return WithTagRange(tag, tag); }
FieldQuery& FieldQuery::WithTagRange(Tag first, Tag last) {
  conditions_->tags = {first, last};
  return *this;
}
FieldQuery& FieldQuery::WithIndicator(int place, char value) {
  if (place == 1 || place == 2) {
    conditions_->indicators[place - 1] = value;
  } else {
    conditions_->status = Status::InvalidArgument("query: an indicator's place is 1 or 2");
  }
  return *this;
}
FieldQuery& FieldQuery::WithSubfield(char code) {
  conditions_->codes.push_back(code);
  return *this;
}
FieldQuery& FieldQuery::WithSubfields(std::string_view codes) {
  conditions_->codes.append(codes);
  return *this;
}
FieldQuery& FieldQuery::WithValue(char code, std::string value, bool partial, bool negate) {
  conditions_->values.push_back({code, std::move(value), partial, negate, nullptr});
  return *this;
}
FieldQuery& FieldQuery::WithPattern(char code, const std::string& expression, bool negate) {
  auto pattern = TextPattern::Compile(expression);
  if (pattern.ok()) {
    conditions_->values.push_back({code, {}, false, negate, *std::move(pattern)});
  } else {
    conditions_->status = pattern.status().WithContext("query");
  }
  return *this;
}

const Status& FieldQuery::status() const { return conditions_->status; }

bool FieldQuery::Matches(const FieldView& field) const {
  const Conditions& conditions = *conditions_;
  if (!conditions.status.ok()) return false;
  if (conditions.tags &&
      (field.tag() < conditions.tags->first || conditions.tags->second < field.tag())) {
    return false;
  }
  if (conditions.indicators[0] && field.indicator1() != *conditions.indicators[0]) return false;
  if (conditions.indicators[1] && field.indicator2() != *conditions.indicators[1]) return false;
  for (const char code : conditions.codes) {
    if (!field.Has(code)) return false;
  }
  return std::all_of(conditions.values.begin(), conditions.values.end(),
                     [&](const ValueTest& test) { return test.HoldsFor(field); });
}

std::vector<FieldView> FieldQuery::Find(const RecordView& record) const {
  std::vector<FieldView> found;
  for (const FieldView& field : record.fields()) {
    if (Matches(field)) found.push_back(field);
  }
  return found;
}

std::optional<FieldView> FieldQuery::First(const RecordView& record) const {
  for (const FieldView& field : record.fields()) {
    if (Matches(field)) return field;
  }
  return {};
}

std::vector<FieldView> SubjectsWithSubdivision(const RecordView& record, std::string_view value) {
  std::vector<FieldView> found;
  for (const FieldView& field : Choose(record, "600", "655")) {
    for (const Subfield& subfield : field.subfields()) {
      if (std::string_view("vxyz").find(subfield.code) == std::string_view::npos) continue;
      if (subfield.value != value) continue;
      found.push_back(field);
      break;
    }
  }
  return found;
}

Result<std::vector<std::string>> IsbnsMatching(const RecordView& record,
                                               const std::string& expression) {
  THALWEG_ASSIGN_OR_RETURN(const auto pattern, TextPattern::Compile(expression));
  std::vector<std::string> found;
  for (const FieldView& field : record.All(Tag("020"))) {
    for (const Subfield& subfield : field.subfields()) {
      if (subfield.code == 'a' && pattern->Matches(subfield.value)) {
        found.emplace_back(subfield.value);
      }
    }
  }
  return found;
}

std::vector<FieldView> NamesInRange(const RecordView& record, std::string_view first,
                                    std::string_view last) {
  std::vector<FieldView> found;
  for (const FieldView& field : record.fields()) {
    if (!IsName(field.tag())) continue;
    const auto name = field.Find('a');
    if (name && *name >= first && *name <= last) found.push_back(field);
  }
  return found;
}

std::vector<std::pair<std::string, std::string>> AuthorsWithDates(const RecordView& record) {
  std::vector<std::pair<std::string, std::string>> found;
  for (const FieldView& field : record.fields()) {
    if (field.tag() != Tag("100") && field.tag() != Tag("700")) continue;
    const auto name = field.Find('a');
    const auto dates = field.Find('d');
    if (name && dates) found.emplace_back(*name, *dates);
  }
  return found;
}

std::optional<FieldView> AuthorityHeading(const RecordView& record) {
  return FieldQuery().WithTagRange("100", "199").First(record);
}
std::vector<FieldView> SeeFromTracings(const RecordView& record) {
  return Choose(record, "400", "499");
}
std::vector<FieldView> SeeAlsoTracings(const RecordView& record) {
  return Choose(record, "500", "599");
}
std::vector<FieldView> RelatedHeadings(const RecordView& record, std::string_view text) {
  std::vector<FieldView> found = SeeAlsoTracings(record);
  std::erase_if(found, [text](const FieldView& field) {
    return field.Value().find(text) == std::string::npos;
  });
  return found;
}
std::vector<FieldView> HoldingsLocations(const RecordView& record) {
  return record.All(Tag("852"));
}
std::vector<FieldView> TextualHoldings(const RecordView& record) {
  return Choose(record, "866", "868");
}

}  // namespace thalweg::marc
