#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sql/source_text.h"

namespace thalweg::sql {

enum class TokenKind : uint8_t {
  kEnd,
  kName,        ///< An unquoted word; keywords are words that the parser asks for.
  kQuotedName,  ///< "like this"
  kString,      ///< 'text', E'text' or $$text$$
  kInteger,     ///< 42, 0x2A, 1_000
  kDecimal,     ///< 1.5
  kDouble,      ///< 1e3
  kDuration,    ///< 5m: only where a clause takes one.
  kParameter,   ///< $name
  kSymbol,      ///< An operator or punctuation.
};

/// One word of a SQL text.
struct Token {
  TokenKind kind = TokenKind::kEnd;
  Span span;
  /// Names, strings and parameters: the value, unescaped. Numbers: digits without `_`.
  /// Symbols: as written.
  std::string text;

  bool Is(std::string_view symbol) const { return kind == TokenKind::kSymbol && text == symbol; }
  /// `upper` in upper case. Quoted names are never keywords.
  bool IsWord(std::string_view upper) const;
};

}  // namespace thalweg::sql
