#include <memory>

#include "thalweg/archive_command.h"

namespace thalweg::cli {
namespace {

struct CompareFlags {
  std::string archive;
  std::vector<std::string> paths;
  bool quick = false;
  bool json = false;
  OpenFlags open;
  ArchiveRunFlags run;
};

const char* NameOfKind(archive::Difference::Kind kind) {
  using Kind = archive::Difference::Kind;
  switch (kind) {
    case Kind::kOnlyInArchive:
      return "only in archive";
    case Kind::kOnlyOnDisk:
      return "only on disk";
    case Kind::kType:
      return "type";
    case Kind::kSize:
      return "size";
    case Kind::kContent:
      return "content";
    case Kind::kMetadata:
      return "metadata";
  }
  return "?";
}

int RunCompare(const Context& context, const CompareFlags& flags) {
  ProtectProcess();
  const auto inputs = InputsOf(context, flags.paths, "");
  if (!inputs.ok()) return Fail(context, inputs.status());
  const Result<std::vector<archive::Difference>> differences =
      [&]() -> Result<std::vector<archive::Difference>> {
    ArchiveRun run(context, flags.run);
    THALWEG_ASSIGN_OR_RETURN(archive::RunSettings settings, run.Start());
    THALWEG_ASSIGN_OR_RETURN(const auto archive,
                             OpenArchive(context, flags.archive, flags.open, settings));
    return archive->Compare(*inputs, !flags.quick);
  }();
  if (!differences.ok()) return Fail(context, differences.status());
  for (const auto& difference : *differences) {
    const char* kind = NameOfKind(difference.kind);
    if (flags.json) {
      Print("{\"path\":" + JsonText(Printable(difference.path)) + ",\"kind\":" + JsonText(kind) +
            ",\"detail\":" + JsonText(Printable(difference.detail)) + "}\n");
    } else {
      const std::string detail = difference.detail.empty() ? "" : ": " + difference.detail;
      Print(Printable(difference.path) + ": " + kind + Printable(detail) + "\n");
    }
  }
  if (differences->empty()) {
    Note(context, "no differences");
    return 0;
  }
  Note(context, Grouped(static_cast<int64_t>(differences->size())) + " differences");
  return kExitDifferent;
}

}  // namespace

void AddArchiveCompare(CLI::App& archive, Context& context) {
  auto flags = std::make_shared<CompareFlags>();
  CLI::App* sub = archive.add_subcommand("compare", "Compare an archive with files on disk.");
  sub->add_option("archive", flags->archive, "The archive.")->required();
  sub->add_option("path", flags->paths, "The paths that were sealed.")->required();
  sub->add_flag("--quick", flags->quick, "Types, sizes and times only, no contents.");
  sub->add_flag("--json", flags->json, "One JSON object a line.");
  flags->open.AddTo(*sub);
  flags->run.AddTo(*sub);
  sub->footer(
      "Exit status: 0 the same, 1 differences.\n"
      "Example: thalweg archive compare -i key.txt src.twa src");
  sub->callback([&context, flags] {
    context.action = [&context, flags] { return RunCompare(context, *flags); };
  });
}

}  // namespace thalweg::cli
