#pragma once

#include <any>
#include <memory>
#include <vector>

#include "engine/codec.h"
#include "engine/operator.h"
#include "thalweg/runtime/graph.h"

// How batches, decoders and operators ride on the machine of `runtime`.
namespace thalweg::engine {

struct BatchPayload final : runtime::Payload {
  explicit BatchPayload(Batch b) : batch(std::move(b)) {}
  Batch batch;
};

struct SlabPayload final : runtime::Payload {
  Slab slab;
  size_t file_index = 0;
};

/// Emits into a node's output. Memory that several batches of one call share is counted once.
class OutputEmitter final : public Emitter {
 public:
  explicit OutputEmitter(runtime::Output& out) : out_(out) {}
  Status Emit(Batch batch) override;
  Status Reject(RejectedRow row) override;
  void CountFiltered(int64_t rows) override { out_.CountFiltered(rows); }

 private:
  runtime::Output& out_;
  const arrow::Buffer* counted_ = nullptr;
};

runtime::Chunk MakeChunk(Batch batch);

/// Adds an operator over `inputs`, as its factory's parallelism says.
Result<runtime::NodeId> AddOperator(runtime::Graph& graph, const OperatorFactory& factory,
                                    std::vector<SchemaPtr> schemas, const std::any& parameters,
                                    const EvalContext& context,
                                    std::vector<runtime::PortId> inputs);

/// Adds lanes that decode slabs; `formats[file_index]` is the format of a slab's file.
runtime::NodeId AddDecode(runtime::Graph& graph,
                          std::vector<std::shared_ptr<const StreamFormat>> formats,
                          Projection projection, int64_t batch_rows_max, runtime::PortId input);

/// A serial node that calls `take` for every batch, for results that stay in memory.
runtime::NodeId AddCollect(runtime::Graph& graph, std::function<Status(Batch)> take,
                           runtime::PortId input);

}  // namespace thalweg::engine
