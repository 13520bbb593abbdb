#include "devops/controllers/metadata_controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "devops/controllers/keys.h"
#include "devops/controllers/pipeline_controller.h"

namespace ks::devops {
namespace {

constexpr std::chrono::milliseconds kAskAgain{10'000};  // of an engine that does not push
/// Runs of branches come in crowds, as many as a scan found: their changes are gathered.
constexpr std::chrono::milliseconds kGather{500};
/// All annotations of an object may have 256 KiB.
constexpr size_t kMostBranchBytes = 192u << 10;

/// `StringParameterDefinition` is called `string`; a type that we do not know keeps its name.
std::string parameter_type(std::string_view type) {
  constexpr std::string_view kSuffix = "ParameterDefinition";
  if (!type.ends_with(kSuffix)) return std::string(type);
  const std::string_view word = type.substr(0, type.size() - kSuffix.size());
  for (const auto& [java, ours] :
       std::initializer_list<std::pair<std::string_view, const char*>>{{"String", "string"},
                                                                       {"Choice", "choice"},
                                                                       {"Text", "text"},
                                                                       {"Boolean", "boolean"},
                                                                       {"File", "file"},
                                                                       {"Password", "password"}}) {
    if (word == java) return ours;
  }
  return std::string(type);
}

bool is_nothing(const json::value& value) {
  return value.is_null() || (value.is_int64() && value.get_int64() == 0) ||
         (value.is_bool() && !value.get_bool()) ||
         (value.is_string() && value.get_string().empty()) ||
         (value.is_array() && value.get_array().empty());
}

/// The members of these names that say something.
json::object only(const json::value& value, std::initializer_list<std::string_view> names) {
  json::object out;
  for (std::string_view name : names) {
    const json::value* member = find(value, {name});
    if (member != nullptr && !is_nothing(*member)) out[name] = *member;
  }
  return out;
}

json::object parameter_json(const json::value& parameter, std::string_view type) {
  json::object out;
  if (std::string_view text = text_at(parameter, {"description"}); !text.empty()) {
    out["description"] = text;
  }
  out["name"] = text_at(parameter, {"name"});
  out["type"] = type;
  out["value"] = text_at(parameter, {"value"});
  if (const json::value* value = find(parameter, {"defaultParameterValue"});
      value != nullptr && value->is_object()) {
    json::object kept;
    for (std::string_view name : {"name", "value", "jobName", "number"}) {
      if (const json::value* member = find(*value, {name})) kept[name] = *member;
    }
    out["defaultParameterValue"] = std::move(kept);
  }
  for (std::string_view name : {"file", "choices", "projectName", "filter"}) {
    const json::value* member = find(parameter, {name});
    if (member != nullptr && !member->is_null()) out[name] = *member;
  }
  return out;
}

json::object time_of_run(const jenkins::Run& run) {
  auto text = [](const std::optional<WallTime>& time) {
    return time ? json::value(format_rfc3339(*time)) : json::value();
  };
  return {{"startTime", text(run.started)}, {"endTime", text(run.ended)}};
}

json::object latest_run_json(const json::value& value) {
  const jenkins::Run run = jenkins::run_from_blue(value);
  json::object out = time_of_run(run);
  json::array causes;
  for (const json::value& cause : run.causes) causes.push_back(only(cause, {"shortDescription"}));
  if (!causes.empty()) out["causes"] = std::move(causes);
  if (run.duration_ms != 0) out["durationInMillis"] = run.duration_ms;
  out["id"] = run.id;
  if (!run.name.empty()) out["name"] = run.name;
  out["pipeline"] = run.pipeline;
  out["result"] = run.result;
  out["state"] = run.state;
  return out;
}

json::object branch_json(const json::value& branch) {
  json::object out = only(branch, {"name", "disabled"});
  out["weatherScore"] = int_at(branch, {"weatherScore"});
  if (std::string_view raw = text_at(branch, {"displayName"}); !raw.empty()) out["rawName"] = raw;
  auto part = [&](std::string_view name) {
    const json::value* found = find(branch, {name});
    return found != nullptr && found->is_object() ? found : nullptr;
  };
  if (const json::value* latest = part("latestRun")) out["latestRun"] = latest_run_json(*latest);
  if (const json::value* info = part("branch")) {
    out["branch"] = only(*info, {"url", "isPrimary", "issues"});
  }
  if (const json::value* request = part("pullRequest")) {
    out["pullRequest"] = only(*request, {"id", "author", "title", "url"});
  }
  json::array parameters;
  if (const json::value* list = find(branch, {"parameters"}); list != nullptr && list->is_array()) {
    // The console expects Jenkins' names of the types here, other than in the pipeline's metadata.
    for (const json::value& one : list->get_array()) {
      parameters.push_back(parameter_json(one, text_at(one, {"type"})));
    }
  }
  if (!parameters.empty()) out["parameters"] = std::move(parameters);
  return out;
}

}  // namespace

std::string metadata_text(const jenkins::Pipeline& pipeline) {
  json::object out{{"weatherScore", pipeline.weather_score}};
  if (pipeline.estimated_ms != 0) out["estimatedDurationInMillis"] = pipeline.estimated_ms;
  json::array parameters;
  for (const json::value& one : pipeline.parameters) {
    parameters.push_back(parameter_json(one, parameter_type(text_at(one, {"type"}))));
  }
  if (!parameters.empty()) out["parameters"] = std::move(parameters);
  for (std::string_view name :
       {"name", "disabled", "numberOfPipelines", "numberOfFolders", "pipelineFolderNames",
        "totalNumberOfBranches", "numberOfFailingBranches", "numberOfSuccessfulBranches",
        "totalNumberOfPullRequests", "numberOfFailingPullRequests",
        "numberOfSuccessfulPullRequests", "branchNames", "scmSource", "scriptPath"}) {
    const json::value* member = find(pipeline.raw, {name});
    if (member != nullptr && !is_nothing(*member)) out[name] = *member;
  }
  if (const json::value* source = out.if_contains("scmSource")) {
    out["scmSource"] = only(json::value(*source), {"id", "apiUrl"});
  }
  return to_json(out);
}

std::string branches_text(const json::array& branches) {
  json::array out;
  for (const json::value& branch : branches) out.push_back(branch_json(branch));
  std::string text = to_json(out);
  if (text.size() <= kMostBranchBytes) return text;
  // Rather all branches with less of each; then as many as there is room for.
  for (json::value& branch : out) {
    branch.get_object().erase("parameters");
    if (json::value* run = find(branch, {"latestRun"}); run != nullptr && run->is_object())
      run->get_object().erase("causes");
  }
  text.clear();
  for (const json::value& branch : out) {
    const std::string one = to_json(branch);
    if (text.size() + one.size() + 2 > kMostBranchBytes) break;
    text += (text.empty() ? "[" : ",") + one;
  }
  return text + "]";
}

MetadataController::MetadataController(Context& context)
    : context_(context),
      events_(context.kube, "pipeline-metadata-controller", context.clock),
      controller_(
          {.name = "pipeline-metadata", .workers = 1, .back_off = {}, .clock = &context.clock},
          [this](const Key& key) { return reconcile(key); }) {
  controller_.follow(context.pipelines);
}

void MetadataController::on_event(const jenkins::Event& event) {
  const Key key{event.job.folder, event.job.name};
  if (event.type == jenkins::Event::Type::job) return controller_.enqueue(key);
  if (event.type != jenkins::Event::Type::run) return;
  if (!event.job.branch.empty()) return controller_.enqueue_after(key, kGather);
  controller_.enqueue(key);
}

Result<Outcome> MetadataController::reconcile(const Key& key) {
  const ObjectRef pipeline = context_.pipelines.get(key);
  if (!pipeline || kube::is_being_deleted(*pipeline) || !is_synced(*pipeline)) return Outcome{};
  json::object annotations;
  if (Result<> seen = look(*pipeline, annotations); !seen) {
    events_.warning(*pipeline, "FailedMetaUpdate",
                    fmt::format("Failed to update metadata of Pipeline from Jenkins, err = {}",
                                seen.error().message));
    return seen.error();
  }
  const bool changed = std::ranges::any_of(annotations, [&](const auto& entry) {
    if (entry.value().is_null()) return kube::has_annotation(*pipeline, entry.key());
    return kube::annotation(*pipeline, entry.key()) != std::string_view(entry.value().get_string());
  });
  if (changed) {
    if (const json::value* error = annotations.if_contains(pipeline::kScanError);
        error != nullptr && error->is_string() &&
        kube::annotation(*pipeline, pipeline::kScanError) != error->get_string()) {
      events_.warning(*pipeline, "FailedScan",
                      fmt::format("Failed to scan the repository of Pipeline: {}",
                                  std::string_view(error->get_string())));
    }
    const json::object patch{{"metadata", json::object{{"annotations", std::move(annotations)}}}};
    const Result<json::value> written =
        context_.kube.patch(pipelines(), key, kube::PatchType::merge, to_json(patch));
    if (!written && written.error().code == Code::not_found) return Outcome{};
    if (!written) return written.error();
    events_.normal(*pipeline, "MetaUpdated",
                   "Metadata of Pipeline has been updated from Jenkins successfully");
  }
  if (!context_.engine_pushes()) return Outcome{.again_after = kAskAgain};
  return Outcome{};
}

/// What the engine knows of it, as annotations.
Result<> MetadataController::look(const json::value& pipeline, json::object& annotations) {
  const jenkins::JobRef job{std::string(kube::space_of(pipeline)),
                            std::string(kube::name_of(pipeline)), ""};
  const jenkins::Pipeline known = TRY(context_.jenkins.pipeline(job));
  annotations[pipeline::kMetadata] = metadata_text(known);
  if (text_at(pipeline, {"spec", "type"}) != "multi-branch-pipeline") return {};
  annotations[pipeline::kBranches] = branches_text(TRY(context_.jenkins.branches(job)));
  const std::string_view error = text_at(known.raw, {"scanError"});
  annotations[pipeline::kScanError] = error.empty() ? json::value() : json::value(error);
  return {};
}

}  // namespace ks::devops
