#include <charconv>
#include <cstdlib>

#include "thalweg/command.h"

namespace thalweg::cli {
namespace {

Value TypedValue(const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  if (text == "null") return std::monostate();
  if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'') {
    return text.substr(1, text.size() - 2);
  }
  int64_t integer = 0;
  const char* end = text.data() + text.size();
  if (auto [at, error] = std::from_chars(text.data(), end, integer);
      error == std::errc() && at == end) {
    return integer;
  }
  return text;
}

}  // namespace

Result<int64_t> ParseSize(const std::string& text, const char* option) {
  size_t used = 0;
  double value = 0;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  std::string unit = text.substr(used);
  while (!unit.empty() && unit.front() == ' ') unit.erase(0, 1);
  static constexpr struct {
    const char* name;
    double factor;
  } kUnits[] = {
      {"", 1},     {"B", 1},       {"KiB", 1024},     {"MiB", 1048576}, {"GiB", 1073741824},
      {"K", 1024}, {"M", 1048576}, {"G", 1073741824}, {"kB", 1e3},      {"MB", 1e6},
      {"GB", 1e9}};
  for (const auto& known : kUnits) {
    if (used > 0 && unit == known.name && value >= 0)
      return static_cast<int64_t>(value * known.factor);
  }
  return Status::InvalidArgument(std::string(option) + ": not a size such as '256 MiB': '" + text +
                                 "'");
}

Result<Values> ParseParameters(const std::vector<std::string>& given) {
  Values values;
  for (const auto& pair : given) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Status::InvalidArgument("expected key=value: '" + pair + "'");
    }
    values[pair.substr(0, equals)] = TypedValue(pair.substr(equals + 1));
  }
  return values;
}

void RunFlags::AddTo(CLI::App& app, bool parameters_too) {
  app.add_option("--workers", workers, "Threads for CPU work; by default all cores.")
      ->check(CLI::Range(1, 1024));
  app.add_option("--memory", memory, "Bound on batches in flight, such as '256 MiB'.");
  app.add_option("--errors", errors, "What becomes of rows that cannot be used.")
      ->check(CLI::IsMember({"fail", "skip", "dead_letter"}));
  app.add_option("--error-rate-max", error_rate_max,
                 "Share of rejected rows above which the run fails (0.10).")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--rejects", rejects,
                 "File or folder for dead letters; implies --errors dead_letter.");
  app.add_flag("-f,--force", force, "Overwrite what exists.");
  app.add_flag("--strict", strict, "Exit with 65 when rows were rejected.");
  app.add_option("--report", report, "Write the report as JSON to this file.");
  if (parameters_too) {
    app.add_option("--param", parameters, "Value of $key in the SQL: key=value.")
        ->allow_extra_args(false);
  }
}

Status RunFlags::Apply(QueryOptions* options) const {
  if (workers > 0) options->workers = workers;
  if (!memory.empty()) {
    THALWEG_ASSIGN_OR_RETURN(options->memory_bytes_max, ParseSize(memory));
  }
  if (!rejects.empty()) {
    options->reject_path = rejects;
    options->rejects.errors = ErrorPolicy::kDeadLetter;
  }
  if (errors == "fail") options->rejects.errors = ErrorPolicy::kFail;
  if (errors == "skip") options->rejects.errors = ErrorPolicy::kSkip;
  if (errors == "dead_letter") options->rejects.errors = ErrorPolicy::kDeadLetter;
  if (error_rate_max >= 0) options->rejects.error_rate_max = error_rate_max;
  if (force) options->force = true;
  THALWEG_ASSIGN_OR_RETURN(Values given, ParseParameters(parameters));
  for (auto& [name, value] : given) options->parameters[name] = std::move(value);
  return {};
}

Result<QueryOptions> RunFlags::ToOptions(const Context& /*context*/,
                                         const std::string& name) const {
  QueryOptions options;
  options.name = name;
  THALWEG_RETURN_IF_ERROR(Apply(&options));
  return options;
}

}  // namespace thalweg::cli
