#include "archive/part_file.h"

#include <utility>

namespace thalweg::archive {

std::string PartPath(const std::string& path) {
  constexpr size_t kNameBytesMax = 240;
  return io::JoinPath(io::ParentPath(path),
                      "." + io::BaseName(path).substr(0, kNameBytesMax) + ".part");
}

PartFile::PartFile(io::FileSystem& fs, std::string path, const Options& options)
    : fs_(fs), path_(std::move(path)), part_path_(PartPath(path_)), options_(options) {}

Result<std::unique_ptr<PartFile>> PartFile::Open(io::FileSystem& fs, const std::string& path,
                                                 const Options& options) {
  THALWEG_RETURN_IF_ERROR(io::CheckPath(path));
  if (path.back() == '/') {
    return Status::InvalidArgument("create: the name of a directory: '" + path + "'");
  }
  const Result<io::FileInfo> taken = fs.Stat(path);
  if (taken.ok() && taken->type != io::FileType::kFile) {
    return Status::InvalidArgument("create: not a regular file: '" + path + "'");
  }
  if (taken.ok() && !options.replace) {
    return Status::AlreadyExists("create: the file exists: '" + path + "'");
  }
  if (!taken.ok() && taken.status().code() != StatusCode::kNotFound) return taken.status();
  std::unique_ptr<PartFile> part(new PartFile(fs, path, options));
  const auto left = fs.Stat(part->part_path_);
  if (options.resume) {
    if (!left.ok()) return left.status().WithContext("nothing to resume");
    part->size_ = left->size;
    part->keep_ = true;
  }
  // Whoever made the file and has it locked is at work on it: nothing of it may be touched.
  const bool keep = std::exchange(part->keep_, true);
  THALWEG_ASSIGN_OR_RETURN(auto made,
                           fs.OpenForWriting(part->part_path_, {.mode = io::WriteMode::kAppend}));
  made.reset();
  THALWEG_ASSIGN_OR_RETURN(part->lock_, fs.Lock(part->part_path_));
  part->keep_ = keep;
  THALWEG_ASSIGN_OR_RETURN(part->file_, io::OpenForUpdate(fs, part->part_path_));
  if (!options.resume) THALWEG_RETURN_IF_ERROR(part->file_->Truncate(0));
  return part;
}

PartFile::~PartFile() {
  if (committed_ || keep_) return;
  file_.reset();
  // A name that cannot be removed stays behind as what it is: a part.
  static_cast<void>(fs_.Unlink(part_path_));
}

Status PartFile::Append(std::string_view data) {
  THALWEG_RETURN_IF_ERROR(file_->WriteAt(size_, data));
  size_ += static_cast<int64_t>(data.size());
  return {};
}

Status PartFile::TruncateTo(int64_t size) {
  THALWEG_RETURN_IF_ERROR(file_->Truncate(size));
  size_ = size;
  return {};
}

Status PartFile::Commit() {
  const Status done = CommitSteps();
  return done.ok() ? done : done.WithContext("commit '" + path_ + "'");
}

Status PartFile::CommitSteps() {
  if (options_.sync) THALWEG_RETURN_IF_ERROR(file_->Sync());
  THALWEG_RETURN_IF_ERROR(file_->Close());
  const auto mode = options_.replace ? io::RenameMode::kReplace : io::RenameMode::kNoReplace;
  THALWEG_RETURN_IF_ERROR(fs_.Rename(part_path_, path_, mode));
  committed_ = true;
  return options_.sync ? fs_.SyncDir(io::ParentPath(path_)) : Status();
}

}  // namespace thalweg::archive
