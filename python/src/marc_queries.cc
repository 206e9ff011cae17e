#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <string>
#include <vector>

#include "binding.h"
#include "marc_batch.h"
#include "thalweg/marc/encoding.h"
#include "thalweg/marc/leader.h"
#include "thalweg/marc/path.h"
#include "thalweg/marc/query.h"
#include "thalweg/marc/reader.h"
#include "thalweg/marc/validation.h"

// Questions about records, and what the rules of MARC 21 say of them.
namespace thalweg::python {
namespace {

namespace nb = nanobind;

// The record as bytes; its fields stand in the order of `record.fields`.
void Take(nb::handle object, Snapshot* snapshot) {
  if (!IsRecord(object.ptr())) throw nb::type_error("not a record");
  if (!snapshot->Take(reinterpret_cast<RecordObject*>(object.ptr()))) {
    Raise(Status::InvalidArgument("the record holds what has no place in MARC"));
  }
}

marc::Tag ToTag(const std::string& text) {
  const auto tag = marc::Tag::Of(text);
  if (!tag) Raise(Status::InvalidArgument("a tag has three characters: '" + text + "'"));
  return *tag;
}

char ToCharacter(const std::string& text) {
  if (text.size() != 1) {
    Raise(Status::InvalidArgument("codes and indicators are one character: '" + text + "'"));
  }
  return text[0];
}

class MarcQuery {
 public:
  void WithTags(const std::string& first, const std::string& last) {
    query_.WithTagRange(ToTag(first), ToTag(last));
  }
  void WithIndicator(int place, const std::string& value) {
    query_.WithIndicator(place, ToCharacter(value));
    Check(query_.status());
  }
  void WithSubfields(const std::string& codes) { query_.WithSubfields(codes); }
  void WithValue(const std::string& code, const std::string& value, bool partial, bool negate) {
    query_.WithValue(ToCharacter(code), value, partial, negate);
  }
  void WithPattern(const std::string& code, const std::string& expression, bool negate) {
    query_.WithPattern(ToCharacter(code), expression, negate);
    Check(query_.status());
  }
  std::vector<size_t> Places(nb::handle record) const {
    Snapshot snapshot;
    Take(record, &snapshot);
    std::vector<size_t> places;
    const auto fields = snapshot.view().fields();
    for (size_t i = 0; i < fields.size(); ++i) {
      if (query_.Matches(fields[i])) places.push_back(i);
    }
    return places;
  }

 private:
  marc::FieldQuery query_;
};

class MarcPath {
 public:
  explicit MarcPath(const std::string& text) : path_(Value(marc::Path::Compile(text))) {}
  std::vector<size_t> Places(nb::handle record) const {
    Snapshot snapshot;
    Take(record, &snapshot);
    return path_.Fields(snapshot.view());
  }
  std::vector<std::string> Values(nb::handle record) const {
    Snapshot snapshot;
    Take(record, &snapshot);
    return path_.Values(snapshot.view());
  }

 private:
  marc::Path path_;
};

std::vector<std::string> IsbnsMatching(nb::handle record, const std::string& expression) {
  Snapshot snapshot;
  Take(record, &snapshot);
  return Value(marc::IsbnsMatching(snapshot.view(), expression));
}

std::vector<std::string> ExtractIsbns(nb::handle record) {
  Snapshot snapshot;
  Take(record, &snapshot);
  return marc::ExtractIsbns(snapshot.view());
}

nb::list LeaderValues(size_t place, const std::string& type) {
  nb::list values;
  for (const marc::LeaderValue& value :
       marc::LeaderValues(place, marc::KindOfType(ToCharacter(type)))) {
    values.append(nb::make_tuple(nb::steal(NewCode(value.value)), value.meaning));
  }
  return values;
}

nb::tuple ExamineEncoding(const nb::bytes& chunk) {
  marc::ReaderOptions options;
  options.recovery = marc::Recovery::kLenient;
  options.to_unicode = false;
  const marc::Record record =
      Value(marc::ParseRecord({chunk.c_str(), chunk.size()}, options, nullptr));
  const marc::EncodingReport report = marc::ExamineEncoding(record);
  return nb::make_tuple(NameOf(report.declared), NameOf(report.found), report.lying);
}

nb::bytes UnicodeToMarc8(const std::string& text, bool placeholder) {
  std::string out;
  const auto how = placeholder ? marc::Unmappable::kPlaceholder : marc::Unmappable::kReference;
  marc::AppendMarc8OfUtf8(text, how, nullptr, &out);
  return nb::bytes(out.data(), out.size());
}

std::string DecodeMarc8(const nb::bytes& text, const std::string& normalize) {
  std::string decoded;
  marc::AppendUnicodeOfMarc8({text.c_str(), text.size()}, {}, &decoded);
  if (normalize == "none") return decoded;
  if (normalize != "nfc" && normalize != "nfd") {
    Raise(Status::InvalidArgument("normalize: none, nfc or nfd, not '" + normalize + "'"));
  }
  std::string out;
  marc::AppendNormalized(
      decoded, normalize == "nfc" ? marc::Normalization::kNfc : marc::Normalization::kNfd, &out);
  return out;
}

void BindText(nb::module_& module) {
  const auto text = nb::arg("text");
  module.def("marc_normalize_isbn", &marc::NormalizeIsbn, text);
  module.def("marc_is_valid_isbn", &marc::IsValidIsbn, text);
  module.def("marc_isbn13", &marc::Isbn13, text);
  module.def("marc_is_valid_issn", &marc::IsValidIssn, text);
  module.def("marc_normalize_lccn", &marc::NormalizeLccn, text);
  module.def("marc_extract_isbns", &ExtractIsbns, nb::arg("record"));
  module.def("marc_leader_values", &LeaderValues, nb::arg("place"), nb::arg("type_of_record"),
             nb::sig("def marc_leader_values(place: int, type_of_record: str) -> "
                     "list[tuple[str, str]]"));
  module.def("marc_examine_encoding", &ExamineEncoding, nb::arg("chunk"),
             nb::sig("def marc_examine_encoding(chunk: bytes) -> tuple[str, str, bool]"));
  module.def("marc_unicode_to_marc8", &UnicodeToMarc8, text, nb::arg("placeholder"));
  module.def("marc_decode_marc8", &DecodeMarc8, text, nb::arg("normalize"));
}

nb::dict ToDict(const marc::Finding& finding) {
  const auto text = [](const std::string& value) -> nb::object {
    if (value.empty()) return nb::none();
    return nb::steal(NewText(value, TextKind::kUtf8));
  };
  const auto number = [](int value, int nothing) -> nb::object {
    if (value == nothing) return nb::none();
    return nb::int_(value);
  };
  nb::dict values;
  values["rule"] = marc::InfoOf(finding.rule).id;
  values["severity"] = finding.severity == marc::Severity::kError ? "error" : "warning";
  values["tag"] =
      finding.tag.packed() == 0 ? nb::object(nb::none()) : nb::steal(NewTag(finding.tag));
  values["occurrence"] = number(finding.occurrence, 0);
  values["indicator"] = number(finding.indicator, 0);
  values["subfield_code"] =
      finding.code == 0 ? nb::object(nb::none()) : nb::steal(NewCode(finding.code));
  values["first"] = number(finding.first, -1);
  values["last"] = number(finding.last, -1);
  values["value"] = text(finding.value);
  values["expected"] = text(finding.expected);
  values["kind"] = finding.Kind();
  values["text"] = nb::steal(NewText(finding.ToString(), TextKind::kUtf8));
  return values;
}

nb::list ToList(const std::vector<marc::Finding>& findings) {
  nb::list list;
  for (const marc::Finding& finding : findings) list.append(ToDict(finding));
  return list;
}

class MarcValidator {
 public:
  MarcValidator(const std::vector<std::string>& schemas, bool marc21, bool identifiers)
      : validator_(Value(marc::Validator::Make(
            {.marc21 = marc21, .identifiers = identifiers, .schemas = schemas}))) {}

  nb::list Check(nb::handle record) const {
    Snapshot snapshot;
    Take(record, &snapshot);
    std::vector<marc::Finding> findings;
    validator_.Check(snapshot.view(), &findings);
    return ToList(findings);
  }
  // One list a record.
  nb::list CheckBatch(const MarcBatch& batch) const {
    std::vector<std::vector<marc::Finding>> findings(batch.batch.records.size());
    {
      const nb::gil_scoped_release release;
      for (size_t i = 0; i < findings.size(); ++i) {
        validator_.Check(batch.batch.records[i], &findings[i]);
      }
    }
    nb::list list;
    for (const auto& of_record : findings) list.append(ToList(of_record));
    return list;
  }

 private:
  marc::Validator validator_;
};

}  // namespace

void BindMarcQueries(nb::module_& module) {
  BindText(module);
  const auto record = nb::arg("record");
  nb::class_<MarcQuery>(module, "MarcQuery")
      .def(nb::init<>())
      .def("with_tags", &MarcQuery::WithTags, nb::arg("first"), nb::arg("last"))
      .def("with_indicator", &MarcQuery::WithIndicator, nb::arg("place"), nb::arg("value"))
      .def("with_subfields", &MarcQuery::WithSubfields, nb::arg("codes"))
      .def("with_value", &MarcQuery::WithValue, nb::arg("code"), nb::arg("value"),
           nb::arg("partial"), nb::arg("negate"))
      .def("with_pattern", &MarcQuery::WithPattern, nb::arg("code"), nb::arg("expression"),
           nb::arg("negate"))
      .def("places", &MarcQuery::Places, record);
  nb::class_<MarcPath>(module, "MarcPath")
      .def(nb::init<const std::string&>(), nb::arg("text"))
      .def("places", &MarcPath::Places, record)
      .def("values", &MarcPath::Values, record);
  module.def("marc_isbns_matching", &IsbnsMatching, record, nb::arg("expression"));
  nb::class_<MarcValidator>(module, "MarcValidator")
      .def(nb::init<const std::vector<std::string>&, bool, bool>(), nb::arg("schemas"),
           nb::arg("marc21"), nb::arg("identifiers"))
      .def("check", &MarcValidator::Check, record,
           nb::sig("def check(self, record: Any) -> list[dict[str, Any]]"))
      .def("check_batch", &MarcValidator::CheckBatch, nb::arg("batch"),
           nb::sig("def check_batch(self, batch: MarcBatch) -> list[list[dict[str, Any]]]"));
}

}  // namespace thalweg::python
