#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "engine/rest/core_view.h"
#include "engine/rest/routes.h"
#include "engine/rest/views.h"
#include "jenkins/xml.h"

// Views: named lists of jobs, of the server or of a folder. Each is its config.xml.

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::string_view kListClass = "hudson.model.ListView";
constexpr size_t kMostViews = 1000;  // of one folder
constexpr std::string_view kEmpty =
    "<?xml version='1.1' encoding='UTF-8'?>\n<hudson.model.ListView/>\n";

std::string folder_of(const Request& request) { return std::string(request.param("p")); }

Error no_view(std::string_view name) {
  return {Code::not_found, fmt::format("view \"{}\" does not exist", name)};
}

/// The config.xml of a view; `not_found`.
Result<std::string> config_of_view(const RestState& state, const std::string& folder,
                                   std::string_view view) {
  const json::value views = state.read("views");
  const std::string_view config = text_at(views, {folder, view});
  if (config.empty()) return no_view(view);
  return std::string(config);
}

std::vector<std::string> jobs_of_config(const std::string& config) {
  std::vector<std::string> out;
  const Result<pugi::xml_document> document = jenkins::parse_xml(config);
  if (!document) return out;
  for (const auto name : document->document_element().child("jobNames").children("string")) {
    out.emplace_back(name.child_value());
  }
  return out;
}

Result<> check_config(std::string_view config) {
  const pugi::xml_document document = TRY(jenkins::parse_xml(config));
  const std::string_view root = document.document_element().name();
  if (root == kListClass) return {};
  return Error{Code::invalid, fmt::format("views of class \"{}\" are not supported: use \"{}\"",
                                          root, kListClass)};
}

Result<> put_view(RestState& state, const std::string& folder, const std::string& name,
                  const std::string& config, bool is_new) {
  if (name == "all") return Error{Code::invalid, "the view \"all\" is always there as it is"};
  TRY(check_item_name(name));
  TRY(check_config(config));
  return state.change("views", [&](json::object& views) -> Result<> {
    if (!views[folder].is_object()) views[folder] = json::object();
    json::object& here = views[folder].get_object();
    if (is_new && here.contains(name)) {
      return Error{Code::invalid, fmt::format("A view already exists with the name \"{}\"", name)};
    }
    if (!is_new && !here.contains(name)) return no_view(name);
    if (here.size() >= kMostViews) return Error{Code::exhausted, "more than 1,000 views"};
    here[name] = config;
    return {};
  });
}

Response create_view(const Routes& routes, const Request& request) {
  const std::string folder = folder_of(request);
  if (!folder.empty() && !routes.engine.has_folder(folder)) {
    return core_error({Code::not_found, fmt::format("folder \"{}\" does not exist", folder)});
  }
  const bool form = is_form(request) || request.body.empty();
  if (const std::string mode = field(request, "mode"); !mode.empty() && mode != kListClass) {
    return core_error({Code::invalid, fmt::format("views of class \"{}\" are not supported: use "
                                                  "\"{}\"",
                                                  mode, kListClass)});
  }
  const Result<> made =
      put_view(routes.state, folder, field(request, "name"),
               form ? std::string(kEmpty) : std::string(request.body.view()), true);
  if (!made) return core_error(made.error());
  if (!form) return Response::text(200, "");
  Response out = Response::text(302, "");
  out.headers.set("Location", view_url(base_url(request), folder, field(request, "name")));
  return out;
}

Response show_view(const Routes& routes, const Request& request) {
  const std::string folder = folder_of(request), name(request.param("view"));
  std::vector<std::string> names;
  if (name == "all") {
    if (folder.empty()) {
      names = routes.engine.folders();
    } else if (!routes.engine.has_folder(folder)) {
      return core_error({Code::not_found, fmt::format("folder \"{}\" does not exist", folder)});
    } else {
      for (const JobName& job : routes.engine.jobs(folder)) names.push_back(job.name);
    }
  } else {
    const Result<std::string> config = config_of_view(routes.state, folder, name);
    if (!config) return core_error(config.error());
    names = jobs_of_config(*config);
  }
  json::array jobs;
  for (const std::string& one : names) {
    if (folder.empty() && routes.engine.has_folder(one)) {
      jobs.push_back(
          json::object{{"_class", "com.cloudbees.hudson.plugins.folder.Folder"},
                       {"name", one},
                       {"url", fmt::format("{}/job/{}/", base_url(request), percent_encode(one))}});
    } else if (!folder.empty() && routes.engine.job_config({folder, one})) {
      jobs.push_back(job_link(routes.engine, {folder, one}, base_url(request)));
    }
  }
  return api_reply(request, json::object{{"_class", name == "all" ? "hudson.model.AllView"
                                                                  : std::string(kListClass)},
                                         {"description", nullptr},
                                         {"jobs", std::move(jobs)},
                                         {"name", name},
                                         {"property", json::array()},
                                         {"url", view_url(base_url(request), folder, name)}});
}

Response change_jobs(const Routes& routes, const Request& request, bool add) {
  const std::string folder = folder_of(request), view(request.param("view"));
  const std::string job = field(request, "name");
  const bool known =
      folder.empty() ? routes.engine.has_folder(job) : routes.engine.job_config({folder, job}).ok();
  if (add && !known) {
    return core_error({Code::invalid, fmt::format("there is no job \"{}\" for the view", job)});
  }
  const Result<std::string> config = config_of_view(routes.state, folder, view);
  if (!config) return core_error(config.error());
  Result<pugi::xml_document> document = jenkins::parse_xml(*config);
  if (!document) return core_error(document.error());
  pugi::xml_node names = jenkins::child_or_new(document->document_element(), "jobNames");
  for (pugi::xml_node one = names.child("string"); one;) {
    const pugi::xml_node next = one.next_sibling("string");
    if (one.child_value() == job) names.remove_child(one);
    one = next;
  }
  if (add) jenkins::add_text(names, "string", job);
  const Result<> put = put_view(routes.state, folder, view, jenkins::print_xml(*document), false);
  return put ? Response::text(200, "") : core_error(put.error());
}

Response delete_view(const Routes& routes, const Request& request) {
  const std::string view(request.param("view"));
  const Result<> done = routes.state.change("views", [&](json::object& views) -> Result<> {
    json::object* here = views[folder_of(request)].if_object();
    if (view == "all") return Error{Code::invalid, "the view \"all\" cannot be deleted"};
    if (here == nullptr || here->erase(view) == 0) return no_view(view);
    return {};
  });
  if (!done) return core_error(done.error());
  Response out = Response::text(302, "");
  out.headers.set("Location", "../../");
  return out;
}

}  // namespace

std::string view_url(const std::string& base, const std::string& folder, std::string_view view) {
  std::string out = base + "/";
  if (!folder.empty()) out += fmt::format("job/{}/", percent_encode(folder));
  return view == "all" ? out : fmt::format("{}view/{}/", out, percent_encode(view));
}

json::array view_links(const RestState& state, const std::string& base, const std::string& folder) {
  json::array out{json::value(json::object{{"_class", "hudson.model.AllView"},
                                           {"name", "all"},
                                           {"url", view_url(base, folder, "all")}})};
  const json::value views = state.read("views");
  const json::value* here = find(views, {folder});
  if (here == nullptr || !here->is_object()) return out;
  for (const auto& [name, config] : here->get_object()) {
    out.push_back(json::object{
        {"_class", kListClass}, {"name", name}, {"url", view_url(base, folder, name)}});
  }
  return out;
}

void add_view_routes(const Routes& routes) {
  http::Router& router = routes.router;
  for (const std::string at : {"", "/job/{p}"}) {
    add_both(router, Method::post, at + "/createView",
             [routes](Request& r) { return create_view(routes, r); });
    const std::string view = at + "/view/{view}";
    add_api(router, view, [routes](Request& r) { return show_view(routes, r); });
    add_both(router, Method::get, view + "/config.xml", [routes](Request& r) {
      Result<std::string> config = config_of_view(routes.state, folder_of(r), r.param("view"));
      return config ? xml_reply(std::move(*config)) : core_error(config.error());
    });
    add_both(router, Method::post, view + "/config.xml", [routes](Request& r) {
      const Result<> put = put_view(routes.state, folder_of(r), std::string(r.param("view")),
                                    std::string(r.body.view()), false);
      return put ? Response::text(200, "") : core_error(put.error());
    });
    add_both(router, Method::post, view + "/doDelete",
             [routes](Request& r) { return delete_view(routes, r); });
    for (const auto& [call, add] :
         {std::pair{"/addJobToView", true}, std::pair{"/removeJobFromView", false}}) {
      add_both(router, Method::post, view + call,
               [routes, add](Request& r) { return change_jobs(routes, r, add); });
    }
  }
}

}  // namespace ks::engine
