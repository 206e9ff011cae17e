#include <arrow/array/array_nested.h>
#include <arrow/scalar.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <memory>

#include "engine/registry.h"
#include "functions/list_kernels.h"
#include "functions/signature.h"

namespace thalweg::functions::regex {
namespace {

using View = std::string_view;

constexpr char kFamily[] = "regex";
/// Memory that one compiled pattern may take.
constexpr int64_t kPatternBytesMax = 8 << 20;

struct Flags {
  bool global = false;
  RE2::Options options{RE2::Quiet};
};

Result<Flags> ParseFlags(View text, bool global_allowed) {
  Flags out;
  out.options.set_max_mem(kPatternBytesMax);
  out.options.set_log_errors(false);
  for (const char c : text) {
    switch (c) {
      case 'c':
        out.options.set_case_sensitive(true);
        break;
      case 'i':
        out.options.set_case_sensitive(false);
        break;
      case 'l':
        out.options.set_literal(true);
        break;
      case 's':
        out.options.set_dot_nl(true);
        break;
      case 'm':
      case 'n':
      case 'p':
        out.options.set_dot_nl(false);
        break;
      case 'g':
        if (global_allowed) {
          out.global = true;
          break;
        }
        [[fallthrough]];
      default:
        return Status::InvalidArgument(std::string("regex: unknown option: '") + c +
                                       "' (c, i, l, m, s" + (global_allowed ? ", g)" : ")"));
    }
  }
  return out;
}

Result<std::shared_ptr<const RE2>> Compile(View pattern, const Flags& flags) {
  auto out =
      std::make_shared<const RE2>(re2::StringPiece(pattern.data(), pattern.size()), flags.options);
  if (!out->ok()) {
    return Status::InvalidArgument("regex: not a pattern: '" + std::string(pattern) +
                                   "': " + out->error());
  }
  return out;
}

re2::StringPiece Piece(View text) { return {text.data(), text.size()}; }

/// Compiled patterns of one evaluation: nearly always one.
class Patterns {
 public:
  explicit Patterns(bool global_allowed = false) : global_allowed_(global_allowed) {}

  struct Entry {
    std::shared_ptr<const RE2> regex;
    bool global = false;
  };
  Result<Entry> Get(View pattern, View flags) {
    if (last_.regex != nullptr && pattern == last_pattern_ && flags == last_flags_) return last_;
    THALWEG_ASSIGN_OR_RETURN(const Flags parsed, ParseFlags(flags, global_allowed_));
    THALWEG_ASSIGN_OR_RETURN(last_.regex, Compile(pattern, parsed));
    last_.global = parsed.global;
    last_pattern_ = pattern;
    last_flags_ = flags;
    return last_;
  }

 private:
  bool global_allowed_;
  std::string last_pattern_;
  std::string last_flags_;
  Entry last_;
};

/// An ignored place for arguments that a call leaves out.
View TextAt(const std::vector<std::optional<engine::RowReader<View>>>& texts, size_t index,
            int64_t row) {
  return index < texts.size() && texts[index] ? (*texts[index])[row] : View();
}

struct Inputs {
  std::vector<Argument> arguments;
  std::vector<std::optional<engine::RowReader<View>>> texts;
  Validity validity;
  bool null = false;
};

Result<Inputs> InputsOf(std::span<const arrow::Datum> datums, int64_t rows) {
  Inputs out;
  THALWEG_ASSIGN_OR_RETURN(out.arguments, engine::ArgumentsOf(datums));
  for (const Argument& argument : out.arguments) out.null = out.null || argument.always_null();
  if (out.null) return out;
  THALWEG_ASSIGN_OR_RETURN(out.validity, engine::Intersect(out.arguments, rows));
  for (const Argument& argument : out.arguments) {
    out.texts.emplace_back();
    if (columnar::IsString(*argument.array()->type())) out.texts.back().emplace(argument);
  }
  return out;
}

/// (text, pattern[, flags]) to BOOLEAN.
ScalarKernel MatchKernel(bool full) {
  return [full](std::span<const arrow::Datum> datums, int64_t rows,
                const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(Inputs in, InputsOf(datums, rows));
    if (in.null) return engine::NullDatum(arrow::boolean());
    THALWEG_ASSIGN_OR_RETURN(auto bits, engine::AllocateBitmap(rows));
    Patterns patterns;
    for (int64_t row = 0; row < rows; ++row) {
      if (in.validity.IsNull(row)) continue;
      THALWEG_ASSIGN_OR_RETURN(const auto entry,
                               patterns.Get(TextAt(in.texts, 1, row), TextAt(in.texts, 2, row)));
      const re2::StringPiece text = Piece(TextAt(in.texts, 0, row));
      const bool matches = entry.regex->Match(
          text, 0, text.size(), full ? RE2::ANCHOR_BOTH : RE2::UNANCHORED, nullptr, 0);
      if (matches) arrow::bit_util::SetBit(bits->mutable_data(), row);
    }
    return arrow::Datum(
        engine::MakeFlatArray(arrow::boolean(), rows, std::move(bits), std::move(in.validity)));
  };
}

/// (text, pattern, replacement[, flags]).
Result<arrow::Datum> ReplaceKernel(std::span<const arrow::Datum> datums, int64_t rows,
                                   const EvalContext&) {
  THALWEG_ASSIGN_OR_RETURN(Inputs in, InputsOf(datums, rows));
  if (in.null) return engine::NullDatum(Varchar());
  TextWriter out(rows, rows * 16);
  Patterns patterns(true);
  for (int64_t row = 0; row < rows; ++row) {
    if (in.validity.IsNull(row)) {
      out.EndNull();
      continue;
    }
    THALWEG_ASSIGN_OR_RETURN(const auto entry,
                             patterns.Get(TextAt(in.texts, 1, row), TextAt(in.texts, 3, row)));
    const View replacement = TextAt(in.texts, 2, row);
    std::string problem;
    if (!entry.regex->CheckRewriteString(Piece(replacement), &problem)) {
      return Status::InvalidArgument("regexp_replace: not a replacement: '" +
                                     std::string(replacement) + "': " + problem);
    }
    std::string text(TextAt(in.texts, 0, row));
    if (entry.global) {
      RE2::GlobalReplace(&text, *entry.regex, Piece(replacement));
    } else {
      RE2::Replace(&text, *entry.regex, Piece(replacement));
    }
    out.Append(text);
    out.EndRow();
  }
  THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, out.Finish(Varchar()));
  return arrow::Datum(std::move(array));
}

Status CheckGroup(View name, int64_t group, const RE2& regex) {
  if (group >= 0 && group <= regex.NumberOfCapturingGroups()) return {};
  return Status::InvalidArgument(std::string(name) + ": the pattern has no group " +
                                 std::to_string(group));
}

/// (text, pattern[, group[, flags]]) to text; no match gives the empty text.
Result<arrow::Datum> ExtractKernel(std::span<const arrow::Datum> datums, int64_t rows,
                                   const EvalContext&) {
  THALWEG_ASSIGN_OR_RETURN(Inputs in, InputsOf(datums, rows));
  if (in.null) return engine::NullDatum(Varchar());
  std::optional<engine::RowReader<int64_t>> groups;
  if (in.arguments.size() > 2) groups.emplace(in.arguments[2]);
  TextWriter out(rows, rows * 8);
  Patterns patterns;
  for (int64_t row = 0; row < rows; ++row) {
    if (in.validity.IsNull(row)) {
      out.EndNull();
      continue;
    }
    THALWEG_ASSIGN_OR_RETURN(const auto entry,
                             patterns.Get(TextAt(in.texts, 1, row), TextAt(in.texts, 3, row)));
    const int64_t group = groups ? (*groups)[row] : 0;
    THALWEG_RETURN_IF_ERROR(CheckGroup("regexp_extract", group, *entry.regex));
    std::vector<re2::StringPiece> found(static_cast<size_t>(group) + 1);
    const re2::StringPiece text = Piece(TextAt(in.texts, 0, row));
    if (entry.regex->Match(text, 0, text.size(), RE2::UNANCHORED, found.data(),
                           static_cast<int>(found.size()))) {
      const re2::StringPiece& part = found.back();
      if (part.data() != nullptr) out.Append(View(part.data(), part.size()));
    }
    out.EndRow();
  }
  THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, out.Finish(Varchar()));
  return arrow::Datum(std::move(array));
}

/// Calls `f` with the groups of each match, left to right; an empty match moves on by a character.
template <typename F>
void ForEachMatch(const RE2& regex, View text, int groups, F f) {
  std::vector<re2::StringPiece> found(static_cast<size_t>(groups) + 1);
  const re2::StringPiece piece = Piece(text);
  size_t at = 0;
  while (at <= text.size() &&
         regex.Match(piece, at, text.size(), RE2::UNANCHORED, found.data(), groups + 1)) {
    f(found);
    const size_t start = static_cast<size_t>(found[0].data() - text.data());
    at = start + found[0].size();
    if (found[0].empty()) {
      ++at;
      while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
    }
  }
}

/// (text, pattern[, group[, flags]]) to a list of texts.
Result<arrow::Datum> ExtractAllKernel(std::span<const arrow::Datum> datums, int64_t rows,
                                      const EvalContext&) {
  THALWEG_ASSIGN_OR_RETURN(Inputs in, InputsOf(datums, rows));
  if (in.null) return engine::NullDatum(arrow::list(Varchar()));
  std::optional<engine::RowReader<int64_t>> groups;
  if (in.arguments.size() > 2) groups.emplace(in.arguments[2]);
  TextListWriter out(rows);
  Patterns patterns;
  for (int64_t row = 0; row < rows; ++row) {
    if (in.validity.IsNull(row)) {
      out.EndNull();
      continue;
    }
    THALWEG_ASSIGN_OR_RETURN(const auto entry,
                             patterns.Get(TextAt(in.texts, 1, row), TextAt(in.texts, 3, row)));
    const int64_t group = groups ? (*groups)[row] : 0;
    THALWEG_RETURN_IF_ERROR(CheckGroup("regexp_extract_all", group, *entry.regex));
    ForEachMatch(*entry.regex, TextAt(in.texts, 0, row), static_cast<int>(group),
                 [&](const std::vector<re2::StringPiece>& found) {
                   const re2::StringPiece& part = found.back();
                   if (part.data() == nullptr) return out.NullItem();
                   out.Item(View(part.data(), part.size()));
                 });
    out.EndRow();
  }
  THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, out.Finish());
  return arrow::Datum(std::move(array));
}

/// (text, pattern[, flags]) to the texts between matches.
Result<arrow::Datum> SplitKernel(std::span<const arrow::Datum> datums, int64_t rows,
                                 const EvalContext&) {
  THALWEG_ASSIGN_OR_RETURN(Inputs in, InputsOf(datums, rows));
  if (in.null) return engine::NullDatum(arrow::list(Varchar()));
  TextListWriter out(rows);
  Patterns patterns;
  for (int64_t row = 0; row < rows; ++row) {
    if (in.validity.IsNull(row)) {
      out.EndNull();
      continue;
    }
    THALWEG_ASSIGN_OR_RETURN(const auto entry,
                             patterns.Get(TextAt(in.texts, 1, row), TextAt(in.texts, 2, row)));
    const View text = TextAt(in.texts, 0, row);
    size_t at = 0;
    ForEachMatch(*entry.regex, text, 0, [&](const std::vector<re2::StringPiece>& found) {
      const size_t start = static_cast<size_t>(found[0].data() - text.data());
      if (found[0].empty() && (start == 0 || start >= text.size())) return;
      out.Item(text.substr(at, start - at));
      at = start + found[0].size();
    });
    out.Item(text.substr(at));
    out.EndRow();
  }
  THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, out.Finish());
  return arrow::Datum(std::move(array));
}

std::vector<Overload> WithFlags(std::vector<TypePtr> parameters, const TypePtr& result,
                                const ScalarKernel& kernel) {
  std::vector<TypePtr> longer = parameters;
  longer.push_back(Varchar());
  return {{std::move(parameters), result, kernel}, {std::move(longer), result, kernel}};
}

std::vector<Overload> Extracting(const TypePtr& result, const ScalarKernel& kernel) {
  std::vector<Overload> out = WithFlags({Varchar(), Varchar(), arrow::int64()}, result, kernel);
  out.push_back({{Varchar(), Varchar()}, result, kernel});
  return out;
}

void Add(engine::Registry& registry, About about, std::vector<Overload> overloads) {
  about.details =
      "Patterns are RE2's, without back references, in time linear in the text. " + about.details;
  registry.Add(MakeFunction(kFamily, std::move(about), std::move(overloads)));
}

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  constexpr char kOptions[] =
      "Options: `i` ignores case, `c` does not, `l` takes the pattern as plain text, `s` lets `.` "
      "match a newline.";
  Add(registry,
      {"regexp_matches",
       {"regexp"},
       "True where some part of the text matches a pattern.",
       kOptions,
       {"regexp_matches('abc', 'b')  -- true", "regexp_matches('ABC', 'b', 'i')  -- true"}},
      WithFlags({Varchar(), Varchar()}, arrow::boolean(), MatchKernel(false)));
  Add(registry,
      {"regexp_full_match",
       {"regexp_like", "similar_to"},
       "True where the whole text matches a pattern.",
       kOptions,
       {"regexp_full_match('abc', 'a.c')  -- true"}},
      WithFlags({Varchar(), Varchar()}, arrow::boolean(), MatchKernel(true)));
  Add(registry,
      {"regexp_replace",
       {},
       "The text with the first match replaced, or all with option `g`.",
       std::string("In the replacement `\\1` … `\\9` are groups and `\\0` the match. ") + kOptions,
       {"regexp_replace('abcb', 'b', 'x')  -- 'axcb'",
        "regexp_replace('abcb', 'b', 'x', 'g')  -- 'axcx'",
        "regexp_replace('abc', '(b)', '[\\1]')  -- 'a[b]c'"}},
      WithFlags({Varchar(), Varchar(), Varchar()}, Varchar(), ReplaceKernel));
  Add(registry,
      {"regexp_extract",
       {},
       "The part that matches a pattern, or one of its groups.",
       std::string(
           "The third argument is the group, 0 for the whole match. No match gives the empty "
           "text. ") +
           kOptions,
       {"regexp_extract('abc123', '([a-z]+)([0-9]+)', 2)  -- '123'"}},
      Extracting(Varchar(), ExtractKernel));
  Add(registry,
      {"regexp_extract_all",
       {},
       "All parts that match a pattern, or one of its groups, as a list.",
       kOptions,
       {"regexp_extract_all('a1b2', '[a-z]')  -- [a, b]"}},
      Extracting(arrow::list(Varchar()), ExtractAllKernel));
  Add(registry,
      {"regexp_split_to_array",
       {"string_split_regex", "str_split_regex", "split_regex"},
       "The texts between the matches of a pattern.",
       kOptions,
       {"regexp_split_to_array('a1b2', '[0-9]')  -- [a, b, '']"}},
      WithFlags({Varchar(), Varchar()}, arrow::list(Varchar()), SplitKernel));
}

}  // namespace thalweg::functions::regex
