"""What a person changes with kubectl: create, apply, diff, edit, replace, patch, label, annotate, scale, delete."""

import json
import os
import stat
import unittest

import ks_server
from ks_server import config_map, deployment, owner, pod, since_kubectl


class CreateTest(ks_server.Case):
    def test_several_documents_of_several_kinds(self):
        said = self.kubectl("create", "-f", "-", stdin="""
apiVersion: v1
kind: ConfigMap
metadata: {name: one}
data: {a: "1"}
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ServiceAccount
  metadata: {name: robot}
- apiVersion: apps/v1
  kind: StatefulSet
  metadata: {name: db}
  spec:
    serviceName: db
    selector: {matchLabels: {app: db}}
    template:
      metadata: {labels: {app: db}}
      spec: {containers: [{name: db, image: "postgres:15"}]}
""")
        self.assertEqual(said.split("\n"), ["configmap/one created", "serviceaccount/robot created", "statefulset.apps/db created", ""])
        self.assertIn('Error from server (AlreadyExists): configmaps "one" already exists',
                      self.kubectl_fails("create", "-f", "-", stdin=config_map("one")).replace('error when creating "STDIN": ', ""))

    def test_generators(self):
        for arguments in (["configmap", "c", "--from-literal=a=1"], ["secret", "generic", "s", "--from-literal=p=w"],
                          ["serviceaccount", "sa"], ["deployment", "d", "--image=nginx:1", "--replicas=2"],
                          ["job", "j", "--image=busybox"],
                          ["role", "r", "--verb=get", "--resource=pods"], ["rolebinding", "rb", "--role=r", "--serviceaccount=x:y"],
                          ["service", "clusterip", "svc", "--tcp=80:8080"], ["ingress", "ing", "--rule=example.org/*=svc:80"],
                          ["clusterrole", self.ns, "--verb=get", "--resource=nodes"], ["namespace", self.ns + "-2"]):
            self.assertIn(" created", self.kubectl("create", *arguments))
        if ks_server.kubectl_minor() >= 21:  # an older one asks for batch/v1beta1
            self.kubectl("create", "cronjob", "cj", "--image=busybox", "--schedule=*/5 * * * *")
        self.assertIn("pod/p created", self.kubectl("run", "p", "--image=nginx:1"))
        self.assertEqual(self.get("secrets/s")["data"], {"p": "dw=="})
        self.assertEqual(self.get("deployments/d", "apps/v1")["spec"]["replicas"], 2)

    def test_built_in_defaults_are_filled_in(self):
        made = self.create("deployments", deployment("d"), "apps/v1")["spec"]
        self.assertEqual(made["strategy"], {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}})
        self.assertEqual((made["revisionHistoryLimit"], made["progressDeadlineSeconds"]), (10, 600))
        inner = made["template"]["spec"]
        self.assertEqual((inner["restartPolicy"], inner["dnsPolicy"], inner["schedulerName"]), ("Always", "ClusterFirst", "default-scheduler"))
        self.assertEqual(inner["containers"][0]["terminationMessagePath"], "/dev/termination-log")
        self.assertEqual(inner["containers"][0]["imagePullPolicy"], "IfNotPresent")

    def test_names_are_generated(self):
        names = set()
        for _ in range(5):
            said = self.kubectl("create", "-f", "-", "-o", "name", stdin={"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "run-"}})
            self.assertRegex(said, r"^configmap/run-[bcdfghjklmnpqrstvwxz2456789]{5}$")
            names.add(said)
        self.assertEqual(len(names), 5)

    def test_a_dry_run_changes_nothing(self):
        self.assertEqual(self.kubectl("create", "cm", "ghost", "--dry-run=server"), "configmap/ghost created (server dry run)\n")
        self.assertFalse(self.exists("configmaps/ghost"))
        self.create("configmaps", config_map("real"))
        before = self.get("configmaps/real")
        self.kubectl("label", "cm", "real", "x=y", "--dry-run=server")
        self.kubectl("patch", "cm", "real", "-p", '{"data":{"k":"new"}}', "--dry-run=server")
        shown = json.loads(self.kubectl("apply", "--server-side", "--dry-run=server", "-o", "json", "-f", "-", stdin=config_map("real", {"other": "1"})))
        self.assertEqual(shown["data"], {"k": "v", "other": "1"})
        self.assertIn("deleted (server dry run)", self.kubectl("delete", "cm", "real", "--dry-run=server"))
        self.assertEqual(self.get("configmaps/real"), before)
        self.assertIn("already exists", self.kubectl_fails("create", "cm", "real", "--dry-run=server"))

    def test_unknown_fields(self):
        odd = {**config_map("odd"), "colour": "teal", "metadata": {"name": "odd", "nmae": "x"}}
        if ks_server.kubectl_minor() >= 25:
            said = self.kubectl_fails("create", "-f", "-", "--validate=strict", stdin=odd)
            self.assertIn('strict decoding error: unknown field "colour", unknown field "metadata.nmae"', said)
            done = self.run_kubectl("create", "-f", "-", "--validate=warn", stdin=odd)
            self.assertIn('Warning: unknown field "colour"', done.stderr)
        else:
            done = self.run_kubectl("create", "-f", "-", "--validate=false", stdin=odd)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("colour", self.get("configmaps/odd"))

    def test_what_the_type_forbids(self):
        wrong = deployment("wrong")
        del wrong["spec"]["selector"]
        said = self.kubectl_fails("create", "--validate=false", "-f", "-", stdin=wrong)
        self.assertIn('The Deployment "wrong" is invalid', said)
        self.assertIn("spec.selector: Required value", said)
        said = self.kubectl_fails("create", "--validate=false", "-f", "-", stdin=deployment("text", replicas="three"))
        self.assertIn("Error from server (BadRequest)", said)
        self.assertIn("spec.replicas", said)
        said = self.kubectl_fails("create", "cm", "Not_A_Name")
        self.assertIn('ConfigMap "Not_A_Name" is invalid: metadata.name: Invalid value: "Not_A_Name": a lowercase RFC 1123 subdomain', said)


class ApplyTest(ks_server.Case):
    def apply(self, thing, *flags):
        return self.kubectl("apply", *flags, "-f", "-", stdin=thing)

    def test_client_side_apply_is_a_three_way_merge(self):
        first = deployment("web")
        first["metadata"]["annotations"] = {"mine": "yes"}
        self.assertEqual(self.apply(first), "deployment.apps/web created\n")
        self.assertEqual(self.apply(first), "deployment.apps/web unchanged\n")
        self.kubectl("scale", "deployment", "web", "--replicas=5")
        second = deployment("web")
        del second["spec"]["replicas"]
        second["spec"]["template"]["spec"]["containers"].append({"name": "side", "image": "busybox:1"})
        self.assertEqual(self.apply(second), "deployment.apps/web configured\n")
        now = self.get("deployments/web", "apps/v1")
        self.assertNotIn("mine", now["metadata"]["annotations"])
        self.assertIn("kubectl.kubernetes.io/last-applied-configuration", now["metadata"]["annotations"])
        self.assertEqual([c["name"] for c in now["spec"]["template"]["spec"]["containers"]], ["main", "side"])
        self.assertEqual(now["spec"]["replicas"], 1)  # it was applied before, so leaving it out gives the default
        self.assertEqual(self.apply(first), "deployment.apps/web configured\n")
        now = self.get("deployments/web", "apps/v1")
        self.assertEqual([c["name"] for c in now["spec"]["template"]["spec"]["containers"]], ["main"])

    def test_apply_takes_over_what_was_created(self):
        self.create("configmaps", config_map("a", {"k": "v", "theirs": "1"}))
        done = self.run_kubectl("apply", "-f", "-", stdin=config_map("a", {"k": "w"}))
        self.assertIn("missing the kubectl.kubernetes.io/last-applied-configuration annotation", done.stderr)
        self.assertEqual(self.get("configmaps/a")["data"], {"k": "w", "theirs": "1"})
        self.assertIn('k: w', self.kubectl("apply", "view-last-applied", "cm/a"))

    def test_apply_of_custom_kinds_merges_json(self):
        def repository(**spec):
            return {"apiVersion": "devops.kubesphere.io/v1alpha3", "kind": "GitRepository", "metadata": {"name": "repo"}, "spec": spec}
        self.assertIn("created", self.apply(repository(url="https://example.org/a.git", provider="git")))
        self.assertIn("configured", self.apply(repository(url="https://example.org/b.git")))
        self.assertEqual(self.get("gitrepositories/repo", "devops.kubesphere.io/v1alpha3")["spec"], {"url": "https://example.org/b.git"})
        self.assertIn("unchanged", self.apply(repository(url="https://example.org/b.git")))

    def test_prune(self):
        labels = {"set": "one"}
        both = {"apiVersion": "v1", "kind": "List", "items": [config_map("stays", labels=labels), config_map("goes", labels=labels)]}
        self.apply(both)
        said = self.kubectl("apply", "-l", "set=one", "--prune", "--prune-whitelist=core/v1/ConfigMap" if ks_server.kubectl_minor() < 26
                            else "--prune-allowlist=core/v1/ConfigMap", "-f", "-", stdin=config_map("stays", labels=labels))
        self.assertIn("configmap/goes pruned", said)
        self.assertFalse(self.exists("configmaps/goes"))

    def test_server_side_apply_conflicts(self):
        self.assertEqual(self.apply(config_map("a", {"x": "1", "y": "1"}), "--server-side", "--field-manager=one"), "configmap/a serverside-applied\n")
        said = self.kubectl_fails("apply", "--server-side", "--field-manager=two", "-f", "-", stdin=config_map("a", {"x": "2", "z": "2"}))
        self.assertIn('Apply failed with 1 conflict: conflict with "one": .data.x', said)
        self.assertEqual(self.get("configmaps/a")["data"], {"x": "1", "y": "1"})
        self.apply(config_map("a", {"x": "2", "z": "2"}), "--server-side", "--field-manager=two", "--force-conflicts")
        self.assertEqual(self.get("configmaps/a")["data"], {"x": "2", "y": "1", "z": "2"})
        # What a manager no longer applies and nobody else owns, goes; what another owns stays.
        self.apply(config_map("a", {"w": "1"}), "--server-side", "--field-manager=one")
        self.assertEqual(self.get("configmaps/a")["data"], {"x": "2", "z": "2", "w": "1"})
        managers = {entry["manager"]: entry for entry in self.get("configmaps/a")["metadata"]["managedFields"]}
        self.assertEqual(set(managers), {"one", "two"})
        self.assertEqual(managers["one"]["operation"], "Apply")
        self.assertEqual(managers["one"]["fieldsV1"], {"f:data": {"f:w": {}}})

    def test_server_side_apply_shares_equal_values_and_merges_lists_by_key(self):
        def with_containers(*names):
            thing = deployment("web")
            thing["spec"]["template"]["spec"]["containers"] = [{"name": name, "image": name + ":1"} for name in names]
            return thing
        self.apply(with_containers("a"), "--server-side", "--field-manager=one")
        self.apply(with_containers("a", "b"), "--server-side", "--field-manager=two")
        self.apply(with_containers("b"), "--server-side", "--field-manager=one")
        names = [c["name"] for c in self.get("deployments/web", "apps/v1")["spec"]["template"]["spec"]["containers"]]
        self.assertEqual(sorted(names), ["a", "b"])
        self.apply(with_containers("b"), "--server-side", "--field-manager=two")
        names = [c["name"] for c in self.get("deployments/web", "apps/v1")["spec"]["template"]["spec"]["containers"]]
        self.assertEqual(names, ["b"])

    def test_updates_own_fields_too(self):
        self.kubectl("create", "-f", "-", stdin=config_map("a", {"x": "1"}))
        managers = self.get("configmaps/a")["metadata"]["managedFields"]
        self.assertEqual([(m["operation"], m["apiVersion"], m["fieldsType"]) for m in managers], [("Update", "v1", "FieldsV1")])
        self.assertTrue(managers[0]["manager"].startswith("kubectl"), managers)
        said = self.kubectl_fails("apply", "--server-side", "--field-manager=gitops", "-f", "-", stdin=config_map("a", {"x": "2"}))
        self.assertIn("conflict with \"kubectl", said)
        if ks_server.kubectl_minor() >= 21:
            self.assertNotIn("managedFields", self.kubectl("get", "cm", "a", "-o", "yaml"))
            self.assertIn("f:data", self.kubectl("get", "cm", "a", "-o", "yaml", "--show-managed-fields"))

    def test_client_side_apply_moves_to_server_side(self):
        self.apply(config_map("a", {"x": "1", "y": "1"}))
        self.apply(config_map("a", {"x": "1"}), "--server-side")
        if ks_server.kubectl_minor() >= 26:
            self.assertEqual(self.get("configmaps/a")["data"], {"x": "1"})


class DiffTest(ks_server.Case):
    def test_diff_shows_what_would_change(self):
        self.kubectl("apply", "-f", "-", stdin=config_map("a", {"k": "old"}))
        done = self.run_kubectl("diff", "-f", "-", stdin=config_map("a", {"k": "new"}))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("-  k: old", done.stdout)
        self.assertIn("+  k: new", done.stdout)
        self.assertEqual(self.get("configmaps/a")["data"], {"k": "old"})
        same = self.run_kubectl("diff", "-f", "-", stdin=config_map("a", {"k": "old"}))
        self.assertEqual((same.returncode, same.stdout), (0, ""), same.stderr)
        fresh = self.run_kubectl("diff", "-f", "-", stdin=config_map("b"))
        self.assertEqual(fresh.returncode, 1)
        self.assertIn("+kind: ConfigMap", fresh.stdout)
        self.assertFalse(self.exists("configmaps/b"))

    def test_diff_of_server_side_apply(self):
        self.kubectl("apply", "--server-side", "-f", "-", stdin=config_map("a", {"k": "old"}))
        done = self.run_kubectl("diff", "--server-side", "-f", "-", stdin=config_map("a", {"k": "new"}))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("+  k: new", done.stdout)


class EditTest(ks_server.Case):
    def editor(self, script):
        path = self.file("#!/bin/sh\n" + script, "editor.sh")
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
        return {"KUBE_EDITOR": path, "EDITOR": path}

    def test_edit_changes(self):
        self.create("configmaps", config_map("a", {"k": "old"}))
        self.assertEqual(self.kubectl("edit", "cm", "a", env=self.editor('sed -i "s/k: old/k: new/" "$1"')), "configmap/a edited\n")
        self.assertEqual(self.get("configmaps/a")["data"], {"k": "new"})

    def test_edit_without_a_change_is_cancelled(self):
        self.create("configmaps", config_map("a"))
        done = self.run_kubectl("edit", "cm", "a", env=self.editor("true"))
        self.assertIn("no changes made", done.stdout + done.stderr)

    def test_edit_shows_what_the_server_refused(self):
        self.create("deployments", deployment("web"), "apps/v1")
        seen = self.file("", "seen")
        # The first time it breaks the object; the second time it finds the reason in the file, and gives up.
        script = f'if [ -s {seen} ]; then cp "$1" {seen}.2; else cp "$1" {seen}; sed -i "s/  replicas: 1/  replicas: -5/" "$1"; fi'
        done = self.run_kubectl("edit", "deployment", "web", env=self.editor(script))
        self.assertNotEqual(done.returncode, 0, done.stdout)
        with open(seen + ".2") as file:
            self.assertRegex(file.read(), r'# deployments.apps "web" was not valid:\n# \* spec.replicas: Invalid value: -5')

    @since_kubectl(24, "edit --subresource")
    def test_edit_of_the_status(self):
        self.create("deployments", deployment("web"), "apps/v1")
        self.kubectl("edit", "deployment", "web", "--subresource=status", env=self.editor('sed -i "s/^status: {}/status: {replicas: 7}/" "$1"'))
        self.assertEqual(self.get("deployments/web", "apps/v1")["status"]["replicas"], 7)


class ReplaceAndPatchTest(ks_server.Case):
    def patch(self, name, patch, kind="strategic", resource="deployment", *more):
        return self.kubectl("patch", resource, name, "--type", kind, "-p", json.dumps(patch), *more)

    def containers(self):
        return {c["name"]: c for c in self.get("deployments/web", "apps/v1")["spec"]["template"]["spec"]["containers"]}

    def test_replace(self):
        self.create("configmaps", config_map("a", {"old": "1"}))
        self.assertEqual(self.kubectl("replace", "-f", "-", stdin=config_map("a", {"new": "1"})), "configmap/a replaced\n")
        self.assertEqual(self.get("configmaps/a")["data"], {"new": "1"})
        self.assertIn("NotFound", self.kubectl_fails("replace", "-f", "-", stdin=config_map("nope")))

    def test_replace_of_an_old_version_conflicts(self):
        old = self.create("configmaps", config_map("a"))
        self.kubectl("label", "cm", "a", "x=y")
        said = self.kubectl_fails("replace", "-f", "-", stdin=old)
        self.assertIn('Error from server (Conflict)', said)
        self.assertIn('Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again', said)

    def test_forced_replace_makes_a_new_object(self):
        before = self.create("configmaps", config_map("a"))
        self.kubectl("replace", "--force", "-f", "-", stdin=config_map("a", {"new": "1"}))
        after = self.get("configmaps/a")
        self.assertNotEqual(before["metadata"]["uid"], after["metadata"]["uid"])

    def test_strategic_merge_patch(self):
        self.create("deployments", deployment("web"), "apps/v1")
        def containers(*values):
            return {"spec": {"template": {"spec": {"containers": list(values)}}}}
        self.assertEqual(self.patch("web", containers({"name": "side", "image": "b:1"})), "deployment.apps/web patched\n")
        self.assertEqual(set(self.containers()), {"main", "side"})
        self.patch("web", containers({"name": "main", "image": "nginx:2"}))
        self.assertEqual({n: c["image"] for n, c in self.containers().items()}, {"main": "nginx:2", "side": "b:1"})
        self.patch("web", containers({"name": "side", "$patch": "delete"}))
        self.assertEqual(set(self.containers()), {"main"})
        self.assertEqual(self.patch("web", containers({"name": "main", "image": "nginx:2"})), "deployment.apps/web patched (no change)\n")
        self.patch("web", {"spec": {"template": {"spec": {"$setElementOrder/containers": [{"name": "z"}, {"name": "main"}], "containers": [{"name": "z", "image": "z:1"}]}}}})
        self.assertEqual(list(self.containers()), ["z", "main"])

    def test_merge_patch(self):
        self.create("configmaps", config_map("a", {"x": "1", "y": "1"}))
        self.patch("a", {"data": {"x": None, "z": "2"}}, "merge", "cm")
        self.assertEqual(self.get("configmaps/a")["data"], {"y": "1", "z": "2"})

    def test_json_patch(self):
        self.create("configmaps", config_map("a", {"x": "1"}, labels={"a/b": "c"}))
        self.patch("a", [{"op": "test", "path": "/data/x", "value": "1"}, {"op": "replace", "path": "/data/x", "value": "2"},
                         {"op": "add", "path": "/data/y", "value": "3"}, {"op": "remove", "path": "/metadata/labels/a~1b"},
                         {"op": "copy", "from": "/data/y", "path": "/data/z"}, {"op": "move", "from": "/data/y", "path": "/data/w"}], "json", "cm")
        now = self.get("configmaps/a")
        self.assertEqual(now["data"], {"x": "2", "z": "3", "w": "3"})
        self.assertNotIn("labels", now["metadata"])
        said = self.kubectl_fails("patch", "cm", "a", "--type=json", "-p", '[{"op":"test","path":"/data/x","value":"9"}]')
        self.assertIn("invalid", said.lower())
        self.assertEqual(self.get("configmaps/a"), now)

    def test_custom_kinds_have_no_strategic_merge(self):
        self.create("gitrepositories", {"apiVersion": "devops.kubesphere.io/v1alpha3", "kind": "GitRepository", "metadata": {"name": "repo"}, "spec": {"url": "u"}},
                    "devops.kubesphere.io/v1alpha3")
        reply = self.server.request("PATCH", self.path("gitrepositories/repo", "devops.kubesphere.io/v1alpha3"), {"spec": {"url": "v"}},
                                    content_type="application/strategic-merge-patch+json")
        self.assertEqual((reply.status, reply.json()["reason"]), (415, "UnsupportedMediaType"))
        self.patch("repo", {"spec": {"url": "w"}}, "merge", "gitrepository")

    @since_kubectl(24, "patch --subresource")
    def test_patch_of_the_status_leaves_the_rest(self):
        self.create("deployments", deployment("web"), "apps/v1")
        self.patch("web", {"spec": {"replicas": 9}, "status": {"replicas": 3}}, "strategic", "deployment", "--subresource=status")
        now = self.get("deployments/web", "apps/v1")
        self.assertEqual((now["spec"]["replicas"], now["status"]["replicas"]), (1, 3))
        self.assertEqual(now["metadata"]["generation"], 1)
        self.patch("web", {"spec": {"replicas": 2}, "status": {"replicas": 8}})
        now = self.get("deployments/web", "apps/v1")
        self.assertEqual((now["spec"]["replicas"], now["status"]["replicas"], now["metadata"]["generation"]), (2, 3, 2))

    def test_what_must_not_change(self):
        made = self.create("deployments", deployment("web"), "apps/v1")
        said = self.kubectl_fails("patch", "deployment", "web", "--type=merge", "-p", '{"spec":{"selector":{"matchLabels":{"app":"other"}},"template":{"metadata":{"labels":{"app":"other"}}}}}')
        self.assertIn("field is immutable", said)
        said = self.kubectl_fails("patch", "deployment", "web", "--type=merge", "-p", '{"metadata":{"uid":"11111111-2222-3333-4444-555555555555"}}')
        self.assertIn("Precondition failed: UID in precondition", said)
        # What belongs to the server is not a user's to set.
        self.kubectl("patch", "deployment", "web", "--type=merge", "-p", '{"metadata":{"creationTimestamp":"2001-01-01T00:00:00Z","generation":77}}')
        now = self.get("deployments/web", "apps/v1")["metadata"]
        self.assertEqual(now["creationTimestamp"], made["metadata"]["creationTimestamp"])
        self.assertEqual(now["generation"], 1)
        self.create("secrets", {"metadata": {"name": "fixed"}, "immutable": True, "stringData": {"a": "1"}})
        self.assertIn("field is immutable when `immutable` is set", self.kubectl_fails("patch", "secret", "fixed", "-p", '{"stringData":{"a":"2"}}'))


class SmallChangesTest(ks_server.Case):
    def test_labels(self):
        self.create("configmaps", config_map("a"))
        self.create("configmaps", config_map("b"))
        self.assertEqual(self.kubectl("label", "cm", "a", "tier=one"), "configmap/a labeled\n")
        self.assertIn("already has a value (one)", self.kubectl_fails("label", "cm", "a", "tier=two"))
        self.kubectl("label", "cm", "a", "tier=two", "--overwrite")
        self.kubectl("label", "cm", "--all", "every=1")
        self.assertEqual(self.kubectl("get", "cm", "-l", "every=1,tier=two", "-o", "name"), "configmap/a\n")
        self.kubectl("label", "cm", "-l", "tier=two", "tier-")
        self.assertEqual(self.get("configmaps/a")["metadata"]["labels"], {"every": "1"})
        self.assertIn("invalid", self.kubectl_fails("label", "cm", "a", "x=not a value").lower())
        self.assertIn("Conflict", self.kubectl_fails("label", "cm", "a", "x=y", "--resource-version=1"))

    def test_annotations(self):
        self.create("configmaps", config_map("a"))
        self.assertEqual(self.kubectl("annotate", "cm", "a", "example.org/why=because it is so"), "configmap/a annotated\n")
        self.assertEqual(self.get("configmaps/a")["metadata"]["annotations"], {"example.org/why": "because it is so"})
        self.kubectl("annotate", "cm", "a", "example.org/why-")
        self.assertNotIn("annotations", self.get("configmaps/a")["metadata"])

    def test_scale(self):
        self.create("deployments", deployment("web"), "apps/v1")
        self.assertEqual(self.kubectl("scale", "deployment/web", "--replicas=3"), "deployment.apps/web scaled\n")
        self.assertEqual(self.get("deployments/web", "apps/v1")["spec"]["replicas"], 3)
        self.assertIn("Expected replicas to be 2, was 3", self.kubectl_fails("scale", "deployment/web", "--current-replicas=2", "--replicas=1"))
        scale = self.get("deployments/web/scale", "apps/v1")
        self.assertEqual((scale["apiVersion"], scale["kind"], scale["spec"], scale["status"]["selector"]), ("autoscaling/v1", "Scale", {"replicas": 3}, "app=web"))

    def test_set_image_expose_and_restart(self):
        self.create("deployments", deployment("web"), "apps/v1")
        self.kubectl("set", "image", "deployment/web", "main=nginx:9")
        self.kubectl("set", "env", "deployment/web", "COLOR=teal")
        container = self.get("deployments/web", "apps/v1")["spec"]["template"]["spec"]["containers"][0]
        self.assertEqual((container["image"], container["env"]), ("nginx:9", [{"name": "COLOR", "value": "teal"}]))
        self.kubectl("expose", "deployment", "web", "--port=80")
        self.assertEqual(self.get("services/web")["spec"]["selector"], {"app": "web"})
        self.kubectl("rollout", "restart", "deployment/web")
        self.assertIn("kubectl.kubernetes.io/restartedAt", self.get("deployments/web", "apps/v1")["spec"]["template"]["metadata"]["annotations"])
        self.kubectl("rollout", "pause", "deployment/web")
        self.assertIs(self.get("deployments/web", "apps/v1")["spec"]["paused"], True)

    def test_rollout_status_follows_the_status(self):
        made = self.create("deployments", deployment("web"), "apps/v1")
        waiting = self.start_kubectl("rollout", "status", "deployment/web", "--timeout=30s")
        waiting.wait_line("Waiting for deployment")
        reply = self.server.request("PATCH", self.path("deployments/web/status", "apps/v1"), {"status": {
            "observedGeneration": made["metadata"]["generation"], "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}},
            content_type="application/merge-patch+json")
        self.assertEqual(reply.status, 200, reply)
        code, lines, errors = waiting.finish()
        self.assertEqual((code, lines[-1]), (0, 'deployment "web" successfully rolled out'), errors)

    def test_nodes(self):
        self.server.create("/api/v1/nodes", {"metadata": {"name": "n1"}})
        self.kubectl("cordon", "n1")
        self.assertIs(self.server.get("/api/v1/nodes/n1")["spec"]["unschedulable"], True)
        self.assertIn("SchedulingDisabled", self.kubectl("get", "nodes"))
        self.kubectl("taint", "node", "n1", "k=v:NoSchedule")
        self.assertEqual(self.server.get("/api/v1/nodes/n1")["spec"]["taints"][0]["effect"], "NoSchedule")


class DeleteTest(ks_server.Case):
    def family(self, block=True):
        """A deployment and a replica set and a pod below it."""
        top = self.create("deployments", deployment("web"), "apps/v1")
        middle = {**deployment("web-1"), "kind": "ReplicaSet"}
        middle["metadata"]["ownerReferences"] = [{**owner(top, block), "controller": True}]
        middle = self.create("replicasets", middle, "apps/v1")
        self.create("pods", pod("web-1-x", ownerReferences=[{**owner(middle, block), "controller": True}]))

    def there(self):
        return [self.exists("deployments/web", "apps/v1"), self.exists("replicasets/web-1", "apps/v1"), self.exists("pods/web-1-x")]

    def test_delete(self):
        for name in "abcd":
            self.create("configmaps", config_map(name, labels={"half": str(name in "ab")}))
        self.assertEqual(self.kubectl("delete", "cm", "a"), 'configmap "a" deleted\n')
        self.assertIn('Error from server (NotFound): configmaps "a" not found', self.kubectl_fails("delete", "cm", "a"))
        self.assertEqual(self.kubectl("delete", "cm", "a", "--ignore-not-found"), "")
        self.kubectl("delete", "cm", "-l", "half=True")
        self.assertFalse(self.exists("configmaps/b"))
        self.kubectl("delete", "cm", "--all")
        # What each namespace has comes back.
        self.assertEqual([one["metadata"]["name"] for one in self.get("configmaps")["items"] if one["metadata"]["name"] != "kube-root-ca.crt"], [])
        self.eventually(lambda: self.exists("configmaps/kube-root-ca.crt"), "the authority's certificate")

    def test_background_deletion_takes_the_dependents_later(self):
        self.family()
        self.kubectl("delete", "deployment", "web", "--cascade=background")
        self.eventually(lambda: self.there() == [False] * 3, "the dependents go")

    def test_foreground_deletion_takes_the_dependents_first(self):
        self.family()
        self.server.request("PATCH", self.path("pods/web-1-x"), {"metadata": {"finalizers": ["example.org/hold"]}}, content_type="application/merge-patch+json")
        self.kubectl("delete", "deployment", "web", "--cascade=foreground", "--wait=false")
        held = self.get("deployments/web", "apps/v1")["metadata"]
        self.assertIn("foregroundDeletion", held["finalizers"])
        self.assertTrue(held["deletionTimestamp"])
        self.eventually(lambda: "deletionTimestamp" in self.get("pods/web-1-x")["metadata"], "the pod is being deleted")
        self.assertEqual(self.there(), [True] * 3)
        waiting = self.start_kubectl("wait", "--for=delete", "deployment/web", "--timeout=30s")
        self.kubectl("patch", "pod", "web-1-x", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
        self.assertEqual(waiting.finish()[0], 0)
        self.assertEqual(self.there(), [False] * 3)

    def test_orphans_stay_without_their_owner(self):
        self.family()
        self.kubectl("delete", "deployment", "web", "--cascade=orphan")
        self.assertEqual(self.there(), [False, True, True])
        self.assertNotIn("ownerReferences", self.get("replicasets/web-1", "apps/v1")["metadata"])

    def test_a_finalizer_holds_the_object(self):
        self.create("configmaps", config_map("a", finalizers=["example.org/hold"]))
        waiting = self.start_kubectl("delete", "cm", "a", "--wait", "--timeout=30s")
        self.eventually(lambda: "deletionTimestamp" in self.get("configmaps/a")["metadata"], "deletion begins")
        said = self.kubectl_fails("delete", "cm", "a", "--timeout=1s")
        self.assertIn("timed out waiting", said)
        said = self.kubectl_fails("patch", "cm", "a", "--type=merge", "-p", '{"metadata":{"finalizers":["example.org/hold","example.org/more"]}}')
        self.assertIn("no new finalizers can be added if the object is being deleted", said)
        self.kubectl("patch", "cm", "a", "--type=json", "-p", '[{"op":"remove","path":"/metadata/finalizers"}]')
        self.assertEqual(waiting.finish()[0], 0)
        self.assertFalse(self.exists("configmaps/a"))

    def test_pods_go_at_once_for_nothing_runs_them(self):
        bound = pod("bound")
        bound["spec"]["nodeName"] = "n1"
        self.create("pods", bound)
        self.create("pods", pod("idle"))
        self.kubectl("delete", "pod", "idle", "bound", "--timeout=20s")
        self.create("pods", pod("idle"))
        self.kubectl("delete", "pod", "idle", "--force", "--grace-period=0", "--timeout=20s")
        self.assertFalse(self.exists("pods/idle"))


class NamespaceTest(ks_server.Case):
    def test_a_namespace_takes_everything_with_it(self):
        self.create("configmaps", config_map("a"))
        self.create("deployments", deployment("web"), "apps/v1")
        self.create("gitrepositories", {"apiVersion": "devops.kubesphere.io/v1alpha3", "kind": "GitRepository", "metadata": {"name": "repo"}, "spec": {}},
                    "devops.kubesphere.io/v1alpha3")
        self.kubectl("delete", "namespace", self.ns, "--timeout=30s")
        self.assertIn("NotFound", self.kubectl_fails("get", "namespace", self.ns))
        for resource, version in (("configmaps/a", "v1"), ("deployments/web", "apps/v1"), ("gitrepositories/repo", "devops.kubesphere.io/v1alpha3")):
            self.assertFalse(self.exists(resource, version))

    def test_a_terminating_namespace_takes_nothing_new(self):
        self.create("configmaps", config_map("held", finalizers=["example.org/hold"]))
        self.kubectl("delete", "namespace", self.ns, "--wait=false")
        self.assertIn("Terminating", self.kubectl("get", "namespace", self.ns))
        said = self.kubectl_fails("create", "cm", "late")
        self.assertIn(f'configmaps "late" is forbidden: unable to create new content in namespace {self.ns} because it is being terminated', said)
        self.kubectl("patch", "cm", "held", "--type=merge", "-p", '{"metadata":{"finalizers":[]}}')
        self.eventually(lambda: self.server.request("GET", "/api/v1/namespaces/" + self.ns).status == 404, "the namespace goes")

    def test_namespaces_that_stay(self):
        for name in ("default", "kube-system", "kube-public"):
            self.assertIn("this namespace may not be deleted", self.kubectl_fails("delete", "namespace", name))
        self.assertIn('namespaces "nowhere" not found', self.kubectl_fails("create", "cm", "a", "-n", "nowhere"))
        self.assertEqual(self.server.get("/api/v1/namespaces/" + self.ns)["spec"]["finalizers"], ["kubernetes"])

    def test_dependents_of_an_owner_that_is_gone_are_collected(self):
        top = self.create("configmaps", config_map("top"))
        self.create("configmaps", config_map("below", ownerReferences=[owner(top)]))
        second = self.create("configmaps", config_map("second"))
        self.create("configmaps", config_map("of-both", ownerReferences=[owner(top), owner(second)]))
        self.kubectl("delete", "cm", "top")
        self.eventually(lambda: not self.exists("configmaps/below"), "the dependent goes")
        self.eventually(lambda: len(self.get("configmaps/of-both")["metadata"]["ownerReferences"]) == 1, "the dead owner is struck")
        never = {**owner(top), "uid": "00000000-0000-0000-0000-000000000000"}
        self.create("configmaps", config_map("stray", ownerReferences=[never]))
        self.eventually(lambda: not self.exists("configmaps/stray"), "one with an owner that never was goes")


if __name__ == "__main__":
    unittest.main()
