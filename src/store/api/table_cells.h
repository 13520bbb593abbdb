#pragma once

#include <boost/json/fwd.hpp>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"

/// What `kubectl get` shows of built-in kinds: columns as data (table_columns.cc), and how the
/// cells that are more than one field are made (table_cells.cc, table_workloads.cc).

namespace ks::store {

namespace json = boost::json;

/// Makes one cell of one object.
using Cell = json::value (*)(const json::value& object, WallTime now);

struct BuiltInColumn {
  std::string_view name;
  std::string_view type;
  std::string_view description;
  int priority = 0;            ///< 1: with `-o wide` only
  std::string_view path;       ///< of a cell that is one field: `spec.type`
  std::string_view otherwise;  ///< where that field is absent or empty; a type of number has 0
  Cell cell = nullptr;         ///< in place of a path
  std::string_view format = {};
};

/// The columns of a built-in kind; empty when it has none of its own.
std::span<const BuiltInColumn> built_in_columns(std::string_view group, std::string_view plural);

/// How long something took or is ago, in two units at most: `90s`, `5m`, `3h12m`, `2d4h`, `400d`.
std::string human_duration(std::chrono::milliseconds duration);
/// How long ago a time of RFC 3339 is; `<unknown>` for none, `<invalid>` for what is no time.
std::string time_ago(std::string_view time, WallTime now);

/// Cells of several kinds.
namespace cells {

/// A cell that is this text.
json::value words(std::string_view text);

json::value age(const json::value& object, WallTime now);
json::value created_at(const json::value& object, WallTime now);

json::value pod_ready(const json::value& object, WallTime now);
json::value pod_status(const json::value& object, WallTime now);
json::value pod_restarts(const json::value& object, WallTime now);
json::value pod_ip(const json::value& object, WallTime now);
json::value readiness_gates(const json::value& object, WallTime now);

json::value ready_of_desired(const json::value& object, WallTime now);
json::value containers(const json::value& object, WallTime now);
json::value images(const json::value& object, WallTime now);
json::value selector(const json::value& object, WallTime now);
json::value map_selector(const json::value& object, WallTime now);
json::value template_labels(const json::value& object, WallTime now);
json::value template_node_selector(const json::value& object, WallTime now);
json::value job_status(const json::value& object, WallTime now);
json::value job_completions(const json::value& object, WallTime now);
json::value job_duration(const json::value& object, WallTime now);
json::value cron_suspend(const json::value& object, WallTime now);
json::value cron_active(const json::value& object, WallTime now);
json::value cron_last_schedule(const json::value& object, WallTime now);
json::value cron_containers(const json::value& object, WallTime now);
json::value cron_images(const json::value& object, WallTime now);
json::value cron_selector(const json::value& object, WallTime now);
json::value autoscaler_reference(const json::value& object, WallTime now);
json::value autoscaler_targets(const json::value& object, WallTime now);
json::value controller_owner(const json::value& object, WallTime now);

json::value service_cluster_ip(const json::value& object, WallTime now);
json::value service_external_ip(const json::value& object, WallTime now);
json::value service_ports(const json::value& object, WallTime now);
json::value ingress_class(const json::value& object, WallTime now);
json::value ingress_hosts(const json::value& object, WallTime now);
json::value ingress_address(const json::value& object, WallTime now);
json::value ingress_ports(const json::value& object, WallTime now);
json::value ingress_class_parameters(const json::value& object, WallTime now);
json::value endpoints(const json::value& object, WallTime now);
json::value slice_ports(const json::value& object, WallTime now);
json::value slice_endpoints(const json::value& object, WallTime now);
json::value pod_selector(const json::value& object, WallTime now);

json::value node_status(const json::value& object, WallTime now);
json::value node_roles(const json::value& object, WallTime now);
json::value node_internal_ip(const json::value& object, WallTime now);
json::value node_external_ip(const json::value& object, WallTime now);

json::value volume_status(const json::value& object, WallTime now);
json::value volume_capacity(const json::value& object, WallTime now);
json::value volume_access_modes(const json::value& object, WallTime now);
json::value volume_claim(const json::value& object, WallTime now);
json::value claim_capacity(const json::value& object, WallTime now);
json::value claim_access_modes(const json::value& object, WallTime now);
json::value storage_class(const json::value& object, WallTime now);

json::value data_count(const json::value& object, WallTime now);
json::value secrets_count(const json::value& object, WallTime now);
json::value webhooks_count(const json::value& object, WallTime now);
json::value role(const json::value& object, WallTime now);
json::value users(const json::value& object, WallTime now);
json::value groups(const json::value& object, WallTime now);
json::value service_accounts(const json::value& object, WallTime now);
json::value quota_requests(const json::value& object, WallTime now);
json::value quota_limits(const json::value& object, WallTime now);
json::value api_service(const json::value& object, WallTime now);
json::value api_service_available(const json::value& object, WallTime now);

json::value event_last_seen(const json::value& object, WallTime now);
json::value event_first_seen(const json::value& object, WallTime now);
json::value event_object(const json::value& object, WallTime now);
json::value event_subobject(const json::value& object, WallTime now);
json::value event_source(const json::value& object, WallTime now);
json::value event_message(const json::value& object, WallTime now);
json::value event_count(const json::value& object, WallTime now);

}  // namespace cells
}  // namespace ks::store
