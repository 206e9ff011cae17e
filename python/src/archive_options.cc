#include "archive_options.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstring>

namespace nb = nanobind;

namespace thalweg::python {
namespace {

using archive::Secret;

// A reference that any thread may drop.
class Shared {
 public:
  explicit Shared(nb::handle object) : object_(nb::borrow(object)) {}
  ~Shared() {
    const nb::gil_scoped_acquire gil;
    object_.reset();
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  const nb::object& get() const { return object_; }

 private:
  nb::object object_;
};

Status FailureOf(const char* what, const nb::python_error& error) {
  return Status::IoError(std::string(what) + ": " + error.what());
}

// Calls a function of Python's and hands the bytes that it gives to `use`.
template <typename Use, typename... Arguments>
Status CallForBytes(const char* what, const nb::object& function, const Use& use,
                    const Arguments&... arguments) {
  const nb::gil_scoped_acquire gil;
  try {
    const nb::object given = function(arguments...);
    Py_buffer view;
    if (PyObject_GetBuffer(given.ptr(), &view, PyBUF_SIMPLE) != 0) throw nb::python_error();
    const Status status = use({static_cast<const char*>(view.buf), static_cast<size_t>(view.len)});
    PyBuffer_Release(&view);
    return status;
  } catch (const nb::python_error& error) {
    return FailureOf(what, error);
  } catch (const std::exception& error) {
    return Status::IoError(std::string(what) + ": " + error.what());
  }
}

// Copies at most what fits; more is a mistake of the function's.
Status Fill(const char* what, std::string_view bytes, std::span<char> out, size_t* size) {
  if (bytes.size() > out.size()) {
    return Status::InvalidArgument(std::string(what) + ": more bytes than were asked for");
  }
  if (!bytes.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
  *size = bytes.size();
  return {};
}

class PythonReader final : public archive::ByteReader {
 public:
  explicit PythonReader(nb::handle object)
      : size_(object.attr("size")), read_at_(object.attr("read_at")) {}
  Result<int64_t> Size() override {
    const nb::gil_scoped_acquire gil;
    try {
      return nb::cast<int64_t>(size_.get()());
    } catch (const nb::python_error& error) {
      return FailureOf("size", error);
    } catch (const std::exception& error) {
      return Status::IoError(std::string("size: ") + error.what());
    }
  }
  Result<size_t> ReadAt(int64_t offset, std::span<char> out) override {
    size_t size = 0;
    THALWEG_RETURN_IF_ERROR(CallForBytes(
        "read_at", read_at_.get(),
        [&](std::string_view bytes) { return Fill("read_at", bytes, out, &size); }, offset,
        out.size()));
    return size;
  }

 private:
  Shared size_;
  Shared read_at_;
};

archive::ReadFunction InputOf(nb::handle callable) {
  return [read = std::make_shared<Shared>(callable)](std::span<char> out) -> Result<size_t> {
    size_t size = 0;
    THALWEG_RETURN_IF_ERROR(CallForBytes(
        "read", read->get(),
        [&](std::string_view bytes) { return Fill("read", bytes, out, &size); }, out.size()));
    return size;
  };
}

// Takes `name` of the options when it is there.
template <typename T>
void Take(const nb::dict& given, const char* name, T* to) {
  if (!given.contains(name)) return;
  const nb::object value = given[name];
  if (!value.is_none()) *to = nb::cast<T>(value);
}

archive::OpenLimits LimitsOf(const nb::dict& given) {
  archive::OpenLimits limits;
  Take(given, "output_bytes_max", &limits.output_bytes_max);
  Take(given, "ratio_max", &limits.ratio_max);
  Take(given, "kdf_memory_kib_max", &limits.kdf.argon2_memory_kib_max);
  return limits;
}

}  // namespace

std::string PathOf(nb::handle object) {
  PyObject* encoded = nullptr;
  if (PyUnicode_FSConverter(object.ptr(), &encoded) == 0) throw nb::python_error();
  const nb::object bytes = nb::steal(encoded);
  return {PyBytes_AS_STRING(bytes.ptr()), static_cast<size_t>(PyBytes_GET_SIZE(bytes.ptr()))};
}

std::shared_ptr<archive::ByteReader> ReaderOf(nb::handle object) {
  if (!nb::hasattr(object, "read_at")) return nullptr;
  return std::make_shared<PythonReader>(object);
}

archive::WriteFunction WriterOf(nb::handle callable) {
  return [write = std::make_shared<Shared>(callable)](std::string_view data) -> Status {
    const nb::gil_scoped_acquire gil;
    try {
      write->get()(nb::bytes(data.data(), data.size()));
      return {};
    } catch (const nb::python_error& error) {
      return FailureOf("write", error);
    }
  };
}

archive::UnwrapFunction UnwrapperOf(const nb::callable& unwrap) {
  return [call = std::make_shared<Shared>(unwrap)](std::string_view blob) -> Result<Secret> {
    const nb::gil_scoped_acquire gil;
    Secret key;
    THALWEG_RETURN_IF_ERROR(CallForBytes(
        "unwrap", call->get(),
        [&](std::string_view bytes) {
          key = Secret::CopyOf(bytes);
          return Status();
        },
        nb::bytes(blob.data(), blob.size())));
    return key;
  };
}

archive::WrapFunction WrapperOf(const nb::callable& wrap) {
  return [call = std::make_shared<Shared>(wrap)](const Secret& key) -> Result<std::string> {
    const nb::gil_scoped_acquire gil;
    std::string blob;
    THALWEG_RETURN_IF_ERROR(CallForBytes(
        "wrap", call->get(),
        [&](std::string_view bytes) {
          blob = bytes;
          return Status();
        },
        nb::bytes(key.data(), key.size())));
    return blob;
  };
}

std::vector<archive::SealInput> InputsOf(const nb::list& inputs) {
  std::vector<archive::SealInput> all;
  for (const nb::handle item : inputs) {
    const auto parts = nb::cast<nb::tuple>(item);
    archive::SealInput input;
    if (!parts[0].is_none()) input.path = PathOf(parts[0]);
    if (!parts[1].is_none()) input.name = PathOf(parts[1]);
    if (!parts[2].is_none()) input.read = InputOf(parts[2]);
    input.permissions = nb::cast<uint32_t>(parts[3]);
    input.modified_unix_nanos = nb::cast<int64_t>(parts[4]);
    all.push_back(std::move(input));
  }
  return all;
}

archive::PassphraseCost CostOf(const nb::dict& given) {
  archive::PassphraseCost cost;
  std::string kdf = "argon2id";
  Take(given, "kdf", &kdf);
  if (kdf == "scrypt") {
    cost.kdf = archive::PassphraseKdf::kScrypt;
  } else if (kdf == "pbkdf2") {
    cost.kdf = archive::PassphraseKdf::kPbkdf2;
  } else if (kdf != "argon2id") {
    Raise(Status::InvalidArgument("kdf must be one of argon2id, scrypt, pbkdf2: '" + kdf + "'"));
  }
  Take(given, "memory_kib", &cost.argon2_memory_kib);
  Take(given, "passes", &cost.argon2_passes);
  Take(given, "lanes", &cost.argon2_lanes);
  Take(given, "log_n", &cost.scrypt_log_n);
  Take(given, "iterations", &cost.pbkdf2_iterations);
  return cost;
}

archive::RunSettings RunSettingsOf(const nb::dict& given, const Stop& stop) {
  archive::RunSettings run;
  Take(given, "workers", &run.workers);
  Take(given, "memory_bytes_max", &run.memory_bytes_max);
  run.stop = stop.token();
  if (!given.contains("on_progress") || nb::object(given["on_progress"]).is_none()) return run;
  const auto callback = std::make_shared<Shared>(nb::object(given["on_progress"]));
  run.on_progress = [callback](const archive::ArchiveProgress& now) {
    const nb::gil_scoped_acquire gil;
    try {
      nb::dict seen;
      seen["bytes_in"] = now.bytes_in;
      seen["bytes_total"] = now.bytes_total;
      seen["bytes_out"] = now.bytes_out;
      seen["entries"] = now.entries;
      seen["seconds"] = now.seconds;
      callback->get()(seen);
    } catch (nb::python_error& error) {
      error.discard_as_unraisable("thalweg: on_progress");
    }
  };
  return run;
}

archive::OpenOptions OpenOptionsOf(const nb::dict& given, const Stop& stop) {
  archive::OpenOptions options;
  Take(given, "signer", &options.signer);
  Take(given, "require_encrypted", &options.require_encrypted);
  Take(given, "recover", &options.recover);
  options.limits = LimitsOf(given);
  options.run = RunSettingsOf(given, stop);
  return options;
}

archive::SealOptions SealOptionsOf(const nb::dict& given, const Stop& stop) {
  archive::SealOptions options;
  std::string stages;
  Take(given, "stages", &stages);
  if (!stages.empty()) options.stages = Value(archive::Stages::Parse(stages));
  bool plain = false;
  Take(given, "plain", &plain);
  if (plain) options.stages.cipher = archive::Cipher::kNone;
  Take(given, "sha256", &options.stages.sha256);
  Take(given, "parity", &options.parity_percent);
  Take(given, "parity_beside", &options.parity_beside);
  Take(given, "pad", &options.pad);
  Take(given, "exclude", &options.exclude);
  Take(given, "metadata", &options.metadata);
  Take(given, "mask_binary", &options.mask_binary);
  Take(given, "force", &options.force);
  Take(given, "resume", &options.resume);
  options.run = RunSettingsOf(given, stop);
  return options;
}

archive::RekeyOptions RekeyOptionsOf(const nb::dict& given, const Stop& stop) {
  archive::RekeyOptions options;
  Take(given, "full", &options.full);
  Take(given, "output", &options.output);
  Take(given, "resume", &options.resume);
  std::string cipher;
  Take(given, "cipher", &cipher);
  if (!cipher.empty()) options.cipher = Value(archive::ParseCipher(cipher));
  options.limits = LimitsOf(given);
  options.run = RunSettingsOf(given, stop);
  return options;
}

archive::ExtractOptions ExtractOptionsOf(const nb::dict& given) {
  archive::ExtractOptions options;
  Take(given, "entries", &options.entries);
  Take(given, "rename", &options.rename);
  Take(given, "force", &options.force);
  Take(given, "owners", &options.owners);
  Take(given, "permissions", &options.permissions);
  Take(given, "set_id", &options.set_id);
  Take(given, "times", &options.times);
  Take(given, "xattrs", &options.xattrs);
  Take(given, "symlinks", &options.symlinks);
  Take(given, "hard_links", &options.hard_links);
  Take(given, "sync", &options.sync);
  return options;
}

}  // namespace thalweg::python
