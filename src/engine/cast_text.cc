#include <arrow/type.h>

#include <cmath>
#include <limits>

#include "base/civil_time.h"
#include "base/number.h"
#include "engine/cast.h"
#include "engine/cast_rows.h"
#include "engine/cast_zone.h"

namespace thalweg::engine {
namespace {

using arrow::Type;

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

/// Without outer spaces and one plus sign, as the forms beside the strict one are read.
std::string_view Bare(std::string_view text) {
  text = Trimmed(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  return text;
}

template <typename Int>
bool TextToInt(std::string_view text, Int* out) {
  int64_t value = 0;
  if (ParseInt64(text, &value)) {
    *out = static_cast<Int>(value);
    return std::in_range<Int>(value);
  }
  // Spaces, a plus sign, a fraction (rounded) or an exponent; and UBIGINT.
  Int128 wide = 0;
  if (!ParseDecimal(Bare(text), kDecimalDigitsMax, 0, &wide, true)) return false;
  if (wide < std::numeric_limits<Int>::min() || wide > std::numeric_limits<Int>::max()) {
    return false;
  }
  *out = static_cast<Int>(wide);
  return true;
}

template <typename Real>
bool TextToReal(std::string_view text, Real* out) {
  double value = 0;
  if (!ParseDouble(text, &value) && !ParseDouble(Bare(text), &value)) return false;
  *out = static_cast<Real>(value);
  return !std::isinf(*out) || std::isinf(value);
}

bool EqualsWord(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c) != lower[i]) return false;
  }
  return true;
}

bool TextToBool(std::string_view text, bool* out) {
  text = Trimmed(text);
  for (const std::string_view word : {"true", "t", "yes", "y", "1"}) {
    if (EqualsWord(text, word)) return *out = true;
  }
  for (const std::string_view word : {"false", "f", "no", "n", "0"}) {
    if (EqualsWord(text, word)) {
      *out = false;
      return true;
    }
  }
  return false;
}

/// `2020-1-5`, `2020/01/05 1:2:3`: rewrites to the padded form. False where it is not that.
bool PadDate(std::string_view text, std::string* out) {
  std::string_view fields[3];
  size_t at = 0;
  char separator = 0;
  for (int i = 0; i < 3; ++i) {
    const size_t start = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    fields[i] = text.substr(start, at - start);
    if (fields[i].empty() || fields[i].size() > (i == 0 ? size_t{7} : size_t{2})) return false;
    if (i == 2) break;
    if (at >= text.size() || (text[at] != '-' && text[at] != '/' && text[at] != ' ')) return false;
    if (separator != 0 && text[at] != separator) return false;
    separator = text[at++];
  }
  out->clear();
  if (fields[0].size() < 4) out->append(4 - fields[0].size(), '0');
  out->append(fields[0]);
  for (const int i : {1, 2}) {
    out->append(fields[i].size() == 1 ? "-0" : "-").append(fields[i]);
  }
  out->append(text.substr(at));
  return true;
}

/// Pads hours, minutes and seconds of one digit in `text` from `start` on.
std::string PadClock(std::string_view text, size_t start) {
  std::string out(text.substr(0, start));
  size_t digits = 0;
  bool fraction = false;
  for (size_t i = start; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : '\0';
    if (c >= '0' && c <= '9') {
      ++digits;
      continue;
    }
    if (digits == 1 && !fraction) out += '0';
    out.append(text.substr(i - digits, digits));
    digits = 0;
    if (c != ':') fraction = true;
    if (c != '\0') out += c;
  }
  return out;
}

struct ParsedTime {
  int64_t micros = 0;
  bool zoned = false;
};

bool ParseTimestampForms(std::string_view text, ParsedTime* out) {
  if (ParseTimestamp(text, &out->micros, &out->zoned)) return true;
  text = Trimmed(text);
  std::string padded;
  if (!PadDate(text, &padded)) return false;
  const size_t clock = padded.find_first_of(" T", 5);
  if (clock != std::string::npos) padded = PadClock(padded, clock + 1);
  return ParseTimestamp(padded, &out->micros, &out->zoned);
}

/// The place of a zone at the end of a timestamp's text: `Z`, `+hh…`, or a name after a space.
size_t ZoneStart(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return text.size();
  for (size_t i = colon; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '+' || c == '-' || c == 'Z' || c == 'z' || c == ' ') return i;
  }
  return text.size();
}

/// TIMESTAMP: what the clock shows; a zone is read and passed over.
bool TextToTimestamp(std::string_view text, int64_t* out) {
  ParsedTime parsed;
  const bool read = ParseTimestampForms(text, &parsed);
  if (read && !parsed.zoned) {
    *out = parsed.micros;
    return true;
  }
  text = Trimmed(text);
  const size_t zone = ZoneStart(text);
  if (zone == text.size()) return false;
  if (!read && (text[zone] != ' ' || !Zone::Find(Trimmed(text.substr(zone))).ok())) return false;
  if (!ParseTimestampForms(text.substr(0, zone), &parsed)) return false;
  *out = parsed.micros;
  return true;
}

/// TIMESTAMP WITH TIME ZONE: the text's zone, or the session's.
bool TextToInstant(std::string_view text, Zone& session, int64_t* out) {
  ParsedTime parsed;
  if (ParseTimestampForms(text, &parsed)) {
    if (!parsed.zoned) return session.ToUtc(parsed.micros, out);
    *out = parsed.micros;
    return true;
  }
  text = Trimmed(text);
  const size_t at = ZoneStart(text);
  if (at == text.size() || text[at] != ' ') return false;
  Result<Zone> zone = Zone::Find(Trimmed(text.substr(at)));
  if (!zone.ok() || !ParseTimestampForms(text.substr(0, at), &parsed)) return false;
  return zone->ToUtc(parsed.micros, out);
}

bool TextToDate(std::string_view text, int32_t* out) {
  if (ParseDate(text, out)) return true;
  text = Trimmed(text);
  std::string padded;
  if (ParseDate(text, out) || (PadDate(text, &padded) && ParseDate(padded, out))) return true;
  int64_t micros = 0;
  if (!TextToTimestamp(text, &micros)) return false;
  const int64_t days = micros / kMicrosPerDay - (micros % kMicrosPerDay < 0 ? 1 : 0);
  *out = static_cast<int32_t>(days);
  return true;
}

bool TextToTime(std::string_view text, int64_t* out) {
  if (ParseTimeOfDay(text, out)) return true;
  text = Trimmed(text);
  if (ParseTimeOfDay(PadClock(text, 0), out)) return true;
  // A timestamp says a time of day too.
  int64_t micros = 0;
  if (!TextToTimestamp(text, &micros)) return false;
  const int64_t rest = micros % kMicrosPerDay;
  *out = rest < 0 ? rest + kMicrosPerDay : rest;
  return true;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// ASCII as it stands, other bytes as `\xHH`.
bool TextToBytes(std::string_view text, TextWriter& out) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x80) return false;
    if (c != '\\') {
      out.Append(c);
      continue;
    }
    if (i + 3 >= text.size() || text[i + 1] != 'x') return false;
    const int high = HexDigit(text[i + 2]);
    const int low = HexDigit(text[i + 3]);
    if (high < 0 || low < 0) return false;
    out.Append(static_cast<char>(high * 16 + low));
    i += 3;
  }
  return true;
}

Result<ArrayPtr> BytesFromText(const ArrayPtr& input, const TypePtr& to, bool try_cast) {
  const columnar::StringColumn column(input);
  TextWriter out(input->length(), input->length() * 16);
  for (int64_t row = 0; row < input->length(); ++row) {
    if (column.IsNull(row)) {
      out.EndNull();
    } else if (TextToBytes(column[row], out)) {
      out.EndRow();
    } else if (try_cast) {
      out.EndNull();
    } else {
      return CastFailureAt(input, row, *to);
    }
  }
  return out.Finish(to);
}

Result<ArrayPtr> TimestampFromText(const ArrayPtr& input, const TypePtr& to, bool try_cast,
                                   const EvalContext& context) {
  if (static_cast<const arrow::TimestampType&>(*to).timezone().empty()) {
    return ParseRows<int64_t>(input, to, try_cast, TextToTimestamp);
  }
  THALWEG_ASSIGN_OR_RETURN(Zone zone, Zone::Find(context.time_zone));
  return ParseRows<int64_t>(input, to, try_cast, [&zone](std::string_view text, int64_t* out) {
    return TextToInstant(text, zone, out);
  });
}

Result<ArrayPtr> DecimalFromText(const ArrayPtr& input, const TypePtr& to, bool try_cast) {
  const auto& decimal = static_cast<const arrow::DecimalType&>(*to);
  return ParseRows<Int128>(input, to, try_cast,
                           [precision = decimal.precision(), scale = decimal.scale()](
                               std::string_view text, Int128* out) {
                             return ParseDecimal(text, precision, scale, out, true) ||
                                    ParseDecimal(Bare(text), precision, scale, out, true);
                           });
}

}  // namespace

Result<ArrayPtr> CastFromText(const ArrayPtr& input, const TypePtr& to, bool try_cast,
                              const EvalContext& context) {
  switch (to->id()) {
    case Type::BOOL:
      return ParseRows<bool>(input, to, try_cast, TextToBool);
    case Type::INT8:
      return ParseRows<int8_t>(input, to, try_cast, TextToInt<int8_t>);
    case Type::INT16:
      return ParseRows<int16_t>(input, to, try_cast, TextToInt<int16_t>);
    case Type::INT32:
      return ParseRows<int32_t>(input, to, try_cast, TextToInt<int32_t>);
    case Type::INT64:
      return ParseRows<int64_t>(input, to, try_cast, TextToInt<int64_t>);
    case Type::UINT8:
      return ParseRows<uint8_t>(input, to, try_cast, TextToInt<uint8_t>);
    case Type::UINT16:
      return ParseRows<uint16_t>(input, to, try_cast, TextToInt<uint16_t>);
    case Type::UINT32:
      return ParseRows<uint32_t>(input, to, try_cast, TextToInt<uint32_t>);
    case Type::UINT64:
      return ParseRows<uint64_t>(input, to, try_cast, TextToInt<uint64_t>);
    case Type::FLOAT:
      return ParseRows<float>(input, to, try_cast, TextToReal<float>);
    case Type::DOUBLE:
      return ParseRows<double>(input, to, try_cast, TextToReal<double>);
    case Type::DECIMAL128:
      return DecimalFromText(input, to, try_cast);
    case Type::DATE32:
      return ParseRows<int32_t>(input, to, try_cast, TextToDate);
    case Type::TIME64:
      return ParseRows<int64_t>(input, to, try_cast, TextToTime);
    case Type::TIMESTAMP:
      return TimestampFromText(input, to, try_cast, context);
    case Type::INTERVAL_MONTH_DAY_NANO:
      return ParseRows<Interval>(input, to, try_cast, ParseInterval);
    case Type::BINARY:
      return BytesFromText(input, to, try_cast);
    default:
      return Status::Unsupported("cast: not from VARCHAR: " + columnar::SqlTypeName(*to));
  }
}

}  // namespace thalweg::engine
