#include "functions/list_kernels.h"

#include <arrow/array/array_nested.h>
#include <arrow/builder.h>

#include "columnar/arrow_status.h"

namespace thalweg::functions {
namespace {

ScalarKernel ConcatKernel(TypePtr type, bool null_ends) {
  return [type = std::move(type), null_ends](std::span<const arrow::Datum> datums, int64_t rows,
                                             const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto arguments, engine::ArgumentsOf(datums));
    std::unique_ptr<arrow::ArrayBuilder> items;
    THALWEG_RETURN_IF_ARROW_ERROR(
        arrow::MakeBuilder(arrow::default_memory_pool(), type->field(0)->type(), &items));
    arrow::ListBuilder out(arrow::default_memory_pool(), std::move(items), type);
    for (int64_t row = 0; row < rows; ++row) {
      bool null = false;
      for (const Argument& argument : arguments) {
        null = null || (null_ends && (argument.always_null() || argument.IsNull(row)));
      }
      if (null) {
        THALWEG_RETURN_IF_ARROW_ERROR(out.AppendNull());
        continue;
      }
      THALWEG_RETURN_IF_ARROW_ERROR(out.Append());
      for (const Argument& argument : arguments) {
        if (argument.always_null() || argument.IsNull(row)) continue;
        const auto& list = static_cast<const arrow::ListArray&>(*argument.array());
        const int64_t at = argument.At(row);
        THALWEG_RETURN_IF_ARROW_ERROR(
            out.value_builder()->AppendArraySlice(arrow::ArraySpan(*list.values()->data()),
                                                  list.value_offset(at), list.value_length(at)));
      }
    }
    THALWEG_ASSIGN_OR_RETURN_ARROW(auto array, out.Finish());
    return arrow::Datum(std::move(array));
  };
}

}  // namespace

Result<BoundScalar> BindListConcat(std::string_view name, std::span<const BindArgument> arguments) {
  THALWEG_ASSIGN_OR_RETURN(const TypePtr type, MeetingType(name, arguments));
  if (type->id() != Type::LIST) return WrongArguments(name, "lists of one type", arguments);
  return BoundScalar{std::vector<TypePtr>(arguments.size(), type), type,
                     ConcatKernel(type, name == "concat_op")};
}

Result<BoundScalar> BindListLength(std::string_view name, std::span<const BindArgument> arguments) {
  const TypePtr type =
      arguments.size() == 1 ? engine::CanonicalType(arguments[0].type) : arrow::null();
  if (type->id() != Type::LIST && type->id() != Type::MAP) {
    return WrongArguments(name, "one list", arguments);
  }
  ScalarKernel kernel = [](std::span<const arrow::Datum> datums, int64_t rows,
                           const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto lists, engine::ArgumentsOf(datums));
    THALWEG_ASSIGN_OR_RETURN(Validity validity, engine::Intersect(lists, rows));
    THALWEG_ASSIGN_OR_RETURN(auto values,
                             engine::AllocateBytes(rows * static_cast<int64_t>(sizeof(int64_t))));
    // MAP is a list of entries.
    const auto& list = static_cast<const arrow::ListArray&>(*lists[0].array());
    for (int64_t row = 0; row < rows; ++row) {
      engine::internal::StoreRow(values, row, int64_t{list.value_length(lists[0].At(row))});
    }
    return arrow::Datum(
        engine::MakeFlatArray(arrow::int64(), rows, std::move(values), std::move(validity)));
  };
  return BoundScalar{{type}, arrow::int64(), std::move(kernel)};
}

struct TextListWriter::State {
  arrow::ListBuilder lists{arrow::default_memory_pool(), std::make_shared<arrow::StringBuilder>()};
  bool open = false;
  arrow::Status status;
  arrow::StringBuilder& items() {
    return static_cast<arrow::StringBuilder&>(*lists.value_builder());
  }
  void Keep(const arrow::Status& other) {
    if (status.ok() && !other.ok()) status = other;
  }
  void Open() {
    if (!open) Keep(lists.Append());
    open = true;
  }
};

TextListWriter::TextListWriter(int64_t rows) : state_(std::make_unique<State>()) {
  state_->Keep(state_->lists.Reserve(rows));
}
TextListWriter::~TextListWriter() = default;

void TextListWriter::Item(std::string_view text) {
  state_->Open();
  state_->Keep(state_->items().Append(text.data(), static_cast<int32_t>(text.size())));
}
void TextListWriter::NullItem() {
  state_->Open();
  state_->Keep(state_->items().AppendNull());
}
void TextListWriter::EndRow() {
  state_->Open();
  state_->open = false;
}
void TextListWriter::EndNull() { state_->Keep(state_->lists.AppendNull()); }

Result<ArrayPtr> TextListWriter::Finish() {
  THALWEG_RETURN_IF_ARROW_ERROR(state_->status);
  return columnar::FromArrow(state_->lists.Finish());
}

}  // namespace thalweg::functions
