#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "columnar/batch.h"
#include "engine/expression.h"
#include "thalweg/status.h"

namespace thalweg::engine {

/// Gives rows the number of their group: equal keys have equal numbers, counted from 0 in the order
/// in which they first come. Null is a key like another; NaN equals NaN; -0.0 equals 0.0.
/// Not thread-safe.
class GroupIndex {
 public:
  virtual ~GroupIndex() = default;
  /// One array per key, all of `rows` rows. Writes `groups[0 … rows)`.
  virtual Status Map(std::span<const ArrayPtr> keys, int64_t rows, uint32_t* groups) = 0;
  virtual int64_t count() const = 0;
  /// The keys of all groups, in their order, as they first came; strings are plain.
  virtual Result<std::vector<ArrayPtr>> Keys() const = 0;
  virtual int64_t ByteSize() const = 0;
};

/// `types` has at least one. Picks the table for them: one word, two words, one string, or rows.
std::unique_ptr<GroupIndex> MakeGroupIndex(const std::vector<TypePtr>& types);

}  // namespace thalweg::engine
