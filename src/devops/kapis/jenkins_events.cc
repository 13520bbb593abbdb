#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/log.h"
#include "base/text.h"
#include "devops/controllers/keys.h"
#include "devops/kapis/api.h"
#include "devops/kapis/reply.h"
#include "devops/kapis/run_objects.h"

// `POST /webhooks/jenkins`: a build that somebody started in Jenkins itself gets its PipelineRun
// (devops-api, section 7.9).

namespace ks::devops::kapis {
namespace {

using http::Request;
using http::Response;

/// Which pipeline a build is of.
struct Target {
  std::string space, pipeline, branch, id;
};

std::optional<Target> target_of(const json::value& data) {
  const std::vector<std::string_view> parents = split(text_at(data, {"_parentFullName"}), '/');
  const std::string project(text_at(data, {"_projectName"}));
  const std::string id(text_at(data, {"id"}));
  if (project.empty() || id.empty()) return std::nullopt;
  if (bool_at(data, {"_multiBranch"})) {
    if (parents.size() != 2) return std::nullopt;
    return Target{std::string(parents[0]), std::string(parents[1]), project, id};
  }
  if (parents.size() != 1 || parents[0].empty()) return std::nullopt;
  return Target{std::string(parents[0]), project, "", id};
}

json::array parameters_of(const json::value& data) {
  const json::value* actions = find(data, {"actions"});
  if (actions == nullptr || !actions->is_array()) return {};
  for (const json::value& action : actions->get_array()) {
    if (text_at(action, {"_class"}) == "hudson.model.ParametersAction") {
      return run_parameters(action).value_or(json::array());
    }
  }
  return {};
}

bool is_of(const json::value& run, const Target& target) {
  return kube::annotation(run, run::kId) == target.id &&
         text_at(run, {"spec", "scm", "refName"}) == target.branch;
}

Result<> adopt(Api& api, const Target& target, const json::value& data) {
  const json::value pipeline = TRY(api.objects.get(pipelines(), {target.space, target.pipeline}));
  const std::vector<kube::ObjectRef> runs = TRY(api.objects.list(
      pipeline_runs(), target.space, fmt::format("{}={}", run::kPipeline, target.pipeline)));
  // One that has no id yet may be the very one whose build this is: its controller will say so.
  const bool known = std::ranges::any_of(runs, [&](const kube::ObjectRef& run) {
    return is_of(*run, target) || (kube::annotation(*run, run::kId).empty() &&
                                   text_at(*run, {"spec", "scm", "refName"}) == target.branch);
  });
  if (known) return {};
  json::value run = new_run(pipeline, parameters_of(data), target.branch);
  kube::set_annotation(run, run::kId, target.id);
  TRY(api.objects.create(pipeline_runs(), target.space, run, false));
  return {};
}

Response take_event(Api& api, Request& request, Generation) {
  const Result<json::value> event = body_of(request);
  if (!event) return error_reply(event.error());
  const json::value* data = find(*event, {"data"});
  if (data != nullptr && !data->is_null() && !data->is_object()) {
    return text_error(400, "data: must be an object");
  }
  if (data == nullptr || text_at(*event, {"type"}) != "run.initialize" ||
      text_at(*event, {"dataType"}) != "org.jenkinsci.plugins.workflow.job.WorkflowRun") {
    return Response::text(200, "");
  }
  if (const std::optional<Target> target = target_of(*data)) {
    if (const Result<> done = adopt(api, *target, *data); !done) {
      LOG(warn, "a build of Jenkins got no PipelineRun", {"pipeline", target->pipeline},
          {"namespace", target->space}, {"build", target->id}, {"why", done.error().message});
    }
  }
  return Response::text(200, "");
}

}  // namespace

void add_jenkins_events(RouteTable& table, Api& api) {
  add_route(table, api, http::Method::post, "/webhooks/jenkins", "Take an event of Jenkins",
            take_event);
}

}  // namespace ks::devops::kapis
