// MARCXML and Turbomarc, read as a stream.

#include <string>
#include <utility>

#include "marc/xml_source.h"

namespace thalweg::marc {
namespace {

constexpr std::string_view kSlim = "http://www.loc.gov/MARC21/slim";

// Records are looked for in these; an envelope around them, such as OAI-PMH's, has its own.
bool IsMarcNamespace(std::string_view name) {
  return name.empty() || name == kSlim || name == "http://www.loc.gov/MARC21/slim/" ||
         name == "info:lc/xmlns/marcxchange-v1" || name == "info:lc/xmlns/marcxchange-v2" ||
         name == "http://www.indexdata.com/turbomarc";
}

enum class Element : uint8_t { kOther, kRecord, kLeader, kControl, kData, kSubfield };

struct Seen {
  Element element = Element::kOther;
  std::string_view tag;   // Of Turbomarc, out of the name.
  std::string_view code;  // The same.
};

Seen ElementOf(std::string_view name, bool turbo) {
  const size_t end = name.rfind(XmlParser::kNamespaceEnd);
  std::string_view space = end == std::string_view::npos ? "" : name.substr(0, end);
  const std::string_view local = end == std::string_view::npos ? name : name.substr(end + 1);
  if (!IsMarcNamespace(space)) return {};
  if (turbo) {
    if (local == "r") return {Element::kRecord, {}, {}};
    if (local == "l") return {Element::kLeader, {}, {}};
    if (local[0] == 'c' && local.size() == 4) return {Element::kControl, local.substr(1), {}};
    if (local[0] == 'd' && local.size() == 4) return {Element::kData, local.substr(1), {}};
    if (local[0] == 's') return {Element::kSubfield, {}, local.substr(1)};
    return {};
  }
  if (local == "subfield") return {Element::kSubfield, {}, {}};
  if (local == "datafield") return {Element::kData, {}, {}};
  if (local == "controlfield") return {Element::kControl, {}, {}};
  if (local == "record") return {Element::kRecord, {}, {}};
  if (local == "leader") return {Element::kLeader, {}, {}};
  return {};
}

std::string_view AttributeOf(const char** attributes, std::string_view name,
                             std::string_view other) {
  for (; *attributes != nullptr; attributes += 2) {
    if (*attributes == name || *attributes == other) return attributes[1];
  }
  return {};
}

class MarcXmlSource final : public XmlSource {
 public:
  MarcXmlSource(Format format, Reader::ReadBytes read, ReaderOptions options)
      : XmlSource(format, std::move(read), std::move(options), std::string(kSlim),
                  format == Format::kTurbomarc ? "r" : "record", DefectCode::kMarcxmlInvalid),
        turbo_(format == Format::kTurbomarc) {}

 protected:
  void Reset() override {
    inside_ = Element::kOther;
    in_field_ = false;
  }

  void Start(std::string_view name, const char** attributes) override {
    const Seen seen = ElementOf(name, turbo_);
    inside_ = Element::kOther;
    text_.clear();
    switch (seen.element) {
      case Element::kRecord:
        in_field_ = false;
        return BeginRecord();
      case Element::kControl:
      case Element::kData:
        return StartField(seen, attributes);
      case Element::kSubfield:
        if (in_field_) StartSubfield(seen, attributes);
        return;
      case Element::kLeader:
        inside_ = Element::kLeader;
        return;
      case Element::kOther:
        return;
    }
  }

  void End(std::string_view name) override {
    const Seen seen = ElementOf(name, turbo_);
    if (!builder_.in_record()) return;
    const Element inside = inside_;
    inside_ = Element::kOther;
    if (seen.element == Element::kRecord) return EndRecord();
    if (seen.element == Element::kData && in_field_) {
      builder_.EndField();
      in_field_ = false;
    }
    if (seen.element != inside) return;
    if (inside == Element::kLeader) builder_.SetLeader(text_);
    if (inside == Element::kControl) EndControl();
    if (inside == Element::kSubfield) builder_.AddSubfield(code_, text_);
  }

  void Text(std::string_view text) override {
    if (inside_ == Element::kOther) return;
    if (static_cast<int64_t>(text_.size()) > options_.record_bytes_max) return;
    text_.append(text);
  }

 private:
  void StartField(const Seen& seen, const char** attributes) {
    if (!builder_.in_record()) return;
    in_field_ = false;
    const std::string_view text = turbo_ ? seen.tag : AttributeOf(attributes, "tag", "tag");
    const auto tag = Tag::Of(text);
    if (!tag) {
      builder_.Report(DefectCode::kMarcxmlInvalid, "tag '" + std::string(text.substr(0, 16)) + "'",
                      "a tag of three characters");
      return;
    }
    tag_ = *tag;
    inside_ = seen.element;
    if (seen.element == Element::kControl) return;
    inside_ = Element::kOther;
    if (tag_.is_control()) {
      builder_.Report(DefectCode::kInvalidField, "a data field", "a control field", tag_);
      return;
    }
    in_field_ = true;
    builder_.BeginField(tag_, Indicator(AttributeOf(attributes, "ind1", "i1")),
                        Indicator(AttributeOf(attributes, "ind2", "i2")));
  }

  char Indicator(std::string_view text) {
    if (text.size() == 1) return text[0];
    if (!text.empty()) {
      builder_.Report(DefectCode::kInvalidIndicator, std::string(text.substr(0, 16)),
                      "one character", tag_);
    }
    return ' ';
  }

  void StartSubfield(const Seen& seen, const char** attributes) {
    std::string_view code = turbo_ ? seen.code : AttributeOf(attributes, "code", "code");
    if (turbo_ && code.empty()) code = AttributeOf(attributes, "code", "c");
    if (code.size() != 1) {
      builder_.Report(DefectCode::kBadSubfieldCode, std::string(code.substr(0, 16)),
                      "one character", tag_);
    }
    code_ = code.size() == 1 ? code[0] : '?';
    inside_ = Element::kSubfield;
  }

  void EndControl() {
    if (tag_.is_control()) return builder_.AddControl(tag_, text_);
    builder_.Report(DefectCode::kInvalidField, "a control field", "a data field", tag_);
    builder_.BeginField(tag_, ' ', ' ');
    builder_.AddSubfield('a', text_);
    builder_.EndField();
  }

  bool turbo_;
  bool in_field_ = false;
  Element inside_ = Element::kOther;
  Tag tag_;
  char code_ = 0;
  std::string text_;
};

}  // namespace

std::unique_ptr<RecordSource> MakeMarcXmlSource(Format format, Reader::ReadBytes read,
                                                ReaderOptions options) {
  return std::make_unique<MarcXmlSource>(format, std::move(read), std::move(options));
}

}  // namespace thalweg::marc
