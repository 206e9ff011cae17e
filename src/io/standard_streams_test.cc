#include "io/standard_streams.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <stop_token>
#include <string>
#include <thread>

#include "io/descriptor.h"
#include "io/errno_status.h"
#include "testing/status_matchers.h"

namespace thalweg::io {
namespace {

using ::thalweg::testing::StatusIs;

// Puts a pipe in the place of a standard descriptor, and the old one back.
class Redirected {
 public:
  explicit Redirected(int standard) : standard_(standard), saved_(dup(standard)) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const bool reads = standard == STDIN_FILENO;
    EXPECT_GE(dup2(ends[reads ? 0 : 1], standard), 0);
    close(ends[reads ? 0 : 1]);
    other_ = Descriptor(ends[reads ? 1 : 0]);
  }
  ~Redirected() { dup2(saved_.get(), standard_); }
  Descriptor& other() { return other_; }

 private:
  int standard_;
  Descriptor saved_;
  Descriptor other_;
};

TEST(StandardStreamsTest, InputIsReadToItsEndAndStaysOpen) {
  Redirected input(STDIN_FILENO);
  ASSERT_EQ(write(input.other().get(), "hello", 5), 5);
  input.other().Reset();
  {
    auto file = OpenStandardInput({});
    char out[16];
    ASSERT_OK_AND_ASSIGN(size_t n, file->Read(out));
    EXPECT_EQ(std::string(out, n), "hello");
    ASSERT_OK_AND_ASSIGN(n, file->Read(out));
    EXPECT_EQ(n, 0U);
  }
  EXPECT_GE(fcntl(STDIN_FILENO, F_GETFD), 0);
}

TEST(StandardStreamsTest, AWaitForInputStops) {
  Redirected input(STDIN_FILENO);
  std::stop_source stop;
  auto file = OpenStandardInput(stop.get_token());
  stop.request_stop();
  char out[16];
  EXPECT_THAT(file->Read(out), StatusIs(StatusCode::kCancelled));
}

TEST(StandardStreamsTest, NonBlockingInputIsWaitedFor) {
  Redirected input(STDIN_FILENO);
  ASSERT_EQ(fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK), 0);
  std::jthread writer([&] { EXPECT_EQ(write(input.other().get(), "x", 1), 1); });
  auto file = OpenStandardInput({});
  char out[16];
  ASSERT_OK_AND_ASSIGN(const size_t n, file->Read(out));
  EXPECT_EQ(n, 1U);
}

TEST(StandardStreamsTest, OutputThatNobodyReadsIsAClosedPipe) {
  const auto before = signal(SIGPIPE, SIG_IGN);
  Status written;
  Status closed;
  {
    Redirected output(STDOUT_FILENO);
    auto file = OpenStandardOutput();
    EXPECT_OK(file->Append("some"));
    EXPECT_OK(file->Sync());
    output.other().Reset();
    written = file->Append("more");
    closed = file->Close();
  }
  signal(SIGPIPE, before);
  EXPECT_THAT(written, StatusIs(StatusCode::kCancelled));
  EXPECT_TRUE(IsClosedPipe(written));
  EXPECT_TRUE(IsClosedPipe(closed));
  EXPECT_GE(fcntl(STDOUT_FILENO, F_GETFD), 0);
}

}  // namespace
}  // namespace thalweg::io
