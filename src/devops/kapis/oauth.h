#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "devops/kapis/route_table.h"

namespace ks::devops::kapis {

/// What a JSON Web Token says of its user.
struct TokenClaims {
  std::string username;
  std::vector<std::string> groups;
  std::string type;  ///< `token_type`
};
/// Checks an HS256 token: signature, `exp`, `nbf`, `iat`. `unauthenticated` with the reason. An
/// empty secret accepts none.
Result<TokenClaims> verify_token(std::string_view token, std::string_view secret, WallTime now);

/// `POST /oauth/authenticate`: a TokenReview (devops-api, section 9).
void add_token_review(RouteTable& table, const std::string& secret, const Clock& clock);

}  // namespace ks::devops::kapis
