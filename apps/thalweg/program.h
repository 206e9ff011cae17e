#pragma once

#include <span>

#include "thalweg/command.h"

namespace thalweg::cli {

using AddCommand = void (*)(CLI::App& app, Context& context);

/// Parses the arguments, runs the subcommand among `commands` that they name, and returns the exit
/// status. Once a process: signals are from then on asked to stop it.
int RunProgram(int argc, char** argv, std::span<const AddCommand> commands);

}  // namespace thalweg::cli
