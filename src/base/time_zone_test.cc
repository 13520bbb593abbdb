#include "base/time_zone.h"

#include <gtest/gtest.h>

namespace ks {
namespace {

using std::chrono::seconds;

WallTime at(std::string_view text) { return parse_rfc3339(text).value(); }

TEST(TimeZone, KnowsSummerAndWinter) {
  EXPECT_EQ(zone_offset_at("Europe/Berlin", at("2026-01-15T12:00:00Z")), seconds(3600));
  EXPECT_EQ(zone_offset_at("Europe/Berlin", at("2026-07-15T12:00:00Z")), seconds(7200));
  EXPECT_EQ(zone_offset_at("America/St_Johns", at("2026-01-15T12:00:00Z")), seconds(-12600));
  EXPECT_EQ(zone_offset_at("Asia/Kolkata", at("1970-01-01T00:00:00Z")), seconds(19800));
  // Long after the last change that the database lists.
  EXPECT_EQ(zone_offset_at("Europe/Berlin", at("2300-07-15T12:00:00Z")), seconds(7200));
  EXPECT_EQ(zone_offset_at("Europe/Berlin", at("2052-03-31T00:30:00Z")), seconds(3600));
  EXPECT_EQ(zone_offset_at("Europe/Berlin", at("2052-03-31T01:30:00Z")), seconds(7200));
}

TEST(TimeZone, DoesNotKnowWhatIsNoZone) {
  for (std::string_view name : {"", "Europe/Nowhere", "/etc/passwd", "../../../etc/passwd",
                                "Europe", "zone.tab", "Europe/Berlin\n"}) {
    EXPECT_EQ(zone_offset_at(name, at("2026-01-15T12:00:00Z")), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace ks
