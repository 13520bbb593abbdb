#include "base/result.h"

#include <gtest/gtest.h>

namespace ks {
namespace {

Result<int> parse_digit(char c) {
  if (c < '0' || c > '9') return Error{Code::invalid, "not a digit"};
  return c - '0';
}

Result<int> add(char a, char b) { return TRY(parse_digit(a)) + TRY(parse_digit(b)); }

TEST(Result, TryUnwrapsTheValueOrReturnsTheError) {
  EXPECT_EQ(*add('1', '2'), 3);
  Result<int> failed = add('1', 'x');
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message, "not a digit");
}

TEST(Result, ContextIsPutBeforeTheMessage) {
  EXPECT_EQ((Error{Code::invalid, "bad port"}).in("--bind").message, "--bind: bad port");
}

TEST(ResultDeathTest, ReadingTheValueOfAFailedResultAborts) {
  EXPECT_DEATH((void)*add('x', '1'), "not a digit");
}

}  // namespace
}  // namespace ks
