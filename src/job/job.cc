#include "thalweg/job.h"

#include <algorithm>
#include <utility>

#include "base/json_writer.h"
#include "io/local_file_system.h"
#include "job/job_file.h"
#include "job/job_spec.h"

namespace thalweg {
namespace {

using job::Node;

constexpr int64_t kJobBytesMax = int64_t{4} << 20;

std::string StemOf(std::string_view path) {
  std::string name = io::BaseName(path);
  const size_t dot = name.rfind('.');
  return dot == std::string::npos || dot == 0 ? name : name.substr(0, dot);
}

Result<std::string> FormatOf(std::string_view path) {
  for (const auto& [suffix, format] :
       std::initializer_list<std::pair<const char*, const char*>>{{".toml", "toml"},
                                                                  {".yaml", "yaml"},
                                                                  {".yml", "yaml"},
                                                                  {".json", "json"},
                                                                  {".sql", "sql"}}) {
    if (path.ends_with(suffix)) return std::string(format);
  }
  return Status::InvalidArgument(std::string(1, '\'').append(path).append(
      "': a job file ends in .toml, .yaml, .json or .sql"));
}

/// Collects problems instead of stopping at the first.
class Reader {
 public:
  explicit Reader(std::vector<Status>* problems) : problems_(problems) {}

  void Add(Status status) {
    if (!status.ok()) problems_->push_back(std::move(status));
  }

  // Options of a section out of its spec. Keys that hold tables are not options.
  std::optional<Options> Section(const Node& root, const Spec& spec) {
    Options::Given given;
    const auto found = root.keys.find(spec.name);
    const Node& section = spec.name.empty()          ? root
                          : found == root.keys.end() ? empty_
                                                     : found->second;
    if (!spec.name.empty() && found != root.keys.end() && !section.is_table) {
      Add(Status::InvalidArgument(spec.name + ": expected a table"));
      return {};
    }
    for (const auto& [key, child] : section.keys) {
      if (child.is_table && spec.name.empty()) continue;
      if (child.is_table) {
        std::map<std::string, std::string> map;
        for (const auto& [name, value] : child.keys) map[name] = TextOf(value.value);
        given.emplace_back(key, std::move(map));
      } else if (!std::holds_alternative<std::monostate>(child.value)) {
        given.emplace_back(key, child.value);
      }
    }
    // Every option by itself, so that one mistake does not hide the next.
    Options::Given good;
    for (const auto& option : given) {
      Spec lenient = spec;
      for (auto& field : lenient.fields) field.required = false;
      auto alone = Options::Parse(lenient, {option}, Where(spec));
      if (alone.ok()) {
        good.push_back(option);
      } else {
        Add(alone.status());
      }
    }
    auto options = Options::Parse(spec, good, Where(spec));
    if (!options.ok()) {
      Add(options.status());
      return {};
    }
    return *std::move(options);
  }

  static std::string Where(const Spec& spec) { return spec.name.empty() ? "job" : spec.name; }
  static std::string TextOf(const OptionValue& value) {
    if (const auto* s = std::get_if<std::string>(&value)) return *s;
    if (const auto* i = std::get_if<int64_t>(&value)) return std::to_string(*i);
    if (const auto* b = std::get_if<bool>(&value)) return *b ? "true" : "false";
    if (const auto* d = std::get_if<double>(&value)) return std::to_string(*d);
    return "";
  }

 private:
  std::vector<Status>* problems_;
  Node empty_;
};

// Location and the options of the place and format, which their own specs check later.
void ReadPlace(const Node& root, const std::string& section, Reader& reader, std::string* location,
               Values* options) {
  const auto found = root.keys.find(section);
  if (found == root.keys.end()) return;
  if (const auto* text = std::get_if<std::string>(&found->second.value)) {
    *location = *text;
    return;
  }
  for (const auto& [key, child] : found->second.keys) {
    if (key == "path" || key == "location") {
      *location = Reader::TextOf(child.value);
    } else if (child.is_table) {
      std::map<std::string, std::string> map;
      for (const auto& [name, value] : child.keys) map[name] = Reader::TextOf(value.value);
      (*options)[key] = std::move(map);
    } else {
      (*options)[key] = child.value;
    }
  }
  if (location->empty()) {
    reader.Add(Status::InvalidArgument(section + ": missing option 'path'"));
  }
}

void ReadRunOptions(const Options& top, QueryOptions* options) {
  if (top.Has("workers")) options->workers = static_cast<int>(top.Int64("workers"));
  if (top.Has("memory_bytes_max")) options->memory_bytes_max = top.Int64("memory_bytes_max");
  if (top.Has("transform_concurrency")) {
    options->transform_concurrency = static_cast<int>(top.Int64("transform_concurrency"));
  }
  options->batch_rows = top.Int64("batch_rows");
  options->ordered = top.Bool("ordered");
}

void ReadErrors(const Options& errors, QueryOptions* options) {
  const std::string& policy = errors.String("policy");
  options->rejects.errors = policy == "skip"          ? ErrorPolicy::kSkip
                            : policy == "dead_letter" ? ErrorPolicy::kDeadLetter
                                                      : ErrorPolicy::kFail;
  options->rejects.error_rate_max = errors.Double("error_rate_max");
  if (errors.Has("errors_max")) options->rejects.errors_max = errors.Int64("errors_max");
  if (errors.Has("path")) options->reject_path = errors.String("path");
}

void ReadTuning(const Options& tuning, Reader& reader, QueryOptions* options) {
  if (tuning.Has("preset")) {
    auto preset = Tuning::Preset(tuning.String("preset"), std::max(1, options->workers));
    if (preset.ok()) {
      options->tuning = *preset;
    } else {
      reader.Add(preset.status());
    }
  }
  const std::string& policy = tuning.String("policy");
  if (policy == "fixed") options->tuning.policy = TuningPolicy::kFixed;
  if (policy == "target") options->tuning.policy = TuningPolicy::kTarget;
  if (tuning.Has("target_records_per_s")) {
    options->tuning.target_records_per_s = tuning.Double("target_records_per_s");
  }
}

void ReadRetry(const Options& retry, RetryPolicy* policy) {
  policy->attempts_max = static_cast<int>(retry.Int64("attempts_max"));
  policy->delay_ms = retry.Int64("delay");
  policy->multiplier = retry.Double("multiplier");
  policy->delay_ms_max = retry.Int64("delay_max");
}

}  // namespace

Result<Job> Job::Parse(std::string_view text, std::string_view format, std::string_view path,
                       const std::vector<std::string>& set, std::vector<Status>* problems) {
  std::vector<Status> found;
  std::vector<Status>* all = problems != nullptr ? problems : &found;
  Job result;
  result.name = StemOf(path);
  result.options.name = result.name;
  if (format == "sql") {
    result.transform = std::string(text);
    if (!set.empty()) return Status::InvalidArgument("--set: a job written as SQL has no keys");
    return result;
  }
  THALWEG_ASSIGN_OR_RETURN(Node root, job::ReadJobText(text, format, path));
  for (const auto& assignment : set) THALWEG_RETURN_IF_ERROR(job::SetPath(&root, assignment));
  Reader reader(all);
  reader.Add(job::FillReferences(&root, ""));
  for (const auto& [key, child] : root.keys) {
    if (job::IsSection(key)) continue;
    if (child.is_table || job::TopSpec().Find(key) == nullptr) {
      reader.Add(Status::InvalidArgument("job: unknown key '" + key + "'" +
                                         DidYouMean(key, job::KnownKeys())));
    }
  }
  Node top = root;
  std::erase_if(top.keys, [](const auto& entry) {
    return job::IsSection(entry.first) || job::TopSpec().Find(entry.first) == nullptr;
  });
  if (auto options = reader.Section(top, job::TopSpec())) {
    if (options->Has("name")) result.name = options->String("name");
    result.options.name = result.name;
    ReadRunOptions(*options, &result.options);
  }
  if (auto options = reader.Section(root, job::TransformSpec())) {
    if (options->Has("sql")) result.transform = options->String("sql");
    if (options->Has("python")) result.callable = options->String("python");
    if (!result.transform.empty() && !result.callable.empty()) {
      reader.Add(Status::InvalidArgument("transform: either 'sql' or 'python', not both"));
    }
  }
  if (auto options = reader.Section(root, job::ErrorsSpec())) ReadErrors(*options, &result.options);
  if (auto options = reader.Section(root, job::TuningSpec())) {
    ReadTuning(*options, reader, &result.options);
  }
  if (auto options = reader.Section(root, job::RetrySpec())) ReadRetry(*options, &result.retry);
  if (const auto found_params = root.keys.find("parameters"); found_params != root.keys.end()) {
    for (const auto& [name, value] : found_params->second.keys) {
      result.options.parameters[name] = value.value;
    }
  }
  ReadPlace(root, "source", reader, &result.source, &result.source_options);
  ReadPlace(root, "sink", reader, &result.sink, &result.sink_options);
  if (result.sink.empty()) reader.Add(Status::InvalidArgument("job: missing section 'sink'"));
  if (result.source.empty() && result.transform.empty()) {
    reader.Add(Status::InvalidArgument("job: missing section 'source'"));
  }
  if (!all->empty()) return all->front().WithContext(path);
  return result;
}

Result<Job> Job::Load(const std::string& path, const std::vector<std::string>& set,
                      std::vector<Status>* problems) {
  THALWEG_ASSIGN_OR_RETURN(const std::string format, FormatOf(path));
  THALWEG_ASSIGN_OR_RETURN(const std::string text,
                           io::ReadFile(io::LocalFileSystem(), path, kJobBytesMax));
  return Parse(text, format, path, set, problems);
}

std::string Job::Query() const { return transform.empty() ? "SELECT * FROM source" : transform; }

Result<Report> Job::Run(std::stop_token stop) const {
  Result<Report> last = Status::Internal("not run");
  const auto seed = static_cast<uint64_t>(Clock::System().UnixMicros());
  const Status outcome = Retry(retry, Clock::System(), stop, seed, [&] {
    last = RunOnce(stop);
    return last.ok() ? last->outcome : last.status();
  });
  if (last.ok()) {
    last->outcome = outcome;
    return last;
  }
  return outcome;
}

Result<Report> Job::RunOnce(std::stop_token stop) const {
  Session session;
  if (!source.empty()) {
    THALWEG_RETURN_IF_ERROR(
        session.AddSource("source", source, source_options).WithContext("source"));
  }
  if (!callable.empty()) {
    if (!map) {
      return Status::Unsupported(
          "transform: 'python' needs a job that is run from Python: thalweg.run(…)");
    }
    THALWEG_RETURN_IF_ERROR(session.AddMapped("source", "source", map).WithContext("transform"));
  }
  if (!sink.empty()) return session.RunTo(Query(), sink, sink_options, options, stop);
  Report last;
  const Status status = session.Run(Query(), options, stop, [&](const QueryResult& result) {
    last = result.report();
    return Status();
  });
  if (!status.ok() && last.outcome.ok()) return status;
  return last;
}

std::vector<Status> Job::Check(bool offline) const {
  if (offline) {
    auto statements = Session::Inspect(Query());
    if (!statements.ok()) return {statements.status()};
    return {};
  }
  Session session;
  std::vector<Status> problems;
  if (!source.empty()) {
    Status opened = session.AddSource("source", source, source_options).WithContext("source");
    if (!opened.ok()) return {std::move(opened)};
  }
  // Its columns are known to nobody but itself.
  if (!callable.empty()) return {};
  for (Status& problem : session.Check(Query(), options.parameters)) {
    problems.push_back(problem.WithContext("transform"));
  }
  if (problems.empty() && !sink.empty()) {
    Status target = session.CheckSink(Query(), sink, sink_options, options);
    if (!target.ok()) problems.push_back(target.WithContext("sink"));
  }
  return problems;
}

}  // namespace thalweg
