#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "archive/path_pattern.h"
#include "io/descriptor.h"
#include "thalweg/archive/archive.h"
#include "thalweg/status.h"

// What is to be sealed, as it is found on the local disk.
namespace thalweg::archive {

struct InputItem {
  Entry entry;            // Without the place of its content.
  std::string disk_path;  // Empty: `read` gives the content.
  ReadFunction read;
  int64_t disk_size = 0;
  uint64_t device = 0;
  uint64_t inode = 0;
};

struct InputTree {
  std::vector<InputItem> items;  // A directory before what is in it; names by bytes.
  std::vector<SkippedEntry> unreadable;
  int64_t bytes = 0;  // Of files whose size is known.
};

struct InputTreeOptions {
  std::vector<std::string> exclude;
  bool metadata = true;
  /// A file that is left out where it is found: the archive itself.
  std::string leave_out;
};

/// Lists `inputs`. Links are never followed, but for a path that is given itself with a slash at
/// its end. What cannot be read is named in `unreadable`; an input that does not exist is
/// `not_found`, two entries with one name are `invalid_argument`.
Result<InputTree> ListInputs(const std::vector<SealInput>& inputs, const InputTreeOptions& options);

/// Opens the file that `item` was when it was listed. `unavailable` when it is another one now.
Result<io::Descriptor> OpenItem(const InputItem& item);

/// The regions of an open file that hold data, or nothing when all of it does or nobody can tell.
std::vector<std::pair<int64_t, int64_t>> DataRegions(int fd, int64_t size);

}  // namespace thalweg::archive
