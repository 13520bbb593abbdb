#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/guarded.h"

namespace ks::cmd {

/// A salted bcrypt hash, `$2b$...`: about 15 ms of one core.
std::string hash_password(const std::string& password);
/// The same time for a right and for a wrong one.
bool matches_hash(const std::string& password, const std::string& hash);

/// Checks one password without being of use to who tries many: the one that was right last is
/// known by a digest and costs nothing, each other one is hashed, one at a time, and after too many
/// wrong ones the next must wait.
class PasswordCheck {
 public:
  static constexpr int kFreeFailures = 10;
  static constexpr std::chrono::seconds kPerFailure{2};  ///< afterwards one try in this time

  PasswordCheck(std::string hash, const Clock& clock);
  /// Takes it as the one that was right last.
  void remember(std::string_view password);

  enum class Verdict : uint8_t { right, wrong, too_many };
  Verdict check(const std::string& password);
  /// Whether check() answers without hashing.
  bool is_known(std::string_view password) const;

 private:
  std::string digest(std::string_view password) const;
  /// Takes a try from the allowance; false when there is none.
  bool may_try();

  struct State {
    std::string known;  ///< digest of the password that was right
    double allowance = kFreeFailures;
    SteadyTime counted{};
  };
  const std::string hash_;
  const std::string key_;  // of the digests; of this process only
  const Clock& clock_;
  Guarded<State> state_;
  Guarded<int> hashing_;  // one at a time
};

}  // namespace ks::cmd
