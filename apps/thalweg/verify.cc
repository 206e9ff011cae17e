#include <memory>

#include "thalweg/archive_command.h"

namespace thalweg::cli {
namespace {

struct VerifyFlags {
  std::string archive;
  OpenFlags open;
  ArchiveRunFlags run;
};

Result<archive::VerifyReport> Verified(const Context& context, const VerifyFlags& flags) {
  ArchiveRun run(context, flags.run);
  THALWEG_ASSIGN_OR_RETURN(archive::RunSettings settings, run.Start());
  if (flags.archive != "-" && !flags.open.keys.any()) {
    THALWEG_ASSIGN_OR_RETURN(const archive::ArchiveInfo info, archive::ReadInfo(flags.archive));
    if (info.cipher != archive::Cipher::kNone) {
      THALWEG_ASSIGN_OR_RETURN(const std::string signer, LoadSignerText(flags.open.signer));
      return archive::VerifyWithoutKey(flags.archive, signer, settings);
    }
  }
  THALWEG_ASSIGN_OR_RETURN(const auto archive,
                           OpenArchive(context, flags.archive, flags.open, settings));
  return archive->Verify();
}

int RunVerify(const Context& context, const VerifyFlags& flags) {
  ProtectProcess();
  const auto report = Verified(context, flags);
  if (!report.ok()) return Fail(context, report.status());
  if (Status status = WriteJson(flags.run.report, ReportJson(*report)); !status.ok()) {
    return Fail(context, status);
  }
  if (context.quiet) return 0;
  std::string line = Printable(flags.archive) + ": ok, ";
  if (report->with_key) {
    line += "every byte checked with the key: " + Grouped(report->entries) +
            (report->entries == 1 ? " entry, " : " entries, ");
    if (report->files_hashed > 0) line += Grouped(report->files_hashed) + " files hashed, ";
  } else if (report->signature_checked) {
    line += "as it was signed: ";
  } else {
    line += "undamaged (which does not exclude malice): ";
  }
  line += Grouped(report->segments) + (report->segments == 1 ? " segment, " : " segments, ") +
          Bytes(static_cast<double>(report->bytes)) + ", " + Seconds(report->run.seconds) + "\n";
  if (report->signature_checked) line += "signed by " + report->signer + "\n";
  Print(line);
  PrintRun(context, report->run);
  return 0;
}

}  // namespace

void AddVerify(CLI::App& app, Context& context) {
  auto flags = std::make_shared<VerifyFlags>();
  CLI::App* verify = app.add_subcommand("verify", "Check every byte of a sealed archive.");
  verify->add_option("archive", flags->archive, "The archive.")->required();
  flags->open.AddTo(*verify);
  flags->run.AddTo(*verify);
  verify->footer(
      "Without a key it compares the archive with its own SHA-256 tree, which shows damage; with\n"
      "--signer it also shows who vouched for it; with a key every byte is authenticated.\n"
      "Examples:\n  thalweg verify backup.twa\n  thalweg verify -i key.txt backup.twa");
  verify->callback([&context, flags] {
    context.action = [&context, flags] { return RunVerify(context, *flags); };
  });
}

}  // namespace thalweg::cli
