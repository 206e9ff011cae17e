#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "engine/registry.h"

namespace thalweg::operators::limit {
namespace {

using columnar::Batch;

class Limit final : public engine::Operator {
 public:
  explicit Limit(const engine::LimitParameters& parameters)
      : to_skip_(std::max<int64_t>(parameters.offset, 0)),
        left_(parameters.limit < 0 ? std::numeric_limits<int64_t>::max() : parameters.limit) {}

  Status Push(int, Batch batch, engine::Emitter& out) override {
    const int64_t rows = batch.num_rows();
    const int64_t skipped = std::min(to_skip_, rows);
    const int64_t taken = std::min(left_, rows - skipped);
    to_skip_ -= skipped;
    if (left_ != std::numeric_limits<int64_t>::max()) left_ -= taken;
    if (taken < rows) out.CountFiltered(rows - taken);
    if (taken == 0) return {};
    return out.Emit(batch.Slice(skipped, taken));
  }

  bool satisfied() const override { return left_ == 0; }

 private:
  int64_t to_skip_;
  int64_t left_;
};

Result<std::unique_ptr<engine::Operator>> Make(std::vector<engine::SchemaPtr>,
                                               const std::any& parameters,
                                               const engine::EvalContext&) {
  const auto* given = std::any_cast<engine::LimitParameters>(&parameters);
  if (given == nullptr) return Status::Internal("limit: wants LimitParameters");
  return std::unique_ptr<engine::Operator>(std::make_unique<Limit>(*given));
}

}  // namespace

void Register(engine::Registry& registry);
void Register(engine::Registry& registry) {
  engine::OperatorFactory factory;
  factory.spec.name = "limit";
  factory.spec.summary = "Skips rows, then keeps a number of them.";
  factory.spec.details = "LimitParameters in engine/operator.h.";
  factory.parallelism = engine::Parallelism::kSerial;
  factory.make = Make;
  registry.Add(std::move(factory));
}

}  // namespace thalweg::operators::limit
