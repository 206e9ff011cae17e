#include "engine/flow.h"

#include <utility>

namespace thalweg::engine {

using runtime::Chunk;
using runtime::Output;
using runtime::Progress;

Chunk MakeChunk(Batch batch) {
  Chunk chunk;
  chunk.records = batch.num_rows();
  chunk.bytes = batch.ByteSize();
  chunk.payload = std::make_unique<BatchPayload>(std::move(batch));
  return chunk;
}

Status OutputEmitter::Emit(Batch batch) {
  const arrow::Buffer* shared = batch.origin() ? batch.origin()->bytes.get() : nullptr;
  Chunk chunk = MakeChunk(std::move(batch));
  if (shared != nullptr && shared == counted_) chunk.bytes -= shared->size();
  counted_ = shared;
  out_.Emit(std::move(chunk));
  return {};
}

Status OutputEmitter::Reject(RejectedRow row) {
  out_.Reject(std::move(row));
  return {};
}

namespace {

class OperatorStep final : public runtime::Step {
 public:
  explicit OperatorStep(std::unique_ptr<Operator> op) : op_(std::move(op)) {}

  Result<Progress> OnChunk(Chunk& chunk, Output& out) override {
    OutputEmitter emitter(out);
    op_->OnChunk(static_cast<int64_t>(chunk.sequence));
    THALWEG_RETURN_IF_ERROR(
        op_->Push(chunk.input, std::move(chunk.As<BatchPayload>().batch), emitter));
    return op_->satisfied() ? Progress::kDone : Progress::kNeedInput;
  }
  Status OnWatermark(int64_t time_micros, Output& out) override {
    OutputEmitter emitter(out);
    THALWEG_RETURN_IF_ERROR(op_->OnWatermark(time_micros, emitter));
    out.EmitWatermark(time_micros);
    return {};
  }
  Result<Progress> OnEnd(Output& out) override {
    OutputEmitter emitter(out);
    THALWEG_RETURN_IF_ERROR(op_->Finish(emitter));
    return Progress::kDone;
  }

 private:
  std::unique_ptr<Operator> op_;
};

class DecodeStep final : public runtime::Step {
 public:
  DecodeStep(std::vector<std::shared_ptr<const StreamFormat>> formats, Projection projection,
             int64_t batch_rows_max)
      : formats_(std::move(formats)),
        projection_(std::move(projection)),
        batch_rows_max_(batch_rows_max) {}

  Result<Progress> OnChunk(Chunk& chunk, Output& out) override {
    auto& payload = chunk.As<SlabPayload>();
    if (decoder_ == nullptr || decoder_file_ != payload.file_index) {
      THALWEG_ASSIGN_OR_RETURN(
          decoder_, formats_[payload.file_index]->MakeDecoder(projection_, batch_rows_max_));
      decoder_file_ = payload.file_index;
    }
    OutputEmitter emitter(out);
    THALWEG_RETURN_IF_ERROR(decoder_->Decode(payload.slab, emitter));
    return Progress::kNeedInput;
  }

 private:
  std::vector<std::shared_ptr<const StreamFormat>> formats_;
  Projection projection_;
  int64_t batch_rows_max_;
  std::unique_ptr<Decoder> decoder_;
  size_t decoder_file_ = 0;
};

class CollectStep final : public runtime::Step {
 public:
  explicit CollectStep(std::function<Status(Batch)> take) : take_(std::move(take)) {}
  Result<Progress> OnChunk(Chunk& chunk, Output& /*out*/) override {
    THALWEG_RETURN_IF_ERROR(take_(std::move(chunk.As<BatchPayload>().batch)));
    return Progress::kNeedInput;
  }

 private:
  std::function<Status(Batch)> take_;
};

}  // namespace

Result<runtime::NodeId> AddOperator(runtime::Graph& graph, const OperatorFactory& factory,
                                    std::vector<SchemaPtr> schemas, const std::any& parameters,
                                    const EvalContext& context,
                                    std::vector<runtime::PortId> inputs) {
  const auto make = [&factory, schemas = std::move(schemas), parameters,
                     context]() -> Result<std::unique_ptr<runtime::Step>> {
    THALWEG_ASSIGN_OR_RETURN(auto op, factory.make(schemas, parameters, context));
    return std::unique_ptr<runtime::Step>(std::make_unique<OperatorStep>(std::move(op)));
  };
  if (factory.parallelism == Parallelism::kSerial) {
    THALWEG_ASSIGN_OR_RETURN(auto step, make());
    return graph.AddSerial({.name = factory.spec.name}, std::move(step), std::move(inputs));
  }
  return graph.AddParallel({.name = factory.spec.name}, make, inputs.front());
}

runtime::NodeId AddDecode(runtime::Graph& graph,
                          std::vector<std::shared_ptr<const StreamFormat>> formats,
                          Projection projection, int64_t batch_rows_max, runtime::PortId input) {
  return graph.AddParallel(
      {.name = "decode", .counts_input = true},
      [formats = std::move(formats), projection = std::move(projection),
       batch_rows_max]() -> Result<std::unique_ptr<runtime::Step>> {
        return std::unique_ptr<runtime::Step>(
            std::make_unique<DecodeStep>(formats, projection, batch_rows_max));
      },
      input);
}

runtime::NodeId AddCollect(runtime::Graph& graph, std::function<Status(Batch)> take,
                           runtime::PortId input) {
  return graph.AddSerial({.name = "result"}, std::make_unique<CollectStep>(std::move(take)),
                         {input});
}

}  // namespace thalweg::engine
