#include <arrow/type.h>

#include <limits>

#include "base/civil_time.h"
#include "engine/cast.h"
#include "engine/cast_rows.h"
#include "engine/cast_zone.h"

namespace thalweg::engine {
namespace {

using arrow::Type;

bool IsZoned(const arrow::DataType& type) {
  return type.id() == Type::TIMESTAMP &&
         !static_cast<const arrow::TimestampType&>(type).timezone().empty();
}

int64_t FloorDays(int64_t micros) {
  return micros / kMicrosPerDay - (micros % kMicrosPerDay < 0 ? 1 : 0);
}

bool MidnightOf(int32_t days, int64_t* micros) {
  return !__builtin_mul_overflow(static_cast<int64_t>(days), kMicrosPerDay, micros);
}

Result<ArrayPtr> FromDate(const ArrayPtr& input, const TypePtr& to, bool try_cast, Zone zone) {
  const bool zoned = IsZoned(*to);
  return CastRows<int32_t, int64_t>(input, to, try_cast, [&](int32_t days, int64_t* out) {
    if (!MidnightOf(days, out)) return false;
    return !zoned || zone.ToUtc(*out, out);
  });
}

Result<ArrayPtr> FromTimestamp(const ArrayPtr& input, const TypePtr& to, bool try_cast, Zone zone) {
  const bool zoned = IsZoned(*input->type());
  // What a clock in the session's zone shows.
  const auto local = [&zone, zoned](int64_t micros, int64_t* out) {
    *out = micros;
    return !zoned || zone.ToLocal(micros, out);
  };
  switch (to->id()) {
    case Type::DATE32:
      return CastRows<int64_t, int32_t>(input, to, try_cast, [&](int64_t micros, int32_t* out) {
        int64_t shown = 0;
        if (!local(micros, &shown)) return false;
        *out = static_cast<int32_t>(FloorDays(shown));
        return true;
      });
    case Type::TIME64:
      return CastRows<int64_t, int64_t>(input, to, try_cast, [&](int64_t micros, int64_t* out) {
        int64_t shown = 0;
        if (!local(micros, &shown)) return false;
        *out = shown - FloorDays(shown) * kMicrosPerDay;
        return true;
      });
    default:
      return CastRows<int64_t, int64_t>(input, to, try_cast, [&](int64_t micros, int64_t* out) {
        return zoned ? zone.ToLocal(micros, out) : zone.ToUtc(micros, out);
      });
  }
}

}  // namespace

Result<ArrayPtr> CastBetweenTimes(const ArrayPtr& input, const TypePtr& to, bool try_cast,
                                  const EvalContext& context) {
  Zone zone;
  if (IsZoned(*to) || IsZoned(*input->type())) {
    THALWEG_ASSIGN_OR_RETURN(zone, Zone::Find(context.time_zone));
  }
  if (input->type_id() == Type::DATE32) return FromDate(input, to, try_cast, zone);
  return FromTimestamp(input, to, try_cast, zone);
}

}  // namespace thalweg::engine
