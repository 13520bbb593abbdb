#pragma once

#include <chrono>
#include <string>

#include "store/api/call.h"

namespace ks::store {

/// What the query of a list or a watch says about time and size.
struct ListOptions {
  enum class Match : uint8_t { unset, exact, not_older };
  uint64_t revision = 0;  ///< 0: any
  bool revision_given = false;
  Match match = Match::unset;
  size_t limit = 0;                      ///< 0: all
  std::string after;                     ///< key of the store, from the token
  uint64_t at = 0;                       ///< state that the token's pages show; 0: no token
  std::chrono::milliseconds timeout{0};  ///< 0: the server's choice
  bool bookmarks = false;
  bool send_initial = false;   ///< `sendInitialEvents=true`
  bool initial_given = false;  ///< it is in the query
};

/// 400 or 422 for options that are none or do not go together.
Outcome<ListOptions> list_options(const http::Request& request);
Outcome<ListOptions> watch_options(const http::Request& request);

/// The token that goes on after `key` with the state at `revision`.
std::string continue_token(uint64_t revision, std::string_view key);

/// 504: nobody has written this revision yet.
kube::Status too_new(uint64_t asked, uint64_t current);

}  // namespace ks::store
