#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "thalweg/report.h"
#include "thalweg/session.h"
#include "thalweg/status.h"

namespace thalweg::cli {

/// What every subcommand is given.
struct Context {
  bool quiet = false;
  int verbose = 0;
  bool log_json = false;
  bool color = false;  ///< Standard error is a terminal and NO_COLOR is not set.
  bool out_is_terminal = false;
  int width = 0;  ///< Of the terminal; 0: not known.
  std::stop_token stop;
  /// The subcommand that was chosen; returns the exit status.
  std::function<int()> action;
};

/// Options of everything that runs SQL.
struct RunFlags {
  int workers = 0;
  std::string memory;
  std::string errors;
  double error_rate_max = -1;
  std::string rejects;
  bool force = false;
  bool strict = false;
  std::string report;
  std::vector<std::string> parameters;

  void AddTo(CLI::App& app, bool parameters_too);
  Result<QueryOptions> ToOptions(const Context& context, const std::string& name) const;
  /// Applies only the flags that were given.
  Status Apply(QueryOptions* options) const;
};

// One function a subcommand; each sets `context.action` when it is chosen.
void AddSql(CLI::App& app, Context& context);
void AddCopy(CLI::App& app, Context& context);
void AddRun(CLI::App& app, Context& context);
void AddCheck(CLI::App& app, Context& context);
void AddPreview(CLI::App& app, Context& context);
void AddInit(CLI::App& app, Context& context);
void AddDescribe(CLI::App& app, Context& context);
void AddMarc(CLI::App& app, Context& context);
void AddReference(CLI::App& app, Context& context);
void AddKeygen(CLI::App& app, Context& context);
void AddSeal(CLI::App& app, Context& context);
void AddOpen(CLI::App& app, Context& context);
void AddVerify(CLI::App& app, Context& context);
void AddArchive(CLI::App& app, Context& context);
void AddCompletion(CLI::App& app, Context& context);

// --- output -------------------------------------------------------------------------------------

/// Prints `error: …` and its hint to standard error; returns the exit status of the code.
int Fail(const Context& context, const Status& status);
/// A line on standard error, unless quiet.
void Note(const Context& context, const std::string& text);
void Warn(const Context& context, const std::string& text);
/// Writes all of it to a descriptor; `cancelled` when the reader went away.
Status WriteTo(int descriptor, std::string_view data);
/// Writes to standard output. False once the reader has gone away, which ends a command quietly.
bool Print(const std::string& text);
/// Shows progress on one line of a terminal until it is destroyed. Empty where it must not.
class ProgressLine {
 public:
  explicit ProgressLine(const Context& context) : on_(context.color && !context.quiet) {}
  ~ProgressLine();
  std::function<void(const QueryProgress&)> callback();

 private:
  bool on_;
  bool drawn_ = false;
};
/// The last lines of a run: rows, rate, rejected rows with their file, bottleneck when verbose.
void PrintReport(const Context& context, const Report& report, int64_t bytes_written);
/// Writes the report as JSON.
Status WriteReport(const std::string& path, const Report& report);
/// 0, 65 with --strict when rows were rejected, or the status of the outcome.
int ExitStatus(const Context& context, const Report& report, bool strict);

/// `key=value` as a parameter: integers, decimals, true, false and null are typed, else text;
/// quotes make text.
Result<Values> ParseParameters(const std::vector<std::string>& given);
Result<std::string> ReadTextFile(const std::string& path);
/// `256 MiB`, `1G`, `4096`. `option` is named where it is none.
Result<int64_t> ParseSize(const std::string& text, const char* option = "--memory");

/// `1,234,567`.
std::string Grouped(int64_t value);
/// `1.5 MiB`.
std::string Bytes(double value);
/// `0.25 s`, `1:05`.
std::string Seconds(double seconds);
/// In quotes, escaped.
std::string JsonText(std::string_view text);

}  // namespace thalweg::cli
