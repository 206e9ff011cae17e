#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/util/bitmap_ops.h>

#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "columnar/arrow_status.h"
#include "columnar/batch.h"

namespace thalweg::columnar {
namespace {

using arrow::ArrayData;
using ArrayDataPtr = std::shared_ptr<ArrayData>;
using BufferPtr = std::shared_ptr<arrow::Buffer>;

bool HasViews(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return true;
    case arrow::Type::DICTIONARY:
      return HasViews(*static_cast<const arrow::DictionaryType&>(type).value_type());
    default:
      for (const auto& field : type.fields()) {
        if (HasViews(*field->type())) return true;
      }
      return false;
  }
}

/// Null in a view column may leave any bytes in its view: such a row gets length 0.
Result<ArrayDataPtr> PlainStrings(const ArrayData& data) {
  const auto* views = data.length > 0 ? data.GetValues<arrow::BinaryViewType::c_type>(1) : nullptr;
  const bool has_nulls = data.GetNullCount() > 0;
  THALWEG_ASSIGN_OR_RETURN_ARROW(
      BufferPtr offsets,
      arrow::AllocateBuffer((data.length + 1) * static_cast<int64_t>(sizeof(int32_t))));
  auto* offset = reinterpret_cast<int32_t*>(offsets->mutable_data());
  int64_t total = 0;
  for (int64_t i = 0; i < data.length; ++i) {
    offset[i] = static_cast<int32_t>(total);
    if (!has_nulls || data.IsValid(i)) total += views[i].size();
    if (total > std::numeric_limits<int32_t>::max()) {
      return Status::ResourceExhausted(
          "a string column of one batch holds more than 2 GiB: use smaller batches");
    }
  }
  offset[data.length] = static_cast<int32_t>(total);
  THALWEG_ASSIGN_OR_RETURN_ARROW(BufferPtr bytes, arrow::AllocateBuffer(total));
  uint8_t* to = bytes->mutable_data();
  for (int64_t i = 0; i < data.length; ++i) {
    const auto length = static_cast<size_t>(offset[i + 1] - offset[i]);
    if (length == 0) continue;
    const auto& view = views[i];
    const uint8_t* from =
        view.is_inline() ? view.inline_data()
                         : data.buffers[static_cast<size_t>(view.ref.buffer_index) + 2]->data() +
                               view.ref.offset;
    std::memcpy(to, from, length);
    to += length;
  }
  BufferPtr validity;
  if (has_nulls) {
    THALWEG_ASSIGN_OR_RETURN_ARROW(
        validity, arrow::internal::CopyBitmap(arrow::default_memory_pool(), data.buffers[0]->data(),
                                              data.offset, data.length));
  }
  return ArrayData::Make(WithoutViews(data.type), data.length,
                         {std::move(validity), std::move(offsets), std::move(bytes)},
                         has_nulls ? data.GetNullCount() : 0);
}

Result<ArrayDataPtr> Plain(const ArrayDataPtr& data) {
  if (!HasViews(*data->type)) return data;
  if (data->type->id() == arrow::Type::STRING_VIEW ||
      data->type->id() == arrow::Type::BINARY_VIEW) {
    return PlainStrings(*data);
  }
  // Children keep their own offsets, so that the parent's offset still fits them.
  auto out = std::make_shared<ArrayData>(*data);
  out->type = WithoutViews(data->type);
  for (ArrayDataPtr& child : out->child_data) {
    THALWEG_ASSIGN_OR_RETURN(child, Plain(child));
  }
  if (data->dictionary) {
    THALWEG_ASSIGN_OR_RETURN(out->dictionary, Plain(data->dictionary));
  }
  return out;
}

}  // namespace

TypePtr WithoutViews(const TypePtr& type) {
  if (!HasViews(*type)) return type;
  const auto plain = [](const std::shared_ptr<arrow::Field>& field) {
    return field->WithType(WithoutViews(field->type()));
  };
  switch (type->id()) {
    case arrow::Type::STRING_VIEW:
      return arrow::utf8();
    case arrow::Type::BINARY_VIEW:
      return arrow::binary();
    case arrow::Type::LIST:
      return arrow::list(plain(type->field(0)));
    case arrow::Type::LARGE_LIST:
      return arrow::large_list(plain(type->field(0)));
    case arrow::Type::LIST_VIEW:
      return arrow::list_view(plain(type->field(0)));
    case arrow::Type::LARGE_LIST_VIEW:
      return arrow::large_list_view(plain(type->field(0)));
    case arrow::Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(
          plain(type->field(0)), static_cast<const arrow::FixedSizeListType&>(*type).list_size());
    case arrow::Type::STRUCT: {
      arrow::FieldVector fields;
      for (const auto& field : type->fields()) fields.push_back(plain(field));
      return arrow::struct_(std::move(fields));
    }
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      return std::make_shared<arrow::MapType>(plain(map.key_field()), plain(map.item_field()),
                                              map.keys_sorted());
    }
    case arrow::Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryType&>(*type);
      return arrow::dictionary(dictionary.index_type(), WithoutViews(dictionary.value_type()),
                               dictionary.ordered());
    }
    default:
      return type;
  }
}

Result<ArrayPtr> WithoutViews(const ArrayPtr& array) {
  if (!HasViews(*array->type())) return array;
  THALWEG_ASSIGN_OR_RETURN(ArrayDataPtr plain, Plain(array->data()));
  return arrow::MakeArray(std::move(plain));
}

Result<RecordBatchPtr> WithoutViews(const RecordBatchPtr& batch) {
  bool changed = false;
  std::vector<ArrayPtr> columns;
  arrow::FieldVector fields;
  for (int i = 0; i < batch->num_columns(); ++i) {
    THALWEG_ASSIGN_OR_RETURN(ArrayPtr column, WithoutViews(batch->column(i)));
    changed = changed || column != batch->column(i);
    fields.push_back(batch->schema()->field(i)->WithType(column->type()));
    columns.push_back(std::move(column));
  }
  if (!changed) return batch;
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields), batch->schema()->metadata()),
                                  batch->num_rows(), std::move(columns));
}

}  // namespace thalweg::columnar
