"""@kubernetes/client-node against the server: what consoles are built on."""

import os
import subprocess
import unittest

import ks_server
from ks_server import Background, config_map
from node_packages import install_or_skip

HERE = os.path.join(ks_server.SOURCE, "tests/e2e/node")
INSTALLED = os.path.join(ks_server.SOURCE, "build/e2e/client-node")


class ClientNodeTest(ks_server.Case):
    @classmethod
    def setUpClass(cls):
        install_or_skip(HERE, INSTALLED)
        super().setUpClass()

    def arguments(self, scenario):
        return ["node", os.path.join(HERE, "client.mjs"), scenario, self.ns]

    def node_environment(self):
        return {**self.environment, "KS_NODE_MODULES": INSTALLED}

    def run_scenario(self, name):
        done = subprocess.run(self.arguments(name), capture_output=True, text=True, timeout=60, env=self.node_environment())
        self.assertEqual((done.returncode, done.stdout), (0, "done\n"), done.stderr)

    def test_objects(self):
        self.run_scenario("crud")

    def test_patch(self):
        self.run_scenario("patch")

    def test_watch(self):
        self.run_scenario("watch")

    def test_logs(self):
        self.run_scenario("log")

    def test_informer_over_a_restart(self):
        def watched(name, k):
            return config_map(name, {"k": k}, labels={"watched": "yes"})
        self.create("configmaps", watched("first", "1"))
        self.create("configmaps", config_map("unwatched"))
        informer = Background(self.arguments("informer"), self.node_environment(), self.home, stdin=subprocess.PIPE)
        self.addCleanup(informer.end)
        informer.wait_line("^started")
        informer.wait_line("^add first 1")
        self.create("configmaps", watched("second", "2"))
        informer.wait_line("^add second 2")
        self.server.request("PATCH", self.path("configmaps/second"), {"data": {"k": "3"}}, content_type="application/merge-patch+json")
        informer.wait_line("^update second 3")
        self.server.request("DELETE", self.path("configmaps/second"))
        informer.wait_line("^delete second")
        port = self.server.port
        self.server.kill()
        self.server.start(*self.flags, bind=f"127.0.0.1:{port}")
        self.create("configmaps", watched("third", "4"))
        informer.wait_line("^add third 4")
        self.server.request("DELETE", self.path("configmaps/first"))
        informer.wait_line("^delete first")
        informer.process.stdin.write("end\n")
        informer.process.stdin.flush()
        code, lines, errors = informer.finish()
        self.assertEqual(code, 0, errors)
        self.assertIn("has third", lines)
        self.assertFalse([line for line in lines if "unwatched" in line])


if __name__ == "__main__":
    unittest.main()
