#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/command.h"
#include "thalweg/marc/process.h"
#include "thalweg/output_file.h"

// What the subcommands of `thalweg marc` share.
namespace thalweg::cli {

/// How records are read.
struct MarcInputFlags {
  std::vector<std::string> files;
  std::string from;
  std::string from_encoding;
  std::string recovery = "lenient";
  std::string rejects = "rejects.mrc";
  int64_t skip = 0;
  int64_t limit = -1;
  int workers = 0;

  void AddTo(CLI::App& app, bool files_too = true);
  /// `keeps_dropped`: dropped records go into a file.
  Result<marc::InputOptions> ToOptions(bool keeps_dropped) const;
};

/// How records are written.
struct MarcOutputFlags {
  std::string output = "-";
  std::string to;
  std::string to_encoding = "keep";
  std::string normalize = "none";
  std::string oversize = "error";
  bool force = false;
  bool pretty = false;
  bool ascii = false;
  std::string base_uri;
  bool no_bflc = false;

  void AddTo(CLI::App& app);
  Result<marc::ConvertOptions> ToOptions(marc::InputOptions input) const;
};

/// Where a report is written.
struct MarcTextFlags {
  std::string output = "-";
  bool force = false;

  void AddTo(CLI::App& app);
};

/// A file that is complete under its name or not there at all, or standard output.
class MarcTextOutput {
 public:
  static Result<std::unique_ptr<MarcTextOutput>> Create(const std::string& path, bool force);

  /// False once the reader of standard output has gone away.
  Result<bool> Append(const std::string& text);
  Status Commit();

 private:
  std::unique_ptr<OutputFile> file_;  // Null: standard output.
};

/// All of a report at once.
Status WriteMarcText(const MarcTextFlags& flags, const std::string& text);

/// Bytes on disk, so that memory is needed for their places only.
class MarcSpool {
 public:
  MarcSpool();
  ~MarcSpool();
  MarcSpool(const MarcSpool&) = delete;
  MarcSpool& operator=(const MarcSpool&) = delete;

  Status Append(std::string_view bytes);
  Status Read(int64_t offset, int64_t size, std::string* out);
  int64_t size() const { return size_; }

 private:
  std::FILE* file_;
  int64_t size_ = 0;
};

/// Bytes pass untouched where the exchange format stays what it is; everything else needs Unicode.
Status KeepBytesWherePossible(const MarcOutputFlags& output, marc::ConvertOptions* options);

/// Shows how much was read, on one line of a terminal.
class MarcProgress {
 public:
  explicit MarcProgress(const Context& context) : line_(context), show_(line_.callback()) {}
  std::function<void(const marc::InputProgress&)> callback();

 private:
  ProgressLine line_;
  std::function<void(const QueryProgress&)> show_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point shown_ = begin_;
};

/// Reads all inputs with progress; `take` is called in order, by one thread at a time.
Result<marc::InputReport> ReadMarc(const Context& context, marc::InputOptions options,
                                   const marc::WorkOnBatch& work, const marc::TakeBatch& take);

/// The last line: what was read, mended by code, dropped. Gives the exit status: 65 on any drop.
int FinishMarc(const Context& context, const marc::InputReport& report, int64_t refused = 0);

/// Runs `Convert` and prints the last line.
int RunMarcConvert(const Context& context, marc::ConvertOptions options);

void AddMarcConvert(CLI::App& marc, Context& context);
void AddMarcReports(CLI::App& marc, Context& context);
void AddMarcExtract(CLI::App& marc, Context& context);
void AddMarcArrange(CLI::App& marc, Context& context);
void AddMarcDiff(CLI::App& marc, Context& context);
void AddMarcEdit(CLI::App& marc, Context& context);
void AddMarcValidate(CLI::App& marc, Context& context);

}  // namespace thalweg::cli
