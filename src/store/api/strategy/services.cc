#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "kube/names.h"
#include "store/api/strategy/pod_spec.h"
#include "store/api/strategy/rules.h"

namespace ks::store::rules {
namespace {

std::string_view type_of(const json::value& service) { return text_at(service, {"spec", "type"}); }

bool has_address(const json::value& service) { return type_of(service) != "ExternalName"; }

json::array* ports_of(json::value& service) {
  json::value* ports = find(service, {"spec", "ports"});
  return ports == nullptr ? nullptr : ports->if_array();
}

void fill_ports(json::value& service, const StrategyContext& context) {
  json::array* ports = ports_of(service);
  if (ports == nullptr) return;
  const std::string_view type = type_of(service);
  const bool node_ports = type == "NodePort" || type == "LoadBalancer";
  for (json::value& port : *ports) {
    if (!port.is_object()) continue;
    json::object& fields = port.get_object();
    if (const json::value* number = fields.if_contains("port")) {
      // Absent is the schema's business; 0 means the same.
      json::value& target = fields["targetPort"];
      if (target == 0) target = *number;
    }
    if (node_ports && int_at(port, {"nodePort"}) == 0) {
      if (const int number = context.addresses.node_port(context.store); number != 0) {
        fields["nodePort"] = number;
      }
    }
    if (type == "ClusterIP") fields.erase("nodePort");
  }
}

Outcome<> fill_address(json::value& service, const StrategyContext& context) {
  json::object& spec = object_in(service.as_object(), "spec");
  if (!has_address(service)) {
    spec.erase("clusterIP");
    spec.erase("clusterIPs");
    return {};
  }
  if (text_at(service, {"spec", "clusterIP"}).empty()) {
    const std::string address = context.addresses.cluster_ip(context.store);
    if (address.empty()) {
      return kube::internal_error("failed to allocate a serviceIP: the range 10.96.0.0/16 is full");
    }
    spec["clusterIP"] = address;
  }
  spec["clusterIPs"] = json::array{spec["clusterIP"]};
  return {};
}

void check_port(const json::value& port, size_t index, bool named, FieldErrors& errors) {
  const std::string path = fmt::format("spec.ports[{}]", index);
  const int64_t number = int_at(port, {"port"});
  if (number < 1 || number > 65535) {
    errors.push_back(kube::field_invalid(path + ".port", std::to_string(number),
                                         "must be between 1 and 65535, inclusive"));
  }
  const std::string_view name = text_at(port, {"name"});
  if (name.empty() && named) errors.push_back(kube::field_required(path + ".name"));
  if (!name.empty()) {
    for (const std::string& complaint : kube::check_dns1123_label(name)) {
      errors.push_back(kube::field_invalid(path + ".name", fmt::format("\"{}\"", name), complaint));
    }
  }
  const std::string_view protocol = text_at(port, {"protocol"});
  if (protocol != "TCP" && protocol != "UDP" && protocol != "SCTP") {
    errors.push_back(kube::field_not_supported(path + ".protocol", fmt::format("\"{}\"", protocol),
                                               {"SCTP", "TCP", "UDP"}));
  }
  const json::value* target = find(port, {"targetPort"});
  if (target != nullptr && target->is_int64() &&
      (target->get_int64() < 1 || target->get_int64() > 65535)) {
    errors.push_back(kube::field_invalid(path + ".targetPort", std::to_string(target->get_int64()),
                                         "must be between 1 and 65535, inclusive"));
  }
}

}  // namespace

Outcome<> prepare_service(json::value& object, const StrategyContext& context) {
  fill_ports(object, context);
  TRY(fill_address(object, context));
  object.as_object()["status"] = json::object{{"loadBalancer", json::object()}};
  return {};
}

Outcome<> update_service(json::value& next, const json::value& before,
                         const StrategyContext& context) {
  json::object& spec = object_in(next.as_object(), "spec");
  // A client that leaves the address out means the one that is there.
  if (has_address(next) && has_address(before) && text_at(next, {"spec", "clusterIP"}).empty()) {
    for (std::string_view field : {"clusterIP", "clusterIPs"}) {
      if (const json::value* value = find(before, {"spec", field})) spec[field] = *value;
    }
  }
  if (json::array* ports = ports_of(next)) {
    const json::value* old_ports = find(before, {"spec", "ports"});
    for (json::value& port : *ports) {
      if (old_ports == nullptr || !old_ports->is_array() || !port.is_object()) break;
      if (int_at(port, {"nodePort"}) != 0) continue;
      for (const json::value& old : old_ports->get_array()) {
        const int64_t number = int_at(old, {"nodePort"});
        if (number != 0 && int_at(old, {"port"}) == int_at(port, {"port"})) {
          port.get_object()["nodePort"] = number;
        }
      }
    }
  }
  fill_ports(next, context);
  return fill_address(next, context);
}

void check_service(const json::value& object, FieldErrors& errors) {
  const std::string_view type = type_of(object);
  if (type != "ClusterIP" && type != "NodePort" && type != "LoadBalancer" &&
      type != "ExternalName") {
    errors.push_back(
        kube::field_not_supported("spec.type", fmt::format("\"{}\"", type),
                                  {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"}));
  }
  const std::string_view address = text_at(object, {"spec", "clusterIP"});
  const json::value* found = find(object, {"spec", "ports"});
  const json::array* ports = found == nullptr ? nullptr : found->if_array();
  if ((ports == nullptr || ports->empty()) && address != "None" && has_address(object)) {
    errors.push_back(kube::field_required("spec.ports"));
  }
  if (!address.empty() && address != "None" && !Addresses::is_cluster_ip(address)) {
    errors.push_back(kube::field_invalid("spec.clusterIPs", fmt::format("[\"{}\"]", address),
                                         "failed to allocate IP: the provided IP is not in the "
                                         "valid range. The range of valid IPs is 10.96.0.0/16"));
  }
  if (type == "ExternalName" && text_at(object, {"spec", "externalName"}).empty()) {
    errors.push_back(kube::field_required("spec.externalName"));
  }
  if (ports == nullptr) return;
  std::set<std::string_view> names;
  for (size_t i = 0; i < ports->size(); i++) {
    const json::value& port = (*ports)[i];
    check_port(port, i, ports->size() > 1, errors);
    const std::string_view name = text_at(port, {"name"});
    if (!name.empty() && !names.insert(name).second) {
      errors.push_back(kube::field_duplicate(fmt::format("spec.ports[{}].name", i),
                                             fmt::format("\"{}\"", name)));
    }
  }
}

void check_service_change(const json::value& next, const json::value& before, FieldErrors& errors) {
  const std::string_view old = text_at(before, {"spec", "clusterIP"});
  const std::string_view now = text_at(next, {"spec", "clusterIP"});
  if (has_address(before) && has_address(next) && !old.empty() && old != now) {
    errors.push_back(kube::field_invalid("spec.clusterIPs[0]", fmt::format("[\"{}\"]", now),
                                         "may not change once set"));
  }
}

}  // namespace ks::store::rules
