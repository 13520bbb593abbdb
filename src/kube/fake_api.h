#pragma once

#include <boost/json.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "http/client.h"
#include "http/router.h"
#include "kube/object.h"
#include "kube/path.h"
#include "kube/status.h"

namespace ks::kube {

/// A stand-in for an API server in tests of the client side: objects in a map, versions, watches,
/// finalizers. It validates nothing; the real server has its own tests. It can be told
/// to misbehave as real ones do: end watches, forget history, refuse writes.
class FakeApi {
 public:
  FakeApi() {
    auto handle = [this](http::Request& request) { return answer(request); };
    router_.add_prefix("/api", handle);
    router_.add_prefix("/apis", handle);
    client_ = http::in_process_client(router_, {.name = "admin", .uid = {}, .groups = {}});
  }
  ~FakeApi() { end_watches(); }

  http::Client& transport() { return *client_; }
  http::Router& router() { return router_; }

  /// Ends every watch in good order.
  void end_watches() {
    for (auto& watcher : take_watchers()) watcher.stream->close();
  }
  /// Ends every watch with an error event that says that its history is gone.
  void expire_watches() {
    for (auto& watcher : take_watchers()) {
      watcher.stream->write(R"({"type":"ERROR","object":)" + expired("too old").to_json_text() +
                            "}\n");
      watcher.stream->close();
    }
  }
  /// The next `count` writes answer 409.
  void conflict_next(int count) {
    std::lock_guard lock(mutex_);
    conflicts_ = count;
  }
  size_t watches() {
    std::lock_guard lock(mutex_);
    return watchers_.size();
  }
  /// Removes an object without telling any watch, as if it happened while none was there.
  void remove_silently(const std::string& path) {
    std::lock_guard lock(mutex_);
    objects_.erase(path);
    ++version_;
  }
  std::vector<std::string> requests() {
    std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  struct Watcher {
    std::string prefix;
    std::shared_ptr<http::Stream> stream;
  };

  std::vector<Watcher> take_watchers() {
    std::lock_guard lock(mutex_);
    return std::exchange(watchers_, {});
  }

  static http::Response failed(const Status& status) {
    return http::Response::json(status.code, status.to_json_text());
  }

  struct Past {
    uint64_t version;
    std::string collection;
    std::string line;
  };

  void publish(std::string_view type, const json::value& object, const std::string& collection) {
    past_.push_back(
        {version_, collection, to_json(json::object{{"type", type}, {"object", object}}) + "\n"});
    for (Watcher& watcher : watchers_) {
      if (watcher.prefix == collection) watcher.stream->write(past_.back().line);
    }
  }

  http::Response answer(http::Request& request) {
    const std::optional<ResourcePath> parsed = parse_path(request.path);
    if (!parsed) return failed(path_not_found());
    std::lock_guard lock(mutex_);
    requests_.push_back(std::string(http::to_string(request.method)) + " " + request.path);
    switch (request.method) {
      case http::Method::get: return read(*parsed, request);
      case http::Method::post: return create(*parsed, request);
      case http::Method::put: return update(*parsed, request);
      case http::Method::patch: return patch(*parsed, request);
      case http::Method::delete_: return remove(*parsed);
      default: return failed(method_not_supported({parsed->group, parsed->resource}, "x"));
    }
  }

  http::Response read(const ResourcePath& path, http::Request& request) {
    if (!path.name.empty()) {
      const auto found = objects_.find(path.text());
      if (found == objects_.end()) {
        return failed(not_found({path.group, path.resource}, path.name));
      }
      return http::Response::json(200, to_json(found->second));
    }
    if (request.query.get("watch") == "true") {
      http::Response response;
      const uint64_t after =
          static_cast<uint64_t>(parse_int(request.query.get("resourceVersion")).value_or(0));
      response.stream = [this, after, prefix = path.text()](std::shared_ptr<http::Stream> stream) {
        std::lock_guard lock(mutex_);
        for (const Past& past : past_) {
          if (past.version > after && past.collection == prefix) stream->write(past.line);
        }
        watchers_.push_back({prefix, std::move(stream)});
      };
      return response;
    }
    json::array items;
    const LabelSelector selector = *LabelSelector::parse(request.query.get("labelSelector"));
    for (const auto& [key, object] : objects_) {
      if (belongs(key, path) && selector.matches(labels_of(object))) items.push_back(object);
    }
    return http::Response::json(
        200, to_json(json::object{
                 {"kind", "List"},
                 {"metadata", json::object{{"resourceVersion", std::to_string(version_)}}},
                 {"items", std::move(items)}}));
  }

  static bool belongs(const std::string& key, const ResourcePath& path) {
    const std::optional<ResourcePath> object = parse_path(key);
    return object->resource == path.resource && object->group == path.group &&
           (path.space.empty() || object->space == path.space);
  }

  static void merge(json::value& target, const json::value& changes) {
    if (!changes.is_object()) {
      target = changes;
      return;
    }
    if (!target.is_object()) target.emplace_object();
    for (const auto& [name, value] : changes.get_object()) {
      if (value.is_null()) {
        target.get_object().erase(name);
      } else {
        merge(target.get_object()[name], value);
      }
    }
  }

  /// An object whose deletion was asked for ends with its last finalizer.
  http::Response store_or_end(const std::string& key, json::value object) {
    const json::value* finalizers = find(object, {"metadata", "finalizers"});
    const bool ends =
        is_being_deleted(object) && (finalizers == nullptr || finalizers->get_array().empty());
    http::Response response = store(key, std::move(object), ends ? "DELETED" : "MODIFIED");
    if (ends) objects_.erase(key);
    return response;
  }

  http::Response store(const std::string& key, json::value object, std::string_view type) {
    object.as_object()["metadata"].as_object()["resourceVersion"] = std::to_string(++version_);
    objects_[key] = object;
    ResourcePath collection = *parse_path(key);
    collection.name.clear();
    publish(type, object, collection.text());
    if (!collection.space.empty()) {
      collection.space.clear();
      publish(type, object, collection.text());
    }
    return http::Response::json(200, to_json(object));
  }

  http::Response create(ResourcePath path, http::Request& request) {
    json::value object = *parse_json(request.body.view());
    path.name = name_of(object);
    if (path.name.empty()) {
      path.name = std::string(text_at(object, {"metadata", "generateName"})) + "x" +
                  std::to_string(version_);
      object.as_object()["metadata"].as_object()["name"] = path.name;
    }
    const std::string key = path.text();
    if (objects_.contains(key)) {
      return failed(already_exists({path.group, path.resource}, path.name));
    }
    object.as_object()["metadata"].as_object()["uid"] = "uid-" + std::to_string(version_ + 1);
    return store(key, std::move(object), "ADDED");
  }

  http::Response update(ResourcePath path, http::Request& request) {
    path.subresource.clear();
    const auto found = objects_.find(path.text());
    if (found == objects_.end()) return failed(not_found({path.group, path.resource}, path.name));
    json::value object = *parse_json(request.body.view());
    const bool stale = !resource_version_of(object).empty() &&
                       resource_version_of(object) != resource_version_of(found->second);
    if (stale || conflicts_ > 0) {
      if (!stale) conflicts_--;
      return failed(conflict({path.group, path.resource}, path.name));
    }
    return store_or_end(path.text(), std::move(object));
  }

  http::Response patch(ResourcePath path, http::Request& request) {
    path.subresource.clear();
    const auto found = objects_.find(path.text());
    if (found == objects_.end()) return failed(not_found({path.group, path.resource}, path.name));
    json::value object = found->second;
    merge(object, *parse_json(request.body.view()));
    return store_or_end(path.text(), std::move(object));
  }

  http::Response remove(const ResourcePath& path) {
    const auto found = objects_.find(path.text());
    if (found == objects_.end()) return failed(not_found({path.group, path.resource}, path.name));
    json::value object = found->second;
    set_at(object, {"metadata", "deletionTimestamp"}, "2026-01-01T00:00:00Z");
    store_or_end(path.text(), std::move(object));
    return http::Response::json(200,
                                success({path.group, path.resource}, path.name, "").to_json_text());
  }

  std::mutex mutex_;
  std::map<std::string, json::value> objects_;
  std::vector<Watcher> watchers_;
  std::vector<Past> past_;
  std::vector<std::string> requests_;
  uint64_t version_ = 1;
  int conflicts_ = 0;
  http::Router router_;
  std::unique_ptr<http::Client> client_;
};

}  // namespace ks::kube
