#include <memory>

#include "thalweg/command.h"
#include "thalweg/job.h"
#include "thalweg/metrics_server.h"

namespace thalweg::cli {
namespace {

struct JobFlags {
  std::string path;
  std::vector<std::string> set;
  bool offline = false;
  int64_t rows = 10;
  int metrics_port = -1;  ///< Below 0: none.
  RunFlags run;
};

void AddJobOptions(CLI::App& app, JobFlags& flags) {
  app.add_option("job", flags.path, "Job file: .toml, .yaml, .json or .sql.")->required();
  app.add_option("--set", flags.set, "Override a key: section.key=value.")->allow_extra_args(false);
}

int RunJob(const Context& context, const JobFlags& flags) {
  auto job = Job::Load(flags.path, flags.set);
  if (!job.ok()) return Fail(context, job.status());
  if (Status status = flags.run.Apply(&job->options); !status.ok()) return Fail(context, status);
  auto metrics = MetricsServer::Start(context, flags.metrics_port);
  if (!metrics.ok()) return Fail(context, metrics.status());
  if (*metrics) job->options.metrics = &(*metrics)->registry();
  Result<Report> report = Status::Internal("not run");
  {
    ProgressLine progress(context);
    job->options.on_progress = progress.callback();
    report = job->Run(context.stop);
  }
  if (!report.ok()) return Fail(context, report.status());
  if (Status status = WriteReport(flags.run.report, *report); !status.ok()) {
    return Fail(context, status);
  }
  PrintReport(context, *report, 0);
  return ExitStatus(context, *report, flags.run.strict);
}

int CheckJob(const Context& context, const JobFlags& flags) {
  std::vector<Status> problems;
  auto job = Job::Load(flags.path, flags.set, &problems);
  if (!job.ok() && problems.empty()) problems.push_back(job.status());
  if (job.ok()) {
    for (Status& problem : job->Check(flags.offline)) problems.push_back(std::move(problem));
  }
  int exit_status = 0;
  for (const Status& problem : problems) exit_status = Fail(context, problem);
  if (exit_status == 0 && !context.quiet) Print(flags.path + ": no problems\n");
  return exit_status;
}

int PreviewJob(const Context& context, const JobFlags& flags) {
  auto job = Job::Load(flags.path, flags.set);
  if (!job.ok()) return Fail(context, job.status());
  if (Status status = flags.run.Apply(&job->options); !status.ok()) return Fail(context, status);
  // A look must not stop at a bad row, nor leave a file behind.
  job->options.rejects.errors = ErrorPolicy::kSkip;
  job->options.rejects.error_rate_max = 1;
  Session session;
  if (!job->source.empty()) {
    if (Status status = session.AddSource("source", job->source, job->source_options);
        !status.ok()) {
      return Fail(context, status);
    }
  }
  const std::string text =
      "SELECT * FROM (\n" + job->Query() + "\n) LIMIT " + std::to_string(flags.rows);
  TextOptions drawn;
  drawn.format = context.out_is_terminal ? TextFormat::kBox : TextFormat::kTable;
  drawn.rows_max = 0;
  drawn.width_max = context.width;
  const Status status =
      session.Run(text, job->options, context.stop, [&](const QueryResult& result) -> Status {
        Print(result.ToText(drawn));
        if (result.report().records_rejected > 0) {
          std::fprintf(stderr, "%lld of the rows looked at would be rejected\n",
                       static_cast<long long>(result.report().records_rejected));
        }
        return {};
      });
  return status.ok() ? 0 : Fail(context, status);
}

template <typename F>
void Choose(CLI::App* app, Context& context, std::shared_ptr<JobFlags> flags, F run) {
  app->callback([&context, flags, run] {
    context.action = [&context, flags, run] { return run(context, *flags); };
  });
}

}  // namespace

void AddRun(CLI::App& app, Context& context) {
  auto flags = std::make_shared<JobFlags>();
  CLI::App* run = app.add_subcommand("run", "Run a job file.");
  AddJobOptions(*run, *flags);
  flags->run.AddTo(*run, true);
  run->add_option("--metrics-port", flags->metrics_port,
                  "Serve Prometheus metrics on this port of 127.0.0.1 meanwhile; 0: any free one.")
      ->check(CLI::Range(0, 65535));
  Choose(run, context, flags, RunJob);
}

void AddCheck(CLI::App& app, Context& context) {
  auto flags = std::make_shared<JobFlags>();
  CLI::App* check =
      app.add_subcommand("check", "Find every problem of a job file without running it.");
  AddJobOptions(*check, *flags);
  check->add_flag("--offline", flags->offline, "Do not open sources.");
  Choose(check, context, flags, CheckJob);
}

void AddPreview(CLI::App& app, Context& context) {
  auto flags = std::make_shared<JobFlags>();
  CLI::App* preview = app.add_subcommand("preview", "Show the first rows that a job would write.");
  AddJobOptions(*preview, *flags);
  preview->add_option("-n,--rows", flags->rows, "How many.")->check(CLI::PositiveNumber);
  flags->run.AddTo(*preview, true);
  Choose(preview, context, flags, PreviewJob);
}

void AddInit(CLI::App& app, Context& context) {
  auto source = std::make_shared<std::string>();
  auto sink = std::make_shared<std::string>();
  CLI::App* init = app.add_subcommand("init", "Print a commented job file.");
  init->add_option("source", *source, "Where rows come from.")->required();
  init->add_option("sink", *sink, "Where rows go.")->required();
  init->callback([&context, source, sink] {
    context.action = [source, sink] { return Print(JobTemplate(*source, *sink)) ? 0 : 0; };
  });
}

}  // namespace thalweg::cli
