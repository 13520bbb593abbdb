#include "cmd/up/passwords.h"

#include <crypt.h>

#include <algorithm>

#include "base/random.h"

namespace ks::cmd {
namespace {

constexpr int kCost = 8;  // the password is ours: 20 random characters, which nobody guesses
constexpr size_t kMostBytes = 72;  // bcrypt reads no further

std::string bcrypt(const std::string& password, const std::string& setting) {
  // 32 KiB: not for a worker's stack.
  const auto data = std::make_unique<crypt_data>();
  const char* hash = crypt_r(password.c_str(), setting.c_str(), data.get());
  return hash == nullptr || hash[0] == '*' ? std::string() : std::string(hash);
}

}  // namespace

std::string hash_password(const std::string& password) {
  const std::string salt = random_bytes(16);
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  const char* made = crypt_gensalt_rn("$2b$", kCost, salt.data(), static_cast<int>(salt.size()),
                                      setting, sizeof setting);
  CHECK(made != nullptr);
  std::string hash = bcrypt(password, setting);
  CHECK(!hash.empty());
  return hash;
}

bool matches_hash(const std::string& password, const std::string& hash) {
  if (password.size() > kMostBytes || password.contains('\0')) return false;
  const std::string again = bcrypt(password, hash);
  return !again.empty() && equal_in_constant_time(again, hash);
}

PasswordCheck::PasswordCheck(std::string hash, const Clock& clock)
    : hash_(std::move(hash)), key_(random_bytes(32)), clock_(clock) {
  state_.with([&](State& state) { state.counted = clock_.steady_now(); });
}

void PasswordCheck::remember(std::string_view password) {
  state_.with([known = digest(password)](State& state) { state.known = known; });
}

std::string PasswordCheck::digest(std::string_view password) const {
  return hmac_sha256(key_, password);
}

bool PasswordCheck::is_known(std::string_view password) const {
  const std::string known = state_.with([](const State& state) { return state.known; });
  return !known.empty() && equal_in_constant_time(known, digest(password));
}

bool PasswordCheck::may_try() {
  const SteadyTime now = clock_.steady_now();
  return state_.with([&](State& state) {
    const std::chrono::duration<double> passed = now - std::exchange(state.counted, now);
    state.allowance = std::min<double>(kFreeFailures, state.allowance + passed / kPerFailure);
    if (state.allowance < 1) return false;
    state.allowance -= 1;
    return true;
  });
}

PasswordCheck::Verdict PasswordCheck::check(const std::string& password) {
  if (is_known(password)) return Verdict::right;
  if (!may_try()) return Verdict::too_many;
  if (!hashing_.with([&](int) { return matches_hash(password, hash_); })) return Verdict::wrong;
  remember(password);
  // Only wrong ones count.
  state_.with(
      [](State& state) { state.allowance = std::min<double>(kFreeFailures, state.allowance + 1); });
  return Verdict::right;
}

}  // namespace ks::cmd
