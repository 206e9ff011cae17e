#include <memory>

#include "thalweg/command.h"

namespace thalweg::cli {
namespace {

struct CopyFlags {
  std::string source;
  std::string sink;
  std::vector<std::string> read;
  std::vector<std::string> write;
  RunFlags run;
};

int RunCopy(const Context& context, const CopyFlags& flags) {
  auto read = ParseParameters(flags.read);
  auto write = ParseParameters(flags.write);
  if (!read.ok()) return Fail(context, read.status());
  if (!write.ok()) return Fail(context, write.status());
  ProgressLine progress(context);
  auto options = flags.run.ToOptions(context, "copy");
  if (!options.ok()) return Fail(context, options.status());
  options->on_progress = progress.callback();
  Session session;
  if (Status status = session.AddSource("source", flags.source, *read); !status.ok()) {
    return Fail(context, status);
  }
  auto report = session.RunTo("SELECT * FROM source", flags.sink, *write, *options, context.stop);
  if (!report.ok()) return Fail(context, report.status());
  if (Status status = WriteReport(flags.run.report, *report); !status.ok()) {
    return Fail(context, status);
  }
  if (flags.sink != "-" || report->records_rejected > 0) PrintReport(context, *report, 0);
  return ExitStatus(context, *report, flags.run.strict);
}

struct DescribeFlags {
  std::string source;
  std::vector<std::string> read;
};

int RunDescribe(const Context& context, const DescribeFlags& flags) {
  auto read = ParseParameters(flags.read);
  if (!read.ok()) return Fail(context, read.status());
  Session session;
  if (Status status = session.AddSource("source", flags.source, *read); !status.ok()) {
    return Fail(context, status);
  }
  TextOptions text;
  text.format = context.out_is_terminal ? TextFormat::kBox : TextFormat::kTable;
  text.rows_max = 0;
  text.width_max = context.width;
  const Status status = session.Run("DESCRIBE SELECT * FROM source", {}, context.stop,
                                    [&](const QueryResult& result) -> Status {
                                      Print(result.ToText(text));
                                      return {};
                                    });
  return status.ok() ? 0 : Fail(context, status);
}

}  // namespace

void AddCopy(CLI::App& app, Context& context) {
  auto flags = std::make_shared<CopyFlags>();
  CLI::App* copy =
      app.add_subcommand("copy", "Copy rows from any place to any place: files, databases.");
  copy->add_option("source", flags->source,
                   "Path, pattern, folder, '-', or a place such as postgresql://….")
      ->required();
  copy->add_option("sink", flags->sink, "Path, pattern with {column}, '-', or a place.")
      ->required();
  copy->add_option("--read", flags->read, "Option of the reader: key=value.")
      ->allow_extra_args(false);
  copy->add_option("--write", flags->write, "Option of the writer: key=value.")
      ->allow_extra_args(false);
  flags->run.AddTo(*copy, false);
  copy->footer(
      "Examples:\n  thalweg copy flights.csv flights.parquet\n"
      "  thalweg copy --read delim=';' in.csv out.jsonl.zst\n"
      "  thalweg copy books.mrc postgresql://localhost/library --write table=books");
  copy->callback([&context, flags] {
    context.action = [&context, flags] { return RunCopy(context, *flags); };
  });
}

void AddDescribe(CLI::App& app, Context& context) {
  auto flags = std::make_shared<DescribeFlags>();
  CLI::App* describe = app.add_subcommand("describe", "Show the columns and types of a file.");
  describe
      ->add_option("source", flags->source,
                   "Path, pattern, folder, '-', or a place such as postgresql://….")
      ->required();
  describe->add_option("--read", flags->read, "Option of the reader: key=value.")
      ->allow_extra_args(false);
  describe->callback([&context, flags] {
    context.action = [&context, flags] { return RunDescribe(context, *flags); };
  });
}

}  // namespace thalweg::cli
