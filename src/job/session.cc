#include "thalweg/session.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/spec.h"
#include "engine/builtins.h"
#include "engine/place.h"
#include "io/local_file_system.h"
#include "job/catalog.h"
#include "job/dead_letters.h"
#include "job/query_result.h"
#include "job/reference.h"
#include "runtime/executor.h"
#include "sql/lower.h"
#include "sql/session.h"
#include "thalweg/runtime/run.h"

namespace thalweg {
namespace {

constexpr auto kProgressPeriod = std::chrono::milliseconds(100);

sql::Parameters ToParameters(const Values& values) {
  sql::Parameters parameters;
  for (const auto& [name, value] : values) parameters.emplace(name, value);
  return parameters;
}

Options::Given ToGiven(const Values& values) {
  Options::Given given;
  for (const auto& [name, value] : values) given.emplace_back(name, value);
  return given;
}

runtime::RunOptions ToRunOptions(const QueryOptions& options, RejectSink* rejects) {
  runtime::RunOptions run;
  run.name = options.name;
  run.workers = options.workers;
  run.ordered = options.ordered;
  run.tuning = options.tuning;
  run.memory_bytes_max = options.memory_bytes_max;
  run.rejects = options.rejects;
  run.reject_sink = rejects;
  run.logger = options.logger;
  run.metrics = options.metrics;
  return run;
}

/// Calls the host's progress function until it is destroyed.
class ProgressReporter {
 public:
  ProgressReporter(const QueryOptions& options, const runtime::Run& run, int64_t bytes_total) {
    if (!options.on_progress) return;
    const auto begin = Clock::System().Now();
    const Status spawned = nursery_.Spawn("thalweg-report", [=, &run](const std::stop_token& stop) {
      while (Clock::System().SleepFor(kProgressPeriod, stop)) {
        const runtime::RunProgress now = run.progress();
        QueryProgress progress;
        progress.rows_in = now.records_in;
        progress.rows_out = now.records_out;
        progress.rows_rejected = now.records_rejected;
        progress.bytes_in = now.bytes_in;
        progress.bytes_total = bytes_total;
        progress.seconds = std::chrono::duration<double>(Clock::System().Now() - begin).count();
        options.on_progress(progress);
      }
      return Status();
    });
    (void)spawned;  // Without a thread to spare there is no progress to see, and nothing is wrong.
  }
  ~ProgressReporter() {
    nursery_.RequestStop();
    (void)nursery_.Join();
  }

 private:
  runtime::Nursery nursery_;
};

}  // namespace

using BatchTaker = std::function<Status(engine::Batch)>;

struct Session::State {
  State() : catalog(registry) { engine::RegisterBuiltins(registry); }

  sql::PrepareContext Context(const sql::Parameters* parameters) const {
    sql::PrepareContext context;
    context.catalog = &catalog;
    context.registry = &registry;
    context.parameters = parameters;
    context.evaluation.now_micros = Clock::System().UnixMicros();
    return context;
  }

  Result<QueryResult> Execute(const sql::BoundStatement& statement,
                              const engine::EvalContext& evaluation, const QueryOptions& options,
                              std::stop_token stop, BatchTaker take = {});
  Result<std::unique_ptr<engine::SinkTable>> MakeSink(const sql::PlanNode& plan,
                                                      const QueryOptions& options) const;

  engine::Registry registry;
  job::SessionCatalog catalog;
};

Result<std::unique_ptr<engine::SinkTable>> Session::State::MakeSink(
    const sql::PlanNode& plan, const QueryOptions& options) const {
  THALWEG_ASSIGN_OR_RETURN(const engine::Place place,
                           engine::FindPlace(registry, plan.sink.location));
  if (!place.connector->create) {
    return Status::Unsupported("'" + place.connector->spec.name + "' can only be read");
  }
  engine::SinkRequest request;
  request.schema = plan.schema;
  request.force = options.force;
  THALWEG_ASSIGN_OR_RETURN(
      auto sink, place.connector->create(registry, place.location, plan.sink.options, request));
  THALWEG_RETURN_IF_ERROR(sink->Check());
  return sink;
}

Result<QueryResult> Session::State::Execute(const sql::BoundStatement& statement,
                                            const engine::EvalContext& evaluation,
                                            const QueryOptions& options, std::stop_token stop,
                                            BatchTaker take) {
  const sql::PlanNode& plan = *statement.plan;
  auto state = std::make_unique<QueryResult::State>();
  std::unique_ptr<engine::SinkTable> sink;
  runtime::Graph graph;
  const bool copy = plan.kind == sql::PlanNode::Kind::kSink;
  const sql::PlanNode& rows = copy ? *plan.inputs.front() : plan;
  if (copy) {
    THALWEG_ASSIGN_OR_RETURN(sink, MakeSink(plan, options));
  }
  THALWEG_ASSIGN_OR_RETURN(const auto root,
                           sql::Lower(rows, evaluation, options.batch_rows, graph));
  if (copy) {
    THALWEG_RETURN_IF_ERROR(sink->Plan(graph, root));
  } else {
    state->schema = rows.schema;
    if (!take) {
      take = [s = state.get()](engine::Batch batch) { return s->Take(std::move(batch)); };
    }
    engine::AddCollect(graph, std::move(take), root);
  }
  if (options.transform_concurrency > 0) {
    for (auto& node : graph.nodes()) {
      if (node.kind == runtime::NodeKind::kParallel && node.options.concurrency == 0) {
        node.options.concurrency = options.transform_concurrency;
      }
    }
  }
  std::vector<const sql::PlanNode*> scans;
  sql::CollectScans(rows, &scans);
  int64_t bytes_total = 0;
  for (const auto* scan : scans) bytes_total += scan->table->num_bytes().value_or(0);
  job::DeadLetterFile letters(io::LocalFileSystem(), options.reject_path, options.name,
                              Clock::System());
  const bool keep = options.rejects.errors == ErrorPolicy::kDeadLetter;
  runtime::Run run(std::move(graph), ToRunOptions(options, keep ? &letters : nullptr));
  THALWEG_RETURN_IF_ERROR(run.Start(std::move(stop)));
  {
    ProgressReporter progress(options, run, bytes_total);
    state->report = run.Join();
  }
  if (state->report.outcome.ok() && sink != nullptr) {
    if (Status committed = sink->Commit(); !committed.ok()) {
      state->report.outcome = committed;
      state->report.errors.push_back(std::move(committed));
    }
    state->rows_written = sink->rows_written();
    state->bytes_written = sink->bytes_written();
  }
  return QueryResult(std::move(state));
}

Session::Session() : state_(std::make_unique<State>()) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

Status Session::AddStream(std::string name, ArrowArrayStream* stream, bool replay) {
  THALWEG_ASSIGN_OR_RETURN(auto table, job::MakeStreamTable(name, stream, replay));
  state_->catalog.Set(std::move(name), std::move(table));
  return {};
}

Status Session::AddSource(std::string name, const std::string& location, const Values& read) {
  THALWEG_ASSIGN_OR_RETURN(auto table, job::OpenPlace(state_->registry, location, ToGiven(read)));
  state_->catalog.Set(std::move(name), std::move(table));
  return {};
}

Status Session::AddMapped(std::string name, const std::string& table, BatchMap map) {
  sql::TableReference reference;
  reference.kind = sql::TableReference::Kind::kName;
  reference.name = table;
  THALWEG_ASSIGN_OR_RETURN(auto from, state_->catalog.Resolve(reference));
  THALWEG_ASSIGN_OR_RETURN(auto mapped, job::MakeMappedTable(std::move(from), std::move(map)));
  state_->catalog.Set(std::move(name), std::move(mapped));
  return {};
}

Result<std::vector<Session::StatementKind>> Session::Inspect(std::string_view text) {
  THALWEG_ASSIGN_OR_RETURN(const auto statements, sql::Canonical(text));
  std::vector<StatementKind> kinds;
  for (const auto& statement : statements) kinds.push_back({!statement.starts_with("COPY ")});
  return kinds;
}

Status Session::Run(std::string_view text, const QueryOptions& options, std::stop_token stop,
                    const std::function<Status(QueryResult)>& take) {
  THALWEG_ASSIGN_OR_RETURN(const sql::Script script, sql::Script::Parse(std::string(text)));
  const sql::Parameters parameters = ToParameters(options.parameters);
  for (size_t i = 0; i < script.size(); ++i) {
    const sql::PrepareContext context = state_->Context(&parameters);
    THALWEG_ASSIGN_OR_RETURN(const sql::BoundStatement statement, script.Bind(i, context));
    THALWEG_ASSIGN_OR_RETURN(QueryResult result,
                             state_->Execute(statement, context.evaluation, options, stop));
    const Status outcome = result.report().outcome;
    THALWEG_RETURN_IF_ERROR(take(std::move(result)));
    THALWEG_RETURN_IF_ERROR(outcome);
  }
  return {};
}

namespace {

// The one query of `text`, with its rows going to `location`.
Result<sql::BoundStatement> BindTo(const sql::PrepareContext& context, std::string_view text,
                                   const std::string& location, const Values& write) {
  THALWEG_ASSIGN_OR_RETURN(const sql::Script script, sql::Script::Parse(std::string(text)));
  if (script.size() != 1) {
    return Status::InvalidArgument("one query was expected, not " + std::to_string(script.size()) +
                                   " statements");
  }
  THALWEG_ASSIGN_OR_RETURN(sql::BoundStatement statement, script.Bind(0, context));
  if (statement.kind == sql::BoundStatement::Kind::kCopy) {
    return Status::InvalidArgument("COPY already says where its rows go");
  }
  auto sink = std::make_shared<sql::PlanNode>();
  sink->kind = sql::PlanNode::Kind::kSink;
  sink->schema = statement.plan->schema;
  sink->inputs = {statement.plan};
  sink->sink.location = location;
  sink->sink.options = ToGiven(write);
  statement.plan = std::move(sink);
  return statement;
}

}  // namespace

Result<Report> Session::RunTo(std::string_view text, const std::string& location,
                              const Values& write, const QueryOptions& options,
                              std::stop_token stop) {
  const sql::Parameters parameters = ToParameters(options.parameters);
  const sql::PrepareContext context = state_->Context(&parameters);
  THALWEG_ASSIGN_OR_RETURN(const auto statement, BindTo(context, text, location, write));
  THALWEG_ASSIGN_OR_RETURN(QueryResult result,
                           state_->Execute(statement, context.evaluation, options, stop));
  return result.report();
}

Result<Report> Session::RunBatches(std::string_view text, const QueryOptions& options,
                                   std::stop_token stop,
                                   const std::function<Status(ArrowSchema*, ArrowArray*)>& take) {
  const sql::Parameters parameters = ToParameters(options.parameters);
  const sql::PrepareContext context = state_->Context(&parameters);
  THALWEG_ASSIGN_OR_RETURN(const sql::Script script, sql::Script::Parse(std::string(text)));
  if (script.size() != 1) return Status::InvalidArgument("one query was expected");
  THALWEG_ASSIGN_OR_RETURN(const auto statement, script.Bind(0, context));
  if (statement.kind == sql::BoundStatement::Kind::kCopy) {
    return Status::InvalidArgument("COPY gives no rows");
  }
  const auto hand_over = [&take](const engine::Batch& batch) -> Status {
    THALWEG_ASSIGN_OR_RETURN(const engine::Batch compact, batch.Compact());
    if (compact.num_rows() == 0) return {};
    ArrowSchema schema{};
    ArrowArray array{};
    THALWEG_RETURN_IF_ERROR(job::ExportPlain(compact.data(), &schema, &array));
    return take(&schema, &array);
  };
  THALWEG_ASSIGN_OR_RETURN(
      QueryResult result, state_->Execute(statement, context.evaluation, options, stop, hand_over));
  return result.report();
}

Status Session::CheckSink(std::string_view text, const std::string& location, const Values& write,
                          const QueryOptions& options) {
  const sql::Parameters parameters = ToParameters(options.parameters);
  const sql::PrepareContext context = state_->Context(&parameters);
  THALWEG_ASSIGN_OR_RETURN(const auto statement, BindTo(context, text, location, write));
  return state_->MakeSink(*statement.plan, options).status();
}

std::vector<Status> Session::Check(std::string_view text, const Values& values) {
  auto script = sql::Script::Parse(std::string(text));
  if (!script.ok()) return {script.status()};
  std::vector<Status> problems;
  const sql::Parameters parameters = ToParameters(values);
  for (size_t i = 0; i < script->size(); ++i) {
    auto statement = script->Bind(i, state_->Context(&parameters));
    if (!statement.ok()) problems.push_back(statement.status());
  }
  return problems;
}

Result<std::string> Session::Describe(std::string_view kind, std::string_view name) const {
  return job::ReferenceText(state_->registry, kind, name);
}

const char* Version() { return THALWEG_VERSION; }

}  // namespace thalweg
