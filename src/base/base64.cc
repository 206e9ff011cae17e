#include "base/base64.h"

#include <cstddef>
#include <cstdint>

namespace thalweg {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int ValueOf(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : (c == '/' ? 63 : -1);
}

}  // namespace

void AppendBase64(std::string_view bytes, std::string* out) {
  out->reserve(out->size() + (bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](size_t k) {
      return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U;
    };
    const unsigned group = (byte(0) << 16) | (byte(1) << 8) | byte(2);
    out->push_back(kDigits[group >> 18]);
    out->push_back(kDigits[(group >> 12) & 63]);
    out->push_back(i + 1 < bytes.size() ? kDigits[(group >> 6) & 63] : '=');
    out->push_back(i + 2 < bytes.size() ? kDigits[group & 63] : '=');
  }
}

Status AppendFromBase64(std::string_view text, std::string* out) {
  const auto wrong = [&] {
    return Status::InvalidArgument("not base64: '" + std::string(text.substr(0, 60)) + "'");
  };
  if (text.size() % 4 != 0) return wrong();
  for (size_t i = 0; i < text.size(); i += 4) {
    size_t padding = 0;
    if (i + 4 == text.size() && text[i + 3] == '=') padding = text[i + 2] == '=' ? 2 : 1;
    uint32_t group = 0;
    for (size_t k = 0; k < 4; ++k) {
      const int value = k >= 4 - padding ? 0 : ValueOf(text[i + k]);
      if (value < 0) return wrong();
      group = group << 6 | static_cast<uint32_t>(value);
    }
    for (size_t k = 0; k < 3 - padding; ++k) {
      out->push_back(static_cast<char>((group >> (16 - 8 * k)) & 255));
    }
  }
  return {};
}

}  // namespace thalweg
