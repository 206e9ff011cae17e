#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include "thalweg/archive_command.h"

namespace thalweg::cli {
namespace {

constexpr size_t kSampleBytesMax = size_t{64} << 20;
constexpr size_t kFileBytesMax = size_t{8} << 20;
// A setting this slow is tried, the slower ones of its codec are not.
constexpr double kSecondsMax = 6;
// Smaller by less than this is not worth more time.
constexpr double kWorthwhile = 0.01;

constexpr std::array kSettings = {"store",   "lz4",    "zstd:1",   "zstd:3",
                                  "zstd:6",  "zstd:9", "zstd:12",  "zstd:15",
                                  "zstd:19", "gzip:6", "brotli:4", "brotli:9"};

struct Outcome {
  std::string stages;
  int workers = 0;
  double seconds = 0;
  double ratio = 0;  // Archive over content.
};

Status AppendFile(const std::filesystem::path& path, std::string* sample) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return {};  // The sample can do without it; sealing would name it.
  const size_t room = std::min(kFileBytesMax, kSampleBytesMax - sample->size());
  const size_t before = sample->size();
  sample->resize(before + room);
  file.read(sample->data() + before, static_cast<std::streamsize>(room));
  sample->resize(before + static_cast<size_t>(file.gcount()));
  return {};
}

Status AppendInput(const archive::SealInput& input, std::string* sample) {
  if (input.path.empty()) {
    std::string buffer(1 << 20, '\0');
    while (sample->size() < kSampleBytesMax) {
      THALWEG_ASSIGN_OR_RETURN(const size_t n, input.read(buffer));
      if (n == 0) break;
      sample->append(buffer, 0, std::min(n, kSampleBytesMax - sample->size()));
    }
    return {};
  }
  std::error_code error;
  const auto status = std::filesystem::status(input.path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    return Status::NotFound("no such file: '" + input.path + "'");
  }
  if (!std::filesystem::is_directory(status)) return AppendFile(input.path, sample);
  std::vector<std::filesystem::path> files;
  const auto options = std::filesystem::directory_options::skip_permission_denied;
  std::filesystem::recursive_directory_iterator walk(input.path, options, error);
  for (const std::filesystem::recursive_directory_iterator end; !error && walk != end;
       walk.increment(error)) {
    std::error_code ignored;
    if (walk->is_regular_file(ignored) && !walk->is_symlink(ignored)) {
      files.push_back(walk->path());
    }
  }
  std::sort(files.begin(), files.end());
  // Files from all over the tree, when not all of them fit.
  constexpr size_t kStride = 7;
  for (size_t first = 0; first < kStride; ++first) {
    for (size_t i = first; i < files.size() && sample->size() < kSampleBytesMax; i += kStride) {
      THALWEG_RETURN_IF_ERROR(AppendFile(files[i], sample));
    }
  }
  return {};
}

Result<archive::Recipient> Nobody() {
  archive::Secret key(32);
  if (getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size())) {
    return Status::Unavailable("no random bytes");
  }
  return archive::Recipient::RawKey(std::move(key));
}

Result<Outcome> Try(const Context& context, const std::string& sample, const std::string& stages,
                    int workers) {
  archive::SealOptions options;
  THALWEG_ASSIGN_OR_RETURN(options.stages, archive::Stages::Parse(stages));
  THALWEG_ASSIGN_OR_RETURN(archive::Recipient nobody, Nobody());
  options.recipients = {std::move(nobody)};
  options.run.workers = workers;
  options.run.stop = context.stop;
  archive::SealInput input;
  input.name = "sample";
  size_t at = 0;
  input.read = [&](std::span<char> out) -> Result<size_t> {
    const size_t n = std::min(out.size(), sample.size() - at);
    std::memcpy(out.data(), sample.data() + at, n);
    at += n;
    return n;
  };
  int64_t written = 0;
  THALWEG_ASSIGN_OR_RETURN(const archive::SealReport report,
                           archive::SealToStream(
                               {std::move(input)},
                               [&](std::string_view data) {
                                 written += static_cast<int64_t>(data.size());
                                 return Status();
                               },
                               options));
  return Outcome{stages, workers, report.run.seconds,
                 static_cast<double>(written) / static_cast<double>(sample.size())};
}

void PrintOutcome(const Outcome& outcome, size_t sample_bytes) {
  std::array<char, 128> line{};
  std::snprintf(line.data(), line.size(), "%-10s %7d %9.0f %9.1f %%\n", outcome.stages.c_str(),
                outcome.workers,
                static_cast<double>(sample_bytes) / 1048576.0 / std::max(outcome.seconds, 1e-6),
                100 * outcome.ratio);
  Print(line.data());
}

Result<std::vector<Outcome>> Sweep(const Context& context, const std::string& sample, int cores) {
  std::vector<Outcome> outcomes;
  std::string slow_codec;
  for (const std::string setting : kSettings) {
    const std::string codec = setting.substr(0, setting.find(':'));
    if (codec == slow_codec) continue;
    THALWEG_ASSIGN_OR_RETURN(Outcome outcome, Try(context, sample, setting, cores));
    PrintOutcome(outcome, sample.size());
    if (outcome.seconds > kSecondsMax) slow_codec = codec;
    outcomes.push_back(std::move(outcome));
  }
  if (cores > 1) {
    THALWEG_ASSIGN_OR_RETURN(Outcome outcome, Try(context, sample, "zstd:3", 1));
    PrintOutcome(outcome, sample.size());
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

// The fastest of those that save something; the fastest of all when nothing can be saved.
const Outcome& ForSpeed(const std::vector<Outcome>& outcomes) {
  double smallest = 2;
  for (const auto& outcome : outcomes) smallest = std::min(smallest, outcome.ratio);
  // Half of what can be saved at all.
  const double wanted = smallest > 0.97 ? 2 : smallest + (1 - smallest) / 2;
  const Outcome* best = nullptr;
  for (const auto& outcome : outcomes) {
    if (outcome.ratio > wanted) continue;
    if (best == nullptr || outcome.seconds < best->seconds) best = &outcome;
  }
  return *best;
}

// The smallest, or a faster one that is as small but for a hair.
const Outcome& ForRatio(const std::vector<Outcome>& outcomes) {
  double smallest = 2;
  for (const auto& outcome : outcomes) smallest = std::min(smallest, outcome.ratio);
  const Outcome* best = nullptr;
  for (const auto& outcome : outcomes) {
    if (outcome.ratio > smallest * (1 + kWorthwhile)) continue;
    if (best == nullptr || outcome.seconds < best->seconds) best = &outcome;
  }
  return *best;
}

}  // namespace

int RunSealBenchmark(const Context& context, const std::vector<archive::SealInput>& inputs,
                     const ArchiveRunFlags& run) {
  std::string sample;
  for (const auto& input : inputs) {
    if (Status status = AppendInput(input, &sample); !status.ok()) return Fail(context, status);
    if (sample.size() == kSampleBytesMax) break;
  }
  if (sample.empty()) {
    return Fail(context, Status::InvalidArgument("there is nothing to take a sample of"));
  }
  Note(context, "sample: " + Bytes(static_cast<double>(sample.size())) +
                    ", sealed in memory with " + archive::NameOf(archive::PreferredCipher()));
  if (!context.quiet) Print("stages     workers     MiB/s      size\n");
  const int cores = run.workers > 0 ? run.workers : Governor::Process().cpu_tokens();
  const auto outcomes = Sweep(context, sample, cores);
  if (!outcomes.ok()) return Fail(context, outcomes.status());
  const Outcome& speed = ForSpeed(*outcomes);
  const Outcome& ratio = ForRatio(*outcomes);
  const auto flags = [](const Outcome& outcome) {
    return "--stages " + outcome.stages + " --workers " + std::to_string(outcome.workers);
  };
  Print("for speed: " + flags(speed) + "\nfor ratio: " + flags(ratio) + "\n");
  return 0;
}

}  // namespace thalweg::cli
