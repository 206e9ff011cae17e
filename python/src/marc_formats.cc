#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "binding.h"
#include "marc_batch.h"
#include "thalweg/marc/formats.h"

// Sources and writers of all formats.
namespace thalweg::python {
namespace {

namespace nb = nanobind;

template <typename T>
T OneOf(const nb::dict& given, const char* key,
        std::initializer_list<std::pair<const char*, T>> of) {
  const auto name = nb::cast<std::string>(given[key]);
  std::string names;
  for (const auto& [known, value] : of) {
    if (name == known) return value;
    names += names.empty() ? "" : ", ";
    names += known;
  }
  Raise(
      Status::InvalidArgument(std::string(key) + " must be one of " + names + ": '" + name + "'"));
}

std::optional<marc::Format> ToFormat(const std::optional<std::string>& name) {
  if (!name) return {};
  return Value(marc::ParseFormat(*name));
}

// A Python exception on its way through C++.
Status Pending(nb::python_error& error) { return Status::IoError(error.what()); }

// --- reading
// --------------------------------------------------------------------------------------

marc::Reader::ReadBytes ReadMemory(const nb::bytes& bytes) {
  // The object is let go where the last copy of the function goes, which may be without the GIL.
  auto* held = new nb::bytes(bytes);
  const std::shared_ptr<nb::bytes> keep(held, [](nb::bytes* object) {
    const nb::gil_scoped_acquire gil;
    delete object;
  });
  const std::string_view text(bytes.c_str(), bytes.size());
  return [keep, text, at = size_t{0}](std::span<char> out) mutable -> Result<size_t> {
    const size_t count = std::min(out.size(), text.size() - at);
    std::memcpy(out.data(), text.data() + at, count);
    at += count;
    return count;
  };
}

marc::Reader::ReadBytes ReadCallable(const nb::callable& read) {
  auto* held = new nb::callable(read);
  const std::shared_ptr<nb::callable> keep(held, [](nb::callable* object) {
    const nb::gil_scoped_acquire gil;
    delete object;
  });
  return [keep](std::span<char> out) -> Result<size_t> {
    const nb::gil_scoped_acquire gil;
    try {
      const nb::object data = (*keep)(out.size());
      if (data.is_none()) return size_t{0};
      Py_buffer buffer;
      if (PyObject_GetBuffer(data.ptr(), &buffer, PyBUF_SIMPLE) != 0) throw nb::python_error();
      const auto size = static_cast<size_t>(buffer.len);
      const bool fits = size <= out.size();
      if (fits) std::memcpy(out.data(), buffer.buf, size);
      PyBuffer_Release(&buffer);
      if (!fits) return Status::InvalidArgument("read(n) gave more than n bytes");
      return size;
    } catch (nb::python_error& error) {
      return Pending(error);
    }
  };
}

class MarcSource {
 public:
  MarcSource(std::unique_ptr<marc::RecordSource> source, TextKind kind)
      : source_(std::move(source)), kind_(kind) {}

  static MarcSource Open(const std::string& path, const std::optional<std::string>& format,
                         const nb::dict& given) {
    const marc::ReaderOptions options = ToReaderOptions(given);
    const auto known = ToFormat(format);
    const nb::gil_scoped_release release;
    auto source = marc::OpenSource(path, known, options);
    const nb::gil_scoped_acquire acquire;
    return {Value(std::move(source)), KindOf(options)};
  }
  static MarcSource OverMemory(const nb::bytes& bytes, const std::optional<std::string>& format,
                               const nb::dict& given) {
    const std::string_view start(bytes.c_str(), std::min<size_t>(bytes.size(), 4096));
    const auto known = format ? ToFormat(format) : marc::DetectFormat(start);
    if (!known) Raise(Status::InvalidArgument("the bytes fit no format of MARC records"));
    const marc::ReaderOptions options = ToReaderOptions(given);
    return {Value(marc::MakeSource(*known, ReadMemory(bytes), options)), KindOf(options)};
  }
  static MarcSource OverFile(const nb::callable& read, const std::optional<std::string>& format,
                             const nb::dict& given) {
    const auto known = ToFormat(format);
    if (!known) Raise(Status::InvalidArgument("an open file needs its format named"));
    const marc::ReaderOptions options = ToReaderOptions(given);
    return {Value(marc::MakeSource(*known, ReadCallable(read), options)), KindOf(options)};
  }

  nb::object Read() {
    if (busy_) Raise(Status::InvalidArgument("another thread reads from it"));
    busy_ = true;
    Result<marc::RecordBatch> batch = [&] {
      const nb::gil_scoped_release release;
      return source_->ReadBatch();
    }();
    busy_ = false;
    marc::RecordBatch read = Value(std::move(batch));
    if (read.empty()) return nb::none();
    return nb::cast(MarcBatch{std::move(read), kind_, nb::none(), nb::none()});
  }
  const char* format() const { return marc::InfoOf(source_->format()).name; }

 private:
  static TextKind KindOf(const marc::ReaderOptions& options) {
    return options.to_unicode ? TextKind::kUtf8 : TextKind::kBytes;
  }

  std::unique_ptr<marc::RecordSource> source_;
  TextKind kind_;
  bool busy_ = false;
};

nb::list DefectsOf(std::span<const marc::Defect> defects) {
  nb::list list;
  for (const marc::Defect& defect : defects) list.append(ToDict(defect));
  return list;
}

nb::list DroppedOf(const MarcBatch& batch) {
  nb::list list;
  for (const marc::DroppedRecord& dropped : batch.batch.dropped) {
    list.append(nb::make_tuple(dropped.before, dropped.defect, dropped.is_record));
  }
  return list;
}

nb::list ReadParallel(const nb::object& source, const nb::dict& given, int workers,
                      nb::list defects) {
  std::vector<marc::RecordBatch> batches;
  const Status status =
      ReadInParallel(source, ToReaderOptions(given), workers, nullptr,
                     [&](const marc::RecordBatch& batch, const std::shared_ptr<void>&) {
                       batches.push_back(batch);
                       return Result<bool>(true);
                     });
  nb::list records;
  for (const marc::RecordBatch& batch : batches) {
    for (const marc::Defect& defect : batch.defects) defects.append(ToDict(defect));
    records.extend(MarcBatch{batch, TextKind::kUtf8, nb::none(), nb::none()}.Records());
  }
  Check(status);
  return records;
}

// --- writing
// --------------------------------------------------------------------------------------

marc::EncoderOptions ToEncoderOptions(const nb::dict& given) {
  marc::EncoderOptions options;
  options.pretty = nb::cast<bool>(given["pretty"]);
  options.base_uri = nb::cast<std::string>(given["base_uri"]);
  options.include_bflc = nb::cast<bool>(given["include_bflc"]);
  options.iso2709.oversize = OneOf<marc::Oversize>(given, "oversize",
                                                   {{"error", marc::Oversize::kError},
                                                    {"split", marc::Oversize::kSplit},
                                                    {"zero", marc::Oversize::kZero}});
  options.iso2709.encoding = OneOf<marc::OutputEncoding>(given, "encoding",
                                                         {{"keep", marc::OutputEncoding::kKeep},
                                                          {"utf8", marc::OutputEncoding::kUtf8},
                                                          {"marc8", marc::OutputEncoding::kMarc8}});
  return options;
}

class MarcWriter {
 public:
  explicit MarcWriter(marc::RecordWriter writer) : writer_(std::move(writer)) {}

  static MarcWriter Create(const std::string& path, bool force,
                           const std::optional<std::string>& name, const nb::dict& given) {
    const auto format = name ? ToFormat(name) : marc::FormatOfPath(path);
    if (!format) Raise(Status::InvalidArgument("'" + path + "' does not tell the format: name it"));
    return MarcWriter(
        Value(marc::RecordWriter::Create(path, force, *format, ToEncoderOptions(given))));
  }
  static MarcWriter ToFile(const nb::callable& write, const std::string& name,
                           const nb::dict& given) {
    const auto keep = std::make_shared<nb::callable>(write);
    return MarcWriter(Value(marc::RecordWriter::ToStream(
        *ToFormat(name),
        [keep](std::string_view text) -> Status {
          try {
            (*keep)(nb::bytes(text.data(), text.size()));
            return {};
          } catch (nb::python_error& error) {
            return Pending(error);
          }
        },
        ToEncoderOptions(given))));
  }

  void Write(nb::handle object) {
    if (!IsRecord(object.ptr())) throw nb::type_error("not a record");
    Snapshot snapshot;
    if (!snapshot.Take(reinterpret_cast<RecordObject*>(object.ptr()))) {
      Raise(Status::InvalidArgument(
          "the record holds what has no place in MARC: a value that is not text or has a mark "
          "inside, or a tag, an indicator or a code of the wrong length"));
    }
    Check(writer_.Write(snapshot.view()));
  }
  void Close() { Check(writer_.Close()); }

 private:
  marc::RecordWriter writer_;
};

nb::list Formats() {
  nb::list list;
  for (const marc::FormatInfo& info : marc::AllFormats()) {
    nb::dict values;
    values["name"] = info.name;
    values["summary"] = info.summary;
    values["suffixes"] = nb::str(info.suffixes).attr("split")();
    values["reads"] = info.reads;
    values["writes"] = info.writes;
    list.append(values);
  }
  return list;
}

}  // namespace

nb::list MarcBatch::Records() const {
  nb::list list;
  auto* shared = NewBatch(batch.owner, nullptr);
  if (shared == nullptr) throw nb::python_error();
  const nb::object keep = nb::steal(reinterpret_cast<PyObject*>(shared));
  for (const marc::RecordView& view : batch.records) {
    auto* record = NewRecord(shared, &view, kind, kind == TextKind::kUtf8, false);
    if (record == nullptr) throw nb::python_error();
    list.append(nb::steal(reinterpret_cast<PyObject*>(record)));
  }
  return list;
}

marc::ReaderOptions ToReaderOptions(const nb::dict& given) {
  marc::ReaderOptions options;
  options.recovery = OneOf<marc::Recovery>(given, "recovery",
                                           {{"strict", marc::Recovery::kStrict},
                                            {"lenient", marc::Recovery::kLenient},
                                            {"skip", marc::Recovery::kSkip}});
  options.validation = OneOf<marc::Validation>(given, "validation",
                                               {{"none", marc::Validation::kNone},
                                                {"lost_text", marc::Validation::kLostText},
                                                {"structure", marc::Validation::kStructure}});
  options.errors_max = nb::cast<int64_t>(given["errors_max"]);
  options.to_unicode = nb::cast<bool>(given["to_unicode"]);
  options.text.force_utf8 = nb::cast<bool>(given["force_utf8"]);
  options.text.invalid = OneOf<marc::InvalidText>(given, "invalid_text",
                                                  {{"strict", marc::InvalidText::kStrict},
                                                   {"replace", marc::InvalidText::kReplace},
                                                   {"ignore", marc::InvalidText::kIgnore}});
  options.text.normalize = OneOf<marc::Normalization>(given, "normalize",
                                                      {{"none", marc::Normalization::kNone},
                                                       {"nfc", marc::Normalization::kNfc},
                                                       {"nfd", marc::Normalization::kNfd}});
  // pymarc's name for "MARC-8".
  const auto encoding = nb::cast<std::string>(given["file_encoding"]);
  if (encoding != "iso8859-1") options.text.file_encoding = encoding;
  const auto records = nb::cast<int64_t>(given["batch_records"]);
  if (records > 0) options.batch_records = records;
  return options;
}

Status ReadInParallel(
    const nb::object& source, const marc::ReaderOptions& options, int workers,
    const std::function<Result<std::shared_ptr<void>>(const marc::RecordBatch&)>& work,
    const std::function<Result<bool>(const marc::RecordBatch&, std::shared_ptr<void>)>& take) {
  const marc::ParallelOptions parallel{.workers = workers, .map = false, .stop = {}};
  if (nb::isinstance<nb::str>(source)) {
    const auto path = nb::cast<std::string>(source);
    const nb::gil_scoped_release release;
    return marc::ReadParallel(path, options, parallel, work, take);
  }
  marc::Reader::ReadBytes read = nb::isinstance<nb::bytes>(source)
                                     ? ReadMemory(nb::cast<nb::bytes>(source))
                                     : ReadCallable(nb::cast<nb::callable>(source));
  const nb::gil_scoped_release release;
  return marc::ReadParallel(std::move(read), options, parallel, work, take);
}

nb::dict ToDict(const marc::Defect& defect) {
  const auto text = [](const std::string& value) -> nb::object {
    if (value.empty()) return nb::none();
    return nb::steal(NewText(value, TextKind::kUtf8));
  };
  const auto number = [](int64_t value) -> nb::object {
    if (value < 0) return nb::none();
    return nb::int_(value);
  };
  const marc::DefectInfo& info = defect.info();
  nb::dict values;
  values["code"] = info.id;
  values["slug"] = info.slug;
  values["severity"] = info.severity == marc::Severity::kError ? "error" : "warning";
  values["summary"] = info.summary;
  values["repaired"] = defect.repaired;
  values["record_index"] = number(defect.record_index);
  values["byte_offset"] = number(defect.byte_offset);
  values["record_offset"] = number(defect.record_offset);
  values["source"] = text(defect.source);
  values["control_number"] = text(defect.control_number);
  values["tag"] = defect.tag.packed() == 0 ? nb::object(nb::none()) : nb::steal(NewTag(defect.tag));
  values["indicator"] = number(defect.indicator == 0 ? -1 : defect.indicator);
  values["subfield_code"] =
      defect.subfield_code == 0 ? nb::object(nb::none()) : nb::steal(NewCode(defect.subfield_code));
  values["found"] = text(defect.found);
  values["expected"] = text(defect.expected);
  values["bytes_near"] = nb::bytes(defect.bytes_near.data(), defect.bytes_near.size());
  values["help_url"] = text(defect.HelpUrl());
  values["text"] = nb::steal(NewText(defect.ToString(), TextKind::kUtf8));
  return values;
}

void BindMarcFormats(nb::module_& module) {
  nb::class_<MarcBatch>(module, "MarcBatch")
      .def_rw("known", &MarcBatch::known, nb::for_getter(nb::sig("def known(self) -> Any")),
              nb::for_setter(nb::sig("def known(self, value: Any, /) -> None")))
      .def_rw("findings", &MarcBatch::findings,
              nb::for_getter(nb::sig("def findings(self) -> Any")),
              nb::for_setter(nb::sig("def findings(self, value: Any, /) -> None")))
      .def_prop_ro("size", [](const MarcBatch& self) { return self.batch.records.size(); })
      .def_prop_ro("first_index", [](const MarcBatch& self) { return self.batch.first_index; })
      .def("records", &MarcBatch::Records, nb::sig("def records(self) -> list[Any]"))
      .def(
          "defects", [](const MarcBatch& self) { return DefectsOf(self.batch.defects); },
          nb::sig("def defects(self) -> list[dict[str, Any]]"))
      .def("dropped", &DroppedOf, nb::sig("def dropped(self) -> list[tuple[int, int, bool]]"));
  nb::class_<MarcSource>(module, "MarcSource")
      .def_static("open", &MarcSource::Open, nb::arg("path"), nb::arg("format").none(),
                  nb::arg("options"))
      .def_static("over_memory", &MarcSource::OverMemory, nb::arg("data"), nb::arg("format").none(),
                  nb::arg("options"))
      .def_static("over_file", &MarcSource::OverFile, nb::arg("read"), nb::arg("format").none(),
                  nb::arg("options"))
      .def_prop_ro("format", &MarcSource::format)
      .def("read", &MarcSource::Read, nb::sig("def read(self) -> MarcBatch | None"));
  nb::class_<MarcWriter>(module, "MarcWriter")
      .def_static("create", &MarcWriter::Create, nb::arg("path"), nb::arg("force"),
                  nb::arg("format").none(), nb::arg("options"))
      .def_static("to_file", &MarcWriter::ToFile, nb::arg("write"), nb::arg("format"),
                  nb::arg("options"))
      .def("write", &MarcWriter::Write, nb::arg("record"))
      .def("close", &MarcWriter::Close);
  module.def("marc_formats", &Formats, nb::sig("def marc_formats() -> list[dict[str, Any]]"));
  module.def("marc_read_parallel", &ReadParallel, nb::arg("source"), nb::arg("options"),
             nb::arg("workers"), nb::arg("defects"));
}

}  // namespace thalweg::python
