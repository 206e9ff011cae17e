#include "marc/charset.h"

#include <iconv.h>

#include <array>
#include <cerrno>
#include <utility>

namespace thalweg::marc {

Result<std::unique_ptr<CharsetDecoder>> CharsetDecoder::Make(const std::string& charset) {
  const iconv_t handle = iconv_open("UTF-8", charset.c_str());
  if (handle == reinterpret_cast<iconv_t>(-1)) {
    return Status::Unsupported("marc: unknown character set: '" + charset + "'");
  }
  return std::unique_ptr<CharsetDecoder>(new CharsetDecoder(handle));
}

CharsetDecoder::~CharsetDecoder() { iconv_close(handle_); }

size_t CharsetDecoder::Append(std::string_view text, InvalidText how, std::string* out) {
  std::array<char, 1024> room;
  size_t replaced = 0;
  char* in = const_cast<char*>(text.data());  // iconv's parameter has no const; it only reads.
  size_t left = text.size();
  iconv(handle_, nullptr, nullptr, nullptr, nullptr);
  while (left != 0) {
    char* to = room.data();
    size_t free = room.size();
    const size_t outcome = iconv(handle_, &in, &left, &to, &free);
    const int error = errno;
    out->append(room.data(), room.size() - free);
    if (outcome != static_cast<size_t>(-1) || error == E2BIG) continue;
    ++replaced;
    if (how != InvalidText::kIgnore) *out += "\xEF\xBF\xBD";
    if (error != EILSEQ) break;  // The text ends inside a character.
    ++in;
    --left;
  }
  return replaced;
}

CharsetDecoder* ThreadCharsetDecoder(const std::string& charset) {
  thread_local std::string name;
  thread_local std::unique_ptr<CharsetDecoder> decoder;
  if (decoder == nullptr || name != charset) {
    auto made = CharsetDecoder::Make(charset);
    decoder = made.ok() ? *std::move(made) : nullptr;
    name = charset;
  }
  return decoder.get();
}

}  // namespace thalweg::marc
