#pragma once

#include <string>
#include <string_view>

#include "engine/registry.h"

namespace thalweg::job {

/// Reference text of a component out of its `Spec`, or the list of a kind (`codecs`, `connectors`,
/// `functions`, `operators`) where `name` is empty. `not_found` gives the nearest name.
Result<std::string> ReferenceText(const engine::Registry& registry, std::string_view kind,
                                  std::string_view name);

}  // namespace thalweg::job
