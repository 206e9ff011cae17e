#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "thalweg/marc/record.h"

namespace thalweg::marc {

/// Memory to write one record's text into without asking for room each time. The writer bounds
/// what a record can need, asks once, and moves the end itself.
class Scratch {
 public:
  /// At least `bytes` of memory, whatever it holds; what was given before is gone.
  char* Room(size_t bytes) {
    if (bytes > size_) {
      size_ = bytes + bytes / 2;
      memory_.reset(new char[size_]);
    }
    return memory_.get();
  }
  /// Appends what stands between the start of the room and `end` to `out`.
  void Give(const char* end, std::string* out) {
    out->append(memory_.get(), static_cast<size_t>(end - memory_.get()));
    if (size_ > kKept) {
      memory_.reset();
      size_ = 0;
    }
  }

 private:
  static constexpr size_t kKept = size_t{4} << 20;
  std::unique_ptr<char[]> memory_;
  size_t size_ = 0;
};

/// What one record's text can need, where each byte of a value can grow to six.
struct TextBound {
  size_t per_record;
  size_t per_field;
  size_t per_subfield;

  size_t Of(const RecordView& record) const;
};

/// Copies a literal.
template <size_t N>
inline char* Put(char* out, const char (&text)[N]) {
  std::memcpy(out, text, N - 1);
  return out + N - 1;
}
inline char* Put(char* out, std::string_view text) {
  // An empty text may have no address.
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

}  // namespace thalweg::marc
