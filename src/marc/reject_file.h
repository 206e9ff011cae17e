#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "marc/output_file.h"
#include "thalweg/status.h"

namespace thalweg::marc {

/// Where records go that could not be used, as their bytes came.
class RejectFile {
 public:
  /// A new file named `path`, or `path` with a number where that is taken.
  static Result<std::unique_ptr<RejectFile>> Create(const std::string& path);
  /// `lines`: what is appended ends with a line end.
  Status Append(std::string_view raw, bool lines);
  Status Commit();
  const std::string& path() const { return path_; }

 private:
  RejectFile(std::unique_ptr<OutputFile> file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}

  std::unique_ptr<OutputFile> file_;
  std::string path_;
};

}  // namespace thalweg::marc
