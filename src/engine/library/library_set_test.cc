#include "engine/library/library_set.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>

#include "base/json.h"
#include "engine/testing/run_bench.h"
#include "engine/testing/test_repository.h"

// Shared libraries from real repositories and folders.

namespace ks::engine {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const TestRepository::Files kTools = {
    {"vars/hello.groovy",
     "def call(name) { echo \"hello ${name}\" }\n"
     "def twice(name) { call(name); call(name) }\n"},
    {"vars/counter.groovy",
     "import groovy.transform.Field\n@Field int count = 0\n"
     "def next() { count = count + 1; return count }\n"
     "def keep(v) { this.kept = v }\ndef kept() { kept }\n"},
    {"vars/wrapped.groovy",
     "def call(Closure body) {\n  def config = [:]\n"
     "  body.resolveStrategy = Closure.DELEGATE_FIRST\n"
     "  body.delegate = config\n  body()\n  echo \"title ${config.title}\"\n}\n"},
    {"vars/standard.groovy",
     "def call(Map args) {\n  pipeline {\n    agent any\n    stages { stage('lib') { steps { echo "
     "\"from ${args.name}\" } } }\n  }\n}\n"},
    {"vars/hello.txt", "Says hello."},
    {"src/org/example/Tool.groovy",
     "package org.example\nimport org.example.parts.Part\nclass Tool implements Serializable {\n"
     "  static final int LIMIT = 7\n  def steps\n  Tool(steps) { this.steps = steps }\n"
     "  def run() { steps.echo \"tool ${new Part(size: 3).size}\" }\n"
     "  static twice(x) { x * 2 }\n}\n"},
    {"src/org/example/parts/Part.groovy",
     "package org.example.parts\nclass Part extends Base { int size }\n"},
    {"src/org/example/parts/Base.groovy", "package org.example.parts\nclass Base { }\n"},
    {"src/org/example/Script.groovy", "package org.example\ndef say(x) { echo \"says ${x}\" }\n"},
    {"resources/org/example/text.txt", "a resource"},
    {"resources/binary", std::string("\x00\xff\x01", 3)},
};

class LibraryTest : public testing::Test {
 protected:
  LibraryTest() { commit_ = tools_.commit("first", kTools); }

  LibraryConfig tools() const {
    return {.name = "tools", .source = tools_.path(), .default_version = "main"};
  }
  std::string run(std::string_view script, const std::vector<LibraryConfig>& libraries) {
    bench_.emplace(folder_ / fmt::format("bench{}", ++runs_));
    for (const LibraryConfig& library : libraries)
      bench_->spec().libraries.push_back(library_to_json(library));
    bench_->services().local_repositories = local_;
    return bench_->finish(script);
  }
  std::string run(std::string_view script) { return run(script, {tools()}); }
  BuildResult result() { return bench_->run().result(); }

  TempDir folder_;
  TestRepository tools_{folder_ / "tools"};
  std::string commit_;
  bool local_ = false;
  int runs_ = 0;
  std::optional<Bench> bench_;
};

TEST_F(LibraryTest, AnAnnotationMakesVariablesAndClassesKnown) {
  const std::string log = run(R"(@Library('tools') _
import org.example.Tool
import static org.example.Tool.twice
hello 'ada'
hello.twice('bob')
echo "next ${counter.next()} ${counter.next()}"
counter.keep('x'); echo counter.kept()
wrapped { title = 'A' }
new Tool(steps).run()
new Tool(this).run()
echo "limit ${Tool.LIMIT} ${twice(4)} ${org.example.Tool.twice('a')}"
new org.example.Script().say('yes')
echo libraryResource('org/example/text.txt')
echo libraryResource(resource: 'binary', encoding: 'Base64')
echo "version ${env['library.tools.version']}"
)");
  EXPECT_EQ(result(), BuildResult::success) << log;
  EXPECT_THAT(log, AllOf(HasSubstr("Loading library tools@main\n"),
                         HasSubstr("revision " + commit_ + "\n[Pipeline] Start of Pipeline"),
                         HasSubstr("hello ada"), HasSubstr("next 1 2"), HasSubstr("echo\nx\n"),
                         HasSubstr("title A")));
  EXPECT_THAT(log, AllOf(HasSubstr("tool 3\n[Pipeline] echo\ntool 3"), HasSubstr("limit 7 8 aa"),
                         HasSubstr("says yes"), HasSubstr("a resource"), HasSubstr("AP8B"),
                         HasSubstr("version main")));
}

TEST_F(LibraryTest, ALibraryMayHoldAWholeDeclarativePipeline) {
  const std::string log = run("@Library('tools') _\nstandard name: 'the library'");
  EXPECT_EQ(result(), BuildResult::success) << log;
  EXPECT_THAT(log, AllOf(HasSubstr("[Pipeline] { (lib)"), HasSubstr("from the library")));
}

TEST_F(LibraryTest, TheStepGivesClassesAndVersionsAreChosen) {
  tools_.git({"tag", "v1"});
  tools_.git({"checkout", "-q", "-b", "next"});
  tools_.commit("second", {{"vars/hello.groovy", "def call(n) { echo \"HELLO ${n}\" }"}});
  tools_.git({"checkout", "-q", "main"});
  EXPECT_THAT(
      run("def l = library('tools@v1'); echo \"${l.org.example.Tool.LIMIT} "
          "${l.org.example.Tool.twice(2)}\"; l.org.example.Tool.new(steps).run(); hello 'a'"),
      AllOf(HasSubstr("Loading library tools@v1"), HasSubstr("7 4"), HasSubstr("tool 3"),
            HasSubstr("hello a")));
  EXPECT_THAT(run("library 'tools@next'\nhello 'a'"), HasSubstr("HELLO a"));
  EXPECT_THAT(run("library identifier: 'tools@" + commit_ + "', changelog: false\nhello 'a'"),
              HasSubstr("hello a"));
  EXPECT_THAT(run("library('tools').org.example.None"),
              HasSubstr("java.lang.ClassNotFoundException: org.example.None"));
}

TEST_F(LibraryTest, DeclarativeLoadsItsLibraries) {
  EXPECT_THAT(run("pipeline { agent none\n libraries { lib('tools@main') }\n stages { stage('s') { "
                  "steps { hello('x') } } } }"),
              AllOf(HasSubstr("Loading library tools@main"), HasSubstr("hello x")));
}

TEST_F(LibraryTest, AnImplicitLibraryNeedsNoAnnotation) {
  LibraryConfig config = tools();
  config.implicit = true;
  EXPECT_THAT(run("hello 'x'", {config}), HasSubstr("hello x"));
  tools_.git({"tag", "v1"});
  // An annotation says which version.
  const std::string log = run("@Library('tools@v1') _\nhello 'x'", {config});
  EXPECT_THAT(log, AllOf(HasSubstr("Loading library tools@v1"), Not(HasSubstr("tools@main"))));
}

TEST_F(LibraryTest, WhatCannotBeLoadedFailsTheRunWithItsReason) {
  EXPECT_THAT(run("@Library('nope') _\necho 'x'"),
              AllOf(HasSubstr("ERROR: Could not find any definition of libraries [nope]"),
                    HasSubstr("WorkflowScript: Loading libraries failed\n\n1 error"),
                    HasSubstr("Finished: FAILURE"), Not(HasSubstr("[Pipeline] echo"))));
  EXPECT_THAT(run("library 'nope'"), HasSubstr("ERROR: No library named nope found"));
  EXPECT_THAT(run("library 'tools@nope'"), HasSubstr("ERROR: No version nope found for library"));
  EXPECT_THAT(run("library 'tools@--upload-pack=x'"), HasSubstr("takes it for an option"));
  LibraryConfig config = tools();
  config.default_version.clear();
  config.source = folder_ / "bare";
  tools_.git({"clone", "-q", "--bare", tools_.path(), config.source});
  EXPECT_THAT(run("library 'tools'", {config}),
              HasSubstr("ERROR: No version specified for library tools"));
  config = tools();
  config.allow_version_override = false;
  EXPECT_THAT(run("library 'tools@v1'", {config}),
              HasSubstr("ERROR: Version override not permitted for library tools"));
  EXPECT_THAT(run("@Library(\"${x}\") _"), HasSubstr("was not a constant"));
  const TestRepository empty(folder_ / "empty");
  empty.commit("none", {{"README", "x"}});
  config.source = empty.path();
  EXPECT_THAT(run("library 'tools'", {config}),
              HasSubstr("ERROR: Library tools expected to contain at least one of src or vars "
                        "directories"));
  EXPECT_THAT(run("library 'tools'\nlibraryResource 'nope'"),
              HasSubstr("ERROR: No such library resource nope could be found."));
  EXPECT_THAT(run("library 'tools'\nlibraryResource '../vars/hello.groovy'"),
              HasSubstr("is no path of a library resource"));
}

TEST_F(LibraryTest, ABrokenVariableSaysWhereItIsWrong) {
  tools_.commit("broken", {{"vars/broken.groovy", "def call() {\n  if (\n}\n"}});
  EXPECT_THAT(
      run("library 'tools'\nbroken()"),
      AllOf(HasSubstr("MultipleCompilationErrorsException: startup failed:\nbroken.groovy: "),
            HasSubstr("Finished: FAILURE")));
}

TEST_F(LibraryTest, AFolderIsReadAsItIs) {
  LibraryConfig config{.name = "tools", .source = folder_ / "plain", .default_version = {}};
  ASSERT_TRUE(make_dirs(config.source + "/vars"));
  ASSERT_TRUE(make_dirs(config.source + "/resources"));
  ASSERT_TRUE(write_file_atomic(config.source + "/vars/hi.groovy", "def call() { 'plain' }"));
  ASSERT_TRUE(write_file_atomic(folder_ / "secret", "secret"));
  ASSERT_EQ(symlink((folder_ / "secret").c_str(), (config.source + "/resources/link").c_str()), 0);
  EXPECT_THAT(run("@Library('tools@whatever') _\necho hi()", {config}), HasSubstr("plain"));
  EXPECT_THAT(run("library 'tools'\necho libraryResource('link')", {config}),
              AllOf(HasSubstr("No such library resource link"), Not(HasSubstr("\nsecret"))));
  // A work tree too, as long as no version is named: what is not committed counts.
  ASSERT_TRUE(
      write_file_atomic(tools_.path() + "/vars/hello.groovy", "def call(n) { echo 'new' }"));
  config.source = tools_.path();
  EXPECT_THAT(run("library 'tools'\nhello 'x'", {config}), HasSubstr("new"));
  EXPECT_THAT(run("library 'tools@main'\nhello 'x'", {config}), HasSubstr("hello x"));
}

TEST_F(LibraryTest, AScriptMayNameARepositoryButNoFolderOfTheServer) {
  const std::string script = fmt::format(
      "library identifier: 'own@main', retriever: modernSCM([$class: 'GitSCMSource', remote: "
      "'{}'])\nhello 'x'",
      tools_.path());
  EXPECT_THAT(run(script),
              AllOf(HasSubstr("is a folder of the server"), Not(HasSubstr("hello x"))));
  local_ = true;
  EXPECT_THAT(run(script), HasSubstr("hello x"));
}

TEST_F(LibraryTest, ARunThatGoesOnHasTheCodeThatItBeganWith) {
  const std::string script =
      "@Library('tools') _\nhello 'x'\necho libraryResource('org/example/text.txt')\n"
      "hello 'y'\n";
  const std::string log = run(script);
  ASSERT_EQ(result(), BuildResult::success) << log;
  const std::string first = folder_ / fmt::format("bench{}", runs_);
  bench_.reset();
  // The branch moves on, in other words.
  tools_.commit("second", {{"vars/hello.groovy", "def call(n) { echo 'changed' }"}});
  const std::string journal = read_file(first + "/journal").value();
  size_t resumed = 0;
  for (uint64_t at = 8; at + 17 <= journal.size();) {
    uint32_t size = 0;
    std::memcpy(&size, journal.data() + at, sizeof size);
    at += 17 + size;
    const std::string past = journal.substr(0, at);
    resumed++;
    ASSERT_TRUE(write_file_atomic(first + "/journal", past));
    ASSERT_TRUE(write_file_atomic(first + "/log", log));
    Bench again(first);
    const std::string text = again.finish("ignored");
    EXPECT_EQ(again.run().result(), BuildResult::success) << text;
    const bool fetched = past.contains(commit_);
    EXPECT_EQ(text.contains("hello y"), fetched) << text;
    EXPECT_EQ(text.contains("changed"), !fetched) << text;
  }
  EXPECT_GT(resumed, 6U);
}

TEST_F(LibraryTest, LoadRunsAFileOfTheWorkspace) {
  const std::string log = run(R"(node {
    writeFile file: 'helper.groovy', text: 'def greet(n) { echo "hi ${n}" }\nreturn this'
    writeFile file: 'value.groovy', text: '6 * 7'
    def helper = load 'helper.groovy'
    helper.greet('ada')
    echo "value ${load('value.groovy')}"
    echo "evaluated ${evaluate('1 + 2')}"
    load 'missing.groovy'
  })",
                              {});
  EXPECT_THAT(log, AllOf(HasSubstr("hi ada"), HasSubstr("value 42"), HasSubstr("evaluated 3"),
                         HasSubstr("java.nio.file.NoSuchFileException: ")));
}

}  // namespace
}  // namespace ks::engine
