#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "store/api/convert.h"
#include "store/api/list_options.h"
#include "store/api/respond.h"
#include "store/api/selectors.h"
#include "store/api/server.h"

namespace ks::store {
namespace {

constexpr std::string_view kInProcess = "in-process";  // Request::peer of our own parts
constexpr std::string_view kTypes[] = {"ADDED", "MODIFIED", "DELETED", "BOOKMARK"};

class StreamOutput final : public WatchOutput {
 public:
  explicit StreamOutput(std::shared_ptr<http::Stream> stream) : stream_(std::move(stream)) {}
  bool write(Bytes line) override { return stream_->write(std::move(line)); }
  void close() override { stream_->close(); }
  size_t queued_bytes() const override { return stream_->queued_bytes(); }
  void when_drained(size_t below, std::move_only_function<void()> wake) override {
    stream_->when_drained(below, std::move(wake));
  }
  std::stop_token stop_token() const override { return stream_->stop_token(); }

 private:
  const std::shared_ptr<http::Stream> stream_;
};

/// One message a line. Its queue is bounded by the connection alone.
class SocketOutput final : public WatchOutput {
 public:
  explicit SocketOutput(std::shared_ptr<http::WebSocket> socket) : socket_(std::move(socket)) {
    socket_->on_close([stop = stop_](int) mutable { stop.request_stop(); });
  }
  bool write(Bytes line) override { return socket_->send({.binary = false, .data = *line}); }
  void close() override { socket_->close(); }
  size_t queued_bytes() const override { return 0; }
  void when_drained(size_t, std::move_only_function<void()> wake) override { wake(); }
  std::stop_token stop_token() const override { return stop_.get_token(); }

 private:
  const std::shared_ptr<http::WebSocket> socket_;
  std::stop_source stop_;
};

/// Makes the lines of one watch. Keeps of the call what it needs: the request is gone by then.
class Encoder {
 public:
  Encoder(const Call& call, const Clock& clock)
      : catalog_(call.catalog),
        kind_(call.kind),
        format_(call.format),
        api_version_(kind_->resource.api_version()),
        clock_(clock) {}

  /// Whether lines are made for this watch alone, other than what the store holds.
  bool converts() const {
    return format_.as != Format::As::object || !kind_->storage ||
           kind_->store_resource() != kind_->resource.group_resource().text();
  }

  Bytes operator()(const WatchItem& item) {
    if (item.type == EventType::bookmark) return bookmark(item);
    const Object& object = item.event ? *item.event->object : *item.object;
    const bool as_stored = format_.as == Format::As::object && speaks(object, *kind_);
    if (as_stored && item.event) return item.event->line(item.type);
    if (as_stored) return line(item.type, *object.json);
    json::value value = parsed(item);
    if (!speaks(object, *kind_)) convert(value, *kind_);
    return line(item.type, render(value, item.revision));
  }

 private:
  static Bytes line(EventType type, std::string_view object) {
    std::string out;
    out.reserve(object.size() + 40);
    out.append("{\"type\":\"").append(kTypes[std::to_underlying(type)]);
    out.append("\",\"object\":").append(object).append("}\n");
    return std::make_shared<const std::string>(std::move(out));
  }

  static json::value parsed(const WatchItem& item) {
    Result<json::value> value =
        parse_json(item.event ? *item.event->json(item.type) : *item.object->json);
    CHECK_MSG(value.ok(), std::to_string(item.revision));
    return std::move(*value);
  }

  std::string render(const json::value& value, uint64_t revision) {
    switch (format_.as) {
      case Format::As::object: return to_json(value);
      case Format::As::partial: return to_json(partial_metadata(value));
      case Format::As::table: break;
    }
    const std::string row = table_row(*kind_, value, format_.include, clock_.now());
    return table(*kind_, {.revision = revision}, row, std::exchange(first_, false));
  }

  Bytes bookmark(const WatchItem& item) {
    if (format_.as == Format::As::table && !item.initial_end) {
      return line(item.type, table(*kind_, {.revision = item.revision}, "", false));
    }
    const bool partial = format_.as == Format::As::partial;
    return line(
        item.type,
        fmt::format(
            "{{\"kind\":\"{}\",\"apiVersion\":\"{}\",\"metadata\":{{"
            "\"resourceVersion\":\"{}\",\"creationTimestamp\":null{}}}}}",
            partial ? "PartialObjectMetadata" : kind_->resource.kind,
            partial ? "meta.k8s.io/v1" : api_version_, item.revision,
            item.initial_end ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : ""));
  }

  const CatalogRef catalog_;
  const KindRef kind_;
  const Format format_;
  const std::string api_version_;
  const Clock& clock_;
  bool first_ = true;
};

struct Plan {
  uint64_t after = 0;
  std::deque<WatchItem> initial;
  Watches::Terms terms;
};

Outcome<Plan> plan_watch(ApiServer& server, const Call& call, const Filter& filter) {
  const ListOptions options = TRY(watch_options(call.request));
  Plan plan{.after = options.revision, .initial = {}, .terms = {}};
  plan.terms.timeout = options.timeout;
  plan.terms.bookmarks = options.bookmarks;
  const bool from_now = options.revision == 0;
  if (!from_now && !options.send_initial) return plan;
  if (options.revision > server.store.revision())
    return too_new(options.revision, server.store.revision());
  const bool wanted = options.send_initial || !options.initial_given;
  if (!wanted) {
    plan.after = server.store.revision();
    return plan;
  }
  Store::List list = TRY(server.store.list(filter));
  plan.after = list.revision;
  for (ObjectRef& object : list.objects) {
    const uint64_t revision = object->revision;
    plan.initial.push_back({.revision = revision, .object = std::move(object)});
  }
  if (options.send_initial && options.bookmarks) {
    plan.initial.push_back(
        {.type = EventType::bookmark, .revision = list.revision, .initial_end = true});
  }
  return plan;
}

bool is_upgrade(const http::Request& request) {
  return equals_ignoring_case(request.headers.get("Upgrade"), "websocket");
}

}  // namespace

Answer watch_objects(ApiServer& server, Call& call) {
  const WatchedBy by = call.request.peer == kInProcess ? WatchedBy::us : WatchedBy::client;
  if (by == WatchedBy::client && server.store.watcher_count() >= server.options.max_watchers) {
    return kube::too_many_requests(
        fmt::format("{} watches are open, the limit (--max-watchers)", server.options.max_watchers),
        1);
  }
  Selection chosen = TRY(selection(call));
  auto plan = std::make_shared<Plan>(TRY(plan_watch(server, call, chosen.filter)));
  Encoder encoder(call, server.clock);
  plan->terms.converted = encoder.converts();
  plan->terms.by = by;
  auto open = [&server, encoder = std::move(encoder), filter = std::move(chosen.filter),
               plan](std::shared_ptr<WatchOutput> output) mutable {
    // No copy of it all: the encoder goes with the watch.
    server.watches.open(std::move(output), WatchEncoder(std::move(encoder)), std::move(filter),
                        plan->after, std::move(plan->initial), plan->terms);
  };
  http::Response response;
  response.headers.add("Cache-Control", "no-cache, private");
  add_warnings(response, call);
  if (is_upgrade(call.request)) {
    response.websocket = [open = std::move(open)](std::shared_ptr<http::WebSocket> socket) mutable {
      open(std::make_shared<SocketOutput>(std::move(socket)));
    };
    return response;
  }
  response.headers.add("Content-Type", "application/json");
  response.stream = [open = std::move(open)](std::shared_ptr<http::Stream> stream) mutable {
    open(std::make_shared<StreamOutput>(std::move(stream)));
  };
  return response;
}

}  // namespace ks::store
