#include "marc/cursor.h"

#include <algorithm>

namespace thalweg::marc {

size_t TextBound::Of(const RecordView& record) const {
  constexpr size_t kGrowth = 6;
  constexpr size_t kSmall = size_t{32} << 10;
  size_t bytes = 0;
  for (const FieldView& field : record.fields()) bytes += field.bytes().size();
  // A subfield takes two bytes at least. Counting is for records where that bound would be large.
  size_t subfields = bytes / 2;
  if (bytes > kSmall) {
    subfields = 0;
    for (const FieldView& field : record.fields()) {
      const std::string_view text = field.bytes();
      subfields += static_cast<size_t>(std::count(text.begin(), text.end(), kSubfieldMark));
    }
  }
  return per_record + bytes * kGrowth + record.fields().size() * per_field +
         subfields * per_subfield;
}

}  // namespace thalweg::marc
