#include <algorithm>
#include <cstring>

#include "thalweg/marc/writer.h"

namespace thalweg::marc {
namespace {

constexpr size_t kRecordMax = 99999;
constexpr size_t kFieldMax = 9999;

void PutDigits(char* to, size_t digits, size_t value) {
  for (size_t i = digits; i-- != 0; value /= 10) to[i] = static_cast<char>('0' + value % 10);
}

// A number that has to fit; zeros when it does not.
void PutOrZero(char* to, size_t digits, size_t value, size_t value_max) {
  PutDigits(to, digits, value > value_max ? 0 : value);
}

void PutTag(char* to, Tag tag) {
  for (int i = 0; i < 3; ++i) {
    const char c = tag[i];
    to[i] = c >= kRecordEnd && c <= kSubfieldMark ? ' ' : c;
  }
}

size_t SizeOf(std::span<const FieldView> fields) {
  size_t size = kLeaderSize + 2;
  for (const FieldView& field : fields) size += kDirectoryEntrySize + field.bytes().size() + 1;
  return size;
}

// Fields are written as they are: the record says what it says, whatever its size.
void Append(std::string_view leader, std::span<const FieldView> fields, std::string* out) {
  const size_t size = SizeOf(fields);
  const size_t base = kLeaderSize + kDirectoryEntrySize * fields.size() + 1;
  const size_t start = out->size();
  out->resize(start + size);
  char* const record = out->data() + start;
  std::memcpy(record, leader.data(), kLeaderSize);
  std::memcpy(record + 10, "22", 2);
  std::memcpy(record + 20, "4500", 4);
  PutOrZero(record, 5, size, kRecordMax);
  PutOrZero(record + 12, 5, base, kRecordMax);
  char* entry = record + kLeaderSize;
  char* data = record + base;
  for (const FieldView& field : fields) {
    const std::string_view bytes = field.bytes();
    PutTag(entry, field.tag());
    PutOrZero(entry + 3, 4, bytes.size() + 1, kFieldMax);
    PutOrZero(entry + 7, 5, static_cast<size_t>(data - record) - base, kRecordMax);
    entry += kDirectoryEntrySize;
    if (!bytes.empty()) std::memcpy(data, bytes.data(), bytes.size());
    data += bytes.size();
    *data++ = kFieldEnd;
  }
  *entry = kFieldEnd;
  *data = kRecordEnd;
}

Defect TooLarge(const RecordView& record) {
  Defect defect;
  defect.code = DefectCode::kRecordTooLarge;
  defect.control_number = std::string(record.control_number());
  return defect;
}

// A field that no record can hold, because its length has four digits.
const FieldView* LongField(std::span<const FieldView> fields) {
  const auto found = std::find_if(fields.begin(), fields.end(), [](const FieldView& field) {
    return field.bytes().size() + 1 > kFieldMax;
  });
  return found == fields.end() ? nullptr : &*found;
}

Status LongFieldFailure(const RecordView& record, const FieldView& field) {
  Defect defect = TooLarge(record);
  defect.tag = field.tag();
  defect.found = "a field of " + std::to_string(field.bytes().size() + 1) + " bytes";
  defect.expected = "at most 9999";
  return defect.ToStatus();
}

// Several records with the same leader and control fields, each with as many of the other fields as
// it has room for.
Status AppendSplit(const RecordView& record, std::string* out) {
  std::vector<FieldView> part;
  for (const FieldView& field : record.fields()) {
    if (field.is_control()) part.push_back(field);
  }
  const size_t shared = part.size();
  const size_t shared_size = SizeOf(part);
  const size_t start = out->size();
  size_t size = shared_size;
  for (const FieldView& field : record.fields()) {
    if (field.is_control()) continue;
    const size_t more = kDirectoryEntrySize + field.bytes().size() + 1;
    if (size + more > kRecordMax && part.size() > shared) {
      Append(record.leader_text(), part, out);
      part.resize(shared);
      size = shared_size;
    }
    if (size + more > kRecordMax) {
      out->resize(start);
      Defect defect = TooLarge(record);
      defect.found = "control fields of " + std::to_string(shared_size) + " bytes";
      return defect.ToStatus();
    }
    part.push_back(field);
    size += more;
  }
  Append(record.leader_text(), part, out);
  return {};
}

}  // namespace

Status AppendIso2709(const RecordView& record, Oversize oversize, std::string* out) {
  if (record.clean()) {
    out->append(record.raw());
    return {};
  }
  const FieldView* const long_field = LongField(record.fields());
  const size_t size = SizeOf(record.fields());
  if ((long_field == nullptr && size <= kRecordMax) || oversize == Oversize::kZero) {
    Append(record.leader_text(), record.fields(), out);
    return {};
  }
  if (long_field != nullptr) return LongFieldFailure(record, *long_field);
  if (oversize == Oversize::kSplit) return AppendSplit(record, out);
  Defect defect = TooLarge(record);
  defect.found = std::to_string(size) + " bytes";
  defect.expected = "at most 99999; `split` and `zero` write larger ones";
  return defect.ToStatus();
}

}  // namespace thalweg::marc
