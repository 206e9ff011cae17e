// Sealed archives for the package's module `thalweg.archive`.

#include "thalweg/archive.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <memory>
#include <string>

#include "archive_options.h"
#include "binding.h"

namespace nb = nanobind;

namespace thalweg::python {
namespace {

using archive::Archive;
using archive::Entry;
using archive::Identity;
using archive::Recipient;
using archive::SealInput;
using archive::Secret;
using archive::Signer;

Secret SecretOf(const nb::bytes& bytes) { return Secret::CopyOf({bytes.c_str(), bytes.size()}); }
nb::bytes BytesOf(std::string_view bytes) { return nb::bytes(bytes.data(), bytes.size()); }

// Names are bytes; Python's file system encoding takes them both ways without loss.
nb::object NameOf(const std::string& name) {
  return nb::steal(
      PyUnicode_DecodeFSDefaultAndSize(name.data(), static_cast<Py_ssize_t>(name.size())));
}

const char* TypeName(archive::EntryType type) {
  switch (type) {
    case archive::EntryType::kFile:
      return "file";
    case archive::EntryType::kDirectory:
      return "directory";
    case archive::EntryType::kSymlink:
      return "symlink";
    case archive::EntryType::kHardLink:
      return "hardlink";
  }
  return "";
}

nb::dict EntryDict(const Entry& entry) {
  nb::dict dict;
  dict["path"] = NameOf(entry.path);
  dict["type"] = TypeName(entry.type);
  dict["size"] = entry.size;
  dict["mode"] = entry.mode;
  dict["modified_ns"] = entry.modified_unix_nanos;
  dict["target"] = entry.link_target.empty() ? nb::none() : NameOf(entry.link_target);
  dict["owner"] = entry.has_owner
                      ? nb::object(nb::make_tuple(entry.uid, entry.gid, entry.user, entry.group))
                      : nb::none();
  nb::dict xattrs;
  for (const auto& [name, value] : entry.xattrs) xattrs[NameOf(name)] = BytesOf(value);
  dict["xattrs"] = xattrs;
  if (entry.sha256.has_value()) {
    dict["sha256"] =
        BytesOf({reinterpret_cast<const char*>(entry.sha256->data()), entry.sha256->size()});
  } else {
    dict["sha256"] = nb::none();
  }
  return dict;
}

nb::dict InfoDict(const archive::ArchiveInfo& info) {
  nb::dict dict;
  dict["version"] = info.version;
  dict["archive_id"] = info.archive_id;
  dict["cipher"] = NameOf(info.cipher);
  dict["bytes"] = info.bytes;
  dict["keys"] = info.stanza_kinds;
  dict["segments"] = info.segments;
  dict["parity_percent"] = info.has_parity ? info.parity_percent : 0;
  dict["signer"] = info.signer;
  dict["append_pending"] = info.append_pending;
  if (!info.opened) return dict;
  dict["entries"] = info.entries;
  dict["content_bytes"] = info.content_bytes;
  dict["stored_bytes"] = info.stored_bytes;
  dict["frames"] = info.frames;
  dict["stages"] = info.stages;
  dict["lossy"] = info.lossy;
  dict["created_us"] = info.created_unix_micros;
  dict["recovered"] = info.recovered;
  return dict;
}

nb::list SkippedList(const std::vector<archive::SkippedEntry>& skipped) {
  nb::list list;
  for (const auto& entry : skipped) {
    list.append(nb::make_tuple(NameOf(entry.path), entry.reason.ToString()));
  }
  return list;
}

nb::dict SealDict(const archive::SealReport& report) {
  nb::dict dict;
  dict["archive_id"] = report.archive_id;
  dict["entries"] = report.entries;
  dict["bytes_content"] = report.bytes_content;
  dict["bytes_archive"] = report.bytes_archive;
  dict["bytes_resumed"] = report.bytes_resumed;
  dict["frames"] = report.frames;
  dict["frames_stored"] = report.frames_stored;
  dict["pii_masked"] = report.pii_masked;
  dict["unreadable"] = SkippedList(report.unreadable);
  dict["changed"] = SkippedList(report.changed);
  dict["run"] = report.run.ToJson();
  return dict;
}

nb::dict VerifyDict(const archive::VerifyReport& report) {
  nb::dict dict;
  dict["with_key"] = report.with_key;
  dict["signature_checked"] = report.signature_checked;
  dict["signer"] = report.signer;
  dict["entries"] = report.entries;
  dict["segments"] = report.segments;
  dict["bytes"] = report.bytes;
  dict["files_hashed"] = report.files_hashed;
  return dict;
}

nb::list DifferenceList(const std::vector<archive::Difference>& differences) {
  static constexpr const char* kKinds[] = {"only_in_archive", "only_on_disk", "type", "size",
                                           "content",         "metadata"};
  nb::list list;
  for (const auto& difference : differences) {
    list.append(nb::make_tuple(NameOf(difference.path),
                               kKinds[static_cast<size_t>(difference.kind)], difference.detail));
  }
  return list;
}

// A buffer of Python's that is written to while the GIL is released.
class WritableBuffer {
 public:
  explicit WritableBuffer(nb::handle object) {
    if (PyObject_GetBuffer(object.ptr(), &view_, PyBUF_WRITABLE) != 0) throw nb::python_error();
  }
  ~WritableBuffer() { PyBuffer_Release(&view_); }
  WritableBuffer(const WritableBuffer&) = delete;
  WritableBuffer& operator=(const WritableBuffer&) = delete;
  std::span<char> span() const {
    return {static_cast<char*>(view_.buf), static_cast<size_t>(view_.len)};
  }

 private:
  Py_buffer view_{};
};

size_t ReadInto(const Archive& archive, size_t entry, int64_t offset, nb::handle buffer) {
  const WritableBuffer target(buffer);
  return Value([&] {
    const nb::gil_scoped_release release;
    return archive.ReadAt(entry, offset, target.span());
  }());
}

std::shared_ptr<Archive> Open(nb::handle source, const std::vector<Identity>& identities,
                              const nb::dict& given, const Stop& stop) {
  archive::OpenOptions options = OpenOptionsOf(given, stop);
  options.identities = identities;
  const std::shared_ptr<archive::ByteReader> reader = ReaderOf(source);
  const std::string path = reader ? "" : PathOf(source);
  auto opened = [&] {
    const nb::gil_scoped_release release;
    return reader ? Archive::Open(reader, std::move(options))
                  : Archive::Open(path, std::move(options));
  }();
  return Value(std::move(opened));
}

nb::dict SealInto(const nb::list& inputs, nb::handle output,
                  const std::vector<Recipient>& recipients, const std::vector<Identity>& identities,
                  const std::optional<Signer>& signer, const nb::dict& given, const Stop& stop) {
  archive::SealOptions options = SealOptionsOf(given, stop);
  options.recipients = recipients;
  options.identities = identities;
  options.signer = signer;
  const std::vector<SealInput> what = InputsOf(inputs);
  const bool is_stream = PyCallable_Check(output.ptr()) == 1;
  const std::string path = is_stream ? "" : PathOf(output);
  const archive::WriteFunction write = is_stream ? WriterOf(output) : archive::WriteFunction();
  return SealDict(Value([&] {
    const nb::gil_scoped_release release;
    return is_stream ? archive::SealToStream(what, write, options)
                     : archive::Seal(what, path, options);
  }()));
}

void BindKeys(nb::module_& m) {
  nb::class_<Identity>(m, "ArchiveIdentity")
      .def_static(
          "parse",
          [](const nb::bytes& text) { return Value(Identity::Parse({text.c_str(), text.size()})); },
          nb::arg("text"))
      .def_static(
          "passphrase",
          [](const nb::bytes& passphrase) {
            return Value(Identity::Passphrase(SecretOf(passphrase)));
          },
          nb::arg("passphrase"))
      .def_static(
          "raw_key", [](const nb::bytes& key) { return Value(Identity::RawKey(SecretOf(key))); },
          nb::arg("key"))
      .def_static(
          "command",
          [](const nb::callable& unwrap) { return Identity::Command(UnwrapperOf(unwrap)); },
          nb::sig("def command(unwrap: Callable[[bytes], bytes]) -> ArchiveIdentity"),
          nb::arg("unwrap"));
  nb::class_<Recipient>(m, "ArchiveRecipient")
      .def_static(
          "parse", [](const std::string& text) { return Value(Recipient::Parse(text)); },
          nb::arg("text"))
      .def_static(
          "passphrase",
          [](const nb::bytes& passphrase, const nb::dict& cost) {
            return Value(Recipient::Passphrase(SecretOf(passphrase), CostOf(cost)));
          },
          nb::sig("def passphrase(passphrase: bytes, cost: dict[str, Any]) -> ArchiveRecipient"),
          nb::arg("passphrase"), nb::arg("cost"))
      .def_static(
          "raw_key", [](const nb::bytes& key) { return Value(Recipient::RawKey(SecretOf(key))); },
          nb::arg("key"))
      .def_static(
          "command", [](const nb::callable& wrap) { return Recipient::Command(WrapperOf(wrap)); },
          nb::sig("def command(wrap: Callable[[bytes], bytes]) -> ArchiveRecipient"),
          nb::arg("wrap"));
  nb::class_<Signer>(m, "ArchiveSigner");
  m.def("archive_generate_key_file",
        [] { return BytesOf(Value(archive::GenerateKeyFile()).view()); });
  m.def(
      "archive_parse_key_file",
      [](const nb::bytes& text) {
        const archive::KeyFile keys = Value(archive::ParseKeyFile(SecretOf(text)));
        return nb::make_tuple(keys.identities, keys.signers, keys.recipients, keys.signer_texts);
      },
      nb::sig("def archive_parse_key_file(text: bytes) -> tuple[list[ArchiveIdentity], "
              "list[ArchiveSigner], list[str], list[str]]"),
      nb::arg("text"));
}

void BindReader(nb::module_& m) {
  nb::class_<Archive>(m, "Archive")
      .def(
          "entries",
          [](const Archive& archive) {
            nb::list list;
            for (const Entry& entry : archive.entries()) list.append(EntryDict(entry));
            return list;
          },
          nb::sig("def entries(self) -> list[dict[str, Any]]"))
      .def(
          "info", [](const Archive& archive) { return InfoDict(archive.Info()); },
          nb::sig("def info(self) -> dict[str, Any]"))
      .def("read_into", &ReadInto,
           nb::sig("def read_into(self, entry: int, offset: int, buffer: Any) -> int"),
           nb::arg("entry"), nb::arg("offset"), nb::arg("buffer"))
      .def(
          "extract",
          [](const Archive& archive, nb::handle target, const nb::dict& given) {
            const archive::ExtractOptions options = ExtractOptionsOf(given);
            const std::string path = PathOf(target);
            const archive::ExtractReport report = Value([&] {
              const nb::gil_scoped_release release;
              return archive.Extract(path, options);
            }());
            nb::dict dict;
            dict["entries"] = report.entries;
            dict["bytes"] = report.bytes;
            dict["skipped"] = SkippedList(report.skipped);
            dict["run"] = report.run.ToJson();
            return dict;
          },
          nb::sig("def extract(self, target: Any, options: dict[str, Any]) -> dict[str, Any]"),
          nb::arg("target"), nb::arg("options"))
      .def(
          "verify",
          [](const Archive& archive) {
            return VerifyDict(Value([&] {
              const nb::gil_scoped_release release;
              return archive.Verify();
            }()));
          },
          nb::sig("def verify(self) -> dict[str, Any]"))
      .def(
          "compare",
          [](const Archive& archive, const nb::list& inputs, bool content) {
            const std::vector<SealInput> what = InputsOf(inputs);
            return DifferenceList(Value([&] {
              const nb::gil_scoped_release release;
              return archive.Compare(what, content);
            }()));
          },
          nb::sig("def compare(self, inputs: list[tuple[Any, ...]], content: bool) -> "
                  "list[tuple[str, str, str]]"),
          nb::arg("inputs"), nb::arg("content"));
}

void BindOpening(nb::module_& m) {
  m.def("archive_open", &Open,
        nb::sig("def archive_open(source: Any, identities: Sequence[ArchiveIdentity], options: "
                "dict[str, Any], stop: Stop) -> Archive"),
        nb::arg("source"), nb::arg("identities"), nb::arg("options"), nb::arg("stop"));
  m.def(
      "archive_info",
      [](nb::handle source) {
        const std::string path = PathOf(source);
        return InfoDict(Value([&] {
          const nb::gil_scoped_release release;
          return archive::ReadInfo(path);
        }()));
      },
      nb::sig("def archive_info(path: Any) -> dict[str, Any]"), nb::arg("path"));
  m.def(
      "archive_verify",
      [](nb::handle source, const std::string& signer, const nb::dict& given, const Stop& stop) {
        const std::string path = PathOf(source);
        const archive::RunSettings run = RunSettingsOf(given, stop);
        return VerifyDict(Value([&] {
          const nb::gil_scoped_release release;
          return archive::VerifyWithoutKey(path, signer, run);
        }()));
      },
      nb::sig("def archive_verify(path: Any, signer: str, options: dict[str, Any], stop: Stop) -> "
              "dict[str, Any]"),
      nb::arg("path"), nb::arg("signer"), nb::arg("options"), nb::arg("stop"));
}

void BindWriter(nb::module_& m) {
  m.def("archive_seal", &SealInto,
        nb::sig("def archive_seal(inputs: list[tuple[Any, ...]], output: Any, recipients: "
                "Sequence[ArchiveRecipient], identities: Sequence[ArchiveIdentity], signer: "
                "ArchiveSigner | None, options: dict[str, Any], stop: Stop) -> dict[str, Any]"),
        nb::arg("inputs"), nb::arg("output"), nb::arg("recipients"), nb::arg("identities"),
        nb::arg("signer").none(), nb::arg("options"), nb::arg("stop"));
  m.def(
      "archive_append",
      [](nb::handle target, const nb::list& inputs, const std::vector<Identity>& identities,
         const std::optional<Signer>& signer, const nb::dict& given, const Stop& stop) {
        archive::SealOptions options = SealOptionsOf(given, stop);
        options.identities = identities;
        options.signer = signer;
        const std::vector<SealInput> what = InputsOf(inputs);
        const std::string path = PathOf(target);
        return SealDict(Value([&] {
          const nb::gil_scoped_release release;
          return archive::Append(path, what, options);
        }()));
      },
      nb::sig("def archive_append(path: Any, inputs: list[tuple[Any, ...]], identities: "
              "Sequence[ArchiveIdentity], signer: ArchiveSigner | None, options: dict[str, Any], "
              "stop: Stop) -> dict[str, Any]"),
      nb::arg("path"), nb::arg("inputs"), nb::arg("identities"), nb::arg("signer").none(),
      nb::arg("options"), nb::arg("stop"));
  m.def(
      "archive_rekey",
      [](nb::handle target, const std::vector<Identity>& identities,
         const std::vector<Recipient>& recipients, const std::optional<Signer>& signer,
         const nb::dict& given, const Stop& stop) {
        archive::RekeyOptions options = RekeyOptionsOf(given, stop);
        options.identities = identities;
        options.recipients = recipients;
        options.signer = signer;
        const std::string path = PathOf(target);
        Check([&] {
          const nb::gil_scoped_release release;
          return archive::Rekey(path, options);
        }());
      },
      nb::sig("def archive_rekey(path: Any, identities: Sequence[ArchiveIdentity], recipients: "
              "Sequence[ArchiveRecipient], signer: ArchiveSigner | None, options: dict[str, Any], "
              "stop: Stop) -> None"),
      nb::arg("path"), nb::arg("identities"), nb::arg("recipients"), nb::arg("signer").none(),
      nb::arg("options"), nb::arg("stop"));
  m.def(
      "archive_repair",
      [](nb::handle target, const std::string& output, bool force, const nb::dict& given,
         const Stop& stop) {
        const std::string path = PathOf(target);
        const archive::RunSettings run = RunSettingsOf(given, stop);
        const archive::RepairReport report = Value([&] {
          const nb::gil_scoped_release release;
          return archive::Repair(path, output, force, run);
        }());
        nb::dict dict;
        dict["shards"] = report.shards;
        dict["shards_damaged"] = report.shards_damaged;
        dict["shards_corrected"] = report.shards_corrected;
        dict["bytes_corrected"] = report.bytes_corrected;
        dict["header_corrected"] = report.header_corrected;
        dict["append_undone"] = report.append_undone;
        return dict;
      },
      nb::sig("def archive_repair(path: Any, output: str, force: bool, options: dict[str, Any], "
              "stop: Stop) -> dict[str, Any]"),
      nb::arg("path"), nb::arg("output"), nb::arg("force"), nb::arg("options"), nb::arg("stop"));
}

}  // namespace

void BindArchive(nb::module_& m) {
  BindKeys(m);
  BindReader(m);
  BindOpening(m);
  BindWriter(m);
}

}  // namespace thalweg::python
