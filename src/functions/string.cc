#include <algorithm>

#include "engine/registry.h"
#include "functions/list_kernels.h"
#include "functions/signature.h"
#include "functions/text.h"

namespace thalweg::functions::string {
namespace {

using engine::RowKernel;
using engine::TextKernel;
using View = std::string_view;

constexpr char kFamily[] = "string";
constexpr int64_t kAll = int64_t{1} << 40;  // More characters than a column of text can have.

void Add(engine::Registry& registry, About about, std::vector<Overload> overloads) {
  registry.Add(MakeFunction(kFamily, std::move(about), std::move(overloads)));
}

template <typename F>
ScalarKernel Text1(F f) {
  return TextKernel<View>(Varchar(), f);
}

View TrimSet(View text, View set, bool left, bool right) {
  const auto in_set = [set](View character) { return FindText(set, character) != View::npos; };
  while (left && !text.empty()) {
    const size_t size = CharacterBytes(text, 0);
    if (!in_set(text.substr(0, size))) break;
    text.remove_prefix(size);
  }
  while (right && !text.empty()) {
    size_t at = text.size() - 1;
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
    if (!in_set(text.substr(at))) break;
    text.remove_suffix(text.size() - at);
  }
  return text;
}

void AddTrim(engine::Registry& registry, About about, bool left, bool right) {
  const auto trim = [=](TextWriter& out, View text, View set) {
    out.Append(TrimSet(text, set, left, right));
  };
  Add(registry, std::move(about),
      {{{Varchar()}, Varchar(), Text1([=](TextWriter& out, View text) { trim(out, text, " "); })},
       {{Varchar(), Varchar()}, Varchar(), TextKernel<View, View>(Varchar(), trim)}});
}

View Left(View text, int64_t count) {
  if (count < 0) count = std::max<int64_t>(0, CountCharacters(text) + count);
  return text.substr(0, SkipCharacters(text, count));
}

View Right(View text, int64_t count) {
  const int64_t skip = count >= 0 ? CountCharacters(text) - count : -count;
  return text.substr(SkipCharacters(text, std::max<int64_t>(0, skip)));
}

/// Text cut or filled to `length` characters.
Status Pad(TextWriter& out, View text, int64_t length, View fill, bool left) {
  length = std::max<int64_t>(length, 0);
  const int64_t size = CountCharacters(text);
  if (size >= length) {
    out.Append(text.substr(0, SkipCharacters(text, length)));
    return {};
  }
  if (fill.empty()) {
    return Status::InvalidArgument(std::string(left ? "lpad" : "rpad") +
                                   ": there is nothing to fill with");
  }
  if (length > kAll / 1024) {
    return Status::InvalidArgument(std::string(left ? "lpad" : "rpad") +
                                   ": too long: " + std::to_string(length));
  }
  if (!left) out.Append(text);
  const int64_t fill_size = CountCharacters(fill);
  int64_t missing = length - size;
  for (; missing >= fill_size; missing -= fill_size) out.Append(fill);
  out.Append(fill.substr(0, SkipCharacters(fill, missing)));
  if (left) out.Append(text);
  return {};
}

void Replace(TextWriter& out, View text, View from, View to) {
  if (from.empty()) return out.Append(text);
  size_t at = 0;
  for (size_t found = FindText(text, from); found != View::npos; found = FindText(text, from, at)) {
    out.Append(text.substr(at, found - at));
    out.Append(to);
    at = found + from.size();
  }
  out.Append(text.substr(at));
}

void Translate(TextWriter& out, View text, View from, View to) {
  for (size_t at = 0; at < text.size();) {
    const size_t size = CharacterBytes(text, at);
    const View character = text.substr(at, size);
    at += size;
    const size_t found = FindText(from, character);
    if (found == View::npos) {
      out.Append(character);
      continue;
    }
    const size_t place = SkipCharacters(to, CountCharacters(from.substr(0, found)));
    if (place < to.size()) out.Append(to.substr(place, CharacterBytes(to, place)));
  }
}

void Reverse(TextWriter& out, View text) {
  char* end = out.Extend(text.size()) + text.size();
  for (size_t at = 0; at < text.size();) {
    const size_t size = CharacterBytes(text, at);
    end -= size;
    std::copy_n(text.data() + at, size, end);
    at += size;
  }
}

Status Repeat(TextWriter& out, View text, int64_t count) {
  if (count <= 0 || text.empty()) return {};
  constexpr int64_t kBytesMax = int64_t{1} << 31;
  if (count > kBytesMax / static_cast<int64_t>(text.size())) {
    return Status::InvalidArgument("repeat: the answer passes 2 GiB");
  }
  for (; count > 0; --count) out.Append(text);
  return {};
}

int64_t Position(View text, View needle) {
  const size_t found = FindText(text, needle);
  return found == View::npos ? 0 : CountCharacters(text.substr(0, found)) + 1;
}

/// First letter of each word upper, the rest lower. Letters and digits make words.
void InitCap(TextWriter& out, View text) {
  bool inside = false;
  for (size_t at = 0; at < text.size();) {
    const size_t size = CharacterBytes(text, at);
    const View character = text.substr(at, size);
    if (inside) {
      AppendLower(character, out);
    } else {
      AppendUpper(character, out);
    }
    const auto c = static_cast<unsigned char>(character[0]);
    inside = c >= 0x80 || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    at += size;
  }
}

/// CONCAT, CONCAT_WS and `||`: arguments that are no text are cast to it.
ScalarKernel ConcatKernel(bool with_separator) {
  return [=](std::span<const arrow::Datum> datums, int64_t rows,
             const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto arguments, engine::ArgumentsOf(datums));
    std::vector<engine::RowReader<View>> texts;
    std::vector<const Argument*> present;
    for (size_t i = with_separator ? 1 : 0; i < arguments.size(); ++i) {
      if (arguments[i].always_null()) continue;
      texts.emplace_back(arguments[i]);
      present.push_back(&arguments[i]);
    }
    std::optional<engine::RowReader<View>> separators;
    if (with_separator) {
      if (arguments[0].always_null()) return engine::NullDatum(Varchar());
      separators.emplace(arguments[0]);
    }
    TextWriter out(rows, rows * 24);
    for (int64_t row = 0; row < rows; ++row) {
      if (with_separator && arguments[0].IsNull(row)) {
        out.EndNull();
        continue;
      }
      bool first = true;
      for (size_t i = 0; i < texts.size(); ++i) {
        if (present[i]->IsNull(row)) continue;
        if (with_separator && !first) out.Append((*separators)[row]);
        out.Append(texts[i][row]);
        first = false;
      }
      out.EndRow();
    }
    THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, out.Finish(Varchar()));
    return arrow::Datum(std::move(array));
  };
}

bool IsList(const BindArgument& argument) {
  return engine::CanonicalType(argument.type)->id() == Type::LIST;
}

Result<BoundScalar> BindConcat(std::span<const BindArgument> arguments) {
  if (arguments.empty()) return WrongArguments("concat", "one or more values", arguments);
  if (std::ranges::any_of(arguments, IsList)) return BindListConcat("concat", arguments);
  return BoundScalar{std::vector<TypePtr>(arguments.size(), Varchar()), Varchar(),
                     ConcatKernel(false)};
}

Result<BoundScalar> BindConcatWs(std::span<const BindArgument> arguments) {
  if (arguments.empty()) {
    return WrongArguments("concat_ws", "a separator and values", arguments);
  }
  return BoundScalar{std::vector<TypePtr>(arguments.size(), Varchar()), Varchar(),
                     ConcatKernel(true)};
}

Result<BoundScalar> BindConcatOperator(std::span<const BindArgument> arguments) {
  if (arguments.size() != 2) return WrongArguments("concat_op", "two values", arguments);
  if (std::ranges::any_of(arguments, IsList)) return BindListConcat("concat_op", arguments);
  const auto join = [](TextWriter& out, View a, View b) {
    out.Append(a);
    out.Append(b);
  };
  return BoundScalar{{Varchar(), Varchar()}, Varchar(), TextKernel<View, View>(Varchar(), join)};
}

Result<BoundScalar> BindLength(std::span<const BindArgument> arguments) {
  if (arguments.size() == 1 && IsList(arguments[0])) return BindListLength("length", arguments);
  if (arguments.size() != 1 || ConversionCost(arguments[0], *Varchar()) < 0) {
    return WrongArguments("length", "(VARCHAR) or a list", arguments);
  }
  return BoundScalar{
      {Varchar()}, arrow::int64(), RowKernel<int64_t, View>(arrow::int64(), CountCharacters)};
}

void RegisterCase(engine::Registry& registry) {
  Add(registry,
      {"lower",
       {"lcase"},
       "The text in lower case.",
       "Each character by Unicode's simple mapping.",
       {"lower('ÀB')  -- 'àb'"}},
      {{{Varchar()}, Varchar(), Text1([](TextWriter& out, View text) {
          AppendLower(text, out);
        })}});
  Add(registry,
      {"upper",
       {"ucase"},
       "The text in upper case.",
       "Each character by Unicode's simple mapping.",
       {"upper('àb')  -- 'ÀB'"}},
      {{{Varchar()}, Varchar(), Text1([](TextWriter& out, View text) {
          AppendUpper(text, out);
        })}});
  Add(registry,
      {"initcap",
       {},
       "The text with each word's first letter in upper case.",
       "",
       {"initcap('two WORDS')  -- 'Two Words'"}},
      {{{Varchar()}, Varchar(), Text1(InitCap)}});
  Add(registry,
      {"reverse", {}, "The characters in reverse order.", "", {"reverse('héllo')  -- 'olléh'"}},
      {{{Varchar()}, Varchar(), Text1(Reverse)}});
}

void RegisterMeasures(engine::Registry& registry) {
  registry.Add(MakeFunction(kFamily,
                            {"length",
                             {"len", "char_length", "character_length"},
                             "The number of characters of a text, or of items of a list.",
                             "",
                             {"length('héllo')  -- 5", "length([1, 2])  -- 2"}},
                            Bind(BindLength)));
  const auto bytes = [](View text) { return static_cast<int64_t>(text.size()); };
  Add(registry, {"strlen", {"octet_length"}, "The number of bytes.", "", {"strlen('é')  -- 2"}},
      {{{Varchar()}, arrow::int64(), RowKernel<int64_t, View>(arrow::int64(), bytes)},
       {{arrow::binary()}, arrow::int64(), RowKernel<int64_t, View>(arrow::int64(), bytes)}});
  Add(registry, {"bit_length", {}, "The number of bits.", "", {"bit_length('é')  -- 16"}},
      {{{Varchar()}, arrow::int64(), RowKernel<int64_t, View>(arrow::int64(), [](View text) {
          return static_cast<int64_t>(text.size()) * 8;
        })}});
  Add(registry,
      {"strpos",
       {"instr", "position"},
       "The place of the first occurrence of a text, from 1; 0 where there is none.",
       "The text comes first, what is looked for second.",
       {"strpos('hello', 'l')  -- 3", "position('l' IN 'hello')  -- 3"}},
      {{{Varchar(), Varchar()},
        arrow::int64(),
        RowKernel<int64_t, View, View>(arrow::int64(), Position)}});
  Add(registry,
      {"contains",
       {},
       "True where the text contains another.",
       "",
       {"contains('abc', 'b')  -- true"}},
      {{{Varchar(), Varchar()},
        arrow::boolean(),
        RowKernel<bool, View, View>(arrow::boolean(), [](View text, View part) {
          return FindText(text, part) != View::npos;
        })}});
  Add(registry,
      {"starts_with",
       {"prefix"},
       "True where the text starts with another.",
       "",
       {"starts_with('abc', 'ab')  -- true"}},
      {{{Varchar(), Varchar()},
        arrow::boolean(),
        RowKernel<bool, View, View>(arrow::boolean(),
                                    [](View text, View part) { return text.starts_with(part); })}});
  Add(registry,
      {"ends_with",
       {"suffix"},
       "True where the text ends with another.",
       "",
       {"ends_with('abc', 'bc')  -- true"}},
      {{{Varchar(), Varchar()},
        arrow::boolean(),
        RowKernel<bool, View, View>(arrow::boolean(),
                                    [](View text, View part) { return text.ends_with(part); })}});
}

void RegisterParts(engine::Registry& registry) {
  constexpr char kSubstring[] =
      "The offset counts characters from 1, from the end where it is negative; a negative length "
      "goes backwards.";
  Add(registry,
      {"substring",
       {"substr"},
       "A part of the text.",
       kSubstring,
       {"substring('hello', 2, 3)  -- 'ell'", "substring('hello', -3)  -- 'llo'"}},
      {{{Varchar(), arrow::int64()},
        Varchar(),
        TextKernel<View, int64_t>(Varchar(),
                                  [](TextWriter& out, View text, int64_t offset) {
                                    out.Append(Substring(text, offset, kAll));
                                  })},
       {{Varchar(), arrow::int64(), arrow::int64()},
        Varchar(),
        TextKernel<View, int64_t, int64_t>(
            Varchar(), [](TextWriter& out, View text, int64_t offset, int64_t length) {
              out.Append(Substring(text, offset, length));
            })}});
  Add(registry,
      {"left",
       {},
       "The first characters.",
       "A negative count leaves that many away at the end.",
       {"left('hello', 2)  -- 'he'", "left('hello', -2)  -- 'hel'"}},
      {{{Varchar(), arrow::int64()},
        Varchar(),
        TextKernel<View, int64_t>(Varchar(), [](TextWriter& out, View text, int64_t count) {
          out.Append(Left(text, count));
        })}});
  Add(registry,
      {"right",
       {},
       "The last characters.",
       "A negative count leaves that many away at the start.",
       {"right('hello', 2)  -- 'lo'", "right('hello', -2)  -- 'llo'"}},
      {{{Varchar(), arrow::int64()},
        Varchar(),
        TextKernel<View, int64_t>(Varchar(), [](TextWriter& out, View text, int64_t count) {
          out.Append(Right(text, count));
        })}});
  constexpr char kTrim[] = "A second argument names the characters to take away; else spaces.";
  AddTrim(registry,
          {"trim",
           {"btrim"},
           "The text without spaces at both ends.",
           kTrim,
           {"trim('  a ')  -- 'a'", "trim('xyaxy', 'xy')  -- 'a'"}},
          true, true);
  AddTrim(registry,
          {"ltrim", {}, "The text without spaces at its start.", kTrim, {"ltrim('  a ')  -- 'a '"}},
          true, false);
  AddTrim(registry,
          {"rtrim", {}, "The text without spaces at its end.", kTrim, {"rtrim(' a  ')  -- ' a'"}},
          false, true);
}

void RegisterMakers(engine::Registry& registry) {
  registry.Add(MakeFunction(kFamily,
                            {"concat",
                             {},
                             "All values as one text, or lists as one list.",
                             "Nulls are passed over; values that are no text are cast to it.",
                             {"concat('a', NULL, 1)  -- 'a1'"}},
                            Bind(BindConcat)));
  registry.Add(MakeFunction(
      kFamily,
      {"concat_ws",
       {},
       "All values as one text with a separator between them.",
       "The separator comes first. Nulls are passed over; a null separator gives null.",
       {"concat_ws(', ', 'a', NULL, 'b')  -- 'a, b'"}},
      Bind(BindConcatWs)));
  registry.Add(MakeFunction(kFamily,
                            {"concat_op",
                             {},
                             "Two texts or lists as one; the operator `||`.",
                             "Null when a side is null.",
                             {"'a' || 1  -- 'a1'"}},
                            Bind(BindConcatOperator)));
  Add(registry,
      {"replace",
       {},
       "The text with each occurrence of one text replaced by another.",
       "",
       {"replace('aaa', 'a', 'bb')  -- 'bbbbbb'"}},
      {{{Varchar(), Varchar(), Varchar()},
        Varchar(),
        TextKernel<View, View, View>(Varchar(), Replace)}});
  Add(registry,
      {"translate",
       {},
       "The text with single characters replaced.",
       "Each character of the second argument becomes the one at its place in the third, "
       "or goes away where the third is shorter.",
       {"translate('abc', 'ab', 'x')  -- 'xc'"}},
      {{{Varchar(), Varchar(), Varchar()},
        Varchar(),
        TextKernel<View, View, View>(Varchar(), Translate)}});
  Add(registry,
      {"repeat", {}, "The text several times over.", "", {"repeat('ab', 3)  -- 'ababab'"}},
      {{{Varchar(), arrow::int64()}, Varchar(), TextKernel<View, int64_t>(Varchar(), Repeat)}});
  const auto pad = [](bool left) {
    return TextKernel<View, int64_t, View>(
        Varchar(), [left](TextWriter& out, View text, int64_t length, View fill) {
          return Pad(out, text, length, fill, left);
        });
  };
  const auto pad_spaces = [](bool left) {
    return TextKernel<View, int64_t>(Varchar(), [left](TextWriter& out, View text, int64_t length) {
      return Pad(out, text, length, " ", left);
    });
  };
  Add(registry,
      {"lpad",
       {},
       "The text filled at its start, or cut, to a number of characters.",
       "The third argument is what to fill with; else spaces.",
       {"lpad('7', 3, '0')  -- '007'"}},
      {{{Varchar(), arrow::int64(), Varchar()}, Varchar(), pad(true)},
       {{Varchar(), arrow::int64()}, Varchar(), pad_spaces(true)}});
  Add(registry,
      {"rpad",
       {},
       "The text filled at its end, or cut, to a number of characters.",
       "The third argument is what to fill with; else spaces.",
       {"rpad('hi', 5, 'xy')  -- 'hixyx'"}},
      {{{Varchar(), arrow::int64(), Varchar()}, Varchar(), pad(false)},
       {{Varchar(), arrow::int64()}, Varchar(), pad_spaces(false)}});
}

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  RegisterCase(registry);
  RegisterMeasures(registry);
  RegisterParts(registry);
  RegisterMakers(registry);
}

}  // namespace thalweg::functions::string
