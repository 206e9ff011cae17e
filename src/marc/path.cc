#include "thalweg/marc/path.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "marc/path_program.h"
#include "marc/text_trim.h"

namespace thalweg::marc {
namespace {

// Both texts as numbers, where they are.
std::optional<std::pair<double, double>> Numbers(std::string_view a, std::string_view b) {
  const auto number = [](std::string_view text) -> std::optional<double> {
    text = Trimmed(text);
    double value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || stop != text.data() + text.size()) return {};
    return value;
  };
  const auto first = number(a);
  const auto second = first ? number(b) : std::nullopt;
  if (!second) return {};
  return std::pair(*first, *second);
}

int Order(std::string_view a, std::string_view b) {
  if (const auto numbers = Numbers(a, b)) {
    return numbers->first < numbers->second ? -1 : numbers->first > numbers->second ? 1 : 0;
  }
  return a.compare(b);
}

}  // namespace

bool Test::Holds(std::string_view text) const {
  switch (comparison) {
    case Comparison::kExists:
      return true;
    case Comparison::kEqual:
      return text == value;
    case Comparison::kStartsWith:
      return text.substr(0, value.size()) == value;
    case Comparison::kContains:
      return text.find(value) != std::string_view::npos;
    case Comparison::kMatches:
      return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *pattern);
    case Comparison::kLess:
      return Order(text, value) < 0;
    case Comparison::kLessOrEqual:
      return Order(text, value) <= 0;
    case Comparison::kGreater:
      return Order(text, value) > 0;
    case Comparison::kGreaterOrEqual:
      return Order(text, value) >= 0;
  }
  return false;
}

bool FieldFilter::Keeps(const FieldView& field) const {
  if (indicator != 0) {
    if (field.is_control()) return false;
    const char found = indicator == 1 ? field.indicator1() : field.indicator2();
    return allowed[static_cast<unsigned char>(found)];
  }
  for (const Subfield& subfield : field.subfields()) {
    if (subfield.code == code && test.Holds(subfield.value)) return !test.negated;
  }
  return test.negated;
}

std::string_view CharacterRange::Of(std::string_view text) const {
  const auto behind = [text](size_t from, size_t count) {
    while (count != 0 && from < text.size()) {
      ++from;
      // Bytes 80 to BF continue a character.
      while (from < text.size() && static_cast<signed char>(text[from]) < -0x40) ++from;
      --count;
    }
    return from;
  };
  const size_t start = behind(0, first);
  if (last == std::string_view::npos) return text.substr(start);
  return text.substr(start, behind(start, last - first + 1) - start);
}

std::string_view Path::Program::Joined(const FieldView& field, std::string* scratch) const {
  scratch->clear();
  bool any = codes.empty();
  bool first = true;
  for (const Subfield& subfield : field.subfields()) {
    if (!codes.empty() && codes.find(subfield.code) == std::string::npos) continue;
    if (!first) *scratch += ' ';
    any = true;
    first = false;
    *scratch += Trimmed(subfield.value);
  }
  return any ? std::string_view(*scratch) : std::string_view();
}

const FieldView* Path::Program::Nth(const RecordView& record) const {
  const std::span<const FieldView> fields = record.fields();
  int left = nth < 0 ? -nth : nth;
  for (size_t i = 0; i < fields.size(); ++i) {
    const FieldView& field = nth < 0 ? fields[fields.size() - 1 - i] : fields[i];
    if (Chooses(field) && --left == 0) return &field;
  }
  return nullptr;
}

Path::Path(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

Result<Path> Path::Compile(std::string_view text) {
  size_t at = 0;
  SkipBlanks(text, &at);
  THALWEG_ASSIGN_OR_RETURN(auto program, ParsePath(text, &at));
  SkipBlanks(text, &at);
  if (at != text.size()) return PathError(text, at, "the end of the path");
  return Path(std::move(program));
}

bool Path::is_list() const { return program_->list; }
const std::string& Path::text() const { return program_->text; }
const std::string& Path::codes() const { return program_->codes; }

void Path::ForEach(const RecordView& record, std::string* scratch,
                   const std::function<bool(std::string_view)>& take) const {
  program_->Values(record, scratch, take);
}

std::optional<std::string_view> Path::First(const RecordView& record, std::string* scratch) const {
  std::optional<std::string_view> first;
  program_->Values(record, scratch, [&first](std::string_view value) {
    first = value;
    return false;
  });
  return first;
}

std::vector<std::string> Path::Values(const RecordView& record) const {
  std::vector<std::string> values;
  std::string scratch;
  program_->Values(record, &scratch, [&values](std::string_view value) {
    values.emplace_back(value);
    return true;
  });
  return values;
}

bool Path::Matches(const RecordView& record) const {
  std::string scratch;
  return First(record, &scratch).has_value();
}

std::vector<size_t> Path::Fields(const RecordView& record) const {
  std::vector<size_t> places;
  const std::span<const FieldView> fields = record.fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!program_->leader && program_->Chooses(fields[i])) places.push_back(i);
  }
  if (program_->nth != 0) {
    const auto wanted = static_cast<size_t>(std::abs(program_->nth));
    if (wanted > places.size()) return {};
    return {program_->nth > 0 ? places[wanted - 1] : places[places.size() - wanted]};
  }
  return places;
}

Result<std::vector<PathColumn>> CompileColumns(std::string_view text) {
  std::vector<PathColumn> columns;
  size_t at = 0;
  while (true) {
    SkipBlanks(text, &at);
    const size_t start = at;
    THALWEG_ASSIGN_OR_RETURN(const auto program, ParsePath(text, &at));
    THALWEG_ASSIGN_OR_RETURN(Path path, Path::Compile(text.substr(start, at - start)));
    std::string name = program->text;
    if (name.ends_with("[]")) name.resize(name.size() - 2);
    SkipBlanks(text, &at);
    const std::string_view word = text.substr(at, 3);
    if (word.size() == 3 && (word[0] | 0x20) == 'a' && (word[1] | 0x20) == 's' && word[2] == ' ') {
      at += 3;
      SkipBlanks(text, &at);
      const bool quoted = at < text.size() && text[at] == '"';
      const size_t first = quoted ? ++at : at;
      const size_t end = quoted ? text.find('"', first) : text.find_first_of(", \t\n", first);
      if (quoted && end == std::string_view::npos) return PathError(text, first, "a quote");
      name = text.substr(first, end == std::string_view::npos ? end : end - first);
      at = end == std::string_view::npos ? text.size() : end + (quoted ? 1 : 0);
      if (name.empty()) return PathError(text, at, "a name");
      SkipBlanks(text, &at);
    }
    columns.push_back({std::move(path), std::move(name)});
    if (at == text.size()) return columns;
    if (text[at] != ',') return PathError(text, at, "a comma or the end");
    ++at;
  }
}

}  // namespace thalweg::marc
