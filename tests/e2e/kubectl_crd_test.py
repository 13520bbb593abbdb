"""Kinds that a user brings at run time: schemas, pruning, defaults, list markers, subresources, columns, versions."""

import json
import re
import unittest

import ks_server
from ks_server import since_kubectl

GROUP = "shop.example.org"


def definition(schema, plural="widgets", kind="Widget", scope="Namespaced", **version):
    """A CustomResourceDefinition with one version v1 and this schema of its objects' fields."""
    schema = json.loads(json.dumps(schema))
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "shortNames": [plural[:2] + "x"], "categories": ["all", "shop"]}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"{plural}.{GROUP}"},
            "spec": {"group": GROUP, "scope": scope, "names": names, "versions": [{
                "name": "v1", "served": True, "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": schema}}, **version}]}}


SPEC = {"spec": {"type": "object", "required": ["size"], "properties": {
    "size": {"type": "integer", "minimum": 1, "maximum": 10},
    "color": {"type": "string", "enum": ["red", "blue"], "default": "red"},
    "title": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 8},
    "port": {"x-kubernetes-int-or-string": True},
    "extra": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    "tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
    "parts": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
              "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "count": {"type": "integer", "default": 1}}}},
    "when": {"type": "string", "format": "date-time"},
    "maybe": {"type": "string", "nullable": True},
    "limits": {"type": "object", "additionalProperties": {"type": "string"}}}},
    "status": {"type": "object", "properties": {"phase": {"type": "string"}, "replicas": {"type": "integer"}, "selector": {"type": "string"},
        "conditions": {"type": "array", "items": {"type": "object", "properties": {"type": {"type": "string"}, "status": {"type": "string"}}}}}}}


class CustomKindTest(ks_server.Case):
    def define(self, thing):
        made = self.server.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", thing)
        name = made["metadata"]["name"]
        self.kubectl("wait", "--for=condition=Established", "crd/" + name, "--timeout=20s")
        self.addCleanup(self.undefine, name)
        return made

    def undefine(self, name):
        path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + name
        self.server.request("DELETE", path)
        self.eventually(lambda: self.server.request("GET", path).status == 404, f"{name} goes")

    def widget(self, name="w", version="v1", **spec):
        return {"apiVersion": f"{GROUP}/{version}", "kind": "Widget", "metadata": {"name": name}, "spec": spec}

    def post(self, thing, query=""):
        version = thing["apiVersion"].split("/")[1]
        return self.server.request("POST", self.path("widgets", f"{GROUP}/{version}") + query, thing)

    def causes(self, thing):
        """The field errors of a create that must be refused."""
        reply = self.post(thing)
        self.assertEqual(reply.status, 422, reply)
        status = reply.json()
        self.assertEqual(status["reason"], "Invalid")
        return {cause["field"]: cause["message"] for cause in status["details"]["causes"]}

    def test_life_of_a_custom_kind(self):
        self.define(definition(SPEC))
        self.assertIn("widgets", self.kubectl("api-resources", "--api-group=" + GROUP, "--cached=false"))
        self.assertEqual(self.kubectl("create", "-f", "-", stdin=self.widget(size=3)), "widget.shop.example.org/w created\n")
        for name in ("widgets", "widget", "wix", "widgets.shop.example.org", "widgets.v1.shop.example.org"):
            self.assertEqual(self.kubectl("get", name, "-o", "name"), "widget.shop.example.org/w\n")
        self.assertEqual(self.kubectl("get", "shop", "-o", "name"), "widget.shop.example.org/w\n")
        self.assertRegex(self.kubectl("describe", "widget", "w"), r"Size:\s+3")
        self.kubectl("label", "widget", "w", "a=b")
        self.kubectl("delete", "widget", "w")

    def test_explain_reads_the_schema(self):
        schema = json.loads(json.dumps(SPEC))
        schema["spec"]["description"] = "what the widget should be"
        schema["spec"]["properties"]["size"]["description"] = "how large it is"
        self.define(definition(schema))
        text = self.eventually(lambda: (lambda done: done.stdout if done.returncode == 0 else "")(
            self.run_kubectl("explain", "widgets.spec")), "explain knows the kind")
        self.assertIn("what the widget should be", text)
        self.assertRegex(text, r"size\s+<integer> -required-")
        self.assertIn("how large it is", text)
        self.assertRegex(self.kubectl("explain", "widgets", "--recursive"), r"parts\s+<\[\]Object>\n\s+count\s+<integer>")

    def test_a_schema_validates(self):
        self.define(definition(SPEC))
        self.assertEqual(self.causes(self.widget()), {"spec.size": "Required value"})
        found = self.causes(self.widget(size=11, color="green", title="Loud!", when="yesterday", tags=["a", "a"], port=[],
                                        parts=[{"name": "x"}, {"name": "x"}, {}]))
        self.assertIn("should be less than or equal to 10", found["spec.size"])
        self.assertIn('Unsupported value: "green": supported values: "red", "blue"', found["spec.color"])
        self.assertIn("should match '^[a-z]+$'", found["spec.title"])
        self.assertIn("spec.when", found)
        self.assertEqual(found["spec.tags[1]"], 'Duplicate value: "a"')
        self.assertIn("spec.port", found)
        self.assertIn("Required value", found["spec.parts[2].name"])
        self.assertIn("Duplicate value", found["spec.parts[1]"])
        self.assertIn('must be of type integer: "string"', self.causes(self.widget(size="big"))["spec.size"])
        self.assertIn('The Widget "w" is invalid', self.kubectl_fails("create", "--validate=false", "-f", "-", stdin=self.widget(size=0)))

    def test_unknown_fields_are_pruned_and_defaults_filled(self):
        self.define(definition(SPEC))
        made = self.post({**self.widget(size=1, nonsense=True, extra={"kept": {"deep": 1}}, limits={"any": "key"}, maybe=None,
                                        parts=[{"name": "a", "odd": 1}]), "other": 1}).json()
        self.assertEqual(made["spec"], {"size": 1, "color": "red", "extra": {"kept": {"deep": 1}}, "limits": {"any": "key"}, "maybe": None,
                                        "parts": [{"name": "a", "count": 1}]})
        self.assertNotIn("other", made)
        strict = self.post(self.widget("strict", size=1, nonsense=True), "?fieldValidation=Strict")
        self.assertEqual(strict.status, 400, strict)
        self.assertIn('strict decoding error: unknown field "spec.nonsense"', strict.json()["message"])
        warned = self.post(self.widget("warned", size=1, nonsense=True), "?fieldValidation=Warn")
        self.assertEqual(warned.status, 201)
        self.assertIn('unknown field \\"spec.nonsense\\"', warned.headers["Warning"])
        self.assertIsNone(self.post(self.widget("quiet", size=1, nonsense=True), "?fieldValidation=Ignore").headers["Warning"])

    def test_whole_objects_may_be_kept(self):
        self.define({**definition(SPEC), "spec": {**definition(SPEC)["spec"], "versions": [{
            "name": "v1", "served": True, "storage": True,
            "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}})
        reply = self.post({**self.widget(anything=[1, {"b": None}]), "more": "yes"})
        self.assertEqual(reply.status, 201, reply)
        made = reply.json()
        self.assertEqual((made["spec"], made["more"]), ({"anything": [1, {"b": None}]}, "yes"))

    def test_rules_in_cel(self):
        schema = {"spec": {"type": "object", "x-kubernetes-validations": [
            {"rule": "self.low <= self.high", "message": "low must not be above high"}],
            "properties": {"low": {"type": "integer"}, "high": {"type": "integer"},
                           "fixed": {"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "fixed is fixed"}]}}}}
        self.define(definition(schema))
        self.assertIn("low must not be above high", self.causes(self.widget(low=3, high=2))["spec"])
        self.assertEqual(self.post(self.widget(low=1, high=2, fixed="a")).status, 201)
        said = self.kubectl_fails("patch", "widget", "w", "--type=merge", "-p", '{"spec":{"fixed":"b"}}')
        self.assertIn("fixed is fixed", said)

    def test_lists_merge_as_their_markers_say(self):
        self.define(definition(SPEC))
        def apply(manager, **spec):
            self.kubectl("apply", "--server-side", "--field-manager", manager, "-f", "-", stdin=self.widget(**spec))
        apply("one", size=1, tags=["a"], parts=[{"name": "x", "count": 1}])
        apply("two", size=1, tags=["b"], parts=[{"name": "y", "count": 2}])
        spec = self.get("widgets/w", GROUP + "/v1")["spec"]
        self.assertEqual(sorted(spec["tags"]), ["a", "b"])
        self.assertEqual(sorted(part["name"] for part in spec["parts"]), ["x", "y"])
        apply("two", size=1, tags=["b"])
        self.assertEqual([part["name"] for part in self.get("widgets/w", GROUP + "/v1")["spec"]["parts"]], ["x"])
        said = self.kubectl_fails("apply", "--server-side", "--field-manager=three", "-f", "-", stdin=self.widget(size=2))
        self.assertIn("conflicts with", said.replace("conflicts:", "conflicts with").replace("conflict:", "conflicts with"))
        self.assertIn(".spec.size", said)

    def test_status_is_a_resource_of_its_own(self):
        self.define(definition(SPEC, subresources={"status": {}}))
        thing = self.widget(size=1)
        made = self.post({**thing, "status": {"phase": "Ignored"}}).json()
        self.assertNotIn("status", made)
        self.assertEqual(made["metadata"]["generation"], 1)
        made["status"] = {"phase": "Ready"}
        made["spec"]["size"] = 9
        after = self.server.request("PUT", self.path("widgets/w/status", GROUP + "/v1"), made)
        self.assertEqual(after.status, 200, after)
        now = after.json()
        self.assertEqual((now["spec"]["size"], now["status"], now["metadata"]["generation"]), (1, {"phase": "Ready"}, 1))
        now["spec"]["size"], now["status"] = 5, {}
        now = self.server.request("PUT", self.path("widgets/w", GROUP + "/v1"), now).json()
        self.assertEqual((now["spec"]["size"], now["status"], now["metadata"]["generation"]), (5, {"phase": "Ready"}, 2))
        self.assertEqual(self.server.request("GET", self.path("widgets/w/status", GROUP + "/v1")).json()["status"], {"phase": "Ready"})
        self.assertEqual(self.server.request("GET", self.path("widgets/w/scale", GROUP + "/v1")).status, 404)
        waiting = self.start_kubectl("wait", "--for=condition=Ready", "widget/w", "--timeout=30s")
        self.server.request("PATCH", self.path("widgets/w/status", GROUP + "/v1"), {"status": {"conditions": [{"type": "Ready", "status": "True"}]}},
                            content_type="application/merge-patch+json")
        self.assertEqual(waiting.finish()[:2], (0, ["widget.shop.example.org/w condition met"]))

    def test_scale(self):
        self.define(definition(SPEC, subresources={"status": {}, "scale": {
            "specReplicasPath": ".spec.size", "statusReplicasPath": ".status.replicas", "labelSelectorPath": ".status.selector"}}))
        self.post(self.widget(size=1))
        self.server.request("PATCH", self.path("widgets/w/status", GROUP + "/v1"), {"status": {"replicas": 1, "selector": "a=b"}},
                            content_type="application/merge-patch+json")
        scale = self.get("widgets/w/scale", GROUP + "/v1")
        self.assertEqual((scale["kind"], scale["spec"], scale["status"]), ("Scale", {"replicas": 1}, {"replicas": 1, "selector": "a=b"}))
        self.assertIn("scaled", self.kubectl("scale", "widget/w", "--replicas=4"))
        self.assertEqual(self.get("widgets/w", GROUP + "/v1")["spec"]["size"], 4)
        self.assertIn("spec.size", self.kubectl_fails("scale", "widget/w", "--replicas=40"))

    def test_printer_columns(self):
        self.define(definition(SPEC, additionalPrinterColumns=[
            {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
            {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
            {"name": "Color", "type": "string", "jsonPath": ".spec.color", "priority": 1},
            {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}]))
        self.post({**self.widget(size=3), "status": {"conditions": [{"type": "Other", "status": "x"}, {"type": "Ready", "status": "True"}]}})
        table = [re.split(r"\s{2,}", line.rstrip()) for line in self.kubectl("get", "widgets").splitlines()]
        self.assertEqual(table[0], ["NAME", "SIZE", "READY", "AGE"])
        self.assertEqual(table[1][:3], ["w", "3", "True"])
        self.assertIn("COLOR", self.kubectl("get", "widgets", "-o", "wide").splitlines()[0])

    @since_kubectl(20, "selectable fields")
    def test_selectable_fields(self):
        self.define(definition(SPEC, selectableFields=[{"jsonPath": ".spec.color"}]))
        self.post(self.widget("r", size=1))
        self.post(self.widget("b", size=1, color="blue"))
        self.assertEqual(self.kubectl("get", "widgets", "--field-selector=spec.color=blue", "-o", "name"), "widget.shop.example.org/b\n")
        self.assertIn("field label not supported", self.kubectl_fails("get", "widgets", "--field-selector=spec.size=1"))

    def test_several_versions_show_the_same_objects(self):
        thing = definition(SPEC)
        second = json.loads(json.dumps(thing["spec"]["versions"][0]))
        second.update(name="v2", storage=False, deprecated=True, deprecationWarning="v2 was a mistake; use v1")
        second["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["weight"] = {"type": "integer", "default": 7}
        thing["spec"]["versions"].append(second)
        self.define(thing)
        self.assertEqual(self.post(self.widget("old", size=1)).status, 201)
        reply = self.post(self.widget("new", "v2", size=2))
        self.assertEqual(reply.status, 201, reply)
        self.assertIn("v2 was a mistake", reply.headers["Warning"])
        self.assertEqual(reply.json()["apiVersion"], GROUP + "/v2")
        self.assertEqual(reply.json()["spec"].get("weight"), 7)
        for version in ("v1", "v2"):
            found = self.get("widgets", f"{GROUP}/{version}")
            self.assertEqual([item["metadata"]["name"] for item in found["items"]], ["new", "old"])
            self.assertEqual({item["apiVersion"] for item in found["items"]}, {f"{GROUP}/{version}"})
        with self.server.watch(self.path("widgets", GROUP + "/v2") + "?watch=1") as watch:
            self.assertEqual([watch.next()["object"]["apiVersion"] for _ in range(2)], [GROUP + "/v2"] * 2)
        self.assertEqual(self.server.request("GET", self.path("widgets", GROUP + "/v3")).status, 404)
        crd = self.server.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets." + GROUP)
        self.assertEqual(crd["status"]["storedVersions"], ["v1"])

    def test_a_definition_may_change(self):
        made = self.define(definition({"spec": {"type": "object", "properties": {"a": {"type": "string"}}}}))
        self.assertEqual(self.post(self.widget("one", a="1", b="2")).json()["spec"], {"a": "1"})
        made = self.server.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets." + GROUP)
        made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["b"] = {"type": "string"}
        self.assertEqual(self.server.request("PUT", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets." + GROUP, made).status, 200)
        def kept():
            self.server.request("DELETE", self.path("widgets/two", GROUP + "/v1"))
            return self.post(self.widget("two", a="1", b="2")).json()["spec"] == {"a": "1", "b": "2"}
        self.eventually(kept, "the new field is served")

    def test_definitions_that_are_wrong(self):
        def refuse(change, field, message):
            thing = definition(SPEC)
            change(thing)
            reply = self.server.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", thing)
            self.assertEqual(reply.status, 422, reply)
            found = {cause["field"]: cause["message"] for cause in reply.json()["details"]["causes"]}
            self.assertIn(field, found)
            self.assertIn(message, found[field])
        def version(thing):
            return thing["spec"]["versions"][0]
        refuse(lambda t: t["metadata"].update(name="other." + GROUP), "metadata.name", 'must be spec.names.plural+"."+spec.group')
        refuse(lambda t: version(t).update(storage=False), "spec.versions", "must have exactly one version marked as storage version")
        refuse(lambda t: t["spec"].update(scope="Galactic"), "spec.scope", "Unsupported value")
        refuse(lambda t: version(t).pop("schema"), "spec.versions[0].schema.openAPIV3Schema", "schemas are required")
        path = "spec.versions[0].schema.openAPIV3Schema"
        refuse(lambda t: version(t)["schema"]["openAPIV3Schema"]["properties"].update(spec={"properties": {}}), f"{path}.properties[spec].type",
               "must not be empty for specified object fields")
        refuse(lambda t: version(t)["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["color"].update(default="pink"),
               f"{path}.properties[spec].properties[color].default", "Unsupported value")

    def test_removing_the_definition_removes_the_objects(self):
        self.define(definition(SPEC))
        self.post(self.widget(size=1))
        with self.server.watch(self.path("widgets", GROUP + "/v1") + "?watch=1&allowWatchBookmarks=true") as watch:
            self.assertEqual(watch.next()["type"], "ADDED")
            self.kubectl("delete", "crd", "widgets." + GROUP, "--timeout=20s")
            self.assertEqual(watch.next_of("DELETED")["object"]["metadata"]["name"], "w")
        self.eventually(lambda: self.server.request("GET", self.path("widgets", GROUP + "/v1")).status == 404, "the kind goes")
        self.define(definition(SPEC))
        self.assertEqual(self.get("widgets", GROUP + "/v1")["items"], [])

    def test_cluster_scoped_kinds(self):
        self.define(definition(SPEC, plural="planets", kind="Planet", scope="Cluster"))
        self.kubectl("create", "-f", "-", stdin={"apiVersion": GROUP + "/v1", "kind": "Planet", "metadata": {"name": "earth"}, "spec": {"size": 5}})
        self.assertIn("earth", self.kubectl("get", "planets"))
        self.assertEqual(self.server.request("GET", self.path("planets", GROUP + "/v1")).status, 404)
        self.kubectl("delete", "planet", "earth")

    def test_discovery_forgets_and_learns(self):
        # The kinds of the test before may still be on their way out.
        self.eventually(lambda: GROUP + "/v1" not in self.kubectl("api-versions"), "the kinds of the test before go")
        self.define(definition(SPEC))
        self.assertIn(GROUP + "/v1", self.kubectl("api-versions"))
        listed = self.server.get("/apis/" + GROUP)
        self.assertEqual(listed["preferredVersion"]["version"], "v1")


if __name__ == "__main__":
    unittest.main()
