#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "engine/rest/routes.h"

// Machines as Jenkins shows them: the first is its built-in node. They are what the engine was
// started with: clients can look, not add.

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

json::object computer_json(const Machine& machine, bool built_in) {
  json::array labels, executors;
  std::vector<std::string> names = machine.labels;
  names.push_back(machine.name);
  for (const std::string& label : names) labels.push_back(json::object{{"name", label}});
  for (size_t i = 0; i < machine.executors; ++i) {
    executors.push_back(json::object{
        {"_class", "hudson.model.Executor"}, {"idle", i >= machine.busy}, {"number", i}});
  }
  return {
      {"_class", built_in ? "hudson.model.Hudson$MasterComputer" : "hudson.slaves.SlaveComputer"},
      {"actions", json::array()},
      {"assignedLabels", std::move(labels)},
      {"description", built_in ? "the engine's own machine" : ""},
      {"displayName", built_in ? "Built-In Node" : machine.name},
      {"executors", std::move(executors)},
      {"icon", "computer.png"},
      {"iconClassName", "icon-computer"},
      {"idle", machine.busy == 0},
      {"jnlpAgent", false},
      {"launchSupported", !built_in},
      {"loadStatistics", json::object()},
      {"manualLaunchAllowed", true},
      {"monitorData", json::object()},
      {"numExecutors", machine.executors},
      {"offline", false},
      {"offlineCause", nullptr},
      {"offlineCauseReason", ""},
      {"oneOffExecutors", json::array()},
      {"temporarilyOffline", false}};
}

Response show_all(Engine& engine, const Request& request) {
  json::array computers;
  size_t total = 0, busy = 0;
  for (const Machine& machine : engine.machines()) {
    computers.push_back(computer_json(machine, computers.empty()));
    total += machine.executors;
    busy += machine.busy;
  }
  return api_reply(request, json::object{{"_class", "hudson.model.ComputerSet"},
                                         {"busyExecutors", busy},
                                         {"computer", std::move(computers)},
                                         {"displayName", "Nodes"},
                                         {"totalExecutors", total}});
}

Response show_one(Engine& engine, const Request& request) {
  const std::string_view name = request.param("name");
  bool built_in = true;
  for (const Machine& machine : engine.machines()) {
    const bool by_its_role =
        built_in && (name == "(built-in)" || name == "(master)" || name == "built-in");
    if (by_its_role || machine.name == name) {
      return api_reply(request, computer_json(machine, built_in));
    }
    built_in = false;
  }
  return core_error({Code::not_found, fmt::format("node \"{}\" does not exist", name)});
}

Response fixed(Request&) {
  return core_error(
      {Code::forbidden, "nodes are set where the engine is started, not here: see `ks up --help`"});
}

}  // namespace

void add_computer_routes(const Routes& routes) {
  Engine& engine = routes.engine;
  add_api(routes.router, "/computer", [&](Request& r) { return show_all(engine, r); });
  add_api(routes.router, "/computer/{name}", [&](Request& r) { return show_one(engine, r); });
  for (const char* call :
       {"/doCreateItem", "/{name}/doDelete", "/{name}/toggleOffline", "/{name}/changeOfflineCause",
        "/{name}/disconnect", "/{name}/doDisconnect", "/{name}/config.xml"}) {
    add_both(routes.router, Method::post, std::string("/computer") + call, fixed);
  }
}

}  // namespace ks::engine
