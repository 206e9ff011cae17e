#include <sys/stat.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <map>
#include <memory>
#include <sstream>

#include "thalweg/archive_command.h"
#include "thalweg/errno_text.h"

namespace thalweg::cli {
namespace {

// Named stages, by name. A profile is one line of settings and never holds a key.
using Profiles = std::map<std::string, std::string>;

Result<std::string> ProfilePath() {
  const char* folder = std::getenv("XDG_CONFIG_HOME");
  if (folder != nullptr && *folder == '/') return std::string(folder) + "/thalweg/profiles.toml";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return std::string(home) + "/.config/thalweg/profiles.toml";
  return Status::NotFound("neither XDG_CONFIG_HOME nor HOME says where profiles are");
}

Status MakeFolder(const std::string& path) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string folder = path.substr(0, slash);
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
      return Status::IoError("cannot make '" + folder + "': " + ErrnoText(errno));
    }
  }
  return {};
}

Status CheckName(const std::string& name) {
  const bool good = !name.empty() && name.size() <= 64 &&
                    name.find_first_not_of(
                        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789-_.") == std::string::npos;
  return good
             ? Status()
             : Status::InvalidArgument("a profile's name has letters, digits, '-', '_' and '.': '" +
                                       Printable(name) + "'");
}

Result<Profiles> Load() {
  THALWEG_ASSIGN_OR_RETURN(const std::string path, ProfilePath());
  Profiles profiles;
  if (access(path.c_str(), F_OK) != 0) return profiles;
  THALWEG_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  try {
    const toml::table table = toml::parse(text, path);
    for (const auto& [name, node] : table) {
      const toml::table* profile = node.as_table();
      const auto stages = profile != nullptr ? (*profile)["stages"].value<std::string>()
                                             : std::optional<std::string>();
      if (!stages.has_value()) {
        return Status::InvalidArgument("'" + path + "': profile '" + std::string(name.str()) +
                                       "' has no stages");
      }
      profiles[std::string(name.str())] = *stages;
    }
  } catch (const toml::parse_error& error) {
    return Status::InvalidArgument("'" + path + "', line " +
                                   std::to_string(error.source().begin.line) + ": " +
                                   std::string(error.description()));
  }
  return profiles;
}

Status Save(const Profiles& profiles) {
  THALWEG_ASSIGN_OR_RETURN(const std::string path, ProfilePath());
  THALWEG_RETURN_IF_ERROR(MakeFolder(path));
  toml::table table;
  for (const auto& [name, stages] : profiles) {
    table.insert_or_assign(name, toml::table{{"stages", stages}});
  }
  std::ostringstream text;
  text << "# Written by `thalweg archive profile`. Keys never stand here.\n" << table << "\n";
  THALWEG_ASSIGN_OR_RETURN(auto file, OutputFile::Create(path, 0644, /*force=*/true));
  THALWEG_RETURN_IF_ERROR(file->Write(text.str()));
  return file->Commit();
}

struct ProfileFlags {
  std::string name;
  std::string stages;
  bool force = false;
};

Status Create(const ProfileFlags& flags) {
  THALWEG_RETURN_IF_ERROR(CheckName(flags.name));
  THALWEG_ASSIGN_OR_RETURN(const archive::Stages stages, archive::Stages::Parse(flags.stages));
  THALWEG_ASSIGN_OR_RETURN(Profiles profiles, Load());
  if (profiles.contains(flags.name) && !flags.force) {
    return Status::AlreadyExists("there is a profile '" + flags.name +
                                 "'\nhint: --force replaces it");
  }
  profiles[flags.name] = stages.ToString();
  return Save(profiles);
}

Status Delete(const ProfileFlags& flags) {
  THALWEG_ASSIGN_OR_RETURN(Profiles profiles, Load());
  if (profiles.erase(flags.name) == 0) {
    return Status::NotFound("no profile '" + Printable(flags.name) + "'");
  }
  return Save(profiles);
}

Status List() {
  THALWEG_ASSIGN_OR_RETURN(const Profiles profiles, Load());
  for (const auto& [name, stages] : profiles) Print(Printable(name) + "  " + stages + "\n");
  return {};
}

Status Show(const ProfileFlags& flags) {
  THALWEG_ASSIGN_OR_RETURN(const std::string stages, ProfileStages(flags.name));
  Print(stages + "\n");
  return {};
}

CLI::App* AddAction(CLI::App& profile, Context& context, const char* name, const char* what,
                    std::function<Status()> run) {
  CLI::App* sub = profile.add_subcommand(name, what);
  sub->callback([&context, run] {
    context.action = [&context, run] {
      const Status status = run();
      return status.ok() ? 0 : Fail(context, status);
    };
  });
  return sub;
}

}  // namespace

Result<std::string> ProfileStages(const std::string& name) {
  THALWEG_ASSIGN_OR_RETURN(const Profiles profiles, Load());
  const auto found = profiles.find(name);
  if (found == profiles.end()) {
    return Status::NotFound("no profile '" + Printable(name) +
                            "'\nhint: thalweg archive profile list");
  }
  return found->second;
}

void AddArchiveProfile(CLI::App& archive, Context& context) {
  CLI::App* profile = archive.add_subcommand("profile", "Keep stages under a name.");
  profile->require_subcommand(1);
  auto flags = std::make_shared<ProfileFlags>();
  CLI::App* create =
      AddAction(*profile, context, "create", "Make a profile.", [flags] { return Create(*flags); });
  create->add_option("name", flags->name, "Its name.")->required();
  create->add_option("--stages", flags->stages, "As for `seal --stages`.")->required();
  create->add_flag("-f,--force", flags->force, "Replace one that exists.");
  AddAction(*profile, context, "list", "List the profiles.", List);
  CLI::App* show =
      AddAction(*profile, context, "show", "Show a profile.", [flags] { return Show(*flags); });
  show->add_option("name", flags->name, "Its name.")->required();
  CLI::App* remove = AddAction(*profile, context, "delete", "Delete a profile.",
                               [flags] { return Delete(*flags); });
  remove->add_option("name", flags->name, "Its name.")->required();
  profile->footer(
      "Profiles are in $XDG_CONFIG_HOME/thalweg/profiles.toml, by default below ~/.config.\n"
      "Example: thalweg archive profile create nightly --stages zstd:9,sha256");
}

}  // namespace thalweg::cli
