#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "base/json.h"
#include "engine/report.h"
#include "engine/run_once.h"
#include "engine/testing/run_bench.h"
#include "engine/time_words.h"

// The steps that nearly every Jenkinsfile has, sentence by sentence of their contract: parameters,
// return values, console lines, errors.

namespace ks::engine {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

struct Ended {
  BuildResult result;
  std::string log;
};

Ended run_script(std::string_view script) {
  const TempDir folder;
  Bench bench(folder.path());
  std::string log = bench.finish(script);
  return {bench.run().result(), std::move(log)};
}

std::string log_of(std::string_view script) { return run_script(script).log; }

TEST(TimeWords, AreThoseOfJenkins) {
  EXPECT_EQ(time_span(0ms), "0 ms");
  EXPECT_EQ(time_span(99ms), "99 ms");
  EXPECT_EQ(time_span(250ms), "0.25 sec");
  EXPECT_EQ(time_span(300ms), "0.3 sec");
  EXPECT_EQ(time_span(5s), "5 sec");
  EXPECT_EQ(time_span(1500ms), "1.5 sec");
  EXPECT_EQ(time_span(10s), "10 sec");
  EXPECT_EQ(time_span(182s), "3 min 2 sec");
  EXPECT_EQ(time_span(15min), "15 min");
  EXPECT_EQ(time_span(1h), "1 hr 0 min");
  EXPECT_EQ(time_span(24h), "1 day 0 hr");
  EXPECT_EQ(time_span(24h * 12), "12 days");
}

TEST(Echo, PrintsAnyObject) {
  EXPECT_THAT(log_of("echo 'a'\necho([1, 2].toString())\necho \"${[k: 1]}\"\nprintln 5"),
              HasSubstr("[Pipeline] echo\na\n[Pipeline] echo\n[1, 2]\n[Pipeline] echo\n[k:1]\n"));
}

TEST(Error, FailsWithItsMessage) {
  const Ended ended = run_script("error 'planned'");
  EXPECT_EQ(ended.result, BuildResult::failure);
  EXPECT_THAT(ended.log,
              HasSubstr("[Pipeline] End of Pipeline\nERROR: planned\nFinished: FAILURE\n"));
}

TEST(Sh, GivesStatusOrOutput) {
  const std::string log = log_of(R"(node {
  echo "status ${sh(script: 'exit 7', returnStatus: true)}"
  echo "out <${sh(script: 'echo hi; echo err >&2', returnStdout: true)}>"
  echo "null ${sh 'true'}"
})");
  EXPECT_THAT(log, HasSubstr("+ exit 7\n[Pipeline] echo\nstatus 7\n"));
  EXPECT_THAT(log, HasSubstr("+ echo hi\n+ echo err\nerr\n[Pipeline] echo\nout <hi\n>\n"));
  EXPECT_THAT(log, HasSubstr("null null\n"));
}

TEST(Sh, FailsWithTheExitCode) {
  EXPECT_THAT(log_of("node { sh 'exit 3' }"),
              HasSubstr("+ exit 3\n[Pipeline] }\n[Pipeline] // node\n[Pipeline] End of Pipeline\n"
                        "ERROR: script returned exit code 3\nFinished: FAILURE\n"));
  EXPECT_THAT(log_of("node { sh script: 'true', returnStatus: true, returnStdout: true }"),
              HasSubstr("IllegalArgumentException"));
  EXPECT_THAT(log_of("node { sh '' }"), HasSubstr("Warning: was asked to run an empty script\n"));
}

TEST(Sh, AnInterpreterOfItsOwnIsNotTraced) {
  EXPECT_THAT(log_of("node { sh '#!/bin/sh\\necho quiet' }"), HasSubstr("[Pipeline] sh\nquiet\n"));
}

TEST(Stage, SetsItsNameAndNeedsOne) {
  EXPECT_THAT(log_of("stage('a b') { echo env.STAGE_NAME }"),
              HasSubstr("[Pipeline] stage\n[Pipeline] { (a b)\n[Pipeline] echo\na b\n[Pipeline] }\n"
                        "[Pipeline] // stage\n"));
  EXPECT_THAT(log_of("stage('') { }"), HasSubstr("must specify name"));
  EXPECT_THAT(log_of("stage 'old'"),
              HasSubstr("Using the ‘stage’ step without a block argument is deprecated\n"));
}

TEST(Node, SetsItsVariables) {
  const std::string log = log_of(R"(node {
  echo "${env.NODE_NAME} ${env.EXECUTOR_NUMBER} ${env.WORKSPACE == pwd()} ${env.WORKSPACE_TMP == pwd(tmp: true)} ${isUnix()}"
})");
  EXPECT_THAT(log, HasSubstr("\nRunning on built-in in /"));
  EXPECT_THAT(log, HasSubstr("built-in 0 true true true\n"));
}

TEST(Context, StepsThatNeedANodeSaySo) {
  for (std::string_view step : {"readFile 'x'", "writeFile file: 'x', text: ''", "fileExists 'x'",
                                "deleteDir()", "pwd()", "dir('x') { }", "archiveArtifacts 'x'",
                                "junit 'x'", "stash 'x'", "unstash 'x'", "isUnix()", "tool 'x'"}) {
    const Ended ended = run_script(step);
    EXPECT_EQ(ended.result, BuildResult::failure);
    EXPECT_THAT(ended.log,
                HasSubstr("org.jenkinsci.plugins.workflow.steps.MissingContextVariableException: "
                          "Required context class hudson.FilePath is missing\nPerhaps you forgot "
                          "to surround the step with a step that provides this, such as: node\n"))
        << step;
  }
}

TEST(Context, GetContextTellsWhatIsAroundAndGivesNothingOfIt) {
  EXPECT_THAT(log_of("echo \"${getContext(hudson.FilePath)} ${getContext(hudson.EnvVars)}\"\n"
                     "node { echo \"${getContext(hudson.FilePath) != null}\" }"),
              testing::AllOf(HasSubstr("null hudson.EnvVars\n"), HasSubstr("\ntrue\n")));
  EXPECT_THAT(log_of("getContext('hudson.FilePath')"), HasSubstr("takes one of these classes"));
  for (std::string_view use : {"getContext(hudson.FilePath).list()", "hudson.FilePath.list()",
                               "new hudson.FilePath('/')", "getContext(hudson.FilePath).remote"}) {
    EXPECT_EQ(run_script("node { " + std::string(use) + " }").result, BuildResult::failure) << use;
  }
}

TEST(Arguments, UnknownOnesAreNamed) {
  EXPECT_THAT(log_of("echo message: 'x', colour: 'red', size: 1"),
              HasSubstr("java.lang.IllegalArgumentException: WARNING: Unknown parameter(s) found "
                        "for class type 'echo': colour,size\n"));
  EXPECT_THAT(log_of("timeout(5)"), HasSubstr("timeout step must be called with a body"));
}

TEST(JenkinsClasses, AreRefusedInTheWordsOfItsSandbox) {
  constexpr std::string_view kRefused =
      "org.jenkinsci.plugins.scriptsecurity.sandbox.RejectedAccessException: Scripts not permitted "
      "to use ";
  for (const auto& [script, what] :
       {std::pair("Jenkins.instance.systemMessage = 'x'",
                  "staticMethod jenkins.model.Jenkins getInstance"),
        std::pair("jenkins.model.Jenkins j = jenkins.model.Jenkins.get()",
                  "staticMethod jenkins.model.Jenkins get"),
        std::pair("class X { def x = Jenkins.getInstance() }; new X()",
                  "staticMethod jenkins.model.Jenkins getInstance"),
        std::pair("new hudson.model.Hudson()", "new hudson.model.Hudson")}) {
    EXPECT_THAT(log_of(script), HasSubstr(std::string(kRefused) + what)) << script;
  }
}

TEST(UnknownStep, IsNamedBesideThoseThatExist) {
  const std::string log = log_of("frobnicate 1");
  EXPECT_THAT(log, HasSubstr("java.lang.NoSuchMethodError: No such DSL method 'frobnicate' found "
                             "among steps [ansiColor, archive, archiveArtifacts, "));
  EXPECT_THAT(log, HasSubstr("] or symbols [GenericTrigger, agent, booleanParam, "));
  EXPECT_THAT(log, HasSubstr("] or globals [currentBuild, env, params]"));
}

TEST(WithEnv, TheInnermostWins) {
  const std::string log = log_of(R"(
env.A = 'script'
withEnv(['A=outer', 'B=', 'PATH+X=/x/bin']) {
  withEnv(['A=inner']) { echo "A ${env.A}" }
  env.A = 'again'
  echo "A ${env.A} B <${env.B}> ${env.PATH?.startsWith('/x/bin')}"
}
echo "A ${env.A} C ${env.C}"
)");
  EXPECT_THAT(log, HasSubstr("A inner\n"));
  EXPECT_THAT(log, HasSubstr("A outer B <> true\n"));
  EXPECT_THAT(log, HasSubstr("A again C null\n"));
  EXPECT_THAT(log_of("withEnv(['nothing']) { }"),
              HasSubstr("java.lang.IllegalArgumentException: "));
}

TEST(Env, HasTheStandardVariables) {
  const TempDir folder;
  Bench bench(folder.path());
  bench.services().url = "https://ci.example";
  bench.services().home = "/var/lib/ks";
  const std::string log = bench.finish(R"(
for (n in ['CI', 'BUILD_NUMBER', 'BUILD_ID', 'BUILD_DISPLAY_NAME', 'BUILD_TAG', 'BUILD_URL', 'RUN_DISPLAY_URL',
           'RUN_CHANGES_DISPLAY_URL', 'RUN_ARTIFACTS_DISPLAY_URL', 'RUN_TESTS_DISPLAY_URL', 'JOB_NAME', 'JOB_BASE_NAME',
           'JOB_URL', 'JOB_DISPLAY_URL', 'JENKINS_URL', 'HUDSON_URL', 'JENKINS_HOME', 'HUDSON_HOME']) {
  println "$n=${env.getEnvironment()[n]}"
}
println env.HUDSON_SERVER_COOKIE != null && env.JENKINS_SERVER_COOKIE != null
)");
  const std::string job = "https://ci.example/job/demo/job/web/";
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"CI", "true"},
           {"BUILD_NUMBER", "1"},
           {"BUILD_ID", "1"},
           {"BUILD_DISPLAY_NAME", "#1"},
           {"BUILD_TAG", "jenkins-demo-web-1"},
           {"BUILD_URL", job + "1/"},
           {"RUN_DISPLAY_URL", job + "1/display/redirect"},
           {"RUN_CHANGES_DISPLAY_URL", job + "1/display/redirect?page=changes"},
           {"RUN_ARTIFACTS_DISPLAY_URL", job + "1/display/redirect?page=artifacts"},
           {"RUN_TESTS_DISPLAY_URL", job + "1/display/redirect?page=tests"},
           {"JOB_NAME", "demo/web"},
           {"JOB_BASE_NAME", "web"},
           {"JOB_URL", job},
           {"JOB_DISPLAY_URL", job + "display/redirect"},
           {"JENKINS_URL", "https://ci.example/"},
           {"HUDSON_URL", "https://ci.example/"},
           {"JENKINS_HOME", "/var/lib/ks"},
           {"HUDSON_HOME", "/var/lib/ks"}}) {
    EXPECT_THAT(log, HasSubstr(name + "=" + value + "\n"));
  }
  EXPECT_THAT(log, HasSubstr("\ntrue\n"));
}

TEST(Timeout, OfInactivityBeginsAnewWithEachOutput) {
  const Ended busy = run_script(
      "node { timeout(time: 700, unit: 'MILLISECONDS', activity: true) {\n"
      "  sh 'for i in 1 2 3 4 5; do sleep 0.3; echo $i; done'\n} }");
  EXPECT_EQ(busy.result, BuildResult::success) << busy.log;
  EXPECT_THAT(busy.log, HasSubstr("Timeout set to expire after 0.7 sec without activity\n"));
  const Ended quiet = run_script(
      "timeout(time: 200, unit: 'MILLISECONDS', activity: true) { echo 'on'; sleep 60 }");
  EXPECT_EQ(quiet.result, BuildResult::aborted);
  EXPECT_THAT(quiet.log, HasSubstr("Cancelling nested steps due to timeout\n"));
  EXPECT_THAT(quiet.log, HasSubstr("Timeout has been exceeded\nFinished: ABORTED\n"));
}

TEST(Timeout, PrintsItsTimeAndTellsWhy) {
  const Ended ended = run_script(
      "try { timeout(time: 50, unit: 'MILLISECONDS') { sleep 60 } }\n"
      "catch (org.jenkinsci.plugins.workflow.steps.FlowInterruptedException e) {\n"
      "  echo \"${e.result} ${e.causes[0].shortDescription} ${e.causes.size()}\"\n  throw e\n}");
  EXPECT_EQ(ended.result, BuildResult::aborted);
  EXPECT_THAT(ended.log, HasSubstr("[Pipeline] timeout\nTimeout set to expire in 50 ms\n"));
  EXPECT_THAT(ended.log, HasSubstr("ABORTED Timeout has been exceeded 1\n"));
}

TEST(Retry, PrintsTheErrorAndTriesAgain) {
  const std::string log = log_of("int n = 0\nretry(3) { n++; if (n < 3) error \"try $n\" }");
  EXPECT_THAT(log, HasSubstr("ERROR: try 1\nRetrying\n"));
  EXPECT_THAT(log, HasSubstr("ERROR: try 2\nRetrying\n"));
  EXPECT_THAT(log, HasSubstr("Finished: SUCCESS\n"));
  EXPECT_THAT(log_of("retry(2) { throw new IllegalStateException('odd') }"),
              HasSubstr("ERROR: Execution failed\njava.lang.IllegalStateException: odd\n"));
  EXPECT_THAT(log_of("retry(0) { }"), HasSubstr("java.lang.IllegalArgumentException"));
}

TEST(Retry, ConditionsTellOfAgentsNotOfErrors) {
  const Ended ended =
      run_script("retry(count: 3, conditions: [agent(), nonresumable()]) { error 'mine' }");
  EXPECT_EQ(ended.result, BuildResult::failure);
  EXPECT_THAT(ended.log, Not(HasSubstr("Retrying")));
}

TEST(Sleep, SaysHowLong) {
  EXPECT_THAT(
      log_of("sleep time: 20, unit: 'MILLISECONDS'\nsleep 0"),
      HasSubstr("[Pipeline] sleep\nSleeping for 20 ms\n[Pipeline] sleep\nSleeping for 0 ms\n"));
}

TEST(CatchError, SetsResultsAndGoesOn) {
  const Ended both = run_script("catchError(message: 'told') { error 'planned' }\necho 'on'");
  EXPECT_EQ(both.result, BuildResult::failure);
  EXPECT_THAT(both.log, HasSubstr("ERROR: told\nERROR: planned\n"
                                  "Setting overall build result to FAILURE\n"
                                  "[Pipeline] echo\non\n"));
  const Ended none = run_script(
      "stage('s') { catchError(buildResult: 'SUCCESS', stageResult: 'UNSTABLE') { error 'x' } }");
  EXPECT_EQ(none.result, BuildResult::success);
  EXPECT_THAT(none.log, Not(HasSubstr("Setting overall")));
  EXPECT_THAT(log_of("catchError(buildResult: 'typo') { }"),
              HasSubstr("buildResult is invalid: typo"));
  EXPECT_THAT(log_of("catchError(stageResult: 'typo') { }"),
              HasSubstr("stageResult is invalid: typo"));
  EXPECT_THAT(log_of("warnError('') { }"), HasSubstr("A non-empty message is required"));
  EXPECT_EQ(run_script("warnError('w') { error 'x' }").result, BuildResult::unstable);
}

TEST(CatchError, AnInterruptionGivesItsOwnResult) {
  constexpr std::string_view kBody =
      "{ timeout(time: 20, unit: 'MILLISECONDS') { sleep 60 } }\necho 'on'";
  const Ended caught = run_script(fmt::format("catchError {}", kBody));
  EXPECT_EQ(caught.result, BuildResult::aborted);
  EXPECT_THAT(caught.log, HasSubstr("\non\n"));
  const Ended passed = run_script(fmt::format("catchError(catchInterruptions: false) {}", kBody));
  EXPECT_EQ(passed.result, BuildResult::aborted);
  EXPECT_THAT(passed.log, Not(HasSubstr("\non\n")));
}

TEST(Unstable, WarnsAndGoesOn) {
  const Ended ended = run_script("unstable 'so so'\necho currentBuild.result");
  EXPECT_EQ(ended.result, BuildResult::unstable);
  EXPECT_THAT(ended.log, HasSubstr("WARNING: so so\n[Pipeline] echo\nUNSTABLE\n"));
}

TEST(CurrentBuild, CanBeChangedAndAsked) {
  const std::string log = log_of(R"(
echo "${currentBuild.number} ${currentBuild.id} ${currentBuild.displayName} ${currentBuild.fullDisplayName} ${currentBuild.projectName} ${currentBuild.fullProjectName} ${currentBuild.externalizableId}"
echo "${currentBuild.result} ${currentBuild.currentResult} ${currentBuild.description} ${currentBuild.keepLog}"
currentBuild.displayName = 'new'; currentBuild.description = 'text'; currentBuild.keepLog = true
echo "${currentBuild.displayName} ${currentBuild.getDescription()} ${currentBuild.keepLog} ${env.BUILD_DISPLAY_NAME}"
currentBuild.setResult('UNSTABLE'); currentBuild.result = 'SUCCESS'
echo "${currentBuild.result} ${currentBuild.resultIsWorseOrEqualTo('UNSTABLE')} ${currentBuild.resultIsBetterOrEqualTo('SUCCESS')}"
echo "${currentBuild.durationString.endsWith(' and counting')} ${currentBuild.duration >= 0} ${currentBuild.startTimeInMillis > 0} ${currentBuild.changeSets} ${currentBuild.upstreamBuilds} ${currentBuild.previousBuild}"
)");
  EXPECT_THAT(log, HasSubstr("1 1 #1 demo » web #1 web demo/web demo/web#1\n"));
  EXPECT_THAT(log, HasSubstr("null SUCCESS null false\n"));
  EXPECT_THAT(log, HasSubstr("new text true new\n"));
  EXPECT_THAT(log, HasSubstr("UNSTABLE true false\n"));
  EXPECT_THAT(log, HasSubstr("true true true [] [] null\n"));
}

TEST(Files, ReadWriteAndAsk) {
  const std::string log = log_of(R"(node {
  writeFile file: 'a/b/c.txt', text: 'content'
  dir('a/b') { echo "${readFile 'c.txt'} ${fileExists 'c.txt'} ${fileExists 'none'}"; deleteDir() }
  echo "gone ${fileExists 'a/b'} ${fileExists 'a'}"
  echo "here ${fileExists ''}"
  dir('never') { deleteDir() }
  readFile 'none.txt'
})");
  EXPECT_THAT(log, HasSubstr("content true false\n"));
  EXPECT_THAT(log, HasSubstr("gone false true\n"));
  EXPECT_THAT(log, HasSubstr("The fileExists step was called with a null or empty string, so the "
                             "current directory will be checked instead.\n"));
  EXPECT_THAT(log, HasSubstr("here true\n"));
  EXPECT_THAT(log, HasSubstr("java.nio.file.NoSuchFileException: /"));
}

TEST(Stash, KeepsModesAndLinks) {
  const std::string log = log_of(R"(node {
  sh '#!/bin/sh\nmkdir -p s/.git; echo x > s/run.sh; chmod 750 s/run.sh; ln -s run.sh s/link; echo c > s/.git/config; echo t > s/a.tmp'
  dir('s') { stash name: 'mine', excludes: '*.tmp' }
  dir('t') { unstash 'mine'; sh '#!/bin/sh\nstat -c "%a %N" run.sh link; ls -A' }
  dir('u') { stash name: 'none', allowEmpty: true }
  catchError { dir('u') { stash 'empty' } }
  catchError { unstash 'nothing' }
  catchError { stash name: '..', allowEmpty: true }
})");
  EXPECT_THAT(log, HasSubstr("Stashed 2 file(s)\n"));
  EXPECT_THAT(log, HasSubstr("750 'run.sh'\n777 'link' -> 'run.sh'\nlink\nrun.sh\n"));
  EXPECT_THAT(log, HasSubstr("Stashed 0 file(s)\n"));
  EXPECT_THAT(log, HasSubstr("ERROR: No files included in stash ‘empty’\n"));
  EXPECT_THAT(log, HasSubstr("ERROR: No such saved stash ‘nothing’\n"));
  EXPECT_THAT(log, HasSubstr("ERROR: ‘..’ is no name for a stash"));
}

TEST(Stash, DoesNotWriteThroughLinksThatLeadOut) {
  const TempDir outside;
  const Ended ended = run_script(fmt::format(R"(node {{
  sh '#!/bin/sh\nmkdir -p s/d; echo x > s/d/f'
  dir('s') {{ stash 'x' }}
  sh '#!/bin/sh\nmkdir -p t; ln -s {} t/d'
  dir('t') {{ unstash 'x' }}
}})",
                                             outside.path()));
  EXPECT_EQ(ended.result, BuildResult::failure);
  EXPECT_THAT(ended.log, HasSubstr("ERROR: 'd/f' leads out of the folder\n"));
  EXPECT_FALSE(file_exists(outside / "f"));
}

TEST(Archive, TakesWhatThePatternsSay) {
  const TempDir folder;
  Bench bench(folder.path());
  const std::string log = bench.finish(R"(node {
  sh '#!/bin/sh\nmkdir -p out/.git d; for f in out/a.txt out/b.TXT out/c.log out/.git/config; do echo $f > $f; done; chmod 700 out/a.txt; ln -s a.txt out/in.txt; ln -s /etc/passwd out/evil.txt; echo 1 > d/1'
  archiveArtifacts artifacts: 'out/**/*.txt, d/', excludes: '**/in.*', caseSensitive: false, fingerprint: true
  archiveArtifacts artifacts: 'out/in.txt'
  archiveArtifacts artifacts: 'out/.git/*', defaultExcludes: false
  archiveArtifacts artifacts: 'none/*', allowEmptyArchive: true
  currentBuild.result = 'FAILURE'
  archiveArtifacts artifacts: 'out/*', onlyIfSuccessful: true
  archiveArtifacts 'out/.git/*'
})");
  EXPECT_THAT(log, HasSubstr("[Pipeline] archiveArtifacts\nArchiving artifacts\n"
                             "Not archived: the link 'out/evil.txt' leads out of the workspace\n"
                             "Recording fingerprints\n"));
  EXPECT_THAT(log, HasSubstr("No artifacts found that match the file pattern \"none/*\". "
                             "Configuration error?\n"));
  EXPECT_THAT(log, HasSubstr("Skipped archiving because build is not successful\n"));
  EXPECT_THAT(log,
              HasSubstr("ERROR: No artifacts found that match the file pattern \"out/.git/*\". "
                        "Configuration error?\n"));
  std::vector<std::string> paths;
  for (const Artifact& artifact : bench.run().artifacts()) paths.push_back(artifact.path);
  EXPECT_THAT(paths, testing::UnorderedElementsAre("d/1", "out/a.txt", "out/b.TXT", "out/in.txt",
                                                   "out/.git/config"));
  const std::string kept = folder.path() + "/files/archive/";
  EXPECT_EQ(read_file(kept + "out/in.txt").value(), "out/a.txt\n");
  struct stat info{};
  ASSERT_EQ(lstat((kept + "out/a.txt").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  EXPECT_FALSE(file_exists(kept + "out/evil.txt"));
}

constexpr std::string_view kReport =
    "<testsuites><testsuite name=\"s\"><testcase name=\"a\"/><testcase name=\"b\"><skipped/>"
    "</testcase><testcase name=\"c\"><failure message=\"m\"/></testcase></testsuite></testsuites>";

TEST(Junit, CountsAndMarksTheBuildUnstable) {
  const TempDir folder;
  Bench bench(folder.path());
  const std::string log = bench.finish(fmt::format(R"(node {{
  writeFile file: 'r/1.xml', text: '{}'
  writeFile file: 'r/2.xml', text: '<testsuite><testcase name="d"/></testsuite>'
  def s = junit 'r/*.xml'
  echo "${{s.totalCount}} ${{s.failCount}} ${{s.skipCount}} ${{s.getPassCount()}} ${{currentBuild.result}}"
}})",
                                                   kReport));
  EXPECT_THAT(log, HasSubstr("[Pipeline] junit\nRecording test results\n"));
  EXPECT_THAT(log, HasSubstr("4 1 1 2 UNSTABLE\n"));
  EXPECT_EQ(bench.run().result(), BuildResult::unstable);
  EXPECT_EQ(bench.run().tests()->total, 4);
}

TEST(Junit, CanLeaveTheBuildAsItIs) {
  const Ended ended =
      run_script(fmt::format("node {{ writeFile file: '1.xml', text: '{}'\n"
                             "junit testResults: '1.xml', skipMarkingBuildUnstable: true }}",
                             kReport));
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
}

TEST(Junit, SaysWhatItDidNotFind) {
  EXPECT_THAT(log_of("node { junit '*.xml' }"),
              HasSubstr("ERROR: No test report files were found. Configuration error?\n"));
  constexpr std::string_view kEmpty = "writeFile file: '1.xml', text: '<testsuite/>'\n";
  EXPECT_THAT(log_of(fmt::format("node {{ {} junit '*.xml' }}", kEmpty)),
              HasSubstr("ERROR: None of the test reports contained any result\n"));
  const Ended allowed =
      run_script(fmt::format("node {{ junit testResults: 'x', allowEmptyResults: true\n {}"
                             " junit testResults: '*.xml', allowEmptyResults: true }}",
                             kEmpty));
  EXPECT_EQ(allowed.result, BuildResult::success) << allowed.log;
  EXPECT_THAT(allowed.log, HasSubstr("\nNo test report files were found. Configuration error?\n"));
  EXPECT_THAT(allowed.log, HasSubstr("\nNone of the test reports contained any result\n"));
  EXPECT_THAT(log_of("node { writeFile file: '1.xml', text: '<testsuite'\n junit '*.xml' }"),
              HasSubstr("ERROR: "));
}

TEST(Junit, RefusesReportsOfEarlierRuns) {
  const std::string log = log_of(fmt::format(
      "node {{ writeFile file: 'old.xml', text: '{}'\n sh 'touch -d \"2 hours ago\" old.xml'\n"
      " junit '*.xml' }}",
      kReport));
  EXPECT_THAT(log,
              testing::ContainsRegex("ERROR: Test reports were found but none of them are new. "
                                     "Did the tests run.\nFor example, old.xml is [12] hr "));
}

TEST(Tools, AreFoundByNameAndType) {
  const TempDir folder;
  Bench bench(folder.path());
  bench.services().tools = {{"3.9", "maven", "/opt/maven"}, {"21", "jdk", "/opt/jdk"}};
  const std::string log = bench.finish(R"(node {
  echo "${tool '3.9'} ${tool name: '21', type: 'jdk'} ${tool name: '21', type: 'hudson.model.JDK'}"
  withEnv(['GRADLE_HOME=/opt/gradle']) { echo tool(name: 'any', type: 'gradle') }
  tool name: '3.9', type: 'jdk'
})");
  EXPECT_THAT(log, HasSubstr("/opt/maven /opt/jdk /opt/jdk\n"));
  EXPECT_THAT(log, HasSubstr("/opt/gradle\n"));
  EXPECT_THAT(log, HasSubstr("ERROR: No jdk named 3.9 found"));
}

TEST(Tools, OfDeclarativeSetTheEnvironment) {
  const TempDir folder;
  Bench bench(folder.path());
  bench.services().tools = {{"3.9", "maven", "/opt/maven"}};
  EXPECT_THAT(bench.finish("pipeline { agent any\n tools { maven '3.9' }\n stages { stage('a') { "
                           "steps { sh 'echo \"$M2_HOME $MAVEN_HOME ${PATH%%:*}\"' } } } }"),
              HasSubstr("\n/opt/maven /opt/maven /opt/maven/bin\n"));
}

TEST(Parallel, WhatIsNoClosureIsRefused) {
  EXPECT_THAT(log_of("parallel a: { echo 'x' }, b: 5"),
              HasSubstr("java.lang.IllegalArgumentException: Expected a closure or failFast but "
                        "found b=5"));
  EXPECT_EQ(run_script("parallel([:])").result, BuildResult::success);
  EXPECT_THAT(log_of("try { parallel a: { error 'one' }, b: { sleep time: 50, unit: "
                     "'MILLISECONDS'; error 'two' } } catch (e) { echo \"${e.message} and "
                     "${e.suppressed[0].message}\" }"),
              HasSubstr("one and two\n"));
}

TEST(FirstLines, AreTheCauses) {
  OnceOptions options;
  options.script = "echo 'x'";
  std::string log;
  options.console = [&](std::string_view text) { log += text; };
  ASSERT_TRUE(run_once(std::move(options)).ok());
  EXPECT_THAT(log, HasSubstr("[Pipeline] Start of Pipeline\n[Pipeline] echo\nx\n"
                             "[Pipeline] End of Pipeline\nFinished: SUCCESS\n"));
}

// {"result", "durationMillis", "stages": [{"id", "name", "status", "startMillis", "durationMillis",
// "parent", "steps": [{"id", "name", "label", "status"}]}], "artifacts", "tests"}
TEST(Report, HasEveryField) {
  OnceOptions options;
  std::string log;
  options.console = [&](std::string_view text) { log += text; };
  options.script = fmt::format(R"(pipeline {{
  agent any
  stages {{
    stage('one') {{ steps {{ sh label: 'say it', script: 'echo hi'
      writeFile file: 'r.xml', text: '{}'
      junit 'r.xml'
      archiveArtifacts 'r.xml' }} }}
    stage('two') {{ when {{ expression {{ false }} }}; steps {{ echo 'never' }} }}
    stage('three') {{ parallel {{ stage('a') {{ steps {{ echo 'a' }} }}; stage('b') {{ steps {{ error 'b' }} }} }} }}
  }}
}})",
                               kReport);
  const Result<OnceResult> done = run_once(std::move(options));
  ASSERT_TRUE(done.ok());
  const json::object& report = done->report.as_object();
  std::vector<std::string> keys;
  for (const auto& [key, value] : report) keys.emplace_back(key);
  EXPECT_THAT(keys, testing::UnorderedElementsAre("result", "durationMillis", "stages", "artifacts",
                                                  "tests"));
  EXPECT_EQ(report.at("result"), "FAILURE") << log;
  SCOPED_TRACE(log);
  EXPECT_GE(report.at("durationMillis").as_int64(), 0);
  EXPECT_EQ(report.at("tests"),
            (json::value{{"totalCount", 3}, {"failCount", 1}, {"skipCount", 1}, {"passCount", 1}}));
  ASSERT_EQ(report.at("artifacts").as_array().size(), 1u);
  EXPECT_EQ(text_at(report.at("artifacts").as_array()[0], {"path"}), "r.xml");
  EXPECT_EQ(int_at(report.at("artifacts").as_array()[0], {"size"}),
            static_cast<int64_t>(kReport.size()));
  std::map<std::string, json::value> stages;
  int64_t last = 0;
  for (const json::value& stage : report.at("stages").as_array()) {
    keys.clear();
    for (const auto& [key, value] : stage.as_object()) keys.emplace_back(key);
    EXPECT_THAT(keys, testing::UnorderedElementsAre("id", "name", "status", "startMillis",
                                                    "durationMillis", "parent", "steps"));
    const int64_t id = std::stoll(std::string(text_at(stage, {"id"})));
    EXPECT_GT(id, last) << "ids grow";
    last = id;
    EXPECT_GT(int_at(stage, {"startMillis"}), 0);
    EXPECT_GE(int_at(stage, {"durationMillis"}), 0);
    stages.emplace(text_at(stage, {"name"}), stage);
  }
  EXPECT_EQ(text_at(stages.at("one"), {"status"}), "UNSTABLE");
  EXPECT_EQ(text_at(stages.at("one"), {"id"}), "6");
  EXPECT_TRUE(stages.at("one").at("parent").is_null());
  EXPECT_EQ(text_at(stages.at("two"), {"status"}), "NOT_EXECUTED");
  EXPECT_EQ(text_at(stages.at("three"), {"status"}), "FAILURE");
  const json::array& steps = stages.at("one").at("steps").as_array();
  ASSERT_EQ(steps.size(), 4u);
  keys.clear();
  for (const auto& [key, value] : steps[0].as_object()) keys.emplace_back(key);
  EXPECT_THAT(keys, testing::UnorderedElementsAre("id", "name", "label", "status"));
  EXPECT_EQ(text_at(steps[0], {"name"}), "sh");
  EXPECT_EQ(text_at(steps[0], {"label"}), "say it");
  EXPECT_EQ(text_at(steps[0], {"status"}), "SUCCESS");
}

}  // namespace
}  // namespace ks::engine
