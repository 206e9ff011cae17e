#pragma once

#include <arrow/ipc/options.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/codec.h"
#include "thalweg/status.h"

namespace thalweg::codecs::arrow_ipc {

/// A projection of record batches as they come from a message into batches of the engine.
class BatchReader {
 public:
  BatchReader(std::vector<int> fields, columnar::SchemaPtr schema,
              std::shared_ptr<const std::string> file)
      : fields_(std::move(fields)), schema_(std::move(schema)), file_(std::move(file)) {
    for (const int field : fields_) place_.emplace(field, 0);
    int next = 0;
    for (auto& [field, at] : place_) at = next++;
  }

  /// What to read: the columns that are needed, each once, on the calling thread.
  arrow::ipc::IpcReadOptions ReadOptions() const;

  /// Checks `read` (what a file says is not to be trusted), brings it to the engine's types and
  /// emits it in pieces of at most `batch_rows_max` rows. A failure of `out` lands in `consumer`.
  Status Emit(const columnar::RecordBatchPtr& read, int64_t batch_rows_max, engine::Emitter& out,
              Status* consumer) const;

 private:
  std::vector<int> fields_;
  columnar::SchemaPtr schema_;  // Of the whole file, in the engine's types.
  std::shared_ptr<const std::string> file_;
  std::map<int, int> place_;  // Field to column of a read batch.
};

}  // namespace thalweg::codecs::arrow_ipc
