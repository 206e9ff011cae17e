#include "codecs/parquet_format.h"

#include <limits>

#include "codecs/parquet_thrift.h"

namespace thalweg::codecs::parquet {

namespace {

constexpr int32_t kPageData = 0;
constexpr int32_t kPageDictionary = 2;

// The older annotation, for readers that do not know the logical types; -1 where there is none.
int32_t ConvertedType(const Logical& logical) {
  switch (logical.kind) {
    case LogicalKind::kString:
      return 0;
    case LogicalKind::kMap:
      return 1;
    case LogicalKind::kList:
      return 3;
    case LogicalKind::kDecimal:
      return 5;
    case LogicalKind::kDate:
      return 6;
    case LogicalKind::kTime:
      if (!logical.utc || logical.unit == TimeUnit::kNanos) return -1;
      return logical.unit == TimeUnit::kMillis ? 7 : 8;
    case LogicalKind::kTimestamp:
      // The old types are instants, so a local time must not carry them.
      if (!logical.utc || logical.unit == TimeUnit::kNanos) return -1;
      return logical.unit == TimeUnit::kMillis ? 9 : 10;
    case LogicalKind::kInteger: {
      const int32_t step = logical.bits == 8    ? 0
                           : logical.bits == 16 ? 1
                           : logical.bits == 32 ? 2
                                                : 3;
      return (logical.is_signed ? 15 : 11) + step;
    }
    default:
      return -1;
  }
}

void WriteLogical(const Logical& logical, ThriftWriter* w) {
  w->BeginStruct(10);
  switch (logical.kind) {
    case LogicalKind::kString:
      w->EmptyStruct(1);
      break;
    case LogicalKind::kMap:
      w->EmptyStruct(2);
      break;
    case LogicalKind::kList:
      w->EmptyStruct(3);
      break;
    case LogicalKind::kDecimal:
      w->BeginStruct(5);
      w->I32(1, logical.scale);
      w->I32(2, logical.precision);
      w->End();
      break;
    case LogicalKind::kDate:
      w->EmptyStruct(6);
      break;
    case LogicalKind::kTime:
    case LogicalKind::kTimestamp:
      w->BeginStruct(logical.kind == LogicalKind::kTime ? 7 : 8);
      w->Bool(1, logical.utc);
      w->BeginStruct(2);
      w->EmptyStruct(static_cast<int16_t>(logical.unit));
      w->End();
      w->End();
      break;
    case LogicalKind::kInteger:
      w->BeginStruct(10);
      w->I8(1, logical.bits);
      w->Bool(2, logical.is_signed);
      w->End();
      break;
    case LogicalKind::kUnknown:
      w->EmptyStruct(11);
      break;
    case LogicalKind::kUuid:
      w->EmptyStruct(14);
      break;
    case LogicalKind::kFloat16:
      w->EmptyStruct(15);
      break;
    case LogicalKind::kNone:
      break;
  }
  w->End();
}

void WriteSchemaElement(const SchemaElement& element, ThriftWriter* w) {
  w->BeginStruct();
  if (element.type) w->I32(1, static_cast<int32_t>(*element.type));
  if (element.type == PhysicalType::kFixedLenByteArray) w->I32(2, element.type_length);
  if (element.repetition) w->I32(3, static_cast<int32_t>(*element.repetition));
  w->Binary(4, element.name);
  if (!element.type) w->I32(5, element.num_children);
  if (const int32_t converted = ConvertedType(element.logical); converted >= 0) {
    w->I32(6, converted);
  }
  if (element.logical.kind == LogicalKind::kDecimal) {
    w->I32(7, element.logical.scale);
    w->I32(8, element.logical.precision);
  }
  if (element.logical.kind != LogicalKind::kNone) WriteLogical(element.logical, w);
  w->End();
}

void WriteStatistics(const ColumnStatistics& statistics, ThriftWriter* w) {
  w->BeginStruct(12);
  w->I64(3, statistics.null_count);
  if (statistics.min && statistics.max) {
    w->Binary(5, *statistics.max);
    w->Binary(6, *statistics.min);
    w->Bool(7, true);
    w->Bool(8, true);
  }
  w->End();
}

void WriteEncodingStats(int32_t page_type, PageEncoding encoding, int32_t count, ThriftWriter* w) {
  w->BeginStruct();
  w->I32(1, page_type);
  w->I32(2, static_cast<int32_t>(encoding));
  w->I32(3, count);
  w->End();
}

void WriteColumnChunk(const ColumnChunkMeta& chunk, const LeafPath& leaf, Compression compression,
                      int64_t base, ThriftWriter* w) {
  const PageEncoding encoding =
      chunk.dictionary ? PageEncoding::kRleDictionary : PageEncoding::kPlain;
  w->BeginStruct();
  w->I64(2, 0);  // Deprecated; the format asks for zero.
  w->BeginStruct(3);
  w->I32(1, static_cast<int32_t>(leaf.type));
  w->BeginList(2, ThriftWriter::Element::kI32, chunk.dictionary ? 3 : 2);
  w->ElementI32(static_cast<int32_t>(PageEncoding::kPlain));
  w->ElementI32(static_cast<int32_t>(PageEncoding::kRle));
  if (chunk.dictionary) w->ElementI32(static_cast<int32_t>(PageEncoding::kRleDictionary));
  w->BeginList(3, ThriftWriter::Element::kBinary, leaf.names.size());
  for (const std::string& name : leaf.names) w->ElementBinary(name);
  w->I32(4, static_cast<int32_t>(compression));
  w->I64(5, chunk.num_values);
  w->I64(6, chunk.uncompressed_size);
  w->I64(7, chunk.compressed_size);
  w->I64(9, base + chunk.data_page_offset);
  if (chunk.dictionary) w->I64(11, base + chunk.dictionary_page_offset);
  WriteStatistics(chunk.statistics, w);
  w->BeginList(13, ThriftWriter::Element::kStruct, chunk.dictionary ? 2 : 1);
  if (chunk.dictionary) WriteEncodingStats(kPageDictionary, PageEncoding::kPlain, 1, w);
  WriteEncodingStats(kPageData, encoding, chunk.data_pages, w);
  w->End();
  w->End();
}

void WriteRowGroup(const FileMeta& meta, size_t index, ThriftWriter* w) {
  const RowGroupMeta& group = meta.row_groups[index];
  int64_t uncompressed = 0;
  int64_t compressed = 0;
  w->BeginStruct();
  w->BeginList(1, ThriftWriter::Element::kStruct, group.columns.size());
  for (size_t i = 0; i < group.columns.size(); ++i) {
    const ColumnChunkMeta& chunk = group.columns[i];
    WriteColumnChunk(chunk, meta.leaves[i], meta.compression, group.file_offset, w);
    uncompressed += chunk.uncompressed_size;
    compressed += chunk.compressed_size;
  }
  w->I64(2, uncompressed);
  w->I64(3, group.num_rows);
  w->I64(5, group.file_offset);
  w->I64(6, compressed);
  if (index <= static_cast<size_t>(std::numeric_limits<int16_t>::max())) {
    w->I16(7, static_cast<int16_t>(index));
  }
  w->End();
}

}  // namespace

std::string SerializeFileMeta(const FileMeta& meta) {
  std::string out;
  ThriftWriter w(&out);
  int64_t rows = 0;
  for (const RowGroupMeta& group : meta.row_groups) rows += group.num_rows;
  w.BeginStruct();
  w.I32(1, 2);  // The format's version.
  w.BeginList(2, ThriftWriter::Element::kStruct, meta.schema.size());
  for (const SchemaElement& element : meta.schema) WriteSchemaElement(element, &w);
  w.I64(3, rows);
  w.BeginList(4, ThriftWriter::Element::kStruct, meta.row_groups.size());
  for (size_t i = 0; i < meta.row_groups.size(); ++i) WriteRowGroup(meta, i, &w);
  if (!meta.key_values.empty()) {
    w.BeginList(5, ThriftWriter::Element::kStruct, meta.key_values.size());
    for (const auto& [key, value] : meta.key_values) {
      w.BeginStruct();
      w.Binary(1, key);
      w.Binary(2, value);
      w.End();
    }
  }
  w.Binary(6, meta.created_by);
  // Without this list readers must ignore the bounds.
  w.BeginList(7, ThriftWriter::Element::kStruct, meta.leaves.size());
  for (size_t i = 0; i < meta.leaves.size(); ++i) {
    w.BeginStruct();
    w.EmptyStruct(1);
    w.End();
  }
  w.End();
  return out;
}

void AppendDataPageHeader(const DataPageInfo& page, int32_t uncompressed, int32_t compressed,
                          std::string* out) {
  ThriftWriter w(out);
  w.BeginStruct();
  w.I32(1, kPageData);
  w.I32(2, uncompressed);
  w.I32(3, compressed);
  w.BeginStruct(5);
  w.I32(1, page.num_values);
  w.I32(2, static_cast<int32_t>(page.encoding));
  w.I32(3, static_cast<int32_t>(PageEncoding::kRle));
  w.I32(4, static_cast<int32_t>(PageEncoding::kRle));
  w.End();
  w.End();
}

void AppendDictionaryPageHeader(int32_t num_values, int32_t uncompressed, int32_t compressed,
                                std::string* out) {
  ThriftWriter w(out);
  w.BeginStruct();
  w.I32(1, kPageDictionary);
  w.I32(2, uncompressed);
  w.I32(3, compressed);
  w.BeginStruct(7);
  w.I32(1, num_values);
  w.I32(2, static_cast<int32_t>(PageEncoding::kPlain));
  w.End();
  w.End();
}

}  // namespace thalweg::codecs::parquet
