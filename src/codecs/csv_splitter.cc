#include "codecs/csv_splitter.h"

#include <algorithm>
#include <string>

namespace thalweg::codecs {

Result<engine::Splitter::Cut> CsvSplitter::Next(std::string_view data, bool end_of_input) {
  if (!preamble_done_) {
    const auto begin = CsvPreambleEnd(format_, data, end_of_input);
    if (!begin.has_value()) {
      if (static_cast<int64_t>(data.size()) > format_.record_bytes_max) return TooLong(data);
      return Cut{};
    }
    preamble_done_ = true;
    scanned_ = first_record_ = *begin;
    scanned_lines_ = CountByte(data.substr(0, *begin), format_.dialect.newline);
  }
  const ScanEnds ends = BestScanKernel().split(
      format_.dialect, data.data(), std::min(scanned_, data.size()), data.size(), &state_);
  Cut cut;
  if (ends.last_end != ScanEnds::kNone) {
    cut.bytes = ends.last_end;
    cut.lines = scanned_lines_ + ends.lines_to_last;
    scanned_lines_ = ends.lines - ends.lines_to_last;
    scanned_ = data.size() - cut.bytes;
    first_record_ = 0;
  } else {
    scanned_lines_ += ends.lines;
    scanned_ = data.size();
  }
  lines_cut_ += cut.lines;
  bytes_cut_ += static_cast<int64_t>(cut.bytes);
  const std::string_view rest = data.substr(cut.bytes);
  if (end_of_input) {
    if (state_.quoted) return UnclosedQuote(rest);
    if (static_cast<int64_t>(rest.size()) > format_.record_bytes_max) return TooLong(rest);
    cut.bytes = data.size();
    cut.lines += scanned_lines_;
    scanned_ = 0;
    scanned_lines_ = 0;
  } else if (static_cast<int64_t>(rest.size()) > format_.record_bytes_max) {
    return state_.quoted ? UnclosedQuote(rest) : TooLong(rest);
  }
  return cut;
}

Status CsvSplitter::TooLong(std::string_view data) const {
  return Status::ResourceExhausted(
      "csv: the record that starts on line " + std::to_string(lines_cut_ + 1) + " (byte " +
      std::to_string(bytes_cut_) + ") is longer than max_line_size: " +
      std::to_string(data.size()) + " > " + std::to_string(format_.record_bytes_max) + " bytes");
}

Status CsvSplitter::UnclosedQuote(std::string_view data) const {
  // The last byte that took the machine from outside quotes to inside.
  ScanState state;
  size_t opened = first_record_;
  for (size_t i = first_record_; i < data.size(); ++i) {
    const bool before = state.quoted || state.closed;
    uint64_t separator = 0;
    uint64_t end = 0;
    internal::ScanBytes(format_.dialect, data.data() + i, 1, &state, &separator, &end);
    if (!before && state.quoted) opened = i;
  }
  const int64_t line = lines_cut_ + 1 + CountByte(data.substr(0, opened), format_.dialect.newline);
  const std::string place = "csv: the quote that opens on line " + std::to_string(line) +
                            " (byte " + std::to_string(bytes_cut_ + static_cast<int64_t>(opened)) +
                            ")";
  constexpr const char* kRemedy = "; if quotes are plain text in this file, give quote := ''";
  if (static_cast<int64_t>(data.size()) > format_.record_bytes_max) {
    return Status::ResourceExhausted(place + " is not closed within max_line_size (" +
                                     std::to_string(format_.record_bytes_max) + " bytes)" +
                                     kRemedy);
  }
  return Status::Corruption(place + " is never closed" + kRemedy);
}

}  // namespace thalweg::codecs
