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

constexpr AddCommand kCommands[] = {AddKeygen, AddSeal, AddOpen, AddVerify, AddArchive};
constexpr std::string_view kNames[] = {"keygen", "seal", "open", "verify", "archive"};

// Where a flag takes a value, the value is taken for a command that is not here, and the engine's
// program, which has all of them, finds out.
bool IsHere(int argc, char** argv) {
  char** const end = argv + argc;
  char** const command = std::find_if(argv + 1, end, [](const char* word) { return *word != '-'; });
  return command != end && std::ranges::find(kNames, *command) != std::end(kNames);
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
  return IsHere(argc, argv) ? RunProgram(argc, argv, kCommands) : RunEngine(argv);
}

}  // namespace
}  // namespace thalweg::cli

int main(int argc, char** argv) { return thalweg::cli::Main(argc, argv); }
