#include "../log_comparison.h"

#include <gtest/gtest.h>

namespace ks::conformance {
namespace {

constexpr std::string_view kCalm =
    "[Pipeline] sh\n+ tar tf hello.tar.gz\n+ wc -l\n3\n+ echo done\ndone\n[Pipeline] echo\nend\n";

std::string with(std::string_view from, std::string_view to) {
  return replace_all(std::string(kCalm), from, to);
}

bool same(std::string_view resumed) { return log_difference(kCalm, resumed).empty(); }

TEST(LogComparison, TheTracesOfAPipeMayBeWrittenIntoEachOther) {
  EXPECT_TRUE(same(kCalm));
  constexpr std::string_view kTraces = "+ tar tf hello.tar.gz\n+ wc -l\n";
  EXPECT_TRUE(same(with(kTraces, "+ wc -l\n+ tar tf hello.tar.gz\n")));
  EXPECT_TRUE(same(with(kTraces, "+ + tar tf hello.tar.gzwc\n -l\n")));
  EXPECT_TRUE(same(with(kTraces, "+ tar+  tfwc hello.tar.gz -l\n\n")));
}

TEST(LogComparison, ALossIsFoundAlsoThere) {
  constexpr std::string_view kTraces = "+ tar tf hello.tar.gz\n+ wc -l\n";
  EXPECT_FALSE(same(with(kTraces, "+ wc -l\n")));
  EXPECT_FALSE(same(with(kTraces, "+ + tar tf hello.tar.gzwc\n -\n")));
  EXPECT_FALSE(same(with(kTraces, "+ wc -l\n+ tar tf hello.tar.g\n")));
  EXPECT_FALSE(same(with("3\n", "")));
  EXPECT_FALSE(same(with("end\n", "")));
}

TEST(LogComparison, ADoublingIsFoundAlsoThere) {
  constexpr std::string_view kTraces = "+ tar tf hello.tar.gz\n+ wc -l\n";
  EXPECT_FALSE(same(with(kTraces, "+ wc -l\n+ tar tf hello.tar.gz\n+ wc -l\n")));
  EXPECT_FALSE(same(with(kTraces, "+ + tar tf hello.tar.gzwcwc\n -l\n")));
  EXPECT_FALSE(same(with("3\n", "3\n3\n")));
  EXPECT_FALSE(same(with("+ echo done\n", "+ echo done\n+ echo done\n")));
}

TEST(LogComparison, WhatCommandsPrintKeepsItsOrder) {
  EXPECT_FALSE(same(with("3\n+ echo done\n", "+ echo done\n3\n")));
  EXPECT_FALSE(same(with("+ wc -l\n3\n", "3\n+ wc -l\n")));
  EXPECT_FALSE(same(with("[Pipeline] echo\nend\n", "end\n[Pipeline] echo\n")));
  EXPECT_FALSE(same(with("3\n", "4\n")));
}

TEST(LogComparison, BranchesMayWriteInAnyOrder) {
  auto log = [](std::string_view lines) {
    return stable_log("[Pipeline] parallel\n" + std::string(lines) +
                      "[Pipeline] // parallel\nend\n");
  };
  EXPECT_EQ(log_difference(log("a\nb\n"), log("b\na\n")), "");
  EXPECT_NE(log_difference(log("a\nb\n"), log("a\n")), "");
  EXPECT_NE(log_difference(log("a\nb\n"), log("a\nb\nb\n")), "");
}

TEST(LogComparison, OnlyLinesThatDifferWithoutAKillAreLeftOut) {
  const std::vector<std::string_view> calm = {"size 84\nsame\nend", "size 86\nsame\nend"};
  EXPECT_EQ(steady_text("size 85\nsame\nend", calm), steady_text(calm[0], calm));
  EXPECT_NE(steady_text("size 85\nother\nend", calm), steady_text(calm[0], calm));
  EXPECT_NE(steady_text("size 85\nsame\nsame\nend", calm), steady_text(calm[0], calm));
  EXPECT_NE(steady_text("same\nend", calm), steady_text(calm[0], calm));
  EXPECT_EQ(steady_text("size 85\nsame\nend", {"size 84\nsame\nend"}), "size 85\nsame\nend");
}

}  // namespace
}  // namespace ks::conformance
