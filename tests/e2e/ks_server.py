"""A `ks up` of its own for each test file, and what its clients need: kubectl, plain HTTPS, watches.

    class ThingsTest(ks_server.Case):
        def test_things(self):
            self.kubectl("create", "configmap", "a")
            self.assertEqual(self.get("configmaps/a")["kind"], "ConfigMap")

Each test has a namespace of its own (`self.ns`), each class a server on a fresh folder.
"""

import base64
import functools
import http.client
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from urllib.parse import urlsplit

KS = os.environ["KS_BINARY"]
SOURCE = os.environ["KS_SOURCE_DIR"]
KUBECTL = os.environ.get("KS_KUBECTL") or shutil.which("kubectl") or "kubectl"
READY_SECONDS = 60  # a sanitizer's build on a busy machine takes its time


@functools.cache
def kubectl_minor():
    """The 32 of kubectl 1.32.4; 0 when there is none."""
    try:
        said = subprocess.run([KUBECTL, "version", "--client", "-o", "json"], capture_output=True, text=True, timeout=30)
        return int(re.match(r"\d+", json.loads(said.stdout)["clientVersion"]["minor"]).group())
    except (OSError, ValueError, KeyError):
        return 0


def since_kubectl(minor, what):
    """Skips a test where the kubectl is too old to know `what`."""
    return unittest.skipIf(kubectl_minor() < minor, f"kubectl 1.{kubectl_minor()} does not know {what} (1.{minor} does)")


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:600]!r}"


class Server:
    """One `ks up`. `start` returns when it is ready; `stop` ends it as Ctrl-C does."""

    def __init__(self, data_dir=None):
        self.own_dir = data_dir is None
        self.data_dir = data_dir or tempfile.mkdtemp(prefix="ks-e2e-")
        self.process = None
        self.output = []

    def start(self, *flags, bind="127.0.0.1:0", preexec=None, wait=True):
        arguments = [KS, "up", "--no-demo", "--data-dir", self.data_dir, "--bind", bind, *flags]
        environment = {**os.environ, "HOME": self.data_dir, "NO_COLOR": "1"}
        self.output = []
        self.url = None
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, errors="replace", env=environment, preexec_fn=preexec)
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._reader.start()
        if wait:
            self.wait_ready()
        return self

    def _read(self, pipe):
        for line in pipe:
            self.output.append(line)
            found = re.search(r"https://[\w.\[\]:-]+:\d+", line)
            if found and not self.url:
                self.url = found.group()
        pipe.close()

    def wait_ready(self):
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                self._reader.join(5)
                raise AssertionError(f"ks up ended with {self.process.returncode}:\n{self.said()}")
            if self.url and os.path.exists(self.kubeconfig):
                try:
                    self._load()
                    if self.request("GET", "/readyz").status == 200:
                        return
                except (OSError, http.client.HTTPException, ValueError):
                    pass
            time.sleep(0.01)
        raise AssertionError(f"ks up is not ready after {READY_SECONDS} s:\n{self.said()}")

    @property
    def kubeconfig(self):
        return os.path.join(self.data_dir, "kubeconfig")

    def _load(self):
        """Address, authority and token from the kubeconfig that the server wrote."""
        with open(self.kubeconfig) as file:
            text = file.read()
        def field(name):
            found = re.search(rf"^\s*-?\s*\"?{name}\"?:\s*\"?([^\"\s,]+)", text, re.M)
            if not found:
                raise ValueError(f"no {name} in the kubeconfig")
            return found.group(1)
        self.host, self.port = urlsplit(self.url).hostname, urlsplit(self.url).port
        self.token = field("token")
        self.tls = ssl.create_default_context(cadata=base64.b64decode(field("certificate-authority-data")).decode())

    def said(self):
        return "".join(self.output)

    def stop(self, sig=signal.SIGTERM):
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(sig)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"ks up did not end within 30 s of signal {sig}:\n{self.said()}")
        self._reader.join(5)
        code, self.process = self.process.returncode, None
        return code

    def kill(self):
        self.stop(signal.SIGKILL)

    def remove(self):
        try:
            self.stop()
        finally:
            end_agent(self.data_dir)
            if self.own_dir:
                shutil.rmtree(self.data_dir, ignore_errors=True)

    # ----- plain HTTPS -----

    def connect(self, timeout=30):
        return http.client.HTTPSConnection(self.host, self.port, context=self.tls, timeout=timeout)

    def headers(self, more=None, token=True):
        base = {"Authorization": "Bearer " + self.token} if token is True else {}
        return {**base, **(more or {})}

    def request(self, method, path, body=None, headers=None, token=True, content_type="application/json", timeout=30):
        """One request on a connection of its own. A body that is no text or bytes is sent as JSON."""
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        more = dict(headers or {})
        if body is not None:
            more.setdefault("Content-Type", content_type)
        connection = self.connect(timeout)
        try:
            connection.request(method, path, body=body, headers=self.headers(more, token))
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path):
        reply = self.request("GET", path)
        if reply.status != 200:
            raise AssertionError(f"GET {path}: {reply}")
        return reply.json()

    def create(self, path, thing):
        reply = self.request("POST", path, thing)
        if reply.status != 201:
            raise AssertionError(f"POST {path}: {reply}")
        return reply.json()

    def watch(self, path, timeout=20):
        return Watch(self, path, timeout)

    def rss_kib(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


def end_agent(data_dir):
    """The agent outlives the server on purpose; a test's has to go with its folder."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if b"agent" in words and any(word.startswith(os.fsencode(data_dir)) for word in words):
            try:
                os.kill(int(entry), signal.SIGKILL)
            except OSError:
                pass


class Watch:
    """The events of one watch request, one by one; None at its end."""

    def __init__(self, server, path, timeout):
        self.connection = server.connect(timeout)
        self.connection.request("GET", path, headers=server.headers())
        self.answer = self.connection.getresponse()
        self.status = self.answer.status

    def next(self):
        line = self.answer.readline()
        return json.loads(line) if line.strip() else None

    def next_of(self, *kinds):
        """The next event of one of these types."""
        while True:
            event = self.next()
            if event is None or event["type"] in kinds:
                return event

    def close(self):
        self.answer.close()
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Background:
    """A kubectl that goes on while the test does things: `get -w`, `wait`, `delete --wait`."""

    def __init__(self, arguments, environment, cwd, stdin=subprocess.DEVNULL):
        self.process = subprocess.Popen(arguments, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, env=environment, cwd=cwd)
        self.lines, self._changed = [], threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()

    def wait_line(self, pattern, timeout=20):
        """The first line that matches."""
        found = None
        def look():
            nonlocal found
            found = next((line for line in self.lines if re.search(pattern, line)), None)
            return found is not None
        with self._changed:
            if not self._changed.wait_for(look, timeout):
                raise AssertionError(f"no line like {pattern!r} in {self.lines}")
        return found

    def finish(self, timeout=30):
        """Waits for its end: exit code, lines, stderr."""
        try:
            self.process.wait(timeout)
        finally:
            self.end()
        return self.process.returncode, self.lines, self.errors

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
        self._reader.join(5)
        self.errors = "" if self.process.stderr.closed else self.process.stderr.read()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


class Case(unittest.TestCase):
    """Tests against one server per class."""

    maxDiff = None
    flags = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.remove)
        cls.server.start(*cls.flags)
        cls.home = tempfile.mkdtemp(prefix="ks-e2e-home-")
        cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
        cls.environment = {**os.environ, "HOME": cls.home, "KUBECONFIG": cls.server.kubeconfig, "KUBECTL_KUBERC": "off"}
        for name in ("HTTPS_PROXY", "https_proxy", "KUBECACHEDIR"):
            cls.environment.pop(name, None)

    def setUp(self):
        name = re.sub(r"[^a-z0-9]+", "-", self._testMethodName.removeprefix("test_").lower())
        self.ns = name[:50].strip("-")
        self.server.create("/api/v1/namespaces", {"metadata": {"name": self.ns}})
        # What each namespace has must not come in the middle of a test that watches.
        for thing in ("serviceaccounts/default", "configmaps/kube-root-ca.crt"):
            Case.eventually(self, lambda: self.exists(thing), thing)

    # ----- kubectl -----

    def _arguments(self, arguments):
        words = [str(word) for word in arguments]
        if not any(word in ("-n", "-A", "--all-namespaces") or word.startswith("--namespace") for word in words):
            words = ["-n", self.ns, *words]
        return [KUBECTL, *words]

    def run_kubectl(self, *arguments, stdin=None, env=None, timeout=60):
        if stdin is not None and not isinstance(stdin, str):
            stdin = json.dumps(stdin)
        return subprocess.run(self._arguments(arguments), input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout, cwd=self.home,
                              env={**self.environment, **(env or {})})

    def kubectl(self, *arguments, **more):
        """Standard output of a kubectl that must succeed. `stdin` may be an object: it is sent as JSON."""
        done = self.run_kubectl(*arguments, **more)
        self.assertEqual(done.returncode, 0, f"kubectl {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}")
        return done.stdout

    def kubectl_fails(self, *arguments, **more):
        """Standard error of a kubectl that must fail."""
        done = self.run_kubectl(*arguments, **more)
        self.assertNotEqual(done.returncode, 0, f"kubectl {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}")
        return done.stderr

    def start_kubectl(self, *arguments):
        background = Background(self._arguments(arguments), self.environment, self.home)
        self.addCleanup(background.end)
        return background

    # ----- objects of the test's namespace -----

    def path(self, resource, group_version="v1"):
        root = "/api/v1" if group_version == "v1" else "/apis/" + group_version
        return f"{root}/namespaces/{self.ns}/{resource}"

    def get(self, resource, group_version="v1"):
        return self.server.get(self.path(resource, group_version))

    def create(self, resource, thing, group_version="v1"):
        return self.server.create(self.path(resource, group_version), thing)

    def exists(self, resource, group_version="v1"):
        return self.server.request("GET", self.path(resource, group_version)).status == 200

    def eventually(self, condition, what, timeout=20):
        """Waits until `condition` gives something true, and gives that."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            got = condition()
            if got:
                return got
            time.sleep(0.02)
        self.fail(f"not within {timeout} s: {what}")

    def file(self, text, name="file.yaml"):
        path = os.path.join(self.home, f"{self.ns}-{name}")
        with open(path, "w") as out:
            out.write(text if isinstance(text, str) else json.dumps(text))
        return path


# ----- small objects -----

def config_map(name, data=None, **metadata):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": data or {"k": "v"}}


def pod(name, **metadata):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **metadata},
            "spec": {"containers": [{"name": "main", "image": "nginx:1"}]}}


def deployment(name, labels=None, **spec):
    labels = labels or {"app": name}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels},
            "spec": {"replicas": 1, "selector": {"matchLabels": labels},
                     "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "nginx:1"}]}},
                     **spec}}


def owner(thing, block=False):
    return {"apiVersion": thing["apiVersion"], "kind": thing["kind"], "name": thing["metadata"]["name"],
            "uid": thing["metadata"]["uid"], "blockOwnerDeletion": block}
