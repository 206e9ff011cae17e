#include "io/memory_file_system.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "io/errno_status.h"

namespace thalweg::io {
namespace {

// `a//b/./c/../d` -> `/a/b/d`. Without links, `..` can be resolved as text.
Result<std::string> Resolve(const std::string& path) {
  THALWEG_RETURN_IF_ERROR(CheckPath(path));
  std::string out;
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view name(path.data() + begin, end - begin);
    if (name == "..") {
      out.resize(out.empty() ? 0 : out.rfind('/'));
    } else if (!name.empty() && name != ".") {
      if (name.size() > 255) return StatusOfErrno(ENAMETOOLONG, "open", path);
      out.append("/").append(name);
    }
    begin = end + 1;
  }
  if (out.empty()) out = "/";
  return out;
}

}  // namespace

struct MemoryFileSystem::Node {
  FileType type = FileType::kFile;
  uint32_t permissions = 0;
  uint64_t inode = 0;
  mutable std::mutex mutex;
  std::string data;      // Guarded by `mutex`.
  int64_t modified = 0;  // Guarded by `mutex`; counts changes.
  std::atomic<bool> locked = false;

  size_t ReadAt(uint64_t offset, std::span<char> out) const {
    std::scoped_lock lock(mutex);
    if (offset >= data.size()) return 0;
    const size_t n = std::min<size_t>(out.size(), data.size() - offset);
    std::memcpy(out.data(), data.data() + offset, n);
    return n;
  }
};

class MemoryFileSystem::RandomFile final : public RandomAccessFile {
 public:
  RandomFile(NodePtr node, std::string path) : node_(std::move(node)), path_(std::move(path)) {}
  Result<size_t> ReadAt(int64_t offset, std::span<char> out) const override {
    if (offset < 0) return Status::InvalidArgument("read: '" + path_ + "': negative offset");
    if (out.empty()) return size_t{0};
    return node_->ReadAt(static_cast<uint64_t>(offset), out);
  }
  Result<int64_t> Size() const override {
    std::scoped_lock lock(node_->mutex);
    return static_cast<int64_t>(node_->data.size());
  }

 private:
  NodePtr node_;
  std::string path_;
};

class MemoryFileSystem::Reader final : public SequentialFile {
 public:
  explicit Reader(NodePtr node) : node_(std::move(node)) {}
  Result<size_t> Read(std::span<char> out) override {
    if (out.empty()) return size_t{0};
    const size_t n = node_->ReadAt(offset_, out);
    offset_ += n;
    return n;
  }

 private:
  NodePtr node_;
  uint64_t offset_ = 0;
};

class MemoryFileSystem::Writer final : public WritableFile {
 public:
  Writer(NodePtr node, std::string path) : node_(std::move(node)), path_(std::move(path)) {}
  Status Append(std::string_view data) override {
    THALWEG_RETURN_IF_ERROR(Usable());
    std::scoped_lock lock(node_->mutex);
    node_->data.append(data);
    ++node_->modified;
    return {};
  }
  Status Sync() override { return Usable(); }
  Status Close() override {
    THALWEG_RETURN_IF_ERROR(Usable());
    closed_ = true;
    return {};
  }

 private:
  Status Usable() const {
    if (!closed_) return {};
    return Status::InvalidArgument("write: '" + path_ + "': the file is closed");
  }
  NodePtr node_;
  std::string path_;
  bool closed_ = false;
};

class MemoryFileSystem::Updater final : public UpdatableFile {
 public:
  Updater(NodePtr node, std::string path) : node_(std::move(node)), path_(std::move(path)) {}
  Status WriteAt(int64_t offset, std::string_view data) override {
    THALWEG_RETURN_IF_ERROR(Usable());
    if (offset < 0) return Status::InvalidArgument("write: '" + path_ + "': negative offset");
    std::scoped_lock lock(node_->mutex);
    const auto begin = static_cast<size_t>(offset);
    if (node_->data.size() < begin + data.size()) node_->data.resize(begin + data.size(), '\0');
    std::memcpy(node_->data.data() + begin, data.data(), data.size());
    ++node_->modified;
    return {};
  }
  Status Truncate(int64_t size) override {
    THALWEG_RETURN_IF_ERROR(Usable());
    if (size < 0) return Status::InvalidArgument("truncate: '" + path_ + "': negative size");
    std::scoped_lock lock(node_->mutex);
    node_->data.resize(static_cast<size_t>(size), '\0');
    ++node_->modified;
    return {};
  }
  Status Sync() override { return Usable(); }
  Status Close() override {
    THALWEG_RETURN_IF_ERROR(Usable());
    closed_ = true;
    return {};
  }

 private:
  Status Usable() const {
    if (!closed_) return {};
    return Status::InvalidArgument("write: '" + path_ + "': the file is closed");
  }
  NodePtr node_;
  std::string path_;
  bool closed_ = false;
};

class MemoryFileSystem::Held final : public FileLock {
 public:
  explicit Held(NodePtr node) : node_(std::move(node)) {}
  ~Held() override { node_->locked = false; }

 private:
  NodePtr node_;
};

MemoryFileSystem::MemoryFileSystem() { tree_["/"] = NewNode(FileType::kDirectory, 0777); }
MemoryFileSystem::~MemoryFileSystem() = default;

MemoryFileSystem::NodePtr MemoryFileSystem::NewNode(FileType type, uint32_t permissions) {
  auto node = std::make_shared<Node>();
  node->type = type;
  node->permissions = permissions;
  node->inode = next_inode_++;
  return node;
}

MemoryFileSystem::NodePtr MemoryFileSystem::Find(const std::string& path) const {
  const auto found = tree_.find(path);
  return found == tree_.end() ? nullptr : found->second;
}

Status MemoryFileSystem::CheckParent(const std::string& path, const char* operation) const {
  const NodePtr parent = Find(ParentPath(path));
  if (parent == nullptr) return StatusOfErrno(ENOENT, operation, path);
  return parent->type == FileType::kDirectory ? Status() : StatusOfErrno(ENOTDIR, operation, path);
}

Result<MemoryFileSystem::NodePtr> MemoryFileSystem::FindFile(const std::string& path,
                                                             const char* operation) const {
  NodePtr node = Find(path);
  if (node == nullptr) return StatusOfErrno(ENOENT, operation, path);
  if (node->type == FileType::kDirectory) return StatusOfErrno(EISDIR, operation, path);
  return node;
}

// What lies in the directory at `path`, at any depth.
std::pair<MemoryFileSystem::Tree::iterator, MemoryFileSystem::Tree::iterator>
MemoryFileSystem::Below(const std::string& path) {
  if (path == "/") return {std::next(tree_.begin()), tree_.end()};
  return {tree_.lower_bound(path + '/'), tree_.lower_bound(path + static_cast<char>('/' + 1))};
}

Result<std::unique_ptr<RandomAccessFile>> MemoryFileSystem::OpenRandom(const std::string& path) {
  THALWEG_ASSIGN_OR_RETURN(const std::string at, Resolve(path));
  std::scoped_lock lock(mutex_);
  THALWEG_ASSIGN_OR_RETURN(NodePtr node, FindFile(at, "open"));
  return std::make_unique<RandomFile>(std::move(node), path);
}

Result<std::unique_ptr<SequentialFile>> MemoryFileSystem::OpenSequential(const std::string& path,
                                                                         std::stop_token) {
  THALWEG_ASSIGN_OR_RETURN(const std::string at, Resolve(path));
  std::scoped_lock lock(mutex_);
  THALWEG_ASSIGN_OR_RETURN(NodePtr node, FindFile(at, "open"));
  return std::make_unique<Reader>(std::move(node));
}

Result<std::unique_ptr<WritableFile>> MemoryFileSystem::OpenForWriting(
    const std::string& path, const WriteOptions& options) {
  THALWEG_ASSIGN_OR_RETURN(const std::string at, Resolve(path));
  std::scoped_lock lock(mutex_);
  NodePtr node = Find(at);
  if (node == nullptr) {
    THALWEG_RETURN_IF_ERROR(CheckParent(at, "open to write"));
    node = tree_[at] = NewNode(FileType::kFile, options.permissions & 07777);
  } else if (options.mode == WriteMode::kCreate) {
    return StatusOfErrno(EEXIST, "open to write", path);
  } else if (node->type == FileType::kDirectory) {
    return StatusOfErrno(EISDIR, "open to write", path);
  } else if (options.mode == WriteMode::kTruncate) {
    std::scoped_lock file(node->mutex);
    node->data.clear();
    ++node->modified;
  }
  return std::make_unique<Writer>(std::move(node), path);
}

Result<std::unique_ptr<UpdatableFile>> MemoryFileSystem::OpenForUpdate(const std::string& path) {
  THALWEG_ASSIGN_OR_RETURN(const std::string at, Resolve(path));
  std::scoped_lock lock(mutex_);
  THALWEG_ASSIGN_OR_RETURN(NodePtr node, FindFile(at, "open to update"));
  return std::make_unique<Updater>(std::move(node), path);
}

Result<FileInfo> MemoryFileSystem::Stat(const std::string& path) {
  THALWEG_ASSIGN_OR_RETURN(const std::string at, Resolve(path));
  std::scoped_lock lock(mutex_);
  const NodePtr node = Find(at);
  if (node == nullptr) return StatusOfErrno(ENOENT, "stat", path);
  std::scoped_lock file(node->mutex);
  FileInfo info;
  info.type = node->type;
  info.size = static_cast<int64_t>(node->data.size());
  info.modified_unix_micros = node->modified;
  info.permissions = node->permissions;
  info.device = 1;
  info.inode = node->inode;
  return info;
}

Result<std::vector<DirEntry>> MemoryFileSystem::List(const std::string& path) {
  THALWEG_ASSIGN_OR_RETURN(const std::string at, Resolve(path));
  std::scoped_lock lock(mutex_);
  const NodePtr node = Find(at);
  if (node == nullptr) return StatusOfErrno(ENOENT, "list", path);
  if (node->type != FileType::kDirectory) return StatusOfErrno(ENOTDIR, "list", path);
  const size_t prefix = at == "/" ? 1 : at.size() + 1;
  std::vector<DirEntry> entries;
  for (auto [it, end] = Below(at); it != end; ++it) {
    const std::string name = it->first.substr(prefix);
    if (name.find('/') == std::string::npos) entries.push_back({name, it->second->type});
  }
  std::ranges::sort(entries, {}, &DirEntry::name);
  return entries;
}

Status MemoryFileSystem::MakeDirs(const std::string& path) {
  THALWEG_ASSIGN_OR_RETURN(const std::string at, Resolve(path));
  std::scoped_lock lock(mutex_);
  for (size_t end = 0; end != std::string::npos;) {
    end = at.find('/', end + 1);
    const std::string step = at.substr(0, end);
    if (step.empty() || step == "/") continue;
    const NodePtr node = Find(step);
    if (node == nullptr) {
      tree_[step] = NewNode(FileType::kDirectory, 0777);
    } else if (node->type != FileType::kDirectory) {
      return StatusOfErrno(end == std::string::npos ? EEXIST : ENOTDIR, "make directory", path);
    }
  }
  return {};
}

Status MemoryFileSystem::Rename(const std::string& from, const std::string& to, RenameMode mode) {
  THALWEG_ASSIGN_OR_RETURN(const std::string source, Resolve(from));
  THALWEG_ASSIGN_OR_RETURN(const std::string target, Resolve(to));
  const char* operation = "rename to";
  std::scoped_lock lock(mutex_);
  const NodePtr node = Find(source);
  if (node == nullptr) return StatusOfErrno(ENOENT, operation, from);
  THALWEG_RETURN_IF_ERROR(CheckParent(target, operation));
  const NodePtr taken = Find(target);
  if (taken != nullptr && mode == RenameMode::kNoReplace) {
    return StatusOfErrno(EEXIST, operation, to);
  }
  if (source == target) return {};
  const bool is_dir = node->type == FileType::kDirectory;
  if (is_dir && (source == "/" || target.starts_with(source + '/'))) {
    return StatusOfErrno(EINVAL, operation, to);
  }
  if (taken != nullptr) {
    const bool taken_is_dir = taken->type == FileType::kDirectory;
    if (taken_is_dir && !is_dir) return StatusOfErrno(EISDIR, operation, to);
    if (!taken_is_dir && is_dir) return StatusOfErrno(ENOTDIR, operation, to);
    const auto [first, last] = Below(target);
    if (first != last) return StatusOfErrno(ENOTEMPTY, operation, to);
  }
  const auto [first, last] = Below(source);
  std::vector<std::pair<std::string, NodePtr>> moved;
  for (auto it = first; it != last; ++it) {
    moved.emplace_back(target + it->first.substr(source.size()), it->second);
  }
  tree_.erase(first, last);
  tree_.erase(source);
  tree_[target] = node;
  for (auto& [path, below] : moved) tree_[path] = std::move(below);
  return {};
}

Status MemoryFileSystem::Unlink(const std::string& path) {
  THALWEG_ASSIGN_OR_RETURN(const std::string at, Resolve(path));
  std::scoped_lock lock(mutex_);
  THALWEG_RETURN_IF_ERROR(FindFile(at, "unlink").status());
  tree_.erase(at);
  return {};
}

Status MemoryFileSystem::RemoveTree(const std::string& path) {
  THALWEG_ASSIGN_OR_RETURN(const std::string at, Resolve(path));
  if (at == "/") {
    return Status::InvalidArgument("remove: not a name in a directory: '" + path + "'");
  }
  std::scoped_lock lock(mutex_);
  const auto [first, last] = Below(at);
  tree_.erase(first, last);
  tree_.erase(at);
  return {};
}

Status MemoryFileSystem::SyncDir(const std::string& path) {
  THALWEG_ASSIGN_OR_RETURN(const std::string at, Resolve(path));
  std::scoped_lock lock(mutex_);
  const NodePtr node = Find(at);
  if (node == nullptr) return StatusOfErrno(ENOENT, "sync directory", path);
  return node->type == FileType::kDirectory ? Status()
                                            : StatusOfErrno(ENOTDIR, "sync directory", path);
}

Result<std::unique_ptr<FileLock>> MemoryFileSystem::Lock(const std::string& path) {
  THALWEG_ASSIGN_OR_RETURN(const std::string at, Resolve(path));
  std::scoped_lock lock(mutex_);
  NodePtr node = Find(at);
  if (node == nullptr) {
    THALWEG_RETURN_IF_ERROR(CheckParent(at, "lock"));
    node = tree_[at] = NewNode(FileType::kFile, 0666);
  }
  if (node->type == FileType::kDirectory) return StatusOfErrno(EISDIR, "lock", path);
  if (node->locked.exchange(true)) {
    return Status::Unavailable("lock: '" + path + "': held by another user");
  }
  return std::make_unique<Held>(std::move(node));
}

}  // namespace thalweg::io
