// `thalweg marc extract | table`: values out of records.

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "thalweg/marc.h"
#include "thalweg/marc/path.h"

namespace thalweg::cli {
namespace {

enum class TableForm : uint8_t { kTsv, kCsv, kJsonLines };

struct ExtractFlags {
  MarcInputFlags input;
  std::vector<std::string> paths;
  std::string columns;
  std::string output = "-";
  std::string form;
  std::string separator = "|";
  bool header = false;
  bool force = false;
};

void AppendJsonText(std::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
      *out += escape.data();
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

// Writes a cell as the form needs it.
void AppendCell(std::string_view text, TableForm form, std::string* out) {
  if (form == TableForm::kTsv) {
    for (const char c : text) out->push_back(c == '\t' || c == '\n' || c == '\r' ? ' ' : c);
    return;
  }
  const bool quote = text.find_first_of(",\"\n\r") != std::string_view::npos;
  if (!quote) {
    out->append(text);
    return;
  }
  out->push_back('"');
  for (const char c : text) {
    if (c == '"') out->push_back('"');
    out->push_back(c);
  }
  out->push_back('"');
}

// A row a record.
class Table {
 public:
  Table(std::vector<marc::PathColumn> columns, TableForm form, std::string separator)
      : columns_(std::move(columns)), form_(form), separator_(std::move(separator)) {}

  std::string Header() const {
    if (form_ == TableForm::kJsonLines) return {};
    std::string row;
    for (const marc::PathColumn& column : columns_) {
      if (!row.empty()) row.push_back(form_ == TableForm::kTsv ? '\t' : ',');
      AppendCell(column.name, form_, &row);
    }
    return row + "\n";
  }

  void Append(const marc::RecordView& record, std::string* scratch, std::string* out) const {
    if (form_ == TableForm::kJsonLines) return AppendObject(record, scratch, out);
    std::string cell;
    bool first = true;
    for (const marc::PathColumn& column : columns_) {
      if (!first) out->push_back(form_ == TableForm::kTsv ? '\t' : ',');
      first = false;
      cell.clear();
      bool any = false;
      column.path.ForEach(record, scratch, [&](std::string_view value) {
        if (any) cell.append(separator_);
        any = true;
        cell.append(value);
        return column.path.is_list();
      });
      AppendCell(cell, form_, out);
    }
    out->push_back('\n');
  }

 private:
  void AppendObject(const marc::RecordView& record, std::string* scratch, std::string* out) const {
    out->push_back('{');
    bool first = true;
    for (const marc::PathColumn& column : columns_) {
      if (!first) out->push_back(',');
      first = false;
      AppendJsonText(column.name, out);
      out->push_back(':');
      const bool list = column.path.is_list();
      if (list) out->push_back('[');
      bool any = false;
      column.path.ForEach(record, scratch, [&](std::string_view value) {
        if (any) out->push_back(',');
        any = true;
        AppendJsonText(value, out);
        return list;
      });
      if (list) {
        out->push_back(']');
      } else if (!any) {
        out->append("null");
      }
    }
    out->append("}\n");
  }

  std::vector<marc::PathColumn> columns_;
  TableForm form_;
  std::string separator_;
};

Result<marc::InputReport> WriteTable(const Context& context, const marc::InputOptions& options,
                                     const Table& table, bool header, MarcTextOutput* output) {
  if (header) THALWEG_RETURN_IF_ERROR(output->Append(table.Header()).status());
  return marc::ProcessRecords(
      options,
      [&table](const marc::RecordBatch& batch) -> Result<std::shared_ptr<void>> {
        auto text = std::make_shared<std::string>();
        std::string scratch;
        for (const marc::RecordView& record : batch.records) {
          table.Append(record, &scratch, text.get());
        }
        return std::shared_ptr<void>(std::move(text));
      },
      [output](const marc::RecordBatch&, const std::shared_ptr<void>& text) -> Result<bool> {
        return output->Append(*static_cast<std::string*>(text.get()));
      },
      context.stop);
}

int RunTable(const Context& context, const ExtractFlags& flags, const std::string& columns,
             TableForm form, bool header, const std::string& place) {
  auto compiled = marc::CompileColumns(columns);
  if (!compiled.ok()) return Fail(context, compiled.status());
  auto options = flags.input.ToOptions(true);
  if (!options.ok()) return Fail(context, options.status());
  MarcProgress progress(context);
  options->on_progress = progress.callback();
  auto output = MarcTextOutput::Create(place, flags.force);
  if (!output.ok()) return Fail(context, output.status());
  const Table table(*std::move(compiled), form, flags.separator);
  auto report = WriteTable(context, *options, table, header, output->get());
  if (!report.ok()) return Fail(context, report.status());
  if (Status status = (*output)->Commit(); !status.ok()) return Fail(context, status);
  return FinishMarc(context, *report);
}

int RunExtract(const Context& context, const ExtractFlags& flags) {
  std::string columns;
  for (const std::string& path : flags.paths) columns += (columns.empty() ? "" : ", ") + path;
  const TableForm form = flags.form == "jsonl" ? TableForm::kJsonLines
                         : flags.form == "csv" ? TableForm::kCsv
                                               : TableForm::kTsv;
  return RunTable(context, flags, columns, form, flags.header, flags.output);
}

bool EndsWith(std::string_view text, std::string_view end) { return text.ends_with(end); }

// A name beside the output that nobody has.
std::string TemporaryName(const std::string& output) {
  return output + "." + std::to_string(getpid()) + ".jsonl";
}

// Columnar files are the engine's: the rows reach it as JSON lines.
int RunColumnar(const Context& context, const ExtractFlags& flags) {
  if (!flags.force && std::filesystem::exists(flags.output)) {
    return Fail(context,
                Status::AlreadyExists("'" + flags.output + "' exists; --force replaces it"));
  }
  const std::string rows = TemporaryName(flags.output);
  const int status = RunTable(context, flags, flags.columns, TableForm::kJsonLines, false, rows);
  if (status != 0 && status != 65) return status;
  auto columns = marc::CompileColumns(flags.columns);
  std::string select;
  for (const marc::PathColumn& column : *columns) {
    std::string name;
    for (const char c : column.name) name += c == '"' ? "\"\"" : std::string(1, c);
    const char* type = column.path.is_list() ? " AS VARCHAR[])" : " AS VARCHAR)";
    select +=
        (select.empty() ? "CAST(\"" : ", CAST(\"") + name + "\"" + type + " AS \"" + name + "\"";
  }
  Session session;
  QueryOptions options;
  Values write;
  auto report = session.RunTo("SELECT " + select + " FROM '" + rows + "'", flags.output, write,
                              options, context.stop);
  std::error_code ignored;
  std::filesystem::remove(rows, ignored);
  if (!report.ok()) return Fail(context, report.status());
  return report->outcome.ok() ? status : Fail(context, report->outcome);
}

int RunTableCommand(const Context& context, const ExtractFlags& flags) {
  const std::string& to = flags.form.empty() ? flags.output : flags.form;
  if (EndsWith(to, "parquet") || EndsWith(to, "arrow")) return RunColumnar(context, flags);
  const TableForm form = EndsWith(to, "jsonl") || EndsWith(to, "json") ? TableForm::kJsonLines
                         : EndsWith(to, "tsv")                         ? TableForm::kTsv
                                                                       : TableForm::kCsv;
  return RunTable(context, flags, flags.columns, form, true, flags.output);
}

}  // namespace

void AddMarcExtract(CLI::App& marc, Context& context) {
  auto extract = std::make_shared<ExtractFlags>();
  CLI::App* app = marc.add_subcommand("extract", "Print values: a line a record.");
  app->add_option("-p,--path", extract->paths, "Path of a value; repeatable.")
      ->allow_extra_args(false);
  app->add_option("arguments", extract->input.files,
                  "PATH… and then files: the first argument is a path unless -p gives one.");
  extract->input.AddTo(*app, false);
  app->add_option("-o,--output", extract->output, "File to write.");
  app->add_option("--form", extract->form, "Form of the lines.")
      ->check(CLI::IsMember({"tsv", "csv", "jsonl"}));
  app->add_option("--separator", extract->separator, "Between the values of a path with [].");
  app->add_flag("--header", extract->header, "A first line with the paths.");
  app->add_flag("--force", extract->force, "Replace a file that is there.");
  app->callback([&context, extract] {
    context.action = [&context, extract] {
      // `extract 001 245a books.mrc`: what compiles as a path and is no file is a path.
      auto& arguments = extract->input.files;
      while (!arguments.empty() && arguments.front() != "-" &&
             !std::filesystem::exists(arguments.front()) &&
             marc::CompileColumns(arguments.front()).ok()) {
        extract->paths.push_back(arguments.front());
        arguments.erase(arguments.begin());
      }
      if (extract->paths.empty()) {
        return Fail(context, Status::InvalidArgument("no path, such as 245$a"));
      }
      return RunExtract(context, *extract);
    };
  });
  auto table = std::make_shared<ExtractFlags>();
  CLI::App* table_app = marc.add_subcommand(
      "table", "Write a table, a row a record: CSV, TSV, JSON lines, Parquet, Arrow.");
  table_app->add_option("columns", table->columns, "'001, 245$a AS title, 650$a[] AS subjects'")
      ->required();
  table->input.AddTo(*table_app);
  table_app->add_option("-o,--output", table->output, "File to write; the suffix is the format.");
  table_app->add_option("--form", table->form, "Format, instead of the suffix.")
      ->check(CLI::IsMember({"tsv", "csv", "jsonl", "parquet", "arrow"}));
  table_app->add_option("--separator", table->separator, "Between the values of a path with [].");
  table_app->add_flag("--force", table->force, "Replace a file that is there.");
  table_app->callback([&context, table] {
    context.action = [&context, table] { return RunTableCommand(context, *table); };
  });
}

}  // namespace thalweg::cli
