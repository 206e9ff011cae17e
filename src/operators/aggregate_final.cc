#include <memory>
#include <utility>

#include "engine/registry.h"
#include "operators/group_state.h"

namespace thalweg::operators::aggregate_final {
namespace {

/// Merges the states of the lanes and emits the groups.
class AggregateFinal final : public engine::Operator {
 public:
  AggregateFinal(engine::AggregateParameters parameters, engine::EvalContext context)
      : parameters_(std::move(parameters)), context_(std::move(context)) {}

  Status Push(int, Batch batch, engine::Emitter&) override {
    std::shared_ptr<GroupState> state = UnwrapState(batch);
    if (state == nullptr) return Status::Internal("aggregate_final: the batch holds no state");
    if (state_ != nullptr) return state_->Merge(*state);
    state_ = std::move(state);
    return {};
  }
  Status Finish(engine::Emitter& out) override {
    if (state_ == nullptr) state_ = std::make_shared<GroupState>(parameters_, context_);
    return state_->Emit(out);
  }
  int64_t held_bytes() const override { return state_ ? state_->ByteSize() : 0; }

 private:
  engine::AggregateParameters parameters_;
  engine::EvalContext context_;
  std::shared_ptr<GroupState> state_;
};

Result<std::unique_ptr<engine::Operator>> Make(std::vector<engine::SchemaPtr>,
                                               const std::any& parameters,
                                               const engine::EvalContext& context) {
  const auto* given = std::any_cast<engine::AggregateParameters>(&parameters);
  if (given == nullptr) return Status::Internal("aggregate: wants AggregateParameters");
  return std::unique_ptr<engine::Operator>(std::make_unique<AggregateFinal>(*given, context));
}

}  // namespace

void Register(engine::Registry& registry);
void Register(engine::Registry& registry) {
  engine::OperatorFactory factory;
  factory.spec.name = "aggregate_final";
  factory.spec.summary = "Merges what lanes have aggregated and emits the groups.";
  factory.spec.details = "AggregateParameters in engine/operator.h.";
  factory.parallelism = engine::Parallelism::kSerial;
  factory.make = Make;
  registry.Add(std::move(factory));
}

}  // namespace thalweg::operators::aggregate_final
