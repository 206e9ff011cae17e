#pragma once

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/codec.h"
#include "testing/status_matchers.h"

// What the tests of the random-access codecs share.
namespace thalweg::codecs::unit_testing {

/// A file in memory, which may be told to fail.
class MemoryFile : public engine::RandomAccess {
 public:
  explicit MemoryFile(std::string bytes) : bytes_(std::move(bytes)) {}

  int64_t size() const override { return static_cast<int64_t>(bytes_.size()); }
  const std::string& name() const override { return name_; }
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t offset, int64_t length) override {
    if (reads_left_ >= 0 && reads_left_-- == 0) return Status::IoError("the disk is gone");
    if (offset < 0 || length < 0 || offset + length > size()) {
      return Status::Corruption("read past the end");
    }
    return std::shared_ptr<arrow::Buffer>(arrow::Buffer::FromString(
        bytes_.substr(static_cast<size_t>(offset), static_cast<size_t>(length))));
  }
  void FailAfter(int reads) { reads_left_ = reads; }

 private:
  std::string name_ = "memory";
  std::string bytes_;
  int reads_left_ = -1;
};

class Collector : public engine::Emitter {
 public:
  Status Emit(engine::Batch batch) override {
    batches.push_back(std::move(batch));
    return fail;
  }
  Status Reject(engine::RejectedRow) override { return Status::Internal("nothing to reject"); }
  void CountFiltered(int64_t) override {}

  int64_t rows() const {
    int64_t total = 0;
    for (const engine::Batch& batch : batches) total += batch.num_rows();
    return total;
  }

  std::vector<engine::Batch> batches;
  Status fail;
};

/// One file out of `chunks`, each a list of batches that become one chunk.
inline Result<std::string> WriteFile(
    const engine::Encoder& encoder,
    const std::vector<std::vector<columnar::RecordBatchPtr>>& chunks) {
  std::string out;
  const engine::Assembler::Write write = [&out](std::string_view bytes) {
    out += bytes;
    return Status();
  };
  const std::unique_ptr<engine::Assembler> file = encoder.NewFile();
  THALWEG_RETURN_IF_ERROR(file->Begin(write));
  for (const auto& chunk : chunks) {
    std::vector<engine::Batch> batches;
    for (const auto& data : chunk) batches.emplace_back(data);
    THALWEG_ASSIGN_OR_RETURN(engine::EncodedChunk encoded, encoder.EncodeAll(batches));
    THALWEG_RETURN_IF_ERROR(file->Append(std::move(encoded), write));
  }
  THALWEG_RETURN_IF_ERROR(file->Finish(write));
  return out;
}

/// All units of `reader`, in order.
inline Status ReadAll(const engine::UnitReader& reader, const engine::Projection& projection,
                      int64_t batch_rows_max, Collector* out) {
  for (int64_t unit = 0; unit < reader.num_units(); ++unit) {
    THALWEG_RETURN_IF_ERROR(reader.ReadUnit(unit, projection, batch_rows_max, *out));
  }
  return {};
}

}  // namespace thalweg::codecs::unit_testing
