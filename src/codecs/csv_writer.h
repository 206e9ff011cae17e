#pragma once

#include <memory>
#include <vector>

#include "base/spec.h"
#include "engine/codec.h"

namespace thalweg::codecs {

/// The writing options.
std::vector<Field> CsvWriteFields();

/// An encoder of delimited text. NULL is the empty field (or `nullstr`), the empty string is `""`;
/// a field is quoted only where it must be. Lists, structs and maps are JSON text.
Result<std::shared_ptr<const engine::Encoder>> MakeCsvEncoder(columnar::SchemaPtr schema,
                                                              const Options& options);

}  // namespace thalweg::codecs
