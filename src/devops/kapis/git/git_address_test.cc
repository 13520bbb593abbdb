#include "devops/kapis/git/git_address.h"

#include <gtest/gtest.h>

#include <thread>

#include "devops/kapis/git/turns.h"
#include "devops/kapis/git/working_copy.h"

namespace ks::devops::kapis {
namespace {

TEST(GitAddress, IsSplitIntoWhatGitIsTold) {
  const auto https = parse_git_address("https://bob:p%40ss@git.example.org/a/b.git", false);
  ASSERT_TRUE(https.ok());
  EXPECT_EQ(https->url, "https://git.example.org/a/b.git");
  EXPECT_EQ(https->site, "https://git.example.org");
  EXPECT_EQ(https->username, "bob");
  EXPECT_EQ(https->password, "p@ss");
  EXPECT_EQ(https->port, "443");
  const auto port = parse_git_address("http://[::1]:8080/x", false);
  ASSERT_TRUE(port.ok());
  EXPECT_EQ(port->url, "http://[::1]:8080/x");
  EXPECT_EQ(port->host, "::1");
  const auto ssh = parse_git_address("git@git.example.org:a/b.git", false);
  ASSERT_TRUE(ssh.ok());
  EXPECT_EQ(ssh->scheme, GitAddress::Scheme::ssh);
  EXPECT_EQ(ssh->host, "git.example.org");
  EXPECT_EQ(parse_git_address("ssh://git@h:2222/x", false)->port, "2222");
  EXPECT_TRUE(parse_git_address("/srv/x", true).ok());
}

TEST(GitAddress, WhatWouldLeadElsewhereIsRefused) {
  for (const char* text : {"",
                           "-x",
                           "ext::sh -c id",
                           "ext::id:x",
                           "file:///etc",
                           "/etc",
                           "git://h/x",
                           "ftp://h/x",
                           "https://",
                           "https://host",
                           "https:///x",
                           "https://h:0/x",
                           "https://h:99999/x",
                           "https://-o/x",
                           "https://h/a b",
                           "https://h/\n",
                           "-o:x",
                           "h:",
                           "./a:b",
                           "https://[::1/x"}) {
    EXPECT_FALSE(parse_git_address(text, false).ok()) << text;
  }
}

TEST(GitAddress, HostsOfPrivateNetworksNeedToBeAllowed) {
  const GitAddress here = *parse_git_address("http://127.0.0.1/x", false);
  EXPECT_EQ(resolve_host(here, false).error().code, Code::forbidden);
  EXPECT_EQ(*resolve_host(here, true), "127.0.0.1");
}

TEST(WorkingCopy, PathsAndBranchesAreCheckedBeforeGitSeesThem) {
  for (const char* path : {"..", "a/../b", ".git/config", "a/.GIT/x", "a//b", "./a", "a\\b", "a\tb",
                           "git~1/x", ".git /x", "\xff"}) {
    EXPECT_FALSE(clean_git_path(path).ok()) << path;
  }
  EXPECT_EQ(*clean_git_path("/a/b/"), "a/b");
  EXPECT_EQ(*clean_git_path("/"), "");
  EXPECT_TRUE(clean_git_path(".github/x..y").ok());
  for (const char* branch : {"", "-x", "a..b", "a b", "a:b", "a*", "/a", "a/", "a//b", ".a",
                             "a.lock", "a/.b", "@", "a@{1}", "a\\b", "a~1", "a^"}) {
    EXPECT_FALSE(check_branch(branch).ok()) << branch;
  }
  EXPECT_TRUE(check_branch("feature/x-1.2").ok());
}

TEST(Turns, OneAtATimeAndNotTooManyInLine) {
  Turns turns;
  std::vector<std::jthread> waiting;
  std::atomic<int> inside{0}, most{0}, refused{0};
  {
    const auto turn = turns.take("a");
    ASSERT_TRUE(turn.ok());
    EXPECT_TRUE(turns.take("b").ok()) << "another name has its own line";
    EXPECT_EQ(turns.take("a", std::chrono::seconds(0)).error().code, Code::timeout);
    for (int i = 0; i < 12; ++i) {
      waiting.emplace_back([&] {
        const auto mine = turns.take("a");
        if (!mine) {
          ++refused;
          return;
        }
        most = std::max(most.load(), ++inside);
        --inside;
      });
    }
    while (refused < 4) std::this_thread::yield();
  }
  waiting.clear();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(refused, 4);
}

}  // namespace
}  // namespace ks::devops::kapis
