#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "marc/batch_block.h"
#include "marc/frame.h"
#include "thalweg/marc/reader.h"

namespace thalweg::marc {

/// Lengths and start of a field, or nothing when there is another byte than digits.
struct DirectoryEntry {
  uint32_t length;
  uint32_t start;
};
std::optional<DirectoryEntry> ParseEntry(const char* entry);
bool IsTag(const char* text);  ///< Three digits or letters.

/// The fields of a record whose directory and data agree in the usual way: every entry is the piece
/// behind the one before it, and ends with its only terminator. Nothing where anything else is the
/// case, right or wrong. `ascii` and `odd_code` say what `Scan` says.
struct CleanFields {
  std::span<const FieldView> fields;
  bool ascii = true;
  bool odd_code = false;
};
std::optional<CleanFields> ParseClean(std::string_view record, FieldArena* arena);

/// Turns frames into records of a batch. One thread at a time.
class RecordParser {
 public:
  explicit RecordParser(const ReaderOptions& options);

  /// `data` holds the frame; its first byte stands at `data_offset` of the input. False when the
  /// record was dropped and the mode is strict.
  bool Add(const Frame& frame, std::string_view data, int64_t data_offset, BatchBlock* block);

  /// Index of the next record.
  int64_t next_index = 0;

 private:
  struct Candidate;
  bool AddRecord(const Frame& frame, std::string_view bytes, int64_t offset, BatchBlock* block);
  bool AddGap(const Frame& frame, std::string_view bytes, int64_t offset, BatchBlock* block);
  bool Keep(Candidate* candidate, BatchBlock* block);
  bool Finish(Candidate* candidate, BatchBlock* block);
  void Drop(const Candidate& candidate, size_t defect, bool is_record, BatchBlock* block);

  const ReaderOptions options_;
  std::vector<Defect> found_;
};

}  // namespace thalweg::marc
