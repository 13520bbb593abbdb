#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

/// AWS Signature Version 4 as S3 wants it.

namespace ks::s3 {

struct Keys {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  ///< of temporary keys; empty for others
  std::string region = "us-east-1";
};

/// What is signed. Path and query as they were before they were escaped.
struct Signed {
  std::string method;
  std::string host;  ///< `s3.example.org`, with the port when it is not the scheme's own
  std::string path;  ///< `/bucket/a b`
  std::vector<std::pair<std::string, std::string>> query;
  std::vector<std::pair<std::string, std::string>> headers;  ///< more that are signed
};

/// The headers to add: Authorization, x-amz-date, x-amz-content-sha256, and the session's token.
std::vector<std::pair<std::string, std::string>> sign_request(const Signed& what,
                                                              std::string_view body,
                                                              const Keys& keys, WallTime now);
/// The query, escaped, of an address that anybody may GET until `lifetime` is over.
std::string presign_query(const Signed& what, const Keys& keys, WallTime now,
                          std::chrono::seconds lifetime);
/// Escaped as S3 does: each byte but unreserved ones; slashes stay.
std::string escape_path(std::string_view path);

}  // namespace ks::s3
