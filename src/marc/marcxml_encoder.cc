// MARCXML, written.

#include "marc/cursor.h"
#include "marc/encoders.h"
#include "marc/escape.h"

namespace thalweg::marc {
namespace {

constexpr TextBound kBound = {.per_record = 768, .per_field = 160, .per_subfield = 64};

// U+FFFE and U+FFFF are UTF-8, but no characters of XML.
bool HasNoncharacter(std::string_view text) {
  return text.find("\xEF\xBF\xBE") != std::string_view::npos ||
         text.find("\xEF\xBF\xBF") != std::string_view::npos;
}

char* PutValue(std::string_view value, bool clean, std::string* scratch, char* out) {
  if (!clean) [[unlikely]] {
    value = CleanText(value, scratch);
    if (HasNoncharacter(value)) {
      std::string mended(value);
      for (size_t at = 0; (at = mended.find("\xEF\xBF", at)) != std::string::npos; at += 3) {
        if (static_cast<unsigned char>(mended[at + 2]) >= 0xBE) mended[at + 2] = '\xBD';
      }
      *scratch = std::move(mended);
      value = *scratch;
    }
  }
  return CopyXmlEscaped(value, out);
}

char* PutTag(Tag tag, char* out) {
  for (int i = 0; i < 3; ++i) out = CopyXmlAttributeByte(tag[i], out);
  return out;
}

// Line ends and indentation, for people.
template <bool kPretty>
char* Line(const char (&indent)[3], int depth, char* out) {
  if (!kPretty) return out;
  *out++ = '\n';
  for (int i = 0; i < depth; ++i) out = Put(out, indent);
  return out;
}

template <bool kPretty>
char* PutField(const FieldView& field, bool clean, std::string* scratch, char* out) {
  out = Line<kPretty>("  ", 2, out);
  if (field.is_control()) {
    out = Put(out, "<controlfield tag=\"");
    out = PutTag(field.tag(), out);
    out = Put(out, "\">");
    out = PutValue(field.data(), clean, scratch, out);
    return Put(out, "</controlfield>");
  }
  out = Put(out, "<datafield tag=\"");
  out = PutTag(field.tag(), out);
  out = Put(out, "\" ind1=\"");
  out = CopyXmlAttributeByte(field.indicator1(), out);
  out = Put(out, "\" ind2=\"");
  out = CopyXmlAttributeByte(field.indicator2(), out);
  out = Put(out, "\">");
  for (const Subfield& subfield : field.subfields()) {
    out = Line<kPretty>("  ", 3, out);
    out = Put(out, "<subfield code=\"");
    out = CopyXmlAttributeByte(subfield.code, out);
    out = Put(out, "\">");
    const bool whole = clean && static_cast<unsigned char>(subfield.code) < 0x80;
    out = PutValue(subfield.value, whole, scratch, out);
    out = Put(out, "</subfield>");
  }
  out = Line<kPretty>("  ", 2, out);
  return Put(out, "</datafield>");
}

bool IsPlain(const RecordView& record) {
  if (!IsUtf8Record(record)) return false;
  if (record.clean() && !record.raw().empty()) return !HasNoncharacter(record.raw());
  for (const FieldView& field : record.fields()) {
    if (HasNoncharacter(field.bytes())) return false;
  }
  return true;
}

template <bool kPretty>
void AppendRecord(const RecordView& record, bool with_namespace, std::string* out) {
  thread_local Scratch memory;
  std::string scratch;
  const bool clean = IsPlain(record);
  char* at = memory.Room(kBound.Of(record));
  if (kPretty) at = Put(at, "  ");
  at = with_namespace ? Put(at, "<record xmlns=\"http://www.loc.gov/MARC21/slim\">")
                      : Put(at, "<record>");
  at = Line<kPretty>("  ", 2, at);
  at = Put(at, "<leader>");
  at = PutValue(record.leader_text(), false, &scratch, at);
  at = Put(at, "</leader>");
  for (const FieldView& field : record.fields()) {
    at = PutField<kPretty>(field, clean, &scratch, at);
  }
  at = Line<kPretty>("  ", 1, at);
  at = Put(at, "</record>");
  memory.Give(at, out);
}

class MarcXmlEncoder final : public RecordEncoder {
 public:
  explicit MarcXmlEncoder(bool pretty) : pretty_(pretty) {}
  std::string_view head() const override {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
           "<collection xmlns=\"http://www.loc.gov/MARC21/slim\">\n";
  }
  std::string_view tail() const override { return "</collection>\n"; }
  Status Append(const RecordView& record, int64_t /*index*/, std::string* out) const override {
    if (pretty_) {
      AppendRecord<true>(record, false, out);
    } else {
      AppendRecord<false>(record, false, out);
    }
    out->push_back('\n');
    return {};
  }

 private:
  bool pretty_;
};

}  // namespace

void AppendMarcXml(const RecordView& record, bool with_namespace, std::string* out) {
  AppendRecord<false>(record, with_namespace, out);
}

std::unique_ptr<RecordEncoder> MakeMarcXmlEncoder(const EncoderOptions& options) {
  return std::make_unique<MarcXmlEncoder>(options.pretty);
}

}  // namespace thalweg::marc
