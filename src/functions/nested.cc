#include <arrow/array/array_nested.h>
#include <arrow/scalar.h>

#include <algorithm>

#include "columnar/arrow_status.h"
#include "engine/registry.h"
#include "functions/compare_kernels.h"
#include "functions/list_kernels.h"
#include "functions/nested_rows.h"
#include "functions/text.h"

namespace thalweg::functions::nested {
namespace {

constexpr char kFamily[] = "nested";

void Add(engine::Registry& registry, About about, Bind bind) {
  registry.Add(MakeFunction(kFamily, std::move(about), std::move(bind)));
}

// Making lists, structs and maps.

Result<BoundScalar> BindListValue(std::span<const BindArgument> arguments) {
  THALWEG_ASSIGN_OR_RETURN(const TypePtr item, MeetingType("list_value", arguments));
  const TypePtr type = arrow::list(item);
  ScalarKernel kernel = [type](std::span<const arrow::Datum> datums, int64_t rows,
                               const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto items, PlainArguments(datums));
    THALWEG_ASSIGN_OR_RETURN(RowBuilder out, RowBuilder::Make(type));
    for (int64_t row = 0; row < rows; ++row) {
      THALWEG_RETURN_IF_ERROR(out.List());
      for (const Argument& value : items) {
        THALWEG_RETURN_IF_ERROR(out.Item(*value.array(), value.At(row)));
      }
    }
    return out.Finish();
  };
  return BoundScalar{std::vector<TypePtr>(arguments.size(), item), type, std::move(kernel)};
}

/// Names and values in turn; the names are constants.
Result<BoundScalar> BindStructPack(std::span<const BindArgument> arguments) {
  if (arguments.empty() || arguments.size() % 2 != 0) {
    return WrongArguments("struct_pack", "names and values in turn", arguments);
  }
  arrow::FieldVector fields;
  BoundScalar out;
  for (size_t i = 0; i < arguments.size(); i += 2) {
    const std::optional<std::string> name = ConstantText(arguments[i]);
    if (!name) return WrongArguments("struct_pack", "constant names and values in turn", arguments);
    const TypePtr type = engine::CanonicalType(arguments[i + 1].type);
    fields.push_back(arrow::field(*name, type));
    out.parameters.push_back(Varchar());
    out.parameters.push_back(type);
  }
  out.result = arrow::struct_(fields);
  out.kernel = [type = out.result](std::span<const arrow::Datum> datums, int64_t rows,
                                   const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto arguments_in, PlainArguments(datums));
    std::vector<std::shared_ptr<arrow::ArrayData>> children;
    for (size_t i = 1; i < arguments_in.size(); i += 2) {
      ArrayPtr child = arguments_in[i].array();
      if (arguments_in[i].constant()) {
        THALWEG_ASSIGN_OR_RETURN(child, engine::ToArray(datums[i], rows));
      }
      children.push_back(child->data());
    }
    return arrow::Datum(
        arrow::MakeArray(arrow::ArrayData::Make(type, rows, {nullptr}, std::move(children), 0)));
  };
  return out;
}

Status CheckKeys(const arrow::Array& keys, int64_t begin, int64_t end) {
  const RowOrder order(keys.Slice(0), keys.Slice(0));
  for (int64_t i = begin; i < end; ++i) {
    if (keys.IsNull(i)) return Status::InvalidArgument("map: a key is null");
    for (int64_t j = begin; j < i; ++j) {
      if (order.Compare(i, j) == 0) return Status::InvalidArgument("map: a key stands twice");
    }
  }
  return {};
}

/// MAP(list of keys, list of values).
ScalarKernel MapFromLists(TypePtr type) {
  return [type = std::move(type)](std::span<const arrow::Datum> datums, int64_t rows,
                                  const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto arguments, engine::ArgumentsOf(datums));
    THALWEG_ASSIGN_OR_RETURN(RowBuilder out, RowBuilder::Make(type));
    auto& builder = static_cast<arrow::MapBuilder&>(out.builder());
    for (int64_t row = 0; row < rows; ++row) {
      if (IsNullRow(arguments[0], row) || IsNullRow(arguments[1], row)) {
        THALWEG_RETURN_IF_ERROR(out.Null());
        continue;
      }
      const ItemRange keys = ItemsOf(arguments[0], row);
      const ItemRange values = ItemsOf(arguments[1], row);
      if (keys.end - keys.begin != values.end - values.begin) {
        return Status::InvalidArgument("map: as many keys as values are needed");
      }
      THALWEG_RETURN_IF_ERROR(CheckKeys(*ItemArray(arguments[0]), keys.begin, keys.end));
      THALWEG_RETURN_IF_ARROW_ERROR(builder.Append());
      for (const auto& [part, into, range] :
           {std::tuple(&arguments[0], builder.key_builder(), keys),
            std::tuple(&arguments[1], builder.item_builder(), values)}) {
        const ArrayPtr items = ItemArray(*part);
        const int64_t count = range.end - range.begin;
        THALWEG_RETURN_IF_ARROW_ERROR(
            items->type_id() == Type::NA
                ? into->AppendNulls(count)
                : into->AppendArraySlice(arrow::ArraySpan(*items->data()), range.begin, count));
      }
    }
    return out.Finish();
  };
}

/// MAP(key, value, key, value…).
ScalarKernel MapFromPairs(TypePtr type) {
  return [type = std::move(type)](std::span<const arrow::Datum> datums, int64_t rows,
                                  const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto arguments, PlainArguments(datums));
    THALWEG_ASSIGN_OR_RETURN(RowBuilder out, RowBuilder::Make(type));
    auto& builder = static_cast<arrow::MapBuilder&>(out.builder());
    for (int64_t row = 0; row < rows; ++row) {
      THALWEG_RETURN_IF_ARROW_ERROR(builder.Append());
      for (size_t i = 0; i < arguments.size(); ++i) {
        const Argument& value = arguments[i];
        const int64_t at = value.At(row);
        arrow::ArrayBuilder* into = i % 2 == 0 ? builder.key_builder() : builder.item_builder();
        if (i % 2 == 0) {
          if (IsNullRow(value, row)) return Status::InvalidArgument("map: a key is null");
          for (size_t j = 0; j < i; j += 2) {
            const RowOrder order(value.array(), arguments[j].array());
            if (order.Compare(at, arguments[j].At(row)) == 0) {
              return Status::InvalidArgument("map: a key stands twice");
            }
          }
        }
        THALWEG_RETURN_IF_ARROW_ERROR(
            value.always_null()
                ? into->AppendNull()
                : into->AppendArraySlice(arrow::ArraySpan(*value.array()->data()), at, 1));
      }
    }
    return out.Finish();
  };
}

Result<BoundScalar> BindMap(std::span<const BindArgument> arguments) {
  if (arguments.size() == 2 && ListTypeOf(arguments[0]) && ListTypeOf(arguments[1])) {
    const TypePtr keys = ListTypeOf(arguments[0]);
    const TypePtr values = ListTypeOf(arguments[1]);
    const TypePtr type = arrow::map(keys->field(0)->type(), values->field(0)->type());
    return BoundScalar{{keys, values}, type, MapFromLists(type)};
  }
  if (arguments.empty()) {
    const TypePtr type = arrow::map(Varchar(), Varchar());
    return BoundScalar{{}, type, MapFromPairs(type)};
  }
  if (arguments.size() % 2 != 0) {
    return WrongArguments("map", "a list of keys and one of values, or keys and values in turn",
                          arguments);
  }
  std::vector<BindArgument> keys;
  std::vector<BindArgument> values;
  for (size_t i = 0; i < arguments.size(); i += 2) {
    keys.push_back(arguments[i]);
    values.push_back(arguments[i + 1]);
  }
  THALWEG_ASSIGN_OR_RETURN(const TypePtr key, MeetingType("map", keys));
  THALWEG_ASSIGN_OR_RETURN(const TypePtr value, MeetingType("map", values));
  const TypePtr type = arrow::map(key, value);
  BoundScalar out{{}, type, MapFromPairs(type)};
  for (size_t i = 0; i < keys.size(); ++i) {
    out.parameters.push_back(key);
    out.parameters.push_back(value);
  }
  return out;
}

// Taking parts.

/// Places count from 1, negative ones from the end; outside there is null.
ScalarKernel ListExtract(TypePtr item) {
  return [item = std::move(item)](std::span<const arrow::Datum> datums, int64_t rows,
                                  const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto arguments, engine::ArgumentsOf(datums));
    if (arguments[0].always_null() || arguments[1].always_null()) return engine::NullDatum(item);
    const engine::RowReader<int64_t> places(arguments[1]);
    const ArrayPtr items = ItemArray(arguments[0]);
    THALWEG_ASSIGN_OR_RETURN(RowBuilder out, RowBuilder::Make(item));
    for (int64_t row = 0; row < rows; ++row) {
      int64_t at = -1;
      if (!arguments[0].IsNull(row) && !arguments[1].IsNull(row)) {
        const ItemRange range = ItemsOf(arguments[0], row);
        const int64_t place = places[row];
        const int64_t size = range.end - range.begin;
        if (place > 0 && place <= size) at = range.begin + place - 1;
        if (place < 0 && place >= -size) at = range.end + place;
      }
      THALWEG_RETURN_IF_ERROR(at < 0 ? out.Null() : out.Row(*items, at));
    }
    return out.Finish();
  };
}

Result<BoundScalar> BindStructExtract(std::span<const BindArgument> arguments) {
  const TypePtr type =
      arguments.size() == 2 ? engine::CanonicalType(arguments[0].type) : arrow::null();
  const std::optional<std::string> name =
      arguments.size() == 2 ? ConstantText(arguments[1]) : std::nullopt;
  if (type->id() != Type::STRUCT || !name) {
    return WrongArguments("struct_extract", "a STRUCT and a field's constant name", arguments);
  }
  std::vector<std::string> known;
  int index = -1;
  for (int i = 0; i < type->num_fields(); ++i) {
    known.push_back(type->field(i)->name());
    if (known.back() == *name) index = i;
  }
  if (index < 0) {
    return Status::InvalidArgument("struct_extract: no such field: '" + *name + "'" +
                                   DidYouMean(*name, known));
  }
  const TypePtr field = type->field(index)->type();
  ScalarKernel kernel = [index, field](std::span<const arrow::Datum> datums, int64_t,
                                       const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const Argument value, Argument::Of(datums[0]));
    if (value.always_null()) return engine::NullDatum(field);
    const auto& rows_of = static_cast<const arrow::StructArray&>(*value.array());
    // With the struct's own nulls.
    THALWEG_ASSIGN_OR_RETURN_ARROW(ArrayPtr child, rows_of.GetFlattenedField(index));
    if (!value.constant()) return arrow::Datum(std::move(child));
    THALWEG_ASSIGN_OR_RETURN_ARROW(auto scalar, child->GetScalar(0));
    return arrow::Datum(std::move(scalar));
  };
  return BoundScalar{{type, Varchar()}, field, std::move(kernel)};
}

/// The value of a key; null where there is none. As a list of none or one with `as_list`.
ScalarKernel MapExtract(TypePtr type, bool as_list) {
  const TypePtr item = static_cast<const arrow::MapType&>(*type).item_type();
  const TypePtr result = as_list ? arrow::list(item) : item;
  return [=](std::span<const arrow::Datum> datums, int64_t rows,
             const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto arguments, PlainArguments(datums));
    if (arguments[0].always_null() || arguments[1].always_null()) {
      return engine::NullDatum(result);
    }
    const auto& map = static_cast<const arrow::MapArray&>(*arguments[0].array());
    const RowOrder order(map.keys(), arguments[1].array());
    THALWEG_ASSIGN_OR_RETURN(RowBuilder out, RowBuilder::Make(result));
    for (int64_t row = 0; row < rows; ++row) {
      if (arguments[0].IsNull(row) || arguments[1].IsNull(row)) {
        THALWEG_RETURN_IF_ERROR(out.Null());
        continue;
      }
      const ItemRange range = ItemsOf(arguments[0], row);
      int64_t at = range.begin;
      while (at < range.end && order.Compare(at, arguments[1].At(row)) != 0) ++at;
      const bool found = at < range.end;
      if (as_list) {
        THALWEG_RETURN_IF_ERROR(out.List());
        if (found) THALWEG_RETURN_IF_ERROR(out.Item(*map.items(), at));
      } else {
        THALWEG_RETURN_IF_ERROR(found ? out.Row(*map.items(), at) : out.Null());
      }
    }
    return out.Finish();
  };
}

Result<BoundScalar> BindMapExtract(std::string_view name, bool as_list,
                                   std::span<const BindArgument> arguments) {
  const TypePtr type = arguments.size() == 2 ? MapTypeOf(arguments[0]) : nullptr;
  if (type == nullptr) return WrongArguments(name, "a MAP and a key", arguments);
  const auto& map = static_cast<const arrow::MapType&>(*type);
  if (ConversionCost(arguments[1], *map.key_type()) < 0) {
    return WrongArguments(name, "a MAP and a key of its type", arguments);
  }
  return BoundScalar{{type, map.key_type()},
                     as_list ? arrow::list(map.item_type()) : map.item_type(),
                     MapExtract(type, as_list)};
}

/// LIST, MAP or VARCHAR and a place or key.
Bind BindExtract(std::string name) {
  return [name](std::span<const BindArgument> arguments) -> Result<BoundScalar> {
    if (arguments.size() == 2 && MapTypeOf(arguments[0])) {
      return BindMapExtract(name, false, arguments);
    }
    if (arguments.size() == 2 && ConversionCost(arguments[1], *arrow::int64()) >= 0) {
      if (const TypePtr type = ListTypeOf(arguments[0])) {
        const TypePtr item = type->field(0)->type();
        return BoundScalar{{type, arrow::int64()}, item, ListExtract(item)};
      }
      if (columnar::IsString(*arguments[0].type)) {
        return BoundScalar{{Varchar(), arrow::int64()},
                           Varchar(),
                           engine::TextKernel<std::string_view, int64_t>(
                               Varchar(), [](TextWriter& out, std::string_view text, int64_t at) {
                                 if (at != 0) out.Append(Substring(text, at, 1));
                               })};
      }
    }
    return WrongArguments(name, "a list or text and a place, or a MAP and a key", arguments);
  };
}

// Maps.

enum class MapPart : uint8_t { kKeys, kValues, kEntries };

Bind BindMapPart(std::string name, MapPart part) {
  return [name, part](std::span<const BindArgument> arguments) -> Result<BoundScalar> {
    const TypePtr type = arguments.size() == 1 ? MapTypeOf(arguments[0]) : nullptr;
    if (type == nullptr) return WrongArguments(name, "one MAP", arguments);
    const auto& map = static_cast<const arrow::MapType&>(*type);
    TypePtr item = part == MapPart::kKeys ? map.key_type() : map.item_type();
    if (part == MapPart::kEntries) {
      item = arrow::struct_(
          {arrow::field("key", map.key_type()), arrow::field("value", map.item_type())});
    }
    const TypePtr result = arrow::list(item);
    ScalarKernel kernel = [part, item, result](std::span<const arrow::Datum> datums, int64_t,
                                               const EvalContext&) -> Result<arrow::Datum> {
      THALWEG_ASSIGN_OR_RETURN(const Argument value, Argument::Of(datums[0]));
      if (value.always_null()) return engine::NullDatum(result);
      const auto& rows_of = static_cast<const arrow::MapArray&>(*value.array());
      std::shared_ptr<arrow::ArrayData> items =
          (part == MapPart::kKeys ? rows_of.keys() : rows_of.items())->data();
      if (part == MapPart::kEntries) {
        items = arrow::ArrayData::Make(item, rows_of.keys()->length(), {nullptr},
                                       {rows_of.keys()->data(), rows_of.items()->data()}, 0);
      }
      // The list has the map's offsets and nulls.
      std::shared_ptr<arrow::ArrayData> data = value.array()->data()->Copy();
      data->type = result;
      data->child_data = {std::move(items)};
      ArrayPtr array = arrow::MakeArray(std::move(data));
      if (!value.constant()) return arrow::Datum(std::move(array));
      THALWEG_ASSIGN_OR_RETURN_ARROW(auto scalar, array->GetScalar(0));
      return arrow::Datum(std::move(scalar));
    };
    return BoundScalar{{type}, result, std::move(kernel)};
  };
}

Result<BoundScalar> BindCardinality(std::span<const BindArgument> arguments) {
  return BindListLength("cardinality", arguments);
}

Result<BoundScalar> BindMapContains(std::span<const BindArgument> arguments) {
  THALWEG_ASSIGN_OR_RETURN(BoundScalar out, BindMapExtract("map_contains", true, arguments));
  out.result = arrow::boolean();
  out.kernel = [kernel = out.kernel](std::span<const arrow::Datum> datums, int64_t rows,
                                     const EvalContext& context) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const arrow::Datum found, kernel(datums, rows, context));
    if (found.is_scalar()) return engine::NullDatum(arrow::boolean());
    THALWEG_ASSIGN_OR_RETURN(const Argument lists, Argument::Of(found));
    THALWEG_ASSIGN_OR_RETURN(Validity validity, engine::Intersect(std::span(&lists, 1), rows));
    THALWEG_ASSIGN_OR_RETURN(auto bits, engine::AllocateBitmap(rows));
    for (int64_t row = 0; row < rows; ++row) {
      const ItemRange range = ItemsOf(lists, row);
      if (range.end > range.begin) arrow::bit_util::SetBit(bits->mutable_data(), row);
    }
    return arrow::Datum(
        engine::MakeFlatArray(arrow::boolean(), rows, std::move(bits), std::move(validity)));
  };
  return out;
}

void RegisterMaking(engine::Registry& registry) {
  Add(registry,
      {"list_value",
       {"list_pack", "array", "array_value"},
       "A list of the values.",
       "The values are cast to their common type. `[a, b]` is the same.",
       {"list_value(1, 2.5)  -- [1.0, 2.5]"}},
      BindListValue);
  Add(registry,
      {"struct_pack",
       {"struct"},
       "A struct of named values.",
       "Called with names and values in turn. `{'a': 1}` and `struct_pack(a := 1)` are the "
       "same.",
       {"struct_pack('a', 1, 'b', 'x')  -- {'a': 1, 'b': x}"}},
      BindStructPack);
  Add(registry,
      {"map",
       {"map_pack"},
       "A map of keys to values.",
       "Takes a list of keys and one of values, or keys and values in turn. A null key and "
       "one that stands twice are errors of the row.",
       {"map(['a', 'b'], [1, 2])  -- {a=1, b=2}", "map('a', 1, 'b', 2)  -- {a=1, b=2}"}},
      BindMap);
}

void RegisterTaking(engine::Registry& registry) {
  Add(registry,
      {"list_extract",
       {"list_element", "array_extract"},
       "The item of a list, the character of a text or the value of a map.",
       "Places count from 1, negative ones from the end. Null where there is none. `x[i]` is "
       "the same.",
       {"list_extract([4, 5], 1)  -- 4", "list_extract([4, 5], -1)  -- 5"}},
      BindExtract("list_extract"));
  Add(registry,
      {"element_at",
       {"map_extract_value"},
       "The value of a map's key, or a list's item.",
       "Null where there is none.",
       {"element_at(map(['a'], [1]), 'a')  -- 1"}},
      BindExtract("element_at"));
  Add(registry,
      {"map_extract",
       {},
       "The value of a key as a list of one, or an empty list.",
       "",
       {"map_extract(map(['a'], [1]), 'a')  -- [1]"}},
      [](std::span<const BindArgument> arguments) {
        return BindMapExtract("map_extract", true, arguments);
      });
  Add(registry,
      {"struct_extract",
       {"get_field"},
       "The field of a struct.",
       "`x.field` is the same.",
       {"struct_extract({'a': 1}, 'a')  -- 1"}},
      BindStructExtract);
}

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  RegisterMaking(registry);
  RegisterTaking(registry);
  Add(registry, {"map_keys", {}, "The keys as a list.", "", {"map_keys(map(['a'], [1]))  -- [a]"}},
      BindMapPart("map_keys", MapPart::kKeys));
  Add(registry,
      {"map_values", {}, "The values as a list.", "", {"map_values(map(['a'], [1]))  -- [1]"}},
      BindMapPart("map_values", MapPart::kValues));
  Add(registry,
      {"map_entries",
       {},
       "The entries as a list of structs.",
       "",
       {"map_entries(map(['a'], [1]))  -- [{'key': a, 'value': 1}]"}},
      BindMapPart("map_entries", MapPart::kEntries));
  Add(registry,
      {"map_contains",
       {"map_contains_key"},
       "True where the map has the key.",
       "",
       {"map_contains(map(['a'], [1]), 'a')  -- true"}},
      BindMapContains);
  Add(registry,
      {"cardinality",
       {},
       "The number of entries of a map or items of a list.",
       "",
       {"cardinality(map(['a'], [1]))  -- 1"}},
      BindCardinality);
}

}  // namespace thalweg::functions::nested
