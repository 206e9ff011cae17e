#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "thalweg/marc/defect.h"
#include "thalweg/marc/field.h"
#include "thalweg/marc/reader.h"
#include "thalweg/marc/record.h"

// What a batch of records lives in.
namespace thalweg::marc {

/// Gives out arrays that stay where they are until it is cleared. What is cleared keeps memory for
/// as much as it held, in one block.
template <typename T, size_t kBlock>
class BlockArena {
 public:
  /// Room for `count` items; what is not kept by `Keep` is given out again.
  T* Room(size_t count) {
    if (left_ < count) Grow(count);
    return next_;
  }
  std::span<T> Keep(size_t count) {
    T* start = next_;
    next_ += count;
    left_ -= count;
    return {start, count};
  }
  void Clear() {
    if (blocks_.empty()) return;
    if (blocks_.size() > 1) {
      size_t held = 0;
      for (const Block& block : blocks_) held += block.size;
      blocks_.clear();
      Grow(held < kKeptMax ? held : kKeptMax);
    }
    next_ = blocks_.front().items.get();
    left_ = blocks_.front().size;
  }
  size_t bytes() const {
    size_t sum = 0;
    for (const Block& block : blocks_) sum += block.size * sizeof(T);
    return sum;
  }

 private:
  static constexpr size_t kKeptMax = (size_t{4} << 20) / sizeof(T);

  struct Block {
    std::unique_ptr<T[]> items;
    size_t size;
  };
  void Grow(size_t count) {
    const size_t size = count > kBlock ? count : kBlock;
    blocks_.push_back({std::unique_ptr<T[]>(new T[size]), size});
    next_ = blocks_.back().items.get();
    left_ = size;
  }

  std::vector<Block> blocks_;
  T* next_ = nullptr;
  size_t left_ = 0;
};

using FieldArena = BlockArena<FieldView, 1024>;

class TextArena {
 public:
  std::string_view Copy(std::string_view text) {
    if (text.empty()) return {};
    char* to = arena_.Room(text.size());
    std::memcpy(to, text.data(), text.size());
    const std::span<char> kept = arena_.Keep(text.size());
    return {kept.data(), kept.size()};
  }
  void Clear() { arena_.Clear(); }

 private:
  BlockArena<char, 16 << 10> arena_;
};

/// The owner of a `RecordBatch`.
struct BatchBlock {
  std::shared_ptr<const void> bytes_owner;
  FieldArena fields;
  TextArena texts;
  std::vector<RecordView> records;
  std::vector<int64_t> offsets;
  std::vector<std::string_view> chunks;
  std::vector<Defect> defects;
  std::vector<DroppedRecord> dropped;
  int64_t first_index = 0;
  int64_t byte_offset = 0;
  int64_t bytes = 0;

  void Clear();
  /// `self` is this block.
  static RecordBatch Show(const std::shared_ptr<BatchBlock>& self);
};

/// Blocks that are used again: their memory is warm. Thread-safe.
class BlockPool : public std::enable_shared_from_this<BlockPool> {
 public:
  /// Keeps `spare_max` blocks that nobody has. They go with the pool.
  static std::shared_ptr<BlockPool> Make(size_t spare_max);
  /// An empty one. It goes back with its last owner, which may outlive the pool.
  std::shared_ptr<BatchBlock> Take();

 private:
  explicit BlockPool(size_t spare_max) : spare_max_(spare_max) {}
  void Give(std::unique_ptr<BatchBlock> block);

  const size_t spare_max_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<BatchBlock>> spare_;  // Guarded by `mutex_`.
};

}  // namespace thalweg::marc
