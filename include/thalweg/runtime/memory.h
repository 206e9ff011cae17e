#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "thalweg/export.h"

namespace thalweg::runtime {

/// A bound on bytes. Thread-safe. May have a parent whose bound holds as well.
class THALWEG_EXPORT MemoryBudget {
 public:
  /// `bytes_max` ≤ 0: no bound. `parent` outlives this budget.
  explicit MemoryBudget(int64_t bytes_max, MemoryBudget* parent = nullptr)
      : bytes_max_(bytes_max), parent_(parent) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  /// Reserves when the bound allows it.
  bool TryReserve(int64_t bytes);
  /// Reserves in any case: for the lowest open sequence number, which is always admitted.
  void Reserve(int64_t bytes);
  void Release(int64_t bytes);

  /// True while more may be reserved.
  bool HasRoom() const;
  int64_t used() const { return used_.load(std::memory_order_relaxed); }
  int64_t peak() const { return peak_.load(std::memory_order_relaxed); }
  int64_t bytes_max() const { return bytes_max_; }
  /// Used share of the bound, 0 without one; the parent's where that is higher.
  double Pressure() const;

 private:
  const int64_t bytes_max_;
  MemoryBudget* const parent_;
  std::atomic<int64_t> used_{0};
  std::atomic<int64_t> peak_{0};
};

/// Bytes held against a budget, given back on destruction. Move-only; not thread-safe.
class MemoryLease {
 public:
  MemoryLease() = default;
  /// Takes over `bytes` that are already reserved in `budget`.
  MemoryLease(MemoryBudget* budget, int64_t bytes) : budget_(budget), bytes_(bytes) {}
  MemoryLease(MemoryLease&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  MemoryLease& operator=(MemoryLease&& other) noexcept {
    if (this != &other) {
      Release();
      budget_ = std::exchange(other.budget_, nullptr);
      bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
  }
  ~MemoryLease() { Release(); }

  int64_t bytes() const { return bytes_; }
  bool held() const { return budget_ != nullptr; }
  bool TryGrow(int64_t bytes) {
    if (budget_ != nullptr && !budget_->TryReserve(bytes)) return false;
    bytes_ += bytes;
    return true;
  }
  void Shrink(int64_t bytes) {
    if (budget_ != nullptr) budget_->Release(bytes);
    bytes_ -= bytes;
  }
  /// Takes `bytes` of this lease, at most all of it, into one of their own.
  MemoryLease Split(int64_t bytes) {
    bytes = bytes < bytes_ ? bytes : bytes_;
    if (budget_ == nullptr || bytes <= 0) return {};
    bytes_ -= bytes;
    return {budget_, bytes};
  }
  /// Takes over what `other` holds, of the same budget.
  void Merge(MemoryLease other) {
    if (other.budget_ == nullptr) return;
    budget_ = other.budget_;
    bytes_ += other.bytes_;
    other.Forget();
  }
  /// The bytes stay reserved; somebody else accounts for them from now on.
  void Forget() {
    budget_ = nullptr;
    bytes_ = 0;
  }
  void Release() {
    if (budget_ != nullptr && bytes_ != 0) budget_->Release(bytes_);
    budget_ = nullptr;
    bytes_ = 0;
  }

 private:
  MemoryBudget* budget_ = nullptr;
  int64_t bytes_ = 0;
};

}  // namespace thalweg::runtime
