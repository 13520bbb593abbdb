#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "store/api/table_cells.h"
#include "store/api/table_parts.h"

/// Cells of services, endpoints and ingresses.

namespace ks::store::cells {
namespace {

/// IPs, or host names where there is no IP, of a load balancer.
std::vector<std::string> balancer_addresses(const json::value& object) {
  std::vector<std::string> out;
  for (const json::value& one : array_at(object, {"status", "loadBalancer", "ingress"})) {
    std::string_view address = text_at(one, {"ip"});
    if (address.empty()) address = text_at(one, {"hostname"});
    if (!address.empty() && std::ranges::find(out, address) == out.end()) out.emplace_back(address);
  }
  return out;
}

/// The first three, and how many more there are.
class Shortlist {
 public:
  void add(std::string text) {
    count_++;
    if (shown_.size() < 3) shown_.push_back(std::move(text));
  }
  json::value text(std::string_view otherwise) const {
    if (count_ == 0) return words(otherwise);
    const std::string list = join(shown_, ",");
    return words(count_ > 3 ? fmt::format("{} + {} more...", list, count_ - 3) : list);
  }

 private:
  std::vector<std::string> shown_;
  size_t count_ = 0;
};

std::string host_and_port(std::string_view address, int64_t port) {
  return address.contains(':') ? fmt::format("[{}]:{}", address, port)
                               : fmt::format("{}:{}", address, port);
}

}  // namespace

json::value service_cluster_ip(const json::value& object, WallTime) {
  return words(or_else(std::string(text_at(object, {"spec", "clusterIP"})), "<none>"));
}

json::value service_external_ip(const json::value& object, WallTime) {
  const std::string_view type = text_at(object, {"spec", "type"});
  if (type == "ExternalName") {
    return words(or_else(std::string(text_at(object, {"spec", "externalName"})), "<none>"));
  }
  std::vector<std::string> addresses;
  if (type == "LoadBalancer") addresses = balancer_addresses(object);
  for (const json::value& ip : array_at(object, {"spec", "externalIPs"})) {
    if (ip.is_string()) addresses.emplace_back(ip.get_string());
  }
  return words(or_else(join(addresses, ","), type == "LoadBalancer" ? "<pending>" : "<none>"));
}

json::value service_ports(const json::value& object, WallTime) {
  std::vector<std::string> ports;
  for (const json::value& one : array_at(object, {"spec", "ports"})) {
    const int64_t node_port = int_at(one, {"nodePort"});
    ports.push_back(fmt::format("{}{}/{}", int_at(one, {"port"}),
                                node_port > 0 ? fmt::format(":{}", node_port) : "",
                                or_else(std::string(text_at(one, {"protocol"})), "TCP")));
  }
  return words(or_else(join(ports, ","), "<none>"));
}

json::value ingress_class(const json::value& object, WallTime) {
  std::string_view name = text_at(object, {"spec", "ingressClassName"});
  if (name.empty()) {
    name = text_at(object, {"metadata", "annotations", "kubernetes.io/ingress.class"});
  }
  return words(or_else(std::string(name), "<none>"));
}

json::value ingress_hosts(const json::value& object, WallTime) {
  Shortlist hosts;
  for (const json::value& rule : array_at(object, {"spec", "rules"})) {
    const std::string_view host = text_at(rule, {"host"});
    if (!host.empty()) hosts.add(std::string(host));
  }
  return hosts.text("*");
}

json::value ingress_address(const json::value& object, WallTime) {
  return words(join(balancer_addresses(object), ","));
}

json::value ingress_ports(const json::value& object, WallTime) {
  return words(array_at(object, {"spec", "tls"}).empty() ? "80" : "80, 443");
}

json::value ingress_class_parameters(const json::value& object, WallTime) {
  const std::string_view kind = text_at(object, {"spec", "parameters", "kind"});
  if (kind.empty()) return words("<none>");
  const std::string_view group = text_at(object, {"spec", "parameters", "apiGroup"});
  return words(fmt::format("{}{}{}/{}", kind, group.empty() ? "" : ".", group,
                           text_at(object, {"spec", "parameters", "name"})));
}

json::value endpoints(const json::value& object, WallTime) {
  Shortlist list;
  for (const json::value& subset : array_at(object, {"subsets"})) {
    const json::array& ports = array_at(subset, {"ports"});
    for (const json::value& address : array_at(subset, {"addresses"})) {
      const std::string_view ip = text_at(address, {"ip"});
      if (ports.empty()) list.add(std::string(ip));
      for (const json::value& port : ports) list.add(host_and_port(ip, int_at(port, {"port"})));
    }
  }
  return list.text("<none>");
}

json::value slice_ports(const json::value& object, WallTime) {
  Shortlist list;
  for (const json::value& port : array_at(object, {"ports"})) {
    const int64_t number = int_at(port, {"port"});
    list.add(number > 0 ? fmt::format("{}", number) : "*");
  }
  return list.text("<unset>");
}

json::value slice_endpoints(const json::value& object, WallTime) {
  Shortlist list;
  for (const json::value& endpoint : array_at(object, {"endpoints"})) {
    for (const json::value& address : array_at(endpoint, {"addresses"})) {
      if (address.is_string()) list.add(std::string(address.get_string()));
    }
  }
  return list.text("<unset>");
}

json::value pod_selector(const json::value& object, WallTime) {
  return words(selector_text(find(object, {"spec", "podSelector"})));
}

}  // namespace ks::store::cells
