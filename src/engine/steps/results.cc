#include <fmt/format.h>

#include <pugixml.hpp>

#include "base/text.h"
#include "engine/files.h"
#include "engine/interruption.h"

// archiveArtifacts, junit, unstable, catchError, warnError.

namespace ks::engine {
namespace {

constexpr size_t kMaxReportBytes = 256u << 20;
constexpr int kMaxReportDepth = 200;

/// Copies what the pattern names, and tells how many files that were.
size_t keep_artifacts(StepCall& call, const std::string& pattern) {
  Run& run = call.run;
  const std::string folder = call.directory(), target = run.files().artifacts + "/archive";
  const json::value kept = outside(call, "archive", [&]() -> Result<json::value> {
    json::array list;
    for (const std::string& file :
         TRY(find_files(folder, pattern, call.text("excludes"), call.flag("defaultExcludes", true),
                        call.flag("caseSensitive", true)))) {
      const uint64_t bytes = TRY(copy_file(folder, file, target));
      list.push_back({{"path", file}, {"bytes", bytes}});
    }
    return json::value(std::move(list));
  });
  std::vector<Artifact> artifacts;
  for (const json::value& entry : kept.as_array()) {
    artifacts.push_back(
        {std::string(entry.at("path").as_string()), entry.at("bytes").to_number<uint64_t>()});
  }
  const size_t count = artifacts.size();
  run.add_artifacts(std::move(artifacts));
  return count;
}

groovy::Value archive_artifacts(StepCall& call) {
  Run& run = call.run;
  run.print_line("Archiving artifacts");
  if (call.flag("onlyIfSuccessful") && run.result() > BuildResult::unstable) {
    run.print_line("Skipped archiving because build is not successful");
    return {};
  }
  const std::string pattern = call.text("artifacts");
  if (keep_artifacts(call, pattern) == 0) {
    const std::string message = fmt::format(
        "No artifacts found that match the file pattern \"{}\". Configuration error?", pattern);
    if (!call.flag("allowEmptyArchive")) call.fail(message);
    run.print_line(message);
  }
  return {};
}

groovy::Value archive(StepCall& call) {
  call.run.print_line("The archive step is deprecated, please use archiveArtifacts instead.");
  const std::string pattern = call.text("includes", "**");
  if (keep_artifacts(call, pattern) == 0) {
    call.run.print_line(
        fmt::format("No files found to archive for pattern \"{}\"; continuing.", pattern));
  }
  return {};
}

int depth_of(std::string_view xml) {
  int depth = 0, deepest = 0;
  for (size_t i = 0; i + 1 < xml.size(); i++) {
    if (xml[i] != '<') continue;
    if (xml[i + 1] == '/') {
      depth--;
    } else if (xml[i + 1] != '!' && xml[i + 1] != '?') {
      const size_t end = xml.find('>', i);
      if (end != xml.npos && xml[end - 1] != '/') deepest = std::max(deepest, ++depth);
    }
  }
  return deepest;
}

Result<TestSummary> read_report(const std::string& path) {
  const std::string text = TRY(read_file(path, kMaxReportBytes));
  if (depth_of(text) > kMaxReportDepth)
    return Error{Code::invalid, path + ": nested too deeply for a test report"};
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(text.data(), text.size());
  if (!parsed)
    return Error{Code::invalid,
                 fmt::format("{}: {} at byte {}", path, parsed.description(), parsed.offset)};
  TestSummary sum;
  for (const pugi::xpath_node& found : document.select_nodes("//testcase")) {
    sum.total++;
    if (found.node().child("failure") || found.node().child("error")) sum.failed++;
    if (found.node().child("skipped")) sum.skipped++;
  }
  return sum;
}

groovy::Value junit(StepCall& call) {
  Run& run = call.run;
  run.print_line("Recording test results");
  const std::string pattern = call.text("testResults"), folder = call.directory();
  const json::value counted = outside(call, "junit", [&]() -> Result<json::value> {
    TestSummary sum;
    const auto files = TRY(find_files(folder, pattern, "", true));
    for (const std::string& file : files) {
      const TestSummary one = TRY(read_report(folder + "/" + file));
      sum.total += one.total;
      sum.failed += one.failed;
      sum.skipped += one.skipped;
    }
    return json::value{{"files", files.size()},
                       {"total", sum.total},
                       {"failed", sum.failed},
                       {"skipped", sum.skipped}};
  });
  auto number = [&](std::string_view name) { return counted.at(name).to_number<int64_t>(); };
  const TestSummary sum{number("total"), number("failed"), number("skipped")};
  if (sum.total == 0) {
    const std::string message = number("files") == 0
                                    ? "No test report files were found. Configuration error?"
                                    : "None of the test reports contained any result";
    if (!call.flag("allowEmptyResults")) call.fail(message);
    run.print_line(message);
  }
  run.add_tests(sum);
  if (sum.failed > 0 && !call.flag("skipMarkingBuildUnstable")) {
    run.worsen(BuildResult::unstable);
    run.worsen_stage(call.task, BuildResult::unstable);
  }
  auto value = [](int64_t n) { return groovy::Value::of_int(static_cast<int32_t>(n)); };
  return run.interpreter().make_map({{"totalCount", value(sum.total)},
                                     {"failCount", value(sum.failed)},
                                     {"skipCount", value(sum.skipped)},
                                     {"passCount", value(sum.total - sum.failed - sum.skipped)}});
}

groovy::Value unstable(StepCall& call) {
  if (call.text("message").empty()) {
    call.run.raise(call.task, "java.lang.IllegalArgumentException",
                   "A non-empty message is required");
  }
  call.run.print_line("WARNING: " + call.text("message"));
  call.run.worsen(BuildResult::unstable);
  call.run.worsen_stage(call.task, BuildResult::unstable);
  return {};
}

BuildResult result_argument(StepCall& call, std::string_view name, std::string_view otherwise) {
  const std::string text = call.text(name, otherwise);
  const auto result = parse_result(text);
  if (!result)
    call.run.raise(call.task, "java.lang.IllegalArgumentException",
                   fmt::format("{} is invalid: {}", name, text));
  return *result;
}

/// Runs the body; an error becomes a result, and the script goes on.
groovy::Value catching(StepCall& call, BuildResult build, BuildResult stage,
                       const std::string& message) {
  Run& run = call.run;
  try {
    return call.call_body();
  } catch (const groovy::Thrown& thrown) {
    const groovy::Failure failure = run.interpreter().describe(call.task, thrown);
    const bool interrupted = is_interruption(failure);
    if (!thrown.catchable || (interrupted && !call.flag("catchInterruptions", true) &&
                              is_actual(run, call.task, thrown.exception)))
      throw;
    if (interrupted) {
      build = stage = result_of(call.task, thrown);
    }
    if (!message.empty()) run.print_line("ERROR: " + message);
    print_failure(run, call.task, thrown);
    if (build > run.result())
      run.print_line(fmt::format("Setting overall build result to {}", to_string(build)));
    run.worsen(build);
    run.worsen_stage(call.task, stage);
    return {};
  }
}

groovy::Value catch_error(StepCall& call) {
  const BuildResult build = result_argument(call, "buildResult", "FAILURE"),
                    stage = result_argument(call, "stageResult", "FAILURE");
  return catching(call, build, stage, call.text("message"));
}

groovy::Value warn_error(StepCall& call) {
  const std::string message = call.text("message");
  if (message.empty())
    call.run.raise(call.task, "java.lang.IllegalArgumentException",
                   "A non-empty message is required");
  return catching(call, BuildResult::unstable, BuildResult::unstable, message);
}

}  // namespace

void add_result_steps(StepRegistry& registry) {
  registry.add({.name = "archiveArtifacts",
                .parameters = {"artifacts", "excludes", "allowEmptyArchive", "onlyIfSuccessful",
                               "fingerprint", "defaultExcludes", "caseSensitive", "followSymlinks"},
                .sole = "artifacts",
                .needs = Needs::node,
                .function = archive_artifacts});
  registry.add({.name = "archive",
                .parameters = {"includes", "excludes"},
                .sole = "includes",
                .needs = Needs::node,
                .function = archive});
  registry.add({.name = "junit",
                .parameters = {"testResults", "allowEmptyResults", "skipPublishingChecks",
                               "keepLongStdio", "healthScaleFactor", "testDataPublishers",
                               "skipMarkingBuildUnstable", "skipOldReports", "checksName"},
                .sole = "testResults",
                .needs = Needs::node,
                .function = junit});
  registry.add(
      {.name = "unstable", .parameters = {"message"}, .sole = "message", .function = unstable});
  registry.add({.name = "catchError",
                .parameters = {"message", "buildResult", "stageResult", "catchInterruptions"},
                .sole = {},
                .block = true,
                .function = catch_error});
  registry.add({.name = "warnError",
                .parameters = {"message", "catchInterruptions"},
                .sole = "message",
                .block = true,
                .function = warn_error});
}

}  // namespace ks::engine
