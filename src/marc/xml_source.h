#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "marc/text_input.h"
#include "marc/xml_parser.h"

namespace thalweg::marc {

/// Reads the elements that a format takes for records, wherever they stand. Entities that a
/// document declares are refused. Where the text is not well-formed the record is lost, and reading
/// goes on with the next start tag of a record.
class XmlSource : public TextSource {
 public:
  /// `record_space` and `record_name`: of a record behind a place that is not XML. `malformed`:
  /// what such a place is.
  XmlSource(Format format, Reader::ReadBytes read, ReaderOptions options, std::string record_space,
            std::string record_name, DefectCode malformed);

 protected:
  Result<bool> ReadRecord() final;

  virtual void Start(std::string_view name, const char** attributes) = 0;
  virtual void End(std::string_view name) = 0;
  virtual void Text(std::string_view text) = 0;
  /// No element is open any more.
  virtual void Reset() = 0;

  /// At a record's start tag, and at its end tag.
  void BeginRecord();
  void EndRecord();

  const std::string record_space_;
  const std::string record_name_;

 private:
  void MakeParser(size_t prologue);
  void Restart(std::string_view prefix);
  bool Feed();
  bool TooMuch();
  void Refuse(const char* what);
  void Forget();
  Result<bool> Finish();
  void ReportError();
  Status Resynchronize();
  int64_t Here() const;
  std::string_view Raw(int64_t from, int64_t to) const;

  const DefectCode malformed_;
  XmlParser::Handle parser_;
  size_t fed_ = 0;            // Of `input_.text()`, given to the parser.
  int64_t parser_start_ = 0;  // Where in the input the parser's byte 0 would stand.
  int64_t restart_at_ = 0;    // Where the parser goes on behind an error.
  int64_t record_at_ = 0;
  bool suspended_ = false;
  bool resynchronized_ = false;
  bool found_ = false;
  bool too_long_ = false;          // The record that is being read.
  const char* refusal_ = nullptr;  // What is well-formed but not taken.
  int depth_ = 0;
};

}  // namespace thalweg::marc
