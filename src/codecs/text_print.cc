#include "codecs/text_print.h"

#include <arrow/util/bit_util.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/civil_time.h"
#include "base/number.h"

namespace thalweg::codecs {
namespace {

using arrow::Type;

constexpr char kHex[] = "0123456789abcdef";

char* Copy(std::string_view text, char* out) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* PrintTimestamp(int64_t value, arrow::TimeUnit::type unit, bool zoned, char* out) {
  int64_t nanos = 0;
  switch (unit) {
    case arrow::TimeUnit::SECOND:
    case arrow::TimeUnit::MILLI: {
      const int64_t factor = unit == arrow::TimeUnit::SECOND ? 1'000'000 : 1000;
      // Beyond the years that microseconds reach, the nearest that they do.
      if (__builtin_mul_overflow(value, factor, &value)) value = value < 0 ? INT64_MIN : INT64_MAX;
      break;
    }
    case arrow::TimeUnit::MICRO:
      break;
    case arrow::TimeUnit::NANO: {
      nanos = value % 1000;
      value /= 1000;
      if (nanos < 0) {
        nanos += 1000;
        --value;
      }
      break;
    }
  }
  char* p = out + FormatTimestamp(value, out);
  if (nanos != 0) {
    // The fraction was cut of its zeros: put it to six digits, then add three.
    const int64_t micros = ((value % kMicrosPerSecond) + kMicrosPerSecond) % kMicrosPerSecond;
    char* point = p;
    while (point > out && point[-1] != '.' && point[-1] != ':') --point;
    p = point > out && point[-1] == '.' ? point - 1 : p;
    *p++ = '.';
    int64_t rest = micros * 1000 + nanos;
    for (int i = 8; i >= 0; --i, rest /= 10) p[i] = static_cast<char>('0' + rest % 10);
    p += 9;
    while (p[-1] == '0') --p;
  }
  return zoned ? Copy("+00", p) : p;
}

char* PrintInterval(const arrow::MonthDayNanoIntervalType::MonthDayNanos& value, char* out) {
  char* p = out;
  const auto part = [&](int64_t count, std::string_view unit) {
    if (count == 0) return;
    if (p != out) *p++ = ' ';
    p += FormatInt64(count, p);
    *p++ = ' ';
    p = Copy(unit, p);
    if (count != 1 && count != -1) *p++ = 's';
  };
  part(value.months / 12, "year");
  part(value.months % 12, "month");
  part(value.days, "day");
  const int64_t micros = value.nanoseconds / 1000;
  if (micros == 0 && p != out) return p;
  if (p != out) *p++ = ' ';
  if (micros < 0) *p++ = '-';
  const uint64_t magnitude =
      micros < 0 ? uint64_t{0} - static_cast<uint64_t>(micros) : static_cast<uint64_t>(micros);
  constexpr uint64_t kHour = 3600ULL * 1'000'000;
  const uint64_t hours = magnitude / kHour;
  if (hours < 10) *p++ = '0';
  p += FormatUint64(hours, p);
  // Minutes and what follows, as a time of day without its hour.
  char rest[kTimeOfDayTextMax];
  const size_t length = FormatTimeOfDay(static_cast<int64_t>(magnitude % kHour), rest);
  return Copy(std::string_view(rest + 2, length - 2), p);
}

}  // namespace

Status PrintedColumn::Check(const arrow::DataType& type) { return PrintedColumn().SetKind(type); }

Status PrintedColumn::SetKind(const arrow::DataType& type) {
  type_ = type.id();
  if (columnar::IsString(type) || columnar::IsBinary(type)) {
    kind_ = columnar::IsString(type) ? Kind::kText : Kind::kBlob;
    return {};
  }
  switch (type_) {
    case Type::BOOL:
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
    case Type::UINT64:
    case Type::FLOAT:
    case Type::DOUBLE:
      bare_ = true;
      return {};
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
      bare_ = true;
      scale_ = static_cast<const arrow::DecimalType&>(type).scale();
      return {};
    case Type::NA:
    case Type::DATE32:
    case Type::DATE64:
    case Type::INTERVAL_MONTH_DAY_NANO:
      return {};
    case Type::TIME32:
    case Type::TIME64:
      unit_ = static_cast<const arrow::TimeType&>(type).unit();
      return {};
    case Type::TIMESTAMP:
      unit_ = static_cast<const arrow::TimestampType&>(type).unit();
      zoned_ = !static_cast<const arrow::TimestampType&>(type).timezone().empty();
      return {};
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::FIXED_SIZE_LIST:
    case Type::STRUCT:
    case Type::MAP:
      kind_ = Kind::kNested;
      for (const auto& field : type.fields()) THALWEG_RETURN_IF_ERROR(Check(*field->type()));
      return {};
    case Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryType&>(type);
      if (columnar::IsString(*dictionary.value_type())) {
        kind_ = Kind::kText;
        return {};
      }
      [[fallthrough]];
    }
    default:
      return Status::Unsupported("a column of type " + columnar::SqlTypeName(type) +
                                 " has no text");
  }
}

Result<PrintedColumn> PrintedColumn::Make(const columnar::ArrayPtr& array) {
  PrintedColumn column;
  THALWEG_RETURN_IF_ERROR(column.SetKind(*array->type()));
  column.array_ = array;
  column.offset_ = array->offset();
  column.all_null_ = column.type_ == Type::NA;
  if (array->null_count() != 0 && !column.all_null_) column.validity_ = array->null_bitmap_data();
  if (column.kind_ == Kind::kText || column.kind_ == Kind::kBlob) {
    column.text_ = std::make_shared<columnar::StringColumn>(array);
  } else if (column.kind_ == Kind::kNested) {
    THALWEG_RETURN_IF_ERROR(column.SetChildren(array));
  } else if (column.type_ != Type::NA && array->data()->buffers[1] != nullptr) {
    column.values_ = array->data()->buffers[1]->data();
  }
  return column;
}

Status PrintedColumn::SetChildren(const columnar::ArrayPtr& array) {
  const auto add = [&](const columnar::ArrayPtr& child) -> Status {
    THALWEG_ASSIGN_OR_RETURN(PrintedColumn column, Make(child));
    children_.push_back(std::move(column));
    return {};
  };
  switch (type_) {
    case Type::LIST:
      return add(static_cast<const arrow::ListArray&>(*array).values());
    case Type::LARGE_LIST:
      return add(static_cast<const arrow::LargeListArray&>(*array).values());
    case Type::FIXED_SIZE_LIST:
      return add(static_cast<const arrow::FixedSizeListArray&>(*array).values());
    case Type::MAP:
      THALWEG_RETURN_IF_ERROR(add(static_cast<const arrow::MapArray&>(*array).keys()));
      return add(static_cast<const arrow::MapArray&>(*array).items());
    default: {
      const auto& record = static_cast<const arrow::StructArray&>(*array);
      for (int i = 0; i < record.num_fields(); ++i) {
        std::string key;
        AppendJsonString(array->type()->field(i)->name(), &key);
        keys_.push_back(key + ":");
        // `field` takes the offset of a sliced struct into account.
        THALWEG_RETURN_IF_ERROR(add(record.field(i)));
      }
      return {};
    }
  }
}

char* PrintedColumn::PrintNumber(int64_t row, char* out) const {
  switch (type_) {
    case Type::INT8:
      return out + FormatInt64(At<int8_t>(row), out);
    case Type::INT16:
      return out + FormatInt64(At<int16_t>(row), out);
    case Type::INT32:
      return out + FormatInt64(At<int32_t>(row), out);
    case Type::UINT8:
      return out + FormatUint64(At<uint8_t>(row), out);
    case Type::UINT16:
      return out + FormatUint64(At<uint16_t>(row), out);
    case Type::UINT32:
      return out + FormatUint64(At<uint32_t>(row), out);
    case Type::UINT64:
      return out + FormatUint64(At<uint64_t>(row), out);
    case Type::FLOAT:
      return out + FormatFloat(At<float>(row), out);
    case Type::DECIMAL32:
      return out + FormatDecimal(At<int32_t>(row), scale_, out);
    case Type::DECIMAL64:
      return out + FormatDecimal(At<int64_t>(row), scale_, out);
    default: {
      Int128 value;
      std::memcpy(&value, values_ + (row + offset_) * 16, sizeof(value));
      return out + FormatDecimal(value, scale_, out);
    }
  }
}

char* PrintedColumn::PrintTime(int64_t row, char* out) const {
  switch (type_) {
    case Type::DATE32:
      return out + FormatDate(At<int32_t>(row), out);
    case Type::DATE64: {
      constexpr int64_t kMillisPerDay = kMicrosPerDay / 1000;
      const int64_t millis = At<int64_t>(row);
      const int64_t days = millis / kMillisPerDay - (millis % kMillisPerDay < 0 ? 1 : 0);
      return out + FormatDate(static_cast<int32_t>(days), out);
    }
    case Type::TIME32: {
      const int64_t value = At<int32_t>(row);
      return out +
             FormatTimeOfDay(value * (unit_ == arrow::TimeUnit::SECOND ? 1'000'000 : 1000), out);
    }
    case Type::TIME64: {
      const int64_t value = At<int64_t>(row);
      return out + FormatTimeOfDay(unit_ == arrow::TimeUnit::NANO ? value / 1000 : value, out);
    }
    case Type::TIMESTAMP:
      return PrintTimestamp(At<int64_t>(row), unit_, zoned_, out);
    default:
      return PrintInterval(At<arrow::MonthDayNanoIntervalType::MonthDayNanos>(row), out);
  }
}

char* PrintedColumn::PrintFixed(int64_t row, char* out) const {
  switch (type_) {
    case Type::INT64:
      return out + FormatInt64(At<int64_t>(row), out);
    case Type::DOUBLE:
      return out + FormatDouble(At<double>(row), out);
    case Type::BOOL:
      return Copy(BitAt(row) ? "true" : "false", out);
    default:
      return bare_ ? PrintNumber(row, out) : PrintTime(row, out);
  }
}

void PrintedColumn::AppendJson(int64_t row, std::string* out) const {
  if (IsNull(row) || all_null_ || (kind_ == Kind::kText && text_->IsNull(row))) {
    out->append("null");
    return;
  }
  switch (kind_) {
    case Kind::kText:
      AppendJsonString(Text(row), out);
      return;
    case Kind::kBlob: {
      std::string text;
      AppendBlobText(Text(row), &text);
      AppendJsonString(text, out);
      return;
    }
    case Kind::kNested:
      AppendNested(row, out);
      return;
    case Kind::kFixed:
      break;
  }
  char text[kFixedTextMax];
  const std::string_view value(text, static_cast<size_t>(PrintFixed(row, text) - text));
  // JSON has no infinities and no NaN: they become strings, which the reader takes back.
  const bool word = value.back() == 'n' || value.back() == 'f';
  if (bare_ && !word) {
    out->append(value);
  } else {
    out->push_back('"');
    out->append(value);
    out->push_back('"');
  }
}

void PrintedColumn::AppendNested(int64_t row, std::string* out) const {
  if (type_ != Type::STRUCT) {
    AppendElements(row, out);
    return;
  }
  out->push_back('{');
  for (size_t i = 0; i < children_.size(); ++i) {
    if (i > 0) out->push_back(',');
    out->append(keys_[i]);
    children_[i].AppendJson(row, out);
  }
  out->push_back('}');
}

void PrintedColumn::AppendElements(int64_t row, std::string* out) const {
  int64_t begin = 0;
  int64_t end = 0;
  if (type_ == Type::LARGE_LIST) {
    const auto& list = static_cast<const arrow::LargeListArray&>(*array_);
    begin = list.value_offset(row);
    end = list.value_offset(row + 1);
  } else if (type_ == Type::FIXED_SIZE_LIST) {
    const auto& list = static_cast<const arrow::FixedSizeListArray&>(*array_);
    begin = list.value_offset(row);
    end = begin + list.value_length(row);
  } else {
    // Maps are lists of their entries.
    const auto& list = static_cast<const arrow::ListArray&>(*array_);
    begin = list.value_offset(row);
    end = list.value_offset(row + 1);
  }
  const bool map = type_ == Type::MAP;
  out->push_back(map ? '{' : '[');
  for (int64_t i = begin; i < end; ++i) {
    if (i > begin) out->push_back(',');
    if (map) {
      std::string key;
      children_[0].AppendJson(i, &key);
      // Keys of other types become strings.
      if (key.starts_with('"')) {
        out->append(key);
      } else {
        AppendJsonString(key, out);
      }
      out->push_back(':');
    }
    children_.back().AppendJson(i, out);
  }
  out->push_back(map ? '}' : ']');
}

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  size_t kept = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    // Eight bytes at a time while none needs an escape.
    while (i + 8 <= text.size()) {
      uint64_t word;
      std::memcpy(&word, text.data() + i, sizeof(word));
      constexpr uint64_t kOnes = 0x0101010101010101;
      constexpr uint64_t kHigh = 0x8080808080808080;
      const uint64_t quote = word ^ (kOnes * '"');
      const uint64_t slash = word ^ (kOnes * '\\');
      const uint64_t hit =
          ((word - kOnes * 0x20) & ~word) | ((quote - kOnes) & ~quote) | ((slash - kOnes) & ~slash);
      if ((hit & kHigh) != 0) break;
      i += 8;
    }
    if (i >= text.size()) break;
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out->append(text.substr(kept, i - kept));
    kept = i + 1;
    out->push_back('\\');
    switch (c) {
      case '"':
      case '\\':
        out->push_back(static_cast<char>(c));
        break;
      case '\n':
        out->push_back('n');
        break;
      case '\r':
        out->push_back('r');
        break;
      case '\t':
        out->push_back('t');
        break;
      default:
        out->append("u00");
        out->push_back(kHex[c >> 4]);
        out->push_back(kHex[c & 15]);
    }
  }
  out->append(text.substr(kept));
  out->push_back('"');
}

void AppendBlobText(std::string_view bytes, std::string* out) {
  for (const char byte : bytes) {
    const auto c = static_cast<unsigned char>(byte);
    if (c >= 0x20 && c < 0x7f && c != '\\') {
      out->push_back(byte);
    } else {
      out->append({'\\', 'x', kHex[c >> 4], kHex[c & 15]});
    }
  }
}

bool ParseBlobText(std::string_view text, std::string* out) {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  out->clear();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out->push_back(text[i]);
      continue;
    }
    if (i + 4 > text.size() || text[i + 1] != 'x') return false;
    const int high = digit(text[i + 2]);
    const int low = digit(text[i + 3]);
    if (high < 0 || low < 0) return false;
    out->push_back(static_cast<char>(high * 16 + low));
    i += 3;
  }
  return true;
}

}  // namespace thalweg::codecs
