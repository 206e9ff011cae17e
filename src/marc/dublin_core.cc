// Dublin Core (ISO 15836), after the Library of Congress's crosswalk from MARC.

#include "marc/encoders.h"
#include "marc/mapping.h"
#include "marc/xml_text.h"

namespace thalweg::marc {
namespace {

const char* TypeOf(char type) {
  switch (type) {
    case 'a':
    case 't':
    case 'c':
    case 'd':
      return "Text";
    case 'e':
    case 'f':
    case 'k':
      return "Image";
    case 'g':
      return "MovingImage";
    case 'i':
    case 'j':
      return "Sound";
    case 'm':
      return "Software";
    case 'r':
      return "PhysicalObject";
    case 'o':
    case 'p':
      return "Collection";
    default:
      return "";
  }
}

class DublinCore {
 public:
  explicit DublinCore(std::string* out) : xml_("dc:", out) {}

  void Write(const RecordView& record) {
    xml_.Element("type", TypeOf(record.leader_text()[6]));
    if (const std::string_view fixed = FixedData(record); !fixed.empty()) {
      const std::string_view language = fixed.substr(35, 3);
      if (language != "   " && language != "|||" && language != "zxx") {
        xml_.Element("language", language);
      }
    }
    for (const FieldView& field : record.fields()) WriteField(field);
  }

 private:
  void Put(std::string_view name, std::string_view text) {
    xml_.Element(name, WithoutEndPunctuation(text));
  }

  void WriteField(const FieldView& field) {
    if (field.is_control()) return;
    const Tag tag = field.tag();
    if (tag[0] == '6') {
      if (tag == Tag("655")) return Put("type", JoinedValues(field, "a"));
      if (tag == Tag("651") || tag == Tag("662")) xml_.Element("coverage", JoinedHeading(field));
      return xml_.Element("subject", JoinedHeading(field));
    }
    if (tag == Tag("245")) return Put("title", JoinedValues(field, "abfghknp"));
    if (tag == Tag("100") || tag == Tag("110") || tag == Tag("111")) {
      return Put("creator", JoinedValues(field, "abcdnq"));
    }
    if (tag == Tag("700") || tag == Tag("710") || tag == Tag("711") || tag == Tag("720")) {
      return Put("contributor", JoinedValues(field, "abcdnq"));
    }
    if (tag == Tag("260") || (tag == Tag("264") && field.indicator2() == '1')) {
      Put("publisher", JoinedValues(field, "b"));
      return Put("date", JoinedValues(field, "c"));
    }
    if (tag == Tag("856")) return xml_.Element("identifier", JoinedValues(field, "u"));
    WriteOther(tag, field);
  }

  void WriteOther(Tag tag, const FieldView& field) {
    if (tag == Tag("020")) {
      const std::string number = JoinedValues(field, "a");
      if (!number.empty()) {
        xml_.Element("identifier", "urn:ISBN:" + number.substr(0, number.find(' ')));
      }
    } else if (tag == Tag("022")) {
      const std::string number = JoinedValues(field, "a");
      if (!number.empty()) xml_.Element("identifier", "urn:ISSN:" + number);
    } else if (tag == Tag("024") || tag == Tag("027") || tag == Tag("030")) {
      Put("identifier", JoinedValues(field, "a"));
    } else if (tag == Tag("506") || tag == Tag("540")) {
      xml_.Element("rights", JoinedValues(field, "a"));
    } else if (tag == Tag("300")) {
      Put("format", JoinedValues(field, "abce"));
    } else if (tag == Tag("530") || (tag[0] == '7' && tag[1] >= '6' && tag[1] <= '8') ||
               tag == Tag("490") || tag == Tag("830")) {
      Put(tag == Tag("786") ? "source" : "relation", JoinedValues(field, "aotv"));
    } else if (tag == Tag("522") || tag == Tag("752")) {
      Put("coverage", JoinedValues(field, "abcd"));
    } else if (tag[0] == '5') {
      xml_.Element("description", JoinedValues(field, "ab"));
    }
  }

  XmlText xml_;
};

constexpr std::string_view kNamespaces =
    " xmlns:oai_dc=\"http://www.openarchives.org/OAI/2.0/oai_dc/\""
    " xmlns:dc=\"http://purl.org/dc/elements/1.1/\"";

class DublinCoreEncoder final : public RecordEncoder {
 public:
  std::string_view head() const override {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<collection"
           " xmlns:oai_dc=\"http://www.openarchives.org/OAI/2.0/oai_dc/\""
           " xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n";
  }
  std::string_view tail() const override { return "</collection>\n"; }
  Status Append(const RecordView& record, int64_t /*index*/, std::string* out) const override {
    AppendDublinCore(record, false, out);
    out->push_back('\n');
    return {};
  }
};

}  // namespace

void AppendDublinCore(const RecordView& record, bool with_namespace, std::string* out) {
  out->append("<oai_dc:dc");
  if (with_namespace) out->append(kNamespaces);
  out->append(">");
  DublinCore(out).Write(record);
  out->append("</oai_dc:dc>");
}

std::unique_ptr<RecordEncoder> MakeDublinCoreEncoder(const EncoderOptions& /*options*/) {
  return std::make_unique<DublinCoreEncoder>();
}

}  // namespace thalweg::marc
