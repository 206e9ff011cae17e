#include <memory>
#include <string>

#include "codecs/json_format.h"
#include "codecs/text_scan.h"

namespace thalweg::codecs {
namespace {

Status TooLong(const JsonFormat& format, int64_t line, int64_t offset, size_t size) {
  return Status::ResourceExhausted("json: the record that starts on line " + std::to_string(line) +
                                   " (byte " + std::to_string(offset) +
                                   ") is longer than maximum_object_size: " + std::to_string(size) +
                                   " > " + std::to_string(format.record_bytes_max) + " bytes");
}

/// One record a line: a newline can stand in no string, so that each one ends a record.
class LineSplitter final : public engine::Splitter {
 public:
  explicit LineSplitter(const JsonFormat& format) : format_(format) {}

  Result<Cut> Next(std::string_view data, bool end_of_input) override {
    Cut cut;
    const std::string_view fresh = data.substr(std::min(scanned_, data.size()));
    const size_t newline = fresh.rfind('\n');
    if (end_of_input) {
      cut.bytes = data.size();
    } else if (newline != std::string_view::npos) {
      cut.bytes = data.size() - fresh.size() + newline + 1;
    }
    if (cut.bytes > 0) cut.lines = CountByte(data.substr(0, cut.bytes), '\n');
    scanned_ = data.size() - cut.bytes;
    lines_ += cut.lines;
    offset_ += static_cast<int64_t>(cut.bytes);
    if (static_cast<int64_t>(scanned_) > format_.record_bytes_max) {
      return TooLong(format_, lines_ + 1, offset_, scanned_);
    }
    return cut;
  }

 private:
  const JsonFormat& format_;
  size_t scanned_ = 0;  // Bytes behind the last cut, which hold no newline.
  int64_t lines_ = 0;
  int64_t offset_ = 0;
};

/// Records found by their brackets. Each byte is looked at once.
class BracketSplitter final : public engine::Splitter {
 public:
  explicit BracketSplitter(const JsonFormat& format)
      : format_(format), brackets_(format.layout, format.layout == JsonLayout::kArray ? 1 : 0) {}

  Result<Cut> Next(std::string_view data, bool end_of_input) override {
    Cut cut;
    for (size_t i = scanned_; i < data.size(); ++i) {
      if (data[i] == '\n') ++pending_lines_;
      const bool before = brackets_.in_string();
      if (brackets_.Step(data[i])) {
        cut.bytes = i + 1;
        cut.lines += pending_lines_;
        pending_lines_ = 0;
      } else if (!before && brackets_.in_string()) {
        string_line_ = lines_ + cut.lines + pending_lines_ + 1;
      }
    }
    if (end_of_input) {
      if (brackets_.in_string()) {
        return Status::Corruption("json: the string that opens on line " +
                                  std::to_string(string_line_) + " is never closed");
      }
      if (format_.layout == JsonLayout::kArray && brackets_.depth() > 0) {
        return Status::Corruption("json: the array is not closed at the end of the input");
      }
      cut.bytes = data.size();
      cut.lines += pending_lines_;
    }
    scanned_ = data.size() - cut.bytes;
    lines_ += cut.lines;
    offset_ += static_cast<int64_t>(cut.bytes);
    if (static_cast<int64_t>(scanned_) > format_.record_bytes_max) {
      return TooLong(format_, lines_ + 1, offset_, scanned_);
    }
    return cut;
  }

 private:
  const JsonFormat& format_;
  JsonBrackets brackets_;
  size_t scanned_ = 0;
  int64_t pending_lines_ = 0;  // In the bytes behind the last cut.
  int64_t lines_ = 0;
  int64_t offset_ = 0;
  int64_t string_line_ = 0;
};

}  // namespace

std::unique_ptr<engine::Splitter> MakeJsonSplitter(const JsonFormat& format) {
  if (format.layout == JsonLayout::kLines) return std::make_unique<LineSplitter>(format);
  return std::make_unique<BracketSplitter>(format);
}

}  // namespace thalweg::codecs
