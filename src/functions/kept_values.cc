#include "functions/kept_values.h"

#include <arrow/array/util.h>
#include <arrow/compute/api.h>

#include "columnar/arrow_status.h"

namespace thalweg::functions {

using columnar::ArrayPtr;

Result<uint32_t> KeptValues::Append(const ArrayPtr& array, std::span<const int32_t> rows) {
  THALWEG_ASSIGN_OR_RETURN(const ArrayPtr gathered, columnar::Gather(array, rows));
  return Append(gathered);
}

Result<uint32_t> KeptValues::Append(const ArrayPtr& array) {
  THALWEG_ASSIGN_OR_RETURN(ArrayPtr plain, columnar::WithoutViews(array));
  if (!plain->type()->Equals(*type_)) {
    THALWEG_ASSIGN_OR_RETURN_ARROW(arrow::Datum cast, arrow::compute::Cast(plain, type_));
    plain = cast.make_array();
  }
  rows_ += plain->length();
  bytes_ += columnar::Batch(arrow::RecordBatch::Make(arrow::schema({arrow::field("", type_)}),
                                                     plain->length(), {plain}))
                .ByteSize();
  chunks_.push_back(std::move(plain));
  return static_cast<uint32_t>(chunks_.size() - 1);
}

Result<ArrayPtr> KeptValues::Gather(std::span<const columnar::RowRef> rows) const {
  if (chunks_.empty()) {
    THALWEG_ASSIGN_OR_RETURN_ARROW(
        ArrayPtr none, arrow::MakeArrayOfNull(type_, static_cast<int64_t>(rows.size())));
    return none;
  }
  return columnar::GatherFrom(chunks_, rows);
}

Status KeptValues::KeepOnly(std::span<const columnar::RowRef> rows) {
  THALWEG_ASSIGN_OR_RETURN(const ArrayPtr kept, Gather(rows));
  chunks_.clear();
  rows_ = 0;
  bytes_ = 0;
  return Append(kept).status();
}

}  // namespace thalweg::functions
