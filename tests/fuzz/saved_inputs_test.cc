// The inputs of tests/fuzz/corpus, each given once to its fuzzer: what was found before stays
// found.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"

namespace {

using Entry = int (*)(const uint8_t*, size_t);

}  // namespace

// Each fuzzer is compiled with its entry under a name of its own (tests/CMakeLists.txt).
#define FUZZER(name) extern "C" int name##_entry(const uint8_t* data, size_t size);
#include "fuzzers.inc"
#undef FUZZER

namespace {

void run_inputs(const std::string& name, Entry entry) {
  const std::filesystem::path folder = std::string(KS_SOURCE_DIR) + "/tests/fuzz/corpus/" + name;
  ASSERT_TRUE(std::filesystem::is_directory(folder)) << "no inputs for this fuzzer";
  std::vector<std::string> files;
  for (const auto& file : std::filesystem::directory_iterator(folder))
    files.push_back(file.path().string());
  std::ranges::sort(files);
  ASSERT_FALSE(files.empty());
  for (const std::string& file : files) {
    // A fuzzer that finds something aborts: the last line names the input.
    std::fprintf(stderr, "%s\n", file.c_str());
    const std::string input = ks::read_file(file).value();
    EXPECT_EQ(entry(reinterpret_cast<const uint8_t*>(input.data()), input.size()), 0);
  }
}

#define FUZZER(name) \
  TEST(SavedInputs, name) { run_inputs(#name, name##_entry); }
#include "fuzzers.inc"
#undef FUZZER

}  // namespace
