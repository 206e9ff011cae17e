#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codecs/text_print.h"
#include "engine/codec.h"
#include "engine/registry.h"

// Runs a stream codec over a text in one thread, cut as a test wants it.
namespace thalweg::codecs::testing {

/// Keeps what a decoder emits: rows as texts (NULL is `∅`), and the rejected ones.
class Collector final : public engine::Emitter {
 public:
  Status Emit(engine::Batch batch) override {
    rows_per_batch.push_back(batch.num_rows());
    if (!batch.data()->ValidateFull().ok()) {
      return Status::Internal(batch.data()->ValidateFull().ToString());
    }
    schema = batch.schema();
    std::vector<PrintedColumn> columns;
    for (const auto& array : batch.data()->columns()) {
      THALWEG_ASSIGN_OR_RETURN(auto column, PrintedColumn::Make(array));
      columns.push_back(std::move(column));
    }
    for (int64_t i = 0; i < batch.num_rows(); ++i) {
      const int64_t row = batch.selection() ? (*batch.selection())[static_cast<size_t>(i)] : i;
      std::vector<std::string> texts;
      for (const PrintedColumn& column : columns) texts.push_back(TextOf(column, row));
      rows.push_back(std::move(texts));
      if (batch.origin()->row_offsets != nullptr) {
        offsets.push_back(batch.origin()->byte_offset +
                          (*batch.origin()->row_offsets)[static_cast<size_t>(row)]);
      }
    }
    first_lines.push_back(batch.origin()->first_line);
    batches.push_back(std::move(batch));
    return {};
  }
  Status Reject(engine::RejectedRow row) override {
    rejects.push_back(std::move(row));
    return {};
  }
  void CountFiltered(int64_t /*rows*/) override {}

  std::vector<std::vector<std::string>> rows;
  std::vector<int64_t> offsets;
  std::vector<int64_t> rows_per_batch;
  std::vector<int64_t> first_lines;
  std::vector<engine::RejectedRow> rejects;
  std::vector<engine::Batch> batches;
  columnar::SchemaPtr schema;

 private:
  static std::string TextOf(const PrintedColumn& column, int64_t row) {
    if (column.IsNull(row)) return "∅";
    if (column.kind() == PrintedColumn::Kind::kText ||
        column.kind() == PrintedColumn::Kind::kBlob) {
      return std::string(column.Text(row));
    }
    std::string json;
    column.AppendJson(row, &json);
    return json.starts_with('"') ? json.substr(1, json.size() - 2) : json;
  }
};

/// How to run.
struct ReadPlan {
  Options::Given options;
  engine::Projection projection;
  int64_t batch_rows_max = 4096;
  /// Bytes that the splitter is given more of at a time; 0: all at once.
  size_t feed_bytes = 0;
  /// Bytes of the sample; npos: the whole text.
  size_t sample_bytes = std::string::npos;
};

inline Result<std::shared_ptr<const engine::StreamFormat>> Infer(const engine::Codec& codec,
                                                                 std::string_view text,
                                                                 const ReadPlan& plan) {
  THALWEG_ASSIGN_OR_RETURN(const Options options,
                           Options::Parse(codec.spec, plan.options, "read_" + codec.spec.name));
  const std::string_view sample = text.substr(0, plan.sample_bytes);
  return codec.infer(sample, sample.size() == text.size(), options, "test");
}

/// Splits and decodes all of `text`.
inline Status ReadAll(const engine::StreamFormat& format, std::string_view text,
                      const ReadPlan& plan, Collector* out) {
  auto splitter = format.MakeSplitter();
  THALWEG_ASSIGN_OR_RETURN(auto decoder, format.MakeDecoder(plan.projection, plan.batch_rows_max));
  const auto file = std::make_shared<const std::string>("test");
  const auto all = arrow::Buffer::FromString(std::string(text));
  const std::string_view data(reinterpret_cast<const char*>(all->data()), text.size());
  const size_t feed = plan.feed_bytes == 0 ? data.size() + 1 : plan.feed_bytes;
  size_t begin = 0;
  int64_t line = 1;
  bool first = true;
  for (size_t end = std::min(feed, data.size());; end = std::min(end + feed, data.size())) {
    const bool last = end == data.size();
    THALWEG_ASSIGN_OR_RETURN(const engine::Splitter::Cut cut,
                             splitter->Next(data.substr(begin, end - begin), last));
    if (cut.bytes > 0) {
      engine::Slab slab;
      // A slab of its own memory: reading outside of it is seen by the sanitizer.
      slab.owner = arrow::Buffer::FromString(std::string(data.substr(begin, cut.bytes)));
      slab.data = {reinterpret_cast<const char*>(slab.owner->data()), cut.bytes};
      slab.file = file;
      slab.byte_offset = static_cast<int64_t>(begin);
      slab.first_line = line;
      slab.first = first;
      slab.last = last;
      THALWEG_RETURN_IF_ERROR(decoder->Decode(slab, *out));
      begin += cut.bytes;
      line += cut.lines;
      first = false;
    }
    if (last) return {};
  }
}

inline Result<Collector> Read(const engine::Codec& codec, std::string_view text,
                              const ReadPlan& plan = {}) {
  THALWEG_ASSIGN_OR_RETURN(const auto format, Infer(codec, text, plan));
  Collector out;
  THALWEG_RETURN_IF_ERROR(ReadAll(*format, text, plan, &out));
  return out;
}

/// `name TYPE, name TYPE`.
inline std::string SchemaText(const arrow::Schema& schema) {
  std::string text;
  for (const auto& field : schema.fields()) {
    if (!text.empty()) text += ", ";
    text += field->name() + ' ' + columnar::SqlTypeName(*field->type());
  }
  return text;
}

}  // namespace thalweg::codecs::testing
