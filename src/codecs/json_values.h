#pragma once

#include <arrow/buffer_builder.h>
#include <arrow/memory_pool.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "columnar/arrow_status.h"
#include "thalweg/status.h"

// Buffers that grow value by value. Memory that runs out is kept as a status for `Finish`, so that
// the readers' path needs no second kind of failure.
namespace thalweg::codecs::json_values {

using BufferPtr = std::shared_ptr<arrow::Buffer>;

/// A validity bitmap that comes to be with the first null.
class Validity {
 public:
  void Clear() {
    rows_ = nulls_ = 0;
    bits_.Reset();
  }
  void Valid() {
    ++rows_;
    if (nulls_ != 0) Put(true);
  }
  void Null() {
    if (nulls_++ == 0) Keep(bits_.Append(rows_, true));
    ++rows_;
    Put(false);
  }
  int64_t rows() const { return rows_; }
  int64_t nulls() const { return nulls_; }
  Result<BufferPtr> Finish() {
    THALWEG_RETURN_IF_ARROW_ERROR(failure_);
    if (nulls_ == 0) return BufferPtr();
    return columnar::FromArrow(bits_.Finish());
  }

 private:
  void Put(bool value) { Keep(bits_.Append(value)); }
  void Keep(const arrow::Status& status) {
    if (!status.ok()) failure_ = status;
  }
  arrow::TypedBufferBuilder<bool> bits_;
  arrow::Status failure_;
  int64_t rows_ = 0;
  int64_t nulls_ = 0;
};

/// Values of one width that grow as needed; a new array starts with the room that the last took.
template <typename T>
class Values {
 public:
  void Clear() {
    const size_t last = std::exchange(size_, 0);
    room_ = 0;
    if (last > 0) Grow(last);
  }
  void Append(T value) {
    if (size_ == room_) [[unlikely]]
      Grow(std::max<size_t>(64, room_ * 2));
    if (size_ < room_) data_[size_++] = value;
  }
  Result<BufferPtr> Finish() {
    THALWEG_RETURN_IF_ARROW_ERROR(failure_);
    if (buffer_ == nullptr) Grow(1);
    THALWEG_RETURN_IF_ARROW_ERROR(failure_);
    THALWEG_RETURN_IF_ARROW_ERROR(buffer_->Resize(static_cast<int64_t>(size_ * sizeof(T)),
                                                  /*shrink_to_fit=*/size_ * 2 < room_));
    return BufferPtr(std::exchange(buffer_, nullptr));
  }

 private:
  void Grow(size_t room) {
    const auto bytes = static_cast<int64_t>(room * sizeof(T));
    if (buffer_ == nullptr) {
      auto made = arrow::AllocateResizableBuffer(bytes);
      if (!made.ok()) {
        failure_ = made.status();
        return;
      }
      buffer_ = *std::move(made);
    } else if (const arrow::Status grown = buffer_->Resize(bytes, false); !grown.ok()) {
      failure_ = grown;
      return;
    }
    data_ = reinterpret_cast<T*>(buffer_->mutable_data());
    room_ = room;
  }

  std::shared_ptr<arrow::ResizableBuffer> buffer_;
  T* data_ = nullptr;
  size_t size_ = 0;
  size_t room_ = 0;
  arrow::Status failure_;
};

/// The same for booleans, which take a bit each.
class Bits {
 public:
  void Clear() { bits_.Reset(); }
  void Append(bool value) {
    const arrow::Status status = bits_.Append(value);
    if (!status.ok()) failure_ = status;
  }
  Result<BufferPtr> Finish() {
    THALWEG_RETURN_IF_ARROW_ERROR(failure_);
    return columnar::FromArrow(bits_.Finish());
  }

 private:
  arrow::TypedBufferBuilder<bool> bits_;
  arrow::Status failure_;
};

}  // namespace thalweg::codecs::json_values
