#include <algorithm>
#include <array>

#include "store/api/strategy/rules.h"
#include "store/api/strategy/strategy.h"

namespace ks::store {
namespace {

using Field = Strategy::Field;

constexpr Field kPodFields[] = {
    {"spec.nodeName", "spec.nodeName"},
    {"spec.restartPolicy", "spec.restartPolicy"},
    {"spec.schedulerName", "spec.schedulerName"},
    {"spec.serviceAccountName", "spec.serviceAccountName"},
    {"spec.hostNetwork", "spec.hostNetwork", {}, "false"},
    {"status.phase", "status.phase"},
    {"status.podIP", "status.podIP"},
    {"status.nominatedNodeName", "status.nominatedNodeName"},
};
constexpr Field kEventFields[] = {
    {"involvedObject.kind", "involvedObject.kind"},
    {"involvedObject.namespace", "involvedObject.namespace"},
    {"involvedObject.name", "involvedObject.name"},
    {"involvedObject.uid", "involvedObject.uid"},
    {"involvedObject.apiVersion", "involvedObject.apiVersion"},
    {"involvedObject.resourceVersion", "involvedObject.resourceVersion"},
    {"involvedObject.fieldPath", "involvedObject.fieldPath"},
    {"reason", "reason"},
    {"reportingComponent", "reportingComponent"},
    {"source", "source.component", "reportingComponent"},
    {"type", "type"},
};
constexpr Field kNamespaceFields[] = {{"status.phase", "status.phase"}};
constexpr Field kNodeFields[] = {{"spec.unschedulable", "spec.unschedulable", {}, "false"}};
constexpr Field kSecretFields[] = {{"type", "type"}};
constexpr Field kServiceFields[] = {{"spec.clusterIP", "spec.clusterIP"},
                                    {"spec.type", "spec.type"}};
constexpr Field kReplicaFields[] = {{"status.replicas", "status.replicas", {}, "0"}};
constexpr Field kJobFields[] = {{"status.successful", "status.succeeded", {}, "0"}};

constexpr Strategy kStrategies[] = {
    {.resource = "configmaps",
     .validate = rules::check_config_map,
     .validate_update = rules::check_config_map_change},
    {.resource = "cronjobs.batch",
     .counts_generation = true,
     .prepare_create = rules::prepare_workload,
     .validate = rules::check_cron_job},
    {.resource = "customresourcedefinitions.apiextensions.k8s.io",
     .counts_generation = true,
     .needs_version = true,
     .prepare_create = rules::prepare_definition,
     .prepare_update = rules::update_definition,
     .validate = rules::check_custom_definition,
     .validate_update = rules::check_definition_change},
    {.resource = "daemonsets.apps",
     .counts_generation = true,
     .prepare_create = rules::prepare_workload,
     .validate = rules::check_workload,
     .validate_update = rules::check_workload_change},
    {.resource = "deployments.apps",
     .counts_generation = true,
     .prepare_create = rules::prepare_workload,
     .validate = rules::check_workload,
     .validate_update = rules::check_workload_change},
    {.resource = "events", .fields = kEventFields, .validate = rules::check_event},
    {.resource = "apiservices.apiregistration.k8s.io", .needs_version = true},
    {.resource = "clusterrolebindings.rbac.authorization.k8s.io",
     .check_name = kube::check_path_segment,
     .validate = rules::check_binding,
     .validate_update = rules::check_binding_change},
    {.resource = "clusterroles.rbac.authorization.k8s.io",
     .check_name = kube::check_path_segment,
     .validate = rules::check_role},
    {.resource = "horizontalpodautoscalers.autoscaling", .check_name = kube::check_path_segment},
    {.resource = "ingresses.networking.k8s.io", .counts_generation = true},
    {.resource = "jobs.batch",
     .counts_generation = true,
     .fields = kJobFields,
     .prepare_create = rules::prepare_job,
     .validate = rules::check_job,
     .validate_update = rules::check_job_change},
    {.resource = "leases.coordination.k8s.io",
     .needs_version = true,
     .validate = rules::check_lease},
    {.resource = "namespaces",
     .check_name = kube::check_dns1123_label,
     .fields = kNamespaceFields,
     .prepare_create = rules::prepare_namespace,
     .prepare_update = rules::update_namespace},
    {.resource = "networkpolicies.networking.k8s.io", .counts_generation = true},
    {.resource = "nodes", .keeps_status = true, .fields = kNodeFields},
    {.resource = "persistentvolumeclaims",
     .answers_deleted = true,
     .validate = rules::check_claim,
     .validate_update = rules::check_claim_change},
    {
        .resource = "persistentvolumes",
        .answers_deleted = true,
    },
    {.resource = "poddisruptionbudgets.policy", .counts_generation = true},
    {.resource = "pods",
     .answers_deleted = true,
     .fields = kPodFields,
     .prepare_create = rules::prepare_pod,
     .prepare_update = rules::update_pod,
     .validate = rules::check_pod,
     .validate_update = rules::check_pod_change},
    {.resource = "replicasets.apps",
     .counts_generation = true,
     .fields = kReplicaFields,
     .prepare_create = rules::prepare_workload,
     .validate = rules::check_workload,
     .validate_update = rules::check_workload_change},
    {.resource = "replicationcontrollers", .counts_generation = true, .fields = kReplicaFields},
    {.resource = "rolebindings.rbac.authorization.k8s.io",
     .check_name = kube::check_path_segment,
     .validate = rules::check_binding,
     .validate_update = rules::check_binding_change},
    {.resource = "roles.rbac.authorization.k8s.io",
     .check_name = kube::check_path_segment,
     .validate = rules::check_role},
    {.resource = "secrets",
     .fields = kSecretFields,
     .prepare_create = rules::prepare_secret,
     .prepare_update = rules::update_secret,
     .validate = rules::check_secret,
     .validate_update = rules::check_secret_change},
    {.resource = "serviceaccounts", .answers_deleted = true},
    {.resource = "services",
     .answers_deleted = true,
     .check_name = kube::check_dns1035_label,
     .fields = kServiceFields,
     .prepare_create = rules::prepare_service,
     .prepare_update = rules::update_service,
     .validate = rules::check_service,
     .validate_update = rules::check_service_change},
    {.resource = "statefulsets.apps",
     .counts_generation = true,
     .prepare_create = rules::prepare_workload,
     .validate = rules::check_workload,
     .validate_update = rules::check_stateful_set_change},
    {.resource = "storageclasses.storage.k8s.io", .answers_deleted = true},
};

constexpr Strategy kCustom{.counts_generation = true, .needs_version = true};
constexpr Strategy kPlain{};

}  // namespace

const Strategy& strategy_of(const Kind& kind) {
  if (kind.custom) return kCustom;
  const std::string resource = kind.store_resource();
  const auto found = std::ranges::find(kStrategies, resource, &Strategy::resource);
  return found == std::end(kStrategies) ? kPlain : *found;
}

}  // namespace ks::store
