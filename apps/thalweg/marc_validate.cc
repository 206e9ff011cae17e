// `thalweg marc validate`: what records say, against MARC 21 and rules of one's own.

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include "thalweg/marc.h"
#include "thalweg/marc/validation.h"

namespace thalweg::cli {
namespace {

struct ValidateFlags {
  MarcInputFlags input;
  MarcTextFlags output;
  std::string level = "marc21";
  std::vector<std::string> schemas;
  std::string findings = "summary";
  std::string print_schema;
  std::string severity = "warning";
};

// What a batch was found to hold.
struct Findings {
  struct Kind {
    int64_t times = 0;
    int64_t records = 0;
    bool error = false;
    std::string example;
  };
  std::map<std::string, Kind> kinds;
  int64_t records_with_error = 0;
  int64_t records_with_warning = 0;
  std::string lines;

  void Add(const Findings& other) {
    records_with_error += other.records_with_error;
    records_with_warning += other.records_with_warning;
    for (const auto& [name, kind] : other.kinds) {
      Kind& sum = kinds[name];
      sum.times += kind.times;
      sum.records += kind.records;
      sum.error = kind.error;
      if (sum.example.empty()) sum.example = kind.example;
    }
  }
};

void AddRecord(const marc::RecordView& record, const std::vector<marc::Finding>& found,
               const std::string& form, Findings* out) {
  bool error = false;
  std::vector<std::string> here;
  const std::string number(record.control_number());
  for (const marc::Finding& finding : found) {
    error = error || finding.severity == marc::Severity::kError;
    std::string name = finding.Kind();
    Findings::Kind& kind = out->kinds[name];
    ++kind.times;
    kind.error = finding.severity == marc::Severity::kError;
    if (kind.example.empty()) {
      kind.example = "'" + finding.value.substr(0, 40) + "' in 001 '" + number + "'";
    }
    if (std::find(here.begin(), here.end(), name) == here.end()) {
      ++kind.records;
      here.push_back(std::move(name));
    }
    if (form == "text") {
      out->lines += number + "\t" + finding.ToString() + "\n";
    } else if (form == "jsonl") {
      std::string json = finding.ToJson();
      json.pop_back();
      std::string id;
      for (const char c : number) {
        if (c == '"' || c == '\\') id.push_back('\\');
        if (static_cast<unsigned char>(c) >= 0x20) id.push_back(c);
      }
      out->lines += json + ",\"001\":\"" + id + "\"}\n";
    }
  }
  if (error) {
    ++out->records_with_error;
  } else if (!found.empty()) {
    ++out->records_with_warning;
  }
}

std::string Share(int64_t part, int64_t whole) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f %%",
                whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole));
  return text;
}

std::string SummaryOf(const Findings& all, const marc::InputReport& report) {
  std::vector<std::pair<std::string, Findings::Kind>> rows(all.kinds.begin(), all.kinds.end());
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return std::pair(!a.second.error, -a.second.records) <
           std::pair(!b.second.error, -b.second.records);
  });
  std::string text = "severity\trecords\tshare\ttimes\tfinding\texample\n";
  for (const auto& [name, kind] : rows) {
    text += std::string(kind.error ? "error" : "warning") + "\t" + std::to_string(kind.records) +
            "\t" + Share(kind.records, report.records) + "\t" + std::to_string(kind.times) + "\t" +
            name + "\t" + kind.example + "\n";
  }
  return text;
}

Result<marc::Validator> MakeValidator(const ValidateFlags& flags) {
  marc::ValidationOptions options;
  options.marc21 = flags.level == "marc21";
  options.identifiers = options.marc21;
  for (const std::string& path : flags.schemas) {
    THALWEG_ASSIGN_OR_RETURN(std::string schema, ReadTextFile(path));
    options.schemas.push_back(std::move(schema));
  }
  return marc::Validator::Make(options);
}

int PrintSchema(const Context& context, const ValidateFlags& flags) {
  const std::string& name = flags.print_schema;
  for (int kind = 0; kind < 5; ++kind) {
    if (name == NameOf(static_cast<marc::RecordKind>(kind))) {
      const Status status = WriteMarcText(
          flags.output, marc::AvramSchema(static_cast<marc::RecordKind>(kind)) + "\n");
      return status.ok() ? 0 : Fail(context, status);
    }
  }
  return Fail(context, Status::InvalidArgument("no such kind of record: '" + name + "'"));
}

int RunValidate(const Context& context, const ValidateFlags& flags) {
  if (!flags.print_schema.empty()) return PrintSchema(context, flags);
  auto validator = MakeValidator(flags);
  if (!validator.ok()) return Fail(context, validator.status());
  auto options = flags.input.ToOptions(false);
  if (!options.ok()) return Fail(context, options.status());
  options->reader.validation = marc::Validation::kStructure;
  const bool errors_only = flags.severity == "error";
  const auto output = MarcTextOutput::Create(flags.output.output, flags.output.force);
  if (!output.ok()) return Fail(context, output.status());
  Findings all;
  const auto report = ReadMarc(
      context, *options,
      [&](const marc::RecordBatch& batch) -> Result<std::shared_ptr<void>> {
        auto part = std::make_shared<Findings>();
        std::vector<marc::Finding> found;
        for (const marc::RecordView& record : batch.records) {
          found.clear();
          validator->Check(record, &found);
          if (errors_only) {
            std::erase_if(found, [](const marc::Finding& finding) {
              return finding.severity != marc::Severity::kError;
            });
          }
          if (!found.empty()) AddRecord(record, found, flags.findings, part.get());
        }
        return std::shared_ptr<void>(std::move(part));
      },
      [&](const marc::RecordBatch&, const std::shared_ptr<void>& made) -> Result<bool> {
        const auto& part = *static_cast<Findings*>(made.get());
        all.Add(part);
        if (part.lines.empty()) return true;
        return (*output)->Append(part.lines);
      });
  if (!report.ok()) return Fail(context, report.status());
  Status written;
  if (flags.findings == "summary") written = (*output)->Append(SummaryOf(all, *report)).status();
  if (written.ok()) written = (*output)->Commit();
  if (!written.ok()) return Fail(context, written);
  const int64_t errors = all.records_with_error;
  std::fprintf(stderr, "%s records with an error (%s), %s with warnings only\n",
               Grouped(errors).c_str(), Share(errors, report->records).c_str(),
               Grouped(all.records_with_warning).c_str());
  const int status = FinishMarc(context, *report);
  return status != 0 || errors == 0 ? status : 65;
}

}  // namespace

void AddMarcValidate(CLI::App& marc, Context& context) {
  auto flags = std::make_shared<ValidateFlags>();
  CLI::App* app = marc.add_subcommand(
      "validate", "Check structure and content; exit status 65 when there is an error.");
  flags->input.AddTo(*app);
  flags->output.AddTo(*app);
  app->add_option("--level", flags->level, "structure: what can be read; marc21: what it says too.")
      ->check(CLI::IsMember({"structure", "marc21"}));
  app->add_option("--schema", flags->schemas, "Rules of one's own: an Avram schema. Repeatable.");
  app->add_option("--findings", flags->findings, "One line a kind of finding, or each finding.")
      ->check(CLI::IsMember({"summary", "text", "jsonl"}));
  app->add_option("--severity", flags->severity, "The least that is shown.")
      ->check(CLI::IsMember({"warning", "error"}));
  app->add_option("--print-schema", flags->print_schema,
                  "Print our rules for this kind of record (bibliographic, authority, holdings) as "
                  "an Avram schema.");
  app->callback([&context, flags] {
    context.action = [&context, flags] { return RunValidate(context, *flags); };
  });
}

}  // namespace thalweg::cli
