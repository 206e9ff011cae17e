#include "archive/input_tree.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <set>
#include <utility>

#include "archive/index.h"
#include "io/errno_status.h"
#include "io/file_system.h"
#include "io/local_file_system.h"

namespace thalweg::archive {
namespace {

constexpr size_t kNameBufferBytes = 16 << 10;
constexpr size_t kXattrBytesMax = 1 << 20;
constexpr int kDepthMax = 2000;

int64_t Nanos(const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

class Lister {
 public:
  Lister(const InputTreeOptions& options, PathPatterns exclude)
      : options_(options), exclude_(std::move(exclude)) {
    struct stat info{};
    if (!options.leave_out.empty() && stat(options.leave_out.c_str(), &info) == 0) {
      leave_out_ = {info.st_dev, info.st_ino};
    }
  }

  Status AddInput(const SealInput& input) {
    if (input.path.empty()) return AddStream(input);
    struct stat info{};
    if (lstat(input.path.c_str(), &info) != 0) {
      return io::StatusOfErrno(errno, "stat", input.path);
    }
    std::string name = input.name;
    if (name.empty()) name = io::BaseName(input.path);
    if (input.name.empty() && (name == "." || name == ".." || name == "/")) {
      return AddChildren(input.path, "", 0);
    }
    THALWEG_RETURN_IF_ERROR(CheckEntryPath(name).WithContext("'" + input.path + "'"));
    return AddPath(input.path, name, info, 0);
  }

  InputTree Take() { return std::move(tree_); }

 private:
  Status AddStream(const SealInput& input) {
    THALWEG_RETURN_IF_ERROR(CheckEntryPath(input.name));
    if (!input.read) return Status::InvalidArgument("an input has neither a path nor content");
    InputItem item;
    item.entry.path = input.name;
    item.entry.mode = input.permissions & 07777;
    item.entry.modified_unix_nanos = input.modified_unix_nanos;
    item.read = input.read;
    return Put(std::move(item));
  }

  Status AddPath(const std::string& disk, const std::string& name, const struct stat& info,
                 int depth) {
    if (exclude_.Match(name)) return {};
    if (leave_out_ == std::pair(info.st_dev, info.st_ino)) return {};
    const Status fits = CheckEntryPath(name);
    if (!fits.ok() || depth > kDepthMax) {
      tree_.unreadable.push_back({name, fits.ok() ? Status::Unsupported("too deep") : fits});
      return {};
    }
    InputItem item;
    item.disk_path = disk;
    item.entry.path = name;
    Describe(info, &item);
    if (S_ISREG(info.st_mode)) return AddFile(std::move(item), info);
    if (S_ISLNK(info.st_mode)) return AddLink(std::move(item));
    if (!S_ISDIR(info.st_mode)) {
      tree_.unreadable.push_back(
          {name, Status::Unsupported("it is neither a file nor a directory nor a link")});
      return {};
    }
    item.entry.type = EntryType::kDirectory;
    THALWEG_RETURN_IF_ERROR(Put(std::move(item)));
    return AddChildren(disk, name, depth);
  }

  Status AddChildren(const std::string& disk, const std::string& name, int depth) {
    const auto children = io::LocalFileSystem().List(disk);
    if (!children.ok()) {
      tree_.unreadable.push_back({name.empty() ? disk : name, children.status()});
      return {};
    }
    for (const io::DirEntry& child : *children) {
      const std::string path = disk.back() == '/' ? disk + child.name : disk + "/" + child.name;
      const std::string inside = name.empty() ? child.name : name + "/" + child.name;
      struct stat info{};
      if (lstat(path.c_str(), &info) != 0) {
        tree_.unreadable.push_back({inside, io::StatusOfErrno(errno, "stat", path)});
        continue;
      }
      THALWEG_RETURN_IF_ERROR(AddPath(path, inside, info, depth + 1));
    }
    return {};
  }

  Status AddFile(InputItem item, const struct stat& info) {
    if (info.st_nlink > 1) {
      const auto [place, first] =
          first_names_.try_emplace({info.st_dev, info.st_ino}, item.entry.path);
      if (!first) {
        item.entry.type = EntryType::kHardLink;
        item.entry.link_target = place->second;
        return Put(std::move(item));
      }
    }
    if (access(item.disk_path.c_str(), R_OK) != 0) {
      tree_.unreadable.push_back(
          {item.entry.path, io::StatusOfErrno(errno, "open", item.disk_path)});
      first_names_.erase({info.st_dev, info.st_ino});
      return {};
    }
    item.disk_size = info.st_size;
    tree_.bytes += info.st_size;
    return Put(std::move(item));
  }

  Status AddLink(InputItem item) {
    std::string target(kPathBytesMax + 1, '\0');
    const ssize_t size = readlink(item.disk_path.c_str(), target.data(), target.size());
    if (size <= 0 || static_cast<size_t>(size) > kPathBytesMax) {
      tree_.unreadable.push_back({item.entry.path, io::StatusOfErrno(size < 0 ? errno : EINVAL,
                                                                     "read link", item.disk_path)});
      return {};
    }
    target.resize(static_cast<size_t>(size));
    item.entry.type = EntryType::kSymlink;
    item.entry.link_target = std::move(target);
    return Put(std::move(item));
  }

  void Describe(const struct stat& info, InputItem* item) {
    Entry& entry = item->entry;
    entry.mode = info.st_mode & 07777;
    entry.modified_unix_nanos = Nanos(info.st_mtim);
    item->device = info.st_dev;
    item->inode = info.st_ino;
    if (!options_.metadata) return;
    entry.has_owner = true;
    entry.uid = info.st_uid;
    entry.gid = info.st_gid;
    entry.user = UserName(info.st_uid);
    entry.group = GroupName(info.st_gid);
    ReadXattrs(item->disk_path, &entry);
  }

  const std::string& UserName(uid_t id) {
    const auto [place, fresh] = users_.try_emplace(id);
    if (fresh) {
      std::string buffer(kNameBufferBytes, '\0');
      passwd record{};
      passwd* found = nullptr;
      if (getpwuid_r(id, &record, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
        place->second = found->pw_name;
      }
    }
    return place->second;
  }
  const std::string& GroupName(gid_t id) {
    const auto [place, fresh] = groups_.try_emplace(id);
    if (fresh) {
      std::string buffer(kNameBufferBytes, '\0');
      group record{};
      group* found = nullptr;
      if (getgrgid_r(id, &record, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
        place->second = found->gr_name;
      }
    }
    return place->second;
  }

  // Attributes that cannot be read are left out: few file systems give all of them to everybody.
  static void ReadXattrs(const std::string& path, Entry* entry) {
    const ssize_t size = llistxattr(path.c_str(), nullptr, 0);
    if (size <= 0 || static_cast<size_t>(size) > kXattrBytesMax) return;
    std::string names(static_cast<size_t>(size), '\0');
    const ssize_t got = llistxattr(path.c_str(), names.data(), names.size());
    if (got <= 0) return;
    names.resize(static_cast<size_t>(got));
    for (size_t at = 0; at < names.size();) {
      const std::string name(names.c_str() + at);
      at += name.size() + 1;
      const ssize_t length = lgetxattr(path.c_str(), name.c_str(), nullptr, 0);
      if (length < 0 || static_cast<size_t>(length) > kXattrBytesMax) continue;
      std::string value(static_cast<size_t>(length), '\0');
      if (lgetxattr(path.c_str(), name.c_str(), value.data(), value.size()) != length) continue;
      entry->xattrs.emplace_back(name, std::move(value));
    }
  }

  Status Put(InputItem item) {
    if (!paths_.insert(item.entry.path).second) {
      return Status::InvalidArgument("two inputs would have one name in the archive: '" +
                                     item.entry.path + "'");
    }
    tree_.items.push_back(std::move(item));
    return {};
  }

  const InputTreeOptions& options_;
  PathPatterns exclude_;
  std::pair<dev_t, ino_t> leave_out_{0, 0};
  InputTree tree_;
  std::set<std::string> paths_;
  std::map<std::pair<dev_t, ino_t>, std::string> first_names_;
  std::map<uid_t, std::string> users_;
  std::map<gid_t, std::string> groups_;
};

}  // namespace

Result<InputTree> ListInputs(const std::vector<SealInput>& inputs,
                             const InputTreeOptions& options) {
  THALWEG_ASSIGN_OR_RETURN(PathPatterns exclude, PathPatterns::Make(options.exclude));
  Lister lister(options, std::move(exclude));
  for (const SealInput& input : inputs) THALWEG_RETURN_IF_ERROR(lister.AddInput(input));
  return lister.Take();
}

Result<io::Descriptor> OpenItem(const InputItem& item) {
  THALWEG_ASSIGN_OR_RETURN(
      io::Descriptor fd,
      io::OpenDescriptor(item.disk_path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, "open"));
  struct stat info{};
  if (fstat(fd.get(), &info) != 0) return io::StatusOfErrno(errno, "stat", item.disk_path);
  if (!S_ISREG(info.st_mode) || info.st_dev != item.device || info.st_ino != item.inode) {
    return Status::Unavailable("'" + item.disk_path + "': it is another file now");
  }
  return fd;
}

std::vector<std::pair<int64_t, int64_t>> DataRegions(int fd, int64_t size) {
  std::vector<std::pair<int64_t, int64_t>> regions;
  struct stat info{};
  // A file that has all its blocks needs no look for holes.
  if (size == 0 || fstat(fd, &info) != 0 || int64_t{info.st_blocks} * 512 >= size) return regions;
  for (int64_t at = 0; at < size;) {
    const off_t begin = lseek(fd, at, SEEK_DATA);
    if (begin < 0 && errno == ENXIO) break;
    if (begin < 0 || begin >= size) return {};
    off_t end = lseek(fd, begin, SEEK_HOLE);
    if (end < 0 || end > size) end = size;
    regions.emplace_back(begin, end - begin);
    at = end;
  }
  if (regions.empty()) regions.emplace_back(0, 0);
  lseek(fd, 0, SEEK_SET);
  if (regions.size() == 1 && regions[0] == std::pair(int64_t{0}, size)) regions.clear();
  return regions;
}

}  // namespace thalweg::archive
