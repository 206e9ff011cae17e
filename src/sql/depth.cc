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
constexpr size_t kWalkBytesPerLevel = 2048;

uintptr_t StackPointer() { return reinterpret_cast<uintptr_t>(__builtin_frame_address(0)); }

/// The lowest address of the calling thread's stack; 0: not known.
uintptr_t FindStackFloor() {
#if defined(__linux__)
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    void* lowest = nullptr;
    size_t size = 0;
    const int failed = pthread_attr_getstack(&attributes, &lowest, &size);
    pthread_attr_destroy(&attributes);
    if (failed == 0 && size != 0) return reinterpret_cast<uintptr_t>(lowest);
  }
#endif
  return 0;
}

size_t StackBytesLeft() {
  // Asking costs a walk through the process's mappings, and the answer does not change.
  thread_local const uintptr_t floor = FindStackFloor();
  return floor != 0 && StackPointer() > floor ? StackPointer() - floor : kAssumedBytes;
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
