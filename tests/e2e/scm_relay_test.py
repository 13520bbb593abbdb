"""SCM providers as Blue Ocean has them, for an engine without it: tokens, servers, organizations and repositories. The provider is
a fake that answers in the shape of GitHub's API (written by us)."""

import unittest

import ks_server
import scm_server

SCMS = "/kapis/devops.kubesphere.io/v1alpha2/scms"


class ScmRelayTest(ks_server.Case):
    flags = ("--allow-private-addresses",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        provider = scm_server.ScmServer()
        cls.addClassCleanup(provider.close)
        cls.api = provider.api

    def ask(self, method, path, body=None):
        return self.server.request(method, f"{SCMS}/{path}", body)

    def test_a_server_is_added_verified_and_listed(self):
        self.assertEqual(self.ask("GET", "github-enterprise/servers").json(), [])
        made = self.ask("POST", "github-enterprise/servers", {"name": "ghe", "apiUrl": self.api + "/"})
        self.assertEqual((made.status, made.json()["name"], made.json()["apiUrl"]), (200, "ghe", self.api), made)
        again = self.ask("POST", "github-enterprise/servers", {"name": "other", "apiUrl": self.api})
        self.assertEqual(again.json()["name"], "ghe", "one address, one server")
        self.ask("POST", "github-enterprise/servers", {"name": "two", "apiUrl": "https://two.example.org/api/v3"})
        self.assertEqual(sorted(s["name"] for s in self.ask("GET", "github-enterprise/servers").json()), ["ghe", "two"])
        self.assertEqual(self.ask("POST", "github-enterprise/servers", {"name": "x", "apiUrl": "ftp://x"}).status, 400)
        organizations = "github-enterprise/organizations?credentialId="
        self.assertEqual(self.ask("GET", organizations + "none").status, 428)
        wrong = self.ask("POST", "github-enterprise/verify", {"accessToken": "ghp_wrong", "apiUrl": self.api})
        self.assertEqual((wrong.status, wrong.json()["code"]), (428, 428), wrong)
        right = self.ask("POST", "github-enterprise/verify", {"accessToken": "ghp_right", "apiUrl": self.api})
        self.assertEqual(right.status, 200, right)
        credential = right.json()["credentialId"]
        listed = self.ask("GET", organizations + credential)
        self.assertEqual([o["name"] for o in listed.json()], ["bob", "acme"], listed)
        repositories = self.ask("GET", f"github-enterprise/organizations/acme/repositories?credentialId={credential}&pageSize=20")
        self.assertEqual([(r["name"], r["defaultBranch"], r["fullName"]) for r in repositories.json()["repositories"]["items"]],
                         [("web", "trunk", "acme/web")])
        for reply in (right, listed, repositories, wrong):
            self.assertNotIn(b"ghp_", reply.body)
        self.assertEqual(self.ask("POST", "git/verify", {"accessToken": "x"}).status, 400)


if __name__ == "__main__":
    unittest.main()
