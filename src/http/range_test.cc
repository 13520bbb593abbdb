#include "http/range.h"

#include <gtest/gtest.h>

namespace ks::http {
namespace {

Response asked(std::string range) {
  return ranged(make_request(Method::get, "/", {}, {{"Range", std::move(range)}}),
                Response::text(200, "0123456789"));
}

TEST(Ranges, GiveTheBytesThatWereAskedFor) {
  EXPECT_EQ(asked("bytes=2-4").body.view(), "234");
  EXPECT_EQ(asked("bytes=2-4").headers.get("Content-Range"), "bytes 2-4/10");
  EXPECT_EQ(asked("bytes=7-").body.view(), "789");
  EXPECT_EQ(asked("bytes=7-99").headers.get("Content-Range"), "bytes 7-9/10");
  EXPECT_EQ(asked("bytes=-3").body.view(), "789");
  EXPECT_EQ(asked("bytes=-99").headers.get("Content-Range"), "bytes 0-9/10");
}

TEST(Ranges, SayWhenThereAreNone) {
  for (const char* none : {"bytes=10-", "bytes=-0", "bytes=99-100"}) {
    EXPECT_EQ(asked(none).status, 416) << none;
    EXPECT_EQ(asked(none).headers.get("Content-Range"), "bytes */10");
  }
}

TEST(Ranges, AreTheWholeForWhatIsNoRange) {
  for (const char* none : {"bytes=1-2,4-5", "lines=1-2", "bytes=x-2", "bytes=3-2", "bytes=", "1"}) {
    EXPECT_EQ(asked(none).status, 200) << none;
    EXPECT_EQ(asked(none).body.size(), 10u);
  }
}

}  // namespace
}  // namespace ks::http
