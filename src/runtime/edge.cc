#include "runtime/edge.h"

#include <iterator>
#include <utility>

#include "base/check.h"

namespace thalweg::runtime {
namespace {

int64_t RecordsOf(const Event& event) {
  const auto* chunk = std::get_if<Chunk>(&event);
  return chunk == nullptr ? 0 : chunk->records;
}

}  // namespace

int64_t Edge::BytesOf(const Event& event) {
  const auto* chunk = std::get_if<Chunk>(&event);
  return chunk == nullptr ? 0 : chunk->bytes;
}

Edge::Slot& Edge::SlotOf(uint64_t sequence) {
  THALWEG_DCHECK(sequence >= base_);
  const auto index = static_cast<size_t>(sequence - base_);
  if (index >= slots_.size()) slots_.resize(index + 1);
  return slots_[index];
}

void Edge::Put(uint64_t sequence, Event event) {
  if (abandoned_) return;
  bytes_ += BytesOf(event);
  const bool at_once = order_ == Order::kDirect || sequence == base_ ||
                       (order_ == Order::kUnordered && std::holds_alternative<Chunk>(event));
  if (at_once) {
    ready_.push_back(std::move(event));
    return;
  }
  SlotOf(sequence).events.push_back(std::move(event));
  ++waiting_;
}

void Edge::Reject(uint64_t sequence, std::vector<Rejected> rejections) {
  auto& to =
      order_ == Order::kDirect || sequence == base_ ? rejections_ : SlotOf(sequence).rejections;
  to.insert(to.end(), std::make_move_iterator(rejections.begin()),
            std::make_move_iterator(rejections.end()));
}

void Edge::Deliver(Slot& slot) {
  waiting_ -= static_cast<int64_t>(slot.events.size());
  for (auto& event : slot.events) ready_.push_back(std::move(event));
  slot.events.clear();
  rejections_.insert(rejections_.end(), std::make_move_iterator(slot.rejections.begin()),
                     std::make_move_iterator(slot.rejections.end()));
  slot.rejections.clear();
}

void Edge::Close(uint64_t sequence) {
  if (order_ == Order::kDirect) return;
  SlotOf(sequence).closed = true;
  while (!slots_.empty() && slots_.front().closed) {
    Deliver(slots_.front());
    slots_.pop_front();
    ++base_;
  }
  // The new lowest number may already hold events.
  if (!slots_.empty()) Deliver(slots_.front());
}

void Edge::End() {
  ended_ = true;
  for (Slot& slot : slots_) Deliver(slot);
  slots_.clear();
}

bool Edge::HasRoom(uint64_t sequence, int depth, int64_t bytes_max) const {
  if (abandoned_) return true;
  const auto ready = static_cast<int64_t>(ready_.size());
  if (ready == 0 && IsLowest(sequence)) return true;
  if (bytes_ >= bytes_max) return false;
  return (IsLowest(sequence) ? ready : ready + waiting_) < depth;
}

Event Edge::Take() {
  THALWEG_DCHECK(Ready());
  Event event = std::move(ready_.front());
  ready_.pop_front();
  bytes_ -= BytesOf(event);
  return event;
}

int64_t Edge::Abandon() {
  if (abandoned_) return 0;
  abandoned_ = true;
  int64_t dropped = 0;
  for (const auto& event : ready_) dropped += RecordsOf(event);
  for (auto& slot : slots_) {
    for (const auto& event : slot.events) dropped += RecordsOf(event);
    slot.events.clear();
  }
  ready_.clear();
  waiting_ = 0;
  bytes_ = 0;
  return dropped;
}

}  // namespace thalweg::runtime
