#include "thalweg/marc/kinds.h"

#include <string_view>

#include "thalweg/marc/query.h"

namespace thalweg::marc {
namespace {

std::optional<char> PlaceOf008(const RecordView& record, RecordKind kind, size_t place) {
  if (record.kind() != kind) return {};
  const FieldView* field = record.Find("008");
  if (field == nullptr || field->data().size() <= place) return {};
  return field->data()[place];
}

std::vector<FieldView> Between(const RecordView& record, Tag first, Tag last) {
  return FieldQuery().WithTagRange(first, last).Find(record);
}

bool IsOneOf(std::optional<char> value, std::string_view values) {
  return value && values.find(*value) != std::string_view::npos;
}

}  // namespace

std::optional<std::string> HeadingText(const RecordView& record) {
  const auto heading = AuthorityHeading(record);
  if (!heading) return {};
  std::string text;
  for (const Subfield& subfield : heading->subfields()) {
    if (IsOneOf(subfield.code, "012345678iw")) continue;
    if (!text.empty()) text += IsOneOf(subfield.code, "vxyz") ? "--" : " ";
    text += subfield.value;
  }
  return text;
}

std::vector<FieldView> AuthorityNotes(const RecordView& record) {
  return Between(record, "663", "688");
}
std::vector<FieldView> HeadingLinks(const RecordView& record) {
  return Between(record, "700", "799");
}
std::optional<char> AuthorityKind(const RecordView& record) {
  return PlaceOf008(record, RecordKind::kAuthority, 9);
}
std::optional<char> EstablishmentLevel(const RecordView& record) {
  return PlaceOf008(record, RecordKind::kAuthority, 33);
}
bool IsEstablished(const RecordView& record) { return IsOneOf(AuthorityKind(record), "af"); }
bool IsReference(const RecordView& record) { return IsOneOf(AuthorityKind(record), "bcg"); }

std::vector<FieldView> HoldingsCaptions(const RecordView& record) {
  return Between(record, "853", "855");
}
std::vector<FieldView> HoldingsEnumeration(const RecordView& record) {
  return Between(record, "863", "865");
}
std::vector<FieldView> HoldingsItems(const RecordView& record) {
  return Between(record, "876", "878");
}
std::optional<char> HoldingsType(const RecordView& record) {
  if (record.kind() != RecordKind::kHoldings) return {};
  return record.leader_text()[6];
}
std::optional<char> AcquisitionStatus(const RecordView& record) {
  return PlaceOf008(record, RecordKind::kHoldings, 6);
}
std::optional<char> AcquisitionMethod(const RecordView& record) {
  return PlaceOf008(record, RecordKind::kHoldings, 7);
}
std::optional<char> Completeness(const RecordView& record) {
  return PlaceOf008(record, RecordKind::kHoldings, 16);
}
bool IsSerialHoldings(const RecordView& record) { return HoldingsType(record) == 'y'; }
bool IsMultipartHoldings(const RecordView& record) { return HoldingsType(record) == 'v'; }

}  // namespace thalweg::marc
