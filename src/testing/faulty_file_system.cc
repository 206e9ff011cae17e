#include "testing/faulty_file_system.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <utility>

#include "io/errno_status.h"

namespace thalweg::testing {
namespace {

std::string Normal(const std::string& path) {
  std::string name = std::filesystem::path(path).lexically_normal().string();
  while (name.size() > 1 && name.back() == '/') name.pop_back();
  return name;
}

bool IsBelow(const std::string& name, const std::string& dir) {
  return name.size() > dir.size() && name.starts_with(dir) && name[dir.size()] == '/';
}

}  // namespace

class FaultyFileSystem::RandomFile final : public io::RandomAccessFile {
 public:
  RandomFile(FaultyFileSystem& fs, std::unique_ptr<io::RandomAccessFile> base, std::string path)
      : fs_(fs), base_(std::move(base)), path_(std::move(path)) {
    fs_.Opened(1);
  }
  ~RandomFile() override { fs_.Opened(-1); }
  Result<size_t> ReadAt(int64_t offset, std::span<char> out) const override {
    THALWEG_RETURN_IF_ERROR(fs_.Begin(Kind::kRead, path_));
    return base_->ReadAt(offset, out);
  }
  Result<int64_t> Size() const override {
    THALWEG_RETURN_IF_ERROR(fs_.Begin(Kind::kSize, path_));
    return base_->Size();
  }

 private:
  FaultyFileSystem& fs_;
  std::unique_ptr<io::RandomAccessFile> base_;
  std::string path_;
};

class FaultyFileSystem::Reader final : public io::SequentialFile {
 public:
  Reader(FaultyFileSystem& fs, std::unique_ptr<io::SequentialFile> base, std::string path)
      : fs_(fs), base_(std::move(base)), path_(std::move(path)) {
    fs_.Opened(1);
  }
  ~Reader() override { fs_.Opened(-1); }
  Result<size_t> Read(std::span<char> out) override {
    THALWEG_RETURN_IF_ERROR(fs_.Begin(Kind::kRead, path_));
    return base_->Read(out.first(fs_.ShortenRead(out.size())));
  }

 private:
  FaultyFileSystem& fs_;
  std::unique_ptr<io::SequentialFile> base_;
  std::string path_;
};

class FaultyFileSystem::Writer final : public io::WritableFile {
 public:
  Writer(FaultyFileSystem& fs, std::unique_ptr<io::WritableFile> base, std::string path,
         InodePtr inode)
      : fs_(fs), base_(std::move(base)), path_(std::move(path)), inode_(std::move(inode)) {
    fs_.Opened(1);
    std::scoped_lock lock(fs_.mutex_);
    generation_ = fs_.generation_;
  }
  ~Writer() override { fs_.Opened(-1); }

  Status Append(std::string_view data) override {
    THALWEG_RETURN_IF_ERROR(Usable());
    const Status fault = fs_.Begin(Kind::kWrite, path_);
    // A write that fails has written some of its bytes.
    const std::string_view part = data.substr(0, fault.ok() ? data.size() : data.size() / 2);
    const Status wrote = base_->Append(part);
    {
      std::scoped_lock lock(fs_.mutex_);
      if (wrote.ok()) inode_->live.append(part);
    }
    return Keep(fault.ok() ? wrote : fault);
  }

  Status Sync() override {
    THALWEG_RETURN_IF_ERROR(Usable());
    const Status fault = fs_.Begin(Kind::kSync, path_);
    std::scoped_lock lock(fs_.mutex_);
    if (!fault.ok()) inode_->lost = true;
    if (!inode_->lost) inode_->durable = inode_->live;
    return fault;
  }

  Status Close() override {
    THALWEG_RETURN_IF_ERROR(Usable());
    THALWEG_RETURN_IF_ERROR(Keep(fs_.Begin(Kind::kClose, path_)));
    return base_->Close();
  }

 private:
  // The trap of fsync stays open on purpose: only writing remembers a failure here, so that code
  // which syncs again after a failure is told that all is well.
  Status Usable() const {
    THALWEG_RETURN_IF_ERROR(failure_);
    std::scoped_lock lock(fs_.mutex_);
    return generation_ == fs_.generation_ ? Status() : io::StatusOfErrno(EIO, "write", path_);
  }
  Status Keep(Status status) {
    if (!status.ok()) failure_ = status;
    return status;
  }

  FaultyFileSystem& fs_;
  std::unique_ptr<io::WritableFile> base_;
  std::string path_;
  InodePtr inode_;
  int64_t generation_ = 0;
  Status failure_;
};

class FaultyFileSystem::Updater final : public io::UpdatableFile {
 public:
  Updater(FaultyFileSystem& fs, std::unique_ptr<io::UpdatableFile> base, std::string path,
          InodePtr inode)
      : fs_(fs), base_(std::move(base)), path_(std::move(path)), inode_(std::move(inode)) {
    fs_.Opened(1);
    std::scoped_lock lock(fs_.mutex_);
    generation_ = fs_.generation_;
  }
  ~Updater() override { fs_.Opened(-1); }

  Status WriteAt(int64_t offset, std::string_view data) override {
    THALWEG_RETURN_IF_ERROR(Usable());
    const Status fault = fs_.Begin(Kind::kWrite, path_);
    const std::string_view part = data.substr(0, fault.ok() ? data.size() : data.size() / 2);
    const Status wrote = base_->WriteAt(offset, part);
    if (wrote.ok()) {
      std::scoped_lock lock(fs_.mutex_);
      const auto begin = static_cast<size_t>(offset);
      std::string& live = inode_->live;
      if (live.size() < begin + part.size()) live.resize(begin + part.size(), '\0');
      std::copy(part.begin(), part.end(), live.begin() + static_cast<ptrdiff_t>(begin));
      inode_->updated = true;
    }
    return Keep(fault.ok() ? wrote : fault);
  }
  Status Truncate(int64_t size) override {
    THALWEG_RETURN_IF_ERROR(Usable());
    THALWEG_RETURN_IF_ERROR(Keep(fs_.Begin(Kind::kWrite, path_)));
    THALWEG_RETURN_IF_ERROR(Keep(base_->Truncate(size)));
    std::scoped_lock lock(fs_.mutex_);
    inode_->live.resize(static_cast<size_t>(size), '\0');
    inode_->updated = true;
    return {};
  }
  Status Sync() override {
    THALWEG_RETURN_IF_ERROR(Usable());
    const Status fault = fs_.Begin(Kind::kSync, path_);
    std::scoped_lock lock(fs_.mutex_);
    if (!fault.ok()) inode_->lost = true;
    if (!inode_->lost) inode_->durable = inode_->live;
    return fault;
  }
  Status Close() override {
    THALWEG_RETURN_IF_ERROR(Usable());
    THALWEG_RETURN_IF_ERROR(Keep(fs_.Begin(Kind::kClose, path_)));
    return base_->Close();
  }

 private:
  Status Usable() const {
    THALWEG_RETURN_IF_ERROR(failure_);
    std::scoped_lock lock(fs_.mutex_);
    return generation_ == fs_.generation_ ? Status() : io::StatusOfErrno(EIO, "write", path_);
  }
  Status Keep(Status status) {
    if (!status.ok()) failure_ = status;
    return status;
  }

  FaultyFileSystem& fs_;
  std::unique_ptr<io::UpdatableFile> base_;
  std::string path_;
  InodePtr inode_;
  int64_t generation_ = 0;
  Status failure_;
};

FaultyFileSystem::FaultyFileSystem(io::FileSystem& base) : base_(base) {}
FaultyFileSystem::~FaultyFileSystem() = default;

void FaultyFileSystem::SetFault(Fault fault) {
  std::scoped_lock lock(mutex_);
  fault_ = std::move(fault);
  operations_ = 0;
}

void FaultyFileSystem::FailOperation(int64_t k, int error, bool stays) {
  SetFault([=](const Operation& operation) {
    return operation.index == k || (stays && operation.index > k) ? error : 0;
  });
}

void FaultyFileSystem::Heal() { SetFault(nullptr); }

int64_t FaultyFileSystem::operations() const {
  std::scoped_lock lock(mutex_);
  return operations_;
}

void FaultyFileSystem::ShortReads(uint64_t seed) {
  std::scoped_lock lock(mutex_);
  short_reads_ = true;
  random_.seed(seed);
}

int64_t FaultyFileSystem::open_files() const {
  std::scoped_lock lock(mutex_);
  return open_files_;
}

void FaultyFileSystem::Opened(int64_t by) {
  std::scoped_lock lock(mutex_);
  open_files_ += by;
}

size_t FaultyFileSystem::ShortenRead(size_t wanted) {
  std::scoped_lock lock(mutex_);
  return short_reads_ && wanted > 1 ? random_() % wanted + 1 : wanted;
}

Status FaultyFileSystem::Begin(Kind kind, const std::string& path) {
  std::scoped_lock lock(mutex_);
  ++operations_;
  const int error = fault_ ? fault_({operations_, kind, path}) : 0;
  return error == 0 ? Status() : io::StatusOfErrno(error, "fault injected", path);
}

// Takes what the base already has under `name` into the model, as durable.
Status FaultyFileSystem::Adopt(const std::string& name) {
  if (!touched_.emplace(name, true).second || live_.contains(name)) return {};
  const Result<io::FileInfo> info = base_.Stat(name);
  if (info.status().code() == StatusCode::kNotFound) return {};
  if (!info.ok()) return info.status();
  auto inode = std::make_shared<Inode>();
  inode->is_dir = info->type == io::FileType::kDirectory;
  if (!inode->is_dir) {
    THALWEG_ASSIGN_OR_RETURN(inode->live,
                             io::ReadFile(base_, name, std::numeric_limits<int64_t>::max()));
    inode->durable = inode->live;
  }
  live_[name] = durable_[name] = inode;
  return {};
}

void FaultyFileSystem::Apply(const Change& change, Names* names) const {
  if (!change.removed.empty()) {
    const bool moves = !change.set.empty();
    Names below;
    for (auto it = names->begin(); it != names->end();) {
      if (it->first == change.removed || IsBelow(it->first, change.removed)) {
        if (moves) below[change.set + it->first.substr(change.removed.size())] = it->second;
        it = names->erase(it);
      } else {
        ++it;
      }
    }
    for (auto& [name, inode] : below) (*names)[name] = inode;
  }
  if (!change.set.empty()) (*names)[change.set] = change.inode;
}

void FaultyFileSystem::Record(Change change) {
  Apply(change, &live_);
  touched_[change.removed.empty() ? change.set : change.removed] = true;
  if (!change.set.empty()) touched_[change.set] = true;
  pending_.push_back(std::move(change));
}

Result<std::unique_ptr<io::RandomAccessFile>> FaultyFileSystem::OpenRandom(
    const std::string& path) {
  THALWEG_RETURN_IF_ERROR(Begin(Kind::kOpen, path));
  THALWEG_ASSIGN_OR_RETURN(auto file, base_.OpenRandom(path));
  return std::make_unique<RandomFile>(*this, std::move(file), path);
}

Result<std::unique_ptr<io::SequentialFile>> FaultyFileSystem::OpenSequential(
    const std::string& path, std::stop_token stop) {
  THALWEG_RETURN_IF_ERROR(Begin(Kind::kOpen, path));
  THALWEG_ASSIGN_OR_RETURN(auto file, base_.OpenSequential(path, std::move(stop)));
  return std::make_unique<Reader>(*this, std::move(file), path);
}

Result<std::unique_ptr<io::WritableFile>> FaultyFileSystem::OpenForWriting(
    const std::string& path, const io::WriteOptions& options) {
  THALWEG_RETURN_IF_ERROR(Begin(Kind::kOpen, path));
  std::unique_ptr<io::WritableFile> file;
  InodePtr inode;
  {
    std::scoped_lock lock(mutex_);
    const std::string name = Normal(path);
    THALWEG_RETURN_IF_ERROR(Adopt(name));
    THALWEG_ASSIGN_OR_RETURN(file, base_.OpenForWriting(path, options));
    if (const auto found = live_.find(name); found != live_.end()) {
      inode = found->second;
      if (options.mode == io::WriteMode::kTruncate) inode->live.clear();
    } else {
      inode = std::make_shared<Inode>();
      Record({"", name, inode});
    }
  }
  return std::make_unique<Writer>(*this, std::move(file), path, std::move(inode));
}

Result<std::unique_ptr<io::UpdatableFile>> FaultyFileSystem::OpenForUpdate(
    const std::string& path) {
  THALWEG_RETURN_IF_ERROR(Begin(Kind::kOpen, path));
  std::unique_ptr<io::UpdatableFile> file;
  InodePtr inode;
  {
    std::scoped_lock lock(mutex_);
    const std::string name = Normal(path);
    THALWEG_RETURN_IF_ERROR(Adopt(name));
    THALWEG_ASSIGN_OR_RETURN(file, io::OpenForUpdate(base_, path));
    // A lock may have made the file behind the back of the model.
    InodePtr& known = live_[name];
    if (known == nullptr) known = std::make_shared<Inode>();
    inode = known;
  }
  return std::make_unique<Updater>(*this, std::move(file), path, std::move(inode));
}

Result<io::FileInfo> FaultyFileSystem::Stat(const std::string& path) {
  THALWEG_RETURN_IF_ERROR(Begin(Kind::kStat, path));
  return base_.Stat(path);
}

Result<std::vector<io::DirEntry>> FaultyFileSystem::List(const std::string& path) {
  THALWEG_RETURN_IF_ERROR(Begin(Kind::kList, path));
  return base_.List(path);
}

Status FaultyFileSystem::MakeDirs(const std::string& path) {
  THALWEG_RETURN_IF_ERROR(Begin(Kind::kMakeDirs, path));
  std::scoped_lock lock(mutex_);
  std::vector<std::string> made;
  for (std::string name = Normal(path); name != "." && name != "/"; name = io::ParentPath(name)) {
    THALWEG_RETURN_IF_ERROR(Adopt(name));
    if (live_.contains(name)) break;
    made.push_back(name);
  }
  THALWEG_RETURN_IF_ERROR(base_.MakeDirs(path));
  for (auto name = made.rbegin(); name != made.rend(); ++name) {
    auto inode = std::make_shared<Inode>();
    inode->is_dir = true;
    Record({"", *name, std::move(inode)});
  }
  return {};
}

Status FaultyFileSystem::Rename(const std::string& from, const std::string& to,
                                io::RenameMode mode) {
  THALWEG_RETURN_IF_ERROR(Begin(Kind::kRename, from));
  std::scoped_lock lock(mutex_);
  const std::string source = Normal(from);
  const std::string target = Normal(to);
  THALWEG_RETURN_IF_ERROR(Adopt(source));
  THALWEG_RETURN_IF_ERROR(Adopt(target));
  THALWEG_RETURN_IF_ERROR(base_.Rename(from, to, mode));
  if (source != target) Record({source, target, live_[source]});
  return {};
}

Status FaultyFileSystem::Unlink(const std::string& path) {
  THALWEG_RETURN_IF_ERROR(Begin(Kind::kUnlink, path));
  std::scoped_lock lock(mutex_);
  THALWEG_RETURN_IF_ERROR(Adopt(Normal(path)));
  THALWEG_RETURN_IF_ERROR(base_.Unlink(path));
  Record({Normal(path), "", nullptr});
  return {};
}

Status FaultyFileSystem::RemoveTree(const std::string& path) {
  THALWEG_RETURN_IF_ERROR(Begin(Kind::kRemoveTree, path));
  std::scoped_lock lock(mutex_);
  const std::string name = Normal(path);
  THALWEG_RETURN_IF_ERROR(Adopt(name));
  // What lies below and was never touched must come back with its directory.
  std::vector<std::string> todo = {name};
  while (!todo.empty()) {
    const std::string dir = std::move(todo.back());
    todo.pop_back();
    const auto found = live_.find(dir);
    if (found == live_.end() || !found->second->is_dir) continue;
    THALWEG_ASSIGN_OR_RETURN(const auto entries, base_.List(dir));
    for (const io::DirEntry& entry : entries) {
      todo.push_back(dir + "/" + entry.name);
      THALWEG_RETURN_IF_ERROR(Adopt(todo.back()));
    }
  }
  THALWEG_RETURN_IF_ERROR(base_.RemoveTree(path));
  if (live_.contains(name)) Record({name, "", nullptr});
  return {};
}

Status FaultyFileSystem::SyncDir(const std::string& path) {
  THALWEG_RETURN_IF_ERROR(Begin(Kind::kSyncDir, path));
  std::scoped_lock lock(mutex_);
  THALWEG_RETURN_IF_ERROR(base_.SyncDir(path));
  const std::string dir = Normal(path);
  const auto is_in = [&](const std::string& name) {
    return !name.empty() && io::ParentPath(name) == dir;
  };
  std::erase_if(pending_, [&](const Change& change) {
    if (!is_in(change.removed) && !is_in(change.set)) return false;
    Apply(change, &durable_);
    return true;
  });
  return {};
}

Result<std::unique_ptr<io::FileLock>> FaultyFileSystem::Lock(const std::string& path) {
  THALWEG_RETURN_IF_ERROR(Begin(Kind::kLock, path));
  return base_.Lock(path);
}

}  // namespace thalweg::testing
