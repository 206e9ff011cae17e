#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "thalweg/archive_command.h"
#include "thalweg/errno_text.h"

namespace thalweg::cli {
namespace {

// Waits for bytes, so that an interrupt ends the wait.
Result<size_t> ReadDescriptor(int descriptor, std::span<char> out, const std::stop_token& stop) {
  for (;;) {
    if (stop.stop_requested()) return Status::Cancelled("interrupted");
    pollfd ready{.fd = descriptor, .events = POLLIN, .revents = 0};
    const int polled = poll(&ready, 1, 100);
    if (polled == 0 || (polled < 0 && errno == EINTR)) continue;
    const ssize_t n = read(descriptor, out.data(), out.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) {
      return Status::IoError("standard input: " + ErrnoText(errno));
    }
    return static_cast<size_t>(n);
  }
}

}  // namespace

void ArchiveRunFlags::AddTo(CLI::App& app) {
  app.add_option("--workers", workers, "Threads for CPU work; by default all cores.")
      ->check(CLI::Range(1, 1024));
  app.add_option("--memory", memory, "Bound on what is in flight, such as '96 MiB'.");
  app.add_option("--tuning", tuning,
                 "How it adapts: climb (by measurement, the default), table (by the input's size) "
                 "or fixed.")
      ->check(CLI::IsMember({"climb", "table", "fixed"}));
  app.add_option("--report", report, "Write a report as JSON to this file.");
  app.add_option("--metrics-port", metrics_port,
                 "Serve Prometheus metrics on this port of 127.0.0.1 meanwhile.")
      ->check(CLI::Range(0, 65535));
}

Result<archive::RunSettings> ArchiveRunFlags::ToSettings(const Context& context) const {
  archive::RunSettings run;
  run.workers = workers;
  if (!memory.empty()) {
    THALWEG_ASSIGN_OR_RETURN(run.memory_bytes_max, ParseSize(memory));
  }
  if (tuning == "table") run.tuning.policy = TuningPolicy::kTable;
  if (tuning == "fixed") run.tuning.policy = TuningPolicy::kFixed;
  run.stop = context.stop;
  return run;
}

void StageFlags::AddTo(CLI::App& app) {
  app.add_option("--stages", stages,
                 "What happens to content, in order: zstd[:1-22], lz4, brotli, gzip, store, "
                 "auto[:speed|:ratio]; aes-256-gcm, chacha20-poly1305 and others; sha256, base64, "
                 "pii-mask, tee:FILE, debug:LABEL, passthrough.");
  app.add_option("--profile", profile, "Stages by name: see `thalweg archive profile`.")
      ->excludes("--stages");
  app.add_option("--level", level, "Level of the compression; -1 to -19 for short.")
      ->check(CLI::Range(1, 22));
  app.add_flag("--plain", plain, "Do not encrypt: anybody can read it.");
  app.add_flag("--sha256", sha256, "Keep the SHA-256 of each file.");
  app.add_flag("--mask-binary", mask_binary, "Let pii-mask change content that is not text.");
  app.add_option("--exclude", exclude, "Leave out what matches; may be given again.")
      ->allow_extra_args(false);
  app.add_flag("--no-metadata", no_metadata, "Leave out owners and extended attributes.");
}

Result<archive::Stages> StageFlags::ToStages() const {
  std::string text = stages;
  if (!profile.empty()) {
    THALWEG_ASSIGN_OR_RETURN(text, ProfileStages(profile));
  }
  archive::Stages parsed;
  if (!text.empty()) {
    THALWEG_ASSIGN_OR_RETURN(parsed, archive::Stages::Parse(text));
  }
  if (level > 0) {
    if (parsed.codec == archive::Codec::kStore || parsed.codec == archive::Codec::kAuto) {
      return Status::InvalidArgument(std::string("'") + archive::NameOf(parsed.codec) +
                                     "' has no level");
    }
    parsed.level = level;
  }
  if (plain) {
    if (parsed.cipher.has_value() && *parsed.cipher != archive::Cipher::kNone) {
      return Status::InvalidArgument(std::string("--plain, and a stage '") +
                                     archive::NameOf(*parsed.cipher) + "': choose one");
    }
    parsed.cipher = archive::Cipher::kNone;
  }
  if (sha256) parsed.sha256 = true;
  // The library's own check of levels.
  return archive::Stages::Parse(parsed.ToString());
}

Status StageFlags::Apply(archive::SealOptions* options) const {
  THALWEG_ASSIGN_OR_RETURN(options->stages, ToStages());
  options->exclude = exclude;
  options->metadata = !no_metadata;
  options->mask_binary = mask_binary;
  return {};
}

Result<std::vector<archive::SealInput>> InputsOf(const Context& context,
                                                 const std::vector<std::string>& paths,
                                                 const std::string& name) {
  std::vector<archive::SealInput> inputs;
  bool has_stdin = false;
  for (const auto& path : paths) {
    archive::SealInput input;
    if (path == "-") {
      if (has_stdin) return Status::InvalidArgument("standard input is named twice");
      has_stdin = true;
      input.name = name.empty() ? "stdin" : name;
      input.read = [stop = context.stop](std::span<char> out) {
        return ReadDescriptor(STDIN_FILENO, out, stop);
      };
    } else {
      input.path = path;
    }
    inputs.push_back(std::move(input));
  }
  if (!name.empty() && !has_stdin) {
    if (paths.size() != 1) return Status::InvalidArgument("--name is for one input");
    inputs.front().name = name;
  }
  return inputs;
}

std::vector<std::string> WithLevels(std::vector<std::string> arguments) {
  size_t at = 1;
  while (at < arguments.size() && arguments[at].starts_with('-')) {
    at += arguments[at] == "--log-format" ? 2U : 1U;
  }
  if (at >= arguments.size()) return arguments;
  const bool append =
      arguments[at] == "archive" && at + 1 < arguments.size() && arguments[at + 1] == "append";
  if (arguments[at] != "seal" && !append) return arguments;
  for (++at; at < arguments.size() && arguments[at] != "--"; ++at) {
    const std::string& text = arguments[at];
    const bool digits = text.size() >= 2 && text.size() <= 3 && text[0] == '-' &&
                        text.find_first_not_of("0123456789", 1) == std::string::npos;
    if (digits) arguments[at] = "--level=" + text.substr(1);
  }
  return arguments;
}

Result<int> ParsePercent(const std::string& text) {
  std::string_view number = text;
  if (number.ends_with('%')) number.remove_suffix(1);
  int value = 0;
  const char* end = number.data() + number.size();
  const auto [at, error] = std::from_chars(number.data(), end, value);
  if (error != std::errc() || at != end || value < 1 || value > 100) {
    return Status::InvalidArgument("--parity: not 1% to 100%: '" + text + "'");
  }
  return value;
}

}  // namespace thalweg::cli
