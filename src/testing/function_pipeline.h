#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/pipeline.h"

namespace thalweg::testing {

/// A pipeline of integers, or of others, whose hooks are functions; those left empty do nothing.
template <typename In, typename Out = In>
class FunctionPipeline final : public Pipeline<In, Out> {
 public:
  std::function<Status()> before;
  std::function<Status(Emitter<In>&, const runtime::Position&)> extract;
  std::function<bool(const In&)> keep;
  std::function<Result<Out>(In&&)> transform;
  std::function<LoadOutcome(std::span<Out>)> load;
  std::function<Status(const Report&)> after;
  std::function<std::string(const Out&)> describe;

  /// Records that `load` was given and took, in order of the calls; only without `load`.
  std::vector<Out> loaded;
  std::vector<size_t> batches;

  using Pipeline<In, Out>::stop;

  Status Before() override { return before ? before() : Status(); }
  Status Extract(Emitter<In>& out, const runtime::Position& from) override {
    return extract ? extract(out, from) : Status();
  }
  bool Keep(const In& record) override { return keep ? keep(record) : true; }
  Result<Out> Transform(In&& record) override { return transform(std::move(record)); }
  LoadOutcome Load(std::span<Out> batch) override {
    if (load) return load(batch);
    std::scoped_lock lock(mutex_);
    batches.push_back(batch.size());
    for (Out& record : batch) loaded.push_back(std::move(record));
    return {};
  }
  Status After(const Report& report) override { return after ? after(report) : Status(); }
  std::string Describe(const Out& record) const override {
    return describe ? describe(record) : std::string();
  }

 private:
  std::mutex mutex_;
};

/// The same, for a transform in place.
template <typename T>
class FunctionPipeline<T, T> final : public Pipeline<T, T> {
 public:
  std::function<Status()> before;
  std::function<Status(Emitter<T>&, const runtime::Position&)> extract;
  std::function<bool(const T&)> keep;
  std::function<Status(T&)> transform;
  std::function<LoadOutcome(std::span<T>)> load;
  std::function<Status(const Report&)> after;
  std::function<std::string(const T&)> describe;
  std::vector<T> loaded;
  std::vector<size_t> batches;

  using Pipeline<T, T>::stop;

  Status Before() override { return before ? before() : Status(); }
  Status Extract(Emitter<T>& out, const runtime::Position& from) override {
    return extract ? extract(out, from) : Status();
  }
  bool Keep(const T& record) override { return keep ? keep(record) : true; }
  Status Transform(T& record) override { return transform ? transform(record) : Status(); }
  LoadOutcome Load(std::span<T> batch) override {
    if (load) return load(batch);
    std::scoped_lock lock(mutex_);
    batches.push_back(batch.size());
    for (T& record : batch) loaded.push_back(std::move(record));
    return {};
  }
  Status After(const Report& report) override { return after ? after(report) : Status(); }
  std::string Describe(const T& record) const override {
    return describe ? describe(record) : std::string();
  }

 private:
  std::mutex mutex_;
};

/// An `Extract` that gives 0 … n−1.
inline std::function<Status(Emitter<int>&, const runtime::Position&)> Count(int n) {
  return [n](Emitter<int>& out, const runtime::Position&) -> Status {
    for (int i = 0; i < n; ++i) {
      if (!out.Emit(int{i})) break;
    }
    return {};
  };
}

/// 0 … n−1.
inline std::vector<int> Iota(int n) {
  std::vector<int> numbers;
  for (int i = 0; i < n; ++i) numbers.push_back(i);
  return numbers;
}

/// Keeps what is rejected.
class CollectingRejectSink final : public RejectSink {
 public:
  Status Write(const runtime::Rejection& rejection) override {
    rejections.push_back(rejection);
    return {};
  }
  Status Close() override {
    ++closed;
    return {};
  }
  std::string location() const override { return "memory"; }

  std::vector<runtime::Rejection> rejections;
  int closed = 0;
};

}  // namespace thalweg::testing
