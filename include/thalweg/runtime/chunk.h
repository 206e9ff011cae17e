#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "thalweg/clock.h"
#include "thalweg/runtime/memory.h"

namespace thalweg::runtime {

/// What a chunk carries: many records, or one slab of bytes. Both ends of a port know the type.
class Payload {
 public:
  virtual ~Payload() = default;
};

/// Where a source stands, in words of its own. Empty: the beginning.
struct Position {
  std::string token;
};

/// The unit that flows. Move-only.
struct Chunk {
  std::unique_ptr<Payload> payload;
  int64_t records = 0;
  int64_t bytes = 0;           ///< Memory that the payload holds, as far as known.
  uint64_t sequence = 0;       ///< Given by the machine at the source; inherited downstream.
  int input = 0;               ///< Which input of the receiving node it came in by.
  Position position;           ///< Of the source, after this chunk.
  Clock::Instant read_at{};    ///< When its first record was read.
  Clock::Instant queued_at{};  ///< When the machine put it in front of the next stage.
  MemoryLease lease;

  template <typename P>
  P& As() {
    return static_cast<P&>(*payload);
  }
};

/// No later chunk on this port holds an event time below `time_micros`.
struct Watermark {
  int64_t time_micros;
};
/// Everything before it belongs to `epoch` or an earlier one.
struct Barrier {
  uint64_t epoch;
};
/// Nothing follows.
struct End {};

using Event = std::variant<Chunk, Watermark, Barrier, End>;

/// A record that could not be used, with all that a person needs to find and mend it.
struct Rejection {
  std::string file;          ///< Empty: not from a file.
  int64_t line = 0;          ///< From 1; 0: not known.
  int64_t byte_offset = -1;  ///< In the decompressed input; -1: not known.
  std::string column;        ///< Empty: the whole record.
  std::string reason;        ///< Lower case, with a remedy where there is one.
  std::string raw;           ///< The record's bytes as they came.
  std::string node;          ///< Filled in by the machine.

  static Rejection Because(std::string why, std::string bytes = {}) {
    Rejection rejection;
    rejection.reason = std::move(why);
    rejection.raw = std::move(bytes);
    return rejection;
  }
};

}  // namespace thalweg::runtime
