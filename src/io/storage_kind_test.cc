#include "io/storage_kind.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "testing/status_matchers.h"
#include "testing/temp_dir.h"

namespace thalweg::io {
namespace {

using ::thalweg::testing::StatusIs;

// A sysfs of one's own: devices in `devices/`, numbers in `dev/block/`.
class StorageKindTest : public ::testing::Test {
 protected:
  void AddDisk(const std::string& name, const std::string& rotational) {
    std::filesystem::create_directories(dir_ / ("devices/" + name + "/queue"));
    std::ofstream(dir_ / ("devices/" + name + "/queue/rotational")) << rotational << '\n';
  }
  void Number(const std::string& number, const std::string& device) {
    std::filesystem::create_directories(dir_ / "dev/block");
    std::filesystem::create_symlink("../../devices/" + device, dir_ / ("dev/block/" + number));
  }
  StorageKind KindOf(uint32_t minor) { return StorageKindOfDevice(8, minor, {dir_.path(), ""}); }
  testing::TempDir dir_;
};

TEST_F(StorageKindTest, ReadsTheRotationalFlag) {
  AddDisk("sda", "1");
  AddDisk("sdb", "0");
  AddDisk("nvme0n1", "0");
  AddDisk("vda", "1");
  AddDisk("vdb", "0");
  AddDisk("odd", "x");
  std::filesystem::create_directory(dir_ / "devices/sda/sda1");
  std::filesystem::create_directory(dir_ / "devices/nvme0n1/nvme0n1p2");
  Number("8:0", "sda");
  Number("8:1", "sda/sda1");
  Number("8:2", "sdb");
  Number("8:3", "nvme0n1");
  Number("8:4", "nvme0n1/nvme0n1p2");
  Number("8:5", "vda");
  Number("8:6", "vdb");
  Number("8:7", "odd");
  EXPECT_EQ(KindOf(0), StorageKind::kHdd);
  EXPECT_EQ(KindOf(1), StorageKind::kHdd);
  EXPECT_EQ(KindOf(2), StorageKind::kSsd);
  EXPECT_EQ(KindOf(3), StorageKind::kNvme);
  EXPECT_EQ(KindOf(4), StorageKind::kNvme);
  EXPECT_EQ(KindOf(5), StorageKind::kUnknown);
  EXPECT_EQ(KindOf(6), StorageKind::kSsd);
  EXPECT_EQ(KindOf(7), StorageKind::kUnknown);
  EXPECT_EQ(KindOf(99), StorageKind::kUnknown);
}

TEST_F(StorageKindTest, TheSlowestDiskOfAStackCounts) {
  AddDisk("sda", "1");
  AddDisk("nvme0n1", "0");
  AddDisk("nvme1n1", "0");
  for (const char* stack : {"dm-0", "md0", "dm-loop"}) {
    std::filesystem::create_directories(dir_ / ("devices/" + std::string(stack) + "/slaves"));
  }
  const auto put_below = [&](const std::string& stack, const std::string& disk) {
    std::filesystem::create_symlink("../../" + disk,
                                    dir_ / ("devices/" + stack + "/slaves/" + disk));
  };
  put_below("md0", "nvme0n1");
  put_below("md0", "nvme1n1");
  put_below("dm-0", "md0");
  put_below("dm-0", "sda");
  put_below("dm-loop", "dm-loop");
  Number("8:0", "md0");
  Number("8:1", "dm-0");
  Number("8:2", "dm-loop");
  EXPECT_EQ(KindOf(0), StorageKind::kNvme);
  EXPECT_EQ(KindOf(1), StorageKind::kHdd);
  EXPECT_EQ(KindOf(2), StorageKind::kUnknown);
}

TEST_F(StorageKindTest, NamesGoThereAndBack) {
  for (const StorageKind kind : {StorageKind::kUnknown, StorageKind::kHdd, StorageKind::kSsd,
                                 StorageKind::kNvme, StorageKind::kNetwork}) {
    ASSERT_OK_AND_ASSIGN(const StorageKind parsed, ParseStorageKind(NameOf(kind)));
    EXPECT_EQ(parsed, kind);
  }
  ASSERT_OK_AND_ASSIGN(const StorageKind shouted, ParseStorageKind("NVMe"));
  EXPECT_EQ(shouted, StorageKind::kNvme);
  ASSERT_OK_AND_ASSIGN(const StorageKind automatic, ParseStorageKind("auto"));
  EXPECT_EQ(automatic, StorageKind::kUnknown);
  EXPECT_THAT(ParseStorageKind("floppy"), StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(StorageKindTest, EveryPathHasAnAnswer) {
  // What the machine has is not known here; that nothing fails is.
  for (const std::string& path : {dir_.path(), dir_ / "not/there", std::string("/"),
                                  std::string("relative"), std::string(), std::string("/proc")}) {
    EXPECT_FALSE(NameOf(DetectStorageKind(path)).empty()) << path;
  }
  if (std::filesystem::exists("/dev/shm")) {
    EXPECT_EQ(DetectStorageKind("/dev/shm/some/file"), StorageKind::kNvme);
  }
}

}  // namespace
}  // namespace thalweg::io
