#include <arrow/type.h>

#include <algorithm>

#include "base/civil_time.h"
#include "base/number.h"
#include "engine/cast.h"
#include "engine/cast_rows.h"
#include "engine/cast_zone.h"

namespace thalweg::engine {

using arrow::Type;

/// A column and how to read it, and those inside it.
struct ValueText::Node {
  ArrayPtr array;
  std::optional<columnar::StringColumn> text;
  Zone zone;
  bool zoned = false;
  std::vector<std::shared_ptr<const Node>> children;
};

namespace {

template <typename T>
T Raw(const arrow::Array& array, int64_t row) {
  T value;
  std::memcpy(
      &value,
      array.data()->buffers[1]->data() + (array.offset() + row) * static_cast<int64_t>(sizeof(T)),
      sizeof(T));
  return value;
}

template <size_t kMax, typename F>
void Formatted(TextWriter& out, F format) {
  char* at = out.Extend(kMax);
  out.Shrink(kMax - format(at));
}

void AppendInt(int64_t value, TextWriter& out) {
  Formatted<kInt64TextMax>(out, [=](char* at) { return FormatInt64(value, at); });
}

/// Printable ASCII as it stands, the rest as `\xHH`.
void AppendBytes(std::string_view bytes, TextWriter& out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '\\' && c != '\'' && c != '"') {
      out.Append(c);
      continue;
    }
    out.Append("\\x");
    out.Append(kHex[byte >> 4]);
    out.Append(kHex[byte & 15]);
  }
}

void AppendInstant(int64_t micros, Zone zone, TextWriter& out) {
  int64_t local = micros;
  const int64_t offset = zone.ToLocal(micros, &local) ? zone.OffsetSeconds(micros) : 0;
  Formatted<kTimestampTextMax>(out, [=](char* at) { return FormatTimestamp(local, at); });
  out.Append(offset < 0 ? '-' : '+');
  const int64_t minutes = (offset < 0 ? -offset : offset) / 60;
  const auto two = [&out](int64_t value) {
    out.Append(static_cast<char>('0' + value / 10));
    out.Append(static_cast<char>('0' + value % 10));
  };
  two(minutes / 60);
  if (minutes % 60 != 0) {
    out.Append(':');
    two(minutes % 60);
  }
}

bool IsNullWord(std::string_view text) {
  return text.size() == 4 && (text[0] | 0x20) == 'n' && (text[1] | 0x20) == 'u' &&
         (text[2] | 0x20) == 'l' && (text[3] | 0x20) == 'l';
}

/// True where a text inside a nested value would be read differently without quotes.
bool NeedsQuotes(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  if (text.empty() || IsNullWord(text) || is_space(text.front()) || is_space(text.back())) {
    return true;
  }
  return text.find_first_of("'\"\\,[]{}()=:") != std::string_view::npos;
}

void AppendQuoted(std::string_view text, TextWriter& out) {
  out.Append('\'');
  for (const char c : text) {
    if (c == '\'' || c == '\\') out.Append('\\');
    out.Append(c);
  }
  out.Append('\'');
}

/// BOOLEAN and numbers; false for other types.
bool AppendNumber(const arrow::Array& array, int64_t row, TextWriter& out) {
  switch (array.type_id()) {
    case Type::BOOL:
      out.Append(static_cast<const arrow::BooleanArray&>(array).Value(row) ? "true" : "false");
      return true;
    case Type::INT8:
      AppendInt(Raw<int8_t>(array, row), out);
      return true;
    case Type::INT16:
      AppendInt(Raw<int16_t>(array, row), out);
      return true;
    case Type::INT32:
      AppendInt(Raw<int32_t>(array, row), out);
      return true;
    case Type::INT64:
      AppendInt(Raw<int64_t>(array, row), out);
      return true;
    case Type::UINT8:
      AppendInt(Raw<uint8_t>(array, row), out);
      return true;
    case Type::UINT16:
      AppendInt(Raw<uint16_t>(array, row), out);
      return true;
    case Type::UINT32:
      AppendInt(Raw<uint32_t>(array, row), out);
      return true;
    case Type::UINT64:
      Formatted<kInt64TextMax>(
          out, [&](char* at) { return FormatUint64(Raw<uint64_t>(array, row), at); });
      return true;
    case Type::FLOAT:
      Formatted<kDoubleTextMax>(out,
                                [&](char* at) { return FormatFloat(Raw<float>(array, row), at); });
      return true;
    case Type::DOUBLE:
      Formatted<kDoubleTextMax>(
          out, [&](char* at) { return FormatDouble(Raw<double>(array, row), at); });
      return true;
    case Type::DECIMAL128: {
      const int scale = static_cast<const arrow::DecimalType&>(*array.type()).scale();
      Formatted<kDecimalTextMax>(
          out, [&](char* at) { return FormatDecimal(Raw<Int128>(array, row), scale, at); });
      return true;
    }
    default:
      return false;
  }
}

}  // namespace

Result<std::shared_ptr<const ValueText::Node>> ValueText::MakeNode(const ArrayPtr& array,
                                                                   const EvalContext& context) {
  auto node = std::make_shared<Node>();
  node->array = array;
  const arrow::DataType& type = *array->type();
  if (columnar::IsString(type) || columnar::IsBinary(type)) {
    node->text.emplace(array);
  } else if (type.id() == Type::TIMESTAMP) {
    node->zoned = !static_cast<const arrow::TimestampType&>(type).timezone().empty();
    if (node->zoned) {
      THALWEG_ASSIGN_OR_RETURN(node->zone, Zone::Find(context.time_zone));
    }
  }
  std::vector<ArrayPtr> children;
  if (type.id() == Type::LIST) {
    children = {static_cast<const arrow::ListArray&>(*array).values()};
  } else if (type.id() == Type::MAP) {
    const auto& map = static_cast<const arrow::MapArray&>(*array);
    children = {map.keys(), map.items()};
  } else if (type.id() == Type::STRUCT) {
    children = static_cast<const arrow::StructArray&>(*array).fields();
  }
  for (const ArrayPtr& child : children) {
    THALWEG_ASSIGN_OR_RETURN(auto inner, MakeNode(child, context));
    node->children.push_back(std::move(inner));
  }
  return std::shared_ptr<const Node>(std::move(node));
}

Result<ValueText> ValueText::Of(const ArrayPtr& array, const EvalContext& context) {
  ArrayPtr canonical = array;
  const TypePtr type = CanonicalType(array->type());
  if (!type->Equals(*array->type()) && !columnar::IsString(*type) && !columnar::IsBinary(*type)) {
    THALWEG_ASSIGN_OR_RETURN(canonical, CastArray(array, type, false, context));
  }
  THALWEG_ASSIGN_OR_RETURN(auto node, MakeNode(canonical, context));
  return ValueText(std::move(node));
}

void ValueText::Append(int64_t row, TextWriter& out) const { AppendNode(*node_, row, out); }

void ValueText::AppendItem(const Node& node, int64_t row, TextWriter& out) {
  if (node.array->type_id() == Type::NA || node.array->IsNull(row)) return out.Append("NULL");
  if (node.text && columnar::IsString(*node.array->type())) {
    const std::string_view text = (*node.text)[row];
    return NeedsQuotes(text) ? AppendQuoted(text, out) : out.Append(text);
  }
  // Their colons would part a key from its value.
  const bool clock =
      node.array->type_id() == Type::TIMESTAMP || node.array->type_id() == Type::TIME64;
  if (clock) out.Append('\'');
  AppendNode(node, row, out);
  if (clock) out.Append('\'');
}

void ValueText::AppendNode(const Node& node, int64_t row, TextWriter& out) {
  const arrow::Array& array = *node.array;
  if (node.text) {
    return columnar::IsString(*array.type()) ? out.Append((*node.text)[row])
                                             : AppendBytes((*node.text)[row], out);
  }
  if (AppendNumber(array, row, out)) return;
  switch (array.type_id()) {
    case Type::DATE32:
      return Formatted<kDateTextMax>(
          out, [&](char* at) { return FormatDate(Raw<int32_t>(array, row), at); });
    case Type::TIME64:
      return Formatted<kTimeOfDayTextMax>(
          out, [&](char* at) { return FormatTimeOfDay(Raw<int64_t>(array, row), at); });
    case Type::TIMESTAMP:
      if (node.zoned) return AppendInstant(Raw<int64_t>(array, row), node.zone, out);
      return Formatted<kTimestampTextMax>(
          out, [&](char* at) { return FormatTimestamp(Raw<int64_t>(array, row), at); });
    case Type::INTERVAL_MONTH_DAY_NANO:
      return out.Append(FormatInterval(Raw<Interval>(array, row)));
    case Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      out.Append('[');
      for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
        if (i > list.value_offset(row)) out.Append(", ");
        AppendItem(*node.children[0], i, out);
      }
      return out.Append(']');
    }
    case Type::MAP: {
      const auto& map = static_cast<const arrow::MapArray&>(array);
      out.Append('{');
      for (int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
        if (i > map.value_offset(row)) out.Append(", ");
        AppendItem(*node.children[0], i, out);
        out.Append('=');
        AppendItem(*node.children[1], i, out);
      }
      return out.Append('}');
    }
    case Type::STRUCT: {
      out.Append('{');
      for (size_t i = 0; i < node.children.size(); ++i) {
        if (i > 0) out.Append(", ");
        AppendQuoted(array.type()->field(static_cast<int>(i))->name(), out);
        out.Append(": ");
        AppendItem(*node.children[i], row, out);
      }
      return out.Append('}');
    }
    default:
      return out.Append("?");
  }
}

Result<ArrayPtr> CastToText(const ArrayPtr& input, const EvalContext& context) {
  THALWEG_ASSIGN_OR_RETURN(const ValueText values, ValueText::Of(input, context));
  const int64_t rows = input->length();
  TextWriter out(rows, rows * 12);
  for (int64_t row = 0; row < rows; ++row) {
    if (input->IsNull(row)) {
      out.EndNull();
    } else {
      values.Append(row, out);
      out.EndRow();
    }
  }
  return out.Finish(arrow::utf8());
}

Status CastFailure(std::string_view value, const arrow::DataType& to) {
  // A message is for a person: a long value is cut at a character.
  constexpr size_t kShown = 60;
  std::string shown(value.substr(0, kShown));
  if (value.size() > kShown) {
    while (!shown.empty() && (static_cast<unsigned char>(shown.back()) & 0xC0) == 0x80) {
      shown.pop_back();
    }
    if (!shown.empty() && static_cast<unsigned char>(shown.back()) >= 0xC0) shown.pop_back();
    shown += "…";
  }
  return Status::InvalidArgument("cast: not a " + columnar::SqlTypeName(to) + ": '" + shown + "'");
}

Status CastFailureAt(const ArrayPtr& input, int64_t row, const arrow::DataType& to) {
  THALWEG_ASSIGN_OR_RETURN(const ValueText values, ValueText::Of(input, EvalContext{}));
  TextWriter text(1, 64);
  values.Append(row, text);
  return CastFailure(text.Row(), to);
}

}  // namespace thalweg::engine
