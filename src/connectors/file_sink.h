#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/codec.h"
#include "io/atomic_file.h"
#include "io/compressed_file.h"
#include "io/file_system.h"

namespace thalweg::connectors {

enum class WriteMode : uint8_t { kCreate, kAppend, kReplace };

/// What a run writes to, settled before it starts.
struct WriteTarget {
  io::FileSystem* fs = nullptr;
  std::string location;  ///< A path, `-`, a directory, or a pattern with `{column}`.
  WriteMode mode = WriteMode::kCreate;
  io::Compression compression = io::Compression::kNone;
  std::shared_ptr<const engine::Encoder> encoder;
  std::string suffix;                     ///< Of files in a partitioned set.
  std::vector<std::string> partition_by;  ///< Empty: one file.
  int64_t partitions_max = 0;
};

/// A value as part of a path: letters, digits and `-_.,+ ` stay, everything else (and a leading
/// dot) becomes %XX. The result never is empty, `.` or `..`, and never holds a slash.
std::string EncodePathValue(std::string_view value);

/// Files under way. Nothing stands under a final name before `Commit`; without it everything is
/// removed. One thread at a time.
class FileSet {
 public:
  explicit FileSet(WriteTarget target) : target_(std::move(target)) {}
  ~FileSet();
  FileSet(const FileSet&) = delete;
  FileSet& operator=(const FileSet&) = delete;

  /// `path` is relative to the location of a partitioned set; empty for a single file.
  Status Append(const std::string& path, engine::EncodedChunk chunk);
  /// Writes ends of files. A single file is made even where there was no chunk.
  Status Finish();
  Status Commit();

  int64_t rows() const { return rows_; }
  int64_t bytes() const { return bytes_; }

 private:
  struct Out {
    std::unique_ptr<engine::Assembler> assembler;
    std::unique_ptr<io::EncodingWriter> encoder;
  };
  Result<Out*> OutFor(const std::string& path);
  Result<Out> Begin(const std::string& path);
  Result<Out> BeginSingle();
  Status WriteStaged(const std::string& path, std::string_view data);
  Status MakeStaging();
  Status CommitSet();
  Status ClearTarget();
  bool partitioned() const { return !target_.partition_by.empty(); }

  WriteTarget target_;
  std::map<std::string, Out> outs_;
  std::unique_ptr<io::AtomicFile> single_;
  std::unique_ptr<io::WritableFile> stream_;
  std::string base_;     ///< Directory that the set lives in.
  std::string staging_;  ///< Directory inside it, until Commit.
  bool base_made_ = false;
  /// The open staged files, most recently used first, at most kOpenMax.
  struct Open {
    std::string path;
    std::unique_ptr<io::WritableFile> file;
  };
  std::list<Open> open_;
  std::unordered_map<std::string, std::list<Open>::iterator> open_by_path_;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace thalweg::connectors
