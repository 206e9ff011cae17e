// `thalweg marc info | count | frequency`: numbers about inputs.

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "thalweg/marc.h"
#include "thalweg/marc/encoding.h"
#include "thalweg/marc/path.h"

namespace thalweg::cli {
namespace {

struct ReportFlags {
  MarcInputFlags input;
  MarcTextFlags output;
  std::string expression;
  std::string path;
  bool json = false;
  int64_t top = 0;
};

// Text that can be shown and stand in JSON, whatever bytes a damaged leader holds.
std::string Readable(std::string_view bytes) {
  std::string text;
  marc::AppendRepairedUtf8(bytes, marc::InvalidText::kReplace, &text);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return text;
}

// What `info` counts; one for each batch, then added up.
struct Census {
  int64_t records = 0;
  int64_t fields = 0;
  int64_t subfields = 0;
  int64_t bytes = 0;
  int64_t largest = 0;
  int64_t smallest = -1;
  std::map<std::string, int64_t> kinds;
  std::map<std::string, int64_t> encodings;
  int64_t lying = 0;
  int64_t without_001 = 0;

  void Add(const marc::RecordView& record, int64_t size) {
    ++records;
    bytes += size;
    largest = std::max(largest, size);
    smallest = smallest < 0 ? size : std::min(smallest, size);
    fields += static_cast<int64_t>(record.fields().size());
    for (const marc::FieldView& field : record.fields()) {
      subfields += static_cast<int64_t>(field.CountSubfields());
    }
    ++kinds[NameOf(record.kind()) + (" " + Readable(record.leader_text().substr(6, 2)))];
    const marc::EncodingReport encoding = marc::ExamineEncoding(record);
    ++encodings[std::string(NameOf(encoding.declared)) + " in the leader, " +
                NameOf(encoding.found) + " in the text"];
    lying += encoding.lying;
    without_001 += !record.Has("001");
  }

  void Add(const Census& other) {
    records += other.records;
    fields += other.fields;
    subfields += other.subfields;
    bytes += other.bytes;
    largest = std::max(largest, other.largest);
    if (other.smallest >= 0) {
      smallest = smallest < 0 ? other.smallest : std::min(smallest, other.smallest);
    }
    for (const auto& [kind, count] : other.kinds) kinds[kind] += count;
    for (const auto& [encoding, count] : other.encodings) encodings[encoding] += count;
    lying += other.lying;
    without_001 += other.without_001;
  }
};

int64_t SizeOf(const marc::RecordView& record, std::string_view chunk) {
  if (!chunk.empty()) return static_cast<int64_t>(chunk.size());
  auto size = static_cast<int64_t>(marc::kLeaderSize + 2);
  for (const marc::FieldView& field : record.fields()) {
    size += static_cast<int64_t>(field.bytes().size() + 1 + marc::kDirectoryEntrySize);
  }
  return size;
}

void AppendLine(const std::string& name, const std::string& value, std::string* out) {
  *out += name + std::string(name.size() < 24 ? 24 - name.size() : 1, ' ') + value + "\n";
}

std::string TextOf(const Census& census, const marc::InputReport& report) {
  std::string out;
  AppendLine("records", Grouped(census.records), &out);
  AppendLine("dropped", Grouped(report.dropped), &out);
  AppendLine("bytes", Grouped(report.bytes), &out);
  if (census.records > 0) {
    AppendLine("bytes a record",
               Grouped(census.smallest) + " to " + Grouped(census.largest) + ", " +
                   Grouped(census.bytes / census.records) + " on average",
               &out);
  }
  AppendLine("fields", Grouped(census.fields), &out);
  AppendLine("subfields", Grouped(census.subfields), &out);
  AppendLine("without 001", Grouped(census.without_001), &out);
  for (const auto& [kind, count] : census.kinds) AppendLine(kind, Grouped(count), &out);
  for (const auto& [encoding, count] : census.encodings) {
    AppendLine(Grouped(count), encoding, &out);
  }
  AppendLine("lying leaders", Grouped(census.lying), &out);
  for (const marc::DefectInfo& info : marc::AllDefects()) {
    const int64_t count = report.defects[static_cast<size_t>(info.code)];
    if (count > 0) AppendLine(std::string(info.id) + " " + info.slug, Grouped(count), &out);
  }
  return out;
}

std::string JsonOf(const std::map<std::string, int64_t>& counts) {
  std::string out = "{";
  for (const auto& [name, count] : counts) {
    out += (out.size() > 1 ? "," : "") + JsonText(name) + ":" + std::to_string(count);
  }
  return out + "}";
}

std::string JsonOf(const Census& census, const marc::InputReport& report) {
  std::map<std::string, int64_t> defects;
  for (const marc::DefectInfo& info : marc::AllDefects()) {
    const int64_t count = report.defects[static_cast<size_t>(info.code)];
    if (count > 0) defects[std::string(info.id) + " " + info.slug] = count;
  }
  return "{\"records\":" + std::to_string(census.records) +
         ",\"dropped\":" + std::to_string(report.dropped) +
         ",\"repaired\":" + std::to_string(report.repaired) +
         ",\"bytes\":" + std::to_string(report.bytes) +
         ",\"fields\":" + std::to_string(census.fields) +
         ",\"subfields\":" + std::to_string(census.subfields) +
         ",\"bytes_min\":" + std::to_string(std::max<int64_t>(census.smallest, 0)) +
         ",\"bytes_max\":" + std::to_string(census.largest) +
         ",\"without_001\":" + std::to_string(census.without_001) +
         ",\"lying_leaders\":" + std::to_string(census.lying) +
         ",\"types\":" + JsonOf(census.kinds) + ",\"encodings\":" + JsonOf(census.encodings) +
         ",\"defects\":" + JsonOf(defects) + "}\n";
}

int FinishReport(const Context& context, const std::string& text, const marc::InputReport& report,
                 MarcTextOutput* output) {
  Status status = output->Append(text).status();
  if (status.ok()) status = output->Commit();
  return status.ok() ? FinishMarc(context, report) : Fail(context, status);
}

int RunInfo(const Context& context, const ReportFlags& flags, MarcTextOutput* output) {
  auto options = flags.input.ToOptions(false);
  if (!options.ok()) return Fail(context, options.status());
  options->reader.to_unicode = false;
  Census census;
  const auto report = ReadMarc(
      context, *options,
      [](const marc::RecordBatch& batch) -> Result<std::shared_ptr<void>> {
        auto part = std::make_shared<Census>();
        for (size_t i = 0; i < batch.records.size(); ++i) {
          part->Add(batch.records[i], SizeOf(batch.records[i], batch.chunks[i]));
        }
        return std::shared_ptr<void>(std::move(part));
      },
      [&census](const marc::RecordBatch&, const std::shared_ptr<void>& part) -> Result<bool> {
        census.Add(*static_cast<Census*>(part.get()));
        return true;
      });
  if (!report.ok()) return Fail(context, report.status());
  const std::string text = flags.json ? JsonOf(census, *report) : TextOf(census, *report);
  return FinishReport(context, text, *report, output);
}

int RunCount(const Context& context, const ReportFlags& flags, MarcTextOutput* output) {
  std::unique_ptr<marc::Condition> condition;
  if (!flags.expression.empty()) {
    auto compiled = marc::Condition::Compile(flags.expression);
    if (!compiled.ok()) return Fail(context, compiled.status());
    condition = std::make_unique<marc::Condition>(*std::move(compiled));
  }
  auto options = flags.input.ToOptions(false);
  if (!options.ok()) return Fail(context, options.status());
  options->reader.to_unicode = condition != nullptr;
  int64_t count = 0;
  const auto report = ReadMarc(
      context, *options,
      [&condition](const marc::RecordBatch& batch) -> Result<std::shared_ptr<void>> {
        auto part = std::make_shared<int64_t>(static_cast<int64_t>(batch.records.size()));
        if (condition != nullptr) {
          *part = std::count_if(batch.records.begin(), batch.records.end(),
                                [&](const marc::RecordView& r) { return condition->Matches(r); });
        }
        return std::shared_ptr<void>(std::move(part));
      },
      [&count](const marc::RecordBatch&, const std::shared_ptr<void>& part) -> Result<bool> {
        count += *static_cast<int64_t*>(part.get());
        return true;
      });
  if (!report.ok()) return Fail(context, report.status());
  return FinishReport(context, std::to_string(count) + "\n", *report, output);
}

// How often something occurs, and in how many records.
struct Times {
  int64_t times = 0;
  int64_t records = 0;

  void Add(const Times& other) {
    times += other.times;
    records += other.records;
  }
};

// A tag and, in the lowest byte, a code; 0: the field itself.
using TagCounts = std::unordered_map<uint32_t, Times>;
using Counts = std::map<std::string, Times, std::less<>>;

void CountTags(const marc::RecordView& record, std::vector<uint32_t>* here, TagCounts* counts) {
  here->clear();
  for (const marc::FieldView& field : record.fields()) {
    const uint32_t tag = field.tag().packed() << 8;
    here->push_back(tag);
    for (const marc::Subfield& subfield : field.subfields()) {
      here->push_back(tag | static_cast<unsigned char>(subfield.code));
    }
  }
  std::sort(here->begin(), here->end());
  for (size_t i = 0; i < here->size();) {
    const auto end =
        std::upper_bound(here->begin() + static_cast<std::ptrdiff_t>(i), here->end(), (*here)[i]);
    const auto next = static_cast<size_t>(end - here->begin());
    (*counts)[(*here)[i]].Add({static_cast<int64_t>(next - i), 1});
    i = next;
  }
}

std::string NameOfTag(uint32_t key) {
  const auto byte = [key](int shift) { return static_cast<char>(key >> shift & 0xFF); };
  const std::string tag = {byte(24), byte(16), byte(8)};
  return Readable((key & 0xFF) == 0 ? tag : tag + "$" + byte(0));
}

void CountValues(const marc::Path& path, const marc::RecordView& record, Counts* counts) {
  std::map<std::string, int64_t, std::less<>> here;
  std::string scratch;
  path.ForEach(record, &scratch, [&](std::string_view value) {
    ++here[std::string(value)];
    return true;
  });
  for (const auto& [name, times] : here) (*counts)[name].Add({times, 1});
}

// Of values where there is a path, else of tags and codes.
Result<marc::InputReport> CountAll(const Context& context, const marc::InputOptions& options,
                                   const marc::Path* path, Counts* counts) {
  struct Part {
    TagCounts tags;
    Counts values;
  };
  return ReadMarc(
      context, options,
      [path](const marc::RecordBatch& batch) -> Result<std::shared_ptr<void>> {
        auto part = std::make_shared<Part>();
        std::vector<uint32_t> here;
        for (const marc::RecordView& record : batch.records) {
          if (path != nullptr) {
            CountValues(*path, record, &part->values);
          } else {
            CountTags(record, &here, &part->tags);
          }
        }
        return std::shared_ptr<void>(std::move(part));
      },
      [counts](const marc::RecordBatch&, const std::shared_ptr<void>& made) -> Result<bool> {
        const Part& part = *static_cast<Part*>(made.get());
        for (const auto& [key, times] : part.tags) (*counts)[NameOfTag(key)].Add(times);
        for (const auto& [value, times] : part.values) (*counts)[value].Add(times);
        return true;
      });
}

int RunFrequency(const Context& context, const ReportFlags& flags, MarcTextOutput* output) {
  std::unique_ptr<marc::Path> path;
  if (!flags.path.empty()) {
    auto compiled = marc::Path::Compile(flags.path);
    if (!compiled.ok()) return Fail(context, compiled.status());
    path = std::make_unique<marc::Path>(*std::move(compiled));
  }
  auto options = flags.input.ToOptions(false);
  if (!options.ok()) return Fail(context, options.status());
  options->reader.to_unicode = path != nullptr;
  Counts counts;
  const auto report = CountAll(context, *options, path.get(), &counts);
  if (!report.ok()) return Fail(context, report.status());
  std::vector<std::pair<std::string, Times>> rows(counts.begin(), counts.end());
  if (path != nullptr || flags.top > 0) {
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& a, const auto& b) { return a.second.times > b.second.times; });
  }
  if (flags.top > 0 && rows.size() > static_cast<size_t>(flags.top)) {
    rows.resize(static_cast<size_t>(flags.top));
  }
  std::string text = path != nullptr ? "value\ttimes\trecords\n" : "field\ttimes\trecords\n";
  for (const auto& [name, entry] : rows) {
    text += name + "\t" + std::to_string(entry.times) + "\t" + std::to_string(entry.records) + "\n";
  }
  return FinishReport(context, text, *report, output);
}

CLI::App* AddReport(CLI::App& marc, Context& context, const char* name, const char* summary,
                    const std::shared_ptr<ReportFlags>& flags,
                    int (*run)(const Context&, const ReportFlags&, MarcTextOutput*)) {
  CLI::App* app = marc.add_subcommand(name, summary);
  flags->input.AddTo(*app);
  flags->output.AddTo(*app);
  app->callback([&context, flags, run] {
    context.action = [&context, flags, run] {
      const auto output = MarcTextOutput::Create(flags->output.output, flags->output.force);
      if (!output.ok()) return Fail(context, output.status());
      return run(context, *flags, output->get());
    };
  });
  return app;
}

}  // namespace

void AddMarcReports(CLI::App& marc, Context& context) {
  auto info = std::make_shared<ReportFlags>();
  AddReport(marc, context, "info", "Count records, types, encodings, sizes and defects.", info,
            RunInfo)
      ->add_flag("--json", info->json, "One JSON object.");
  auto count = std::make_shared<ReportFlags>();
  AddReport(marc, context, "count", "Count records.", count, RunCount)
      ->add_option("-e,--where", count->expression, "Only those for which this holds.");
  auto frequency = std::make_shared<ReportFlags>();
  CLI::App* app =
      AddReport(marc, context, "frequency", "Count how often tags and subfields occur, or values.",
                frequency, RunFrequency);
  app->add_option("-p,--path", frequency->path, "Count the values of this path instead.");
  app->add_option("--top", frequency->top, "Only the most frequent ones.");
}

}  // namespace thalweg::cli
