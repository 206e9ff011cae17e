#include "marc/frame.h"

#include <algorithm>
#include <cstring>

#include "thalweg/marc/field.h"

namespace thalweg::marc {
namespace {

constexpr size_t kBlanksMax = size_t{64} << 10;  // More are not gathered into one frame.
constexpr size_t kJunkMax = size_t{64} << 10;
constexpr size_t kShortest = kLeaderSize + 2;  // Leader and two terminators.

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsTagByte(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// A directory entry, with at most one byte wrong.
bool MayBeEntry(const char* entry) {
  int wrong = 0;
  for (size_t i = 0; i < 3; ++i) wrong += IsTagByte(entry[i]) ? 0 : 1;
  for (size_t i = 3; i < kDirectoryEntrySize; ++i) wrong += IsDigit(entry[i]) ? 0 : 1;
  return wrong <= 1;
}

}  // namespace

bool IsBlank(char c) {
  return c == '\n' || c == '\r' || c == ' ' || c == '\t' || c == '\0' || c == '\x1A';
}

bool MayBeRecord(std::string_view bytes) {
  if (bytes.size() < kPlausibleBytes) return false;
  // A directory is full of digits, a leader has letters behind its length.
  if (IsDigit(bytes[5]) && IsDigit(bytes[6]) && IsDigit(bytes[7])) return false;
  const bool counts = bytes[10] == '2' && bytes[11] == '2';
  const bool entry_map = bytes.substr(20, 3) == "450";
  if (!counts && !entry_map) return false;
  int points = (counts ? 1 : 0) + (entry_map ? 1 : 0);
  points += FiveDigits(bytes.data()) >= 0 ? 1 : 0;
  points += FiveDigits(bytes.data() + 12) >= static_cast<int>(kLeaderSize) ? 1 : 0;
  const bool entry = MayBeEntry(bytes.data() + kLeaderSize) || bytes[kLeaderSize] == kFieldEnd;
  points += entry ? 1 : 0;
  // Marks stand in no leader: with one, all else has to be right.
  const bool damaged = std::any_of(bytes.begin(), bytes.begin() + kLeaderSize,
                                   [](char c) { return c >= kRecordEnd && c <= kSubfieldMark; });
  return points >= (damaged ? 4 : 3);
}

void Framer::Drop(size_t count) {
  searched_ = searched_ > count ? searched_ - count : 0;
  known_ = known_ && terminator_ >= count;
  terminator_ = known_ ? terminator_ - count : 0;
}

std::optional<size_t> Framer::Terminator(std::string_view data, size_t at) {
  if (known_ && terminator_ >= at) {
    // The data may be shorter than they were when it was found.
    return terminator_ < data.size() ? std::optional<size_t>(terminator_) : std::nullopt;
  }
  // What was searched without finding any reaches from the last terminator to `searched_`.
  const size_t from = known_ ? at : std::max(at, searched_);
  known_ = false;
  const void* found = from < data.size()
                          ? std::memchr(data.data() + from, kRecordEnd, data.size() - from)
                          : nullptr;
  if (found == nullptr) {
    searched_ = std::max(searched_, data.size());
    return {};
  }
  known_ = true;
  terminator_ = static_cast<size_t>(static_cast<const char*>(found) - data.data());
  searched_ = terminator_;
  return terminator_;
}

std::optional<Frame> Framer::Next(std::string_view data, size_t at, bool end_of_input) {
  const size_t left = data.size() - at;
  if (left < kPlausibleBytes && !end_of_input) return {};
  // A leader may start with blanks in place of its length.
  if (IsBlank(data[at]) && !MayBeRecord(data.substr(at))) return Blank(data, at, end_of_input);
  std::optional<size_t> end = Terminator(data, at);
  const int length = left >= 5 ? FiveDigits(data.data() + at) : -1;
  // One farther off counts as none, so that it does not matter how much of the data is there.
  if (end && *end - at >= record_bytes_max_) end.reset();
  if (length >= static_cast<int>(kShortest) && end && *end == at + static_cast<size_t>(length) - 1)
      [[likely]] {
    return Frame{.offset = at, .length = static_cast<size_t>(length)};
  }
  if (end && *end - at < kLeaderSize) end = BehindLeader(data, at, *end);
  if (!end && !end_of_input && left <= record_bytes_max_) return {};
  const size_t said = length < 0 ? 0 : static_cast<size_t>(length);
  if (left >= kPlausibleBytes && !MayBeRecord(data.substr(at))) {
    return Junk(data, at, end, end_of_input);
  }
  if (end) return ByTerminator(data, at, said, *end, end_of_input);
  if (end_of_input || left > record_bytes_max_) {
    return WithoutTerminator(data, at, said, end_of_input);
  }
  return {};
}

// A damaged byte of the leader may look like the terminator: then the next one counts.
std::optional<size_t> Framer::BehindLeader(std::string_view data, size_t at, size_t end) {
  if (!MayBeRecord(data.substr(at))) return end;
  const size_t from = at + kLeaderSize;
  const size_t found =
      data.substr(0, std::min(data.size(), at + record_bytes_max_)).find(kRecordEnd, from);
  return found == std::string_view::npos ? std::optional<size_t>() : found;
}

std::optional<Frame> Framer::Blank(std::string_view data, size_t at, bool end_of_input) const {
  const size_t most = at + kBlanksMax;
  size_t end = at;
  while (end < data.size() && end < most && IsBlank(data[end])) ++end;
  // The length of a damaged leader may begin with a blank: the blanks end before it.
  if (end == most) end -= 5;
  if (data.size() - end < kPlausibleBytes && !end_of_input) return {};
  for (size_t start = end - at > 5 ? end - 5 : at + 1; start < end; ++start) {
    if (MayBeRecord(data.substr(start)) && !MayBeRecord(data.substr(end))) {
      end = start;
      break;
    }
  }
  return Frame{.offset = at, .length = end - at, .kind = FrameKind::kBlank};
}

std::optional<Frame> Framer::ByTerminator(std::string_view data, size_t at, size_t length,
                                          size_t end, bool end_of_input) const {
  const size_t to_end = end + 1 - at;
  if (length > record_bytes_max_) length = 0;
  if (length > to_end && data.size() - at >= length && data[at + length - 1] == kRecordEnd) {
    // The length leads to another terminator: either this one stands in the text, or the length is
    // wrong and another record starts here.
    if (data.size() - end - 1 < kPlausibleBytes && !end_of_input) return {};
    if (!MayBeRecord(data.substr(end + 1))) return Frame{.offset = at, .length = length};
  } else if (length > to_end && data.size() - at < length && !end_of_input) {
    return std::nullopt;
  }
  if (length >= kShortest && length <= to_end) {
    // The terminator of this record may be lost, and the one found be that of the next.
    if (data.size() - at - length < kPlausibleBytes && !end_of_input) return {};
    for (const size_t next : {at + length, at + length - 1}) {
      if (MayBeRecord(data.substr(next)) && next > at + kShortest) {
        return Frame{.offset = at, .length = next - at, .no_terminator = true};
      }
    }
  }
  Frame frame{.offset = at, .length = to_end, .length_wrong = true};
  const bool says_so = length == 0 || length == 99999 || length == to_end % 100000;
  if (to_end > 99999 && says_so) {
    frame.length_wrong = false;
    frame.oversize = true;
  }
  return frame;
}

std::optional<Frame> Framer::WithoutTerminator(std::string_view data, size_t at, size_t length,
                                               bool end_of_input) const {
  const size_t left = data.size() - at;
  if (length > record_bytes_max_) length = 0;
  if (left < length + kPlausibleBytes && !end_of_input) return {};
  if (length >= kShortest && length < left) {
    for (const size_t next : {at + length, at + length - 1}) {
      if (MayBeRecord(data.substr(next))) {
        return Frame{.offset = at, .length = next - at, .no_terminator = true};
      }
    }
  }
  if (end_of_input && left <= record_bytes_max_) {
    const bool whole = length == left || length == left + 1;
    return Frame{.offset = at, .length = left, .no_terminator = whole, .truncated = !whole};
  }
  return Frame{.offset = at, .length = std::min(left, record_bytes_max_), .too_long = true};
}

// Where a record shows itself in `data` between `from` and `to`: by its length, or directly behind
// a terminator. `to` when nowhere.
size_t Framer::RecordIn(std::string_view data, size_t from, size_t to) {
  for (size_t start = from; start < to && start + kPlausibleBytes <= data.size(); ++start) {
    const bool may_start = (IsDigit(data[start]) && FiveDigits(data.data() + start) >= 0) ||
                           data[start - 1] == kRecordEnd;
    if (may_start && MayBeRecord(data.substr(start))) return start;
  }
  return to;
}

std::optional<Frame> Framer::Junk(std::string_view data, size_t at, std::optional<size_t> end,
                                  bool end_of_input) const {
  size_t stop = std::min(end ? *end + 1 : data.size(), at + record_bytes_max_);
  if (stop + kPlausibleBytes > data.size() && !end_of_input) return {};
  const size_t record = RecordIn(data, at + 1, stop);
  if (record != stop) {
    return Frame{.offset = at, .length = record - at, .kind = FrameKind::kJunk};
  }
  if (end && stop - at >= kShortest) {
    return Frame{.offset = at, .length = stop - at, .kind = FrameKind::kDamaged};
  }
  // Short pieces between terminators are one piece of junk.
  while (end && stop - at < kJunkMax) {
    if (stop + kPlausibleBytes > data.size() && !end_of_input) return {};
    const size_t next =
        data.substr(0, std::min(data.size(), stop + kShortest)).find(kRecordEnd, stop);
    if (next == std::string_view::npos || MayBeRecord(data.substr(stop))) break;
    if (next + 1 + kPlausibleBytes > data.size() && !end_of_input) return {};
    const size_t inside = RecordIn(data, stop, next + 1);
    stop = inside;
    if (inside != next + 1) break;
  }
  return Frame{.offset = at, .length = stop - at, .kind = FrameKind::kJunk};
}

}  // namespace thalweg::marc
