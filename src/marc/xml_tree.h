#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "marc/xml_source.h"

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

/// Reads each record as a tree.
class XmlTreeSource : public XmlSource {
 public:
  using XmlSource::XmlSource;

 protected:
  /// Adds the record's leader and fields to `builder_`, between its begin and its end.
  virtual void Build(const XmlNode& record) = 0;

 private:
  void Start(std::string_view name, const char** attributes) final;
  void End(std::string_view name) final;
  void Text(std::string_view text) final;
  void Reset() final;

  size_t skipped_ = 0;         // Elements too deep to be kept.
  std::vector<XmlNode> open_;  // From the record down to where the parser is.
};

std::unique_ptr<RecordSource> MakeModsSource(Reader::ReadBytes read, ReaderOptions options);

}  // namespace thalweg::marc
