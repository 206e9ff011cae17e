#pragma once

#include <cstddef>
#include <cstdint>

namespace thalweg::sql {

/// Levels of nesting that a text may have, whatever the stack.
inline constexpr int kDepthMax = 1024;

/// Keeps recursion over a SQL text inside the stack of the calling thread. Not thread-safe: one per
/// call of the parser or binder.
class DepthBudget {
 public:
  DepthBudget();

  /// False when the nesting is deeper than `kDepthMax` or little stack is left. Pair with `Leave`
  /// also then.
  bool Enter();
  void Leave() { --depth_; }
  int depth() const { return depth_; }

  /// Levels that an expression tree may have, so that walking it later on a stack like this one is
  /// safe. `kDepthMax` on usual stacks.
  int height_max() const { return height_max_; }

 private:
  int depth_ = 0;
  int height_max_ = kDepthMax;
  uintptr_t stack_floor_ = 0;
};

/// Enters on construction, leaves on destruction.
class DepthScope {
 public:
  explicit DepthScope(DepthBudget& budget) : budget_(budget), ok_(budget.Enter()) {}
  ~DepthScope() { budget_.Leave(); }
  DepthScope(const DepthScope&) = delete;
  DepthScope& operator=(const DepthScope&) = delete;
  bool ok() const { return ok_; }

 private:
  DepthBudget& budget_;
  bool ok_;
};

}  // namespace thalweg::sql
