#include "devops/controllers/pipeline_controller.h"

#include <algorithm>
#include <boost/json.hpp>

#include "devops/controllers/hash.h"
#include "devops/controllers/keys.h"
#include "jenkins/config_xml.h"

namespace ks::devops {
namespace {

const json::value& spec_of_object(const json::value& object) {
  static const json::value none;
  const json::value* spec = find(object, {"spec"});
  return spec == nullptr ? none : *spec;
}

std::string hash_of_spec(const json::value& pipeline) { return hash_of(spec_of_object(pipeline)); }

/// Without what means nothing: empty texts, false, null, empty lists, and the name, which a
/// config.xml does not hold.
json::value without_defaults(const json::value& value) {
  if (const json::object* object = value.if_object()) {
    json::object out;
    for (const auto& [name, member] : *object) {
      json::value kept = without_defaults(member);
      const bool nothing = kept.is_null() || (kept.is_bool() && !kept.get_bool()) ||
                           (kept.is_string() && kept.get_string().empty()) ||
                           (kept.is_array() && kept.get_array().empty());
      if (!nothing) out[name] = std::move(kept);
    }
    return out;
  }
  if (const json::array* array = value.if_array()) {
    json::array out;
    for (const json::value& one : *array) out.push_back(without_defaults(one));
    return out;
  }
  return value;
}

bool says_the_same(const json::value& spec, const json::value& parsed) {
  json::value wanted = without_defaults(spec);
  // Neither these nor the id of a source are read back from a config.xml.
  for (std::string_view body : {"pipeline", "multi_branch_pipeline"}) {
    json::value* pipeline = find(wanted, {body});
    if (pipeline == nullptr || !pipeline->is_object()) continue;
    pipeline->get_object().erase("name");
    for (auto& [name, member] : pipeline->get_object()) {
      if (name.ends_with("_source") && member.is_object()) member.get_object().erase("scm_id");
    }
  }
  return hash_of(wanted) == hash_of(without_defaults(parsed));
}

}  // namespace

bool is_synced(const json::value& pipeline) {
  return kube::annotation(pipeline, pipeline::kSyncStatus) == kSuccessful &&
         kube::annotation(pipeline, pipeline::kSpecHash) == hash_of_spec(pipeline);
}

PipelineController::PipelineController(Context& context)
    : context_(context),
      events_(context.kube, "pipeline-controller", context.clock),
      controller_({.name = "pipeline", .workers = 1, .back_off = {}, .clock = &context.clock},
                  [this](const Key& key) { return reconcile(key); }) {
  controller_.follow(context.pipelines);
  // A pipeline may be there before its project's folder is.
  controller_.follow(context.projects, [this](const Key& key) { return unsynced_of_project(key); });
}

std::vector<Key> PipelineController::unsynced_of_project(const Key& key) const {
  const ObjectRef project = context_.projects.get(key);
  if (!project || kube::annotation(*project, project::kSyncStatus) != kSuccessful) return {};
  std::vector<Key> out;
  for (const ObjectRef& pipeline :
       context_.pipelines.list(text_at(*project, {"status", "adminNamespace"}))) {
    if (!is_synced(*pipeline)) out.push_back(kube::key_of(*pipeline));
  }
  return out;
}

bool PipelineController::has_ready_project(const std::string& space) const {
  return std::ranges::any_of(context_.projects.list(), [&](const ObjectRef& project) {
    return text_at(*project, {"status", "adminNamespace"}) == space &&
           kube::annotation(*project, project::kSyncStatus) == kSuccessful;
  });
}

Result<Outcome> PipelineController::reconcile(const Key& key) {
  const ObjectRef cached = context_.pipelines.get(key);
  if (!cached) return Outcome{};
  if (kube::is_being_deleted(*cached)) return remove(*cached);
  if (is_synced(*cached)) return Outcome{};
  // The project brings it here again once it has its folder.
  if (!has_ready_project(key.space)) return Outcome{};

  const json::value pipeline = TRY(context_.kube.modify(pipelines(), key, [](json::value& object) {
    return !kube::is_being_deleted(object) && kube::add_finalizer(object, pipeline::kFinalizer);
  }));
  if (kube::is_being_deleted(pipeline)) return remove(pipeline);
  if (Result<> pushed = push(pipeline); !pushed) {
    events_.warning(pipeline, "FailedSync", pushed.error().message);
    return pushed.error();
  }
  // The hash of what was pushed: a spec that changed meanwhile differs from it and comes again.
  const std::string hash = hash_of_spec(pipeline);
  TRY(context_.kube.modify(pipelines(), key, [&](json::value& object) {
    kube::set_annotation(object, pipeline::kSyncStatus, kSuccessful);
    kube::set_annotation(object, pipeline::kSpecHash, hash);
    return true;
  }));
  return Outcome{};
}

Result<> PipelineController::push(const json::value& pipeline) {
  const json::value& spec = spec_of_object(pipeline);
  const jenkins::JobRef job{std::string(kube::space_of(pipeline)),
                            std::string(kube::name_of(pipeline)), ""};
  const Result<std::string> present = context_.jenkins.read_config(job);
  if (!present && present.error().code != Code::not_found) return present.error();
  if (!present) return context_.jenkins.create_job(job, TRY(jenkins::config_of(spec)));
  const Result<json::value> parsed = jenkins::spec_of(*present);
  if (parsed && says_the_same(spec, *parsed)) return {};
  return context_.jenkins.write_config(job, TRY(jenkins::changed_config(*present, spec)));
}

Result<Outcome> PipelineController::remove(const json::value& pipeline) {
  if (!kube::has_finalizer(pipeline, pipeline::kFinalizer)) return Outcome{};
  const jenkins::JobRef job{std::string(kube::space_of(pipeline)),
                            std::string(kube::name_of(pipeline)), ""};
  const Result<> removed = context_.jenkins.remove_job(job);
  if (!removed && removed.error().code != Code::not_found) {
    return Error(removed.error())
        .in("failed to remove pipeline job finalizer due to bad communication with Jenkins");
  }
  const Result<json::value> freed = context_.kube.modify(
      pipelines(), kube::key_of(pipeline),
      [](json::value& object) { return kube::remove_finalizer(object, pipeline::kFinalizer); });
  if (!freed && freed.error().code != Code::not_found) return freed.error();
  return Outcome{};
}

}  // namespace ks::devops
