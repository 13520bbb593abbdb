"""ks project, ks credential, ks template and ks webhook against a server."""

import json
import os
import subprocess
import unittest

import ks_server


class ResourcesTest(ks_server.Case):
    def ks(self, *arguments, stdin=None):
        return subprocess.run([ks_server.KS, *arguments], input=stdin or "", capture_output=True, text=True, timeout=60,
                              env={**self.environment, "NO_COLOR": "1"})

    def said(self, *arguments, stdin=None):
        done = self.ks(*arguments, stdin=stdin)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def refused(self, *arguments, code=1, stdin=None):
        done = self.ks(*arguments, stdin=stdin)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stderr

    def test_all(self):
        self.assertIn("created the project shop", self.said("project", "create", "shop", "--description", "a shop"))
        self.assertIn("exists already", self.refused("project", "create", "shop"))
        self.eventually(lambda: self.server.request("GET", "/api/v1/namespaces/shop").status == 200, "the project's namespace")
        table = self.said("project", "list").splitlines()
        self.assertRegex(table[0], r"^NAME +NAMESPACE +DESCRIPTION +AGE$")
        self.assertTrue(any(line.startswith("shop ") and "a shop" in line for line in table), table)

        self.said("credential", "create", "shop/git", "--type", "basic-auth", "--username", "ada", "--secret-file", "-", stdin="s3cr3t\n")
        stored = self.server.get("/api/v1/namespaces/shop/secrets/git")
        self.assertEqual(stored["type"], "credential.devops.kubesphere.io/basic-auth")
        self.assertEqual(stored["data"]["password"], "czNjcjN0")
        for shown in (self.said("credential", "list", "shop"), self.said("credential", "get", "shop/git"),
                      self.said("credential", "get", "shop/git", "-o", "json"), self.said("credential", "list", "-o", "json")):
            self.assertIn("git", shown)
            self.assertNotIn("s3cr3t", shown)
            self.assertNotIn("czNjcjN0", shown)
        self.assertIn("needs --username", self.refused("credential", "create", "shop/x", "--type", "ssh-auth", "--secret-file", "-", stdin="k"))
        self.assertIn("--type", self.refused("credential", "create", "shop/x", "--secret-file", "-", code=64))
        self.assertIn("there is no project none", self.refused("credential", "create", "none/x", "--type", "secret-text",
                                                               "--secret-file", "-", stdin="k"))
        # A Secret of another type is no credential.
        self.server.create("/api/v1/namespaces/shop/secrets", {"metadata": {"name": "other"}, "stringData": {"a": "b"}})
        self.assertNotIn("other", self.said("credential", "list", "shop"))
        self.assertIn("there is no credential shop/other", self.refused("credential", "delete", "shop/other"))

        text = self.file("echo '$(.params.a)'", "template")
        self.said("template", "create", "shop/t", "-f", text)
        self.assertEqual(json.loads(self.said("template", "get", "shop/t", "-o", "json"))["spec"]["template"], "echo '$(.params.a)'")
        self.said("webhook", "create", "shop/push", "--url", "https://ks.example.org/hook", "--event", "push", "--event", "pull_request")
        self.assertIn("push,pull_request", self.said("webhook", "list", "shop"))
        for kind, name in (("credential", "shop/git"), ("template", "shop/t"), ("webhook", "shop/push")):
            self.assertIn(f"deleted the {kind} {name}", self.said(kind, "delete", name))
            # Controllers take their part of it away first.
            self.eventually(lambda: self.ks(kind, "get", name).returncode == 1, f"the end of {kind} {name}", 60)
            self.assertIn(f"there is no {kind} {name}", self.refused(kind, "get", name))
        self.assertIn("write PROJECT/NAME", self.refused("webhook", "get", "push", code=64))
        self.said("project", "delete", "shop")

    def test_completion_knows_them(self):
        script = self.said("completion", "bash")
        for word in ("'credential create')", "'project list')", "--secret-file"):
            self.assertIn(word, script)


if __name__ == "__main__":
    unittest.main()
