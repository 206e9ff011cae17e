#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "thalweg/export.h"
#include "thalweg/runtime/chunk.h"
#include "thalweg/status.h"

namespace thalweg {

enum class ErrorPolicy : uint8_t {
  kFail,        ///< The first rejected record, by sequence, fails the run. The default.
  kSkip,        ///< Rejected records are counted.
  kDeadLetter,  ///< Rejected records go to the reject sink.
};

/// What happens to records that cannot be used. Value type.
struct RejectPolicy {
  ErrorPolicy errors = ErrorPolicy::kFail;
  double error_rate_max = 0.10;  ///< Share of records read; above it the run fails at its end.
  int64_t errors_max = -1;       ///< Count above which the run fails at once; -1: none.
};

/// Takes rejected records, in order of their sequence. Called by one thread at a time; may block.
class THALWEG_EXPORT RejectSink {
 public:
  virtual ~RejectSink() = default;
  virtual Status Write(const runtime::Rejection& rejection) = 0;
  /// Makes what was written durable. Called once, also after a failure.
  virtual Status Close() { return {}; }
  /// Where a person finds them; empty: nowhere.
  virtual std::string location() const { return {}; }
};

}  // namespace thalweg
