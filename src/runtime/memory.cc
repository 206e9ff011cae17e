#include "thalweg/runtime/memory.h"

#include <algorithm>

namespace thalweg::runtime {
namespace {

void RaisePeak(std::atomic<int64_t>& peak, int64_t value) {
  int64_t seen = peak.load(std::memory_order_relaxed);
  while (value > seen && !peak.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

}  // namespace

bool MemoryBudget::TryReserve(int64_t bytes) {
  int64_t seen = used_.load(std::memory_order_relaxed);
  do {
    if (bytes_max_ > 0 && seen + bytes > bytes_max_) return false;
  } while (!used_.compare_exchange_weak(seen, seen + bytes, std::memory_order_relaxed));
  if (parent_ != nullptr && !parent_->TryReserve(bytes)) {
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
  RaisePeak(peak_, seen + bytes);
  return true;
}

void MemoryBudget::Reserve(int64_t bytes) {
  RaisePeak(peak_, used_.fetch_add(bytes, std::memory_order_relaxed) + bytes);
  if (parent_ != nullptr) parent_->Reserve(bytes);
}

void MemoryBudget::Release(int64_t bytes) {
  used_.fetch_sub(bytes, std::memory_order_release);
  if (parent_ != nullptr) parent_->Release(bytes);
}

bool MemoryBudget::HasRoom() const {
  if (bytes_max_ > 0 && used() >= bytes_max_) return false;
  return parent_ == nullptr || parent_->HasRoom();
}

double MemoryBudget::Pressure() const {
  double own = 0;
  if (bytes_max_ > 0) own = static_cast<double>(used()) / static_cast<double>(bytes_max_);
  return parent_ == nullptr ? own : std::max(own, parent_->Pressure());
}

}  // namespace thalweg::runtime
