#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <condition_variable>
#include <memory>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/json.h"
#include "http/client.h"
#include "http/router.h"
#include "store/api/api.h"
#include "store/lifecycle/lifecycle.h"
#include "store/store.h"

/// What the tests of the API talk to: a whole server in this process, without sockets.

namespace ks::store {

struct Reply {
  int status = 0;
  http::Headers headers;
  std::string body;

  json::value object() const {
    Result<json::value> value = parse_json(body);
    EXPECT_TRUE(value.ok()) << body;
    return value ? *value : json::value(json::object());
  }
  std::string text(std::initializer_list<std::string_view> path) const {
    return std::string(text_at(object(), path));
  }
  std::string message() const { return text({"message"}); }
};

/// Collects the lines of a watch.
class WatchReader {
 public:
  WatchReader(http::Client& client, http::Request request) {
    reading_ =
        client.read(std::move(request),
                    {.on_start = [this](int status, const http::Headers&) { status_ = status; },
                     .on_data =
                         [this](std::string_view chunk) {
                           seen_.with([&](Seen& seen) {
                             seen.rest += chunk;
                             for (size_t end; (end = seen.rest.find('\n')) != std::string::npos;) {
                               seen.lines.push_back(seen.rest.substr(0, end));
                               seen.rest.erase(0, end + 1);
                             }
                           });
                           changed_.notify_all();
                         },
                     .on_end =
                         [this](const Result<>&) {
                           seen_.with([](Seen& seen) { seen.ended = true; });
                           changed_.notify_all();
                         }});
  }

  /// Waits for that many lines; fewer when the stream ended or ten seconds went by.
  std::vector<std::string> lines(size_t count) {
    return seen_.wait_for(
        changed_, std::chrono::seconds(10),
        [&](const Seen& seen) { return seen.lines.size() >= count || seen.ended; },
        [](const Seen& seen) { return seen.lines; });
  }
  /// `ADDED a;MODIFIED a;`
  std::string words(size_t count) {
    std::string out;
    for (const std::string& line : lines(count)) {
      const Result<json::value> event = parse_json(line);
      EXPECT_TRUE(event.ok()) << line;
      if (!event) continue;
      const std::string_view name = text_at(*event, {"object", "metadata", "name"});
      out += std::string(text_at(*event, {"type"})) + (name.empty() ? "" : " ") +
             std::string(name) + ";";
    }
    return out;
  }
  bool ended() {
    return seen_.wait_for(
        changed_, std::chrono::seconds(10), [](const Seen& seen) { return seen.ended; },
        [](const Seen& seen) { return seen.ended; });
  }
  int status() const { return status_; }

 private:
  struct Seen {
    std::vector<std::string> lines;
    std::string rest;
    bool ended = false;
  };
  Guarded<Seen> seen_;
  std::condition_variable changed_;
  std::atomic<int> status_{0};
  std::unique_ptr<http::Reading> reading_;
};

struct TestServer {
  explicit TestServer(KubeApiOptions options = {}, StoreOptions store_options = {},
                      std::unique_ptr<Backend> backend = memory_backend())
      : store(std::move(backend), store_options) {
    EXPECT_TRUE(store.open().ok());
    options.clock = &clock;
    api = std::make_unique<KubeApi>(store, registry, options);
    Result<> started = api->start();
    EXPECT_TRUE(started.ok()) << (started ? "" : started.error().message);
    // As if it came by a socket.
    router.add_filter([this](http::Request& request, const http::Handler& next) {
      if (!calls_are_ours) request.peer = "192.0.2.1:4711";
      return next(request);
    });
    api->add_routes(router);
    client = http::in_process_client(router, {.name = "admin", .uid = {}, .groups = {}});
  }

  Reply send(http::Method method, std::string_view target, std::string body = {},
             http::Headers headers = {}) {
    if (!body.empty() && !headers.has("Content-Type")) {
      headers.add("Content-Type", "application/json");
    }
    Result<http::Response> response =
        client->send(http::make_request(method, target, std::move(body), std::move(headers)));
    EXPECT_TRUE(response.ok());
    return {response->status, response->headers, std::string(response->body.view())};
  }
  Reply get(std::string_view path, http::Headers headers = {}) {
    return send(http::Method::get, path, {}, std::move(headers));
  }
  Reply post(std::string_view path, std::string body) {
    return send(http::Method::post, path, std::move(body));
  }
  Reply put(std::string_view path, std::string body) {
    return send(http::Method::put, path, std::move(body));
  }
  Reply patch(std::string_view path, std::string_view type, std::string body) {
    return send(http::Method::patch, path, std::move(body),
                {{"Content-Type", "application/" + std::string(type)}});
  }
  Reply remove(std::string_view path, std::string body = {}) {
    return send(http::Method::delete_, path, std::move(body));
  }
  std::unique_ptr<WatchReader> watch(std::string_view target, http::Headers headers = {}) {
    return std::make_unique<WatchReader>(
        *client, http::make_request(http::Method::get, target, {}, std::move(headers)));
  }

  std::atomic<bool> calls_are_ours{false};
  ManualClock clock;
  Store store;
  Registry registry;
  std::unique_ptr<KubeApi> api;
  http::Router router;
  std::unique_ptr<http::Client> client;
};

inline constexpr std::string_view kConfigMaps = "/api/v1/namespaces/default/configmaps";

inline std::string config_map(std::string_view name, std::string_view value = "1") {
  return "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"" +
         std::string(name) + "\"},\"data\":{\"k\":\"" + std::string(value) + "\"}}";
}

}  // namespace ks::store
