#include "marc/content.h"

#include <algorithm>
#include <string>

namespace thalweg::marc {
namespace {

bool IsIndicator(char c) { return c == ' ' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); }

bool IsCode(char c) { return c > ' ' && c < '\x7F'; }

Defect& Tell(DefectCode code, const RecordView& record, const FieldView& field,
             std::vector<Defect>* defects) {
  Defect& defect = defects->emplace_back();
  defect.code = code;
  defect.tag = field.tag();
  defect.bytes_near = field.bytes().substr(0, 32);
  const std::string_view raw = record.raw();
  if (record.clean() && !field.bytes().empty()) {
    defect.record_offset = field.bytes().data() - raw.data();
  }
  return defect;
}

void CheckIndicators(const RecordView& record, const FieldView& field,
                     std::vector<Defect>* defects) {
  const std::string_view bytes = field.bytes();
  const size_t mark = bytes.find(kSubfieldMark);
  const size_t count = mark == std::string_view::npos ? bytes.size() : mark;
  if (count != 2) {
    Defect& defect = Tell(DefectCode::kInvalidIndicator, record, field, defects);
    defect.found = std::to_string(count) + " indicators";
    defect.expected = "2";
    return;
  }
  for (int place = 1; place <= 2; ++place) {
    const char indicator = place == 1 ? field.indicator1() : field.indicator2();
    if (IsIndicator(indicator)) continue;
    Defect& defect = Tell(DefectCode::kInvalidIndicator, record, field, defects);
    defect.indicator = place;
    defect.found = std::string("'") + indicator + "'";
    defect.expected = "a blank, a digit or a lower-case letter";
  }
}

void CheckCodes(const RecordView& record, const FieldView& field, std::vector<Defect>* defects) {
  if (field.subfields().empty()) {
    Tell(DefectCode::kMissingSubfield, record, field, defects);
    return;
  }
  for (const Subfield& subfield : field.subfields()) {
    if (IsCode(subfield.code)) continue;
    Defect& defect = Tell(DefectCode::kBadSubfieldCode, record, field, defects);
    defect.subfield_code = subfield.code;
    defect.expected = "a graphic ASCII character";
  }
}

}  // namespace

void CheckContent(const RecordView& record, std::vector<Defect>* defects) {
  for (const FieldView& field : record.fields()) {
    if (field.is_control()) continue;
    CheckIndicators(record, field, defects);
    CheckCodes(record, field, defects);
  }
}

void CheckLostText(const RecordView& record, std::vector<Defect>* defects) {
  for (const FieldView& field : record.fields()) {
    const std::string_view bytes = field.bytes();
    if (bytes.size() < 3 || bytes[2] == kSubfieldMark || field.is_control()) [[likely]]
      continue;
    const size_t count = std::min(bytes.find(kSubfieldMark), bytes.size());
    if (count < 3) continue;
    Defect& defect = Tell(DefectCode::kTextBeforeSubfield, record, field, defects);
    defect.found = std::to_string(count - 2) + " bytes";
  }
}

}  // namespace thalweg::marc
