#include "thalweg/marc/defect.h"

#include <array>
#include <cstddef>

#include "base/json_writer.h"

namespace thalweg::marc {
namespace {

using enum DefectCode;
constexpr Severity kW = Severity::kWarning;
constexpr Severity kE = Severity::kError;

// In the order of the enumeration.
constexpr auto kDefects = std::to_array<DefectInfo>({
    {kRecordLengthInvalid, kE, "E001", "record_length_invalid",
     "The leader's record length is not a number, or not the record's length."},
    {kLeaderInvalid, kE, "E002", "leader_invalid",
     "The 24 bytes at the head of the record are not a leader."},
    {kBaseAddressInvalid, kE, "E003", "base_address_invalid",
     "The leader's base address is not the place behind the directory."},
    {kBaseAddressNotFound, kE, "E004", "base_address_not_found",
     "The leader holds no base address."},
    {kTruncatedRecord, kE, "E005", "truncated_record", "The input ends inside the record."},
    {kEndOfRecordNotFound, kE, "E006", "end_of_record_not_found",
     "The record does not end with a record terminator (1D)."},
    {kIoError, kE, "E007", "io_error", "The input could not be read further."},
    {kJunkBetweenRecords, kE, "E008", "junk_between_records",
     "Bytes between two records belong to neither."},
    {kRecordTooLong, kE, "E009", "record_too_long",
     "The record is longer than the reader was told to accept."},
    {kFatalReaderError, kE, "E099", "fatal_reader_error", "There were more defects than allowed."},
    {kDirectoryInvalid, kE, "E101", "directory_invalid",
     "The directory is not a row of 12-byte entries that ends with a field terminator."},
    {kFieldNotTerminated, kE, "E102", "field_not_terminated",
     "A field does not end with a field terminator (1E)."},
    {kFieldOutOfBounds, kE, "E103", "field_out_of_bounds",
     "A directory entry points behind the end of the record."},
    {kNoFields, kE, "E104", "no_fields", "The record has no fields."},
    {kFieldNotFound, kE, "E105", "field_not_found", "The record has no such field."},
    {kInvalidField, kE, "E106", "invalid_field", "The field's content cannot stand in a record."},
    {kFieldLengthInvalid, kE, "E107", "field_length_invalid",
     "A directory entry's length or start is not where the field's terminators are."},
    {kUnclaimedData, kW, "W006", "unclaimed_data",
     "The record holds data that no directory entry points to."},
    {kTextBeforeSubfield, kW, "W007", "text_before_subfield",
     "A data field has text between its indicators and its first subfield."},
    {kInvalidIndicator, kE, "E201", "invalid_indicator",
     "An indicator is missing, surplus, or neither a lower-case letter, a digit nor a blank."},
    {kBadSubfieldCode, kE, "E202", "bad_subfield_code",
     "A subfield code is not a graphic ASCII character."},
    {kMissingSubfield, kE, "E203", "missing_subfield", "A data field has no subfields."},
    {kUtf8Invalid, kE, "E301", "utf8_invalid", "Text that should be UTF-8 is not."},
    {kMarc8Invalid, kE, "E302", "marc8_invalid",
     "Text that should be MARC-8 has codes without a "
     "character."},
    {kEncodingUnsupported, kE, "E303", "encoding_unsupported",
     "The record's character set is not known, or not the one that was asked for."},
    {kMarcxmlInvalid, kE, "E401", "marcxml_invalid", "The text is not MARCXML."},
    {kMarcjsonInvalid, kE, "E402", "marcjson_invalid", "The text is not a MARC record in JSON."},
    {kMrkInvalid, kE, "E403", "mrk_invalid", "The text is not a MARCMaker record."},
    {kRecordTooLarge, kE, "E404", "record_too_large_for_iso2709",
     "A record over 99,999 bytes or a field over 9,999 cannot be written."},
    {kTextFormatInvalid, kE, "E405", "text_format_invalid",
     "The text does not follow the format it is read as."},
    {kBadSubfieldCodeWarning, kW, "W001", "bad_subfield_code_warning",
     "A subfield code was no ASCII character and was replaced by the nearest one."},
    {kBlankBetweenRecords, kW, "W002", "blank_between_records",
     "White space or zero bytes stand between two records."},
    {kOversizeRecord, kW, "W003", "oversize_record",
     "The record is longer than its leader can say, and was read by its terminators."},
    {kLyingLeader, kW, "W004", "lying_leader",
     "The leader declares another character set than the text has."},
    {kUnimarc, kW, "W005", "unimarc", "The record follows UNIMARC, whose text is not MARC-8."},
});

void AppendPlace(const Defect& defect, std::string* out) {
  if (!defect.source.empty()) *out += " '" + defect.source + "'";
  if (defect.record_index >= 0) *out += " record " + std::to_string(defect.record_index);
  if (!defect.control_number.empty()) *out += " (001 '" + defect.control_number + "')";
  if (defect.tag.packed() != 0) *out += " field " + defect.tag.ToString();
  if (defect.indicator != 0) *out += " indicator " + std::to_string(defect.indicator);
  if (defect.subfield_code != 0) *out += std::string(" subfield $") + defect.subfield_code;
  if (defect.byte_offset >= 0) *out += " at byte " + std::to_string(defect.byte_offset);
}

}  // namespace

std::span<const DefectInfo> AllDefects() { return kDefects; }

const DefectInfo& InfoOf(DefectCode code) {
  const auto place = static_cast<size_t>(code);
  return place < kDefects.size() ? kDefects[place] : InfoOf(kFatalReaderError);
}

std::string Defect::ToString() const {
  std::string out = std::string(info().id) + " " + info().slug;
  std::string place;
  AppendPlace(*this, &place);
  if (!place.empty()) out += ":" + place;
  if (!found.empty()) out += ": found " + found;
  if (!expected.empty()) out += (found.empty() ? ": expected " : ", expected ") + expected;
  return out;
}

std::string Defect::ToJson() const {
  JsonWriter json;
  json.BeginObject();
  json.Key("code").String(info().id).Key("slug").String(info().slug);
  json.Key("severity").String(info().severity == kW ? "warning" : "error");
  json.Key("repaired").Bool(repaired);
  const auto number = [&json](std::string_view key, int64_t value) {
    json.Key(key);
    value < 0 ? json.Null() : json.Int(value);
  };
  const auto text = [&json](std::string_view key, std::string_view value) {
    json.Key(key);
    value.empty() ? json.Null() : json.String(value);
  };
  number("record_index", record_index);
  number("byte_offset", byte_offset);
  number("record_byte_offset", record_offset);
  text("source", source);
  text("001", control_number);
  text("field_tag", tag.packed() == 0 ? "" : tag.ToString());
  number("indicator_position", indicator == 0 ? -1 : indicator);
  text("subfield_code", subfield_code == 0 ? "" : std::string(1, subfield_code));
  text("found", found);
  text("expected", expected);
  text("bytes_near", HexDump(bytes_near));
  text("message", ToString());
  text("help_url", HelpUrl());
  json.EndObject();
  return std::move(json).Take();
}

std::string Defect::HelpUrl() const {
  std::string anchor(info().id);
  anchor[0] = static_cast<char>(anchor[0] - 'A' + 'a');
  return "docs/marc/errors.md#" + anchor;
}

Status Defect::ToStatus() const {
  switch (code) {
    case kIoError:
      return Status::IoError(ToString());
    case kRecordTooLong:
    case kFatalReaderError:
      return Status::ResourceExhausted(ToString());
    case kFieldNotFound:
      return Status::NotFound(ToString());
    case kRecordTooLarge:
    case kInvalidField:
      return Status::InvalidArgument(ToString());
    case kEncodingUnsupported:
      return Status::Unsupported(ToString());
    default:
      return Status::Corruption(ToString());
  }
}

std::string HexDump(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  constexpr size_t kPerLine = 16;
  std::string out;
  for (size_t start = 0; start < bytes.size(); start += kPerLine) {
    const std::string_view line = bytes.substr(start, kPerLine);
    if (start != 0) out += '\n';
    for (size_t i = 0; i < kPerLine; ++i) {
      if (i < line.size()) {
        const auto byte = static_cast<unsigned char>(line[i]);
        out += {kDigits[byte >> 4], kDigits[byte & 15], ' '};
      } else {
        out += "   ";
      }
    }
    out += ' ';
    for (const char c : line) out += c >= ' ' && c < '\x7F' ? c : '.';
  }
  return out;
}

}  // namespace thalweg::marc
