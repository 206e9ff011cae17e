#pragma once

#include <string>

#include "engine/registry.h"

namespace thalweg::engine {

/// Which connector a location means: `name:rest` where `name` is one, else files.
struct Place {
  const Connector* connector = nullptr;
  std::string location;
};
/// `not_found` where the location names a scheme that nothing answers to.
Result<Place> FindPlace(const Registry& registry, const std::string& location);

}  // namespace thalweg::engine
