#include "io/file_system.h"

#include <algorithm>

namespace thalweg::io {

void RandomAccessFile::WillNeed(int64_t /*offset*/, int64_t /*length*/) const {}
std::optional<int> RandomAccessFile::Descriptor() const { return std::nullopt; }

Result<bool> Exists(FileSystem& fs, const std::string& path) {
  const Result<FileInfo> info = fs.Stat(path);
  if (info.ok()) return true;
  if (info.status().code() == StatusCode::kNotFound) return false;
  return info.status();
}

Result<std::string> ReadFile(FileSystem& fs, const std::string& path, int64_t bytes_max) {
  THALWEG_ASSIGN_OR_RETURN(auto file, fs.OpenSequential(path, {}));
  const auto limit = static_cast<uint64_t>(std::max<int64_t>(bytes_max, 0));
  std::string bytes;
  size_t used = 0;
  for (size_t step = 16 * 1024;; step = std::min<size_t>(step * 2, 4 << 20)) {
    bytes.resize(used + step);
    while (used < bytes.size()) {
      THALWEG_ASSIGN_OR_RETURN(const size_t n,
                               file->Read({bytes.data() + used, bytes.size() - used}));
      used += n;
      if (used > limit) {
        return Status::ResourceExhausted("read: '" + path + "': longer than " +
                                         std::to_string(limit) + " bytes");
      }
      if (n == 0) {
        bytes.resize(used);
        return bytes;
      }
    }
  }
}

Status CheckPath(std::string_view path) {
  if (path.empty()) return Status::InvalidArgument("the path is empty");
  if (path.find('\0') != std::string_view::npos) {
    return Status::InvalidArgument("the path has a NUL byte: '" +
                                   std::string(path.substr(0, path.find('\0'))) + "'");
  }
  return {};
}

namespace {

std::string_view WithoutTrailingSlashes(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

}  // namespace

std::string ParentPath(std::string_view path) {
  path = WithoutTrailingSlashes(path);
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(WithoutTrailingSlashes(path.substr(0, std::max<size_t>(slash, 1))));
}

std::string BaseName(std::string_view path) {
  path = WithoutTrailingSlashes(path);
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || path.size() == 1) return std::string(path);
  return std::string(path.substr(slash + 1));
}

std::string JoinPath(std::string_view dir, std::string_view name) {
  if (dir.empty() || dir == ".") return std::string(name);
  std::string path(dir);
  if (path.back() != '/') path.push_back('/');
  return path.append(name);
}

}  // namespace thalweg::io
