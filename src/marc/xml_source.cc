#include "marc/xml_source.h"

#include <expat.h>

#include <algorithm>
#include <utility>

namespace thalweg::marc {
namespace {

constexpr size_t kFeedBytes = size_t{64} << 10;
constexpr size_t kTagMax = 256;

}  // namespace

XmlSource::XmlSource(Format format, Reader::ReadBytes read, ReaderOptions options,
                     std::string record_space, std::string record_name, DefectCode malformed)
    : TextSource(format, std::move(read), std::move(options)),
      record_space_(std::move(record_space)),
      record_name_(std::move(record_name)),
      malformed_(malformed) {
  MakeParser(0);
}

// For what stands at `fed_`, after text that is not of the input.
void XmlSource::MakeParser(size_t prologue) {
  parser_ = XmlParser::Make();
  XML_Parser parser = parser_.get();
  XML_SetUserData(parser, this);
  XML_SetElementHandler(
      parser,
      [](void* self, const char* name, const char** attributes) {
        auto* source = static_cast<XmlSource*>(self);
        if (++source->depth_ > XmlParser::kDepthMax) return source->Refuse(XmlParser::kTooDeep);
        source->Start(name, attributes);
      },
      [](void* self, const char* name) {
        auto* source = static_cast<XmlSource*>(self);
        --source->depth_;
        source->End(name);
      });
  XML_SetCharacterDataHandler(parser, [](void* self, const char* text, int size) {
    static_cast<XmlSource*>(self)->Text({text, static_cast<size_t>(size)});
  });
  // A few nested entities are enough to fill any memory, and records have no use for them.
  XML_SetEntityDeclHandler(parser, [](void* self, const char*, int, const char*, int, const char*,
                                      const char*, const char*, const char*) {
    static_cast<XmlSource*>(self)->Refuse(XmlParser::kEntity);
  });
  parser_start_ = input_.offset() + static_cast<int64_t>(fed_) - static_cast<int64_t>(prologue);
  suspended_ = too_long_ = false;
  refusal_ = nullptr;
  depth_ = 0;
}

// A new parser goes on at `fed_`, where a tag with this prefix begins.
void XmlSource::Restart(std::string_view prefix) {
  std::string prologue = "<c xmlns=\"" + record_space_ + "\"";
  if (!prefix.empty()) {
    prologue.append(" xmlns:").append(prefix).append("=\"").append(record_space_).append("\"");
  }
  prologue += ">";
  restart_at_ = input_.offset() + static_cast<int64_t>(fed_);
  MakeParser(prologue.size());
  XML_Parse(parser_.get(), prologue.data(), static_cast<int>(prologue.size()), XML_FALSE);
  Reset();
}

Result<bool> XmlSource::ReadRecord() {
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

// What precedes the record that is being read is no longer needed.
void XmlSource::Forget() {
  const size_t used =
      builder_.in_record() ? static_cast<size_t>(record_at_ - input_.offset()) : fed_;
  input_.Skip(used);
  fed_ -= used;
}

// False: the parser has met something that is not XML.
bool XmlSource::Feed() {
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
bool XmlSource::TooMuch() {
  if (suspended_) return false;
  const int64_t here = Here();
  too_long_ = builder_.in_record() && here - record_at_ > options_.record_bytes_max;
  if (input_.offset() + static_cast<int64_t>(fed_) - here > XmlParser::kMarkupBytesMax) {
    refusal_ = XmlParser::kTooMuchMarkup;
  }
  return too_long_ || refusal_ != nullptr;
}

void XmlSource::Refuse(const char* what) {
  refusal_ = what;
  XML_StopParser(parser_.get(), XML_FALSE);
}

Result<bool> XmlSource::Finish() {
  if (XML_Parse(parser_.get(), "", 0, XML_TRUE) == XML_STATUS_ERROR) {
    ReportError();
  } else if (!found_) {
    builder_.DropJunk(malformed_, 0, {}, "no " + record_name_ + " element");
  }
  return false;
}

// The record that is being read is lost; between records, the place counts as junk. Behind the last
// record of an input that was resynchronised, tags that close what was never opened again are
// nothing.
void XmlSource::ReportError() {
  std::string found = XmlParser::ErrorOf(parser_.get(), refusal_);
  if (builder_.in_record()) {
    if (too_long_) {
      builder_.LoseTooLong();
    } else {
      builder_.Report(malformed_, std::move(found), "well-formed XML");
      builder_.Lose();
    }
    builder_.EndRecord(Raw(record_at_, std::max(Here(), record_at_ + 1)));
  } else if (!resynchronized_ || refusal_ != nullptr) {
    builder_.DropJunk(malformed_, Here(), Raw(Here(), Here() + 64), std::move(found));
  }
}

// Goes on behind what is not XML, with the next record that begins.
Status XmlSource::Resynchronize() {
  const int64_t error_at = Here();
  ReportError();
  resynchronized_ = true;
  // The place itself may be the start tag that could not be read, and so may the one that was begun
  // with: the error can stand in what was put before it.
  const int64_t begun = std::max(int64_t{0}, std::max(error_at, restart_at_) - input_.offset());
  fed_ = std::min(static_cast<size_t>(begun), input_.text().size());
  size_t search = fed_ + 1;
  while (true) {
    const size_t at = XmlParser::FindStart(input_.text(), search, record_name_);
    if (at != std::string_view::npos) {
      fed_ = at;
      Restart(XmlParser::PrefixAt(input_.text().substr(fed_)));
      return {};
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
      Restart({});
      return {};
    }
  }
}

int64_t XmlSource::Here() const {
  return parser_start_ + static_cast<int64_t>(XML_GetCurrentByteIndex(parser_.get()));
}

std::string_view XmlSource::Raw(int64_t from, int64_t to) const {
  const std::string_view text = input_.text();
  const auto first = static_cast<size_t>(std::max(int64_t{0}, from - input_.offset()));
  const auto last = static_cast<size_t>(std::max(int64_t{0}, to - input_.offset()));
  if (first >= text.size() || last <= first) return {};
  return text.substr(first, last - first);
}

void XmlSource::BeginRecord() {
  record_at_ = Here();
  found_ = true;
  builder_.BeginRecord(record_at_);
}

void XmlSource::EndRecord() {
  const int64_t end = Here() + XML_GetCurrentByteCount(parser_.get());
  if (end - record_at_ > options_.record_bytes_max) builder_.LoseTooLong();
  builder_.EndRecord(Raw(record_at_, end));
  if (builder_.full()) XML_StopParser(parser_.get(), XML_TRUE);
}

}  // namespace thalweg::marc
