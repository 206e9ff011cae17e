#include "io/atomic_file.h"

#include <atomic>
#include <random>
#include <utility>

namespace thalweg::io {
namespace {

// Names must differ between processes and between threads; they need not be secret, because the
// file is made with O_EXCL.
std::string RandomSuffix() {
  static const uint64_t seed = [] {
    std::random_device device;
    return uint64_t{device()} << 32 | device();
  }();
  static std::atomic<uint64_t> count = 0;
  uint64_t bits = (seed + ++count) * 0x9e37'79b9'7f4a'7c15U;
  bits ^= bits >> 29;
  std::string text(8, '0');
  for (char& c : text) {
    c = "0123456789abcdefghijklmnopqrstuv"[bits & 31];
    bits >>= 5;
  }
  return text;
}

std::string TemporaryPath(const std::string& path) {
  // File systems allow 255 bytes a name; the original is in it for the person who finds it.
  constexpr size_t kNameBytesMax = 200;
  return JoinPath(ParentPath(path),
                  "." + BaseName(path).substr(0, kNameBytesMax) + "." + RandomSuffix() + ".part");
}

// `dir/rejects.mrc` and 2 -> `dir/rejects-2.mrc`.
std::string Numbered(const std::string& path, int number) {
  const size_t slash = path.rfind('/');
  const size_t dot = path.rfind('.');
  const bool suffix = dot != std::string::npos && (slash == std::string::npos || dot > slash + 1);
  const size_t at = suffix ? dot : path.size();
  return path.substr(0, at) + "-" + std::to_string(number) + path.substr(at);
}

}  // namespace

Result<std::unique_ptr<AtomicFile>> AtomicFile::Create(FileSystem& fs, std::string path,
                                                       const Options& options) {
  THALWEG_RETURN_IF_ERROR(CheckPath(path));
  if (path.back() == '/') {
    return Status::InvalidArgument("create: the name of a directory: '" + path + "'");
  }
  WriteOptions write{
      .mode = WriteMode::kCreate, .permissions = options.permissions, .will_sync = true};
  const Result<FileInfo> taken = fs.Stat(path);
  if (taken.ok()) {
    if (taken->type != FileType::kFile) {
      return Status::InvalidArgument("create: not a regular file: '" + path + "'");
    }
    if (!options.replace && !options.numbered) {
      return Status::AlreadyExists("create: the file exists: '" + path + "'");
    }
    if (options.replace) {
      write.permissions = taken->permissions;
      write.exact_permissions = true;
    }
  } else if (taken.status().code() != StatusCode::kNotFound) {
    return taken.status();
  }
  for (int attempt = 0;; ++attempt) {
    std::string temporary = TemporaryPath(path);
    auto file = fs.OpenForWriting(temporary, write);
    if (file.ok()) {
      return std::unique_ptr<AtomicFile>(
          new AtomicFile(fs, std::move(path), std::move(temporary), options, *std::move(file)));
    }
    if (file.status().code() != StatusCode::kAlreadyExists || attempt == 100) {
      return file.status().WithContext("create '" + path + "'");
    }
  }
}

AtomicFile::AtomicFile(FileSystem& fs, std::string path, std::string temporary_path,
                       const Options& options, std::unique_ptr<WritableFile> file)
    : fs_(fs),
      path_(std::move(path)),
      temporary_path_(std::move(temporary_path)),
      options_(options),
      file_(std::move(file)) {}

AtomicFile::~AtomicFile() { Discard(); }

Status AtomicFile::Append(std::string_view data) {
  THALWEG_RETURN_IF_ERROR(failure_);
  if (finished_) return Status::InvalidArgument("write: '" + path_ + "': the file is finished");
  failure_ = file_->Append(data);
  if (failure_.ok()) bytes_written_ += static_cast<int64_t>(data.size());
  return failure_;
}

Status AtomicFile::Commit() {
  THALWEG_RETURN_IF_ERROR(failure_);
  if (finished_) return Status::InvalidArgument("commit: '" + path_ + "': the file is finished");
  failure_ = CommitSteps();
  if (!failure_.ok()) {
    Discard();
    return failure_.WithContext("commit '" + path_ + "'");
  }
  return {};
}

// Gives the file its name. Only the rename tells whether a name is free.
Status AtomicFile::Name() {
  constexpr int kNumberMax = 9999;
  if (options_.replace) return fs_.Rename(temporary_path_, path_, RenameMode::kReplace);
  Status named = fs_.Rename(temporary_path_, path_, RenameMode::kNoReplace);
  if (!options_.numbered) return named;
  const std::string wanted = path_;
  for (int number = 2; named.code() == StatusCode::kAlreadyExists && number <= kNumberMax;
       ++number) {
    path_ = Numbered(wanted, number);
    named = fs_.Rename(temporary_path_, path_, RenameMode::kNoReplace);
  }
  return named;
}

Status AtomicFile::CommitSteps() {
  THALWEG_RETURN_IF_ERROR(file_->Sync());
  THALWEG_RETURN_IF_ERROR(file_->Close());
  THALWEG_RETURN_IF_ERROR(Name());
  finished_ = true;
  return fs_.SyncDir(ParentPath(path_));
}

void AtomicFile::Discard() {
  if (finished_) return;
  finished_ = true;
  file_.reset();
  // A name that cannot be removed stays behind as what it is: a temporary file.
  static_cast<void>(fs_.Unlink(temporary_path_));
}

}  // namespace thalweg::io
