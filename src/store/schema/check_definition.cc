#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "kube/names.h"
#include "store/schema/catalog.h"
#include "store/schema/definition.h"
#include "store/schema/structural.h"
#include "store/schema/value_text.h"

namespace ks::store {

namespace {

using Errors = std::vector<kube::FieldError>;

constexpr size_t kMaxVersions = 100;
constexpr size_t kMaxSelectableFields = 8;

std::string quoted(std::string_view text) { return shown(json::string(text)); }

void add_complaints(Errors& errors, const std::string& field, std::string_view value,
                    const kube::Complaints& complaints) {
  for (const std::string& complaint : complaints) {
    errors.push_back(kube::field_invalid(field, quoted(value), complaint));
  }
}

void check_group(const json::value& definition, Errors& errors) {
  std::string_view group = text_at(definition, {"spec", "group"});
  if (group.empty()) return;  // told as required
  kube::Complaints complaints = kube::check_dns1123_subdomain(group);
  add_complaints(errors, "spec.group", group, complaints);
  if (complaints.empty() && !group.contains('.')) {
    errors.push_back(kube::field_invalid("spec.group", quoted(group),
                                         "should be a domain with at least one dot"));
  }
  constexpr std::string_view approval = "api-approved.kubernetes.io";
  bool is_protected = group.ends_with(".k8s.io") || group.ends_with(".kubernetes.io");
  if (is_protected && text_at(definition, {"metadata", "annotations", approval}).empty()) {
    errors.push_back(kube::field_required(
        "metadata.annotations[api-approved.kubernetes.io]",
        "protected groups must have approval annotation \"api-approved.kubernetes.io\""));
  }
}

void check_names(const json::value& definition, Errors& errors) {
  auto name = [&](std::string_view which) { return text_at(definition, {"spec", "names", which}); };
  std::string wanted =
      std::string(name("plural")) + "." + std::string(text_at(definition, {"spec", "group"}));
  if (std::string_view given = definition_name(definition); given != wanted) {
    errors.push_back(kube::field_invalid("metadata.name", quoted(given),
                                         "must be spec.names.plural+\".\"+spec.group"));
  }
  for (std::string_view which : {"plural", "singular"}) {
    if (std::string_view text = name(which); !text.empty()) {
      add_complaints(errors, "spec.names." + std::string(which), text,
                     kube::check_dns1035_label(text));
    }
  }
  for (std::string_view which : {"kind", "listKind"}) {
    std::string_view text = name(which);
    kube::Complaints complaints =
        text.empty() ? kube::Complaints{} : kube::check_dns1035_label(to_lower(text));
    for (std::string& complaint : complaints) {
      complaint = "may have mixed case, but should otherwise match: " + complaint;
    }
    add_complaints(errors, "spec.names." + std::string(which), text, complaints);
  }
  if (!name("kind").empty() && name("kind") == name("listKind")) {
    errors.push_back(kube::field_invalid("spec.names.listKind", quoted(name("listKind")),
                                         "kind and listKind may not be the same"));
  }
  for (std::string_view which : {"shortNames", "categories"}) {
    const json::value* list = find(definition, {"spec", "names", which});
    if (list == nullptr || !list->is_array()) continue;
    for (size_t i = 0; i < list->get_array().size(); ++i) {
      const json::value& one = list->get_array()[i];
      if (!one.is_string()) continue;
      add_complaints(errors, "spec.names." + std::string(which) + "[" + std::to_string(i) + "]",
                     one.get_string(), kube::check_dns1035_label(one.get_string()));
    }
  }
}

void check_conversion(const json::value& definition, Errors& errors) {
  if (text_at(definition, {"spec", "conversion", "strategy"}) == "Webhook") {
    errors.push_back(kube::field_invalid(
        "spec.conversion.strategy", "\"Webhook\"",
        "conversion webhooks are not supported by this server; use None, and versions that differ "
        "in nothing but their schema"));
  }
  if (bool_at(definition, {"spec", "preserveUnknownFields"})) {
    errors.push_back(
        kube::field_invalid("spec.preserveUnknownFields", "true",
                            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true "
                            "in spec.versions[*].schema instead"));
  }
}

/// `.spec.a.b`, with no lists and no filters.
bool is_simple_path(std::string_view path) {
  if (!path.starts_with('.') || path.size() < 2) return false;
  for (std::string_view step : split(path.substr(1), '.')) {
    bool fine = !step.empty() && std::all_of(step.begin(), step.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '-';
    });
    if (!fine) return false;
  }
  return true;
}

void check_scale(const json::value& version, const std::string& path, Errors& errors) {
  const json::value* scale = find(version, {"subresources", "scale"});
  if (scale == nullptr || !scale->is_object()) return;
  std::string where = path + ".subresources.scale.";
  auto check = [&](std::string_view field, std::initializer_list<std::string_view> roots,
                   std::string_view complaint) {
    std::string_view text = text_at(*scale, {field});
    if (text.empty()) return;  // told as required where it is
    bool fine = is_simple_path(text) &&
                std::any_of(roots.begin(), roots.end(),
                            [&](std::string_view root) { return text.starts_with(root); });
    if (!fine) {
      errors.push_back(kube::field_invalid(where + std::string(field), quoted(text), complaint));
    }
  };
  check("specReplicasPath", {".spec."}, "should be a json path under .spec");
  check("statusReplicasPath", {".status."}, "should be a json path under .status");
  check("labelSelectorPath", {".spec.", ".status."},
        "should be a json path under either .spec or .status");
}

void check_columns(const json::value& version, const std::string& path, Errors& errors) {
  const json::value* columns = find(version, {"additionalPrinterColumns"});
  if (columns == nullptr || !columns->is_array()) return;
  static const std::vector<std::string> formats = {"byte",  "date",  "date-time", "double",
                                                   "float", "int32", "int64",     "password"};
  for (size_t i = 0; i < columns->get_array().size(); ++i) {
    const json::value& column = columns->get_array()[i];
    std::string where = path + ".additionalPrinterColumns[" + std::to_string(i) + "]";
    std::string_view format = text_at(column, {"format"});
    if (!format.empty() && std::find(formats.begin(), formats.end(), format) == formats.end()) {
      errors.push_back(kube::field_not_supported(where + ".format", quoted(format), formats));
    }
    std::string_view json_path = text_at(column, {"jsonPath"});
    if (!json_path.empty() && !json_path.starts_with('.') && !json_path.starts_with('{')) {
      errors.push_back(kube::field_invalid(where + ".jsonPath", quoted(json_path),
                                           "must be a JSON path that begins with a dot"));
    }
  }
}

/// The type that a simple path names; null when there is none.
const json::value* props_at(const json::value& root, std::string_view path) {
  const json::value* at = &root;
  for (std::string_view step : split(path.substr(1), '.')) {
    const json::value* next = find(*at, {"properties", step});
    if (next == nullptr) return nullptr;
    at = next;
  }
  return at;
}

void check_selectable(const json::value& version, const std::string& path, Errors& errors) {
  const json::value* fields = find(version, {"selectableFields"});
  if (fields == nullptr || !fields->is_array()) return;
  std::string where = path + ".selectableFields";
  if (fields->get_array().size() > kMaxSelectableFields) {
    errors.push_back(kube::field_too_many(where, fields->get_array().size(), kMaxSelectableFields));
    return;
  }
  std::set<std::string_view> seen;
  const json::value* schema = find(version, {"schema", "openAPIV3Schema"});
  for (size_t i = 0; i < fields->get_array().size(); ++i) {
    std::string_view text = text_at(fields->get_array()[i], {"jsonPath"});
    std::string at = where + "[" + std::to_string(i) + "].jsonPath";
    if (text.empty()) continue;  // told as required
    if (!is_simple_path(text)) {
      errors.push_back(kube::field_invalid(at, quoted(text), "must be a simple json path"));
      continue;
    }
    if (text.starts_with(".metadata.")) {
      errors.push_back(
          kube::field_invalid(at, quoted(text), "must not point to fields in metadata"));
      continue;
    }
    if (!seen.insert(text).second) errors.push_back(kube::field_duplicate(at, quoted(text)));
    const json::value* props = schema == nullptr ? nullptr : props_at(*schema, text);
    std::string_view type = props == nullptr ? std::string_view() : text_at(*props, {"type"});
    if (type != "string" && type != "boolean" && type != "integer") {
      errors.push_back(kube::field_invalid(
          at, quoted(text), "must point to a field of type string, boolean or integer"));
    }
  }
}

void check_version_schema(const json::value& version, const std::string& path, Errors& errors) {
  const json::value* props = find(version, {"schema", "openAPIV3Schema"});
  std::string where = path + ".schema.openAPIV3Schema";
  if (props == nullptr || !props->is_object()) {
    errors.push_back(kube::field_required(where, "schemas are required"));
    return;
  }
  SchemaPool pool;
  if (Result<const Schema*> schema = read_schema(*props, pool);
      !schema && !schema.error().message.starts_with("error parsing regexp")) {
    errors.push_back(kube::field_invalid(where, "\"\"", schema.error().message));
    return;
  }
  for (kube::FieldError& error : check_structural(*props, where)) {
    errors.push_back(std::move(error));
  }
}

void check_version(const json::value& version, const std::string& path, Errors& errors) {
  std::string_view name = text_at(version, {"name"});
  if (!name.empty()) {
    add_complaints(errors, path + ".name", name, kube::check_dns1035_label(name));
  }
  if (std::string_view warning = text_at(version, {"deprecationWarning"}); !warning.empty()) {
    if (!bool_at(version, {"deprecated"})) {
      errors.push_back(kube::field_invalid(path + ".deprecationWarning", quoted(warning),
                                           "can only be set for deprecated versions"));
    } else if (warning.size() > 256) {
      errors.push_back(kube::field_too_long(path + ".deprecationWarning", 256));
    }
  }
  check_version_schema(version, path, errors);
  check_scale(version, path, errors);
  check_columns(version, path, errors);
  check_selectable(version, path, errors);
}

void check_versions(const json::value& definition, Errors& errors) {
  const json::value* versions = find(definition, {"spec", "versions"});
  if (versions == nullptr || !versions->is_array() || versions->get_array().empty()) {
    return;  // told as required
  }
  const json::array& list = versions->get_array();
  if (list.size() > kMaxVersions) {
    errors.push_back(kube::field_too_many("spec.versions", list.size(), kMaxVersions));
    return;
  }
  std::set<std::string_view> names;
  json::array shown_names;
  size_t stored = 0;
  for (const json::value& version : list) {
    std::string_view name = text_at(version, {"name"});
    names.insert(name);
    shown_names.emplace_back(json::string(name));
    if (bool_at(version, {"storage"})) ++stored;
  }
  if (names.size() != list.size()) {
    errors.push_back(kube::field_invalid("spec.versions", shown(shown_names),
                                         "must contain unique version names"));
  }
  if (stored != 1) {
    errors.push_back(
        kube::field_invalid("spec.versions", shown(shown_names),
                            "must have exactly one version marked as storage version"));
  }
  for (size_t i = 0; i < list.size(); ++i) {
    check_version(list[i], "spec.versions[" + std::to_string(i) + "]", errors);
  }
  // Objects may still be stored in them.
  const json::value* kept = find(definition, {"status", "storedVersions"});
  if (kept == nullptr || !kept->is_array()) return;
  for (size_t i = 0; i < kept->get_array().size(); ++i) {
    const json::value& name = kept->get_array()[i];
    if (name.is_string() && !names.contains(std::string_view(name.get_string()))) {
      errors.push_back(kube::field_invalid("status.storedVersions[" + std::to_string(i) + "]",
                                           shown(name), "must appear in spec.versions"));
    }
  }
}

}  // namespace

std::vector<kube::FieldError> check_definition(const json::value& definition) {
  Errors errors;
  check_group(definition, errors);
  check_names(definition, errors);
  check_conversion(definition, errors);
  check_versions(definition, errors);
  return errors;
}

void default_definition(json::value& definition) {
  json::value* names = find(definition, {"spec", "names"});
  if (names != nullptr && names->is_object()) {
    std::string kind(text_at(*names, {"kind"}));
    json::object& fields = names->get_object();
    if (text_at(*names, {"singular"}).empty() && !kind.empty()) {
      fields["singular"] = to_lower(kind);
    }
    if (text_at(*names, {"listKind"}).empty() && !kind.empty()) fields["listKind"] = kind + "List";
  }
  json::value* spec = find(definition, {"spec"});
  if (spec != nullptr && spec->is_object() && text_at(*spec, {"conversion", "strategy"}).empty()) {
    set_at(*spec, {"conversion", "strategy"}, "None");
  }
}

}  // namespace ks::store
