#include "thalweg/marc/edit.h"

#include <algorithm>
#include <utility>

#include "marc/path_program.h"
#include "marc/text_pattern.h"
#include "thalweg/marc/path.h"

namespace thalweg::marc {
namespace {

enum class Action : uint8_t { kAdd, kDelete, kSet, kSetIndicator, kReplace };

struct Command {
  Action action = Action::kAdd;
  Field field;
  std::optional<Path> path;
  int indicator = 0;
  std::string value;
  std::shared_ptr<const TextPattern> pattern;
  bool each_match = false;
};

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Status Wrong(std::string_view command, const std::string& why) {
  return Status::InvalidArgument("edit '" + std::string(command) + "': " + why);
}

char Blank(char c) { return c == '_' || c == '\\' || c == '#' ? ' ' : c; }

// `650 _0 $aBotany`, `003 DLC`, or a line of MARCMaker's text.
Result<Field> ParseField(std::string_view text) {
  if (text.starts_with('=')) text.remove_prefix(1);
  const auto tag = Tag::Of(text.substr(0, 3));
  if (!tag) return Status::InvalidArgument("a field begins with its tag");
  text = text.substr(3);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  if (tag->is_control()) {
    if (text.empty()) return Status::InvalidArgument("a control field needs a value");
    return Field::Control(*tag, text);
  }
  size_t mark = text.find('$');
  if (mark == std::string_view::npos) return Status::InvalidArgument("no subfield, such as $a");
  const std::string_view indicators = text.substr(0, mark);
  Field field(*tag, indicators.empty() ? ' ' : Blank(indicators[0]),
              indicators.size() > 1 ? Blank(indicators[1]) : ' ');
  while (mark < text.size()) {
    const size_t next = std::min(text.find('$', mark + 1), text.size());
    if (next - mark < 2) return Status::InvalidArgument("`$` without a code");
    field.Add(text[mark + 1], text.substr(mark + 2, next - mark - 2));
    mark = next;
  }
  return field;
}

// `PATH = VALUE` or `PATH ind1 = VALUE`; brackets may hold signs and blanks.
Result<Command> ParseSet(std::string_view text) {
  int depth = 0;
  size_t equals = std::string_view::npos;
  for (size_t i = 0; i < text.size() && equals == std::string_view::npos; ++i) {
    depth += text[i] == '[' ? 1 : text[i] == ']' ? -1 : 0;
    if (depth == 0 && text[i] == '=') equals = i;
  }
  if (equals == std::string_view::npos) return Status::InvalidArgument("set needs PATH = VALUE");
  Command command;
  command.action = Action::kSet;
  command.value = Trim(text.substr(equals + 1));
  std::string_view path = Trim(text.substr(0, equals));
  for (int indicator = 1; indicator <= 2; ++indicator) {
    const std::string word = " ind" + std::to_string(indicator);
    if (!path.ends_with(word)) continue;
    path.remove_suffix(word.size());
    command.action = Action::kSetIndicator;
    command.indicator = indicator;
    if (command.value.size() != 1) {
      return Status::InvalidArgument("an indicator is one character; `_` is a blank");
    }
  }
  THALWEG_ASSIGN_OR_RETURN(command.path, Path::Compile(Trim(path)));
  return command;
}

// `PATH /expression/replacement/`, with any sign in place of the slash.
Result<Command> ParseReplace(std::string_view text) {
  const size_t start = text.rfind(' ', text.find_first_of("/|,", text.find(' ')));
  if (start == std::string_view::npos || start + 1 >= text.size()) {
    return Status::InvalidArgument("replace needs PATH /expression/replacement/");
  }
  const char sign = text[start + 1];
  const size_t second = text.find(sign, start + 2);
  const size_t third = second == std::string_view::npos ? second : text.find(sign, second + 1);
  if (third == std::string_view::npos) {
    return Status::InvalidArgument("replace needs PATH /expression/replacement/");
  }
  const std::string_view flags = Trim(text.substr(third + 1));
  if (!flags.empty() && flags != "g") return Status::InvalidArgument("only g may stand at the end");
  Command command;
  command.action = Action::kReplace;
  command.each_match = flags == "g";
  command.value = text.substr(second + 1, third - second - 1);
  THALWEG_ASSIGN_OR_RETURN(
      command.pattern,
      TextPattern::Compile(std::string(text.substr(start + 2, second - start - 2))));
  THALWEG_ASSIGN_OR_RETURN(command.path, Path::Compile(Trim(text.substr(0, start))));
  return command;
}

Result<Command> ParseCommand(std::string_view text) {
  const size_t end = std::min(text.find(' '), text.size());
  const std::string_view verb = text.substr(0, end);
  const std::string_view rest = Trim(text.substr(end));
  if (verb == "set") return ParseSet(rest);
  if (verb == "replace") return ParseReplace(rest);
  Command command;
  if (verb == "add") {
    THALWEG_ASSIGN_OR_RETURN(command.field, ParseField(rest));
    return command;
  }
  if (verb == "delete") {
    command.action = Action::kDelete;
    THALWEG_ASSIGN_OR_RETURN(command.path, Path::Compile(rest));
    if (command.path->program().leader) {
      return Status::InvalidArgument("the leader cannot be deleted");
    }
    return command;
  }
  return Status::InvalidArgument("the first word is add, delete, set or replace");
}

// The commands at work on one record.
class Editing {
 public:
  Editing(Record* record, std::vector<EditChange>* changes) : record_(record), changes_(changes) {}

  size_t count() const { return count_; }

  void Apply(const Command& command) {
    if (command.action == Action::kAdd) {
      Tell({}, command.field.view().ToString());
      return record_->AddGrouped(command.field);
    }
    const Path::Program& program = command.path->program();
    if (program.leader) return ApplyToLeader(command, program);
    std::vector<size_t> places = command.path->Fields(*record_);
    if (places.empty() && command.action == Action::kSet && program.exact &&
        program.tag.is_control() && !program.range) {
      const Field field = Field::Control(program.tag, command.value);
      Tell({}, field.view().ToString());
      return record_->AddGrouped(field);
    }
    // From the end, so that what is taken away moves no place that is still to come.
    std::reverse(places.begin(), places.end());
    for (const size_t place : places) ApplyAt(place, command, program);
  }

 private:
  void Tell(std::string before, std::string after) {
    ++count_;
    if (changes_ != nullptr) changes_->push_back({std::move(before), std::move(after)});
  }

  void ApplyToLeader(const Command& command, const Path::Program& program) {
    const Leader before = record_->leader();
    std::string text(before.text());
    if (command.action == Action::kReplace) {
      std::string changed;
      command.pattern->Replace(text, command.value, command.each_match, &changed);
      text = std::move(changed);
    } else if (program.range) {
      Overwrite(*program.range, command.value, &text);
    } else {
      text = command.value;
    }
    const Leader after(text);
    if (after == before) return;
    Tell("=LDR  " + std::string(before.text()), "=LDR  " + std::string(after.text()));
    record_->SetLeader(after);
  }

  // Keeps the length: what is too long is cut, what is too short filled with blanks.
  static void Overwrite(const CharacterRange& range, std::string_view value, std::string* text) {
    const size_t last = std::min(range.last, text->size() - 1);
    for (size_t i = range.first; i <= last && i < text->size(); ++i) {
      const size_t at = i - range.first;
      (*text)[i] = at < value.size() ? value[at] : ' ';
    }
  }

  void ApplyAt(size_t place, const Command& command, const Path::Program& program) {
    const FieldView& view = record_->fields()[place];
    std::string before = view.ToString();
    Field field(view);
    if (command.action == Action::kDelete && program.codes.empty()) {
      Tell(std::move(before), {});
      record_->RemoveAt(place);
      return;
    }
    if (view.is_control()) {
      ChangeControl(command, program, &field);
    } else {
      ChangeData(command, program, &field);
    }
    const bool gone = !field.view().is_control() && field.view().subfields().empty();
    std::string after = gone ? std::string() : field.view().ToString();
    if (after == before) return;
    Tell(std::move(before), std::move(after));
    if (gone) {
      record_->RemoveAt(place);
    } else {
      record_->Replace(place, field);
    }
  }

  static void ChangeControl(const Command& command, const Path::Program& program, Field* field) {
    std::string data(field->view().data());
    if (command.action == Action::kReplace) {
      std::string changed;
      command.pattern->Replace(data, command.value, command.each_match, &changed);
      data = std::move(changed);
    } else if (command.action == Action::kSet && program.range) {
      if (!data.empty()) Overwrite(*program.range, command.value, &data);
    } else if (command.action == Action::kSet) {
      data = command.value;
    }
    field->SetData(data);
  }

  static bool Wants(const Path::Program& program, char code) {
    return program.codes.empty() || program.all_codes() ||
           program.codes.find(code) != std::string::npos;
  }

  static void ChangeData(const Command& command, const Path::Program& program, Field* field) {
    if (command.action == Action::kSetIndicator) {
      const char value = Blank(command.value[0]);
      field->SetIndicators(command.indicator == 1 ? value : field->view().indicator1(),
                           command.indicator == 2 ? value : field->view().indicator2());
      return;
    }
    // A copy, because what is changed is what the view looks into.
    const Field old = *field;
    Field changed(old.tag(), old.view().indicator1(), old.view().indicator2());
    bool found = false;
    for (const Subfield& subfield : old.view().subfields()) {
      if (!Wants(program, subfield.code)) {
        changed.Add(subfield.code, subfield.value);
        continue;
      }
      found = true;
      if (command.action == Action::kDelete) continue;
      std::string value;
      if (command.action == Action::kReplace) {
        command.pattern->Replace(subfield.value, command.value, command.each_match, &value);
      } else {
        value = command.value;
      }
      changed.Add(subfield.code, value);
    }
    if (!found && command.action == Action::kSet && program.codes.size() == 1 &&
        !program.all_codes()) {
      changed.Add(program.codes[0], command.value);
    }
    *field = changed;
  }

  Record* record_;
  std::vector<EditChange>* changes_;
  size_t count_ = 0;
};

}  // namespace

struct EditScript::Program {
  std::vector<Command> commands;
};

EditScript::EditScript(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

Result<EditScript> EditScript::Compile(std::span<const std::string> commands) {
  auto program = std::make_shared<Program>();
  for (const std::string& text : commands) {
    Result<Command> command = ParseCommand(Trim(text));
    if (!command.ok()) return Wrong(text, command.status().message());
    program->commands.push_back(*std::move(command));
  }
  return EditScript(std::move(program));
}

size_t EditScript::Apply(Record* record, std::vector<EditChange>* changes) const {
  Editing editing(record, changes);
  for (const Command& command : program_->commands) editing.Apply(command);
  return editing.count();
}

}  // namespace thalweg::marc
