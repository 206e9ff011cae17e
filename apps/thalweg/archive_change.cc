#include <memory>

#include "thalweg/archive_command.h"

namespace thalweg::cli {
namespace {

// --- append -------------------------------------------------------------------------------------

struct AppendFlags {
  std::string archive;
  std::vector<std::string> paths;
  std::string name;
  std::string sign;
  IdentityFlags keys;
  StageFlags stages;
  ArchiveRunFlags run;
};

int RunAppend(const Context& context, const AppendFlags& flags) {
  ProtectProcess();
  const auto inputs = InputsOf(context, flags.paths, flags.name);
  if (!inputs.ok()) return Fail(context, inputs.status());
  const Result<archive::SealReport> report = [&]() -> Result<archive::SealReport> {
    archive::SealOptions options;
    THALWEG_RETURN_IF_ERROR(flags.stages.Apply(&options));
    THALWEG_ASSIGN_OR_RETURN(options.identities, flags.keys.LoadFor(context, flags.archive));
    if (!flags.sign.empty()) {
      THALWEG_ASSIGN_OR_RETURN(options.signer, LoadSigner(flags.sign));
    }
    ArchiveRun run(context, flags.run);
    THALWEG_ASSIGN_OR_RETURN(options.run, run.Start());
    return archive::Append(flags.archive, *inputs, options);
  }();
  if (!report.ok()) return Fail(context, report.status());
  if (Status status = WriteJson(flags.run.report, ReportJson(*report)); !status.ok()) {
    return Fail(context, status);
  }
  Note(context, Printable(flags.archive) + ": " + Grouped(report->entries) + " entries added, " +
                    Bytes(static_cast<double>(report->bytes_content)) + ", " +
                    Seconds(report->run.seconds));
  PrintRun(context, report->run);
  const bool unreadable = PrintSkipped(context, report->unreadable, "could not be read");
  const bool changed = PrintSkipped(context, report->changed, "changed while it was read");
  return unreadable || changed ? kExitIncomplete : 0;
}

void AddAppend(CLI::App& archive, Context& context) {
  auto flags = std::make_shared<AppendFlags>();
  CLI::App* sub = archive.add_subcommand("append", "Add files to an archive.");
  sub->add_option("archive", flags->archive, "The archive.")->required();
  sub->add_option("path", flags->paths, "Files and directories; '-' is standard input.")
      ->required();
  sub->add_option("--name", flags->name, "Name of the one input in the archive.");
  sub->add_option("--sign", flags->sign, "Sign with the signing key of this key file.");
  flags->keys.AddTo(*sub);
  flags->stages.AddTo(*sub);
  flags->run.AddTo(*sub);
  sub->footer(
      "A name that is there already hides the older one. What was written stays as it is.\n"
      "Example: thalweg archive append -i key.txt logs.twa today.log");
  sub->callback([&context, flags] {
    context.action = [&context, flags] { return RunAppend(context, *flags); };
  });
}

// --- rekey --------------------------------------------------------------------------------------

struct RekeyFlags {
  std::string archive;
  std::string output;
  std::string cipher;
  std::string sign;
  std::string checkpoint;
  bool full = false;
  bool resume = false;
  OpenFlags open;
  RecipientFlags keys;
  ArchiveRunFlags run;
};

Status Rekeyed(const Context& context, const RekeyFlags& flags) {
  archive::RekeyOptions options;
  if (!flags.full && (!flags.output.empty() || flags.resume || !flags.cipher.empty() ||
                      !flags.sign.empty() || !flags.checkpoint.empty())) {
    return Status::InvalidArgument("-o, --resume, --cipher, --sign and --checkpoint need --full");
  }
  if (!flags.keys.any()) {
    return Status::InvalidArgument(
        "nothing says who may open it from now on\n"
        "hint: -r RECIPIENT, --new-passphrase, --new-key-file FILE");
  }
  THALWEG_ASSIGN_OR_RETURN(options.limits, flags.open.ToLimits());
  THALWEG_ASSIGN_OR_RETURN(options.identities, flags.open.keys.LoadFor(context, flags.archive));
  THALWEG_ASSIGN_OR_RETURN(SealKeys keys, flags.keys.Load(context, /*known=*/false));
  options.recipients = std::move(keys.recipients);
  options.full = flags.full;
  options.output = flags.output;
  options.resume = flags.resume;
  if (!flags.cipher.empty()) {
    THALWEG_ASSIGN_OR_RETURN(options.cipher, archive::ParseCipher(flags.cipher));
  }
  if (!flags.sign.empty()) {
    THALWEG_ASSIGN_OR_RETURN(options.signer, LoadSigner(flags.sign));
  }
  if (!flags.checkpoint.empty()) {
    THALWEG_ASSIGN_OR_RETURN(options.checkpoint_bytes, ParseSize(flags.checkpoint, "--checkpoint"));
  }
  ArchiveRun run(context, flags.run);
  THALWEG_ASSIGN_OR_RETURN(options.run, run.Start());
  return archive::Rekey(flags.archive, options);
}

int RunRekey(const Context& context, const RekeyFlags& flags) {
  ProtectProcess();
  if (Status status = Rekeyed(context, flags); !status.ok()) return Fail(context, status);
  if (flags.full) {
    Note(context, "encrypted anew under a new key");
  } else {
    Note(context,
         "new keys fit from now on; who had a key before may have kept a copy\n"
         "hint: --full encrypts the content anew");
  }
  return 0;
}

void AddRekey(CLI::App& archive, Context& context) {
  auto flags = std::make_shared<RekeyFlags>();
  CLI::App* sub = archive.add_subcommand("rekey", "Change who can open an archive.");
  sub->add_option("archive", flags->archive, "The archive.")->required();
  flags->open.AddTo(*sub);
  flags->keys.AddTo(*sub, "new-");
  sub->add_flag("--full", flags->full, "Encrypt the content anew, under a new key.");
  sub->add_option("-o,--output", flags->output, "With --full: the new archive.");
  sub->add_flag("--resume", flags->resume, "With --full: go on where it was interrupted.");
  sub->add_option("--checkpoint", flags->checkpoint,
                  "With --full: content between two places to resume from (256 MiB).");
  sub->add_option("--cipher", flags->cipher, "With --full: another cipher.");
  sub->add_option("--sign", flags->sign, "With --full: sign with this key file.");
  flags->run.AddTo(*sub);
  sub->footer(
      "Without --full only the key stanzas are replaced, and not a byte of the content: this does\n"
      "not shut out somebody who could open it before and kept a copy.\n"
      "Example: thalweg archive rekey backup.twa -i old.txt -r thalweg1...");
  sub->callback([&context, flags] {
    context.action = [&context, flags] { return RunRekey(context, *flags); };
  });
}

// --- repair -------------------------------------------------------------------------------------

struct RepairFlags {
  std::string archive;
  std::string output;
  bool force = false;
  ArchiveRunFlags run;
};

int RunRepair(const Context& context, const RepairFlags& flags) {
  const Result<archive::RepairReport> report = [&]() -> Result<archive::RepairReport> {
    ArchiveRun run(context, flags.run);
    THALWEG_ASSIGN_OR_RETURN(const archive::RunSettings settings, run.Start());
    return archive::Repair(flags.archive, flags.output, flags.force, settings);
  }();
  if (!report.ok()) return Fail(context, report.status());
  if (Status status =
          WriteJson(flags.run.report,
                    "{\"operation\":\"repair\",\"shards\":" + std::to_string(report->shards) +
                        ",\"shards_damaged\":" + std::to_string(report->shards_damaged) +
                        ",\"shards_corrected\":" + std::to_string(report->shards_corrected) +
                        ",\"bytes_corrected\":" + std::to_string(report->bytes_corrected) +
                        ",\"header_corrected\":" + (report->header_corrected ? "true" : "false") +
                        ",\"append_undone\":" + (report->append_undone ? "true" : "false") + "}");
      !status.ok()) {
    return Fail(context, status);
  }
  std::string line = Printable(flags.archive) + ": ";
  if (report->shards_damaged == 0 && !report->header_corrected && !report->append_undone) {
    line += "no damage in " + Grouped(report->shards) + " shards";
  } else {
    line += Grouped(report->shards_corrected) + " of " + Grouped(report->shards_damaged) +
            " damaged shards corrected, " + Bytes(static_cast<double>(report->bytes_corrected));
    if (report->header_corrected) line += "; the header too";
    if (report->append_undone) line += "; the rest of an interrupted append is cut off";
  }
  if (!context.quiet) Print(line + "\n");
  return 0;
}

void AddRepair(CLI::App& archive, Context& context) {
  auto flags = std::make_shared<RepairFlags>();
  CLI::App* sub =
      archive.add_subcommand("repair", "Correct damage by the parity that was sealed with it.");
  sub->add_option("archive", flags->archive, "The archive; its parity may be in ARCHIVE.par.")
      ->required();
  sub->add_option("-o,--output", flags->output, "Write the corrected archive here instead.");
  sub->add_flag("-f,--force", flags->force, "Replace an output that exists.");
  flags->run.AddTo(*sub);
  sub->footer("Needs no key. Where there is more damage than parity, nothing is changed.");
  sub->callback([&context, flags] {
    context.action = [&context, flags] { return RunRepair(context, *flags); };
  });
}

}  // namespace

void AddArchiveChange(CLI::App& archive, Context& context) {
  AddAppend(archive, context);
  AddRekey(archive, context);
  AddRepair(archive, context);
}

}  // namespace thalweg::cli
