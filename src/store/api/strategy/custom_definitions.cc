#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "kube/object.h"
#include "store/api/strategy/rules.h"

namespace ks::store::rules {
namespace {

std::string storage_version(const json::value& definition) {
  const json::value* versions = find(definition, {"spec", "versions"});
  if (versions == nullptr || !versions->is_array()) return "";
  for (const json::value& version : versions->get_array()) {
    if (bool_at(version, {"storage"})) return std::string(text_at(version, {"name"}));
  }
  return "";
}

/// What another kind of the group has that this one wants; empty: nothing.
std::string conflict_with(const json::value& definition, const Catalog& catalog) {
  const std::string_view group = text_at(definition, {"spec", "group"});
  const std::string_view plural = text_at(definition, {"spec", "names", "plural"});
  const std::string_view kind = text_at(definition, {"spec", "names", "kind"});
  const std::string_view list_kind = text_at(definition, {"spec", "names", "listKind"});
  for (const KindRef& other : catalog.all()) {
    if (other->resource.group != group || other->resource.plural == plural) continue;
    if (other->resource.kind == kind) {
      return fmt::format("\"{}\" is already in use as the kind of {}", kind,
                         other->resource.plural);
    }
    if (other->list_kind == list_kind) {
      return fmt::format("\"{}\" is already in use as the listKind of {}", list_kind,
                         other->resource.plural);
    }
  }
  return "";
}

/// Says at once what a cluster's controllers find out after a moment: that the names are free and
/// the kind is served.
void set_status(json::value& definition, const StrategyContext& context) {
  const WallTime now = context.clock.now();
  const std::string conflict = conflict_with(definition, context.catalog);
  const bool accepted = conflict.empty();
  kube::set_condition(definition,
                      {.type = "NamesAccepted",
                       .status = accepted ? "True" : "False",
                       .reason = accepted ? "NoConflicts" : "KindConflict",
                       .message = accepted ? "no conflicts found" : std::string_view(conflict)},
                      now);
  if (accepted || kube::condition(definition, "Established") == nullptr) {
    kube::set_condition(definition,
                        {.type = "Established",
                         .status = accepted ? "True" : "False",
                         .reason = accepted ? "InitialNamesAccepted" : "NotAccepted",
                         .message = accepted ? "the initial names have been accepted"
                                             : "not all names are accepted"},
                        now);
  }
  if (accepted) {
    const json::value* names = find(definition, {"spec", "names"});
    set_at(definition, {"status", "acceptedNames"}, names == nullptr ? json::value() : *names);
  } else if (find(definition, {"status", "acceptedNames"}) == nullptr) {
    set_at(definition, {"status", "acceptedNames"}, json::object{{"plural", ""}, {"kind", ""}});
  }
  const std::string stored = storage_version(definition);
  json::value* versions = find(definition, {"status", "storedVersions"});
  if (versions == nullptr || !versions->is_array()) {
    set_at(definition, {"status", "storedVersions"}, json::array());
    versions = find(definition, {"status", "storedVersions"});
  }
  json::array& all = versions->get_array();
  const bool known = std::ranges::any_of(
      all, [&](const json::value& one) { return one.is_string() && one.get_string() == stored; });
  if (!known && !stored.empty()) all.emplace_back(stored);
}

}  // namespace

Outcome<> prepare_definition(json::value& object, const StrategyContext& context) {
  default_definition(object);
  set_status(object, context);
  return {};
}

Outcome<> update_definition(json::value& next, const json::value&, const StrategyContext& context) {
  default_definition(next);
  set_status(next, context);
  return {};
}

void check_custom_definition(const json::value& object, FieldErrors& errors) {
  for (kube::FieldError& error : check_definition(object)) errors.push_back(std::move(error));
}

void check_definition_change(const json::value& next, const json::value& before,
                             FieldErrors& errors) {
  for (std::string_view field : {"group", "scope"}) {
    const std::string_view now = text_at(next, {"spec", field});
    if (now == text_at(before, {"spec", field})) continue;
    errors.push_back(kube::field_invalid(fmt::format("spec.{}", field), fmt::format("\"{}\"", now),
                                         "field is immutable"));
  }
  for (std::string_view field : {"plural", "kind"}) {
    const std::string_view now = text_at(next, {"spec", "names", field});
    if (now == text_at(before, {"spec", "names", field})) continue;
    errors.push_back(kube::field_invalid(fmt::format("spec.names.{}", field),
                                         fmt::format("\"{}\"", now), "field is immutable"));
  }
  const json::value* stored = find(next, {"status", "storedVersions"});
  const json::value* versions = find(next, {"spec", "versions"});
  if (stored == nullptr || !stored->is_array() || versions == nullptr || !versions->is_array()) {
    return;
  }
  for (size_t i = 0; i < stored->get_array().size(); i++) {
    const json::value& one = stored->get_array()[i];
    const bool there = std::ranges::any_of(versions->get_array(), [&](const json::value& version) {
      return one.is_string() && text_at(version, {"name"}) == one.get_string();
    });
    if (there) continue;
    errors.push_back(kube::field_invalid(
        fmt::format("status.storedVersions[{}]", i), to_json(one),
        "missing from spec.versions; it was previously a storage version, and must remain in "
        "spec.versions until a storage migration ensures no data remains persisted in it and "
        "removes it from status.storedVersions"));
  }
}

}  // namespace ks::store::rules
