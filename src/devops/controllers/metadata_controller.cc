#include "devops/controllers/metadata_controller.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "devops/controllers/keys.h"
#include "devops/controllers/pipeline_controller.h"

namespace ks::devops {
namespace {

constexpr std::chrono::milliseconds kAskAgain{10'000};  // of an engine that does not push

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

json::object parameter_json(const json::value& parameter) {
  json::object out;
  if (std::string_view text = text_at(parameter, {"description"}); !text.empty()) {
    out["description"] = text;
  }
  out["name"] = text_at(parameter, {"name"});
  out["type"] = parameter_type(text_at(parameter, {"type"}));
  out["value"] = text_at(parameter, {"value"});
  if (const json::value* value = find(parameter, {"defaultParameterValue"});
      value != nullptr && value->is_object()) {
    json::object kept;
    for (std::string_view name : {"name", "value", "jobName", "number"}) {
      if (const json::value* member = find(*value, {name})) kept[name] = *member;
    }
    out["defaultParameterValue"] = std::move(kept);
  }
  for (std::string_view name : {"choices", "projectName", "filter"}) {
    const json::value* member = find(parameter, {name});
    if (member != nullptr && !member->is_null()) out[name] = *member;
  }
  return out;
}

bool is_nothing(const json::value& value) {
  return value.is_null() || (value.is_int64() && value.get_int64() == 0) ||
         (value.is_bool() && !value.get_bool()) ||
         (value.is_string() && value.get_string().empty()) ||
         (value.is_array() && value.get_array().empty());
}

}  // namespace

std::string metadata_text(const jenkins::Pipeline& pipeline) {
  json::object out{{"weatherScore", pipeline.weather_score}};
  if (pipeline.estimated_ms != 0) out["estimatedDurationInMillis"] = pipeline.estimated_ms;
  json::array parameters;
  for (const json::value& one : pipeline.parameters) parameters.push_back(parameter_json(one));
  if (!parameters.empty()) out["parameters"] = std::move(parameters);
  for (std::string_view name :
       {"name", "disabled", "numberOfPipelines", "numberOfFolders", "pipelineFolderNames",
        "totalNumberOfBranches", "numberOfFailingBranches", "numberOfSuccessfulBranches",
        "totalNumberOfPullRequests", "numberOfFailingPullRequests",
        "numberOfSuccessfulPullRequests", "branchNames", "scmSource", "scriptPath"}) {
    const json::value* member = find(pipeline.raw, {name});
    if (member != nullptr && !is_nothing(*member)) out[name] = *member;
  }
  return to_json(out);
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
  if (event.type != jenkins::Event::Type::run) return;
  controller_.enqueue({event.job.folder, event.job.name});
}

Result<Outcome> MetadataController::reconcile(const Key& key) {
  const ObjectRef pipeline = context_.pipelines.get(key);
  if (!pipeline || kube::is_being_deleted(*pipeline) || !is_synced(*pipeline)) return Outcome{};
  const Result<jenkins::Pipeline> seen = context_.jenkins.pipeline({key.space, key.name, ""});
  if (!seen) {
    events_.warning(*pipeline, "FailedMetaUpdate",
                    fmt::format("Failed to update metadata of Pipeline from Jenkins, err = {}",
                                seen.error().message));
    return seen.error();
  }
  const std::string text = metadata_text(*seen);
  if (kube::annotation(*pipeline, pipeline::kMetadata) != text) {
    const json::object patch{
        {"metadata", json::object{{"annotations", json::object{{pipeline::kMetadata, text}}}}}};
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

}  // namespace ks::devops
