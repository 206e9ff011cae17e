#include "codecs/json_column.h"

#include <type_traits>
#include <utility>

#include "codecs/json_values.h"
#include "codecs/text_print.h"
#include "codecs/text_value.h"
#include "codecs/text_view.h"

namespace thalweg::codecs {
namespace {

using json_values::Bits;
using json_values::BufferPtr;
using json_values::Validity;
using json_values::Values;

std::shared_ptr<arrow::Array> Make(std::shared_ptr<arrow::DataType> type, Validity* validity,
                                   BufferPtr bits, std::vector<BufferPtr> buffers) {
  buffers.insert(buffers.begin(), std::move(bits));
  return arrow::MakeArray(arrow::ArrayData::Make(std::move(type), validity->rows(),
                                                 std::move(buffers), validity->nulls()));
}

/// What kind of token a reader's values stand in.
enum class Token : uint8_t { kNumber, kWord, kString };

template <typename Reader>
class ScalarColumn final : public JsonColumnReader {
  using Value = typename Reader::Value;
  static constexpr bool kInteger = std::is_same_v<Reader, text::IntegerReader<int64_t>>;
  static constexpr bool kFloat = std::is_floating_point_v<Value>;

 public:
  ScalarColumn(const JsonType& type, Token token, Reader reader)
      : json_(type), token_(token), reader_(std::move(reader)) {}

  std::shared_ptr<arrow::DataType> type() const override { return json_.type; }
  void Begin(std::string_view text) override {
    // Behind it fewer than 16 bytes are left.
    wide_end_ = text.size() < text::kFastBytes ? text.data()
                                               : text.data() + text.size() - text::kFastBytes + 1;
    validity_.Clear();
    values_.Clear();
  }
  Status AppendNull() override {
    validity_.Null();
    values_.Append(Value{});
    return {};
  }

  bool Append(JsonWalker& walker, JsonMisfit* misfit) override {
    Value value{};
    if constexpr (kInteger) {
      if (walker.TakeShortInteger(&value)) [[likely]] {
        Add(value);
        return true;
      }
    }
    const char c = walker.Peek();
    if (c == 'n') return Null(walker);
    const char* const begin = walker.position();
    std::string_view content;
    if (!ReadToken(walker, c, &content)) return Refuse(walker, begin, misfit);
    const bool fast = content.data() < wide_end_ && !content.empty() &&
                      content.data() != room_.data() &&
                      reader_.Fast(content.data(), content.size(), &value);
    if (!fast && !reader_.Exact(content, &value)) return Refuse(walker, begin, misfit);
    Add(value);
    return true;
  }

  Result<std::shared_ptr<arrow::Array>> Finish(const BufferPtr& /*text*/) override {
    THALWEG_ASSIGN_OR_RETURN(BufferPtr bits, validity_.Finish());
    THALWEG_ASSIGN_OR_RETURN(BufferPtr values, values_.Finish());
    return Make(json_.type, &validity_, std::move(bits), {std::move(values)});
  }

 private:
  void Add(Value value) {
    validity_.Valid();
    values_.Append(value);
  }
  bool Null(JsonWalker& walker) {
    static_cast<void>(AppendNull());
    return walker.ReadWord("null");
  }
  /// The text of the next value where it is of a kind that the column takes.
  bool ReadToken(JsonWalker& walker, char c, std::string_view* content) {
    if (c == '"') {
      bool escaped = false;
      if (!walker.ReadString(content, &escaped)) return false;
      if (escaped) {
        if (!UnescapeJson(*content, &room_)) return walker.Fail("a bad escape in a string");
        *content = room_;
      }
      if (token_ == Token::kString || !json_.inferred) return true;
      return kFloat && (*content == "NaN" || *content == "Infinity" || *content == "-Infinity" ||
                        *content == "nan" || *content == "inf" || *content == "-inf");
    }
    if (c == 't' || c == 'f') {
      *content = std::string_view(walker.position(), c == 't' ? 4 : 5);
      return walker.ReadWord(c == 't' ? "true" : "false") && token_ == Token::kWord;
    }
    if (c == '{' || c == '[') return false;
    return walker.ReadNumber(content) && token_ == Token::kNumber;
  }
  bool Refuse(JsonWalker& walker, const char* begin, JsonMisfit* misfit) {
    static_cast<void>(AppendNull());
    if (walker.reason() != nullptr) return false;
    walker.set_position(begin);
    misfit->type = &json_;
    static_cast<void>(walker.ReadRaw(&misfit->text));
    return false;
  }

  const JsonType& json_;
  const Token token_;
  Reader reader_;
  const char* wide_end_ = nullptr;
  std::string room_;
  Validity validity_;
  std::conditional_t<std::is_same_v<Value, bool>, Bits, Values<Value>> values_;
};

/// VARCHAR, BLOB and JSON text, as views into the text where nothing had to be changed.
class StringColumn final : public JsonColumnReader {
 public:
  explicit StringColumn(const JsonType& type)
      : json_(type), blob_(columnar::IsBinary(*type.type)) {}

  std::shared_ptr<arrow::DataType> type() const override {
    return blob_ ? arrow::binary_view() : arrow::utf8_view();
  }
  void Begin(std::string_view text) override {
    text_ = text.data();
    wide_end_ = text.size() < text::kFastBytes ? text.data()
                                               : text.data() + text.size() - text::kFastBytes + 1;
    validity_.Clear();
    views_.Clear();
    changed_.clear();
  }
  Status AppendNull() override {
    validity_.Null();
    views_.Append(View{});
    return {};
  }

  bool Append(JsonWalker& walker, JsonMisfit* misfit) override {
    const char c = walker.Peek();
    if (c == '"' && !json_.json_text) [[likely]] {
      std::string_view raw;
      bool escaped = false;
      if (!walker.ReadString(&raw, &escaped)) return Refuse();
      if (!escaped && !blob_) [[likely]] {
        AddInPlace(raw);
        return true;
      }
      return AddChanged(walker, raw) || Refuse();
    }
    if (c == 'n') {
      static_cast<void>(AppendNull());
      return walker.ReadWord("null");
    }
    std::string_view raw;
    if (!walker.ReadRaw(&raw)) return Refuse();
    if ((json_.inferred && !json_.json_text) || blob_) {
      *misfit = {raw, &json_};
      return Refuse();
    }
    AddInPlace(raw);
    return true;
  }

  Result<std::shared_ptr<arrow::Array>> Finish(const BufferPtr& text) override {
    THALWEG_ASSIGN_OR_RETURN(BufferPtr bits, validity_.Finish());
    THALWEG_ASSIGN_OR_RETURN(BufferPtr views, views_.Finish());
    std::vector<BufferPtr> buffers = {std::move(views), text};
    if (!changed_.empty()) {
      buffers.push_back(arrow::Buffer::FromString(std::exchange(changed_, {})));
    }
    return Make(type(), &validity_, std::move(bits), std::move(buffers));
  }

 private:
  void AddInPlace(std::string_view raw) {
    const auto offset = static_cast<uint32_t>(raw.data() - text_);
    validity_.Valid();
    views_.Append(raw.data() < wide_end_
                      ? FastView(raw.data(), static_cast<uint32_t>(raw.size()), offset)
                      : MakeView(raw, 0, offset));
  }
  bool AddChanged(JsonWalker& walker, std::string_view raw) {
    if (!UnescapeJson(raw, &room_)) return walker.Fail("a bad escape in a string");
    if (blob_) {
      std::string bytes;
      if (!ParseBlobText(room_, &bytes)) return walker.Fail("a bad \\x escape in a BLOB");
      room_ = std::move(bytes);
    }
    validity_.Valid();
    views_.Append(MakeView(room_, 1, static_cast<uint32_t>(changed_.size())));
    if (room_.size() > kInlineViewMax) changed_.append(room_);
    return true;
  }
  bool Refuse() {
    static_cast<void>(AppendNull());
    return false;
  }

  const JsonType& json_;
  const bool blob_;
  const char* text_ = nullptr;
  const char* wide_end_ = nullptr;
  Validity validity_;
  Values<View> views_;
  std::string changed_;
  std::string room_;
};

class ListColumn final : public JsonColumnReader {
 public:
  ListColumn(const JsonType& type, std::unique_ptr<JsonColumnReader> elements)
      : json_(type), elements_(std::move(elements)) {}

  std::shared_ptr<arrow::DataType> type() const override { return arrow::list(elements_->type()); }
  void Begin(std::string_view text) override {
    validity_.Clear();
    offsets_.Clear();
    offsets_.Append(0);
    count_ = 0;
    elements_->Begin(text);
  }
  Status AppendNull() override {
    validity_.Null();
    offsets_.Append(static_cast<int32_t>(count_));
    return {};
  }
  bool Append(JsonWalker& walker, JsonMisfit* misfit) override {
    const char c = walker.Peek();
    if (c != '[') {
      static_cast<void>(AppendNull());
      if (c == 'n') return walker.ReadWord("null");
      misfit->type = &json_;
      return walker.ReadRaw(&misfit->text) && false;
    }
    walker.Take('[');
    bool good = true;
    if (!walker.Take(']')) {
      do {
        good = elements_->Append(walker, misfit);
        ++count_;
      } while (good && walker.Take(','));
      if (good && !walker.Take(']')) good = walker.Fail("expected ',' or ']'");
    }
    // Offsets are 32 bits; a slab is shorter than 2 GiB, and so are its elements.
    validity_.Valid();
    offsets_.Append(static_cast<int32_t>(count_));
    return good;
  }
  Result<std::shared_ptr<arrow::Array>> Finish(const BufferPtr& text) override {
    THALWEG_ASSIGN_OR_RETURN(BufferPtr bits, validity_.Finish());
    THALWEG_ASSIGN_OR_RETURN(BufferPtr offsets, offsets_.Finish());
    THALWEG_ASSIGN_OR_RETURN(auto elements, elements_->Finish(text));
    return arrow::MakeArray(arrow::ArrayData::Make(type(), validity_.rows(),
                                                   {std::move(bits), std::move(offsets)},
                                                   {elements->data()}, validity_.nulls()));
  }

 private:
  const JsonType& json_;
  std::unique_ptr<JsonColumnReader> elements_;
  int64_t count_ = 0;
  Validity validity_;
  Values<int32_t> offsets_;
};

class StructColumn final : public JsonColumnReader {
 public:
  StructColumn(const JsonType& type, JsonFields fields) : json_(type), fields_(std::move(fields)) {}

  std::shared_ptr<arrow::DataType> type() const override {
    arrow::FieldVector fields;
    for (size_t i = 0; i < fields_.size(); ++i) {
      fields.push_back(arrow::field(fields_.name(i), fields_.reader(i)->type()));
    }
    return arrow::struct_(std::move(fields));
  }
  void Begin(std::string_view text) override {
    validity_.Clear();
    for (size_t i = 0; i < fields_.size(); ++i) fields_.reader(i)->Begin(text);
  }
  Status AppendNull() override {
    validity_.Null();
    return fields_.AppendNulls();
  }
  bool Append(JsonWalker& walker, JsonMisfit* misfit) override {
    const char c = walker.Peek();
    if (c == '{') {
      validity_.Valid();
      std::string_view field;
      return fields_.ReadObject(walker, misfit, &field);
    }
    static_cast<void>(AppendNull());
    if (c == 'n') return walker.ReadWord("null");
    misfit->type = &json_;
    return walker.ReadRaw(&misfit->text) && false;
  }
  Result<std::shared_ptr<arrow::Array>> Finish(const BufferPtr& text) override {
    THALWEG_ASSIGN_OR_RETURN(BufferPtr bits, validity_.Finish());
    std::vector<std::shared_ptr<arrow::ArrayData>> children;
    for (size_t i = 0; i < fields_.size(); ++i) {
      THALWEG_ASSIGN_OR_RETURN(auto child, fields_.reader(i)->Finish(text));
      children.push_back(child->data());
    }
    return arrow::MakeArray(arrow::ArrayData::Make(type(), validity_.rows(), {std::move(bits)},
                                                   std::move(children), validity_.nulls()));
  }

 private:
  const JsonType& json_;
  JsonFields fields_;
  Validity validity_;
};

template <typename Reader>
std::unique_ptr<JsonColumnReader> Scalar(const JsonType& type, Token token, Reader reader) {
  return std::make_unique<ScalarColumn<Reader>>(type, token, std::move(reader));
}

template <typename T>
std::unique_ptr<JsonColumnReader> Integer(const JsonType& type) {
  return Scalar(type, Token::kNumber, text::IntegerReader<T>{type.inferred});
}

Result<std::unique_ptr<JsonColumnReader>> MakeNested(const JsonType& type) {
  if (type.type->id() == arrow::Type::LIST) {
    THALWEG_ASSIGN_OR_RETURN(auto elements, MakeJsonColumnReader(type.children.front()));
    return std::unique_ptr<JsonColumnReader>(
        std::make_unique<ListColumn>(type, std::move(elements)));
  }
  JsonFields fields;
  for (size_t i = 0; i < type.children.size(); ++i) {
    THALWEG_ASSIGN_OR_RETURN(auto reader, MakeJsonColumnReader(type.children[i]));
    fields.Add(type.names[i], std::move(reader));
  }
  return std::unique_ptr<JsonColumnReader>(std::make_unique<StructColumn>(type, std::move(fields)));
}

}  // namespace

Result<std::unique_ptr<JsonColumnReader>> MakeJsonColumnReader(const JsonType& type) {
  switch (type.type->id()) {
    case arrow::Type::BOOL:
      return Scalar(type, Token::kWord, text::BooleanReader{type.inferred});
    case arrow::Type::INT8:
      return Integer<int8_t>(type);
    case arrow::Type::INT16:
      return Integer<int16_t>(type);
    case arrow::Type::INT32:
      return Integer<int32_t>(type);
    case arrow::Type::INT64:
      return Integer<int64_t>(type);
    case arrow::Type::UINT8:
      return Integer<uint8_t>(type);
    case arrow::Type::UINT16:
      return Integer<uint16_t>(type);
    case arrow::Type::UINT32:
      return Integer<uint32_t>(type);
    case arrow::Type::UINT64:
      return Integer<uint64_t>(type);
    case arrow::Type::FLOAT:
      return Scalar(type, Token::kNumber, text::FloatReader<float>{TextRules{type.inferred}});
    case arrow::Type::DOUBLE:
      return Scalar(type, Token::kNumber, text::FloatReader<double>{TextRules{type.inferred}});
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(*type.type);
      return Scalar(type, Token::kNumber,
                    text::DecimalReader{decimal.precision(), decimal.scale(), '.',
                                        PowerOfTen(decimal.precision())});
    }
    case arrow::Type::DATE32:
      return Scalar(type, Token::kString, text::DateReader{});
    case arrow::Type::TIME64:
      return Scalar(type, Token::kString, text::TimeReader{});
    case arrow::Type::TIMESTAMP: {
      text::TimestampReader reader;
      reader.inferred = type.inferred;
      reader.zone = type.zone;
      reader.unit = static_cast<const arrow::TimestampType&>(*type.type).unit();
      return Scalar(type, Token::kString, std::move(reader));
    }
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return std::unique_ptr<JsonColumnReader>(std::make_unique<StringColumn>(type));
    case arrow::Type::LIST:
    case arrow::Type::STRUCT:
      return MakeNested(type);
    default:
      return Status::Unsupported("json: " + columnar::SqlTypeName(*type.type) +
                                 " cannot be read from JSON");
  }
}

}  // namespace thalweg::codecs
