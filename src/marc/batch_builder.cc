#include "marc/batch_builder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "marc/escape.h"
#include "thalweg/marc/encoding.h"

namespace thalweg::marc {
namespace {

constexpr size_t kBlockBytes = size_t{256} << 10;
// Of one record. Beyond it only codes are told that were not yet.
constexpr size_t kRecordDefectsMax = 1000;

// The three bytes that cannot stand in MARC text. (In a control field a subfield mark is only a
// byte.)
std::string ByteName(char c) { return "byte " + std::to_string(static_cast<unsigned char>(c)); }

bool IsMark(char c) { return c >= kRecordEnd && c <= kSubfieldMark; }

void BlankMarks(char* first, char* last, char last_mark) {
  for (; first != last; ++first) {
    if (IsMark(*first) && *first <= last_mark) *first = ' ';
  }
}

}  // namespace

// Blocks that never move, and what the batch's spans look into.
struct BatchBuilder::Memory {
  std::vector<std::unique_ptr<char[]>> blocks;
  char* free = nullptr;
  size_t left = 0;
  std::vector<RecordView> records;
  std::vector<int64_t> offsets;
  std::vector<std::string_view> chunks;
  std::vector<Defect> defects;
  std::vector<DroppedRecord> dropped;

  char* Take(size_t bytes, size_t align) {
    const size_t pad = (align - reinterpret_cast<uintptr_t>(free) % align) % align;
    if (bytes + pad > left) {
      const size_t size = std::max(kBlockBytes, bytes + align);
      blocks.emplace_back(new char[size]);
      free = blocks.back().get();
      left = size;
      return Take(bytes, align);
    }
    char* taken = free + pad;
    free += bytes + pad;
    left -= bytes + pad;
    return taken;
  }
};

BatchBuilder::BatchBuilder(const ReaderOptions& options)
    : options_(options), memory_(std::make_shared<Memory>()) {}

void BatchBuilder::BeginRecord(int64_t byte_offset) {
  Abandon();
  in_record_ = true;
  record_offset_ = byte_offset;
  text_.assign(kLeaderSize, ' ');
}

void BatchBuilder::Abandon() {
  in_record_ = false;
  has_leader_ = false;
  lost_ = false;
  too_long_ = false;
  seen_ = 0;
  spans_.clear();
  record_defects_.clear();
}

void BatchBuilder::SetLeader(std::string_view text) {
  has_leader_ = true;
  if (text.size() != kLeaderSize) {
    Report(DefectCode::kLeaderInvalid, std::to_string(text.size()) + " characters",
           "24 characters");
  }
  const size_t size = std::min(text.size(), kLeaderSize);
  std::fill_n(std::copy_n(text.begin(), size, text_.begin()), kLeaderSize - size, ' ');
  for (size_t i = 0; i < kLeaderSize; ++i) {
    const auto c = static_cast<unsigned char>(text_[i]);
    if (c < 0x20 || c >= 0x7F) {
      Report(DefectCode::kLeaderInvalid, "byte " + std::to_string(c), "printable ASCII");
      text_[i] = ' ';
    }
  }
}

void BatchBuilder::MakeRoom(size_t bytes) {
  const size_t used = text_.size() + spans_.size() * sizeof(FieldView);
  if (static_cast<int64_t>(used + bytes) <= options_.record_bytes_max) return;
  too_long_ = true;
  const Tag tag = spans_.empty() ? Tag("000") : spans_.back().tag;
  text_.resize(kLeaderSize);
  text_.append("  ");
  spans_.assign(1, {tag, static_cast<uint32_t>(kLeaderSize), 0});
}

void BatchBuilder::AppendValue(std::string_view value) {
  MakeRoom(value.size());
  if (too_long_) return;
  const size_t from = text_.size();
  if (check_utf8_ && HasHighBit(value) && !IsUtf8(value)) [[unlikely]] {
    Report(DefectCode::kUtf8Invalid, std::string(value.substr(0, 32)), "UTF-8", spans_.back().tag);
    AppendRepairedUtf8(value, InvalidText::kReplace, &text_);
  } else {
    text_.append(value);
  }
  const char last_mark = spans_.back().tag.is_control() ? kFieldEnd : kSubfieldMark;
  BlankMarks(text_.data() + from, text_.data() + text_.size(), last_mark);
  if (options_.text.normalize != Normalization::kNone) Normalize(from);
}

void BatchBuilder::Normalize(size_t from) {
  const std::string_view value = std::string_view(text_).substr(from);
  if (!HasHighBit(value)) return;
  scratch_.clear();
  if (!AppendNormalized(value, options_.text.normalize, &scratch_)) return;
  text_.resize(from);
  text_.append(scratch_);
}

// A byte of a longer character is none: other formats could not give it back.
char BatchBuilder::Indicator(char value, Tag tag) {
  if (static_cast<unsigned char>(value) < 0x80) return IsMark(value) ? ' ' : value;
  Report(DefectCode::kInvalidIndicator, ByteName(value), "a character of ASCII", tag);
  return ' ';
}

Tag BatchBuilder::Readable(Tag tag) {
  std::string text = tag.ToString();
  if (!HasHighBit(text)) return tag;
  Report(DefectCode::kInvalidField, "a tag of other characters", "three characters of ASCII", tag);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return Tag::At(text.data());
}

void BatchBuilder::AddControl(Tag tag, std::string_view data) {
  MakeRoom(0);
  tag = Readable(tag);
  spans_.push_back({tag, static_cast<uint32_t>(text_.size()), 0});
  AppendValue(data);
  EndField();
}

void BatchBuilder::BeginField(Tag tag, char indicator1, char indicator2) {
  MakeRoom(2);
  tag = Readable(tag);
  spans_.push_back({tag, static_cast<uint32_t>(text_.size()), 0});
  text_.push_back(Indicator(indicator1, tag));
  text_.push_back(Indicator(indicator2, tag));
}

void BatchBuilder::SetIndicator(int place, char value) {
  const Span& span = spans_.back();
  text_[span.begin + static_cast<uint32_t>(place) - 1] = Indicator(value, span.tag);
}

void BatchBuilder::AddSubfield(char code, std::string_view value) {
  if (static_cast<unsigned char>(code) >= 0x80) {
    Report(DefectCode::kBadSubfieldCode, ByteName(code), "a character of ASCII", spans_.back().tag);
    code = '?';
  }
  text_.push_back(kSubfieldMark);
  text_.push_back(IsMark(code) ? ' ' : code);
  AppendValue(value);
}

void BatchBuilder::EndField() { spans_.back().end = static_cast<uint32_t>(text_.size()); }

Defect BatchBuilder::MakeDefect(DefectCode code, int64_t byte_offset) const {
  Defect defect;
  defect.code = code;
  defect.record_index = next_index_;
  defect.byte_offset = byte_offset;
  defect.source = options_.source;
  return defect;
}

void BatchBuilder::Report(DefectCode code, std::string found, std::string expected, Tag tag) {
  const uint64_t bit = uint64_t{1} << (static_cast<size_t>(code) % 64);
  if (record_defects_.size() >= kRecordDefectsMax && (seen_ & bit) != 0) return;
  seen_ |= bit;
  Defect defect = MakeDefect(code, record_offset_);
  defect.tag = tag;
  defect.found = std::move(found);
  defect.expected = std::move(expected);
  for (const Span& span : spans_) {
    if (span.tag == Tag("001") && span.end > span.begin) {
      defect.control_number = text_.substr(span.begin, span.end - span.begin);
      break;
    }
  }
  record_defects_.push_back(std::move(defect));
}

std::string_view BatchBuilder::Keep(std::string_view bytes) {
  char* kept = memory_->Take(bytes.size(), 1);
  if (!bytes.empty()) std::memcpy(kept, bytes.data(), bytes.size());
  batch_bytes_ += static_cast<int64_t>(bytes.size());
  return {kept, bytes.size()};
}

void BatchBuilder::EndRecord(std::string_view raw) {
  if (too_long_) {
    Report(DefectCode::kRecordTooLong, std::to_string(raw.size()) + " bytes",
           "at most " + std::to_string(options_.record_bytes_max));
    lost_ = true;
  }
  if (!has_leader_) {
    Report(DefectCode::kLeaderInvalid, "no leader", "24 characters");
    std::memcpy(text_.data(), "00000nam a2200000   4500", kLeaderSize);
  }
  size_t error = record_defects_.size();
  for (size_t i = 0; i < record_defects_.size() && error == record_defects_.size(); ++i) {
    if (record_defects_[i].info().severity == Severity::kError) error = i;
  }
  const bool faulty = error < record_defects_.size();
  const bool drop = lost_ || (faulty && options_.recovery != Recovery::kLenient);
  for (Defect& defect : record_defects_) {
    defect.repaired = !drop;
    defects_.push_back(std::move(defect));
  }
  if (drop) {
    Drop(raw, faulty ? defects_.size() - record_defects_.size() + error : defects_.size() - 1,
         true);
  } else {
    GiveOut();
  }
  defects_so_far_ += static_cast<int64_t>(record_defects_.size());
  ++next_index_;
  Abandon();
}

void BatchBuilder::GiveOut() {
  if (options_.to_unicode && text_[9] != 'a') text_[9] = 'a';
  const std::string_view text = Keep(text_);
  const size_t bytes = spans_.size() * sizeof(FieldView);
  auto* fields = reinterpret_cast<FieldView*>(memory_->Take(bytes, alignof(FieldView)));
  batch_bytes_ += static_cast<int64_t>(bytes);
  for (size_t i = 0; i < spans_.size(); ++i) {
    const Span& span = spans_[i];
    new (fields + i) FieldView(span.tag, text.substr(span.begin, span.end - span.begin));
  }
  records_.emplace_back(text.data(), std::span<const FieldView>(fields, spans_.size()),
                        std::string_view(), false);
  offsets_.push_back(record_offset_);
}

void BatchBuilder::Drop(std::string_view raw, size_t defect, bool is_record) {
  DroppedRecord dropped;
  dropped.before = records_.size();
  dropped.defect = defect;
  dropped.raw = Keep(raw);
  dropped.byte_offset = record_offset_;
  dropped.is_record = is_record;
  dropped_.push_back(dropped);
  if (options_.recovery == Recovery::kStrict) stopped_ = true;
}

void BatchBuilder::DropJunk(DefectCode code, int64_t byte_offset, std::string_view raw,
                            std::string found) {
  Abandon();
  record_offset_ = byte_offset;
  Defect defect = MakeDefect(code, byte_offset);
  defect.found = std::move(found);
  defect.repaired = defect.info().severity == Severity::kWarning;
  defects_.push_back(std::move(defect));
  ++defects_so_far_;
  if (!defects_.back().repaired) Drop(raw, defects_.size() - 1, false);
}

bool BatchBuilder::full() const {
  const auto records = static_cast<int64_t>(records_.size() + dropped_.size());
  return stopped_ || records >= options_.batch_records || batch_bytes_ >= options_.batch_bytes;
}

void BatchBuilder::Reset() {
  memory_ = std::make_shared<Memory>();
  records_ = {};
  offsets_ = {};
  defects_ = {};
  dropped_ = {};
  batch_bytes_ = 0;
  stopped_ = false;
}

Result<RecordBatch> BatchBuilder::Take(int64_t byte_offset) {
  if (options_.errors_max > 0 && defects_so_far_ > options_.errors_max) {
    return Status::Corruption(
        options_.source + ": more than " + std::to_string(options_.errors_max) +
        " defects; the last: " + (defects_.empty() ? std::string() : defects_.back().ToString()));
  }
  memory_->records = std::move(records_);
  memory_->offsets = std::move(offsets_);
  memory_->chunks.resize(memory_->records.size());
  memory_->defects = std::move(defects_);
  memory_->dropped = std::move(dropped_);
  RecordBatch batch;
  batch.owner = memory_;
  batch.records = memory_->records;
  batch.offsets = memory_->offsets;
  batch.chunks = memory_->chunks;
  batch.defects = memory_->defects;
  batch.dropped = memory_->dropped;
  batch.first_index = batch_first_index_;
  batch.byte_offset = batch_offset_;
  batch.bytes = byte_offset - batch_offset_;
  batch_first_index_ = next_index_;
  batch_offset_ = byte_offset;
  Reset();
  return batch;
}

}  // namespace thalweg::marc
