#pragma once

#include <vector>

#include "thalweg/marc/defect.h"
#include "thalweg/marc/record.h"

namespace thalweg::marc {

/// Appends a defect for each indicator, subfield code and field without subfields that breaks the
/// rules of the record structure.
void CheckContent(const RecordView& record, std::vector<Defect>* defects);

}  // namespace thalweg::marc
