"""The whole server is killed (SIGKILL) at random moments, under a load of writes, with watchers and running pipelines.

Afterwards every acknowledged write is there, the watch that was resumed by resourceVersion saw each object once, and every
run has the result and the log it should have. About 10 kills; 200 with KS_FULL. A failing run prints its seed: give it
again as KS_TORTURE_SEED.
"""

import contextlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

KS = os.environ["KS_BINARY"]
KILLS = 200 if os.environ.get("KS_FULL") else 10
SEED = int(os.environ.get("KS_TORTURE_SEED") or random.randrange(1 << 30))
PROJECTS = "/apis/devops.kubesphere.io/v1alpha3/devopsprojects"
PIPELINES = "/apis/devops.kubesphere.io/v1alpha3/namespaces/torture/pipelines"
RUNS = "/apis/devops.kubesphere.io/v1alpha3/namespaces/torture/pipelineruns"
MAPS = "/api/v1/namespaces/default/configmaps"

JENKINSFILE = r"""
node {
  echo "begin"
  sh "#!/bin/sh\necho ran >>COUNTS/${env.BUILD_NUMBER}"
  for (int i = 0; i < 3; i++) {
    sh "#!/bin/sh\nfor n in 1 2 3 4 5; do echo out ${i} \$n; sleep 0.02; done"
  }
  sh "#!/bin/sh\necho end >>COUNTS/${env.BUILD_NUMBER}"
  echo "end"
}
"""
LOG = "".join(["begin\n"] + [f"out {i} {n}\n" for i in range(3) for n in range(1, 6)] + ["end\n"])


def free_port():
    """Not one of those that the kernel gives to clients: a client of a server that is down could get it."""
    while True:
        port = random.randrange(20000, 30000)
        with socket.socket() as taken:
            try:
                taken.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Server:
    """`ks up` on one data directory and port, however often it is started."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.process = None
        self.token = None
        self.tls = ssl.create_default_context()
        self.tls.check_hostname = False
        self.tls.verify_mode = ssl.CERT_NONE

    def start(self):
        with open(self.folder + "/output", "ab") as output:
            self.process = subprocess.Popen(
                [KS, "up", "--no-demo", "--data-dir", self.folder + "/data", "--bind", f"127.0.0.1:{self.port}",
                 "--executors", "4"], stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def wait_ready(self):
        until = time.monotonic() + 20
        while True:
            try:
                with open(self.folder + "/data/kubeconfig") as file:
                    self.token = re.search(r"token: (\S+)", file.read()).group(1)
                if self.request("GET", "/readyz")[0] == 200:
                    return
            except (OSError, AttributeError, http.client.HTTPException):
                pass
            if self.process.poll() is not None or time.monotonic() > until:
                with open(self.folder + "/output") as file:
                    raise AssertionError("the server does not come up:\n" + file.read()[-4000:])
            time.sleep(0.01)

    def connect(self, timeout=10):
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=self.tls)

    def headers(self):
        return {"Authorization": "Bearer " + (self.token or ""), "Content-Type": "application/json"}

    def request(self, method, path, body=None, connection=None):
        own = connection is None
        connection = connection or self.connect()
        try:
            connection.request(method, path, None if body is None else json.dumps(body), self.headers())
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text or b"null") if path.startswith("/a") else text
        finally:
            if own:
                connection.close()


class Writer(threading.Thread):
    """Creates objects one after the other, and keeps the names of those that were acknowledged."""

    def __init__(self, server, name, stop):
        super().__init__()
        self.server, self.prefix, self.stop = server, name, stop
        self.acknowledged = []
        self.unexpected = []

    def run(self):
        connection, count = None, 0
        while not self.stop.is_set():
            name = f"{self.prefix}-{count}"
            try:
                connection = connection or self.server.connect()
                code, answer = self.server.request(
                    "POST", MAPS, {"metadata": {"name": name}, "data": {"n": str(count)}}, connection)
            except (OSError, http.client.HTTPException, ValueError):
                if connection is not None:
                    connection.close()
                connection = None
                time.sleep(0.01)
                continue
            # 409: it was written, but the server was killed before it could say so.
            if code in (201, 409):
                self.acknowledged.append(name)
                count += 1
            elif code < 500:
                self.unexpected.append((code, answer))
                break
        if connection is not None:
            connection.close()


class Watcher(threading.Thread):
    """Watches, and goes on after each break from the last resourceVersion that it saw."""

    def __init__(self, server, stop):
        super().__init__()
        self.server, self.stop = server, stop
        self.added = []
        self.wrong = []
        self.version = None
        self.breaks = 0

    def run(self):
        while not self.stop.is_set() and not self.wrong:
            try:
                if self.version is None:
                    self.version = self.server.request("GET", MAPS + "?limit=1")[1]["metadata"]["resourceVersion"]
                with contextlib.closing(self.server.connect(timeout=1)) as connection:
                    self.read(connection)
            except (OSError, http.client.HTTPException, ValueError, KeyError):
                time.sleep(0.01)

    def read(self, connection):
        connection.request("GET", f"{MAPS}?watch=1&resourceVersion={self.version}", headers=self.server.headers())
        answer = connection.getresponse()
        if answer.status != 200:
            if answer.status < 500:
                self.wrong.append((answer.status, answer.read()))
            return
        self.breaks += 1
        while not self.stop.is_set():
            line = answer.readline()
            if not line.endswith(b"\n"):
                return
            event = json.loads(line)
            if event["type"] == "ERROR":
                self.wrong.append(event)
                return
            version = event["object"]["metadata"]["resourceVersion"]
            if int(version) <= int(self.version):
                self.wrong.append(f"{version} after {self.version}")
            self.version = version
            if event["type"] == "ADDED":
                self.added.append(event["object"]["metadata"]["name"])


class TortureTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="ks-torture-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.counts = self.folder + "/counts"
        os.mkdir(self.counts)
        self.server = Server(self.folder)
        self.server.start()
        self.addCleanup(lambda: self.server.process.poll() is None and self.server.kill())
        self.server.wait_ready()

    def create(self, path, body):
        """Again and again until it is there."""
        until = time.monotonic() + 30
        while True:
            try:
                code, answer = self.server.request("POST", path, body)
                if code in (201, 409):
                    return
                self.assertTrue(code >= 500 or code == 404, answer)
            except (OSError, http.client.HTTPException, ValueError):
                pass
            self.assertLess(time.monotonic(), until)
            time.sleep(0.02)

    def make_pipeline(self):
        kind = {"apiVersion": "devops.kubesphere.io/v1alpha3"}
        self.create(PROJECTS, {**kind, "kind": "DevOpsProject", "metadata": {"name": "torture"}, "spec": {}})
        text = JENKINSFILE.replace("COUNTS", self.counts)
        self.create(PIPELINES, {**kind, "kind": "Pipeline", "metadata": {"name": "web"},
                                "spec": {"type": "pipeline", "pipeline": {"name": "web", "jenkinsfile": text}}})

    def start_run(self, name):
        self.create(RUNS, {"apiVersion": "devops.kubesphere.io/v1alpha3", "kind": "PipelineRun",
                           "metadata": {"name": name}, "spec": {"pipelineRef": {"name": "web"}}})

    def test_kills_lose_nothing(self):
        chance = random.Random(SEED)
        print(f"KS_TORTURE_SEED={SEED}")
        self.make_pipeline()
        stop = threading.Event()
        writers = [Writer(self.server, f"w{i}", stop) for i in range(4)]
        watchers = [Watcher(self.server, stop) for _ in range(2)]
        for thread in writers + watchers:
            thread.start()
        runs = []
        try:
            while any(watcher.version is None for watcher in watchers):
                time.sleep(0.01)
            for _ in range(KILLS):
                runs.append(f"run-{len(runs)}")
                self.start_run(runs[-1])
                time.sleep(chance.uniform(0, 0.5))
                self.server.kill()
                self.server.start()
                # Now and then it dies before it is ready.
                if chance.random() < 0.2:
                    time.sleep(chance.uniform(0, 0.1))
                    self.server.kill()
                    self.server.start()
                self.server.wait_ready()
            self.check_runs(runs)
        finally:
            stop.set()
            for thread in writers + watchers:
                thread.join()
        self.check_writes(writers, watchers)

    def check_runs(self, runs):
        until = time.monotonic() + 60 + len(runs)
        while True:
            items = self.server.request("GET", RUNS)[1]["items"]
            phases = {run["metadata"]["name"]: run.get("status", {}).get("phase") for run in items}
            if all(phase in ("Succeeded", "Failed") for phase in phases.values()) and len(phases) == len(runs):
                break
            self.assertLess(time.monotonic(), until, phases)
            time.sleep(0.05)
        self.assertEqual(phases, {name: "Succeeded" for name in runs})
        builds = self.server.folder + "/data/engine/folders/torture/jobs/web/builds"
        # One build a run: none was lost, none began twice.
        self.assertEqual(len(os.listdir(builds)), len(runs))
        numbers = [run["metadata"]["annotations"]["devops.kubesphere.io/jenkins-pipelinerun-id"] for run in items]
        self.assertEqual(sorted(numbers), sorted(os.listdir(builds)))
        for number in os.listdir(builds):
            with open(f"{builds}/{number}/log") as file:
                log = file.read()
            said = "".join(line for line in log.splitlines(True) if re.match(r"(begin|end|out \d \d)$", line))
            self.assertEqual(said, LOG, log)
            self.assertEqual(log.count("Finished: SUCCESS\n"), 1, log)
            with open(f"{self.counts}/{number}") as file:
                self.assertEqual(file.read(), "ran\nend\n", log)

    def check_writes(self, writers, watchers):
        for writer in writers:
            self.assertEqual(writer.unexpected, [])
            self.assertGreater(len(writer.acknowledged), KILLS)
        there = {one["metadata"]["name"] for one in self.server.request("GET", MAPS)[1]["items"]}
        acknowledged = {name for writer in writers for name in writer.acknowledged}
        self.assertEqual(acknowledged - there, set())
        for watcher in watchers:
            self.assertEqual(watcher.wrong, [])
            self.assertGreaterEqual(watcher.breaks, KILLS // 2)
            # What came after the watcher's last event it has not seen; before that nothing is missing.
            self.assertEqual(len(watcher.added), len(set(watcher.added)), "an event came twice")
            stop = int(watcher.version)
            items = self.server.request("GET", MAPS)[1]["items"]
            due = {one["metadata"]["name"] for one in items
                   if one["metadata"]["name"].startswith("w") and int(one["metadata"]["resourceVersion"]) <= stop}
            self.assertEqual(due - set(watcher.added), self.before(watcher, due))

    def before(self, watcher, due):
        """Objects that were there when the watcher began: a first part of each writer's sequence."""
        missing = due - set(watcher.added)
        for name in missing:
            prefix, number = name.rsplit("-", 1)
            later = [other for other in watcher.added if other.startswith(prefix + "-")
                     and int(other.rsplit("-", 1)[1]) < int(number)]
            self.assertEqual(later, [], f"{name} was never seen")
        return missing


if __name__ == "__main__":
    unittest.main()
