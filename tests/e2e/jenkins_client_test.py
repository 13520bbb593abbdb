"""The npm package `jenkins`, a client that others wrote, against the engine's REST contract."""

import os
import subprocess
import unittest
from urllib.parse import quote, urlencode

import ks_server
from node_packages import install_or_skip

HERE = os.path.join(ks_server.SOURCE, "tests/e2e/node_jenkins")
INSTALLED = os.path.join(ks_server.SOURCE, "build/e2e/jenkins")
FOLDER = "com.cloudbees.hudson.plugins.folder.Folder"


class JenkinsClientTest(ks_server.Case):
    @classmethod
    def setUpClass(cls):
        install_or_skip(HERE, INSTALLED)
        super().setUpClass()
        with open(os.path.join(cls.server.data_dir, "admin-password")) as file:
            cls.password = file.read().strip()
        cls.authority = os.path.join(cls.server.data_dir, "pki", "ca.crt")

    def scenario(self, name):
        folder = "of-" + name
        form = urlencode({"name": folder, "mode": FOLDER})
        reply = self.server.request("POST", "/createItem", form, content_type="application/x-www-form-urlencoded")
        self.assertEqual(reply.status, 302, reply)
        url = self.server.url.replace("https://", f"https://admin:{quote(self.password, safe='')}@")
        environment = {**self.environment, "KS_NODE_MODULES": INSTALLED, "KS_URL": url, "NODE_EXTRA_CA_CERTS": self.authority}
        done = subprocess.run(["node", os.path.join(HERE, "client.js"), name, folder], capture_output=True, text=True, timeout=120,
                              env=environment)
        self.assertEqual((done.returncode, done.stdout), (0, "done\n"), done.stderr)

    def test_jobs(self):
        self.scenario("jobs")

    def test_builds(self):
        self.scenario("builds")

    def test_queue(self):
        self.scenario("queue")

    def test_credentials(self):
        self.scenario("credentials")

    def test_views(self):
        self.scenario("views")

    def test_nodes(self):
        self.scenario("nodes")


if __name__ == "__main__":
    unittest.main()
