#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "thalweg/status.h"

namespace thalweg::marc {

/// Where a writer of records writes: a new file that appears with `Commit` and not before, or
/// standard output for `-`. A suffix such as `.gz` compresses. One thread at a time.
class OutputFile {
 public:
  /// `already_exists` when the file is there, unless `force`.
  static Result<std::unique_ptr<OutputFile>> Create(const std::string& path, bool force);
  /// A name that is taken gets a number: `rejects-2.mrc`.
  static Result<std::unique_ptr<OutputFile>> CreateNumbered(const std::string& path);
  virtual ~OutputFile() = default;
  virtual Status Append(std::string_view data) = 0;
  /// Once, at the end.
  virtual Status Commit() = 0;
  /// Its name, once it is committed; `-` for standard output.
  virtual std::string path() const = 0;
};

}  // namespace thalweg::marc
