#include "engine/place.h"

#include <algorithm>
#include <vector>

#include "base/spec.h"

namespace thalweg::engine {

Result<Place> FindPlace(const Registry& registry, const std::string& location) {
  const size_t colon = location.find(':');
  const bool scheme =
      colon != std::string::npos && colon > 1 &&
      std::all_of(location.begin(), location.begin() + static_cast<std::ptrdiff_t>(colon),
                  [](char c) {
                    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '_';
                  });
  if (scheme) {
    const std::string name = location.substr(0, colon);
    if (const Connector* connector = registry.FindConnector(name)) {
      std::string rest = location.substr(colon + 1);
      if (rest.starts_with("//")) rest.erase(0, 2);
      return Place{connector, std::move(rest)};
    }
    if (location.compare(colon, 3, "://") == 0) {
      std::vector<std::string> known;
      for (const auto& connector : registry.connectors()) known.push_back(connector->spec.name);
      return Status::NotFound("nothing answers to '" + name + "://'" + DidYouMean(name, known));
    }
  }
  const Connector* files = registry.FindConnector("file");
  if (files == nullptr) return Status::Unsupported("this registry has no files");
  return Place{files, location};
}

}  // namespace thalweg::engine
