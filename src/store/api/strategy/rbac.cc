#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "kube/object.h"
#include "store/api/strategy/rules.h"

namespace ks::store::rules {
namespace {

constexpr std::string_view kGroup = "rbac.authorization.k8s.io";

const json::array* array_at(const json::value& object, std::string_view field) {
  const json::value* found = find(object, {field});
  return found == nullptr ? nullptr : found->if_array();
}

bool has_any(const json::value& rule, std::string_view field) {
  const json::array* values = array_at(rule, field);
  return values != nullptr && !values->empty();
}

void check_subject(const json::value& subject, const std::string& path, bool namespaced,
                   FieldErrors& errors) {
  if (text_at(subject, {"name"}).empty()) errors.push_back(kube::field_required(path + ".name"));
  const std::string_view kind = text_at(subject, {"kind"});
  if (kind == "ServiceAccount") {
    if (!namespaced && text_at(subject, {"namespace"}).empty()) {
      errors.push_back(kube::field_required(path + ".namespace"));
    }
  } else if (kind != "User" && kind != "Group") {
    errors.push_back(kube::field_not_supported(path + ".kind", fmt::format("\"{}\"", kind),
                                               {"Group", "ServiceAccount", "User"}));
  }
}

}  // namespace

void check_role(const json::value& object, FieldErrors& errors) {
  const json::array* rules = array_at(object, "rules");
  if (rules == nullptr) return;
  for (size_t i = 0; i < rules->size(); i++) {
    const json::value& rule = (*rules)[i];
    const std::string path = fmt::format("rules[{}]", i);
    if (!has_any(rule, "verbs")) {
      errors.push_back(
          kube::field_required(path + ".verbs", "verbs must contain at least one value"));
    }
    if (has_any(rule, "nonResourceURLs")) {
      if (kube::kind_of(object) == "Role") {
        errors.push_back(kube::field_invalid(path + ".nonResourceURLs",
                                             to_json(rule.at("nonResourceURLs")),
                                             "namespaced rules cannot apply to non-resource URLs"));
      }
      continue;
    }
    if (!has_any(rule, "apiGroups")) {
      errors.push_back(kube::field_required(path + ".apiGroups",
                                            "resource rules must supply at least one api group"));
    }
    if (!has_any(rule, "resources")) {
      errors.push_back(kube::field_required(path + ".resources",
                                            "resource rules must supply at least one resource"));
    }
  }
}

void check_binding(const json::value& object, FieldErrors& errors) {
  const bool namespaced = kube::kind_of(object) == "RoleBinding";
  const std::string_view kind = text_at(object, {"roleRef", "kind"});
  if (text_at(object, {"roleRef", "apiGroup"}) != kGroup) {
    errors.push_back(kube::field_not_supported(
        "roleRef.apiGroup", fmt::format("\"{}\"", text_at(object, {"roleRef", "apiGroup"})),
        {std::string(kGroup)}));
  }
  if (kind != "ClusterRole" && !(namespaced && kind == "Role")) {
    errors.push_back(kube::field_not_supported("roleRef.kind", fmt::format("\"{}\"", kind),
                                               namespaced
                                                   ? std::vector<std::string>{"ClusterRole", "Role"}
                                                   : std::vector<std::string>{"ClusterRole"}));
  }
  if (text_at(object, {"roleRef", "name"}).empty()) {
    errors.push_back(kube::field_required("roleRef.name"));
  }
  const json::array* subjects = array_at(object, "subjects");
  for (size_t i = 0; subjects != nullptr && i < subjects->size(); i++) {
    check_subject((*subjects)[i], fmt::format("subjects[{}]", i), namespaced, errors);
  }
}

void check_binding_change(const json::value& next, const json::value& before, FieldErrors& errors) {
  const json::value* old = find(before, {"roleRef"});
  const json::value* now = find(next, {"roleRef"});
  if (old == nullptr || now == nullptr || *old == *now) return;
  errors.push_back(kube::field_invalid("roleRef", to_json(*now), "cannot change roleRef"));
}

}  // namespace ks::store::rules
