#pragma once

#include <memory>
#include <string>
#include <vector>

#include "codecs/csv_column.h"
#include "codecs/csv_format.h"
#include "codecs/stream_slab.h"
#include "engine/codec.h"

namespace thalweg::codecs {

/// Decodes slabs of delimited text. The text is indexed in stretches that stay in the cache,
/// checked for the number of fields, and read column by column; columns that are not asked for are
/// only skipped.
class CsvDecoder final : public engine::Decoder {
 public:
  static Result<std::unique_ptr<engine::Decoder>> Make(std::shared_ptr<const CsvFormat> format,
                                                       const engine::Projection& projection,
                                                       int64_t batch_rows_max);

  Status Decode(const engine::Slab& slab, engine::Emitter& out) override;

 private:
  struct Column {
    size_t field;  // In the record.
    std::unique_ptr<CsvColumnReader> reader;
  };
  /// A record to be rejected. `reason` is set where it is not a field's value.
  struct Refused {
    uint32_t begin = 0;
    uint32_t end = 0;
    size_t field = 0;
    bool whole = false;
    std::string reason;
  };

  CsvDecoder(std::shared_ptr<const CsvFormat> format, int64_t batch_rows_max)
      : format_(std::move(format)), batch_rows_max_(batch_rows_max) {}

  Status BeginSlab(const engine::Slab& slab);
  /// Skips what stands before the first record and checks the header.
  Result<size_t> SkipPreamble() const;
  Status CheckHeader(std::string_view record) const;
  /// Takes the whole records that have been indexed; keeps what is left for the next stretch.
  Status TakeRecords(size_t whole_records, bool non_ascii, bool last, engine::Emitter& out);
  bool IsRegular(size_t records) const;
  /// Checks record by record; good ones go to `packed_`.
  void PackRecords(size_t separators, bool check_utf8);
  Status AppendPacked(engine::Emitter& out);
  bool PackRecord(const uint32_t* bounds, size_t fields);
  void RejectUtf8(const uint32_t* bounds, size_t fields);
  Status AppendBlock(FieldBlock block, engine::Emitter& out);
  void RefuseFields(const FieldBlock& block, const std::vector<BadField>& bad, size_t field);
  Status BeginBatch();
  Status FlushBatch(engine::Emitter& out);
  Status EmitRefused(engine::Emitter& out);
  std::string ReasonOf(const CsvColumn& column, std::string_view field, bool quoting) const;
  std::string_view Text(size_t begin, size_t end) const { return text_.substr(begin, end - begin); }

  const std::shared_ptr<const CsvFormat> format_;
  const int64_t batch_rows_max_;
  std::vector<Column> columns_;
  columnar::SchemaPtr schema_;

  // The slab.
  SlabText slab_;
  std::string_view text_;
  size_t fast_end_ = 0;

  // The stretch: index_[0] + 1 is where the first record starts, then come the separators.
  std::vector<uint32_t> index_;
  size_t separators_ = 0;
  bool non_ascii_ = false;  // In what is left over from the stretch before.
  std::vector<uint32_t> packed_;
  size_t packed_records_ = 0;

  // The batch.
  int64_t rows_ = 0;
  size_t last_rows_ = 0;  // Of the batch before.
  std::shared_ptr<std::vector<uint32_t>> row_offsets_;
  uint32_t batch_end_ = 0;
  std::vector<int32_t> bad_rows_;
  std::vector<BadField> bad_;
  std::vector<Refused> refused_;
};

}  // namespace thalweg::codecs
