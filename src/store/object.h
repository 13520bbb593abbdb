#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the store keeps: objects as the bytes that clients get, with the few facts that lists and
/// watches filter by.

namespace ks::store {

using Bytes = std::shared_ptr<const std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

/// `resource` is the plural with its group: `pods`, `deployments.apps`. A cluster-scoped object has
/// no namespace.
struct Key {
  std::string resource;
  std::string space;  ///< the namespace; empty for cluster-scoped kinds
  std::string name;
  auto operator<=>(const Key&) const = default;

  /// The three joined so that texts order as keys do.
  std::string text() const;
  static Key parse(std::string_view text);
  /// What every key of a resource, or of a namespace of it, begins with.
  static std::string prefix(std::string_view resource);
  static std::string prefix(std::string_view resource, std::string_view space);
};

/// One version of an object. Immutable: readers, watchers and the history share it.
struct Object {
  std::string key;        ///< Key::text()
  uint64_t revision = 0;  ///< metadata.resourceVersion
  uint64_t created = 0;   ///< revision of its creation
  std::string uid;
  Bytes json;  ///< the whole object, resourceVersion included, ready to be sent
  Pairs labels;
  Pairs fields;  ///< what field selectors of its kind may ask for, metadata.* apart

  std::string_view space() const;
  std::string_view name() const;
  std::string_view resource() const;
  size_t footprint() const;
};
using ObjectRef = std::shared_ptr<const Object>;

/// The JSON of a version with another resourceVersion.
Bytes with_revision(const Object& object, uint64_t revision);

/// An object on its way in. `json` must hold kRevisionMark once, where its resourceVersion belongs.
struct Draft {
  Key key;
  std::string uid;
  std::string json;
  Pairs labels;
  Pairs fields;
};

/// Stands for the revision in a Draft: `"resourceVersion":"` + kRevisionMark + `"`. Random for each
/// process, so that no text of a user can be mistaken for it.
std::string_view revision_mark();

enum class EventType : uint8_t { added, modified, deleted, bookmark };

/// One change. `object` is the new state; of a deletion the last state, carrying the revision of
/// the deletion.
struct Event {
  Event(EventType is, uint64_t at, ObjectRef now, ObjectRef before)
      : type(is), revision(at), object(std::move(now)), previous(std::move(before)) {}

  EventType type = EventType::added;
  uint64_t revision = 0;
  ObjectRef object;
  ObjectRef previous;  ///< null for an addition

  /// The JSON of the object for a watcher that sees the change as `seen`: one that no longer
  /// matches is `deleted` for its watcher and shows its last matching state.
  Bytes json(EventType seen) const;
  /// `{"type":"ADDED","object":{...}}` and a line end: the same bytes for all who ask while anyone
  /// still holds them, so that a thousand watchers share one text. Thread-safe.
  Bytes line(EventType seen) const;

 private:
  // Weak: the history would else keep a second copy of everything.
  mutable std::array<std::weak_ptr<const std::string>, 3> lines_;
  mutable std::atomic_flag lines_lock_;
};
using EventRef = std::shared_ptr<const Event>;

}  // namespace ks::store
