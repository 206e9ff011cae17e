#include "job/catalog.h"

#include <utility>

#include "base/spec.h"
#include "base/text.h"
#include "engine/place.h"

namespace thalweg::job {
Result<std::shared_ptr<const engine::Table>> OpenPlace(const engine::Registry& registry,
                                                       const std::string& location,
                                                       const Options::Given& options) {
  THALWEG_ASSIGN_OR_RETURN(const engine::Place place, engine::FindPlace(registry, location));
  if (!place.connector->open) {
    return Status::Unsupported("'" + place.connector->spec.name + "' can only be written to");
  }
  return place.connector->open(registry, place.location, options);
}

namespace {

// `read_sqlite('shop.db', …)`: the name of the place may be left out of the location.
Result<std::shared_ptr<const engine::Table>> OpenAt(const engine::Registry& registry,
                                                    const engine::Connector& connector,
                                                    const sql::TableReference& table) {
  const auto* location =
      table.arguments.size() == 1 ? std::get_if<std::string>(&table.arguments.front()) : nullptr;
  if (location == nullptr || !connector.open) {
    return Status::InvalidArgument(table.name + " takes one location in quotes");
  }
  THALWEG_ASSIGN_OR_RETURN(const engine::Place place, engine::FindPlace(registry, *location));
  return connector.open(registry, place.connector == &connector ? place.location : *location,
                        table.options);
}

}  // namespace

void SessionCatalog::Set(std::string name, std::shared_ptr<const engine::Table> table) {
  tables_[LowerAscii(name)] = std::move(table);
}

std::vector<std::string> SessionCatalog::TableNames() const {
  std::vector<std::string> names;
  for (const auto& [name, table] : tables_) names.push_back(name);
  return names;
}

Result<std::shared_ptr<const engine::Table>> SessionCatalog::Resolve(
    const sql::TableReference& table) const {
  switch (table.kind) {
    case sql::TableReference::Kind::kName: {
      const auto found = tables_.find(LowerAscii(table.name));
      if (found != tables_.end()) return found->second;
      return Status::NotFound("no table '" + table.name + "'" +
                              DidYouMean(table.name, TableNames()) +
                              "; a file's path stands in quotes: FROM '" + table.name + ".csv'");
    }
    case sql::TableReference::Kind::kPath:
      return OpenPlace(registry_, table.name, {});
    case sql::TableReference::Kind::kFunction:
      return ResolveFunction(table);
  }
  return Status::Internal("a table reference of no kind");
}

Result<std::shared_ptr<const engine::Table>> SessionCatalog::ResolveFunction(
    const sql::TableReference& table) const {
  std::string format = table.name;
  for (const std::string_view suffix : {"_auto"}) {
    if (format.ends_with(suffix)) format.resize(format.size() - suffix.size());
  }
  std::vector<std::string> known;
  for (const auto& codec : registry_.codecs()) known.push_back("read_" + codec->spec.name);
  for (const auto& place : registry_.connectors()) known.push_back("read_" + place->spec.name);
  const std::string name = format.starts_with("read_") ? format.substr(5) : "";
  const engine::Codec* codec = registry_.FindCodec(name);
  if (codec == nullptr) {
    if (const engine::Connector* connector = registry_.FindConnector(name)) {
      return OpenAt(registry_, *connector, table);
    }
    return Status::NotFound("no table function '" + table.name + "'" +
                            DidYouMean(table.name, known));
  }
  if (table.arguments.size() != 1) {
    return Status::InvalidArgument(table.name + " takes one path or one list of paths");
  }
  Options::Given options = table.options;
  options.emplace_back("format", codec->spec.name);
  if (const auto* path = std::get_if<std::string>(&table.arguments.front())) {
    return OpenPlace(registry_, *path, options);
  }
  if (const auto* paths = std::get_if<std::vector<std::string>>(&table.arguments.front());
      paths != nullptr && !paths->empty()) {
    if (paths->size() == 1) return OpenPlace(registry_, paths->front(), options);
    // The pattern language has alternatives, so a list is a pattern.
    std::string pattern = "{";
    for (const auto& path : *paths) pattern.append(pattern.size() > 1 ? "," : "").append(path);
    return OpenPlace(registry_, pattern + "}", options);
  }
  return Status::InvalidArgument(table.name + " takes a path in quotes");
}

}  // namespace thalweg::job
