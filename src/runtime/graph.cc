#include "thalweg/runtime/graph.h"

#include <utility>

namespace thalweg::runtime {

Graph::Graph() = default;
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;
Graph::~Graph() = default;

namespace {

NodeId Append(std::vector<Graph::Node>& nodes, Graph::Node node) {
  nodes.push_back(std::move(node));
  return {static_cast<int>(nodes.size()) - 1};
}

}  // namespace

NodeId Graph::AddSource(NodeOptions options, std::unique_ptr<Source> source) {
  return Append(nodes_, {NodeKind::kSource, std::move(options), std::move(source), {}, {}, {}});
}
NodeId Graph::AddPort(NodeOptions options) {
  return Append(nodes_, {NodeKind::kPort, std::move(options), {}, {}, {}, {}});
}
NodeId Graph::AddParallel(NodeOptions options, StepFactory factory, PortId input) {
  return Append(nodes_,
                {NodeKind::kParallel, std::move(options), {}, {}, std::move(factory), {input}});
}
NodeId Graph::AddSerial(NodeOptions options, std::unique_ptr<Step> step,
                        std::vector<PortId> inputs) {
  return Append(
      nodes_, {NodeKind::kSerial, std::move(options), {}, std::move(step), {}, std::move(inputs)});
}

}  // namespace thalweg::runtime
