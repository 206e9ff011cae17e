#include "sql/depth.h"

#if defined(__linux__)
#include <pthread.h>
#endif

#include <algorithm>

namespace thalweg::sql {
namespace {

// What the deepest call may still need: kernels that fold constants, and building a message.
constexpr size_t kReserveBytes = size_t{64} << 10;
// Where the stack's size is not known.
constexpr size_t kAssumedBytes = size_t{512} << 10;
// What one level of an expression costs those who walk it: printing, evaluation, destruction.
constexpr size_t kWalkBytesPerLevel = 1024;

uintptr_t StackPointer() { return reinterpret_cast<uintptr_t>(__builtin_frame_address(0)); }

/// Bytes between the stack pointer and the lowest address of the stack.
size_t StackBytesLeft() {
#if defined(__linux__)
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    void* lowest = nullptr;
    size_t size = 0;
    const int failed = pthread_attr_getstack(&attributes, &lowest, &size);
    pthread_attr_destroy(&attributes);
    const auto floor = reinterpret_cast<uintptr_t>(lowest);
    if (failed == 0 && size != 0 && StackPointer() > floor) return StackPointer() - floor;
  }
#endif
  return kAssumedBytes;
}

}  // namespace

DepthBudget::DepthBudget() {
  const size_t left = StackBytesLeft();
  const size_t usable = left > kReserveBytes ? left - kReserveBytes : 0;
  stack_floor_ = StackPointer() - usable;
  height_max_ = static_cast<int>(
      std::clamp<size_t>(usable / kWalkBytesPerLevel, 16, static_cast<size_t>(kDepthMax)));
}

bool DepthBudget::Enter() { return ++depth_ <= kDepthMax && StackPointer() > stack_floor_; }

}  // namespace thalweg::sql
