#include <cstdio>
#include <memory>

#include "thalweg/command.h"

namespace thalweg::cli {
namespace {

struct SqlFlags {
  std::string query;
  std::string command;
  std::string file;
  std::string output;
  std::string format;
  int64_t rows_max = 40;
  RunFlags run;
};

bool IsDrawn(const std::string& format) {
  return format == "table" || format == "box" || format == "md";
}

TextOptions TextOptionsOf(const Context& context, const SqlFlags& flags,
                          const std::string& format) {
  TextOptions text;
  text.format = format == "table" ? TextFormat::kTable
                : format == "md"  ? TextFormat::kMarkdown
                                  : TextFormat::kBox;
  text.rows_max = flags.rows_max;
  text.width_max = context.width;
  return text;
}

Result<std::string> TextOf(const SqlFlags& flags) {
  const int given = !flags.query.empty() + !flags.command.empty() + !flags.file.empty();
  if (given != 1) return Status::InvalidArgument("give one of QUERY, -c QUERY or -f FILE");
  if (!flags.file.empty()) return ReadTextFile(flags.file);
  return flags.query.empty() ? flags.command : flags.query;
}

// Rows that go to a file or a pipe are written as they come, in bounded memory.
int Stream(const Context& context, const SqlFlags& flags, const std::string& text,
           const std::string& format, const QueryOptions& options) {
  Values write;
  if (!format.empty()) write["format"] = format;
  Session session;
  Result<Report> report = [&] {
    return session.RunTo(text, flags.output.empty() ? "-" : flags.output, write, options,
                         context.stop);
  }();
  if (!report.ok()) return Fail(context, report.status());
  if (Status status = WriteReport(flags.run.report, *report); !status.ok()) {
    return Fail(context, status);
  }
  if (!flags.output.empty() || report->records_rejected > 0) PrintReport(context, *report, 0);
  return ExitStatus(context, *report, flags.run.strict);
}

int Draw(const Context& context, const SqlFlags& flags, const std::string& text,
         const std::string& format, const QueryOptions& options) {
  Session session;
  bool strict_failure = false;
  const Status status = session.Run(text, options, context.stop, [&](QueryResult result) -> Status {
    const Report& report = result.report();
    THALWEG_RETURN_IF_ERROR(WriteReport(flags.run.report, report));
    if (!report.outcome.ok()) return {};
    if (result.has_rows()) {
      if (!Print(result.ToText(TextOptionsOf(context, flags, format)))) return {};
    } else {
      PrintReport(context, report, result.bytes_written());
    }
    if (context.verbose > 0 && result.has_rows())
      PrintReport(context, report, 0);
    else if (report.records_rejected > 0 && result.has_rows())
      PrintReport(context, report, 0);
    strict_failure = strict_failure || (flags.run.strict && report.records_rejected > 0);
    return {};
  });
  if (!status.ok()) return Fail(context, status);
  return strict_failure ? 65 : 0;
}

int RunSql(const Context& context, const SqlFlags& flags) {
  auto text = TextOf(flags);
  if (!text.ok()) return Fail(context, text.status());
  ProgressLine progress(context);
  auto options = flags.run.ToOptions(context, "query");
  if (!options.ok()) return Fail(context, options.status());
  options->on_progress = progress.callback();
  std::string format = flags.format;
  if (format.empty() && flags.output.empty()) format = context.out_is_terminal ? "box" : "csv";
  if (IsDrawn(format)) {
    if (!flags.output.empty()) {
      return Fail(context, Status::InvalidArgument("format '" + format +
                                                   "' is for reading: redirect it, or use csv"));
    }
    return Draw(context, flags, *text, format, *options);
  }
  auto statements = Session::Inspect(*text);
  if (!statements.ok()) return Fail(context, statements.status());
  // A script of several statements, or one that writes by itself, has its answers drawn one by one.
  if (flags.output.empty() && (statements->size() != 1 || !statements->front().gives_rows)) {
    return Draw(context, flags, *text, "table", *options);
  }
  return Stream(context, flags, *text, format, *options);
}

}  // namespace

void AddSql(CLI::App& app, Context& context) {
  auto flags = std::make_shared<SqlFlags>();
  CLI::App* sql = app.add_subcommand("sql", "Run SQL over files, and print or write the answer.");
  sql->add_option("query", flags->query, "The SQL; several statements are separated by ';'.");
  sql->add_option("-c,--command", flags->command, "The SQL.");
  sql->add_option("--file", flags->file, "Read the SQL from a file; '-' is standard input.");
  sql->add_option("-o,--output", flags->output,
                  "Write the rows to this place instead of printing them.");
  sql->add_option("--format", flags->format,
                  "Form of the rows; by default by suffix, a box on a terminal, csv otherwise.")
      ->check(CLI::IsMember({"table", "box", "md", "csv", "json", "jsonl", "parquet", "arrow"}));
  sql->add_option("--rows", flags->rows_max, "Rows that a box or table shows; 0: all.");
  flags->run.AddTo(*sql, true);
  sql->footer(
      "Examples:\n"
      "  thalweg sql \"SELECT origin, COUNT(*) FROM 'flights.csv' GROUP BY origin\"\n"
      "  thalweg sql \"SELECT * FROM 'data/*.csv.gz'\" -o all.parquet\n"
      "  thalweg sql --param day=2013-01-01 \"SELECT * FROM 'f.csv' WHERE date = $day\"");
  sql->callback([&context, flags] {
    context.action = [&context, flags] { return RunSql(context, *flags); };
  });
}

}  // namespace thalweg::cli
