#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "thalweg/archive_command.h"
#include "thalweg/errno_text.h"

namespace thalweg::cli {
namespace {

using archive::Secret;

constexpr size_t kAnswerBytesMax = 4096;

// A pipe whose ends are closed when it is destroyed.
class Pipe {
 public:
  Status Open() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) return Status::IoError("pipe: " + ErrnoText(errno));
    return {};
  }
  ~Pipe() {
    CloseRead();
    CloseWrite();
  }
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  void CloseRead() { Close(0); }
  void CloseWrite() { Close(1); }

 private:
  void Close(size_t end) {
    if (ends_[end] >= 0) close(ends_[end]);
    ends_[end] = -1;
  }
  std::array<int, 2> ends_{-1, -1};
};

// Starts the shell with the two pipes as standard input and output, and with the signals of an
// ordinary program: this one blocks some and ignores a broken pipe.
Result<pid_t> Spawn(const std::string& command, const std::string& operation, const Pipe& in,
                    const Pipe& out) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.read_end(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.write_end(), STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string shell = "sh";
  std::string flag = "-c";
  std::string script = command + " \"$1\"";
  std::string argument = operation;
  std::array<char*, 6> argv{shell.data(), flag.data(),     script.data(),
                            shell.data(), argument.data(), nullptr};
  pid_t child = -1;
  const int error = posix_spawn(&child, "/bin/sh", &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return Status::Unavailable("cannot run the key command: " + ErrnoText(error));
  return child;
}

// Gives `input` and takes the answer, whichever the command does first.
Result<size_t> Exchange(Pipe* in, Pipe* out, std::string_view input, Secret* answer,
                        std::stop_token stop) {
  fcntl(in->write_end(), F_SETFL, O_NONBLOCK);
  size_t size = 0;
  for (;;) {
    if (stop.stop_requested()) return Status::Cancelled("interrupted");
    if (input.empty()) in->CloseWrite();
    std::array<pollfd, 2> ready{pollfd{out->read_end(), POLLIN, 0},
                                pollfd{in->write_end(), POLLOUT, 0}};
    const int polled = poll(ready.data(), ready.size(), 100);
    if (polled < 0 && errno != EINTR) return Status::IoError("key command: " + ErrnoText(errno));
    if (polled <= 0) continue;
    if (!input.empty() && ready[1].revents != 0) {
      const ssize_t n = write(in->write_end(), input.data(), input.size());
      // A command that does not want to read its input may still know the answer.
      if (n < 0 && errno == EPIPE) input = {};
      if (n > 0) input.remove_prefix(static_cast<size_t>(n));
    }
    if (ready[0].revents != 0) {
      const ssize_t n = read(out->read_end(), answer->data() + size, answer->size() - size);
      if (n < 0 && errno != EINTR) return Status::IoError("key command: " + ErrnoText(errno));
      if (n == 0) return size;
      if (n > 0) size += static_cast<size_t>(n);
      if (size == answer->size()) {
        return Status::InvalidArgument("the key command's answer is longer than 4 KiB");
      }
    }
  }
}

Status Wait(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return Status::IoError("key command: " + ErrnoText(errno));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (WIFEXITED(status)) {
    return Status::Unauthenticated("the key command ended with status " +
                                   std::to_string(WEXITSTATUS(status)));
  }
  return Status::Unavailable("the key command was ended by signal " +
                             std::to_string(WTERMSIG(status)));
}

}  // namespace

Result<Secret> RunKeyCommand(const std::string& command, const std::string& operation,
                             std::string_view input, std::stop_token stop) {
  Pipe in;
  Pipe out;
  THALWEG_RETURN_IF_ERROR(in.Open());
  THALWEG_RETURN_IF_ERROR(out.Open());
  THALWEG_ASSIGN_OR_RETURN(const pid_t child, Spawn(command, operation, in, out));
  in.CloseRead();
  out.CloseWrite();
  Secret answer(kAnswerBytesMax + 1);
  const Result<size_t> size = Exchange(&in, &out, input, &answer, stop);
  in.CloseWrite();
  out.CloseRead();
  if (!size.ok()) kill(child, SIGTERM);
  const Status ended = Wait(child);
  if (!size.ok()) return size.status();
  THALWEG_RETURN_IF_ERROR(ended);
  if (*size == 0) return Status::Unauthenticated("the key command gave no answer");
  return Secret::CopyOf({answer.data(), *size});
}

}  // namespace thalweg::cli
