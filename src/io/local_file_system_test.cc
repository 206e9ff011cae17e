#include "io/local_file_system.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <stop_token>
#include <string>
#include <thread>

#include "io/errno_status.h"
#include "testing/status_matchers.h"
#include "testing/temp_dir.h"

namespace thalweg::io {
namespace {

using ::testing::HasSubstr;
using ::thalweg::testing::StatusIs;

class LocalFileSystemTest : public ::testing::Test {
 protected:
  testing::TempDir dir_;
  FileSystem& fs_ = LocalFileSystem();
};

TEST_F(LocalFileSystemTest, RemoveTreeNeverFollowsLinks) {
  const testing::TempDir other;
  ASSERT_OK(fs_.OpenForWriting(other / "precious", {}));
  ASSERT_OK(fs_.MakeDirs(dir_ / "d/e"));
  std::filesystem::create_symlink(other.path(), dir_ / "d/e/link");
  std::filesystem::create_symlink(dir_ / "d", dir_ / "d/loop");
  std::filesystem::create_symlink(other.path(), dir_ / "top");
  ASSERT_OK(fs_.RemoveTree(dir_ / "d"));
  ASSERT_OK(fs_.RemoveTree(dir_ / "top"));
  ASSERT_OK_AND_ASSIGN(const bool precious, Exists(fs_, other / "precious"));
  EXPECT_TRUE(precious);
  ASSERT_OK_AND_ASSIGN(const auto left, fs_.List(dir_.path()));
  EXPECT_TRUE(left.empty());
}

TEST_F(LocalFileSystemTest, LinksAreListedAsLinksAndStatFollowsThem) {
  ASSERT_OK(fs_.MakeDirs(dir_ / "d"));
  std::filesystem::create_symlink("d", dir_ / "to-d");
  std::filesystem::create_symlink("nowhere", dir_ / "dangling");
  ASSERT_OK_AND_ASSIGN(const auto entries, fs_.List(dir_.path()));
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].type, FileType::kDirectory);
  EXPECT_EQ(entries[1].type, FileType::kLink);
  EXPECT_EQ(entries[2].type, FileType::kLink);
  ASSERT_OK_AND_ASSIGN(const FileInfo info, fs_.Stat(dir_ / "to-d"));
  EXPECT_EQ(info.type, FileType::kDirectory);
  EXPECT_THAT(fs_.Stat(dir_ / "dangling"), StatusIs(StatusCode::kNotFound));
  // A new file is never made through somebody's link.
  EXPECT_THAT(fs_.OpenForWriting(dir_ / "dangling", {}), StatusIs(StatusCode::kAlreadyExists));
}

TEST_F(LocalFileSystemTest, PermissionsAreThoseAskedFor) {
  const mode_t before = umask(027);
  ASSERT_OK(fs_.OpenForWriting(dir_ / "masked", {WriteMode::kCreate, 0666, false}));
  ASSERT_OK(fs_.OpenForWriting(dir_ / "exact", {WriteMode::kCreate, 0666, true}));
  ASSERT_OK(fs_.OpenForWriting(dir_ / "secret", {WriteMode::kCreate, 0600, false}));
  umask(before);
  ASSERT_OK_AND_ASSIGN(const FileInfo masked, fs_.Stat(dir_ / "masked"));
  EXPECT_EQ(masked.permissions, 0640U);
  ASSERT_OK_AND_ASSIGN(const FileInfo exact, fs_.Stat(dir_ / "exact"));
  EXPECT_EQ(exact.permissions, 0666U);
  ASSERT_OK_AND_ASSIGN(const FileInfo secret, fs_.Stat(dir_ / "secret"));
  EXPECT_EQ(secret.permissions, 0600U);
}

TEST_F(LocalFileSystemTest, AFullDeviceIsResourceExhaustedAndStays) {
  ASSERT_OK_AND_ASSIGN(auto file, fs_.OpenForWriting("/dev/full", {WriteMode::kAppend, 0, false}));
  const Status failed = file->Append("x");
  EXPECT_THAT(failed, StatusIs(StatusCode::kResourceExhausted, HasSubstr("/dev/full")));
  EXPECT_EQ(file->Append("x"), failed);
  EXPECT_EQ(file->Sync(), failed);
  EXPECT_EQ(file->Close(), failed);
}

TEST_F(LocalFileSystemTest, TheFileSizeLimitIsResourceExhausted) {
  // In a process of its own, because the limit and the signal are process-wide.
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
    auto file = fs_.OpenForWriting(dir_ / "big", {});
    const Status status = file.ok() ? (*file)->Append(std::string(10'000, 'x')) : file.status();
    _exit(status.code() == StatusCode::kResourceExhausted ? 0 : 1);
  }
  int exit_status = -1;
  ASSERT_EQ(waitpid(child, &exit_status, 0), child);
  EXPECT_EQ(exit_status, 0);
  ASSERT_OK_AND_ASSIGN(const FileInfo info, fs_.Stat(dir_ / "big"));
  EXPECT_EQ(info.size, 4096);
}

TEST_F(LocalFileSystemTest, NoPermissionIsUnauthenticated) {
  ASSERT_OK(fs_.OpenForWriting(dir_ / "closed", {WriteMode::kCreate, 0, true}));
  const bool root = geteuid() == 0;  // Root may do everything, so become nobody.
  if (root) {
    ASSERT_EQ(seteuid(65534), 0);
  }
  const Status status = fs_.OpenRandom(dir_ / "closed").status();
  if (root) {
    ASSERT_EQ(seteuid(0), 0);
  }
  EXPECT_THAT(status, StatusIs(StatusCode::kUnauthenticated));
}

TEST_F(LocalFileSystemTest, LocksEndWithTheirProcess) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto held = fs_.Lock(dir_ / "lock");
    const char ok = held.ok() ? 'y' : 'n';
    if (write(ready[1], &ok, 1) != 1) _exit(1);
    for (;;) pause();
  }
  char ok = '?';
  ASSERT_EQ(read(ready[0], &ok, 1), 1);
  ASSERT_EQ(ok, 'y');
  EXPECT_THAT(fs_.Lock(dir_ / "lock"), StatusIs(StatusCode::kUnavailable));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_OK(fs_.Lock(dir_ / "lock"));
  close(ready[0]);
  close(ready[1]);
}

// A pipe gives short reads and short writes by itself; a timer adds interrupted calls.
TEST_F(LocalFileSystemTest, SurvivesInterruptedAndShortCalls) {
  const std::string path = dir_ / "fifo";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  struct sigaction action{};
  struct sigaction before{};
  action.sa_handler = [](int) {};  // Without SA_RESTART: calls are interrupted.
  ASSERT_EQ(sigaction(SIGALRM, &action, &before), 0);
  const itimerval tick = {{0, 1000}, {0, 1000}};
  ASSERT_EQ(setitimer(ITIMER_REAL, &tick, nullptr), 0);

  std::string sent(3 << 20, '\0');
  for (size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 2654435761U >> 24);
  std::thread writer([&] {
    auto file = fs_.OpenForWriting(path, {WriteMode::kAppend, 0, false});
    ASSERT_OK(file);
    ASSERT_OK((*file)->Append(sent));
    ASSERT_OK((*file)->Sync());
    ASSERT_OK((*file)->Close());
  });
  std::stop_source stop;
  std::string got;
  {
    ASSERT_OK_AND_ASSIGN(auto file, fs_.OpenSequential(path, stop.get_token()));
    std::string buffer(100'003, '\0');
    for (;;) {
      ASSERT_OK_AND_ASSIGN(const size_t n, file->Read(buffer));
      if (n == 0) break;
      got.append(buffer, 0, n);
    }
  }
  writer.join();
  const itimerval off = {};
  setitimer(ITIMER_REAL, &off, nullptr);
  sigaction(SIGALRM, &before, nullptr);
  EXPECT_TRUE(got == sent);
}

TEST_F(LocalFileSystemTest, AWaitForAPipeEndsWhenStopped) {
  const std::string path = dir_ / "fifo";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const int writer = open(path.c_str(), O_RDWR);  // Keeps the pipe open and empty.
  ASSERT_GE(writer, 0);
  std::stop_source stop;
  ASSERT_OK_AND_ASSIGN(auto file, fs_.OpenSequential(path, stop.get_token()));
  std::thread stopper([&] { stop.request_stop(); });
  char out[8];
  EXPECT_THAT(file->Read(out), StatusIs(StatusCode::kCancelled));
  EXPECT_FALSE(IsClosedPipe(file->Read(out).status()));
  stopper.join();
  close(writer);
}

TEST_F(LocalFileSystemTest, AGoneReaderIsAClosedPipe) {
  const auto before = signal(SIGPIPE, SIG_IGN);
  const std::string path = dir_ / "fifo";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  ASSERT_OK_AND_ASSIGN(auto file, fs_.OpenForWriting(path, {WriteMode::kAppend, 0, false}));
  close(reader);
  const Status status = file->Append("x").WithContext("sink");
  EXPECT_THAT(status, StatusIs(StatusCode::kCancelled));
  EXPECT_TRUE(IsClosedPipe(status));
  EXPECT_FALSE(IsClosedPipe(Status::Cancelled("stopped")));
  EXPECT_FALSE(IsClosedPipe(Status()));
  signal(SIGPIPE, before);
}

}  // namespace
}  // namespace thalweg::io
