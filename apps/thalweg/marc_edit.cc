// `thalweg marc edit | fix`: changes are listed, and then written.

#include <cstdio>
#include <memory>

#include "thalweg/marc.h"
#include "thalweg/marc/edit.h"
#include "thalweg/marc/path.h"

namespace thalweg::cli {
namespace {

struct EditFlags {
  MarcInputFlags input;
  MarcOutputFlags output;
  std::vector<std::string> commands;
  std::string where;
  bool list_only = false;
  int64_t listed_max = 20;
  marc::FixOptions fix;
};

struct RecordChanges {
  std::string control_number;
  std::vector<marc::EditChange> changes;
};

// What was changed, in the order of the input.
class ChangeList {
 public:
  explicit ChangeList(int64_t listed_max) : listed_max_(listed_max) {}

  void Add(const RecordChanges& record) {
    ++records_;
    for (const marc::EditChange& change : record.changes) {
      ++changes_;
      if (listed_max_ > 0 && listed_ >= listed_max_) continue;
      ++listed_;
      text_ += "001 " + record.control_number + "\n";
      if (!change.before.empty()) text_ += "  - " + change.before + "\n";
      if (!change.after.empty()) text_ += "  + " + change.after + "\n";
    }
  }

  void Print() const {
    std::fputs(text_.c_str(), stderr);
    if (changes_ > listed_) {
      std::fprintf(stderr, "… and %s more\n", Grouped(changes_ - listed_).c_str());
    }
    std::fprintf(stderr, "%s changes in %s records\n", Grouped(changes_).c_str(),
                 Grouped(records_).c_str());
  }

 private:
  int64_t listed_max_;
  int64_t listed_ = 0;
  int64_t changes_ = 0;
  int64_t records_ = 0;
  std::string text_;
};

using ChangeRecord = std::function<size_t(marc::Record*, std::vector<marc::EditChange>*)>;

// Null where nothing was changed.
std::shared_ptr<RecordChanges> ChangeOne(const marc::RecordView& record,
                                         const marc::Condition* where, const ChangeRecord& change,
                                         marc::Record* changed) {
  if (where != nullptr && !where->Matches(record)) return nullptr;
  // Nobody owns it: it is copied where it is changed, and the view outlives this call.
  *changed = marc::Record(record, nullptr);
  auto made = std::make_shared<RecordChanges>();
  if (change(changed, &made->changes) == 0) return nullptr;
  made->control_number = record.control_number();
  *changed = marc::Record::CopyOf(*changed);
  return made;
}

// Reads all inputs and only tells what would be changed.
int List(const Context& context, const marc::InputOptions& input, const marc::Condition* where,
         const ChangeRecord& change, ChangeList* list) {
  using Changes = std::vector<RecordChanges>;
  auto report = ReadMarc(
      context, input,
      [&](const marc::RecordBatch& batch) -> Result<std::shared_ptr<void>> {
        auto made = std::make_shared<Changes>();
        marc::Record changed;
        for (const marc::RecordView& record : batch.records) {
          const auto changes = ChangeOne(record, where, change, &changed);
          if (changes != nullptr) made->push_back(std::move(*changes));
        }
        return std::shared_ptr<void>(std::move(made));
      },
      [&](const marc::RecordBatch&, const std::shared_ptr<void>& made) -> Result<bool> {
        for (const RecordChanges& changes : *static_cast<Changes*>(made.get())) list->Add(changes);
        return true;
      });
  if (!report.ok()) return Fail(context, report.status());
  list->Print();
  return FinishMarc(context, *report);
}

int RunChanges(const Context& context, const EditFlags& flags, const ChangeRecord& change) {
  std::unique_ptr<marc::Condition> where;
  if (!flags.where.empty()) {
    auto compiled = marc::Condition::Compile(flags.where);
    if (!compiled.ok()) return Fail(context, compiled.status());
    where = std::make_unique<marc::Condition>(*std::move(compiled));
  }
  auto input = flags.input.ToOptions(!flags.list_only);
  if (!input.ok()) return Fail(context, input.status());
  ChangeList list(flags.listed_max);
  if (flags.list_only) return List(context, *input, where.get(), change, &list);
  auto options = flags.output.ToOptions(*std::move(input));
  if (!options.ok()) return Fail(context, options.status());
  options->each = [&](const marc::RecordView& record, marc::Record* changed,
                      std::shared_ptr<void>* note) -> Result<marc::Verdict> {
    *note = ChangeOne(record, where.get(), change, changed);
    return *note == nullptr ? marc::Verdict::kKeep : marc::Verdict::kChanged;
  };
  options->on_change = [&](const std::shared_ptr<void>& note) {
    list.Add(*static_cast<const RecordChanges*>(note.get()));
  };
  // The output appears when all of it is written, which is when the list is complete.
  options->before_commit = [&] { list.Print(); };
  return RunMarcConvert(context, *std::move(options));
}

int RunEdit(const Context& context, const EditFlags& flags) {
  auto script = marc::EditScript::Compile(flags.commands);
  if (!script.ok()) return Fail(context, script.status());
  return RunChanges(context, flags, [&](marc::Record* record, auto* changes) {
    return script->Apply(record, changes);
  });
}

int RunFix(const Context& context, const EditFlags& flags) {
  return RunChanges(context, flags, [&](marc::Record* record, auto* changes) {
    return marc::FixRecord(record, flags.fix, changes);
  });
}

CLI::App* AddOne(CLI::App& marc, Context& context, const char* name, const char* summary,
                 const std::shared_ptr<EditFlags>& flags,
                 int (*run)(const Context&, const EditFlags&)) {
  CLI::App* app = marc.add_subcommand(name, summary);
  flags->input.AddTo(*app);
  flags->output.AddTo(*app);
  app->add_flag("-n,--list-only", flags->list_only, "Tell what would be changed; write nothing.");
  app->add_option("--listed", flags->listed_max, "Changes that are listed; 0: all.");
  app->callback([&context, flags, run] {
    context.action = [&context, flags, run] { return run(context, *flags); };
  });
  return app;
}

}  // namespace

void AddMarcEdit(CLI::App& marc, Context& context) {
  auto edit = std::make_shared<EditFlags>();
  CLI::App* app = AddOne(marc, context, "edit", "Add, delete, set and replace fields and values.",
                         edit, RunEdit);
  app->add_option("-e,--edit", edit->commands,
                  "What to do; repeatable: \"add 650 _0 $aBotany\", \"delete 020c\", "
                  "\"set LDR/05 = c\", \"replace 300a /pages?/p./\".")
      ->required()
      ->allow_extra_args(false);
  app->add_option("--where", edit->where, "Only in records for which this holds.");
  auto fix = std::make_shared<EditFlags>();
  CLI::App* fix_app =
      AddOne(marc, context, "fix",
             "Write what can be read, mended: structure, leader, empty parts.", fix, RunFix);
  fix_app->add_flag("!--keep-empty", fix->fix.empty_parts, "Leave empty fields and subfields.");
  fix_app->add_flag("!--keep-leader", fix->fix.leader, "Leave leader/10, 11 and 20-23.");
}

}  // namespace thalweg::cli
