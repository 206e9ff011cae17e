#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/registry.h"
#include "io/file_system.h"

namespace thalweg::connectors {

/// Which codec reads or writes `path`: the option `format`, else the suffix, else the first bytes.
Result<const engine::Codec*> ChooseCodec(const engine::Registry& registry, const std::string& path,
                                         const std::string& format, std::string_view first_bytes);

/// The codec's options and the place's own, taken apart.
struct SplitOptions {
  Options::Given place;
  Options::Given codec;
};
SplitOptions SplitByName(const Spec& place, const Options::Given& given);

/// Options of reading files, wherever they are.
std::vector<Field> FileReadFields();

/// Files behind one path, pattern or `-`, as a table. `files.front()` settles the schema; the
/// others must have its columns, in any order.
Result<std::shared_ptr<const engine::Table>> OpenFileTable(const engine::Registry& registry,
                                                           io::FileSystem& fs,
                                                           const std::string& location,
                                                           const Spec& spec,
                                                           const Options::Given& given);

/// A file, or a set of files, to be written.
Result<std::unique_ptr<engine::SinkTable>> MakeFileSink(
    const engine::Registry& registry, io::FileSystem& fs, const std::string& location,
    const Spec& spec, const Options::Given& given, const engine::SinkRequest& request);

}  // namespace thalweg::connectors
