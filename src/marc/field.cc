#include "thalweg/marc/field.h"

#include <algorithm>

#include "marc/text_trim.h"

namespace thalweg::marc {
namespace {

bool IsMark(char c) { return c >= kRecordEnd && c <= kSubfieldMark; }

void AppendText(std::string_view text, std::string* out) {
  const size_t start = out->size();
  out->append(text);
  std::replace_if(out->begin() + static_cast<std::ptrdiff_t>(start), out->end(), IsMark, ' ');
}

char TextByte(char c) { return IsMark(c) ? ' ' : c; }

// Where the subfield at `place` starts, at its mark, and ends. Behind the end when there is none.
struct Span {
  size_t start;
  size_t end;
};
Span SubfieldSpan(const FieldView& field, size_t place) {
  const std::string_view bytes = field.bytes();
  size_t seen = 0;
  for (const Subfield& subfield : field.subfields()) {
    if (seen++ != place) continue;
    const auto value = static_cast<size_t>(subfield.value.data() - bytes.data());
    return {value - 2, value + subfield.value.size()};
  }
  return {bytes.size(), bytes.size()};
}

std::optional<size_t> PlaceOf(const FieldView& field, char code) {
  size_t place = 0;
  for (const Subfield& subfield : field.subfields()) {
    if (subfield.code == code) return place;
    ++place;
  }
  return {};
}

}  // namespace

char FieldView::OddIndicator(uint32_t place) const {
  for (uint32_t i = 0; i <= place; ++i) {
    if (i >= size_ || data_[i] == kSubfieldMark) return ' ';
  }
  return data_[place];
}

size_t FieldView::CountSubfields() const {
  size_t count = 0;
  for ([[maybe_unused]] const Subfield& subfield : subfields()) ++count;
  return count;
}

std::vector<std::string_view> FieldView::Values(std::string_view codes) const {
  std::vector<std::string_view> values;
  for (const Subfield& subfield : subfields()) {
    if (codes.find(subfield.code) != std::string_view::npos) values.push_back(subfield.value);
  }
  return values;
}

std::string FieldView::Value() const {
  if (is_control()) return std::string(data());
  std::string out;
  bool first = true;
  for (const Subfield& subfield : subfields()) {
    if (!first) out += ' ';
    first = false;
    out += Trimmed(subfield.value);
  }
  return out;
}

std::string FieldView::FormattedText() const {
  if (is_control()) return std::string(data());
  std::string out;
  const bool subject = is_subject();
  for (const Subfield& subfield : subfields()) {
    if (subfield.code == '6') continue;
    const bool subdivision =
        subject && (subfield.code == 'v' || (subfield.code >= 'x' && subfield.code <= 'z'));
    out += subdivision ? " -- " : " ";
    out += subfield.value;
  }
  return std::string(Trimmed(out));
}

std::string FieldView::ToString() const {
  std::string out = "=";
  tag_.AppendTo(&out);
  out += "  ";
  if (is_control()) {
    for (const char c : data()) out += c == ' ' ? '\\' : c;
    return out;
  }
  for (const char indicator : {indicator1(), indicator2()}) {
    out += indicator == ' ' ? '\\' : indicator;
  }
  for (const Subfield& subfield : subfields()) {
    out += '$';
    out += subfield.code;
    out += subfield.value;
  }
  return out;
}

Field Field::Control(Tag tag, std::string_view data) {
  Field field;
  field.tag_ = tag;
  AppendText(data, &field.bytes_);
  return field;
}

Field::Field(Tag tag, char indicator1, char indicator2)
    : tag_(tag), bytes_{TextByte(indicator1), TextByte(indicator2)} {}

Field::Field(Tag tag, char indicator1, char indicator2, std::initializer_list<Subfield> subfields)
    : Field(tag, indicator1, indicator2) {
  for (const Subfield& subfield : subfields) Add(subfield.code, subfield.value);
}

Field& Field::Add(char code, std::string_view value) {
  bytes_ += kSubfieldMark;
  bytes_ += TextByte(code);
  AppendText(value, &bytes_);
  return *this;
}

Field& Field::Insert(size_t place, char code, std::string_view value) {
  std::string added = {kSubfieldMark, TextByte(code)};
  AppendText(value, &added);
  bytes_.insert(SubfieldSpan(view(), place).start, added);
  return *this;
}

bool Field::SetAt(size_t place, std::string_view value) {
  const Span span = SubfieldSpan(view(), place);
  if (span.start == span.end) return false;
  std::string text;
  AppendText(value, &text);
  bytes_.replace(span.start + 2, span.end - span.start - 2, text);
  return true;
}

Field& Field::Set(char code, std::string_view value) {
  if (const auto place = PlaceOf(view(), code)) {
    SetAt(*place, value);
    return *this;
  }
  return Add(code, value);
}

bool Field::Remove(char code) {
  const auto place = PlaceOf(view(), code);
  return place && RemoveAt(*place);
}

bool Field::RemoveAt(size_t place) {
  const Span span = SubfieldSpan(view(), place);
  if (span.start == span.end) return false;
  bytes_.erase(span.start, span.end - span.start);
  return true;
}

Field& Field::SetIndicators(char indicator1, char indicator2) {
  const size_t mark = bytes_.find(kSubfieldMark);
  const size_t old = mark == std::string::npos ? bytes_.size() : mark;
  bytes_.replace(0, old, {TextByte(indicator1), TextByte(indicator2)});
  return *this;
}

Field& Field::SetData(std::string_view data) {
  bytes_.clear();
  AppendText(data, &bytes_);
  return *this;
}

Field& Field::SetTag(Tag tag) {
  tag_ = tag;
  return *this;
}

}  // namespace thalweg::marc
