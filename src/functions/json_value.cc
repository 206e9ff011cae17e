#include "functions/json_value.h"

#include <arrow/array/array_nested.h>

#include <cmath>
#include <optional>

#include "functions/json_scan.h"

namespace thalweg::functions {

struct JsonValue::Node {
  ArrayPtr array;
  std::optional<columnar::StringColumn> text;
  std::optional<engine::ValueText> plain;  ///< Of all that is neither text nor nested.
  bool quoted = false;
  std::vector<std::shared_ptr<const Node>> children;
};

Result<std::shared_ptr<const JsonValue::Node>> JsonValue::MakeNode(const ArrayPtr& array,
                                                                   const EvalContext& context) {
  auto node = std::make_shared<Node>();
  node->array = array;
  std::vector<ArrayPtr> children;
  switch (array->type_id()) {
    case Type::NA:
      break;
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
      node->text.emplace(array);
      break;
    case Type::LIST:
      children = {static_cast<const arrow::ListArray&>(*array).values()};
      break;
    case Type::MAP: {
      const auto& map = static_cast<const arrow::MapArray&>(*array);
      children = {map.keys(), map.items()};
      break;
    }
    case Type::STRUCT:
      children = static_cast<const arrow::StructArray&>(*array).fields();
      break;
    default: {
      THALWEG_ASSIGN_OR_RETURN(node->plain, engine::ValueText::Of(array, context));
      node->quoted = !engine::IsNumber(*array->type()) && array->type_id() != Type::BOOL;
    }
  }
  for (const ArrayPtr& child : children) {
    THALWEG_ASSIGN_OR_RETURN(auto inner, MakeNode(child, context));
    node->children.push_back(std::move(inner));
  }
  return std::shared_ptr<const Node>(std::move(node));
}

Result<JsonValue> JsonValue::Of(const ArrayPtr& array, const EvalContext& context) {
  ArrayPtr canonical = array;
  const TypePtr type = engine::CanonicalType(array->type());
  if (!columnar::IsString(*type) && !columnar::IsBinary(*type)) {
    THALWEG_ASSIGN_OR_RETURN(canonical, engine::CastArray(array, type, false, context));
  }
  THALWEG_ASSIGN_OR_RETURN(auto node, MakeNode(canonical, context));
  return JsonValue(std::move(node));
}

void JsonValue::Append(int64_t row, TextWriter& out) const { AppendNode(*node_, row, out); }

void JsonValue::AppendNode(const Node& node, int64_t row, TextWriter& out) {
  const arrow::Array& array = *node.array;
  if (array.type_id() == Type::NA || array.IsNull(row)) return out.Append("null");
  if (node.text) return AppendJsonQuoted((*node.text)[row], out);
  if (node.plain) {
    TextWriter text(1, 64);
    node.plain->Append(row, text);
    // JSON has no word for infinity and NaN: they are strings.
    const bool number = !node.quoted && text.Row().find_first_of("fn") == std::string_view::npos;
    const bool word = array.type_id() == Type::BOOL;
    return number || word ? out.Append(text.Row()) : AppendJsonQuoted(text.Row(), out);
  }
  if (array.type_id() == Type::STRUCT) {
    out.Append('{');
    for (size_t i = 0; i < node.children.size(); ++i) {
      if (i > 0) out.Append(',');
      AppendJsonQuoted(array.type()->field(static_cast<int>(i))->name(), out);
      out.Append(':');
      AppendNode(*node.children[i], row, out);
    }
    return out.Append('}');
  }
  const auto& list = static_cast<const arrow::ListArray&>(array);
  const bool map = array.type_id() == Type::MAP;
  out.Append(map ? '{' : '[');
  for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
    if (i > list.value_offset(row)) out.Append(',');
    if (map) {
      // A key is a string in JSON, whatever it was.
      if (node.children[0]->text) {
        AppendNode(*node.children[0], i, out);
      } else {
        TextWriter key(1, 32);
        AppendNode(*node.children[0], i, key);
        const bool ready = !key.Row().empty() && key.Row().front() == '"';
        ready ? out.Append(key.Row()) : AppendJsonQuoted(key.Row(), out);
      }
      out.Append(':');
    }
    AppendNode(*node.children[map ? 1 : 0], i, out);
  }
  out.Append(map ? '}' : ']');
}

}  // namespace thalweg::functions
