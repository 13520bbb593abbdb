#include "groovy/runtime/numbers.h"

#include <gtest/gtest.h>

#include <string>

namespace ks::groovy {
namespace {

Decimal decimal(std::string_view text) { return Decimal::parse(text).value(); }
std::string quotient(std::string_view a, std::string_view b) {
  return divide(decimal(a), decimal(b)).to_string();
}

TEST(GroovyNumbers, DecimalsReadAndShowAsJavaDoes) {
  for (std::string text :
       {"0", "1.50", "-0.001", "1E+10", "1.5E-7", "123456789012345678901234567890.5"}) {
    EXPECT_EQ(decimal(text).to_string(), text);
  }
  EXPECT_EQ(decimal("1e3").to_string(), "1E+3");
  EXPECT_EQ(decimal("1e3").to_plain_string(), "1000");
  EXPECT_EQ(decimal("0.0000001").to_string(), "1E-7");
  EXPECT_FALSE(Decimal::parse("1.2.3"));
  EXPECT_FALSE(Decimal::parse(""));
  EXPECT_FALSE(Decimal::parse("1e"));
}

TEST(GroovyNumbers, DivisionIsExactWhenItEnds) {
  EXPECT_EQ(quotient("7", "2"), "3.5");
  EXPECT_EQ(quotient("6", "2"), "3");
  EXPECT_EQ(quotient("1", "3"), "0.3333333333");
  EXPECT_EQ(quotient("2", "3"), "0.6666666667");
  EXPECT_EQ(quotient("10.0", "4"), "2.5");
  EXPECT_EQ(quotient("-1", "8"), "-0.125");
  EXPECT_EQ(quotient("100.0", "3"), "33.3333333333");
}

TEST(GroovyNumbers, RoundingGoesEachWay) {
  auto rounded = [](std::string_view text, Rounding rounding) {
    return round_to_scale(decimal(text), 0, rounding)->to_string();
  };
  EXPECT_EQ(rounded("2.5", Rounding::half_up), "3");
  EXPECT_EQ(rounded("2.5", Rounding::half_even), "2");
  EXPECT_EQ(rounded("-2.5", Rounding::half_down), "-2");
  EXPECT_EQ(rounded("-2.1", Rounding::floor), "-3");
  EXPECT_EQ(rounded("2.1", Rounding::ceiling), "3");
  EXPECT_EQ(rounded("2.9", Rounding::down), "2");
  EXPECT_FALSE(round_to_scale(decimal("2.5"), 0, Rounding::unnecessary));
}

TEST(GroovyNumbers, DoublesShowAsJavaDoes) {
  EXPECT_EQ(double_text(100), "100.0");
  EXPECT_EQ(double_text(1e7), "1.0E7");
  EXPECT_EQ(double_text(0.001), "0.001");
  EXPECT_EQ(double_text(0.0001), "1.0E-4");
  EXPECT_EQ(double_text(-1.5e300), "-1.5E300");
  EXPECT_EQ(double_text(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(float_text(0.1f), "0.1");
}

TEST(GroovyNumbers, ComparingHugeExponentsDoesNotWriteThemOut) {
  EXPECT_EQ(decimal("1E+1000000000").compare(decimal("1")), 1);
  EXPECT_EQ(decimal("-1E+1000000000").compare(decimal("1E-1000000000")), -1);
  EXPECT_EQ(decimal("1.0").compare(decimal("1.000")), 0);
}

}  // namespace
}  // namespace ks::groovy
