#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// Numbers to and from text: strict, without a locale, without allocation. A parser takes the whole
// text or fails; what it writes to is unchanged when it fails.
namespace thalweg {

__extension__ typedef __int128 Int128;            // NOLINT(modernize-use-using)
__extension__ typedef unsigned __int128 UInt128;  // NOLINT(modernize-use-using)

/// Digits of the largest DECIMAL.
inline constexpr int kDecimalDigitsMax = 38;

/// `-?[0-9]+` within the type.
bool ParseInt64(std::string_view text, int64_t* out);
/// `[0-9]+` within the type.
bool ParseUint64(std::string_view text, uint64_t* out);
/// `-?[0-9]+` within the type.
bool ParseInt128(std::string_view text, Int128* out);

/// A decimal number with an optional exponent, or `inf`, `infinity`, `nan` in any case with an
/// optional minus sign; the nearest double. A finite number beyond the type fails; one too small
/// for it becomes zero. No plus sign, no spaces.
bool ParseDouble(std::string_view text, double* out);

/// The unscaled value of a DECIMAL(`precision`, `scale`): `12.5` at scale 2 gives 1250. Takes an
/// exponent. Digits beyond the scale must be zeros, or are rounded half away from zero when `round`
/// is set. Requires 1 ≤ precision ≤ 38 and 0 ≤ scale ≤ precision.
bool ParseDecimal(std::string_view text, int precision, int scale, Int128* out, bool round = false);

/// 10^exponent for 0 ≤ exponent ≤ 38.
Int128 PowerOfTen(int exponent);

// Formatters write at `out`, without a terminating zero, and return the length.

inline constexpr size_t kInt64TextMax = 20;
inline constexpr size_t kDoubleTextMax = 32;
inline constexpr size_t kDecimalTextMax = 64;

size_t FormatInt64(int64_t value, char* out);
size_t FormatUint64(uint64_t value, char* out);
/// The shortest text that reads back as the same double; integral values end in `.0`, exponents
/// stand from 1e+16 up and below 1e-04; `inf`, `-inf`, `nan`.
size_t FormatDouble(double value, char* out);
/// The same for a float.
size_t FormatFloat(float value, char* out);
/// `unscaled / 10^scale` with exactly `scale` fraction digits. 0 ≤ scale ≤ 38.
size_t FormatDecimal(Int128 unscaled, int scale, char* out);

}  // namespace thalweg
