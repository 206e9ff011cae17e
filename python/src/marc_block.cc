#include "marc_block.h"

#include <cstring>
#include <span>

#include "thalweg/marc/encoding.h"

namespace thalweg::python {
namespace {

using marc::FieldView;
using marc::RecordView;
using marc::Tag;

constexpr size_t kLengthDigits = 5;
constexpr uint32_t kNoNumber = UINT32_MAX;

// kNoNumber unless all are digits.
template <int kDigits>
uint32_t Number(const char* text) {
  uint32_t number = 0;
  for (int place = 0; place < kDigits; ++place) {
    const auto digit = static_cast<unsigned char>(text[place] - '0');
    if (digit > 9) return kNoNumber;
    number = number * 10 + digit;
  }
  return number;
}

bool IsAscii(std::string_view text) {
  const char* at = text.data();
  size_t left = text.size();
  uint64_t seen = 0;
  for (; left >= 32; at += 32, left -= 32) {
    uint64_t words[4];
    std::memcpy(words, at, sizeof(words));
    seen |= words[0] | words[1] | words[2] | words[3];
  }
  for (; left > 0; ++at, --left) seen |= static_cast<unsigned char>(*at) >= 0x80 ? ~uint64_t{0} : 0;
  return (seen & 0x8080808080808080U) == 0;
}

// Printable ASCII and the marks of ISO 2709: the same in MARC-8 and in Unicode.
bool IsPlainText(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte - 0x20U >= 0x5F && byte - 0x1DU > 2) return false;
  }
  return true;
}

bool HasOddCode(std::string_view text) {
  for (size_t at = text.find('\x1F'); at != std::string_view::npos;
       at = text.find('\x1F', at + 1)) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0x80) return true;
  }
  return false;
}

class Cutter {
 public:
  Cutter(const TextProfile& profile, Block* out) : profile_(profile), out_(*out) {}

  void Take(std::string_view chunk) {
    const size_t first_field = out_.fields.size();
    bool clean = true;
    bool plain = Directory(chunk, &clean);
    if (plain && !Text(chunk, first_field, &clean)) plain = false;
    if (!plain) out_.fields.resize(first_field);
    out_.frames.push_back({chunk.data(), static_cast<uint32_t>(chunk.size()), plain});
    starts_.push_back({first_field, clean});
  }
  // The fields do not move any more: makes the views.
  void Finish() {
    out_.views.reserve(out_.frames.size());
    for (size_t i = 0; i < out_.frames.size(); ++i) {
      const Block::Frame& frame = out_.frames[i];
      const size_t end = i + 1 < starts_.size() ? starts_[i + 1].field : out_.fields.size();
      const std::span<const FieldView> fields(out_.fields.data() + starts_[i].field,
                                              end - starts_[i].field);
      out_.views.emplace_back(frame.data, fields, std::string_view(frame.data, frame.size),
                              starts_[i].clean);
    }
  }

 private:
  struct Start {
    size_t field;
    bool clean;
  };

  // Adds the fields. False when anything is unusual.
  bool Directory(std::string_view chunk, bool* clean);
  bool Text(std::string_view chunk, size_t first_field, bool* clean);
  bool TranslateMarc8(size_t first_field);

  const TextProfile& profile_;
  Block& out_;
  std::vector<Start> starts_;
};

bool Cutter::Directory(std::string_view chunk, bool* clean) {
  constexpr size_t kEntry = marc::kDirectoryEntrySize;
  const char* data = chunk.data();
  if (chunk.size() < marc::kLeaderSize + kEntry + 2) return false;
  const uint32_t base = Number<5>(data + 12);
  if (base == kNoNumber || base >= chunk.size() || base < marc::kLeaderSize + kEntry + 1) {
    return false;
  }
  const size_t directory_size = base - 1 - marc::kLeaderSize;
  if (directory_size % kEntry != 0 || data[base - 1] != marc::kFieldEnd) return false;
  if (!IsAscii(chunk.substr(0, base))) return false;
  const size_t room = chunk.size() - 1 - base;
  size_t offset = 0;
  for (const char* entry = data + marc::kLeaderSize; entry != data + base - 1; entry += kEntry) {
    const uint32_t size = Number<4>(entry + 3);
    const uint32_t start = Number<5>(entry + 7);
    if (size == kNoNumber || start == kNoNumber || size == 0 || start + size > room) return false;
    const char* bytes = data + base + start;
    if (bytes[size - 1] != marc::kFieldEnd || bytes[-1] != marc::kFieldEnd) return false;
    const Tag tag = Tag::At(entry);
    if (!tag.is_control()) {
      if (size < 4 || bytes[0] == marc::kSubfieldMark || bytes[1] == marc::kSubfieldMark ||
          bytes[2] != marc::kSubfieldMark || ((bytes[0] | bytes[1]) & 0x80) != 0) {
        return false;
      }
    }
    *clean = *clean && start == offset;
    offset += size;
    out_.fields.emplace_back(tag, std::string_view(bytes, size - 1));
  }
  *clean = *clean && offset == room;
  return true;
}

bool Cutter::Text(std::string_view chunk, size_t first_field, bool* clean) {
  const bool utf8 = chunk[9] == 'a' || profile_.force_utf8;
  if (!profile_.to_unicode || utf8) {
    if (IsAscii(chunk)) return true;
    return !HasOddCode(chunk) && (!profile_.to_unicode || marc::IsUtf8(chunk));
  }
  if (!profile_.marc8) return profile_.ascii_set && IsAscii(chunk);
  if (IsPlainText(chunk)) return true;
  *clean = false;
  return !HasOddCode(chunk) && TranslateMarc8(first_field);
}

// Each value by itself: that is where pymarc returns to the default sets.
bool Cutter::TranslateMarc8(size_t first_field) {
  marc::Marc8DecodeOptions options;
  options.profile = marc::Marc8Profile::kPymarc;
  options.decode_references = false;
  auto text = std::make_unique<std::string>();
  std::vector<size_t> ends;
  for (size_t i = first_field; i < out_.fields.size(); ++i) {
    const FieldView& field = out_.fields[i];
    if (field.is_control()) {
      for (const char c : field.data()) {  // Latin-1.
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x80) *text += static_cast<char>(0xC0 | byte >> 6);
        *text += static_cast<char>(byte >= 0x80 ? 0x80 | (byte & 0x3F) : byte);
      }
    } else {
      text->append({field.indicator1(), field.indicator2()});
      for (const marc::Subfield& subfield : field.subfields()) {
        text->append({marc::kSubfieldMark, subfield.code});
        const size_t start = text->size();
        if (marc::AppendUnicodeOfMarc8(subfield.value, options, text.get()) != 0) return false;
        // A value with such a mark inside would look like two.
        if (text->find(marc::kSubfieldMark, start) != std::string::npos) return false;
      }
    }
    ends.push_back(text->size());
  }
  size_t start = 0;
  for (size_t i = first_field; i < out_.fields.size(); ++i) {
    const size_t end = ends[i - first_field];
    out_.fields[i] = FieldView(out_.fields[i].tag(), {text->data() + start, end - start});
    start = end;
  }
  out_.texts.push_back(std::move(text));
  return true;
}

}  // namespace

size_t CutRecords(std::string_view bytes, size_t records_max, const TextProfile& profile,
                  Block* out) {
  out->utf8 = profile.to_unicode;
  Cutter cutter(profile, out);
  size_t at = 0;
  while (out->frames.size() < records_max && bytes.size() - at >= kLengthDigits) {
    const uint32_t size = Number<5>(bytes.data() + at);
    if (size == kNoNumber || size < kLengthDigits || size > bytes.size() - at ||
        bytes[at + size - 1] != marc::kRecordEnd) {
      break;
    }
    cutter.Take(bytes.substr(at, size));
    at += size;
  }
  cutter.Finish();
  return at;
}

}  // namespace thalweg::python
