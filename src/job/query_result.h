#pragma once

#include <vector>

#include "columnar/batch.h"
#include "thalweg/session.h"

namespace thalweg {

struct QueryResult::State {
  columnar::SchemaPtr schema;  ///< Null: no rows, as for COPY.
  std::vector<columnar::RecordBatchPtr> batches;
  int64_t rows = 0;
  int64_t rows_written = 0;
  int64_t bytes_written = 0;
  Report report;

  /// Keeps the rows without views, so that they hold no slab of the input.
  Status Take(columnar::Batch batch);
  columnar::SchemaPtr plain_schema() const;
};

}  // namespace thalweg
