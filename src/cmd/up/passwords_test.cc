#include "cmd/up/passwords.h"

#include <gtest/gtest.h>

namespace ks::cmd {
namespace {

using Verdict = PasswordCheck::Verdict;

TEST(Passwords, AHashMatchesItsPasswordAlone) {
  const std::string hash = hash_password("correct horse");
  EXPECT_TRUE(hash.starts_with("$2b$"));
  EXPECT_TRUE(matches_hash("correct horse", hash));
  EXPECT_FALSE(matches_hash("correct horsf", hash));
  EXPECT_FALSE(matches_hash("", hash));
  EXPECT_FALSE(matches_hash("correct horse", "no hash"));
  EXPECT_FALSE(matches_hash(std::string("correct horse\0", 14), hash));
  EXPECT_NE(hash, hash_password("correct horse"));
}

TEST(PasswordCheck, KnowsThePasswordThatWasRight) {
  ManualClock clock;
  PasswordCheck check(hash_password("right"), clock);
  EXPECT_FALSE(check.is_known("right"));
  EXPECT_EQ(check.check("right"), Verdict::right);
  EXPECT_TRUE(check.is_known("right"));
  EXPECT_FALSE(check.is_known("wrong"));
  EXPECT_EQ(check.check("wrong"), Verdict::wrong);
  EXPECT_TRUE(check.is_known("right"));
}

TEST(PasswordCheck, MakesWhoTriesManyWait) {
  ManualClock clock;
  PasswordCheck check(hash_password("right"), clock);
  for (int i = 0; i < PasswordCheck::kFreeFailures; ++i) {
    EXPECT_EQ(check.check("guess" + std::to_string(i)), Verdict::wrong);
  }
  EXPECT_EQ(check.check("one more"), Verdict::too_many);
  EXPECT_EQ(check.check("right"), Verdict::too_many);
  clock.advance(PasswordCheck::kPerFailure);
  EXPECT_EQ(check.check("right"), Verdict::right);
  EXPECT_EQ(check.check("guess"), Verdict::wrong);
  // Who was known before is not shut out by those who guess.
  EXPECT_EQ(check.check("guess again"), Verdict::too_many);
  EXPECT_EQ(check.check("right"), Verdict::right);
}

}  // namespace
}  // namespace ks::cmd
