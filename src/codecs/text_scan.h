#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

// The structural scan of delimited text: where fields and records end, with quotes taken exactly.
// Splitter, decoder and inference share it, so they can never disagree about a boundary.
//
// A quote opens only as the first byte of a field. Inside quotes two quotes are one, a single one
// closes; what follows up to the next delimiter is unquoted, and quotes in it are plain bytes.
namespace thalweg::codecs {

/// The bytes that give a text its structure. All differ from each other, except that `escape` may
/// be `quote`; none is NUL.
struct TextDialect {
  char delimiter = ',';
  char quote = '"';
  char escape = '"';    ///< Equal to `quote`: doubled quotes. Otherwise it shields the next byte.
  char newline = '\n';  ///< `\n` (a `\r` before it belongs to it), or `\r` alone.
  char comment = '#';
  bool has_quote = true;
  bool has_comment = false;  ///< A record whose first byte is `comment` is skipped.

  /// True where the vector scan covers the dialect; the others take the byte-wise machine.
  bool simple() const { return !has_comment && (!has_quote || escape == quote); }
};

/// Where a scan stands between two bytes. A new one stands at the start of a record.
struct ScanState {
  bool record_start = true;
  bool field_start = true;
  bool quoted = false;
  bool closed = false;   ///< The byte before closed a quoted part: a quote now is a doubled one.
  bool escaped = false;  ///< The byte before was an escape inside quotes.
  bool comment = false;
};

/// What a stretch of text held, gathered on the way.
struct ScanFacts {
  bool non_ascii = false;
  bool quotes = false;  ///< A quote byte occurred, wherever.
  size_t records = 0;   ///< Record ends.
};

/// Record ends in a stretch of text.
struct ScanEnds {
  static constexpr size_t kNone = ~size_t{0};
  size_t last_end = kNone;    ///< Offset behind the last newline that ends a record.
  int64_t lines_to_last = 0;  ///< Newlines before `last_end`, also inside quotes.
  int64_t lines = 0;          ///< Newlines in the whole stretch.
};

/// One implementation of the scan. All give the same answers; they differ in speed.
struct ScanKernel {
  const char* name;
  /// Writes the offsets (from `data`) of the delimiters and newlines in [begin, end) that are not
  /// quoted to `out`, which has room for `end - begin + 64`; returns their number. `data + end` is
  /// at most 4 GiB behind `data`.
  size_t (*index)(const TextDialect& dialect, const char* data, size_t begin, size_t end,
                  ScanState* state, ScanFacts* facts, uint32_t* out);
  /// Finds record ends in [begin, end).
  ScanEnds (*split)(const TextDialect& dialect, const char* data, size_t begin, size_t end,
                    ScanState* state);
  /// Occurrences of `byte` in [data, data + size).
  int64_t (*count)(const char* data, size_t size, char byte);
};

/// The fastest kernel of this machine.
const ScanKernel& BestScanKernel();
/// Every kernel that this machine can run; the portable one is first.
std::vector<const ScanKernel*> UsableScanKernels();

inline int64_t CountByte(std::string_view text, char byte) {
  return BestScanKernel().count(text.data(), text.size(), byte);
}

namespace internal {
/// The exact machine, byte by byte: masks of up to 64 bytes at `data`. Bit i of `separators` is set
/// where byte i is a delimiter or a record end that is not quoted, of `ends` where it is a record
/// end.
void ScanBytes(const TextDialect& dialect, const char* data, size_t size, ScanState* state,
               uint64_t* separators, uint64_t* ends);
}  // namespace internal

}  // namespace thalweg::codecs
