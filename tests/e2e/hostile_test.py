"""Bad input over plain HTTPS: every answer is a Status that says what is wrong, and the server goes on."""

import base64
import hashlib
import http.client
import json
import os
import re
import resource
import socket
import ssl
import time
import unittest
from urllib.parse import quote

import ks_server
from ks_server import config_map, pod


class BadInputTest(ks_server.Case):
    def tearDown(self):
        self.assertEqual(self.server.request("GET", "/readyz").status, 200)

    def post(self, body, query="", content_type="application/json", resource="configmaps", **more):
        return self.server.request("POST", self.path(resource) + query, body, content_type=content_type, **more)

    def refused(self, reply, code, reason, *parts):
        self.assertEqual(reply.status, code, reply)
        status = reply.json()
        self.assertEqual((status["kind"], status["apiVersion"], status["status"], status["code"]), ("Status", "v1", "Failure", code))
        self.assertEqual(status["reason"], reason, status)
        for part in parts:
            self.assertIn(part, status["message"])
        return status

    def test_malformed_json(self):
        for body in ("", "{", '{"kind":"ConfigMap"', '{"metadata":{"name":"a"}} trailing', "[]", '"text"', "nul", '{"a":1,}', "{'a':1}",
                     '{"metadata":{"name":"a","name":}}', "\0", "<xml/>"):
            self.refused(self.post(body), 400, "BadRequest")
        self.assertEqual([one["metadata"]["name"] for one in self.get("configmaps")["items"]], ["kube-root-ca.crt"])

    def test_malformed_yaml(self):
        for body in ("a: [", "a: b: c", "\tx: y", "- just\n- a list", "&a [*a]", "key: *nowhere"):
            self.refused(self.post(body, content_type="application/yaml"), 400, "BadRequest")
        made = self.post("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fine}\ndata: {a: '1'}\n", content_type="application/yaml")
        self.assertEqual(made.status, 201, made)

    def test_yaml_bombs_are_bounded(self):
        bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi")) + "kind: ConfigMap\n"
        started = time.monotonic()
        self.refused(self.post(bomb, content_type="application/yaml"), 400, "BadRequest")
        self.assertLess(time.monotonic() - started, 5)

    def test_wrong_kind(self):
        self.refused(self.post({**config_map("a"), "kind": "Secret"}), 400, "BadRequest", "Secret")
        self.refused(self.post({**config_map("a"), "apiVersion": "v2"}), 400, "BadRequest", "v2")
        self.refused(self.post({**config_map("a"), "metadata": []}), 400, "BadRequest")
        self.refused(self.post({**config_map("a"), "data": {"a": 1}}), 400, "BadRequest", "data")
        self.refused(self.post({**config_map("a"), "data": "text"}), 400, "BadRequest", "data")
        self.refused(self.post({**config_map("a"), "metadata": {"name": 5}}), 400, "BadRequest", "name")
        self.refused(self.post({**config_map("a"), "metadata": {"name": "a", "namespace": "other"}}), 400, "BadRequest", "namespace")
        self.create("configmaps", config_map("a"))
        reply = self.server.request("PUT", self.path("configmaps/a"), config_map("b"))
        self.refused(reply, 400, "BadRequest", "name")

    def test_unsupported_media_types(self):
        self.refused(self.post("x", content_type="text/plain"), 415, "UnsupportedMediaType")
        self.create("configmaps", config_map("a"))
        self.refused(self.server.request("PATCH", self.path("configmaps/a"), {}), 415, "UnsupportedMediaType", "application/json-patch+json")
        reply = self.server.request("GET", self.path("configmaps/a"), headers={"Accept": "image/png"})
        self.refused(reply, 406, "NotAcceptable")

    def test_unknown_fields(self):
        odd = {**config_map("a"), "colour": "teal"}
        self.refused(self.post(odd, "?fieldValidation=Strict"), 400, "BadRequest", 'strict decoding error: unknown field "colour"')
        twice = '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"},"data":{"a":"1","a":"2"}}'
        self.refused(self.post(twice, "?fieldValidation=Strict"), 400, "BadRequest", 'duplicate field "data.a"')
        self.refused(self.post(odd, "?fieldValidation=Sometimes"), 422, "Invalid", "fieldValidation")
        reply = self.post(odd)
        self.assertEqual(reply.status, 201)
        self.assertIn('299 - "unknown field \\"colour\\""', reply.headers["Warning"])

    def test_names(self):
        for name in ("Upper", "under_score", "-dash", "dash-", "a..b", "a b", "a/b", "é", "a" * 254, ".", "a\u0000b"):
            self.refused(self.post(config_map(name)), 422, "Invalid", "metadata.name")
        self.refused(self.post(config_map("")), 422, "Invalid", "name or generateName is required")
        for name in ("a", "a.b-c.0", "a" * 253):
            self.assertEqual(self.post(config_map(name)).status, 201)
        for bad in ({"labels": {"bad key": "x"}}, {"labels": {"k": "no spaces allowed"}}, {"labels": {"k" * 64: "x"}}, {"labels": {"k": "v" * 64}},
                    {"annotations": {"bad key": "x"}}, {"finalizers": ["no slash here?"]}, {"generateName": "Bad_", "name": None},
                    {"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": ""}]}):
            self.refused(self.post({**config_map("x"), "metadata": {"name": "x", **bad}}), 422, "Invalid", "metadata.")
        reply = self.server.request("POST", "/api/v1/namespaces", {"metadata": {"name": "dots.are.not"}})
        self.refused(reply, 422, "Invalid", "a lowercase RFC 1123 label")
        self.refused(self.post({**pod("p"), "metadata": {"name": "p", "labels": {"a": 5}}}, resource="pods"), 400, "BadRequest")

    def test_paths(self):
        for path in (self.path("configmaps/..%2fsecrets"), self.path("configmaps/a%00b"),
                     self.path("nonsense"), "/api/v2/pods", "/apis/nope/v1/x", self.path("configmaps/a/nonsense"), "/api/v1/" + "a/" * 500):
            reply = self.server.request("GET", path)
            self.assertIn(reply.status, (400, 404), path)
            self.assertLess(len(reply.body), 10_000)
        self.refused(self.server.request("GET", self.path("configmaps/nope")), 404, "NotFound", 'configmaps "nope" not found')
        self.refused(self.server.request("POST", self.path("configmaps/a"), config_map("a")), 405, "MethodNotAllowed")
        self.assertEqual(self.server.request("BREW", self.path("configmaps")).status, 501)

    def test_large_objects(self):
        over = pod("large")
        over["spec"]["containers"][0]["env"] = [{"name": "X", "value": "y" * (3 << 20)}]
        self.assertIn("limit", self.refused(self.post(over, resource="pods"), 413, "RequestEntityTooLarge")["message"])
        # A ConfigMap may have less than that.
        self.refused(self.post(config_map("large", {"x": "y" * (3 << 20)})), 422, "Invalid", "Too long")
        fits = pod("fits")
        fits["spec"]["containers"][0]["env"] = [{"name": "X", "value": "y" * (1 << 20)}]
        self.assertEqual(self.post(fits, resource="pods").status, 201)
        connection = self.server.connect()
        self.addCleanup(connection.close)
        connection.putrequest("POST", self.path("configmaps"))
        for name, value in {**self.server.headers(), "Content-Type": "application/json", "Content-Length": str(9 << 20)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        self.assertEqual(connection.getresponse().status, 413)
        # Growing in small steps does not get past the limit either.
        reply = self.server.request("PATCH", self.path("pods/fits"), {"metadata": {"annotations": {"z": "y" * 200_000}}, "spec": {
            "containers": [{"name": "main", "image": "y" * (1 << 19)}]}}, content_type="application/strategic-merge-patch+json")
        self.refused(reply, 413, "RequestEntityTooLarge")

    def test_deep_json(self):
        for depth in (600, 100_000):
            body = '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"deep"},"x":' + "[" * depth + "]" * depth + "}"
            self.refused(self.post(body), 400, "BadRequest", "512")
            body = '{"x":' * depth + "1" + "}" * depth
            self.refused(self.post(body), 400, "BadRequest")
            self.refused(self.post("x: " + "[" * depth + "]" * depth, content_type="application/yaml"), 400, "BadRequest")
        self.create("configmaps", config_map("a"))
        reply = self.server.request("PATCH", self.path("configmaps/a"), '{"data":' * 100_000 + "1" + "}" * 100_000,
                                    content_type="application/merge-patch+json")
        self.refused(reply, 400, "BadRequest")

    def test_invalid_utf8(self):
        for bad in (b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xc0\xaf"):
            body = b'{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"},"data":{"k":"' + bad + b'"}}'
            self.refused(self.post(body), 400, "BadRequest")
        self.refused(self.post(b'{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"},"data":{"k":"\\ud800"}}'), 400, "BadRequest")
        self.assertEqual(self.post({**config_map("a"), "data": {"k": "snow \u2603 and \U0001f600"}}).status, 201)
        self.assertEqual(self.get("configmaps/a")["data"]["k"], "snow \u2603 and \U0001f600")

    def test_numbers_and_base64(self):
        self.refused(self.post({**pod("p"), "spec": {"terminationGracePeriodSeconds": 1.5, "containers": [{"name": "a", "image": "b"}]}}, resource="pods"),
                     400, "BadRequest", "terminationGracePeriodSeconds")
        self.refused(self.post('{"metadata":{"name":"p"},"spec":{"activeDeadlineSeconds":99999999999999999999,"containers":[]}}', resource="pods"),
                     400, "BadRequest")
        self.refused(self.post({"metadata": {"name": "s"}, "data": {"k": "not base64!"}}, resource="secrets"), 400, "BadRequest", "base64")

    def test_selectors(self):
        for selector in ("a=b=c", "a in", "a in (", "=", "a b", "a in (b,c", "!", ",", "a notin b", "a<x"):
            reply = self.server.request("GET", self.path("configmaps") + "?labelSelector=" + quote(selector))
            self.refused(reply, 400, "BadRequest")
        for selector in ("metadata.name", "a=b", "metadata.name=a,spec.x=1"):
            reply = self.server.request("GET", self.path("configmaps") + "?fieldSelector=" + selector)
            self.refused(reply, 400, "BadRequest")
        for query in ("limit=-1", "limit=x", "limit=5&continue=nonsense", "resourceVersion=abc", "resourceVersionMatch=Exact", "watch=1&resourceVersion=x",
                      "timeoutSeconds=x&watch=1", "resourceVersion=5&resourceVersionMatch=Never"):
            self.assertIn(self.server.request("GET", self.path("configmaps") + "?" + query).status, (400, 422), query)

    def test_stale_writes_conflict(self):
        old = self.create("configmaps", config_map("a"))
        fresh = self.server.request("PUT", self.path("configmaps/a"), {**old, "data": {"k": "2"}})
        self.assertEqual(fresh.status, 200)
        self.refused(self.server.request("PUT", self.path("configmaps/a"), {**old, "data": {"k": "3"}}), 409, "Conflict", "the object has been modified")
        reply = self.server.request("PATCH", self.path("configmaps/a"), {"metadata": {"resourceVersion": old["metadata"]["resourceVersion"]}, "data": {"k": "4"}},
                                    content_type="application/merge-patch+json")
        self.refused(reply, 409, "Conflict")
        reply = self.server.request("DELETE", self.path("configmaps/a"), {"preconditions": {"resourceVersion": old["metadata"]["resourceVersion"]}})
        self.refused(reply, 409, "Conflict")
        reply = self.server.request("DELETE", self.path("configmaps/a"), {"preconditions": {"uid": "not-it"}})
        self.refused(reply, 409, "Conflict")
        self.refused(self.post(config_map("a")), 409, "AlreadyExists")
        self.refused(self.post({**config_map("b"), "metadata": {"name": "b", "resourceVersion": "7"}}), 400, "BadRequest", "resourceVersion")
        self.assertEqual(self.get("configmaps/a")["data"], {"k": "2"})

    def test_bad_patches(self):
        self.create("configmaps", config_map("a"))
        before = self.get("configmaps/a")
        for kind, patch in (("json-patch", "{}"), ("json-patch", '[{"op":"fly"}]'), ("json-patch", '[{"op":"remove","path":"/nope"}]'),
                            ("json-patch", '[{"op":"add","path":"no-slash","value":1}]'), ("merge-patch", "[]"), ("merge-patch", "5"),
                            ("strategic-merge-patch", "[]"), ("merge-patch", '{"data":5}'), ("merge-patch", '{"metadata":{"name":"b"}}'),
                            ("merge-patch", '{"kind":"Secret"}'), ("json-patch", json.dumps([{"op": "test", "path": "/data/k", "value": "v"}] * 10_001))):
            reply = self.server.request("PATCH", self.path("configmaps/a"), patch, content_type=f"application/{kind}+json")
            self.assertIn(reply.status, (400, 413, 422), (kind, patch[:80], reply))
        # Doubling the object with each operation ends at the limit, not in all the memory.
        grow = [{"op": "copy", "from": "/data", "path": "/data/x"} for _ in range(60)]
        reply = self.server.request("PATCH", self.path("configmaps/a"), grow, content_type="application/json-patch+json")
        self.assertIn(reply.status, (400, 413, 422), reply)
        self.refused(self.server.request("PATCH", self.path("configmaps/a"), config_map("a"), content_type="application/apply-patch+yaml"), 422, "Invalid",
                     "fieldManager")
        self.assertEqual(self.get("configmaps/a"), before)

    def test_delete_options(self):
        self.create("configmaps", config_map("a"))
        for body in ("{", {"propagationPolicy": "Sideways"}, {"gracePeriodSeconds": "x"}, {"kind": "Pod", "apiVersion": "v1"}):
            self.assertIn(self.server.request("DELETE", self.path("configmaps/a"), body).status, (400, 422), body)
        self.assertEqual(self.get("configmaps/a")["metadata"]["name"], "a")

    def test_a_revision_from_the_future(self):
        ahead = self.server.request("GET", self.path("configmaps") + "?resourceVersion=999999999999&resourceVersionMatch=NotOlderThan", timeout=20)
        self.assertEqual(ahead.status, 504, ahead)
        self.assertIn("Too large resource version", ahead.json()["message"])

    def test_half_a_request(self):
        """Those who send slowly or nothing hold nobody up."""
        idle = []
        for sent in (b"", b"GET /api HTTP/1.1\r\n", b"POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"):
            raw = socket.create_connection((self.server.host, self.server.port))
            wrapped = self.server.tls.wrap_socket(raw, server_hostname=self.server.host)
            wrapped.sendall(sent)
            idle.append(wrapped)
        plain = socket.create_connection((self.server.host, self.server.port))
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        started = time.monotonic()
        self.assertEqual(self.server.request("GET", "/healthz").status, 200)
        self.assertLess(time.monotonic() - started, 2)
        for one in [*idle, plain]:
            one.close()

    def test_headers(self):
        self.assertEqual(self.server.request("GET", "/version", headers={"X": "y" * 70_000}).status, 431)
        self.assertEqual(self.server.request("GET", "/version", headers={f"X{i}": "y" for i in range(50)}).status, 200)


class IdentityTest(ks_server.Case):
    def test_nobody_gets_in_without_a_token(self):
        paths = ["/api", "/apis", "/api/v1", "/apis/apps/v1", "/api/v1/namespaces", "/api/v1/secrets", "/openapi/v2", "/openapi/v3", "/api/v1/nodes/x",
                 "/apis/devops.kubesphere.io/v1alpha3/pipelines", "/api/v1/namespaces/default/configmaps?watch=1", "/metrics", "/nonsense",
                 "/job/x/api/json", "/blue/rest/organizations/jenkins/pipelines/", "/crumbIssuer/api/json", "/kapis/x", "/apis/nope"]
        bad = [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}, {"Authorization": "Basic " + base64.b64encode(b"admin:wrong").decode()},
               {"Authorization": "Basic !!!"}, {"Authorization": "Digest x"}, {"Authorization": "Bearer " + self.server.token + "x"},
               {"Authorization": "Bearer " + self.server.token[:-1]}, {"Authorization": self.server.token}]
        for path in paths:
            reply = self.server.request("GET", path, token=False)
            self.assertEqual(reply.status, 401, f"{path}: {reply}")
            self.assertEqual(reply.json()["reason"], "Unauthorized")
        for headers in bad:
            for method, path in (("GET", "/api/v1/secrets"), ("POST", "/api/v1/namespaces"), ("DELETE", "/api/v1/namespaces/" + self.ns)):
                reply = self.server.request(method, path, {} if method == "POST" else None, headers=headers, token=False)
                self.assertEqual(reply.status, 401, f"{headers} {path}: {reply}")
        self.assertEqual(self.server.get("/api/v1/namespaces/" + self.ns)["status"]["phase"], "Active")
        for path in ("/healthz", "/livez", "/readyz", "/version"):
            self.assertEqual(self.server.request("GET", path, token=False).status, 200, path)

    def served_paths(self):
        """What discovery and OpenAPI tell of, and what the sources of the other routes name; placeholders filled in."""
        roots = ["/api/v1"] + [f"/apis/{version['groupVersion']}" for group in self.server.get("/apis")["groups"] for version in group["versions"]]
        paths = {"/api", "/apis", *roots}
        for root in roots:
            for served in self.server.get(root)["resources"]:
                name, _, subresource = served["name"].partition("/")
                space = f"/namespaces/{self.ns}" if served["namespaced"] else ""
                of_one = f"{root}{space}/{name}/x"
                paths |= {f"{of_one}/{subresource}"} if subresource else {of_one, f"{root}/{name}", f"{root}{space}/{name}", f"{root}/watch/{name}"}
        paths |= set(self.server.get("/openapi/v2")["paths"])
        paths |= {"/openapi/v2", "/openapi/v3", *(entry["serverRelativeURL"] for entry in self.server.get("/openapi/v3")["paths"].values())}
        discovered = len(paths)
        for folder, _, names in os.walk(os.path.join(ks_server.SOURCE, "src")):
            for name in names:
                if not name.endswith((".cc", ".h")) or not re.search(r"/(engine/rest|http|jenkins|store/api|cmd/up)$", folder) or "_test" in name:
                    continue
                with open(os.path.join(folder, name)) as file:
                    paths |= set(re.findall(r'"(/[\w./{}*-]+)"', file.read()))
        self.assertGreater(len(paths), discovered + 40)
        return sorted({re.sub(r"\{[^}]*\}", "x", path) for path in paths})

    def test_no_served_path_lets_anybody_in_without_a_token(self):
        paths = self.served_paths()
        self.assertGreater(len(paths), 500)
        for wanted in ("/blue/rest/organizations/jenkins/pipelines/x/pipelines/x", "/job/x/job/x/x/logText/progressiveText", "/crumbIssuer/api/json",
                       "/apis/devops.kubesphere.io/v1alpha3/pipelineruns", "/metrics"):
            self.assertTrue(any(wanted in path or path in wanted and len(path) > 3 for path in paths), wanted)
        # What tells nothing of what is kept here: probes, and the documents of the API.
        open_paths = re.compile(r"/(healthz|readyz|livez|version|apidocs|apidocs\.json|openapi\.json|swagger-ui|login)(/|$)")
        # What brings a proof of its own, a signature or a token of one job: without it nothing is done.
        proving = re.compile(r"(/kapis/devops\.kubesphere\.io)?/(v1alpha2/webhook/git(hub)?|v1alpha3/webhooks/scm|v1alpha3/approvals/.*)$|"
                             r"/sonarqube-webhook/?$|/generic-webhook-trigger/invoke$|/buildByToken/build(WithParameters)?$")
        connection = self.server.connect()
        let_in = []
        for method in ("GET", "POST", "DELETE"):
            for path in paths:
                if open_paths.match(path):
                    continue
                connection.request(method, path, body=b"{}" if method == "POST" else None)
                answer = connection.getresponse()
                answer.read()
                if path == "/":  # clients of Jenkins look there for its headers
                    self.assertEqual((method, answer.status), (method, 403))
                elif proving.match(path):
                    # Nobody knows what an event without a name is, so it is no error.
                    self.assertTrue(answer.status >= 400 or (answer.status == 200 and path.endswith("/webhooks/scm")), (method, path, answer.status))
                elif answer.status != 401:
                    let_in.append((method, path, answer.status))
        connection.close()
        self.assertEqual(let_in, [])
        # A token of a job starts that job, and opens nothing else that happens to be called `build`.
        for path in ("/job/x/job/y/1/artifact/build?token=a", "/job/x/job/build?token=a", "/job/build?token=a", "/job/x/build?token=a", "/job/x/config.xml?token=a",
                     "/job/x/credentials/store/folder/domain/_/credential/build?token=a", "/job/x/job/y/1/build/consoleText?token=a",
                     "/v1alpha3/webhooks/scm/../../api/v1/secrets"):
            for method in ("GET", "POST", "DELETE", "PUT"):
                self.assertEqual(self.server.request(method, path, token=False).status, 401, (method, path))
        self.assertEqual(self.server.request("POST", "/job/x/job/y/build?token=a", token=False).status, 403)
        self.assertEqual(self.server.request("GET", "/login/../api/v1/secrets", token=False).status, 404)

    def test_impersonation_is_not_a_way_in(self):
        reply = self.server.request("GET", "/api/v1/secrets", token=False, headers={"Impersonate-User": "admin", "X-Remote-User": "admin"})
        self.assertEqual(reply.status, 401)

    def test_plain_http_is_no_way_in(self):
        raw = socket.create_connection((self.server.host, self.server.port), timeout=10)
        raw.sendall(f"GET /api/v1/secrets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.server.token}\r\n\r\n".encode())
        try:
            answer = raw.recv(4096)
        except ConnectionError:
            answer = b""
        self.assertFalse(answer.startswith(b"HTTP/1.1 200"), answer)
        raw.close()

    def test_old_tls_is_refused(self):
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        try:
            old.set_ciphers("ALL:@SECLEVEL=0")
        except ssl.SSLError:
            pass
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            old.wrap_socket(socket.create_connection((self.server.host, self.server.port), timeout=10))


class WebSocket:
    """A client of RFC 6455, as far as a watch needs one."""

    def __init__(self, server, path, headers=None):
        plain = socket.create_connection((server.host, server.port), timeout=20)
        self.socket = server.tls.wrap_socket(plain, server_hostname=server.host)
        key = base64.b64encode(os.urandom(16)).decode()
        wanted = {"Host": "x", "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key,
                  **server.headers(headers)}
        self.socket.sendall((f"GET {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in wanted.items()) + "\r\n").encode())
        self.bytes = self.socket.makefile("rb")
        self.status = int(self.bytes.readline().split()[1])
        answered = {}
        while line := self.bytes.readline().decode().strip():
            name, _, value = line.partition(":")
            answered[name.lower()] = value.strip()
        guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1((key + guid).encode()).digest()).decode()
        self.agreed = self.status == 101 and answered.get("sec-websocket-accept") == accept

    def frame(self):
        """Opcode and payload of the next message, which may come in several frames; servers do not mask."""
        opcode, payload, last = None, b"", False
        while not last:
            last, code, piece = self.piece()
            opcode, payload = code or opcode, payload + piece
        return opcode, payload

    def piece(self):
        first, second = self.bytes.read(2)
        size = second & 0x7f
        if size == 126:
            size = int.from_bytes(self.bytes.read(2), "big")
        elif size == 127:
            size = int.from_bytes(self.bytes.read(8), "big")
        return first & 0x80, first & 0x0f, self.bytes.read(size)

    def event(self):
        opcode, payload = self.frame()
        assert opcode == 1, (opcode, payload)
        return json.loads(payload)

    def send(self, opcode, payload=b""):
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.socket.sendall(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked)

    def close(self):
        self.bytes.close()
        self.socket.close()


class WatchTest(ks_server.Case):
    def test_a_watch_over_a_websocket(self):
        start = self.create("secrets", {"metadata": {"name": "before"}})["metadata"]["resourceVersion"]
        watch = WebSocket(self.server, self.path("secrets") + "?watch=1&resourceVersion=" + start)
        self.addCleanup(watch.close)
        self.assertTrue(watch.agreed, watch.status)
        big = base64.b64encode(b"x" * 200_000).decode()
        self.create("secrets", {"metadata": {"name": "a"}})
        self.server.request("PATCH", self.path("secrets/a"), {"data": {"big": big}}, content_type="application/merge-patch+json")
        self.server.request("DELETE", self.path("secrets/a"))
        events = [watch.event() for _ in range(3)]
        self.assertEqual([(event["type"], event["object"]["metadata"]["name"]) for event in events],
                         [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")])
        self.assertEqual(events[1]["object"]["data"]["big"], big)
        watch.send(9, b"still there?")
        self.assertEqual(watch.frame(), (10, b"still there?"))
        watch.send(8, (1000).to_bytes(2, "big"))
        self.assertEqual(watch.frame()[0], 8)

        tables = WebSocket(self.server, self.path("secrets") + "?watch=1", {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"})
        self.addCleanup(tables.close)
        self.assertEqual(tables.event()["object"]["kind"], "Table")

        over = WebSocket(self.server, self.path("secrets") + "?watch=1&timeoutSeconds=1&resourceVersion=" + start)
        self.addCleanup(over.close)
        opcode = None
        while opcode != 8:
            opcode, _ = over.frame()

    def test_a_websocket_needs_a_token_too(self):
        stranger = WebSocket(self.server, self.path("secrets") + "?watch=1", {"Authorization": "Bearer wrong"})
        self.addCleanup(stranger.close)
        self.assertEqual(stranger.status, 401)

    def test_a_watch_resumes_without_gap_or_double(self):
        first = self.create("configmaps", config_map("a"))
        names = [f"n{i}" for i in range(50)]
        for name in names:
            self.create("configmaps", config_map(name))
        with self.server.watch(self.path("configmaps") + "?watch=1&resourceVersion=" + first["metadata"]["resourceVersion"]) as watch:
            seen = [watch.next() for _ in range(20)]
        self.assertEqual([event["object"]["metadata"]["name"] for event in seen], names[:20])
        with self.server.watch(self.path("configmaps") + "?watch=1&resourceVersion=" + seen[-1]["object"]["metadata"]["resourceVersion"]) as watch:
            self.assertEqual([watch.next()["object"]["metadata"]["name"] for _ in range(30)], names[20:])

    def test_a_watch_ends_when_it_was_told_to(self):
        started = time.monotonic()
        with self.server.watch(self.path("secrets") + "?watch=1&timeoutSeconds=1") as watch:
            self.assertIsNone(watch.next())
        self.assertLess(time.monotonic() - started, 10)

    def test_bookmarks_and_streamed_lists(self):
        self.create("secrets", {"metadata": {"name": "a"}})
        query = "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
        with self.server.watch(self.path("secrets") + query) as watch:
            self.assertEqual(watch.next()["type"], "ADDED")
            mark = watch.next()
            self.assertEqual(mark["type"], "BOOKMARK")
            self.assertEqual(mark["object"]["metadata"]["annotations"], {"k8s.io/initial-events-end": "true"})

    def test_an_old_revision_has_expired(self):
        """After more changes than the history keeps, an old watch and an old list are told to begin anew."""
        start = self.create("configmaps", config_map("a", {"x": "y" * 1_000_000}))["metadata"]["resourceVersion"]
        for i in range(45):  # the history keeps 32 MiB that nobody else holds
            reply = self.server.request("PATCH", self.path("configmaps/a"), {"data": {"i": str(i)}}, content_type="application/merge-patch+json")
            self.assertEqual(reply.status, 200, reply)
        with self.server.watch(self.path("configmaps") + "?watch=1&resourceVersion=" + start) as watch:
            if watch.status == 200:
                event = watch.next()
                self.assertEqual(event["type"], "ERROR")
                status = event["object"]
            else:
                self.assertEqual(watch.status, 410)
                status = json.loads(watch.answer.read())
        self.assertEqual((status["code"], status["reason"]), (410, "Expired"))
        self.assertIn("too old resource version", status["message"])
        reply = self.server.request("GET", self.path("configmaps") + "?resourceVersionMatch=Exact&resourceVersion=" + start)
        self.assertEqual((reply.status, reply.json()["reason"]), (410, "Expired"), reply)

    def test_a_continue_token_expires(self):
        for name in "abc":
            self.create("configmaps", config_map(name, {"x": "y" * 1_000_000}))
        page = self.server.get(self.path("configmaps") + "?limit=1")
        self.assertEqual(page["metadata"]["remainingItemCount"], 3)  # and kube-root-ca.crt
        again = self.server.get(self.path("configmaps") + "?limit=1&continue=" + page["metadata"]["continue"])
        self.assertEqual(again["items"][0]["metadata"]["name"], "b")
        for i in range(45):
            self.server.request("PATCH", self.path("configmaps/a"), {"data": {"i": str(i)}}, content_type="application/merge-patch+json")
        reply = self.server.request("GET", self.path("configmaps") + "?limit=1&continue=" + page["metadata"]["continue"])
        self.assertEqual((reply.status, reply.json()["reason"]), (410, "Expired"), reply)
        self.assertIn("continue", reply.json()["metadata"])  # a token that goes on with what is there now

    def test_a_slow_watcher_is_cut_off_and_nobody_waits_for_it(self):
        self.create("configmaps", config_map("a"))
        slow = self.server.connect(20)
        slow.request("GET", self.path("configmaps") + "?watch=1", headers=self.server.headers())
        answer = slow.getresponse()
        self.assertEqual(answer.status, 200)
        with self.server.watch(self.path("configmaps") + "?watch=1&resourceVersion=0") as quick:
            self.assertEqual([quick.next()["type"] for _ in range(2)], ["ADDED", "ADDED"])
            worst = 0
            for i in range(80):  # 40 MB that it does not read
                started = time.monotonic()
                reply = self.server.request("PATCH", self.path("configmaps/a"), {"data": {"i": str(i), "x": "y" * 500_000}}, content_type="application/merge-patch+json")
                self.assertEqual(reply.status, 200, reply)
                event = quick.next()
                worst = max(worst, time.monotonic() - started)
                self.assertEqual(event["object"]["data"]["i"], str(i))
        self.assertLess(worst, 2)
        last = None
        try:
            for line in iter(answer.readline, b""):
                last = line
        except (http.client.IncompleteRead, ConnectionError, ssl.SSLError):
            pass
        event = json.loads(last)
        self.assertEqual(event["type"], "ERROR", str(event)[:300])
        self.assertEqual(event["object"]["code"], 410)
        self.assertIn("behind", event["object"]["message"])
        slow.close()


class ManyWatchesTest(ks_server.Case):
    """The limit as it is without a flag, with as many connections."""

    def test_ten_thousand_watches_and_no_more(self):
        if not os.environ.get("KS_FULL"):
            self.skipTest("ten thousand connections: ./dev test --full")
        limit = 10_000
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self.assertGreater(most, limit + 300, "the hard limit of open files is too low for this test")
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        request = (f"GET {self.path('configmaps')}?watch=1&resourceVersion={self.server.get(self.path('configmaps'))['metadata']['resourceVersion']} HTTP/1.1\r\n"
                   f"Host: x\r\nAuthorization: Bearer {self.server.token}\r\n\r\n").encode()
        watches = []

        def open_watch():
            plain = socket.create_connection((self.server.host, self.server.port), timeout=30)
            watch = self.server.tls.wrap_socket(plain, server_hostname=self.server.host)
            watch.sendall(request)
            watches.append(watch)
            return watch

        def status(watch):
            head = b""
            while b"\r\n\r\n" not in head:
                head += watch.recv(4096)
            return int(head.split()[1])

        try:
            for _ in range(limit):
                self.assertEqual(status(open_watch()), 200)
            for _ in range(3):
                self.assertEqual(status(open_watch()), 429)
            # The controllers' own watches have their place, and each of the ten thousand hears of a change.
            self.create("configmaps", config_map("news"))
            for watch in watches[:limit]:
                self.assertIn(b'"name":"news"', watch.recv(65536))
            self.assertLess(self.server.rss_kib(), 1 << 20)
        finally:
            for watch in watches:
                watch.close()


class LimitsTest(ks_server.Case):
    flags = ("--max-watchers", "20")

    def test_watchers_are_bounded(self):
        watches = [self.server.watch(self.path("configmaps") + "?watch=1") for _ in range(20)]
        refused = None
        for _ in range(5):
            extra = self.server.watch(self.path("configmaps") + "?watch=1")
            watches.append(extra)
            if extra.status != 200:
                refused = json.loads(extra.answer.read())
        for watch in watches:
            watch.close()
        self.assertIsNotNone(refused)
        self.assertEqual((refused["code"], refused["reason"]), (429, "TooManyRequests"))
        self.assertIn("max-watchers", refused["message"])
        def free():
            with self.server.watch(self.path("configmaps") + "?watch=1&timeoutSeconds=1") as watch:
                return watch.status == 200
        self.eventually(free, "room for a watcher again")


if __name__ == "__main__":
    unittest.main()
