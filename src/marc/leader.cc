#include "thalweg/marc/leader.h"

#include <algorithm>
#include <cstring>

namespace thalweg::marc {

const char* NameOf(RecordKind kind) {
  switch (kind) {
    case RecordKind::kAuthority:
      return "authority";
    case RecordKind::kHoldings:
      return "holdings";
    case RecordKind::kClassification:
      return "classification";
    case RecordKind::kCommunity:
      return "community";
    case RecordKind::kBibliographic:
      break;
  }
  return "bibliographic";
}

RecordKind KindOfType(char type_of_record) {
  switch (type_of_record) {
    case 'z':
      return RecordKind::kAuthority;
    case 'u':
    case 'v':
    case 'x':
    case 'y':
      return RecordKind::kHoldings;
    case 'w':
      return RecordKind::kClassification;
    case 'q':
      return RecordKind::kCommunity;
    default:
      return RecordKind::kBibliographic;
  }
}

Leader::Leader(std::string_view text) {
  bytes_.fill(' ');
  std::copy_n(text.begin(), std::min(text.size(), bytes_.size()), bytes_.begin());
}

bool Leader::Replace(size_t place, std::string_view text) {
  if (place > bytes_.size() || text.size() > bytes_.size() - place) return false;
  std::copy(text.begin(), text.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(place));
  return true;
}

std::optional<int> Leader::Number(size_t place, size_t digits) const {
  int value = 0;
  for (size_t i = place; i < place + digits; ++i) {
    if (bytes_[i] < '0' || bytes_[i] > '9') return {};
    value = value * 10 + (bytes_[i] - '0');
  }
  return value;
}

void Leader::SetNumber(size_t place, int value) {
  for (size_t i = place + 5; i-- != place; value /= 10) {
    bytes_[i] = static_cast<char>('0' + value % 10);
  }
}

}  // namespace thalweg::marc
