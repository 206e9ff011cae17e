#include <memory>

#include "thalweg/command.h"

namespace thalweg::cli {
namespace {

std::string Names(CLI::App& app, bool options) {
  std::string names;
  if (options) {
    for (const CLI::Option* option : app.get_options()) {
      for (const auto& name : option->get_lnames()) names += "--" + name + " ";
    }
  } else {
    for (const CLI::App* sub : app.get_subcommands({})) names += sub->get_name() + " ";
  }
  if (!names.empty()) names.pop_back();
  return names;
}

// Options of a command and of the commands beneath it.
std::string AllOptions(CLI::App& app) {
  std::string names = Names(app, true);
  for (CLI::App* sub : app.get_subcommands({})) names += " " + AllOptions(*sub);
  return names;
}

std::string Bash(CLI::App& app) {
  std::string out =
      "_thalweg() {\n  local word=\"${COMP_WORDS[COMP_CWORD]}\"\n"
      "  if [[ $COMP_CWORD -eq 1 ]]; then\n    COMPREPLY=($(compgen -W \"" +
      Names(app, false) +
      "\" -- \"$word\"))\n    return\n  fi\n"
      "  local options='' commands=''\n  case \"${COMP_WORDS[1]}\" in\n";
  for (CLI::App* sub : app.get_subcommands({})) {
    out += "    " + sub->get_name() + ") options=\"" + AllOptions(*sub) + "\"";
    const std::string commands = Names(*sub, false);
    if (!commands.empty()) out += "; commands=\"" + commands + "\"";
    out += " ;;\n";
  }
  return out +
         "  esac\n"
         "  if [[ $COMP_CWORD -eq 2 && -n $commands && $word != -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$commands\" -- \"$word\"))\n    return\n  fi\n"
         "  case \"$word\" in -*) ;; *) COMPREPLY=($(compgen -f -- \"$word\")); return ;; esac\n"
         "  COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n}\n"
         "complete -o filenames -F _thalweg thalweg\n";
}

std::string Zsh(CLI::App& app) {
  std::string out = "#compdef thalweg\n_thalweg() {\n  if (( CURRENT == 2 )); then\n    compadd " +
                    Names(app, false) + "\n    return\n  fi\n  case \"$words[2]\" in\n";
  for (CLI::App* sub : app.get_subcommands({})) {
    const std::string commands = Names(*sub, false);
    out += "    " + sub->get_name() + ") ";
    if (!commands.empty()) {
      out += "if (( CURRENT == 3 )) && [[ $PREFIX != -* ]]; then compadd " + commands +
             "; return; fi; ";
    }
    out += "[[ $PREFIX == -* ]] && compadd -- " + AllOptions(*sub) + " ;;\n";
  }
  return out + "  esac\n  _files\n}\ncompdef _thalweg thalweg\n";
}

}  // namespace

void AddCompletion(CLI::App& app, Context& context) {
  auto shell = std::make_shared<std::string>();
  CLI::App* completion = app.add_subcommand("completion", "Print a completion script for a shell.");
  completion->add_option("shell", *shell, "bash or zsh.")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}));
  completion->footer("Example: source <(thalweg completion bash)");
  completion->callback([&app, &context, shell] {
    context.action = [&app, shell] {
      return Print(*shell == "bash" ? Bash(app) : Zsh(app)) ? 0 : 0;
    };
  });
}

}  // namespace thalweg::cli
