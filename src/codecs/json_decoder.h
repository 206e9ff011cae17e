#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/json_column.h"
#include "codecs/json_format.h"
#include "codecs/stream_slab.h"
#include "engine/codec.h"

namespace thalweg::codecs {

/// Decodes slabs of JSON records in one pass, without an index or a tree in between.
class JsonDecoder final : public engine::Decoder {
 public:
  static Result<std::unique_ptr<engine::Decoder>> Make(std::shared_ptr<const JsonFormat> format,
                                                       const engine::Projection& projection,
                                                       int64_t batch_rows_max);

  Status Decode(const engine::Slab& slab, engine::Emitter& out) override;

 private:
  JsonDecoder(std::shared_ptr<const JsonFormat> format, int64_t batch_rows_max)
      : format_(std::move(format)), batch_rows_max_(batch_rows_max) {}

  Status AddColumns(const engine::Projection& projection);
  Status DecodeLines(JsonWalker& walker, engine::Emitter& out);
  Status DecodeSpace(JsonWalker& walker, engine::Emitter& out);
  Status DecodeArray(JsonWalker& walker, engine::Emitter& out);
  /// Reads one record into the columns. On false the row is there and is to be refused.
  bool ReadRecord(JsonWalker& walker);
  /// True where the next record is no UTF-8: it has been refused and passed.
  Result<bool> RefuseBadUtf8(JsonWalker& walker, engine::Emitter& out);
  Status BeginRow(const char* begin);
  /// Ends the row that `BeginRow` began; a refused one goes to `out` with its bytes up to `end`.
  Status EndRow(bool good, const char* end, JsonWalker& walker, engine::Emitter& out);
  Status Refuse(const char* end, JsonWalker& walker, engine::Emitter& out);
  /// Where a record ends, whatever it holds, as the splitter sees it.
  const char* EndOfRecord(const char* begin) const;
  Status FlushBatch(engine::Emitter& out);
  size_t OffsetOf(const char* p) const { return static_cast<size_t>(p - slab_.text().data()); }
  Status NotAnArray(const JsonWalker& walker, const char* reason);

  const std::shared_ptr<const JsonFormat> format_;
  const int64_t batch_rows_max_;
  JsonFields fields_;                        // Of a record that is an object.
  std::unique_ptr<JsonColumnReader> value_;  // Of one that is not.
  std::vector<JsonColumnReader*> columns_;   // In the order of the projection.
  columnar::SchemaPtr schema_;

  SlabText slab_;
  bool valid_utf8_ = true;
  int64_t rows_ = 0;
  const char* row_begin_ = nullptr;
  const char* batch_end_ = nullptr;
  std::shared_ptr<std::vector<uint32_t>> row_offsets_;
  std::vector<int32_t> bad_rows_;
  JsonMisfit misfit_;
  std::string_view bad_field_;
};

}  // namespace thalweg::codecs
