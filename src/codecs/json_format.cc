#include "codecs/json_format.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace thalweg::codecs {
namespace {

constexpr std::string_view kMark = "\xef\xbb\xbf";

/// Where the first byte that is no space stands, or the text's size.
size_t SkipSpace(std::string_view text, size_t at) {
  return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

JsonLayout FindLayout(std::string_view sample, bool whole) {
  const size_t begin = SkipSpace(sample, sample.starts_with(kMark) ? kMark.size() : 0);
  if (begin == sample.size()) return JsonLayout::kLines;
  // A first line that is a value: each line is one.
  const size_t newline = sample.find('\n', begin);
  const bool line_known = newline != std::string_view::npos || whole;
  JsonWalker line(
      sample.substr(begin, newline == std::string_view::npos ? newline : newline - begin),
      JsonWalker::Lines::kRecords);
  const bool line_is_value = line_known && line.SkipValue() && line.Peek() == '\0' && line.at_end();
  if (sample[begin] == '[') {
    // One line that is an array, and no other line: its elements are the records.
    const bool more =
        newline != std::string_view::npos && SkipSpace(sample, newline) != sample.size();
    return line_is_value && more ? JsonLayout::kLines : JsonLayout::kArray;
  }
  return line_is_value || !line_known ? JsonLayout::kLines : JsonLayout::kSpace;
}

/// Feeds the sample's records to a guess.
class Sampler {
 public:
  Sampler(JsonLayout layout, std::string_view sample, bool whole, int64_t records_max)
      : layout_(layout),
        whole_(whole),
        left_(records_max < 0 ? std::numeric_limits<int64_t>::max() : records_max),
        text_(sample.starts_with(kMark) ? sample.substr(kMark.size()) : sample) {}

  void Run(JsonGuess* guess) {
    guess_ = guess;
    if (layout_ == JsonLayout::kLines) {
      RunLines();
    } else {
      RunValues();
    }
  }
  int64_t records() const { return records_; }
  bool any_object() const { return any_object_; }

 private:
  bool Read(JsonWalker& walker) {
    any_object_ = any_object_ || walker.Peek() == '{';
    if (!guess_->Add(walker)) return false;
    ++records_;
    --left_;
    return true;
  }
  void RunLines() {
    while (!text_.empty() && left_ > 0) {
      const size_t newline = text_.find('\n');
      // The sample may end within a line; it counts only where there is no other.
      if (newline == std::string_view::npos && !whole_ && records_ > 0) return;
      JsonWalker walker(text_.substr(0, newline), JsonWalker::Lines::kRecords);
      if (walker.Peek() != '\0') Read(walker);
      text_ = newline == std::string_view::npos ? std::string_view() : text_.substr(newline + 1);
    }
  }
  void RunValues() {
    JsonWalker walker(text_, JsonWalker::Lines::kSpace);
    const bool array = layout_ == JsonLayout::kArray;
    if (array && (!walker.Take('[') || walker.Peek() == ']')) return;
    while (left_ > 0 && walker.Peek() != '\0' && Read(walker)) {
      if (array && !walker.Take(',')) return;
    }
  }

  const JsonLayout layout_;
  const bool whole_;
  int64_t left_;
  std::string_view text_;
  JsonGuess* guess_ = nullptr;
  int64_t records_ = 0;
  bool any_object_ = false;
};

/// Types that were asked for replace what was found, or are further columns.
Status ApplyTypes(const Options& options, JsonType* root) {
  if (!options.Has("types")) return {};
  for (const auto& [name, type_name] : options.Map("types")) {
    auto type = columnar::TypeFromSqlName(type_name);
    if (!type.ok()) return type.status().WithContext("json: types: '" + name + "'");
    THALWEG_ASSIGN_OR_RETURN(JsonType tree, JsonTypeOf(name, *type));
    const auto found = std::find(root->names.begin(), root->names.end(), name);
    if (found == root->names.end()) {
      root->names.push_back(name);
      root->children.push_back(std::move(tree));
    } else {
      root->children[static_cast<size_t>(found - root->names.begin())] = std::move(tree);
    }
  }
  return {};
}

void SettleSchema(JsonFormat* format) {
  arrow::FieldVector fields;
  JsonType& root = format->root;
  if (format->objects) {
    for (size_t i = 0; i < root.names.size(); ++i) {
      fields.push_back(arrow::field(root.names[i], root.children[i].type));
    }
    root.type = arrow::struct_(fields);
  } else {
    fields.push_back(arrow::field("json", root.type));
  }
  format->schema = arrow::schema(std::move(fields));
}

}  // namespace

std::vector<Field> JsonReadFields() {
  std::vector<Field> fields;
  fields.push_back(
      EnumField("format", {"auto", "newline_delimited", "array", "unstructured"})
          .Default("auto")
          .Doc("One record a line, the elements of one array, or one after the other."));
  fields.push_back(
      EnumField("records", {"auto", "true", "false"})
          .Default("auto")
          .Doc("Whether a record's keys are the columns; otherwise the value is one."));
  fields.push_back(StringMapField("types")
                       .Alias("dtypes")
                       .Alias("column_types")
                       .Alias("columns")
                       .Doc("Types by column name, such as {'price': 'DECIMAL(10,2)'}; also of "
                            "further columns."));
  fields.push_back(
      Int64Field("sample_size")
          .Default(int64_t{20480})
          .Min(-1)
          .Doc("Records that types are inferred from; -1: all that the sample holds."));
  fields.push_back(BytesField("maximum_object_size")
                       .Alias("max_record_bytes")
                       .Default("64 MiB")
                       .Min(64)
                       .Max(1 << 30)
                       .Doc("The longest record."));
  return fields;
}

Result<JsonFormat> SniffJson(std::string_view sample, bool whole, const Options& options) {
  JsonFormat format;
  format.record_bytes_max = options.Int64("maximum_object_size");
  if (sample.starts_with("\xff\xfe") || sample.starts_with("\xfe\xff")) {
    return Status::Unsupported(
        "json: the file is UTF-16 (by its byte-order mark): convert it to "
        "utf-8 first (iconv -f utf-16 -t utf-8)");
  }
  const std::string& layout = options.String("format");
  format.layout = layout == "array"               ? JsonLayout::kArray
                  : layout == "newline_delimited" ? JsonLayout::kLines
                  : layout == "unstructured"      ? JsonLayout::kSpace
                                                  : FindLayout(sample, whole);
  JsonGuess guess;
  Sampler sampler(format.layout, sample, whole, options.Int64("sample_size"));
  sampler.Run(&guess);
  format.sampled_records = sampler.records();
  const std::string& records = options.String("records");
  // Where objects and other values stand side by side, objects are the records.
  format.objects =
      records == "auto" ? sampler.any_object() || sampler.records() == 0 : records == "true";
  if (format.objects) {
    for (size_t i = 0; i < guess.names().size(); ++i) {
      format.root.names.push_back(guess.names()[i]);
      format.root.children.push_back(guess.fields()[i].Type());
    }
    THALWEG_RETURN_IF_ERROR(ApplyTypes(options, &format.root));
  } else {
    format.root = guess.Type();
    if (options.Has("types")) {
      return Status::InvalidArgument("json: types: the records are no objects: there are no names");
    }
  }
  SettleSchema(&format);
  return format;
}

}  // namespace thalweg::codecs
