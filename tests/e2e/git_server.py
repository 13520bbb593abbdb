"""Real git servers on loopback for tests: `git http-backend` behind a small web server, and sshd."""

import base64
import http.server
import os
import shutil
import socket
import subprocess
import threading
import time


def git(folder, *arguments, **more):
    done = subprocess.run(["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org",
                           "-c", "protocol.file.allow=always", *arguments],
                          cwd=folder, capture_output=True, text=True, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Repository:
    """A bare repository, and a work tree that pushes to it."""

    def __init__(self, folder, name, branch="main"):
        self.bare = os.path.join(folder, name + ".git")
        self.work = os.path.join(folder, name + "-work")
        os.makedirs(folder, exist_ok=True)
        git(folder, "init", "-q", "--bare", "-b", branch, self.bare)
        git(self.bare, "config", "uploadpack.allowAnySHA1InWant", "true")
        git(folder, "init", "-q", "-b", branch, self.work)
        git(self.work, "remote", "add", "origin", self.bare)

    def commit(self, message, files):
        for path, text in files.items():
            whole = os.path.join(self.work, path)
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            with open(whole, "w") as file:
                file.write(text)
        git(self.work, "add", "-A")
        git(self.work, "commit", "-qm", message)
        git(self.work, "push", "-q", "origin", "HEAD")
        return git(self.work, "rev-parse", "HEAD")


class HttpServer:
    """Serves the repositories below a folder; with a user, only to who knows the password."""

    def __init__(self, folder, user=None, password=None):
        self.asked = []  # (path, Authorization or None)
        self.before = None  # called with the path before it is served
        outer = self
        backend = os.path.join(subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip(),
                               "git-http-backend")
        wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def log_message(self, *_):
                pass

            def serve(self):
                outer.asked.append((self.path, self.headers.get("Authorization")))
                if user and self.headers.get("Authorization") != wanted:
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="git"')
                    self.end_headers()
                    return
                if outer.before:
                    outer.before(self.command, self.path)
                path, _, query = self.path.partition("?")
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                env = {"PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": folder, "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
                       "QUERY_STRING": query, "REQUEST_METHOD": self.command, "CONTENT_TYPE": self.headers.get("Content-Type") or "",
                       "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding") or "", "REMOTE_USER": user or "",
                       "GIT_PROTOCOL": self.headers.get("Git-Protocol") or "", "GIT_CONFIG_COUNT": "1",
                       "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
                out = subprocess.run([backend], input=body, env=env, capture_output=True).stdout
                head, _, content = out.partition(b"\r\n\r\n")
                status, headers = 200, []
                for line in head.decode().split("\r\n"):
                    name, _, value = line.partition(": ")
                    if name == "Status":
                        status = int(value.split()[0])
                    elif name:
                        headers.append((name, value))
                self.send_response(status)
                for header in headers:
                    self.send_header(*header)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = serve

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class SshServer:
    """A real sshd that lets one key run git as the user of the test."""

    def __init__(self, folder, passphrase=""):
        sshd = shutil.which("sshd") or "/usr/sbin/sshd"
        os.makedirs(folder, exist_ok=True)
        os.makedirs("/run/sshd", exist_ok=True)
        for name, secret in (("host", ""), ("user", passphrase)):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", secret, "-f", os.path.join(folder, name)], check=True)
        with open(os.path.join(folder, "user")) as file:
            self.key = file.read()
        shutil.copy(os.path.join(folder, "user.pub"), os.path.join(folder, "authorized_keys"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        config = os.path.join(folder, "sshd_config")
        with open(config, "w") as file:
            file.write(f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\nUsePAM no\n"
                       f"PasswordAuthentication no\nStrictModes no\nPermitRootLogin yes\nAuthorizedKeysFile {folder}/authorized_keys\n")
        self.process = subprocess.Popen([sshd, "-D", "-e", "-f", config], stderr=subprocess.DEVNULL)
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("sshd does not listen")

    def close(self):
        self.process.kill()
        self.process.wait()
