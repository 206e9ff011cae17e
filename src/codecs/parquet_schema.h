#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codecs/parquet_format.h"
#include "columnar/batch.h"
#include "thalweg/status.h"

namespace thalweg::codecs::parquet {

/// How a leaf's values lie while they are encoded: the type of the dense array.
enum class ValueKind : uint8_t {
  kBool,    ///< uint8_t, 0 or 1.
  kInt32,   ///< int32_t.
  kInt64,   ///< int64_t.
  kFloat,   ///< float.
  kDouble,  ///< double.
  kWide,    ///< Int128: decimals of more than 18 digits.
  kBytes,   ///< BytesRef.
  kFixed,   ///< `type_length` raw bytes each.
};

/// One step on the way from a column's array to a leaf's array.
struct Step {
  enum class Kind : uint8_t {
    kOptional,  ///< A null here ends the way; otherwise the definition level rises by one.
    kRequired,  ///< A null here is a failure.
    kChild,     ///< Into child `child` of a struct.
    kItems,     ///< Into the items of a list; the repetition level rises by one.
    kKey,       ///< Into the keys of a map; as kItems.
    kValue,     ///< Into the values of a map; as kItems.
  };
  Kind kind;
  int child = 0;
};

struct Leaf {
  LeafPath path;
  int column = 0;  ///< Of the batch.
  std::vector<Step> steps;
  int max_definition = 0;
  int max_repetition = 0;
  ValueKind kind = ValueKind::kInt32;
  Logical logical;
  int32_t type_length = 0;  ///< kWide and kFixed.

  /// At most one nullable level and no list: levels are the validity bits.
  bool flat() const { return max_repetition == 0 && steps.size() == 1; }
};

/// An Arrow schema as Parquet columns.
struct WriteSchema {
  std::vector<SchemaElement> elements;  ///< Depth first, the root first.
  std::vector<Leaf> leaves;
  /// What an Arrow reader should make of the file: no views, no dictionaries.
  columnar::SchemaPtr arrow;
};

/// `unsupported`, naming the column, where Parquet has no such type.
Result<WriteSchema> MakeWriteSchema(const arrow::Schema& schema);

/// The type without extension, dictionary and run-end layers; intervals become text.
columnar::TypePtr StorageType(const columnar::TypePtr& type);

}  // namespace thalweg::codecs::parquet
