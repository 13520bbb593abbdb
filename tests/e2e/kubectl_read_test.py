"""What a person reads with kubectl: discovery, explain, every form of get, describe, events, who one is, waiting."""

import base64
import json
import re
import time
import unittest

import ks_server
from ks_server import config_map, deployment, pod, since_kubectl


def columns(table):
    """The rows of a table as lists of cells; cells are at least two blanks apart in the heading."""
    return [re.split(r"\s{2,}", line.rstrip()) for line in table.splitlines() if line.strip()]


class DiscoveryTest(ks_server.Case):
    def test_api_versions_lists_built_in_and_devops_groups(self):
        versions = self.kubectl("api-versions").split()
        for version in ("v1", "apps/v1", "batch/v1", "events.k8s.io/v1", "networking.k8s.io/v1", "rbac.authorization.k8s.io/v1",
                        "storage.k8s.io/v1", "coordination.k8s.io/v1", "apiextensions.k8s.io/v1", "apiregistration.k8s.io/v1",
                        "authentication.k8s.io/v1", "authorization.k8s.io/v1", "devops.kubesphere.io/v1alpha3",
                        "devops.kubesphere.io/v1alpha1", "gitops.kubesphere.io/v1alpha1"):
            self.assertIn(version, versions)
        self.assertEqual(versions, sorted(versions))

    def test_api_resources_shows_names_short_names_and_kinds(self):
        rows = [line.split() for line in self.kubectl("api-resources", "--no-headers").splitlines()]
        for row in (["configmaps", "cm", "v1", "true", "ConfigMap"],
                    ["namespaces", "ns", "v1", "false", "Namespace"],
                    ["deployments", "deploy", "apps/v1", "true", "Deployment"],
                    ["customresourcedefinitions", "crd,crds", "apiextensions.k8s.io/v1", "false", "CustomResourceDefinition"],
                    ["leases", "coordination.k8s.io/v1", "true", "Lease"]):
            self.assertIn(row, rows)
        kinds = {row[-1] for row in rows}
        for kind in ("Namespace", "Secret", "ConfigMap", "ServiceAccount", "Event", "Lease", "Node", "Pod", "Service",
                     "PersistentVolumeClaim", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Ingress",
                     "NetworkPolicy", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "StorageClass",
                     "CustomResourceDefinition", "APIService", "TokenReview", "SubjectAccessReview", "SelfSubjectAccessReview",
                     "SelfSubjectRulesReview", "SelfSubjectReview", "LocalSubjectAccessReview", "DevOpsProject", "Pipeline",
                     "PipelineRun", "GitRepository", "Application"):
            self.assertIn(kind, kinds)

    def test_api_resources_filters(self):
        cluster = self.kubectl("api-resources", "--namespaced=false", "-o", "name").split()
        self.assertIn("namespaces", cluster)
        self.assertIn("customresourcedefinitions.apiextensions.k8s.io", cluster)
        self.assertNotIn("pods", cluster)
        apps = self.kubectl("api-resources", "--api-group=apps", "-o", "name").split()
        self.assertTrue({"deployments.apps", "statefulsets.apps", "daemonsets.apps", "replicasets.apps"} <= set(apps), apps)
        creatable = self.kubectl("api-resources", "--verbs=list,create", "-o", "name").split()
        self.assertIn("pods", creatable)
        self.assertNotIn("selfsubjectaccessreviews.authorization.k8s.io", creatable)
        wide = self.kubectl("api-resources", "-o", "wide", "--api-group=apps")
        line = next(line for line in wide.splitlines() if line.startswith("deployments"))
        for verb in ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"):
            self.assertIn(verb, line)

    def test_explain_shows_fields_and_their_types(self):
        text = self.kubectl("explain", "deployment.spec.template.spec.containers", "--recursive")
        self.assertRegex(text, r"KIND:\s+Deployment")
        self.assertRegex(text, r"VERSION:\s+(apps/)?v1")
        for line in (r"\n\s+image\s+<string>", r"\n\s+imagePullPolicy\s+<string>", r"\n\s+env\s+<\[\](EnvVar|Object)>",
                     r"\n\s+resources\s+<(ResourceRequirements|Object)>", r"\n\s+limits\s+<map\[string\]", r"\n\s+containerPort\s+<integer>"):
            self.assertRegex(text, line)
        if ks_server.kubectl_minor() >= 27:
            self.assertRegex(text, r"\n\s+name\s+<string>\s+-required-")

    def test_explain_shows_one_field_and_the_kinds_of_this_project(self):
        self.assertRegex(self.kubectl("explain", "pod.spec.nodeName"), r"nodeName <string>")
        self.assertRegex(self.kubectl("explain", "cm", "--recursive"), r"binaryData\s+<map\[string\]string>")
        self.assertRegex(self.kubectl("explain", "pipelinerun.spec", "--recursive"), r"parameters\s+<\[\](Object|Parameter)>")
        self.assertRegex(self.kubectl("explain", "crd.spec.versions.schema", "--recursive"), r"openAPIV3Schema")
        self.assertIn("does not exist", self.kubectl_fails("explain", "pod.spec.nonsense"))

    def test_version_and_cluster_info(self):
        server = json.loads(self.kubectl("version", "-o", "json"))["serverVersion"]
        self.assertEqual((server["major"], server["minor"]), ("1", "32"))
        self.assertRegex(server["gitVersion"], r"^v1\.32\.\d+")
        self.assertIn("is running at", self.kubectl("cluster-info"))
        self.assertEqual(json.loads(self.kubectl("get", "--raw", "/version"))["minor"], "32")
        for path in ("/healthz", "/readyz", "/livez"):
            self.assertEqual(self.kubectl("get", "--raw", path), "ok")

    @since_kubectl(28, "auth whoami")
    def test_whoami(self):
        self.assertRegex(self.kubectl("auth", "whoami"), r"Username\s+admin")
        self.assertIn("system:masters", self.kubectl("auth", "whoami", "-o", "json"))

    def test_can_i(self):
        self.assertEqual(self.kubectl("auth", "can-i", "create", "pods").strip(), "yes")
        self.assertEqual(self.kubectl("auth", "can-i", "*", "*", "--all-namespaces").strip(), "yes")
        self.assertRegex(self.kubectl("auth", "can-i", "--list"), r"\*\.\*\s+\[\]\s+\[\]\s+\[\*\]")

    def test_config_view_hides_the_token(self):
        view = self.kubectl("config", "view")
        self.assertIn(self.server.url, view)
        self.assertNotIn(self.server.token, view)
        self.assertIn(self.server.token, self.kubectl("config", "view", "--raw"))
        self.assertTrue(self.kubectl("config", "current-context").strip())
        self.assertEqual(len(self.kubectl("config", "get-contexts", "-o", "name").split()), 1)


# All but what each namespace has.
MINE = "--field-selector=metadata.name!=kube-root-ca.crt"


class GetTest(ks_server.Case):
    def setUp(self):
        super().setUp()
        for name, color in (("b", "blue"), ("a", "red"), ("c", "blue")):
            self.create("configmaps", config_map(name, {"key": name, "other": "x"}, labels={"color": color}))

    def names(self, *arguments):
        return self.kubectl("get", "cm", "-o", "name", MINE, *arguments).split()

    def test_table(self):
        rows = columns(self.kubectl("get", "configmaps", MINE))
        self.assertEqual(rows[0], ["NAME", "DATA", "AGE"])
        self.assertEqual([row[:2] for row in rows[1:]], [["a", "2"], ["b", "2"], ["c", "2"]])
        for row in rows[1:]:
            self.assertRegex(row[2], r"^\d+s$")

    def test_each_namespace_has_its_account_and_the_authority(self):
        self.assertEqual(self.kubectl("get", "sa", "-o", "name").split(), ["serviceaccount/default"])
        authority = self.kubectl("get", "cm", "kube-root-ca.crt", "-o", "jsonpath={.data.ca\\.crt}")
        with open(self.server.kubeconfig) as file:
            known = re.search(r"certificate-authority-data:\s*\"?([^\"\s]+)", file.read()).group(1)
        self.assertEqual(authority.strip(), base64.b64decode(known).decode().strip())
        for space in ("default", "kube-system"):
            self.assertIn("default", self.kubectl("get", "sa", "-n", space, "-o", "name"))

    @since_kubectl(27, "OpenAPI v3")
    def test_validation_reads_version_3_alone(self):
        done = self.run_kubectl("create", "configmap", "checked", "-v=6")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.run_kubectl("create", "-f", "-", "-v=6", stdin=pod("checked"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("/openapi/v3/api/v1?hash=", done.stderr)
        self.assertNotIn("/openapi/v2", done.stderr)

    def test_amounts_are_stored_as_kubernetes_writes_them(self):
        one = pod("amounts")
        one["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "1000m", "memory": "1024Mi"}, "requests": {"cpu": 0.5, "memory": "1.5Gi"}}
        self.assertEqual(self.create("pods", one)["spec"]["containers"][0]["resources"],
                         {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "1536Mi"}})

    def test_tables_of_built_in_kinds(self):
        self.create("pods", pod("web-0"))
        self.create("deployments", deployment("web"), "apps/v1")
        self.create("services", {"metadata": {"name": "web"}, "spec": {
            "clusterIP": "None", "selector": {"app": "web"}, "ports": [{"port": 80, "name": "http"}, {"port": 53, "protocol": "UDP", "name": "d"}]}})
        self.create("secrets", {"metadata": {"name": "s"}, "type": "Opaque", "stringData": {"p": "w"}})
        self.create("jobs", {"metadata": {"name": "j"}, "spec": {"completions": 2, "template": {"spec": {
            "restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox"}]}}}}, "batch/v1")
        expect = {
            "pods": (["NAME", "READY", "STATUS", "RESTARTS", "AGE"], ["web-0", "0/1", "Pending", "0"]),
            "deployments": (["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"], ["web", "0/1", "0", "0"]),
            "services": (["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"], ["web", "ClusterIP", "None", "<none>", "80/TCP,53/UDP"]),
            "secrets": (["NAME", "TYPE", "DATA", "AGE"], ["s", "Opaque", "1"]),
            "jobs": (["NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE"], ["j", "Running", "0/2"]),
        }
        for resource, (heading, row) in expect.items():
            rows = columns(self.kubectl("get", resource))
            self.assertEqual(rows[0], heading)
            self.assertEqual(rows[1][:len(row)], row)
        wide = columns(self.kubectl("get", "pods", "-o", "wide"))
        self.assertEqual(wide[0][5:], ["IP", "NODE", "NOMINATED NODE", "READINESS GATES"])
        self.assertEqual(wide[1][5:], ["<none>"] * 4)
        wide = columns(self.kubectl("get", "deploy", "-o", "wide"))
        self.assertEqual(wide[0][5:], ["CONTAINERS", "IMAGES", "SELECTOR"])
        self.assertEqual(wide[1][5:], ["main", "nginx:1", "app=web"])
        several = self.kubectl("get", "pods/web-0", "svc/web", "deploy/web")
        for name in ("pod/web-0", "service/web", "deployment.apps/web"):
            self.assertIn(name, several)
        self.assertIn("pod/web-0", self.kubectl("get", "all"))

    def test_yaml_json_and_names(self):
        self.assertIn("\n  key: a\n", self.kubectl("get", "cm", "a", "-o", "yaml"))
        thing = json.loads(self.kubectl("get", "cm", "a", "-o", "json"))
        self.assertEqual((thing["apiVersion"], thing["kind"], thing["data"]["key"]), ("v1", "ConfigMap", "a"))
        for field in ("uid", "resourceVersion", "creationTimestamp"):
            self.assertTrue(thing["metadata"][field])
        several = json.loads(self.kubectl("get", "cm", MINE, "-o", "json"))
        self.assertEqual([item["kind"] for item in several["items"]], ["ConfigMap"] * 3)
        self.assertEqual(self.names(), ["configmap/a", "configmap/b", "configmap/c"])

    def test_jsonpath_go_template_and_custom_columns(self):
        self.assertEqual(self.kubectl("get", "cm", MINE, "-o", "jsonpath={.items[*].data.key}"), "a b c")
        self.assertEqual(self.kubectl("get", "cm", "b", "-o", "jsonpath={.metadata.labels.color}"), "blue")
        self.assertEqual(self.kubectl("get", "cm", MINE, "-o", "go-template={{range .items}}{{.metadata.name}};{{end}}"), "a;b;c;")
        table = columns(self.kubectl("get", "cm", MINE, "-o", "custom-columns=WHO:.metadata.name,COLOR:.metadata.labels.color"))
        self.assertEqual(table, [["WHO", "COLOR"], ["a", "red"], ["b", "blue"], ["c", "blue"]])

    def test_label_selectors(self):
        for selector, expected in (("color=blue", "bc"), ("color==red", "a"), ("color!=blue", "a"), ("color in (red,blue)", "abc"),
                                   ("color notin (red)", "bc"), ("color", "abc"), ("!color", ""), ("color=blue,color!=blue", ""), ("nope!=x", "abc")):
            self.assertEqual(self.names("-l", selector), ["configmap/" + name for name in expected], selector)
        self.assertIn("COLOR", self.kubectl("get", "cm", "-L", "color").splitlines()[0])
        self.assertIn("color=red", self.kubectl("get", "cm", "a", "--show-labels"))

    def test_field_selectors(self):
        self.assertEqual(self.names("--field-selector", "metadata.name=b"), ["configmap/b"])
        self.assertEqual(self.names("--field-selector", "metadata.name!=b"), ["configmap/a", "configmap/c", "configmap/kube-root-ca.crt"])
        self.assertIn(f"configmap/a", self.kubectl("get", "cm", "-A", "-o", "name", "--field-selector", "metadata.namespace=" + self.ns))
        one = pod("on-a-node")
        one["spec"]["nodeName"] = "n1"
        self.create("pods", one)
        self.create("pods", pod("nowhere"))
        self.assertEqual(self.kubectl("get", "pods", "-o", "name", "--field-selector", "spec.nodeName=n1").split(), ["pod/on-a-node"])
        self.assertEqual(self.kubectl("get", "pods", "-o", "name", "--field-selector", "status.phase=Running").split(), [])
        self.assertIn("field label not supported", self.kubectl_fails("get", "pods", "--field-selector", "spec.color=red"))
        self.create("secrets", {"metadata": {"name": "typed"}, "type": "example.org/x"})
        self.assertEqual(self.kubectl("get", "secrets", "-o", "name", "--field-selector", "type=example.org/x").split(), ["secret/typed"])

    def test_sorting(self):
        self.assertEqual(self.names("--sort-by", "{.data.key}"), ["configmap/a", "configmap/b", "configmap/c"])
        self.assertEqual(self.names("--sort-by", ".metadata.labels.color"), ["configmap/b", "configmap/c", "configmap/a"])

    def test_chunks_make_one_list(self):
        done = self.run_kubectl("get", "cm", MINE, "-o", "name", "--chunk-size=2", "-v=6")
        self.assertEqual(done.stdout.split(), ["configmap/a", "configmap/b", "configmap/c"])
        asked = [line for line in done.stderr.splitlines() if "/configmaps?" in line]
        self.assertEqual(len(asked), 2, done.stderr)
        self.assertIn("limit=2", asked[0])
        self.assertIn("continue=", asked[1])

    def test_all_namespaces(self):
        self.server.create("/api/v1/namespaces", {"metadata": {"name": "elsewhere"}})
        self.server.create("/api/v1/namespaces/elsewhere/configmaps", config_map("far"))
        rows = columns(self.kubectl("get", "cm", "-A"))
        self.assertEqual(rows[0], ["NAMESPACE", "NAME", "DATA", "AGE"])
        self.assertIn([self.ns, "a"], [row[:2] for row in rows])
        self.assertIn(["elsewhere", "far"], [row[:2] for row in rows])

    def test_watch_shows_changes_as_they_happen(self):
        watch = self.start_kubectl("get", "cm", "-w", "--output-watch-events")
        watch.wait_line(r"^ADDED\s+c\s+2")
        self.create("configmaps", config_map("d", {"key": "new"}))
        watch.wait_line(r"^ADDED\s+d\s+1")
        self.server.request("PATCH", self.path("configmaps/d"), {"data": {"more": "newer"}}, content_type="application/merge-patch+json")
        watch.wait_line(r"^MODIFIED\s+d\s+2")
        self.server.request("DELETE", self.path("configmaps/d"))
        watch.wait_line(r"^DELETED\s+d\s+2")

    def test_watch_prints_tables(self):
        watch = self.start_kubectl("get", "cm", "-w", "-l", "color=green")
        self.eventually(lambda: self.server.request("GET", "/metrics").status, "the server")
        self.create("configmaps", config_map("fresh", {"x": "y"}, labels={"color": "green"}))
        self.create("configmaps", config_map("other", {"x": "y"}, labels={"color": "grey"}))
        watch.wait_line(r"^fresh\s+1\s+\d+s")
        self.assertFalse([line for line in watch.lines if line.startswith("other")])

    def test_what_is_not_there(self):
        self.assertIn('Error from server (NotFound): configmaps "nope" not found', self.kubectl_fails("get", "cm", "nope"))
        self.assertEqual(self.kubectl("get", "cm", "nope", "--ignore-not-found"), "")
        self.assertIn('the server doesn\'t have a resource type "nonsense"', self.kubectl_fails("get", "nonsense"))
        self.assertIn("No resources found", self.run_kubectl("get", "pods").stderr)

    def test_client_side_printing(self):
        rows = columns(self.kubectl("get", "cm", MINE, "--server-print=false"))
        self.assertEqual(rows[0], ["NAME", "AGE"])
        self.assertEqual([row[0] for row in rows[1:]], ["a", "b", "c"])
        self.assertEqual(len(self.kubectl("get", "cm", MINE, "--no-headers").splitlines()), 3)


class DescribeTest(ks_server.Case):
    def test_describe_built_in_kinds(self):
        self.create("configmaps", config_map("settings", {"colour": "teal"}, labels={"tier": "one"}))
        text = self.kubectl("describe", "cm", "settings")
        for pattern in (r"Name:\s+settings", r"Labels:\s+tier=one", r"colour:\n----\nteal", r"Events:\s+<none>"):
            self.assertRegex(text, pattern)
        self.create("secrets", {"metadata": {"name": "hidden"}, "stringData": {"password": "swordfish"}})
        text = self.kubectl("describe", "secret", "hidden")
        self.assertRegex(text, r"password:\s+9 bytes")
        self.assertNotIn("swordfish", text)
        self.create("pods", pod("web-0", labels={"app": "web"}))
        text = self.kubectl("describe", "pod", "web-0")
        for pattern in (r"Name:\s+web-0", r"Status:\s+Pending", r"Image:\s+nginx:1", r"QoS Class:\s+BestEffort"):
            self.assertRegex(text, pattern)
        self.create("deployments", deployment("web"), "apps/v1")
        text = self.kubectl("describe", "deployment", "web")
        self.assertRegex(text, r"Replicas:\s+1 desired")
        self.assertRegex(text, r"StrategyType:\s+RollingUpdate")
        self.assertRegex(self.kubectl("describe", "namespace", self.ns), r"Status:\s+Active")

    def test_describe_other_kinds(self):
        self.server.create("/api/v1/nodes", {"metadata": {"name": "n1"}, "spec": {"taints": [{"key": "k", "effect": "NoSchedule"}]}})
        self.assertRegex(self.kubectl("describe", "node", "n1"), r"Taints:\s+k:NoSchedule")
        self.create("services", {"metadata": {"name": "web"}, "spec": {"clusterIP": "None", "ports": [{"port": 80}]}})
        self.assertRegex(self.kubectl("describe", "service", "web"), r"Port:\s+<unset>\s+80/TCP")
        self.create("roles", {"metadata": {"name": "reader"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]},
                    "rbac.authorization.k8s.io/v1")
        self.assertRegex(self.kubectl("describe", "role", "reader"), r"pods\s+\[\]\s+\[\]\s+\[get\]")
        self.create("gitrepositories", {"apiVersion": "devops.kubesphere.io/v1alpha3", "kind": "GitRepository", "metadata": {"name": "repo"},
                                        "spec": {"url": "https://example.org/a.git", "provider": "github"}}, "devops.kubesphere.io/v1alpha3")
        self.assertRegex(self.kubectl("describe", "gitrepository", "repo"), r"URL:\s+https://example.org/a.git")

    def event(self, name, about, reason, message, kind="Normal"):
        return {"apiVersion": "v1", "kind": "Event", "metadata": {"name": name}, "reason": reason, "message": message, "type": kind, "count": 3,
                "involvedObject": {"apiVersion": about["apiVersion"], "kind": about["kind"], "name": about["metadata"]["name"],
                                   "namespace": self.ns, "uid": about["metadata"]["uid"]},
                "source": {"component": "tester"}, "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:01:00Z"}

    def make_events(self):
        made = self.create("pods", pod("web-0"))
        self.create("events", self.event("web-0.1", made, "Started", "it runs now"))
        self.create("events", self.event("web-0.2", made, "Failing", "it does not", "Warning"))
        self.create("events", self.event("x.1", {**made, "metadata": {**made["metadata"], "name": "x"}}, "Other", "of another"))

    def test_events_in_describe_and_get(self):
        self.make_events()
        text = self.kubectl("describe", "pod", "web-0")
        self.assertRegex(text, r"Normal\s+Started\s+.*tester\s+it runs now")
        self.assertRegex(text, r"Warning\s+Failing\s+.*it does not")
        rows = columns(self.kubectl("get", "events", "--sort-by=.reason"))
        self.assertEqual(rows[0], ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"])
        self.assertEqual([row[1:] for row in rows[1:]], [["Warning", "Failing", "pod/web-0", "it does not"],
                                                         ["Normal", "Other", "pod/x", "of another"],
                                                         ["Normal", "Started", "pod/web-0", "it runs now"]])
        only = self.kubectl("get", "events", "-o", "name", "--field-selector", "involvedObject.name=web-0,type=Warning")
        self.assertEqual(only.split(), ["event/web-0.2"])

    def test_both_groups_show_the_same_events(self):
        self.make_events()
        self.assertEqual(self.kubectl("get", "events.events.k8s.io", "-o", "jsonpath={.items[*].reason}").split(), ["Started", "Failing", "Other"])
        new = json.loads(self.kubectl("get", "events.events.k8s.io", "web-0.1", "-o", "json"))
        self.assertEqual(new["apiVersion"], "events.k8s.io/v1")
        self.assertEqual((new["note"], new["regarding"]["name"], new["deprecatedCount"]), ("it runs now", "web-0", 3))
        self.assertNotIn("message", new)
        self.create("events", {"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "modern"}, "eventTime": "2026-01-01T00:00:00.123456Z",
                               "reportingController": "example.org/c", "reportingInstance": "c-1", "action": "Doing", "reason": "Modern", "type": "Normal",
                               "note": "said anew", "regarding": {"kind": "Pod", "name": "web-0", "namespace": self.ns}}, "events.k8s.io/v1")
        old = self.get("events/modern")
        self.assertEqual((old["message"], old["involvedObject"]["name"], old["reportingComponent"]), ("said anew", "web-0", "example.org/c"))

    @since_kubectl(26, "events")
    def test_events_command(self):
        self.make_events()
        text = self.kubectl("events")
        self.assertRegex(text.splitlines()[0], r"LAST SEEN\s+TYPE\s+REASON\s+OBJECT\s+MESSAGE")
        self.assertEqual(len(text.splitlines()), 4)
        self.assertEqual(len(self.kubectl("events", "--for", "pod/web-0").splitlines()), 3)
        self.assertEqual(len(self.kubectl("events", "--types", "Warning").splitlines()), 2)

    def test_logs_of_a_pod_that_no_node_runs_are_empty(self):
        self.create("pods", pod("idle"))
        self.assertEqual(self.kubectl("logs", "idle"), "")
        two = pod("two")
        two["spec"]["containers"].append({"name": "side", "image": "x"})
        self.create("pods", two)
        self.assertEqual(self.kubectl("logs", "two", "-c", "side"), "")
        self.assertIn("container nope is not valid for pod two", self.kubectl_fails("logs", "two", "-c", "nope"))


class WaitTest(ks_server.Case):
    def set_ready(self, name, value):
        reply = self.server.request("PATCH", self.path(f"pods/{name}/status"), {"status": {"phase": "Running", "conditions": [
            {"type": "Ready", "status": value}]}}, content_type="application/strategic-merge-patch+json")
        self.assertEqual(reply.status, 200, reply)

    def test_wait_for_a_condition(self):
        self.create("pods", pod("web-0"))
        self.assertIn("timed out waiting for the condition", self.kubectl_fails("wait", "--for=condition=Ready", "pod/web-0", "--timeout=1s"))
        waiting = self.start_kubectl("wait", "--for=condition=Ready", "pod/web-0", "--timeout=30s")
        self.set_ready("web-0", "False")
        self.set_ready("web-0", "True")
        self.assertEqual(waiting.finish()[:2], (0, ["pod/web-0 condition met"]))

    @since_kubectl(23, "wait --for=jsonpath")
    def test_wait_for_a_value(self):
        self.create("pods", pod("web-0"))
        waiting = self.start_kubectl("wait", "--for=jsonpath={.status.phase}=Running", "pod/web-0", "--timeout=30s")
        self.set_ready("web-0", "True")
        self.assertEqual(waiting.finish()[:2], (0, ["pod/web-0 condition met"]))

    def test_wait_for_the_end(self):
        self.create("configmaps", config_map("a"))
        waiting = self.start_kubectl("wait", "--for=delete", "cm/a", "--timeout=30s")
        time.sleep(1)  # an old one refuses to wait for what is gone already
        self.server.request("DELETE", self.path("configmaps/a"))
        code, _, errors = waiting.finish()
        self.assertEqual(code, 0, errors)


if __name__ == "__main__":
    unittest.main()
