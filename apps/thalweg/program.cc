#include "thalweg/program.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "thalweg/archive_command.h"

namespace thalweg::cli {
namespace {

constexpr const char* kExitStatuses = R"(
Exit status (sysexits.h):
  0   success
  1   `archive compare`: there are differences
  3   archives: some files could not be read or restored, or changed meanwhile
  64  wrong usage, job or SQL
  65  bad data: rejected rows (with --strict, or above error_rate_max), corrupt input
  66  input not found
  69  something is unavailable
  70  a bug of thalweg
  73  output exists and may not be overwritten
  74  input or output failed
  75  try again: out of memory or time
  77  not permitted
  130 interrupted)";

// The first signal asks for a stop: what is in flight is finished and nothing partial is left. The
// second ends the process at once.
class SignalStop {
 public:
  SignalStop() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    std::thread([this] { Wait(); }).detach();
  }
  std::stop_token token() const { return source_.get_token(); }

 private:
  void Wait() {
    int signal = 0;
    sigwait(&signals_, &signal);
    static constexpr char kText[] = "\nstopping: finishing what is in flight (again to abort)\n";
    (void)!write(STDERR_FILENO, kText, sizeof kText - 1);
    source_.request_stop();
    sigwait(&signals_, &signal);
    _exit(128 + signal);
  }

  sigset_t signals_;
  std::stop_source source_;
};

int TerminalWidth() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 0;
}

}  // namespace

int RunProgram(int argc, char** argv, std::span<const AddCommand> commands) {
  // Never destroyed: the thread that waits for signals outlives main.
  static auto* signals = new SignalStop();
  Context context;
  context.stop = signals->token();
  context.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  const char* no_color = std::getenv("NO_COLOR");
  context.color = isatty(STDERR_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
  context.width = context.out_is_terminal ? TerminalWidth() : 0;

  CLI::App app{"Extract, transform and load records, with SQL, in bounded memory.", "thalweg"};
  app.footer(kExitStatuses);
  app.set_version_flag("--version", "thalweg " THALWEG_VERSION);
  app.add_flag("-q,--quiet", context.quiet, "Print results and errors only.");
  app.add_flag("-v,--verbose", context.verbose, "Print more: where the time went, what was tuned.");
  std::string log_format = "text";
  app.add_option("--log-format", log_format, "Form of messages on standard error.")
      ->check(CLI::IsMember({"text", "json"}));
  app.require_subcommand(0, 1);
  app.fallthrough();
  for (const AddCommand add : commands) add(app, context);
  try {
    // The parser takes them from the back.
    std::vector<std::string> arguments = WithLevels({argv, argv + argc});
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend() - 1));
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "error: %s\nhint: thalweg help\n", error.what());
    return 64;
  }
  context.log_json = log_format == "json";
  if (!context.action) {
    Print(app.help());
    return 0;
  }
  return context.action();
}

}  // namespace thalweg::cli
