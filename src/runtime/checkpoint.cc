#include "thalweg/checkpoint.h"

#include <mutex>
#include <utility>

namespace thalweg {
namespace {

class MemoryCheckpointStore final : public CheckpointStore {
 public:
  Status Save(const Checkpoint& checkpoint) override {
    std::scoped_lock lock(mutex_);
    if (latest_ && checkpoint.epoch <= latest_->epoch) {
      return Status::InvalidArgument("checkpoint: epoch " + std::to_string(checkpoint.epoch) +
                                     " is not newer than " + std::to_string(latest_->epoch));
    }
    latest_ = checkpoint;
    return {};
  }
  Result<std::optional<Checkpoint>> Latest() const override {
    std::scoped_lock lock(mutex_);
    return latest_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<Checkpoint> latest_;
};

}  // namespace

std::unique_ptr<CheckpointStore> CheckpointStore::InMemory() {
  return std::make_unique<MemoryCheckpointStore>();
}

}  // namespace thalweg
