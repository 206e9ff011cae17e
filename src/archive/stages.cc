#include <charconv>
#include <string>
#include <utility>

#include "archive/content_stage.h"
#include "thalweg/archive/options.h"

namespace thalweg::archive {
namespace {

struct CipherName {
  Cipher cipher;
  const char* name;
};
constexpr CipherName kCiphers[] = {
    {Cipher::kNone, "none"},
    {Cipher::kAes128Gcm, "aes-128-gcm"},
    {Cipher::kAes192Gcm, "aes-192-gcm"},
    {Cipher::kAes256Gcm, "aes-256-gcm"},
    {Cipher::kChaCha20Poly1305, "chacha20-poly1305"},
    {Cipher::kXChaCha20Poly1305, "xchacha20-poly1305"},
};

struct CodecName {
  Codec codec;
  const char* name;
  int level;
  int level_min;
  int level_max;
};
constexpr CodecName kCodecs[] = {
    {Codec::kStore, "store", 0, 0, 0}, {Codec::kZstd, "zstd", 3, 1, 22},
    {Codec::kLz4, "lz4", 0, 0, 12},    {Codec::kBrotli, "brotli", 6, 0, 11},
    {Codec::kGzip, "gzip", 6, 0, 9},   {Codec::kAuto, "auto", 0, 0, 0},
};

struct FilterName {
  Filter::Kind kind;
  const char* name;
  bool text_required;
  bool text_allowed;
};
constexpr FilterName kFilters[] = {
    {Filter::Kind::kPassthrough, "passthrough", false, false},
    {Filter::Kind::kTee, "tee", true, true},
    {Filter::Kind::kDebug, "debug", true, true},
    {Filter::Kind::kPiiMask, "pii-mask", false, true},
    {Filter::Kind::kBase64, "base64", false, false},
};

Status WrongStage(std::string_view stage, const std::string& why) {
  return Status::InvalidArgument("stage '" + std::string(stage) + "': " + why);
}

Result<int> ParseBetween(std::string_view stage, std::string_view text, int min, int max) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < min || value > max) {
    return WrongStage(stage,
                      "its number must be " + std::to_string(min) + " to " + std::to_string(max));
  }
  return value;
}

Status ParseCodec(std::string_view stage, const CodecName& codec, std::string_view parameters,
                  Stages* stages) {
  stages->codec = codec.codec;
  stages->level = codec.level;
  while (!parameters.empty()) {
    const size_t colon = parameters.find(':');
    const std::string_view one = parameters.substr(0, colon);
    parameters.remove_prefix(colon == std::string_view::npos ? parameters.size() : colon + 1);
    if (codec.codec == Codec::kAuto) {
      if (one == "speed") {
        stages->priority = Priority::kSpeed;
      } else if (one == "ratio") {
        stages->priority = Priority::kRatio;
      } else if (one != "balanced") {
        return WrongStage(stage, "it takes `speed`, `balanced` or `ratio`");
      }
    } else if (codec.codec == Codec::kZstd && one.starts_with("long=")) {
      THALWEG_ASSIGN_OR_RETURN(stages->long_log, ParseBetween(stage, one.substr(5), 22, 27));
    } else if (codec.codec == Codec::kStore) {
      return WrongStage(stage, "it takes no parameter");
    } else {
      THALWEG_ASSIGN_OR_RETURN(stages->level,
                               ParseBetween(stage, one, codec.level_min, codec.level_max));
    }
  }
  return {};
}

Status ParseFilter(std::string_view stage, const FilterName& filter, std::string_view text,
                   Stages* stages) {
  if (filter.text_required && text.empty()) return WrongStage(stage, "it needs a parameter");
  if (!filter.text_allowed && !text.empty()) return WrongStage(stage, "it takes no parameter");
  if (filter.kind == Filter::Kind::kPiiMask) {
    const auto patterns = ParsePiiPatterns(text);
    if (!patterns.ok()) return patterns.status();
  }
  stages->filters.push_back({.kind = filter.kind, .text = std::string(text)});
  return {};
}

struct Chosen {
  bool codec = false;
  bool cipher = false;
};

Status ParseStage(std::string_view stage, Chosen* chosen, Stages* stages) {
  const size_t colon = stage.find(':');
  const std::string_view name = stage.substr(0, colon);
  const std::string_view parameters =
      colon == std::string_view::npos ? std::string_view() : stage.substr(colon + 1);
  for (const CodecName& codec : kCodecs) {
    if (name != codec.name) continue;
    if (std::exchange(chosen->codec, true)) return WrongStage(stage, "a second compression");
    return ParseCodec(stage, codec, parameters, stages);
  }
  for (const FilterName& filter : kFilters) {
    if (name == filter.name) return ParseFilter(stage, filter, parameters, stages);
  }
  if (!parameters.empty()) return WrongStage(stage, "there is no such stage with a parameter");
  if (name == "sha256") {
    stages->sha256 = true;
    return {};
  }
  const auto cipher = ParseCipher(name == "plain" ? "none" : name);
  if (!cipher.ok()) return WrongStage(stage, "there is no such stage");
  if (std::exchange(chosen->cipher, true)) return WrongStage(stage, "a second cipher");
  stages->cipher = *cipher;
  return {};
}

}  // namespace

const char* NameOf(Cipher cipher) {
  for (const CipherName& row : kCiphers) {
    if (row.cipher == cipher) return row.name;
  }
  return "unknown";
}

Result<Cipher> ParseCipher(std::string_view name) {
  for (const CipherName& row : kCiphers) {
    if (name == row.name) return row.cipher;
  }
  return Status::InvalidArgument("no such cipher: '" + std::string(name) + "'");
}

Cipher PreferredCipher() {
#if defined(__x86_64__) || defined(__i386__)
  const bool fast = __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul");
#else
  const bool fast = true;
#endif
  return fast ? Cipher::kAes256Gcm : Cipher::kChaCha20Poly1305;
}

const char* NameOf(Codec codec) {
  for (const CodecName& row : kCodecs) {
    if (row.codec == codec) return row.name;
  }
  return "unknown";
}

Result<Stages> Stages::Parse(std::string_view text) {
  Stages stages;
  Chosen chosen;
  while (true) {
    const size_t comma = text.find(',');
    const std::string_view stage = text.substr(0, comma);
    if (stage.empty()) return Status::InvalidArgument("a stage without a name");
    THALWEG_RETURN_IF_ERROR(ParseStage(stage, &chosen, &stages));
    if (comma == std::string_view::npos) return stages;
    text.remove_prefix(comma + 1);
  }
}

std::string Stages::ToString() const {
  std::string text;
  for (const Filter& filter : filters) {
    for (const FilterName& row : kFilters) {
      if (row.kind != filter.kind) continue;
      text += row.name;
      if (!filter.text.empty()) text += ":" + filter.text;
      text += ",";
    }
  }
  text += NameOf(codec);
  const bool leveled = codec != Codec::kStore && codec != Codec::kAuto;
  if (leveled) text += ":" + std::to_string(level);
  if (codec == Codec::kZstd && long_log > 0) text += ":long=" + std::to_string(long_log);
  if (codec == Codec::kAuto && priority == Priority::kSpeed) text += ":speed";
  if (codec == Codec::kAuto && priority == Priority::kRatio) text += ":ratio";
  if (cipher) text += std::string(",") + (*cipher == Cipher::kNone ? "plain" : NameOf(*cipher));
  if (sha256) text += ",sha256";
  return text;
}

}  // namespace thalweg::archive
