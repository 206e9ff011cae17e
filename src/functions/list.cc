#include <arrow/array/array_nested.h>

#include <algorithm>
#include <numeric>

#include "columnar/arrow_status.h"
#include "engine/registry.h"
#include "functions/compare_kernels.h"
#include "functions/list_kernels.h"
#include "functions/nested_rows.h"
#include "functions/text.h"

namespace thalweg::functions::list {
namespace {

constexpr char kFamily[] = "nested";
using View = std::string_view;

void Add(engine::Registry& registry, About about, Bind bind) {
  registry.Add(MakeFunction(kFamily, std::move(about), std::move(bind)));
}

/// The list and item types that a list and a value meet in.
struct Meeting {
  TypePtr list;
  TypePtr item;
};
Result<Meeting> Meet(std::string_view name, const BindArgument& list, const BindArgument& item,
                     std::span<const BindArgument> all) {
  const TypePtr type = ListTypeOf(list);
  if (type == nullptr) return WrongArguments(name, "a list and a value", all);
  const BindArgument items[] = {{type->field(0)->type(), nullptr}, item};
  THALWEG_ASSIGN_OR_RETURN(const TypePtr common, MeetingType(name, items));
  return Meeting{arrow::list(common), common};
}

/// Place (from 1) of a value in a list, 0: none. A null is found in a list only by `nulls`.
int64_t PlaceOf(const Argument& lists, const Argument& value, const RowOrder& order, int64_t row) {
  const ItemRange range = ItemsOf(lists, row);
  for (int64_t i = range.begin; i < range.end; ++i) {
    if (order.CompareNulls(i, value.At(row)) == 0) return i - range.begin + 1;
  }
  return 0;
}

/// list_contains (BOOLEAN) and list_position (INTEGER).
Bind BindSearch(std::string name, bool position) {
  return [=](std::span<const BindArgument> arguments) -> Result<BoundScalar> {
    if (arguments.size() != 2) return WrongArguments(name, "a list and a value", arguments);
    THALWEG_ASSIGN_OR_RETURN(const Meeting types,
                             Meet(name, arguments[0], arguments[1], arguments));
    const TypePtr result = position ? arrow::int32() : arrow::boolean();
    ScalarKernel kernel = [=](std::span<const arrow::Datum> datums, int64_t rows,
                              const EvalContext&) -> Result<arrow::Datum> {
      THALWEG_ASSIGN_OR_RETURN(const auto in, PlainArguments(datums));
      if (in[0].always_null() || in[1].always_null()) return engine::NullDatum(result);
      THALWEG_ASSIGN_OR_RETURN(Validity validity, engine::Intersect(in, rows));
      const RowOrder order(ItemArray(in[0]), in[1].array());
      std::shared_ptr<arrow::Buffer> out;
      if (position) {
        THALWEG_ASSIGN_OR_RETURN(out, engine::AllocateBytes(rows * 4));
      } else {
        THALWEG_ASSIGN_OR_RETURN(out, engine::AllocateBitmap(rows));
      }
      for (int64_t row = 0; row < rows; ++row) {
        const int64_t place = validity.IsNull(row) ? 0 : PlaceOf(in[0], in[1], order, row);
        if (position) {
          engine::internal::StoreRow(out, row, static_cast<int32_t>(place));
          if (place == 0 && !validity.IsNull(row)) {
            THALWEG_RETURN_IF_ERROR(engine::internal::ClearRow(&validity, rows, row));
          }
        } else {
          engine::internal::StoreRow(out, row, place > 0);
        }
      }
      return arrow::Datum(engine::MakeFlatArray(result, rows, std::move(out), std::move(validity)));
    };
    return BoundScalar{{types.list, types.item}, result, std::move(kernel)};
  };
}

/// The rows of two lists against each other: any or all of the second are in the first.
Bind BindOverlap(std::string name, bool all) {
  return [=](std::span<const BindArgument> arguments) -> Result<BoundScalar> {
    if (arguments.size() != 2) return WrongArguments(name, "two lists", arguments);
    THALWEG_ASSIGN_OR_RETURN(const TypePtr type, MeetingType(name, arguments));
    if (type->id() != Type::LIST) return WrongArguments(name, "two lists", arguments);
    ScalarKernel kernel = [=](std::span<const arrow::Datum> datums, int64_t rows,
                              const EvalContext&) -> Result<arrow::Datum> {
      THALWEG_ASSIGN_OR_RETURN(const auto in, engine::ArgumentsOf(datums));
      if (in[0].always_null() || in[1].always_null()) return engine::NullDatum(arrow::boolean());
      THALWEG_ASSIGN_OR_RETURN(Validity validity, engine::Intersect(in, rows));
      THALWEG_ASSIGN_OR_RETURN(auto out, engine::AllocateBitmap(rows));
      const ArrayPtr wanted = ItemArray(in[1]);
      const RowOrder order(ItemArray(in[0]), wanted);
      for (int64_t row = 0; row < rows; ++row) {
        if (validity.IsNull(row)) continue;
        const ItemRange a = ItemsOf(in[0], row);
        const ItemRange b = ItemsOf(in[1], row);
        bool answer = all;
        for (int64_t j = b.begin; j < b.end && answer == all; ++j) {
          if (wanted->type_id() == Type::NA || wanted->IsNull(j)) continue;
          bool found = false;
          for (int64_t i = a.begin; i < a.end && !found; ++i) {
            found = order.CompareNulls(i, j) == 0;
          }
          if (found != all) answer = found;
        }
        engine::internal::StoreRow(out, row, answer);
      }
      return arrow::Datum(
          engine::MakeFlatArray(arrow::boolean(), rows, std::move(out), std::move(validity)));
    };
    return BoundScalar{{type, type}, arrow::boolean(), std::move(kernel)};
  };
}

/// A list with one more value, at its end or start.
Bind BindAppend(std::string name, bool at_end) {
  return [=](std::span<const BindArgument> arguments) -> Result<BoundScalar> {
    if (arguments.size() != 2) return WrongArguments(name, "a list and a value", arguments);
    const size_t list_at = at_end ? 0 : 1;
    THALWEG_ASSIGN_OR_RETURN(const Meeting types,
                             Meet(name, arguments[list_at], arguments[1 - list_at], arguments));
    ScalarKernel kernel = [=](std::span<const arrow::Datum> datums, int64_t rows,
                              const EvalContext&) -> Result<arrow::Datum> {
      THALWEG_ASSIGN_OR_RETURN(const auto in, PlainArguments(datums));
      const Argument& lists = in[list_at];
      const Argument& value = in[1 - list_at];
      THALWEG_ASSIGN_OR_RETURN(RowBuilder out, RowBuilder::Make(types.list));
      for (int64_t row = 0; row < rows; ++row) {
        THALWEG_RETURN_IF_ERROR(out.List());
        if (!at_end) THALWEG_RETURN_IF_ERROR(out.Item(*value.array(), value.At(row)));
        if (!IsNullRow(lists, row)) {
          const ItemRange range = ItemsOf(lists, row);
          THALWEG_RETURN_IF_ERROR(
              out.Items(*ItemArray(lists), range.begin, range.end - range.begin));
        }
        if (at_end) THALWEG_RETURN_IF_ERROR(out.Item(*value.array(), value.At(row)));
      }
      return out.Finish();
    };
    return BoundScalar{at_end ? std::vector<TypePtr>{types.list, types.item}
                              : std::vector<TypePtr>{types.item, types.list},
                       types.list, std::move(kernel)};
  };
}

/// A list of the same items in another order, or fewer: `pick` rewrites the places.
using Pick = void (*)(const RowOrder& order, const arrow::Array& items,
                      std::vector<int64_t>& places);

Bind BindRearrange(std::string name, Pick pick) {
  return [=](std::span<const BindArgument> arguments) -> Result<BoundScalar> {
    const TypePtr type = arguments.size() == 1 ? ListTypeOf(arguments[0]) : nullptr;
    if (type == nullptr) return WrongArguments(name, "one list", arguments);
    ScalarKernel kernel = [=](std::span<const arrow::Datum> datums, int64_t rows,
                              const EvalContext&) -> Result<arrow::Datum> {
      THALWEG_ASSIGN_OR_RETURN(const Argument lists, Argument::Of(datums[0]));
      if (lists.always_null()) return engine::NullDatum(type);
      const ArrayPtr items = ItemArray(lists);
      const RowOrder order(items, items);
      THALWEG_ASSIGN_OR_RETURN(RowBuilder out, RowBuilder::Make(type));
      std::vector<int64_t> places;
      for (int64_t row = 0; row < rows; ++row) {
        if (lists.IsNull(row)) {
          THALWEG_RETURN_IF_ERROR(out.Null());
          continue;
        }
        const ItemRange range = ItemsOf(lists, row);
        places.resize(static_cast<size_t>(range.end - range.begin));
        std::iota(places.begin(), places.end(), range.begin);
        pick(order, *items, places);
        THALWEG_RETURN_IF_ERROR(out.List());
        for (const int64_t place : places) THALWEG_RETURN_IF_ERROR(out.Item(*items, place));
      }
      return out.Finish();
    };
    return BoundScalar{{type}, type, std::move(kernel)};
  };
}

bool IsNullItem(const arrow::Array& items, int64_t place) {
  return items.type_id() == Type::NA || items.IsNull(place);
}

// Nulls last in both directions, as ORDER BY has it.
template <bool kDescending>
void SortItems(const RowOrder& order, const arrow::Array& items, std::vector<int64_t>& places) {
  std::ranges::stable_sort(places, [&](int64_t a, int64_t b) {
    const bool a_null = IsNullItem(items, a);
    const bool b_null = IsNullItem(items, b);
    if (a_null || b_null) return !a_null && b_null;
    const int compared = order.Compare(a, b);
    return kDescending ? compared > 0 : compared < 0;
  });
}

void ReverseItems(const RowOrder&, const arrow::Array&, std::vector<int64_t>& places) {
  std::ranges::reverse(places);
}

/// Each value once, where it comes first; no nulls.
void DistinctItems(const RowOrder& order, const arrow::Array& items, std::vector<int64_t>& places) {
  std::erase_if(places, [&](int64_t place) { return IsNullItem(items, place); });
  std::vector<int64_t> sorted = places;
  std::ranges::stable_sort(sorted, [&](int64_t a, int64_t b) { return order.Compare(a, b) < 0; });
  const auto same =
      std::ranges::unique(sorted, [&](int64_t a, int64_t b) { return order.Compare(a, b) == 0; });
  sorted.erase(same.begin(), same.end());
  std::ranges::sort(sorted);
  places = std::move(sorted);
}

/// The least or greatest item.
Bind BindExtreme(std::string name, bool greatest) {
  return [=](std::span<const BindArgument> arguments) -> Result<BoundScalar> {
    const TypePtr type = arguments.size() == 1 ? ListTypeOf(arguments[0]) : nullptr;
    if (type == nullptr) return WrongArguments(name, "one list", arguments);
    const TypePtr item = type->field(0)->type();
    ScalarKernel kernel = [=](std::span<const arrow::Datum> datums, int64_t rows,
                              const EvalContext&) -> Result<arrow::Datum> {
      THALWEG_ASSIGN_OR_RETURN(const Argument lists, Argument::Of(datums[0]));
      if (lists.always_null()) return engine::NullDatum(item);
      const ArrayPtr items = ItemArray(lists);
      const RowOrder order(items, items);
      THALWEG_ASSIGN_OR_RETURN(RowBuilder out, RowBuilder::Make(item));
      for (int64_t row = 0; row < rows; ++row) {
        int64_t best = -1;
        const ItemRange range = lists.IsNull(row) ? ItemRange{0, 0} : ItemsOf(lists, row);
        for (int64_t i = range.begin; i < range.end; ++i) {
          if (IsNullItem(*items, i)) continue;
          const int difference = best < 0 ? 1 : order.Compare(i, best);
          if (best < 0 || (greatest ? difference > 0 : difference < 0)) best = i;
        }
        THALWEG_RETURN_IF_ERROR(best < 0 ? out.Null() : out.Row(*items, best));
      }
      return out.Finish();
    };
    return BoundScalar{{type}, item, std::move(kernel)};
  };
}

void RegisterSearch(engine::Registry& registry) {
  Add(registry,
      {"list_contains",
       {"array_contains", "list_has", "array_has"},
       "True where the list has the value.",
       "Null for a null list or value.",
       {"list_contains([1, 2], 2)  -- true"}},
      BindSearch("list_contains", false));
  Add(registry,
      {"list_position",
       {"array_position", "list_indexof", "array_indexof"},
       "The place of a value in a list, from 1; null where there is none.",
       "",
       {"list_position(['a', 'b'], 'b')  -- 2"}},
      BindSearch("list_position", true));
  Add(registry,
      {"list_has_any",
       {"array_has_any"},
       "True where the lists share a value.",
       "",
       {"list_has_any([1, 2], [2, 3])  -- true"}},
      BindOverlap("list_has_any", false));
  Add(registry,
      {"list_has_all",
       {"array_has_all"},
       "True where the first list has all of the second.",
       "",
       {"list_has_all([1, 2], [2])  -- true"}},
      BindOverlap("list_has_all", true));
  Add(registry,
      {"list_min",
       {"array_min"},
       "The least item.",
       "Nulls are passed over.",
       {"list_min([2, 1])  -- 1"}},
      BindExtreme("list_min", false));
  Add(registry,
      {"list_max",
       {"array_max"},
       "The greatest item.",
       "Nulls are passed over.",
       {"list_max([2, 1])  -- 2"}},
      BindExtreme("list_max", true));
  Add(registry,
      {"array_length", {"list_length"}, "The number of items.", "", {"array_length([1, 2])  -- 2"}},
      [](std::span<const BindArgument> arguments) {
        return BindListLength("array_length", arguments);
      });
}

void RegisterRearranging(engine::Registry& registry) {
  Add(registry,
      {"list_append",
       {"array_append", "array_push_back"},
       "The list with one more item at its end.",
       "",
       {"list_append([1], 2)  -- [1, 2]"}},
      BindAppend("list_append", true));
  Add(registry,
      {"list_prepend",
       {"array_prepend"},
       "The list with one more item at its start.",
       "The item comes first.",
       {"list_prepend(0, [1])  -- [0, 1]"}},
      BindAppend("list_prepend", false));
  Add(registry,
      {"list_reverse",
       {"array_reverse"},
       "The items in reverse order.",
       "",
       {"list_reverse([1, 2])  -- [2, 1]"}},
      BindRearrange("list_reverse", ReverseItems));
  Add(registry,
      {"list_sort",
       {"array_sort"},
       "The items in ascending order, nulls last.",
       "",
       {"list_sort([2, 1])  -- [1, 2]"}},
      BindRearrange("list_sort", SortItems<false>));
  Add(registry,
      {"list_reverse_sort",
       {"array_reverse_sort"},
       "The items in descending order, nulls last.",
       "",
       {"list_reverse_sort([1, 2])  -- [2, 1]"}},
      BindRearrange("list_reverse_sort", SortItems<true>));
  Add(registry,
      {"list_distinct",
       {"array_distinct"},
       "Each item once, where it comes first; without nulls.",
       "",
       {"list_distinct([1, 1, 2])  -- [1, 2]"}},
      BindRearrange("list_distinct", DistinctItems));
}

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  RegisterSearch(registry);
  RegisterRearranging(registry);
}

}  // namespace thalweg::functions::list
