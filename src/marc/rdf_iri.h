#pragma once

#include <string>
#include <string_view>

namespace thalweg::marc {

/// What `reference` means where `base` is the base IRI (RFC 3986, section 5). An IRI of its own
/// stays as it is, and so does everything when there is no base.
std::string ResolveIri(std::string_view base, std::string_view reference);

/// `text` begins with a scheme and a colon.
bool IsAbsoluteIri(std::string_view text);

/// `text` is an absolute IRI without anything that may not stand in one.
bool IsIri(std::string_view text);

}  // namespace thalweg::marc
