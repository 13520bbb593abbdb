#include "store/lifecycle/namespaces.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "store/lifecycle/deletion.h"

namespace ks::store {
namespace {

constexpr std::string_view kResource = "namespaces";
constexpr size_t kMaxGone = 1000;

Key key_of(std::string_view name) { return {std::string(kResource), "", std::string(name)}; }

struct Condition {
  std::string_view type;
  bool status;
  std::string_view reason;
  std::string message;
};

/// Sets or adds one; the time is of the last change of its status.
void set_condition(json::array& all, const Condition& condition, const std::string& now) {
  const std::string_view status = condition.status ? "True" : "False";
  const auto found = std::ranges::find_if(
      all, [&](const json::value& one) { return text_at(one, {"type"}) == condition.type; });
  json::value& target =
      found == all.end() ? all.emplace_back(json::object{{"type", condition.type}}) : *found;
  json::object& fields = target.as_object();
  if (text_at(target, {"status"}) != status) fields["lastTransitionTime"] = now;
  fields["status"] = status;
  fields["reason"] = condition.reason;
  fields["message"] = condition.message;
}

/// `pods. has 2 resource instances, widgets.example.com has 1 resource instances`
std::string counted(const std::map<std::string, size_t>& counts, std::string_view what) {
  std::vector<std::string> parts;
  parts.reserve(counts.size());
  for (const auto& [name, count] : counts)
    parts.push_back(fmt::format("{}{}{} resource instances", name, what, count));
  return join(parts, ", ");
}

std::vector<Condition> conditions_of(const std::vector<ObjectRef>& content) {
  std::map<std::string, size_t> by_resource, by_finalizer;
  for (const ObjectRef& object : content) {
    std::string resource(object->resource());
    if (!resource.contains('.')) resource += '.';
    by_resource[resource]++;
    const Result<json::value> parsed = parse_json(*object->json);
    const json::value* finalizers = parsed ? find(*parsed, {"metadata", "finalizers"}) : nullptr;
    if (finalizers == nullptr || !finalizers->is_array()) continue;
    for (const json::value& one : finalizers->get_array()) {
      if (one.is_string()) by_finalizer[std::string(one.get_string())]++;
    }
  }
  const bool held = !by_finalizer.empty();
  return {
      {"NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered",
       "All resources successfully discovered"},
      {"NamespaceDeletionGroupVersionParsingFailure", false, "ParsedGroupVersions",
       "All legacy kube types successfully parsed"},
      {"NamespaceDeletionContentFailure", false, "ContentDeleted",
       "All content successfully deleted, may be waiting on finalization"},
      {"NamespaceContentRemaining", true, "SomeResourcesRemain",
       "Some resources are remaining: " + counted(by_resource, " has ")},
      {"NamespaceFinalizersRemaining", held,
       held ? "SomeFinalizersRemain" : "ContentHasNoFinalizers",
       held ? "Some content in the namespace has finalizers remaining: " +
                  counted(by_finalizer, " in ")
            : "All content-preserving finalizers finished"},
  };
}

bool is_deleting(const Object& object) {
  return object.json->contains("\"deletionTimestamp\"") &&
         !text_at(parse_json(*object.json).value_or(json::value()),
                  {"metadata", "deletionTimestamp"})
              .empty();
}

bool try_again(const Error& error) {
  return error.code != Code::conflict && error.code != Code::not_found;
}

}  // namespace

void NamespaceDeletion::put(const ObjectRef& object) {
  if (object->resource() == kResource) {
    const std::string name(object->name());
    gone_.erase(name);
    if (is_deleting(*object)) {
      terminating_.insert(name);
      dirty_.insert(name);
    }
    return;
  }
  const std::string_view space = object->space();
  if (space.empty()) return;
  if (terminating_.contains(space) || gone_.contains(space)) dirty_.insert(std::string(space));
}

void NamespaceDeletion::erase(const Object& object) {
  if (object.resource() == kResource) {
    const std::string name(object.name());
    terminating_.erase(name);
    if (gone_.size() >= kMaxGone) gone_.erase(gone_.begin());
    gone_.insert(name);
    dirty_.insert(name);
  } else if (terminating_.contains(object.space())) {
    dirty_.insert(std::string(object.space()));
  }
}

void NamespaceDeletion::clear() {
  terminating_.clear();
  gone_.clear();
  dirty_.clear();
}

bool NamespaceDeletion::work() {
  std::set<std::string> failed;
  for (const std::string& name : std::exchange(dirty_, {})) {
    const ObjectRef space = store_.get(key_of(name));
    if (space != nullptr && !is_deleting(*space)) continue;  // made again
    if (!empty(name, space)) failed.insert(name);
  }
  const bool done = failed.empty();
  dirty_.merge(failed);
  return done;
}

/// `space` is null when it is gone already and something came late.
bool NamespaceDeletion::empty(const std::string& name, const ObjectRef& space) {
  const Result<Store::List> list = store_.list({.resource = "", .space = name});
  if (!list) return false;
  if (list->objects.empty()) return space == nullptr || let_go(*space);
  std::vector<ObjectRef> fresh;
  std::ranges::copy_if(list->objects, std::back_inserter(fresh),
                       [](const ObjectRef& one) { return !is_deleting(*one); });
  if (!fresh.empty()) return remove_content(fresh);
  return space == nullptr || say_what_remains(*space, list->objects);
}

bool NamespaceDeletion::remove_content(const std::vector<ObjectRef>& content) {
  std::vector<Store::Write> writes;
  for (const ObjectRef& object : content) {
    Result<std::optional<Store::Write>> write =
        deletion_of(object, Propagation::background, clock_);
    if (write && *write) writes.push_back(std::move(**write));
  }
  bool done = true;
  for (const Result<ObjectRef>& written : store_.write_all(std::move(writes))) {
    if (!written && try_again(written.error())) done = false;
  }
  return done;
}

bool NamespaceDeletion::let_go(const Object& space) {
  const Result<ObjectRef> written =
      edit_object(store_, key_of(space.name()), [&](json::value& object) -> Result<bool> {
        // One of the same name that was made since is none of ours.
        if (text_at(object, {"metadata", "uid"}) != space.uid) return false;
        return take_finalizer(object, "spec", kNamespaceFinalizer) || is_finished(object);
      });
  if (written || !try_again(written.error())) return true;
  LOG(warn, "a namespace was not removed", {"namespace", space.name()},
      {"error", written.error().message});
  return false;
}

bool NamespaceDeletion::say_what_remains(const Object& space,
                                         const std::vector<ObjectRef>& content) {
  const std::vector<Condition> conditions = conditions_of(content);
  const Result<ObjectRef> written =
      edit_object(store_, key_of(space.name()), [&](json::value& object) -> Result<bool> {
        if (text_at(object, {"metadata", "uid"}) != space.uid) return false;
        json::array all;
        if (const json::value* old = find(object, {"status", "conditions"});
            old != nullptr && old->is_array())
          all = old->get_array();
        const json::array before = all;
        for (const Condition& condition : conditions)
          set_condition(all, condition, format_rfc3339(clock_.now()));
        if (all == before) return false;
        set_at(object, {"status", "conditions"}, std::move(all));
        return true;
      });
  return written || !try_again(written.error());
}

}  // namespace ks::store
