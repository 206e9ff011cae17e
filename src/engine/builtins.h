#pragma once

#include "engine/registry.h"

namespace thalweg::engine {

/// Adds every codec, connector, function and operator that this build has.
///
/// The build writes the definition from the folders' files. It stands above the layers, so only the
/// umbrella library and the tests may call it.
void RegisterBuiltins(Registry& registry);

}  // namespace thalweg::engine
