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

std::string Bash(CLI::App& app) {
  std::string out =
      "_thalweg() {\n  local word=\"${COMP_WORDS[COMP_CWORD]}\"\n"
      "  if [[ $COMP_CWORD -eq 1 ]]; then\n    COMPREPLY=($(compgen -W \"" +
      Names(app, false) +
      "\" -- \"$word\"))\n    return\n  fi\n"
      "  case \"$word\" in -*) ;; *) COMPREPLY=($(compgen -f -- \"$word\")); return ;; esac\n"
      "  local options=''\n  case \"${COMP_WORDS[1]}\" in\n";
  for (CLI::App* sub : app.get_subcommands({})) {
    out += "    " + sub->get_name() + ") options=\"" + Names(*sub, true) + "\" ;;\n";
  }
  return out +
         "  esac\n  COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n}\n"
         "complete -o filenames -F _thalweg thalweg\n";
}

std::string Zsh(CLI::App& app) {
  std::string out = "#compdef thalweg\n_thalweg() {\n  if (( CURRENT == 2 )); then\n    compadd " +
                    Names(app, false) + "\n    return\n  fi\n  case \"$words[2]\" in\n";
  for (CLI::App* sub : app.get_subcommands({})) {
    out += "    " + sub->get_name() + ") [[ $PREFIX == -* ]] && compadd -- " + Names(*sub, true) +
           " ;;\n";
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
