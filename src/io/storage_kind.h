#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "thalweg/governor.h"
#include "thalweg/status.h"

namespace thalweg::io {

/// `hdd`, `ssd`, `nvme`, `network`, `unknown`.
std::string_view NameOf(StorageKind kind);
/// From a name, ignoring case; `auto` is `kUnknown`.
Result<StorageKind> ParseStorageKind(std::string_view name);

/// Where the kernel tells about devices. Tests point it elsewhere.
struct StorageProbe {
  std::string sysfs = "/sys";
  std::string mountinfo = "/proc/self/mountinfo";
};

/// What `path`, or the nearest directory above it that exists, is stored on. Of several disks
/// (RAID, LVM) the slowest counts; files in memory count as the fastest. `kUnknown` where the
/// kernel does not tell, and for virtual disks that only claim to rotate.
StorageKind DetectStorageKind(const std::string& path, const StorageProbe& probe = {});

/// The same for a block device by its number.
StorageKind StorageKindOfDevice(uint32_t major, uint32_t minor, const StorageProbe& probe = {});

}  // namespace thalweg::io
