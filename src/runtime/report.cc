#include "thalweg/report.h"

#include <array>
#include <charconv>
#include <string_view>

#include "base/json_writer.h"

namespace thalweg {

const char* NameOf(Bottleneck bottleneck) {
  switch (bottleneck) {
    case Bottleneck::kCpu:
      return "cpu";
    case Bottleneck::kMemory:
      return "memory";
    case Bottleneck::kIo:
      return "io";
    case Bottleneck::kCoordination:
      return "coordination";
    case Bottleneck::kSource:
      return "source";
    case Bottleneck::kSink:
      return "sink";
  }
  return "unknown";
}

namespace {

void WriteNode(JsonWriter& json, const NodeReport& node) {
  json.BeginObject();
  json.Key("name").String(node.name);
  json.Key("lanes").Int(node.lanes);
  json.Key("chunks_in").Int(node.chunks_in);
  json.Key("records_in").Int(node.records_in);
  json.Key("records_out").Int(node.records_out);
  json.Key("records_rejected").Int(node.records_rejected);
  json.Key("records_filtered").Int(node.records_filtered);
  json.Key("records_discarded").Int(node.records_discarded);
  json.Key("busy_s").Double(node.busy_s);
  json.Key("input_wait_s").Double(node.input_wait_s);
  json.Key("room_wait_s").Double(node.room_wait_s);
  json.Key("memory_wait_s").Double(node.memory_wait_s);
  json.Key("queue_wait_p50_s").Double(node.queue_wait_p50_s);
  json.Key("queue_wait_p95_s").Double(node.queue_wait_p95_s);
  json.Key("queue_wait_p99_s").Double(node.queue_wait_p99_s);
  json.EndObject();
}

void WriteDecision(JsonWriter& json, const TuningDecision& decision) {
  json.BeginObject();
  json.Key("at_s").Double(decision.at_s);
  json.Key("batch_rows").Int(decision.knobs.batch_rows);
  json.Key("slab_bytes").Int(decision.knobs.slab_bytes);
  json.Key("workers").Int(decision.knobs.workers);
  json.Key("queue_depth").Int(decision.knobs.queue_depth);
  json.Key("records_per_s").Double(decision.records_per_s);
  json.Key("reason").String(decision.reason);
  json.EndObject();
}

}  // namespace

std::string Report::ToJson() const {
  JsonWriter json;
  json.BeginObject();
  json.Key("pipeline").String(pipeline);
  json.Key("outcome").String(InfoOf(outcome.code()).name);
  json.Key("errors").BeginArray();
  for (const auto& error : errors) json.String(error.ToString());
  json.EndArray();
  json.Key("seconds").Double(seconds);
  json.Key("records_in").Int(records_in);
  json.Key("records_out").Int(records_out);
  json.Key("records_rejected").Int(records_rejected);
  json.Key("records_filtered").Int(records_filtered);
  json.Key("records_discarded").Int(records_discarded);
  json.Key("bytes_in").Int(bytes_in);
  json.Key("records_per_s").Double(records_per_s());
  json.Key("memory_peak_bytes").Int(memory_peak_bytes);
  json.Key("workers").Int(workers);
  json.Key("sequential").Bool(sequential);
  json.Key("conserved").Bool(conserved);
  json.Key("batch_wait_p50_s").Double(batch_wait_p50_s);
  json.Key("batch_wait_p99_s").Double(batch_wait_p99_s);
  json.Key("reject_file").String(reject_file);
  json.Key("nodes").BeginArray();
  for (const auto& node : nodes) WriteNode(json, node);
  json.EndArray();
  json.Key("decisions").BeginArray();
  for (const auto& decision : decisions) WriteDecision(json, decision);
  json.EndArray();
  json.Key("bottleneck").String(NameOf(bottleneck));
  json.Key("bottleneck_evidence").String(bottleneck_evidence);
  json.Key("remedy").String(remedy);
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace thalweg
