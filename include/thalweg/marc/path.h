#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/export.h"
#include "thalweg/marc/record.h"
#include "thalweg/status.h"

// The path language: one grammar for C++, Python, SQL and the command line.
//
//   LDR  LDR/06  LDR/05-07             the leader, or places of it
//   001  008/35-37                     a control field, or places of it
//   245$a  245a  245$ab                values of subfields; several codes are joined by a blank
//   245                                a data field as text: all its values
//   245$*                              every subfield
//   6XX$a  6..$a  [69]XX               a wildcard digit is X or a dot; a class in brackets
//   650[ind2=0]$a  650[ind1=0|1]       only fields with such an indicator; `_` or `\` is a blank
//   650[$2=fast]$a  650[$2!=fast]      a subfield has, or none has, this value
//   650[$a~'^War'] 650[$a!~'x']        a regular expression (RE2); $a^= begins with, $a*= contains
//   700[$t]  700[!$t]                  a subfield is there, or is not
//   650[1]  650[-1]                    the first such field, the last
//   245$a/0-9                          characters of a value, counted from 0
//   650$a[]                            all values, not only the first
//
// Filters may follow each other: all have to hold.
namespace thalweg::marc {

/// A compiled path. Immutable, thread-safe, cheap to copy.
class THALWEG_EXPORT Path {
 public:
  /// `invalid_argument` names the place in `text` that is wrong.
  static Result<Path> Compile(std::string_view text);

  /// Ends with `[]`: asks for every value.
  bool is_list() const;
  const std::string& text() const;

  /// Calls `take` with each value in the record's order until it answers false. A value is a view
  /// of the record, or of `*scratch` until the next call of `take`.
  void ForEach(const RecordView& record, std::string* scratch,
               const std::function<bool(std::string_view)>& take) const;
  /// The first value.
  std::optional<std::string_view> First(const RecordView& record, std::string* scratch) const;
  std::vector<std::string> Values(const RecordView& record) const;
  bool Matches(const RecordView& record) const;
  /// Places in `record.fields()` that the path's tag and filters choose.
  std::vector<size_t> Fields(const RecordView& record) const;
  /// The codes that it asks for; empty: whole fields. `*` for all.
  const std::string& codes() const;

  struct Program;
  const Program& program() const { return *program_; }

 private:
  explicit Path(std::shared_ptr<const Program> program);
  std::shared_ptr<const Program> program_;
};

/// A condition on a record:
///
///   245$a                     there is such a value
///   008/35-37 = fre           a value is equal; != none is; also < <= > >= on text
///   245$a ~ '^The '           a value matches; !~ none does; ^= begins with, *= contains
///   count(650) > 3            how many values
///   A and B, A or B, not A, ( A )
///
/// Values stand in single or double quotes where they hold blanks or signs. Immutable, thread-safe.
class THALWEG_EXPORT Condition {
 public:
  static Result<Condition> Compile(std::string_view text);
  bool Matches(const RecordView& record) const;
  const std::string& text() const;

 private:
  struct Node;
  Condition(std::shared_ptr<const Node> root, std::string text);
  std::shared_ptr<const Node> root_;
  std::string text_;
};

/// One column of a table: `PATH`, or `PATH AS name`.
struct PathColumn {
  Path path;
  std::string name;
};
/// Columns with commas between them, such as `001, 245$a AS title, 650$a[] AS subjects`.
THALWEG_EXPORT Result<std::vector<PathColumn>> CompileColumns(std::string_view text);

}  // namespace thalweg::marc
