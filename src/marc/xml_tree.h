#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "marc/text_input.h"
#include "marc/xml_parser.h"

// Descriptions in XML that are read one whole record at a time.
namespace thalweg::marc {

struct XmlNode {
  std::string space;                                            ///< Its namespace.
  std::string name;                                             ///< Without a prefix.
  std::vector<std::pair<std::string, std::string>> attributes;  ///< Names without namespaces.
  std::string text;  ///< Its own, not that of elements in it.
  std::vector<XmlNode> children;

  std::string_view Attribute(std::string_view key) const;
  /// The first child of this name, or null.
  const XmlNode* Find(std::string_view child) const;
  /// Without white space around it.
  std::string_view Text() const;
  std::string_view TextOf(std::string_view child) const;
};

/// Reads the elements that `IsRecord` chooses, wherever they stand. Entities that a document
/// declares are refused. Where the text is not well-formed the record is lost, and reading goes on
/// with the next start tag of `record_name`.
class XmlTreeSource : public TextSource {
 public:
  XmlTreeSource(Format format, Reader::ReadBytes read, ReaderOptions options,
                std::string record_space, std::string record_name);

 protected:
  Result<bool> ReadRecord() final;
  /// Adds the record's leader and fields to `builder_`, between its begin and its end.
  virtual void Build(const XmlNode& record) = 0;

 private:
  void Restart(size_t prologue);
  bool Feed();
  bool TooMuch();
  void Refuse(const char* what);
  Result<bool> Finish();
  Status Resynchronize();
  void ReportError();
  int64_t Here() const;
  std::string_view Raw(int64_t from, int64_t to) const;
  void Start(std::string_view name, const char** attributes);
  void End();

  const std::string record_space_;
  const std::string record_name_;
  XmlParser::Handle parser_;
  size_t fed_ = 0;
  int64_t parser_start_ = 0;
  int64_t restart_at_ = 0;  // Where the parser goes on behind an error.
  int64_t record_at_ = 0;
  bool suspended_ = false;
  bool too_long_ = false;          // The record that is being read.
  const char* refusal_ = nullptr;  // What is well-formed but not taken.
  int depth_ = 0;
  bool found_ = false;
  size_t skipped_ = 0;         // Elements too deep to be kept.
  std::vector<XmlNode> open_;  // From the record down to where the parser is.
};

std::unique_ptr<RecordSource> MakeModsSource(Reader::ReadBytes read, ReaderOptions options);

}  // namespace thalweg::marc
