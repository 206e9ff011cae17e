#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/content_stage.h"
#include "archive/entry_table.h"
#include "archive/file_map.h"
#include "archive/index.h"
#include "thalweg/archive/archive.h"
#include "thalweg/status.h"

namespace thalweg::archive {

/// Turns the content stream, as it comes, into the content of its files one after the other: text
/// is decoded, and holes are filled with zeros. One thread at a time.
class GivenContent {
 public:
  GivenContent(const WriteFunction& write, const OpenLimits& limits)
      : write_(write), limits_(limits) {}

  /// The content of the next frame and the files that its map names.
  Status Take(std::string_view content, std::vector<FileStart> starts);
  /// The end, with what the index says. `unsupported` where that is something else than what was
  /// given: pieces of files that were left out, or the content of a file that a later one hides.
  Status Finish(const EntryTable& table);

 private:
  // A file that was named by a map, and where its content begins.
  struct Started {
    int64_t offset = 0;
    FileStart file;
  };

  Status Begin(FileStart file);
  Status End();
  Status Give(std::string_view content);
  Status GiveRegions(std::string_view content);
  Status Write(std::string_view data);
  Status WriteZeros(int64_t length);
  Status CompareFile(const IndexEntry& entry, size_t* next, bool* as_it_is);

  const WriteFunction& write_;
  const OpenLimits& limits_;
  std::vector<Started> started_;
  std::unique_ptr<ContentStage> base64_;
  bool regions_ = false;  // The file that was started last has holes.
  size_t region_ = 0;
  int64_t in_region_ = 0;
  int64_t in_file_ = 0;
  int64_t stream_ = 0;
  int64_t written_ = 0;
};

}  // namespace thalweg::archive
