#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "thalweg/status.h"

namespace thalweg {

/// A value as a caller wrote it, before its field gave it a type.
using OptionValue = std::variant<std::monostate, bool, int64_t, double, std::string,
                                 std::vector<std::string>, std::map<std::string, std::string>>;

enum class FieldType : uint8_t {
  kBool,
  kInt64,
  kDouble,
  kString,
  kEnum,      ///< A string out of `choices`.
  kDuration,  ///< Text such as `5s`, `250 ms`, or a number of milliseconds; held as int64 ms.
  kBytes,     ///< Text such as `64 MiB`, or a number of bytes; held as int64.
  kStringList,
  kStringMap,
};

/// One typed option: everything that help, SQL, the job-file schema and the reference pages say.
struct Field {
  std::string name;
  FieldType type = FieldType::kString;
  std::string doc;
  OptionValue default_value;  ///< monostate: no default.
  std::optional<double> min;
  std::optional<double> max;
  std::vector<std::string> choices;
  std::vector<std::string> aliases;
  bool required = false;
  bool secret = false;  ///< Never printed; given by reference (`env:`, `file:`).

  Field&& Doc(std::string text) &&;
  Field&& Default(OptionValue value) &&;
  Field&& Min(double value) &&;
  Field&& Max(double value) &&;
  Field&& Alias(std::string other) &&;
  Field&& Required() &&;
  Field&& Secret() &&;
};

Field BoolField(std::string name);
Field Int64Field(std::string name);
Field DoubleField(std::string name);
Field StringField(std::string name);
Field EnumField(std::string name, std::vector<std::string> choices);
Field DurationField(std::string name);
Field BytesField(std::string name);
Field StringListField(std::string name);
Field StringMapField(std::string name);

/// What a component is called, does and takes. The single source for option parsing, help, SQL
/// `WITH (…)`, the job-file schema and the reference pages.
struct Spec {
  std::string name;
  std::vector<std::string> aliases;
  std::string summary;  ///< One sentence.
  std::string details;  ///< Further paragraphs, or empty.
  std::vector<Field> fields;
  std::vector<std::string> examples;

  const Field* Find(std::string_view field) const;  ///< By name or alias, ignoring case.
};

/// Checked options: every field of the spec has its value, its default, or nothing.
class Options {
 public:
  using Given = std::vector<std::pair<std::string, OptionValue>>;

  Options() = default;
  /// Checks names (unknown: `invalid_argument` with the nearest known one), types, bounds and
  /// choices. `where` starts each message, such as `read_csv`.
  static Result<Options> Parse(const Spec& spec, const Given& given, std::string_view where);

  bool Has(std::string_view name) const;      ///< Given by the caller or by a default.
  bool IsGiven(std::string_view name) const;  ///< Given by the caller.
  // The typed readers end the process when the field is unknown, unset or of another type: the
  // spec decides that, never the input.
  bool Bool(std::string_view name) const;
  int64_t Int64(std::string_view name) const;
  double Double(std::string_view name) const;
  const std::string& String(std::string_view name) const;
  const std::vector<std::string>& List(std::string_view name) const;
  const std::map<std::string, std::string>& Map(std::string_view name) const;

 private:
  template <typename T>
  const T& Get(std::string_view name) const;

  std::map<std::string, OptionValue, std::less<>> values_;
  std::map<std::string, bool, std::less<>> given_;
};

/// The known name nearest to `name` by edit distance (at most a third of its length), or empty.
std::string NearestName(std::string_view name, const std::vector<std::string>& known);

/// ` (did you mean 'x'?)`, or empty where nothing is near.
std::string DidYouMean(std::string_view name, const std::vector<std::string>& known);

/// `5s`, `1.5 h`, `250ms`, `90` (milliseconds) to milliseconds. Units ns us ms s m h d w.
Result<int64_t> ParseDurationMs(std::string_view text);

/// `64 MiB`, `1GB`, `4096` to bytes. Powers of 1024 for KiB MiB GiB TiB, of 1000 for kB MB GB TB.
Result<int64_t> ParseByteSize(std::string_view text);

}  // namespace thalweg
