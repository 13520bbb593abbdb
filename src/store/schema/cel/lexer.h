#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ks::store::cel {

enum class TokenKind : uint8_t {
  identifier,
  integer,
  unsigned_integer,
  real,
  string,
  bytes,
  symbol,
  end
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;  ///< as written; symbols are told apart by it
  std::string value;      ///< of strings and bytes, escapes read
  size_t offset = 0;
};

struct LexError {
  size_t offset = 0;
  std::string message;
};

/// The last token is of kind end. Empty when `error` is set.
std::vector<Token> tokenize(std::string_view text, LexError& error);

}  // namespace ks::store::cel
