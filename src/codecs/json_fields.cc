#include <string>
#include <utility>

#include "codecs/json_column.h"
#include "codecs/text_print.h"

namespace thalweg::codecs {

void JsonFields::Add(const std::string& name, std::unique_ptr<JsonColumnReader> reader) {
  Field field;
  field.name = name;
  AppendJsonString(name, &field.quoted);
  field.quoted += ':';
  field.reader = std::move(reader);
  fields_.push_back(std::move(field));
}

size_t JsonFields::Find(std::string_view name) {
  // Built when all fields stand where they stay: the names are views.
  if (index_.size() != fields_.size()) {
    for (size_t i = 0; i < fields_.size(); ++i) index_.emplace(fields_[i].name, i);
  }
  const auto found = index_.find(name);
  return found == index_.end() ? kUnknown : found->second;
}

Status JsonFields::AppendNulls() {
  for (Field& field : fields_) {
    if (field.reader != nullptr) THALWEG_RETURN_IF_ERROR(field.reader->AppendNull());
  }
  return {};
}

bool JsonFields::ReadKey(JsonWalker& walker, size_t* expected, size_t* index) {
  walker.Peek();
  if (*expected < fields_.size() && walker.TakeExactly(fields_[*expected].quoted)) [[likely]] {
    *index = (*expected)++;
    return true;
  }
  std::string_view raw;
  bool escaped = false;
  if (!walker.ReadString(&raw, &escaped)) return false;
  if (escaped) {
    if (!UnescapeJson(raw, &room_)) return walker.Fail("a bad escape in a key");
    raw = room_;
  }
  *index = Find(raw);
  if (*index != kUnknown) *expected = *index + 1;
  return walker.Take(':') || walker.Fail("expected ':'");
}

bool JsonFields::ReadFields(JsonWalker& walker, JsonMisfit* misfit, std::string_view* field) {
  if (!walker.Take('{')) return walker.Fail("expected '{'");
  if (walker.Take('}')) return true;
  size_t expected = 0;
  do {
    size_t index = kUnknown;
    if (!ReadKey(walker, &expected, &index)) return false;
    if (index == kUnknown) {
      if (!walker.SkipValue()) return false;
      continue;
    }
    Field& found = fields_[index];
    if (found.record == record_) {
      *field = found.name;
      return walker.Fail("a key that occurs twice");
    }
    found.record = record_;
    if (!(found.reader == nullptr ? walker.SkipValue() : found.reader->Append(walker, misfit))) {
      *field = found.name;
      return false;
    }
  } while (walker.Take(','));
  return walker.Take('}') || walker.Fail("expected ',' or '}'");
}

bool JsonFields::ReadObject(JsonWalker& walker, JsonMisfit* misfit, std::string_view* field) {
  ++record_;
  const bool good = ReadFields(walker, misfit, field);
  for (Field& f : fields_) {
    if (f.record != record_ && f.reader != nullptr) static_cast<void>(f.reader->AppendNull());
  }
  return good;
}

}  // namespace thalweg::codecs
