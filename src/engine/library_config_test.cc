#include "engine/library_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"

namespace ks::engine {
namespace {

using testing::HasSubstr;

TEST(LibraryConfig, TheVersionIsBehindTheLastAtOfTheAddress) {
  const auto parts = [](std::string_view text) {
    const LibraryConfig config = parse_library(text).value();
    return config.name + " | " + config.source + " | " + config.default_version;
  };
  EXPECT_EQ(parts("a=https://example.org/a.git@v1"), "a | https://example.org/a.git | v1");
  EXPECT_EQ(parts("a=https://user@example.org/a.git"), "a | https://user@example.org/a.git | ");
  EXPECT_EQ(parts("a=https://user@example.org/a.git@feature/x"),
            "a | https://user@example.org/a.git | feature/x");
  EXPECT_EQ(parts("a=git@example.org:team/a.git"), "a | git@example.org:team/a.git | ");
  EXPECT_EQ(parts("a=git@example.org:team/a.git@main"), "a | git@example.org:team/a.git | main");
  const TempDir folder;
  ASSERT_TRUE(make_dirs(folder / "lib@2"));
  EXPECT_EQ(parts("a=" + (folder / "lib@2")), "a | " + (folder / "lib@2") + " | ");
  EXPECT_EQ(parts("a=" + (folder / "lib@2") + "@main"), "a | " + (folder / "lib@2") + " | main");
}

TEST(LibraryConfig, WhatIsNoLibraryIsRefused) {
  for (std::string_view text : {"", "a", "a=", "=x", "a/b=/tmp", "a=--upload-pack=x", "a=ext::sh",
                                "a=/tmp@--orphan", "a=/no/such/folder"}) {
    EXPECT_FALSE(parse_library(text)) << text;
  }
}

TEST(LibraryConfig, AFileListsLibraries) {
  const json::value list = parse_yaml(R"(
- name: tools
  git: https://example.org/tools.git
  version: main
  implicit: true
  allowVersionOverride: false
  project: demo
)")
                               .value();
  const LibraryConfig config = read_libraries(list).value().at(0);
  EXPECT_EQ(config.source, "https://example.org/tools.git");
  EXPECT_TRUE(config.implicit);
  EXPECT_FALSE(config.allow_version_override);
  EXPECT_EQ(config.project, "demo");
  EXPECT_THAT(
      read_libraries(parse_yaml("- {name: a, git: /x, versoin: b}").value()).error().message,
      HasSubstr("libraries[0].versoin: unknown key"));
}

}  // namespace
}  // namespace ks::engine
