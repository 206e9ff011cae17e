// Lists made of parts of lists and of numbers.
#include <arrow/array/array_nested.h>

#include <algorithm>
#include <numeric>

#include "columnar/arrow_status.h"
#include "engine/registry.h"
#include "functions/list_kernels.h"
#include "functions/nested_rows.h"
#include "functions/text.h"

namespace thalweg::functions::list_make {
namespace {

constexpr char kFamily[] = "nested";
using View = std::string_view;

void Add(engine::Registry& registry, About about, Bind bind) {
  registry.Add(MakeFunction(kFamily, std::move(about), std::move(bind)));
}

/// Items `begin … end` (from 1, both included, negative from the end) of a list or text.
Result<BoundScalar> BindSlice(std::span<const BindArgument> arguments) {
  const bool good = arguments.size() == 3 && ConversionCost(arguments[1], *arrow::int64()) >= 0 &&
                    ConversionCost(arguments[2], *arrow::int64()) >= 0;
  const TypePtr type = good ? ListTypeOf(arguments[0]) : nullptr;
  const auto bounds = [](int64_t size, int64_t begin, int64_t end) {
    if (begin < 0) begin = std::max<int64_t>(size + begin + 1, 1);
    if (end < 0) end = size + end + 1;
    begin = std::max<int64_t>(begin, 1);
    end = std::min(end, size);
    return ItemRange{begin - 1, std::max(begin - 1, end)};
  };
  if (good && columnar::IsString(*arguments[0].type)) {
    const auto slice = [bounds](TextWriter& out, View text, int64_t begin, int64_t end) {
      const ItemRange range = bounds(CountCharacters(text), begin, end);
      out.Append(Substring(text, range.begin + 1, range.end - range.begin));
    };
    return BoundScalar{{Varchar(), arrow::int64(), arrow::int64()},
                       Varchar(),
                       engine::TextKernel<View, int64_t, int64_t>(Varchar(), slice)};
  }
  if (type == nullptr) return WrongArguments("list_slice", "a list and two places", arguments);
  ScalarKernel kernel = [=](std::span<const arrow::Datum> datums, int64_t rows,
                            const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto in, engine::ArgumentsOf(datums));
    if (in[0].always_null()) return engine::NullDatum(type);
    std::optional<engine::RowReader<int64_t>> begins;
    std::optional<engine::RowReader<int64_t>> ends;
    if (!in[1].always_null()) begins.emplace(in[1]);
    if (!in[2].always_null()) ends.emplace(in[2]);
    THALWEG_ASSIGN_OR_RETURN(RowBuilder out, RowBuilder::Make(type));
    for (int64_t row = 0; row < rows; ++row) {
      if (in[0].IsNull(row)) {
        THALWEG_RETURN_IF_ERROR(out.Null());
        continue;
      }
      const ItemRange range = ItemsOf(in[0], row);
      const int64_t size = range.end - range.begin;
      // An open bound is null.
      const ItemRange part = bounds(size, IsNullRow(in[1], row) ? 1 : (*begins)[row],
                                    IsNullRow(in[2], row) ? size : (*ends)[row]);
      THALWEG_RETURN_IF_ERROR(out.List());
      THALWEG_RETURN_IF_ERROR(
          out.Items(*ItemArray(in[0]), range.begin + part.begin, part.end - part.begin));
    }
    return out.Finish();
  };
  return BoundScalar{{type, arrow::int64(), arrow::int64()}, type, std::move(kernel)};
}

Result<BoundScalar> BindFlatten(std::span<const BindArgument> arguments) {
  const TypePtr type = arguments.size() == 1 ? ListTypeOf(arguments[0]) : nullptr;
  const TypePtr inner = type != nullptr ? type->field(0)->type() : nullptr;
  if (inner == nullptr || inner->id() != Type::LIST) {
    return WrongArguments("flatten", "one list of lists", arguments);
  }
  ScalarKernel kernel = [inner](std::span<const arrow::Datum> datums, int64_t rows,
                                const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const Argument lists, Argument::Of(datums[0]));
    if (lists.always_null()) return engine::NullDatum(inner);
    const ArrayPtr middle = ItemArray(lists);
    THALWEG_ASSIGN_OR_RETURN(const Argument parts, Argument::Of(arrow::Datum(middle)));
    THALWEG_ASSIGN_OR_RETURN(RowBuilder out, RowBuilder::Make(inner));
    for (int64_t row = 0; row < rows; ++row) {
      if (lists.IsNull(row)) {
        THALWEG_RETURN_IF_ERROR(out.Null());
        continue;
      }
      THALWEG_RETURN_IF_ERROR(out.List());
      const ItemRange range = ItemsOf(lists, row);
      for (int64_t i = range.begin; i < range.end; ++i) {
        if (middle->IsNull(i)) continue;
        const ItemRange part = ItemsOf(parts, i);
        THALWEG_RETURN_IF_ERROR(out.Items(*ItemArray(parts), part.begin, part.end - part.begin));
      }
    }
    return out.Finish();
  };
  return BoundScalar{{type}, inner, std::move(kernel)};
}

/// Items as text with a separator; nulls are passed over.
Result<BoundScalar> BindJoin(std::span<const BindArgument> arguments) {
  const TypePtr type = arguments.size() == 2 ? ListTypeOf(arguments[0]) : nullptr;
  if (type == nullptr || ConversionCost(arguments[1], *Varchar()) < 0) {
    return WrongArguments("array_to_string", "a list and a separator", arguments);
  }
  const TypePtr texts = arrow::list(Varchar());
  ScalarKernel kernel = [](std::span<const arrow::Datum> datums, int64_t rows,
                           const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto in, engine::ArgumentsOf(datums));
    if (in[0].always_null() || in[1].always_null()) return engine::NullDatum(Varchar());
    const columnar::StringColumn items(ItemArray(in[0]));
    const engine::RowReader<View> separators(in[1]);
    TextWriter out(rows, rows * 24);
    for (int64_t row = 0; row < rows; ++row) {
      if (in[0].IsNull(row) || in[1].IsNull(row)) {
        out.EndNull();
        continue;
      }
      bool first = true;
      const ItemRange range = ItemsOf(in[0], row);
      for (int64_t i = range.begin; i < range.end; ++i) {
        if (items.IsNull(i)) continue;
        if (!first) out.Append(separators[row]);
        out.Append(items[i]);
        first = false;
      }
      out.EndRow();
    }
    THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, out.Finish(Varchar()));
    return arrow::Datum(std::move(array));
  };
  return BoundScalar{{texts, Varchar()}, Varchar(), std::move(kernel)};
}

constexpr int64_t kRangeItemsMax = 100'000'000;

/// range(start, stop, step) of BIGINT; the stop is included by generate_series.
ScalarKernel RangeKernel(bool inclusive) {
  return [inclusive](std::span<const arrow::Datum> datums, int64_t rows,
                     const EvalContext&) -> Result<arrow::Datum> {
    const TypePtr type = arrow::list(arrow::int64());
    THALWEG_ASSIGN_OR_RETURN(const auto in, engine::ArgumentsOf(datums));
    for (const Argument& argument : in) {
      if (argument.always_null()) return engine::NullDatum(type);
    }
    THALWEG_ASSIGN_OR_RETURN(const Validity validity, engine::Intersect(in, rows));
    std::vector<engine::RowReader<int64_t>> bounds;
    for (const Argument& argument : in) bounds.emplace_back(argument);
    arrow::ListBuilder out(arrow::default_memory_pool(), std::make_shared<arrow::Int64Builder>());
    auto& items = static_cast<arrow::Int64Builder&>(*out.value_builder());
    for (int64_t row = 0; row < rows; ++row) {
      if (validity.IsNull(row)) {
        THALWEG_RETURN_IF_ARROW_ERROR(out.AppendNull());
        continue;
      }
      const int64_t start = bounds.size() > 1 ? bounds[0][row] : 0;
      const int64_t stop = bounds.size() > 1 ? bounds[1][row] : bounds[0][row];
      const int64_t step = bounds.size() > 2 ? bounds[2][row] : 1;
      if (step == 0) return Status::InvalidArgument("range: the step is zero");
      const Int128 distance = static_cast<Int128>(stop) - start;
      Int128 count = distance / step + (inclusive || distance % step != 0 ? 1 : 0);
      if ((distance > 0) != (step > 0) && distance != 0) count = 0;
      if (count > kRangeItemsMax) {
        return Status::InvalidArgument("range: more than 100000000 items");
      }
      THALWEG_RETURN_IF_ARROW_ERROR(out.Append());
      for (int64_t i = 0; i < count; ++i) {
        THALWEG_RETURN_IF_ARROW_ERROR(items.Append(start + i * step));
      }
    }
    THALWEG_ASSIGN_OR_RETURN_ARROW(auto array, out.Finish());
    return arrow::Datum(std::move(array));
  };
}

void AddRange(engine::Registry& registry, About about, bool inclusive) {
  const TypePtr big = arrow::int64();
  const TypePtr out = arrow::list(big);
  registry.Add(MakeFunction(kFamily, std::move(about),
                            {{{big}, out, RangeKernel(inclusive)},
                             {{big, big}, out, RangeKernel(inclusive)},
                             {{big, big, big}, out, RangeKernel(inclusive)}}));
}

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  Add(registry,
      {"list_concat",
       {"array_concat", "list_cat", "array_cat"},
       "All lists as one.",
       "Null lists are passed over.",
       {"list_concat([1], [2, 3])  -- [1, 2, 3]"}},
      [](std::span<const BindArgument> arguments) {
        return BindListConcat("list_concat", arguments);
      });
  Add(registry,
      {"list_slice",
       {"array_slice"},
       "Part of a list or text, from one place to another.",
       "Both places are included, count from 1 and from the end where negative; a null place "
       "is open.",
       {"list_slice([1, 2, 3], 2, 3)  -- [2, 3]"}},
      BindSlice);
  Add(registry,
      {"flatten",
       {},
       "The items of a list's lists as one list.",
       "Null lists are passed over.",
       {"flatten([[1], [2, 3]])  -- [1, 2, 3]"}},
      BindFlatten);
  Add(registry,
      {"array_to_string",
       {"list_to_string", "join"},
       "The items as text with a separator.",
       "Nulls are passed over.",
       {"array_to_string(['a', 'b'], ', ')  -- 'a, b'"}},
      BindJoin);
  AddRange(registry,
           {"range",
            {},
            "The whole numbers from a start to below a stop.",
            "range(stop), range(start, stop) or range(start, stop, step).",
            {"range(3)  -- [0, 1, 2]"}},
           false);
  AddRange(registry,
           {"generate_series",
            {},
            "The whole numbers from a start to a stop, included.",
            "generate_series(stop), (start, stop) or (start, stop, step).",
            {"generate_series(1, 3)  -- [1, 2, 3]"}},
           true);
}

}  // namespace thalweg::functions::list_make
