#include "codecs/csv_column.h"

#include <arrow/memory_pool.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#include "codecs/text_print.h"
#include "codecs/text_value.h"
#include "codecs/text_view.h"
#include "columnar/arrow_status.h"

namespace thalweg::codecs {
namespace {

using BufferPtr = std::shared_ptr<arrow::Buffer>;

/// Bits that are all set until they are cleared.
class Validity {
 public:
  Status Begin(int64_t rows_max) {
    THALWEG_ASSIGN_OR_RETURN_ARROW(bits_,
                                   arrow::AllocateBuffer(arrow::bit_util::BytesForBits(rows_max)));
    std::memset(bits_->mutable_data(), 0xff, static_cast<size_t>(bits_->size()));
    nulls_ = 0;
    return {};
  }
  void Clear(size_t row) {
    arrow::bit_util::ClearBit(bits_->mutable_data(), static_cast<int64_t>(row));
    ++nulls_;
  }
  int64_t nulls() const { return nulls_; }
  /// Null where every row is valid.
  BufferPtr Finish() { return nulls_ == 0 ? nullptr : std::move(bits_); }

 private:
  BufferPtr bits_;
  int64_t nulls_ = 0;
};

/// Values of a fixed width, in a buffer that is cut to what was used.
template <typename T>
class Values {
 public:
  Status Begin(int64_t rows_max) {
    THALWEG_ASSIGN_OR_RETURN_ARROW(
        buffer_, arrow::AllocateResizableBuffer(rows_max * static_cast<int64_t>(sizeof(T))));
    data_ = reinterpret_cast<T*>(buffer_->mutable_data());
    return {};
  }
  T* data() { return data_; }
  Result<BufferPtr> Finish(size_t rows) {
    const int64_t bytes = static_cast<int64_t>(rows * sizeof(T));
    THALWEG_RETURN_IF_ARROW_ERROR(buffer_->Resize(bytes, bytes * 2 < buffer_->capacity()));
    return BufferPtr(std::move(buffer_));
  }

 private:
  std::shared_ptr<arrow::ResizableBuffer> buffer_;
  T* data_ = nullptr;
};

enum class Outcome : uint8_t { kValue, kNull, kBadType, kBadQuoting };

bool IsNullText(const CsvFormat& format, std::string_view text) {
  return std::find(format.null_texts.begin(), format.null_texts.end(), text) !=
         format.null_texts.end();
}

/// Columns whose values have a fixed width. `Reader` is one of `text::…Reader`.
template <typename Reader>
class FixedColumn final : public CsvColumnReader {
  using Value = typename Reader::Value;
  static constexpr bool kBits = std::is_same_v<Value, bool>;
  using Slot = std::conditional_t<kBits, uint8_t, Value>;

 public:
  FixedColumn(const CsvFormat& format, std::shared_ptr<arrow::DataType> type, Reader reader)
      : format_(format), type_(std::move(type)), reader_(std::move(reader)) {
    // A null text that is also a value must be looked at first.
    for (const std::string& text : format.null_texts) {
      Value value{};
      fast_ = fast_ && !reader_.Exact(text, &value);
    }
  }

  std::shared_ptr<arrow::DataType> type() const override { return type_; }

  Status Begin(int64_t rows_max) override {
    rows_ = 0;
    THALWEG_RETURN_IF_ERROR(values_.Begin(rows_max));
    return validity_.Begin(rows_max);
  }

  void Append(const FieldBlock& block, std::vector<BadField>* bad) override {
    Slot* out = values_.data() + rows_;
    const uint32_t* bounds = block.bounds;
    const size_t fast_end = fast_ ? block.fast_end : 0;
    for (size_t r = 0; r < block.records; ++r, bounds += block.stride) {
      const uint32_t begin = bounds[0] + 1;
      uint32_t end = bounds[1];
      if (block.trim_return && end > begin && block.data[end - 1] == '\r') --end;
      const char* p = block.data + begin;
      Value value{};
      if (begin < fast_end && reader_.Fast(p, end - begin, &value)) [[likely]] {
        out[r] = static_cast<Slot>(value);
        continue;
      }
      if (end != begin) {
        const Outcome outcome = Slow(std::string_view(p, end - begin), &value);
        if (outcome == Outcome::kValue) {
          out[r] = static_cast<Slot>(value);
          continue;
        }
        if (outcome != Outcome::kNull) {
          bad->push_back({static_cast<uint32_t>(r), begin, end, outcome == Outcome::kBadQuoting});
        }
      }
      out[r] = Slot{};
      validity_.Clear(rows_ + r);
    }
    rows_ += block.records;
  }

  Result<std::shared_ptr<arrow::Array>> Finish(const BufferPtr& /*text*/) override {
    const int64_t nulls = validity_.nulls();
    BufferPtr values;
    if constexpr (kBits) {
      THALWEG_ASSIGN_OR_RETURN(values, Pack());
    } else {
      THALWEG_ASSIGN_OR_RETURN(values, values_.Finish(rows_));
    }
    return arrow::MakeArray(arrow::ArrayData::Make(type_, static_cast<int64_t>(rows_),
                                                   {validity_.Finish(), std::move(values)}, nulls));
  }

 private:
  [[gnu::noinline]] Outcome Slow(std::string_view field, Value* value) {
    std::string_view content;
    bool quoted = false;
    if (!UnquoteField(format_.dialect, field, &room_, &content, &quoted)) {
      return Outcome::kBadQuoting;
    }
    if (content.empty() || IsNullText(format_, content)) return Outcome::kNull;
    return reader_.Exact(content, value) ? Outcome::kValue : Outcome::kBadType;
  }

  Result<BufferPtr> Pack() {
    BufferPtr bits;
    THALWEG_ASSIGN_OR_RETURN_ARROW(bits, arrow::AllocateEmptyBitmap(static_cast<int64_t>(rows_)));
    for (size_t r = 0; r < rows_; ++r) {
      if (values_.data()[r]) arrow::bit_util::SetBit(bits->mutable_data(), static_cast<int64_t>(r));
    }
    return bits;
  }

  const CsvFormat& format_;
  std::shared_ptr<arrow::DataType> type_;
  Reader reader_;
  bool fast_ = true;
  size_t rows_ = 0;
  Values<Slot> values_;
  Validity validity_;
  std::string room_;
};

/// VARCHAR and BLOB: views into the text; fields with doubled quotes into a buffer of their own.
class TextColumn final : public CsvColumnReader {
 public:
  TextColumn(const CsvFormat& format, std::shared_ptr<arrow::DataType> type)
      : format_(format), type_(std::move(type)), blob_(columnar::IsBinary(*type_)) {}

  std::shared_ptr<arrow::DataType> type() const override { return type_; }

  Status Begin(int64_t rows_max) override {
    rows_ = 0;
    unescaped_.clear();
    THALWEG_RETURN_IF_ERROR(views_.Begin(rows_max));
    return validity_.Begin(rows_max);
  }

  void Append(const FieldBlock& block, std::vector<BadField>* bad) override {
    View* out = views_.data() + rows_;
    const uint32_t* bounds = block.bounds;
    // A quote that can never begin a field stands for no quoting.
    const int quote = format_.dialect.has_quote ? format_.dialect.quote : 256;
    const bool plain = format_.null_texts.empty() && !blob_;
    for (size_t r = 0; r < block.records; ++r, bounds += block.stride) {
      const uint32_t begin = bounds[0] + 1;
      uint32_t end = bounds[1];
      if (block.trim_return && end > begin && block.data[end - 1] == '\r') --end;
      const char* p = block.data + begin;
      const uint32_t n = end - begin;
      if (plain && begin < block.fast_end && n != 0 && *p != quote) [[likely]] {
        out[r] = FastView(p, n, begin);
        continue;
      }
      const Outcome outcome = Slow(std::string_view(p, n), begin, &out[r]);
      if (outcome == Outcome::kValue) continue;
      if (outcome != Outcome::kNull) {
        bad->push_back({static_cast<uint32_t>(r), begin, end, outcome == Outcome::kBadQuoting});
      }
      out[r] = View{};
      validity_.Clear(rows_ + r);
    }
    rows_ += block.records;
  }

  Result<std::shared_ptr<arrow::Array>> Finish(const BufferPtr& text) override {
    const int64_t nulls = validity_.nulls();
    THALWEG_ASSIGN_OR_RETURN(BufferPtr views, views_.Finish(rows_));
    std::vector<BufferPtr> buffers = {validity_.Finish(), std::move(views), text};
    if (!unescaped_.empty()) {
      buffers.push_back(arrow::Buffer::FromString(std::exchange(unescaped_, {})));
    }
    return arrow::MakeArray(
        arrow::ArrayData::Make(type_, static_cast<int64_t>(rows_), std::move(buffers), nulls));
  }

 private:
  Outcome Slow(std::string_view field, uint32_t offset, View* out) {
    if (field.empty()) {
      if (format_.empty_is_null) return Outcome::kNull;
      *out = View{};
      return Outcome::kValue;
    }
    std::string_view content;
    bool quoted = false;
    if (!UnquoteField(format_.dialect, field, &room_, &content, &quoted)) {
      return Outcome::kBadQuoting;
    }
    if (!quoted && IsNullText(format_, content)) return Outcome::kNull;
    if (blob_ && content.find('\\') != std::string_view::npos) {
      if (!ParseBlobText(content, &bytes_)) return Outcome::kBadType;
      content = bytes_;
    }
    const bool in_place =
        content.data() >= field.data() && content.data() <= field.data() + field.size();
    if (in_place) {
      const auto skipped = static_cast<uint32_t>(content.data() - field.data());
      *out = MakeView(content, 0, offset + skipped);
    } else {
      // At most as long as the text, so that offsets stay within 31 bits.
      *out = MakeView(content, 1, static_cast<uint32_t>(unescaped_.size()));
      if (content.size() > kInlineViewMax) unescaped_.append(content);
    }
    return Outcome::kValue;
  }

  const CsvFormat& format_;
  std::shared_ptr<arrow::DataType> type_;
  const bool blob_;
  size_t rows_ = 0;
  Values<View> views_;
  Validity validity_;
  std::string unescaped_;
  std::string room_;
  std::string bytes_;
};

template <typename Reader>
std::unique_ptr<CsvColumnReader> Fixed(const CsvFormat& format, const CsvColumn& column,
                                       Reader reader) {
  return std::make_unique<FixedColumn<Reader>>(format, column.type, std::move(reader));
}

text::DecimalReader DecimalOf(const CsvFormat& format, const arrow::DataType& type) {
  const auto& decimal = static_cast<const arrow::DecimalType&>(type);
  return text::DecimalReader{decimal.precision(), decimal.scale(), format.point,
                             PowerOfTen(decimal.precision())};
}

text::TimestampReader TimestampOf(const CsvColumn& column) {
  text::TimestampReader reader;
  reader.inferred = column.inferred;
  reader.zone = column.zone;
  reader.unit = static_cast<const arrow::TimestampType&>(*column.type).unit();
  return reader;
}

}  // namespace

Result<std::unique_ptr<CsvColumnReader>> MakeCsvColumnReader(const CsvFormat& format,
                                                             const CsvColumn& column) {
  const bool inferred = column.inferred;
  const TextRules rules{inferred, column.zone, format.point};
  switch (column.type->id()) {
    case arrow::Type::BOOL:
      return Fixed(format, column, text::BooleanReader{inferred});
    case arrow::Type::INT8:
      return Fixed(format, column, text::IntegerReader<int8_t>{inferred});
    case arrow::Type::INT16:
      return Fixed(format, column, text::IntegerReader<int16_t>{inferred});
    case arrow::Type::INT32:
      return Fixed(format, column, text::IntegerReader<int32_t>{inferred});
    case arrow::Type::INT64:
      return Fixed(format, column, text::IntegerReader<int64_t>{inferred});
    case arrow::Type::UINT8:
      return Fixed(format, column, text::IntegerReader<uint8_t>{inferred});
    case arrow::Type::UINT16:
      return Fixed(format, column, text::IntegerReader<uint16_t>{inferred});
    case arrow::Type::UINT32:
      return Fixed(format, column, text::IntegerReader<uint32_t>{inferred});
    case arrow::Type::UINT64:
      return Fixed(format, column, text::IntegerReader<uint64_t>{inferred});
    case arrow::Type::FLOAT:
      return Fixed(format, column, text::FloatReader<float>{rules});
    case arrow::Type::DOUBLE:
      return Fixed(format, column, text::FloatReader<double>{rules});
    case arrow::Type::DECIMAL128:
      return Fixed(format, column, DecimalOf(format, *column.type));
    case arrow::Type::DATE32:
      return Fixed(format, column, text::DateReader{});
    case arrow::Type::TIME64:
      return Fixed(format, column, text::TimeReader{});
    case arrow::Type::TIMESTAMP:
      return Fixed(format, column, TimestampOf(column));
    case arrow::Type::STRING:
      return std::unique_ptr<CsvColumnReader>(
          std::make_unique<TextColumn>(format, arrow::utf8_view()));
    case arrow::Type::BINARY:
      return std::unique_ptr<CsvColumnReader>(
          std::make_unique<TextColumn>(format, arrow::binary_view()));
    default:
      return Status::Unsupported("csv: column '" + column.name + "': " +
                                 columnar::SqlTypeName(*column.type) + " cannot be read from CSV");
  }
}

}  // namespace thalweg::codecs
