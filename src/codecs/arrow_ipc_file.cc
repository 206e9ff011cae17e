#include "codecs/arrow_ipc_file.h"

#include <algorithm>
#include <cstring>

#include "columnar/arrow_status.h"

namespace thalweg::codecs::arrow_ipc {

Status ArrowFile::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

arrow::Status ArrowFile::Close() {
  closed_ = true;
  return arrow::Status::OK();
}

arrow::Status ArrowFile::Seek(int64_t position) {
  if (position < 0) return arrow::Status::Invalid("seek before the start of the file");
  position_ = position;
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ArrowFile::ReadAt(int64_t position, int64_t nbytes) {
  const int64_t size = file_->size();
  if (position < 0 || nbytes < 0 || position > size) {
    return arrow::Status::Invalid("the file points outside itself: offset ", position, ", length ",
                                  nbytes, ", file size ", size);
  }
  Result<std::shared_ptr<arrow::Buffer>> read =
      file_->ReadAt(position, std::min(nbytes, size - position));
  if (read.ok()) return *std::move(read);
  const std::lock_guard lock(mutex_);
  if (failure_.ok()) failure_ = read.status();
  return columnar::ToArrow(read.status());
}

arrow::Result<int64_t> ArrowFile::ReadAt(int64_t position, int64_t nbytes, void* out) {
  ARROW_ASSIGN_OR_RAISE(const auto buffer, ReadAt(position, nbytes));
  if (buffer->size() > 0) std::memcpy(out, buffer->data(), static_cast<size_t>(buffer->size()));
  return buffer->size();
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ArrowFile::Read(int64_t nbytes) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, nbytes));
  position_ += buffer->size();
  return buffer;
}

arrow::Result<int64_t> ArrowFile::Read(int64_t nbytes, void* out) {
  ARROW_ASSIGN_OR_RAISE(const int64_t read, ReadAt(position_, nbytes, out));
  position_ += read;
  return read;
}

}  // namespace thalweg::codecs::arrow_ipc
