#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "thalweg/archive_command.h"
#include "thalweg/errno_text.h"

namespace thalweg::cli {
namespace {

using archive::Secret;

constexpr size_t kSecretBytesMax = 64 << 10;
constexpr size_t kPassphraseBytesMax = 1024;

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

// Switches the echo of a terminal off for as long as it lives.
class EchoOff {
 public:
  explicit EchoOff(int terminal) : terminal_(terminal) {
    if (tcgetattr(terminal_, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_lflag |= ECHONL | ICANON;
    changed_ = tcsetattr(terminal_, TCSAFLUSH, &silent) == 0;
  }
  ~EchoOff() {
    if (changed_) tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  EchoOff(const EchoOff&) = delete;
  EchoOff& operator=(const EchoOff&) = delete;
  bool ok() const { return changed_; }

 private:
  const int terminal_;
  termios before_{};
  bool changed_ = false;
};

// One line from a terminal, without its end.
Result<Secret> ReadLine(int terminal, std::stop_token stop) {
  Secret buffer(kPassphraseBytesMax + 1);
  size_t size = 0;
  while (size < buffer.size()) {
    if (stop.stop_requested()) return Status::Cancelled("interrupted");
    pollfd ready{.fd = terminal, .events = POLLIN, .revents = 0};
    const int polled = poll(&ready, 1, 100);
    if (polled < 0 && errno != EINTR) return Status::IoError("terminal: " + ErrnoText(errno));
    if (polled <= 0) continue;
    const ssize_t n = read(terminal, buffer.data() + size, buffer.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Status::IoError("terminal: " + ErrnoText(errno));
    if (n == 0) return Status::Cancelled("no passphrase was given");
    size += static_cast<size_t>(n);
    if (buffer.data()[size - 1] == '\n') return Secret::CopyOf({buffer.data(), size - 1});
  }
  return Status::InvalidArgument("a passphrase has at most 1024 bytes");
}

// `N` of `/dev/fd/N` and its kin; opening those by name needs rights that a protected process of
// an ordinary user does not have.
int DescriptorOf(const std::string& path) {
  if (path == "-" || path == "/dev/stdin") return STDIN_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    int number = -1;
    const char* end = path.data() + path.size();
    const auto [at, error] = std::from_chars(path.data() + folder.size(), end, number);
    if (error == std::errc() && at == end && number >= 0) return number;
  }
  return -1;
}

Status CheckOwner(int descriptor, const std::string& path) {
  struct stat info{};
  if (fstat(descriptor, &info) != 0) return Status::IoError(path + ": " + ErrnoText(errno));
  if (S_ISDIR(info.st_mode)) return Status::InvalidArgument("a directory: '" + path + "'");
  if (!S_ISREG(info.st_mode)) return {};
  if (info.st_uid != geteuid()) {
    return Status::Unauthenticated("'" + path + "' belongs to another user");
  }
  if ((info.st_mode & 077) != 0) {
    return Status::Unauthenticated("others may read '" + path + "'\nhint: chmod 600 '" + path +
                                   "'");
  }
  return {};
}

}  // namespace

void ProtectProcess() {
  prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &none);
}

Result<Secret> AskPassphrase(const std::string& prompt, std::stop_token stop) {
  const Descriptor terminal(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (terminal.get() < 0) {
    return Status::Unavailable("there is no terminal to ask for a passphrase on");
  }
  const EchoOff silence(terminal.get());
  if (!silence.ok()) return Status::IoError("the terminal's echo cannot be switched off");
  THALWEG_RETURN_IF_ERROR(WriteTo(terminal.get(), prompt));
  return ReadLine(terminal.get(), stop);
}

Result<Secret> AskNewPassphrase(const std::string& what, std::stop_token stop) {
  THALWEG_ASSIGN_OR_RETURN(Secret first, AskPassphrase(what + ": ", stop));
  if (first.empty()) return Status::InvalidArgument("the passphrase is empty");
  THALWEG_ASSIGN_OR_RETURN(const Secret second, AskPassphrase("The same again: ", stop));
  if (first.view() != second.view()) {
    return Status::InvalidArgument("the two passphrases differ");
  }
  return first;
}

Result<Secret> ReadSecretDescriptor(int descriptor, SecretKind kind, const std::string& name) {
  Secret buffer(kSecretBytesMax);
  size_t size = 0;
  for (;;) {
    const ssize_t n = read(descriptor, buffer.data() + size, buffer.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Status::IoError("cannot read '" + name + "': " + ErrnoText(errno));
    if (n == 0) break;
    size += static_cast<size_t>(n);
    if (size == buffer.size()) return Status::InvalidArgument("too long for a key: '" + name + "'");
  }
  std::string_view bytes(buffer.data(), size);
  if (kind == SecretKind::kPassphrase) {
    if (bytes.ends_with('\n')) bytes.remove_suffix(1);
    if (bytes.ends_with('\r')) bytes.remove_suffix(1);
    if (bytes.empty()) return Status::InvalidArgument("the passphrase is empty: '" + name + "'");
  }
  return Secret::CopyOf(bytes);
}

Result<Secret> ReadSecretFile(const std::string& path, SecretKind kind) {
  if (const int open_one = DescriptorOf(path); open_one >= 0) {
    return ReadSecretDescriptor(open_one, kind, path);
  }
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    const Status status(errno == ENOENT   ? StatusCode::kNotFound
                        : errno == EACCES ? StatusCode::kUnauthenticated
                                          : StatusCode::kIoError,
                        "cannot read '" + path + "': " + ErrnoText(errno));
    return status;
  }
  THALWEG_RETURN_IF_ERROR(CheckOwner(file.get(), path));
  return ReadSecretDescriptor(file.get(), kind, path);
}

}  // namespace thalweg::cli
