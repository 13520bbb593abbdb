#include "engine/scm/checkout.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/json.h"
#include "engine/testing/run_bench.h"
#include "engine/testing/test_repository.h"

// git and checkout against real repositories, with the real git.

namespace ks::engine {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A run on a machine with one repository; `REPO` in the script is its address.
class CheckoutTest : public testing::Test {
 protected:
  std::string run(std::string_view script) {
    bench_.emplace(folder_ / fmt::format("bench{}", ++runs_));
    bench_->spec().env = {{"REPO", repository_.path()}};
    bench_->spec().scm = scm_;
    bench_->services().previous_checkout = [this](const RunSpec&, const std::string& key) {
      asked_ = key;
      return previous_;
    };
    bench_->services().local_repositories = true;
    if (adjust_) adjust_(bench_->services());
    return bench_->finish(script);
  }
  BuildResult result() { return bench_->run().result(); }

  TempDir folder_;
  TestRepository repository_{folder_ / "app"};
  json::value scm_, previous_;
  std::string asked_;
  std::function<void(RunServices&)> adjust_;
  int runs_ = 0;
  std::optional<Bench> bench_;
};

TEST_F(CheckoutTest, AFirstCheckoutPrintsWhatJenkinsPrints) {
  const std::string commit = repository_.commit("first", {{"a.txt", "one"}});
  const std::string log =
      run("node { checkout scmGit(branches: [[name: '*/main']], "
          "userRemoteConfigs: [[url: env.REPO]]); sh 'cat a.txt' }");
  EXPECT_EQ(result(), BuildResult::success) << log;
  size_t at = 0;
  const std::string url = repository_.path();
  for (const std::string& line :
       {std::string("The recommended git tool is: git"), std::string("No credentials specified"),
        std::string("Cloning the remote Git repository"), "Cloning repository " + url,
        std::string(" > git init "), "Fetching upstream changes from " + url,
        " > git fetch --tags --force --progress -- " + url +
            " +refs/heads/*:refs/remotes/origin/* # timeout=10",
        std::string(" > git rev-parse refs/remotes/origin/main^{commit} # timeout=10"),
        "Checking out Revision " + commit + " (refs/remotes/origin/main)",
        " > git checkout -f " + commit + " # timeout=10", std::string("Commit message: \"first\""),
        std::string("First time build. Skipping changelog."), std::string("one")}) {
    const size_t found = log.find(line, at);
    ASSERT_NE(found, log.npos) << line << "\nis not in its place in\n" << log;
    at = found;
  }
}

TEST_F(CheckoutTest, VariablesSayWhatWasCheckedOut) {
  const std::string commit = repository_.commit("first", {{"a.txt", "one"}});
  const std::string log = run(R"(node {
    def v = checkout scmGit(branches: [[name: 'main']], userRemoteConfigs: [[url: env.REPO]])
    echo "${v.GIT_COMMIT} ${v.GIT_BRANCH} ${v.GIT_URL} ${v.GIT_AUTHOR_NAME} ${v.GIT_LOCAL_BRANCH}"
    def w = git url: env.REPO, branch: 'main'
    echo "${w.GIT_LOCAL_BRANCH}"
    sh 'git symbolic-ref --short HEAD >branch; git rev-parse HEAD >commit'
    assert readFile('branch').trim() == 'main'
    assert readFile('commit').trim() == v.GIT_COMMIT
  })");
  EXPECT_EQ(result(), BuildResult::success) << log;
  EXPECT_THAT(log, HasSubstr(commit + " origin/main " + repository_.path() + " Ada null"));
}

TEST_F(CheckoutTest, BranchesTagsCommitsAndPatternsAreFound) {
  const std::string first = repository_.commit("first", {{"a.txt", "one"}});
  repository_.git({"tag", "v1"});
  repository_.git({"checkout", "-q", "-b", "feature/x"});
  const std::string second = repository_.commit("second", {{"a.txt", "two"}});
  repository_.git({"checkout", "-q", "main"});
  const auto commit_of = [&](std::string_view branch) {
    const std::string log = run(fmt::format(
        "node {{ echo 'got ' + checkout(scmGit(branches: [[name: '{}']], userRemoteConfigs: [[url: "
        "env.REPO]])).GIT_COMMIT }}",
        branch));
    const size_t at = log.find("\ngot ");
    return at == log.npos ? log : log.substr(at + 5, 40);
  };
  EXPECT_EQ(commit_of("refs/tags/v1"), first);
  EXPECT_EQ(commit_of("v1"), first);
  EXPECT_EQ(commit_of("feature/x"), second);
  EXPECT_EQ(commit_of("refs/heads/feature/x"), second);
  EXPECT_EQ(commit_of("origin/feature/x"), second);
  EXPECT_EQ(commit_of(first), first);
  EXPECT_EQ(commit_of("feature/*"), second);
  EXPECT_EQ(commit_of(":origin/feat.*"), second);
  EXPECT_EQ(commit_of(":^(?!origin/feature).*main$"), first);
  EXPECT_THAT(commit_of("nothing"),
              HasSubstr("ERROR: Couldn't find any revision to build. Verify the repository and "
                        "branch configuration for this job."));
  EXPECT_THAT(commit_of("none-*"), HasSubstr("ERROR: Couldn't find any revision to build."));
}

TEST_F(CheckoutTest, ExtensionsChangeWhatIsFetchedAndKept) {
  repository_.commit("first", {{"src/a.txt", "one"}, {"docs/b.txt", "b"}});
  repository_.git({"tag", "v1"});
  repository_.commit("second", {{"src/a.txt", "two"}});
  const std::string log = run(R"groovy(node {
    def get = { List extensions ->
      checkout scmGit(branches: [[name: 'main']], userRemoteConfigs: [[url: env.REPO]], extensions: extensions)
    }
    dir('shallow') {
      get([cloneOption(shallow: true, depth: 1, noTags: true)])
      sh 'test $(git rev-list --count HEAD) = 1; test -z "$(git tag)"'
    }
    dir('sparse') {
      get([[$class: 'SparseCheckoutPaths', sparseCheckoutPaths: [[path: 'src/']]]])
      sh 'test -e src/a.txt; test ! -e docs'
      get([])
      sh 'test -e docs/b.txt'
    }
    dir('clean') {
      get([])
      writeFile file: 'junk', text: 'x'
      writeFile file: 'src/a.txt', text: 'changed'
      get([cleanBeforeCheckout()])
      sh 'test ! -e junk; test "$(cat src/a.txt)" = two'
      writeFile file: 'junk', text: 'x'
      get([])
      sh 'test -e junk'
      get([[$class: 'CleanCheckout']])
      sh 'test ! -e junk'
      writeFile file: 'junk', text: 'x'
      get([[$class: 'WipeWorkspace']])
      sh 'test ! -e junk'
      get([[$class: 'RelativeTargetDirectory', relativeTargetDir: 'below/here']])
      sh 'test -e below/here/src/a.txt'
    }
    dir('local') {
      get([localBranch('work')])
      sh 'test "$(git symbolic-ref --short HEAD)" = work'
      def v = get([[$class: 'UserIdentity', name: 'Bob', email: 'bob@example.org']])
      assert v.GIT_COMMITTER_NAME == 'Bob' && v.GIT_AUTHOR_EMAIL == 'bob@example.org'
    }
  })groovy");
  EXPECT_EQ(result(), BuildResult::success) << log;
  EXPECT_THAT(log, AllOf(HasSubstr("Cleaning workspace\n > git reset --hard # timeout=10\n > git "
                                   "clean -fdx # timeout=10"),
                         HasSubstr("Wiping out workspace first."), HasSubstr("--depth=1")));
}

TEST_F(CheckoutTest, AMergeBeforeTheBuildThatConflictsFails) {
  repository_.commit("base", {{"a.txt", "one\n"}});
  repository_.git({"checkout", "-q", "-b", "good"});
  repository_.commit("good", {{"b.txt", "b"}});
  repository_.git({"checkout", "-q", "-b", "bad", "main"});
  repository_.commit("bad", {{"a.txt", "bad\n"}});
  repository_.git({"checkout", "-q", "main"});
  repository_.commit("ahead", {{"a.txt", "two\n"}});
  const auto merged = [&](std::string_view branch) {
    return run(fmt::format(
        "node {{ checkout scmGit(branches: [[name: '{}']], userRemoteConfigs: [[url: env.REPO]], "
        "extensions: [[$class: 'PreBuildMerge', options: [mergeRemote: 'origin', mergeTarget: "
        "'main']]]); sh 'cat a.txt b.txt' }}",
        branch));
  };
  EXPECT_THAT(merged("good"), HasSubstr("two\nb"));
  EXPECT_THAT(merged("bad"), HasSubstr("Branch not suitable for integration"));
  EXPECT_EQ(result(), BuildResult::failure);
}

TEST_F(CheckoutTest, WhatIsNewSinceTheLastBuildIsInTheChangeSets) {
  const std::string first = repository_.commit("first", {{"a.txt", "one"}});
  repository_.commit("second line\n\nwith more", {{"a.txt", "two"}, {"b.txt", "b"}});
  repository_.commit("third", {{"c.txt", "c"}});
  previous_ = {{"commit", first}, {"successful", first}};
  const std::string log = run(R"(node {
    def v = git url: env.REPO, branch: 'main'
    assert v.GIT_PREVIOUS_COMMIT == v.GIT_PREVIOUS_SUCCESSFUL_COMMIT
    for (set in currentBuild.changeSets) {
      echo "kind ${set.kind} of ${set.items.size()}"
      for (e in set) echo "${e.msg} by ${e.author.fullName}: ${e.affectedPaths} ${e.getAffectedFiles()[0].editType.name}"
    }
  })");
  EXPECT_EQ(result(), BuildResult::success) << log;
  EXPECT_THAT(log, AllOf(HasSubstr(" > git rev-list --no-walk " + first),
                         HasSubstr("kind git of 2"), HasSubstr("third by Ada: [c.txt] add"),
                         HasSubstr("second line by Ada: [a.txt, b.txt] edit")));
  EXPECT_EQ(asked_, "git " + repository_.path());
  EXPECT_THAT(run("node { git url: env.REPO, branch: 'main', changelog: false; echo "
                  "\"n ${currentBuild.changeSets.size()}\" }"),
              HasSubstr("n 0"));
}

TEST_F(CheckoutTest, FailuresSayWhatGitSaid) {
  EXPECT_THAT(run("node { git url: '/no/such/repository', branch: 'main' }"),
              AllOf(HasSubstr("hudson.plugins.git.GitException: Command \"git fetch --tags --force "
                              "--progress -- /no/such/repository"),
                    HasSubstr("returned status code 128:\nstdout: \nstderr: "),
                    HasSubstr("ERROR: Error cloning remote repo 'origin'\nFinished: FAILURE")));
  EXPECT_THAT(run("node { checkout([$class: 'SubversionSCM', locations: []]) }"),
              HasSubstr("ERROR: checkout: 'SubversionSCM' is not available here; git is"));
  EXPECT_THAT(run("node { checkout scm }"),
              HasSubstr("ERROR: ‘checkout scm’ is only available when using “Multibranch Pipeline” "
                        "or “Pipeline script from SCM”"));
  EXPECT_THAT(run("node { git url: env.REPO, credentialsId: 'nope' }"),
              HasSubstr("ERROR: Could not find credentials entry with ID 'nope'"));
}

TEST_F(CheckoutTest, NothingThatAScriptNamesIsRunByGit) {
  repository_.commit("first", {{"a.txt", "one"}});
  const std::string mark = folder_ / "mark";
  for (const std::string& url : {"--upload-pack=touch " + mark, "ext::touch " + mark,
                                 "x'; touch " + mark + "; '", "$(touch " + mark + ")"}) {
    run(fmt::format("node {{ git url: \"\"\"{}\"\"\".toString(), branch: 'main' }}",
                    replace_all(url, "$", "\\$")));
    EXPECT_EQ(result(), BuildResult::failure) << url;
  }
  for (const std::string& branch : {std::string("--output=") + mark, "main; touch " + mark,
                                    "$(touch " + mark + ")", "`touch " + mark + "`"}) {
    run(fmt::format("node {{ git url: env.REPO, branch: '{}' }}", branch));
    EXPECT_EQ(result(), BuildResult::failure) << branch;
  }
  EXPECT_FALSE(file_exists(mark));
}

TEST_F(CheckoutTest, AUsersOwnRepositoryIsNotOverwritten) {
  repository_.commit("first", {{"a.txt", "one"}});
  ASSERT_TRUE(write_file_atomic(repository_.path() + "/a.txt", "my change"));
  Bench bench(folder_ / "own");
  bench.services().kept_repository = folder_ / "own/node/workspace/demo/web";
  const std::string log =
      bench.finish(fmt::format("node {{ git url: '{}', branch: 'main' }}", repository_.path()));
  EXPECT_THAT(log, HasSubstr("is a repository that was there before the run"));
}

TEST_F(CheckoutTest, ScmIsTheRepositoryOfTheJenkinsfile) {
  repository_.commit("first", {{"ci/Jenkinsfile", "echo 'old'"}, {"a.txt", "one"}});
  const std::string commit = repository_.commit("second", {{"ci/Jenkinsfile", R"(
      pipeline {
        agent any
        stages { stage('s') { steps {
          sh 'cat a.txt'
          echo "commit ${env.GIT_COMMIT} branch ${GIT_BRANCH} url ${scm.userRemoteConfigs[0].url} ${scm.branches[0].name}"
          echo readTrusted('a.txt')
        } } }
      })"}});
  scm_ = git_description(repository_.path(), "*/main", "");
  scm_.as_object()["scriptPath"] = "ci/Jenkinsfile";
  const std::string log = run("");
  EXPECT_EQ(result(), BuildResult::success) << log;
  EXPECT_THAT(log, AllOf(HasSubstr("Obtained ci/Jenkinsfile from git " + repository_.path() +
                                   "\n[Pipeline] Start of Pipeline"),
                         HasSubstr("[Pipeline] { (Declarative: Checkout SCM)\n[Pipeline] checkout"),
                         HasSubstr("[Pipeline] withEnv"),
                         HasSubstr("commit " + commit + " branch origin/main url " +
                                   repository_.path() + " */main"),
                         HasSubstr("Obtained a.txt from " + commit + "\n[Pipeline] echo\none")));
  scm_.as_object()["scriptPath"] = "Nope";
  EXPECT_THAT(run(""), HasSubstr("ERROR: Unable to find Nope from git " + repository_.path()));
  scm_.as_object()["scriptPath"] = "../../etc/passwd";
  EXPECT_THAT(run(""), HasSubstr("is no path in the repository"));
}

TEST_F(CheckoutTest, ASubmoduleIsCheckedOutAndALocalOneRefused) {
  const TestRepository inner(folder_ / "inner");
  inner.commit("inner", {{"i.txt", "inside"}});
  repository_.git({"submodule", "add", "-q", inner.path(), "sub"});
  repository_.commit("with submodule", {{"a.txt", "one"}});
  // A repository must not make the machine read another of its folders: git's own rule since 2.38.
  EXPECT_THAT(run("node { checkout scmGit(branches: [[name: 'main']], userRemoteConfigs: [[url: "
                  "env.REPO]], extensions: [submodule(recursiveSubmodules: true)]) }"),
              AllOf(HasSubstr(" > git submodule update --init --recursive # timeout=10"),
                    HasSubstr("transport 'file' not allowed")));
  EXPECT_EQ(result(), BuildResult::failure);
}

/// Where each whole record of a journal ends.
std::vector<uint64_t> record_ends(const std::string& journal) {
  std::vector<uint64_t> ends;
  for (uint64_t at = 8; at + 17 <= journal.size();) {
    uint32_t size = 0;
    std::memcpy(&size, journal.data() + at, sizeof size);
    at += 17 + size;
    ends.push_back(at);
  }
  return ends;
}

TEST_F(CheckoutTest, ARestartAfterAnyRecordGoesOnWithTheSameCommit) {
  repository_.commit("first", {{"Jenkinsfile", R"(node {
    def v = checkout scm
    sh 'cat a.txt >>../seen'
    echo "commit ${v.GIT_COMMIT} ${readTrusted('a.txt')}"
  })"},
                               {"a.txt", "one"}});
  scm_ = git_description(repository_.path(), "main", "");
  scm_.as_object()["scriptPath"] = "Jenkinsfile";
  const std::string whole_log = run("");
  ASSERT_EQ(result(), BuildResult::success) << whole_log;
  const std::string first = folder_ / fmt::format("bench{}", runs_);
  bench_.reset();
  const std::string journal = read_file(first + "/journal").value();
  const std::vector<uint64_t> ends = record_ends(journal);
  ASSERT_GT(ends.size(), 8U);
  for (size_t i = 0; i + 1 < ends.size(); i++) {
    ASSERT_TRUE(write_file_atomic(first + "/journal", journal.substr(0, ends[i])));
    ASSERT_TRUE(write_file_atomic(first + "/log", whole_log));
    Bench again(first);
    again.services().local_repositories = true;
    const std::string log = again.finish("ignored");
    EXPECT_EQ(again.run().result(), BuildResult::success) << "after record " << i << "\n" << log;
    EXPECT_THAT(log, HasSubstr("Finished: SUCCESS"));
  }
}

TEST_F(CheckoutTest, IsTriedAgainAsOftenAsTheServerSays) {
  repository_.commit("first", {{"a.txt", "one"}});
  size_t pauses = 0;
  adjust_ = [&](RunServices& services) {
    services.checkout_retries = 2;
    services.timer = [&, post = services.post](
                         std::chrono::milliseconds after,
                         std::function<void()> call) -> std::shared_ptr<void> {
      EXPECT_EQ(after, std::chrono::seconds(10));
      // It is there at the last try.
      if (++pauses == 2) repository_.git({"branch", "later"});
      post(std::move(call));
      return nullptr;
    };
  };
  const std::string script = "node { git url: env.REPO, branch: 'later'\n echo 'got it' }";
  const std::string log = run(script);
  EXPECT_EQ(result(), BuildResult::success) << log;
  EXPECT_EQ(pauses, 2u);
  EXPECT_THAT(log,
              HasSubstr("ERROR: Couldn't find any revision to build. Verify the repository and "
                        "branch configuration for this job.\nRetrying after 10 seconds\n"));
  EXPECT_THAT(log, HasSubstr("got it"));

  // So is the fetch of a Jenkinsfile.
  pauses = 1;
  repository_.git({"branch", "-D", "later"});
  repository_.commit("a pipeline", {{"Jenkinsfile", "echo 'from the repository'"}});
  scm_ = git_description(repository_.path(), "*/later", "");
  scm_.as_object()["scriptPath"] = "Jenkinsfile";
  const std::string fetched = run("");
  EXPECT_EQ(result(), BuildResult::success) << fetched;
  EXPECT_THAT(fetched, HasSubstr("Retrying after 10 seconds\n"));
  EXPECT_THAT(fetched, HasSubstr("\nfrom the repository\n"));
  scm_ = nullptr;
  EXPECT_EQ(pauses, 2u);

  const std::string never = run("node { git url: env.REPO, branch: 'never' }");
  EXPECT_EQ(result(), BuildResult::failure);
  EXPECT_EQ(pauses, 4u);
  EXPECT_THAT(never, HasSubstr("ERROR: Maximum checkout retry attempts reached, aborting"));
}

}  // namespace
}  // namespace ks::engine
