#pragma once

#include <memory>
#include <string>
#include <vector>

#include "columnar/batch.h"
#include "engine/codec.h"
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

/// The columns of a file that a projection names, as indices into `schema`, in its order. A name
/// that occurs twice means the first. `invalid_argument` where there is none.
Result<std::vector<int>> FieldsOf(const engine::Projection& projection, const arrow::Schema& schema,
                                  const std::string& file);

/// The schema of those columns.
columnar::SchemaPtr SchemaOf(const std::vector<int>& fields, const arrow::Schema& schema);

/// An origin that knows the file, and the first row unless it is -1.
std::shared_ptr<const engine::Origin> OriginOf(const std::shared_ptr<const std::string>& file,
                                               int64_t first_row);

/// Emits `rows` rows without columns: a query that counts needs none.
Status EmitCounts(int64_t rows, int64_t first_row, int64_t batch_rows_max,
                  const std::shared_ptr<const std::string>& file, engine::Emitter& out);

/// What a failure means when the input is to blame for it: Arrow calls a damaged file invalid.
Status InputStatus(const Status& status);

}  // namespace thalweg::codecs::arrow_ipc
