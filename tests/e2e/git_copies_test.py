"""Working copies of GitRepositories against a real git server: reading, committing, uploads, and what hostile callers try."""

import base64
import io
import json
import os
import subprocess
import tarfile
import tempfile
import threading
import unittest
import urllib.parse

import git_server
import ks_server

API = "/kapis/devops.kubesphere.io/v1alpha3/namespaces/default/gitrepositories"
OBJECTS = "/apis/devops.kubesphere.io/v1alpha3/namespaces/default/gitrepositories"


def b64(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


class GitCopiesTest(ks_server.Case):
    flags = ("--no-demo", "--allow-private-addresses")

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        name = self._testMethodName.removeprefix("test_").replace("_", "-")[:40].strip("-")
        self.repo = git_server.Repository(self.folder.name, name)
        git_server.git(self.repo.bare, "config", "http.receivepack", "true")
        self.remote = git_server.HttpServer(self.folder.name, "bob", "s3cr3t-of-bob")
        self.addCleanup(self.remote.close)
        self.name = name
        self.head = self.repo.commit("first", {"a.txt": "one\n", "dir/b.txt": "two\n", "dir/sub/c.bin": "x\0y"})
        self.made("/api/v1/namespaces/default/secrets", {
            "metadata": {"name": name, "annotations": {"devops.kubesphere.io/git-author-email": "bob@example.org"}},
            "type": "credential.devops.kubesphere.io/basic-auth", "stringData": {"username": "bob", "password": "s3cr3t-of-bob"}})
        self.made(OBJECTS, self.repository(name, f"{self.remote.url}/{name}.git", name))

    def repository(self, name, url, secret=None, **metadata):
        return {"apiVersion": "devops.kubesphere.io/v1alpha3", "kind": "GitRepository", "metadata": {"name": name, **metadata},
                "spec": {"provider": "git", "url": url, **({"secret": {"name": secret}} if secret else {})}}

    def made(self, path, thing):
        reply = self.server.request("POST", path, json.dumps(thing))
        self.assertEqual(reply.status, 201, reply)

    def ask(self, method, below, body=None, name=None, **more):
        return self.server.request(method, f"{API}/{name or self.name}{below}", None if body is None else json.dumps(body), **more)

    def ok(self, method, below, body=None, **more):
        reply = self.ask(method, below, body, **more)
        self.assertEqual(reply.status, 200, f"{method} {below}: {reply}")
        return reply.json()

    def shown(self, path, ref="main"):
        return subprocess.run(["git", "-C", self.repo.bare, "show", f"{ref}:{path}"], capture_output=True, check=True).stdout

    def write(self, files, status=200, **more):
        reply = self.ask("POST", "/branches/main/files", {"files": files, "message": "by api", **more})
        self.assertEqual(reply.status, status, reply)
        return reply.json() if status == 200 else reply.body.decode()

    # ----- reading -----

    def test_branches_commits_and_files(self):
        git_server.git(self.repo.work, "tag", "-am", "release", "v1")
        git_server.git(self.repo.work, "push", "-q", "origin", "v1")
        branches = self.ok("GET", "/branches")
        self.assertEqual([(b["ref"], b["name"]) for b in branches["items"]], [("refs/heads/main", "main"), ("refs/tags/v1", "v1")])
        self.assertEqual((branches["totalItems"], branches["options"]), (2, {"page": 1, "limit": 10}))
        self.assertIsNone(branches["items"][0]["commit"], "it was not fetched yet")
        branch = self.ok("GET", "/branches/main")
        self.assertEqual((branch["ref"], branch["commit"]["Hash"]), ("refs/heads/main", self.head))
        # An annotated tag names its commit, which is here by now.
        self.assertEqual(self.ok("GET", "/branches?withHead=true&page=2&limit=2")["items"][0]["commit"]["Hash"], self.head)
        commit = self.ok("GET", f"/commits/{self.head}")
        self.assertEqual((commit["Author"]["Name"], commit["Author"]["Email"], commit["Message"], commit["ParentHashes"]),
                         ("Ada", "ada@example.org", "first\n", None))
        second = self.repo.commit("second", {"a.txt": "changed\n"})
        self.assertEqual(self.ok("GET", "/branches/main/commits")["totalItems"], 1, "reads show what was fetched")
        self.assertEqual(self.ok("POST", "/branches/main/pulls", {}), {})
        self.assertEqual(self.ok("POST", "/branches/main/checkouts", {}), {})
        commits = self.ok("GET", "/branches/main/commits")
        self.assertEqual([c["commit"]["Hash"] for c in commits["items"]], [second, self.head])
        self.assertEqual(self.ok("GET", "/branches/main/commits?file=dir/b.txt")["totalItems"], 1)
        self.assertEqual(self.ok("GET", "/branches/main/commits?page=2&limit=1")["items"][0]["commit"]["Hash"], self.head)
        listed = self.ok("GET", "/branches/main/files?file=dir/&withContent=true&withLastCommit=true")
        self.assertEqual([(f["name"], f["isDir"]) for f in listed["items"]], [("dir", True), ("b.txt", False), ("sub", True)])
        self.assertEqual(listed["items"][1]["data"], b64("two\n"))
        self.assertEqual(listed["items"][1]["commit"]["Hash"], self.head)
        self.assertEqual(listed["options"], {"page": 1, "limit": 10000})
        one = self.ok("GET", f"/branches/main/files/{b64('dir/sub/c.bin')}?withContent=true")
        self.assertEqual((one["name"], one["size"], one["isBinary"], one["data"]), ("c.bin", 3, True, b64("x\0y")))
        old = self.ok("GET", f"/commits/{self.head}/files/{b64('a.txt')}?withContent=true")
        self.assertEqual(old["data"], b64("one\n"))
        raw = self.ask("GET", f"/branches/main/rawfiles/{b64('a.txt')}")
        self.assertEqual((raw.status, raw.body, raw.headers["Content-Type"]), (200, b"changed\n", "text/plain; charset=utf-8"))
        self.assertIn('attachment; filename="a.txt"', raw.headers["Content-Disposition"])
        self.assertEqual(self.ask("GET", f"/commits/{self.head}/rawfiles/{b64('a.txt')}").body, b"one\n")

    def test_what_is_not_there_or_wrong(self):
        for below, status in (("/branches/none", 404), ("/branches/none/commits", 404), ("/branches/-x/files", 400),
                              ("/branches/a..b", 400), ("/commits/" + "0" * 40, 404), ("/commits/--all", 404),
                              ("/branches/main/files?file=dir", 400), ("/branches/main/files?file=none/", 404),
                              ("/branches/main/files/***", 400), (f"/branches/main/files/{b64('../x')}", 400),
                              (f"/branches/main/rawfiles/{b64('none')}", 404), (f"/branches/main/rawfiles/{b64('dir')}", 400)):
            reply = self.ask("GET", below)
            self.assertEqual((reply.status, reply.body[:1] != b"{"), (status, True), f"{below}: {reply}")
        missing = self.ask("GET", "/branches", name="none-such")
        self.assertEqual((missing.status, missing.body.decode()),
                         (404, 'GitRepository.devops.kubesphere.io "none-such" not found\n'))

    # ----- writing -----

    def test_files_are_written_renamed_and_deleted(self):
        done = self.write([{"name": "new/deep/x.txt", "data": b64("hello")}])
        self.assertEqual(done["commit"]["Author"], done["commit"]["Committer"])
        self.assertEqual((done["commit"]["Author"]["Name"], done["commit"]["Author"]["Email"]), ("bob", "bob@example.org"))
        self.assertIn("Signed-off-by: bob <bob@example.org>", done["commit"]["Message"])
        self.assertEqual(done["commit"]["ParentHashes"], [self.head])
        self.assertEqual(self.shown("new/deep/x.txt"), b"hello")
        self.assertIn("nothing to commit, working tree clean", self.write([{"name": "a.txt", "data": b64("2")}], 400))
        self.write([{"name": "a.txt", "data": b64("2")}], overwrite=True)
        self.assertEqual(self.shown("a.txt"), b"2")
        self.write([{"name": "dir/renamed.txt", "oldName": "a.txt"}])
        self.assertEqual(self.shown("dir/renamed.txt"), b"2")
        gone = self.ask("DELETE", "/branches/main/files?file=dir/renamed.txt&file=new&message=away")
        self.assertEqual(gone.status, 200, gone)
        names = git_server.git(self.repo.bare, "ls-tree", "-r", "--name-only", "main").split()
        self.assertEqual(names, ["dir/b.txt", "dir/sub/c.bin"])
        self.assertEqual(self.ask("DELETE", "/branches/main/files?file=none&message=m").status, 404)
        self.assertEqual(self.ask("DELETE", "/branches/main/files?file=dir/b.txt").status, 400, "no message")

    def test_uploads_and_archives(self):
        boundary = "xXx"
        form = "".join(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n{value}\r\n'
                       for name, extra, value in (("file0", '; filename="q.txt"', "uploaded"), ("file0_name", "", "up/q.txt")))
        reply = self.server.request("POST", f"{API}/{self.name}/uploads", form + f"--{boundary}--\r\n",
                                    content_type=f"multipart/form-data; boundary={boundary}")
        self.assertEqual((reply.status, reply.json()), (200, {}), reply)
        self.write([{"name": "up/q.txt"}], uploaded=True)
        self.assertEqual(self.shown("up/q.txt"), b"uploaded")
        self.assertIn("was not uploaded", self.write([{"name": "up/q.txt"}], 404, uploaded=True))
        nothing = self.server.request("POST", f"{API}/{self.name}/uploads", f"--{boundary}--\r\n",
                                      content_type=f"multipart/form-data; boundary={boundary}")
        self.assertEqual(nothing.status, 400)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            info = tarfile.TarInfo("./t/y.txt")
            info.size = 3
            tar.addfile(info, io.BytesIO(b"tar"))
        self.write([{"name": "lib", "data": b64(packed.getvalue())}], unpack=True)
        self.assertEqual(self.shown("lib/t/y.txt"), b"tar")
        for hostile in ("../../etc/x", ".git/config"):
            packed = io.BytesIO()
            with tarfile.open(fileobj=packed, mode="w:gz") as tar:
                tar.addfile(tarfile.TarInfo(hostile), io.BytesIO(b""))
            self.write([{"name": "lib", "data": b64(packed.getvalue())}], 400, unpack=True)

    def test_paths_that_lead_out_are_refused(self):
        os.symlink("/etc", os.path.join(self.repo.work, "link"))
        self.repo.commit("a link", {})
        for path in ("../x", "a/../../x", ".git/hooks/post-checkout", "A/.GIT/x", "", "a\nb", "a//b"):
            self.write([{"name": path, "data": b64("x")}], 400, overwrite=True)
        for path in ("link/passwd", "a.txt/x", "dir", "link"):
            self.write([{"name": path, "data": b64("x")}], 409, overwrite=True)
        shown = self.ok("GET", f"/branches/main/files/{b64('link')}?withContent=true")
        self.assertEqual((shown["isSymlink"], shown["data"]), (True, b64("/etc")), "the link itself, not what it leads to")
        self.assertEqual(self.ask("GET", f"/branches/main/rawfiles/{b64('link/passwd')}").status, 404)

    def test_a_push_that_comes_too_late_is_a_conflict(self):
        # Somebody else is faster: the branch moves between our fetch and our push, before or after we asked where it is.
        for when in ("GET", "POST"):
            other = git_server.git(self.repo.bare, "-c", "user.name=x", "-c", "user.email=x@y", "commit-tree", "main^{tree}",
                                   "-p", "main", "-m", when)

            def move(method, path, other=other, when=when):
                if method == when and "git-receive-pack" in path:
                    git_server.git(self.repo.bare, "update-ref", "refs/heads/main", other)
            self.remote.before = move
            self.assertIn("pull and try again", self.write([{"name": f"{when}.txt", "data": b64("x")}], 409))
            self.remote.before = None
            self.write([{"name": f"{when}.txt", "data": b64("x")}])
            self.assertEqual(git_server.git(self.repo.bare, "rev-parse", "main^"), other, "nothing of others was lost")

    def test_writers_at_once_lose_nothing(self):
        replies = []

        def one(number):
            replies.append(self.ask("POST", "/branches/main/files", {
                "files": [{"name": f"w{number}.txt", "data": b64(str(number))}], "message": f"w{number}"}).status)
        threads = [threading.Thread(target=one, args=(n,)) for n in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(replies, [200] * 5)
        names = git_server.git(self.repo.bare, "ls-tree", "--name-only", "main").split()
        self.assertEqual([n for n in names if n.startswith("w")], [f"w{n}.txt" for n in range(5)])

    # ----- configuration -----

    def test_configuration(self):
        config = self.ok("GET", "/configs/default")["config"]
        self.assertEqual(config["Remotes"]["origin"]["URLs"], [f"{self.remote.url}/{self.name}.git"])
        config["User"] = {"Name": "Eve", "Email": "eve@example.org"}
        config["Core"]["sshCommand"] = "touch /tmp/owned"
        changed = self.ok("PUT", "/configs/default", {"config": config})
        self.assertEqual(changed["config"]["User"], {"Name": "Eve", "Email": "eve@example.org"})
        self.assertNotIn("sshCommand", json.dumps(changed))
        config["User"]["Name"] = "a\n[core]\nsshCommand=x"
        self.assertEqual(self.ask("PUT", "/configs/default", {"config": config}).status, 400)

    # ----- access -----

    def test_secrets_stay_where_they_belong(self):
        self.made("/api/v1/namespaces/default/secrets", {
            "metadata": {"name": self.name + "-bad"}, "type": "credential.devops.kubesphere.io/basic-auth",
            "stringData": {"username": "bob", "password": "wr0ng-one"}})
        bad = self.name + "-bad"
        self.made(OBJECTS, self.repository(bad, f"{self.remote.url}/{self.name}.git", bad))
        reply = self.ask("GET", "/branches", name=bad)
        self.assertEqual(reply.status, 403, reply)
        self.assertNotIn(b"wr0ng-one", reply.body)
        elsewhere = self.name + "-other"
        thing = self.repository(elsewhere, f"{self.remote.url}/{self.name}.git", self.name)
        thing["spec"]["secret"]["namespace"] = "kube-system"
        self.made(OBJECTS, thing)
        self.assertEqual(self.ask("GET", "/branches", name=elsewhere).status, 403)
        self.ok("GET", "/branches/main")
        kept = subprocess.run(["grep", "-rl", "s3cr3t-of-bob", os.path.join(self.server.data_dir, "gitops")],
                              capture_output=True, text=True)
        self.assertEqual(kept.stdout, "", "the password is in no file of the copies")

    def test_addresses_that_git_must_not_follow(self):
        for number, url in enumerate(("ext::sh -c id", "file:///etc", "/etc", "--upload-pack=id", "git://127.0.0.1/x",
                                      "https://-oProxyCommand=id/x", "ftp://127.0.0.1/x", "https://127.0.0.1")):
            name = f"{self.name}-{number}"[-60:].strip("-")
            self.made(OBJECTS, self.repository(name, url))
            reply = self.ask("GET", "/branches", name=name)
            self.assertEqual(reply.status, 400, f"{url}: {reply}")


class PrivateAddressesTest(ks_server.Case):
    flags = ("--no-demo",)

    def test_hosts_of_this_network_are_refused(self):
        for number, url in enumerate(("http://127.0.0.1:1/x.git", "http://localhost/x.git", "http://169.254.169.254/latest",
                                      "http://[::1]/x.git", "ssh://git@10.0.0.1/x.git", "git@192.168.1.1:x.git")):
            self.server.request("POST", OBJECTS, json.dumps({
                "apiVersion": "devops.kubesphere.io/v1alpha3", "kind": "GitRepository", "metadata": {"name": f"private-{number}"},
                "spec": {"provider": "git", "url": url}}))
            reply = self.server.request("GET", f"{API}/private-{number}/branches")
            self.assertEqual(reply.status, 403, f"{url}: {reply}")
            self.assertIn(b"--allow-private-addresses", reply.body)


if __name__ == "__main__":
    unittest.main()
