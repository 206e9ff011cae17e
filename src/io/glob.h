#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "io/file_system.h"
#include "thalweg/status.h"

// Patterns for paths. In one name: `*` any text, `?` one character, `[a-z]` one of a set, `[!a-z]`
// or `[^a-z]` one outside it. `**` as a whole name: any number of directories. `{a,b}`: either,
// also nested and across slashes. `\` takes a character's meaning away. A bracket or brace that
// is not closed means itself. Names that start with a dot are matched by a dot only.
namespace thalweg::io {

struct GlobOptions {
  size_t matches_max = 1'000'000;
};

/// Whether the text has a meaning beyond the path that it spells.
bool IsGlob(std::string_view pattern);

/// The files, not directories, that match, sorted by bytes, each once. A path that exists as it is
/// spelled stands for itself, whatever characters it has. `**` does not follow links, so that a
/// loop ends; other names do. Nothing found is an empty list. A directory that cannot be read
/// is a failure, never a smaller answer.
Result<std::vector<std::string>> Glob(FileSystem& fs, const std::string& pattern,
                                      const GlobOptions& options = {});

/// Whether one name (without slashes) matches a pattern without `**` and `{}`.
bool NameMatches(std::string_view pattern, std::string_view name);

/// `a{b,c}` -> `ab`, `ac`. `resource_exhausted` for more than 4,096 results.
Result<std::vector<std::string>> ExpandBraces(std::string_view pattern);

}  // namespace thalweg::io
