#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "thalweg/export.h"
#include "thalweg/runtime/histogram.h"

namespace thalweg {

/// Describes a metric where it is bumped. `name` is in snake_case and ends in its unit; `_total` is
/// added to counters.
struct MetricInfo {
  std::string name;
  std::string help;
};

/// Label names and values, such as {{"pipeline", "orders"}}.
using MetricLabels = std::map<std::string, std::string>;

/// Only goes up. Any thread.
class Counter {
 public:
  void Add(int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

/// Goes up and down. Any thread.
class Gauge {
 public:
  void Set(double to) { value_.store(to, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

/// Durations. Any thread.
class DurationHistogram {
 public:
  void Record(int64_t nanoseconds) {
    durations_.Record(nanoseconds);
    sum_ns_.fetch_add(nanoseconds, std::memory_order_relaxed);
  }
  const runtime::Histogram& durations() const { return durations_; }
  double sum_s() const {
    return static_cast<double>(sum_ns_.load(std::memory_order_relaxed)) * 1e-9;
  }

 private:
  runtime::Histogram durations_;
  std::atomic<int64_t> sum_ns_{0};
};

/// Metrics by name and labels. Thread-safe. What it hands out lives as long as it does; asking
/// again for the same name and labels gives the same object. Bumping takes no lock.
class THALWEG_EXPORT MetricsRegistry {
 public:
  MetricsRegistry();
  ~MetricsRegistry();
  MetricsRegistry(const MetricsRegistry&) = delete;
  MetricsRegistry& operator=(const MetricsRegistry&) = delete;

  /// A name that is already taken by another kind of metric gives one that is not exposed.
  Counter& AddCounter(const MetricInfo& info, const MetricLabels& labels = {});
  Gauge& AddGauge(const MetricInfo& info, const MetricLabels& labels = {});
  DurationHistogram& AddHistogram(const MetricInfo& info, const MetricLabels& labels = {});

  /// The text exposition format of Prometheus, version 0.0.4, in order of names and labels.
  std::string ToPrometheus() const;
  /// Name, kind and help of every metric, one a line.
  std::string List() const;

 private:
  struct Family;
  Family& FamilyOf(const MetricInfo& info, int kind);

  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Family>> families_;
  std::vector<std::unique_ptr<Family>> hidden_;
};

}  // namespace thalweg
