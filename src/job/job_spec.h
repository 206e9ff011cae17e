#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/spec.h"

// The keys of a job file. What checks a file, its schema and its template all come from here.
namespace thalweg::job {

const Spec& TopSpec();        ///< Keys outside any table.
const Spec& TransformSpec();  ///< [transform]
const Spec& ErrorsSpec();     ///< [errors]
const Spec& TuningSpec();     ///< [tuning]
const Spec& RetrySpec();      ///< [retry]

/// True for the names of tables.
bool IsSection(std::string_view key);
std::vector<std::string> KnownKeys();

}  // namespace thalweg::job
