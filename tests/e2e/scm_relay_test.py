"""SCM providers as Blue Ocean has them, for an engine without it: tokens, servers, organizations and repositories. The provider is
a fake that answers in the shape of GitHub's API (written by us)."""

import http.server
import json
import threading
import unittest

import ks_server

SCMS = "/kapis/devops.kubesphere.io/v1alpha2/scms"


class Provider(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        answers = {"/api/v3/user": {"login": "bob"}, "/api/v3/user/orgs": [{"login": "acme", "avatar_url": "https://example.org/a.png"}],
                   "/api/v3/orgs/acme/repos": [{"name": "web", "default_branch": "trunk"}]}
        path = self.path.partition("?")[0]
        right = self.headers.get("Authorization") == "Bearer ghp_right"
        body = json.dumps(answers.get(path, {}) if right else {"message": "Bad credentials"}).encode()
        self.send_response(200 if right else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class ScmRelayTest(ks_server.Case):
    flags = ("--allow-private-addresses",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
        threading.Thread(target=cls.provider.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.provider.server_close)
        cls.addClassCleanup(cls.provider.shutdown)
        cls.api = f"http://127.0.0.1:{cls.provider.server_port}/api/v3"

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
