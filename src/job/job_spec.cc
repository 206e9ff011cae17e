#include "job/job_spec.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "base/json_writer.h"
#include "engine/builtins.h"
#include "engine/place.h"
#include "thalweg/job.h"
#include "thalweg/retry.h"

namespace thalweg::job {
namespace {

constexpr std::array<std::string_view, 7> kSections = {"source",     "transform", "sink", "errors",
                                                       "parameters", "tuning",    "retry"};

Spec MakeTop() {
  Spec spec;
  spec.fields = {
      StringField("name").Doc(
          "Name in reports and in the names of reject files; by default the file's."),
      Int64Field("workers").Doc("Threads for CPU work; by default all cores.").Min(1).Max(1024),
      Int64Field("transform_concurrency")
          .Doc("Lanes of each parallel step; by default as many as workers.")
          .Min(1)
          .Max(1024),
      BytesField("memory_bytes_max")
          .Doc("Bound on batches in flight.")
          .Min(1 << 20)
          .Default(std::string("128 MiB")),
      Int64Field("batch_rows")
          .Doc("Rows of a batch, at most.")
          .Default(int64_t{4096})
          .Min(1)
          .Max(1 << 20),
      BoolField("ordered").Doc("Rows leave in the order in which they came.").Default(true),
  };
  return spec;
}

Spec MakeTransform() {
  Spec spec;
  spec.name = "transform";
  spec.fields = {
      StringField("sql").Doc("A SELECT over the table `source`; $name stands for a parameter. By "
                             "default every column as it is."),
      StringField("python").Doc("In place of `sql`: `module:function`, called with each batch (an "
                                "object with `__arrow_c_array__`) and returning one. It is first "
                                "called with an empty batch, which settles the columns. Only for "
                                "jobs that are run from Python.")};
  return spec;
}

Spec MakeErrors() {
  Spec spec;
  spec.name = "errors";
  spec.fields = {
      EnumField("policy", {"fail", "skip", "dead_letter"})
          .Doc("What becomes of a row that cannot be used.")
          .Default(std::string("fail")),
      DoubleField("error_rate_max")
          .Doc("Share of rejected rows above which the job fails.")
          .Default(0.10)
          .Min(0)
          .Max(1),
      Int64Field("errors_max")
          .Doc("Number of rejected rows above which the job fails at once.")
          .Min(0),
      StringField("path").Doc("Folder for dead letters, or a new file ending in .jsonl; by default "
                              "the working directory."),
  };
  return spec;
}

Spec MakeTuning() {
  Spec spec;
  spec.name = "tuning";
  spec.fields = {
      EnumField("policy", {"climb", "fixed", "target"})
          .Doc("How batch sizes follow what is measured.")
          .Default(std::string("climb")),
      EnumField("preset", {"memory", "cpu", "io", "latency"})
          .Doc("A starting point with its bounds."),
      DoubleField("target_records_per_s").Doc("For policy 'target'.").Min(1),
  };
  return spec;
}

Spec MakeRetry() {
  const RetryPolicy policy;
  Spec spec;
  spec.name = "retry";
  spec.fields = {
      Int64Field("attempts_max")
          .Doc("How often a job that failed for a reason that may pass (unavailable, out of memory "
               "or time) is started, in all.")
          .Default(int64_t{policy.attempts_max})
          .Min(1)
          .Max(1000),
      DurationField("delay")
          .Doc("Before the second attempt; it grows, and a part of it is left to chance.")
          .Default(policy.delay_ms),
      DoubleField("multiplier")
          .Doc("Growth of the delay.")
          .Default(policy.multiplier)
          .Min(1)
          .Max(100),
      DurationField("delay_max").Doc("Bound on the delay.").Default(policy.delay_ms_max),
  };
  return spec;
}

const char* JsonType(FieldType type) {
  switch (type) {
    case FieldType::kBool:
      return "boolean";
    case FieldType::kInt64:
      return "integer";
    case FieldType::kDouble:
      return "number";
    case FieldType::kStringList:
      return "array";
    case FieldType::kStringMap:
      return "object";
    default:
      return "string";
  }
}

void WriteFields(const std::vector<Field>& fields, JsonWriter& json) {
  for (const auto& field : fields) {
    json.Key(field.name).BeginObject();
    json.Key("description").String(field.doc);
    if (field.type == FieldType::kDuration || field.type == FieldType::kBytes) {
      json.Key("type").BeginArray().String("string").String("integer").EndArray();
    } else {
      json.Key("type").String(JsonType(field.type));
    }
    if (!field.choices.empty()) {
      json.Key("enum").BeginArray();
      for (const auto& choice : field.choices) json.String(choice);
      json.EndArray();
    }
    if (field.min) json.Key("minimum").Double(*field.min);
    if (field.max) json.Key("maximum").Double(*field.max);
    json.EndObject();
  }
}

void WriteSection(const Spec& spec, JsonWriter& json) {
  json.Key(spec.name).BeginObject();
  json.Key("type").String("object");
  json.Key("additionalProperties").Bool(false);
  json.Key("properties").BeginObject();
  WriteFields(spec.fields, json);
  json.EndObject().EndObject();
}

void WritePlace(const char* name, const char* doc, JsonWriter& json) {
  json.Key(name).BeginObject();
  json.Key("description").String(doc);
  json.Key("oneOf").BeginArray();
  json.BeginObject().Key("type").String("string").EndObject();
  json.BeginObject().Key("type").String("object");
  json.Key("required").BeginArray().String("path").EndArray();
  json.Key("properties").BeginObject().Key("path").BeginObject();
  json.Key("type").String("string").EndObject().EndObject().EndObject();
  json.EndArray().EndObject();
}

// The connector of a place that holds tables by name; null: a file.
const engine::Connector* DatabaseAt(const engine::Registry& registry, const std::string& location) {
  const auto place = engine::FindPlace(registry, location);
  if (!place.ok() || place->connector->spec.Find("table") == nullptr) return nullptr;
  return place->connector;
}

std::string Quoted(const std::string& text) {
  std::string quoted;
  JsonWriter::AppendQuoted(text, &quoted);
  return quoted;
}

// A line for each option: the table's name to be filled in, the rest as comments.
std::string TemplateLines(const std::vector<Field>& fields) {
  std::string lines;
  for (const auto& field : fields) {
    const auto* const value = std::get_if<std::string>(&field.default_value);
    lines.append(field.name == "table" ? "" : "# ").append(field.name).append(" = ");
    lines += field.type == FieldType::kStringMap ? "{}" : Quoted(value != nullptr ? *value : "");
    lines.append("  # ").append(field.doc).append("\n");
  }
  return lines;
}

}  // namespace

const Spec& TopSpec() {
  static const Spec spec = MakeTop();
  return spec;
}
const Spec& TransformSpec() {
  static const Spec spec = MakeTransform();
  return spec;
}
const Spec& ErrorsSpec() {
  static const Spec spec = MakeErrors();
  return spec;
}
const Spec& TuningSpec() {
  static const Spec spec = MakeTuning();
  return spec;
}

const Spec& RetrySpec() {
  static const Spec spec = MakeRetry();
  return spec;
}

bool IsSection(std::string_view key) {
  return std::ranges::find(kSections, key) != kSections.end();
}

std::vector<std::string> KnownKeys() {
  std::vector<std::string> keys(kSections.begin(), kSections.end());
  for (const auto& field : TopSpec().fields) keys.push_back(field.name);
  return keys;
}

}  // namespace thalweg::job

namespace thalweg {

std::string JobSchema() {
  JsonWriter json;
  json.BeginObject();
  json.Key("$schema").String("https://json-schema.org/draft/2020-12/schema");
  json.Key("title").String("Thalweg job");
  json.Key("type").String("object");
  json.Key("additionalProperties").Bool(false);
  json.Key("required").BeginArray().String("sink").EndArray();
  json.Key("properties").BeginObject();
  job::WriteFields(job::TopSpec().fields, json);
  job::WritePlace("source", "Where rows come from, with options of the place and the format.",
                  json);
  job::WriteSection(job::TransformSpec(), json);
  job::WritePlace("sink", "Where rows go, with options of the place and the format.", json);
  job::WriteSection(job::ErrorsSpec(), json);
  job::WriteSection(job::TuningSpec(), json);
  job::WriteSection(job::RetrySpec(), json);
  json.Key("parameters").BeginObject().Key("type").String("object").EndObject();
  json.EndObject().EndObject();
  return std::move(json).Take();
}

std::string JobTemplate(const std::string& source, const std::string& sink) {
  engine::Registry registry;
  engine::RegisterBuiltins(registry);
  const engine::Connector* const from = job::DatabaseAt(registry, source);
  const engine::Connector* const to = job::DatabaseAt(registry, sink);
  return "# A thalweg job. Run it with: thalweg run FILE\n"
         "# What stands behind a # is optional.\n\n"
         "# workers = 2                 # threads for CPU work; by default all cores\n"
         "# memory_bytes_max = \"128 MiB\" # bound on batches in flight\n\n"
         "[source]\n"
         "path = " +
         job::Quoted(source) + "\n" +
         (from != nullptr ? job::TemplateLines(from->spec.fields)
                          : "# format = \"csv\"              # by default it follows the suffix\n"
                            "# types = { amount = \"DECIMAL(10,2)\" }\n") +
         "\n"
         "[transform]\n"
         "sql = '''\n"
         "SELECT *\n"
         "FROM source\n"
         "'''\n\n"
         "[sink]\n"
         "path = " +
         job::Quoted(sink) + "\n" +
         (to != nullptr ? job::TemplateLines(to->write_fields)
                        : "mode = \"create\"              # create, append or replace\n"
                          "# partition_by = [\"year\", \"month\"]\n") +
         "\n"
         "[errors]\n"
         "policy = \"fail\"              # fail, skip or dead_letter\n"
         "error_rate_max = 0.10\n";
}

}  // namespace thalweg
