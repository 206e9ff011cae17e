#include "engine/hash.h"

#include <random>

namespace thalweg::engine {

uint64_t ProcessHashSeed() {
  static const uint64_t seed = [] {
    std::random_device device;
    return (static_cast<uint64_t>(device()) << 32) | device();
  }();
  return seed;
}

}  // namespace thalweg::engine
