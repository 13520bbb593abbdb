#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

/// What DELETE means in Kubernetes, and how an object leaves: finalizers first, the object last.
/// The API, the garbage collector and the deletion of namespaces all end objects through these
/// functions, so that they agree.

namespace ks::store {

namespace json = boost::json;

inline constexpr std::string_view kForegroundFinalizer = "foregroundDeletion";
inline constexpr std::string_view kOrphanFinalizer = "orphan";
/// Stands in `spec.finalizers` of a Namespace until all in it is gone.
inline constexpr std::string_view kNamespaceFinalizer = "kubernetes";

/// What becomes of the objects that name the deleted one as their owner.
enum class Propagation : uint8_t {
  unset,       ///< as the object's finalizers say, else background
  background,  ///< they go after it
  foreground,  ///< they go before it: those with blockOwnerDeletion hold it back
  orphan,      ///< they stay and lose the reference
};
/// `Background`, `Foreground`, `Orphan` of DeleteOptions; nothing for any other text.
std::optional<Propagation> parse_propagation(std::string_view text);

struct DeleteRequest {
  Key key;
  Propagation propagation = Propagation::unset;
  std::string uid;        ///< precondition; empty: any
  uint64_t revision = 0;  ///< precondition; 0: any
  bool dry_run = false;
};

struct Deletion {
  ObjectRef object;      ///< the last state, or the one that waits for its finalizers
  bool removed = false;  ///< it is gone; false: something must take its finalizers off
};

/// Deletes one object, or marks it with deletionTimestamp when finalizers (its own, those of the
/// propagation, or a namespace's) hold it. `not_found`; `conflict` when a precondition fails. A dry
/// run gives what would be the answer.
Result<Deletion> delete_object(Store& store, const DeleteRequest& request, const Clock& clock);

/// What delete_object() would write over this version: a removal, or an update that marks it.
/// Nothing when it is marked already and something still holds it.
Result<std::optional<Store::Write>> deletion_of(const ObjectRef& stored, Propagation propagation,
                                                const Clock& clock);

/// True of an object that is marked for deletion and that nothing holds any more: whoever writes an
/// object in that state must remove it (`PUT` that takes the last finalizer off).
bool is_finished(const json::value& object);

/// Reads, changes and writes an object until no one else got in between; removes it when the change
/// was what held it (is_finished). `change` gives false to leave it as it is; it may be called more
/// than once. Gives the object as it is then (of a removed one the last state).
Result<ObjectRef> edit_object(Store& store, const Key& key,
                              const std::function<Result<bool>(json::value&)>& change);

/// The write that replaces `stored` by `to`, or removes it when nothing holds it any more.
Store::Write replacement(const Object& stored, json::value to);

/// The object changed to `to`, ready to be written: same key, uid and labels; field values are read
/// anew.
Draft redraft(const Object& object, json::value to);

bool has_finalizer(const json::value& object, std::string_view finalizer);

/// Takes a text out of an array of texts at `path` (`metadata.finalizers`), and the array with the
/// last one. False when it was not in there.
bool take_finalizer(json::value& object, std::string_view parent, std::string_view finalizer);

}  // namespace ks::store
