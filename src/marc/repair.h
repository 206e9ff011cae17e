#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "marc/batch_block.h"
#include "marc/frame.h"

namespace thalweg::marc {

/// A record whose structure was looked at piece by piece.
struct Salvage {
  const char* leader = nullptr;
  std::span<const FieldView> fields;
  bool clean = false;  ///< Nothing was wrong: the bytes can be written as they are.
};

/// Reads a record by its directory as far as that is right, by its terminators where it is not, and
/// appends a defect for each thing that was wrong. Nothing when there is no record to be had; then
/// the last defect says why. `record_offset` of a defect is set, the rest of its place is not.
std::optional<Salvage> SalvageRecord(std::string_view record, const Frame& frame, BatchBlock* block,
                                     std::vector<Defect>* defects);

/// Up to 32 bytes around `place`.
std::string_view BytesNear(std::string_view record, size_t place);

}  // namespace thalweg::marc
