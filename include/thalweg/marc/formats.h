#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/export.h"
#include "thalweg/marc/reader.h"
#include "thalweg/marc/record.h"
#include "thalweg/marc/writer.h"
#include "thalweg/status.h"

// Every form in which records are kept, behind one reader and one writer.
namespace thalweg::marc {

enum class Format : uint8_t {
  kIso2709,           ///< The exchange format itself.
  kMarcXml,           ///< `http://www.loc.gov/MARC21/slim`.
  kMarcInJson,        ///< An array of `{"leader": …, "fields": […]}`.
  kJsonLines,         ///< One such object a line.
  kNativeJson,        ///< An array a record; subfields are members of one object.
  kMarcJson,          ///< An array a record; subfields are a list of objects.
  kMrk,               ///< MARCMaker: `=245  10$aTitle`.
  kLongCsv,           ///< A row a subfield, with the record's number and control number.
  kTurbomarc,         ///< XML whose element names hold tags and codes. Read only.
  kLine,              ///< `245 10 $a Title`, one field a line, as yaz prints it.
  kMods,              ///< MODS 3: what it can say of a record.
  kDublinCore,        ///< Fifteen elements, in XML. Written only.
  kBibframe,          ///< BIBFRAME 2 in RDF/XML: what it can say of a record.
  kBibframeTurtle,    ///< In Turtle.
  kBibframeNTriples,  ///< In N-Triples.
  kBibframeJsonLd,    ///< In JSON-LD.
};

struct FormatInfo {
  Format format;
  const char* name;      ///< As the command line and Python call it: `marcxml`.
  const char* aliases;   ///< Further names, with blanks between them.
  const char* suffixes;  ///< Of file names, with blanks between them; the first is the usual one.
  const char* summary;
  bool reads;
  bool writes;
};

THALWEG_EXPORT std::span<const FormatInfo> AllFormats();
THALWEG_EXPORT const FormatInfo& InfoOf(Format format);
/// By name or alias, ignoring case; `invalid_argument` lists the names.
THALWEG_EXPORT Result<Format> ParseFormat(std::string_view name);
/// By the suffix, behind which one of a compression may stand. Suffixes that several formats have
/// (`.xml`, `.json`) give the usual one.
THALWEG_EXPORT std::optional<Format> FormatOfPath(std::string_view path);
/// From the first bytes of an input: a few hundred are enough. Nothing when they fit none.
THALWEG_EXPORT std::optional<Format> DetectFormat(std::string_view start);

// --- reading ------------------------------------------------------------------------------------

/// Records of any format, from front to back. One thread at a time.
///
/// What `Reader` says of batches, modes and failures holds. Text formats give records whose
/// `chunks` are empty; with `ReaderOptions::to_unicode` leader/09 says that text is UTF-8, without
/// it the leader is left as it was.
class THALWEG_EXPORT RecordSource {
 public:
  virtual ~RecordSource() = default;
  virtual Result<RecordBatch> ReadBatch() = 0;
  virtual Format format() const = 0;
};

THALWEG_EXPORT Result<std::unique_ptr<RecordSource>> MakeSource(Format format,
                                                                Reader::ReadBytes read,
                                                                ReaderOptions options);
/// The format is detected from the bytes, and by the suffix where they fit several or none.
/// Compressed files are decompressed; `-` is standard input.
THALWEG_EXPORT Result<std::unique_ptr<RecordSource>> OpenSource(const std::string& path,
                                                                std::optional<Format> format,
                                                                ReaderOptions options,
                                                                std::stop_token stop = {});
/// All records of a text at once, for small inputs. In `strict` the first defect is a failure;
/// otherwise `defects` (may be null) gets them.
THALWEG_EXPORT Result<std::vector<Record>> ParseRecords(Format format, std::string_view text,
                                                        ReaderOptions options,
                                                        std::vector<Defect>* defects);

// --- writing ------------------------------------------------------------------------------------

struct EncoderOptions {
  bool ascii = false;    ///< JSON: everything beyond ASCII as `\uXXXX`.
  bool pretty = false;   ///< MARCXML: indented.
  char delimiter = ',';  ///< CSV.
  /// BIBFRAME: an absolute IRI, before which the control number and `#Work` are put to name what a
  /// record describes.
  std::string base_uri = "http://example.org/";
  /// BIBFRAME: with terms of the Library of Congress's extension, which keep headings whole
  /// (`bflc:marcKey`). Without them places, agents and dates of a provision are nodes of their own.
  bool include_bflc = true;
  WriterOptions iso2709;
};

/// Turns records into a format. Immutable: several threads may use one.
///
/// A file is `head`, then records with `between` between them, then `tail`.
class THALWEG_EXPORT RecordEncoder {
 public:
  virtual ~RecordEncoder() = default;
  virtual std::string_view head() const { return {}; }
  virtual std::string_view between() const { return {}; }
  virtual std::string_view tail() const { return {}; }
  /// `Append` needs the true index: the records cannot be encoded out of order.
  virtual bool needs_index() const { return false; }
  /// `index` counts the records that are written, from 0. On failure `out` is as it was.
  virtual Status Append(const RecordView& record, int64_t index, std::string* out) const = 0;
};

THALWEG_EXPORT Result<std::unique_ptr<RecordEncoder>> MakeEncoder(Format format,
                                                                  EncoderOptions options);

/// Writes records of a format into a file or elsewhere, in blocks. One thread at a time.
class THALWEG_EXPORT RecordWriter {
 public:
  static Result<RecordWriter> ToStream(Format format, Writer::WriteBytes write,
                                       EncoderOptions options);
  /// As `Writer::Create`.
  static Result<RecordWriter> Create(const std::string& path, bool force, Format format,
                                     EncoderOptions options);
  RecordWriter(RecordWriter&&) noexcept;
  RecordWriter& operator=(RecordWriter&&) noexcept;
  ~RecordWriter();  ///< Without `Close`, a file is not made.

  Status Write(const RecordView& record);
  /// `count` records that an encoder of this format has put into `text`, with `between` between
  /// them and neither before the first nor behind the last.
  Status WriteEncoded(std::string_view text, int64_t count);
  Status Flush();
  /// Once, at the end.
  Status Close();
  int64_t records_written() const;
  int64_t bytes_written() const;

 private:
  struct Impl;
  explicit RecordWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// --- one record at a time, for callers that know the format -------------------------------------

/// `<record>…</record>`; `with_namespace` names the namespace on it, for a document of its own.
/// Text has to be UTF-8; bytes that are not become U+FFFD. Holds for all of these.
THALWEG_EXPORT void AppendMarcXml(const RecordView& record, bool with_namespace, std::string* out);
/// `{"leader":…,"fields":[…]}`.
THALWEG_EXPORT void AppendMarcInJson(const RecordView& record, bool ascii, std::string* out);
/// Lines that begin with `=LDR`, without the blank line that follows a record. pymarc's
/// `str(record)`, but for `{dollar}` and the like where a value holds such a character.
THALWEG_EXPORT void AppendMrk(const RecordView& record, std::string* out);
THALWEG_EXPORT void AppendMods(const RecordView& record, bool with_namespace, std::string* out);
THALWEG_EXPORT void AppendDublinCore(const RecordView& record, bool with_namespace,
                                     std::string* out);

}  // namespace thalweg::marc
