#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "thalweg/export.h"
#include "thalweg/marc/encoding.h"
#include "thalweg/marc/record.h"
#include "thalweg/status.h"

// Writing ISO 2709.
namespace thalweg::marc {

/// What to do with a record over 99,999 bytes or a field over 9,999.
enum class Oversize : uint8_t {
  kError,  ///< `invalid_argument`, and nothing is written.
  kSplit,  ///< Several records with the same leader and control fields. A field that is itself too
           ///< long is still an error.
  kZero,   ///< One record; lengths and starts that do not fit are zeros. Read by terminators.
};

enum class OutputEncoding : uint8_t {
  kKeep,   ///< As the record is; leader/09 is not touched.
  kUtf8,   ///< leader/09 becomes `a`, field 066 goes.
  kMarc8,  ///< leader/09 becomes blank, field 066 is written when needed.
};

struct WriterOptions {
  Oversize oversize = Oversize::kError;
  OutputEncoding encoding = OutputEncoding::kKeep;
  DecodeOptions decode;  ///< How text becomes UTF-8 for kUtf8.
  EncodeMarc8Options encode;
  Normalization normalize = Normalization::kNone;  ///< Of UTF-8 text.
};

/// Appends the record to `out`. A record that is clean is copied as it was read. On failure `out`
/// is as it was.
THALWEG_EXPORT Status AppendIso2709(const RecordView& record, Oversize oversize, std::string* out);
/// Also changes the encoding, as `options` say.
THALWEG_EXPORT Status AppendIso2709(const Record& record, const WriterOptions& options,
                                    std::string* out);

/// Writes records into a file or elsewhere, in blocks. One thread at a time.
class THALWEG_EXPORT Writer {
 public:
  using WriteBytes = std::function<Status(std::string_view)>;

  static Writer ToStream(WriteBytes write, WriterOptions options);
  /// A new file that appears with `Close` and not before; `already_exists` unless `force`. A suffix
  /// such as `.gz` compresses. `-` is standard output.
  static Result<Writer> Create(const std::string& path, bool force, WriterOptions options);
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;
  ~Writer();  ///< Without `Close`, a file is not made.

  Status Write(const Record& record);
  Status Write(const RecordView& record);
  Status Flush();
  /// Once, at the end.
  Status Close();
  int64_t records_written() const;
  int64_t bytes_written() const;

 private:
  struct Impl;
  explicit Writer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace thalweg::marc
