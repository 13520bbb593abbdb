#include "base/cron.h"

#include <gtest/gtest.h>

#include <set>

namespace ks {
namespace {

WallTime at(std::string_view text) { return parse_rfc3339(text).value_or(WallTime{}); }

std::string next(std::string_view cron, std::string_view after,
                 std::string_view seed = "demo/build") {
  const Result<Cron> parsed = Cron::parse(cron, seed);
  if (!parsed) return parsed.error().message;
  const auto found = parsed->next(at(after));
  return found ? format_rfc3339(*found) : "never";
}
std::string previous(std::string_view cron, std::string_view before) {
  const auto found = Cron::parse(cron, "x")->previous(at(before));
  return found ? format_rfc3339(*found) : "never";
}
std::string wrong(std::string_view cron) {
  const Result<Cron> parsed = Cron::parse(cron, "x");
  return parsed ? "" : parsed.error().message;
}

TEST(Cron, FindsTheNextTime) {
  EXPECT_EQ(next("*/15 * * * *", "2026-01-01T00:00:00Z"), "2026-01-01T00:15:00Z");
  EXPECT_EQ(next("0 0 * * *", "2026-01-01T00:00:00Z"), "2026-01-02T00:00:00Z");
  EXPECT_EQ(next("30 4 1 * *", "2026-01-01T05:00:00Z"), "2026-02-01T04:30:00Z");
  EXPECT_EQ(next("0 12 * * 1-5", "2026-01-02T13:00:00Z"), "2026-01-05T12:00:00Z");
  EXPECT_EQ(next("0 0 * * 7", "2026-01-01T00:00:00Z"), "2026-01-04T00:00:00Z");
  EXPECT_EQ(next("5,10-12 3 * 2,3 *", "2026-01-01T00:00:00Z"), "2026-02-01T03:05:00Z");
  EXPECT_EQ(next("0 0 29 2 *", "2026-01-01T00:00:00Z"), "2028-02-29T00:00:00Z");
  EXPECT_EQ(next("0 0 31 2 *", "2026-01-01T00:00:00Z"), "never");
}

TEST(Cron, FindsThePreviousTime) {
  EXPECT_EQ(previous("*/15 * * * *", "2026-01-01T00:14:59Z"), "2026-01-01T00:00:00Z");
  EXPECT_EQ(previous("*/15 * * * *", "2026-01-01T00:15:00Z"), "2026-01-01T00:15:00Z");
  EXPECT_EQ(previous("0 12 1 3 *", "2026-01-01T00:00:00Z"), "2025-03-01T12:00:00Z");
}

TEST(Cron, TheEarliestOfSeveralLinesCounts) {
  EXPECT_EQ(next("# nightly\n0 22 * * *\n\n30 6 * * *", "2026-01-01T00:00:00Z"),
            "2026-01-01T06:30:00Z");
  EXPECT_EQ(next("", "2026-01-01T00:00:00Z"), "never");
}

TEST(Cron, HIsSpreadByNameAndAlwaysTheSame) {
  std::set<std::string> minutes;
  for (int i = 0; i < 100; ++i) {
    const std::string seed = "job" + std::to_string(i);
    minutes.insert(next("H * * * *", "2026-01-01T00:00:00Z", seed));
    EXPECT_EQ(next("H H * * *", "2026-01-01T00:00:00Z", seed),
              next("@daily", "2026-01-01T00:00:00Z", seed));
  }
  EXPECT_GT(minutes.size(), 30u);
  const Result<Cron> within = Cron::parse("H(10-12) * * * *", "a");
  for (int i = 0; i < 3; ++i) {
    const auto found = within->next(at("2026-01-01T00:00:00Z"));
    const auto minute = (found->time_since_epoch().count() / 60'000) % 60;
    EXPECT_TRUE(minute >= 10 && minute <= 12) << minute;
  }
}

TEST(Cron, HWithAStepComesAsOften) {
  const Result<Cron> cron = Cron::parse("H/20 * * * *", "a");
  WallTime time = at("2026-01-01T00:00:00Z");
  int runs = 0;
  for (; time < at("2026-01-02T00:00:00Z"); ++runs) time = *cron->next(time);
  EXPECT_NEAR(runs, 72, 1);
}

TEST(Cron, KnowsTimeZones) {
  EXPECT_EQ(next("TZ=Europe/Berlin\n0 12 * * *", "2026-01-01T00:00:00Z"), "2026-01-01T11:00:00Z");
  EXPECT_EQ(next("TZ=Europe/Berlin\n0 12 * * *", "2026-07-01T00:00:00Z"), "2026-07-01T10:00:00Z");
  EXPECT_EQ(wrong("TZ=Mars/Base\n0 0 * * *"), "Invalid or unsupported timezone 'Mars/Base'");
}

TEST(Cron, SaysWhatIsWrong) {
  EXPECT_EQ(wrong("abc"), "Invalid input: \"abc\": line 1:1: unexpected char: 'a'");
  EXPECT_EQ(wrong("* * * *"), "Invalid input: \"* * * *\": line 1:8: unexpected end of input");
  EXPECT_EQ(
      wrong("60 * * * *"),
      "Invalid input: \"60 * * * *\": line 1:3: 60 is an invalid value. Must be within 0 and 59");
  EXPECT_EQ(wrong("** * * *"),
            "Invalid input: \"** * * *\": line 1:2: You appear to be missing whitespace between * "
            "and *.");
  EXPECT_NE(wrong("*/0 * * * *"), "");
  EXPECT_NE(wrong("* * * * * *"), "");
  EXPECT_NE(wrong("99999999999999999999 * * * *"), "");
  EXPECT_NE(wrong("5-1 * * * *"), "");
  EXPECT_NE(wrong("H(5-1) * * * *"), "");
  EXPECT_NE(wrong(std::string(100'000, '*')), "");
}

TEST(Cron, Advises) {
  EXPECT_EQ(Cron::parse("* * * * *", "x")->advice(),
            "Do you really mean \"every minute\" when you say \"* * * * *\"? Perhaps you meant "
            "\"H * * * *\" to poll once per hour");
  EXPECT_EQ(Cron::parse("0 4 * * *", "x")->advice(),
            "Spread load evenly by using ‘H 4 * * *’ rather than ‘0 4 * * *’");
  EXPECT_EQ(Cron::parse("H 4 * * *", "x")->advice(), "");
}

}  // namespace
}  // namespace ks
