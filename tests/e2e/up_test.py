"""`ks up` and `ks down` with the real binary: what a user sees, and what must survive."""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from ks_process import KS, SOURCE, ProcessTest, environment, read  # noqa: E402


class FirstStart(ProcessTest):
    def test_it_prints_how_to_reach_it_and_runs_the_demo(self):
        out = self.up().stdout
        self.assertRegex(out, r"ks \S+ is ready after \d+ms")
        self.assertRegex(out, r"server +https://127\.0\.0\.1:\d+")
        self.assertIn(os.path.join(self.data, "kubeconfig"), out)
        self.assertIn(self.password(), out)
        lines = out.splitlines()
        rest = lines
        for line in ("  demo/hello #1 with name=ada debug=true kubernetesVersion=v1.18.9", "[Pipeline] { (simple)", "My name is ada.",
                     "Target Kubernetes version is v1.18.9", "Another way to use param: ada", "[Pipeline] { (debug stage)",
                     "It's joke, there're debug info here.", "Finished: SUCCESS"):
            self.assertIn(line, rest, out)
            rest = rest[rest.index(line) + 1:]
        self.assertRegex(out, r"demo/hello #1 SUCCESS in \S+")
        self.assertNotIn("\033", out)

    def test_kubectl_sees_the_demo(self):
        self.up()
        runs = json.loads(self.kubectl("get", "pipelineruns", "-n", "demo", "-o", "json").stdout)["items"]
        self.assertEqual(len(runs), 1)
        self.assertEqual(runs[0]["status"]["phase"], "Succeeded")
        pipeline = json.loads(self.kubectl("get", "pipeline", "-n", "demo", "hello", "-o", "json").stdout)
        self.assertEqual(pipeline["spec"]["pipeline"]["jenkinsfile"], read(os.path.join(SOURCE, "examples/hello/Jenkinsfile")))
        self.assertEqual(self.kubectl("auth", "can-i", "create", "pipelines").stdout.strip(), "yes")

    def test_secrets_are_for_their_owner_alone(self):
        self.up("--no-demo")
        for name in ("kubeconfig", "admin-password", "identity.json", "pki/server.key", "pki/ca.key"):
            mode = stat.S_IMODE(os.stat(os.path.join(self.data, name)).st_mode)
            self.assertEqual(mode, 0o600, name)
        identity = read(os.path.join(self.data, "identity.json"))
        self.assertNotIn(self.password(), identity)
        self.assertNotIn(self.token(), identity)
        self.assertNotIn(self.password(), self.log())
        self.assertNotIn(self.token(), self.log())

    def test_json_for_machines(self):
        told = json.loads(self.up("-o", "json").stdout)
        self.assertEqual(told["url"], self.url())
        self.assertEqual(told["pid"], self.pid())
        self.assertEqual(told["dataDir"], self.data)

    def test_no_demo_makes_none(self):
        out = self.up("--no-demo").stdout
        self.assertNotIn("demo/hello #1", out)
        self.assertEqual(json.loads(self.kubectl("get", "devopsprojects", "-o", "json").stdout)["items"], [])


class Access(ProcessTest):
    def setUp(self):
        super().setUp()
        self.up("--no-demo")

    def test_nobody_gets_in_without_a_token(self):
        for auth in (None, "Bearer wrong", "Bearer ", "Basic !!!", self.basic("admin", "wrong"), self.basic("root", self.password()), "Digest x"):
            for path in ("/api/v1/namespaces", "/metrics", "/job/demo/api/json", "/nothing", "/healthzz"):
                status, headers, text = self.request("GET", path, auth=auth)
                self.assertEqual(status, 401, (auth, path))
                self.assertIn("Bearer", headers.get_all("WWW-Authenticate")[0])
                answer = json.loads(text)
                self.assertEqual((answer["kind"], answer["reason"], answer["code"]), ("Status", "Unauthorized", 401))
            if auth and auth.startswith("Basic"):
                time.sleep(0.1)

    def test_health_and_version_are_open(self):
        for path in ("/healthz", "/readyz", "/livez", "/readyz/ping", "/version"):
            self.assertEqual(self.request("GET", path, auth=None)[0], 200, path)

    def test_token_and_password_get_in(self):
        for auth in ("token", self.basic("admin", self.password())):
            self.assertEqual(self.request("GET", "/api/v1/namespaces", auth=auth)[0], 200)
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        status, _, text = self.request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review)
        self.assertEqual(status, 201, text)
        self.assertEqual(json.loads(text)["status"]["userInfo"]["username"], "admin")

    def test_guessing_passwords_is_slowed_down_but_does_not_shut_the_owner_out(self):
        statuses = [self.request("GET", "/api", auth=self.basic("admin", f"guess{i}"))[0] for i in range(25)]
        self.assertEqual(statuses[0], 401)
        self.assertIn(429, statuses)
        self.assertEqual(self.request("GET", "/api", auth=self.basic("admin", self.password()))[0], 200)
        self.assertEqual(self.request("GET", "/api")[0], 200)

    def test_metrics(self):
        status, _, text = self.request("GET", "/metrics")
        self.assertEqual(status, 200)
        self.assertIn("ks_store_objects", text)


class SecondStart(ProcessTest):
    def test_everything_is_still_there(self):
        self.up()
        token, password = self.token(), self.password()
        self.kubectl("create", "configmap", "mine", "--from-literal=a=b")
        before = json.loads(self.kubectl("get", "pipelineruns", "-A", "-o", "json").stdout)["items"]
        self.down()
        self.assertFalse(os.path.exists(os.path.join(self.data, "ks.pid")))
        begun = time.monotonic()
        out = self.up().stdout
        self.assertLess(time.monotonic() - begun, 1.0 if not os.environ.get("CI") else 5.0)
        self.assertNotIn("Finished:", out)
        self.assertIn("demo/hello  #1 SUCCESS", out)
        self.assertEqual((self.token(), self.password()), (token, password))
        after = json.loads(self.kubectl("get", "pipelineruns", "-A", "-o", "json").stdout)["items"]
        self.assertEqual([run["metadata"]["uid"] for run in after], [run["metadata"]["uid"] for run in before])
        self.assertEqual(self.kubectl("get", "configmap", "mine", "-o", "jsonpath={.data.a}").stdout, "b")
        self.assertIn("Finished: SUCCESS", self.ks("pipeline", "logs", "demo/hello").stdout)

    def test_after_kill_9(self):
        self.up("--no-demo")
        self.kubectl("create", "configmap", "mine")
        self.kill()
        self.assertEqual(self.ks("down", "--data-dir", self.data).returncode, 1)
        self.up("--no-demo")
        self.assertEqual(self.kubectl("get", "configmap", "mine").returncode, 0)

    def test_removed_secrets_are_made_anew(self):
        self.up("--no-demo")
        token, password = self.token(), self.password()
        self.down()
        os.remove(os.path.join(self.data, "kubeconfig"))
        self.up("--no-demo")
        self.assertNotEqual(self.token(), token)
        self.assertEqual(self.request("GET", "/api", auth="Bearer " + token)[0], 401)
        self.assertEqual(self.request("GET", "/api", auth=self.basic("admin", password))[0], 200)
        self.down()
        os.remove(os.path.join(self.data, "identity.json"))
        self.up("--no-demo")
        self.assertNotEqual(self.password(), password)
        self.assertEqual(self.request("GET", "/api", auth=self.basic("admin", self.password()))[0], 200)

    def test_a_certificate_that_expires_soon_is_renewed(self):
        self.up("--no-demo")
        self.down()
        pki = os.path.join(self.data, "pki")
        subprocess.run("openssl req -new -key server.key -subj /CN=ks -out r.csr && printf 'subjectAltName=IP:127.0.0.1' > san && "
                       "openssl x509 -req -in r.csr -CA ca.crt -CAkey ca.key -set_serial 7 -days 10 -extfile san -out server.crt",
                       shell=True, check=True, cwd=pki, capture_output=True)
        ca = read(os.path.join(pki, "ca.crt"))
        self.up("--no-demo")
        lasts = subprocess.run(["openssl", "x509", "-in", "server.crt", "-noout", "-checkend", str(300 * 86400)], cwd=pki, capture_output=True)
        self.assertEqual(lasts.returncode, 0)
        self.assertEqual(read(os.path.join(pki, "ca.crt")), ca)
        self.assertEqual(self.request("GET", "/api")[0], 200)

    def test_a_command_that_runs_meanwhile_is_not_started_again(self):
        self.up("--no-demo")
        mark = os.path.join(self.dir, "mark")
        file = self.write("Jenkinsfile", f"node {{ sh 'echo begun >> {mark}; while [ ! -e {mark}.go ]; do sleep 0.05; done; echo last words' }}\n")
        self.assertEqual(self.ks("pipeline", "create", "p/long", "-f", file).returncode, 0)
        self.assertEqual(self.ks("pipeline", "run", "p/long", "--no-follow").returncode, 0)
        self.until(lambda: os.path.exists(mark))
        self.down()
        self.up("--no-demo")
        open(mark + ".go", "w").close()
        done = self.ks("pipeline", "logs", "-f", "p/long")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(read(mark), "begun\n")
        self.assertEqual(done.stdout.splitlines().count("last words"), 1, done.stdout)
        self.assertIn("Finished: SUCCESS", done.stdout)


class Foreground(ProcessTest):
    def test_ctrl_c_stops_it(self):
        self.dirs.add(self.data)
        process = subprocess.Popen([KS, "up", "--data-dir", self.data, "--bind", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, env=environment(HOME=self.dir))
        for line in process.stdout:
            if "Ctrl-C" in line:
                break
        self.assertEqual(self.request("GET", "/readyz", auth=None)[0], 200)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 0, err)
        self.assertIn("stopping", out)
        self.assertEqual(err, "")
        self.assertFalse(os.path.exists(os.path.join(self.data, "ks.pid")))

    def test_a_watch_ends_in_good_order(self):
        self.up("--no-demo")
        watch = subprocess.Popen(["kubectl", "--kubeconfig", os.path.join(self.data, "kubeconfig"), "get", "configmaps", "-w", "-o", "name",
                                  "--field-selector=metadata.name!=kube-root-ca.crt"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(HOME=self.dir))
        self.kubectl("create", "configmap", "one")
        self.assertIn("configmap/one", watch.stdout.readline())
        begun = time.monotonic()
        self.down()
        self.assertLess(time.monotonic() - begun, 5)
        watch.communicate(timeout=20)


class Refusals(ProcessTest):
    def test_a_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            done = self.up("--bind", f"127.0.0.1:{port}", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"the port {port} of 127.0.0.1 is in use", done.stderr)
        self.assertIn("--bind", done.stderr)
        self.up("--no-demo")

    def test_two_servers_on_one_folder(self):
        self.up("--no-demo")
        done = self.up(check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"process {self.pid()}", done.stderr)
        self.assertIn("--data-dir", done.stderr)
        self.assertEqual(self.request("GET", "/readyz", auth=None)[0], 200)

    def test_a_read_only_folder(self):
        home = os.path.join(self.dir, "home")
        os.mkdir(home)
        os.chmod(self.dir, 0o755)
        os.chmod(home, 0o555)
        # Permissions do not bind root.
        who = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        program = KS
        if who:
            program = os.path.join(self.dir, "ks")
            shutil.copy(KS, program)
        for data in (home, os.path.join(home, "data")):
            for flags in ([], ["--detach"]):
                done = subprocess.run([program, "up", "--data-dir", data, "--bind", "127.0.0.1:0", *flags], capture_output=True, text=True,
                                      timeout=30, env=environment(HOME=self.dir), cwd="/", **who)
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertRegex(done.stderr, "ks: cannot .*" + re.escape(home))
                self.assertRegex(done.stderr, "(?i)permission denied|read-only")

    def test_usage(self):
        for flags, message in ((["--bind", "here"], "--bind 'here'"), (["--max-body", "lots"], "--max-body"), (["--nothing"], "nothing"),
                               (["--log-level", "loud"], "--log-level 'loud'"), (["--executors", "0"], "--executors")):
            done = self.ks("up", "--data-dir", self.data, *flags)
            self.assertEqual(done.returncode, 64, flags)
            self.assertIn(message, done.stderr)
            self.assertFalse(os.path.exists(self.data))

    def test_down_without_a_server(self):
        done = self.ks("down", "--data-dir", self.data)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no server runs on " + self.data, done.stderr)


class Settings(ProcessTest):
    def test_a_file_sets_what_flags_do_not(self):
        file = self.write("ks.yaml", "server:\n  demo: false\n  bind: 127.0.0.1:0\nlimits:\n  body: 2Ki\n  object: 1Ki\n")
        self.dirs.add(self.data)
        done = self.ks("up", "--detach", "--data-dir", self.data, "--config", file, "--max-object", "1Mi")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("demo/hello #1", done.stdout)

        def create(size):
            return self.request("POST", "/api/v1/namespaces/default/configmaps",
                                {"metadata": {"generateName": "x"}, "data": {"a": "x" * size}})[0]
        self.assertEqual(create(1500), 201)
        self.assertEqual(create(3000), 413)

    def test_an_unknown_key_is_named(self):
        done = self.ks("up", "--data-dir", self.data, "--config", self.write("ks.yaml", "server:\n  bnd: 127.0.0.1:0\n"))
        self.assertEqual(done.returncode, 64)
        self.assertIn("'server.bnd', did you mean 'server.bind'?", done.stderr)

    def test_limits_are_errors_that_name_them(self):
        self.up("--no-demo", "--max-operations", "10000", "--max-call-depth", "50", "--max-object", "64Ki", "--max-json-depth", "40", "--max-watchers", "100")
        file = self.write("Jenkinsfile", "def f(n) { f(n + 1) }\nf(0)\n")
        self.ks("pipeline", "create", "p/deep", "-f", file)
        done = self.ks("pipeline", "run", "p/deep")
        self.assertEqual(done.returncode, 1)
        self.assertIn("50", done.stdout)
        file = self.write("Jenkinsfile", "while (true) { }\n")
        self.ks("pipeline", "create", "p/endless", "-f", file)
        self.assertEqual(self.ks("pipeline", "run", "p/endless").returncode, 1)
        status, _, text = self.request("POST", "/api/v1/namespaces/default/configmaps", {"metadata": {"name": "x"}, "data": {"a": "x" * 70000}})
        self.assertEqual(status, 413, text)
        self.assertEqual(self.request("GET", "/readyz", auth=None)[0], 200)

    def test_help_names_every_limit_with_its_default(self):
        text = self.ks("up", "--help").stdout
        flat = " ".join(text.split())
        for flag, default in (("--max-operations", "1e9"), ("--max-heap", "256Mi"), ("--max-call-depth", "1000"), ("--max-branches", "10000"),
                              ("--max-string", "64Mi"), ("--max-log-line", "1Mi"), ("--max-log", "10Gi"), ("--max-body", "8Mi"),
                              ("--max-object", "1536Ki"), ("--max-json-depth", "512"), ("--max-watchers", "10000"), ("--max-waiting-runs", "100000")):
            self.assertRegex(flat, re.escape(flag) + r" [A-Z]+ [^\[]*\[" + re.escape(default) + r"\]")

    def test_another_address_stays_tls_and_says_so(self):
        out = self.up("--no-demo", "--bind", "0.0.0.0:0").stdout
        self.assertIn("always with TLS", out)
        self.assertTrue(self.url().startswith("https://127.0.0.1:"))
        self.assertEqual(self.request("GET", "/api", auth=None)[0], 401)


if __name__ == "__main__":
    unittest.main()
