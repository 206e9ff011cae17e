#include <algorithm>
#include <utility>
#include <vector>

#include "io/errno_status.h"
#include "marc/reject_file.h"
#include "thalweg/marc/process.h"

namespace thalweg::marc {
namespace {

// What a thread made of a batch.
struct Encoded {
  std::string text;
  int64_t written = 0;
  int64_t left_out = 0;
  std::vector<std::shared_ptr<void>> notes;  // One a changed record.
  std::vector<Record> kept;                  // Where the encoder needs the order.
  std::vector<std::pair<size_t, Status>> refused;
};

class Conversion {
 public:
  Conversion(const ConvertOptions& options, Format format) : options_(options), format_(format) {}

  Status Open() {
    THALWEG_ASSIGN_OR_RETURN(encoder_, MakeEncoder(format_, options_.encoder));
    Result<RecordWriter> writer =
        RecordWriter::Create(options_.output, options_.force, format_, options_.encoder);
    if (!writer.ok()) return std::move(writer).status();
    writer_ = std::make_unique<RecordWriter>(*std::move(writer));
    return {};
  }

  Result<std::shared_ptr<void>> Work(const RecordBatch& batch) const {
    auto made = std::make_shared<Encoded>();
    made->text.reserve(static_cast<size_t>(std::max<int64_t>(batch.bytes, 0)) * 2);
    for (size_t i = 0; i < batch.records.size(); ++i) {
      Verdict verdict = Verdict::kKeep;
      Record changed;
      std::shared_ptr<void> note;
      if (options_.each) {
        THALWEG_ASSIGN_OR_RETURN(verdict, options_.each(batch.records[i], &changed, &note));
      }
      if (verdict == Verdict::kLeaveOut) {
        ++made->left_out;
        continue;
      }
      if (verdict == Verdict::kChanged) made->notes.push_back(std::move(note));
      if (encoder_->needs_index()) {
        made->kept.push_back(verdict == Verdict::kChanged ? std::move(changed) : batch.Own(i));
        continue;
      }
      Encode(verdict == Verdict::kChanged ? changed.view() : batch.records[i], i, made.get());
    }
    return std::shared_ptr<void>(std::move(made));
  }

  Result<bool> Take(const RecordBatch& batch, const std::shared_ptr<void>& made) {
    auto& encoded = *static_cast<Encoded*>(made.get());
    report_.left_out += encoded.left_out;
    report_.changed += static_cast<int64_t>(encoded.notes.size());
    if (options_.on_change) {
      for (const std::shared_ptr<void>& note : encoded.notes) options_.on_change(note);
    }
    Status status = Write(encoded);
    // Whoever reads a pipe has seen enough: that is an end like any other.
    closed_ = io::IsClosedPipe(status);
    if (closed_) return false;
    THALWEG_RETURN_IF_ERROR(std::move(status));
    for (const auto& [place, why] : encoded.refused) {
      THALWEG_RETURN_IF_ERROR(Refuse(batch.chunks[place], batch.records[place], why));
    }
    return true;
  }

  Result<ConvertReport> Finish(InputReport input) {
    if (!closed_) {
      Status status = writer_->Close();
      if (!io::IsClosedPipe(status)) THALWEG_RETURN_IF_ERROR(std::move(status));
    }
    report_.written = writer_->records_written();
    report_.bytes_written = writer_->bytes_written();
    report_.input = std::move(input);
    if (refusals_) {
      THALWEG_RETURN_IF_ERROR(refusals_->Commit());
      std::string& names = report_.input.rejects;
      names += (names.empty() ? "" : ", ") + refusals_->names();
    }
    return std::move(report_);
  }

 private:
  Status Write(const Encoded& encoded) {
    for (const Record& record : encoded.kept) {
      Status status = writer_->Write(record);
      if (status.code() == StatusCode::kInvalidArgument) {
        status = Refuse({}, record, status);
      }
      THALWEG_RETURN_IF_ERROR(std::move(status));
    }
    return writer_->WriteEncoded(encoded.text, encoded.written);
  }

  void Encode(const RecordView& record, size_t place, Encoded* made) const {
    const size_t before = made->text.size();
    if (made->written > 0) made->text.append(encoder_->between());
    Status status = encoder_->Append(record, 0, &made->text);
    if (status.ok()) {
      ++made->written;
      return;
    }
    made->text.resize(before);
    made->refused.emplace_back(place, std::move(status));
  }

  Status Refuse(std::string_view raw, const RecordView& record, const Status& why) {
    ++report_.refused;
    if (report_.first_refusal.empty()) {
      report_.first_refusal =
          "001 '" + std::string(record.control_number()) + "': " + why.message();
    }
    if (!options_.input.rejects) return {};
    if (!refusals_) refusals_ = std::make_unique<RejectFile>(*options_.input.rejects);
    if (!raw.empty()) return refusals_->Append(raw, Format::kIso2709);
    std::string text;
    AppendMarcInJson(record, false, &text);
    return refusals_->Append(text, Format::kJsonLines);
  }

  const ConvertOptions& options_;
  Format format_;
  std::unique_ptr<RecordEncoder> encoder_;
  std::unique_ptr<RecordWriter> writer_;
  std::unique_ptr<RejectFile> refusals_;
  ConvertReport report_;
  bool closed_ = false;
};

}  // namespace

Result<Format> OutputFormat(const ConvertOptions& options, std::stop_token stop) {
  if (options.format) return *options.format;
  if (options.output != "-") {
    if (const auto format = FormatOfPath(options.output)) return *format;
  }
  if (options.input.format) return *options.input.format;
  THALWEG_ASSIGN_OR_RETURN(const auto paths, ExpandPaths(options.input.paths));
  // Standard input cannot be looked at and then read again.
  if (paths.empty() || paths[0] == "-") return Format::kIso2709;
  THALWEG_ASSIGN_OR_RETURN(const auto source, OpenSource(paths[0], {}, {}, std::move(stop)));
  return source->format();
}

Result<ConvertReport> Convert(const ConvertOptions& options, std::stop_token stop) {
  THALWEG_ASSIGN_OR_RETURN(const Format format, OutputFormat(options, stop));
  Conversion conversion(options, format);
  THALWEG_RETURN_IF_ERROR(conversion.Open());
  THALWEG_ASSIGN_OR_RETURN(
      InputReport input,
      ProcessRecords(
          options.input, [&](const RecordBatch& batch) { return conversion.Work(batch); },
          [&](const RecordBatch& batch, const std::shared_ptr<void>& made) {
            return conversion.Take(batch, made);
          },
          stop));
  if (options.before_commit) options.before_commit();
  return conversion.Finish(std::move(input));
}

}  // namespace thalweg::marc
