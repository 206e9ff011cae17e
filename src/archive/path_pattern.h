#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "thalweg/status.h"

namespace thalweg::archive {

/// Patterns for paths in an archive, by the rules of `io/glob.h`: a pattern without a slash meets
/// the last name of a path, one with a slash the whole path. Braces are expanded. Names that start
/// with a dot are met by `*` too: nothing is hidden in an archive.
class PathPatterns {
 public:
  static Result<PathPatterns> Make(const std::vector<std::string>& patterns);
  bool empty() const { return patterns_.empty(); }
  size_t size() const { return sources_; }
  bool Match(std::string_view path) const;
  /// Marks in `used` (one element for each pattern that was given) which of them meet `path` or a
  /// directory above it. True when one does.
  bool MatchBeneath(std::string_view path, std::vector<bool>* used) const;

 private:
  struct Pattern {
    std::vector<std::string> names;
    bool whole_path = false;
    size_t source = 0;
  };
  std::vector<Pattern> patterns_;
  size_t sources_ = 0;
};

}  // namespace thalweg::archive
