#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// The metadata of a Parquet file that the encoder writes: the subset of
// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
// that it needs, with the numbers of that file.
namespace thalweg::codecs::parquet {

enum class PhysicalType : int32_t {
  kBoolean = 0,
  kInt32 = 1,
  kInt64 = 2,
  kFloat = 4,
  kDouble = 5,
  kByteArray = 6,
  kFixedLenByteArray = 7,
};

enum class Repetition : int32_t { kRequired = 0, kOptional = 1, kRepeated = 2 };

enum class PageEncoding : int32_t { kPlain = 0, kRle = 3, kRleDictionary = 8 };

enum class Compression : int32_t {
  kNone = 0,
  kSnappy = 1,
  kGzip = 2,
  kBrotli = 4,
  kZstd = 6,
  kLz4Raw = 7,
};

enum class LogicalKind : uint8_t {
  kNone,
  kString,
  kList,
  kMap,
  kDecimal,
  kDate,
  kTime,
  kTimestamp,
  kInteger,
  kUnknown,
  kUuid,
  kFloat16,
};

/// The numbers are those of Thrift's `TimeUnit` union.
enum class TimeUnit : int16_t { kMillis = 1, kMicros = 2, kNanos = 3 };

struct Logical {
  LogicalKind kind = LogicalKind::kNone;
  TimeUnit unit = TimeUnit::kMicros;  ///< kTime, kTimestamp.
  bool utc = false;                   ///< kTime, kTimestamp.
  int8_t bits = 64;                   ///< kInteger.
  bool is_signed = true;              ///< kInteger.
  int32_t precision = 0;              ///< kDecimal.
  int32_t scale = 0;                  ///< kDecimal.
};

struct SchemaElement {
  std::string name;
  std::optional<PhysicalType> type;  ///< Empty: a group.
  int32_t type_length = 0;           ///< Of a fixed_len_byte_array.
  std::optional<Repetition> repetition;
  int32_t num_children = 0;
  Logical logical;
};

/// Bounds are plain-encoded values without a length; both or none.
struct ColumnStatistics {
  int64_t null_count = 0;
  std::optional<std::string> min;
  std::optional<std::string> max;
};

/// One column of one row group. Offsets count from the first byte of the row group.
struct ColumnChunkMeta {
  bool dictionary = false;
  int32_t data_pages = 0;
  int64_t num_values = 0;  ///< Levels, so nulls count.
  int64_t uncompressed_size = 0;
  int64_t compressed_size = 0;
  int64_t dictionary_page_offset = -1;  ///< -1: none.
  int64_t data_page_offset = 0;
  ColumnStatistics statistics;
};

struct RowGroupMeta {
  int64_t num_rows = 0;
  int64_t file_offset = 0;  ///< Of the first byte of the row group.
  std::vector<ColumnChunkMeta> columns;
};

/// What a column chunk repeats of the schema.
struct LeafPath {
  std::vector<std::string> names;
  PhysicalType type = PhysicalType::kInt32;
};

struct FileMeta {
  std::vector<SchemaElement> schema;  ///< Depth first, the root included.
  std::vector<LeafPath> leaves;
  std::vector<RowGroupMeta> row_groups;
  std::vector<std::pair<std::string, std::string>> key_values;
  std::string created_by;
  Compression compression = Compression::kZstd;
};

/// The footer's bytes, without its length and magic.
std::string SerializeFileMeta(const FileMeta& meta);

struct DataPageInfo {
  int32_t num_values = 0;
  PageEncoding encoding = PageEncoding::kPlain;
};

void AppendDataPageHeader(const DataPageInfo& page, int32_t uncompressed, int32_t compressed,
                          std::string* out);
void AppendDictionaryPageHeader(int32_t num_values, int32_t uncompressed, int32_t compressed,
                                std::string* out);

}  // namespace thalweg::codecs::parquet
