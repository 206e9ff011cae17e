#pragma once

#include <cstdint>
#include <optional>

#include "thalweg/export.h"
#include "thalweg/marc/record.h"

namespace thalweg::marc {

/// Makes one record again of those that one was split into because ISO 2709 could not hold it
/// (`Oversize::kSplit`; library systems export so, too): they follow each other with the same 001,
/// and agree in all control fields and in the leader but for its lengths. The joined record has
/// these once, and all other fields in their order.
///
/// One thread at a time.
class THALWEG_EXPORT RecordJoiner {
 public:
  /// What would be larger than `bytes_max` stays apart, so that an input which repeats a number for
  /// ever is read in bounded memory.
  explicit RecordJoiner(int64_t bytes_max = int64_t{64} << 20) : bytes_max_(bytes_max) {}

  /// Takes the next record; gives the one before it when this is not a part of it.
  std::optional<Record> Push(Record record);
  /// The last one.
  std::optional<Record> Finish();
  /// How many records became part of another one.
  int64_t joined() const { return joined_; }

 private:
  int64_t bytes_max_;
  int64_t bytes_ = 0;
  int64_t joined_ = 0;
  std::optional<Record> held_;
};

}  // namespace thalweg::marc
