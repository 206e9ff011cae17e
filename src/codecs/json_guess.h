#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "codecs/infer.h"
#include "codecs/json_walker.h"
#include "columnar/batch.h"

namespace thalweg::codecs {

/// How a value of JSON becomes a value of a column. A tree, as the type is one.
struct JsonType {
  columnar::TypePtr type;
  bool inferred = true;
  bool json_text = false;  ///< VARCHAR that holds the JSON itself, strings with their quotes.
  ZoneRule zone = ZoneRule::kAny;
  std::vector<JsonType> children;  ///< Fields of a struct, or the elements of a list.
  std::vector<std::string> names;  ///< Of the fields.
};

/// Collects the values seen in one place and answers the type that holds them all: BIGINT, DOUBLE,
/// BOOLEAN, DATE, TIMESTAMP, VARCHAR, lists and structs of these. Values of different kinds make it
/// VARCHAR with JSON text.
class JsonGuess {
 public:
  /// Reads one value. False where it is not JSON.
  bool Add(JsonWalker& walker, int depth = 0);
  JsonType Type() const;

  /// The object's fields in the order of their first appearance.
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<JsonGuess>& fields() const { return children_; }
  bool has_object() const { return object_; }
  bool has_other() const { return boolean_ || number_ || string_ || array_ || mixed_; }

 private:
  bool AddNumber(JsonWalker& walker);
  bool AddString(JsonWalker& walker);
  bool AddArray(JsonWalker& walker, int depth);
  bool AddObject(JsonWalker& walker, int depth);

  bool boolean_ = false;
  bool number_ = false;
  bool string_ = false;
  bool array_ = false;
  bool object_ = false;
  bool mixed_ = false;  // Nothing but JSON text holds it.
  TypeGuess numbers_;
  TypeGuess strings_;
  std::vector<JsonGuess> children_;  // Of an object's fields, or the one of all elements.
  std::vector<std::string> names_;
  std::unordered_map<std::string, size_t> index_;
};

/// The tree of an asked-for type. `unsupported` where JSON cannot be read into it.
Result<JsonType> JsonTypeOf(const std::string& name, const columnar::TypePtr& type);

}  // namespace thalweg::codecs
