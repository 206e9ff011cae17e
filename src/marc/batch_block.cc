#include "marc/batch_block.h"

#include <utility>

namespace thalweg::marc {

void BatchBlock::Clear() {
  bytes_owner.reset();
  fields.Clear();
  texts.Clear();
  records.clear();
  offsets.clear();
  chunks.clear();
  defects.clear();
  dropped.clear();
  first_index = 0;
  byte_offset = 0;
  bytes = 0;
}

RecordBatch BatchBlock::Show(const std::shared_ptr<BatchBlock>& self) {
  RecordBatch batch;
  batch.records = self->records;
  batch.offsets = self->offsets;
  batch.chunks = self->chunks;
  batch.defects = self->defects;
  batch.dropped = self->dropped;
  batch.first_index = self->first_index;
  batch.byte_offset = self->byte_offset;
  batch.bytes = self->bytes;
  batch.owner = self;
  return batch;
}

std::shared_ptr<BlockPool> BlockPool::Make(size_t spare_max) {
  return std::shared_ptr<BlockPool>(new BlockPool(spare_max));
}

std::shared_ptr<BatchBlock> BlockPool::Take() {
  std::unique_ptr<BatchBlock> block;
  {
    const std::scoped_lock lock(mutex_);
    if (!spare_.empty()) {
      block = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  if (block == nullptr) block = std::make_unique<BatchBlock>();
  return {block.release(), [weak = weak_from_this()](BatchBlock* given) {
            std::unique_ptr<BatchBlock> back(given);
            if (const auto pool = weak.lock()) pool->Give(std::move(back));
          }};
}

void BlockPool::Give(std::unique_ptr<BatchBlock> block) {
  block->Clear();
  const std::scoped_lock lock(mutex_);
  if (spare_.size() < spare_max_) spare_.push_back(std::move(block));
}

}  // namespace thalweg::marc
