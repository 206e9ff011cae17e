#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "thalweg/command.h"
#include "thalweg/errno_text.h"

namespace thalweg::cli {

std::string Grouped(int64_t value) {
  std::string digits = std::to_string(value);
  const int64_t first = value < 0 ? 1 : 0;
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > first; at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

namespace {

std::string Scaled(double value, double base, const std::array<const char*, 5>& units) {
  size_t unit = 0;
  while (value >= base && unit + 1 < units.size()) {
    value /= base;
    ++unit;
  }
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f%s" : "%.1f%s", value, units[unit]);
  return text.data();
}
std::string Count(double value) { return Scaled(value, 1000, {"", " K", " M", " G", " T"}); }

}  // namespace

std::string Bytes(double value) {
  return Scaled(value, 1024, {" B", " KiB", " MiB", " GiB", " TiB"});
}

std::string Seconds(double seconds) {
  std::array<char, 32> text{};
  if (seconds < 60) {
    std::snprintf(text.data(), text.size(), seconds < 10 ? "%.2f s" : "%.1f s", seconds);
  } else {
    const auto whole = static_cast<int64_t>(seconds);
    std::snprintf(text.data(), text.size(), "%" PRId64 ":%02" PRId64, whole / 60, whole % 60);
  }
  return text.data();
}

std::string JsonText(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += ' ';
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

bool Print(const std::string& text) {
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t n = write(STDOUT_FILENO, text.data() + written, text.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    written += static_cast<size_t>(n);
  }
  return true;
}

int Fail(const Context& context, const Status& status) {
  const StatusCodeInfo& info = InfoOf(status.code());
  if (context.log_json) {
    std::fprintf(stderr, "{\"level\":\"error\",\"code\":\"%s\",\"message\":%s}\n", info.name,
                 JsonText(status.message()).c_str());
  } else if (context.color) {
    std::fprintf(stderr, "\033[1;31merror:\033[0m %s\n", status.message().c_str());
  } else {
    std::fprintf(stderr, "error: %s\n", status.message().c_str());
  }
  return info.exit_status;
}

ProgressLine::~ProgressLine() {
  if (drawn_) std::fprintf(stderr, "\r\033[K");
}

std::function<void(const QueryProgress&)> ProgressLine::callback() {
  if (!on_) return {};
  return [this](const QueryProgress& now) {
    drawn_ = true;
    std::string line = Grouped(now.rows_in) + " rows  " + Bytes(static_cast<double>(now.bytes_in));
    if (now.seconds > 0) {
      line += "  " + Count(static_cast<double>(now.rows_in) / now.seconds) + " rows/s";
    }
    if (now.bytes_total > 0 && now.bytes_in > 0) {
      const double share =
          std::fmin(1.0, static_cast<double>(now.bytes_in) / static_cast<double>(now.bytes_total));
      line += "  " + std::to_string(static_cast<int>(100 * share)) + " %  ETA " +
              Seconds(now.seconds * (1 - share) / std::fmax(share, 1e-6));
    }
    if (now.rows_rejected > 0) line += "  " + Grouped(now.rows_rejected) + " rejected";
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    std::fflush(stderr);
  };
}

void PrintReport(const Context& context, const Report& report, int64_t bytes_written) {
  if (context.log_json) {
    std::fprintf(stderr, "{\"level\":\"info\",\"report\":%s}\n", report.ToJson().c_str());
    return;
  }
  if (!context.quiet) {
    std::string line = Grouped(report.records_in) + " rows in";
    line += ", " + Grouped(report.records_out) + " out";
    if (bytes_written > 0) line += " (" + Bytes(static_cast<double>(bytes_written)) + ")";
    line += ", " + Seconds(report.seconds);
    line += ", " + Count(report.records_per_s()) + " rows/s";
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  if (context.verbose > 0) {
    for (const auto& node : report.nodes) {
      std::fprintf(stderr, "  %-18s %d lane%s  busy %s  in %s  out %s\n", node.name.c_str(),
                   node.lanes, node.lanes == 1 ? " " : "s", Seconds(node.busy_s).c_str(),
                   Grouped(node.records_in).c_str(), Grouped(node.records_out).c_str());
    }
    std::fprintf(stderr, "  bottleneck: %s (%s); %s\n", NameOf(report.bottleneck),
                 report.bottleneck_evidence.c_str(), report.remedy.c_str());
    std::fprintf(stderr, "  memory: %s at most\n",
                 Bytes(static_cast<double>(report.memory_peak_bytes)).c_str());
  }
  if (context.verbose > 1) {
    for (const auto& decision : report.decisions) {
      std::fprintf(stderr, "  tuned at %s: %s\n", Seconds(decision.at_s).c_str(),
                   decision.reason.c_str());
    }
  }
  if (report.records_rejected > 0) {
    std::fprintf(stderr, "%s rejected%s%s\n", Grouped(report.records_rejected).c_str(),
                 report.reject_file.empty() ? "" : ": ", report.reject_file.c_str());
  } else if (!context.quiet) {
    std::fprintf(stderr, "0 rejected\n");
  }
}

void Note(const Context& context, const std::string& text) {
  if (context.quiet) return;
  if (context.log_json) {
    std::fprintf(stderr, "{\"level\":\"info\",\"message\":%s}\n", JsonText(text).c_str());
  } else {
    std::fprintf(stderr, "%s\n", text.c_str());
  }
}

void Warn(const Context& context, const std::string& text) {
  if (context.log_json) {
    std::fprintf(stderr, "{\"level\":\"warning\",\"message\":%s}\n", JsonText(text).c_str());
  } else {
    std::fprintf(stderr, "warning: %s\n", text.c_str());
  }
}

Status WriteTo(int descriptor, std::string_view data) {
  // In pieces of what the page cache allocates quickly, as `io` does.
  constexpr size_t kPiece = size_t{128} << 10;
  while (!data.empty()) {
    const ssize_t n = write(descriptor, data.data(), std::min(data.size(), kPiece));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EPIPE) return Status::Cancelled("the reader went away");
    if (n < 0) return Status::IoError("write: " + ErrnoText(errno));
    data.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Status WriteReport(const std::string& path, const Report& report) {
  if (path.empty()) return {};
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << report.ToJson() << '\n';
  file.close();
  return file ? Status() : Status::IoError("cannot write '" + path + "'");
}

int ExitStatus(const Context& context, const Report& report, bool strict) {
  if (!report.outcome.ok()) return Fail(context, report.outcome);
  return strict && report.records_rejected > 0 ? 65 : 0;
}

Result<std::string> ReadTextFile(const std::string& path) {
  std::ifstream file(path == "-" ? "/dev/stdin" : path, std::ios::binary);
  if (!file) return Status::NotFound("cannot read '" + path + "'");
  std::stringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

}  // namespace thalweg::cli
