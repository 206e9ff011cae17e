#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "archive/content_stage.h"

namespace thalweg::archive {
namespace {

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlSafe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr uint8_t kNone = 0xFF;

std::string_view DigitsOf(Base64Alphabet alphabet) {
  return alphabet == Base64Alphabet::kUrlSafe ? kUrlSafe : kStandard;
}

constexpr std::array<uint8_t, 256> ValuesOf(std::string_view digits) {
  std::array<uint8_t, 256> values{};
  for (auto& value : values) value = kNone;
  for (size_t i = 0; i < digits.size(); ++i) {
    values[static_cast<uint8_t>(digits[i])] = static_cast<uint8_t>(i);
  }
  return values;
}
constexpr std::array<uint8_t, 256> kStandardValues = ValuesOf(kStandard);
constexpr std::array<uint8_t, 256> kUrlSafeValues = ValuesOf(kUrlSafe);

uint32_t ByteAt(std::string_view text, size_t at) { return static_cast<uint8_t>(text[at]); }

class Encoder final : public ContentStage {
 public:
  explicit Encoder(Base64Alphabet alphabet) : digits_(DigitsOf(alphabet)) {}

  Status Push(std::string_view in, std::string* out) override {
    while (!held_.empty() && held_.size() < 3 && !in.empty()) {
      held_.push_back(in.front());
      in.remove_prefix(1);
    }
    if (held_.size() == 3) {
      Encode(held_, out);
      held_.clear();
    }
    const size_t whole = held_.empty() ? in.size() / 3 * 3 : 0;
    Encode(in.substr(0, whole), out);
    held_.append(in.substr(whole));
    return {};
  }

  Status Finish(std::string* out) override {
    if (held_.empty()) return {};
    const size_t bytes = held_.size();
    held_.resize(3, '\0');
    Encode(held_, out);
    for (size_t i = bytes; i < 3; ++i) (*out)[out->size() - 3 + i] = '=';
    held_.clear();
    return {};
  }

 private:
  void Encode(std::string_view in, std::string* out) {
    size_t to = out->size();
    out->resize(to + in.size() / 3 * 4);
    for (size_t at = 0; at < in.size(); at += 3) {
      const uint32_t bits = ByteAt(in, at) << 16 | ByteAt(in, at + 1) << 8 | ByteAt(in, at + 2);
      (*out)[to++] = digits_[bits >> 18];
      (*out)[to++] = digits_[bits >> 12 & 63];
      (*out)[to++] = digits_[bits >> 6 & 63];
      (*out)[to++] = digits_[bits & 63];
    }
  }

  std::string_view digits_;
  std::string held_;  // Fewer than three bytes between calls.
};

class Decoder final : public ContentStage {
 public:
  explicit Decoder(Base64Alphabet alphabet)
      : values_(alphabet == Base64Alphabet::kUrlSafe ? kUrlSafeValues : kStandardValues) {}

  Status Push(std::string_view in, std::string* out) override {
    while (!held_.empty() && held_.size() < 4 && !in.empty()) {
      held_.push_back(in.front());
      in.remove_prefix(1);
    }
    if (held_.size() == 4) {
      THALWEG_RETURN_IF_ERROR(Decode(held_, out));
      held_.clear();
    }
    const size_t whole = held_.empty() ? in.size() / 4 * 4 : 0;
    THALWEG_RETURN_IF_ERROR(Decode(in.substr(0, whole), out));
    held_.append(in.substr(whole));
    return {};
  }

  Status Finish(std::string* /*out*/) override {
    return held_.empty() ? Status() : Status::Corruption("base64 text ends inside a group");
  }

 private:
  Status Decode(std::string_view in, std::string* out) {
    if (in.empty()) return {};
    if (ended_) return Status::Corruption("base64 text goes on behind its padding");
    size_t to = out->size();
    out->resize(to + in.size() / 4 * 3);
    for (size_t at = 0; at < in.size(); at += 4) {
      size_t padding = 0;
      if (at + 4 == in.size() && in[at + 3] == '=') padding = in[at + 2] == '=' ? 2 : 1;
      uint32_t bits = 0;
      for (size_t i = 0; i < 4; ++i) {
        const uint32_t value = i < 4 - padding ? values_[ByteAt(in, at + i)] : 0;
        if (value == kNone) return Status::Corruption("not base64 text");
        bits = bits << 6 | value;
      }
      if ((bits & ((1U << (8 * padding)) - 1)) != 0) {
        return Status::Corruption("base64 text has bits behind its end");
      }
      (*out)[to++] = static_cast<char>(bits >> 16);
      (*out)[to++] = static_cast<char>(bits >> 8 & 0xFF);
      (*out)[to++] = static_cast<char>(bits & 0xFF);
      ended_ = padding > 0;
      to -= padding;
    }
    out->resize(to);
    return {};
  }

  const std::array<uint8_t, 256>& values_;
  std::string held_;  // Fewer than four characters between calls.
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<ContentStage> MakeBase64Encoder(Base64Alphabet alphabet) {
  return std::make_unique<Encoder>(alphabet);
}
std::unique_ptr<ContentStage> MakeBase64Decoder(Base64Alphabet alphabet) {
  return std::make_unique<Decoder>(alphabet);
}

}  // namespace thalweg::archive
