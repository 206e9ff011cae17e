#include <arrow/array.h>
#include <arrow/util/bit_util.h>

#include <string_view>
#include <utility>

#include "base/check.h"
#include "columnar/batch.h"

namespace thalweg::columnar {

StringColumn::StringColumn(ArrayPtr array) : array_(std::move(array)), length_(array_->length()) {
  const arrow::ArrayData& data = *array_->data();
  switch (array_->type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      layout_ = Layout::kSmall;
      offsets_or_views_ = length_ > 0 ? data.GetValues<int32_t>(1) : nullptr;
      bytes_ = data.buffers[2] ? data.buffers[2]->data() : nullptr;
      return;
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      layout_ = Layout::kLarge;
      offsets_or_views_ = length_ > 0 ? data.GetValues<int64_t>(1) : nullptr;
      bytes_ = data.buffers[2] ? data.buffers[2]->data() : nullptr;
      return;
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      layout_ = Layout::kView;
      offsets_or_views_ = length_ > 0 ? data.GetValues<arrow::BinaryViewType::c_type>(1) : nullptr;
      for (size_t i = 2; i < data.buffers.size(); ++i) {
        view_buffers_.push_back(data.buffers[i]->data());
      }
      return;
    case arrow::Type::DICTIONARY: {
      layout_ = Layout::kDictionary;
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(*array_);
      dictionary_ = std::make_shared<StringColumn>(dictionary.dictionary());
      return;
    }
    default:
      // The caller decides on the type before: this is a bug, never input.
      layout_ = Layout::kSmall;
      THALWEG_CHECK(!"a string column was made of another type");
  }
}

bool StringColumn::IsNull(int64_t row) const {
  if (array_->IsNull(row)) return true;
  if (layout_ != Layout::kDictionary) return false;
  return dictionary_->IsNull(
      static_cast<const arrow::DictionaryArray&>(*array_).GetValueIndex(row));
}

std::string_view StringColumn::operator[](int64_t row) const {
  const auto text = [](const uint8_t* bytes, auto length) {
    return std::string_view(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
  };
  switch (layout_) {
    case Layout::kSmall: {
      const int32_t* offsets = static_cast<const int32_t*>(offsets_or_views_) + row;
      return text(bytes_ + offsets[0], offsets[1] - offsets[0]);
    }
    case Layout::kLarge: {
      const int64_t* offsets = static_cast<const int64_t*>(offsets_or_views_) + row;
      return text(bytes_ + offsets[0], offsets[1] - offsets[0]);
    }
    case Layout::kView: {
      const auto& view = static_cast<const arrow::BinaryViewType::c_type*>(offsets_or_views_)[row];
      if (view.is_inline()) return text(view.inline_data(), view.size());
      const uint8_t* buffer = view_buffers_[static_cast<size_t>(view.ref.buffer_index)];
      return text(buffer + view.ref.offset, view.size());
    }
    case Layout::kDictionary: {
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(*array_);
      return (*dictionary_)[dictionary.GetValueIndex(row)];
    }
  }
  return {};
}

}  // namespace thalweg::columnar
