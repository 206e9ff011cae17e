#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/spec.h"
#include "codecs/json_guess.h"
#include "columnar/batch.h"
#include "engine/codec.h"
#include "thalweg/status.h"

namespace thalweg::codecs {

/// How records stand in the text.
enum class JsonLayout : uint8_t {
  kLines,  ///< One a line.
  kArray,  ///< The elements of one array.
  kSpace,  ///< One after the other, also over several lines.
};

/// JSON text with everything settled. Immutable once made.
struct JsonFormat {
  JsonLayout layout = JsonLayout::kLines;
  /// Records are objects whose fields are the columns; otherwise any value is the one column
  /// `json`.
  bool objects = true;
  JsonType root;  ///< A struct of the columns, or the type of the one column.
  columnar::SchemaPtr schema;
  int64_t record_bytes_max = 0;
  int64_t sampled_records = 0;
};

std::vector<Field> JsonReadFields();

/// Settles the format from a prefix of the input (`whole`: all of it).
Result<JsonFormat> SniffJson(std::string_view sample, bool whole, const Options& options);

/// Follows brackets and strings byte by byte, whatever stands between them.
class JsonBrackets {
 public:
  /// Records stand at `depth`: 1 for the elements of an array that is read from its start.
  JsonBrackets(JsonLayout layout, int64_t depth) : layout_(layout), floor_(depth) {}

  /// True where a record, with what separates it from the next one, ends with `c`.
  bool Step(char c) {
    if (string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        string_ = false;
      }
      return false;
    }
    switch (c) {
      case '"':
        string_ = true;
        return false;
      case '{':
      case '[':
        ++depth_;
        return false;
      case '}':
      case ']':
        // One too many in a broken record does not shift the records behind it; only the array's
        // own end goes below.
        if (depth_ > floor_ || (c == ']' && layout_ == JsonLayout::kArray)) --depth_;
        return layout_ == JsonLayout::kSpace && depth_ <= 0;
      case ',':
        return layout_ == JsonLayout::kArray && depth_ <= floor_;
      case '\n':
        return layout_ == JsonLayout::kSpace && depth_ <= 0;
      default:
        return false;
    }
  }
  bool in_string() const { return string_; }
  int64_t depth() const { return depth_; }

 private:
  JsonLayout layout_;
  int64_t floor_;
  int64_t depth_ = 0;
  bool string_ = false;
  bool escaped_ = false;
};

/// A splitter of such text. `format` outlives it.
std::unique_ptr<engine::Splitter> MakeJsonSplitter(const JsonFormat& format);

}  // namespace thalweg::codecs
