#include "thalweg/manager.h"

#include <algorithm>
#include <mutex>

#include "runtime/executor.h"

namespace thalweg {
namespace {

std::string Named(const std::string& name) { return "pipeline '" + name + "'"; }

Status WithName(const Status& status, const std::string& name) {
  if (status.message().find(Named(name)) != std::string::npos) return status;
  return status.WithContext(Named(name));
}

}  // namespace

ManagerReport Manager::Run(std::stop_token stop) {
  ManagerReport all;
  if (options_.pipelines_max < 1) {
    all.outcome = Status::InvalidArgument("manager: pipelines_max must be at least 1: " +
                                          std::to_string(options_.pipelines_max));
    all.errors.push_back(all.outcome);
    return all;
  }
  Governor& governor = options_.governor != nullptr ? *options_.governor : Governor::Process();
  all.pipelines.resize(jobs_.size());
  std::stop_source stopping;
  const std::stop_callback on_stop(stop, [&stopping] { stopping.request_stop(); });
  std::mutex mutex;
  size_t next = 0;
  Status first;

  const auto finish = [&](size_t index, Report report) {
    std::scoped_lock lock(mutex);
    if (!report.outcome.ok()) {
      if (first.ok()) first = WithName(report.outcome, jobs_[index].name);
      if (options_.failure == FailurePolicy::kFailFast) stopping.request_stop();
    }
    all.pipelines[index] = std::move(report);
  };
  const auto run_one = [&](size_t index) {
    const Entry& entry = jobs_[index];
    Report report;
    Status caught;
    if (stopping.stop_requested()) {
      caught = Status::Cancelled("not started");
    } else {
      caught = runtime::CatchAll("run", [&] {
        report = entry.job(governor, stopping.get_token());
        return Status();
      });
    }
    report.pipeline = entry.name;
    if (!caught.ok()) {
      report.outcome = caught.WithContext(Named(entry.name));
      report.errors.push_back(report.outcome);
    }
    finish(index, std::move(report));
  };
  const auto work = [&](const std::stop_token&) -> Status {
    for (;;) {
      size_t index = 0;
      {
        std::scoped_lock lock(mutex);
        if (next >= jobs_.size()) return {};
        index = next++;
      }
      run_one(index);
    }
  };

  runtime::Nursery nursery;
  const size_t threads = std::min(jobs_.size(), static_cast<size_t>(options_.pipelines_max));
  Status spawned;
  for (size_t i = 0; i < threads && spawned.ok(); ++i)
    spawned = nursery.Spawn("thalweg-pipeline", work);
  // Threads that could not be made are made up for by this one.
  if (!spawned.ok()) (void)work({});
  for (Status& error : nursery.Join()) all.errors.push_back(std::move(error));
  for (size_t i = 0; i < jobs_.size(); ++i) {
    for (const Status& error : all.pipelines[i].errors) {
      all.errors.push_back(WithName(error, jobs_[i].name));
    }
  }
  all.outcome = std::move(first);
  return all;
}

}  // namespace thalweg
