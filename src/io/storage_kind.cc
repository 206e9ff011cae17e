#include "io/storage_kind.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

#include "io/file_system.h"

namespace thalweg::io {
namespace {

namespace stdfs = std::filesystem;

constexpr std::array<std::pair<StorageKind, std::string_view>, 5> kNames = {{
    {StorageKind::kUnknown, "unknown"},
    {StorageKind::kHdd, "hdd"},
    {StorageKind::kSsd, "ssd"},
    {StorageKind::kNvme, "nvme"},
    {StorageKind::kNetwork, "network"},
}};

// Slowest first. What is not known does not decide.
StorageKind Slower(StorageKind a, StorageKind b) {
  for (const StorageKind kind :
       {StorageKind::kNetwork, StorageKind::kHdd, StorageKind::kSsd, StorageKind::kNvme}) {
    if (a == kind || b == kind) return kind;
  }
  return StorageKind::kUnknown;
}

// From linux/magic.h and the sources of file systems that are not listed there.
std::optional<StorageKind> KindOfFileSystem(uint32_t magic) {
  switch (magic) {
    case 0x6969:      // NFS
    case 0x517b:      // SMB
    case 0xff534d42:  // CIFS
    case 0xfe534d42:  // SMB2
    case 0x00c36400:  // Ceph
    case 0x5346414f:  // AFS
    case 0x6b414653:  // kAFS
    case 0x73757245:  // Coda
    case 0x01021997:  // 9P
    case 0x0bd00bd0:  // Lustre
    case 0x47504653:  // GPFS
    case 0x19830326:  // BeeGFS
      return StorageKind::kNetwork;
    case 0x01021994:  // tmpfs
    case 0x858458f6:  // ramfs
      return StorageKind::kNvme;
    default:
      return std::nullopt;
  }
}

std::optional<bool> ReadFlag(const stdfs::path& path) {
  std::ifstream file(path);
  char flag = 0;
  if (!file.get(flag) || (flag != '0' && flag != '1')) return std::nullopt;
  return flag == '1';
}

// `block` is a device's directory, such as /sys/devices/…/block/sda/sda1.
StorageKind KindOfBlockDirectory(const stdfs::path& block, int depth) {
  constexpr int kDepthMax = 8;  // LVM over RAID over partitions.
  std::error_code error;
  StorageKind slowest = StorageKind::kUnknown;
  bool stacked = false;
  for (const auto& part : stdfs::directory_iterator(block / "slaves", error)) {
    const stdfs::path below = stdfs::canonical(part.path(), error);
    if (error || depth == kDepthMax) return StorageKind::kUnknown;
    slowest = Slower(slowest, KindOfBlockDirectory(below, depth + 1));
    stacked = true;
  }
  if (stacked) return slowest;
  // A partition has no queue of its own.
  const stdfs::path disk = stdfs::exists(block / "queue", error) ? block : block.parent_path();
  const std::string name = disk.filename().string();
  if (name.starts_with("nvme")) return StorageKind::kNvme;
  const std::optional<bool> rotates = ReadFlag(disk / "queue/rotational");
  if (!rotates) return StorageKind::kUnknown;
  if (!*rotates) return StorageKind::kSsd;
  const bool is_virtual = name.starts_with("vd") || name.starts_with("xvd") ||
                          name.starts_with("loop") || name.starts_with("nbd");
  return is_virtual ? StorageKind::kUnknown : StorageKind::kHdd;
}

// File systems such as btrfs show a device number of their own; the mount table names the disk.
std::optional<dev_t> DeviceOfMount(dev_t device, const StorageProbe& probe) {
  const std::string wanted = std::to_string(major(device)) + ":" + std::to_string(minor(device));
  std::ifstream table(probe.mountinfo);
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    std::string id;
    std::string parent;
    std::string number;
    words >> id >> parent >> number;
    if (number != wanted) continue;
    const size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream tail(line.substr(dash + 3));
    std::string type;
    std::string source;
    tail >> type >> source;
    struct stat info{};
    if (source.starts_with("/dev/") && stat(source.c_str(), &info) == 0 && S_ISBLK(info.st_mode)) {
      return info.st_rdev;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view NameOf(StorageKind kind) {
  for (const auto& [known, name] : kNames) {
    if (known == kind) return name;
  }
  return "unknown";
}

Result<StorageKind> ParseStorageKind(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (lower == "auto") return StorageKind::kUnknown;
  for (const auto& [kind, known] : kNames) {
    if (lower == known) return kind;
  }
  return Status::InvalidArgument("unknown kind of storage '" + std::string(name) +
                                 "': must be one of auto, hdd, ssd, nvme, network");
}

StorageKind StorageKindOfDevice(uint32_t major, uint32_t minor, const StorageProbe& probe) {
  std::error_code error;
  const stdfs::path block =
      stdfs::canonical(stdfs::path(probe.sysfs) / "dev/block" /
                           (std::to_string(major) + ":" + std::to_string(minor)),
                       error);
  return error ? StorageKind::kUnknown : KindOfBlockDirectory(block, 0);
}

StorageKind DetectStorageKind(const std::string& path, const StorageProbe& probe) {
  if (!CheckPath(path).ok()) return StorageKind::kUnknown;
  std::string existing = path;
  struct stat info{};
  while (stat(existing.c_str(), &info) != 0) {
    std::string parent = ParentPath(existing);
    if (parent == existing) return StorageKind::kUnknown;
    existing = std::move(parent);
  }
  struct statfs fs{};
  if (statfs(existing.c_str(), &fs) == 0) {
    const auto magic = static_cast<uint32_t>(fs.f_type);
    if (const auto kind = KindOfFileSystem(magic)) return *kind;
  }
  dev_t device = S_ISBLK(info.st_mode) ? info.st_rdev : info.st_dev;
  if (major(device) == 0) {
    const std::optional<dev_t> mounted = DeviceOfMount(device, probe);
    if (!mounted) return StorageKind::kUnknown;
    device = *mounted;
  }
  return StorageKindOfDevice(major(device), minor(device), probe);
}

}  // namespace thalweg::io
