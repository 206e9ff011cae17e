#include <algorithm>
#include <string>
#include <utility>

#include "runtime/run_impl.h"

namespace thalweg::runtime {
namespace {

using Consumers = std::vector<std::vector<std::pair<int, int>>>;  // by node: (port, consumer)

Status Check(const Graph& graph) {
  const auto& nodes = graph.nodes();
  if (nodes.empty()) return Status::InvalidArgument("pipeline: the graph has no nodes");
  std::vector<std::vector<int>> ports_seen(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto& node = nodes[i];
    if (node.kind == NodeKind::kKeyed) {
      return Status::Unsupported("pipeline: keyed nodes are not supported yet: '" +
                                 node.options.name + "'");
    }
    if (node.options.concurrency < 0) {
      return Status::InvalidArgument("pipeline: concurrency of node '" + node.options.name +
                                     "' must not be negative");
    }
    const bool takes_input = node.kind == NodeKind::kParallel || node.kind == NodeKind::kSerial;
    if (takes_input && node.inputs.empty()) {
      return Status::InvalidArgument("pipeline: node '" + node.options.name + "' has no input");
    }
    for (const PortId& input : node.inputs) {
      const auto from = static_cast<size_t>(input.node.index);
      if (input.node.index < 0 || from >= i) {
        return Status::InvalidArgument("pipeline: node '" + node.options.name +
                                       "' must come after its inputs");
      }
      auto& seen = ports_seen[from];
      if (std::ranges::find(seen, input.port) != seen.end()) {
        return Status::InvalidArgument("pipeline: port " + std::to_string(input.port) +
                                       " of node '" + nodes[from].options.name +
                                       "' has two receivers");
      }
      seen.push_back(input.port);
    }
  }
  return {};
}

bool Fuses(const Graph::Node& upper, const Graph::Node& lower, const Consumers& consumers,
           size_t upper_index) {
  return upper.kind == lower.kind &&
         (upper.kind == NodeKind::kParallel || upper.kind == NodeKind::kSerial) &&
         upper.options.token == lower.options.token &&
         upper.options.concurrency == lower.options.concurrency && lower.inputs.size() == 1 &&
         consumers[upper_index].size() == 1 && consumers[upper_index][0].first == 0;
}

Edge::Order OrderBehind(const Stage& stage, bool ordered) {
  if (stage.kind != NodeKind::kParallel) return Edge::Order::kDirect;
  return ordered ? Edge::Order::kRestored : Edge::Order::kUnordered;
}

Status MakeLanes(Graph& graph, Stage& stage, int workers) {
  Graph::Node& head = graph.nodes()[static_cast<size_t>(stage.nodes.front())];
  stage.lanes_max = 1;
  if (stage.kind == NodeKind::kParallel) {
    stage.fixed_lanes = head.options.concurrency > 0;
    stage.lanes_max = stage.fixed_lanes ? head.options.concurrency : workers;
  }
  auto lane = std::make_unique<Lane>();
  for (const int index : stage.nodes) {
    Graph::Node& node = graph.nodes()[static_cast<size_t>(index)];
    if (node.source) lane->source = std::move(node.source);
    if (node.step) lane->steps.push_back(std::move(node.step));
    if (node.factory) {
      THALWEG_ASSIGN_OR_RETURN(auto step, CallFactory(node));
      lane->steps.push_back(std::move(step));
    }
  }
  stage.lanes.push_back(std::move(lane));
  return {};
}

}  // namespace

Result<std::unique_ptr<Step>> CallFactory(const Graph::Node& node) {
  std::unique_ptr<Step> step;
  THALWEG_RETURN_IF_ERROR(CatchAll(node.options.name, [&]() -> Status {
    THALWEG_ASSIGN_OR_RETURN(step, node.factory());
    return {};
  }));
  if (step == nullptr) return Status::Internal("node '" + node.options.name + "' made no step");
  return step;
}

Result<Plan> MakePlan(Graph& graph, const RunOptions& options, int workers) {
  THALWEG_RETURN_IF_ERROR(Check(graph));
  auto& nodes = graph.nodes();
  Consumers consumers(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    for (const PortId& input : nodes[i].inputs) {
      consumers[static_cast<size_t>(input.node.index)].emplace_back(input.port,
                                                                    static_cast<int>(i));
    }
  }
  Plan plan;
  plan.stage_of_node.assign(nodes.size(), -1);
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto& node = nodes[i];
    if (node.inputs.size() == 1) {
      const auto from = static_cast<size_t>(node.inputs[0].node.index);
      if (Fuses(nodes[from], node, consumers, from)) {
        plan.stage_of_node[i] = plan.stage_of_node[from];
        plan.stages[static_cast<size_t>(plan.stage_of_node[i])]->nodes.push_back(
            static_cast<int>(i));
        continue;
      }
    }
    auto stage = std::make_unique<Stage>();
    stage->kind = node.kind;
    stage->token = node.options.token;
    stage->nodes.push_back(static_cast<int>(i));
    plan.stage_of_node[i] = static_cast<int>(plan.stages.size());
    plan.stages.push_back(std::move(stage));
  }
  for (auto& stage : plan.stages) {
    for (const PortId& input : nodes[static_cast<size_t>(stage->nodes.front())].inputs) {
      const int from = plan.stage_of_node[static_cast<size_t>(input.node.index)];
      Stage& upper = *plan.stages[static_cast<size_t>(from)];
      plan.edges.push_back(std::make_unique<Edge>(OrderBehind(upper, options.ordered)));
      stage->inputs.push_back(plan.edges.back().get());
      upper.outputs.emplace_back(input.port, plan.edges.back().get());
      const bool one_at_a_time = upper.kind == NodeKind::kSource || upper.kind == NodeKind::kSerial;
      if (one_at_a_time && stage->kind == NodeKind::kParallel) stage->feeder = &upper;
    }
    stage->watermarks.assign(stage->inputs.size(), INT64_MIN);
    stage->at_barrier.assign(stage->inputs.size(), false);
    stage->input_ended.assign(stage->inputs.size(), false);
    stage->totals.resize(stage->nodes.size());
    for (const int index : stage->nodes) {
      stage->names.push_back(nodes[static_cast<size_t>(index)].options.name);
    }
    THALWEG_RETURN_IF_ERROR(MakeLanes(graph, *stage, workers));
  }
  return plan;
}

}  // namespace thalweg::runtime
