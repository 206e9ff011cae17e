#pragma once

#include <memory>
#include <string>

#include "io/file_system.h"
#include "thalweg/clock.h"
#include "thalweg/rejects.h"

namespace thalweg::job {

/// Rejected records as JSON lines, in a file of their own for each run, readable by its owner only.
/// The file is made with the first record. Keys: node, file, line, byte_offset, column, reason, and
/// raw, or raw_base64 where the bytes are not UTF-8.
class DeadLetterFile final : public RejectSink {
 public:
  /// `path`: a new file where it ends in .jsonl, else a folder, made if missing; empty: the working
  /// directory.
  DeadLetterFile(io::FileSystem& fs, std::string path, std::string job, Clock& clock);
  Status Write(const runtime::Rejection& rejection) override;
  Status Close() override;
  std::string location() const override { return file_ ? path_ : std::string(); }

 private:
  Status Open();

  io::FileSystem& fs_;
  std::string path_;
  std::string job_;
  Clock& clock_;
  std::unique_ptr<io::WritableFile> file_;
  bool closed_ = false;
  std::string pending_;
};

}  // namespace thalweg::job
