#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "marc/bibframe_decoder.h"
#include "marc/bibframe_terms.h"
#include "marc/rdf_graph.h"
#include "thalweg/marc/field.h"

// A MARC record that is made of a description, part by part.
namespace thalweg::marc {

/// What one record is made of, and what there is of it so far.
class BibframeDraft {
 public:
  using NodeId = RdfGraph::NodeId;
  using Object = RdfGraph::Object;

  BibframeDraft(const RdfGraph& graph, const BibframeRoot& root);

  // --- the description ---
  const RdfGraph& graph;
  const NodeId work;
  const NodeId instance;
  /// What a property of the Instance, and then of the Work, points to.
  std::vector<const Object*> Both(std::string_view property) const;
  std::vector<const Object*> Of(NodeId node, std::string_view property) const;
  /// A literal, or the label, value, or title of a node; empty when it has none.
  std::string LabelOf(const Object& object) const;
  /// A literal, or the code of a node, or the last part of its IRI.
  std::string CodeOf(const Object& object) const;
  /// The code that a property of a node points to; empty without one.
  std::string CodeAt(NodeId node, std::string_view property) const;
  std::string LabelAt(NodeId node, std::string_view property) const;
  bool Is(NodeId node, std::string_view type) const { return graph.HasType(node, type); }
  /// Which field of a record a node was, by a name as we and marc2bibframe2 give it:
  /// `…#Agent700-12`. 0: by its name none.
  struct Origin {
    Tag tag;
    int number = 0;
  };
  Origin OriginOf(NodeId node) const;

  // --- the record ---
  std::string leader = "00000nam a2200000   4500";
  std::string fixed;  ///< 008.
  bool has_main_entry = false;
  bool traces_series = false;
  /// Whether texts carry the punctuation of ISBD.
  bool punctuated() const { return leader[18] == 'a' || leader[18] == 'i'; }
  void SetFixed(size_t place, size_t size, std::string_view text);
  /// Fields without subfields are not kept. `number`: which field of a record it was, or 0.
  void Keep(Field field, int number = 0);
  void KeepControl(Tag tag, std::string_view data);
  /// The field that was kept last, if it has this tag and number; otherwise null. Valid until the
  /// next call of `Keep`.
  Field* Last(Tag tag, int number);
  /// Nothing when `value` is empty.
  static void AddTo(Field* field, char code, std::string_view value);
  void Give(BatchBuilder* builder);

 private:
  struct Made {
    Field field;
    int number = 0;
    size_t order = 0;
  };
  void Sort();

  std::vector<Made> fields_;
};

/// Puts `mark` behind the last subfield, where the record has ISBD's punctuation; a full stop only
/// where nothing like it stands.
void Mark(const BibframeDraft& draft, std::string_view mark, Field* field);
/// A subfield, with the mark that its meaning has before it. Nothing when `value` is empty.
void AddMarked(const BibframeDraft& draft, std::string_view mark, char code, std::string_view value,
               Field* field);

/// Leader, control fields, 040 and languages.
void DraftAdministration(BibframeDraft* draft);
/// 1XX, 6XX, 7XX, 130 and 240, series: what `bflc:marcKey` keeps whole.
void DraftHeadings(BibframeDraft* draft);
/// Numbers and classes, 010 to 088.
void DraftNumbers(BibframeDraft* draft);
/// Titles, publication, extent, notes, locations.
void DraftDescription(BibframeDraft* draft);

}  // namespace thalweg::marc
