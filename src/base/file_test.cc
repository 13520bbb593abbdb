#include "base/file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"
#include "base/random.h"
#include "base/text.h"

namespace ks {
namespace {

TEST(File, AtomicWritesReplaceTheWholeFile) {
  TempDir dir;
  ASSERT_TRUE(write_file_atomic(dir / "a", "one").ok());
  ASSERT_TRUE(write_file_atomic(dir / "a", "two", 0600).ok());
  EXPECT_EQ(*read_file(dir / "a"), "two");
  EXPECT_EQ(read_file(dir / "a", 2).error().code, Code::too_large);
  EXPECT_EQ(read_file(dir / "b").error().code, Code::not_found);
}

TEST(File, RemovingATreeDoesNotFollowLinks) {
  TempDir dir;
  ASSERT_TRUE(make_dirs(dir / "tree/a/b").ok());
  ASSERT_TRUE(make_dirs(dir / "kept").ok());
  ASSERT_TRUE(write_file_atomic(dir / "kept/file", "x").ok());
  ASSERT_EQ(symlink((dir / "kept").c_str(), (dir / "tree/a/link").c_str()), 0);
  ASSERT_TRUE(remove_tree(dir / "tree").ok());
  EXPECT_FALSE(file_exists(dir / "tree"));
  EXPECT_TRUE(file_exists(dir / "kept/file"));
  EXPECT_TRUE(remove_tree(dir / "never").ok());
}

TEST(Process, CollectsOutputAndExitCode) {
  Output output = run_process({.argv = {"sh", "-c", "echo out; echo err >&2; pwd; exit 3"},
                               .env = {"PATH=/usr/bin:/bin"},
                               .cwd = "/"})
                      .value();
  EXPECT_EQ(output.exit_code, 3);
  EXPECT_EQ(output.out, "out\n/\n");
  EXPECT_EQ(output.err, "err\n");
}

TEST(Process, ASignalCountsAsAShellCountsIt) {
  Process sleeper =
      Process::spawn({.argv = {"sleep", "100"}, .env = {}, .new_session = true}).value();
  ASSERT_TRUE(sleeper.signal_group(SIGTERM).ok());
  EXPECT_EQ(*sleeper.wait(), 128 + SIGTERM);
}

TEST(Process, AProgramThatIsNotThereIsNamed) {
  EXPECT_NE(Process::spawn({.argv = {"no-such-program"}}).error().message.find("no-such-program"),
            std::string::npos);
}

TEST(Clock, TimesRoundTrip) {
  const WallTime time = parse_rfc3339("2026-02-28T23:59:59.5+02:00").value();
  EXPECT_EQ(format_rfc3339(time), "2026-02-28T21:59:59Z");
  EXPECT_EQ(format_rfc3339_fraction(time, 6), "2026-02-28T21:59:59.500000Z");
  for (std::string_view bad :
       {"", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "x"}) {
    EXPECT_FALSE(parse_rfc3339(bad).ok()) << bad;
  }
}

TEST(Digest, MatchesKnownAnswers) {
  EXPECT_EQ(hex_encode(sha256("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_encode(md5("a")), "0cc175b9c0f1b6a831c399e269772661");
  EXPECT_EQ(hex_encode(hmac_sha256("key", "The quick brown fox jumps over the lazy dog")),
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
  EXPECT_NE(random_uuid(), random_uuid());
}

}  // namespace
}  // namespace ks
