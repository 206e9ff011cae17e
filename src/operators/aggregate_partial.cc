#include <memory>
#include <utility>

#include "engine/registry.h"
#include "operators/group_state.h"

namespace thalweg::operators::aggregate_partial {
namespace {

/// Aggregates the rows of one lane; at the end sends its state on.
class AggregatePartial final : public engine::Operator {
 public:
  AggregatePartial(const engine::AggregateParameters& parameters,
                   const engine::EvalContext& context)
      : state_(std::make_unique<GroupState>(parameters, context)) {}

  Status Push(int, Batch batch, engine::Emitter& out) override { return state_->Add(batch, out); }
  void OnChunk(int64_t sequence) override { state_->StartChunk(sequence); }
  Status Finish(engine::Emitter& out) override {
    if (state_ == nullptr) return {};
    return out.Emit(WrapState(std::move(state_)));
  }
  int64_t held_bytes() const override { return state_ ? state_->ByteSize() : 0; }

 private:
  std::unique_ptr<GroupState> state_;
};

Result<std::unique_ptr<engine::Operator>> Make(std::vector<engine::SchemaPtr>,
                                               const std::any& parameters,
                                               const engine::EvalContext& context) {
  const auto* given = std::any_cast<engine::AggregateParameters>(&parameters);
  if (given == nullptr) return Status::Internal("aggregate: wants AggregateParameters");
  return std::unique_ptr<engine::Operator>(std::make_unique<AggregatePartial>(*given, context));
}

}  // namespace

void Register(engine::Registry& registry);
void Register(engine::Registry& registry) {
  engine::OperatorFactory factory;
  factory.spec.name = "aggregate_partial";
  factory.spec.summary = "Aggregates the rows of one lane by key.";
  factory.spec.details = "AggregateParameters in engine/operator.h.";
  factory.parallelism = engine::Parallelism::kPartial;
  factory.make = Make;
  registry.Add(std::move(factory));
}

}  // namespace thalweg::operators::aggregate_partial
