// A place where rows end, for measuring what comes before it.

#include <memory>
#include <utility>

#include "engine/flow.h"
#include "engine/registry.h"

namespace thalweg::connectors::blackhole {
namespace {

class DropStep final : public runtime::Step {
 public:
  explicit DropStep(std::shared_ptr<int64_t> rows) : rows_(std::move(rows)) {}
  Result<runtime::Progress> OnChunk(runtime::Chunk& chunk, runtime::Output& /*out*/) override {
    *rows_ += chunk.records;
    return runtime::Progress::kNeedInput;
  }

 private:
  std::shared_ptr<int64_t> rows_;
};

class Blackhole final : public engine::SinkTable {
 public:
  std::string Describe() const override { return "blackhole"; }
  Status Check() override { return {}; }
  Status Plan(runtime::Graph& graph, runtime::NodeId input) override {
    graph.AddSerial({.name = "blackhole"}, std::make_unique<DropStep>(rows_), {input});
    return {};
  }
  Status Commit() override { return {}; }
  int64_t rows_written() const override { return *rows_; }

 private:
  std::shared_ptr<int64_t> rows_ = std::make_shared<int64_t>(0);
};

}  // namespace

void Register(engine::Registry& registry);
void Register(engine::Registry& registry) {
  engine::Connector connector;
  connector.spec.name = "blackhole";
  connector.spec.summary = "Takes rows and drops them: for measuring what comes before it.";
  connector.spec.examples = {"COPY (SELECT * FROM 'flights.csv') TO 'blackhole:'"};
  connector.create = [](const engine::Registry&, const std::string&, const Options::Given& given,
                        const engine::SinkRequest&) -> Result<std::unique_ptr<engine::SinkTable>> {
    Spec none;
    none.name = "blackhole";
    THALWEG_ASSIGN_OR_RETURN(const Options options, Options::Parse(none, given, "blackhole"));
    (void)options;
    return std::unique_ptr<engine::SinkTable>(std::make_unique<Blackhole>());
  };
  registry.Add(std::move(connector));
}

}  // namespace thalweg::connectors::blackhole
