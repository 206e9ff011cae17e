#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/marc/record.h"

// Records cut out of ISO 2709 bytes the way pymarc does: by lengths alone.
namespace thalweg::python {

/// How text is read, after the parameters of pymarc's reader.
struct TextProfile {
  bool to_unicode = true;
  bool force_utf8 = false;
  bool marc8 = true;      ///< Where the leader does not say UTF-8, text is MARC-8.
  bool ascii_set = true;  ///< Otherwise: ASCII bytes mean ASCII in the file's encoding.
};

/// Some consecutive records of an input.
///
/// A record of which it is certain that pymarc reads it, and says nothing while it does, has a
/// view. One that is odd in any way has none: what becomes of it is decided in Python.
struct Block {
  struct Frame {
    const char* data = nullptr;
    uint32_t size = 0;
    bool plain = false;  ///< `views` has it.
  };
  std::shared_ptr<const void> owner;
  std::vector<marc::RecordView> views;  ///< As many as frames.
  std::vector<Frame> frames;
  std::vector<marc::FieldView> fields;              ///< What the views look into.
  std::vector<std::unique_ptr<std::string>> texts;  ///< Of records that were MARC-8.
  bool utf8 = true;                                 ///< Text is UTF-8; false: bytes of any kind.
};

/// Cuts records from the front of `bytes` into `out`, at most `records_max`. Gives how many bytes
/// they take; what follows is no whole record with a length in digits and a terminator.
size_t CutRecords(std::string_view bytes, size_t records_max, const TextProfile& profile,
                  Block* out);

}  // namespace thalweg::python
