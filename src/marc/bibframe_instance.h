#pragma once

#include <string>
#include <string_view>

#include "marc/rdf.h"
#include "thalweg/marc/record.h"

namespace thalweg::marc {

/// Names of what one record's description has, after the record's number: `…/NUMBER#Agent700-12`
/// is of the twelfth field, a 700.
struct BibframeNames {
  std::string base;  ///< Up to `#`.
  bool bflc = true;  ///< Whether terms of the Library of Congress's extension are used.
  int number = 0;    ///< Which field of the record it is, from 1.

  std::string Of(std::string_view kind, Tag tag) const;
};

/// Adds a bf:Title of the subfields of a field to a Work or an Instance.
RdfNode& AddBibframeTitle(RdfNode* of, const FieldView& field, std::string_view type,
                          std::string_view main_codes, const BibframeNames& names);
/// A node whose label is what the subfields of a field say, as it is; none when they say nothing.
RdfNode* AddBibframeLabel(RdfNode* of, const FieldView& field, std::string_view property,
                          std::string_view type, std::string_view codes, std::string name);

/// What the fields of a record say of the bf:Instance.
class BibframeInstance {
 public:
  explicit BibframeInstance(const RecordView& record) : record_(record) {}

  void Add(const FieldView& field, const BibframeNames& names);
  /// Leader, 008, and what is said of the record itself; behind all fields.
  void Finish(const BibframeNames& names);
  RdfNode& node() { return node_; }

 private:
  void Described(const FieldView& field, const BibframeNames& names);
  void Variant(const FieldView& field, const BibframeNames& names);
  void Provision(const FieldView& field, const BibframeNames& names);
  void Extent(const FieldView& field, const BibframeNames& names);
  void Locator(const FieldView& field, const BibframeNames& names);
  void Identifiers(const FieldView& field, const BibframeNames& names);
  void Fixed(std::string_view fixed, const BibframeNames& names);
  void Administration(std::string_view fixed, const BibframeNames& names);
  void Conventions(RdfNode* of);

  const RecordView& record_;
  RdfNode node_;
};

}  // namespace thalweg::marc
