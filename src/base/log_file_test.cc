#include "base/log_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "base/log.h"

namespace ks {
namespace {

size_t lines_of(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(LogFile, KeepsAFewFilesOfBoundedSize) {
  TempDir dir;
  const std::string path = dir / "ks.log";
  {
    const auto log = LogFile::open(path, {.max_bytes = 1000, .keep = 2}).value();
    for (int i = 0; i < 100; ++i) LOG(info, "a line", {"number", i});
  }
  for (const char* end : {"", ".1", ".2"}) {
    const std::string text = read_file(path + end, 1 << 20).value();
    EXPECT_LE(text.size(), 1000u);
    EXPECT_TRUE(text.ends_with('\n'));
  }
  EXPECT_FALSE(file_exists(path + ".3"));
  EXPECT_TRUE(read_file(path, 1 << 20)->contains("number=99\n"));
}

TEST(LogFile, GoesOnWithTheFileThatIsThereAndGivesStderrBack) {
  TempDir dir;
  const std::string path = dir / "ks.log";
  ASSERT_TRUE(write_file_atomic(path, std::string(900, 'x') + "\n").ok());
  {
    const auto log = LogFile::open(path, {.max_bytes = 1000, .keep = 1}).value();
    // Not through the log: a sanitizer, or a library.
    (void)!write(STDERR_FILENO, "direct\n", 7);
    LOG(info, std::string(200, 'y'));
  }
  EXPECT_TRUE(read_file(path + ".1", 1 << 20)->ends_with("direct\n"));
  EXPECT_EQ(lines_of(read_file(path, 1 << 20).value()), 1u);
  LOG(info, "elsewhere");
  EXPECT_FALSE(read_file(path, 1 << 20)->contains("elsewhere"));
}

TEST(LogFile, LosesNoLineOfSeveralThreads) {
  TempDir dir;
  const std::string path = dir / "ks.log";
  {
    const auto log = LogFile::open(path, {.max_bytes = 20'000, .keep = 50}).value();
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([] {
        for (int i = 0; i < 500; ++i) LOG(info, "a line of one of several threads", {"i", i});
      });
    }
  }
  size_t lines = lines_of(read_file(path, 1 << 20).value());
  for (int i = 1; file_exists(path + "." + std::to_string(i)); ++i) {
    lines += lines_of(read_file(path + "." + std::to_string(i), 1 << 20).value());
  }
  EXPECT_EQ(lines, 2000u);
}

}  // namespace
}  // namespace ks
