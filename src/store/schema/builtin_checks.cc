#include "store/schema/builtin_checks.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <set>

#include "base/json.h"
#include "kube/selector.h"
#include "store/schema/value_text.h"

namespace ks::store {

namespace {

using Errors = std::vector<kube::FieldError>;
using Path = std::initializer_list<std::string_view>;

/// One object under check; `old` is null when it is new.
struct Subject {
  const json::value& value;
  const json::value* old;
  Errors& errors;
};

const json::array& list_at(const json::value& value, Path path) {
  static const json::array empty;
  const json::value* list = find(value, path);
  return list != nullptr && list->is_array() ? list->get_array() : empty;
}

std::string at(const std::string& path, size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

/// Go's way of printing a map of texts, which these messages show.
std::string go_map(const json::value* labels) {
  std::string out = "map[string]string{";
  if (labels != nullptr && labels->is_object()) {
    std::vector<std::pair<std::string_view, const json::value*>> sorted;
    for (const auto& [key, value] : labels->get_object()) sorted.emplace_back(key, &value);
    std::sort(sorted.begin(), sorted.end());
    for (const auto& [key, value] : sorted) {
      if (out.back() != '{') out += ", ";
      out += json::serialize(json::string(key)) + ":" + json::serialize(*value);
    }
  }
  return out + "}";
}

void check_mounts(const json::value& container, const std::set<std::string_view>& volumes,
                  const std::string& path, Errors& errors) {
  const json::array& mounts = list_at(container, {"volumeMounts"});
  std::set<std::string_view> taken;
  for (size_t i = 0; i < mounts.size(); ++i) {
    std::string where = at(path + ".volumeMounts", i);
    std::string_view name = text_at(mounts[i], {"name"});
    if (!name.empty() && !volumes.contains(name)) {
      errors.push_back(
          {"FieldValueNotFound", "Not found: " + shown(json::string(name)), where + ".name"});
    }
    std::string_view mount_path = text_at(mounts[i], {"mountPath"});
    if (!mount_path.empty() && !taken.insert(mount_path).second) {
      errors.push_back(kube::field_invalid(where + ".mountPath", shown(json::string(mount_path)),
                                           "must be unique"));
    }
  }
}

void check_pod_spec(const json::value& spec, const std::string& path, Errors& errors) {
  std::set<std::string_view> volumes, names;
  for (const json::value& volume : list_at(spec, {"volumes"})) {
    volumes.insert(text_at(volume, {"name"}));
  }
  for (std::string_view list : {"initContainers", "containers"}) {
    const json::array& containers = list_at(spec, {list});
    for (size_t i = 0; i < containers.size(); ++i) {
      std::string where = at(path + "." + std::string(list), i);
      if (text_at(containers[i], {"image"}).empty()) {
        errors.push_back(kube::field_required(where + ".image"));
      }
      check_mounts(containers[i], volumes, where, errors);
    }
  }
  // Init containers share their names with the others.
  for (const json::value& one : list_at(spec, {"containers"})) {
    names.insert(text_at(one, {"name"}));
  }
  const json::array& early = list_at(spec, {"initContainers"});
  for (size_t i = 0; i < early.size(); ++i) {
    std::string_view name = text_at(early[i], {"name"});
    if (name.empty() || !names.contains(name)) continue;
    errors.push_back(kube::field_duplicate(at(path + ".initContainers", i) + ".name",
                                           shown(json::string(name))));
  }
}

void check_pod_spec_at(const Subject& of, Path path, const std::string& text) {
  if (const json::value* spec = find(of.value, path); spec != nullptr && spec->is_object()) {
    check_pod_spec(*spec, text, of.errors);
  }
}

/// The spec without what a pod may change while it lives.
json::value lasting_pod_spec(const json::value& pod) {
  const json::value* found = find(pod, {"spec"});
  json::value spec = found == nullptr ? json::value() : *found;
  if (!spec.is_object()) return spec;
  for (std::string_view list : {"containers", "initContainers", "ephemeralContainers"}) {
    json::value* containers = find(spec, {list});
    if (containers == nullptr || !containers->is_array()) continue;
    for (json::value& one : containers->get_array()) {
      if (one.is_object()) one.get_object().erase("image");
    }
  }
  for (std::string_view name : {"activeDeadlineSeconds", "tolerations", "schedulingGates",
                                "terminationGracePeriodSeconds", "ephemeralContainers"}) {
    spec.get_object().erase(name);
  }
  return spec;
}

void check_pod(const Subject& of) {
  check_pod_spec_at(of, {"spec"}, "spec");
  if (of.old == nullptr || lasting_pod_spec(of.value) == lasting_pod_spec(*of.old)) return;
  of.errors.push_back(kube::field_forbidden(
      "spec",
      "pod updates may not change fields other than `spec.containers[*].image`,"
      "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
      "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be "
      "set to 1 if it was previously negative)"));
}

void check_selector(const Subject& of) {
  const json::value* selector = find(of.value, {"spec", "selector"});
  if (selector == nullptr || !selector->is_object()) return;
  Result<kube::LabelSelector> parsed = kube::LabelSelector::from_object(*selector);
  if (!parsed) {
    of.errors.push_back(
        kube::field_invalid("spec.selector", shown(*selector), parsed.error().message));
    return;
  }
  if (parsed->empty()) {
    of.errors.push_back(kube::field_invalid("spec.selector", shown(*selector),
                                            "empty selector is invalid for this kind"));
    return;
  }
  static const json::object none;
  const json::value* labels = find(of.value, {"spec", "template", "metadata", "labels"});
  const json::object& given =
      labels != nullptr && labels->is_object() ? labels->get_object() : none;
  if (!parsed->matches(given)) {
    of.errors.push_back(kube::field_invalid("spec.template.metadata.labels", go_map(labels),
                                            "`selector` does not match template `labels`"));
  }
}

/// Kinds that keep pods running.
void check_workload(const Subject& of) {
  check_selector(of);
  check_pod_spec_at(of, {"spec", "template", "spec"}, "spec.template.spec");
  std::string_view policy = text_at(of.value, {"spec", "template", "spec", "restartPolicy"});
  if ((policy == "Never" || policy == "OnFailure")) {
    of.errors.push_back(kube::field_not_supported("spec.template.spec.restartPolicy",
                                                  shown(json::string(policy)), {"Always"}));
  }
}

void check_stateful_set(const Subject& of) {
  check_workload(of);
  if (of.old == nullptr) return;
  auto lasting = [](const json::value& set) {
    const json::value* found = find(set, {"spec"});
    json::value spec = found == nullptr ? json::value() : *found;
    if (!spec.is_object()) return spec;
    for (std::string_view name :
         {"replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
          "persistentVolumeClaimRetentionPolicy", "minReadySeconds"}) {
      spec.get_object().erase(name);
    }
    return spec;
  };
  if (lasting(of.value) == lasting(*of.old)) return;
  of.errors.push_back(kube::field_forbidden(
      "spec",
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
      "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
      "'minReadySeconds' are forbidden"));
}

void check_job_template(const Subject& of, Path path, const std::string& text) {
  const json::value* spec = find(of.value, path);
  if (spec == nullptr || !spec->is_object()) return;
  check_pod_spec(*spec, text, of.errors);
  std::string_view policy = text_at(*spec, {"restartPolicy"});
  if (policy.empty() || policy == "Always") {
    of.errors.push_back(
        kube::field_required(text + ".restartPolicy", R"(valid values: "OnFailure", "Never")"));
  }
}

void check_job(const Subject& of) {
  check_job_template(of, {"spec", "template", "spec"}, "spec.template.spec");
}

void check_cron_job(const Subject& of) {
  check_job_template(of, {"spec", "jobTemplate", "spec", "template", "spec"},
                     "spec.jobTemplate.spec.template.spec");
}

/// ConfigMap and Secret with `immutable: true`.
void check_entries(const Subject& of) {
  if (of.old == nullptr || !bool_at(*of.old, {"immutable"})) return;
  constexpr std::string_view why = "field is immutable when `immutable` is set";
  if (!bool_at(of.value, {"immutable"})) {
    of.errors.push_back(kube::field_forbidden("immutable", why));
  }
  static const json::value none = json::object();
  for (std::string_view name : {"data", "binaryData", "stringData"}) {
    const json::value* before = find(*of.old, {name});
    const json::value* now = find(of.value, {name});
    if ((before == nullptr ? none : *before) != (now == nullptr ? none : *now)) {
      of.errors.push_back(kube::field_forbidden(std::string(name), why));
    }
  }
}

void check_service(const Subject& of) {
  const json::array& ports = list_at(of.value, {"spec", "ports"});
  std::string_view type = text_at(of.value, {"spec", "type"});
  if (type == "ExternalName") {
    if (text_at(of.value, {"spec", "externalName"}).empty()) {
      of.errors.push_back(kube::field_required("spec.externalName"));
    }
  } else if (ports.empty() && text_at(of.value, {"spec", "clusterIP"}) != "None") {
    of.errors.push_back(kube::field_required("spec.ports"));
  }
  std::set<std::string_view> names;
  for (size_t i = 0; i < ports.size(); ++i) {
    std::string_view name = text_at(ports[i], {"name"});
    if (name.empty() && ports.size() > 1) {
      of.errors.push_back(kube::field_required(at("spec.ports", i) + ".name"));
    } else if (!name.empty() && !names.insert(name).second) {
      of.errors.push_back(
          kube::field_duplicate(at("spec.ports", i) + ".name", shown(json::string(name))));
    }
  }
}

void check_claim(const Subject& of) {
  if (list_at(of.value, {"spec", "accessModes"}).empty()) {
    of.errors.push_back(
        kube::field_required("spec.accessModes", "at least 1 access mode is required"));
  }
  if (find(of.value, {"spec", "resources", "requests", "storage"}) == nullptr) {
    of.errors.push_back(kube::field_required("spec.resources[storage]"));
  }
  if (of.old == nullptr) return;
  auto lasting = [&](const json::value& claim) {
    const json::value* found = find(claim, {"spec"});
    json::value spec = found == nullptr ? json::value() : *found;
    if (!spec.is_object()) return spec;
    for (std::string_view name : {"resources", "volumeAttributesClassName", "volumeName"}) {
      spec.get_object().erase(name);
    }
    // A class may be given to a claim that had none.
    if (text_at(*of.old, {"spec", "storageClassName"}).empty()) {
      spec.get_object().erase("storageClassName");
    }
    return spec;
  };
  if (lasting(of.value) == lasting(*of.old)) return;
  of.errors.push_back(kube::field_forbidden(
      "spec",
      "spec is immutable after creation except resources.requests and volumeAttributesClassName "
      "for bound claims"));
}

void check_policy_rules(const Subject& of) {
  const json::array& rules = list_at(of.value, {"rules"});
  for (size_t i = 0; i < rules.size(); ++i) {
    std::string where = at("rules", i);
    bool paths = !list_at(rules[i], {"nonResourceURLs"}).empty();
    bool resources = !list_at(rules[i], {"resources"}).empty();
    if (paths && resources) {
      of.errors.push_back(kube::field_invalid(
          where + ".nonResourceURLs", shown(rules[i]),
          "rules cannot apply to both regular resources and non-resource URLs"));
    }
    if (paths) continue;
    if (list_at(rules[i], {"apiGroups"}).empty()) {
      of.errors.push_back(kube::field_required(
          where + ".apiGroups", "resource rules must supply at least one api group"));
    }
    if (!resources) {
      of.errors.push_back(kube::field_required(where + ".resources",
                                               "resource rules must supply at least one resource"));
    }
  }
}

struct Entry {
  std::string_view type;
  void (*check)(const Subject&);
};
constexpr std::array kChecks = {
    Entry{"io.k8s.api.core.v1.Pod", check_pod},
    Entry{"io.k8s.api.core.v1.ConfigMap", check_entries},
    Entry{"io.k8s.api.core.v1.Secret", check_entries},
    Entry{"io.k8s.api.core.v1.Service", check_service},
    Entry{"io.k8s.api.core.v1.PersistentVolumeClaim", check_claim},
    Entry{"io.k8s.api.apps.v1.Deployment", check_workload},
    Entry{"io.k8s.api.apps.v1.DaemonSet", check_workload},
    Entry{"io.k8s.api.apps.v1.ReplicaSet", check_workload},
    Entry{"io.k8s.api.apps.v1.StatefulSet", check_stateful_set},
    Entry{"io.k8s.api.batch.v1.Job", check_job},
    Entry{"io.k8s.api.batch.v1.CronJob", check_cron_job},
    Entry{"io.k8s.api.rbac.v1.Role", check_policy_rules},
    Entry{"io.k8s.api.rbac.v1.ClusterRole", check_policy_rules},
};

}  // namespace

void check_built_in(const json::value& value, const json::value* old, const Schema& schema,
                    Errors& errors) {
  for (const Entry& entry : kChecks) {
    if (entry.type == schema.name) entry.check({value, old, errors});
  }
}

}  // namespace ks::store
