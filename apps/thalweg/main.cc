// The program that people call. Archives need neither SQL nor Arrow, whose libraries take longer to
// bind than a small archive takes to open, so their commands are here; for all others
// `thalweg-engine`, which lies beside this program, takes the process over.

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "thalweg/program.h"

namespace thalweg::cli {
namespace {

constexpr struct Command {
  std::string_view name;
  AddCommand add;
} kCommands[] = {{"keygen", AddKeygen},
                 {"seal", AddSeal},
                 {"open", AddOpen},
                 {"verify", AddVerify},
                 {"archive", AddArchive}};

// The command that is named, if it is here. Where a flag before it takes a value, the value is
// taken for a command that is not, and the engine's program, which has all of them, finds out.
const Command* Named(int argc, char** argv) {
  char** const end = argv + argc;
  char** const word = std::find_if(argv + 1, end, [](const char* text) { return *text != '-'; });
  if (word == end) return nullptr;
  const auto* const command = std::ranges::find(kCommands, std::string_view(*word), &Command::name);
  return command == std::end(kCommands) ? nullptr : command;
}

int RunEngine(char** argv) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto program = self.parent_path() / "thalweg-engine";
  if (!error) execv(program.c_str(), argv);
  std::fprintf(stderr, "error: cannot run '%s': %s\nhint: it belongs beside 'thalweg'\n",
               program.c_str(), error ? error.message().c_str() : std::strerror(errno));
  return 69;
}

int Main(int argc, char** argv) {
  const Command* const command = Named(argc, argv);
  return command != nullptr ? RunProgram(argc, argv, {&command->add, 1}) : RunEngine(argv);
}

}  // namespace
}  // namespace thalweg::cli

int main(int argc, char** argv) { return thalweg::cli::Main(argc, argv); }
