#include <memory>

#include "thalweg/command.h"
#include "thalweg/job.h"

namespace thalweg::cli {
namespace {

int RunReference(const Context& context, const std::string& kind, const std::string& name) {
  const Session session;
  auto text = session.Describe(kind, name);
  if (!text.ok()) return Fail(context, text.status());
  Print(*text);
  return 0;
}

void AddKind(CLI::App& app, Context& context, const std::string& kind, const std::string& what) {
  auto name = std::make_shared<std::string>();
  CLI::App* sub = app.add_subcommand(kind, what);
  sub->add_option("name", *name, "Show this one in full.");
  sub->callback([&context, kind, name] {
    context.action = [&context, kind, name] { return RunReference(context, kind, *name); };
  });
}

}  // namespace

void AddReference(CLI::App& app, Context& context) {
  AddKind(app, context, "codecs", "List the formats, or show one.");
  AddKind(app, context, "connectors", "List the places, or show one.");
  AddKind(app, context, "functions", "List the SQL functions, or show one.");
  app.add_subcommand("schema", "Print the JSON schema of job files.")->callback([&context] {
    context.action = [] {
      Print(JobSchema() + "\n");
      return 0;
    };
  });
  app.add_subcommand("version", "Print the version.")->callback([&context] {
    context.action = [] {
      Print(std::string("thalweg ") + Version() + "\n");
      return 0;
    };
  });
  auto topic = std::make_shared<std::string>();
  CLI::App* help = app.add_subcommand("help", "Show help for a command.");
  help->add_option("command", *topic, "A command.");
  help->callback([&app, &context, topic] {
    context.action = [&app, &context, topic] {
      if (topic->empty()) {
        // `app.help()` would show the help of the subcommand that was chosen, which is `help`.
        Print(app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal));
        return 0;
      }
      try {
        Print(app.get_subcommand(*topic)->help());
        return 0;
      } catch (const CLI::OptionNotFound&) {
        return Fail(context, Status::InvalidArgument("no such command: '" + *topic + "'"));
      }
    };
  });
}

}  // namespace thalweg::cli
