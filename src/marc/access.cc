#include "thalweg/marc/access.h"

#include <algorithm>
#include <array>

namespace thalweg::marc {
namespace {

constexpr auto kSeries = std::to_array<Tag>({"440", "490", "800", "810", "811", "830"});
constexpr auto kSubjects =
    std::to_array<Tag>({"600", "610", "611", "630", "648", "650", "651", "653", "654", "655",
                        "656", "657", "658", "662", "690", "691", "696", "697", "698", "699"});
constexpr auto kAddedEntries =
    std::to_array<Tag>({"700", "710", "711", "720", "730", "740", "752", "753", "754", "790", "791",
                        "792", "793", "796", "797", "798", "799"});
constexpr auto kNotes = std::to_array<Tag>(
    {"500", "501", "502", "504", "505", "506", "507", "508", "510", "511", "513", "514",
     "515", "516", "518", "520", "521", "522", "524", "525", "526", "530", "533", "534",
     "535", "536", "538", "540", "541", "544", "545", "546", "547", "550", "552", "555",
     "556", "561", "562", "563", "565", "567", "580", "581", "583", "584", "585", "586",
     "590", "591", "592", "593", "594", "595", "596", "597", "598", "599"});

std::optional<std::string> Owned(std::optional<std::string_view> text) {
  if (!text) return {};
  return std::string(*text);
}

std::optional<std::string> FirstValue(const RecordView& record, Tag tag, char code) {
  const FieldView* const field = record.Find(tag);
  if (field == nullptr) return {};
  return Owned(field->Find(code));
}

// $a and, when both are there and not empty, $b.
std::optional<std::string> TitleOf(const RecordView& record, Tag tag) {
  const FieldView* const field = record.Find(tag);
  if (field == nullptr) return {};
  std::optional<std::string> title = Owned(field->Find('a'));
  const std::string_view rest = field->Find('b').value_or(std::string_view());
  if (title && !title->empty() && !rest.empty()) {
    *title += ' ';
    *title += rest;
  }
  return title;
}

std::optional<std::string> FirstFormatted(const RecordView& record,
                                          std::initializer_list<Tag> tags) {
  for (const Tag tag : tags) {
    if (const FieldView* field = record.Find(tag)) return field->FormattedText();
  }
  return {};
}

std::optional<std::string> FromImprint(const RecordView& record, char code) {
  for (const FieldView& field : record.fields()) {
    const bool imprint =
        field.tag() == Tag("260") || (field.tag() == Tag("264") && field.indicator2() == '1');
    if (imprint) return Owned(field.Find(code));
  }
  return {};
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<std::string> Title(const RecordView& record) { return TitleOf(record, "245"); }
std::optional<std::string> IssnTitle(const RecordView& record) { return TitleOf(record, "222"); }

std::optional<std::string> Author(const RecordView& record) {
  return FirstFormatted(record, {"100", "110", "111"});
}

std::optional<std::string> UniformTitle(const RecordView& record) {
  return FirstFormatted(record, {"130", "240"});
}

std::optional<std::string> Sudoc(const RecordView& record) {
  return FirstFormatted(record, {"086"});
}

std::optional<std::string> Isbn(const RecordView& record) {
  const FieldView* const field = record.Find("020");
  if (field == nullptr) return {};
  const std::string_view text = field->Find('a').value_or(std::string_view());
  const auto part = [](char c) { return IsDigit(c) || c == '-' || c == 'x' || c == 'X'; };
  const auto* first = std::find_if(text.begin(), text.end(), part);
  if (first == text.end()) return {};
  std::string number(first, std::find_if_not(first, text.end(), part));
  std::erase(number, '-');
  return number;
}

std::optional<std::string> Issn(const RecordView& record) { return FirstValue(record, "022", 'a'); }
std::optional<std::string> IssnL(const RecordView& record) {
  return FirstValue(record, "022", 'l');
}
std::optional<std::string> Publisher(const RecordView& record) { return FromImprint(record, 'b'); }
std::optional<std::string> PublicationYear(const RecordView& record) {
  return FromImprint(record, 'c');
}

std::vector<FieldView> Series(const RecordView& record) { return record.All(kSeries); }
std::vector<FieldView> Subjects(const RecordView& record) { return record.All(kSubjects); }
std::vector<FieldView> AddedEntries(const RecordView& record) { return record.All(kAddedEntries); }
std::vector<FieldView> Locations(const RecordView& record) { return record.All("852"); }
std::vector<FieldView> Notes(const RecordView& record) { return record.All(kNotes); }
std::vector<FieldView> PhysicalDescription(const RecordView& record) { return record.All("300"); }

bool IsBook(const RecordView& record) {
  const char type = record.leader_text()[6];
  const char level = record.leader_text()[7];
  return (type == 'a' || type == 't') && level != 's' && level != 'b' && level != 'i';
}

bool IsSerial(const RecordView& record) {
  const char level = record.leader_text()[7];
  return level == 's' || level == 'b';
}

bool IsMusic(const RecordView& record) {
  const char type = record.leader_text()[6];
  return type == 'c' || type == 'd' || type == 'j';
}

bool IsAudiovisual(const RecordView& record) {
  const char type = record.leader_text()[6];
  return type == 'g' || type == 'i' || type == 'j' || type == 'k';
}

std::optional<Linkage> LinkageOf(const FieldView& field) {
  const auto text = field.Find('6');
  if (!text || text->size() < 5 || (*text)[3] != '-' || !IsDigit((*text)[4])) return {};
  Linkage linkage;
  linkage.tag = Tag::At(text->data());
  size_t end = 4;
  while (end < text->size() && IsDigit((*text)[end])) ++end;
  linkage.occurrence = text->substr(4, end - 4);
  std::string_view rest = text->substr(end);
  // Empty parts are passed over: `//r` is written too. A lone `r` is the orientation.
  while (!rest.empty() && rest[0] == '/') {
    rest.remove_prefix(1);
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(part.size());
    if (part == "r") {
      linkage.right_to_left = true;
    } else if (!part.empty() && linkage.script.empty()) {
      linkage.script = part;
    }
  }
  return linkage;
}

namespace {

// The number, whatever its leading zeros.
std::string_view Number(std::string_view occurrence) {
  const size_t first = occurrence.find_first_not_of('0');
  return first == std::string_view::npos ? std::string_view() : occurrence.substr(first);
}

bool Partners(const Linkage& one, Tag other_tag, const Linkage& other) {
  return one.tag == other_tag && !Number(one.occurrence).empty() &&
         Number(one.occurrence) == Number(other.occurrence);
}

}  // namespace

std::vector<FieldView> LinkedFields(const RecordView& record, const FieldView& field) {
  std::vector<FieldView> found;
  const auto linkage = LinkageOf(field);
  if (!linkage) return found;
  for (const FieldView& other : record.fields()) {
    if (other.tag() != Tag("880")) continue;
    const auto back = LinkageOf(other);
    if (back && Partners(*back, field.tag(), *linkage)) found.push_back(other);
  }
  return found;
}

std::optional<FieldView> OriginalField(const RecordView& record, const FieldView& vernacular) {
  const auto linkage = LinkageOf(vernacular);
  if (!linkage) return {};
  for (const FieldView& field : record.fields()) {
    if (field.tag() != linkage->tag) continue;
    const auto there = LinkageOf(field);
    if (there && Partners(*linkage, field.tag(), *there)) return field;
  }
  return {};
}

std::vector<FieldPair> Pairs(const RecordView& record) {
  std::vector<FieldPair> pairs;
  for (const FieldView& field : record.fields()) {
    if (field.tag() == Tag("880")) continue;
    const auto linkage = LinkageOf(field);
    if (!linkage || linkage->tag != Tag("880")) continue;
    const std::vector<FieldView> linked = LinkedFields(record, field);
    FieldPair& pair = pairs.emplace_back(FieldPair{field, {}});
    if (!linked.empty()) pair.vernacular = linked.front();
  }
  return pairs;
}

}  // namespace thalweg::marc
