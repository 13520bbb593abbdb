"""A real S3-compatible server that checks signatures: OpenStack Swift with its S3 layer, one zone, one device, no replicas.

    store = s3_server.Swift(folder)
    store.url, store.access, store.secret

And a door in front of it that fails when told to: answers 503, or cuts the connection in the middle.
"""

import http.client
import http.server
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request


def installed():
    return all(shutil.which(name) for name in ("swift-proxy-server", "swift-ring-builder", "swift-account-server",
                                               "swift-container-server", "swift-object-server", "memcached"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Swift:
    access, secret, region = "test:tester", "testing", "us-east-1"

    def __init__(self, folder):
        self.folder, self.processes = folder, []
        os.chmod(folder, 0o755)
        self.etc = os.path.join(folder, "etc")
        device = os.path.join(folder, "dev", "d1")
        os.makedirs(self.etc)
        os.makedirs(device)
        user = "swift" if os.geteuid() == 0 else os.environ.get("USER", "")
        if user == "swift":
            subprocess.run(["chown", "-R", "swift", folder], check=True)
        ports = {name: free_port() for name in ("account", "container", "object", "proxy", "memcached")}
        self.write("swift.conf", "[swift-hash]\nswift_hash_path_prefix = a\nswift_hash_path_suffix = b\n"
                   "[storage-policy:0]\nname = Policy-0\ndefault = yes\n")
        for name in ("account", "container", "object"):
            builder = os.path.join(self.etc, f"{name}.builder")
            for arguments in (["create", "4", "1", "1"], ["add", f"r1z1-127.0.0.1:{ports[name]}/d1", "1"], ["rebalance"]):
                subprocess.run(["swift-ring-builder", builder, *arguments], check=True, capture_output=True)
            self.write(f"{name}.conf", f"[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {ports[name]}\nworkers = 0\nuser = {user}\n"
                       f"swift_dir = {self.etc}\ndevices = {folder}/dev\nmount_check = false\n"
                       f"[pipeline:main]\npipeline = {name}-server\n[app:{name}-server]\nuse = egg:swift#{name}\n")
        self.write("proxy.conf", f"[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {ports['proxy']}\nworkers = 0\nuser = {user}\n"
                   f"swift_dir = {self.etc}\n"
                   "[pipeline:main]\npipeline = catch_errors cache listing_formats bulk s3api tempauth slo dlo proxy-server\n"
                   "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n"
                   "[filter:catch_errors]\nuse = egg:swift#catch_errors\n"
                   f"[filter:cache]\nuse = egg:swift#memcache\nmemcache_servers = 127.0.0.1:{ports['memcached']}\n"
                   "[filter:listing_formats]\nuse = egg:swift#listing_formats\n[filter:bulk]\nuse = egg:swift#bulk\n"
                   f"[filter:s3api]\nuse = egg:swift#s3api\nlocation = {self.region}\nmin_segment_size = 1\n"
                   "[filter:tempauth]\nuse = egg:swift#tempauth\nuser_test_tester = testing .admin\n"
                   "[filter:slo]\nuse = egg:swift#slo\n[filter:dlo]\nuse = egg:swift#dlo\n")
        self.start("memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", str(ports["memcached"]), "-m", "16")
        for name in ("account", "container", "object", "proxy"):
            self.start(f"swift-{name}-server", os.path.join(self.etc, f"{name}.conf"), "-v")
        self.port = ports["proxy"]
        self.url = f"http://127.0.0.1:{self.port}"
        deadline = time.monotonic() + 60
        for port in ports.values():
            while True:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                if time.monotonic() > deadline:
                    raise AssertionError("swift does not listen:\n" + self.said())
                time.sleep(0.03)

    # ----- through Swift's own API, as an operator would -----

    def ask(self, method, path):
        sign_in = urllib.request.Request(self.url + "/auth/v1.0", headers={"X-Auth-User": self.access, "X-Auth-Key": self.secret})
        token = urllib.request.urlopen(sign_in, timeout=60).headers["X-Auth-Token"]
        return urllib.request.urlopen(urllib.request.Request(f"{self.url}/v1/AUTH_test/{path}", method=method,
                                                             headers={"X-Auth-Token": token, "Content-Length": "0"}), timeout=60).read()

    def make_bucket(self, name):
        self.ask("PUT", name)

    def names(self, bucket, prefix):
        return sorted(self.ask("GET", f"{bucket}?prefix={urllib.parse.quote(prefix)}").decode().splitlines())

    def read(self, bucket, name):
        return self.ask("GET", f"{bucket}/{urllib.parse.quote(name)}")

    def write(self, name, text):
        with open(os.path.join(self.etc, name), "w") as file:
            file.write(text)

    def start(self, *arguments):
        log = open(os.path.join(self.folder, "log"), "ab")
        self.processes.append(subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        log.close()

    def said(self):
        with open(os.path.join(self.folder, "log"), errors="replace") as file:
            return file.read()[-3000:]

    def close(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Door:
    """Passes requests on; `trouble` is a list of what happens to the next ones instead: 503, "cut", or None. Those whose target
    `spared`, a pattern, is found in are neither troubled nor counted."""

    def __init__(self, port):
        self.trouble, self.asked, self.spared = [], [], None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                spared = outer.spared and re.search(outer.spared, self.path)
                if not spared:
                    outer.asked.append(f"{self.command} {self.path}")
                what = outer.trouble.pop(0) if outer.trouble and not spared else None
                if what == 503:
                    self.send_response(503)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                if what == "cut":
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf of")
                    self.wfile.flush()
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                inner = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                inner.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() != "connection":
                        inner.putheader(name, value)
                inner.endheaders(body)
                answer = inner.getresponse()
                content = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)
                inner.close()

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = serve

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
