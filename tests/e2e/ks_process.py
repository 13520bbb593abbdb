"""Starting the binary and asking its server, for the tests of the command line."""

import base64
import http.client
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import unittest
from urllib.parse import urlsplit

KS = os.environ["KS_BINARY"]
SOURCE = os.environ["KS_SOURCE_DIR"]


def read(path):
    with open(path) as file:
        return file.read()


def environment(**more):
    env = {k: v for k, v in os.environ.items() if k not in ("KUBECONFIG", "KS_DATA_DIR", "NO_COLOR")}
    env.update(more)
    return env


class ProcessTest(unittest.TestCase):
    """A folder of its own; every server that was started on it is stopped."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="ks-cmd-")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.data = os.path.join(self.dir, "data")
        self.addCleanup(self.end_all)
        self.dirs = {self.data}

    def end_all(self):
        for data in self.dirs:
            self.ks("down", "--data-dir", data)

    def ks(self, *arguments, timeout=60, **options):
        options.setdefault("env", environment(HOME=self.dir, KUBECONFIG=os.path.join(self.data, "kubeconfig")))
        options.setdefault("cwd", self.dir)
        return subprocess.run([KS, *arguments], capture_output=True, text=True, timeout=timeout, **options)

    def up(self, *flags, data=None, check=True):
        """Starts a server in the background; what it printed."""
        data = data or self.data
        self.dirs.add(data)
        bind = [] if "--bind" in flags else ["--bind", "127.0.0.1:0"]
        done = self.ks("up", "--detach", "--data-dir", data, *bind, *flags)
        if check:
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr + self.log(data))
        return done

    def down(self, data=None):
        done = self.ks("down", "--data-dir", data or self.data)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def log(self, data=None):
        path = os.path.join(data or self.data, "ks.log")
        return read(path) if os.path.exists(path) else ""

    def kubeconfig(self, data=None):
        return read(os.path.join(data or self.data, "kubeconfig"))

    def url(self):
        return re.search(r"server: (\S+)", self.kubeconfig())[1]

    def token(self):
        return re.search(r"token: (\S+)", self.kubeconfig())[1]

    def password(self):
        return read(os.path.join(self.data, "admin-password")).strip()

    def pid(self, data=None):
        return int(read(os.path.join(data or self.data, "ks.pid")))

    def kill(self):
        """kill -9, and until it is gone."""
        pid = self.pid()
        os.kill(pid, signal.SIGKILL)
        self.until(lambda: not os.path.exists(f"/proc/{pid}") or read(f"/proc/{pid}/stat").split()[2] == "Z")

    def request(self, method, path, body=None, headers=None, auth="token"):
        """Status, headers and text of an answer over verified TLS."""
        where = urlsplit(self.url())
        context = ssl.create_default_context(cafile=os.path.join(self.data, "pki/ca.crt"))
        connection = http.client.HTTPSConnection(where.hostname, where.port, context=context, timeout=30)
        headers = dict(headers or {})
        if auth == "token":
            headers["Authorization"] = "Bearer " + self.token()
        elif auth:
            headers["Authorization"] = auth
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def basic(self, name, password):
        return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()

    def kubectl(self, *arguments, timeout=60):
        return subprocess.run(["kubectl", "--kubeconfig", os.path.join(self.data, "kubeconfig"), *arguments], capture_output=True, text=True,
                              timeout=timeout, env=environment(HOME=self.dir), cwd=self.dir)

    def until(self, condition, limit=30):
        end = time.monotonic() + limit
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            time.sleep(0.02)
        self.fail("it did not come to that in time\n" + self.log())

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w") as file:
            file.write(text)
        return path
