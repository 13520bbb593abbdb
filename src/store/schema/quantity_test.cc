#include "store/schema/quantity.h"

#include <gtest/gtest.h>

namespace ks::store {
namespace {

TEST(Quantity, IsWrittenAsKubernetesStoresIt) {
  struct Case {
    std::string_view given, stored;
  };
  constexpr Case kCases[] = {
      {"1", "1"},
      {"1000m", "1"},
      {"100m", "100m"},
      {"0.5", "500m"},
      {"1.5", "1500m"},
      {"1.25k", "1250"},
      {"1000", "1k"},
      {"1500", "1500"},
      {"1000000", "1M"},
      {"2000M", "2G"},
      {"0", "0"},
      {"0Gi", "0"},
      {"-0.0m", "0"},
      {"+5", "5"},
      {"-5", "-5"},
      {"00012", "12"},
      {"1024Mi", "1Gi"},
      {"1.5Gi", "1536Mi"},
      {"1000Ki", "1000Ki"},
      {"1Ki", "1Ki"},
      {"0.5Ki", "512"},
      {"512Mi", "512Mi"},
      {"0.1Gi", "107374182400m"},
      {"1e3", "1e3"},
      {"1500e3", "1500e3"},
      {"1E3", "1e3"},
      {"12e-3", "12e-3"},
      {"1E", "1E"},
      {"1Ei", "1Ei"},
      {"100u", "100u"},
      {"1n", "1n"},
      {"0.1n", "1n"},
      {"9223372036854775807", "9223372036854775807"},
      {"9223372036854775808", "9223372036854775807"},
      {"16Ei", "9223372036854775807"},
  };
  for (const Case& one : kCases) {
    EXPECT_EQ(canonical_quantity(one.given), std::string(one.stored)) << one.given;
    EXPECT_EQ(canonical_quantity(one.stored), std::string(one.stored)) << one.stored;
  }
}

TEST(Quantity, IsNotEverything) {
  for (std::string_view text : {"", "-", "Gi", "1.2.3", "1kk", "1e", "1e1000000", "1 Gi", "x"}) {
    EXPECT_EQ(canonical_quantity(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace ks::store
