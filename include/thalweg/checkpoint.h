#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "thalweg/export.h"
#include "thalweg/runtime/chunk.h"
#include "thalweg/status.h"

namespace thalweg {

/// Where a run can start again: every record before it has reached every sink. Value type.
struct Checkpoint {
  uint64_t epoch = 0;
  /// Where each source stands, by the name of its node.
  std::map<std::string, runtime::Position> positions;
};

/// Keeps the checkpoints of one pipeline. Thread-safe; `Save` is called by one thread at a time, in
/// order of the epochs, and may block.
class THALWEG_EXPORT CheckpointStore {
 public:
  virtual ~CheckpointStore() = default;
  /// When it returns OK, `checkpoint` is what `Latest` gives, also after a crash where the store is
  /// durable. A failure fails the run.
  virtual Status Save(const Checkpoint& checkpoint) = 0;
  /// The newest checkpoint saved; nothing when there is none.
  virtual Result<std::optional<Checkpoint>> Latest() const = 0;

  /// One that lasts as long as the object.
  static std::unique_ptr<CheckpointStore> InMemory();
};

}  // namespace thalweg
