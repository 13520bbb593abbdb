#include "store/lifecycle/deletion.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"

namespace ks::store {
namespace {

constexpr int kMaxAttempts = 100;  // each lost attempt means that someone else got on

const json::array* finalizers_of(const json::value& object, std::string_view parent) {
  const json::value* found = find(object, {parent, "finalizers"});
  return found == nullptr ? nullptr : found->if_array();
}

void add_finalizer(json::value& object, std::string_view finalizer) {
  json::object& metadata = object.as_object()["metadata"].as_object();
  json::value& all = metadata["finalizers"];
  if (!all.is_array()) all.emplace_array();
  all.get_array().emplace_back(finalizer);
}

/// Leaves of the two finalizers of propagation only the one that was asked for. Unset keeps what is
/// there.
void apply_propagation(json::value& object, Propagation propagation) {
  if (propagation == Propagation::unset) return;
  const std::string_view wanted = propagation == Propagation::foreground ? kForegroundFinalizer
                                  : propagation == Propagation::orphan   ? kOrphanFinalizer
                                                                         : std::string_view();
  for (std::string_view finalizer : {kForegroundFinalizer, kOrphanFinalizer}) {
    if (finalizer != wanted) take_finalizer(object, "metadata", finalizer);
  }
  if (!wanted.empty() && !has_finalizer(object, wanted)) add_finalizer(object, wanted);
}

bool is_namespace(const json::value& object) {
  return text_at(object, {"kind"}) == "Namespace" && text_at(object, {"apiVersion"}) == "v1";
}

bool is_held(const json::value& object) {
  const auto any = [&](std::string_view parent) {
    const json::array* all = finalizers_of(object, parent);
    return all != nullptr && !all->empty();
  };
  // Only a Namespace has finalizers in its spec.
  return any("metadata") || (is_namespace(object) && any("spec"));
}

void mark_deleted(json::value& object, const Clock& clock) {
  json::object& metadata = object.as_object()["metadata"].as_object();
  if (!metadata.contains("deletionTimestamp")) {
    metadata["deletionTimestamp"] = format_rfc3339(clock.now());
    metadata["deletionGracePeriodSeconds"] = 0;
    if (const int64_t generation = int_at(object, {"metadata", "generation"}); generation > 0) {
      metadata["generation"] = generation + 1;
    }
  }
  if (is_namespace(object)) set_at(object, {"status", "phase"}, "Terminating");
}

/// The object as JSON; ours, so that it must parse.
Result<json::value> parse_stored(const Object& object) {
  json::value value = TRY(parse_json(*object.json));
  if (const json::value* metadata = find(value, {"metadata"});
      metadata == nullptr || !metadata->is_object()) {
    return Error{Code::internal,
                 fmt::format("the stored {} \"{}\" has no metadata; run `ks store check`",
                             object.resource(), object.name())};
  }
  return value;
}

Result<> check_preconditions(const DeleteRequest& request, const Object& stored) {
  if (!request.uid.empty() && request.uid != stored.uid) {
    return Error{Code::conflict,
                 fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}",
                             request.uid, stored.uid)};
  }
  if (request.revision != 0 && request.revision != stored.revision) {
    return Error{
        Code::conflict,
        fmt::format(
            "Precondition failed: ResourceVersion in precondition: {}, ResourceVersion in object "
            "meta: {}",
            request.revision, stored.revision)};
  }
  return {};
}

/// Not the wording of the API: who asked knows the kind and says it.
Error not_there(const Key& key) {
  return {Code::not_found, fmt::format("{} \"{}\" not found", key.resource, key.name)};
}

Error busy(const Key& key) {
  return {Code::conflict,
          fmt::format("{} \"{}\" is written to all the time; try again", key.resource, key.name)};
}

Result<ObjectRef> put(Store& store, Store::Write write) {
  return write.draft ? store.update(std::move(*write.draft), write.expected)
                     : store.remove(write.key, write.expected);
}

}  // namespace

bool has_finalizer(const json::value& object, std::string_view finalizer) {
  const json::array* all = finalizers_of(object, "metadata");
  return all != nullptr && std::ranges::any_of(*all, [&](const json::value& one) {
           return one.is_string() && one.get_string() == finalizer;
         });
}

std::optional<Propagation> parse_propagation(std::string_view text) {
  if (text == "Background") return Propagation::background;
  if (text == "Foreground") return Propagation::foreground;
  if (text == "Orphan") return Propagation::orphan;
  return std::nullopt;
}

bool take_finalizer(json::value& object, std::string_view parent, std::string_view finalizer) {
  json::value* holder = find(object, {parent});
  json::object* fields = holder == nullptr ? nullptr : holder->if_object();
  json::value* all = fields == nullptr ? nullptr : fields->if_contains("finalizers");
  if (all == nullptr || !all->is_array()) return false;
  json::array& array = all->get_array();
  const auto old_size = array.size();
  const auto end = std::ranges::remove_if(array, [&](const json::value& one) {
    return one.is_string() && one.get_string() == finalizer;
  });
  array.erase(end.begin(), end.end());
  const bool taken = array.size() != old_size;
  if (taken && array.empty()) fields->erase("finalizers");
  return taken;
}

bool is_finished(const json::value& object) {
  return !text_at(object, {"metadata", "deletionTimestamp"}).empty() && !is_held(object);
}

Draft redraft(const Object& object, json::value to) {
  Draft draft{.key = Key::parse(object.key),
              .uid = object.uid,
              .labels = object.labels,
              .fields = object.fields};
  for (auto& [path, value] : draft.fields) {
    const json::value* at = &to;
    for (std::string_view step : split(path, '.')) {
      at = at == nullptr || !at->is_object() ? nullptr : at->get_object().if_contains(step);
    }
    if (at != nullptr && at->is_string()) value = at->get_string();
  }
  set_at(to, {"metadata", "resourceVersion"}, json::value(revision_mark()));
  draft.json = to_json(to);
  return draft;
}

Store::Write replacement(const Object& stored, json::value to) {
  Store::Write write{
      .key = Key::parse(stored.key), .draft = std::nullopt, .expected = stored.revision};
  if (!is_finished(to)) write.draft = redraft(stored, std::move(to));
  return write;
}

Result<std::optional<Store::Write>> deletion_of(const ObjectRef& stored, Propagation propagation,
                                                const Clock& clock) {
  const json::value before = TRY(parse_stored(*stored));
  json::value after = before;
  apply_propagation(after, propagation);
  mark_deleted(after, clock);
  if (after == before && !is_finished(after)) return std::optional<Store::Write>();
  return std::optional(replacement(*stored, std::move(after)));
}

Result<Deletion> delete_object(Store& store, const DeleteRequest& request, const Clock& clock) {
  for (int i = 0; i < kMaxAttempts; i++) {
    const ObjectRef stored = store.get(request.key);
    if (stored == nullptr) return not_there(request.key);
    TRY(check_preconditions(request, *stored));
    std::optional<Store::Write> write = TRY(deletion_of(stored, request.propagation, clock));
    if (!write) return Deletion{stored, false};
    const bool removes = !write->draft;
    if (request.dry_run) return Deletion{stored, removes};
    Result<ObjectRef> written = put(store, std::move(*write));
    if (written) return Deletion{std::move(*written), removes};
    if (written.error().code != Code::conflict) return std::move(written).error();
  }
  return busy(request.key);
}

Result<ObjectRef> edit_object(Store& store, const Key& key,
                              const std::function<Result<bool>(json::value&)>& change) {
  for (int i = 0; i < kMaxAttempts; i++) {
    ObjectRef stored = store.get(key);
    if (stored == nullptr) return not_there(key);
    json::value value = TRY(parse_stored(*stored));
    if (!TRY(change(value))) return stored;
    Result<ObjectRef> written = put(store, replacement(*stored, std::move(value)));
    if (written || written.error().code != Code::conflict) return written;
  }
  return busy(key);
}

}  // namespace ks::store
