#include <cstring>
#include <memory>

#include "engine/registry.h"
#include "functions/signature.h"
#include "functions/text.h"

namespace thalweg::functions::like {
namespace {

constexpr char kFamily[] = "string";

/// A LIKE pattern made ready: `%` stands for any text, `_` for one character.
class Pattern {
 public:
  /// `escape` 0: none.
  static Result<Pattern> Parse(std::string_view text, char escape) {
    Pattern out;
    out.segments_.emplace_back();
    for (size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (escape != 0 && c == escape) {
        if (++i == text.size()) {
          return Status::InvalidArgument("like: the pattern ends in its escape character: '" +
                                         std::string(text) + "'");
        }
        out.Literal(text[i]);
      } else if (c == '%') {
        // Several in a row are one.
        if (!out.segments_.back().bytes.empty() || out.segments_.size() == 1) {
          out.segments_.emplace_back();
        }
      } else if (c == '_') {
        out.AnyCharacter();
      } else {
        out.Literal(c);
      }
    }
    return out;
  }

  bool Matches(std::string_view text) const {
    const Segment& first = segments_.front();
    if (segments_.size() == 1) {
      const size_t end = first.MatchAt(text, 0);
      return end != kNone && end == text.size();
    }
    size_t at = first.MatchAt(text, 0);
    if (at == kNone) return false;
    for (size_t i = 1; i + 1 < segments_.size(); ++i) {
      at = segments_[i].Find(text, at);
      if (at == kNone) return false;
    }
    return segments_.back().MatchesEnd(text, at);
  }

 private:
  static constexpr size_t kNone = std::string_view::npos;

  /// What stands between two `%`.
  struct Segment {
    std::string bytes;      ///< `_` is a zero byte here, marked in `any`.
    std::vector<bool> any;  ///< Empty: no `_`.

    /// End of the match that starts at `at`, or kNone.
    size_t MatchAt(std::string_view text, size_t at) const {
      if (any.empty()) {
        if (text.size() - at < bytes.size()) return kNone;
        if (!bytes.empty() && std::memcmp(text.data() + at, bytes.data(), bytes.size()) != 0) {
          return kNone;
        }
        return at + bytes.size();
      }
      for (size_t i = 0; i < bytes.size(); ++i) {
        if (at >= text.size()) return kNone;
        if (any[i]) {
          at += CharacterBytes(text, at);
        } else if (text[at] != bytes[i]) {
          return kNone;
        } else {
          ++at;
        }
      }
      return at;
    }
    /// End of the first match from `at` on.
    size_t Find(std::string_view text, size_t at) const {
      if (any.empty()) {
        const size_t found = FindText(text, bytes, at);
        return found == kNone ? kNone : found + bytes.size();
      }
      while (true) {
        const size_t end = MatchAt(text, at);
        if (end != kNone) return end;
        if (at >= text.size()) return kNone;
        at += CharacterBytes(text, at);
      }
    }
    /// True where a match that starts at `at` or later ends the text.
    bool MatchesEnd(std::string_view text, size_t at) const {
      if (any.empty()) {
        return text.size() - at >= bytes.size() && text.substr(text.size() - bytes.size()) == bytes;
      }
      for (;; at += CharacterBytes(text, at)) {
        if (MatchAt(text, at) == text.size()) return true;
        if (at >= text.size()) return false;
      }
    }
  };

  void Literal(char c) {
    Segment& segment = segments_.back();
    segment.bytes += c;
    if (!segment.any.empty()) segment.any.push_back(false);
  }
  void AnyCharacter() {
    Segment& segment = segments_.back();
    segment.any.resize(segment.bytes.size(), false);
    segment.bytes += '\0';
    segment.any.push_back(true);
  }

  std::vector<Segment> segments_;
};

struct Mode {
  bool negated = false;
  bool ignore_case = false;
};

Result<char> EscapeOf(std::string_view text) {
  if (text.empty()) return '\0';
  if (text.size() == 1 && text[0] != '%' && text[0] != '_') return text[0];
  return Status::InvalidArgument("like: ESCAPE takes one ASCII character other than % and _: '" +
                                 std::string(text) + "'");
}

Result<Pattern> MakePattern(std::string_view pattern, std::string_view escape, Mode mode) {
  THALWEG_ASSIGN_OR_RETURN(const char escape_character, EscapeOf(escape));
  if (!mode.ignore_case) return Pattern::Parse(pattern, escape_character);
  return Pattern::Parse(LowerText(pattern), escape_character);
}

/// (text, pattern[, escape]).
ScalarKernel LikeKernel(Mode mode) {
  return [mode](std::span<const arrow::Datum> datums, int64_t rows,
                const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto arguments, engine::ArgumentsOf(datums));
    for (const Argument& argument : arguments) {
      if (argument.always_null()) return engine::NullDatum(arrow::boolean());
    }
    THALWEG_ASSIGN_OR_RETURN(Validity validity, engine::Intersect(arguments, rows));
    THALWEG_ASSIGN_OR_RETURN(auto bits, engine::AllocateBitmap(rows));
    const engine::RowReader<std::string_view> texts(arguments[0]);
    const engine::RowReader<std::string_view> patterns(arguments[1]);
    std::optional<engine::RowReader<std::string_view>> escapes;
    if (arguments.size() > 2) escapes.emplace(arguments[2]);
    const bool constant =
        arguments[1].constant() && (arguments.size() < 3 || arguments[2].constant());
    std::optional<Pattern> pattern;
    for (int64_t row = 0; row < rows; ++row) {
      if (validity.IsNull(row)) continue;
      if (!pattern || !constant) {
        THALWEG_ASSIGN_OR_RETURN(pattern,
                                 MakePattern(patterns[row], escapes ? (*escapes)[row] : "", mode));
      }
      const bool matches =
          mode.ignore_case ? pattern->Matches(LowerText(texts[row])) : pattern->Matches(texts[row]);
      if (matches != mode.negated) arrow::bit_util::SetBit(bits->mutable_data(), row);
    }
    return arrow::Datum(
        engine::MakeFlatArray(arrow::boolean(), rows, std::move(bits), std::move(validity)));
  };
}

void Add(engine::Registry& registry, About about, Mode mode) {
  registry.Add(
      MakeFunction(kFamily, std::move(about),
                   {{{Varchar(), Varchar()}, arrow::boolean(), LikeKernel(mode)},
                    {{Varchar(), Varchar(), Varchar()}, arrow::boolean(), LikeKernel(mode)}}));
}

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  constexpr char kDetails[] =
      "In the pattern `%` stands for any text, also none, and `_` for one character. A third "
      "argument is the escape character; without it there is none. Null when an argument is null.";
  Add(registry,
      {"like",
       {"like_escape"},
       "True where the text matches a pattern; `LIKE`.",
       kDetails,
       {"'abc' LIKE 'a%'  -- true", "'10%' LIKE '10!%' ESCAPE '!'  -- true"}},
      {false, false});
  Add(registry,
      {"not_like",
       {"not_like_escape"},
       "True where the text does not match; `NOT LIKE`.",
       kDetails,
       {"'abc' NOT LIKE 'b%'  -- true"}},
      {true, false});
  Add(registry,
      {"ilike",
       {"ilike_escape"},
       "`LIKE` that takes upper and lower case as one; `ILIKE`.",
       kDetails,
       {"'ÉA' ILIKE 'é_'  -- true"}},
      {false, true});
  Add(registry,
      {"not_ilike",
       {"not_ilike_escape"},
       "The opposite of `ILIKE`; `NOT ILIKE`.",
       kDetails,
       {"'abc' NOT ILIKE 'A%'  -- false"}},
      {true, true});
}

}  // namespace thalweg::functions::like
