#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "thalweg/archive_command.h"

namespace thalweg::cli {
namespace {

// One object, written key by key.
class Json {
 public:
  Json& Add(const char* key, const std::string& raw) {
    text_ += text_.empty() ? "{" : ",";
    text_ += JsonText(key) + ":" + raw;
    return *this;
  }
  Json& Text(const char* key, const std::string& value) { return Add(key, JsonText(value)); }
  Json& Int(const char* key, int64_t value) { return Add(key, std::to_string(value)); }
  Json& Bool(const char* key, bool value) { return Add(key, value ? "true" : "false"); }
  Json& Seconds(const char* key, double value) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%.6f", std::isfinite(value) ? value : 0.0);
    return Add(key, text.data());
  }
  std::string Take() { return text_ + "}"; }

 private:
  std::string text_;
};

std::string TokensJson(const TokenStatistics& tokens) {
  return Json()
      .Int("tokens", tokens.tokens)
      .Int("acquired", tokens.acquired)
      .Seconds("wait_p50_s", tokens.wait_p50_s)
      .Seconds("wait_p95_s", tokens.wait_p95_s)
      .Seconds("wait_p99_s", tokens.wait_p99_s)
      .Seconds("saturation", tokens.saturation)
      .Take();
}

std::string SkippedJson(const std::vector<archive::SkippedEntry>& skipped) {
  std::string text = "[";
  for (const auto& entry : skipped) {
    if (text.size() > 1) text += ",";
    text += Json()
                .Text("path", Printable(entry.path))
                .Text("code", InfoOf(entry.reason.code()).name)
                .Text("message", entry.reason.message())
                .Take();
  }
  return text + "]";
}

// What the machine did, and what waiting for its tokens cost.
void AddRun(Json* json, const Report& run) {
  const Governor& governor = Governor::Process();
  json->Add("cpu_tokens", TokensJson(governor.cpu_statistics()))
      .Add("io_tokens", TokensJson(governor.io_statistics()))
      .Text("bottleneck", NameOf(run.bottleneck))
      .Text("remedy", run.remedy)
      .Int("memory_peak_bytes", run.memory_peak_bytes)
      .Add("run", run.ToJson());
}

// `node` is the one that the stage runs in: what waited, waited in front of it.
std::string StageJson(const char* name, int64_t bytes, double seconds, const NodeReport& node,
                      const Report& run) {
  const double lanes_s = run.seconds * std::max(node.lanes, 1);
  return Json()
      .Text("stage", name)
      .Int("bytes", bytes)
      .Seconds("seconds", seconds)
      .Seconds("saturation", lanes_s > 0 ? std::min(1.0, seconds / lanes_s) : 0)
      .Seconds("wait_p50_s", node.queue_wait_p50_s)
      .Seconds("wait_p95_s", node.queue_wait_p95_s)
      .Seconds("wait_p99_s", node.queue_wait_p99_s)
      .Take();
}

// A run that came to nothing has no nodes.
NodeReport NodeNamed(const Report& run, std::string_view name) {
  const auto node = std::ranges::find(run.nodes, name, &NodeReport::name);
  return node == run.nodes.end() ? NodeReport() : *node;
}

std::string SealStages(const archive::SealReport& report) {
  const NodeReport read = NodeNamed(report.run, "read");
  const NodeReport seal = NodeNamed(report.run, "seal");
  const NodeReport write = NodeNamed(report.run, "write");
  const int64_t content = report.bytes_content;
  const int64_t sealed = report.bytes_archive;
  return "[" + StageJson("read", content, report.read_s, read, report.run) + "," +
         StageJson("compress", content, report.compress_s, seal, report.run) + "," +
         StageJson("encrypt", sealed, report.encrypt_s, seal, report.run) + "," +
         StageJson("hash", sealed, report.hash_s, seal, report.run) + "," +
         StageJson("write", sealed, report.write_s, write, report.run) + "]";
}

// The stages of a run that reads: its nodes.
std::string NodeStages(const Report& run, int64_t bytes) {
  std::string text = "[";
  for (const NodeReport& node : run.nodes) {
    if (text.size() > 1) text += ",";
    text += StageJson(node.name.c_str(), bytes, node.busy_s, node, run);
  }
  return text + "]";
}

}  // namespace

ArchiveProgressLine::~ArchiveProgressLine() {
  if (drawn_) std::fprintf(stderr, "\r\033[K");
}

std::function<void(const archive::ArchiveProgress&)> ArchiveProgressLine::callback() {
  if (!on_) return {};
  return [this](const archive::ArchiveProgress& now) {
    drawn_ = true;
    std::string line = Bytes(static_cast<double>(now.bytes_in));
    if (now.bytes_total > 0) line += " of " + Bytes(static_cast<double>(now.bytes_total));
    if (now.seconds > 0) {
      line += "  " + Bytes(static_cast<double>(now.bytes_in) / now.seconds) + "/s";
    }
    if (now.bytes_total > 0 && now.bytes_in > 0) {
      const double share =
          std::fmin(1.0, static_cast<double>(now.bytes_in) / static_cast<double>(now.bytes_total));
      line += "  " + std::to_string(static_cast<int>(100 * share)) + " %  ETA " +
              Seconds(now.seconds * (1 - share) / std::fmax(share, 1e-6));
    }
    if (now.bytes_out > 0) line += "  -> " + Bytes(static_cast<double>(now.bytes_out));
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    std::fflush(stderr);
  };
}

Status WithForceHint(const Status& status) {
  if (status.code() != StatusCode::kAlreadyExists ||
      status.message().find("--force") != std::string::npos) {
    return status;
  }
  return Status::AlreadyExists(status.message() + "\nhint: --force replaces it");
}

std::string Printable(std::string_view name) {
  std::string out;
  for (size_t i = 0; i < name.size();) {
    const auto lead = static_cast<unsigned char>(name[i]);
    const size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : 4;
    bool good = lead >= 0x20 && lead != 0x7F && (lead < 0x80 || (lead >= 0xC2 && lead < 0xF5));
    for (size_t k = 1; k < length && good; ++k) {
      good = i + k < name.size() && (static_cast<unsigned char>(name[i + k]) & 0xC0) == 0x80;
    }
    // The control characters from U+0080 to U+009F.
    if (good && lead == 0xC2 && static_cast<unsigned char>(name[i + 1]) < 0xA0) good = false;
    if (good) {
      out.append(name.substr(i, length));
      i += length;
    } else {
      std::array<char, 8> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\x%02X", lead);
      out += escaped.data();
      ++i;
    }
  }
  return out;
}

bool PrintSkipped(const Context& context, const std::vector<archive::SkippedEntry>& skipped,
                  const std::string& what) {
  for (const auto& entry : skipped) {
    Warn(context, what + ": '" + Printable(entry.path) + "': " + entry.reason.message());
  }
  return !skipped.empty();
}

void PrintRun(const Context& context, const Report& report) {
  if (context.verbose < 1 || context.log_json) return;
  for (const auto& node : report.nodes) {
    std::fprintf(stderr, "  %-18s %d lane%s  busy %s\n", node.name.c_str(), node.lanes,
                 node.lanes == 1 ? " " : "s", Seconds(node.busy_s).c_str());
  }
  std::fprintf(stderr, "  bottleneck: %s (%s); %s\n", NameOf(report.bottleneck),
               report.bottleneck_evidence.c_str(), report.remedy.c_str());
  std::fprintf(stderr, "  memory: %s at most\n",
               Bytes(static_cast<double>(report.memory_peak_bytes)).c_str());
  if (context.verbose < 2) return;
  for (const auto& decision : report.decisions) {
    std::fprintf(stderr, "  tuned at %s: %s\n", Seconds(decision.at_s).c_str(),
                 decision.reason.c_str());
  }
}

std::string ReportJson(const archive::SealReport& report) {
  Json json;
  json.Text("operation", "seal")
      .Text("archive_id", report.archive_id)
      .Int("entries", report.entries)
      .Int("bytes_content", report.bytes_content)
      .Int("bytes_archive", report.bytes_archive)
      .Int("frames", report.frames)
      .Int("frames_stored", report.frames_stored)
      .Int("bytes_resumed", report.bytes_resumed)
      .Int("pii_masked", report.pii_masked)
      .Seconds("seconds", report.run.seconds)
      .Add("stages", SealStages(report))
      .Add("unreadable", SkippedJson(report.unreadable))
      .Add("changed", SkippedJson(report.changed));
  AddRun(&json, report.run);
  return json.Take();
}

std::string ReportJson(const archive::ExtractReport& report) {
  Json json;
  json.Text("operation", "open")
      .Int("entries", report.entries)
      .Int("bytes", report.bytes)
      .Seconds("seconds", report.run.seconds)
      .Add("stages", NodeStages(report.run, report.bytes))
      .Add("skipped", SkippedJson(report.skipped));
  AddRun(&json, report.run);
  return json.Take();
}

std::string ReportJson(const archive::VerifyReport& report) {
  Json json;
  json.Text("operation", "verify")
      .Bool("with_key", report.with_key)
      .Bool("signature_checked", report.signature_checked)
      .Text("signer", report.signer)
      .Int("entries", report.entries)
      .Int("segments", report.segments)
      .Int("bytes", report.bytes)
      .Int("files_hashed", report.files_hashed)
      .Seconds("seconds", report.run.seconds)
      .Add("stages", NodeStages(report.run, report.bytes));
  AddRun(&json, report.run);
  return json.Take();
}

Status WriteJson(const std::string& path, const std::string& json) {
  if (path.empty()) return {};
  THALWEG_ASSIGN_OR_RETURN(auto file, OutputFile::Create(path, 0666, true));
  THALWEG_RETURN_IF_ERROR(file->Write(json + "\n"));
  return file->Commit();
}

Result<archive::RunSettings> ArchiveRun::Start() {
  THALWEG_ASSIGN_OR_RETURN(archive::RunSettings run, flags_.ToSettings(context_));
  run.on_progress = progress_.callback();
  THALWEG_ASSIGN_OR_RETURN(server_, MetricsServer::Start(context_, flags_.metrics_port));
  if (server_) run.metrics = &server_->registry();
  return run;
}

}  // namespace thalweg::cli
