#include "io/descriptor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <optional>

#include "io/errno_status.h"

namespace thalweg::io {
namespace {

// Linux moves at most this much a call, whatever it is asked for.
constexpr size_t kTransferMax = 0x7fff'f000;

class DescriptorReader final : public SequentialFile {
 public:
  DescriptorReader(Descriptor fd, bool owned, std::string name, std::stop_token stop)
      : fd_(std::move(fd)), owned_(owned), name_(std::move(name)), stop_(std::move(stop)) {
    struct stat info{};
    // A regular file is always ready; only what can block needs the extra poll before each read.
    const bool blocks = fstat(fd_.get(), &info) != 0 || !S_ISREG(info.st_mode);
    if (blocks && stop_.stop_possible()) {
      wake_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
      if (wake_.valid()) on_stop_.emplace(stop_, Wake{wake_.get()});
    }
  }
  ~DescriptorReader() override {
    on_stop_.reset();
    if (!owned_) fd_.Release();
  }

  Result<size_t> Read(std::span<char> out) override {
    if (out.empty()) return size_t{0};
    if (wake_.valid()) THALWEG_RETURN_IF_ERROR(WaitReadable());
    for (;;) {
      const ssize_t n = read(fd_.get(), out.data(), std::min(out.size(), kTransferMax));
      if (n >= 0) return static_cast<size_t>(n);
      if (errno == EAGAIN) {
        THALWEG_RETURN_IF_ERROR(WaitReadable());
      } else if (errno != EINTR) {
        return StatusOfErrno(errno, "read", name_);
      }
    }
  }

 private:
  struct Wake {
    int fd;
    void operator()() const {
      const uint64_t one = 1;
      // The counter cannot be full after one write, so there is nothing to do about a failure.
      [[maybe_unused]] const ssize_t n = write(fd, &one, sizeof one);
    }
  };

  Status WaitReadable() {
    for (;;) {
      if (stop_.stop_requested()) return Status::Cancelled("read: '" + name_ + "': stopped");
      pollfd wait[2] = {{fd_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
      if (poll(wait, wake_.valid() ? 2 : 1, -1) < 0 && errno != EINTR) {
        return StatusOfErrno(errno, "wait for input", name_);
      }
      if (wait[0].revents != 0) return {};
    }
  }

  Descriptor fd_;
  bool owned_;
  std::string name_;
  std::stop_token stop_;
  Descriptor wake_;
  std::optional<std::stop_callback<Wake>> on_stop_;
};

class DescriptorWriter final : public WritableFile {
 public:
  DescriptorWriter(Descriptor fd, bool owned, std::string name, bool will_sync)
      : fd_(std::move(fd)), owned_(owned), name_(std::move(name)), will_sync_(will_sync) {}
  ~DescriptorWriter() override {
    if (!owned_) fd_.Release();
  }

  Status Append(std::string_view data) override {
    THALWEG_RETURN_IF_ERROR(Usable());
    while (!data.empty()) {
      const ssize_t n = write(fd_.get(), data.data(), std::min(data.size(), kWriteBytesMax));
      if (n > 0) {
        data.remove_prefix(static_cast<size_t>(n));
        if (will_sync_) writeback_.Wrote(fd_.get(), written_, n);
        written_ += n;
      } else if (n == 0) {
        return Fail(ENOSPC, "write");
      } else if (errno == EAGAIN) {
        pollfd wait = {fd_.get(), POLLOUT, 0};
        if (poll(&wait, 1, -1) < 0 && errno != EINTR) return Fail(errno, "wait for room");
      } else if (errno != EINTR) {
        return Fail(errno, "write");
      }
    }
    return {};
  }

  Status Sync() override {
    THALWEG_RETURN_IF_ERROR(Usable());
    int result = 0;
    do {
      result = fsync(fd_.get());
    } while (result != 0 && errno == EINTR);
    // Pipes, terminals and some devices have nothing to sync.
    if (result != 0 && errno != EINVAL && errno != ENOTSUP) return Fail(errno, "sync");
    return {};
  }

  Status Close() override {
    THALWEG_RETURN_IF_ERROR(Usable());
    failure_ = Status::InvalidArgument("write: '" + name_ + "': the file is closed");
    if (!owned_) return {};
    // Linux has freed the descriptor even when close is interrupted.
    if (close(fd_.Release()) != 0 && errno != EINTR) return StatusOfErrno(errno, "close", name_);
    return {};
  }

 private:
  Status Usable() const { return failure_; }
  Status Fail(int error, const char* operation) {
    failure_ = StatusOfErrno(error, operation, name_);
    return failure_;
  }

  Descriptor fd_;
  bool owned_;
  std::string name_;
  bool will_sync_;
  int64_t written_ = 0;
  EarlyWriteback writeback_;
  Status failure_;
};

}  // namespace

int WriteAllAt(int fd, int64_t offset, std::string_view data) {
  while (!data.empty()) {
    const ssize_t n = pwrite(fd, data.data(), std::min(data.size(), kWriteBytesMax), offset);
    if (n > 0) {
      data.remove_prefix(static_cast<size_t>(n));
      offset += n;
    } else if (n == 0 || errno != EINTR) {
      return n == 0 ? ENOSPC : errno;
    }
  }
  return 0;
}

void EarlyWriteback::Wrote(int fd, int64_t offset, int64_t bytes) {
  constexpr int64_t kPiece = int64_t{8} << 20;
  if (offset != end_) begin_ = offset;
  end_ = offset + bytes;
  if (end_ - begin_ < kPiece) return;
  // A wish: what cannot be begun early is written by the sync.
  sync_file_range(fd, begin_, end_ - begin_, SYNC_FILE_RANGE_WRITE);
  begin_ = end_;
}

void Descriptor::Reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

Result<Descriptor> OpenDescriptor(const std::string& path, int flags, unsigned permissions,
                                  const char* operation) {
  THALWEG_RETURN_IF_ERROR(CheckPath(path).WithContext(operation));
  for (;;) {
    const int fd = open(path.c_str(), flags | O_CLOEXEC, permissions);
    if (fd >= 0) return Descriptor(fd);
    if (errno != EINTR) return StatusOfErrno(errno, operation, path);
  }
}

std::unique_ptr<SequentialFile> MakeDescriptorReader(int fd, bool owned, std::string name,
                                                     std::stop_token stop) {
  return std::make_unique<DescriptorReader>(Descriptor(fd), owned, std::move(name),
                                            std::move(stop));
}

std::unique_ptr<WritableFile> MakeDescriptorWriter(int fd, bool owned, std::string name,
                                                   bool will_sync) {
  return std::make_unique<DescriptorWriter>(Descriptor(fd), owned, std::move(name), will_sync);
}

}  // namespace thalweg::io
