#include "engine/scm/git_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "engine/scm/branch_spec.h"
#include "engine/scm/git_script.h"

namespace ks::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string as_is(std::string_view text) { return std::string(text); }

Result<GitSpec> read(std::string_view text) {
  return read_git_spec(parse_json(text).value(), as_is);
}

std::string problem_of_url(std::string_view url) {
  const Result<> checked = check_git_url(url);
  return checked ? "" : checked.error().message;
}

TEST(GitUrl, OrdinaryAddressesAreTaken) {
  for (std::string_view url :
       {"https://example.org/a.git", "http://example.org:8080/a", "ssh://git@example.org:22/a.git",
        "git@example.org:team/a.git", "git://example.org/a", "/srv/git/a.git", "file:///srv/a.git",
        "../a", "https://user@example.org/a@b", "host.example.org:a::b"}) {
    EXPECT_EQ(problem_of_url(url), "") << url;
  }
}

TEST(GitUrl, WhatGitWouldRunOrTakeForAnOptionIsRefused) {
  for (std::string_view url :
       {"", "--upload-pack=touch /tmp/x", "-oProxyCommand=x", "ext::sh -c touch% /tmp/x", "fd::17",
        "https://-oProxyCommand=x/a", "ssh://-oProxyCommand=x/a", "git@-oProxyCommand=x:a",
        "ssh://git@-x/a", "foo://example.org/a", "https://a\nb/", "http::https://example.org/a"}) {
    EXPECT_THAT(problem_of_url(url), HasSubstr("git: url")) << url;
  }
}

TEST(GitUrl, APasswordIsNotKept) {
  EXPECT_EQ(url_without_password("https://ada:secret@example.org/a"), "https://ada@example.org/a");
  EXPECT_EQ(url_without_password("https://ada:se@cret@example.org/a"), "https://ada@example.org/a");
  for (std::string_view url : {"https://example.org:8080/a@b", "https://ada@example.org:1/a",
                               "git@example.org:a", "/srv/a:b@c"}) {
    EXPECT_EQ(url_without_password(url), url);
  }
}

TEST(GitSpec, NamesThatAreOptionsAreRefused) {
  const auto with = [](std::string_view branch) {
    return read(R"({"userRemoteConfigs": [{"url": "/a"}], "branches": [{"name": ")" +
                std::string(branch) + "\"}]}");
  };
  EXPECT_TRUE(with("main"));
  EXPECT_FALSE(with("--output=/etc/passwd"));
  EXPECT_FALSE(with("-f"));
  EXPECT_FALSE(read(R"({"userRemoteConfigs": [{"url": "/a", "refspec": "--upload-pack=x"}]})"));
  EXPECT_FALSE(read(R"({"userRemoteConfigs": [{"url": "/a", "name": "-x"}]})"));
  EXPECT_FALSE(read(R"({"userRemoteConfigs": [{"url": "/a", "name": "a/b"}]})"));
  EXPECT_FALSE(read(R"({"userRemoteConfigs": [{"url": "/a"}],
                        "extensions": [{"$class": "LocalBranch", "localBranch": "--orphan"}]})"));
  EXPECT_FALSE(read(R"({"userRemoteConfigs": [{"url": "/a"}],
               "extensions": [{"$class": "RelativeTargetDirectory", "relativeTargetDir": "a/../../b"}]})"));
}

TEST(GitSpec, ReadsExtensionsByClassOrSymbol) {
  const GitSpec spec = read(R"({
      "userRemoteConfigs": [{"url": "/a"}, {"url": "/b", "name": "up", "credentialsId": "c"}],
      "extensions": [
        {"$class": "hudson.plugins.git.extensions.impl.CloneOption", "depth": 3, "noTags": true},
        {"$class": "localBranch", "localBranch": "**"},
        {"$class": "SubmoduleOption", "recursiveSubmodules": true, "parentCredentials": true},
        {"$class": "SparseCheckoutPaths", "sparseCheckoutPaths": [{"path": "src/"}]},
        {"$class": "PreBuildMerge", "options": {"mergeTarget": "main", "fastForwardMode": "NO_FF"}}]})")
                           .value();
  EXPECT_EQ(spec.remotes[0].name, "origin");
  EXPECT_EQ(spec.remotes[1].name, "up");
  EXPECT_THAT(spec.branches, ElementsAre("**"));
  EXPECT_TRUE(spec.extensions.shallow && spec.extensions.no_tags);
  EXPECT_EQ(spec.extensions.depth, 3);
  EXPECT_EQ(spec.extensions.local_branch, "**");
  EXPECT_TRUE(spec.extensions.submodules->recursive);
  EXPECT_THAT(spec.extensions.sparse_paths, ElementsAre("src/"));
  EXPECT_EQ(spec.extensions.merge->fast_forward, "--no-ff");
}

TEST(GitSpec, VariablesAreReplacedInBranchesAndUrls) {
  const auto value_of = [](std::string_view name) -> std::optional<std::string> {
    if (name == "B") return "release";
    return std::nullopt;
  };
  EXPECT_EQ(expand_variables("*/${B}/$B-$OTHER", value_of), "*/release/release-$OTHER");
  EXPECT_EQ(expand_variables("$", value_of), "$");
  EXPECT_EQ(expand_variables("${B", value_of), "${B");
}

std::vector<std::string> names_of(std::string_view branch) {
  const std::vector<GitRemote> remotes = {
      {.name = "origin", .url = "/a", .refspec = {}, .credentials_id = {}}};
  return parse_branch(branch, remotes).value().names;
}

TEST(BranchSpec, PlainNamesAreTriedAsBranchTagAndCommit) {
  EXPECT_THAT(names_of("main"), ElementsAre("refs/remotes/origin/main", "refs/tags/main", "main"));
  EXPECT_THAT(names_of("*/main"), ElementsAre("refs/remotes/origin/main"));
  EXPECT_THAT(names_of("refs/heads/a/b"), ElementsAre("refs/remotes/origin/a/b"));
  EXPECT_THAT(names_of("refs/tags/v1"), ElementsAre("refs/tags/v1"));
  EXPECT_EQ(names_of("origin/main")[1], "refs/remotes/origin/main");
  const std::string commit(40, 'a');
  EXPECT_EQ(names_of(commit)[0], commit);
}

TEST(BranchSpec, WildcardsStayWithinASegment) {
  EXPECT_TRUE(wildcard_takes("origin/*", "refs/remotes/origin/main"));
  EXPECT_FALSE(wildcard_takes("origin/*", "refs/remotes/origin/a/b"));
  EXPECT_TRUE(wildcard_takes("**", "refs/remotes/origin/a/b"));
  EXPECT_TRUE(wildcard_takes("release-*", "refs/remotes/origin/release-1"));
  EXPECT_FALSE(wildcard_takes("release-*", "refs/remotes/origin/main"));
  EXPECT_TRUE(wildcard_takes("refs/tags/v*", "refs/tags/v2"));
  // Long names against many stars are quick all the same.
  EXPECT_FALSE(wildcard_takes("*a*a*a*a*a*a*a*a*b", std::string(2000, 'a')));
}

TEST(BranchSpec, RefsAsScriptsKnowThem) {
  EXPECT_EQ(branch_of_ref("refs/remotes/origin/a/b"), "origin/a/b");
  EXPECT_EQ(local_name_of_ref("refs/remotes/origin/a/b"), "a/b");
  EXPECT_EQ(branch_of_ref("refs/tags/v1"), "refs/tags/v1");
  EXPECT_EQ(local_name_of_ref("refs/tags/v1"), "v1");
}

TEST(GitScript, WordsOfAShellStayOneWord) {
  EXPECT_EQ(shell_word("a'; touch x; '"), R"('a'\''; touch x; '\''')");
}

}  // namespace
}  // namespace ks::engine
