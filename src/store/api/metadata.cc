#include "store/api/metadata.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "kube/names.h"
#include "kube/object.h"

namespace ks::store {
namespace {

constexpr size_t kMaxAnnotations = 256u << 10;

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

const json::object* map_at(const json::value& object, std::string_view field) {
  const json::value* found = find(object, {"metadata", field});
  return found == nullptr ? nullptr : found->if_object();
}

const json::array* array_at(const json::value& object, std::string_view field) {
  const json::value* found = find(object, {"metadata", field});
  return found == nullptr ? nullptr : found->if_array();
}

void add_all(FieldErrors& errors, std::string_view field, std::string_view value,
             const kube::Complaints& complaints) {
  for (const std::string& complaint : complaints) {
    errors.push_back(kube::field_invalid(std::string(field), quoted(value), complaint));
  }
}

void check_name(const Strategy& strategy, const json::value& object, FieldErrors& errors) {
  const std::string_view prefix = text_at(object, {"metadata", "generateName"});
  if (!prefix.empty()) {
    // What is generated ends with a letter or digit, so the prefix may end with a dash.
    std::string text(prefix);
    if (text.ends_with('-')) text.back() = 'a';
    add_all(errors, "metadata.generateName", prefix, strategy.check_name(text));
  }
  const std::string_view name = kube::name_of(object);
  if (name.empty()) {
    errors.push_back(kube::field_required("metadata.name", "name or generateName is required"));
  } else {
    add_all(errors, "metadata.name", name, strategy.check_name(name));
    // The store joins keys with one; only kinds with lenient names get here.
    if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
      errors.push_back(kube::field_invalid("metadata.name", quoted(name),
                                           "must not contain control characters"));
    }
  }
}

void check_labels(const json::value& object, FieldErrors& errors) {
  const json::object* labels = map_at(object, "labels");
  if (labels == nullptr) return;
  for (const auto& [key, value] : *labels) {
    add_all(errors, "metadata.labels", key, kube::check_qualified_name(key));
    const std::string_view text = value.is_string() ? std::string_view(value.get_string()) : "";
    add_all(errors, "metadata.labels", text, kube::check_label_value(text));
  }
}

void check_annotations(const json::value& object, FieldErrors& errors) {
  const json::object* annotations = map_at(object, "annotations");
  if (annotations == nullptr) return;
  size_t total = 0;
  for (const auto& [key, value] : *annotations) {
    add_all(errors, "metadata.annotations", key, kube::check_qualified_name(to_lower(key)));
    total += key.size() + (value.is_string() ? value.get_string().size() : 0);
  }
  if (total > kMaxAnnotations) {
    errors.push_back(kube::field_too_long("metadata.annotations", kMaxAnnotations));
  }
}

void check_finalizers(const json::value& object, FieldErrors& errors) {
  const json::array* finalizers = array_at(object, "finalizers");
  if (finalizers == nullptr) return;
  bool orphan = false, foreground = false;
  for (const json::value& one : *finalizers) {
    const std::string_view text = one.is_string() ? std::string_view(one.get_string()) : "";
    add_all(errors, "metadata.finalizers", text, kube::check_qualified_name(text));
    orphan |= text == "orphan";
    foreground |= text == "foregroundDeletion";
  }
  if (orphan && foreground) {
    errors.push_back(
        kube::field_invalid("metadata.finalizers", to_json(*finalizers),
                            "finalizer orphan and foregroundDeletion cannot be both set"));
  }
}

void check_owners(const json::value& object, FieldErrors& errors) {
  const json::array* owners = array_at(object, "ownerReferences");
  if (owners == nullptr) return;
  std::string_view controller;
  for (size_t i = 0; i < owners->size(); i++) {
    const json::value& owner = (*owners)[i];
    const std::string field = fmt::format("metadata.ownerReferences[{}]", i);
    for (std::string_view part : {"apiVersion", "kind", "name", "uid"}) {
      if (!text_at(owner, {part}).empty()) continue;
      errors.push_back(kube::field_invalid(fmt::format("{}.{}", field, part), "\"\"",
                                           fmt::format("{} must not be empty", part)));
    }
    if (!bool_at(owner, {"controller"})) continue;
    if (!controller.empty()) {
      errors.push_back(kube::field_invalid(
          "metadata.ownerReferences", to_json(*owners),
          fmt::format("Only one reference can have Controller set to true. Found \"true\" in "
                      "references for {} and {}",
                      controller, text_at(owner, {"name"}))));
    }
    controller = text_at(owner, {"name"});
  }
}

}  // namespace

Outcome<> place_object(const Call& call, json::value& object, bool name_in_path) {
  json::object& metadata = object.as_object()["metadata"].as_object();
  const std::string space(kube::space_of(object));
  if (call.kind->resource.namespaced) {
    if (!space.empty() && space != call.path.space) {
      return kube::bad_request(fmt::format(
          "the namespace of the provided object does not match the namespace sent on the request "
          "({} and {})",
          space, call.path.space));
    }
    metadata["namespace"] = call.path.space;
  } else if (!space.empty()) {
    return kube::bad_request(fmt::format("{} is cluster-scoped: metadata.namespace must be empty",
                                         call.kind->resource.kind));
  } else {
    metadata.erase("namespace");
  }
  if (!name_in_path) return {};
  const std::string_view name = kube::name_of(object);
  if (name.empty()) {
    return kube::bad_request(fmt::format(
        "the name of the object ({} based on URL) was undeterminable: name must be provided",
        call.path.name));
  }
  if (name != call.path.name) {
    return kube::bad_request(
        fmt::format("the name of the object ({}) does not match the name on the URL ({})", name,
                    call.path.name));
  }
  return {};
}

void check_metadata(const Kind&, const Strategy& strategy, const json::value& object, bool create,
                    FieldErrors& errors) {
  if (create) check_name(strategy, object, errors);
  check_labels(object, errors);
  check_annotations(object, errors);
  check_owners(object, errors);
  check_finalizers(object, errors);
}

void check_metadata_change(const json::value& next, const json::value& before,
                           FieldErrors& errors) {
  if (!kube::is_being_deleted(before)) return;
  const json::array* finalizers = array_at(next, "finalizers");
  if (finalizers == nullptr) return;
  std::vector<std::string> added;
  for (const json::value& one : *finalizers) {
    if (one.is_string() && !kube::has_finalizer(before, one.get_string())) {
      added.push_back(quoted(one.get_string()));
    }
  }
  if (added.empty()) return;
  errors.push_back(kube::field_forbidden(
      "metadata.finalizers",
      fmt::format("no new finalizers can be added if the object is being deleted, found new "
                  "finalizers []string{{{}}}",
                  join(added, ", "))));
}

}  // namespace ks::store
