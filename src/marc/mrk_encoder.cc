// MARCMaker's text and the line format, written.

#include <array>

#include "marc/cursor.h"
#include "marc/encoders.h"
#include "marc/escape.h"
#include "marc/mnemonics.h"

namespace thalweg::marc {
namespace {

constexpr TextBound kBound = {.per_record = 256, .per_field = 32, .per_subfield = 16};

// Bytes of a value that stand for themselves. A brace does unless a mnemonic begins there.
constexpr std::array<bool, 256> kSpecial = [] {
  std::array<bool, 256> table{};
  for (size_t c = 0; c < 0x20; ++c) table[c] = true;
  table['$'] = table['{'] = true;
  return table;
}();

char* PutMnemonic(char c, char* out) {
  if (c == '$') return Put(out, "{dollar}");
  if (c == '{') return Put(out, "{lcub}");
  if (c == '\\') return Put(out, "{bsol}");
  constexpr char kHex[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  *out++ = '{';
  *out++ = kHex[byte >> 4];
  *out++ = kHex[byte & 15U];
  *out++ = '}';
  return out;
}

char* PutValue(std::string_view value, char* out) {
  for (size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (kSpecial[static_cast<unsigned char>(c)] && c != '\t') [[unlikely]] {
      if (c != '{' || MnemonicAt(value.substr(i)).size != 0) {
        out = PutMnemonic(c, out);
        continue;
      }
    }
    *out++ = c;
  }
  return out;
}

// In a control field blanks become backslashes, so a backslash has to be something else.
char* PutControl(std::string_view data, char* out) {
  for (size_t i = 0; i < data.size(); ++i) {
    const char c = data[i];
    if (c == ' ') {
      *out++ = '\\';
    } else if (c == '\\' || (static_cast<unsigned char>(c) < 0x20 && c != '\t') ||
               (c == '{' && MnemonicAt(data.substr(i)).size != 0)) {
      out = PutMnemonic(c, out);
    } else {
      *out++ = c;
    }
  }
  return out;
}

char Indicator(char c) { return c == ' ' ? '\\' : c; }

char* PutTag(Tag tag, char* out) {
  for (int i = 0; i < 3; ++i) *out++ = tag[i] < ' ' && tag[i] >= 0 ? ' ' : tag[i];
  return out;
}

char* PutField(const FieldView& field, char* out) {
  *out++ = '=';
  out = PutTag(field.tag(), out);
  out = Put(out, "  ");
  if (field.is_control()) {
    out = PutControl(field.data(), out);
  } else {
    *out++ = Indicator(field.indicator1());
    *out++ = Indicator(field.indicator2());
    for (const Subfield& subfield : field.subfields()) {
      *out++ = '$';
      *out++ = subfield.code;
      out = PutValue(subfield.value, out);
    }
  }
  *out++ = '\n';
  return out;
}

class MrkEncoder final : public RecordEncoder {
 public:
  std::string_view between() const override { return "\n"; }
  Status Append(const RecordView& record, int64_t /*index*/, std::string* out) const override {
    const size_t start = out->size();
    AppendMrk(record, out);
    CleanFrom(start, out);
    return {};
  }
};

// Values have no line ends in this format.
char* PutLineValue(std::string_view value, char* out) {
  for (const char c : value) *out++ = c == '\n' || c == '\r' ? ' ' : c;
  return out;
}

class LineEncoder final : public RecordEncoder {
 public:
  std::string_view between() const override { return "\n"; }
  Status Append(const RecordView& record, int64_t /*index*/, std::string* out) const override {
    const size_t start = out->size();
    thread_local Scratch memory;
    char* at = memory.Room(kBound.Of(record));
    at = PutLineValue(record.leader_text(), at);
    *at++ = '\n';
    for (const FieldView& field : record.fields()) {
      at = PutTag(field.tag(), at);
      *at++ = ' ';
      if (field.is_control()) {
        at = PutLineValue(field.data(), at);
      } else {
        *at++ = field.indicator1();
        *at++ = field.indicator2();
        for (const Subfield& subfield : field.subfields()) {
          at = Put(at, " $");
          *at++ = subfield.code;
          *at++ = ' ';
          at = PutLineValue(subfield.value, at);
        }
      }
      *at++ = '\n';
    }
    memory.Give(at, out);
    CleanFrom(start, out);
    return {};
  }
};

}  // namespace

void AppendMrk(const RecordView& record, std::string* out) {
  thread_local Scratch memory;
  char* at = memory.Room(kBound.Of(record));
  at = Put(at, "=LDR  ");
  for (const char c : record.leader_text()) *at++ = static_cast<signed char>(c) < ' ' ? ' ' : c;
  *at++ = '\n';
  for (const FieldView& field : record.fields()) at = PutField(field, at);
  memory.Give(at, out);
}

std::unique_ptr<RecordEncoder> MakeMrkEncoder() { return std::make_unique<MrkEncoder>(); }
std::unique_ptr<RecordEncoder> MakeLineEncoder() { return std::make_unique<LineEncoder>(); }

}  // namespace thalweg::marc
