#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "thalweg/status.h"

namespace thalweg::engine {

/// A time zone: the IANA database of the system, or a fixed offset such as `+02:00`. A cheap value
/// that remembers the last rule it used: one per loop, not shared between threads.
class Zone {
 public:
  /// UTC.
  Zone() = default;
  /// `invalid_argument` for a name that is not known.
  static Result<Zone> Find(std::string_view name);

  bool is_utc() const { return zone_ == nullptr && fixed_seconds_ == 0; }
  int64_t OffsetSeconds(int64_t utc_micros);
  /// False where the answer leaves 64 bits.
  bool ToLocal(int64_t utc_micros, int64_t* local_micros);
  /// A local time that does not exist moves forward by the gap; of two, the later is meant.
  bool ToUtc(int64_t local_micros, int64_t* utc_micros);

 private:
  const void* zone_ = nullptr;
  int64_t fixed_seconds_ = 0;
  int64_t begin_ = 1;  ///< Seconds in which `offset_` is in force: [begin_, end_).
  int64_t end_ = 0;
  int64_t offset_ = 0;
};

}  // namespace thalweg::engine
