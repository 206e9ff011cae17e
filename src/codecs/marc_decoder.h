#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/spec.h"
#include "columnar/batch.h"
#include "engine/codec.h"
#include "thalweg/marc/path.h"
#include "thalweg/marc/reader.h"
#include "thalweg/status.h"

namespace thalweg::codecs {

/// What a column of a MARC file is.
struct MarcColumn {
  enum class Kind : uint8_t { kPath, kRecord };

  std::string name;
  Kind kind = Kind::kPath;
  std::optional<thalweg::marc::Path> path;
};

/// MARC records with everything settled. Immutable.
struct MarcFormat {
  thalweg::marc::ReaderOptions reader;
  std::vector<MarcColumn> columns;  ///< Of the schema.
  columnar::SchemaPtr schema;
};

std::vector<Field> MarcReadFields();
Result<std::shared_ptr<const MarcFormat>> MakeMarcFormat(const Options& options);

/// The type of a column that is named by its path; nothing for names that are no paths of tags with
/// digits or capital letters.
std::optional<columnar::TypePtr> ResolveMarcColumn(std::string_view name);

Result<std::unique_ptr<engine::Decoder>> MakeMarcDecoder(std::shared_ptr<const MarcFormat> format,
                                                         const engine::Projection& projection,
                                                         int64_t batch_rows_max);

}  // namespace thalweg::codecs
