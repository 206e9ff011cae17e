#pragma once

#include <nanobind/nanobind.h>

#include "thalweg/session.h"

namespace thalweg::python {

/// The rows of an answer as a list of tuples of Python values. The GIL is held.
///
/// Numbers are `int`, `float` and, for decimals with a scale, `decimal.Decimal`; dates and times
/// are those of `datetime`, with their zone where they have one; a list is a `list`, a struct a
/// `dict`, a map a list of pairs, an interval what `interval(months, days, nanoseconds)` makes of
/// it. Raises `ValueError` where Python has no value for one of ours: a year beyond 1 to 9999,
/// nanoseconds that a `datetime` cannot hold.
nanobind::list RowsOf(const QueryResult& result, const nanobind::object& interval);

}  // namespace thalweg::python
