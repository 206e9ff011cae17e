#include "marc/repair.h"

#include <algorithm>
#include <string>
#include <utility>

#include "marc/parse.h"
#include "thalweg/marc/defect.h"

namespace thalweg::marc {
namespace {

using enum DefectCode;

// How far off an entry may be when the others are no guide.
constexpr size_t kDriftMax = 64;
// A directory is at most 99,999 bytes long: more pieces than this belong to no entry.
constexpr size_t kPiecesMax = 20000;

// What a directory entry says, and the piece of the data area that was found for it.
struct Entry {
  Tag tag;
  bool tag_valid = true;
  std::optional<DirectoryEntry> says;
  size_t place = 0;  // In the directory.
  int piece = -1;
};

// A piece of the data area, between two terminators.
struct Piece {
  size_t start;
  size_t end;  // Behind its text.
  bool claimed = false;
};

class Salvager {
 public:
  Salvager(std::string_view record, const Frame& frame, BatchBlock* block,
           std::vector<Defect>* defects)
      : record_(record), frame_(frame), block_(*block), defects_(*defects) {}

  std::optional<Salvage> Run();

 private:
  Defect& Tell(DefectCode code, size_t place) {
    Defect& defect = defects_.emplace_back();
    defect.code = code;
    defect.record_offset = static_cast<int64_t>(place);
    defect.bytes_near = BytesNear(record_, place);
    clean_ = clean_ && defect.info().severity == Severity::kWarning;
    return defect;
  }
  void TellAboutFrame();
  void CheckLeader();
  bool FindDirectory();
  void ReadDirectory();
  void CutData();
  void Match();
  void MatchLeftOvers();
  std::optional<size_t> NearestFree(size_t wanted) const;
  void TellAboutEntry(const Entry& entry);
  std::string_view TextOf(const Entry& entry, const Piece& piece);
  void TakeFields();

  std::string_view record_;
  const Frame& frame_;
  BatchBlock& block_;
  std::vector<Defect>& defects_;
  bool clean_ = true;
  const char* leader_ = nullptr;
  size_t base_ = 0;
  size_t data_end_ = 0;  // Behind the last field's terminator.
  std::vector<Entry> entries_;
  std::vector<Piece> pieces_;
  std::span<const FieldView> fields_;
};

void Salvager::TellAboutFrame() {
  const std::string found = "'" + std::string(record_.substr(0, 5)) + "'";
  if (frame_.length_wrong) {
    Defect& defect = Tell(kRecordLengthInvalid, 0);
    defect.found = found;
    defect.expected = std::to_string(record_.size());
  }
  if (frame_.oversize) Tell(kOversizeRecord, 0).found = std::to_string(record_.size()) + " bytes";
  if (frame_.no_terminator) Tell(kEndOfRecordNotFound, record_.size());
  if (frame_.truncated) {
    Defect& defect = Tell(kTruncatedRecord, record_.size());
    defect.found = std::to_string(record_.size()) + " bytes";
    defect.expected = found;
  }
}

// Bytes above 7F in a leader are damage; they become blanks.
void Salvager::CheckLeader() {
  const std::string_view leader = record_.substr(0, kLeaderSize);
  const auto bad = [](char c) { return static_cast<unsigned char>(c - ' ') > '~' - ' '; };
  leader_ = leader.data();
  const auto* first = std::find_if(leader.begin(), leader.end(), bad);
  if (first == leader.end()) return;
  Tell(kLeaderInvalid, static_cast<size_t>(first - leader.begin())).found = "a byte outside ASCII";
  std::string mended(leader);
  std::replace_if(mended.begin(), mended.end(), bad, ' ');
  leader_ = block_.texts.Copy(mended).data();
}

bool Salvager::FindDirectory() {
  const auto fits = [this](size_t base) {
    return base > kLeaderSize && base <= record_.size() && record_[base - 1] == kFieldEnd &&
           (base - kLeaderSize - 1) % kDirectoryEntrySize == 0;
  };
  const int said = FiveDigits(record_.data() + 12);
  const size_t first_end = record_.find(kFieldEnd, kLeaderSize);
  if (said >= 0 && fits(static_cast<size_t>(said))) {
    base_ = static_cast<size_t>(said);
    return true;
  }
  // The base address or the directory's terminator is damaged. What the entries say decides.
  if (said > static_cast<int>(kLeaderSize) && static_cast<size_t>(said) < record_.size() &&
      (first_end == std::string_view::npos || !fits(first_end + 1)) &&
      (static_cast<size_t>(said) - kLeaderSize - 1) % kDirectoryEntrySize == 0) {
    Tell(kDirectoryInvalid, static_cast<size_t>(said) - 1).expected = "a field terminator";
    base_ = static_cast<size_t>(said);
    return true;
  }
  const DefectCode code = said <= 0 ? kBaseAddressNotFound : kBaseAddressInvalid;
  Defect& defect = Tell(code, 12);
  defect.found = "'" + std::string(record_.substr(12, 5)) + "'";
  if (first_end == std::string_view::npos || first_end > 99999) return false;
  defect.expected = std::to_string(first_end + 1);
  base_ = first_end + 1;
  return true;
}

void Salvager::ReadDirectory() {
  const size_t end = base_ - 1;
  size_t at = kLeaderSize;
  for (; at + kDirectoryEntrySize <= end; at += kDirectoryEntrySize) {
    Entry entry;
    entry.tag = Tag::At(record_.data() + at);
    entry.tag_valid = IsTag(record_.data() + at);
    entry.says = ParseEntry(record_.data() + at);
    entry.place = at;
    entries_.push_back(entry);
  }
  if (at < end) {
    Tell(kDirectoryInvalid, at).found = std::to_string(end - at) + " bytes behind the last entry";
  }
}

void Salvager::CutData() {
  data_end_ = record_.size();
  // A terminator that is damaged takes its place all the same.
  const int said = FiveDigits(record_.data());
  const bool lost = frame_.no_terminator && said != static_cast<int>(record_.size());
  if (!frame_.truncated && !lost && data_end_ > base_) --data_end_;
  size_t at = base_;
  while (at < data_end_ && pieces_.size() < kPiecesMax) {
    const size_t end = record_.find(kFieldEnd, at);
    if (end == std::string_view::npos || end >= data_end_) {
      // The last terminator is missing. Of a truncated record nobody knows how much is.
      if (!frame_.truncated) pieces_.push_back({at, data_end_});
      break;
    }
    pieces_.push_back({at, end});
    at = end + 1;
  }
}

void Salvager::Match() {
  for (Entry& entry : entries_) {
    if (!entry.says || entry.says->length == 0) continue;
    const size_t start = base_ + entry.says->start;
    const auto piece = std::lower_bound(
        pieces_.begin(), pieces_.end(), start,
        [](const Piece& candidate, size_t wanted) { return candidate.start < wanted; });
    if (piece == pieces_.end() || piece->start != start) continue;
    const bool terminated = piece->end < data_end_;
    if (!terminated || piece->end + 1 - piece->start != entry.says->length) continue;
    entry.piece = static_cast<int>(piece - pieces_.begin());
    piece->claimed = true;
  }
  MatchLeftOvers();
}

// Entries that point nowhere get the pieces that nobody points to: in order when there are as many,
// otherwise the nearest.
void Salvager::MatchLeftOvers() {
  std::vector<size_t> lost;
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].piece < 0) lost.push_back(i);
  }
  std::vector<size_t> free;
  for (size_t i = 0; i < pieces_.size(); ++i) {
    if (!pieces_[i].claimed) free.push_back(i);
  }
  const auto claim = [this](size_t entry, size_t piece) {
    entries_[entry].piece = static_cast<int>(piece);
    pieces_[piece].claimed = true;
  };
  if (lost.size() == free.size()) {
    std::stable_sort(lost.begin(), lost.end(), [this](size_t a, size_t b) {
      const auto& first = entries_[a].says;
      const auto& second = entries_[b].says;
      return first && second && first->start < second->start;
    });
    for (size_t i = 0; i < lost.size(); ++i) claim(lost[i], free[i]);
    return;
  }
  for (const size_t entry : lost) {
    const auto& says = entries_[entry].says;
    if (!says) continue;
    if (const auto piece = NearestFree(base_ + says->start)) claim(entry, *piece);
  }
}

std::optional<size_t> Salvager::NearestFree(size_t wanted) const {
  const auto distance = [wanted](const Piece& piece) {
    return piece.start > wanted ? piece.start - wanted : wanted - piece.start;
  };
  const auto middle =
      std::lower_bound(pieces_.begin(), pieces_.end(), wanted,
                       [](const Piece& piece, size_t place) { return piece.start < place; });
  std::optional<size_t> best;
  const auto look = [&](auto piece) {
    if (distance(*piece) > kDriftMax) return false;
    const auto index = static_cast<size_t>(piece - pieces_.begin());
    if (!piece->claimed && (!best || distance(*piece) < distance(pieces_[*best]))) best = index;
    return true;
  };
  for (auto right = middle; right != pieces_.end() && look(right); ++right) continue;
  for (auto left = middle; left != pieces_.begin() && look(left - 1); --left) continue;
  return best;
}

void Salvager::TellAboutEntry(const Entry& entry) {
  const std::string text(record_.substr(entry.place, kDirectoryEntrySize));
  if (!entry.tag_valid) {
    Defect& defect = Tell(kDirectoryInvalid, entry.place);
    defect.found = "tag '" + text.substr(0, 3) + "'";
    defect.expected = "three digits or letters";
  }
  if (!entry.says) {
    Defect& defect = Tell(kDirectoryInvalid, entry.place);
    defect.tag = entry.tag;
    defect.found = "'" + text + "'";
    defect.expected = "nine digits behind the tag";
  } else if (entry.piece < 0) {
    const size_t end = base_ + entry.says->start + entry.says->length;
    const bool outside = end > data_end_;
    Defect& defect = Tell(outside ? kFieldOutOfBounds : kFieldLengthInvalid, entry.place);
    defect.tag = entry.tag;
    defect.found = "'" + text + "'";
  } else {
    const Piece& piece = pieces_[static_cast<size_t>(entry.piece)];
    const size_t length = piece.end + 1 - piece.start;
    if (piece.end >= data_end_) {
      Tell(kFieldNotTerminated, piece.end).tag = entry.tag;
    } else if (length != entry.says->length || piece.start != base_ + entry.says->start) {
      // Numbers too large for their digits are zeros, or have lost their first ones.
      const auto fits = [](size_t number, size_t actual, size_t limit) {
        return number == actual || number == 0 || number == actual % limit;
      };
      if (frame_.oversize && fits(entry.says->length, length, 10000) &&
          fits(entry.says->start, piece.start - base_, 100000)) {
        return;
      }
      Defect& defect = Tell(kFieldLengthInvalid, entry.place);
      defect.tag = entry.tag;
      defect.found = "'" + text + "'";
      defect.expected = std::to_string(length) + " bytes at " + std::to_string(piece.start - base_);
    }
  }
}

// A record terminator inside a field's text becomes a blank.
std::string_view Salvager::TextOf(const Entry& entry, const Piece& piece) {
  const std::string_view text = record_.substr(piece.start, piece.end - piece.start);
  const size_t place = text.find(kRecordEnd);
  if (place == std::string_view::npos) return text;
  Defect& defect = Tell(kInvalidField, piece.start + place);
  defect.tag = entry.tag;
  defect.found = "a record terminator in the text";
  std::string mended(text);
  std::replace(mended.begin(), mended.end(), kRecordEnd, ' ');
  return block_.texts.Copy(mended);
}

void Salvager::TakeFields() {
  FieldView* room = block_.fields.Room(entries_.size());
  size_t count = 0;
  for (const Entry& entry : entries_) {
    TellAboutEntry(entry);
    if (entry.piece < 0) continue;
    const Piece& piece = pieces_[static_cast<size_t>(entry.piece)];
    room[count++] = FieldView(entry.tag, TextOf(entry, piece));
  }
  fields_ = block_.fields.Keep(count);
  size_t unclaimed = 0;
  const Piece* first = nullptr;
  for (const Piece& piece : pieces_) {
    if (piece.claimed) continue;
    if (first == nullptr) first = &piece;
    unclaimed += piece.end - piece.start;
  }
  if (first != nullptr) {
    Tell(kUnclaimedData, first->start).found = std::to_string(unclaimed) + " bytes";
  }
}

std::optional<Salvage> Salvager::Run() {
  TellAboutFrame();
  if (record_.size() < kLeaderSize + 1) {
    if (!frame_.truncated) Tell(kLeaderInvalid, 0).found = "a record without a directory";
    return {};
  }
  CheckLeader();
  if (!FindDirectory()) return {};
  ReadDirectory();
  CutData();
  Match();
  TakeFields();
  if (fields_.empty()) {
    Tell(kNoFields, base_);
    return {};
  }
  return Salvage{.leader = leader_, .fields = fields_, .clean = clean_ && !frame_.oversize};
}

}  // namespace

std::string_view BytesNear(std::string_view record, size_t place) {
  const size_t start = std::min(place < 16 ? 0 : place - 16, record.size());
  return record.substr(start, 32);
}

std::optional<Salvage> SalvageRecord(std::string_view record, const Frame& frame, BatchBlock* block,
                                     std::vector<Defect>* defects) {
  return Salvager(record, frame, block, defects).Run();
}

}  // namespace thalweg::marc
