#include <array>
#include <charconv>
#include <cstring>

#include "marc_types.h"

// Records as bytes and text, letter for letter as pymarc writes them. Where a record holds what has
// no place in bytes, Python's half does it.
namespace thalweg::python {
namespace {

using marc::FieldView;
using marc::RecordView;
using marc::Subfield;

RecordObject* AsRecord(PyObject* object) { return reinterpret_cast<RecordObject*>(object); }

// At least so many digits.
void AppendNumber(size_t number, size_t digits, std::string* out) {
  std::array<char, 24> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  const auto size = static_cast<size_t>(end - text.data());
  if (size < digits) out->append(digits - size, '0');
  out->append(text.data(), size);
}

// --- ISO 2709
// -------------------------------------------------------------------------------------

// A mark without a code behind it, which is not written again.
bool HasEmptySubfield(std::string_view raw) {
  const char* at = raw.data();
  const char* end = at + raw.size();
  while (const void* mark = std::memchr(at, marc::kSubfieldMark, static_cast<size_t>(end - at))) {
    at = static_cast<const char*>(mark) + 1;
    if (at == end) break;
    if (*at == marc::kSubfieldMark || *at == marc::kFieldEnd) return true;
  }
  return false;
}

void AppendFieldBytes(const FieldView& field, std::string* out) {
  if (field.is_control()) {
    *out += field.data();
  } else {
    out->append({field.indicator1(), field.indicator2()});
    for (const Subfield& subfield : field.subfields()) {
      out->append({marc::kSubfieldMark, subfield.code});
      *out += subfield.value;
    }
  }
  *out += marc::kFieldEnd;
}

// pymarc's own way with lengths that do not fit: they take more digits.
void AppendExchange(const RecordView& record, std::string* out) {
  std::string directory;
  std::string data;
  for (const FieldView& field : record.fields()) {
    const size_t start = data.size();
    AppendFieldBytes(field, &data);
    field.tag().AppendTo(&directory);
    AppendNumber(data.size() - start, 4, &directory);
    AppendNumber(start, 5, &directory);
  }
  directory += marc::kFieldEnd;
  data += marc::kRecordEnd;
  const size_t base = marc::kLeaderSize + directory.size();
  const std::string_view leader = record.leader_text();
  AppendNumber(base + data.size(), 5, out);
  *out += leader.substr(5, 7);
  AppendNumber(base, 5, out);
  *out += leader.substr(17);
  *out += directory;
  *out += data;
}

// Makes the leader say UTF-8, as writing does. False with an exception.
bool DeclareUtf8(RecordObject* record) {
  if (record->leader == nullptr && record->view != nullptr && record->view->is_utf8()) return true;
  PyObject* leader = LeaderOf(record);
  if (leader == nullptr || !PyObject_TypeCheck(leader, Classes().leader)) return leader != nullptr;
  PyObject* scheme = NewCode('a');
  const int failed =
      scheme == nullptr ? -1 : PyObject_SetAttrString(leader, "coding_scheme", scheme);
  Py_XDECREF(scheme);
  return failed == 0;
}

PyObject* CopyWithLeader(const RecordView& view) {
  const std::string_view raw = view.raw();
  PyObject* bytes = PyBytes_FromStringAndSize(raw.data(), static_cast<Py_ssize_t>(raw.size()));
  if (bytes == nullptr) return nullptr;
  char* data = PyBytes_AS_STRING(bytes);
  std::memcpy(data + 5, view.leader_text().data() + 5, 7);
  std::memcpy(data + 17, view.leader_text().data() + 17, 7);
  return bytes;
}

// --- JSON
// -----------------------------------------------------------------------------------------

constexpr bool IsPlainInJson(unsigned char c) {
  return c >= ' ' && c < 0x7F && c != '"' && c != '\\';
}

void AppendHex4(unsigned unit, std::string* out) {
  constexpr char kDigits[] = "0123456789abcdef";
  out->append({'\\', 'u', kDigits[unit >> 12 & 15], kDigits[unit >> 8 & 15],
               kDigits[unit >> 4 & 15], kDigits[unit & 15]});
}

// The character that valid UTF-8 begins with; moves behind it. U+FFFD for a byte that fits nothing.
uint32_t TakeCharacter(const char** at, const char* end) {
  const auto byte = [&](int place) { return static_cast<unsigned char>((*at)[place]); };
  const unsigned first = byte(0);
  const int size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (first >= 0x80 && (first < 0xC2 || first > 0xF4 || end - *at < size)) {
    ++*at;
    return 0xFFFD;
  }
  uint32_t character = size == 1 ? first : first & (0xFFU >> (size + 1));
  for (int i = 1; i < size; ++i) character = character << 6 | (byte(i) & 0x3FU);
  *at += size;
  return character;
}

void AppendJsonEscape(uint32_t character, std::string* out) {
  switch (character) {
    case '"':
      *out += "\\\"";
      return;
    case '\\':
      *out += "\\\\";
      return;
    case '\n':
      *out += "\\n";
      return;
    case '\r':
      *out += "\\r";
      return;
    case '\t':
      *out += "\\t";
      return;
    case '\f':
      *out += "\\f";
      return;
    case '\b':
      *out += "\\b";
      return;
    default:
      break;
  }
  if (character < 0x10000) return AppendHex4(character, out);
  AppendHex4(0xD800 + ((character - 0x10000) >> 10), out);
  AppendHex4(0xDC00 + ((character - 0x10000) & 0x3FF), out);
}

void AppendJsonText(std::string_view text, std::string* out) {
  *out += '"';
  const char* at = text.data();
  const char* end = at + text.size();
  while (at != end) {
    const char* run = at;
    while (at != end && IsPlainInJson(static_cast<unsigned char>(*at))) ++at;
    out->append(run, static_cast<size_t>(at - run));
    if (at != end) AppendJsonEscape(TakeCharacter(&at, end), out);
  }
  *out += '"';
}

void AppendJson(const RecordView& record, std::string* out) {
  *out += R"({"leader": )";
  AppendJsonText(record.leader_text(), out);
  *out += R"(, "fields": [)";
  bool first_field = true;
  for (const FieldView& field : record.fields()) {
    *out += first_field ? "{" : ", {";
    first_field = false;
    AppendJsonText(field.tag().ToString(), out);
    if (field.is_control()) {
      *out += ": ";
      AppendJsonText(field.data(), out);
    } else {
      *out += R"(: {"ind1": )";
      AppendJsonText({std::array{field.indicator1()}.data(), 1}, out);
      *out += R"(, "ind2": )";
      AppendJsonText({std::array{field.indicator2()}.data(), 1}, out);
      *out += R"(, "subfields": [)";
      bool first = true;
      for (const Subfield& subfield : field.subfields()) {
        *out += first ? "{" : ", {";
        first = false;
        AppendJsonText({&subfield.code, 1}, out);
        *out += ": ";
        AppendJsonText(subfield.value, out);
        *out += '}';
      }
      *out += "]}";
    }
    *out += '}';
  }
  *out += "]}";
}

// --- XML
// ------------------------------------------------------------------------------------------

void AppendXmlText(std::string_view text, bool attribute, bool ascii, std::string* out) {
  const char* at = text.data();
  const char* end = at + text.size();
  while (at != end) {
    const auto c = static_cast<unsigned char>(*at);
    if (c >= 0x80 && ascii) {
      *out += "&#";
      AppendNumber(TakeCharacter(&at, end), 1, out);
      *out += ';';
      continue;
    }
    ++at;
    if (c == '&') {
      *out += "&amp;";
    } else if (c == '<') {
      *out += "&lt;";
    } else if (c == '>') {
      *out += "&gt;";
    } else if (attribute && c == '"') {
      *out += "&quot;";
    } else if (attribute && (c == '\t' || c == '\n' || c == '\r')) {
      *out += c == '\t' ? "&#09;" : c == '\n' ? "&#10;" : "&#13;";
    } else {
      *out += static_cast<char>(c);
    }
  }
}

void AppendAttribute(const char* name, std::string_view value, bool ascii, std::string* out) {
  *out += ' ';
  *out += name;
  *out += "=\"";
  AppendXmlText(value, true, ascii, out);
  *out += '"';
}

void AppendElementEnd(const char* name, std::string_view text, bool ascii, std::string* out) {
  if (text.empty()) {
    *out += " />";
    return;
  }
  *out += '>';
  AppendXmlText(text, false, ascii, out);
  *out += "</";
  *out += name;
  *out += '>';
}

void AppendXml(const RecordView& record, bool ascii, std::string* out) {
  *out += "<record><leader";
  AppendElementEnd("leader", record.leader_text(), ascii, out);
  for (const FieldView& field : record.fields()) {
    const std::string tag = field.tag().ToString();
    if (field.is_control()) {
      *out += "<controlfield";
      AppendAttribute("tag", tag, ascii, out);
      AppendElementEnd("controlfield", field.data(), ascii, out);
      continue;
    }
    *out += "<datafield";
    AppendAttribute("ind1", {std::array{field.indicator1()}.data(), 1}, ascii, out);
    AppendAttribute("ind2", {std::array{field.indicator2()}.data(), 1}, ascii, out);
    AppendAttribute("tag", tag, ascii, out);
    if (field.subfields().empty()) {
      *out += " />";
      continue;
    }
    *out += '>';
    for (const Subfield& subfield : field.subfields()) {
      *out += "<subfield";
      AppendAttribute("code", {&subfield.code, 1}, ascii, out);
      AppendElementEnd("subfield", subfield.value, ascii, out);
    }
    *out += "</datafield>";
  }
  *out += "</record>";
}

// --- MARCMaker
// ------------------------------------------------------------------------------------

void AppendLines(const RecordView& record, std::string* out) {
  *out += "=LDR  ";
  *out += record.leader_text();
  *out += '\n';
  for (const FieldView& field : record.fields()) {
    *out += '=';
    field.tag().AppendTo(out);
    *out += "  ";
    if (field.is_control()) {
      for (const char c : field.data()) *out += c == ' ' ? '\\' : c;
    } else {
      for (const char c : {field.indicator1(), field.indicator2()}) *out += c == ' ' ? '\\' : c;
      for (const Subfield& subfield : field.subfields()) {
        out->append({'$', subfield.code});
        *out += subfield.value;
      }
    }
    *out += '\n';
  }
}

// Kept between calls: records are written one after another.
std::string& Scratch() {
  static thread_local std::string scratch;
  constexpr size_t kKept = size_t{1} << 20;
  if (scratch.capacity() > kKept) std::string().swap(scratch);
  scratch.clear();
  return scratch;
}

PyObject* NewAscii(std::string_view text) {
  PyObject* made = PyUnicode_New(static_cast<Py_ssize_t>(text.size()), 0x7F);
  if (made != nullptr) std::memcpy(PyUnicode_DATA(made), text.data(), text.size());
  return made;
}

bool HasOwnWay(PyObject* self) { return Py_TYPE(self) != Classes().record; }

bool IsAscii(const RecordView& record) {
  for (const char c : record.leader_text()) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

}  // namespace

PyObject* RecordAsMarc(PyObject* self, PyObject* /*unused*/) {
  RecordObject* record = AsRecord(self);
  if (record->to_unicode && !DeclareUtf8(record)) return nullptr;
  Snapshot snapshot;
  const bool any_bytes = !record->to_unicode && record->kind == TextKind::kBytes;
  // Text that is written in another encoding, and classes of other people, take the long way.
  if (!snapshot.Take(record, any_bytes) || !IsAscii(snapshot.view()) ||
      !(any_bytes || snapshot.view().is_utf8() || record->force_utf8)) {
    return PyObject_CallMethod(self, "_marc_of_fields", nullptr);
  }
  if (snapshot.same_bytes() && !HasEmptySubfield(snapshot.view().raw())) {
    return CopyWithLeader(snapshot.view());
  }
  std::string& text = Scratch();
  AppendExchange(snapshot.view(), &text);
  return PyBytes_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
}

PyObject* RecordAsJson(PyObject* self, PyObject* args, PyObject* options) {
  Snapshot snapshot;
  const bool plain = PyTuple_GET_SIZE(args) == 0 &&
                     (options == nullptr || PyDict_Size(options) == 0) && !HasOwnWay(self);
  if (!plain || !snapshot.Take(AsRecord(self)) || !IsAscii(snapshot.view())) {
    PyObject* method = PyObject_GetAttrString(self, "_json_of_fields");
    PyObject* text = method == nullptr ? nullptr : PyObject_Call(method, args, options);
    Py_XDECREF(method);
    return text;
  }
  std::string& text = Scratch();
  AppendJson(snapshot.view(), &text);
  return NewAscii(text);
}

PyObject* RecordAsText(PyObject* self) {
  Snapshot snapshot;
  if (HasOwnWay(self) || !snapshot.Take(AsRecord(self)) || !IsAscii(snapshot.view())) {
    return PyObject_CallMethod(self, "_text_of_fields", nullptr);
  }
  std::string& text = Scratch();
  AppendLines(snapshot.view(), &text);
  return NewText(text, TextKind::kUtf8);
}

PyObject* RecordAsXml(PyObject* self, PyObject* ascii) {
  Snapshot snapshot;
  if (HasOwnWay(self) || !snapshot.Take(AsRecord(self)) || !IsAscii(snapshot.view())) {
    Py_RETURN_NONE;
  }
  std::string& text = Scratch();
  AppendXml(snapshot.view(), ascii == Py_True, &text);
  return PyBytes_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
}

}  // namespace thalweg::python
