#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// Dates and times of the proleptic Gregorian calendar, as text and as counts since 1970-01-01.
// Nothing here allocates, knows a locale or a leap second. Year 0 is 1 BC.
namespace thalweg {

inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

/// Room that the longest text of the `Format…` functions needs.
inline constexpr size_t kDateTextMax = 20;
inline constexpr size_t kTimeOfDayTextMax = 16;
inline constexpr size_t kTimestampTextMax = 40;

/// Days since 1970-01-01. `m` is in [1, 12], `y` within ±5,800,000; `d` may lie outside its month
/// and then counts on into the neighbours.
int32_t DaysFromCivil(int64_t y, int m, int d);

/// The inverse, for every `days`.
void CivilFromDays(int32_t days, int64_t* y, int* m, int* d);

bool IsLeapYear(int64_t y);
/// 28 to 31. `m` is in [1, 12].
int DaysInMonth(int64_t y, int m);

// The parsers take exactly the form they name, from the first byte to the last, and leave their
// outputs alone when they return false.

/// `YYYY-MM-DD`. Years have four to seven digits; before year 1 either `-0043-03-15` (astronomical
/// count, year 0 is 1 BC) or, as `FormatDate` writes them, `0044-03-15 (BC)`.
bool ParseDate(std::string_view text, int32_t* days);

/// `HH:MM`, `HH:MM:SS`, `HH:MM:SS.f` with one to nine digits of fraction, cut to microseconds.
/// From 00:00 to 23:59:59.999999.
bool ParseTimeOfDay(std::string_view text, int64_t* micros);

/// ISO 8601: a date, then nothing (midnight) or `T` or one space, a time of day and, optionally,
/// `Z`, `±hh`, `±hh:mm`, `±hhmm` or `±hh:mm:ss`, which is subtracted. `*has_zone` tells whether a
/// zone stood there. False also where the microseconds since 1970 leave 64 bits.
bool ParseTimestamp(std::string_view text, int64_t* micros, bool* has_zone);

// The formatters write into `out`, which has room as given above, no final NUL, and return the
// length.

/// `2013-01-01`; years have at least four digits; before year 1 `0044-03-15 (BC)`.
size_t FormatDate(int32_t days, char* out);

/// `05:17:00`, with a fraction only where it is not zero, without trailing zeros. `micros` is in
/// [0, `kMicrosPerDay`].
size_t FormatTimeOfDay(int64_t micros, char* out);

/// Date, one space, time of day.
size_t FormatTimestamp(int64_t micros, char* out);

}  // namespace thalweg
