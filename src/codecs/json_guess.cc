#include "codecs/json_guess.h"

#include <utility>

namespace thalweg::codecs {
namespace {

// Deeper types, and objects with more keys (which are maps by nature), stay JSON text.
constexpr int kTypeDepthMax = 32;
constexpr size_t kFieldsMax = 1000;

}  // namespace

bool JsonGuess::AddNumber(JsonWalker& walker) {
  std::string_view token;
  if (!walker.ReadNumber(&token)) return false;
  number_ = true;
  numbers_.Add(token);
  return true;
}

bool JsonGuess::AddString(JsonWalker& walker) {
  std::string_view raw;
  bool escaped = false;
  if (!walker.ReadString(&raw, &escaped)) return false;
  string_ = true;
  // What is escaped is neither a date nor a timestamp.
  strings_.Add(escaped ? "\\" : raw);
  return true;
}

bool JsonGuess::AddArray(JsonWalker& walker, int depth) {
  array_ = true;
  if (depth >= kTypeDepthMax) {
    mixed_ = true;
    return walker.SkipValue();
  }
  if (children_.empty()) children_.emplace_back();
  walker.Take('[');
  if (walker.Take(']')) return true;
  for (;;) {
    JsonGuess ignored;
    // After a conflict the children belong to an object.
    if (!(object_ ? ignored : children_.front()).Add(walker, depth + 1)) return false;
    if (walker.Take(']')) return true;
    if (!walker.Take(',')) return walker.Fail("expected ',' or ']'");
  }
}

bool JsonGuess::AddObject(JsonWalker& walker, int depth) {
  const bool known = !array_;  // Otherwise the children belong to an array.
  object_ = true;
  if (depth >= kTypeDepthMax || !known) {
    mixed_ = true;
    return walker.SkipValue();
  }
  walker.Take('{');
  if (walker.Take('}')) return true;
  for (;;) {
    std::string_view raw;
    bool escaped = false;
    if (!walker.ReadString(&raw, &escaped)) return false;
    std::string name(raw);
    if (escaped && !UnescapeJson(raw, &name)) return walker.Fail("a bad escape in a string");
    if (!walker.Take(':')) return walker.Fail("expected ':'");
    const auto [found, added] = index_.try_emplace(name, children_.size());
    if (added) {
      names_.push_back(name);
      children_.emplace_back();
      if (depth > 0 && names_.size() > kFieldsMax) mixed_ = true;
    }
    if (!children_[found->second].Add(walker, depth + 1)) return false;
    if (walker.Take('}')) return true;
    if (!walker.Take(',')) return walker.Fail("expected ',' or '}'");
  }
}

bool JsonGuess::Add(JsonWalker& walker, int depth) {
  switch (walker.Peek()) {
    case 'n':
      return walker.ReadWord("null");
    case 't':
      boolean_ = true;
      return walker.ReadWord("true");
    case 'f':
      boolean_ = true;
      return walker.ReadWord("false");
    case '"':
      return AddString(walker);
    case '[':
      return AddArray(walker, depth);
    case '{':
      return AddObject(walker, depth);
    default:
      return AddNumber(walker);
  }
}

JsonType JsonGuess::Type() const {
  JsonType type;
  type.type = arrow::utf8();
  const int kinds = (boolean_ ? 1 : 0) + (number_ ? 1 : 0) + (string_ ? 1 : 0) + (array_ ? 1 : 0) +
                    (object_ ? 1 : 0);
  if (kinds == 0) return type;
  if (kinds > 1 || mixed_) {
    type.json_text = true;
    return type;
  }
  if (boolean_) type.type = arrow::boolean();
  if (number_) {
    const auto number = numbers_.type();
    // Digits beyond BIGINT, or that a double would lose.
    type.json_text = columnar::IsString(*number);
    type.type = number;
  }
  if (string_) {
    const auto guess = strings_.type();
    const bool time = guess->id() == arrow::Type::DATE32 || guess->id() == arrow::Type::TIMESTAMP;
    if (time) type.type = guess;
    type.zone = strings_.zone();
  }
  if (array_) {
    type.children.push_back(children_.front().Type());
    type.type = arrow::list(type.children.front().type);
  }
  if (object_) {
    if (names_.empty()) {
      type.json_text = true;
      return type;
    }
    arrow::FieldVector fields;
    for (size_t i = 0; i < names_.size(); ++i) {
      type.children.push_back(children_[i].Type());
      fields.push_back(arrow::field(names_[i], type.children.back().type));
    }
    type.names = names_;
    type.type = arrow::struct_(std::move(fields));
  }
  return type;
}

Result<JsonType> JsonTypeOf(const std::string& name, const columnar::TypePtr& type) {
  JsonType out;
  out.type = type;
  out.inferred = false;
  switch (type->id()) {
    case arrow::Type::LIST:
    case arrow::Type::STRUCT:
      for (const auto& field : type->fields()) {
        THALWEG_ASSIGN_OR_RETURN(JsonType child, JsonTypeOf(name, field->type()));
        out.children.push_back(std::move(child));
        out.names.push_back(field->name());
      }
      return out;
    case arrow::Type::MAP:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
    case arrow::Type::NA:
      return Status::Unsupported("json: types: '" + name + "': " + columnar::SqlTypeName(*type) +
                                 " cannot be read from JSON: read VARCHAR and cast it");
    default:
      return out;
  }
}

}  // namespace thalweg::codecs
