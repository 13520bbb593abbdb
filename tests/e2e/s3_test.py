"""S2iBinaries in a real S3-compatible server that checks signatures (Swift), directly and through a door that fails."""

import glob
import hashlib
import json
import os
import re
import shutil
import tempfile
import unittest
import urllib.error
import urllib.request

import ks_server
import s3_server

BINARIES = "/apis/devops.kubesphere.io/v1alpha1/namespaces/default/s2ibinaries"
API = "/kapis/devops.kubesphere.io/v1alpha2/namespaces/default/s2ibinaries"


@unittest.skipUnless(s3_server.installed(), "no Swift on this machine")
class S3Test(ks_server.Case):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="ks-e2e-s3-")
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.swift = s3_server.Swift(tempfile.mkdtemp(prefix="ks-e2e-swift-"))
        cls.addClassCleanup(cls.swift.close)
        cls.door = s3_server.Door(cls.swift.port)
        cls.addClassCleanup(cls.door.close)
        config = os.path.join(folder, "ks.yaml")
        with open(config, "w") as file:
            json.dump({"s3": {"endpoint": cls.door.url, "bucket": "s2i-binaries", "accessKeyID": cls.swift.access,
                              "secretAccessKey": cls.swift.secret, "archiveRuns": True}, "limits": {"body": "64Mi"}}, file)
        cls.flags = ("--config", config)
        super().setUpClass()

    def setUp(self):
        super().setUp()
        if not self._testMethodName.startswith("test_1"):
            self.swift.make_bucket("s2i-binaries")
        self.door.trouble, self.door.asked, self.door.spared = [], [], None
        self.name = self.ns
        made = self.server.request("POST", BINARIES, {"apiVersion": "devops.kubesphere.io/v1alpha1", "kind": "S2iBinary",
                                                      "metadata": {"name": self.name}})
        self.assertEqual(made.status, 201, made)

    def upload(self, content, name="app.jar", md5=None, files=1):
        boundary = b"b0undary"
        parts = [b'Content-Disposition: form-data; name="s2ibinary"; filename="%s"\r\nContent-Type: application/x\r\n\r\n%s'
                 % (name.encode(), content)] * files
        if md5:
            parts.append(b'Content-Disposition: form-data; name="md5"\r\n\r\n' + md5.encode())
        body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"
        return self.server.request("PUT", f"{API}/{self.name}/file", body, content_type="multipart/form-data; boundary=b0undary",
                                   timeout=120)

    def phase(self):
        return self.server.get(f"{BINARIES}/{self.name}").get("status", {}).get("phase")

    def download(self, name="app.jar"):
        reply = self.server.request("GET", f"{API}/{self.name}/file/{name}")
        self.assertEqual(reply.status, 302, reply)
        return urllib.request.urlopen(reply.headers["Location"], timeout=60)

    def test_1_without_the_bucket_nothing_happened(self):
        reply = self.upload(b"x")
        self.assertEqual((reply.status, b"NoSuchBucket" in reply.body), (404, True), reply)
        self.assertIn(self.phase(), (None, ""))
        self.swift.make_bucket("s2i-binaries")
        self.assertEqual(self.upload(b"x").status, 200)

    def test_a_binary_goes_up_and_comes_down(self):
        content = os.urandom(300_000)
        digest = hashlib.md5(content).hexdigest()
        self.assertEqual(self.upload(content, md5="0" * 32).status, 400)
        self.assertEqual(self.upload(content, files=2).status, 400)
        self.assertEqual(self.server.request("GET", f"{API}/{self.name}/file/app.jar").status, 404)
        reply = self.upload(content, md5=digest.upper())
        self.assertEqual(reply.status, 200, reply)
        thing = reply.json()
        self.assertEqual((thing["spec"]["fileName"], thing["spec"]["md5"], thing["spec"]["size"], thing["status"]["phase"]),
                         ("app.jar", digest, "293K", "Ready"))
        self.assertRegex(thing["spec"]["uploadTimeStamp"], r"^\d{4}-")
        with self.download() as answer:
            self.assertEqual((answer.read(), answer.headers["Content-Disposition"]), (content, 'attachment; filename="app.jar"'))
        # The link is signed: for another object it is worth nothing.
        link = self.server.request("GET", f"{API}/{self.name}/file/app.jar").headers["Location"]
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(re.sub(r"default-[^?]*", "default-other", link), timeout=60)
        self.assertEqual(refused.exception.code, 403)
        asked = len(self.door.asked)
        self.assertEqual(self.upload(content).json(), thing, "the same content is there already")
        self.assertEqual(len(self.door.asked), asked)
        self.assertEqual(self.server.request("GET", f"{API}/{self.name}/file/other.jar").status, 404)
        self.assertEqual(self.server.request("GET", f"{API}/none/file/app.jar").status, 404)

    def test_large_ones_go_up_in_parts(self):
        content = os.urandom(20 << 20)
        self.assertEqual(self.upload(content, name="big one.jar").status, 200)
        self.assertEqual(sum("partNumber=" in one for one in self.door.asked), 3)
        with self.download("big%20one.jar") as answer:
            self.assertEqual(hashlib.md5(answer.read()).digest(), hashlib.md5(content).digest())

    def test_runs_are_archived_and_go_with_their_object(self):
        made = self.server.request("POST", "/kapis/devops.kubesphere.io/v1alpha3/workspaces/ws/devops",
                                   {"metadata": {"generateName": "archive"}, "spec": {}})
        project = made.json()["metadata"]["name"]
        self.eventually(lambda: self.server.request("GET", f"/api/v1/namespaces/{project}").status == 200, "the namespace")
        group = "devops.kubesphere.io/v1alpha3"
        script = "node { writeFile file: 'out/a b.txt', text: 'kept'; archiveArtifacts 'out/*'; echo 'said' }"
        self.assertEqual(self.server.request("POST", f"/apis/{group}/namespaces/{project}/pipelines", {
            "apiVersion": group, "kind": "Pipeline", "metadata": {"name": "p"}, "spec": {"type": "pipeline", "pipeline": {
                "name": "p", "jenkinsfile": script}}}).status, 201)
        self.eventually(lambda: self.server.request("GET", f"/job/{project}/job/p/api/json").status == 200, "the job")
        runs = f"/apis/{group}/namespaces/{project}/pipelineruns"

        def run():
            name = self.server.request("POST", f"/kapis/{group}/namespaces/{project}/pipelines/p/pipelineruns", {}).json()["metadata"]["name"]
            self.eventually(lambda: "archive.devops.kubesphere.io/stored" in self.server.get(f"{runs}/{name}")["metadata"]["annotations"],
                            "the archive", timeout=120)
            return name
        self.door.trouble = [503, "cut"]
        first, second = run(), run()
        with open(f"{self.server.data_dir}/installation-id") as file:
            root = f"runs/{file.read()}"
        self.assertRegex(root, "^runs/[0-9a-f]{32}$")
        self.assertEqual(self.swift.names("s2i-binaries", f"{root}/{project}/"), sorted(
            f"{root}/{project}/{name}/{what}" for name in (first, second) for what in ("log", "artifacts/out/a b.txt")))
        self.assertIn(b"said", self.swift.read("s2i-binaries", f"{root}/{project}/{first}/log"))
        # The engine lost its copy: the archived one is handed out.
        build = self.server.get(f"{runs}/{second}")["metadata"]["annotations"]["devops.kubesphere.io/jenkins-pipelinerun-id"]
        shutil.rmtree(glob.glob(f"{self.server.data_dir}/engine/**/{build}/files/archive", recursive=True)[0])
        download = f"/kapis/{group}/namespaces/{project}/pipelineruns/{second}/artifacts/download?filename=out/a%20b.txt"
        reply = self.server.request("GET", download)
        self.assertEqual(reply.status, 302, reply)
        with urllib.request.urlopen(reply.headers["Location"], timeout=60) as answer:
            self.assertEqual(answer.read(), b"kept")
        self.assertEqual(self.server.request("DELETE", f"{runs}/{first}").status, 200)
        self.eventually(lambda: not self.swift.names("s2i-binaries", f"{root}/{project}/{first}/"), "the end of its archive", timeout=120)
        # Another installation that shares the bucket leaves there what is not its own.
        other, before = ks_server.Server(), self.swift.names("s2i-binaries", "runs/")
        self.addCleanup(other.remove)
        self.assertEqual(len(before), 2)
        self.door.asked = []
        other.start(*self.flags)
        with open(f"{other.data_dir}/installation-id") as file:
            name = file.read()
        self.eventually(lambda: any(one.startswith("GET") and name in one for one in self.door.asked), "its look for what is left over")
        other.stop()
        self.assertEqual(self.swift.names("s2i-binaries", "runs/"), before)
        # What went while nobody could say so is found later.
        self.door.trouble = [503] * 1000
        self.assertEqual(self.server.request("DELETE", f"{runs}/{second}").status, 200)
        self.eventually(lambda: self.server.request("GET", f"{runs}/{second}").status == 404, "the end of the run")
        self.server.kill()
        self.door.trouble = []
        self.server.start(*self.flags)
        self.eventually(lambda: not self.swift.names("s2i-binaries", f"{root}/{project}/"), "the end of the other archive", timeout=120)

    def test_a_store_that_stumbles(self):
        self.door.spared = r"/runs/|prefix=runs"  # the archive of runs, which goes on beside this
        self.door.trouble = [503, "cut", 503]
        self.assertEqual(self.upload(b"once more").status, 200)
        with self.download() as answer:
            self.assertEqual(answer.read(), b"once more")
        self.door.trouble = [503] * 10
        reply = self.upload(b"never")
        self.assertEqual((reply.status, self.phase()), (503, "UploadFailed"), reply)
        self.assertEqual(len(self.door.trouble), 6, "it gives up after four times")
        self.door.trouble = []
        self.assertEqual(self.upload(b"at last").status, 200)
        # A part that does not go up takes the others back.
        self.door.trouble = [None, None] + [503] * 4
        self.assertEqual(self.upload(os.urandom(20 << 20)).status, 503)
        self.assertTrue(self.door.asked[-1].startswith("DELETE") and "uploadId=" in self.door.asked[-1], self.door.asked[-1])


if __name__ == "__main__":
    unittest.main()
