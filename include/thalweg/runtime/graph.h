#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/export.h"
#include "thalweg/runtime/step.h"
#include "thalweg/status.h"

namespace thalweg::runtime {

enum class NodeKind : uint8_t {
  kSource,    ///< Pulls from outside.
  kPort,      ///< Pushed into from outside by `Run::Push`.
  kParallel,  ///< Any number of lanes; each input chunk yields 0…n chunks, order restored after it.
  kSerial,    ///< One lane, chunks in order; may carry state, have several inputs, be a sink.
  kKeyed,     ///< 128 key groups over lanes. Reserved: `Run` answers `unsupported`.
};

/// What a node needs while it runs. A CPU token is never held while blocked.
enum class TokenKind : uint8_t { kCpu, kIo, kNone };

struct NodeId {
  int index = -1;
};

/// One output port of a node.
struct PortId {
  NodeId node;
  int port = 0;
  PortId(NodeId n, int p = 0) : node(n), port(p) {}  // NOLINT(google-explicit-constructor)
};

struct NodeOptions {
  std::string name;
  TokenKind token = TokenKind::kCpu;
  int concurrency = 0;  ///< Lanes of a parallel node; 0: as many as the run has workers.
  bool counts_input =
      false;  ///< What it makes is the run's input: a decoder behind a source of bytes.
  bool conserves = false;  ///< Records in = out + rejected + filtered: checked in the report.
};

/// A DAG of nodes joined by ports. Built by one thread, run once.
class THALWEG_EXPORT Graph {
 public:
  Graph();
  Graph(Graph&&) noexcept;
  Graph& operator=(Graph&&) noexcept;
  ~Graph();

  NodeId AddSource(NodeOptions options, std::unique_ptr<Source> source);
  NodeId AddPort(NodeOptions options);
  NodeId AddParallel(NodeOptions options, StepFactory factory, PortId input);
  NodeId AddSerial(NodeOptions options, std::unique_ptr<Step> step, std::vector<PortId> inputs);

  struct Node {
    NodeKind kind;
    NodeOptions options;
    std::unique_ptr<Source> source;
    std::unique_ptr<Step> step;
    StepFactory factory;
    std::vector<PortId> inputs;
  };
  std::vector<Node>& nodes() { return nodes_; }
  const std::vector<Node>& nodes() const { return nodes_; }

 private:
  std::vector<Node> nodes_;
};

}  // namespace thalweg::runtime
