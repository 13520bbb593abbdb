#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/router.h"

namespace ks::cmd {

/// Tokens that a user has made for programs, which stand for the password in Basic authentication
/// and are taken back one by one. The file holds their SHA-256 alone. Thread-safe.
class ApiTokens {
 public:
  explicit ApiTokens(std::string file) : file_(std::move(file)) {}
  Result<> load();

  struct Made {
    std::string name, uuid, value;
  };
  /// A new one; its value is told here and never again. At most 100 are kept.
  Result<Made> make(std::string name);
  /// `not_found` when there is none of that id.
  Result<> revoke(std::string_view uuid);
  bool is_token(std::string_view value) const;

  /// `generateNewToken` and `revoke` of `user`'s own tokens, as Jenkins has them (engine-rest,
  /// section 1).
  void add_routes(http::Router& router, const std::string& user);

 private:
  struct Token {
    std::string name, uuid, hash;
  };
  Result<> save(const std::vector<Token>& tokens) const;

  const std::string file_;
  std::mutex changing_;       // held while the list is changed and saved
  mutable std::mutex mutex_;  // of the list; nobody waits for the disk with it
  std::vector<Token> tokens_;
};

}  // namespace ks::cmd
