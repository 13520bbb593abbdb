#include <fmt/format.h>

#include <boost/json.hpp>
#include <map>

#include "base/text.h"
#include "devops/controllers/keys.h"
#include "devops/kapis/relay.h"
#include "devops/kapis/relay_shapes.h"
#include "devops/kapis/reply.h"

// Pipelines and branches as the engine sees them, the search, scans (devops-api, sections 6.3, 6.7
// and 12.3).

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

Response get_pipeline(Api& api, Request& request, Generation generation) {
  if (generation == Generation::v4 && parse_go_bool(request.query.get("check")).value_or(false)) {
    const Result<Response> answer = ask_jenkins(
        api, request, {.path = core_pipeline_path(request) + "/api/json", .keep_query = false});
    if (!answer) return error_reply(answer.error());
    if (answer->status != 200 && answer->status != 404) return relay_error(*answer);
    return json_reply(json::object{{"exist", answer->status == 200}});
  }
  return relay(api, request, {.path = blue_pipeline_path(request) + "/"}, "JPipeline");
}

/// `type:pipeline;pipeline:demo/*word*` names the namespace and the word.
struct Search {
  std::string space, word;
};
Search search_of(std::string_view query) {
  for (std::string_view term : split(query, ';')) {
    if (!term.starts_with("pipeline:")) continue;
    term.remove_prefix(9);
    const size_t slash = term.find('/');
    if (slash == term.npos) return {std::string(term), ""};
    std::string_view word = term.substr(slash + 1);
    if (word.starts_with('*')) word.remove_prefix(1);
    if (word.ends_with('*')) word.remove_suffix(1);
    return {std::string(term.substr(0, slash)), std::string(word)};
  }
  return {};
}

/// The list's query with the defaults that a search has.
http::Query list_query(const http::Query& query, const std::string& word) {
  http::Query out;
  for (const auto& [name, value] : query) {
    if (name != "q" && name != "filter") out.add(name, value);
  }
  if (!query.has("name") && !word.empty()) out.add("name", word);
  if (!query.has("sortBy")) out.add("sortBy", "name");
  if (!query.has("ascending")) out.add("ascending", "true");
  return out;
}

/// What the engine knows of one pipeline; nothing when it does not have it.
std::optional<json::value> known_to_engine(Api& api, const Request& request,
                                           const std::string& space, std::string_view name) {
  const std::string path = fmt::format("{}/pipelines/{}/pipelines/{}/", kBlue,
                                       percent_encode(space), percent_encode(name));
  Answer answer = fetch(api, request, {.path = path, .keep_query = false}, "JPipeline");
  if (answer.failure) return std::nullopt;
  return std::move(answer.value);
}

Response search(Api& api, Request& request, Generation generation) {
  const Search wanted = search_of(request.query.get("q"));
  if (wanted.space.empty()) {
    return text_error(400, "q: must name the project, as in q=type:pipeline;pipeline:demo/*word*");
  }
  const Result<json::value> project = api.objects.get(devops_projects(), {"", wanted.space});
  if (!project) return error_reply(project.error());
  const std::string_view admin = text_at(*project, {"status", "adminNamespace"});
  const std::string space = admin.empty() ? wanted.space : std::string(admin);
  Result<std::vector<kube::ObjectRef>> all = api.objects.list(pipelines(), space);
  if (!all) return error_reply(all.error());
  json::object page = list_of(std::move(*all), list_query(request.query, wanted.word), generation);
  json::array items;
  for (const json::value& object : page["items"].get_array()) {
    const std::string_view name = kube::name_of(object);
    std::optional<json::value> known = known_to_engine(api, request, space, name);
    const json::value* annotations = find(object, {"metadata", "annotations"});
    json::value item = known ? std::move(*known)
                             : relay_shapes()
                                   .get("JPipeline")
                                   .apply(json::object{{"name", name}})
                                   .value_or(json::value(json::object()));
    if (annotations != nullptr) item.get_object()["annotations"] = *annotations;
    if (known && int_at(item, {"weatherScore"}) == 0) item.get_object()["weatherScore"] = 100;
    items.push_back(std::move(item));
  }
  return json_reply(json::object{{"items", std::move(items)}, {"total_count", page["totalItems"]}});
}

Response list_branches(Api& api, Request& request, Generation) {
  return relay(api, request, {.path = blue_pipeline_path(request) + "/branches/"}, "JBranchItems");
}

Response get_branch(Api& api, Request& request, Generation) {
  return relay(api, request, {.path = blue_pipeline_path(request) + "/"}, "JBranchPipeline");
}

Response text_reply(Api& api, const Request& request, Relayed relayed, const char* type) {
  Result<Response> answer = ask_jenkins(api, request, std::move(relayed));
  if (!answer) return error_reply(answer.error());
  if (answer->status >= 400) return relay_error(*answer);
  Response out;
  out.body = std::move(answer->body);
  out.stream = std::move(answer->stream);
  out.headers.set("Content-Type", type);
  out.headers.set("X-Content-Type-Options", "nosniff");
  return out;
}

Response scan(Api& api, Request& request, Generation) {
  return text_reply(api, request,
                    {.method = Method::post, .path = core_pipeline_path(request) + "/build"},
                    "text/html; charset=utf-8");
}

Response scan_log(Api& api, Request& request, Generation) {
  return text_reply(api, request, {.path = core_pipeline_path(request) + "/indexing/consoleText"},
                    "text/plain; charset=utf-8");
}

Response credential_usage(Api& api, Request& request, Generation) {
  const std::string path = fmt::format(
      "/job/{}/credentials/store/folder/domain/_/credential/{}/api/json?depth=2",
      percent_encode(request.param("devops")), percent_encode(request.param("credential")));
  Answer answer = fetch(api, request, {.path = path, .keep_query = false}, "");
  if (answer.failure) return std::move(*answer.failure);
  json::value out =
      relay_shapes().get("Credential").apply(answer.value).value_or(json::value(json::object()));
  json::object& fields = out.get_object();
  fields["id"] = request.param("credential");
  fields["type"] = "";
  fields["domain"] = "_";
  fields.erase("display_name");
  if (json::value* print = fields.if_contains("fingerprint");
      print != nullptr && print->is_object()) {
    print->get_object().erase("file_name");
  }
  return json_reply(out);
}

}  // namespace

void add_relay_pipelines(RouteTable& table, Api& api) {
  const std::string one = "/pipelines/{pipeline}";
  add_project_route(table, api, Method::get, one, "Get a pipeline as the engine has it",
                    get_pipeline);
  add_project_route(table, api, Method::get, one + "/branches", "List the branches of a pipeline",
                    list_branches);
  add_project_route(table, api, Method::get, one + "/branches/{branch}",
                    "Get a branch of a pipeline", get_branch);
  add_project_route(table, api, Method::get, "/credentials/{credential}/usage",
                    "Tell where a credential is used", credential_usage);
  add_route(table, api, Method::get, "/search", "Search pipelines", search);
  for (const auto& [word, generation] :
       {std::pair{"devops", Generation::v3}, std::pair{"namespaces", Generation::v4}}) {
    const std::string pipeline = fmt::format("/{}/{{devops}}/pipelines/{{pipeline}}", word);
    table.add({.method = Method::post,
               .pattern = pipeline + "/scan",
               .summary = "Look for branches again",
               .handler = [&api, generation](Request& r) { return scan(api, r, generation); },
               .produces = "text/html",
               .consumes = {}});
    table.add({.method = Method::get,
               .pattern = pipeline + "/consolelog",
               .summary = "Read the log of the last look for branches",
               .handler = [&api, generation](Request& r) { return scan_log(api, r, generation); },
               .produces = "text/plain",
               .consumes = {}});
  }
}

}  // namespace ks::devops::kapis
