#include "job/reference.h"

#include <algorithm>
#include <variant>
#include <vector>

namespace thalweg::job {
namespace {

struct Entry {
  const Spec* spec;
  const std::vector<Field>* write_fields;
};

std::vector<Entry> EntriesOf(const engine::Registry& registry, std::string_view kind) {
  std::vector<Entry> entries;
  if (kind == "codecs") {
    for (const auto& c : registry.codecs()) entries.push_back({&c->spec, &c->write_fields});
  } else if (kind == "connectors") {
    for (const auto& c : registry.connectors()) entries.push_back({&c->spec, &c->write_fields});
  } else if (kind == "functions") {
    for (const auto& f : registry.scalars()) entries.push_back({&f->spec, nullptr});
    for (const auto& f : registry.aggregates()) entries.push_back({&f->spec, nullptr});
  } else if (kind == "operators") {
    for (const auto& o : registry.operators()) entries.push_back({&o->spec, nullptr});
  }
  std::ranges::sort(entries, {}, [](const Entry& entry) { return entry.spec->name; });
  return entries;
}

std::string TextOf(const OptionValue& value) {
  if (const auto* b = std::get_if<bool>(&value)) return *b ? "true" : "false";
  if (const auto* i = std::get_if<int64_t>(&value)) return std::to_string(*i);
  if (const auto* d = std::get_if<double>(&value)) return std::to_string(*d);
  if (const auto* s = std::get_if<std::string>(&value)) return "'" + *s + "'";
  return "";
}

const char* TypeText(FieldType type) {
  switch (type) {
    case FieldType::kBool:
      return "boolean";
    case FieldType::kInt64:
      return "integer";
    case FieldType::kDouble:
      return "number";
    case FieldType::kString:
      return "text";
    case FieldType::kEnum:
      return "name";
    case FieldType::kDuration:
      return "duration";
    case FieldType::kBytes:
      return "size";
    case FieldType::kStringList:
      return "list of texts";
    case FieldType::kStringMap:
      return "map of texts";
  }
  return "";
}

void AppendFields(const std::vector<Field>& fields, std::string* out) {
  for (const auto& field : fields) {
    *out += "  " + field.name + " (" + TypeText(field.type);
    for (size_t i = 0; i < field.choices.size(); ++i) {
      *out += (i == 0 ? ": " : ", ") + field.choices[i];
    }
    const std::string value = TextOf(field.default_value);
    if (!value.empty()) *out += "; default " + value;
    if (field.required) *out += "; required";
    *out += ")\n      " + field.doc + "\n";
  }
}

std::string OneEntry(const Entry& entry) {
  const Spec& spec = *entry.spec;
  std::string out = spec.name;
  for (size_t i = 0; i < spec.aliases.size(); ++i) {
    out += (i == 0 ? " (also " : ", ") + spec.aliases[i];
  }
  if (!spec.aliases.empty()) out += ")";
  out += "\n\n" + spec.summary + "\n";
  if (!spec.details.empty()) out += "\n" + spec.details + "\n";
  if (!spec.fields.empty()) {
    out += entry.write_fields != nullptr ? "\nOptions for reading:\n" : "\nOptions:\n";
    AppendFields(spec.fields, &out);
  }
  if (entry.write_fields != nullptr && !entry.write_fields->empty()) {
    out += "\nOptions for writing:\n";
    AppendFields(*entry.write_fields, &out);
  }
  if (!spec.examples.empty()) out += "\nExamples:\n";
  for (const auto& example : spec.examples) out += "  " + example + "\n";
  return out;
}

}  // namespace

Result<std::string> ReferenceText(const engine::Registry& registry, std::string_view kind,
                                  std::string_view name) {
  const std::vector<Entry> entries = EntriesOf(registry, kind);
  if (entries.empty()) return Status::NotFound("nothing of kind '" + std::string(kind) + "'");
  if (name.empty()) {
    size_t width = 0;
    for (const auto& entry : entries) width = std::max(width, entry.spec->name.size());
    std::string out;
    for (const auto& entry : entries) {
      out += entry.spec->name + std::string(width - entry.spec->name.size() + 2, ' ') +
             entry.spec->summary + "\n";
    }
    return out;
  }
  std::vector<std::string> known;
  for (const auto& entry : entries) {
    known.push_back(entry.spec->name);
    const auto& aliases = entry.spec->aliases;
    if (entry.spec->name == name || std::ranges::find(aliases, name) != aliases.end()) {
      return OneEntry(entry);
    }
  }
  return Status::NotFound("no such " + std::string(kind.substr(0, kind.size() - 1)) + ": '" +
                          std::string(name) + "'" + DidYouMean(name, known));
}

}  // namespace thalweg::job
