#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::codecs::parquet {

/// Writes the Thrift compact protocol, as far as Parquet's metadata needs it.
///
/// Fields of one struct are written in ascending order of their ids. `out` outlives the writer.
class ThriftWriter {
 public:
  enum class Element : uint8_t { kI32 = 5, kI64 = 6, kBinary = 8, kStruct = 12 };

  explicit ThriftWriter(std::string* out) : out_(out) {}

  void Bool(int16_t id, bool value) { Header(id, value ? 1 : 2); }
  void I8(int16_t id, int8_t value);
  void I16(int16_t id, int16_t value);
  void I32(int16_t id, int32_t value);
  void I64(int16_t id, int64_t value);
  void Binary(int16_t id, std::string_view value);
  /// A struct in a field; ends with `End`.
  void BeginStruct(int16_t id);
  /// A struct that stands at the top or in a list; ends with `End`.
  void BeginStruct() { last_ids_.push_back(0); }
  void End();
  /// A struct without fields, as the choices of a union are.
  void EmptyStruct(int16_t id);

  /// The elements follow: values by `Element…`, structs by `BeginStruct()` … `End()`.
  void BeginList(int16_t id, Element type, size_t count);
  void ElementI32(int32_t value) { ZigZag(value); }
  void ElementBinary(std::string_view value);

 private:
  void Header(int16_t id, uint8_t type);
  void Varint(uint64_t value);
  void ZigZag(int64_t value) {
    Varint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
  }

  std::string* out_;
  std::vector<int16_t> last_ids_;
};

}  // namespace thalweg::codecs::parquet
