#include <unistd.h>

#include <cmath>
#include <memory>

#include "thalweg/archive_command.h"

namespace thalweg::cli {
namespace {

struct SealFlags {
  std::vector<std::string> paths;
  std::string output;
  std::string name;
  std::vector<std::string> key_files;
  RecipientFlags keys;
  StageFlags stages;
  ArchiveRunFlags run;
  std::string sign;
  std::string parity;
  bool parity_beside = false;
  bool pad = false;
  bool resume = false;
  std::string checkpoint;
  bool force = false;
  bool benchmark = false;
};

Result<std::string> OutputOf(const SealFlags& flags) {
  if (!flags.output.empty()) return flags.output;
  if (flags.paths.size() != 1) {
    return Status::InvalidArgument("several inputs need a name for the archive: -o ARCHIVE.twa");
  }
  std::string name = flags.paths.front();
  if (name == "-") return name;
  while (name.size() > 1 && name.ends_with('/')) name.pop_back();
  const std::string last = name.substr(name.rfind('/') + 1);
  if (last.empty() || last == "." || last == "..") {
    return Status::InvalidArgument("'" + flags.paths.front() +
                                   "' gives the archive no name: -o ARCHIVE.twa");
  }
  return name + ".twa";
}

// For whom to seal; asks on the terminal when nothing says it.
Status ApplyKeys(const Context& context, const SealFlags& flags, archive::SealOptions* options) {
  const bool plain = options->stages.cipher == archive::Cipher::kNone;
  RecipientFlags wanted = flags.keys;
  if (plain) {
    if (wanted.any() || !flags.key_files.empty()) {
      return Status::InvalidArgument("a plain archive has no keys: leave out --plain, or the keys");
    }
    return {};
  }
  if (!wanted.any() && flags.key_files.empty()) wanted.ask = true;
  auto keys = wanted.Load(context, /*known=*/flags.resume);
  if (!keys.ok()) {
    if (keys.status().code() != StatusCode::kUnavailable || flags.keys.ask) return keys.status();
    return Status::InvalidArgument(
        "nothing says who may open the archive, and there is no terminal to ask on\n"
        "hint: -r RECIPIENT, -i KEYFILE, --passphrase-file FILE, --key-file FILE or --plain");
  }
  for (const auto& path : flags.key_files) {
    THALWEG_ASSIGN_OR_RETURN(const archive::KeyFile file, LoadKeyFile(path));
    keys->identities.insert(keys->identities.end(), file.identities.begin(), file.identities.end());
    // With nobody else named, the key's owner is who it is for.
    if (flags.keys.any()) continue;
    for (const auto& text : file.recipients) {
      THALWEG_ASSIGN_OR_RETURN(archive::Recipient recipient, archive::Recipient::Parse(text));
      keys->recipients.push_back(std::move(recipient));
    }
  }
  options->recipients = std::move(keys->recipients);
  options->identities = std::move(keys->identities);
  return {};
}

Result<archive::SealOptions> OptionsOf(const Context& context, const SealFlags& flags) {
  archive::SealOptions options;
  THALWEG_RETURN_IF_ERROR(flags.stages.Apply(&options));
  if (!flags.parity.empty()) {
    THALWEG_ASSIGN_OR_RETURN(options.parity_percent, ParsePercent(flags.parity));
  } else if (flags.parity_beside) {
    return Status::InvalidArgument("--parity-beside needs --parity N%");
  }
  options.parity_beside = flags.parity_beside;
  options.pad = flags.pad;
  options.resume = flags.resume;
  if (!flags.checkpoint.empty()) {
    THALWEG_ASSIGN_OR_RETURN(options.checkpoint_bytes, ParseSize(flags.checkpoint, "--checkpoint"));
  }
  options.force = flags.force;
  THALWEG_RETURN_IF_ERROR(ApplyKeys(context, flags, &options));
  if (!flags.sign.empty()) {
    THALWEG_ASSIGN_OR_RETURN(options.signer, LoadSigner(flags.sign));
  }
  return options;
}

void NoteLoss(const Context& context, const archive::Stages& stages) {
  for (const auto& filter : stages.filters) {
    if (filter.kind == archive::Filter::Kind::kPiiMask) {
      Warn(context, "pii-mask loses data: what it masks cannot be had back from this archive");
    }
  }
}

int Finish(const Context& context, const SealFlags& flags, const std::string& output,
           const archive::SealReport& report) {
  if (Status status = WriteJson(flags.run.report, ReportJson(report)); !status.ok()) {
    return Fail(context, status);
  }
  const double in = static_cast<double>(report.bytes_content);
  const double out = static_cast<double>(report.bytes_archive);
  std::string line = output == "-" ? "" : Printable(output) + ": ";
  line += Grouped(report.entries) + (report.entries == 1 ? " entry, " : " entries, ") + Bytes(in) +
          " -> " + Bytes(out);
  if (in > 0 && out < 2 * in) line += " (" + std::to_string(std::lround(100 * out / in)) + " %)";
  line += ", " + Seconds(report.run.seconds);
  if (report.run.seconds > 0) line += ", " + Bytes(in / report.run.seconds) + "/s";
  if (report.bytes_resumed > 0) {
    line += ", " + Bytes(static_cast<double>(report.bytes_resumed)) + " of it resumed";
  }
  Note(context, line);
  if (report.pii_masked > 0) Note(context, Grouped(report.pii_masked) + " masked");
  PrintRun(context, report.run);
  const bool unreadable = PrintSkipped(context, report.unreadable, "could not be read");
  const bool changed = PrintSkipped(context, report.changed, "changed while it was read");
  return unreadable || changed ? kExitIncomplete : 0;
}

int RunSeal(const Context& context, const SealFlags& flags) {
  auto inputs = InputsOf(context, flags.paths, flags.name);
  if (!inputs.ok()) return Fail(context, inputs.status());
  if (flags.benchmark) return RunSealBenchmark(context, *inputs, flags.run);
  const auto output = OutputOf(flags);
  if (!output.ok()) return Fail(context, output.status());
  if (*output == "-" && context.out_is_terminal && !flags.force) {
    return Fail(context, Status::InvalidArgument(
                             "an archive is nothing to read on a terminal: -o FILE, or -f"));
  }
  ProtectProcess();
  auto options = OptionsOf(context, flags);
  if (!options.ok()) return Fail(context, options.status());
  NoteLoss(context, options->stages);
  Result<archive::SealReport> report = [&]() -> Result<archive::SealReport> {
    ArchiveRun run(context, flags.run);
    THALWEG_ASSIGN_OR_RETURN(options->run, run.Start());
    if (*output != "-") return archive::Seal(*inputs, *output, *options);
    return archive::SealToStream(
        *inputs, [](std::string_view data) { return WriteTo(STDOUT_FILENO, data); }, *options);
  }();
  if (!report.ok()) return Fail(context, WithForceHint(report.status()));
  return Finish(context, flags, *output, *report);
}

}  // namespace

void AddSeal(CLI::App& app, Context& context) {
  auto flags = std::make_shared<SealFlags>();
  CLI::App* seal = app.add_subcommand("seal", "Seal files into an archive: small, secret, intact.");
  seal->add_option("path", flags->paths, "Files and directories; '-' is standard input.")
      ->required();
  seal->add_option("-o,--output", flags->output,
                   "The archive; '-' is standard output. By default the path's name and '.twa'.");
  seal->add_option("--name", flags->name, "Name of the one input in the archive.");
  flags->keys.AddTo(*seal, "");
  seal->add_option("-i,--identity", flags->key_files,
                   "Key file: seal for its owner, and resume with it.")
      ->allow_extra_args(false);
  seal->add_option("--sign", flags->sign, "Sign with the signing key of this key file.");
  flags->stages.AddTo(*seal);
  seal->add_option("--parity", flags->parity, "Add N% of parity, for `thalweg archive repair`.");
  seal->add_flag("--parity-beside", flags->parity_beside, "Parity in ARCHIVE.par instead.");
  seal->add_flag("--pad", flags->pad, "Hide the exact size; adds at most 12 %.");
  seal->add_flag("--resume", flags->resume, "Go on with an interrupted seal.");
  seal->add_option("--checkpoint", flags->checkpoint,
                   "Content between two places to resume from or recover to (256 MiB).");
  seal->add_flag("--benchmark", flags->benchmark,
                 "Try settings on a sample and recommend one for speed, one for ratio.");
  flags->run.AddTo(*seal);
  seal->add_flag("-f,--force", flags->force, "Replace an archive that exists.");
  seal->footer(
      "Without keys it asks for a passphrase. Inputs are never changed or deleted.\n"
      "Examples:\n  thalweg seal photos                           # photos.twa, by passphrase\n"
      "  thalweg seal -r thalweg1... -9 src -o src.twa\n"
      "  pg_dump db | thalweg seal - -i key.txt > db.twa\n"
      "  thalweg seal --plain --stages zstd:19 --parity 10% data");
  seal->callback([&context, flags] {
    context.action = [&context, flags] { return RunSeal(context, *flags); };
  });
}

}  // namespace thalweg::cli
