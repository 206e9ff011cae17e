#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/registry.h"
#include "sql/session.h"
#include "thalweg/session.h"

namespace thalweg::job {

/// Tables of a session: those given by name, files by path, and `read_FORMAT(…)`.
class SessionCatalog final : public sql::Catalog {
 public:
  explicit SessionCatalog(const engine::Registry& registry) : registry_(registry) {}
  Result<std::shared_ptr<const engine::Table>> Resolve(
      const sql::TableReference& table) const override;
  std::vector<std::string> TableNames() const override;
  void Set(std::string name, std::shared_ptr<const engine::Table> table);

 private:
  Result<std::shared_ptr<const engine::Table>> ResolveFunction(
      const sql::TableReference& table) const;

  const engine::Registry& registry_;
  std::map<std::string, std::shared_ptr<const engine::Table>> tables_;  // by lower-case name
};

/// The rows of an Arrow C stream as a table. Takes over `*stream`. Without `replay` it can be read
/// once.
Result<std::shared_ptr<const engine::Table>> MakeStreamTable(std::string name,
                                                             ArrowArrayStream* stream, bool replay);

/// The rows of a table as `map` makes them, a batch at a time and in order. `map` is called once
/// with an empty batch now: the columns of its answer are those of every later one.
Result<std::shared_ptr<const engine::Table>> MakeMappedTable(
    std::shared_ptr<const engine::Table> from, BatchMap map);

/// The table that stands at a location, to be read.
Result<std::shared_ptr<const engine::Table>> OpenPlace(const engine::Registry& registry,
                                                       const std::string& location,
                                                       const Options::Given& options);

/// Hands a batch over by the Arrow C data interface, with plain strings where it has views.
Status ExportPlain(const columnar::RecordBatchPtr& batch, ArrowSchema* schema, ArrowArray* array);

}  // namespace thalweg::job
