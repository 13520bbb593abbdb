#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.h"
#include "devops/controllers/keys.h"
#include "devops/kapis/relay.h"
#include "devops/kapis/relay_shapes.h"
#include "devops/kapis/reply.h"

// Stages and steps of a run, and the answer to a question (devops-api, sections 6.5 and 6.6).

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

std::string nodes_path(const Request& request) {
  return fmt::format("{}/runs/{}/nodes/", blue_pipeline_path(request),
                     percent_encode(request.param("run")));
}

std::string steps_path(const Request& request, std::string_view node) {
  return fmt::format("{}{}/steps/", nodes_path(request), percent_encode(node));
}

std::string_view nodes_shape(const Request& request) {
  return request.param("branch").empty() ? "JNodes" : "JBranchNodes";
}

Response list_nodes(Api& api, Request& request, Generation) {
  return relay(api, request, {.path = nodes_path(request)}, nodes_shape(request));
}

Response list_steps(Api& api, Request& request, Generation) {
  return relay(api, request, {.path = steps_path(request, request.param("node"))}, "JSteps");
}

/// Who may answer: anybody when the question names nobody, the pipeline's creator, those it names.
bool may_answer(Api& api, const Request& request, const json::value& step) {
  const json::value* input = find(step, {"input"});
  if (input == nullptr) return false;
  const json::value* submitter = find(*input, {"submitter"});
  const std::string names = submitter != nullptr && submitter->is_string()
                                ? std::string(submitter->get_string())
                                : std::string();
  if (trim(names).empty()) return true;
  const std::string user = user_name(request);
  for (std::string_view one : split(names, ',')) {
    if (!user.empty() && trim(one) == user) return true;
  }
  const Result<json::value> pipeline = api.objects.get(
      pipelines(), {std::string(request.param("devops")), std::string(request.param("pipeline"))});
  return pipeline && !user.empty() && kube::annotation(*pipeline, kCreator) == user;
}

/// The steps of a node: our engine sends them along, a stock Jenkins is asked for them.
Answer steps_of(Api& api, const Request& request, const json::value& node) {
  Answer out;
  const json::value* sent = find(node, {"steps"});
  if (sent == nullptr || !sent->is_array()) {
    return fetch(api, request, {.path = steps_path(request, text_at(node, {"id"}))}, "JSteps");
  }
  Result<json::value> steps = relay_shapes().get("JSteps").apply(*sent);
  if (steps) {
    out.value = std::move(*steps);
  } else {
    out.failure = text_error(502, steps.error().message);
  }
  return out;
}

/// All nodes with their steps, each with whether this user may answer it.
Answer detailed_nodes(Api& api, const Request& request) {
  const std::string query = request.query.encode();
  Answer nodes =
      fetch(api, request,
            {.path = nodes_path(request) + (query.empty() ? "?" : "?" + query + "&") + "steps=true",
             .keep_query = false},
            "");
  if (nodes.failure) return nodes;
  const json::value sent = std::move(nodes.value);
  Result<json::value> shaped = relay_shapes().get(nodes_shape(request)).apply(sent);
  if (!shaped) {
    nodes.failure = text_error(502, shaped.error().message);
    return nodes;
  }
  nodes.value = std::move(*shaped);
  for (size_t i = 0; i < nodes.value.get_array().size(); ++i) {
    json::value& node = nodes.value.get_array()[i];
    Answer steps = steps_of(api, request, sent.get_array()[i]);
    if (steps.failure) return steps;
    node.get_object().erase("steps");
    for (json::value& step : steps.value.get_array()) {
      step.get_object()["aprovable"] = text_at(step, {"state"}) == "PAUSED" &&
                                       text_at(node, {"state"}) == "PAUSED" &&
                                       may_answer(api, request, step);
    }
    if (!steps.value.get_array().empty()) node.get_object()["steps"] = std::move(steps.value);
  }
  return nodes;
}

Response list_details(Api& api, Request& request, Generation) {
  Answer nodes = detailed_nodes(api, request);
  return nodes.failure ? std::move(*nodes.failure) : json_reply(nodes.value);
}

/// 200 all the same: clients look at `allow`.
Response denied(std::string_view why) {
  Response out = Response::text(200, to_json(json::object{{"allow", "false"}, {"message", why}}));
  out.headers.set("Content-Type", "text/plain; charset=utf-8");
  return out;
}

const json::value* find_by_id(const json::value* list, std::string_view id) {
  if (list == nullptr || !list->is_array()) return nullptr;
  const auto found = std::ranges::find_if(
      list->get_array(), [&](const json::value& one) { return text_at(one, {"id"}) == id; });
  return found == list->get_array().end() ? nullptr : &*found;
}

Response answer_input(Api& api, Request& request, Generation) {
  const Answer nodes = detailed_nodes(api, request);
  if (nodes.failure) return denied("cannot get the submitters of current step");
  const json::value* node = find_by_id(&nodes.value, request.param("node"));
  const json::value* step =
      node == nullptr ? nullptr : find_by_id(find(*node, {"steps"}), request.param("step"));
  if (step != nullptr && find(*step, {"input"}) == nullptr) {
    return denied(fmt::format("the step '{}' is not approvable", text_at(*step, {"displayName"})));
  }
  if (step == nullptr || !bool_at(*step, {"aprovable"})) {
    return denied("you have no permission to approve this step");
  }
  const json::value body = parse_json(request.body.view()).value_or(json::value(json::object()));
  json::object sent;
  for (std::string_view field : {"id", "parameters", "abort"}) {
    const json::value* value = find(body, {field});
    if (value != nullptr && !value->is_null()) sent[field] = *value;
  }
  if (!bool_at(body, {"abort"}) && !sent.contains("parameters")) sent["parameters"] = json::array();
  const Result<Response> answer =
      ask_jenkins(api, request,
                  {.method = Method::post,
                   .path = fmt::format("{}{}/", steps_path(request, request.param("node")),
                                       percent_encode(request.param("step"))),
                   .keep_query = false,
                   .body = to_json(sent)});
  if (!answer) return error_reply(answer.error());
  if (answer->status >= 400) return relay_error(*answer);
  Response out = Response::text(200, std::string(answer->body.view()));
  out.headers.set("Content-Type", "text/plain; charset=utf-8");
  return out;
}

}  // namespace

void add_relay_nodes(RouteTable& table, Api& api) {
  const auto add = [&](Method method, const std::string& below, const std::string& summary,
                       Handle handle, const std::string& produces = "application/json") {
    add_pipeline_and_branch(table, api, method, "/runs/{run}" + below, summary, handle, produces);
  };
  add(Method::get, "/nodes", "List the stages of a run", list_nodes);
  add(Method::get, "/nodesdetail", "List the stages of a run with their steps", list_details);
  add(Method::get, "/nodes/{node}/steps", "List the steps of a stage", list_steps);
  add(Method::post, "/nodes/{node}/steps/{step}", "Answer a question of a run", answer_input,
      "text/plain");
}

}  // namespace ks::devops::kapis
