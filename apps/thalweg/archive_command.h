#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/archive.h"
#include "thalweg/command.h"
#include "thalweg/metrics_server.h"
#include "thalweg/output_file.h"

// What the commands for sealed archives share: keys, flags, progress and reports.
namespace thalweg::cli {

/// Something was sealed or restored, but not everything: the command said what.
inline constexpr int kExitIncomplete = 3;
/// `archive compare` found differences.
inline constexpr int kExitDifferent = 1;

// --- secrets (passphrase.cc, key_command.cc) ----------------------------------------------------

/// No core file, no ptrace, no /proc/self/mem for others. Before a secret is read.
void ProtectProcess();
/// Asks on the controlling terminal, without echo. `unavailable` when there is none.
Result<archive::Secret> AskPassphrase(const std::string& prompt, std::stop_token stop);
/// Asks twice; `invalid_argument` when the answers differ or are empty.
Result<archive::Secret> AskNewPassphrase(const std::string& what, std::stop_token stop);
enum class SecretKind : uint8_t { kKeyFile, kPassphrase };
/// Reads a small file, `-` or `/dev/fd/N`. A file that others may read, or that belongs to somebody
/// else, is `unauthenticated`. A passphrase loses one line end.
Result<archive::Secret> ReadSecretFile(const std::string& path, SecretKind kind);
Result<archive::Secret> ReadSecretDescriptor(int descriptor, SecretKind kind,
                                             const std::string& name);
/// Runs `command OPERATION` in a shell, gives it `input` and returns what it prints.
Result<archive::Secret> RunKeyCommand(const std::string& command, const std::string& operation,
                                      std::string_view input, std::stop_token stop);

// --- keys (archive_keys.cc) ---------------------------------------------------------------------

/// Flags that say with what an archive is opened.
struct IdentityFlags {
  std::vector<std::string> key_files;
  std::vector<std::string> raw_files;
  bool ask = false;
  std::string passphrase_file;
  int passphrase_fd = -1;
  std::string command;

  void AddTo(CLI::App& app);
  bool any() const;
  /// Asks for a passphrase when told to.
  Result<std::vector<archive::Identity>> Load(const Context& context) const;
  /// As `Load`; when nothing was given and `path` has been sealed with a passphrase, asks for it.
  Result<std::vector<archive::Identity>> LoadFor(const Context& context,
                                                 const std::string& path) const;
};

/// For whom an archive is sealed; and, of those whose secret is at hand, as what they open it.
struct SealKeys {
  std::vector<archive::Recipient> recipients;
  std::vector<archive::Identity> identities;
};

/// Flags that say for whom an archive is sealed.
struct RecipientFlags {
  std::vector<std::string> recipients;
  std::vector<std::string> recipient_files;
  std::vector<std::string> raw_files;
  bool ask = false;
  std::string passphrase_file;
  int passphrase_fd = -1;
  std::string command;
  std::string kdf;

  /// `prefix` stands before the long names (`new-`), and takes away the short ones of secrets.
  void AddTo(CLI::App& app, const std::string& prefix);
  bool any() const;
  /// `known`: what is asked for is not new, and is asked for once.
  Result<SealKeys> Load(const Context& context, bool known) const;
};

/// `argon2id[:MEMORY_MIB[:PASSES[:LANES]]]`, `scrypt[:LOG_N]`, `pbkdf2[:ITERATIONS]`.
Result<archive::PassphraseCost> ParseKdf(const std::string& text);
Result<archive::KeyFile> LoadKeyFile(const std::string& path);
Result<archive::Signer> LoadSigner(const std::string& path);
/// A signer's public half, or a file that holds it. Empty stays empty.
Result<std::string> LoadSignerText(const std::string& text_or_path);

// --- flags of operations (seal_flags.cc) --------------------------------------------------------

/// Flags of every operation that uses the machine.
struct ArchiveRunFlags {
  int workers = 0;
  std::string memory;
  std::string report;
  std::string tuning;
  int metrics_port = -1;

  void AddTo(CLI::App& app);
  Result<archive::RunSettings> ToSettings(const Context& context) const;
};

/// Flags that say how content is stored; of `seal` and `append`.
struct StageFlags {
  std::string stages;
  std::string profile;
  int level = 0;
  bool plain = false;
  bool sha256 = false;
  bool mask_binary = false;
  std::vector<std::string> exclude;
  bool no_metadata = false;

  void AddTo(CLI::App& app);
  Result<archive::Stages> ToStages() const;
  Status Apply(archive::SealOptions* options) const;
};

/// The inputs behind `paths`; `-` is standard input, under `name`.
Result<std::vector<archive::SealInput>> InputsOf(const Context& context,
                                                 const std::vector<std::string>& paths,
                                                 const std::string& name);
/// `-9` becomes `--level=9` for the commands that have levels.
std::vector<std::string> WithLevels(std::vector<std::string> arguments);
/// The number behind an option such as `10%`.
Result<int> ParsePercent(const std::string& text);

// --- opening (archive_open.cc) ------------------------------------------------------------------

/// Flags of everything that opens an archive.
struct OpenFlags {
  IdentityFlags keys;
  std::string signer;
  bool require_encrypted = false;
  bool recover = false;
  std::string size_max;
  int64_t ratio_max = 0;
  std::string kdf_memory_max;

  void AddTo(CLI::App& app);
  Result<archive::OpenLimits> ToLimits() const;
  /// Without identities.
  Result<archive::OpenOptions> ToOptions() const;
};

/// Standard input, when it can be read at any place; nothing when it is a pipe.
std::shared_ptr<archive::ByteReader> SeekableInput();
/// Opens `path`, or a seekable standard input for `-`, asking for a passphrase where needed.
Result<std::unique_ptr<archive::Archive>> OpenArchive(const Context& context,
                                                      const std::string& path,
                                                      const OpenFlags& flags,
                                                      archive::RunSettings run);
/// Indices of the entries that `names` name: paths, patterns, and directories with all beneath.
/// Empty: all. `not_found` names the first that matches nothing.
Result<std::vector<size_t>> SelectEntries(const archive::Archive& archive,
                                          const std::vector<std::string>& names);
/// Of `entries`, those that have content.
std::vector<size_t> FilesOf(const archive::Archive& archive, const std::vector<size_t>& entries);

// --- output (archive_output.cc) -----------------------------------------------------------------

/// One line on a terminal with rate and time to go, until it is destroyed.
class ArchiveProgressLine {
 public:
  explicit ArchiveProgressLine(const Context& context) : on_(context.color && !context.quiet) {}
  ~ArchiveProgressLine();
  std::function<void(const archive::ArchiveProgress&)> callback();

 private:
  bool on_;
  bool drawn_ = false;
};

/// Says how to replace a file, where that is what stands in the way.
Status WithForceHint(const Status& status);
/// A file's name as a terminal may show it: control characters and bytes that are no UTF-8 as
/// `\xNN`.
std::string Printable(std::string_view name);
/// Lists what was skipped; true when there was any.
bool PrintSkipped(const Context& context, const std::vector<archive::SkippedEntry>& skipped,
                  const std::string& what);
/// Where the time went, when verbose.
void PrintRun(const Context& context, const Report& report);
std::string ReportJson(const archive::SealReport& report);
std::string ReportJson(const archive::ExtractReport& report);
std::string ReportJson(const archive::VerifyReport& report);
/// Writes JSON to the file of `--report`; nothing when that is empty.
Status WriteJson(const std::string& path, const std::string& json);

// --- one operation (archive_output.cc) ----------------------------------------------------------

/// What lives as long as an operation: its progress line, its metrics server, its settings.
class ArchiveRun {
 public:
  ArchiveRun(const Context& context, const ArchiveRunFlags& flags)
      : context_(context), flags_(flags), progress_(context) {}
  Result<archive::RunSettings> Start();

 private:
  const Context& context_;
  const ArchiveRunFlags& flags_;
  ArchiveProgressLine progress_;
  std::unique_ptr<MetricsServer> server_;
};

// --- profiles (archive_profile.cc) --------------------------------------------------------------

/// The stages of a named profile.
Result<std::string> ProfileStages(const std::string& name);
void AddArchiveProfile(CLI::App& archive, Context& context);
void AddArchiveCompare(CLI::App& archive, Context& context);
/// `archive append`, `rekey`, `repair`.
void AddArchiveChange(CLI::App& archive, Context& context);
/// `seal --benchmark`.
int RunSealBenchmark(const Context& context, const std::vector<archive::SealInput>& inputs,
                     const ArchiveRunFlags& run);

}  // namespace thalweg::cli
