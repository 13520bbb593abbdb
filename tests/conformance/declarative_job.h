#pragma once

#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "declarative_case.h"
#include "engine/engine.h"
#include "engine/job_properties.h"
#include "engine/rest/blue_view.h"
#include "jenkins/config_xml.h"

// Cases whose builds are those of one job on a server: what it keeps from build to build, and runs
// that are begun again at a stage.

namespace ks::conformance {

/// The parameter that somebody adds to the job before a build; empty for none.
inline std::string parameter_by_hand(const json::object& build) {
  constexpr std::string_view kBefore = "add string parameter ", kAfter = " to the job by hand";
  const json::value* before = build.if_contains("before");
  if (before == nullptr) return {};
  std::string_view text = before->as_string();
  if (!text.starts_with(kBefore) || !text.ends_with(kAfter)) return {};
  text.remove_prefix(kBefore.size());
  text.remove_suffix(kAfter.size());
  return std::string(text);
}

/// Whether a case needs a server, and all that it asks for can be looked at here.
inline bool is_of_a_job(const json::object& one) {
  const json::value* builds = one.if_contains("runs");
  if (builds == nullptr) return false;
  constexpr std::string_view kKnown[] = {
      "file",   "result",   "logContains", "logNotContains", "logInOrder",        "logMatches",
      "jobHas", "jobLacks", "parameters",  "restartFrom",    "restartableStages", "restartOf"};
  bool server = false;
  for (const json::value& build : builds->as_array()) {
    for (const auto& [key, value] : build.as_object()) {
      const std::string_view name = key;
      if (name == "before" && !parameter_by_hand(build.as_object()).empty()) continue;
      if (std::ranges::find(kKnown, name) == std::end(kKnown)) return false;
      server = server || name == "jobHas" || name == "jobLacks" || name == "restartFrom";
    }
  }
  return server;
}

class DeclarativeJob {
 public:
  /// `data`: the server's folder. `recording`: as that of EngineOptions.
  DeclarativeJob(const json::object& one, std::string root, const std::string& tools,
                 std::string data, std::function<void(bool written)> recording = nullptr)
      : one_(one), root_(std::move(root)), data_(std::move(data)) {
    engine::OnceOptions machines;
    add_machines(one, tools, machines);
    engine::EngineOptions options;
    options.data_dir = data_;
    options.recording = std::move(recording);
    if (!machines.machines.empty()) options.machines = machines.machines;
    engine_ = std::move(*engine::Engine::open(std::move(options)));
    (void)engine_->put_folder(job_.folder);
  }

  /// One build; what is not as expected.
  std::string problem(const json::object& build, std::string& output) {
    const Result<uint64_t> number = begin(build);
    if (!number) return number.error().message + "\n";
    const engine::RunInfo info = wait(*number);
    const std::string log = engine_->log(job_, *number, 0, 64u << 20).value().text;
    output += log;
    return expectation_problem(build, engine::to_string(info.result), log) + job_problem(build) +
           restartable_problem(build, info);
  }

  engine::Engine& engine() { return *engine_; }
  const engine::JobName& name() const { return job_; }
  /// Where a build's journal, log and files are.
  std::string build_folder(uint64_t number) const {
    return fmt::format("{}/folders/{}/jobs/{}/builds/{}", data_, job_.folder, job_.name, number);
  }

  /// Starts a build; its number.
  Result<uint64_t> begin(const json::object& build) {
    if (const json::value* stage = build.if_contains("restartFrom")) {
      const int64_t of = int_at(json::value(build), {"restartOf"}, 1);
      return engine_->restart(job_, static_cast<uint64_t>(of), std::string(stage->as_string()),
                              "alice");
    }
    const json::object& source = build.contains("file") ? build : one_;
    json::value spec = json::object{
        {"type", "pipeline"},
        {"pipeline",
         json::object{{"name", job_.name},
                      {"jenkinsfile",
                       read_text(root_ + "/" + std::string(source.at("file").as_string()))}}}};
    if (const std::string name = parameter_by_hand(build); !name.empty()) {
      set_at(spec, {"pipeline", "parameters"},
             json::array{json::value(json::object{{"name", name}, {"type", "string"}})});
    }
    TRY(engine_->put_job(job_, TRY(jenkins::config_of(spec))));
    engine::StartRequest request{.values = {}, .causes = causes(one_), .key = {}};
    if (const json::value* values = build.if_contains("parameters"))
      request.values = values->as_object();
    return engine_->start(job_, std::move(request));
  }

  /// Until it has ended.
  engine::RunInfo wait(uint64_t number) {
    std::mutex mutex;
    std::condition_variable changed;
    const auto watching = engine_->subscribe(engine_->last_event(), [&](const auto&) {
      const std::lock_guard lock(mutex);
      changed.notify_all();
    });
    std::unique_lock lock(mutex);
    while (true) {
      const engine::RunInfo info = engine_->run(job_, number, true).value();
      if (info.finished()) return info;
      changed.wait_for(lock, std::chrono::milliseconds(200));
    }
  }

 private:
  /// `buildDiscarder`, `trigger:cron`, `parameter:flag`: what the job has been told of.
  bool job_has(const std::string& what) const {
    const Result<std::string> kept = read_file(properties_file());
    const engine::JobProperties properties = engine::JobProperties::from_json(
        parse_json(kept.value_or(std::string("{}"))).value_or(json::value(json::object())));
    const size_t colon = what.find(':');
    if (colon == what.npos) return properties.options.contains(what);
    const bool trigger = what.starts_with("trigger:");
    const std::string name = what.substr(colon + 1);
    const auto is_it = [&](const json::value& entry) {
      return text_at(entry, {trigger ? "type" : "name"}) == name;
    };
    if (trigger) return std::ranges::any_of(properties.triggers, is_it);
    const json::array configured = engine_->job_parameters(job_).value();
    return std::ranges::any_of(properties.parameters, is_it) ||
           std::ranges::any_of(configured, is_it);
  }

  std::string properties_file() const {
    std::string found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(data_)) {
      if (entry.path().filename() == "properties.json") found = entry.path();
    }
    return found;
  }

  std::string job_problem(const json::object& build) const {
    std::string problem;
    for (const std::string& what : texts(build, "jobHas")) {
      if (!job_has(what)) problem += fmt::format("the job has no {}\n", what);
    }
    for (const std::string& what : texts(build, "jobLacks")) {
      if (job_has(what)) problem += fmt::format("the job still has {}\n", what);
    }
    return problem;
  }

  std::string restartable_problem(const json::object& build, const engine::RunInfo& info) const {
    if (!build.contains("restartableStages")) return {};
    std::vector<std::string> stages;
    for (const jenkins::Node& node : engine::blue_nodes(info, system_clock().now())) {
      if (node.restartable) stages.push_back(node.name);
    }
    if (stages == texts(build, "restartableStages")) return {};
    return fmt::format("restartable: {}\n", join(stages, ", "));
  }

  const json::object& one_;
  const std::string root_;
  const std::string data_;
  const engine::JobName job_{"corpus", "test0"};
  std::unique_ptr<engine::Engine> engine_;
};

}  // namespace ks::conformance
