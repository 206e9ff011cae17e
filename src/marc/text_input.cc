#include "marc/text_input.h"

#include <algorithm>

namespace thalweg::marc {

Result<bool> TextInput::More() {
  constexpr size_t kReadMax = size_t{1} << 20;
  if (ended_) return false;
  if (start_ > 0) {
    buffer_.erase(0, start_);
    offset_ += static_cast<int64_t>(start_);
    start_ = 0;
  }
  const size_t before = buffer_.size();
  buffer_.resize(before + read_size_);
  Result<size_t> got = read_(std::span<char>(buffer_).subspan(before));
  buffer_.resize(before + (got.ok() ? *got : 0));
  if (!got.ok()) return std::move(got).status();
  if (*got == 0) {
    ended_ = true;
    return false;
  }
  if (*got == read_size_) read_size_ = std::min(2 * read_size_, kReadMax);
  return true;
}

Result<RecordBatch> TextSource::ReadBatch() {
  while (!ended_ && !builder_.full()) {
    THALWEG_ASSIGN_OR_RETURN(const bool more, ReadRecord());
    ended_ = !more;
  }
  return builder_.Take(input_.offset());
}

}  // namespace thalweg::marc
