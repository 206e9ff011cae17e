#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/builtins.h"
#include "engine/registry.h"

// What every text format must hold: whatever the text is, reading it in one piece and reading it in
// small ones gives as many rows and as many rejects.
namespace thalweg::fuzz {

class Counter final : public engine::Emitter {
 public:
  Status Emit(engine::Batch batch) override {
    rows += batch.num_rows();
    if (!batch.data()->ValidateFull().ok()) std::abort();
    return {};
  }
  Status Reject(engine::RejectedRow /*row*/) override {
    ++rejects;
    return {};
  }
  void CountFiltered(int64_t /*rows*/) override {}

  int64_t rows = 0;
  int64_t rejects = 0;
};

inline Status Read(const engine::StreamFormat& format, std::string_view text, size_t feed,
                   Counter* out) {
  auto splitter = format.MakeSplitter();
  auto decoder = format.MakeDecoder({}, 7);
  if (!decoder.ok()) return decoder.status();
  size_t begin = 0;
  for (size_t end = 0; end < text.size();) {
    end = std::min(end + feed, text.size());
    const bool last = end == text.size();
    auto cut = splitter->Next(text.substr(begin, end - begin), last);
    if (!cut.ok()) return cut.status();
    if (cut->bytes == 0) continue;
    engine::Slab slab;
    slab.owner = arrow::Buffer::FromString(std::string(text.substr(begin, cut->bytes)));
    slab.data = {reinterpret_cast<const char*>(slab.owner->data()), cut->bytes};
    slab.byte_offset = static_cast<int64_t>(begin);
    slab.first = begin == 0;
    slab.last = last;
    const Status decoded = (*decoder)->Decode(slab, *out);
    if (!decoded.ok()) return decoded;
    begin += cut->bytes;
  }
  return {};
}

inline void Check(const engine::Codec& codec, std::string_view text) {
  const auto options = Options::Parse(codec.spec, {}, "fuzz");
  if (!options.ok()) std::abort();
  const auto format = codec.infer(text, true, *options, "fuzz");
  if (!format.ok()) return;
  Counter whole;
  Counter cut;
  const Status first = Read(**format, text, text.size() + 1, &whole);
  const Status second = Read(**format, text, 5, &cut);
  if (first.ok() != second.ok()) std::abort();
  if (first.ok() && (whole.rows != cut.rows || whole.rejects != cut.rejects)) std::abort();
}

inline void Check(const char* codec, std::string_view text) {
  static const engine::Registry& registry = *[] {
    auto* made = new engine::Registry();
    engine::RegisterBuiltins(*made);
    return made;
  }();
  Check(*registry.FindCodec(codec), text);
}

}  // namespace thalweg::fuzz
