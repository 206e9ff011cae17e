#include "marc/xml_tree.h"

#include <algorithm>

#include "marc/text_trim.h"

namespace thalweg::marc {
namespace {

constexpr char kNamespaceEnd = '\x01';
constexpr size_t kFeedBytes = size_t{64} << 10;
constexpr size_t kTagMax = 256;
constexpr size_t kDepthMax = 32;

std::pair<std::string_view, std::string_view> Split(std::string_view name) {
  const size_t end = name.rfind(kNamespaceEnd);
  if (end == std::string_view::npos) return {{}, name};
  return {name.substr(0, end), name.substr(end + 1)};
}

}  // namespace

std::string_view XmlNode::Attribute(std::string_view key) const {
  for (const auto& [name, value] : attributes) {
    if (name == key) return value;
  }
  return {};
}

const XmlNode* XmlNode::Find(std::string_view child) const {
  const auto found = std::find_if(children.begin(), children.end(),
                                  [child](const XmlNode& node) { return node.name == child; });
  return found == children.end() ? nullptr : &*found;
}

std::string_view XmlNode::Text() const { return Trimmed(text); }

std::string_view XmlNode::TextOf(std::string_view child) const {
  const XmlNode* node = Find(child);
  return node == nullptr ? std::string_view() : node->Text();
}

XmlTreeSource::XmlTreeSource(Format format, Reader::ReadBytes read, ReaderOptions options,
                             std::string record_space, std::string record_name)
    : TextSource(format, std::move(read), std::move(options)),
      record_space_(std::move(record_space)),
      record_name_(std::move(record_name)) {
  Restart(0);
}

void XmlTreeSource::Restart(size_t prologue) {
  parser_ = XmlParser::Make(kNamespaceEnd);
  XML_Parser parser = parser_.get();
  XML_SetUserData(parser, this);
  XML_SetElementHandler(
      parser,
      [](void* self, const char* name, const char** attributes) {
        static_cast<XmlTreeSource*>(self)->Start(name, attributes);
      },
      [](void* self, const char*) { static_cast<XmlTreeSource*>(self)->End(); });
  XML_SetCharacterDataHandler(parser, [](void* self, const char* text, int size) {
    auto* source = static_cast<XmlTreeSource*>(self);
    if (source->open_.empty() || source->skipped_ > 0) return;
    source->open_.back().text.append(text, static_cast<size_t>(size));
  });
  XML_SetEntityDeclHandler(parser, [](void* self, const char*, int, const char*, int, const char*,
                                      const char*, const char*, const char*) {
    static_cast<XmlTreeSource*>(self)->Refuse(XmlParser::kEntity);
  });
  parser_start_ = input_.offset() + static_cast<int64_t>(fed_) - static_cast<int64_t>(prologue);
  suspended_ = too_long_ = false;
  refusal_ = nullptr;
  depth_ = 0;
  open_.clear();
  skipped_ = 0;
}

Result<bool> XmlTreeSource::ReadRecord() {
  while (!builder_.full()) {
    if (fed_ >= input_.text().size() && !suspended_) {
      // What precedes the record that is being read is no longer needed.
      const size_t used = open_.empty() ? fed_ : static_cast<size_t>(record_at_ - input_.offset());
      input_.Skip(used);
      fed_ -= used;
      THALWEG_ASSIGN_OR_RETURN(const bool more, input_.More());
      if (!more) return Finish();
    }
    if (!Feed() || TooMuch()) THALWEG_RETURN_IF_ERROR(Resynchronize());
  }
  return true;
}

bool XmlTreeSource::Feed() {
  XML_Status status;
  if (suspended_) {
    suspended_ = false;
    status = XML_ResumeParser(parser_.get());
  } else {
    const std::string_view text = input_.text().substr(fed_);
    const size_t size = std::min(text.size(), kFeedBytes);
    fed_ += size;
    status = XML_Parse(parser_.get(), text.data(), static_cast<int>(size), XML_FALSE);
  }
  if (status == XML_STATUS_SUSPENDED) suspended_ = true;
  return status != XML_STATUS_ERROR;
}

// Whether what was fed goes beyond a bound, which ends the parser as an error does.
bool XmlTreeSource::TooMuch() {
  if (suspended_) return false;
  const int64_t here = Here();
  too_long_ = !open_.empty() && here - record_at_ > options_.record_bytes_max;
  if (input_.offset() + static_cast<int64_t>(fed_) - here > XmlParser::kMarkupBytesMax) {
    refusal_ = XmlParser::kTooMuchMarkup;
  }
  return too_long_ || refusal_ != nullptr;
}

void XmlTreeSource::Refuse(const char* what) {
  refusal_ = what;
  XML_StopParser(parser_.get(), XML_FALSE);
}

Result<bool> XmlTreeSource::Finish() {
  if (XML_Parse(parser_.get(), "", 0, XML_TRUE) == XML_STATUS_ERROR) {
    ReportError();
  } else if (!found_) {
    builder_.DropJunk(DefectCode::kTextFormatInvalid, 0, {}, "no " + record_name_ + " element");
  }
  return false;
}

int64_t XmlTreeSource::Here() const {
  return parser_start_ + static_cast<int64_t>(XML_GetCurrentByteIndex(parser_.get()));
}

std::string_view XmlTreeSource::Raw(int64_t from, int64_t to) const {
  const std::string_view text = input_.text();
  const auto first = static_cast<size_t>(std::max(int64_t{0}, from - input_.offset()));
  const auto last = static_cast<size_t>(std::max(int64_t{0}, to - input_.offset()));
  if (first >= text.size() || last <= first) return {};
  return text.substr(first, last - first);
}

void XmlTreeSource::ReportError() {
  std::string found = XmlParser::ErrorOf(parser_.get(), refusal_);
  if (open_.empty()) {
    builder_.DropJunk(DefectCode::kTextFormatInvalid, Here(), Raw(Here(), Here() + 64),
                      std::move(found));
    return;
  }
  builder_.BeginRecord(record_at_);
  if (too_long_) {
    builder_.LoseTooLong();
  } else {
    builder_.Report(DefectCode::kTextFormatInvalid, std::move(found), "well-formed XML");
    builder_.Lose();
  }
  builder_.EndRecord(Raw(record_at_, std::max(Here(), record_at_ + 1)));
  open_.clear();
}

// Goes on behind what is not XML, with the next record that begins.
Status XmlTreeSource::Resynchronize() {
  const int64_t error_at = Here();
  ReportError();
  // The error can stand in what was put before the tag that was begun with.
  const auto place =
      static_cast<size_t>(std::max(int64_t{0}, std::max(error_at, restart_at_) - input_.offset()));
  size_t search = std::min(place + 1, input_.text().size());
  size_t at = XmlParser::FindStart(input_.text(), search, record_name_);
  while (at == std::string_view::npos) {
    const size_t size = input_.text().size();
    input_.Skip(std::max(search, size - std::min(size, kTagMax)));
    search = 0;
    THALWEG_ASSIGN_OR_RETURN(const bool more, input_.More());
    at = XmlParser::FindStart(input_.text(), 0, record_name_);
    if (!more && at == std::string_view::npos) at = input_.text().size();
  }
  fed_ = at;
  const std::string_view prefix = XmlParser::PrefixAt(input_.text().substr(fed_));
  std::string prologue = "<c xmlns=\"" + record_space_ + "\"";
  if (!prefix.empty()) {
    prologue.append(" xmlns:").append(prefix).append("=\"").append(record_space_).append("\"");
  }
  prologue += ">";
  restart_at_ = input_.offset() + static_cast<int64_t>(fed_);
  Restart(prologue.size());
  found_ = true;
  XML_Parse(parser_.get(), prologue.data(), static_cast<int>(prologue.size()), XML_FALSE);
  return {};
}

void XmlTreeSource::Start(std::string_view name, const char** attributes) {
  if (++depth_ > XmlParser::kDepthMax) return Refuse(XmlParser::kTooDeep);
  const auto [space, local] = Split(name);
  if (open_.empty()) {
    if (local != record_name_ || (space != record_space_ && !space.empty())) return;
    record_at_ = Here();
    found_ = true;
  }
  if (open_.size() >= kDepthMax || skipped_ > 0) {
    ++skipped_;
    return;
  }
  XmlNode node;
  node.space = space;
  node.name = local;
  for (; *attributes != nullptr; attributes += 2) {
    node.attributes.emplace_back(Split(attributes[0]).second, attributes[1]);
  }
  open_.push_back(std::move(node));
}

void XmlTreeSource::End() {
  --depth_;
  if (open_.empty()) return;
  if (skipped_ > 0) {
    --skipped_;
    return;
  }
  XmlNode node = std::move(open_.back());
  open_.pop_back();
  if (!open_.empty()) {
    open_.back().children.push_back(std::move(node));
    return;
  }
  const int64_t end = Here() + XML_GetCurrentByteCount(parser_.get());
  builder_.BeginRecord(record_at_);
  if (end - record_at_ > options_.record_bytes_max) {
    builder_.LoseTooLong();
  } else {
    Build(node);
  }
  builder_.EndRecord(Raw(record_at_, end));
  if (builder_.full()) XML_StopParser(parser_.get(), XML_TRUE);
}

}  // namespace thalweg::marc
