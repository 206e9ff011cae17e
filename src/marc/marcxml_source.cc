// MARCXML and Turbomarc, read as a stream.

#include <expat.h>

#include <cstring>

#include "marc/text_input.h"
#include "marc/xml_parser.h"

namespace thalweg::marc {
namespace {

constexpr char kNamespaceEnd = '\x01';
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
  const size_t end = name.rfind(kNamespaceEnd);
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

class MarcXmlSource final : public TextSource {
 public:
  MarcXmlSource(Format format, Reader::ReadBytes read, ReaderOptions options)
      : TextSource(format, std::move(read), std::move(options)),
        turbo_(format == Format::kTurbomarc) {
    Restart(0);
  }

 protected:
  Result<bool> ReadRecord() override {
    while (!builder_.full()) {
      if (fed_ >= input_.text().size() && !suspended_) {
        Forget();
        THALWEG_ASSIGN_OR_RETURN(const bool more, input_.More());
        if (!more) return Finish();
      }
      if (!Feed() || TooMuch()) THALWEG_RETURN_IF_ERROR(Resynchronize());
    }
    return true;
  }

 private:
  // What precedes the record that is being read is no longer needed.
  void Forget() {
    const size_t used =
        builder_.in_record() ? static_cast<size_t>(record_at_ - input_.offset()) : fed_;
    input_.Skip(used);
    fed_ -= used;
  }

  // A new parser for what stands at `fed_`, after text that is not of the input.
  void Restart(size_t prologue) {
    parser_ = XmlParser::Make(kNamespaceEnd);
    XML_Parser parser = parser_.get();
    XML_SetUserData(parser, this);
    XML_SetElementHandler(parser, OnStart, OnEnd);
    XML_SetCharacterDataHandler(parser, OnText);
    XML_SetEntityDeclHandler(parser, OnEntity);
    parser_start_ = input_.offset() + static_cast<int64_t>(fed_) - static_cast<int64_t>(prologue);
    suspended_ = false;
    refusal_ = nullptr;
    too_long_ = false;
    depth_ = 0;
    inside_ = Element::kOther;
    in_field_ = false;
  }

  // False: the parser has met something that is not XML.
  bool Feed() {
    XML_Parser parser = parser_.get();
    XML_Status status;
    if (suspended_) {
      suspended_ = false;
      status = XML_ResumeParser(parser);
    } else {
      const std::string_view text = input_.text().substr(fed_);
      const size_t size = std::min(text.size(), kFeedBytes);
      fed_ += size;
      status = XML_Parse(parser, text.data(), static_cast<int>(size), XML_FALSE);
    }
    if (status == XML_STATUS_SUSPENDED) suspended_ = true;
    return status != XML_STATUS_ERROR;
  }

  // Whether what was fed goes beyond a bound, which ends the parser as an error does.
  bool TooMuch() {
    if (suspended_) return false;
    const int64_t here = Here();
    too_long_ = builder_.in_record() && here - record_at_ > options_.record_bytes_max;
    if (input_.offset() + static_cast<int64_t>(fed_) - here > XmlParser::kMarkupBytesMax) {
      refusal_ = XmlParser::kTooMuchMarkup;
    }
    return too_long_ || refusal_ != nullptr;
  }

  Result<bool> Finish() {
    if (XML_Parse(parser_.get(), "", 0, XML_TRUE) == XML_STATUS_ERROR) {
      ReportError();
    } else if (!found_) {
      builder_.DropJunk(DefectCode::kMarcxmlInvalid, 0, {}, "no record element");
    }
    return false;
  }

  int64_t Here() const {
    return parser_start_ + static_cast<int64_t>(XML_GetCurrentByteIndex(parser_.get()));
  }

  std::string_view Raw(int64_t from, int64_t to) const {
    const std::string_view text = input_.text();
    const auto first = static_cast<size_t>(std::max(int64_t{0}, from - input_.offset()));
    const auto last = static_cast<size_t>(std::max(int64_t{0}, to - input_.offset()));
    if (first >= text.size() || last <= first) return {};
    return text.substr(first, last - first);
  }

  // The record that is being read is lost; between records, the place counts as junk. Behind the
  // last record of an input that was resynchronised, tags that close what was never opened again
  // are nothing.
  void ReportError() {
    std::string found = XmlParser::ErrorOf(parser_.get(), refusal_);
    if (builder_.in_record()) {
      if (too_long_) {
        builder_.LoseTooLong();
      } else {
        builder_.Report(DefectCode::kMarcxmlInvalid, std::move(found), "well-formed XML");
        builder_.Lose();
      }
      builder_.EndRecord(Raw(record_at_, std::max(Here(), record_at_ + 1)));
    } else if (!resynchronized_ || refusal_ != nullptr) {
      builder_.DropJunk(DefectCode::kMarcxmlInvalid, Here(), Raw(Here(), Here() + 64),
                        std::move(found));
    }
  }

  Status Resynchronize() {
    const int64_t error_at = Here();
    ReportError();
    resynchronized_ = true;
    fed_ = static_cast<size_t>(std::max(int64_t{0}, error_at - input_.offset()));
    fed_ = std::min(fed_, input_.text().size());
    // The place itself may be the start tag that could not be read, and so may the one that was
    // begun with: the error can stand in what was put before it.
    const int64_t begun = std::max(int64_t{0}, restart_at_ - input_.offset());
    fed_ = std::max(fed_, std::min(static_cast<size_t>(begun), input_.text().size()));
    size_t search = fed_ + 1;
    while (true) {
      const size_t at = XmlParser::FindStart(input_.text(), search, turbo_ ? "r" : "record");
      if (at != std::string_view::npos) {
        fed_ = at;
        break;
      }
      const size_t size = input_.text().size();
      search = size > kTagMax ? std::max(search, size - kTagMax) : search;
      fed_ = std::min(search, size);
      const size_t before = fed_;
      Forget();
      search -= before - fed_;
      THALWEG_ASSIGN_OR_RETURN(const bool more, input_.More());
      if (!more) {
        fed_ = input_.text().size();
        return RestartAsCollection({});
      }
    }
    return RestartAsCollection(XmlParser::PrefixAt(input_.text().substr(fed_)));
  }

  Status RestartAsCollection(std::string_view prefix) {
    std::string prologue = "<collection xmlns=\"";
    prologue.append(kSlim).append("\"");
    if (!prefix.empty()) {
      prologue.append(" xmlns:").append(prefix).append("=\"").append(kSlim).append("\"");
    }
    prologue += ">";
    restart_at_ = input_.offset() + static_cast<int64_t>(fed_);
    Restart(prologue.size());
    XML_Parse(parser_.get(), prologue.data(), static_cast<int>(prologue.size()), XML_FALSE);
    return {};
  }

  void Start(const char* name, const char** attributes) {
    if (++depth_ > XmlParser::kDepthMax) return Refuse(XmlParser::kTooDeep);
    const Seen seen = ElementOf(name, turbo_);
    inside_ = Element::kOther;
    text_.clear();
    switch (seen.element) {
      case Element::kRecord:
        record_at_ = Here();
        found_ = true;
        in_field_ = false;
        builder_.BeginRecord(record_at_);
        return;
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

  void End(const char* name) {
    --depth_;
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

  void EndControl() {
    if (tag_.is_control()) return builder_.AddControl(tag_, text_);
    builder_.Report(DefectCode::kInvalidField, "a control field", "a data field", tag_);
    builder_.BeginField(tag_, ' ', ' ');
    builder_.AddSubfield('a', text_);
    builder_.EndField();
  }

  void EndRecord() {
    if (Here() - record_at_ > options_.record_bytes_max) builder_.LoseTooLong();
    builder_.EndRecord(Raw(record_at_, Here() + XML_GetCurrentByteCount(parser_.get())));
    if (builder_.full()) XML_StopParser(parser_.get(), XML_TRUE);
  }

  void Text(std::string_view text) {
    if (inside_ == Element::kOther) return;
    if (static_cast<int64_t>(text_.size()) > options_.record_bytes_max) return;
    text_.append(text);
  }

  static void XMLCALL OnStart(void* self, const char* name, const char** attributes) {
    static_cast<MarcXmlSource*>(self)->Start(name, attributes);
  }
  static void XMLCALL OnEnd(void* self, const char* name) {
    static_cast<MarcXmlSource*>(self)->End(name);
  }
  static void XMLCALL OnText(void* self, const char* text, int size) {
    static_cast<MarcXmlSource*>(self)->Text({text, static_cast<size_t>(size)});
  }
  // A few nested entities are enough to fill any memory, and records have no use for them.
  static void XMLCALL OnEntity(void* self, const char* /*name*/, int /*is_parameter*/,
                               const char* /*value*/, int /*size*/, const char* /*base*/,
                               const char* /*system*/, const char* /*public_id*/,
                               const char* /*notation*/) {
    static_cast<MarcXmlSource*>(self)->Refuse(XmlParser::kEntity);
  }
  void Refuse(const char* what) {
    refusal_ = what;
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  static constexpr size_t kFeedBytes = size_t{64} << 10;
  static constexpr size_t kTagMax = 256;

  bool turbo_;
  XmlParser::Handle parser_;
  size_t fed_ = 0;            // Of `input_.text()`, given to the parser.
  int64_t parser_start_ = 0;  // Where in the input the parser's byte 0 would stand.
  int64_t restart_at_ = 0;    // Where the parser goes on behind an error.
  int64_t record_at_ = 0;
  bool suspended_ = false;
  bool resynchronized_ = false;
  bool too_long_ = false;          // The record that is being read.
  const char* refusal_ = nullptr;  // What is well-formed but not taken.
  int depth_ = 0;
  bool found_ = false;
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
