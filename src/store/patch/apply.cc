#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "store/patch/managed_fields.h"
#include "store/patch/managers.h"
#include "store/patch/typed.h"

namespace ks::store {
namespace {

constexpr std::string_view kBeforeFirstApply = "before-first-apply";
constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/// `default/web; apps/v1, Kind=Deployment`, as the API server names objects in errors of apply.
std::string described(const json::value& object, std::string_view api_version) {
  const std::string_view space = text_at(object, {"metadata", "namespace"});
  const std::string_view name = text_at(object, {"metadata", "name"});
  return fmt::format("{}/{}; {}{}, Kind={}", space, name, api_version.contains('/') ? "" : "/",
                     api_version, text_at(object, {"kind"}));
}

std::string joined(const std::vector<std::string>& faults) {
  if (faults.size() == 1) return faults[0];
  std::string out = "errors:";
  for (const std::string& fault : faults) out += "\n  " + fault;
  return out;
}

std::optional<kube::Status> refused(const json::value& configuration, const FieldManager& manager,
                                    const Schema& schema) {
  if (!configuration.is_object()) {
    return kube::bad_request("an apply configuration must be an object");
  }
  const std::string_view version = text_at(configuration, {"apiVersion"});
  if (!version.empty() && version != manager.api_version) {
    return kube::bad_request(
        fmt::format("Incorrect version specified in apply patch. Specified patch version: {}, "
                    "expected: {}",
                    version, manager.api_version));
  }
  const json::value* managers = managed_fields_of(configuration);
  if (managers != nullptr && !managers->is_null() &&
      !(managers->is_array() && managers->get_array().empty())) {
    return kube::bad_request("metadata.managedFields must be nil");
  }
  const std::vector<std::string> faults = configuration_faults(configuration, &schema);
  if (faults.empty()) return std::nullopt;
  return kube::bad_request(fmt::format("failed to create typed patch object ({}): {}",
                                       described(configuration, manager.api_version),
                                       joined(faults)));
}

/// One field that somebody else owns and has another value for.
struct Conflict {
  std::string manager;  ///< as ManagerEntry::shown
  std::string path;
};

kube::Status conflict_status(std::vector<Conflict> conflicts) {
  std::ranges::stable_sort(conflicts, {}, &Conflict::manager);
  kube::Status status{.code = 409, .reason = "Conflict", .message = {}};
  std::string listed;
  std::string_view last;
  for (const Conflict& conflict : conflicts) {
    status.causes.push_back(
        {"FieldManagerConflict", "conflict with " + conflict.manager, conflict.path});
    if (conflict.manager != last) {
      listed += fmt::format("{}conflicts with {}:", listed.empty() ? "" : "\n", conflict.manager);
      last = conflict.manager;
    }
    listed += "\n- " + conflict.path;
  }
  status.message =
      conflicts.size() == 1
          ? fmt::format("Apply failed with 1 conflict: conflict with {}: {}", conflicts[0].manager,
                        conflicts[0].path)
          : fmt::format("Apply failed with {} conflicts: {}", conflicts.size(), listed);
  return status;
}

/// One apply, after its configuration was found to be right.
class Application {
 public:
  Application(const json::value& live, const json::value& configuration,
              const FieldManager& manager, const Schema& schema)
      : live_(live), configuration_(configuration), manager_(manager), schema_(schema) {
    applied_ = applied_fields(configuration, &schema);
    read_managers();
    merge();
  }

  Applied finish(bool force) {
    if (!force) {
      const FieldSet allowed = allowed_by_client_side_apply();
      std::vector<Conflict> conflicts = find_conflicts(allowed);
      if (!conflicts.empty()) return conflict_status(std::move(conflicts));
    }
    settle_managers();
    sync_last_applied();
    return std::move(object_);
  }

 private:
  void read_managers() {
    const json::value* stored = live_.is_null() ? nullptr : managed_fields_of(live_);
    if (stored != nullptr) {
      if (Result<ManagerEntries> entries = decode_managers(*stored)) {
        entries_ = std::move(*entries);
      }
    }
    if (!entries_.empty() || live_.is_null() || applied_.empty()) return;
    // What is there already belongs to somebody, though nobody knows to whom. An apply that claims
    // nothing itself does not ask.
    FieldManager unknown = manager_;
    unknown.name = kBeforeFirstApply;
    unknown.subresource.clear();
    ManagerEntry entry = entry_of(unknown, false);
    entry.fields = all_fields(live_, &schema_);
    entries_.push_back(std::move(entry));
    changed_ = true;
  }

  void merge() {
    object_ = merge_typed(live_, configuration_, &schema_);
    ManagerEntry own = entry_of(manager_, true);
    own.fields = applied_;
    FieldSet before;
    if (ManagerEntry* present = find_writer(entries_, own)) {
      before = std::move(present->fields);
      own.time = present->time;
      changed_ |= before != applied_ || present->api_version != own.api_version;
      *present = std::move(own);
    } else {
      changed_ = true;
      entries_.push_back(std::move(own));
    }
    if (!before.empty()) {
      FieldSet owned;
      for (const ManagerEntry& entry : entries_) owned = unite(std::move(owned), entry.fields);
      remove_unowned(object_, before, owned, &configuration_, &schema_);
    }
    if (!live_.is_null()) changes_ = difference(live_, object_, &schema_);
    taken_ = unite(changes_.added, changes_.modified);
  }

  bool is_own(const ManagerEntry& entry) const {
    return entry.same_writer(entry_of(manager_, true));
  }

  std::vector<Conflict> find_conflicts(const FieldSet& allowed) const {
    std::vector<Conflict> conflicts;
    for (const ManagerEntry& entry : entries_) {
      if (is_own(entry)) continue;
      const FieldSet contested = subtract(intersect(entry.fields, taken_), allowed);
      for (std::string& path : contested.paths()) {
        conflicts.push_back({entry.shown(), std::move(path)});
      }
    }
    return conflicts;
  }

  /// `kubectl apply --server-side` may change what `kubectl apply` set before: its annotation
  /// tells.
  FieldSet allowed_by_client_side_apply() const {
    if (manager_.name != "kubectl" || live_.is_null()) return {};
    const std::string_view text = text_at(live_, {"metadata", "annotations", kLastApplied});
    if (text.empty()) return {};
    const Result<json::value> last = parse_json(text);
    if (!last || !last->is_object()) return {};
    // What is not as it was applied is somebody else's by now.
    const Difference since = difference(*last, live_, &schema_);
    return subtract(
        subtract(subtract(applied_fields(*last, &schema_), since.modified), since.added),
        since.removed);
  }

  void settle_managers() {
    const FieldSet lost = unite(taken_, changes_.removed);
    for (ManagerEntry& entry : entries_) {
      if (!is_own(entry)) entry.fields = subtract(entry.fields, lost);
    }
    changed_ |= !changes_.empty();
    // An apply that changes nothing leaves the object as it is, to the order of its lists.
    if (changes_.empty() && !live_.is_null()) object_ = live_;
    if (!changed_) return;
    for (ManagerEntry& entry : entries_) {
      if (is_own(entry)) entry.time = format_rfc3339(manager_.now);
    }
    if (!object_.as_object()["metadata"].is_object()) {
      object_.as_object()["metadata"] = json::object();
    }
    set_managed_fields(object_, encode_managers(std::move(entries_), object_.storage()));
  }

  /// Keeps the annotation of client-side apply true, so that one may go back to it.
  void sync_last_applied() {
    if (manager_.name != "kubectl" ||
        text_at(object_, {"metadata", "annotations", kLastApplied}).empty()) {
      return;
    }
    json::value stripped = configuration_;
    take_managed_fields(stripped);
    if (json::value* annotations = find(stripped, {"metadata", "annotations"})) {
      if (annotations->is_object()) annotations->get_object().erase(kLastApplied);
    }
    std::string text;
    append_canonical(text, stripped);
    *find(object_, {"metadata", "annotations", kLastApplied}) = text + "\n";
  }

  const json::value& live_;
  const json::value& configuration_;
  const FieldManager& manager_;
  const Schema& schema_;
  ManagerEntries entries_;
  FieldSet applied_;
  json::value object_;
  Difference changes_;
  FieldSet taken_;
  bool changed_ = false;
};

}  // namespace

Applied apply(const json::value& live, const json::value& configuration,
              const FieldManager& manager, bool force, const Schema& schema) {
  if (std::optional<kube::Status> status = refused(configuration, manager, schema)) {
    return std::move(*status);
  }
  static const json::value kNone;
  return Application(live.is_object() ? live : kNone, configuration, manager, schema).finish(force);
}

}  // namespace ks::store
