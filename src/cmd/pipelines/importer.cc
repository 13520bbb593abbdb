#include "cmd/pipelines/importer.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "base/random.h"
#include "base/text.h"
#include "cmd/pipelines/objects.h"

namespace ks::cmd {
namespace {

constexpr std::string_view kImportedFrom = "devops.kubesphere.io/imported-from";
constexpr std::string_view kDescription = "kubesphere.io/description";
constexpr std::string_view kPipelineLabel = "devops.kubesphere.io/pipeline";
constexpr std::string_view kId = "devops.kubesphere.io/jenkins-pipelinerun-id";
constexpr std::string_view kRunStatus = "devops.kubesphere.io/jenkins-pipelinerun-status";
constexpr std::string_view kAutoSync = "credential.devops.kubesphere.io/autosync";
constexpr std::string_view kCredentialType = "credential.devops.kubesphere.io/";
constexpr std::chrono::milliseconds kLatest{253'370'764'800'000};        // the year 9999
constexpr std::chrono::milliseconds kLongest{3'650LL * 86'400 * 1'000};  // ten years

bool is_over(const json::value& run) { return !text_at(run, {"status", "completionTime"}).empty(); }

json::value object_of(const kube::Resource& resource, const kube::Key& key, std::string_view from) {
  json::object metadata{{"name", key.name}, {"annotations", json::object{{kImportedFrom, from}}}};
  if (!key.space.empty()) metadata["namespace"] = key.space;
  return json::object{{"apiVersion", resource.api_version()},
                      {"kind", resource.kind},
                      {"metadata", std::move(metadata)}};
}

/// What a build of Jenkins says of itself, with numbers that can be true.
struct Ended {
  std::string result;
  WallTime started, ended;
};
Ended ended_of(const JenkinsBuild& build) {
  using std::chrono::milliseconds;
  static constexpr std::string_view kResults[] = {"SUCCESS", "UNSTABLE", "FAILURE", "NOT_BUILT",
                                                  "ABORTED"};
  Ended out;
  out.result =
      std::ranges::find(kResults, build.result) == std::end(kResults) ? "UNKNOWN" : build.result;
  out.started = WallTime{
      std::clamp(build.started.time_since_epoch(), milliseconds{0}, milliseconds{kLatest})};
  out.ended = out.started + std::clamp(milliseconds{build.duration_ms}, milliseconds{0}, kLongest);
  return out;
}

std::string run_name(const ImportPlan::Job& job, const JenkinsBuild& build) {
  const std::string branch =
      build.branch.empty() ? "" : hex_encode(sha256(build.branch)).substr(0, 8) + "-";
  return fmt::format("{}-{}jenkins-{}", job.as.name, branch, build.number);
}

/// Not the number alone: that will be the one of a build here.
std::string run_id(const JenkinsBuild& build) { return fmt::format("jenkins-{}", build.number); }

json::value new_run(const ImportPlan::Job& job, const JenkinsBuild& build,
                    const json::value& pipeline) {
  json::value out = object_of(pipeline_runs(), {job.as.project, run_name(job, build)},
                              fmt::format("{} #{}", text_of(job.from), build.number));
  const Ended ended = ended_of(build);
  const json::object summary{{"id", run_id(build)},
                             {"name", fmt::format("#{}", build.number)},
                             {"organization", "jenkins"},
                             {"pipeline", job.as.name},
                             {"type", "WorkflowRun"},
                             {"state", "FINISHED"},
                             {"result", ended.result},
                             {"enQueueTime", format_rfc3339(ended.started)},
                             {"startTime", format_rfc3339(ended.started)},
                             {"endTime", format_rfc3339(ended.ended)},
                             {"durationInMillis", (ended.ended - ended.started).count()}};
  kube::set_label(out, kPipelineLabel, job.as.name);
  // With an id it is nobody's to start.
  kube::set_annotation(out, kId, run_id(build));
  kube::set_annotation(out, kRunStatus, to_json(summary));
  kube::add_owner(out, kube::owner_reference(pipeline, true));
  json::object spec{
      {"pipelineRef",
       json::object{{"kind", "Pipeline"}, {"namespace", job.as.project}, {"name", job.as.name}}}};
  if (!build.branch.empty()) {
    spec["scm"] =
        json::object{{"refType", ""}, {"refName", jenkins::branch_job_name(build.branch)}};
  }
  out.get_object()["spec"] = std::move(spec);
  return out;
}

json::object status_of(const JenkinsBuild& build) {
  const Ended ended = ended_of(build);
  const bool good = ended.result == "SUCCESS";
  const bool known =
      good || ended.result == "UNSTABLE" || ended.result == "FAILURE" || ended.result == "ABORTED";
  const std::string at = format_rfc3339(ended.ended);
  return {{"phase", good    ? "Succeeded"
                    : known ? "Failed"
                            : "Unknown"},
          {"startTime", format_rfc3339(ended.started)},
          {"completionTime", at},
          {"updateTime", at},
          {"conditions", json::array{json::object{{"type", "Succeeded"},
                                                  {"status", good    ? "True"
                                                             : known ? "False"
                                                                     : "Unknown"},
                                                  {"reason", "FINISHED"},
                                                  {"lastProbeTime", at},
                                                  {"lastTransitionTime", at}}}}};
}

json::value new_secret(const ImportPlan::Credential& one) {
  json::value out = object_of(kube::secrets(), {one.project, one.what.id}, one.from);
  if (!one.what.description.empty()) {
    kube::set_annotation(out, kDescription, one.what.description);
  }
  // Who fills it in changes it, and a change has to reach the engine.
  kube::set_annotation(out, kAutoSync, "true");
  json::object data;
  if (one.what.type == "basic-auth") data = {{"username", one.what.username}, {"password", ""}};
  if (one.what.type == "ssh-auth") data = {{"username", one.what.username}, {"private_key", ""}};
  if (one.what.type == "secret-text") data = {{"secret", ""}};
  if (one.what.type == "kubeconfig") data = {{"content", ""}};
  out.get_object()["type"] = std::string(kCredentialType) + one.what.type;
  out.get_object()["stringData"] = std::move(data);
  return out;
}

class Importer {
 public:
  Importer(kube::Client* server, const ImportActs& acts) : server_(server), acts_(acts) {}

  Result<std::vector<ImportRow>> run(const ImportPlan& plan) {
    for (const ImportPlan::Project& one : plan.projects) TRY(add_project(one));
    for (const ImportPlan::Job& one : plan.jobs) TRY(add_job(one));
    for (const ImportPlan::Credential& one : plan.credentials) TRY(add_credential(one));
    for (const ImportPlan::Refused& one : plan.refused) {
      rows_.push_back({one.kind, one.from, "", "refused", one.reason});
    }
    return std::move(rows_);
  }

 private:
  /// A null when it is not there.
  Result<json::value> present(const kube::Resource& resource, const kube::Key& key) {
    if (server_ == nullptr) return json::value();
    Result<json::value> found = server_->get(resource, key);
    if (!found && found.error().code == Code::not_found) return json::value();
    return found;
  }

  /// Writes down how it went. What makes all that follows vain is an error.
  Result<> done(ImportRow row, const Result<>& made) {
    if (!made &&
        (made.error().code == Code::unavailable || made.error().code == Code::unauthenticated)) {
      return made.error();
    }
    row.what = made ? "created" : "failed";
    if (!made) row.note = made.error().message;
    rows_.push_back(std::move(row));
    return {};
  }

  Result<> add_project(const ImportPlan::Project& one) {
    ImportRow row{"project", one.from.empty() ? "(top)" : one.from, one.name, "create", ""};
    const json::value found = TRY(present(devops_projects(), {"", one.name}));
    if (!found.is_null()) row.what = "exists";
    if (!found.is_null() || acts_.dry_run) {
      rows_.push_back(std::move(row));
      return {};
    }
    const Result<bool> made = ensure_project(*server_, one.name);
    if (!made) without_.insert(one.name);
    return done(std::move(row), made ? Result<>() : Result<>(made.error()));
  }

  Result<> add_job(const ImportPlan::Job& one) {
    ImportRow row{"pipeline", text_of(one.from), one.as.text(), "create", one.note};
    if (!one.needs.empty()) {
      row.note += (row.note.empty() ? "needs " : "; needs ") + join(one.needs, ", ");
    }
    if (without_.contains(one.as.project)) {
      row.what = "failed";
      row.note = "its project could not be made";
      rows_.push_back(std::move(row));
      return {};
    }
    const kube::Key key{one.as.project, one.as.name};
    json::value pipeline = TRY(present(pipelines(), key));
    if (!pipeline.is_null()) row.what = "exists";
    if (!pipeline.is_null() || acts_.dry_run) {
      rows_.push_back(row);
    } else {
      json::value wanted = object_of(pipelines(), key, row.from);
      wanted.get_object()["spec"] = one.spec;
      Result<json::value> made = server_->create(pipelines(), wanted);
      TRY(done(row, made ? Result<>() : Result<>(made.error())));
      if (!made) return {};
      pipeline = std::move(*made);
    }
    return add_runs(one, pipeline);
  }

  Result<> add_runs(const ImportPlan::Job& job, const json::value& pipeline) {
    if (job.builds.empty() && job.builds_note.empty()) return {};
    ImportRow row{"runs", text_of(job.from), job.as.text(), "create", ""};
    auto end = [&](const char* what, std::string note) {
      row.what = what;
      row.note = std::move(note);
      rows_.push_back(std::move(row));
      return Result<>();
    };
    if (!job.builds_note.empty()) return end("refused", job.builds_note);
    if (!pipeline.is_null() && kube::annotation(pipeline, kImportedFrom) != row.from) {
      return end("refused", "the pipeline that exists was not imported from here");
    }
    std::map<std::string, bool> there;  // and whether it is over
    if (!pipeline.is_null()) {
      const kube::ObjectList list =
          TRY(server_->list(pipeline_runs(), job.as.project,
                            {.label_selector = fmt::format("{}={}", kPipelineLabel, job.as.name)}));
      for (const json::value& run : list.items) {
        there[std::string(kube::name_of(run))] = is_over(run);
      }
    }
    size_t made = 0;
    for (const JenkinsBuild& build : job.builds) {
      const auto found = there.find(run_name(job, build));
      if (found != there.end() && found->second) continue;
      ++made;
      if (acts_.dry_run) continue;
      if (Result<> added = add_run(job, build, pipeline, found == there.end()); !added) {
        if (added.error().code == Code::unavailable) return added.error();
        return end("failed", fmt::format("#{}: {}", build.number, added.error().message));
      }
    }
    if (made == 0) return end("exists", fmt::format("{} runs", job.builds.size()));
    return end(acts_.dry_run ? "create" : "created", fmt::format("{} runs", made));
  }

  /// Two writes, as the first cannot have a status; whoever was cut off between them does the
  /// second next time.
  Result<> add_run(const ImportPlan::Job& job, const JenkinsBuild& build,
                   const json::value& pipeline, bool is_new) {
    if (is_new) TRY(server_->create(pipeline_runs(), new_run(job, build, pipeline)));
    TRY(server_->patch(pipeline_runs(), {job.as.project, run_name(job, build)},
                       kube::PatchType::merge, to_json(json::object{{"status", status_of(build)}}),
                       {.subresource = "status", .field_manager = {}}));
    return {};
  }

  Result<> add_credential(const ImportPlan::Credential& one) {
    const std::string from = one.from.empty() ? "-" : one.from;
    ImportRow row{"credential", fmt::format("{}: {}", from, one.what.id),
                  one.project.empty() ? "" : one.project + "/" + one.what.id, "refused",
                  one.refused};
    if (!one.refused.empty()) {
      rows_.push_back(std::move(row));
      return {};
    }
    const bool exists = !TRY(present(kube::secrets(), {one.project, one.what.id})).is_null();
    row.note = one.what.type;
    row.what = exists ? "exists" : acts_.credentials ? "create" : "missing";
    if (!exists && acts_.credentials) row.note += ", without a value";
    if (!exists && acts_.credentials && !acts_.dry_run && !without_.contains(one.project)) {
      const Result<json::value> made = server_->create(kube::secrets(), new_secret(one));
      return done(std::move(row), made ? Result<>() : Result<>(made.error()));
    }
    rows_.push_back(std::move(row));
    return {};
  }

  kube::Client* server_;
  const ImportActs& acts_;
  std::vector<ImportRow> rows_;
  std::set<std::string> without_;  ///< projects that could not be made
};

}  // namespace

Result<std::vector<ImportRow>> carry_out(kube::Client* server, const ImportPlan& plan,
                                         const ImportActs& acts) {
  return Importer(server, acts).run(plan);
}

}  // namespace ks::cmd
