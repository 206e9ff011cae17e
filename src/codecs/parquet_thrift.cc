#include "codecs/parquet_thrift.h"

#include "base/check.h"

namespace thalweg::codecs::parquet {

namespace {

constexpr uint8_t kTypeByte = 3;
constexpr uint8_t kTypeI16 = 4;
constexpr uint8_t kTypeI32 = 5;
constexpr uint8_t kTypeI64 = 6;
constexpr uint8_t kTypeBinary = 8;
constexpr uint8_t kTypeList = 9;
constexpr uint8_t kTypeStruct = 12;

}  // namespace

void ThriftWriter::Varint(uint64_t value) {
  while (value >= 0x80) {
    out_->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out_->push_back(static_cast<char>(value));
}

void ThriftWriter::Header(int16_t id, uint8_t type) {
  THALWEG_DCHECK(!last_ids_.empty());
  const int delta = id - last_ids_.back();
  if (delta > 0 && delta <= 15) {
    out_->push_back(static_cast<char>((delta << 4) | type));
  } else {
    out_->push_back(static_cast<char>(type));
    ZigZag(id);
  }
  last_ids_.back() = id;
}

void ThriftWriter::I8(int16_t id, int8_t value) {
  Header(id, kTypeByte);
  out_->push_back(static_cast<char>(value));
}

void ThriftWriter::I16(int16_t id, int16_t value) {
  Header(id, kTypeI16);
  ZigZag(value);
}

void ThriftWriter::I32(int16_t id, int32_t value) {
  Header(id, kTypeI32);
  ZigZag(value);
}

void ThriftWriter::I64(int16_t id, int64_t value) {
  Header(id, kTypeI64);
  ZigZag(value);
}

void ThriftWriter::Binary(int16_t id, std::string_view value) {
  Header(id, kTypeBinary);
  ElementBinary(value);
}

void ThriftWriter::ElementBinary(std::string_view value) {
  Varint(value.size());
  out_->append(value);
}

void ThriftWriter::BeginStruct(int16_t id) {
  Header(id, kTypeStruct);
  last_ids_.push_back(0);
}

void ThriftWriter::End() {
  THALWEG_DCHECK(!last_ids_.empty());
  out_->push_back('\0');
  last_ids_.pop_back();
}

void ThriftWriter::EmptyStruct(int16_t id) {
  BeginStruct(id);
  End();
}

void ThriftWriter::BeginList(int16_t id, Element type, size_t count) {
  Header(id, kTypeList);
  const auto element = static_cast<uint8_t>(type);
  if (count < 15) {
    out_->push_back(static_cast<char>((count << 4) | element));
  } else {
    out_->push_back(static_cast<char>(0xF0 | element));
    Varint(count);
  }
}

}  // namespace thalweg::codecs::parquet
