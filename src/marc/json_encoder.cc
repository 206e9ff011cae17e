// The four shapes of MARC in JSON, written.

#include "marc/cursor.h"
#include "marc/encoders.h"
#include "marc/escape.h"

namespace thalweg::marc {
namespace {

enum class Shape : uint8_t {
  kObject,       // {"leader":…,"fields":[{"245":{…,"subfields":[{"a":…}]}}]}
  kList,         // [{"leader":…},{"245":{…,"subfields":[{"a":…}]}}]
  kListMembers,  // [{"leader":…},{"245":{…,"subfields":{"a":…}}}]
};

// `{"245":{"ind1":"\u0000","ind2":"\u0000","subfields":[]}},` and `{"\u0000":""},`.
constexpr TextBound kBound = {.per_record = 512, .per_field = 96, .per_subfield = 24};

template <bool kAscii>
char* PutValue(std::string_view value, bool clean, std::string* scratch, char* out) {
  if (!clean) [[unlikely]] {
    value = CleanText(value, scratch);
  }
  return kAscii ? CopyJsonAscii(value, out) : CopyJsonEscaped(value, out);
}

char* PutTag(Tag tag, char* out) {
  for (int i = 0; i < 3; ++i) out = CopyJsonByte(tag[i], out);
  return out;
}

template <Shape kShape, bool kAscii>
char* PutSubfields(const FieldView& field, bool clean, std::string* scratch, char* out) {
  constexpr bool kMembers = kShape == Shape::kListMembers;
  *out++ = kMembers ? '{' : '[';
  char* first = out;
  for (const Subfield& subfield : field.subfields()) {
    if (out != first) *out++ = ',';
    out = kMembers ? Put(out, "\"") : Put(out, "{\"");
    out = CopyJsonByte(subfield.code, out);
    out = Put(out, "\":\"");
    const bool whole = clean && static_cast<unsigned char>(subfield.code) < 0x80;
    out = PutValue<kAscii>(subfield.value, whole, scratch, out);
    out = kMembers ? Put(out, "\"") : Put(out, "\"}");
  }
  *out++ = kMembers ? '}' : ']';
  return out;
}

template <Shape kShape, bool kAscii>
char* PutField(const FieldView& field, bool clean, std::string* scratch, char* out) {
  out = Put(out, "{\"");
  out = PutTag(field.tag(), out);
  if (field.is_control()) {
    out = Put(out, "\":\"");
    out = PutValue<kAscii>(field.data(), clean, scratch, out);
    return Put(out, "\"}");
  }
  out = Put(out, "\":{\"ind1\":\"");
  out = CopyJsonByte(field.indicator1(), out);
  out = Put(out, "\",\"ind2\":\"");
  out = CopyJsonByte(field.indicator2(), out);
  out = Put(out, "\",\"subfields\":");
  out = PutSubfields<kShape, kAscii>(field, clean, scratch, out);
  return Put(out, "}}");
}

template <Shape kShape, bool kAscii>
void AppendRecord(const RecordView& record, std::string* out) {
  thread_local Scratch memory;
  std::string scratch;
  const bool clean = IsUtf8Record(record);
  char* at = memory.Room(kBound.Of(record));
  at = kShape == Shape::kObject ? Put(at, "{\"leader\":\"") : Put(at, "[{\"leader\":\"");
  at = PutValue<kAscii>(record.leader_text(), false, &scratch, at);
  at = kShape == Shape::kObject ? Put(at, "\",\"fields\":[") : Put(at, "\"}");
  bool comma = kShape != Shape::kObject;
  for (const FieldView& field : record.fields()) {
    if (comma) *at++ = ',';
    comma = true;
    at = PutField<kShape, kAscii>(field, clean, &scratch, at);
  }
  at = kShape == Shape::kObject ? Put(at, "]}") : Put(at, "]");
  memory.Give(at, out);
}

template <Shape kShape>
class JsonEncoder final : public RecordEncoder {
 public:
  JsonEncoder(bool ascii, bool lines) : ascii_(ascii), lines_(lines) {}
  std::string_view head() const override { return lines_ ? "" : "["; }
  std::string_view between() const override { return lines_ ? "" : ",\n"; }
  std::string_view tail() const override { return lines_ ? "" : "]\n"; }
  Status Append(const RecordView& record, int64_t /*index*/, std::string* out) const override {
    if (ascii_) {
      AppendRecord<kShape, true>(record, out);
    } else {
      AppendRecord<kShape, false>(record, out);
    }
    if (lines_) out->push_back('\n');
    return {};
  }

 private:
  bool ascii_;
  bool lines_;
};

}  // namespace

void AppendMarcInJson(const RecordView& record, bool ascii, std::string* out) {
  if (ascii) {
    AppendRecord<Shape::kObject, true>(record, out);
  } else {
    AppendRecord<Shape::kObject, false>(record, out);
  }
}

std::unique_ptr<RecordEncoder> MakeJsonEncoder(Format format, const EncoderOptions& options) {
  switch (format) {
    case Format::kNativeJson:
      return std::make_unique<JsonEncoder<Shape::kListMembers>>(options.ascii, true);
    case Format::kMarcJson:
      return std::make_unique<JsonEncoder<Shape::kList>>(options.ascii, true);
    default:
      return std::make_unique<JsonEncoder<Shape::kObject>>(options.ascii,
                                                           format == Format::kJsonLines);
  }
}

}  // namespace thalweg::marc
