#pragma once

#include "columnar/batch.h"
#include "thalweg/status.h"

namespace thalweg::codecs::parquet {

/// An array of any interval type as `utf8`, in SQL's words: `1 year 2 months -3 days 04:05:06.7`.
Result<columnar::ArrayPtr> IntervalsToText(const arrow::Array& array);

}  // namespace thalweg::codecs::parquet
