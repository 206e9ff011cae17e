#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/marc/formats.h"

// Any bytes as one of MARC's text formats: what `strict` takes, the other modes give as well; what
// it refuses, `lenient` tells; and what is given out can be written and is read back as it was.
namespace thalweg::marc::fuzz {

inline Result<std::vector<Record>> Read(Format format, std::string_view text, Recovery recovery,
                                        std::vector<Defect>* defects) {
  ReaderOptions options;
  options.recovery = recovery;
  return ParseRecords(format, text, options, defects);
}

inline std::string Text(const std::vector<Record>& records) {
  std::string text;
  for (const Record& record : records) AppendMarcInJson(record, false, &text);
  return text;
}

inline void Check(Format format, std::string_view text) {
  const auto strict = Read(format, text, Recovery::kStrict, nullptr);
  std::vector<Defect> defects;
  const auto lenient = Read(format, text, Recovery::kLenient, &defects);
  const auto skip = Read(format, text, Recovery::kSkip, nullptr);
  if (strict.ok()) {
    if (!lenient.ok() || !skip.ok()) std::abort();
    if (Text(*lenient) != Text(*strict) || Text(*skip) != Text(*strict)) std::abort();
  } else if (lenient.ok() && defects.empty()) {
    std::abort();
  }
  if (!lenient.ok()) return;
  std::string lines;
  for (const Record& record : *lenient) {
    AppendMarcInJson(record, false, &lines);
    lines += '\n';
  }
  const auto again = Read(Format::kJsonLines, lines, Recovery::kLenient, nullptr);
  if (!again.ok() || Text(*again) != Text(*lenient)) std::abort();
}

}  // namespace thalweg::marc::fuzz
