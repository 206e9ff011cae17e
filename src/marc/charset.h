#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "thalweg/marc/encoding.h"
#include "thalweg/status.h"

namespace thalweg::marc {

/// A converter from a named character set, as the system knows it, to UTF-8. One thread at a time.
class CharsetDecoder {
 public:
  /// `unsupported` when the system knows no such set.
  static Result<std::unique_ptr<CharsetDecoder>> Make(const std::string& charset);
  ~CharsetDecoder();
  CharsetDecoder(const CharsetDecoder&) = delete;
  CharsetDecoder& operator=(const CharsetDecoder&) = delete;

  /// Appends `text` in UTF-8; what does not decode is replaced or left out. Gives how often.
  size_t Append(std::string_view text, InvalidText how, std::string* out);

 private:
  explicit CharsetDecoder(void* handle) : handle_(handle) {}
  void* handle_;
};

/// The converter for `charset` of the calling thread, or null when there is none.
CharsetDecoder* ThreadCharsetDecoder(const std::string& charset);

}  // namespace thalweg::marc
