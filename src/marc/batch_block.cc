#include "marc/batch_block.h"

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

}  // namespace thalweg::marc
