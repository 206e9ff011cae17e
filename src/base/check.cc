#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace thalweg::internal {

void CheckFailed(const char* expression, std::source_location where) {
  std::fprintf(stderr, "%s:%u: %s: check failed: %s\n", where.file_name(),
               static_cast<unsigned>(where.line()), where.function_name(), expression);
  std::abort();
}

}  // namespace thalweg::internal
