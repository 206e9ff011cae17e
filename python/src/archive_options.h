#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <string>
#include <vector>

#include "binding.h"
#include "thalweg/archive.h"

// Python's arguments as those of the archive library. All of it is called with the GIL held; the
// functions that it makes of Python's take the GIL themselves.
namespace thalweg::python {

/// `str`, `bytes` or `os.PathLike`, in the file system's encoding.
std::string PathOf(nanobind::handle object);
/// An object with `size()` and `read_at(offset, length)`; null for a path.
std::shared_ptr<archive::ByteReader> ReaderOf(nanobind::handle object);
/// A callable that takes bytes.
archive::WriteFunction WriterOf(nanobind::handle callable);
archive::UnwrapFunction UnwrapperOf(const nanobind::callable& unwrap);
archive::WrapFunction WrapperOf(const nanobind::callable& wrap);
/// Tuples `(path or None, name, read or None, mode, modified_ns)`; `read(n)` gives bytes.
std::vector<archive::SealInput> InputsOf(const nanobind::list& inputs);

archive::PassphraseCost CostOf(const nanobind::dict& given);
archive::RunSettings RunSettingsOf(const nanobind::dict& given, const Stop& stop);
archive::OpenOptions OpenOptionsOf(const nanobind::dict& given, const Stop& stop);
archive::SealOptions SealOptionsOf(const nanobind::dict& given, const Stop& stop);
archive::RekeyOptions RekeyOptionsOf(const nanobind::dict& given, const Stop& stop);
archive::ExtractOptions ExtractOptionsOf(const nanobind::dict& given);

}  // namespace thalweg::python
