#pragma once

#include <vector>

#include "marc/batch_builder.h"
#include "marc/rdf_graph.h"

// From BIBFRAME 2 to MARC 21.
namespace thalweg::marc {

/// What one record is made of. One of the two may be missing: `RdfGraph::kNone`.
struct BibframeRoot {
  RdfGraph::NodeId work;
  RdfGraph::NodeId instance;
};

/// Each bf:Instance that is described for its own sake, with the bf:Work that it is an instance of,
/// and each such bf:Work without one; in the order of the graph. Works and Instances that are only
/// mentioned by others, as a series or a subject, have no record of their own.
std::vector<BibframeRoot> BibframeRoots(const RdfGraph& graph);

/// Adds leader and fields of the record that `root` makes, between its begin and its end.
void BuildBibframeRecord(const RdfGraph& graph, const BibframeRoot& root, BatchBuilder* builder);

}  // namespace thalweg::marc
