#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive/content_stage.h"
#include "archive/digest.h"
#include "archive/file_map.h"
#include "archive/index.h"
#include "archive/input_tree.h"
#include "io/file_system.h"
#include "thalweg/archive/options.h"
#include "thalweg/status.h"

namespace thalweg::archive {

/// The steps that the filters of a run stand for: made anew for each entry, while files and counts
/// last.
class FilterSet {
 public:
  static Result<std::unique_ptr<FilterSet>> Make(const SealOptions& options);
  ~FilterSet();

  std::vector<std::unique_ptr<ContentStage>> NewSteps();
  /// Whether anything changes or sees the content.
  bool empty() const { return filters_.empty(); }
  int64_t masked() const { return masked_; }
  bool base64() const { return base64_; }
  /// At the end of the run: files are closed, counts go to the metrics.
  Status Close();

 private:
  FilterSet() = default;

  std::vector<Filter> filters_;
  std::vector<PiiPatterns> patterns_;                     // One for each filter.
  std::vector<std::unique_ptr<io::WritableFile>> files_;  // Likewise.
  std::vector<std::unique_ptr<DebugCounts>> counts_;      // Likewise.
  MetricsRegistry* metrics_ = nullptr;
  bool base64_ = false;
  int64_t masked_ = 0;
};

/// Reads the content of one input after the other as it is to be stored. One thread at a time.
class ContentReader {
 public:
  ContentReader(FilterSet* filters, bool sha256) : filters_(filters), sha256_(sha256) {}

  /// Begins with a file. Where `skip` is not 0, that many stored bytes are there already: they are
  /// read for the hash only, and not given again.
  Status Open(const InputItem& item, int64_t skip);
  /// Bytes of the open file, 0 at its end. `invalid_argument`: a filter refuses the content.
  Result<size_t> Read(std::span<char> out);
  /// Closes it and completes what `entry` says of its content: size, regions, hash. True when it
  /// was changed while it was read.
  Result<bool> Finish(IndexEntry* entry);
  /// How the open file is stored.
  FileStart start() const;
  /// Closes it after a failure.
  void Abandon();

 private:
  Result<size_t> ReadRaw(std::span<char> out);
  Result<size_t> ReadFile(std::span<char> out);
  Result<size_t> ReadFiltered(std::span<char> out);
  Status Push(std::string_view piece, bool end);
  void Count(std::string_view content);
  void HashHole();
  void HashZeros(int64_t length);

  FilterSet* filters_;
  bool sha256_;
  const InputItem* item_ = nullptr;
  io::Descriptor fd_;
  std::vector<std::pair<int64_t, int64_t>> regions_;
  size_t region_ = 0;
  int64_t position_ = 0;  // In the file, or in the region.
  int64_t size_ = 0;      // Content so far, holes left out; after filters that change it.
  bool short_region_ = false;
  std::optional<Sha256> hash_;
  std::vector<std::unique_ptr<ContentStage>> steps_;
  std::unique_ptr<ContentStage> base64_;  // Behind the others, and behind the hash.
  std::string piece_;
  std::string filtered_;
  size_t filtered_at_ = 0;
  bool raw_ended_ = false;
};

}  // namespace thalweg::archive
