#include "engine/rest/sse_gateway.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/branches.h"
#include "engine/rest/core_view.h"
#include "engine/rest/queue.h"
#include "engine/rest/routes.h"
#include "jenkins/types.h"

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr size_t kMostClients = 1000;
constexpr size_t kMostStates = 10'000;

std::string sse(std::string_view channel, const json::object& data) {
  return fmt::format("event: {}\ndata: {}\n\n", channel, to_json(data));
}

std::string_view name_of(RunState state, std::optional<RunState> before) {
  switch (state) {
    case RunState::queued: return "job_run_queue_enter";
    case RunState::running:
      return before == RunState::paused ? "job_run_unpaused" : "job_run_started";
    case RunState::paused: return "job_run_paused";
    case RunState::finished: return "job_run_ended";
  }
  return "";
}

json::object event_of(std::string_view channel, std::string_view event,
                      const EngineEvent& engine_event) {
  const JobName& job = engine_event.job;
  return {
      {"jenkins_channel", channel},
      {"jenkins_event", event},
      {"jenkins_event_timestamp", std::to_string(system_clock().now().time_since_epoch().count())},
      {"jenkins_event_uuid", random_uuid()},
      {"jenkins_object_type", "org.jenkinsci.plugins.workflow.job.WorkflowRun"},
      {"jenkins_object_id", std::to_string(engine_event.number)},
      {"jenkins_object_name", fmt::format("#{}", engine_event.number)},
      {"jenkins_object_url", fmt::format("{}{}/", job_path(job).substr(1), engine_event.number)},
      {"jenkins_org", "jenkins"},
      {"job_name", job.text()},
      {"job_run_queueId", std::to_string(queue_id(job, engine_event.number))},
      {"job_run_status", engine_event.state == RunState::finished
                             ? json::value(to_string(engine_event.result))
                             : json::value("UNKNOWN")},
      {"blueocean_job_pipeline_name", job.text()},
      {"blueocean_job_rest_url", job_ref(job).blue_path() + "/"}};
}

Response ok(json::value data) {
  return Response::json(200, to_json(json::object{{"status", "ok"}, {"data", std::move(data)}}));
}

}  // namespace

SseGateway::~SseGateway() {
  std::map<std::string, ClientRef> clients;
  clients_.with([&](auto& held) { clients.swap(held); });
  for (auto& [name, client] : clients) {
    if (client->stream) client->stream->close();
  }
}

void SseGateway::connect(const std::string& client) {
  ClientRef forgotten;  // ends outside of the lock
  clients_.with([&](auto& clients) {
    if (clients.contains(client)) return;
    uint64_t newest = 0;
    auto oldest = clients.begin();
    for (auto at = clients.begin(); at != clients.end(); ++at) {
      newest = std::max(newest, at->second->order);
      if (at->second->order < oldest->second->order) oldest = at;
    }
    if (clients.size() >= kMostClients) {
      forgotten = oldest->second;
      clients.erase(oldest);
    }
    ClientRef made = std::make_shared<Client>();
    made->order = newest + 1;
    clients[client] = std::move(made);
  });
  if (forgotten && forgotten->stream) forgotten->stream->close();
}

bool SseGateway::knows(const std::string& client) const {
  return clients_.with([&](const auto& clients) { return clients.contains(client); });
}

Result<> SseGateway::configure(const std::string& client, const json::value& subscribe,
                               const json::value& unsubscribe) {
  const ClientRef found = clients_.with([&](auto& clients) {
    const auto at = clients.find(client);
    return at == clients.end() ? nullptr : at->second;
  });
  if (!found) {
    return Error{Code::invalid, fmt::format("the client \"{}\" has not connected", client)};
  }
  found->channels.with([&](std::set<std::string>& channels) {
    const auto each = [](const json::value& list, auto act) {
      if (!list.is_array()) return;
      for (const json::value& one : list.get_array()) {
        // Only these are ever spoken of.
        const std::string_view channel = text_at(one, {"jenkins_channel"});
        if (channel == "job" || channel == "pipeline") act(std::string(channel));
      }
    };
    each(subscribe, [&](std::string channel) { channels.insert(std::move(channel)); });
    each(unsubscribe, [&](const std::string& channel) { channels.erase(channel); });
  });
  return {};
}

/// From the engine's thread of events: only queues bytes.
void SseGateway::tell(Client& client, const EngineEvent& event) {
  const std::set<std::string> channels =
      client.channels.with([](const std::set<std::string>& held) { return held; });
  if (event.type == EngineEvent::Type::node) {
    if (!channels.contains("pipeline") || !event.node) return;
    const bool step = event.node->kind == NodeKind::step;
    json::object data = event_of("pipeline", step ? "pipeline_step" : "pipeline_stage", event);
    data["pipeline_job_name"] = event.job.text();
    data["pipeline_run_id"] = std::to_string(event.number);
    data["pipeline_step_flownode_id"] = std::to_string(event.node->id);
    data["pipeline_step_name"] = event.node->name;
    data["pipeline_step_is_paused"] = event.node->state == NodeState::paused ? "true" : "false";
    if (!step) data["pipeline_step_stage_name"] = event.node->name;
    client.stream->write(sse("pipeline", data));
    return;
  }
  const std::string run = fmt::format("{}#{}", event.job.text(), event.number);
  const auto known = client.states.find(run);
  const std::optional<RunState> before =
      known == client.states.end() ? std::nullopt : std::optional(known->second);
  if (event.state == RunState::finished) {
    client.states.erase(run);
  } else if (client.states.size() < kMostStates) {
    client.states[run] = event.state;
  }
  // The same state twice says nothing new.
  if (before == event.state || !channels.contains("job")) return;
  client.stream->write(sse("job", event_of("job", name_of(event.state, before), event)));
}

void SseGateway::listen(const std::string& client, std::shared_ptr<http::Stream> stream) {
  const ClientRef made = std::make_shared<Client>();
  ClientRef before;
  clients_.with([&](auto& clients) {
    const auto at = clients.find(client);
    if (at == clients.end()) return;
    before = at->second;
    made->channels.with([&](std::set<std::string>& channels) {
      channels = before->channels.with([](const auto& held) { return held; });
    });
    made->order = before->order;
    made->stream = stream;
    at->second = made;
  });
  if (!before) return stream->close();
  // A page that was loaded again listens anew: its old stream ends.
  if (before->stream) before->stream->close();
  stream->write(sse("open", {{"dispatcherId", client}, {"dispatcherInst", random_text(8)}}));
  // Weak: the client holds the token, and the token the callback.
  Result<std::shared_ptr<void>> token = engine_.subscribe(
      engine_.last_event(), [weak = std::weak_ptr(made)](const EngineEvent& event) {
        if (const ClientRef self = weak.lock()) tell(*self, event);
      });
  if (!token) return stream->close();
  clients_.with([&](auto&) { made->token = std::move(*token); });
}

void add_sse_routes(const Routes& routes, SseGateway& gateway) {
  http::Router& router = routes.router;
  add_both(router, Method::get, "/sse-gateway/connect", [&gateway](Request& r) {
    const std::string client(r.query.get("clientId"));
    if (client.empty() || client.size() > 200) {
      return core_error({Code::invalid, "clientId: 1 to 200 bytes are needed"});
    }
    gateway.connect(client);
    return ok(json::object{{"jsessionid", client}, {"cookieName", "JSESSIONID"}});
  });
  add_both(router, Method::post, "/sse-gateway/configure", [&gateway](Request& r) {
    const Result<json::value> body = parse_json(r.body.view());
    if (!body) return core_error(body.error());
    const auto list = [&](std::string_view name) {
      const json::value* found = find(*body, {name});
      return found == nullptr ? json::value() : *found;
    };
    const Result<> done = gateway.configure(std::string(text_at(*body, {"dispatcherId"})),
                                            list("subscribe"), list("unsubscribe"));
    return done ? ok(json::object()) : core_error(done.error());
  });
  add_both(router, Method::get, "/sse-gateway/ping", [](Request&) { return ok(json::object()); });
  add_both(router, Method::get, "/sse-gateway/listen/{client}", [&gateway](Request& r) {
    const std::string client(r.param("client"));
    if (!gateway.knows(client)) {
      return core_error(
          {Code::not_found, fmt::format("the client \"{}\" has not connected", client)});
    }
    Response out = Response::text(200, "");
    out.headers.set("Content-Type", "text/event-stream");
    out.headers.set("Cache-Control", "no-store");
    out.stream = [&gateway, client](std::shared_ptr<http::Stream> stream) {
      gateway.listen(client, std::move(stream));
    };
    return out;
  });
}

}  // namespace ks::engine
