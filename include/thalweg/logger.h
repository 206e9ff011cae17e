#pragma once

#include <cstdint>
#include <string_view>

#include "thalweg/export.h"

namespace thalweg {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError };

/// Where the library's messages go. The library itself never prints. Thread-safe.
class THALWEG_EXPORT Logger {
 public:
  virtual ~Logger() = default;
  /// `module` is a layer's name; `message` is one line of `static text: key=value …`, without
  /// secrets and without record content. Called at most per chunk, never per record.
  virtual void Log(LogLevel level, std::string_view module, std::string_view message) = 0;

  /// Drops everything. Lives as long as the process.
  static Logger& Null();
};

}  // namespace thalweg
