#include "engine/cast_zone.h"

#include <date/tz.h>

#include <exception>
#include <string>

#include "base/civil_time.h"

namespace thalweg::engine {
namespace {

int64_t FloorSeconds(int64_t micros) {
  const int64_t seconds = micros / kMicrosPerSecond;
  return micros % kMicrosPerSecond < 0 ? seconds - 1 : seconds;
}

/// `+2`, `-03`, `+05:30`, `+0530`.
bool ParseOffset(std::string_view text, int64_t* seconds) {
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return false;
  std::string digits;
  for (const char c : text.substr(1)) {
    if (c == ':') continue;
    if (c < '0' || c > '9') return false;
    digits += c;
  }
  if (digits.size() <= 2) digits += "00";
  if (digits.size() == 3) digits.insert(0, 1, '0');
  if (digits.size() != 4) return false;
  const int hours = (digits[0] - '0') * 10 + (digits[1] - '0');
  const int minutes = (digits[2] - '0') * 10 + (digits[3] - '0');
  if (hours > 18 || minutes > 59) return false;
  *seconds = (hours * 60 + minutes) * 60;
  if (text[0] == '-') *seconds = -*seconds;
  return true;
}

}  // namespace

Result<Zone> Zone::Find(std::string_view name) {
  Zone out;
  if (name == "UTC" || name == "Z" || name == "Etc/UTC" || name == "GMT") return out;
  if (ParseOffset(name, &out.fixed_seconds_)) return out;
  try {
    out.zone_ = date::locate_zone(std::string(name));
    return out;
  } catch (const std::exception&) {
    return Status::InvalidArgument("time zone: not known: '" + std::string(name) +
                                   "' (IANA names such as 'Europe/Berlin', or '+02:00')");
  }
}

int64_t Zone::OffsetSeconds(int64_t utc_micros) {
  if (zone_ == nullptr) return fixed_seconds_;
  const int64_t seconds = FloorSeconds(utc_micros);
  if (seconds >= begin_ && seconds < end_) return offset_;
  const auto* zone = static_cast<const date::time_zone*>(zone_);
  const date::sys_info info = zone->get_info(date::sys_seconds(std::chrono::seconds(seconds)));
  begin_ = info.begin.time_since_epoch().count();
  end_ = info.end.time_since_epoch().count();
  offset_ = info.offset.count();
  return offset_;
}

bool Zone::ToLocal(int64_t utc_micros, int64_t* local_micros) {
  return !__builtin_add_overflow(utc_micros, OffsetSeconds(utc_micros) * kMicrosPerSecond,
                                 local_micros);
}

bool Zone::ToUtc(int64_t local_micros, int64_t* utc_micros) {
  int64_t offset = fixed_seconds_;
  if (zone_ != nullptr) {
    const auto* zone = static_cast<const date::time_zone*>(zone_);
    const date::local_info info =
        zone->get_info(date::local_seconds(std::chrono::seconds(FloorSeconds(local_micros))));
    const bool twice = info.result == date::local_info::ambiguous;
    offset = (twice ? info.second : info.first).offset.count();
  }
  return !__builtin_sub_overflow(local_micros, offset * kMicrosPerSecond, utc_micros);
}

}  // namespace thalweg::engine
