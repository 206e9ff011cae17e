#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "marc/output_file.h"
#include "thalweg/marc/formats.h"
#include "thalweg/status.h"

namespace thalweg::marc {

/// Where records go that could not be used, as their bytes came: a file for each format, because a
/// file of several could not be read again. None is made before something is appended, and taken
/// names get a number. One thread at a time.
class RejectFile {
 public:
  /// `path` with the suffix of the format is what files are named.
  explicit RejectFile(std::string path) : path_(std::move(path)) {}
  Status Append(std::string_view raw, Format format);
  /// Once, at the end.
  Status Commit();
  /// Of the files that were made, with commas between them.
  const std::string& names() const { return names_; }

 private:
  std::string path_;
  std::map<Format, std::unique_ptr<OutputFile>> files_;
  std::string names_;
};

}  // namespace thalweg::marc
