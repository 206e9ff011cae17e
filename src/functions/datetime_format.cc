#include <algorithm>
#include <cstdio>

#include "base/civil_time.h"
#include "engine/cast_zone.h"
#include "engine/registry.h"
#include "functions/calendar.h"
#include "functions/date_part.h"
#include "functions/signature.h"

namespace thalweg::functions::datetime_format {
namespace {

using engine::RowKernel;
using View = std::string_view;

constexpr char kFamily[] = "datetime";

/// One specifier or a stretch of plain text.
struct Piece {
  char code = 0;      ///< 0: plain text.
  bool bare = false;  ///< `%-d`: without leading zeros.
  std::string text;
};

constexpr View kCodes = "aAbBhdmyYHIpMSfgnjUWuwGVcxXzZ";

/// `c`, `x` and `X` stand for these.
View Expansion(char code) {
  if (code == 'c') return "%Y-%m-%d %H:%M:%S";
  if (code == 'x') return "%Y-%m-%d";
  if (code == 'X') return "%H:%M:%S";
  return {};
}

Result<std::vector<Piece>> ParseFormat(View format) {
  std::vector<Piece> out;
  const auto plain = [&out](char c) {
    if (out.empty() || out.back().code != 0) out.emplace_back();
    out.back().text += c;
  };
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      plain(format[i]);
      continue;
    }
    Piece piece;
    if (i + 1 < format.size() && format[i + 1] == '-') {
      piece.bare = true;
      ++i;
    }
    if (++i >= format.size()) {
      return Status::InvalidArgument("date format: ends in '%': '" + std::string(format) + "'");
    }
    if (format[i] == '%') {
      plain('%');
      continue;
    }
    if (kCodes.find(format[i]) == View::npos) {
      return Status::InvalidArgument(std::string("date format: unknown specifier: '%") + format[i] +
                                     "' in '" + std::string(format) + "'");
    }
    if (const View longer = Expansion(format[i]); !longer.empty()) {
      THALWEG_ASSIGN_OR_RETURN(const std::vector<Piece> pieces, ParseFormat(longer));
      out.insert(out.end(), pieces.begin(), pieces.end());
      continue;
    }
    piece.code = format[i];
    out.push_back(std::move(piece));
  }
  return out;
}

/// The last format that was read: nearly always the only one.
class Formats {
 public:
  Result<const std::vector<Piece>*> Get(View format) {
    if (!ready_ || format != text_) {
      THALWEG_ASSIGN_OR_RETURN(pieces_, ParseFormat(format));
      text_ = format;
      ready_ = true;
    }
    return &pieces_;
  }

 private:
  bool ready_ = false;
  std::string text_;
  std::vector<Piece> pieces_;
};

void AppendNumber(int64_t value, int width, bool bare, TextWriter& out) {
  char text[24];
  const int size =
      std::snprintf(text, sizeof(text), "%0*lld", bare ? 1 : width, static_cast<long long>(value));
  out.Append(View(text, static_cast<size_t>(size)));
}

/// Week of the year whose first week starts at the first `first_weekday` (0: Sunday).
int64_t WeekFrom(const CivilTime& civil, int64_t first_weekday) {
  const int64_t day = PartOf(DatePart::kDayOfYear, civil) - 1;
  const int64_t weekday = (PartOf(DatePart::kDayOfWeek, civil) - first_weekday + 7) % 7;
  return (day + 7 - weekday) / 7;
}

void AppendOffset(int64_t seconds, TextWriter& out) {
  out.Append(seconds < 0 ? '-' : '+');
  const int64_t minutes = (seconds < 0 ? -seconds : seconds) / 60;
  AppendNumber(minutes / 60, 2, false, out);
  if (minutes % 60 != 0) {
    out.Append(':');
    AppendNumber(minutes % 60, 2, false, out);
  }
}

struct ZoneText {
  int64_t offset_seconds = 0;
  std::string name;  ///< Empty: a TIMESTAMP, which has no zone.
};

void AppendPiece(const Piece& piece, const CivilTime& civil, const ZoneText& zone,
                 TextWriter& out) {
  const int64_t hour = PartOf(DatePart::kHour, civil);
  const auto number = [&](int64_t value, int width) {
    AppendNumber(value, width, piece.bare, out);
  };
  const View weekday = kDayNames[PartOf(DatePart::kDayOfWeek, civil)];
  const View month = kMonthNames[civil.month - 1];
  const int64_t fraction = civil.micros_of_day % kMicrosPerSecond;
  switch (piece.code) {
    case 0:
      return out.Append(piece.text);
    case 'a':
      return out.Append(weekday.substr(0, 3));
    case 'A':
      return out.Append(weekday);
    case 'b':
    case 'h':
      return out.Append(month.substr(0, 3));
    case 'B':
      return out.Append(month);
    case 'd':
      return number(civil.day, 2);
    case 'm':
      return number(civil.month, 2);
    case 'y':
      return number((civil.year % 100 + 100) % 100, 2);
    case 'Y':
      return number(civil.year, civil.year >= 0 ? 4 : 5);
    case 'H':
      return number(hour, 2);
    case 'I':
      return number(hour % 12 == 0 ? 12 : hour % 12, 2);
    case 'p':
      return out.Append(hour < 12 ? "AM" : "PM");
    case 'M':
      return number(PartOf(DatePart::kMinute, civil), 2);
    case 'S':
      return number(PartOf(DatePart::kSecond, civil), 2);
    case 'f':
      return number(fraction, 6);
    case 'g':
      return number(fraction / 1000, 3);
    case 'n':
      return number(fraction * 1000, 9);
    case 'j':
      return number(PartOf(DatePart::kDayOfYear, civil), 3);
    case 'U':
      return number(WeekFrom(civil, 0), 2);
    case 'W':
      return number(WeekFrom(civil, 1), 2);
    case 'u':
      return number(PartOf(DatePart::kIsoDayOfWeek, civil), 1);
    case 'w':
      return number(PartOf(DatePart::kDayOfWeek, civil), 1);
    case 'G':
      return number(PartOf(DatePart::kIsoYear, civil), 4);
    case 'V':
      return number(PartOf(DatePart::kWeek, civil), 2);
    case 'z':
      return AppendOffset(zone.offset_seconds, out);
    case 'Z':
      return out.Append(zone.name);
    default:
      return;
  }
}

Status AppendTime(int64_t micros, View format, const ZoneText& zone, Formats& formats,
                  TextWriter& out) {
  THALWEG_ASSIGN_OR_RETURN(const std::vector<Piece>* pieces, formats.Get(format));
  const CivilTime civil = CivilOf(micros);
  for (const Piece& piece : *pieces) AppendPiece(piece, civil, zone, out);
  return {};
}

/// (time, format), or (format, time) where `swapped`.
ScalarKernel FormatKernel(bool swapped, bool zoned) {
  return [=](std::span<const arrow::Datum> datums, int64_t rows,
             const EvalContext& context) -> Result<arrow::Datum> {
    std::vector<arrow::Datum> ordered(datums.begin(), datums.end());
    if (swapped) std::swap(ordered[0], ordered[1]);
    Formats formats;
    ZoneText text;
    engine::Zone zone;
    if (zoned) {
      THALWEG_ASSIGN_OR_RETURN(zone, engine::Zone::Find(context.time_zone));
      text.name = context.time_zone;
    }
    const auto format = [&](TextWriter& out, int64_t micros, View pattern) -> Status {
      int64_t local = micros;
      if (zoned) {
        text.offset_seconds = zone.OffsetSeconds(micros);
        if (!zone.ToLocal(micros, &local)) local = micros;
      }
      return AppendTime(local, pattern, text, formats, out);
    };
    return engine::TextKernel<int64_t, View>(Varchar(), format)(ordered, rows, context);
  };
}

/// What STRPTIME has read so far.
struct Fields {
  int64_t year = 1900;
  int month = 1;
  int day = 1;
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  int64_t micros = 0;
  int64_t day_of_year = 0;
  int half_of_day = -1;  ///< 0: AM, 1: PM.
  bool zoned = false;
  int64_t offset_seconds = 0;
};

class Reader {
 public:
  explicit Reader(View text) : text_(text) {}

  bool Read(const std::vector<Piece>& pieces, Fields* fields) {
    for (size_t i = 0; i < pieces.size(); ++i) {
      if (!ReadPiece(pieces[i], fields)) return false;
    }
    while (!text_.empty() && text_[0] == ' ') text_.remove_prefix(1);
    return text_.empty();
  }

 private:
  bool Number(size_t digits_max, int64_t low, int64_t high, int64_t* out) {
    size_t digits = 0;
    int64_t value = 0;
    while (digits < text_.size() && digits < digits_max && text_[digits] >= '0' &&
           text_[digits] <= '9') {
      value = value * 10 + (text_[digits] - '0');
      ++digits;
    }
    if (digits == 0 || value < low || value > high) return false;
    text_.remove_prefix(digits);
    *out = value;
    return true;
  }
  bool SmallNumber(size_t digits_max, int64_t low, int64_t high, int* out) {
    int64_t value = 0;
    if (!Number(digits_max, low, high, &value)) return false;
    *out = static_cast<int>(value);
    return true;
  }
  /// Digits of a fraction of a second, as parts of 10^-9.
  bool Fraction(size_t digits_max, int64_t* micros) {
    size_t digits = 0;
    int64_t nanos = 0;
    int64_t scale = 100'000'000;
    while (digits < text_.size() && digits < digits_max && text_[digits] >= '0' &&
           text_[digits] <= '9') {
      nanos += (text_[digits] - '0') * scale;
      scale /= 10;
      ++digits;
    }
    if (digits == 0) return false;
    text_.remove_prefix(digits);
    *micros = nanos / 1000;
    return true;
  }
  bool Word(View word) {
    if (text_.size() < word.size()) return false;
    for (size_t i = 0; i < word.size(); ++i) {
      if ((text_[i] | 0x20) != (word[i] | 0x20)) return false;
    }
    text_.remove_prefix(word.size());
    return true;
  }
  /// Index of the name that stands here, in full or by its first three letters; -1: none.
  int Name(const char* const* names, int count, bool full) {
    for (int i = 0; i < count; ++i) {
      if (Word(full ? View(names[i]) : View(names[i]).substr(0, 3))) return i;
    }
    return -1;
  }
  bool Offset(Fields* fields) {
    fields->zoned = true;
    if (Word("z")) return true;
    if (text_.empty() || (text_[0] != '+' && text_[0] != '-')) return false;
    const bool negative = text_[0] == '-';
    text_.remove_prefix(1);
    int64_t hours = 0;
    int64_t minutes = 0;
    if (!Number(2, 0, 18, &hours)) return false;
    if (!text_.empty() && text_[0] == ':') text_.remove_prefix(1);
    if (!text_.empty() && text_[0] >= '0' && text_[0] <= '9' && !Number(2, 0, 59, &minutes)) {
      return false;
    }
    fields->offset_seconds = (hours * 60 + minutes) * (negative ? -60 : 60);
    return true;
  }

  bool ReadPiece(const Piece& piece, Fields* fields) {
    int64_t number = 0;
    switch (piece.code) {
      case 0:
        if (!text_.starts_with(piece.text)) return false;
        text_.remove_prefix(piece.text.size());
        return true;
      case 'a':
        return Name(kDayNames, 7, false) >= 0;
      case 'A':
        return Name(kDayNames, 7, true) >= 0;
      case 'b':
      case 'h':
      case 'B': {
        const int month = Name(kMonthNames, 12, piece.code == 'B');
        fields->month = month + 1;
        return month >= 0;
      }
      case 'd':
        return SmallNumber(2, 1, 31, &fields->day);
      case 'm':
        return SmallNumber(2, 1, 12, &fields->month);
      case 'y':
        if (!Number(2, 0, 99, &number)) return false;
        fields->year = number < 69 ? 2000 + number : 1900 + number;
        return true;
      case 'Y': {
        const bool negative = !text_.empty() && text_[0] == '-';
        if (negative) text_.remove_prefix(1);
        if (!Number(negative ? 6 : 4, 0, 290'000, &number)) return false;
        fields->year = negative ? -number : number;
        return true;
      }
      case 'H':
        return Number(2, 0, 23, &fields->hour);
      case 'I':
        return Number(2, 1, 12, &fields->hour);
      case 'p':
        fields->half_of_day = Word("am") ? 0 : (Word("pm") ? 1 : -1);
        return fields->half_of_day >= 0;
      case 'M':
        return Number(2, 0, 59, &fields->minute);
      case 'S':
        return Number(2, 0, 59, &fields->second);
      case 'f':
        return Fraction(6, &fields->micros);
      case 'g':
        return Fraction(3, &fields->micros);
      case 'n':
        return Fraction(9, &fields->micros);
      case 'j':
        return Number(3, 1, 366, &fields->day_of_year);
      case 'z':
        return Offset(fields);
      default:
        return false;
    }
  }

  View text_;
};

bool TimeOf(const Fields& fields, int64_t* micros) {
  CivilTime civil{fields.year, fields.month, fields.day, 0};
  if (fields.day_of_year > 0) {
    if (fields.day_of_year == 366 && !IsLeapYear(fields.year)) return false;
    civil.month = 1;
    civil.day = static_cast<int>(fields.day_of_year);
  } else if (fields.day > DaysInMonth(fields.year, fields.month)) {
    return false;
  }
  int64_t hour = fields.hour;
  if (fields.half_of_day >= 0) hour = hour % 12 + 12 * fields.half_of_day;
  const int64_t seconds = (hour * 60 + fields.minute) * 60 + fields.second - fields.offset_seconds;
  civil.micros_of_day = seconds * kMicrosPerSecond + fields.micros;
  return MicrosOf(civil, micros);
}

ScalarKernel ParseKernel(TypePtr type, bool forgiving) {
  return [=](std::span<const arrow::Datum> datums, int64_t rows,
             const EvalContext& context) -> Result<arrow::Datum> {
    Formats formats;
    // Null where a forgiving read fails; else the reason.
    const auto read = [&](View text, View format) -> Result<std::optional<int64_t>> {
      THALWEG_ASSIGN_OR_RETURN(const std::vector<Piece>* pieces, formats.Get(format));
      Fields fields;
      int64_t micros = 0;
      if (Reader(text).Read(*pieces, &fields) && TimeOf(fields, &micros)) {
        return std::optional<int64_t>(micros);
      }
      return std::optional<int64_t>();
    };
    if (forgiving) {
      Status bad_format;
      const auto try_read = [&](View text, View format) -> std::optional<int64_t> {
        Result<std::optional<int64_t>> out = read(text, format);
        if (!out.ok()) bad_format = out.status();
        return out.ok() ? *out : std::nullopt;
      };
      auto out = RowKernel<int64_t, View, View>(type, try_read)(datums, rows, context);
      THALWEG_RETURN_IF_ERROR(bad_format);
      return out;
    }
    const auto must_read = [&](View text, View format) -> Result<int64_t> {
      THALWEG_ASSIGN_OR_RETURN(const std::optional<int64_t> out, read(text, format));
      if (out) return *out;
      return Status::InvalidArgument("strptime: not of the format '" + std::string(format) +
                                     "': '" + std::string(text.substr(0, 60)) + "'");
    };
    return RowKernel<int64_t, View, View>(type, must_read)(datums, rows, context);
  };
}

Bind BindParse(std::string name, bool forgiving) {
  return [=](std::span<const BindArgument> arguments) -> Result<BoundScalar> {
    const auto is_text = [](const BindArgument& argument) {
      return ConversionCost(argument, *Varchar()) >= 0;
    };
    if (arguments.size() != 2 || !std::ranges::all_of(arguments, is_text)) {
      return WrongArguments(name, "(VARCHAR, VARCHAR)", arguments);
    }
    // A format with an offset gives an instant.
    const std::optional<std::string> format = ConstantText(arguments[1]);
    const bool zoned = format && format->find("%z") != std::string::npos;
    const TypePtr type = zoned ? Instant() : Timestamp();
    return BoundScalar{{Varchar(), Varchar()}, type, ParseKernel(type, forgiving)};
  };
}

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  constexpr char kCodesText[] =
      "%Y year, %y year of the century, %m month, %B and %b its name, %d day, %j day of the year, "
      "%A "
      "and %a day of the week, %w and %u its number (Sunday 0, Monday 1), %U, %W and %V week (from "
      "Sunday, from Monday, ISO), %G ISO year, %H and %I hour (of 24, of 12), %p AM or PM, %M "
      "minute, "
      "%S second, %g, %f and %n its thousandths, millionths and billionths, %z offset, %Z zone, "
      "%c, "
      "%x and %X ISO date and time, %% a percent sign. %-d and the like leave out leading zeros.";
  registry.Add(
      MakeFunction(kFamily,
                   {"strftime",
                    {"date_format"},
                    "A date or timestamp as text in a given format.",
                    kCodesText,
                    {"strftime(DATE '2020-05-07', '%d/%m/%Y')  -- '07/05/2020'"}},
                   {{{Timestamp(), Varchar()}, Varchar(), FormatKernel(false, false)},
                    {{Instant(), Varchar()}, Varchar(), FormatKernel(false, true), false, false},
                    {{Varchar(), Timestamp()}, Varchar(), FormatKernel(true, false)},
                    {{Varchar(), Instant()}, Varchar(), FormatKernel(true, true), false, false}}));
  registry.Add(MakeFunction(
      kFamily,
      {"strptime",
       {},
       "The timestamp that a text in a given format says.",
       std::string(
           "Text of another form is an error of the row. A format with %z gives TIMESTAMP WITH "
           "TIME ZONE. ") +
           kCodesText,
       {"strptime('07/05/2020 13:04', '%d/%m/%Y %H:%M')  -- 2020-05-07 13:04:00"}},
      BindParse("strptime", false)));
  registry.Add(MakeFunction(kFamily,
                            {"try_strptime",
                             {},
                             "As strptime, but null for text of another form.",
                             kCodesText,
                             {"try_strptime('x', '%Y')  -- NULL"}},
                            BindParse("try_strptime", true)));
}

}  // namespace thalweg::functions::datetime_format
