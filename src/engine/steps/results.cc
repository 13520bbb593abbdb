#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/files.h"
#include "engine/fingerprints.h"
#include "engine/interruption.h"
#include "engine/test_report.h"
#include "engine/time_words.h"

// archiveArtifacts, junit, unstable, catchError, warnError.

namespace ks::engine {
namespace {

/// Where a link leads, below the folder; nothing when that is elsewhere or nowhere.
std::optional<std::string> target_inside(const std::string& folder, const std::string& relative) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path root = fs::canonical(folder, error);
  if (error) return std::nullopt;
  const fs::path real = fs::canonical(fs::path(folder) / relative, error);
  if (error) return std::nullopt;
  std::string below = real.lexically_relative(root).string();
  if (below == "." || below.starts_with("..")) return std::nullopt;
  return below;
}

/// One file into the archive. A link that leads out of the workspace stays out: what it names is
/// nothing that this run made, and who fetches artifacts must not get it.
Result<std::optional<uint64_t>> keep_one(const std::string& folder, const std::string& file,
                                         const std::string& target, bool follow) {
  if (!std::filesystem::is_symlink(folder + "/" + file))
    return std::optional(TRY(copy_file(folder, file, target)));
  const auto real = target_inside(folder, file);
  if (!real) return std::optional<uint64_t>();
  if (!follow || std::filesystem::is_directory(folder + "/" + *real))
    return std::optional(TRY(copy_file(folder, file, target)));
  // The file that it names, under its own name.
  TempDir beside;
  TRY(copy_file(folder, *real, beside.path()));
  const std::string to = target + "/" + file;
  TRY(make_dirs(to.substr(0, to.rfind('/'))));
  std::error_code error;
  std::filesystem::remove(to, error);
  std::filesystem::copy_file(beside.path() + "/" + *real, to, error);
  if (error) return Error{Code::internal, fmt::format("copy {}: {}", file, error.message())};
  return std::optional<uint64_t>(std::filesystem::file_size(to, error));
}

/// Copies what the pattern names, and tells which files that were.
std::vector<Artifact> keep_artifacts(StepCall& call, const std::string& pattern) {
  Run& run = call.run;
  const std::string folder = call.directory(), target = run.files().artifacts + "/archive",
                    excludes = call.text("excludes");
  const bool default_excludes = call.flag("defaultExcludes", true),
             case_sensitive = call.flag("caseSensitive", true),
             follow = call.flag("followSymlinks", true);
  const json::value kept = outside(call, "archive", [&]() -> Result<json::value> {
    json::array list, left_out;
    for (const std::string& file :
         TRY(find_files(folder, pattern, excludes, default_excludes, case_sensitive))) {
      if (const auto bytes = TRY(keep_one(folder, file, target, follow))) {
        list.push_back({{"path", file}, {"bytes", *bytes}});
      } else {
        left_out.push_back(json::value(file));
      }
    }
    return json::value{{"kept", std::move(list)}, {"leftOut", std::move(left_out)}};
  });
  std::vector<Artifact> artifacts;
  for (const json::value& entry : kept.at("kept").as_array()) {
    artifacts.push_back(
        {std::string(entry.at("path").as_string()), entry.at("bytes").to_number<uint64_t>()});
  }
  for (const json::value& file : kept.at("leftOut").as_array())
    run.print_line(fmt::format("Not archived: the link '{}' leads out of the workspace",
                               std::string_view(file.as_string())));
  run.add_artifacts(artifacts);
  return artifacts;
}

/// Of what was kept, since the workspace goes on changing. A link has no bytes of its own.
void fingerprint_artifacts(StepCall& call, const std::vector<Artifact>& kept) {
  const std::string folder = call.run.files().artifacts + "/archive";
  record_fingerprints(call, folder, Fence(folder), [folder, kept] {
    std::vector<std::string> files;
    for (const Artifact& one : kept) {
      if (!std::filesystem::is_symlink(folder + "/" + one.path)) files.push_back(one.path);
    }
    return Result<std::vector<std::string>>(std::move(files));
  });
}

groovy::Value archive_artifacts(StepCall& call) {
  Run& run = call.run;
  run.print_line("Archiving artifacts");
  if (call.flag("onlyIfSuccessful") && run.result() > BuildResult::unstable) {
    run.print_line("Skipped archiving because build is not successful");
    return {};
  }
  const std::string pattern = call.text("artifacts");
  const std::vector<Artifact> kept = keep_artifacts(call, pattern);
  if (kept.empty()) {
    const std::string message = fmt::format(
        "No artifacts found that match the file pattern \"{}\". Configuration error?", pattern);
    if (!call.flag("allowEmptyArchive")) call.fail(message);
    run.print_line(message);
  } else if (call.flag("fingerprint")) {
    run.print_line("Recording fingerprints");
    fingerprint_artifacts(call, kept);
  }
  return {};
}

groovy::Value archive(StepCall& call) {
  call.run.print_line("The archive step is deprecated, please use archiveArtifacts instead.");
  const std::string pattern = call.text("includes", "**");
  if (keep_artifacts(call, pattern).empty()) {
    call.run.print_line(
        fmt::format("No files found to archive for pattern \"{}\"; continuing.", pattern));
  }
  return {};
}

/// What junit gives back.
class TestResultSummary final : public groovy::HostObject {
 public:
  explicit TestResultSummary(const TestSummary& sum) : sum_(sum) {}
  std::string class_name() const override { return "hudson.tasks.junit.TestResultSummary"; }
  std::optional<groovy::Value> get_property(groovy::Task&, std::string_view name) override {
    auto value = [](int64_t n) { return groovy::Value::of_int(static_cast<int32_t>(n)); };
    if (name == "totalCount") return value(sum_.total);
    if (name == "failCount") return value(sum_.failed);
    if (name == "skipCount") return value(sum_.skipped);
    if (name == "passCount") return value(sum_.total - sum_.failed - sum_.skipped);
    return std::nullopt;
  }
  std::optional<groovy::Value> call_method(groovy::Task& task, std::string_view name,
                                           groovy::Args args) override {
    if (!args.empty() || !name.starts_with("get") || name.size() < 4) return std::nullopt;
    std::string property(name.substr(3));
    property[0] = static_cast<char>(property[0] | 0x20);
    return get_property(task, property);
  }

 private:
  TestSummary sum_;
};

struct ReportFiles {
  std::vector<std::string> fresh;
  std::string old;  ///< one that an earlier run left
  std::chrono::milliseconds age{0};
};

/// Reports from before the run began tell nothing of it.
Result<ReportFiles> report_files(const std::string& folder, const std::string& pattern,
                                 WallTime began) {
  constexpr auto kMargin = std::chrono::seconds(3);  // of the file system's clock
  ReportFiles out;
  for (std::string& file : TRY(find_files(folder, pattern, "", true))) {
    struct stat info{};
    if (stat((folder + "/" + file).c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    const WallTime written{std::chrono::milliseconds(int64_t{info.st_mtim.tv_sec} * 1000)};
    if (written + kMargin >= began) {
      out.fresh.push_back(std::move(file));
    } else {
      out.old = std::move(file);
      out.age = began - written;
    }
  }
  return out;
}

/// Reads the reports that are new and keeps what they say of each case beside the artifacts.
Result<json::value> keep_reports(Run& run, const std::string& folder, const std::string& pattern,
                                 bool long_output, const std::string& kept) {
  json::array suites;
  const ReportFiles files = TRY(report_files(folder, pattern, run.started()));
  for (const std::string& file : files.fresh) {
    for (json::value& suite : TRY(read_junit(folder + "/" + file, long_output)))
      suites.push_back(std::move(suite));
  }
  std::optional<json::object> earlier;
  const auto& earlier_file = run.services().earlier_file;
  if (const std::string path =
          earlier_file ? earlier_file(run.spec(), std::string(kTestReports)) : std::string();
      !path.empty())
    earlier = TRY(read_test_report(path));
  const json::object report =
      make_test_report(std::move(suites), earlier ? &*earlier : nullptr, run.spec().number);
  const TestSummary sum = summary_of(report);
  if (sum.total > 0) {
    // Each call has a file of its own, so that one that is made again after a crash counts once.
    TRY(make_dirs(kept.substr(0, kept.rfind('/'))));
    TRY(write_file_atomic(kept, to_json(report), 0600));
  }
  return json::value{{"files", files.fresh.size()}, {"old", files.old},
                     {"age", files.age.count()},    {"total", sum.total},
                     {"failed", sum.failed},        {"skipped", sum.skipped}};
}

groovy::Value junit(StepCall& call) {
  Run& run = call.run;
  run.print_line("Recording test results");
  const std::string pattern = call.text("testResults"), folder = call.directory(),
                    kept = fmt::format("{}/{}/{}.json", run.files().artifacts, kTestReports,
                                       run.next_await());
  const json::value counted = outside(call, "junit", [&] {
    return keep_reports(run, folder, pattern, call.flag("keepLongStdio"), kept);
  });
  auto number = [&](std::string_view name) { return counted.at(name).to_number<int64_t>(); };
  const TestSummary sum{number("total"), number("failed"), number("skipped")};
  if (sum.total == 0) {
    std::string message = "None of the test reports contained any result";
    if (number("files") == 0) {
      const std::string_view old = text_at(counted, {"old"});
      message = old.empty() ? "No test report files were found. Configuration error?"
                            : fmt::format(
                                  "Test reports were found but none of them are new. Did the tests "
                                  "run?\nFor example, {} is {} old",
                                  old, time_span(std::chrono::milliseconds(number("age"))));
    }
    if (!call.flag("allowEmptyResults")) call.fail(message);
    run.print_line(message);
  }
  run.add_tests(sum);
  if (sum.failed > 0 && !call.flag("skipMarkingBuildUnstable")) {
    run.worsen(BuildResult::unstable);
    run.worsen_stage(call.task, BuildResult::unstable);
  }
  return groovy::Value(run.interpreter().heap().make<TestResultSummary>(sum));
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
