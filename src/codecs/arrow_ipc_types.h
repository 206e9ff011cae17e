#pragma once

#include "columnar/batch.h"
#include "thalweg/status.h"

// Files come with Arrow types that the engine has no use for. Readers hand on the plain ones.
namespace thalweg::codecs::arrow_ipc {

/// The type that the engine works with in place of `type`: without extension, dictionary and
/// run-end layers; lists for list views; TIME in microseconds, DATE in days, DECIMAL on 128 bits
/// where it fits.
columnar::TypePtr EngineType(const columnar::TypePtr& type);
columnar::SchemaPtr EngineSchema(const arrow::Schema& schema);

/// `array` as `type`; the same array when that is its type already.
Result<columnar::ArrayPtr> ToType(const columnar::ArrayPtr& array, const columnar::TypePtr& type);

}  // namespace thalweg::codecs::arrow_ipc
