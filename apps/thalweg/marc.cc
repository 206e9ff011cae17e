#include "thalweg/marc.h"

#include <cstdio>

namespace thalweg::cli {
namespace {

std::string FormatNames(bool reads) {
  std::string names;
  for (const marc::FormatInfo& info : marc::AllFormats()) {
    if (reads ? !info.reads : !info.writes) continue;
    names += (names.empty() ? "" : ", ") + std::string(info.name);
  }
  return names;
}

Result<marc::Recovery> ParseRecovery(const std::string& name) {
  if (name == "strict") return marc::Recovery::kStrict;
  if (name == "skip") return marc::Recovery::kSkip;
  return marc::Recovery::kLenient;
}

Status SetInputEncoding(const std::string& name, marc::DecodeOptions* text) {
  if (name.empty()) return {};
  if (name == "utf8" || name == "utf-8") {
    text->force_utf8 = true;
  } else if (name == "marc8" || name == "marc-8") {
    text->detect_lying_leaders = false;
  } else {
    text->file_encoding = name;
  }
  return {};
}

marc::Normalization ParseNormalization(const std::string& name) {
  if (name == "nfc") return marc::Normalization::kNfc;
  if (name == "nfd") return marc::Normalization::kNfd;
  return marc::Normalization::kNone;
}

}  // namespace

void MarcInputFlags::AddTo(CLI::App& app, bool files_too) {
  if (files_too) {
    app.add_option("files", files, "Files or patterns; '-' or none: standard input.");
  }
  app.add_option("-f,--from", from,
                 "Format of the input, instead of looking at it: " + FormatNames(true) + ".");
  app.add_option("--from-encoding", from_encoding,
                 "Text is in this encoding, whatever leaders say: utf8, marc8, latin1, cp1252, …");
  app.add_option("--recovery", recovery, "What a defect does.")
      ->check(CLI::IsMember({"strict", "lenient", "skip"}));
  app.add_option("--rejects", rejects, "File for records that are dropped.");
  app.add_option("--skip", skip, "Records to pass over at the start.")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--limit", limit, "Records to stop after.")->check(CLI::NonNegativeNumber);
  app.add_option("--workers", workers, "Threads; by default all cores.")
      ->check(CLI::NonNegativeNumber);
}

Result<marc::InputOptions> MarcInputFlags::ToOptions(bool keeps_dropped) const {
  marc::InputOptions options;
  options.paths = files;
  if (!from.empty()) {
    THALWEG_ASSIGN_OR_RETURN(options.format, marc::ParseFormat(from));
  }
  THALWEG_ASSIGN_OR_RETURN(options.reader.recovery, ParseRecovery(recovery));
  options.reader.validation = marc::Validation::kLostText;
  THALWEG_RETURN_IF_ERROR(SetInputEncoding(from_encoding, &options.reader.text));
  options.skip = skip;
  if (limit >= 0) options.limit = limit;
  options.workers = workers;
  if (keeps_dropped && !rejects.empty()) options.rejects = rejects;
  return options;
}

void MarcOutputFlags::AddTo(CLI::App& app) {
  app.add_option("-o,--output", output, "File to write; '-': standard output.");
  app.add_option(
      "-t,--to", to,
      "Format of the output; by default by suffix, else as the input: " + FormatNames(false) + ".");
  app.add_option("--to-encoding", to_encoding,
                 "Encoding of ISO 2709 that is written; leader/09 and 066 follow.")
      ->check(CLI::IsMember({"keep", "utf8", "marc8"}));
  app.add_option("--normalize", normalize, "Normal form of the text that is written.")
      ->check(CLI::IsMember({"none", "nfc", "nfd"}));
  app.add_option("--oversize", oversize, "What to do with records over 99,999 bytes.")
      ->check(CLI::IsMember({"error", "split", "zero"}));
  app.add_flag("--force", force, "Replace a file that is there.");
  app.add_flag("--pretty", pretty, "MARCXML for people to read.");
  app.add_flag("--ascii", ascii, "JSON in ASCII.");
  app.add_option("--base-uri", base_uri,
                 "BIBFRAME: what the names of Works and Instances begin with.");
  app.add_flag(
      "--no-bflc", no_bflc,
      "BIBFRAME: without the Library of Congress's extension; headings are not kept whole.");
}

Result<marc::ConvertOptions> MarcOutputFlags::ToOptions(marc::InputOptions input) const {
  marc::ConvertOptions options;
  options.input = std::move(input);
  options.output = output;
  options.force = force;
  if (!to.empty()) {
    THALWEG_ASSIGN_OR_RETURN(options.format, marc::ParseFormat(to));
  }
  options.encoder.pretty = pretty;
  options.encoder.ascii = ascii;
  if (!base_uri.empty()) options.encoder.base_uri = base_uri;
  options.encoder.include_bflc = !no_bflc;
  options.encoder.iso2709.oversize = oversize == "split"  ? marc::Oversize::kSplit
                                     : oversize == "zero" ? marc::Oversize::kZero
                                                          : marc::Oversize::kError;
  options.encoder.iso2709.encoding = to_encoding == "utf8"    ? marc::OutputEncoding::kUtf8
                                     : to_encoding == "marc8" ? marc::OutputEncoding::kMarc8
                                                              : marc::OutputEncoding::kKeep;
  // Readers normalise what they decode, so that every format is written so.
  options.input.reader.text.normalize = ParseNormalization(normalize);
  options.encoder.iso2709.normalize = options.input.reader.text.normalize;
  return options;
}

std::function<void(const marc::InputProgress&)> MarcProgress::callback() {
  if (!show_) return {};
  return [this](const marc::InputProgress& now) {
    constexpr auto kInterval = std::chrono::milliseconds(100);
    const auto time = std::chrono::steady_clock::now();
    if (time - shown_ < kInterval) return;
    shown_ = time;
    QueryProgress progress;
    progress.rows_in = now.records;
    progress.bytes_in = now.bytes;
    progress.bytes_total = now.bytes_total;
    progress.seconds = std::chrono::duration<double>(time - begin_).count();
    show_(progress);
  };
}

Result<marc::InputReport> ReadMarc(const Context& context, marc::InputOptions options,
                                   const marc::WorkOnBatch& work, const marc::TakeBatch& take) {
  MarcProgress progress(context);
  options.on_progress = progress.callback();
  return marc::ProcessRecords(options, work, take, context.stop);
}

int FinishMarc(const Context& context, const marc::InputReport& report, int64_t refused) {
  const int64_t lost = report.dropped + refused;
  const bool said = context.quiet && lost == 0;
  if (!said) {
    std::string codes;
    for (const marc::DefectInfo& info : marc::AllDefects()) {
      const int64_t count = report.defects[static_cast<size_t>(info.code)];
      if (count == 0) continue;
      codes += (codes.empty() ? " (" : ", ") + std::string(info.id) + " " + info.slug + " " +
               Grouped(count);
    }
    if (!codes.empty()) codes += ")";
    const int64_t read = report.records + report.dropped;
    std::string line = Grouped(read) + " read / " + Grouped(report.repaired) + " repaired" + codes +
                       " / " + Grouped(lost) + " dropped";
    if (!report.rejects.empty()) line += " → " + report.rejects;
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  if (context.verbose > 0) {
    for (const marc::Defect& defect : report.first_defects) {
      std::fprintf(stderr, "  %s\n", defect.ToString().c_str());
    }
  }
  return lost > 0 ? 65 : 0;
}

int RunMarcConvert(const Context& context, marc::ConvertOptions options) {
  marc::ConvertReport report;
  {
    MarcProgress progress(context);
    options.input.on_progress = progress.callback();
    auto outcome = marc::Convert(options, context.stop);
    if (!outcome.ok()) return Fail(context, outcome.status());
    report = *std::move(outcome);
  }
  if (!report.first_refusal.empty()) {
    std::fprintf(stderr, "%s not written, such as %s\n", Grouped(report.refused).c_str(),
                 report.first_refusal.c_str());
  }
  return FinishMarc(context, report.input, report.refused);
}

void AddMarc(CLI::App& app, Context& context) {
  CLI::App* marc = app.add_subcommand("marc", "Work on library records: MARC 21 in any format.");
  marc->require_subcommand(1);
  marc->footer(
      "Paths name values: 245$a (or 245a), 650$a[], 008/35-37, LDR/06, 650[ind2=0]$a, 6XX$a.\n"
      "Examples:\n"
      "  thalweg marc info books.mrc\n"
      "  thalweg marc convert books.mrc books.xml.gz\n"
      "  thalweg marc filter \"008/35-37 = fre and 650$a *= 'history'\" books.mrc -o french.mrc\n"
      "  thalweg marc table '001, 245a AS title, 650a[] AS subjects' books.mrc -o books.parquet");
  AddMarcConvert(*marc, context);
  AddMarcReports(*marc, context);
  AddMarcValidate(*marc, context);
  AddMarcExtract(*marc, context);
  AddMarcEdit(*marc, context);
  AddMarcArrange(*marc, context);
  AddMarcDiff(*marc, context);
}

}  // namespace thalweg::cli
