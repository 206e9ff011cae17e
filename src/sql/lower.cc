#include "sql/lower.h"

#include <utility>

namespace thalweg::sql {
namespace {

class ValuesSource final : public runtime::Source {
 public:
  ValuesSource(columnar::Batch values, int64_t batch_rows)
      : values_(std::move(values)), batch_rows_(batch_rows) {}
  Result<runtime::Progress> Produce(runtime::Output& out) override {
    if (offset_ >= values_.num_rows()) return runtime::Progress::kDone;
    const int64_t rows = std::min(batch_rows_, values_.num_rows() - offset_);
    out.Emit(engine::MakeChunk(values_.Slice(offset_, rows)));
    offset_ += rows;
    return runtime::Progress::kNeedRoom;
  }

 private:
  columnar::Batch values_;
  int64_t batch_rows_;
  int64_t offset_ = 0;
};

}  // namespace

Result<runtime::NodeId> Lower(const PlanNode& plan, const engine::EvalContext& context,
                              int64_t batch_rows, runtime::Graph& graph) {
  switch (plan.kind) {
    case PlanNode::Kind::kScan: {
      engine::ScanRequest request = plan.scan;
      request.batch_rows_max = batch_rows;
      return plan.table->Plan(graph, request);
    }
    case PlanNode::Kind::kValues:
      return graph.AddSource({.name = "values"},
                             std::make_unique<ValuesSource>(plan.values, batch_rows));
    case PlanNode::Kind::kOperator: {
      std::vector<runtime::PortId> inputs;
      std::vector<columnar::SchemaPtr> schemas;
      for (const auto& input : plan.inputs) {
        THALWEG_ASSIGN_OR_RETURN(const auto node, Lower(*input, context, batch_rows, graph));
        inputs.emplace_back(node);
        schemas.push_back(input->schema);
      }
      return engine::AddOperator(graph, *plan.factory, std::move(schemas), plan.parameters, context,
                                 std::move(inputs));
    }
    case PlanNode::Kind::kSink:
      break;
  }
  return Status::Internal("a sink stands inside a plan");
}

void CollectScans(const PlanNode& plan, std::vector<const PlanNode*>* scans) {
  if (plan.kind == PlanNode::Kind::kScan) scans->push_back(&plan);
  for (const auto& input : plan.inputs) CollectScans(*input, scans);
}

}  // namespace thalweg::sql
