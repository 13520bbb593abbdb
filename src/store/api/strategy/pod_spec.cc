#include "store/api/strategy/pod_spec.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>

#include "base/json.h"
#include "kube/names.h"

namespace ks::store::rules {
namespace {

const json::array* array_in(const json::value& object, std::string_view field) {
  const json::value* found = find(object, {field});
  return found == nullptr ? nullptr : found->if_array();
}

std::string quoted(std::string_view text) { return fmt::format("\"{}\"", text); }

void check_name(std::string_view name, const std::string& path, FieldErrors& errors) {
  if (name.empty()) {
    errors.push_back(kube::field_required(path));
    return;
  }
  for (const std::string& complaint : kube::check_dns1123_label(name)) {
    errors.push_back(kube::field_invalid(path, quoted(name), complaint));
  }
}

void check_port_number(const json::value& port, std::string_view field, const std::string& path,
                       bool required, FieldErrors& errors) {
  const int64_t number = int_at(port, {field});
  if (number == 0 && !required) return;
  if (number == 0) {
    errors.push_back(kube::field_required(fmt::format("{}.{}", path, field)));
  } else if (number < 1 || number > 65535) {
    errors.push_back(kube::field_invalid(fmt::format("{}.{}", path, field), std::to_string(number),
                                         "must be between 1 and 65535, inclusive"));
  }
}

void check_container(const json::value& container, const std::string& path,
                     const std::set<std::string_view>& volumes, FieldErrors& errors) {
  if (text_at(container, {"image"}).empty()) {
    errors.push_back(kube::field_required(path + ".image"));
  }
  const std::string_view policy = text_at(container, {"imagePullPolicy"});
  if (!policy.empty() && policy != "Always" && policy != "Never" && policy != "IfNotPresent") {
    errors.push_back(kube::field_not_supported(path + ".imagePullPolicy", quoted(policy),
                                               {"Always", "IfNotPresent", "Never"}));
  }
  if (const json::array* ports = array_in(container, "ports")) {
    for (size_t i = 0; i < ports->size(); i++) {
      const std::string at = fmt::format("{}.ports[{}]", path, i);
      check_port_number((*ports)[i], "containerPort", at, true, errors);
      check_port_number((*ports)[i], "hostPort", at, false, errors);
    }
  }
  if (const json::array* env = array_in(container, "env")) {
    for (size_t i = 0; i < env->size(); i++) {
      if (text_at((*env)[i], {"name"}).empty()) {
        errors.push_back(kube::field_required(fmt::format("{}.env[{}].name", path, i)));
      }
    }
  }
  const json::array* mounts = array_in(container, "volumeMounts");
  for (size_t i = 0; mounts != nullptr && i < mounts->size(); i++) {
    const std::string at = fmt::format("{}.volumeMounts[{}]", path, i);
    const std::string_view name = text_at((*mounts)[i], {"name"});
    if (name.empty()) {
      errors.push_back(kube::field_required(at + ".name"));
    } else if (!volumes.contains(name)) {
      errors.push_back(
          {"FieldValueNotFound", fmt::format("Not found: \"{}\"", name), at + ".name"});
    }
    if (text_at((*mounts)[i], {"mountPath"}).empty()) {
      errors.push_back(kube::field_required(at + ".mountPath"));
    }
  }
}

std::set<std::string_view> check_volumes(const json::value& spec, const std::string& path,
                                         FieldErrors& errors) {
  std::set<std::string_view> names;
  const json::array* volumes = array_in(spec, "volumes");
  for (size_t i = 0; volumes != nullptr && i < volumes->size(); i++) {
    const std::string_view name = text_at((*volumes)[i], {"name"});
    const std::string at = fmt::format("{}.volumes[{}].name", path, i);
    check_name(name, at, errors);
    if (!name.empty() && !names.insert(name).second) {
      errors.push_back(kube::field_duplicate(at, quoted(name)));
    }
  }
  return names;
}

void check_choice(const json::value& spec, const std::string& path, std::string_view field,
                  const std::vector<std::string>& choices, FieldErrors& errors) {
  const std::string_view value = text_at(spec, {field});
  if (value.empty() || std::ranges::find(choices, value) != choices.end()) return;
  errors.push_back(
      kube::field_not_supported(fmt::format("{}.{}", path, field), quoted(value), choices));
}

}  // namespace

void set_default(json::object& fields, std::string_view name, json::value value) {
  json::value& at = fields[name];
  if (at.is_null()) at = std::move(value);
}

json::object& object_in(json::object& fields, std::string_view name) {
  json::value& at = fields[name];
  if (!at.is_object()) at.emplace_object();
  return at.get_object();
}

void check_not_negative(const json::value& object, std::string_view parent, std::string_view field,
                        FieldErrors& errors) {
  const int64_t number = int_at(object, {parent, field});
  if (number >= 0) return;
  errors.push_back(kube::field_invalid(fmt::format("{}.{}", parent, field), std::to_string(number),
                                       "must be greater than or equal to 0"));
}

void check_pod_spec(const json::value& spec, const std::string& path, FieldErrors& errors) {
  const std::set<std::string_view> volumes = check_volumes(spec, path, errors);
  const json::array* main = array_in(spec, "containers");
  if (main == nullptr || main->empty()) {
    errors.push_back(kube::field_required(path + ".containers"));
  }
  std::set<std::string_view> names;
  for (std::string_view list : {"containers", "initContainers"}) {
    const json::array* containers = array_in(spec, list);
    for (size_t i = 0; containers != nullptr && i < containers->size(); i++) {
      const std::string at = fmt::format("{}.{}[{}]", path, list, i);
      const std::string_view name = text_at((*containers)[i], {"name"});
      check_name(name, at + ".name", errors);
      if (!name.empty() && !names.insert(name).second) {
        errors.push_back(kube::field_duplicate(at + ".name", quoted(name)));
      }
      check_container((*containers)[i], at, volumes, errors);
    }
  }
  check_choice(spec, path, "restartPolicy", {"Always", "OnFailure", "Never"}, errors);
  check_choice(spec, path, "dnsPolicy",
               {"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"}, errors);
}

std::string qos_class(const json::value& spec) {
  bool any = false, guaranteed = true;
  for (std::string_view list : {"containers", "initContainers"}) {
    const json::array* containers = array_in(spec, list);
    if (containers == nullptr) continue;
    for (const json::value& container : *containers) {
      for (std::string_view resource : {"cpu", "memory"}) {
        const json::value* limit = find(container, {"resources", "limits", resource});
        const json::value* request = find(container, {"resources", "requests", resource});
        any |= limit != nullptr || request != nullptr;
        guaranteed &= limit != nullptr && (request == nullptr || *request == *limit);
      }
    }
  }
  if (!any) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}

}  // namespace ks::store::rules
