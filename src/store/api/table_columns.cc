#include <boost/json.hpp>

#include "store/api/table_cells.h"

/// The columns of Kubernetes 1.32, in its order: clients and scripts go by them.

namespace ks::store {
namespace {

using namespace cells;
using Column = BuiltInColumn;

constexpr Column kName{"Name",  "string", "Unique within its namespace", 0, "metadata.name", "",
                       nullptr, "name"};
constexpr Column kAge{"Age", "string", "How long ago it was created", 0, "", "", age};
constexpr Column kCreatedAt{"Created At", "date", "When it was created", 0, "", "", created_at};
constexpr Column kContainers{"Containers", "string",  "Names of its containers", 1, "",
                             "",           containers};
constexpr Column kImages{"Images", "string", "Images of its containers", 1, "", "", images};
constexpr Column kSelector{"Selector", "string", "Labels of the pods it looks after", 1, "",
                           "",         selector};
constexpr Column kDesiredPods{"Desired", "integer", "Pods it should have", 0, "spec.replicas"};
constexpr Column kCurrentPods{"Current", "integer", "Pods it has", 0, "status.replicas"};
constexpr Column kReadyPods{"Ready", "integer", "Pods that are ready", 0, "status.readyReplicas"};
constexpr Column kReadyOfDesired{
    "Ready", "string", "Pods that are ready, of those it should have", 0, "", "", ready_of_desired};
constexpr Column kDataCount{"Data", "integer", "How many entries it has", 0, "", "", data_count};
constexpr Column kVolumeMode{"VolumeMode",      "string", "Filesystem or Block", 1,
                             "spec.volumeMode", "<unset>"};
constexpr Column kAttributesClass{"VolumeAttributesClass",          "string",
                                  "The class of its attributes",    0,
                                  "spec.volumeAttributesClassName", "<unset>"};

constexpr Column kPods[] = {
    kName,
    {"Ready", "string", "Containers that are ready, of all", 0, "", "", pod_ready},
    {"Status", "string", "Its phase, or why it is not running", 0, "", "", pod_status},
    {"Restarts", "string", "How often its containers were restarted, and when last", 0, "", "",
     pod_restarts},
    kAge,
    {"IP", "string", "Its address", 1, "", "", pod_ip},
    {"Node", "string", "Where it runs", 1, "spec.nodeName", "<none>"},
    {"Nominated Node", "string", "Where it will run once others made room", 1,
     "status.nominatedNodeName", "<none>"},
    {"Readiness Gates", "string", "Further conditions that hold, of those it waits for", 1, "", "",
     readiness_gates},
};
constexpr Column kPodTemplates[] = {
    kName,
    {"Containers", "string", "Names of its containers", 0, "", "", containers},
    {"Images", "string", "Images of its containers", 0, "", "", images},
    {"Pod Labels", "string", "Labels of the pods made from it", 0, "", "", template_labels},
};
constexpr Column kReplicaSets[] = {
    kName, kDesiredPods, kCurrentPods, kReadyPods, kAge, kContainers, kImages, kSelector,
};
constexpr Column kReplicationControllers[] = {
    kName,
    kDesiredPods,
    kCurrentPods,
    kReadyPods,
    kAge,
    kContainers,
    kImages,
    {"Selector", "string", "Labels of the pods it looks after", 1, "", "", map_selector},
};
constexpr Column kDaemonSets[] = {
    kName,
    {"Desired", "integer", "Nodes that should have its pod", 0, "status.desiredNumberScheduled"},
    {"Current", "integer", "Nodes that have its pod", 0, "status.currentNumberScheduled"},
    {"Ready", "integer", "Nodes where its pod is ready", 0, "status.numberReady"},
    {"Up-to-date", "integer", "Nodes whose pod is of the newest template", 0,
     "status.updatedNumberScheduled"},
    {"Available", "integer", "Nodes where its pod has been ready long enough", 0,
     "status.numberAvailable"},
    {"Node Selector", "string", "Labels of the nodes it wants", 0, "", "", template_node_selector},
    kAge,
    kContainers,
    kImages,
    kSelector,
};
constexpr Column kDeployments[] = {
    kName,
    kReadyOfDesired,
    {"Up-to-date", "integer", "Pods of the newest template", 0, "status.updatedReplicas"},
    {"Available", "integer", "Pods that have been ready long enough", 0,
     "status.availableReplicas"},
    kAge,
    kContainers,
    kImages,
    kSelector,
};
constexpr Column kStatefulSets[] = {
    kName, kReadyOfDesired, kAge, kContainers, kImages,
};
constexpr Column kControllerRevisions[] = {
    kName,
    {"Controller", "string", "Whose revision it is", 0, "", "", controller_owner},
    {"Revision", "integer", "Its number", 0, "revision"},
    kAge,
};
constexpr Column kJobs[] = {
    kName,
    {"Status", "string", "How far it is", 0, "", "", job_status},
    {"Completions", "string", "Pods that succeeded, of those it needs", 0, "", "", job_completions},
    {"Duration", "string", "How long it has been running or ran", 0, "", "", job_duration},
    kAge,
    kContainers,
    kImages,
    kSelector,
};
constexpr Column kCronJobs[] = {
    kName,
    {"Schedule", "string", "When it starts jobs, as cron writes it", 0, "spec.schedule"},
    {"Timezone", "string", "The time zone of its schedule", 0, "spec.timeZone", "<none>"},
    {"Suspend", "boolean", "Whether it starts no jobs for now", 0, "", "", cron_suspend},
    {"Active", "integer", "Jobs that are running", 0, "", "", cron_active},
    {"Last Schedule", "string", "How long ago it started a job", 0, "", "", cron_last_schedule},
    kAge,
    {"Containers", "string", "Names of its containers", 1, "", "", cron_containers},
    {"Images", "string", "Images of its containers", 1, "", "", cron_images},
    {"Selector", "string", "Labels of the pods of its jobs", 1, "", "", cron_selector},
};
constexpr Column kAutoscalers[] = {
    kName,
    {"Reference", "string", "What it scales", 0, "", "", autoscaler_reference},
    {"Targets", "string", "What it measures: the present value, and the wanted one", 0, "", "",
     autoscaler_targets},
    {"MinPods", "string", "Fewest pods", 0, "spec.minReplicas", "<unset>"},
    {"MaxPods", "string", "Most pods", 0, "spec.maxReplicas"},
    {"Replicas", "string", "Pods there are", 0, "status.currentReplicas"},
    kAge,
};
constexpr Column kDisruptionBudgets[] = {
    kName,
    {"Min Available", "string", "Pods that must stay available", 0, "spec.minAvailable", "N/A"},
    {"Max Unavailable", "string", "Pods that may be unavailable", 0, "spec.maxUnavailable", "N/A"},
    {"Allowed Disruptions", "integer", "Pods that may be evicted now", 0,
     "status.disruptionsAllowed"},
    kAge,
};
constexpr Column kServices[] = {
    kName,
    {"Type", "string", "How it is reached", 0, "spec.type"},
    {"Cluster-IP", "string", "Its address within the cluster", 0, "", "", service_cluster_ip},
    {"External-IP", "string", "Its address outside", 0, "", "", service_external_ip},
    {"Port(s)", "string", "Its ports", 0, "", "", service_ports},
    kAge,
    {"Selector", "string", "Labels of the pods behind it", 1, "", "", map_selector},
};
constexpr Column kEndpoints[] = {
    kName, {"Endpoints", "string", "The addresses behind a service", 0, "", "", endpoints}, kAge};
constexpr Column kEndpointSlices[] = {
    kName,
    {"AddressType", "string", "IPv4, IPv6 or FQDN", 0, "addressType"},
    {"Ports", "string", "Ports of every endpoint", 0, "", "", slice_ports},
    {"Endpoints", "string", "The addresses behind a service", 0, "", "", slice_endpoints},
    kAge,
};
constexpr Column kIngresses[] = {
    kName,
    {"Class", "string", "The controller that serves it", 0, "", "", ingress_class},
    {"Hosts", "string", "Host names of its rules", 0, "", "", ingress_hosts},
    {"Address", "string", "Where it is served", 0, "", "", ingress_address},
    {"Ports", "string", "Ports it is served on", 0, "", "", ingress_ports},
    kAge,
};
constexpr Column kIngressClasses[] = {
    kName,
    {"Controller", "string", "The controller of the class", 0, "spec.controller"},
    {"Parameters", "string", "The object that configures it", 0, "", "", ingress_class_parameters},
    kAge,
};
constexpr Column kNetworkPolicies[] = {
    kName,
    {"Pod-Selector", "string", "Labels of the pods it is about", 0, "", "", pod_selector},
    kAge};
constexpr Column kNodes[] = {
    kName,
    {"Status", "string", "Whether it is ready and takes pods", 0, "", "", node_status},
    {"Roles", "string", "What it is for", 0, "", "", node_roles},
    kAge,
    {"Version", "string", "Version of its kubelet", 0, "status.nodeInfo.kubeletVersion"},
    {"Internal-IP", "string", "Its address within the cluster", 1, "", "", node_internal_ip},
    {"External-IP", "string", "Its address outside", 1, "", "", node_external_ip},
    {"OS-Image", "string", "Its operating system", 1, "status.nodeInfo.osImage", "<unknown>"},
    {"Kernel-Version", "string", "Its kernel", 1, "status.nodeInfo.kernelVersion", "<unknown>"},
    {"Container-Runtime", "string", "What runs its containers", 1,
     "status.nodeInfo.containerRuntimeVersion", "<unknown>"},
};
constexpr Column kEvents[] = {
    {"Last Seen", "string", "How long ago it happened last", 0, "", "", event_last_seen},
    {"Type", "string", "Normal or Warning", 0, "type"},
    {"Reason", "string", "Why, in one word", 0, "reason"},
    {"Object", "string", "What it is about", 0, "", "", event_object},
    {"Subobject", "string", "The part of it", 1, "", "", event_subobject},
    {"Source", "string", "Who told", 1, "", "", event_source},
    {"Message", "string", "What happened", 0, "", "", event_message},
    {"First Seen", "string", "How long ago it happened first", 1, "", "", event_first_seen},
    {"Count", "integer", "How often it happened", 1, "", "", event_count},
    {"Name", "string", "Unique within its namespace", 1, "metadata.name", "", nullptr, "name"},
};
constexpr Column kNamespaces[] = {
    kName,
    {"Status", "string", "Active, or Terminating while its objects go", 0, "status.phase"},
    kAge};
constexpr Column kSecrets[] = {
    kName,
    {"Type", "string", "What it holds", 0, "type"},
    kDataCount,
    kAge,
};
constexpr Column kConfigMaps[] = {kName, kDataCount, kAge};
constexpr Column kServiceAccounts[] = {
    kName, {"Secrets", "integer", "How many secrets it may use", 0, "", "", secrets_count}, kAge};
constexpr Column kVolumes[] = {
    kName,
    {"Capacity", "string", "Its size", 0, "", "", volume_capacity},
    {"Access Modes", "string", "How it may be mounted", 0, "", "", volume_access_modes},
    {"Reclaim Policy", "string", "What becomes of it when its claim goes", 0,
     "spec.persistentVolumeReclaimPolicy"},
    {"Status", "string", "Its phase", 0, "", "", volume_status},
    {"Claim", "string", "Who has it", 0, "", "", volume_claim},
    {"StorageClass", "string", "Its storage class", 0, "", "", storage_class},
    kAttributesClass,
    {"Reason", "string", "Why it is in this phase", 0, "status.reason"},
    kAge,
    kVolumeMode,
};
constexpr Column kClaims[] = {
    kName,
    {"Status", "string", "Its phase", 0, "", "", volume_status},
    {"Volume", "string", "The volume it got", 0, "spec.volumeName"},
    {"Capacity", "string", "The size it got", 0, "", "", claim_capacity},
    {"Access Modes", "string", "How it may be mounted", 0, "", "", claim_access_modes},
    {"StorageClass", "string", "The storage class it asks for", 0, "", "", storage_class},
    kAttributesClass,
    kAge,
    kVolumeMode,
};
constexpr Column kStorageClasses[] = {
    kName,
    {"Provisioner", "string", "Who makes its volumes", 0, "provisioner"},
    {"ReclaimPolicy", "string", "What becomes of a volume when its claim goes", 0, "reclaimPolicy",
     "Delete"},
    {"VolumeBindingMode", "string", "When a claim gets its volume", 0, "volumeBindingMode",
     "Immediate"},
    {"AllowVolumeExpansion", "boolean", "Whether claims may grow", 0, "allowVolumeExpansion",
     "false"},
    kAge,
};
constexpr Column kBindings[] = {
    kName,
    {"Role", "string", "The role it gives", 0, "", "", role},
    kAge,
    {"Users", "string", "Users who get it", 1, "", "", users},
    {"Groups", "string", "Groups that get it", 1, "", "", groups},
    {"ServiceAccounts", "string", "Service accounts that get it", 1, "", "", service_accounts},
};
constexpr Column kLeases[] = {
    kName, {"Holder", "string", "Who has it", 0, "spec.holderIdentity"}, kAge};
constexpr Column kPriorityClasses[] = {
    kName,
    {"Value", "integer", "The priority of its pods", 0, "value"},
    {"Global-Default", "boolean", "Whether pods without a class get it", 0, "globalDefault",
     "false"},
    kAge,
    {"PreemptionPolicy", "string", "Whether its pods evict others", 0, "preemptionPolicy",
     "PreemptLowerPriority"},
};
constexpr Column kResourceQuotas[] = {
    kName,
    kAge,
    {"Request", "string", "Used requests and counts, of what is allowed", 0, "", "",
     quota_requests},
    {"Limit", "string", "Used limits, of what is allowed", 0, "", "", quota_limits},
};
constexpr Column kWebhooks[] = {
    kName, {"Webhooks", "integer", "How many webhooks it has", 0, "", "", webhooks_count}, kAge};
constexpr Column kApiServices[] = {
    kName,
    {"Service", "string", "Who serves it", 0, "", "", api_service},
    {"Available", "string", "Whether it is served now", 0, "", "", api_service_available},
    kAge,
};
constexpr Column kNameAndCreation[] = {kName, kCreatedAt};

struct Entry {
  std::string_view group, plural;
  std::span<const Column> columns;
};
constexpr Entry kKinds[] = {
    {"", "pods", kPods},
    {"", "podtemplates", kPodTemplates},
    {"", "replicationcontrollers", kReplicationControllers},
    {"", "services", kServices},
    {"", "endpoints", kEndpoints},
    {"", "nodes", kNodes},
    {"", "events", kEvents},
    {"", "namespaces", kNamespaces},
    {"", "secrets", kSecrets},
    {"", "configmaps", kConfigMaps},
    {"", "serviceaccounts", kServiceAccounts},
    {"", "persistentvolumes", kVolumes},
    {"", "persistentvolumeclaims", kClaims},
    {"", "resourcequotas", kResourceQuotas},
    {"admissionregistration.k8s.io", "mutatingwebhookconfigurations", kWebhooks},
    {"admissionregistration.k8s.io", "validatingwebhookconfigurations", kWebhooks},
    {"apiregistration.k8s.io", "apiservices", kApiServices},
    {"apps", "controllerrevisions", kControllerRevisions},
    {"apps", "daemonsets", kDaemonSets},
    {"apps", "deployments", kDeployments},
    {"apps", "replicasets", kReplicaSets},
    {"apps", "statefulsets", kStatefulSets},
    {"autoscaling", "horizontalpodautoscalers", kAutoscalers},
    {"batch", "cronjobs", kCronJobs},
    {"batch", "jobs", kJobs},
    {"coordination.k8s.io", "leases", kLeases},
    {"discovery.k8s.io", "endpointslices", kEndpointSlices},
    {"events.k8s.io", "events", kEvents},
    {"networking.k8s.io", "ingressclasses", kIngressClasses},
    {"networking.k8s.io", "ingresses", kIngresses},
    {"networking.k8s.io", "networkpolicies", kNetworkPolicies},
    {"policy", "poddisruptionbudgets", kDisruptionBudgets},
    {"rbac.authorization.k8s.io", "clusterrolebindings", kBindings},
    {"rbac.authorization.k8s.io", "rolebindings", kBindings},
    {"scheduling.k8s.io", "priorityclasses", kPriorityClasses},
    {"storage.k8s.io", "storageclasses", kStorageClasses},
};

}  // namespace

std::span<const BuiltInColumn> built_in_columns(std::string_view group, std::string_view plural) {
  for (const Entry& entry : kKinds) {
    if (entry.group == group && entry.plural == plural) return entry.columns;
  }
  return kNameAndCreation;
}

}  // namespace ks::store
