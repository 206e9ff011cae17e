#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "thalweg/status.h"

namespace thalweg::cli {

/// A new file that appears under its name when `Commit` is called, and not at all before.
class OutputFile {
 public:
  static Result<std::unique_ptr<OutputFile>> Create(const std::string& path, uint32_t permissions,
                                                    bool force);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  Status Write(std::string_view data);
  /// Makes it durable and gives it its name; `already_exists` when the name is taken.
  Status Commit();

 private:
  OutputFile(std::string path, std::string partial, int descriptor, bool force)
      : path_(std::move(path)),
        partial_(std::move(partial)),
        descriptor_(descriptor),
        force_(force) {}
  const std::string path_;
  const std::string partial_;
  int descriptor_;
  const bool force_;
};

}  // namespace thalweg::cli
