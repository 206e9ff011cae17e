#include "job/dead_letters.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <ctime>

#include "base/base64.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace thalweg::job {
namespace {

constexpr size_t kPendingMax = 64 << 10;

// A job's name as part of a file name.
std::string PlainName(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '-' || c == '_';
    out.push_back(plain ? c : '_');
  }
  return out.empty() ? "query" : out;
}

std::string TimeName(Clock& clock) {
  const std::time_t seconds = clock.UnixMicros() / 1000000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  const size_t length = std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &utc);
  return std::string(text.data(), length) + "-" + std::to_string(getpid());
}

}  // namespace

DeadLetterFile::DeadLetterFile(io::FileSystem& fs, std::string path, std::string job, Clock& clock)
    : fs_(fs), path_(std::move(path)), job_(std::move(job)), clock_(clock) {}

Status DeadLetterFile::Open() {
  const bool directory = !path_.ends_with(".jsonl");
  if (directory && !path_.empty()) THALWEG_RETURN_IF_ERROR(fs_.MakeDirs(path_));
  io::WriteOptions options;
  options.mode = io::WriteMode::kCreate;
  options.permissions = 0600;
  options.exact_permissions = true;
  if (!directory) {
    THALWEG_ASSIGN_OR_RETURN(file_, fs_.OpenForWriting(path_, options));
    return {};
  }
  const std::string stem = io::JoinPath(path_, PlainName(job_) + "-rejects-" + TimeName(clock_));
  // Several runs of one process may start within a second.
  for (int attempt = 0;; ++attempt) {
    path_ = stem;
    if (attempt > 0) path_.append(1, '-').append(std::to_string(attempt));
    path_ += ".jsonl";
    auto file = fs_.OpenForWriting(path_, options);
    if (file.ok()) {
      file_ = *std::move(file);
      return {};
    }
    if (file.status().code() != StatusCode::kAlreadyExists || attempt == 1000) return file.status();
  }
}

Status DeadLetterFile::Write(const runtime::Rejection& rejection) {
  if (file_ == nullptr) THALWEG_RETURN_IF_ERROR(Open());
  JsonWriter json;
  json.BeginObject();
  json.Key("node").String(rejection.node);
  if (!rejection.file.empty()) json.Key("file").String(rejection.file);
  if (rejection.line > 0) json.Key("line").Int(rejection.line);
  if (rejection.byte_offset >= 0) json.Key("byte_offset").Int(rejection.byte_offset);
  if (!rejection.column.empty()) json.Key("column").String(rejection.column);
  json.Key("reason").String(rejection.reason);
  if (FindInvalidUtf8(rejection.raw) == std::string_view::npos) {
    json.Key("raw").String(rejection.raw);
  } else {
    std::string raw;
    AppendBase64(rejection.raw, &raw);
    json.Key("raw_base64").String(raw);
  }
  json.EndObject();
  pending_ += std::move(json).Take();
  pending_.push_back('\n');
  if (pending_.size() < kPendingMax) return {};
  THALWEG_RETURN_IF_ERROR(file_->Append(pending_));
  pending_.clear();
  return {};
}

Status DeadLetterFile::Close() {
  if (file_ == nullptr || closed_) return {};
  closed_ = true;
  THALWEG_RETURN_IF_ERROR(file_->Append(pending_));
  THALWEG_RETURN_IF_ERROR(file_->Sync());
  THALWEG_RETURN_IF_ERROR(file_->Close());
  return fs_.SyncDir(io::ParentPath(path_));
}

}  // namespace thalweg::job
