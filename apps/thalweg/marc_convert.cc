// `thalweg marc convert | cat | dump | filter | sample`: records that go through.

#include <cstdio>
#include <memory>

#include "thalweg/marc.h"
#include "thalweg/marc/path.h"

namespace thalweg::cli {

Status KeepBytesWherePossible(const MarcOutputFlags& output, marc::ConvertOptions* options) {
  const bool changes = output.to_encoding != "keep" || output.normalize != "none";
  const bool from = !options->input.format || *options->input.format == marc::Format::kIso2709;
  std::optional<marc::Format> to = options->format;
  if (!to && options->output != "-") to = marc::FormatOfPath(options->output);
  if (!to && !options->input.format) {
    // As the input: all inputs have to be looked at.
    THALWEG_ASSIGN_OR_RETURN(const auto paths, marc::ExpandPaths(options->input.paths));
    for (const std::string& path : paths) {
      if (path == "-") continue;
      THALWEG_ASSIGN_OR_RETURN(const auto source, marc::OpenSource(path, {}, {}));
      if (source->format() != marc::Format::kIso2709) return {};
    }
    to = marc::Format::kIso2709;
  }
  if (!changes && from && to == marc::Format::kIso2709 &&
      options->input.reader.text.file_encoding.empty() && !options->input.reader.text.force_utf8) {
    options->input.reader.to_unicode = false;
  }
  return {};
}

namespace {

struct ConvertFlags {
  MarcInputFlags input;
  MarcOutputFlags output;
  std::vector<std::string> places;
  std::string expression;
  bool invert = false;
};

Result<marc::ConvertOptions> OptionsOf(const ConvertFlags& flags) {
  THALWEG_ASSIGN_OR_RETURN(marc::InputOptions input, flags.input.ToOptions(true));
  THALWEG_ASSIGN_OR_RETURN(marc::ConvertOptions options, flags.output.ToOptions(std::move(input)));
  THALWEG_RETURN_IF_ERROR(KeepBytesWherePossible(flags.output, &options));
  return options;
}

int RunCat(const Context& context, ConvertFlags flags) {
  auto options = OptionsOf(flags);
  if (!options.ok()) return Fail(context, options.status());
  return RunMarcConvert(context, *std::move(options));
}

int RunConvert(const Context& context, ConvertFlags flags) {
  // `convert IN OUT`; with -o or -t, every place is an input.
  if (flags.places.size() == 2 && flags.output.output == "-" && flags.output.to.empty()) {
    flags.output.output = flags.places.back();
    flags.places.pop_back();
  }
  flags.input.files = flags.places;
  return RunCat(context, std::move(flags));
}

int RunDump(const Context& context, ConvertFlags flags) {
  flags.output.to = "mrk";
  auto options = OptionsOf(flags);
  if (!options.ok()) return Fail(context, options.status());
  if (!context.out_is_terminal || !context.color || flags.output.output != "-") {
    return RunMarcConvert(context, *std::move(options));
  }
  auto report = marc::ProcessRecords(
      options->input,
      [](const marc::RecordBatch& batch) -> Result<std::shared_ptr<void>> {
        auto text = std::make_shared<std::string>();
        std::string plain;
        for (const marc::RecordView& record : batch.records) {
          plain.clear();
          marc::AppendMrk(record, &plain);
          for (size_t at = 0; at < plain.size();) {
            const size_t end = plain.find('\n', at);
            text->append("\033[1;36m").append(plain, at, 4).append("\033[0m");
            for (size_t i = at + 4; i <= end; ++i) {
              if (plain[i] == '$' && i < end) {
                text->append("\033[33m").append(plain, i, 2).append("\033[0m");
                ++i;
              } else {
                text->push_back(plain[i]);
              }
            }
            at = end + 1;
          }
          text->push_back('\n');
        }
        return std::shared_ptr<void>(std::move(text));
      },
      [](const marc::RecordBatch&, const std::shared_ptr<void>& text) -> Result<bool> {
        return Print(*static_cast<std::string*>(text.get()));
      },
      context.stop);
  if (!report.ok()) return Fail(context, report.status());
  return FinishMarc(context, *report);
}

// Conditions speak of Unicode, whatever the record is written in.
Result<bool> Holds(const marc::Condition& condition, const marc::RecordView& record,
                   const marc::ReaderOptions& options) {
  if (options.to_unicode || record.is_utf8()) return condition.Matches(record);
  THALWEG_ASSIGN_OR_RETURN(const marc::Record decoded,
                           marc::ToUnicode(marc::Record(record, nullptr), options.text, nullptr));
  return condition.Matches(decoded);
}

int RunFilter(const Context& context, const ConvertFlags& flags) {
  auto condition = marc::Condition::Compile(flags.expression);
  if (!condition.ok()) return Fail(context, condition.status());
  auto options = OptionsOf(flags);
  if (!options.ok()) return Fail(context, options.status());
  const marc::ReaderOptions reader = options->input.reader;
  options->each = [&condition, &flags, reader](const marc::RecordView& record, marc::Record*,
                                               std::shared_ptr<void>*) -> Result<marc::Verdict> {
    THALWEG_ASSIGN_OR_RETURN(const bool holds, Holds(*condition, record, reader));
    return holds != flags.invert ? marc::Verdict::kKeep : marc::Verdict::kLeaveOut;
  };
  return RunMarcConvert(context, *std::move(options));
}

CLI::App* AddOne(CLI::App& marc, Context& context, const char* name, const char* summary,
                 const std::shared_ptr<ConvertFlags>& flags, bool files,
                 int (*run)(const Context&, ConvertFlags)) {
  CLI::App* app = marc.add_subcommand(name, summary);
  flags->input.AddTo(*app, files);
  flags->output.AddTo(*app);
  app->callback([&context, flags, run] {
    context.action = [&context, flags, run] { return run(context, *flags); };
  });
  return app;
}

}  // namespace

void AddMarcConvert(CLI::App& marc, Context& context) {
  auto convert = std::make_shared<ConvertFlags>();
  CLI::App* app = AddOne(marc, context, "convert", "Convert from any format into any other.",
                         convert, false, RunConvert);
  app->add_option("places", convert->places, "IN OUT; with -o or -t, only inputs.");

  auto cat = std::make_shared<ConvertFlags>();
  AddOne(marc, context, "cat", "Write the records of all inputs one after the other.", cat, true,
         RunCat);

  auto dump = std::make_shared<ConvertFlags>();
  AddOne(marc, context, "dump", "Print records as MARCMaker text.", dump, true, RunDump);

  auto filter = std::make_shared<ConvertFlags>();
  CLI::App* filter_app = marc.add_subcommand("filter", "Write the records for which EXPR holds.");
  filter_app->add_option("expression", filter->expression, "Such as \"008/35-37 = fre\".")
      ->required();
  filter_app->add_flag("-v,--invert", filter->invert, "Those for which it does not hold.");
  filter->input.AddTo(*filter_app);
  filter->output.AddTo(*filter_app);
  filter_app->callback([&context, filter] {
    context.action = [&context, filter] { return RunFilter(context, *filter); };
  });
}

}  // namespace thalweg::cli
