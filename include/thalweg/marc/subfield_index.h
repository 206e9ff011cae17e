#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "thalweg/export.h"
#include "thalweg/marc/record.h"

namespace thalweg::marc {

/// Every subfield of a record, found in one pass over its bytes. Made once and used for many
/// records, it allocates nothing. One thread at a time.
class THALWEG_EXPORT SubfieldIndex {
 public:
  struct Entry {
    const char* data;
    uint32_t size;
    uint16_t field;  ///< Its place in `record.fields()`.
    char code;
    std::string_view value() const { return {data, size}; }
  };

  /// The subfields in the order of the fields, as `FieldView::subfields` gives them. Valid until
  /// the next call, and as long as what `record` looks into.
  std::span<const Entry> Build(const RecordView& record);

 private:
  Entry* Room(size_t count);
  size_t OfFields(const RecordView& record);

  std::unique_ptr<Entry[]> entries_;
  size_t capacity_ = 0;
};

}  // namespace thalweg::marc
