#include <arrow/type.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "engine/builtins.h"
#include "sql/session.h"
#include "thalweg/runtime/graph.h"

// A SQL text against one table: it is refused or planned, and what parses prints as a text that
// parses to the same.
namespace thalweg {
namespace {

class NoRows final : public engine::Table {
 public:
  const columnar::SchemaPtr& schema() const override { return schema_; }
  std::string Describe() const override { return "t"; }
  Result<runtime::NodeId> Plan(runtime::Graph&, const engine::ScanRequest&) const override {
    return Status::Unsupported("a table without rows");
  }

 private:
  columnar::SchemaPtr schema_ = arrow::schema({
      arrow::field("a", arrow::int64()),
      arrow::field("b", arrow::utf8()),
      arrow::field("c", arrow::float64()),
      arrow::field("d", arrow::decimal128(10, 2)),
      arrow::field("e", arrow::timestamp(arrow::TimeUnit::MICRO)),
      arrow::field("f", arrow::list(arrow::int32())),
      arrow::field("g", arrow::struct_({arrow::field("x", arrow::int16())})),
      arrow::field("h", arrow::boolean()),
  });
};

class OneTable final : public sql::Catalog {
 public:
  Result<std::shared_ptr<const engine::Table>> Resolve(
      const sql::TableReference& table) const override {
    if (table.name != "t") return Status::NotFound("no such table: '" + table.name + "'");
    return std::shared_ptr<const engine::Table>(table_);
  }
  std::vector<std::string> TableNames() const override { return {"t"}; }

 private:
  std::shared_ptr<const NoRows> table_ = std::make_shared<const NoRows>();
};

std::string Joined(const std::vector<std::string>& statements) {
  std::string out;
  for (const std::string& statement : statements) out += statement + ";\n";
  return out;
}

void CheckRoundTrip(std::string_view text) {
  const auto once = sql::Canonical(text);
  if (!once.ok()) return;
  const auto twice = sql::Canonical(Joined(*once));
  if (!twice.ok() || *twice != *once) std::abort();
}

}  // namespace
}  // namespace thalweg

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const thalweg::engine::Registry registry = [] {
    thalweg::engine::Registry made;
    thalweg::engine::RegisterBuiltins(made);
    return made;
  }();
  static const thalweg::OneTable catalog;
  // Work grows with the text by design; what is looked for here is short.
  if (size > (size_t{16} << 10)) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  thalweg::CheckRoundTrip(text);
  const thalweg::sql::Parameters parameters = {{"p", int64_t{1}}, {"q", std::string("x")}};
  thalweg::sql::PrepareContext context;
  context.catalog = &catalog;
  context.registry = &registry;
  context.parameters = &parameters;
  const auto statements = thalweg::sql::Prepare(text, context);
  if (statements.ok()) {
    for (const auto& statement : *statements) {
      static_cast<void>(thalweg::sql::ExplainText(*statement.plan));
    }
  }
  return 0;
}
