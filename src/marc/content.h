#pragma once

#include <vector>

#include "thalweg/marc/defect.h"
#include "thalweg/marc/record.h"

namespace thalweg::marc {

/// Appends a defect for each indicator, subfield code and field without subfields that breaks the
/// rules of the record structure.
void CheckContent(const RecordView& record, std::vector<Defect>* defects);

/// Appends a warning for each data field with text between its indicators and its first subfield:
/// only ISO 2709 itself can hold such text.
void CheckLostText(const RecordView& record, std::vector<Defect>* defects);

}  // namespace thalweg::marc
