#include "marc/decode.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "marc/charset.h"
#include "marc/subfield_code.h"
#include "marc/utf8_text.h"

namespace thalweg::marc {
namespace {

constexpr char kEscape = '\x1B';

// How the bytes of a record are to be read.
enum class Reading : uint8_t { kUtf8, kMarc8, kCharset };

bool Contains(const RecordView& record, char byte) {
  return std::any_of(record.fields().begin(), record.fields().end(), [byte](const FieldView& f) {
    return f.bytes().find(byte) != std::string_view::npos;
  });
}

// Counts of what text holds if it is read as UTF-8.
struct Utf8Count {
  size_t characters = 0;  // Beyond ASCII.
  size_t invalid = 0;
};
Utf8Count CountUtf8(std::string_view text) {
  Utf8Count count;
  while (!text.empty()) {
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      text.remove_prefix(1);
      continue;
    }
    const size_t length = FirstCharacter(text).length;
    ++(length != 0 ? count.characters : count.invalid);
    text.remove_prefix(length != 0 ? length : InvalidPrefix(text));
  }
  return count;
}
Utf8Count CountUtf8(const RecordView& record) {
  Utf8Count sum;
  for (const FieldView& field : record.fields()) {
    const Utf8Count count = CountUtf8(field.bytes());
    sum.characters += count.characters;
    sum.invalid += count.invalid;
  }
  return sum;
}

class Decoding {
 public:
  Decoding(const RecordView& record, const TextState& state, const DecodeOptions& options,
           bool lenient, BatchBlock* block, std::vector<Defect>* defects)
      : record_(record),
        state_(state),
        options_(options),
        lenient_(lenient),
        block_(*block),
        defects_(*defects) {}

  RecordView Run();

 private:
  Defect& Tell(DefectCode code) {
    Defect& defect = defects_.emplace_back();
    defect.code = code;
    return defect;
  }
  bool Choose();
  bool ChooseUnimarc();
  bool DecodeField(const FieldView& field);
  bool DecodePart(const FieldView& field, const Subfield* subfield, std::string_view text);
  bool AppendDecoded(const FieldView& field, std::string_view text, size_t* bad);
  DefectCode BadCode() const {
    return reading_ == Reading::kMarc8 ? DefectCode::kMarc8Invalid : DefectCode::kUtf8Invalid;
  }

  const RecordView& record_;
  const TextState& state_;
  const DecodeOptions& options_;
  bool lenient_;
  BatchBlock& block_;
  std::vector<Defect>& defects_;
  Reading reading_ = Reading::kUtf8;
  std::string charset_;
  bool unimarc_ = false;
  std::string text_;
  std::string part_;
};

// UNIMARC says in 100$a what its text is; the leader has another meaning there.
bool Decoding::ChooseUnimarc() {
  unimarc_ = true;
  Tell(DefectCode::kUnimarc);
  reading_ = Reading::kUtf8;
  if (CountUtf8(record_).invalid == 0) return true;
  if (!options_.file_encoding.empty()) {
    reading_ = Reading::kCharset;
    charset_ = options_.file_encoding;
    return true;
  }
  Defect& defect = Tell(DefectCode::kEncodingUnsupported);
  defect.tag = "100";
  defect.found = "a character set of UNIMARC other than Unicode";
  defect.expected = "the name of the file's encoding";
  return lenient_;
}

bool Decoding::Choose() {
  const bool pymarc = options_.marc8.profile == Marc8Profile::kPymarc;
  const bool says_utf8 = record_.is_utf8() || options_.force_utf8;
  reading_ = says_utf8                        ? Reading::kUtf8
             : options_.file_encoding.empty() ? Reading::kMarc8
                                              : Reading::kCharset;
  charset_ = options_.file_encoding;
  if (state_.ascii || pymarc || options_.force_utf8 || !options_.detect_lying_leaders) return true;
  if (!says_utf8 && LooksLikeUnimarc(record_)) return ChooseUnimarc();
  if (!says_utf8) {
    // Marks of ANSEL precede ASCII letters, which follow no lead byte of UTF-8.
    const Utf8Count count = CountUtf8(record_);
    if (count.characters == 0 || count.invalid != 0 || Contains(record_, kEscape)) return true;
    reading_ = Reading::kUtf8;
    Tell(DefectCode::kLyingLeader).found = "UTF-8 under a leader that does not say so";
    return true;
  }
  const Utf8Count count = CountUtf8(record_);
  if (count.invalid == 0 || count.characters != 0) return true;
  std::string made;
  size_t bad = 0;
  for (const FieldView& field : record_.fields()) {
    for (const Subfield& subfield : field.subfields()) {
      bad += AppendUnicodeOfMarc8(subfield.value, {}, &made);
    }
  }
  if (bad != 0) return true;
  reading_ = Reading::kMarc8;
  Tell(DefectCode::kLyingLeader).found = "MARC-8 under a leader that says UTF-8";
  return true;
}

// False when pymarc would not read the text at all.
bool Decoding::AppendDecoded(const FieldView& field, std::string_view text, size_t* bad) {
  const bool pymarc = options_.marc8.profile == Marc8Profile::kPymarc;
  switch (reading_) {
    case Reading::kUtf8:
      if (IsUtf8(text)) {
        part_.append(text);
      } else {
        *bad = AppendRepairedUtf8(text, options_.invalid, &part_);
      }
      return true;
    case Reading::kMarc8:
      if (pymarc && field.is_control()) {
        for (const char c : text) AppendCharacter(static_cast<unsigned char>(c), &part_);
        return true;
      }
      *bad = AppendUnicodeOfMarc8(text, options_.marc8, &part_);
      if (*bad == std::string::npos) return false;
      if (pymarc) *bad = 0;
      return true;
    case Reading::kCharset:
      break;
  }
  CharsetDecoder* decoder = ThreadCharsetDecoder(charset_);
  if (decoder == nullptr) {
    Tell(DefectCode::kEncodingUnsupported).found = "'" + charset_ + "'";
    return false;
  }
  *bad = decoder->Append(text, options_.invalid, &part_);
  return true;
}

bool Decoding::DecodePart(const FieldView& field, const Subfield* subfield, std::string_view text) {
  part_.clear();
  size_t bad = 0;
  const bool read = AppendDecoded(field, text, &bad);
  if (bad != 0 || !read) {
    Defect& defect = Tell(BadCode());
    defect.tag = field.tag();
    if (subfield != nullptr) defect.subfield_code = subfield->code;
    defect.bytes_near = text.substr(0, 32);
    if (record_.clean()) defect.record_offset = text.data() - record_.raw().data();
    // The user said what is to become of such text.
    defect.repaired = read && options_.invalid != InvalidText::kStrict;
    if (!lenient_ && !defect.repaired) return false;
    if (!read) AppendRepairedUtf8(text, options_.invalid, &part_);
  }
  // A mark that came out of an escape or a reference is no mark.
  std::replace_if(
      part_.begin(), part_.end(), [](char c) { return c >= kRecordEnd && c <= kSubfieldMark; },
      ' ');
  if (options_.normalize == Normalization::kNone) {
    text_ += part_;
  } else {
    AppendNormalized(part_, options_.normalize, &text_);
  }
  return true;
}

bool Decoding::DecodeField(const FieldView& field) {
  text_.clear();
  if (field.is_control()) return DecodePart(field, nullptr, field.data());
  // Indicators and codes are ASCII; anything else there becomes the nearest ASCII character.
  for (const char indicator : {field.indicator1(), field.indicator2()}) {
    text_ += static_cast<unsigned char>(indicator) < 0x80 ? indicator : ' ';
  }
  for (const Subfield& subfield : field.subfields()) {
    text_ += kSubfieldMark;
    std::string_view value = subfield.value;
    if (static_cast<unsigned char>(subfield.code) < 0x80) {
      text_ += subfield.code;
    } else {
      Defect& defect = Tell(DefectCode::kBadSubfieldCodeWarning);
      defect.tag = field.tag();
      const NearestCode nearest = NearestSubfieldCode({value.data() - 1, value.size() + 1});
      defect.found = HexDump({value.data() - 1, 1}).substr(0, 2);
      text_ += nearest.code;
      value.remove_prefix(nearest.length - 1);
    }
    if (!DecodePart(field, &subfield, value)) return false;
  }
  return true;
}

RecordView Decoding::Run() {
  if (!Choose()) return {};
  const bool pymarc = options_.marc8.profile == Marc8Profile::kPymarc;
  const size_t count = record_.fields().size();
  FieldView* const made = block_.fields.Room(count);
  size_t kept = 0;
  for (const FieldView& field : record_.fields()) {
    // 066 lists the character sets of MARC-8, which are no more.
    if (field.tag() == Tag("066") && reading_ == Reading::kMarc8 && !pymarc) continue;
    if (!DecodeField(field)) return {};
    made[kept++] = FieldView(field.tag(), block_.texts.Copy(text_));
  }
  const std::span<const FieldView> fields = block_.fields.Keep(kept);
  Leader leader = record_.leader();
  if (!unimarc_ && !pymarc) leader.set_coding_scheme('a');
  return {block_.texts.Copy(leader.text()).data(), fields, record_.raw(), false};
}

}  // namespace

bool NeedsDecoding(const RecordView& record, const TextState& state, const DecodeOptions& options) {
  if (!state.ascii) {
    if (state.odd_code || options.normalize != Normalization::kNone) return true;
    if (!record.is_utf8() && !options.force_utf8) return true;
    return !IsUtf8(record.raw());
  }
  if (record.is_utf8() || options.force_utf8) return false;
  if (!options.file_encoding.empty()) return true;
  const std::string_view raw = record.raw();
  if (raw.find(kEscape) != std::string_view::npos) return true;
  return options.marc8.decode_references && options.marc8.profile == Marc8Profile::kLoc &&
         raw.find("&#x") != std::string_view::npos;
}

RecordView DecodeText(const RecordView& record, const TextState& state,
                      const DecodeOptions& options, bool lenient, BatchBlock* block,
                      std::vector<Defect>* defects) {
  return Decoding(record, state, options, lenient, block, defects).Run();
}

}  // namespace thalweg::marc
