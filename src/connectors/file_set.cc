#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <utility>

#include "connectors/file_sink.h"
#include "io/standard_streams.h"

namespace thalweg::connectors {
namespace {

constexpr size_t kOpenMax = 32;

bool IsPlain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
         c == '_' || c == '.' || c == ',' || c == '+' || c == ' ';
}

// The directory that a set lives in: all of the location, or what stands before the first `{`.
std::string BaseOf(const std::string& location) {
  const size_t brace = location.find('{');
  if (brace == std::string::npos) return location;
  const size_t slash = location.rfind('/', brace);
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : location.substr(0, slash);
}

std::string StagingName() {
  static std::atomic<uint64_t> count{0};
  std::array<char, 64> name{};
  std::snprintf(name.data(), name.size(), ".thalweg-%ld-%llu.part", static_cast<long>(getpid()),
                static_cast<unsigned long long>(++count));
  return name.data();
}

bool IsStaging(std::string_view name) {
  return name.starts_with(".thalweg-") && name.ends_with(".part");
}

}  // namespace

std::string EncodePathValue(std::string_view value) {
  std::string out;
  for (size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (IsPlain(c) && !(c == '.' && i == 0)) {
      out.push_back(c);
      continue;
    }
    std::array<char, 4> hex{};
    std::snprintf(hex.data(), hex.size(), "%%%02X", static_cast<unsigned char>(c));
    out.append(hex.data());
  }
  return out.empty() ? "%" : out;
}

FileSet::~FileSet() {
  if (staging_.empty()) return;
  open_.clear();
  // Removing what was staged is all that can be done here, and nobody is left to be told.
  (void)target_.fs->RemoveTree(staging_);
  if (base_made_) (void)target_.fs->RemoveTree(base_);
}

Status FileSet::MakeStaging() {
  base_ = BaseOf(target_.location);
  THALWEG_ASSIGN_OR_RETURN(const bool there, io::Exists(*target_.fs, base_));
  base_made_ = !there;
  const std::string staging = io::JoinPath(base_, StagingName());
  THALWEG_RETURN_IF_ERROR(target_.fs->MakeDirs(staging));
  staging_ = staging;
  return {};
}

Result<FileSet::Out> FileSet::BeginSingle() {
  Out out;
  std::string before;
  if (target_.location == "-") {
    stream_ = io::OpenStandardOutput();
  } else {
    io::AtomicFile::Options options;
    options.replace = target_.mode != WriteMode::kCreate;
    THALWEG_ASSIGN_OR_RETURN(const bool there, io::Exists(*target_.fs, target_.location));
    // An existing empty file is as good as none.
    options.replace = options.replace || there;
    THALWEG_ASSIGN_OR_RETURN(single_,
                             io::AtomicFile::Create(*target_.fs, target_.location, options));
    if (there && target_.mode == WriteMode::kAppend) {
      THALWEG_ASSIGN_OR_RETURN(auto old, target_.fs->OpenSequential(target_.location, {}));
      std::string buffer(1 << 20, '\0');
      bool any = false;
      for (;;) {
        THALWEG_ASSIGN_OR_RETURN(const size_t got, old->Read(buffer));
        if (got == 0) break;
        any = true;
        THALWEG_RETURN_IF_ERROR(single_->Append(std::string_view(buffer).substr(0, got)));
      }
      if (any) out.assembler = target_.encoder->AppendFile();
    }
  }
  if (out.assembler == nullptr) out.assembler = target_.encoder->NewFile();
  THALWEG_ASSIGN_OR_RETURN(
      out.encoder, io::EncodingWriter::Make(target_.compression, {}, [this](std::string_view data) {
        bytes_ += static_cast<int64_t>(data.size());
        return single_ != nullptr ? single_->Append(data) : stream_->Append(data);
      }));
  return out;
}

Result<FileSet::Out> FileSet::Begin(const std::string& path) {
  if (!partitioned()) return BeginSingle();
  if (staging_.empty()) THALWEG_RETURN_IF_ERROR(MakeStaging());
  if (static_cast<int64_t>(outs_.size()) >= target_.partitions_max) {
    return Status::ResourceExhausted("more than " + std::to_string(target_.partitions_max) +
                                     " partitions: choose other columns, or raise partitions_max");
  }
  const std::string staged = io::JoinPath(staging_, path);
  THALWEG_RETURN_IF_ERROR(target_.fs->MakeDirs(io::ParentPath(staged)));
  Out out;
  out.assembler = target_.encoder->NewFile();
  THALWEG_ASSIGN_OR_RETURN(
      out.encoder,
      io::EncodingWriter::Make(target_.compression, {}, [this, staged](std::string_view data) {
        return WriteStaged(staged, data);
      }));
  return out;
}

Status FileSet::WriteStaged(const std::string& path, std::string_view data) {
  bytes_ += static_cast<int64_t>(data.size());
  auto found = open_by_path_.find(path);
  if (found != open_by_path_.end()) {
    open_.splice(open_.begin(), open_, found->second);
    return open_.front().file->Append(data);
  }
  if (open_.size() >= kOpenMax) {
    Open& last = open_.back();
    THALWEG_RETURN_IF_ERROR(last.file->Sync());
    THALWEG_RETURN_IF_ERROR(last.file->Close());
    open_by_path_.erase(last.path);
    open_.pop_back();
  }
  io::WriteOptions options;
  options.mode = io::WriteMode::kAppend;
  THALWEG_ASSIGN_OR_RETURN(auto file, target_.fs->OpenForWriting(path, options));
  open_.push_front({path, std::move(file)});
  open_by_path_[path] = open_.begin();
  return open_.front().file->Append(data);
}

Result<FileSet::Out*> FileSet::OutFor(const std::string& path) {
  const auto found = outs_.find(path);
  if (found != outs_.end()) return &found->second;
  THALWEG_ASSIGN_OR_RETURN(Out made, Begin(path));
  Out* out = &outs_.emplace(path, std::move(made)).first->second;
  THALWEG_RETURN_IF_ERROR(
      out->assembler->Begin([out](std::string_view data) { return out->encoder->Append(data); }));
  return out;
}

Status FileSet::Append(const std::string& path, engine::EncodedChunk chunk) {
  THALWEG_ASSIGN_OR_RETURN(Out * out, OutFor(path));
  rows_ += chunk.rows;
  return out->assembler->Append(
      std::move(chunk), [out](std::string_view data) { return out->encoder->Append(data); });
}

Status FileSet::Finish() {
  if (!partitioned()) THALWEG_RETURN_IF_ERROR(OutFor("").ok() ? Status() : OutFor("").status());
  for (auto& [path, out] : outs_) {
    Out* o = &out;
    THALWEG_RETURN_IF_ERROR(
        out.assembler->Finish([o](std::string_view data) { return o->encoder->Append(data); }));
    THALWEG_RETURN_IF_ERROR(out.encoder->Finish());
  }
  for (auto& open : open_) {
    THALWEG_RETURN_IF_ERROR(open.file->Sync());
    THALWEG_RETURN_IF_ERROR(open.file->Close());
  }
  open_by_path_.clear();
  open_.clear();
  return {};
}

Status FileSet::Commit() {
  if (partitioned()) return CommitSet();
  return single_ != nullptr ? single_->Commit() : Status();
}

// `replace` takes the place of the whole set, so what stood there goes.
Status FileSet::ClearTarget() {
  THALWEG_ASSIGN_OR_RETURN(const auto entries, target_.fs->List(base_));
  for (const auto& entry : entries) {
    if (IsStaging(entry.name)) continue;
    THALWEG_RETURN_IF_ERROR(target_.fs->RemoveTree(io::JoinPath(base_, entry.name)));
  }
  return {};
}

Status FileSet::CommitSet() {
  if (staging_.empty()) THALWEG_RETURN_IF_ERROR(MakeStaging());
  const bool pattern = target_.location.find('{') != std::string::npos;
  if (target_.mode == WriteMode::kReplace && !pattern) THALWEG_RETURN_IF_ERROR(ClearTarget());
  std::string synced;
  for (const auto& [path, out] : outs_) {
    const std::string final_path = io::JoinPath(base_, path);
    const std::string directory = io::ParentPath(final_path);
    THALWEG_RETURN_IF_ERROR(target_.fs->MakeDirs(directory));
    const auto mode =
        target_.mode == WriteMode::kReplace ? io::RenameMode::kReplace : io::RenameMode::kNoReplace;
    THALWEG_RETURN_IF_ERROR(target_.fs->Rename(io::JoinPath(staging_, path), final_path, mode));
    if (directory != synced) THALWEG_RETURN_IF_ERROR(target_.fs->SyncDir(directory));
    synced = directory;
  }
  THALWEG_RETURN_IF_ERROR(target_.fs->RemoveTree(staging_));
  staging_.clear();
  return target_.fs->SyncDir(base_);
}

}  // namespace thalweg::connectors
