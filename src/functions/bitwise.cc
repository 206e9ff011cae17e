#include <bit>
#include <type_traits>

#include "engine/registry.h"
#include "functions/signature.h"

namespace thalweg::functions::bitwise {
namespace {

using engine::RowKernel;

constexpr char kFamily[] = "bitwise";

/// One overload for each integer type, by `make(T{}, type)`.
template <typename F>
std::vector<Overload> ForIntegers(F make) {
  return {make(int32_t{}, arrow::int32()),   make(int64_t{}, arrow::int64()),
          make(int8_t{}, arrow::int8()),     make(int16_t{}, arrow::int16()),
          make(uint8_t{}, arrow::uint8()),   make(uint16_t{}, arrow::uint16()),
          make(uint32_t{}, arrow::uint32()), make(uint64_t{}, arrow::uint64())};
}

enum class Bits : uint8_t { kAnd, kOr, kXor, kLeft, kRight };

template <typename T>
Result<T> Shifted(T value, T count, bool left) {
  const int64_t wide = static_cast<int64_t>(count);
  constexpr int64_t kWidth = static_cast<int64_t>(sizeof(T)) * 8;
  if (!left) {
    if (wide < 0 || wide >= kWidth) return T{0};
    return static_cast<T>(value >> count);
  }
  if (value < T{0} || wide < 0) {
    return Status::InvalidArgument("shift: negative: " + std::to_string(value) + " << " +
                                   std::to_string(count));
  }
  if (value == T{0}) return T{0};
  // Bits that the answer has beside its sign.
  constexpr int64_t kUsable = kWidth - (std::is_signed_v<T> ? 1 : 0);
  const int64_t used = static_cast<int64_t>(std::bit_width(static_cast<uint64_t>(value)));
  if (wide >= kUsable || used + wide > kUsable) {
    return Status::InvalidArgument("shift: overflow: " + std::to_string(value) + " << " +
                                   std::to_string(count));
  }
  return static_cast<T>(static_cast<uint64_t>(value) << wide);
}

template <typename T>
Result<T> Combined(Bits operation, T a, T b) {
  switch (operation) {
    case Bits::kAnd:
      return static_cast<T>(a & b);
    case Bits::kOr:
      return static_cast<T>(a | b);
    case Bits::kXor:
      return static_cast<T>(a ^ b);
    case Bits::kLeft:
      return Shifted(a, b, true);
    case Bits::kRight:
      return Shifted(a, b, false);
  }
  return Status::Internal("bitwise: unknown operation");
}

void AddPair(engine::Registry& registry, About about, Bits operation) {
  registry.Add(MakeFunction(
      kFamily, std::move(about), ForIntegers([operation]<typename T>(T, const TypePtr& type) {
        return Overload{{type, type}, type, RowKernel<T, T, T>(type, [operation](T a, T b) {
                          return Combined(operation, a, b);
                        })};
      })));
}

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  AddPair(registry,
          {"bit_and_op", {}, "Bits that are set in both; the operator `&`.", "", {"5 & 3  -- 1"}},
          Bits::kAnd);
  AddPair(registry,
          {"bit_or_op", {}, "Bits that are set in either; the operator `|`.", "", {"5 | 3  -- 7"}},
          Bits::kOr);
  AddPair(registry,
          {"xor", {"bit_xor_op"}, "Bits that are set in one of the two.", "", {"xor(5, 3)  -- 6"}},
          Bits::kXor);
  AddPair(registry,
          {"shift_left",
           {},
           "Bits moved up; the operator `<<`.",
           "A bit that would be lost is an error of the row.",
           {"1 << 4  -- 16"}},
          Bits::kLeft);
  AddPair(registry,
          {"shift_right", {}, "Bits moved down; the operator `>>`.", "", {"16 >> 2  -- 4"}},
          Bits::kRight);
  registry.Add(MakeFunction(
      kFamily, {"bit_not", {}, "All bits turned; the operator `~`.", "", {"~5  -- -6"}},
      ForIntegers([]<typename T>(T, const TypePtr& type) {
        return Overload{
            {type}, type, RowKernel<T, T>(type, [](T value) { return static_cast<T>(~value); })};
      })));
  registry.Add(MakeFunction(
      kFamily, {"bit_count", {}, "The number of bits that are set.", "", {"bit_count(7)  -- 3"}},
      ForIntegers([]<typename T>(T, const TypePtr& type) {
        return Overload{{type}, arrow::int8(), RowKernel<int8_t, T>(arrow::int8(), [](T value) {
                          return static_cast<int8_t>(
                              std::popcount(static_cast<std::make_unsigned_t<T>>(value)));
                        })};
      })));
}

}  // namespace thalweg::functions::bitwise
