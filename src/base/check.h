#pragma once

#include <source_location>

namespace thalweg::internal {
/// Prints the place and ends the process.
[[noreturn]] void CheckFailed(const char* expression, std::source_location where);
}  // namespace thalweg::internal

/// Always on. Only where going on would corrupt memory or leak a secret; never on input.
#define THALWEG_CHECK(condition)                                                     \
  do {                                                                               \
    if (!(condition)) [[unlikely]] {                                                 \
      ::thalweg::internal::CheckFailed(#condition, std::source_location::current()); \
    }                                                                                \
  } while (false)

/// On in builds with assertions. For bugs of ours; never on input, peers or files.
#if defined(THALWEG_ASSERTIONS)
#define THALWEG_DCHECK(condition) THALWEG_CHECK(condition)
#else
#define THALWEG_DCHECK(condition) static_cast<void>(sizeof(!(condition)))
#endif
