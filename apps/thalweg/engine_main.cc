// The program with every command.

#include "thalweg/program.h"

namespace thalweg::cli {
namespace {

constexpr AddCommand kCommands[] = {AddSql,  AddCopy,     AddRun,     AddCheck,     AddPreview,
                                    AddInit, AddDescribe, AddMarc,    AddKeygen,    AddSeal,
                                    AddOpen, AddVerify,   AddArchive, AddReference, AddCompletion};

}  // namespace
}  // namespace thalweg::cli

int main(int argc, char** argv) {
  return thalweg::cli::RunProgram(argc, argv, thalweg::cli::kCommands);
}
