#include "engine/registry.h"
#include "functions/list_kernels.h"
#include "functions/signature.h"
#include "functions/text.h"

namespace thalweg::functions::split {
namespace {

using View = std::string_view;

constexpr char kFamily[] = "string";

/// Calls `f` with each part; an empty separator parts the characters. Stops where `f` says false.
template <typename F>
void ForEachPart(View text, View separator, F f) {
  if (separator.empty()) {
    for (size_t at = 0; at < text.size();) {
      const size_t size = CharacterBytes(text, at);
      if (!f(text.substr(at, size))) return;
      at += size;
    }
    if (text.empty()) f(text);
    return;
  }
  size_t at = 0;
  for (size_t found = FindText(text, separator); found != View::npos;
       found = FindText(text, separator, at)) {
    if (!f(text.substr(at, found - at))) return;
    at = found + separator.size();
  }
  f(text.substr(at));
}

/// Part number `index` from 1, or from the end where it is negative; empty where there is none.
View PartAt(View text, View separator, int64_t index) {
  if (index < 0) {
    int64_t count = 0;
    ForEachPart(text, separator, [&](View) { return ++count, true; });
    index = count + index + 1;
  }
  View out;
  int64_t number = 0;
  ForEachPart(text, separator, [&](View part) {
    if (++number == index) out = part;
    return number < index;
  });
  return number == index ? out : View();
}

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  const auto parts = [](TextListWriter& out, View text, View separator) {
    ForEachPart(text, separator, [&](View part) { return out.Item(part), true; });
  };
  registry.Add(MakeFunction(
      kFamily,
      {"string_split",
       {"split", "str_split", "string_to_array"},
       "The parts of a text between separators, as a list.",
       "An empty separator parts the characters.",
       {"string_split('a,b', ',')  -- [a, b]"}},
      {{{Varchar(), Varchar()}, arrow::list(Varchar()), TextListKernel<View, View>(parts)}}));
  const auto part = [](TextWriter& out, View text, View separator, int64_t index) {
    out.Append(PartAt(text, separator, index));
  };
  registry.Add(MakeFunction(
      kFamily,
      {"split_part",
       {},
       "One part of a text between separators.",
       "Parts count from 1, negative ones from the end; the empty text where there is none.",
       {"split_part('a,b,c', ',', 2)  -- 'b'"}},
      {{{Varchar(), Varchar(), arrow::int64()},
        Varchar(),
        engine::TextKernel<View, View, int64_t>(Varchar(), part)}}));
  const auto index = [](TextWriter& out, View text, View separator, int64_t from_zero) {
    if (from_zero < 0) return false;
    int64_t number = -1;
    bool found = false;
    ForEachPart(text, separator, [&](View piece) {
      found = ++number == from_zero;
      if (found) out.Append(piece);
      return !found;
    });
    return found;
  };
  registry.Add(MakeFunction(kFamily,
                            {"split_index",
                             {},
                             "One part of a text between separators, counted from 0.",
                             "Null where there is none.",
                             {"split_index('a,b,c', ',', 1)  -- 'b'"}},
                            {{{Varchar(), Varchar(), arrow::int64()},
                              Varchar(),
                              engine::TextKernel<View, View, int64_t>(Varchar(), index)}}));
}

}  // namespace thalweg::functions::split
