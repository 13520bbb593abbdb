#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "http/client.h"
#include "kube/object.h"
#include "kube/resource.h"

namespace ks::kube {

struct ListOptions {
  std::string label_selector;
  std::string field_selector;
  size_t limit = 0;           ///< Objects in one answer; 0: all of them.
  std::string continue_from;  ///< `next` of the page before.
  /// Empty: the newest state. `0`: whatever the server has at hand.
  std::string resource_version;
};

struct ObjectList {
  std::vector<json::value> items;  ///< With apiVersion and kind filled in.
  std::string resource_version;    ///< Watch from here on.
  std::string next;                ///< Empty at the end.
};

struct DeleteOptions {
  enum class Propagation : uint8_t { unset, background, foreground, orphan };
  Propagation propagation = Propagation::unset;
  std::string uid;               ///< Deletes only the object with this uid; else `conflict`.
  std::string resource_version;  ///< The same for its version.
};

enum class PatchType : uint8_t { json, merge, strategic, apply };

struct PatchOptions {
  std::string subresource;
  std::string field_manager;  ///< Needed for apply.
  bool force = false;         ///< Takes fields over from other managers; for apply.
};

struct WatchEvent {
  enum class Type : uint8_t { added, modified, deleted, bookmark };
  Type type = Type::added;
  json::value object;
};

/// Calls the Kubernetes API over a transport: of this process or over a socket, the code is the
/// same. Thread-safe; calls block. The transport must outlive it.
///
///   json::value pod = TRY(client.get(pods, {"dev", "web"}));
///   set_label(pod, "tier", "front");
///   TRY(client.update(pods, pod));
///
/// An answer that is no success becomes an Error: `not_found`, `already_exists`, `conflict`,
/// `gone`, `invalid`, ... with the server's message.
class Client {
 public:
  explicit Client(http::Client& transport) : transport_(transport) {}

  Result<json::value> get(const Resource& resource, const Key& key);
  /// One page, or everything when there is no limit. An empty space means all of them.
  Result<ObjectList> list(const Resource& resource, std::string_view space = {},
                          const ListOptions& options = {});
  /// The namespace is metadata.namespace of the object.
  Result<json::value> create(const Resource& resource, const json::value& object);
  /// Fails with `conflict` when metadata.resourceVersion is set and no longer the newest.
  Result<json::value> update(const Resource& resource, const json::value& object);
  Result<json::value> update_status(const Resource& resource, const json::value& object);
  Result<json::value> patch(const Resource& resource, const Key& key, PatchType type,
                            std::string body, const PatchOptions& options = {});
  Result<> remove(const Resource& resource, const Key& key, const DeleteOptions& options = {});

  struct WatchHandler {
    std::move_only_function<void(WatchEvent)> on_event;
    /// Once, last. Ok: the server ended the watch in good order; `gone`: its start is too old, list
    /// again.
    std::move_only_function<void(Result<>)> on_end;
  };
  /// Events after `options.resource_version`, bookmarks included. Callbacks run on a thread of the
  /// transport; none runs after the reading was destroyed.
  std::unique_ptr<http::Reading> watch(const Resource& resource, std::string_view space,
                                       const ListOptions& options, WatchHandler handler);

  /// Reads the object, lets `change` modify it and writes it back, again when somebody else was
  /// quicker. `change` says false when there is nothing to write. Gives the newest state.
  Result<json::value> modify(const Resource& resource, const Key& key,
                             const std::function<bool(json::value&)>& change,
                             bool status_subresource = false);

 private:
  Result<std::string> send(http::Method method, const ResourcePath& path, const http::Query& query,
                           std::string body, std::string_view content_type);
  Result<json::value> send_object(http::Method method, const Resource& resource,
                                  const ResourcePath& path, const json::value& object);

  http::Client& transport_;
};

}  // namespace ks::kube
