#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/testing/script.h"

// findFiles, touch, digests, compareVersions, nodesByLabel, cleanWs.

namespace ks::engine {
namespace {

using testing::HasSubstr;

TEST(FindSteps, FindFilesGivesChildrenOrWhatTheGlobTakes) {
  const Ended ended = run_script(R"(
node {
  writeFile file: 'a.txt', text: 'abc'; writeFile file: 'd/b.txt', text: ''; writeFile file: 'd/c.md', text: ''
  def top = findFiles()
  assert top*.name == ['a.txt', 'd'] && top[1].directory && !top[0].directory && "${top[1]}" == 'd/'
  def found = findFiles(glob: '**/*.txt', excludes: 'a*')
  assert found.size() == 1 && found[0].path == 'd/b.txt' && found[0].name == 'b.txt'
  assert top[0].length == 3 && top[0].lastModified > 1600000000000L
  def t = touch file: 'x/y', timestamp: 1500000000123L
  assert t.lastModified == 1500000000123L && t.path == 'x/y'
}
)");
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
}

TEST(FindSteps, VersionsCompareAsMavensDo) {
  const Ended ended = run_script(R"(
def less = [['1.0', '1.1'], ['1.9', '1.10'], ['1.0-SNAPSHOT', '1.0'], ['1.0-alpha', '1.0-beta'],
            ['1.0-rc1', '1.0'], ['1.0', '1.0.1'], ['2', '10'], ['1.0-beta2', '1.0-beta10']]
for (pair in less) {
  assert compareVersions(v1: pair[0], v2: pair[1]) == -1
  assert compareVersions(v1: pair[1], v2: pair[0]) == 1
}
assert compareVersions(v1: '1.0', v2: '1') == 0
try { compareVersions(v1: '', v2: '1', failIfEmpty: true) } catch (e) { echo e.message }
)");
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
  EXPECT_THAT(ended.log, HasSubstr("v1 is empty."));
}

TEST(FindSteps, NodesByLabelAndCleanWs) {
  const Ended ended = run_script(R"(
assert nodesByLabel('built-in') == ['built-in']
assert nodesByLabel('moon') == []
node {
  writeFile file: 'keep.txt', text: ''; writeFile file: 'd/drop.log', text: ''
  cleanWs patterns: [[pattern: '**/*.log', type: 'INCLUDE']]
  assert fileExists('keep.txt') && !fileExists('d/drop.log')
  cleanWs cleanWhenSuccess: false
  assert fileExists('keep.txt')
  cleanWs()
  assert !fileExists('keep.txt')
}
)");
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
  EXPECT_THAT(ended.log, HasSubstr("Found a total of 1 nodes with the 'built-in' label"));
  EXPECT_THAT(ended.log, HasSubstr("Could not find any nodes with 'moon' label"));
  EXPECT_THAT(ended.log, HasSubstr("[WS-CLEANUP] done"));
}

TEST(FindSteps, UnarchiveBringsFilesBack) {
  const Ended ended = run_script(R"(
node {
  writeFile file: 'a/b', text: 'x'
  archiveArtifacts 'a/**'
  deleteDir()
  unarchive mapping: ['a/b': 'c']
  assert readFile('c') == 'x'
}
)");
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
}

}  // namespace
}  // namespace ks::engine
