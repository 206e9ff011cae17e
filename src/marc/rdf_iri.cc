#include "marc/rdf_iri.h"

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace thalweg::marc {
namespace {

struct Parts {
  std::string_view root;  // Scheme and authority: `http://example.org`.
  std::string_view path;
  std::string_view query;  // With its question mark.
};

Parts Split(std::string_view iri) {
  iri = iri.substr(0, iri.find('#'));
  size_t at = std::min(iri.find(':'), iri.size() - 1) + 1;
  if (iri.empty()) at = 0;
  if (iri.substr(at).starts_with("//")) at = std::min(iri.find_first_of("/?", at + 2), iri.size());
  const size_t query = std::min(iri.find('?', at), iri.size());
  return {iri.substr(0, at), iri.substr(at, query - at), iri.substr(query)};
}

// Without `.` and `..` among its segments.
std::string WithoutDots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    const std::string_view name = segment.starts_with('/') ? segment.substr(1) : segment;
    path.remove_prefix(end);
    if (name == "." || name == "..") {
      if (name == "..") out.resize(out.rfind('/') == std::string::npos ? 0 : out.rfind('/'));
      if (path.empty()) out.push_back('/');
    } else {
      out.append(segment);
    }
  }
  return out;
}

}  // namespace

bool IsAbsoluteIri(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  if (std::isalpha(static_cast<unsigned char>(text[0])) == 0) return false;
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
  });
}

std::string ResolveIri(std::string_view base, std::string_view reference) {
  if (base.empty() || IsAbsoluteIri(reference)) return std::string(reference);
  const Parts parts = Split(base);
  if (reference.empty()) return std::string(base.substr(0, base.find('#')));
  if (reference[0] == '#') return std::string(base.substr(0, base.find('#'))).append(reference);
  if (reference[0] == '?') return std::string(parts.root).append(parts.path).append(reference);
  if (reference.starts_with("//")) {
    return std::string(base.substr(0, base.find(':') + 1)).append(reference);
  }
  const size_t end = std::min(reference.find_first_of("?#"), reference.size());
  std::string path(reference.substr(0, end));
  if (path[0] != '/') {
    const size_t folder = parts.path.rfind('/');
    path.insert(0, folder == std::string_view::npos ? "/" : parts.path.substr(0, folder + 1));
  }
  return std::string(parts.root).append(WithoutDots(path)).append(reference.substr(end));
}

bool IsIri(std::string_view text) {
  return IsAbsoluteIri(text) && std::ranges::none_of(text, [](char c) {
           return static_cast<unsigned char>(c) <= ' ' ||
                  std::string_view("<>\"{}|\\^`").find(c) != std::string_view::npos;
         });
}

}  // namespace thalweg::marc
