#include "engine/files.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <span>

#include "base/text.h"

namespace ks::engine {
namespace {

TEST(AntPattern, TakesSegmentsAsAntDoes) {
  struct Case {
    std::string_view path, pattern;
    bool takes;
  };
  for (const Case& one :
       {Case{"a/b/c.txt", "**/*.txt", true}, Case{"c.txt", "**/*.txt", true},
        Case{"a/b/c.txt", "*/*.txt", false}, Case{"a/b/c.txt", "a/**", true},
        Case{"a", "a/**", true}, Case{"ab/c", "a/**", false}, Case{"a/b/c", "a/**/c", true},
        Case{"a/c", "a/**/c", true}, Case{"a/x/c/y/c", "a/**/c", true},
        Case{"a/x/d", "a/**/c", false}, Case{"x/a/b/a/b/z", "**/a/b/**/z", true},
        Case{"a/bc", "a/b?", true}, Case{"a/b", "a/b?", false}, Case{"a/b/c", "**/b", false},
        Case{"a**b", "a**b", true}, Case{"a/b", "**", true}}) {
    EXPECT_EQ(matches_ant(one.path, one.pattern), one.takes) << one.path << " " << one.pattern;
  }
}

// What the words of Ant's manual say, without a thought of the time it takes.
bool naive_word(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*')
    return naive_word(text, pattern.substr(1)) ||
           (!text.empty() && naive_word(text.substr(1), pattern));
  return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) &&
         naive_word(text.substr(1), pattern.substr(1));
}

bool naive(std::span<const std::string_view> path, std::span<const std::string_view> pattern) {
  if (pattern.empty()) return path.empty();
  if (pattern[0] == "**")
    return naive(path, pattern.subspan(1)) || (!path.empty() && naive(path.subspan(1), pattern));
  return !path.empty() && naive_word(path[0], pattern[0]) &&
         naive(path.subspan(1), pattern.subspan(1));
}

TEST(AntPattern, AgreesWithANaiveMatcher) {
  std::mt19937_64 random(20);
  auto text = [&](std::string_view letters, const std::vector<std::string>& whole) {
    std::string out;
    for (size_t parts = 1 + random() % 6; parts > 0; parts--) {
      if (!out.empty()) out += '/';
      if (!whole.empty() && random() % 3 == 0) {
        out += whole[random() % whole.size()];
        continue;
      }
      for (size_t letter = 1 + random() % 3; letter > 0; letter--)
        out += letters[random() % letters.size()];
    }
    return out;
  };
  size_t taken = 0;
  for (int i = 0; i < 50'000; i++) {
    const std::string path = text("ab", {}), pattern = text("ab*?", {"**", "*", "a", "b"});
    const bool expected = naive(split(path, '/'), split(pattern, '/'));
    taken += expected ? 1 : 0;
    ASSERT_EQ(matches_ant(path, pattern), expected) << path << " " << pattern;
  }
  EXPECT_GT(taken, 1000u) << "else it shows little";
}

TEST(AntPattern, ManyStarsTakeNoTime) {
  std::string path = "a", pattern = "**/a";
  for (int i = 0; i < 400; i++) {
    path += "/a";
    pattern += "/**/a";
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(matches_ant(path, pattern));
  EXPECT_FALSE(matches_ant(path, pattern + "/**/b"));
  EXPECT_FALSE(matches_ant(path + "/" + std::string(2000, 'a'), pattern + "/**/*a*a*a*a*a*a*b"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

}  // namespace
}  // namespace ks::engine
