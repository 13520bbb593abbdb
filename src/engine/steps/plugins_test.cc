#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/testing/script.h"

// timestamps, ansiColor, publishHTML, configFileProvider, step, wrap, and what does not run here.

namespace ks::engine {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

TEST(LogBlocks, TimestampsStandBeforeEachLine) {
  const Ended ended = run_script(R"(
echo 'before'
timestamps { echo 'inside'; node { sh 'printf "one\ntwo\n"' } }
echo 'after'
)");
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
  const std::string stamp = R"(\[20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z\] )";
  EXPECT_THAT(ended.log, ContainsRegex("\n" + stamp + "inside\n"));
  EXPECT_THAT(ended.log, ContainsRegex("\n" + stamp + "one\n" + stamp + "two\n"));
  EXPECT_THAT(ended.log, HasSubstr("\nbefore\n"));
  EXPECT_THAT(ended.log, HasSubstr("\nafter\n"));
}

TEST(LogBlocks, AnsiColorSetsTheTerminalAndKeepsEscapes) {
  const Ended ended =
      run_script("node { ansiColor('xterm') { sh 'printf \"\\033[31m$TERM\\033[0m\\n\"' } }");
  EXPECT_THAT(ended.log, HasSubstr("\033[31mxterm\033[0m"));
}

TEST(PublishHtml, KeepsAReportWithTheRun) {
  const TempDir folder;
  const Ended ended = run_in(folder.path(), R"(
node {
  writeFile file: 'site/index.html', text: '<p>'
  publishHTML target: [reportDir: 'site', reportFiles: 'index.html', reportName: 'My Report']
  publishHTML([reportDir: 'none', reportFiles: 'x', reportName: 'N', allowMissing: true])
  publishHTML reportDir: 'none', reportFiles: 'x', reportName: '../../up'
}
)");
  EXPECT_EQ(ended.result, BuildResult::failure);
  EXPECT_THAT(ended.log, HasSubstr("[htmlpublisher] Archiving HTML reports..."));
  EXPECT_THAT(ended.log,
              ContainsRegex("ERROR: Specified HTML directory '.*/none' does not exist."));
  EXPECT_EQ(read_file(folder / "files/archive/htmlreports/My_20Report/index.html").value_or(""),
            "<p>");
}

TEST(Delegates, ClassesStandForSteps) {
  const TempDir folder;
  const Ended ended = run_in(folder.path(), R"(
node {
  writeFile file: 'a.txt', text: 'x'
  step([$class: 'ArtifactArchiver', artifacts: '*.txt', fingerprint: true])
  step([$class: 'Mailer', recipients: 'a@example.org', notifyEveryUnstableBuild: true])
  wrap([$class: 'AnsiColorBuildWrapper', colorMapName: 'xterm']) { sh 'echo term=$TERM' }
  wrap([$class: 'TimestamperBuildWrapper']) { echo 'stamped' }
  wrap([$class: 'BuildUser']) { echo "user ${env.BUILD_USER}" }
  try { step([$class: 'CopyArtifact', projectName: 'x']) } catch (e) { echo e.message }
  step([$class: 'Nonsense'])
}
)");
  EXPECT_THAT(ended.log, HasSubstr("\nterm=xterm"));
  EXPECT_THAT(ended.log, ContainsRegex("\n\\[20[^\n]*\\] stamped"));
  EXPECT_THAT(ended.log, HasSubstr("step 'copyArtifacts' of plugin 'copyartifact'"));
  EXPECT_THAT(ended.log, HasSubstr("ERROR: step: there is no class 'Nonsense' here; known are"));
  EXPECT_TRUE(file_exists(folder / "files/archive/a.txt"));
}

TEST(MissingSteps, NameThePluginOrTheCapabilityAndWhatWorks) {
  EXPECT_THAT(
      run_script("slackSend channel: '#a', message: 'b'").log,
      HasSubstr("ERROR: step 'slackSend' of plugin 'slack' does not run here; what works: "));
  EXPECT_THAT(
      run_script("podTemplate(containers: [containerTemplate(name: 'a', image: 'b')]) { }").log,
      HasSubstr("needs a node with the capability 'kubernetes'"));
  EXPECT_THAT(run_script("node { container('maven') { sh 'true' } }").log,
              HasSubstr("ERROR: step 'container' needs a node with the capability 'kubernetes'"));
  const Ended docker = run_script(
      "def i = docker.image('maven:3'); echo i.imageName()\nnode { i.inside { sh 'true' } }");
  EXPECT_THAT(docker.log, HasSubstr("\nmaven:3\n"));
  EXPECT_THAT(docker.log, HasSubstr("ERROR: docker.image('maven:3').inside needs a node with the "
                                    "capability 'docker'"));
  EXPECT_THAT(run_script("nonsense()").log, HasSubstr("No such DSL method 'nonsense'"));
}

TEST(ConfigFiles, SayWhereTheyComeFrom) {
  const Ended ended = run_script(
      "node { configFileProvider([configFile(fileId: 'm', variable: 'S')]) { echo 'NEVER' } }");
  EXPECT_EQ(ended.result, BuildResult::failure);
  EXPECT_THAT(ended.log, HasSubstr("not able to provide the file [ManagedFile: id=m]"));
  EXPECT_THAT(ended.log, Not(HasSubstr("\nNEVER")));
}

}  // namespace
}  // namespace ks::engine
