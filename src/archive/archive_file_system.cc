#include "archive/archive_file_system.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "io/local_file_system.h"

namespace thalweg::archive {
namespace {

constexpr int64_t kKeyFileBytesMax = 1 << 20;

std::string Normal(const std::string& path) {
  std::string out;
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    if (!name.empty() && name != ".") out += (out.empty() ? "" : "/") + name;
    begin = end + 1;
  }
  return out;
}

Status ReadOnly(const std::string& path) {
  return Status::Unsupported("an archive is read only: '" + path + "'");
}

class EntryFile final : public io::RandomAccessFile {
 public:
  EntryFile(std::shared_ptr<const Archive> archive, size_t entry)
      : archive_(std::move(archive)), entry_(entry) {}
  Result<size_t> ReadAt(int64_t offset, std::span<char> out) const override {
    return archive_->ReadAt(entry_, offset, out);
  }
  Result<int64_t> Size() const override { return archive_->entries()[entry_].size; }

 private:
  std::shared_ptr<const Archive> archive_;
  size_t entry_;
};

class EntryReader final : public io::SequentialFile {
 public:
  EntryReader(std::shared_ptr<const Archive> archive, size_t entry, std::stop_token stop)
      : archive_(std::move(archive)), entry_(entry), stop_(std::move(stop)) {}
  Result<size_t> Read(std::span<char> out) override {
    if (stop_.stop_requested()) return Status::Cancelled("read: stopped");
    THALWEG_ASSIGN_OR_RETURN(const size_t n, archive_->ReadAt(entry_, offset_, out));
    offset_ += static_cast<int64_t>(n);
    return n;
  }

 private:
  std::shared_ptr<const Archive> archive_;
  size_t entry_;
  std::stop_token stop_;
  int64_t offset_ = 0;
};

io::FileType TypeOf(EntryType type) {
  switch (type) {
    case EntryType::kDirectory:
      return io::FileType::kDirectory;
    case EntryType::kSymlink:
      return io::FileType::kLink;
    case EntryType::kFile:
    case EntryType::kHardLink:
      return io::FileType::kFile;
  }
  return io::FileType::kOther;
}

}  // namespace

ArchiveFileSystem::ArchiveFileSystem(std::shared_ptr<const Archive> archive)
    : archive_(std::move(archive)) {
  directories_[""];
  for (const Entry& entry : archive_->entries()) {
    io::FileType type = TypeOf(entry.type);
    if (type == io::FileType::kDirectory) directories_[entry.path];
    for (std::string path = entry.path; !path.empty(); type = io::FileType::kDirectory) {
      const size_t slash = path.rfind('/');
      const std::string parent = slash == std::string::npos ? "" : path.substr(0, slash);
      const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
      if (!directories_[parent].try_emplace(name, type).second) break;
      path = parent;
    }
  }
}

Result<size_t> ArchiveFileSystem::FindFile(const std::string& path) const {
  THALWEG_RETURN_IF_ERROR(io::CheckPath(path));
  const std::string normal = Normal(path);
  const auto entry = archive_->Find(normal);
  if (directories_.contains(normal)) {
    return Status::InvalidArgument("open: '" + path + "': a directory");
  }
  if (!entry) return Status::NotFound("open: no such file in the archive: '" + path + "'");
  if (TypeOf(archive_->entries()[*entry].type) != io::FileType::kFile) {
    return Status::Unsupported("open: '" + path + "': a link in an archive is not followed");
  }
  return *entry;
}

Result<std::unique_ptr<io::RandomAccessFile>> ArchiveFileSystem::OpenRandom(
    const std::string& path) {
  THALWEG_ASSIGN_OR_RETURN(const size_t entry, FindFile(path));
  return std::make_unique<EntryFile>(archive_, entry);
}

Result<std::unique_ptr<io::SequentialFile>> ArchiveFileSystem::OpenSequential(
    const std::string& path, std::stop_token stop) {
  THALWEG_ASSIGN_OR_RETURN(const size_t entry, FindFile(path));
  return std::make_unique<EntryReader>(archive_, entry, std::move(stop));
}

Result<std::unique_ptr<io::WritableFile>> ArchiveFileSystem::OpenForWriting(
    const std::string& path, const io::WriteOptions& /*options*/) {
  return ReadOnly(path);
}

Result<io::FileInfo> ArchiveFileSystem::Stat(const std::string& path) {
  THALWEG_RETURN_IF_ERROR(io::CheckPath(path));
  const std::string normal = Normal(path);
  io::FileInfo info;
  if (const auto entry = archive_->Find(normal)) {
    const Entry& found = archive_->entries()[*entry];
    info.type = TypeOf(found.type);
    info.size = found.size;
    info.modified_unix_micros = found.modified_unix_nanos / 1000;
    info.permissions = found.mode;
    info.inode = *entry + 1;
    return info;
  }
  if (!directories_.contains(normal)) {
    return Status::NotFound("stat: no such file in the archive: '" + path + "'");
  }
  info.type = io::FileType::kDirectory;
  info.permissions = 0755;
  return info;
}

Result<std::vector<io::DirEntry>> ArchiveFileSystem::List(const std::string& path) {
  const auto found = directories_.find(Normal(path));
  if (found == directories_.end()) {
    return Status::NotFound("list: no such directory in the archive: '" + path + "'");
  }
  std::vector<io::DirEntry> entries;
  for (const auto& [name, type] : found->second) entries.push_back({name, type});
  return entries;
}

Status ArchiveFileSystem::MakeDirs(const std::string& path) { return ReadOnly(path); }
Status ArchiveFileSystem::Rename(const std::string& from, const std::string& /*to*/,
                                 io::RenameMode /*mode*/) {
  return ReadOnly(from);
}
Status ArchiveFileSystem::Unlink(const std::string& path) { return ReadOnly(path); }
Status ArchiveFileSystem::RemoveTree(const std::string& path) { return ReadOnly(path); }
Status ArchiveFileSystem::SyncDir(const std::string& path) { return ReadOnly(path); }
Result<std::unique_ptr<io::FileLock>> ArchiveFileSystem::Lock(const std::string& path) {
  return ReadOnly(path);
}

Result<ArchivePlace> SplitArchivePlace(std::string_view place) {
  const size_t mark = place.rfind("!/");
  if (mark == std::string_view::npos || mark == 0) {
    return Status::InvalidArgument("not `ARCHIVE!/PATH`: '" + std::string(place) + "'");
  }
  return ArchivePlace{std::string(place.substr(0, mark)), std::string(place.substr(mark + 2))};
}

namespace {

Result<Secret> ReadReference(std::string_view kind, const std::string& what) {
  if (kind == "env" || kind == "passphrase-env") {
    // The environment is not changed by this library.
    const char* value = std::getenv(what.c_str());  // NOLINT(concurrency-mt-unsafe)
    if (value == nullptr) return Status::NotFound("no such environment variable: '" + what + "'");
    return Secret::CopyOf(value);
  }
  THALWEG_ASSIGN_OR_RETURN(const auto file, io::LocalFileSystem().OpenSequential(what, {}));
  Secret text(static_cast<size_t>(kKeyFileBytesMax));
  size_t used = 0;
  while (true) {
    THALWEG_ASSIGN_OR_RETURN(const size_t n, file->Read(text.span().subspan(used)));
    if (n == 0) break;
    used += n;
    if (used == text.size()) return Status::ResourceExhausted("key file: '" + what + "': too long");
  }
  return Secret::CopyOf(text.view().substr(0, used));
}

}  // namespace

Result<std::vector<Identity>> ReadIdentities(std::string_view reference) {
  const size_t colon = reference.find(':');
  const std::string_view kind = reference.substr(0, colon);
  const bool passphrase = kind == "passphrase-env" || kind == "passphrase-file";
  if (colon == std::string_view::npos || (!passphrase && kind != "env" && kind != "file")) {
    return Status::InvalidArgument(
        "a key is given as env:NAME, file:PATH, passphrase-env:NAME or passphrase-file:PATH");
  }
  THALWEG_ASSIGN_OR_RETURN(Secret text,
                           ReadReference(kind, std::string(reference.substr(colon + 1))));
  std::vector<Identity> identities;
  if (passphrase) {
    std::string_view line = text.view();
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    THALWEG_ASSIGN_OR_RETURN(Identity identity, Identity::Passphrase(Secret::CopyOf(line)));
    identities.push_back(std::move(identity));
    return identities;
  }
  auto raw = Identity::RawKey(text.Clone());
  if (raw.ok()) {
    identities.push_back(*std::move(raw));
    return identities;
  }
  THALWEG_ASSIGN_OR_RETURN(KeyFile keys, ParseKeyFile(text));
  return std::move(keys.identities);
}

}  // namespace thalweg::archive
