#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "marc/batch_builder.h"
#include "thalweg/marc/formats.h"

// What the readers of text formats share: a window on the input, and the loop that makes batches.
namespace thalweg::marc {

/// The part of an input that is being looked at.
class TextInput {
 public:
  explicit TextInput(Reader::ReadBytes read) : read_(std::move(read)) {}

  /// From the place that was skipped to. Valid until the next call of `More`.
  std::string_view text() const { return std::string_view(buffer_).substr(start_); }
  /// Reads on; false at the end of the input, and then nothing has changed.
  Result<bool> More();
  void Skip(size_t bytes) { start_ += bytes; }
  /// Of `text` in the input.
  int64_t offset() const { return offset_ + static_cast<int64_t>(start_); }
  bool ended() const { return ended_; }

 private:
  Reader::ReadBytes read_;
  std::string buffer_;
  size_t start_ = 0;
  size_t read_size_ = size_t{64} << 10;
  int64_t offset_ = 0;  // Of the buffer's first byte.
  bool ended_ = false;
};

/// A source that takes one record's text at a time from its input.
class TextSource : public RecordSource {
 public:
  TextSource(Format format, Reader::ReadBytes read, ReaderOptions options)
      : input_(std::move(read)), builder_(options), options_(std::move(options)), format_(format) {}
  Result<RecordBatch> ReadBatch() final;
  Format format() const final { return format_; }

 protected:
  /// Reads one record, or what stands in a record's place; false at the end of the input.
  virtual Result<bool> ReadRecord() = 0;

  TextInput input_;
  BatchBuilder builder_;
  ReaderOptions options_;

 private:
  Format format_;
  bool ended_ = false;
};

std::unique_ptr<RecordSource> MakeJsonSource(Format format, Reader::ReadBytes read,
                                             ReaderOptions options);
std::unique_ptr<RecordSource> MakeMarcXmlSource(Format format, Reader::ReadBytes read,
                                                ReaderOptions options);
std::unique_ptr<RecordSource> MakeMrkSource(Reader::ReadBytes read, ReaderOptions options);
std::unique_ptr<RecordSource> MakeLineSource(Reader::ReadBytes read, ReaderOptions options);
std::unique_ptr<RecordSource> MakeLongCsvSource(Reader::ReadBytes read, ReaderOptions options);

}  // namespace thalweg::marc
