#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "archive/index.h"
#include "thalweg/archive/archive.h"
#include "thalweg/status.h"

namespace thalweg::archive {

/// Entries by path: of several with one path the last, links resolved.
class EntryTable {
 public:
  /// `corruption` when a hard link does not lead to an earlier file.
  static Result<EntryTable> Make(std::vector<IndexEntry> all);

  const std::vector<Entry>& entries() const { return entries_; }
  /// All that were given, hidden ones too.
  const std::vector<IndexEntry>& all() const { return all_; }
  std::optional<size_t> Find(std::string_view path) const;
  /// The file that holds the content of `entry`: itself, or that a hard link leads to.
  const IndexEntry& ContentOf(size_t entry) const { return all_[content_[entry]]; }
  /// A number that is the same for all names of one file.
  size_t FileOf(size_t entry) const { return content_[entry]; }

 private:
  std::vector<IndexEntry> all_;
  std::vector<Entry> entries_;
  std::vector<size_t> content_;  // Of `all_`, for each of `entries_`.
  std::unordered_map<std::string_view, size_t> by_path_;
};

}  // namespace thalweg::archive
