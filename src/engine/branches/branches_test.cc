#include "engine/branches.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <thread>

#include "base/file.h"
#include "base/json.h"
#include "engine/branches/branch_projects.h"
#include "engine/branches/heads.h"
#include "engine/branches/settings.h"
#include "engine/testing/test_repository.h"
#include "jenkins/config_xml.h"

// Multi-branch pipelines over real repositories.

namespace ks::engine {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Strings = std::vector<std::string>;

/// The config.xml of a multi-branch pipeline over git.
std::string config(const std::string& url, json::object source = {}, json::object pipeline = {}) {
  source["url"] = url;
  if (!source.contains("discover_branches")) source["discover_branches"] = true;
  pipeline["name"] = "web";
  pipeline["source_type"] = "git";
  pipeline["git_source"] = std::move(source);
  if (!pipeline.contains("script_path")) pipeline["script_path"] = "Jenkinsfile";
  const Result<std::string> out = jenkins::config_of(json::object{
      {"type", "multi-branch-pipeline"}, {"multi_branch_pipeline", std::move(pipeline)}});
  EXPECT_TRUE(out.ok()) << out.error().message;
  return *out;
}

Strings names(const std::vector<Head>& heads) {
  Strings out;
  for (const Head& head : heads) out.push_back(head.name);
  return out;
}

TEST(BranchNames, BecomeNamesOfJobs) {
  EXPECT_EQ(jenkins::encode_branch("main"), "main");
  EXPECT_EQ(jenkins::encode_branch("feature/x"), "feature%2Fx");
  EXPECT_EQ(jenkins::encode_branch("100%"), "100%25");
  EXPECT_EQ(jenkins::encode_branch("ünïcode-枝"), "ünïcode-枝");
  EXPECT_EQ(jenkins::encode_branch(".hidden"), "%2Ehidden");
  EXPECT_EQ(job_ref({"demo/web", "feature%2Fx"}), (jenkins::JobRef{"demo", "web", "feature%2Fx"}));
  EXPECT_EQ(job_name(jenkins::JobRef{"demo", "web", "feature/x"}),
            (JobName{"demo/web", "feature%2Fx"}));
  EXPECT_EQ(job_name("demo/web/main"), (JobName{"demo/web", "main"}));
}

TEST(Repositories, AreTheSameByAnyAddress) {
  EXPECT_TRUE(same_repository("git@Host:a/b.git", "https://user@host/a/b"));
  EXPECT_TRUE(same_repository("ssh://git@host:22/a/b.git", "http://host/a/b/"));
  EXPECT_FALSE(same_repository("https://host/a/b", "https://host/a/B"));
  EXPECT_FALSE(same_repository("https://host:8080/a/b", "https://host/a/b"));
}

TEST(RemoteRefs, AreReadWithTheirTags) {
  size_t unreadable = 0;
  const RemoteRefs refs = parse_remote_refs(
      "ref: refs/heads/main\tHEAD\nc1\tHEAD\nc1\trefs/heads/main\nt1\trefs/tags/v1\n"
      "c2\trefs/tags/v1^{}\nc3\trefs/heads/\xff\nc4\trefs/pull/7/head\n",
      unreadable);
  EXPECT_EQ(refs.primary, "main");
  ASSERT_EQ(refs.refs.size(), 3u);
  EXPECT_EQ(refs.refs[1].commit, "c2");
  EXPECT_EQ(unreadable, 1u);
}

TEST(Heads, AreWhatTheSettingsDiscover) {
  const RemoteRefs refs{.primary = "main",
                        .refs = {{"refs/heads/main", "1"},
                                 {"refs/heads/feature/x", "2"},
                                 {"refs/tags/v1", "3"},
                                 {"refs/pull/7/head", "4"},
                                 {"refs/pull/7/merge", "5"}}};
  BranchSettings settings;
  settings.branches = 3;
  EXPECT_EQ(names(*discover_heads(settings, refs, {})), (Strings{"feature/x", "main"}));
  settings.tags = true;
  settings.request_refs = {{"refs/pull/", "/head", "PR-"}};
  EXPECT_EQ(names(*discover_heads(settings, refs, {})),
            (Strings{"PR-7", "feature/x", "main", "v1"}));
  settings.regex = "(main|PR-.*)";
  EXPECT_EQ(names(*discover_heads(settings, refs, {})), (Strings{"PR-7", "main"}));
  settings.regex = "ma";  // of the whole name
  EXPECT_THAT(*discover_heads(settings, refs, {}), IsEmpty());
  settings.regex = "(";
  EXPECT_THAT(discover_heads(settings, refs, {}).error().message, HasSubstr("regex_filter"));
  settings.regex = "(a|aa)+[bc]";
  EXPECT_FALSE(
      discover_heads(settings,
                     {.primary = {}, .refs = {{"refs/heads/" + std::string(200, 'a'), "1"}}}, {})
          .ok());
}

TEST(Heads, OfAForgeComeWithItsPullRequests) {
  const RemoteRefs refs{.primary = "main",
                        .refs = {{"refs/heads/main", "1"}, {"refs/heads/topic", "2"}}};
  const std::vector<Head> requests = {{.kind = HeadKind::request,
                                       .name = "PR-7",
                                       .ref = "refs/pull/7/head",
                                       .commit = "2",
                                       .id = "7",
                                       .source = "topic",
                                       .target = "main"}};
  BranchSettings settings;
  settings.branches = 1;  // not those that are also requests
  settings.origin_requests = 2;
  EXPECT_EQ(names(*discover_heads(settings, refs, requests)), (Strings{"PR-7", "main"}));
  settings.branches = 2;
  settings.origin_requests = 3;
  EXPECT_EQ(names(*discover_heads(settings, refs, requests)),
            (Strings{"PR-7-head", "PR-7-merge", "topic"}));
}

TEST(BranchConfigurations, AreRefusedWithAReason) {
  auto refused = [](const std::string& xml) { return read_branch_settings(xml).error().message; };
  EXPECT_THAT(
      refused(*jenkins::config_of(json::parse(
          R"({"type":"multi-branch-pipeline","multi_branch_pipeline":{"source_type":"svn","svn_source":{"remote":"svn://h"}}})"))),
      HasSubstr("'svn' is not supported"));
  EXPECT_THAT(refused(config("--upload-pack=x")), HasSubstr("begins with '-'"));
  EXPECT_THAT(refused(config("ext::sh -c id")), HasSubstr("ext"));
  EXPECT_THAT(refused(config("https://h/r", {}, {{"script_path", "../x"}})),
              HasSubstr("no path in the repository"));
}

struct MultiBranch : ::testing::Test {
  TempDir dir;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<TestRepository> repository;
  const JobName project{"demo", "web"};

  void SetUp() override {
    repository = std::make_unique<TestRepository>(dir / "repository");
    commit("main", "first");
    open();
    ASSERT_TRUE(engine->put_folder("demo").ok());
  }
  void open() {
    engine.reset();
    auto opened = Engine::open({.data_dir = dir / "data", .local_repositories = true});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine = std::move(*opened);
  }
  /// A commit on a branch, which is made when it is not there.
  std::string commit(
      const std::string& branch, const std::string& message,
      const std::string& script = "echo \"I am ${env.BRANCH_NAME} ${env.JOB_NAME}\"") {
    if (branch != "main") repository->git({"checkout", "-q", "-B", branch});
    const std::string made =
        repository->commit(message, {{"Jenkinsfile", script}, {"message", message}});
    if (branch != "main") repository->git({"checkout", "-q", "main"});
    return made;
  }
  void put(json::object source = {}, json::object pipeline = {}) {
    const Result<> put = engine->put_job(
        project, config(repository->path(), std::move(source), std::move(pipeline)));
    ASSERT_TRUE(put.ok()) << put.error().message;
    scanned();
  }
  /// How the scan that was asked for last ended.
  Branches::Scan scanned() {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < deadline) {
      const auto known = engine->branches().project(project);
      if (known && (known->scan.state == Branches::ScanState::done ||
                    known->scan.state == Branches::ScanState::failed))
        return known->scan;
      std::this_thread::sleep_for(2ms);
    }
    ADD_FAILURE() << "the scan does not end: " << log();
    return {};
  }
  Branches::Scan scan() {
    EXPECT_TRUE(engine->branches().scan(project, "Started by user ada").ok());
    return scanned();
  }
  std::string log() {
    const auto found = engine->branches().indexing_log(project);
    return found ? found->text : found.error().message;
  }
  Strings jobs() {
    Strings out;
    for (const JobName& job : engine->jobs("demo/web")) out.push_back(job.name);
    return out;
  }
  std::string console(const std::string& job, uint64_t number) {
    const JobName name{"demo/web", job};
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < deadline) {
      const auto info = engine->run(name, number, false);
      if (info && info->finished()) break;
      std::this_thread::sleep_for(2ms);
    }
    const auto piece = engine->log(name, number, 0, 1 << 20);
    return piece ? piece->text : piece.error().message;
  }
  size_t runs(const std::string& job) {
    return engine->runs({"demo/web", job}).value_or(std::vector<uint64_t>()).size();
  }
};

TEST_F(MultiBranch, EachBranchWithAJenkinsfileIsAJobThatRuns) {
  commit("feature/x", "second");
  repository->git({"checkout", "-q", "--orphan", "empty"});
  repository->git({"rm", "-qrf", "."});
  repository->commit("nothing", {{"readme", "x"}});
  repository->git({"checkout", "-q", "main"});
  put();
  EXPECT_THAT(jobs(), ElementsAre("feature%2Fx", "main"));
  EXPECT_THAT(console("main", 1), HasSubstr("I am main demo/web/main\n"));
  const std::string feature = console("feature%2Fx", 1);
  EXPECT_THAT(feature, HasSubstr("Branch indexing\n"));
  EXPECT_THAT(feature, HasSubstr("I am feature/x demo/web/feature%2Fx\n"));
  EXPECT_THAT(log(), HasSubstr("  Checking branch empty\n      ‘Jenkinsfile’ not found\n"));
  EXPECT_THAT(log(), HasSubstr("Scheduled build for branch: feature/x\n"));
  EXPECT_THAT(log(), HasSubstr("Finished: SUCCESS\n"));
  EXPECT_THAT(engine->jobs("demo"), IsEmpty());
  EXPECT_THAT(engine->folders(), ElementsAre("demo"));
  const auto known = engine->branches().branch({"demo/web", "main"});
  ASSERT_TRUE(known);
  EXPECT_TRUE(known->primary);
}

TEST_F(MultiBranch, OnlyWhatMovedRunsAgain) {
  commit("topic", "second");
  put();
  console("main", 1);
  scan();
  EXPECT_EQ(runs("main"), 1u);
  const std::string commit_id = commit(
      "topic", "third", "node { checkout scm\n sh 'cat message'\n echo env.GIT_BRANCH ?: 'none' }");
  scan();
  EXPECT_EQ(runs("main"), 1u);
  EXPECT_EQ(runs("topic"), 2u);
  const std::string second = console("topic", 2);
  EXPECT_THAT(second, HasSubstr("Checking out Revision " + commit_id + " (topic)\n"));
  EXPECT_THAT(second, HasSubstr("+ cat message\nthird"));
}

TEST_F(MultiBranch, ARunByHandIsOfTheNewestCommit) {
  put();
  console("main", 1);
  commit("main", "second", "node { checkout scm\n sh 'cat message' }");
  const auto number = engine->start({"demo/web", "main"}, {.causes = {"Started by user ada"}});
  ASSERT_TRUE(number.ok()) << number.error().message;
  EXPECT_THAT(console("main", *number), HasSubstr("+ cat message\nsecond"));
}

TEST_F(MultiBranch, OutlivesARestart) {
  commit("topic", "second");
  put();
  console("main", 1);
  console("topic", 1);
  open();
  EXPECT_THAT(jobs(), ElementsAre("main", "topic"));
  EXPECT_THAT(console("main", 1), HasSubstr("I am main"));
  scan();
  EXPECT_EQ(runs("main"), 1u);
  EXPECT_THAT(engine->job_config(project).value_or(""), HasSubstr("WorkflowMultiBranchProject"));
  EXPECT_THAT(engine->job_config({"demo/web", "main"}).value_or(""), HasSubstr("SCMBinder"));
}

TEST_F(MultiBranch, ABranchThatIsGoneGoesWithItsJobAtOnceUnlessTheStrategyKeepsIt) {
  commit("old", "second");
  put();
  console("old", 1);
  repository->git({"branch", "-qD", "old"});
  scan();
  EXPECT_THAT(jobs(), ElementsAre("main"));

  commit("old", "third");
  put({}, {{"discarder", json::object{{"days_to_keep", "7"}, {"num_to_keep", "1"}}}});
  EXPECT_THAT(jobs(), ElementsAre("main", "old"));
  console("old", 1);
  repository->git({"branch", "-qD", "old"});
  scan();
  EXPECT_THAT(jobs(), ElementsAre("main", "old"));
  EXPECT_TRUE(engine->branches().branch({"demo/web", "old"})->dead);
  EXPECT_EQ(engine->start({"demo/web", "old"}, {}).error().code, Code::conflict);
  // It comes back.
  commit("old", "fourth");
  scan();
  EXPECT_FALSE(engine->branches().branch({"demo/web", "old"})->dead);
  EXPECT_EQ(runs("old"), 2u);
}

TEST_F(MultiBranch, ARepositoryThatVanishesLeavesItsBranches) {
  put();
  console("main", 1);
  std::filesystem::rename(repository->path(), dir / "elsewhere");
  const Branches::Scan failed = scan();
  EXPECT_EQ(failed.state, Branches::ScanState::failed);
  EXPECT_THAT(failed.error, HasSubstr("cannot list the branches of"));
  EXPECT_THAT(log(), HasSubstr("Finished: FAILURE\n"));
  EXPECT_THAT(jobs(), ElementsAre("main"));
  std::filesystem::rename(dir / "elsewhere", repository->path());
  EXPECT_EQ(scan().state, Branches::ScanState::done);
  EXPECT_EQ(runs("main"), 1u);
}

TEST_F(MultiBranch, AForgeWhosePullRequestsAreUnknownHasAllItsBranches) {
  // The forge's address is a folder, and its repository one in it.
  const TestRepository forge(dir / "forge/ada/web.git");
  forge.commit("first", {{"Jenkinsfile", "echo 1"}});
  forge.git({"branch", "-q", "topic"});
  for (const int branches : {1, 2, 3}) {
    const Result<std::string> xml = jenkins::config_of(json::object{
        {"type", "multi-branch-pipeline"},
        {"multi_branch_pipeline",
         json::object{{"name", "web"},
                      {"source_type", "github"},
                      {"script_path", "Jenkinsfile"},
                      {"github_source", json::object{{"api_uri", dir / "forge"},
                                                     {"owner", "ada"},
                                                     {"repo", "web"},
                                                     {"discover_branches", branches}}}}}});
    ASSERT_TRUE(xml.ok()) << xml.error().message;
    const Result<> put = engine->put_job(project, *xml);
    ASSERT_TRUE(put.ok()) << put.error().message;
    EXPECT_EQ(scanned().state, Branches::ScanState::done) << log();
    EXPECT_THAT(jobs(), ElementsAre("main", "topic")) << branches;
    EXPECT_EQ(log().contains("Pull requests of the forge are not discovered yet"), branches != 3);
  }
}

TEST_F(MultiBranch, TagsAreJobsThatWaitToBeStarted) {
  repository->git({"tag", "-am", "one", "v1"});
  put({{"discover_tags", true}});
  EXPECT_THAT(jobs(), ElementsAre("main", "v1"));
  EXPECT_EQ(runs("v1"), 0u);
  ASSERT_TRUE(engine->start({"demo/web", "v1"}, {.causes = {"Started by user ada"}}).ok());
  EXPECT_THAT(console("v1", 1), HasSubstr("I am v1"));
}

TEST_F(MultiBranch, NamesAsGitAllowsThem) {
  for (const char* name : {"ünï/枝", "50%/off", "a$HOME", "semi;colon&co", "quote'd", "-dash"})
    repository->git({"update-ref", fmt::format("refs/heads/{}", name), "HEAD"});
  put();
  EXPECT_EQ(jobs().size(), 7u) << log();
  EXPECT_THAT(console(jenkins::encode_branch("ünï/枝"), 1), HasSubstr("I am ünï/枝 "));
  EXPECT_THAT(console(jenkins::encode_branch("50%/off"), 1), HasSubstr("I am 50%/off "));
  EXPECT_THAT(console(jenkins::encode_branch("a$HOME"), 1), HasSubstr("I am a$HOME "));
  EXPECT_THAT(console(jenkins::encode_branch("quote'd"), 1), HasSubstr("I am quote'd "));
  EXPECT_THAT(console("-dash", 1), HasSubstr("I am -dash "));
  open();
  EXPECT_EQ(jobs().size(), 7u);
}

TEST_F(MultiBranch, IsRemovedWithItsBranchesAndTheirRuns) {
  commit("main", "endless", "node { sh 'sleep 600' }");
  put();
  EXPECT_EQ(runs("main"), 1u);
  ASSERT_TRUE(engine->remove_job(project).ok());
  EXPECT_FALSE(engine->branches().has(project));
  EXPECT_THAT(engine->jobs("demo/web"), IsEmpty());
  EXPECT_EQ(engine->branches().scan(project, "x").error().code, Code::not_found);
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (std::filesystem::exists(dir / "data/folders/demo/jobs/web") &&
         std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(10ms);
  EXPECT_FALSE(std::filesystem::exists(dir / "data/folders/demo/jobs/web"));
  put();
  EXPECT_THAT(jobs(), ElementsAre("main"));
  ASSERT_TRUE(engine->remove_folder("demo").ok());
}

TEST_F(MultiBranch, OtherJobsAreStartedWhenABranchComesOrGoes) {
  const json::value plain =
      json::object{{"type", "pipeline"},
                   {"pipeline", json::object{{"name", "note"}, {"jenkinsfile", "echo 'noted'"}}}};
  ASSERT_TRUE(engine->put_job({"demo", "note"}, *jenkins::config_of(plain)).ok());
  put({}, {{"multibranch_job_trigger", json::object{{"create_action_job_to_trigger", "note"},
                                                    {"delete_action_job_to_trigger", ""}}}});
  EXPECT_EQ(engine->runs({"demo", "note"})->size(), 1u) << log();
}

/// An engine's side of which a test says what it refuses: there a removed job is in the way only
/// for as long as its runs take to end.
struct RefusingHost final : BranchHost {
  std::string refused;
  Strings made, started, keys;

  Result<> put_branch(const JobName& job, const BranchSettings& /*settings*/, const Head& /*head*/,
                      bool /*dead*/) override {
    if (job.name == refused) return Error{Code::unavailable, "still being removed"};
    made.push_back(job.name);
    return {};
  }
  Result<> remove_branch(const JobName& /*job*/) override { return {}; }
  Result<uint64_t> start_branch(const JobName& job, StartRequest request) override {
    if (std::ranges::find(made, job.name) == made.end() && job.name != "note")
      return Error{Code::not_found, "no such job"};
    started.push_back(job.name);
    keys.push_back(request.key);
    return 1;
  }
  std::shared_ptr<const CredentialSource> credentials_for(const JobName& /*project*/) override {
    return nullptr;
  }
  void project_changed(const JobName& /*project*/) override {}
};

/// How the scan that was asked for last ended; the host is the test's again then.
Branches::Scan ended_scan(const BranchProjects& projects, const JobName& name) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (std::chrono::steady_clock::now() < deadline) {
    const Result<Branches::Project> known = projects.project(name);
    if (known && (known->scan.state == Branches::ScanState::done ||
                  known->scan.state == Branches::ScanState::failed))
      return known->scan;
    std::this_thread::sleep_for(2ms);
  }
  ADD_FAILURE() << "the scan does not end";
  return {};
}

struct BranchProjectsAlone : ::testing::Test {
  const JobName project{"demo", "web"};
  TempDir dir;
  TestRepository repository{dir / "repository"};
  ManualClock clock;
  Loop loop{1};
  Timetable times{clock, loop};
  RefusingHost host;
  std::unique_ptr<BranchProjects> projects;

  void SetUp() override {
    repository.commit("first", {{"Jenkinsfile", "echo 1"}});
    ASSERT_TRUE(make_dirs(dir / "project"));
    make();
  }
  void TearDown() override {
    projects.reset();
    loop.stop();
  }
  void make() {
    projects = std::make_unique<BranchProjects>(
        host, clock, times,
        BranchProjects::Options{.scm_folder = dir / "scm", .local_repositories = true});
  }
  Branches::Scan put(json::object pipeline = {}) {
    const Result<> put =
        projects->put(project, dir / "project", config(repository.path(), {}, std::move(pipeline)));
    EXPECT_TRUE(put.ok()) << put.error().message;
    return ended_scan(*projects, project);
  }
};

TEST_F(BranchProjectsAlone, AJobThatCannotBeMadeIsMadeByTheNextScan) {
  repository.git({"branch", "-q", "a"});
  repository.git({"branch", "-q", "b"});
  host.refused = "a";
  const Branches::Scan first = put();
  EXPECT_EQ(first.state, Branches::ScanState::failed);
  EXPECT_THAT(first.error, HasSubstr("still being removed"));
  EXPECT_THAT(host.made, ElementsAre("b", "main"));
  EXPECT_THAT(host.started, ElementsAre("b", "main"));
  host.refused.clear();
  ASSERT_TRUE(projects->scan(project, "Started by user ada").ok());
  EXPECT_EQ(ended_scan(*projects, project).state, Branches::ScanState::done);
  EXPECT_THAT(host.made, ElementsAre("b", "main", "a"));
  EXPECT_THAT(host.started, ElementsAre("b", "main", "a"));
}

TEST_F(BranchProjectsAlone, AProjectThatIsMadeAgainStartsOthersAgain) {
  const json::object trigger{
      {"multibranch_job_trigger", json::object{{"create_action_job_to_trigger", "note"},
                                               {"delete_action_job_to_trigger", "note"}}}};
  put(trigger);
  projects->remove(project);
  ASSERT_TRUE(remove_tree(dir / "project"));
  ASSERT_TRUE(make_dirs(dir / "project"));
  put(trigger);
  ASSERT_THAT(host.started, ElementsAre("main", "note", "main", "note"));
  EXPECT_NE(host.keys[1], host.keys[3]);
  // After a restart it is the same project.
  const auto id = [this] {
    const Result<std::string> saved = read_file(dir / "project/branches.json", 1 << 20);
    return std::string(text_at(parse_json(saved.value_or("")).value_or(json::value()), {"id"}));
  };
  const std::string before = id();
  EXPECT_THAT(host.keys[3], HasSubstr(" " + before + " "));
  make();
  ASSERT_TRUE(
      projects->load(project, dir / "project", config(repository.path(), {}, trigger)).ok());
  repository.git({"branch", "-q", "topic"});
  ASSERT_TRUE(projects->scan(project, "Started by user ada").ok());
  EXPECT_EQ(ended_scan(*projects, project).state, Branches::ScanState::done);
  EXPECT_FALSE(before.empty());
  EXPECT_EQ(id(), before);
  EXPECT_THAT(host.keys.back(), HasSubstr(" " + before + " "));
}

TEST_F(MultiBranch, ConflictsAreToldApart) {
  put();
  const json::value plain = json::object{
      {"type", "pipeline"}, {"pipeline", json::object{{"name", "web"}, {"jenkinsfile", "echo 1"}}}};
  EXPECT_EQ(engine->put_job(project, *jenkins::config_of(plain)).error().code, Code::conflict);
  EXPECT_EQ(engine->put_job({"demo/web", "x"}, *jenkins::config_of(plain)).error().code,
            Code::conflict);
  ASSERT_TRUE(engine->put_job({"demo", "plain"}, *jenkins::config_of(plain)).ok());
  EXPECT_EQ(engine->put_job({"demo", "plain"}, config(repository->path())).error().code,
            Code::conflict);
}

}  // namespace
}  // namespace ks::engine
