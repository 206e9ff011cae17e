#pragma once

#include <vector>

#include "marc/batch_block.h"
#include "thalweg/marc/encoding.h"

namespace thalweg::marc {

/// What is known of a record's bytes.
struct TextState {
  bool ascii = true;
  bool odd_code = false;  ///< See `Scan`.
};

/// False where the record's text is UTF-8 in the wanted form as it stands, and its leader says so.
bool NeedsDecoding(const RecordView& record, const TextState& state, const DecodeOptions& options);

/// The record with its text as UTF-8 and leader/09 `a`. What had to be mended is appended to
/// `defects`; where that was not allowed, the view is empty. Lives in `block`.
RecordView DecodeText(const RecordView& record, const TextState& state,
                      const DecodeOptions& options, bool lenient, BatchBlock* block,
                      std::vector<Defect>* defects);

}  // namespace thalweg::marc
