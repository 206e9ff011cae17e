#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/export.h"
#include "thalweg/governor.h"
#include "thalweg/pipeline.h"
#include "thalweg/report.h"
#include "thalweg/status.h"

namespace thalweg {

/// What one pipeline's failure means for the others.
enum class FailurePolicy : uint8_t {
  kFailFast,   ///< The others are cancelled and joined; those not yet started never are.
  kKeepGoing,  ///< The others go on.
};

struct ManagerOptions {
  int pipelines_max = 4;  ///< Running at the same time.
  FailurePolicy failure = FailurePolicy::kFailFast;
  Governor* governor = nullptr;  ///< Shared by all of them. Null: the process's.
};

struct ManagerReport {
  Status outcome;                 ///< Of the first pipeline that failed, in order of time.
  std::vector<Status> errors;     ///< Every error of every pipeline, each with its pipeline's name.
  std::vector<Report> pipelines;  ///< In the order in which they were added.
};

/// Runs many pipelines under one governor. Used by one thread; `Run` once.
class THALWEG_EXPORT Manager {
 public:
  /// Runs one pipeline to its end. The governor and the stop token are to be used for it.
  using Job = std::function<Report(Governor& governor, std::stop_token stop)>;

  explicit Manager(const ManagerOptions& options = {}) : options_(options) {}

  void Add(std::string name, Job job) { jobs_.push_back({std::move(name), std::move(job)}); }
  template <typename In, typename Out>
  void Add(std::shared_ptr<Pipeline<In, Out>> pipeline, PipelineOptions options) {
    Add(options.name, [pipeline, options](Governor& governor, std::stop_token stop) mutable {
      options.governor = &governor;
      return pipeline->Run(options, std::move(stop));
    });
  }

  /// Runs all of them and waits for all. Without pipelines the outcome is OK.
  ManagerReport Run(std::stop_token stop = {});

 private:
  struct Entry {
    std::string name;
    Job job;
  };
  ManagerOptions options_;
  std::vector<Entry> jobs_;
};

}  // namespace thalweg
