#pragma once

#include <vector>

#include "sql/source_text.h"
#include "sql/token.h"
#include "thalweg/status.h"

namespace thalweg::sql {

/// Longest SQL text that is taken.
inline constexpr size_t kTextBytesMax = size_t{64} << 20;

/// Cuts a text into tokens; the last one is `kEnd`. `--` and nested `/* */` comments are skipped.
/// Fails on text that is too long or not UTF-8, and on unfinished strings, names and comments.
Result<std::vector<Token>> Tokenize(const SourceText& source);

/// `name` as SQL text: plain where it can be, else in double quotes.
std::string QuoteName(std::string_view name);
/// `text` as a SQL string literal.
std::string QuoteString(std::string_view text);

/// True for words that cannot be a name without quotes.
bool IsReserved(std::string_view word);

}  // namespace thalweg::sql
