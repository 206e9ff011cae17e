// Files inside sealed archives: `twa:backup.twa!/orders/*.parquet`.

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "archive/archive_file_system.h"
#include "connectors/file_table.h"
#include "thalweg/archive.h"
#include "thalweg/runtime/graph.h"

namespace thalweg::connectors::twa {
namespace {

Spec MakeSpec() {
  Spec spec;
  spec.name = "twa";
  spec.aliases = {"archive"};
  spec.summary = "Files inside a sealed archive, by path or pattern.";
  spec.details =
      "ARCHIVE!/PATH: the path inside the archive may be a pattern. Keys are given by reference: "
      "env:NAME or file:PATH for a key file or raw key, passphrase-env:NAME or "
      "passphrase-file:PATH. Everything that is read is authenticated first.";
  spec.fields = {
      StringField("key").Doc("Where the key is: env:NAME, file:PATH, passphrase-file:PATH."),
      StringField("signer").Doc("Read only what this key has signed: thalweg-signer1…."),
  };
  std::ranges::move(FileReadFields(), std::back_inserter(spec.fields));
  spec.examples = {
      "SELECT * FROM read_parquet('twa:backup.twa!/orders/*.parquet', key := 'file:key.txt')"};
  return spec;
}

// A table of files, with the archive that they are in.
class ArchiveTable final : public engine::Table {
 public:
  ArchiveTable(std::shared_ptr<archive::ArchiveFileSystem> fs,
               std::shared_ptr<const engine::Table> table)
      : fs_(std::move(fs)), table_(std::move(table)) {}
  const engine::SchemaPtr& schema() const override { return table_->schema(); }
  std::optional<engine::TypePtr> ResolveColumn(std::string_view name) const override {
    return table_->ResolveColumn(name);
  }
  std::string Describe() const override { return table_->Describe() + " in an archive"; }
  std::optional<int64_t> num_rows() const override { return table_->num_rows(); }
  std::optional<int64_t> num_bytes() const override { return table_->num_bytes(); }
  Result<runtime::NodeId> Plan(runtime::Graph& graph,
                               const engine::ScanRequest& request) const override {
    return table_->Plan(graph, request);
  }

 private:
  std::shared_ptr<archive::ArchiveFileSystem> fs_;  // Outlives what reads from it.
  std::shared_ptr<const engine::Table> table_;
};

Result<std::shared_ptr<const engine::Table>> OpenTable(const engine::Registry& known,
                                                       const std::string& location,
                                                       const Spec& spec,
                                                       const Options::Given& given) {
  THALWEG_ASSIGN_OR_RETURN(const auto place, archive::SplitArchivePlace(location));
  const SplitOptions split = SplitByName(spec, given);
  THALWEG_ASSIGN_OR_RETURN(const Options options, Options::Parse(spec, split.place, "twa"));
  archive::OpenOptions open;
  const std::string key = options.Has("key") ? options.String("key") : std::string();
  if (!key.empty()) {
    THALWEG_ASSIGN_OR_RETURN(open.identities, archive::ReadIdentities(key));
  }
  if (options.Has("signer")) open.signer = options.String("signer");
  THALWEG_ASSIGN_OR_RETURN(auto opened, archive::Archive::Open(place.archive, std::move(open)));
  auto fs = std::make_shared<archive::ArchiveFileSystem>(
      std::shared_ptr<const archive::Archive>(std::move(opened)));
  Options::Given rest = given;
  std::erase_if(
      rest, [](const auto& option) { return option.first == "key" || option.first == "signer"; });
  THALWEG_ASSIGN_OR_RETURN(auto table, OpenFileTable(known, *fs, place.path, spec, rest));
  return std::make_shared<ArchiveTable>(std::move(fs), std::move(table));
}

}  // namespace

void Register(engine::Registry& registry);
void Register(engine::Registry& registry) {
  engine::Connector connector;
  connector.spec = MakeSpec();
  connector.open = [spec = connector.spec](const engine::Registry& known,
                                           const std::string& location,
                                           const Options::Given& options) {
    return OpenTable(known, location, spec, options);
  };
  registry.Add(std::move(connector));
}

}  // namespace thalweg::connectors::twa
