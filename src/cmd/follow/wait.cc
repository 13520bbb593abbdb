#include "cmd/follow/wait.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <condition_variable>
#include <mutex>

namespace ks::cmd {
namespace {

using std::chrono::steady_clock;

/// What the watch told, for the thread that waits.
struct Watched {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::optional<json::value> enough;
  bool deleted = false;
  bool ended = false;
};

enum class Outcome : uint8_t { again, deleted, late, stopped };

/// One watch from the version of `seen` on. Nothing of it runs after the return.
Outcome watch_once(kube::Client& client, const kube::Resource& resource, const kube::Key& key,
                   const std::function<bool(const json::value&)>& enough, std::string version,
                   steady_clock::time_point deadline, const std::stop_token& stop,
                   std::optional<json::value>& found) {
  Watched watched;
  kube::ListOptions options;
  options.field_selector = "metadata.name=" + key.name;
  options.resource_version = std::move(version);
  auto reading = client.watch(resource, key.space, options,
                              {.on_event =
                                   [&](kube::WatchEvent event) {
                                     if (event.type == kube::WatchEvent::Type::bookmark) return;
                                     const bool deleted =
                                         event.type == kube::WatchEvent::Type::deleted;
                                     if (!deleted && !enough(event.object)) return;
                                     std::lock_guard lock(watched.mutex);
                                     watched.deleted = watched.deleted || deleted;
                                     if (!deleted && !watched.enough)
                                       watched.enough = std::move(event.object);
                                     watched.changed.notify_all();
                                   },
                               .on_end =
                                   [&](const Result<>&) {
                                     std::lock_guard lock(watched.mutex);
                                     watched.ended = true;
                                     watched.changed.notify_all();
                                   }});
  std::unique_lock lock(watched.mutex);
  watched.changed.wait_until(lock, stop, deadline,
                             [&] { return watched.enough || watched.deleted || watched.ended; });
  found = std::move(watched.enough);
  const bool deleted = watched.deleted, ended = watched.ended;
  lock.unlock();
  reading.reset();
  if (found || (ended && !deleted)) return Outcome::again;
  if (deleted) return Outcome::deleted;
  return stop.stop_requested() ? Outcome::stopped : Outcome::late;
}

}  // namespace

Result<json::value> wait_for(kube::Client& client, const kube::Resource& resource,
                             const kube::Key& key,
                             const std::function<bool(const json::value&)>& enough,
                             std::chrono::milliseconds limit, const std::stop_token& stop) {
  const auto deadline = steady_clock::now() + limit;
  const std::string what = fmt::format("{} \"{}\"", resource.group_resource().text(), key.text());
  while (true) {
    json::value now = TRY(client.get(resource, key));
    if (enough(now)) return now;
    std::optional<json::value> found;
    const std::string version(kube::resource_version_of(now));
    const Outcome outcome =
        watch_once(client, resource, key, enough, version, deadline, stop, found);
    if (found) return std::move(*found);
    switch (outcome) {
      case Outcome::deleted: return Error{Code::not_found, what + " was deleted"};
      case Outcome::stopped: return Error{Code::unavailable, "interrupted"};
      case Outcome::late:
        return Error{Code::timeout, fmt::format("{} is not ready after {} s; look at `kubectl "
                                                "get events` and the server's log",
                                                what, limit.count() / 1000)};
      case Outcome::again: break;
    }
    if (steady_clock::now() >= deadline) return Error{Code::timeout, what + " is not ready"};
  }
}

}  // namespace ks::cmd
