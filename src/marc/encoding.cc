#include "thalweg/marc/encoding.h"

#include <algorithm>
#include <utility>

#include "marc/batch_block.h"
#include "marc/decode.h"
#include "marc/scan.h"

namespace thalweg::marc {
namespace {

constexpr char kEscape = '\x1B';

TextState StateOf(const RecordView& record) {
  TextState state;
  for (const FieldView& field : record.fields()) {
    const Scan scan = ScanMarks(field.bytes());
    state.ascii = state.ascii && scan.ascii;
    state.odd_code = state.odd_code || scan.odd_code;
  }
  return state;
}

bool AllUtf8(const RecordView& record) {
  return std::all_of(record.fields().begin(), record.fields().end(),
                     [](const FieldView& field) { return IsUtf8(field.bytes()); });
}

bool HasText(const RecordView& record, std::string_view text) {
  return std::any_of(record.fields().begin(), record.fields().end(), [text](const FieldView& f) {
    return f.bytes().find(text) != std::string_view::npos;
  });
}

// `NeedsDecoding` for a record whose bytes need not stand in one piece.
bool Needs(const RecordView& record, const TextState& state, const DecodeOptions& options) {
  const bool utf8 = record.is_utf8() || options.force_utf8;
  if (!state.ascii) {
    return state.odd_code || options.normalize != Normalization::kNone || !utf8 || !AllUtf8(record);
  }
  if (utf8) return false;
  if (!options.file_encoding.empty() || HasText(record, std::string_view(&kEscape, 1))) return true;
  return options.marc8.decode_references && options.marc8.profile == Marc8Profile::kLoc &&
         HasText(record, "&#x");
}

Field SetsField(const Marc8Sets& sets) {
  Field field("066", ' ', ' ');
  for (const std::string& designation : sets.Designations()) field.Add('c', designation);
  return field;
}

}  // namespace

const char* NameOf(TextEncoding encoding) {
  switch (encoding) {
    case TextEncoding::kAscii:
      return "ascii";
    case TextEncoding::kMarc8:
      return "marc8";
    case TextEncoding::kUtf8:
      return "utf8";
    case TextEncoding::kUnimarc:
      return "unimarc";
    case TextEncoding::kOther:
      break;
  }
  return "other";
}

bool LooksLikeUnimarc(const RecordView& record) {
  // Coded data of 36 characters with a date at its head; MARC 21 has a heading there, and a title
  // in 245 where UNIMARC has it in 200.
  const FieldView* const general = record.Find("100");
  if (general == nullptr || record.Has("245") || !record.Has("200")) return false;
  const std::string_view data = general->Find('a').value_or(std::string_view());
  return data.size() >= 28 &&
         std::all_of(data.begin(), data.begin() + 8, [](char c) { return c >= '0' && c <= '9'; });
}

EncodingReport ExamineEncoding(const RecordView& record) {
  EncodingReport report;
  const bool unimarc = LooksLikeUnimarc(record);
  report.declared = unimarc            ? TextEncoding::kUnimarc
                    : record.is_utf8() ? TextEncoding::kUtf8
                                       : TextEncoding::kMarc8;
  const bool escapes = HasText(record, std::string_view(&kEscape, 1));
  const bool ascii = StateOf(record).ascii;
  if (ascii) {
    report.found = escapes ? TextEncoding::kMarc8 : TextEncoding::kAscii;
  } else if (AllUtf8(record)) {
    report.found = TextEncoding::kUtf8;
  } else {
    std::string text;
    size_t bad = 0;
    for (const FieldView& field : record.fields()) {
      for (const Subfield& subfield : field.subfields()) {
        text.clear();
        bad += AppendUnicodeOfMarc8(subfield.value, {}, &text);
      }
    }
    report.found = bad == 0 ? TextEncoding::kMarc8 : TextEncoding::kOther;
  }
  report.lying =
      !unimarc &&
      ((report.declared == TextEncoding::kMarc8 && report.found == TextEncoding::kUtf8) ||
       (report.declared == TextEncoding::kUtf8 && report.found == TextEncoding::kMarc8));
  return report;
}

Result<Record> ToUnicode(const Record& record, const DecodeOptions& options,
                         std::vector<Defect>* defects) {
  const TextState state = StateOf(record);
  if (!Needs(record, state, options)) {
    if (record.view().is_utf8()) return record;
    Record same = record;
    Leader leader = record.leader();
    leader.set_coding_scheme('a');
    same.SetLeader(leader);
    return same;
  }
  auto block = std::make_shared<BatchBlock>();
  std::vector<Defect> found;
  const bool lenient = options.invalid != InvalidText::kStrict;
  const RecordView made = DecodeText(record.view(), state, options, lenient, block.get(), &found);
  for (Defect& defect : found) defect.control_number = std::string(record.control_number());
  Status failure;
  if (made.fields().empty() && !record.fields().empty()) {
    failure = found.empty() ? Status::Corruption("marc: the record has no text")
                            : found.back().ToStatus();
  }
  if (defects != nullptr) defects->insert(defects->end(), found.begin(), found.end());
  THALWEG_RETURN_IF_ERROR(failure);
  return Record(RecordView(made.leader_text().data(), made.fields(), {}, false), std::move(block));
}

Result<Record> ToMarc8(const Record& record, const EncodeMarc8Options& options, size_t* lost) {
  if (!record.view().is_utf8() && !StateOf(record).ascii) return record;
  Record made = record;
  std::vector<Field> built;
  built.reserve(record.fields().size());
  Marc8Sets sets;
  std::string text;
  for (const FieldView& field : record.fields()) {
    if (field.tag() == Tag("066")) continue;
    if (field.is_control()) {
      text.clear();
      *lost += AppendMarc8OfUtf8(field.data(), options.unmappable, &sets, &text);
      built.push_back(Field::Control(field.tag(), text));
      continue;
    }
    Field& encoded = built.emplace_back(field.tag(), field.indicator1(), field.indicator2());
    for (const Subfield& subfield : field.subfields()) {
      text.clear();
      *lost += AppendMarc8OfUtf8(subfield.value, options.unmappable, &sets, &text);
      encoded.Add(subfield.code, text);
    }
  }
  std::vector<FieldView> views(built.begin(), built.end());
  made.SetFields(views);
  Leader leader = record.leader();
  leader.set_coding_scheme(' ');
  made.SetLeader(leader);
  if (!sets.empty()) made.AddOrdered(SetsField(sets));
  return made;
}

Result<Record> Normalized(const Record& record, Normalization form) {
  if (form == Normalization::kNone || StateOf(record).ascii) return record;
  Record made = record;
  std::string text;
  for (size_t i = 0; i < record.fields().size(); ++i) {
    const FieldView& field = record.fields()[i];
    text.clear();
    if (!AppendNormalized(field.bytes(), form, &text)) {
      return Status::Corruption("marc: a field " + field.tag().ToString() + " is not UTF-8");
    }
    if (text != field.bytes()) made.Replace(i, FieldView(field.tag(), text));
  }
  return made;
}

}  // namespace thalweg::marc
