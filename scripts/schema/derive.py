#!/usr/bin/env python3
"""Writes src/store/schema/builtin.inc, the table of the built-in kinds and their types.

    scripts/schema/derive.py SPEC_FOLDER > src/store/schema/builtin.inc

SPEC_FOLDER holds `types.json` (every published type, as data) and `resources.tsv` (resource, kind, verbs). What those do not
say (short names, categories, selectable fields) stands in the tables below. src/store/schema/builtin.cc reads the output,
and says there what each line means. Defaults and allowed values are not derived: they are in src/store/schema/rules.inc.
"""

import json
import sys

# group/version, then resource:singular:short names. The order is that of discovery.
SERVED = [
    ("v1", "configmaps:configmap:cm endpoints:endpoints:ep events:event:ev limitranges:limitrange:limits "
           "namespaces:namespace:ns nodes:node:no persistentvolumeclaims:persistentvolumeclaim:pvc "
           "persistentvolumes:persistentvolume:pv pods:pod:po podtemplates:podtemplate: "
           "replicationcontrollers:replicationcontroller:rc resourcequotas:resourcequota:quota secrets:secret: "
           "serviceaccounts:serviceaccount:sa services:service:svc"),
    ("apiregistration.k8s.io/v1", "apiservices:apiservice:"),
    ("apps/v1", "controllerrevisions:controllerrevision: daemonsets:daemonset:ds deployments:deployment:deploy "
                "replicasets:replicaset:rs statefulsets:statefulset:sts"),
    ("events.k8s.io/v1", "events:event:ev"),
    ("authentication.k8s.io/v1", "selfsubjectreviews:selfsubjectreview: tokenreviews:tokenreview:"),
    ("authorization.k8s.io/v1", "localsubjectaccessreviews:localsubjectaccessreview: "
                                "selfsubjectaccessreviews:selfsubjectaccessreview: "
                                "selfsubjectrulesreviews:selfsubjectrulesreview: subjectaccessreviews:subjectaccessreview:"),
    ("autoscaling/v2", "horizontalpodautoscalers:horizontalpodautoscaler:hpa"),
    ("autoscaling/v1", "horizontalpodautoscalers:horizontalpodautoscaler:hpa"),
    ("batch/v1", "cronjobs:cronjob:cj jobs:job:"),
    ("networking.k8s.io/v1", "ingressclasses:ingressclass: ingresses:ingress:ing networkpolicies:networkpolicy:netpol"),
    ("policy/v1", "poddisruptionbudgets:poddisruptionbudget:pdb"),
    ("rbac.authorization.k8s.io/v1", "clusterrolebindings:clusterrolebinding: clusterroles:clusterrole: "
                                     "rolebindings:rolebinding: roles:role:"),
    ("storage.k8s.io/v1", "storageclasses:storageclass:sc"),
    ("apiextensions.k8s.io/v1", "customresourcedefinitions:customresourcedefinition:crd,crds"),
    ("scheduling.k8s.io/v1", "priorityclasses:priorityclass:pc"),
    ("coordination.k8s.io/v1", "leases:lease:"),
    ("discovery.k8s.io/v1", "endpointslices:endpointslice:"),
]

CATEGORIES = {
    "all": "pods replicationcontrollers services daemonsets deployments replicasets statefulsets "
           "horizontalpodautoscalers cronjobs jobs",
    "api-extensions": "customresourcedefinitions apiservices",
}

SELECTABLE = {
    "v1 pods": "spec.nodeName spec.restartPolicy spec.schedulerName spec.serviceAccountName spec.hostNetwork "
               "status.phase status.podIP status.podIPs status.nominatedNodeName",
    "v1 events": "involvedObject.kind involvedObject.namespace involvedObject.name involvedObject.uid "
                 "involvedObject.apiVersion involvedObject.resourceVersion involvedObject.fieldPath reason "
                 "reportingComponent source type",
    "events.k8s.io/v1 events": "regarding.kind regarding.namespace regarding.name regarding.uid regarding.apiVersion "
                               "regarding.resourceVersion regarding.fieldPath reason reportingController type",
    "v1 secrets": "type",
    "v1 namespaces": "status.phase",
    "v1 nodes": "spec.unschedulable",
    "v1 services": "spec.clusterIP spec.type",
    "v1 replicationcontrollers": "status.replicas",
    "apps/v1 replicasets": "status.replicas",
    "batch/v1 jobs": "status.successful",
}

# Subresources that open a connection to a node, or that only a scheduler or a kubelet calls.
UNSERVED_SUBRESOURCES = {"pods/binding"}

# The kind that a subresource speaks when it is not that of the resource: its group and version.
SUBRESOURCE_KINDS = {
    "Scale": ("autoscaling", "v1"),
    "Eviction": ("policy", "v1"),
    "TokenRequest": ("authentication.k8s.io", "v1"),
}

# Types that clients meet without a kind of their own.
MORE_TYPES = ["meta.v1.DeleteOptions", "meta.v1.Status", "meta.v1.WatchEvent", "meta.v1.Patch", "meta.v1.ListMeta",
              "meta.v1.APIGroup", "meta.v1.APIGroupList", "meta.v1.APIResourceList", "meta.v1.APIVersions",
              "autoscaling.v1.Scale", "policy.v1.Eviction", "authentication.v1.TokenRequest"]

# Fields that came after the version that the server calls itself.
LATER_FIELDS = {
    "core.v1.Container": "restartPolicyRules", "core.v1.EphemeralContainer": "restartPolicyRules",
    "core.v1.ContainerStatus": "stopSignal", "core.v1.Lifecycle": "stopSignal",
    "core.v1.EnvVarSource": "fileKeyRef", "core.v1.NodeStatus": "declaredFeatures", "core.v1.NodeSystemInfo": "swap",
    "core.v1.PodCondition": "observedGeneration", "core.v1.PodSpec": "hostnameOverride schedulingGroup workloadRef",
    "core.v1.PodStatus": "allocatedResources extendedResourceClaimStatus nodeAllocatableResourceClaimStatuses "
                         "observedGeneration resources",
    "core.v1.VolumeProjection": "podCertificate",
    "apps.v1.DeploymentStatus": "terminatingReplicas", "apps.v1.ReplicaSetStatus": "terminatingReplicas",
    "autoscaling.v2.HPAScalingRules": "tolerance", "discovery.v1.EndpointHints": "forNodes",
    "apiextensions.v1.CustomResourceDefinitionStatus": "observedGeneration",
    "apiextensions.v1.CustomResourceDefinitionCondition": "observedGeneration",
}

PREFIXES = [("meta.v1.", "io.k8s.apimachinery.pkg.apis.meta.v1."),
            ("resource.", "io.k8s.apimachinery.pkg.api.resource."),
            ("runtime.", "io.k8s.apimachinery.pkg.runtime."),
            ("intstr.", "io.k8s.apimachinery.pkg.util.intstr."),
            ("apiextensions.v1.", "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."),
            ("apiregistration.v1.", "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1."),
            ("", "io.k8s.api.")]


def short(name):
    for brief, full in PREFIXES:
        if name.startswith(full):
            return brief + name[len(full):]
    raise SystemExit("no short form for the type " + name)


def expression(of):
    """`[]string`, `{}@core.v1.Volume`, `integer:int32`: what builtin.cc reads as a type."""
    if "ref" in of:
        return "@" + short(of["ref"])
    kind = of.get("type", "any")
    if kind == "array":
        return "[]" + expression(of["items"])
    if kind == "map":
        return "{}" + expression(of["values"])
    return kind + (":" + of["format"] if of.get("format") else "")


def references(of):
    if "ref" in of:
        yield short(of["ref"])
    for part in ("items", "values"):
        if part in of:
            yield from references(of[part])
    for field in of.get("properties", {}).values():
        yield from references(field)


def marks(name, of, required):
    out = ["!"] if name in required else []
    list_type = of.get("x-kubernetes-list-type")
    if list_type == "map":
        out.append("map(" + ",".join(of["x-kubernetes-list-map-keys"]) + ")")
    elif list_type == "set":
        out.append("set")
    if of.get("x-kubernetes-map-type") == "atomic":
        out.append("atomic")
    if of.get("x-kubernetes-map-type") == "granular":
        out.append("granular")
    strategy = of.get("x-kubernetes-patch-strategy", "").split(",")
    if "merge" in strategy:
        out.append("merge(" + of.get("x-kubernetes-patch-merge-key", "") + ")")
    if "retainKeys" in strategy:
        out.append("retain")
    return out


def print_kinds(resources, types):
    gvk_types = {(g["group"], g["version"], g["kind"]): name
                 for name, of in types.items() for g in of.get("x-kubernetes-group-version-kind", [])}
    roots = []
    for group_version, entries in SERVED:
        group, _, version = group_version.rpartition("/")
        for entry in entries.split():
            plural, singular, names = entry.split(":")
            kind, namespaced, verbs = resources[group_version, plural]
            if "list" in verbs:
                verbs = sorted(verbs + ["watch"])
            name = gvk_types[group, version, kind]
            roots.append(name)
            listed = name + "List" in types
            if listed:
                roots.append(name + "List")
            line = ["K", group or "-", version, plural, kind, "ns" if namespaced else "cluster", singular, names or "-",
                    ",".join(c for c, of in CATEGORIES.items() if plural in of.split()) or "-", ",".join(verbs),
                    name, kind + "List" if listed else "-",
                    ",".join(SELECTABLE.get(group_version + " " + plural, "").split()) or "-"]
            print(" ".join(line))
            for (other, path), (sub_kind, _, sub_verbs) in sorted(resources.items()):
                if other != group_version or not path.startswith(plural + "/") or path in UNSERVED_SUBRESOURCES:
                    continue
                if "connect" in sub_verbs:
                    continue
                sub_group, sub_version = SUBRESOURCE_KINDS.get(sub_kind, ("-", "-"))
                print("S", path.split("/")[1], sub_kind, sub_group, sub_version, ",".join(sub_verbs))
    return roots


def print_type(name, of):
    required = of.get("required", [])
    line = ["T", name, of.get("type", "object") + (":" + of["format"] if of.get("format") else "")]
    if of.get("x-kubernetes-map-type") == "atomic":
        line.append("atomic")
    print(" ".join(line))
    for field in sorted(of.get("properties", {})):
        value = of["properties"][field]
        print(" ".join(["P", field, expression(value)] + marks(field, value, required)))


def main():
    folder = sys.argv[1]
    with open(folder + "/types.json", encoding="utf-8") as file:
        types = {}
        for name, of in json.load(file).items():
            if any(name.startswith(full) for _, full in PREFIXES):
                for field in LATER_FIELDS.get(short(name), "").split():
                    of["properties"].pop(field, None)
                types[short(name)] = of
    resources = {}
    with open(folder + "/resources.tsv", encoding="utf-8") as file:
        for line in list(file)[1:]:
            group_version, path, kind, namespaced, verbs = line.rstrip("\n").split("\t")
            resources[group_version, path] = (kind, namespaced == "true", verbs.split(","))

    # A raw string literal, so that the compiler embeds it and tracks the file.
    print('R"~(')
    reached, queue = set(), print_kinds(resources, types) + MORE_TYPES
    while queue:
        name = queue.pop()
        if name not in reached:
            reached.add(name)
            queue += references(types[name])
    for name in sorted(reached):
        print_type(name, types[name])
    print(')~"')


main()
