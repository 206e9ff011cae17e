#include "marc/parse.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "marc/content.h"
#include "marc/decode.h"
#include "marc/repair.h"
#include "marc/scan.h"

namespace thalweg::marc {
namespace {

constexpr auto kTagBytes = [] {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<size_t>(c)] = true;
  return table;
}();

bool IsTagByte(char c) { return kTagBytes[static_cast<unsigned char>(c)]; }

}  // namespace

bool IsTag(const char* text) {
  return IsTagByte(text[0]) & IsTagByte(text[1]) & IsTagByte(text[2]);
}

std::optional<DirectoryEntry> ParseEntry(const char* entry) {
  // Eight digits at once: each step joins neighbours.
  uint64_t digits;
  std::memcpy(&digits, entry + 3, 8);
  const uint64_t above = digits + 0x4646464646464646;
  const uint64_t below = digits - 0x3030303030303030;
  const auto last = static_cast<unsigned>(entry[11] - '0');
  if (((above | below) & 0x8080808080808080) != 0 || last > 9) [[unlikely]]
    return {};
  digits = (digits & 0x0F0F0F0F0F0F0F0F) * 2561 >> 8;
  digits = (digits & 0x00FF00FF00FF00FF) * 6553601 >> 16;
  return DirectoryEntry{static_cast<uint32_t>(digits & 0xFFFF),
                        static_cast<uint32_t>(digits >> 32 & 0xFFFF) * 10 + last};
}

std::optional<CleanFields> ParseClean(std::string_view record, FieldArena* arena) {
  if (record.size() < kLeaderSize + kDirectoryEntrySize + 3) return {};
  const char* const bytes = record.data();
  const int said = FiveDigits(bytes + 12);
  const size_t base = said < 0 ? 0 : static_cast<size_t>(said);
  const size_t end = record.size() - 1;
  if (base <= kLeaderSize + 1 || base >= end || bytes[base - 1] != kFieldEnd ||
      bytes[end] != kRecordEnd || (base - kLeaderSize - 1) % kDirectoryEntrySize != 0) {
    return {};
  }
  const size_t count = (base - kLeaderSize - 1) / kDirectoryEntrySize;
  FieldView* const room = arena->Room(count);
  size_t at = base;
  const char* entry = bytes + kLeaderSize;
  for (size_t i = 0; i < count; ++i, entry += kDirectoryEntrySize) {
    const auto says = ParseEntry(entry);
    if (!says || says->length == 0 || base + says->start != at || at + says->length > end ||
        bytes[at + says->length - 1] != kFieldEnd || !IsTag(entry)) [[unlikely]] {
      return {};
    }
    room[i] = FieldView(Tag::At(entry), std::string_view(bytes + at, says->length - 1));
    at += says->length;
  }
  const Scan scan = ScanMarks(record);
  if (at != end || scan.field_ends != count + 1 || scan.record_ends != 1) return {};
  if (!scan.ascii) {
    for (size_t i = 0; i < kLeaderSize; ++i) {
      if (static_cast<unsigned char>(bytes[i]) >= 0x80) return {};
    }
  }
  return CleanFields{arena->Keep(count), scan.ascii, scan.odd_code};
}

// A record on its way into the batch.
struct RecordParser::Candidate {
  RecordView view;
  std::string_view bytes;
  int64_t offset = 0;
  bool ascii = true;
  bool odd_code = false;
};

RecordParser::RecordParser(const ReaderOptions& options) : options_(options) {}

bool RecordParser::Add(const Frame& frame, std::string_view data, int64_t data_offset,
                       BatchBlock* block) {
  const std::string_view bytes = data.substr(frame.offset, frame.length);
  const int64_t offset = data_offset + static_cast<int64_t>(frame.offset);
  if (frame.kind == FrameKind::kRecord) [[likely]]
    return AddRecord(frame, bytes, offset, block);
  return AddGap(frame, bytes, offset, block);
}

bool RecordParser::AddRecord(const Frame& frame, std::string_view bytes, int64_t offset,
                             BatchBlock* block) {
  Candidate candidate{.view = {}, .bytes = bytes, .offset = offset};
  found_.clear();
  const bool usual = !frame.length_wrong && !frame.oversize && !frame.no_terminator &&
                     !frame.truncated && !frame.too_long;
  if (usual) [[likely]] {
    if (const auto clean = ParseClean(bytes, &block->fields)) [[likely]] {
      candidate.view = RecordView(bytes.data(), clean->fields, bytes, true);
      candidate.ascii = clean->ascii;
      candidate.odd_code = clean->odd_code;
      return Keep(&candidate, block);
    }
  }
  if (frame.too_long) {
    Defect& defect = found_.emplace_back();
    defect.code = DefectCode::kRecordTooLong;
    defect.found = "more than " + std::to_string(options_.record_bytes_max) + " bytes";
  } else if (const auto salvage = SalvageRecord(bytes, frame, block, &found_)) {
    const Scan scan = ScanMarks(bytes);
    candidate.ascii = scan.ascii;
    candidate.odd_code = scan.odd_code;
    candidate.view = RecordView(salvage->leader, salvage->fields, bytes, salvage->clean);
    return Keep(&candidate, block);
  }
  candidate.view = RecordView();
  return Finish(&candidate, block);
}

// Looks at the text, now that the structure is known.
bool RecordParser::Keep(Candidate* candidate, BatchBlock* block) {
  if (options_.validation == Validation::kStructure) {
    CheckContent(candidate->view, &found_);
  } else if (options_.validation == Validation::kLostText) {
    CheckLostText(candidate->view, &found_);
  }
  if (options_.to_unicode) {
    const TextState state{candidate->ascii, candidate->odd_code};
    if (NeedsDecoding(candidate->view, state, options_.text)) {
      const bool lenient = options_.recovery == Recovery::kLenient;
      candidate->view = DecodeText(candidate->view, state, options_.text, lenient, block, &found_);
    }
  }
  return Finish(candidate, block);
}

bool RecordParser::Finish(Candidate* candidate, BatchBlock* block) {
  const bool there = !candidate->view.fields().empty();
  std::optional<size_t> fatal;
  if (!found_.empty()) [[unlikely]] {
    const size_t first = block->defects.size();
    for (Defect& defect : found_) {
      const bool error = defect.info().severity == Severity::kError && !defect.repaired;
      if (error && !fatal && (!there || options_.recovery != Recovery::kLenient)) {
        fatal = block->defects.size();
      }
      defect.record_index = next_index;
      defect.source = options_.source;
      if (defect.record_offset >= 0) defect.byte_offset = candidate->offset + defect.record_offset;
      if (defect.byte_offset < 0) defect.byte_offset = candidate->offset;
      defect.control_number = std::string(candidate->view.control_number());
      block->defects.push_back(std::move(defect));
    }
    if (!there) fatal = block->defects.size() - 1;
    for (size_t i = first; i < block->defects.size(); ++i) block->defects[i].repaired = !fatal;
  }
  ++next_index;
  if (fatal) {
    Drop(*candidate, *fatal, true, block);
    return options_.recovery != Recovery::kStrict;
  }
  block->records.push_back(candidate->view);
  block->offsets.push_back(candidate->offset);
  block->chunks.push_back(candidate->bytes);
  return true;
}

bool RecordParser::AddGap(const Frame& frame, std::string_view bytes, int64_t offset,
                          BatchBlock* block) {
  Defect& defect = block->defects.emplace_back();
  const bool blank = frame.kind == FrameKind::kBlank;
  const bool is_record = IsRecord(frame.kind);
  defect.code = blank       ? DefectCode::kBlankBetweenRecords
                : is_record ? DefectCode::kLeaderInvalid
                            : DefectCode::kJunkBetweenRecords;
  defect.record_index = next_index;
  defect.byte_offset = offset;
  defect.record_offset = 0;
  defect.source = options_.source;
  defect.found = std::to_string(bytes.size()) + " bytes";
  defect.bytes_near = bytes.substr(0, 32);
  if (is_record) ++next_index;
  if (blank) {
    defect.repaired = true;
    return true;
  }
  Candidate candidate{.view = {}, .bytes = bytes, .offset = offset};
  Drop(candidate, block->defects.size() - 1, is_record, block);
  return options_.recovery != Recovery::kStrict;
}

void RecordParser::Drop(const Candidate& candidate, size_t defect, bool is_record,
                        BatchBlock* block) {
  block->dropped.push_back({.before = block->records.size(),
                            .defect = defect,
                            .raw = candidate.bytes,
                            .byte_offset = candidate.offset,
                            .is_record = is_record});
}

}  // namespace thalweg::marc
