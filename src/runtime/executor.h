#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "thalweg/clock.h"
#include "thalweg/status.h"

// The one place where threads are made.
namespace thalweg::runtime {

/// Threads that all end before their owner does. The first failure stops the others; every failure
/// is kept. Spawn and Join belong to one thread, but a task may Spawn as well.
class Nursery {
 public:
  Nursery() = default;
  ~Nursery();
  Nursery(const Nursery&) = delete;
  Nursery& operator=(const Nursery&) = delete;

  /// Runs `body` on a thread of its own. An exception becomes `internal`. Failing to make a thread
  /// is `resource_exhausted`.
  Status Spawn(std::string name, std::function<Status(std::stop_token)> body);
  /// Waits for all and returns every failure, in the order in which they came.
  std::vector<Status> Join();
  void RequestStop() { stop_.request_stop(); }
  std::stop_token stop_token() const { return stop_.get_token(); }
  size_t spawned() const;

 private:
  std::stop_source stop_;
  mutable std::mutex mutex_;
  std::vector<std::thread> threads_;
  std::vector<Status> errors_;
  size_t spawned_ = 0;
};

/// Runs `body` and turns an exception into a status: the catch at a task's entry.
Status CatchAll(std::string_view where, const std::function<Status()>& body);

/// One thread, made on first use, that calls functions at given times.
class TimerThread {
 public:
  ~TimerThread();
  uint64_t CallAt(Clock::Instant when, std::function<void()> wake);
  void Cancel(uint64_t id);

 private:
  void Loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<Clock::Instant, std::pair<uint64_t, std::function<void()>>> calls_;
  uint64_t next_id_ = 1;
  uint64_t running_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace thalweg::runtime
