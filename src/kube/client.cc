#include "kube/client.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "kube/status.h"

namespace ks::kube {
namespace {

constexpr JsonLimits kJsonLimits{.max_depth = 512};
constexpr size_t kMaxWatchLineBytes = 16u << 20;
constexpr int kModifyAttempts = 10;

std::string target_of(const ResourcePath& path, const http::Query& query) {
  std::string target = path.text();
  if (std::string text = query.encode(); !text.empty()) target += "?" + text;
  return target;
}

http::Query query_of(const ListOptions& options) {
  http::Query query;
  if (!options.label_selector.empty()) query.add("labelSelector", options.label_selector);
  if (!options.field_selector.empty()) query.add("fieldSelector", options.field_selector);
  if (options.limit > 0) query.add("limit", std::to_string(options.limit));
  if (!options.continue_from.empty()) query.add("continue", options.continue_from);
  if (!options.resource_version.empty()) query.add("resourceVersion", options.resource_version);
  return query;
}

std::string_view media_type(PatchType type) {
  switch (type) {
    case PatchType::json: return "application/json-patch+json";
    case PatchType::merge: return "application/merge-patch+json";
    case PatchType::strategic: return "application/strategic-merge-patch+json";
    case PatchType::apply: return "application/apply-patch+yaml";
  }
  return {};
}

std::string_view propagation_text(DeleteOptions::Propagation propagation) {
  switch (propagation) {
    case DeleteOptions::Propagation::unset: return {};
    case DeleteOptions::Propagation::background: return "Background";
    case DeleteOptions::Propagation::foreground: return "Foreground";
    case DeleteOptions::Propagation::orphan: return "Orphan";
  }
  return {};
}

std::optional<WatchEvent::Type> event_type(std::string_view text) {
  if (text == "ADDED") return WatchEvent::Type::added;
  if (text == "MODIFIED") return WatchEvent::Type::modified;
  if (text == "DELETED") return WatchEvent::Type::deleted;
  if (text == "BOOKMARK") return WatchEvent::Type::bookmark;
  return std::nullopt;
}

/// Turns the chunks of a watch into events. Runs on the transport's thread.
class WatchDecoder {
 public:
  explicit WatchDecoder(Client::WatchHandler handler) : handler_(std::move(handler)) {}

  void start(int status) { status_ = status; }

  void data(std::string_view chunk) {
    if (ended_) return;
    if (status_ != 200) {
      if (buffer_.size() < kMaxWatchLineBytes) buffer_ += chunk;
      return;
    }
    // Most chunks are whole lines: they are read where they are.
    while (!ended_) {
      const size_t end = chunk.find('\n');
      if (end == chunk.npos) break;
      if (buffer_.empty()) {
        line(chunk.substr(0, end));
      } else {
        buffer_ += chunk.substr(0, end);
        line(std::exchange(buffer_, {}));
      }
      chunk.remove_prefix(end + 1);
    }
    buffer_ += chunk;
    if (buffer_.size() > kMaxWatchLineBytes) {
      end(Error{Code::too_large, "watch: an event is larger than 16 MiB"});
    }
  }

  void end(Result<> result) {
    if (std::exchange(ended_, true) || !handler_.on_end) return;
    if (result && status_ != 200) result = parse_status(status_, buffer_).to_error();
    handler_.on_end(std::move(result));
  }

 private:
  void line(std::string_view text) {
    if (trim(text).empty()) return;
    Result<json::value> event = parse_json(text, kJsonLimits);
    if (!event) return end(std::move(event).error().in("watch"));
    const std::string_view type = text_at(*event, {"type"});
    json::value* object = find(*event, {"object"});
    if (object == nullptr) return end(Error{Code::internal, "watch: an event without its object"});
    if (type == "ERROR") return end(parse_status(500, to_json(*object)).to_error());
    const std::optional<WatchEvent::Type> known = event_type(type);
    if (known && handler_.on_event) handler_.on_event({*known, std::move(*object)});
  }

  Client::WatchHandler handler_;
  std::string buffer_;
  int status_ = 0;
  bool ended_ = false;
};

}  // namespace

Result<std::string> Client::send(http::Method method, const ResourcePath& path,
                                 const http::Query& query, std::string body,
                                 std::string_view content_type) {
  http::Request request = http::make_request(method, target_of(path, query), std::move(body));
  request.headers.set("Accept", "application/json");
  if (!content_type.empty()) request.headers.set("Content-Type", std::string(content_type));
  http::Response response = TRY(transport_.send(std::move(request)));
  if (response.status >= 200 && response.status < 300) return std::move(response.body).take();
  return parse_status(response.status, response.body.view()).to_error();
}

Result<json::value> Client::send_object(http::Method method, const Resource& resource,
                                        const ResourcePath& path, const json::value& object) {
  json::value with_type = object;
  if (!with_type.is_object()) return Error{Code::invalid, "a resource must be a JSON object"};
  if (kind_of(object).empty()) with_type.get_object()["kind"] = resource.kind;
  if (api_version_of(object).empty()) with_type.get_object()["apiVersion"] = resource.api_version();
  return parse_json(TRY(send(method, path, {}, to_json(with_type), "application/json")),
                    kJsonLimits);
}

Result<json::value> Client::get(const Resource& resource, const Key& key) {
  return parse_json(TRY(send(http::Method::get, resource.path(key.space, key.name), {}, {}, {})),
                    kJsonLimits);
}

Result<ObjectList> Client::list(const Resource& resource, std::string_view space,
                                const ListOptions& options) {
  json::value answer = TRY(parse_json(
      TRY(send(http::Method::get, resource.path(space), query_of(options), {}, {})), kJsonLimits));
  ObjectList out;
  out.resource_version = resource_version_of(answer);
  out.next = text_at(answer, {"metadata", "continue"});
  json::value* items = find(answer, {"items"});
  if (items == nullptr || !items->is_array()) return out;
  out.items.reserve(items->get_array().size());
  for (json::value& item : items->get_array()) {
    if (!item.is_object()) continue;
    // Lists of Kubernetes leave these out of their items.
    if (kind_of(item).empty()) item.get_object()["kind"] = resource.kind;
    if (api_version_of(item).empty()) item.get_object()["apiVersion"] = resource.api_version();
    out.items.push_back(std::move(item));
  }
  return out;
}

Result<json::value> Client::create(const Resource& resource, const json::value& object) {
  return send_object(http::Method::post, resource, resource.path(space_of(object)), object);
}

Result<json::value> Client::update(const Resource& resource, const json::value& object) {
  return send_object(http::Method::put, resource, resource.path(space_of(object), name_of(object)),
                     object);
}

Result<json::value> Client::update_status(const Resource& resource, const json::value& object) {
  return send_object(http::Method::put, resource,
                     resource.path(space_of(object), name_of(object), "status"), object);
}

Result<json::value> Client::patch(const Resource& resource, const Key& key, PatchType type,
                                  std::string body, const PatchOptions& options) {
  http::Query query;
  if (!options.field_manager.empty()) query.add("fieldManager", options.field_manager);
  if (options.force) query.add("force", "true");
  return parse_json(
      TRY(send(http::Method::patch, resource.path(key.space, key.name, options.subresource), query,
               std::move(body), media_type(type))),
      kJsonLimits);
}

Result<> Client::remove(const Resource& resource, const Key& key, const DeleteOptions& options) {
  json::object body{{"kind", "DeleteOptions"}, {"apiVersion", "v1"}};
  if (std::string_view text = propagation_text(options.propagation); !text.empty()) {
    body["propagationPolicy"] = text;
  }
  json::object preconditions;
  if (!options.uid.empty()) preconditions["uid"] = options.uid;
  if (!options.resource_version.empty()) {
    preconditions["resourceVersion"] = options.resource_version;
  }
  if (!preconditions.empty()) body["preconditions"] = std::move(preconditions);
  TRY(send(http::Method::delete_, resource.path(key.space, key.name), {}, to_json(body),
           "application/json"));
  return {};
}

std::unique_ptr<http::Reading> Client::watch(const Resource& resource, std::string_view space,
                                             const ListOptions& options, WatchHandler handler) {
  http::Query query = query_of(options);
  query.add("watch", "true");
  query.add("allowWatchBookmarks", "true");
  http::Request request =
      http::make_request(http::Method::get, target_of(resource.path(space), query));
  request.headers.set("Accept", "application/json");
  auto decoder = std::make_shared<WatchDecoder>(std::move(handler));
  http::Client::Reader reader;
  reader.on_start = [decoder](int status, const http::Headers&) { decoder->start(status); };
  reader.on_data = [decoder](std::string_view chunk) { decoder->data(chunk); };
  reader.on_end = [decoder](Result<> result) { decoder->end(std::move(result)); };
  return transport_.read(std::move(request), std::move(reader));
}

Result<json::value> Client::modify(const Resource& resource, const Key& key,
                                   const std::function<bool(json::value&)>& change,
                                   bool status_subresource) {
  for (int attempt = 1;; ++attempt) {
    json::value object = TRY(get(resource, key));
    if (!change(object)) return object;
    Result<json::value> written =
        status_subresource ? update_status(resource, object) : update(resource, object);
    if (written || written.error().code != Code::conflict || attempt == kModifyAttempts) {
      return written;
    }
    // Whoever won has finished its write, so an immediate retry mostly succeeds; only a crowd needs
    // to spread out.
    if (attempt > 3) std::this_thread::sleep_for(std::chrono::milliseconds{attempt});
  }
}

}  // namespace ks::kube
