#pragma once

#include <arrow/array.h>
#include <arrow/buffer.h>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "codecs/json_guess.h"
#include "codecs/json_walker.h"
#include "thalweg/status.h"

namespace thalweg::codecs {

/// Why a value did not become one of the column.
struct JsonMisfit {
  std::string_view text;  ///< The value as it stands; empty: the JSON is bad, as the walker says.
  const JsonType* type = nullptr;
};

/// Builds one column, or one level of a nested one, from values. Not thread-safe.
class JsonColumnReader {
 public:
  virtual ~JsonColumnReader() = default;
  /// Starts a new array. `text` is where strings may point into.
  virtual void Begin(std::string_view text) = 0;
  /// Reads one value and adds it. On false something is added all the same, so that all columns
  /// stay equally long; the walker's place is then of no meaning.
  virtual bool Append(JsonWalker& walker, JsonMisfit* misfit) = 0;
  virtual Status AppendNull() = 0;
  /// The array since `Begin`; `text` holds what was given there.
  virtual Result<std::shared_ptr<arrow::Array>> Finish(
      const std::shared_ptr<arrow::Buffer>& text) = 0;
  /// The physical type: strings are views.
  virtual std::shared_ptr<arrow::DataType> type() const = 0;
};

/// `type` outlives the reader.
Result<std::unique_ptr<JsonColumnReader>> MakeJsonColumnReader(const JsonType& type);

/// The fields of an object, found by name, in the order in which they usually come.
class JsonFields {
 public:
  /// A null reader: a field that is known and not wanted.
  void Add(const std::string& name, std::unique_ptr<JsonColumnReader> reader);

  /// Reads an object into the readers. A reader without a key gets NULL. On false `*field` is the
  /// name of the field whose value failed, or empty; every reader got one value nevertheless.
  bool ReadObject(JsonWalker& walker, JsonMisfit* misfit, std::string_view* field);
  /// NULL to every reader.
  Status AppendNulls();

  size_t size() const { return fields_.size(); }
  JsonColumnReader* reader(size_t i) const { return fields_[i].reader.get(); }
  const std::string& name(size_t i) const { return fields_[i].name; }

 private:
  struct Field {
    std::string name;
    std::string quoted;  // As it mostly stands in text: `"name":`.
    std::unique_ptr<JsonColumnReader> reader;
    uint64_t record = 0;  // The last record that had it.
  };
  static constexpr size_t kUnknown = ~size_t{0};

  bool ReadFields(JsonWalker& walker, JsonMisfit* misfit, std::string_view* field);
  /// Reads a key; `*index` is its field. `*expected` is where it is looked for first.
  bool ReadKey(JsonWalker& walker, size_t* expected, size_t* index);
  size_t Find(std::string_view name);

  std::vector<Field> fields_;
  std::unordered_map<std::string_view, size_t> index_;
  std::string room_;
  uint64_t record_ = 0;
};

}  // namespace thalweg::codecs
