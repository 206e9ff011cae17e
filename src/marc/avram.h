#pragma once

#include <string_view>

#include "marc/content_rules.h"
#include "thalweg/status.h"

namespace thalweg::marc {

/// Adds the fields of an Avram schema (JSON) to a table; a field replaces the one of its tag.
/// `invalid_argument` says where the schema is wrong.
Status AddAvramSchema(std::string_view json, RuleTable* table);

}  // namespace thalweg::marc
