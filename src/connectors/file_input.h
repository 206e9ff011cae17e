#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/codec.h"
#include "io/compressed_file.h"
#include "io/file_system.h"
#include "thalweg/runtime/graph.h"

namespace thalweg::connectors {

/// The decompressed bytes of a file; `-` is standard input.
Result<std::unique_ptr<io::SequentialFile>> OpenInput(io::FileSystem& fs, const std::string& path,
                                                      std::optional<io::Compression> compression,
                                                      std::stop_token stop);

/// A file to be read, with its format settled.
struct InputFile {
  std::string path;
  std::optional<io::Compression> compression;  ///< Unset: by suffix, else by the first bytes.
  int64_t bytes = -1;                          ///< On disk; -1: not known.
  std::shared_ptr<const engine::StreamFormat> format;
  std::shared_ptr<const engine::UnitReader> units;
  /// Standard input: what was read to settle the format, and the rest of the stream.
  std::shared_ptr<io::SequentialFile> opened;
  std::string sample;
};

/// Reads files one after the other and cuts them at record boundaries.
std::unique_ptr<runtime::Source> MakeSlabSource(std::vector<InputFile> files, io::FileSystem& fs,
                                                int64_t slab_bytes);

/// Gives out the units of random-access files, and the lanes that read them.
runtime::NodeId AddUnitScan(runtime::Graph& graph, std::vector<InputFile> files,
                            engine::Projection projection, int64_t batch_rows_max);

/// A file by position, for codecs that read so.
Result<std::shared_ptr<engine::RandomAccess>> OpenRandomAccess(io::FileSystem& fs,
                                                               const std::string& path);

}  // namespace thalweg::connectors
