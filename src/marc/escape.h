#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "thalweg/marc/record.h"

// Copying text into JSON and XML: most of it needs no escape, and is copied in blocks.
namespace thalweg::marc {

/// Copies `text` to `out` as the inside of a JSON string; gives the end. At most
/// `kJsonGrowth` bytes for each byte of `text`, and 16 bytes behind the end may be overwritten.
/// The text must be UTF-8 (see `CleanText`).
char* CopyJsonEscaped(std::string_view text, char* out);
inline constexpr size_t kJsonGrowth = 6;

/// The same with every character beyond ASCII as `\u....`.
char* CopyJsonAscii(std::string_view text, char* out);

/// Copies `text` to `out` as XML character data; gives the end. At most `kXmlGrowth` bytes for
/// each byte of `text`. Characters that XML 1.0 cannot hold become U+FFFD.
char* CopyXmlEscaped(std::string_view text, char* out);
/// The same for an attribute in double quotes.
char* CopyXmlAttribute(std::string_view text, char* out);
inline constexpr size_t kXmlGrowth = 6;

void AppendXmlEscaped(std::string_view text, std::string* out);
void AppendXmlAttribute(std::string_view text, std::string* out);
void AppendJsonEscaped(std::string_view text, std::string* out);

/// Whether any byte is not ASCII.
bool HasHighBit(std::string_view text);

/// `text`, or what is left of it as UTF-8 in `*scratch` when it is not UTF-8: each part that does
/// not decode becomes U+FFFD.
std::string_view CleanText(std::string_view text, std::string* scratch);

/// The same of what stands in `*out` from `start` on, in place.
void CleanFrom(size_t start, std::string* out);

/// Whether every field of the record is UTF-8.
bool IsUtf8Record(const RecordView& record);

/// Copies single bytes of records, which can be any: a byte beyond ASCII becomes U+FFFD.
char* CopyJsonByte(char c, char* out);
char* CopyXmlAttributeByte(char c, char* out);

}  // namespace thalweg::marc
