#pragma once

#include <arrow/io/interfaces.h>

#include <memory>
#include <mutex>

#include "engine/codec.h"
#include "thalweg/status.h"

namespace thalweg::codecs::arrow_ipc {

/// A `RandomAccess` as Arrow's readers want it. `ReadAt` and `GetSize` are thread-safe.
class ArrowFile : public arrow::io::RandomAccessFile {
 public:
  explicit ArrowFile(std::shared_ptr<engine::RandomAccess> file) : file_(std::move(file)) {}

  /// The first failure of the file itself, which the reader's own message may hide.
  Status failure() const;

  arrow::Status Close() override;
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Seek(int64_t position) override;
  arrow::Result<int64_t> GetSize() override { return file_->size(); }
  arrow::Result<int64_t> Read(int64_t nbytes, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t nbytes) override;
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t nbytes, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t nbytes) override;

 private:
  std::shared_ptr<engine::RandomAccess> file_;
  int64_t position_ = 0;
  bool closed_ = false;
  mutable std::mutex mutex_;
  Status failure_;
};

}  // namespace thalweg::codecs::arrow_ipc
