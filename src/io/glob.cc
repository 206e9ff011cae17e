#include "io/glob.h"

#include <algorithm>
#include <set>
#include <utility>

namespace thalweg::io {
namespace {

constexpr size_t kBraceResultsMax = 4096;
constexpr std::string_view kAnyDirectories = "**";

// Length of the UTF-8 character at the front of `text`; 1 for a byte that starts none.
size_t CharacterLength(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return std::min(length, text.size());
}

std::string_view TakeCharacter(std::string_view* text) {
  const std::string_view character = text->substr(0, CharacterLength(*text));
  text->remove_prefix(character.size());
  return character;
}

// The set at the front of `pattern` (behind its `[`), and whether it has `character`. UTF-8 sorts
// by bytes as by code points, so that ranges compare as text. Null when the set is not closed.
struct SetMatch {
  bool closed = false;
  bool has = false;
  std::string_view rest;
};
SetMatch MatchSet(std::string_view pattern, std::string_view character) {
  SetMatch result;
  const bool negated = !pattern.empty() && (pattern[0] == '!' || pattern[0] == '^');
  if (negated) pattern.remove_prefix(1);
  for (bool first = true; !pattern.empty(); first = false) {
    if (pattern[0] == ']' && !first) {
      result.closed = true;
      result.has = result.has != negated;
      result.rest = pattern.substr(1);
      return result;
    }
    if (pattern[0] == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
    const std::string_view low = TakeCharacter(&pattern);
    std::string_view high = low;
    if (pattern.size() > 1 && pattern[0] == '-' && pattern[1] != ']') {
      pattern.remove_prefix(1);
      if (pattern[0] == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
      high = TakeCharacter(&pattern);
    }
    if (low <= character && character <= high) result.has = true;
  }
  return result;
}

// Matches what stands before the next star. True: one character of `name` matched, and both are
// moved on.
bool MatchOne(std::string_view* pattern, std::string_view* name) {
  if (pattern->empty() || name->empty()) return false;
  const std::string_view character = name->substr(0, CharacterLength(*name));
  if (pattern->front() == '?') {
    pattern->remove_prefix(1);
    name->remove_prefix(character.size());
    return true;
  }
  if (pattern->front() == '[') {
    const SetMatch set = MatchSet(pattern->substr(1), character);
    if (set.closed) {
      if (!set.has) return false;
      *pattern = set.rest;
      name->remove_prefix(character.size());
      return true;
    }
  }
  const size_t escape = pattern->front() == '\\' && pattern->size() > 1 ? 1 : 0;
  if ((*pattern)[escape] != name->front()) return false;
  pattern->remove_prefix(escape + 1);
  name->remove_prefix(1);
  return true;
}

bool HasWildcards(std::string_view text) {
  return text.find_first_of("*?[\\") != std::string_view::npos;
}

// The end of the brace group that opens at `open`, or npos; `commas` gets its top-level commas.
size_t CloseOfBrace(std::string_view text, size_t open, std::vector<size_t>* commas) {
  commas->clear();
  int depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == ',' && depth == 1) {
      commas->push_back(i);
    } else if (text[i] == '}' && --depth == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

class Walk {
 public:
  Walk(FileSystem& fs, size_t matches_max) : fs_(fs), matches_max_(matches_max) {}

  Status Run(std::string_view pattern) {
    names_.clear();
    visited_.clear();
    std::string base = pattern.starts_with('/') ? "/" : "";
    for (size_t begin = 0; begin <= pattern.size();) {
      const size_t end = std::min(pattern.find('/', begin), pattern.size());
      const std::string_view name = pattern.substr(begin, end - begin);
      const bool repeated = name == kAnyDirectories && !names_.empty() && names_.back() == name;
      if (!name.empty() && !repeated) names_.emplace_back(name);
      begin = end + 1;
    }
    // `dir/**` means the files below.
    if (!names_.empty() && names_.back() == kAnyDirectories) names_.emplace_back("*");
    return names_.empty() ? Status() : Step(base, 0);
  }

  std::vector<std::string> TakeMatches() {
    std::ranges::sort(matches_);
    const auto [first, last] = std::ranges::unique(matches_);
    matches_.erase(first, last);
    return std::move(matches_);
  }

 private:
  Status Step(const std::string& dir, size_t index) {
    const std::string& name = names_[index];
    if (name == kAnyDirectories) return StepAny(dir, index);
    if (!HasWildcards(name) || name == "." || name == "..") {
      return Visit(dir.empty() ? name : JoinPath(dir, name), index);
    }
    THALWEG_ASSIGN_OR_RETURN(const auto entries, List(dir));
    for (const DirEntry& entry : entries) {
      if (!NameMatches(name, entry.name)) continue;
      const std::string path = JoinPath(dir, entry.name);
      const bool last = index + 1 == names_.size();
      if (last && entry.type != FileType::kDirectory && entry.type != FileType::kLink) {
        THALWEG_RETURN_IF_ERROR(Add(path));
      } else if (!last && (entry.type == FileType::kDirectory || entry.type == FileType::kLink)) {
        THALWEG_RETURN_IF_ERROR(Visit(path, index));
      } else if (last && entry.type == FileType::kLink) {
        THALWEG_RETURN_IF_ERROR(VisitLink(path));
      }
    }
    return {};
  }

  Status StepAny(const std::string& dir, size_t index) {
    if (!visited_.emplace(dir, index).second) return {};
    THALWEG_RETURN_IF_ERROR(Step(dir, index + 1));
    THALWEG_ASSIGN_OR_RETURN(const auto entries, List(dir));
    for (const DirEntry& entry : entries) {
      if (entry.type == FileType::kDirectory && !entry.name.starts_with('.')) {
        THALWEG_RETURN_IF_ERROR(StepAny(JoinPath(dir, entry.name), index));
      }
    }
    return {};
  }

  // `path` stands for the name at `index`; it need not exist.
  Status Visit(const std::string& path, size_t index) {
    const Result<FileInfo> info = fs_.Stat(path);
    if (info.status().code() == StatusCode::kNotFound) return {};
    if (!info.ok()) return info.status();
    const bool is_dir = info->type == FileType::kDirectory;
    if (index + 1 == names_.size()) return is_dir ? Status() : Add(path);
    return is_dir ? Step(path, index + 1) : Status();
  }

  // A link that leads nowhere is listed, so that opening it tells.
  Status VisitLink(const std::string& path) {
    const Result<FileInfo> info = fs_.Stat(path);
    if (info.ok() && info->type == FileType::kDirectory) return {};
    return Add(path);
  }

  Result<std::vector<DirEntry>> List(const std::string& dir) {
    auto entries = fs_.List(dir.empty() ? "." : dir);
    // Gone since its parent was listed.
    if (entries.status().code() == StatusCode::kNotFound) return std::vector<DirEntry>();
    return entries;
  }

  Status Add(const std::string& path) {
    if (matches_.size() == matches_max_) {
      return Status::ResourceExhausted("more than " + std::to_string(matches_max_) +
                                       " files match");
    }
    matches_.push_back(path);
    return {};
  }

  FileSystem& fs_;
  size_t matches_max_;
  std::vector<std::string> names_;
  std::set<std::pair<std::string, size_t>> visited_;
  std::vector<std::string> matches_;
};

}  // namespace

bool IsGlob(std::string_view pattern) {
  return pattern.find_first_of("*?[{\\") != std::string_view::npos;
}

bool NameMatches(std::string_view pattern, std::string_view name) {
  if (name.starts_with('.') && !pattern.starts_with('.')) return false;
  // Where to go on after a mismatch: behind the last star, one byte of the name further.
  std::string_view star_pattern;
  std::string_view star_name;
  bool star = false;
  while (!name.empty() || !pattern.empty()) {
    if (!pattern.empty() && pattern.front() == '*') {
      pattern.remove_prefix(1);
      star_pattern = pattern;
      star_name = name;
      star = true;
    } else if (!MatchOne(&pattern, &name)) {
      if (!star || star_name.empty()) return false;
      star_name.remove_prefix(CharacterLength(star_name));
      pattern = star_pattern;
      name = star_name;
    }
  }
  return true;
}

Result<std::vector<std::string>> ExpandBraces(std::string_view pattern) {
  std::vector<std::string> done;
  std::vector<std::string> todo = {std::string(pattern)};
  std::vector<size_t> commas;
  while (!todo.empty()) {
    const std::string text = std::move(todo.back());
    todo.pop_back();
    size_t open = 0;
    size_t close = std::string::npos;
    for (; open < text.size(); ++open) {
      if (text[open] == '\\') {
        ++open;
      } else if (text[open] == '{') {
        close = CloseOfBrace(text, open, &commas);
        if (close != std::string::npos && !commas.empty()) break;
        close = std::string::npos;
      }
    }
    if (close == std::string::npos) {
      done.push_back(text);
    } else {
      commas.push_back(close);
      // The last alternative is pushed first, so that the first comes out first.
      for (size_t i = commas.size(); i-- != 0;) {
        const size_t begin = i == 0 ? open + 1 : commas[i - 1] + 1;
        todo.push_back(text.substr(0, open) + text.substr(begin, commas[i] - begin) +
                       text.substr(close + 1));
      }
    }
    if (done.size() + todo.size() > kBraceResultsMax) {
      return Status::ResourceExhausted("the braces stand for more than " +
                                       std::to_string(kBraceResultsMax) + " patterns: '" +
                                       std::string(pattern) + "'");
    }
  }
  return done;
}

Result<std::vector<std::string>> Glob(FileSystem& fs, const std::string& pattern,
                                      const GlobOptions& options) {
  THALWEG_RETURN_IF_ERROR(CheckPath(pattern));
  const Result<FileInfo> itself = fs.Stat(pattern);
  if (itself.ok() && itself->type != FileType::kDirectory) return std::vector{pattern};
  THALWEG_ASSIGN_OR_RETURN(const auto patterns, ExpandBraces(pattern));
  Walk walk(fs, options.matches_max);
  for (const std::string& one : patterns) {
    THALWEG_RETURN_IF_ERROR(walk.Run(one).WithContext("glob '" + pattern + "'"));
  }
  return walk.TakeMatches();
}

}  // namespace thalweg::io
