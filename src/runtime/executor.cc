#include "runtime/executor.h"

#include <pthread.h>

#include <exception>
#include <new>
#include <system_error>
#include <utility>

namespace thalweg::runtime {

Status CatchAll(std::string_view where, const std::function<Status()>& body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return Status::ResourceExhausted(std::string(where) + ": out of memory");
  } catch (const std::exception& error) {
    return Status::Internal(std::string(where) + ": exception: " + error.what());
  } catch (...) {
    return Status::Internal(std::string(where) + ": exception of unknown type");
  }
}

Nursery::~Nursery() {
  RequestStop();
  Join();
}

Status Nursery::Spawn(std::string name, std::function<Status(std::stop_token)> body) {
  std::scoped_lock lock(mutex_);
  try {
    threads_.emplace_back([this, name, body = std::move(body)] {
      pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
      Status status = CatchAll(name, [&] { return body(stop_.get_token()); });
      if (status.ok()) return;
      {
        std::scoped_lock failed(mutex_);
        errors_.push_back(std::move(status));
      }
      stop_.request_stop();
    });
  } catch (const std::system_error& error) {
    return Status::ResourceExhausted(std::string("cannot start a thread: ") + error.what());
  }
  ++spawned_;
  return {};
}

std::vector<Status> Nursery::Join() {
  // A task may spawn while we wait, so take the threads in rounds.
  for (;;) {
    std::vector<std::thread> round;
    {
      std::scoped_lock lock(mutex_);
      round.swap(threads_);
    }
    if (round.empty()) break;
    for (auto& thread : round) thread.join();
  }
  std::scoped_lock lock(mutex_);
  return std::exchange(errors_, {});
}

size_t Nursery::spawned() const {
  std::scoped_lock lock(mutex_);
  return spawned_;
}

TimerThread::~TimerThread() {
  {
    std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

uint64_t TimerThread::CallAt(Clock::Instant when, std::function<void()> wake) {
  std::scoped_lock lock(mutex_);
  if (!thread_.joinable()) thread_ = std::thread([this] { Loop(); });
  const uint64_t id = next_id_++;
  const bool earliest = calls_.empty() || when < calls_.begin()->first;
  calls_.emplace(when, std::pair(id, std::move(wake)));
  if (earliest) changed_.notify_all();
  return id;
}

void TimerThread::Cancel(uint64_t id) {
  std::unique_lock lock(mutex_);
  for (auto it = calls_.begin(); it != calls_.end(); ++it) {
    if (it->second.first == id) {
      calls_.erase(it);
      return;
    }
  }
  changed_.wait(lock, [&] { return running_ != id; });
}

void TimerThread::Loop() {
  pthread_setname_np(pthread_self(), "thalweg-timer");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (calls_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const Clock::Instant when = calls_.begin()->first;
    if (Clock::System().Now() < when) {
      changed_.wait_until(lock, when);
      continue;
    }
    auto [id, wake] = std::move(calls_.begin()->second);
    calls_.erase(calls_.begin());
    running_ = id;
    lock.unlock();
    wake();
    lock.lock();
    running_ = 0;
    changed_.notify_all();
  }
}

}  // namespace thalweg::runtime
