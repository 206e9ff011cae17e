#include "engine/batch_source.h"

#include <algorithm>
#include <utility>

#include "engine/flow.h"

namespace thalweg::engine {
namespace {

class BatchSource final : public runtime::Source {
 public:
  BatchSource(NextBatch next, int64_t batch_rows)
      : next_(std::move(next)), batch_rows_(batch_rows) {}

  Result<runtime::Progress> Produce(runtime::Output& out) override {
    if (current_ == nullptr || offset_ >= current_->num_rows()) {
      auto next = next_(out.stop());
      // Interrupted, because nothing more is wanted.
      if (!next.ok() && out.stop().stop_requested()) return runtime::Progress::kDone;
      THALWEG_ASSIGN_OR_RETURN(current_, std::move(next));
      offset_ = 0;
      if (current_ == nullptr) return runtime::Progress::kDone;
    }
    const int64_t rows = std::min(batch_rows_, current_->num_rows() - offset_);
    if (rows > 0) {
      out.Emit(MakeChunk(Batch(current_->Slice(offset_, rows))));
      offset_ += rows;
    }
    return runtime::Progress::kNeedRoom;
  }

 private:
  NextBatch next_;
  int64_t batch_rows_;
  columnar::RecordBatchPtr current_;
  int64_t offset_ = 0;
};

}  // namespace

std::unique_ptr<runtime::Source> MakeBatchSource(NextBatch next, int64_t batch_rows) {
  return std::make_unique<BatchSource>(std::move(next), batch_rows);
}

}  // namespace thalweg::engine
