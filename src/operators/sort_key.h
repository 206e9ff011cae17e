#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "columnar/batch.h"
#include "columnar/gather.h"

namespace thalweg::operators {

using columnar::ArrayPtr;

/// One ORDER BY term.
struct SortOrder {
  bool descending = false;
  bool nulls_first = false;
};

/// A row with the first 128 bits of its key, such that unsigned comparison is the order asked for.
struct SortEntry {
  uint64_t hi;
  uint64_t lo;
  columnar::RowRef row;
};

/// Compares rows of several chunks by their key columns: NaN above all numbers, -0.0 equal to 0.0,
/// text by bytes, lists element by element. `keys[k][chunk]`.
class SortComparator {
 public:
  explicit SortComparator(std::vector<SortOrder> orders) : orders_(std::move(orders)) {}

  /// The key columns of the next chunk, one for each order, without views or dictionaries.
  void AddChunk(std::vector<ArrayPtr> keys);
  void Clear();

  /// Lays the prefix out for the chunks that there are; `Encode` and `Less` follow that.
  void Settle();
  /// True while the nulls of this chunk fit the layout last settled.
  bool Fits(std::span<const ArrayPtr> keys) const;
  /// Prefixes of a chunk's rows, in order. The rows are numbered as in chunk `chunk`.
  void Encode(std::span<const ArrayPtr> keys, uint32_t chunk, SortEntry* out) const;
  std::vector<SortEntry> EncodeAll() const;

  /// Strict and total: rows that are equal stand as they came.
  bool Less(const SortEntry& a, const SortEntry& b) const {
    if (a.hi != b.hi) return a.hi < b.hi;
    if (a.lo != b.lo) return a.lo < b.lo;
    if (!whole_) {
      const int order = CompareRest(a.row, b.row);
      if (order != 0) return order < 0;
    }
    return a.row.chunk != b.row.chunk ? a.row.chunk < b.row.chunk : a.row.row < b.row.row;
  }
  void Sort(std::vector<SortEntry>* entries) const;

 private:
  int CompareRest(columnar::RowRef a, columnar::RowRef b) const;

  std::vector<SortOrder> orders_;
  std::vector<std::vector<ArrayPtr>> chunks_;  ///< By chunk, then key.
  std::vector<bool> nullable_;                 ///< By key: the prefix has a bit for null.
  bool whole_ = true;                          ///< The prefix holds all of every key.
  size_t rest_from_ = 0;                       ///< First key that the prefix does not hold.
};

}  // namespace thalweg::operators
