#include <fmt/format.h>

#include <boost/json.hpp>
#include <filesystem>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "engine/journal.h"
#include "engine/server/engine_server.h"
#include "pipeline/compile.h"

// Restart of a Declarative run from one of its stages (pipeline-language.md, section 17), and what
// of a run outlives its end for that: stashes.

namespace ks::engine {
namespace {

std::string shown(const JobName& job, uint64_t number) {
  return fmt::format("{} #{}", shown_job(job.text()), number);
}

/// What a run was given: the first record of its journal.
Result<RunSpec> spec_of(const std::string& folder) {
  std::optional<std::string> first;
  TRY(Journal::open(folder + "/journal", [&](JournalRecord record) {
    if (!first && record.type == RecordType::begin) first = std::move(record.data);
  }));
  if (!first) return Error{Code::invalid, "its journal is gone"};
  return RunSpec::from_json(TRY(parse_json(*first)));
}

/// Whether a top-level stage of this name was come to: not one that an earlier failure left out.
bool reached_stage(const RunInfo& info, const std::string& stage) {
  for (const RunNode& node : info.nodes) {
    if (node.kind != NodeKind::stage) continue;
    if (node.name == stage) return true;
    if (node.result >= BuildResult::failure && node.state != NodeState::skipped) {
      // Stages of the pipeline's own make do not stand for one of the script.
      if (!node.name.starts_with("Declarative: ")) return false;
    }
  }
  return false;
}

}  // namespace

Result<uint64_t> EngineServer::restart(const JobName& name, uint64_t number,
                                       const std::string& stage, const std::string& by) {
  auto refuse = [](std::string message) { return Error{Code::invalid, std::move(message)}; };
  if (stage.empty()) return refuse("Stage name cannot be null or an empty string.");
  const JobRef job = TRY(find_job(name));
  if (job->settings.disabled) return refuse(fmt::format("Job {} is not buildable.", name.text()));
  const RunInfo info = TRY(run(name, number, true));
  const std::string origin = shown(name, number);
  if (!info.finished())
    return refuse(
        fmt::format("The origin build {} is not complete, so cannot be restarted.", origin));
  const Result<RunSpec> spec = spec_of(job->build_folder(number));
  const bool ran =
      std::ranges::any_of(info.nodes, [](const RunNode& n) { return n.kind == NodeKind::stage; });
  if (!spec || info.nodes.empty()) {
    return refuse(fmt::format(
        "The origin build {} did not execute its Pipeline, so cannot be restarted.", origin));
  }
  const pipeline::Checked checked = pipeline::check_pipeline(spec->script);
  if (checked.pipelines.empty() || !ran) {
    return refuse(
        fmt::format("{} was not a Declarative Pipeline, and cannot be restarted.", origin));
  }
  const auto& stages = checked.pipelines.front()->stages;
  const bool known =
      stages && std::ranges::any_of(stages->list, [&](const auto& s) { return s.name == stage; });
  if (!known || !reached_stage(info, stage)) {
    return refuse(fmt::format(
        "Stage {} is not present in the top-level stages for {}, so cannot be restarted.", stage,
        origin));
  }
  return start(name, {.values = info.values,
                      .causes = {"Started by user " + by,
                                 fmt::format("Restarted from build #{}, stage {}", number, stage)},
                      .key = {},
                      .restart = StartRequest::Restart{number, stage, spec->script}});
}

/// The stashes of the run that is begun again.
Result<> EngineServer::take_stashes(const Job& job, uint64_t origin, const std::string& folder) {
  const std::string from = job.build_folder(origin) + "/files/stash";
  if (!file_exists(from)) return {};
  TRY(make_dirs(folder + "/files"));
  std::error_code error;
  std::filesystem::copy(
      from, folder + "/files/stash",
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks,
      error);
  if (error) return Error{Code::internal, fmt::format("copy {}: {}", from, error.message())};
  return {};
}

/// Stashes go with the end of their run, unless the job preserves those of its last runs.
void EngineServer::remove_stashes(const JobRef& job, uint64_t ended) {
  const int64_t preserved = state_.with([&](const State&) -> int64_t {
    const json::value options(job->declared.options);
    const json::value* preserve = find(options, {"preserveStashes"});
    if (preserve == nullptr) return 0;
    return std::clamp<int64_t>(int_at(*preserve, {"buildCount"}, 1), 1, 50);
  });
  std::vector<uint64_t> numbers = {ended};
  if (preserved > 0) {
    numbers = runs(job->name).value_or(std::vector<uint64_t>());
    numbers.erase(numbers.begin(),
                  numbers.begin() + std::min<int64_t>(preserved, std::ssize(numbers)));
    // Only the one that has just become too old can have any.
    if (numbers.size() > 1) numbers.resize(1);
  }
  for (const uint64_t number : numbers) {
    if (Result<> gone = remove_tree(job->build_folder(number) + "/files/stash"); !gone) {
      LOG(warn, "stashes stay", {"job", job->name.text()}, {"number", number},
          {"error", gone.error().message});
    }
  }
}

}  // namespace ks::engine
