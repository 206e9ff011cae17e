#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "thalweg/archive_command.h"

namespace thalweg::cli {
namespace {

struct ExtractFlags {
  std::string archive;
  std::vector<std::string> entries;
  std::string directory;
  std::string output;
  bool owners = false;
  bool set_id = false;
  bool no_links = false;
  bool no_xattrs = false;
  bool sync = false;
  bool force = false;
  OpenFlags open;
  ArchiveRunFlags run;
};

void NoteRun(const Context& context, int64_t entries, int64_t bytes, const Report& run) {
  std::string line = Grouped(entries) + (entries == 1 ? " entry, " : " entries, ") +
                     Bytes(static_cast<double>(bytes)) + ", " + Seconds(run.seconds);
  if (run.seconds > 0) line += ", " + Bytes(static_cast<double>(bytes) / run.seconds) + "/s";
  Note(context, line);
  PrintRun(context, run);
}

int WarnRecovered(const Context& context) {
  Warn(context, "the archive is cut off: this is what it held up to its last checkpoint");
  return kExitIncomplete;
}

// To standard output, or to a file that appears when all of it is there.
class Target {
 public:
  static Result<Target> Open(const ExtractFlags& flags) {
    Target target;
    if (flags.output != "-") {
      THALWEG_ASSIGN_OR_RETURN(target.file_, OutputFile::Create(flags.output, 0666, flags.force));
    }
    return target;
  }
  Status Write(std::string_view data) {
    bytes_ += static_cast<int64_t>(data.size());
    return file_ ? file_->Write(data) : WriteTo(STDOUT_FILENO, data);
  }
  Status Commit() { return file_ ? file_->Commit() : Status(); }
  int64_t bytes() const { return bytes_; }

 private:
  std::unique_ptr<OutputFile> file_;
  int64_t bytes_ = 0;
};

// A reader that went away is no failure of ours: `open … -o - | head`.
int Outcome(const Context& context, const Status& status) {
  const bool gone = status.code() == StatusCode::kCancelled && !context.stop.stop_requested();
  return gone ? 0 : Fail(context, status);
}

// What comes from a pipe is read once, front to back.
int OpenPipe(const Context& context, const ExtractFlags& flags) {
  if (!flags.directory.empty() || !flags.entries.empty() || flags.open.recover) {
    return Fail(context, Status::Unsupported(
                             "from a pipe, only all contents can be had, with -o FILE or -o -\n"
                             "hint: save the archive to a file for the rest"));
  }
  auto options = flags.open.ToOptions();
  if (!options.ok()) return Fail(context, options.status());
  auto identities = flags.open.keys.Load(context);
  if (!identities.ok()) return Fail(context, identities.status());
  options->identities = *std::move(identities);
  auto target = Target::Open(flags);
  if (!target.ok()) return Fail(context, target.status());
  auto input = InputsOf(context, {"-"}, "");
  if (!input.ok()) return Fail(context, input.status());
  Result<archive::VerifyReport> report = [&]() -> Result<archive::VerifyReport> {
    ArchiveRun run(context, flags.run);
    THALWEG_ASSIGN_OR_RETURN(options->run, run.Start());
    return archive::OpenStream(
        input->front().read, [&](std::string_view data) { return target->Write(data); }, *options);
  }();
  if (!report.ok()) return Outcome(context, report.status());
  if (Status status = target->Commit(); !status.ok()) return Fail(context, status);
  if (Status status = WriteJson(flags.run.report, ReportJson(*report)); !status.ok()) {
    return Fail(context, status);
  }
  if (flags.output != "-") NoteRun(context, report->entries, target->bytes(), report->run);
  return 0;
}

// Several contents, one behind the other, or into what is no regular file.
int OpenContent(const Context& context, const ExtractFlags& flags) {
  ArchiveRun run(context, flags.run);
  auto settings = run.Start();
  if (!settings.ok()) return Fail(context, settings.status());
  const auto archive = OpenArchive(context, flags.archive, flags.open, *settings);
  if (!archive.ok()) return Fail(context, archive.status());
  const auto chosen = SelectEntries(**archive, flags.entries);
  if (!chosen.ok()) return Fail(context, chosen.status());
  const std::vector<size_t> files = FilesOf(**archive, *chosen);
  auto target = Target::Open(flags);
  if (!target.ok()) return Fail(context, target.status());
  Status status = (*archive)->Write(files, 0, INT64_MAX,
                                    [&](std::string_view data) { return target->Write(data); });
  if (!status.ok()) return Outcome(context, status);
  if (status = target->Commit(); !status.ok()) return Fail(context, status);
  return (*archive)->Info().recovered ? WarnRecovered(context) : 0;
}

bool IsDeviceOrPipe(const std::string& path) {
  struct stat info{};
  return path == "-" ||
         (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode));
}

int OpenFiles(const Context& context, const ExtractFlags& flags) {
  archive::ExtractOptions options;
  std::string directory = flags.directory.empty() ? "." : flags.directory;
  if (!flags.output.empty()) {
    const std::filesystem::path output(flags.output);
    options.rename = output.filename();
    if (output.has_parent_path()) directory = output.parent_path();
    if (options.rename.empty() || std::filesystem::is_directory(output)) {
      return Fail(context, Status::InvalidArgument("'" + flags.output +
                                                   "': not a file name\nhint: use -C DIR"));
    }
  }
  options.sync = flags.sync;
  options.entries = flags.entries;
  options.force = flags.force;
  options.owners = flags.owners;
  options.set_id = flags.set_id;
  options.symlinks = !flags.no_links;
  options.hard_links = !flags.no_links;
  options.xattrs = !flags.no_xattrs;
  bool recovered = false;
  const Result<archive::ExtractReport> report = [&]() -> Result<archive::ExtractReport> {
    ArchiveRun run(context, flags.run);
    THALWEG_ASSIGN_OR_RETURN(archive::RunSettings settings, run.Start());
    THALWEG_ASSIGN_OR_RETURN(const auto archive,
                             OpenArchive(context, flags.archive, flags.open, settings));
    if (!flags.entries.empty()) {
      THALWEG_RETURN_IF_ERROR(SelectEntries(*archive, flags.entries).status());
    }
    recovered = archive->Info().recovered;
    return archive->Extract(directory, options);
  }();
  if (!report.ok()) return Fail(context, WithForceHint(report.status()));
  if (Status status = WriteJson(flags.run.report, ReportJson(*report)); !status.ok()) {
    return Fail(context, status);
  }
  NoteRun(context, report->entries, report->bytes, report->run);
  const bool skipped = PrintSkipped(context, report->skipped, "not restored in full");
  if (recovered) return WarnRecovered(context);
  return skipped ? kExitIncomplete : 0;
}

int RunOpen(const Context& context, const ExtractFlags& given) {
  ExtractFlags flags = given;
  if (!flags.output.empty() && !flags.directory.empty()) {
    return Fail(context, Status::InvalidArgument("-o or -C: choose one"));
  }
  ProtectProcess();
  if (flags.archive == "-" && SeekableInput() == nullptr) {
    if (flags.output.empty() && flags.directory.empty()) flags.output = "-";
    return OpenPipe(context, flags);
  }
  const bool streams = !flags.output.empty() && IsDeviceOrPipe(flags.output);
  return streams ? OpenContent(context, flags) : OpenFiles(context, flags);
}

}  // namespace

void AddOpen(CLI::App& app, Context& context) {
  auto flags = std::make_shared<ExtractFlags>();
  CLI::App* open = app.add_subcommand("open", "Restore what a sealed archive holds.");
  open->add_option("archive", flags->archive, "The archive; '-' is standard input.")->required();
  open->add_option("entry", flags->entries, "What to restore: paths, patterns, directories.");
  open->add_option("-C,--directory", flags->directory,
                   "Where to; made when it is missing. By default the working directory.");
  open->add_option("-o,--output", flags->output,
                   "Write the one file chosen to this file, or contents to standard output "
                   "with '-'.");
  flags->open.AddTo(*open);
  open->add_flag("--same-owner", flags->owners, "Restore owners as well.");
  open->add_flag("--set-id", flags->set_id, "Restore set-user-id, set-group-id and sticky bits.");
  open->add_flag("--no-links", flags->no_links, "No symbolic links; copies for hard ones.");
  open->add_flag("--no-xattrs", flags->no_xattrs, "No extended attributes.");
  open->add_flag("--sync", flags->sync, "Return when everything is on the disk.");
  flags->run.AddTo(*open);
  open->add_flag("-f,--force", flags->force, "Replace files that exist.");
  open->footer(
      "Nothing is written outside the directory, and no byte before it is authenticated.\n"
      "Examples:\n  thalweg open photos.twa -C restored\n"
      "  thalweg open -i key.txt src.twa 'src/*.h'\n"
      "  thalweg open - -i key.txt < db.twa -o - | psql db");
  open->callback([&context, flags] {
    context.action = [&context, flags] { return RunOpen(context, *flags); };
  });
}

}  // namespace thalweg::cli
