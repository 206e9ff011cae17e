#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace thalweg::runtime {

/// Counts of durations in buckets of a quarter of a power of two, from 1 ns. Any thread may record;
/// quantiles read while others record are approximate. Error of a quantile: at most 19 %.
class Histogram {
 public:
  void Record(int64_t nanoseconds) {
    buckets_[Bucket(nanoseconds)].fetch_add(1, std::memory_order_relaxed);
  }
  int64_t count() const {
    int64_t total = 0;
    for (const auto& bucket : buckets_) total += bucket.load(std::memory_order_relaxed);
    return total;
  }
  /// Seconds below which a share `q` of the durations lies; 0 when empty.
  double Quantile(double q) const {
    const int64_t total = count();
    if (total == 0) return 0;
    const auto wanted = static_cast<int64_t>(q * static_cast<double>(total - 1));
    int64_t seen = 0;
    for (size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i].load(std::memory_order_relaxed);
      if (seen > wanted) return Upper(i) * 1e-9;
    }
    return Upper(buckets_.size() - 1) * 1e-9;
  }

  /// Durations below 2^`exponent` ns. `exponent` from 2 to 62.
  int64_t CountBelowPowerOfTwo(int exponent) const {
    int64_t below = 0;
    for (size_t i = 0; i < static_cast<size_t>(exponent - 1) * 4; ++i) {
      below += buckets_[i].load(std::memory_order_relaxed);
    }
    return below;
  }

 private:
  static constexpr size_t kBuckets = 256;

  static size_t Bucket(int64_t nanoseconds) {
    if (nanoseconds < 4) return static_cast<size_t>(nanoseconds < 0 ? 0 : nanoseconds);
    const auto value = static_cast<uint64_t>(nanoseconds);
    const auto exponent = static_cast<size_t>(std::bit_width(value)) - 1;
    return exponent * 4 + ((value >> (exponent - 2)) & 3) - 4;
  }
  static double Upper(size_t bucket) {
    if (bucket < 4) return static_cast<double>(bucket);
    const size_t exponent = (bucket + 4) / 4;
    const size_t quarter = (bucket + 4) % 4;
    return static_cast<double>(5 + quarter) * static_cast<double>(uint64_t{1} << (exponent - 2));
  }

  std::array<std::atomic<int64_t>, kBuckets> buckets_{};
};

}  // namespace thalweg::runtime
