#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/marc/reader.h"

namespace thalweg::marc {

/// Builds batches of records for the readers of text formats: bytes and fields go into memory that
/// the batch owns. Applies the recovery mode: a record with an error is mended or dropped as
/// `ReaderOptions::recovery` says. One thread at a time.
class BatchBuilder {
 public:
  explicit BatchBuilder(const ReaderOptions& options);

  // --- one record ---
  void BeginRecord(int64_t byte_offset);
  bool in_record() const { return in_record_; }
  /// Shorter text is filled up with blanks, longer text cut; either is a defect.
  void SetLeader(std::string_view text);
  void AddControl(Tag tag, std::string_view data);
  void BeginField(Tag tag, char indicator1, char indicator2);
  /// Of the field that is being built; `place` is 1 or 2.
  void SetIndicator(int place, char value);
  void AddSubfield(char code, std::string_view value);
  void EndField();
  /// Bytes that are not UTF-8 in what is added from now on are looked for and mended.
  void set_check_utf8(bool check) { check_utf8_ = check; }

  /// A defect of the record that is being built; severity is the code's.
  void Report(DefectCode code, std::string found, std::string expected = {}, Tag tag = {});
  /// The record cannot be given out in any mode.
  void Lose() { lost_ = true; }
  /// Nor can this one, which `EndRecord` tells; what is added to it is not kept.
  void LoseTooLong() { too_long_ = true; }
  /// `raw` is what the record was made from: kept when it is dropped.
  void EndRecord(std::string_view raw);
  /// What was begun is forgotten.
  void Abandon();
  /// Something between records that is none; never counted as a record.
  void DropJunk(DefectCode code, int64_t byte_offset, std::string_view raw, std::string found);

  // --- the batch ---
  /// The batch is large enough, or ends here because of the mode.
  bool full() const;
  bool empty() const { return records_.empty() && dropped_.empty() && defects_.empty(); }
  /// `byte_offset`: where the next batch starts. A failure when there were more defects than
  /// allowed.
  Result<RecordBatch> Take(int64_t byte_offset);

 private:
  struct Memory;
  struct Span {
    Tag tag;
    uint32_t begin = 0;
    uint32_t end = 0;
  };

  void Reset();
  std::string_view Keep(std::string_view bytes);
  void AppendValue(std::string_view value);
  char Indicator(char value, Tag tag);
  Tag Readable(Tag tag);
  // What is longer than a record may be is not kept.
  void MakeRoom(size_t bytes);
  void Normalize(size_t from);
  Defect MakeDefect(DefectCode code, int64_t byte_offset) const;
  void Drop(std::string_view raw, size_t defect, bool is_record);
  void GiveOut();

  ReaderOptions options_;
  std::shared_ptr<Memory> memory_;
  std::vector<RecordView> records_;
  std::vector<int64_t> offsets_;
  std::vector<Defect> defects_;
  std::vector<DroppedRecord> dropped_;
  int64_t batch_bytes_ = 0;
  int64_t batch_first_index_ = 0;
  int64_t batch_offset_ = 0;
  int64_t next_index_ = 0;
  int64_t defects_so_far_ = 0;
  bool stopped_ = false;

  std::string text_;  // The record that is being built: leader, then fields.
  std::vector<Span> spans_;
  std::vector<Defect> record_defects_;
  std::string scratch_;
  int64_t record_offset_ = 0;
  bool in_record_ = false;
  bool has_leader_ = false;
  bool lost_ = false;
  bool too_long_ = false;
  uint64_t seen_ = 0;  // Codes of `record_defects_`, as a set.
  bool check_utf8_ = false;
};

}  // namespace thalweg::marc
