#include "archive/path_pattern.h"

#include <span>

#include "io/glob.h"

namespace thalweg::archive {
namespace {

std::vector<std::string> SplitPath(std::string_view path) {
  std::vector<std::string> names;
  while (true) {
    const size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    if (!name.empty() && name != ".") names.emplace_back(name);
    if (slash == std::string_view::npos) return names;
    path.remove_prefix(slash + 1);
  }
}

bool OneName(std::string_view pattern, std::string_view name) {
  if (pattern == name) return true;
  // The leading dot that patterns otherwise ask for is of no use here.
  if (!name.empty() && name.front() == '.' && !pattern.empty() && pattern.front() != '.') {
    if (pattern.front() != '*' && pattern.front() != '?') return false;
    return io::NameMatches("x" + std::string(pattern), "x" + std::string(name));
  }
  return io::NameMatches(pattern, name);
}

bool Names(std::span<const std::string> pattern, std::span<const std::string> path) {
  // A step for each pair at most: `**` goes back to where it last began, as `*` does in a name.
  size_t p = 0;
  size_t n = 0;
  size_t star = SIZE_MAX;
  size_t star_at = 0;
  while (n < path.size()) {
    if (p < pattern.size() && pattern[p] == "**") {
      star = p++;
      star_at = n;
    } else if (p < pattern.size() && OneName(pattern[p], path[n])) {
      ++p;
      ++n;
    } else if (star != SIZE_MAX) {
      p = star + 1;
      n = ++star_at;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == "**") ++p;
  return p == pattern.size();
}

}  // namespace

Result<PathPatterns> PathPatterns::Make(const std::vector<std::string>& patterns) {
  PathPatterns made;
  for (const std::string& text : patterns) {
    THALWEG_ASSIGN_OR_RETURN(const auto expanded, io::ExpandBraces(text));
    for (const std::string& one : expanded) {
      Pattern pattern;
      pattern.whole_path = one.find('/') != std::string::npos;
      pattern.names = SplitPath(one);
      pattern.source = made.sources_;
      if (pattern.names.empty()) {
        return Status::InvalidArgument("a pattern that names nothing: '" + text + "'");
      }
      made.patterns_.push_back(std::move(pattern));
    }
    ++made.sources_;
  }
  return made;
}

bool PathPatterns::Match(std::string_view path) const {
  if (patterns_.empty()) return false;
  const std::vector<std::string> names = SplitPath(path);
  for (const Pattern& pattern : patterns_) {
    const std::span<const std::string> all = names;
    if (Names(pattern.names, pattern.whole_path ? all : all.last(1))) return true;
  }
  return false;
}

bool PathPatterns::MatchBeneath(std::string_view path, std::vector<bool>* used) const {
  const std::vector<std::string> names = SplitPath(path);
  bool found = false;
  for (const Pattern& pattern : patterns_) {
    for (size_t depth = names.size(); depth >= 1; --depth) {
      const std::span<const std::string> above(names.data(), depth);
      // A pattern of one name stands for a path from the top, as an argument of tar does.
      if (!Names(pattern.names, above)) continue;
      (*used)[pattern.source] = true;
      found = true;
      break;
    }
  }
  return found;
}

}  // namespace thalweg::archive
