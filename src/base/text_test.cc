#include "base/text.h"

#include <gtest/gtest.h>

namespace ks {
namespace {

TEST(Base64, RoundTripsEveryLength) {
  std::string bytes;
  for (int i = 0; i < 70; i++) {
    EXPECT_EQ(*base64_decode(base64_encode(bytes)), bytes);
    EXPECT_EQ(*base64url_decode(base64url_encode(bytes)), bytes);
    bytes += static_cast<char>(i * 37);
  }
  EXPECT_EQ(base64_encode("a"), "YQ==");
}

TEST(Base64, RefusesWhatIsNoBase64) {
  EXPECT_FALSE(base64_decode("YQ=").ok());
  EXPECT_FALSE(base64_decode("Y").ok());
  EXPECT_FALSE(base64_decode("Y!==").ok());
  EXPECT_FALSE(base64_decode("YQ==YQ==").ok());
  EXPECT_FALSE(base64_decode("====").ok());
}

TEST(Utf8, TellsValidFromInvalid) {
  EXPECT_TRUE(is_utf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
  for (std::string_view bad :
       {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
  EXPECT_EQ(to_utf8_lossy("a\xFF"), "a\xEF\xBF\xBD");
}

TEST(Text, PercentEscapesRoundTripAndBrokenOnesStay) {
  EXPECT_EQ(percent_decode(percent_encode("a b/ü%")), "a b/ü%");
  EXPECT_EQ(percent_encode("a/b", "/"), "a/b");
  EXPECT_EQ(percent_decode("100%"), "100%");
  EXPECT_EQ(percent_decode("a+b%zz", true), "a b%zz");
}

TEST(Text, DurationsAndSizesReadAsPeopleWriteThem) {
  EXPECT_EQ(*parse_duration_ms("1h30m"), 5'400'000);
  EXPECT_EQ(*parse_duration_ms("500ms"), 500);
  EXPECT_FALSE(parse_duration_ms("10 bananas").ok());
  EXPECT_EQ(*parse_size_bytes("8Mi"), 8u << 20);
  EXPECT_FALSE(parse_size_bytes("-1").ok());
  EXPECT_EQ(human_size(3u << 20), "3.0 MiB");
}

TEST(Text, WildcardsMatchTheWholeText) {
  EXPECT_TRUE(matches_wildcard("release-1.2", "release-*"));
  EXPECT_TRUE(matches_wildcard("", "*"));
  EXPECT_FALSE(matches_wildcard("abc", "a?"));
  EXPECT_TRUE(matches_wildcard("aXbXc", "*X*c"));
}

TEST(Text, NearestFindsTheTypo) {
  EXPECT_EQ(nearest("stahe", {"stage", "sh", "stash"}).front(), "stage");
  EXPECT_TRUE(nearest("x", {"completely", "different"}).empty());
}

}  // namespace
}  // namespace ks
