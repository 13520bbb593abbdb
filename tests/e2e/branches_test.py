"""Multi-branch pipelines of `ks up` over a real git server: scans, runs, what the API and the annotations tell."""

import json
import os
import shutil
import socket
import tempfile
import threading
import time
import unittest
from urllib.parse import quote

import ks_server
from git_server import HttpServer, Repository, git

GROUP = "devops.kubesphere.io/v1alpha3"
V2 = "/kapis/devops.kubesphere.io/v1alpha2"
V3 = "/kapis/devops.kubesphere.io/v1alpha3"
ANNOTATION = "pipeline.devops.kubesphere.io/"
RUN_ID = "devops.kubesphere.io/jenkins-pipelinerun-id"
JENKINSFILE = "pipeline {\n  agent any\n  stages {\n    stage('Build') { steps { sh 'cat a.txt'; echo \"on ${env.BRANCH_NAME}\" } }\n  }\n}\n"


class HangingServer:
    """Takes connections and never says a word."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(8)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def close(self):
        self.socket.close()


class BranchesTest(ks_server.Case):
    flags = ("--scan-timeout", "3")

    def setUp(self):
        self.ns = self._testMethodName.removeprefix("test_").replace("_", "-")[:50].strip("-")
        self.kubectl("create", "-f", "-", stdin={"apiVersion": GROUP, "kind": "DevOpsProject", "metadata": {"name": self.ns}})
        self.eventually(lambda: self.server.get(f"/apis/{GROUP}/devopsprojects/{self.ns}").get("status", {}).get("adminNamespace"))
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.app = Repository(self.folder, "app")
        self.commit = self.app.commit("first", {"Jenkinsfile": JENKINSFILE, "a.txt": "one\n"})
        self.git = HttpServer(self.folder)
        self.addCleanup(self.git.close)

    def eventually(self, holds, what=None, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if value := holds():
                    return value
            except (AssertionError, KeyError, IndexError):
                pass
            time.sleep(0.02)
        return self.fail(f"{what or 'it'} did not happen: {holds()}")

    def branch(self, name, message="second", **files):
        """A branch with a commit of its own."""
        exists = git(self.app.work, "branch", "--list", name)
        git(self.app.work, "checkout", "-q", *([] if exists else ["-b"]), name)
        commit = self.app.commit(message, files or {"a.txt": name + "\n"})
        git(self.app.work, "checkout", "-q", "main")
        return commit

    def make(self, name="web", url=None, **fields):
        source = {"url": url or self.git.url + "/app.git", "discover_branches": True, **fields.pop("git_source", {})}
        self.kubectl("create", "-f", "-", stdin={
            "apiVersion": GROUP, "kind": "Pipeline", "metadata": {"name": name, "namespace": self.ns},
            "spec": {"type": "multi-branch-pipeline", "multi_branch_pipeline": {
                "name": name, "source_type": "git", "script_path": "Jenkinsfile", "git_source": source, **fields}}})

    def pipeline(self, name="web"):
        return self.get(f"pipelines/{name}", GROUP)

    def annotation(self, which, name="web"):
        return self.pipeline(name)["metadata"].get("annotations", {}).get(ANNOTATION + which, "")

    def branches(self):
        return {b["rawName"]: b for b in json.loads(self.annotation("jenkins-branches"))}

    def runs(self):
        return self.get("pipelineruns", GROUP)["items"]

    def run_of(self, branch, number="1"):
        return next(r for r in self.runs() if r["spec"]["scm"]["refName"] == branch
                    and r["metadata"]["annotations"][RUN_ID] == number)

    def finished(self, branch, number="1"):
        def look():
            try:
                run = self.run_of(branch, number)
            except StopIteration:
                return None
            return run if run.get("status", {}).get("completionTime") else None
        return self.eventually(look, f"run {number} of {branch}")

    def scan(self, name="web"):
        reply = self.server.request("POST", f"{V2}/devops/{self.ns}/pipelines/{name}/scan?delay=0", "")
        self.assertEqual(reply.status, 200, reply)

    def test_branches_are_found_and_run(self):
        self.branch("feature/x")
        self.make()
        for branch, encoded in (("main", "main"), ("feature/x", "feature%2Fx")):
            run = self.finished(encoded)
            self.assertEqual(run["status"]["phase"], "Succeeded", run)
            log = self.server.request("GET", f"{V2}/devops/{self.ns}/pipelines/web/branches/{quote(encoded, '')}/runs/1/log/?start=0")
            self.assertIn(f"on {branch}\n", log.body.decode())
        self.eventually(lambda: self.branches()["feature/x"]["latestRun"]["result"] == "SUCCESS")
        self.assertTrue(self.branches()["main"]["branch"]["isPrimary"])
        self.assertEqual(json.loads(self.annotation("jenkins-metadata"))["totalNumberOfBranches"], 2)
        # A push, and a scan: that branch alone runs again, at the commit of the push.
        commit = self.branch("feature/x", "third", **{"a.txt": "three\n"})
        self.scan()
        run = self.finished("feature%2Fx", "2")
        log = self.server.request("GET", f"{V2}/devops/{self.ns}/pipelines/web/branches/feature%252Fx/runs/2/log/?start=0").body.decode()
        self.assertIn(f"Checking out Revision {commit} (feature/x)", log)
        self.assertIn("three\n", log)
        self.assertEqual(len([r for r in self.runs() if r["spec"]["scm"]["refName"] == "main"]), 1)
        # By hand, as the console does; it may send the name as git has it.
        made = self.server.request("POST", f"{V3}/namespaces/{self.ns}/pipelines/web/pipelineruns?branch=feature%2Fx",
                                   json.dumps({"parameters": []}))
        self.assertEqual(made.status, 200, made)
        name = made.json()["metadata"]["name"]
        run = self.eventually(lambda: (lambda r: r if r.get("status", {}).get("completionTime") else None)(
            self.get(f"pipelineruns/{name}", GROUP)))
        self.assertEqual(run["status"]["phase"], "Succeeded")
        self.assertEqual(run["metadata"]["annotations"][RUN_ID], "3")
        log = self.server.request("GET", f"{V2}/devops/{self.ns}/pipelines/web/consolelog").body.decode()
        self.assertIn("Finished: SUCCESS", log)

    def test_a_branch_that_goes_takes_its_job_along(self):
        self.branch("old")
        self.make()
        self.finished("old")
        git(self.app.work, "push", "-q", "origin", ":old")
        self.scan()
        self.eventually(lambda: sorted(self.branches()) == ["main"])

    def test_a_server_that_hangs_is_told_of(self):
        hanging = HangingServer()
        self.addCleanup(hanging.close)
        self.make(url=hanging.url + "/app.git")
        error = self.eventually(lambda: self.annotation("scan-error"), "the error of the scan")
        self.assertIn("cannot list the branches of", error)
        self.assertIn("no answer within 3 s", error)
        events = json.loads(self.kubectl("get", "events", "-o", "json"))["items"]
        self.assertTrue([e for e in events if e["reason"] == "FailedScan"], events)
        log = self.server.request("GET", f"{V2}/devops/{self.ns}/pipelines/web/consolelog").body.decode()
        self.assertIn("Finished: FAILURE", log)
        # The pipeline is changed to one that answers: the error goes.
        self.kubectl("patch", "pipeline", "web", "--type", "merge", "-p", json.dumps(
            {"spec": {"multi_branch_pipeline": {"git_source": {"url": self.git.url + "/app.git"}}}}))
        self.finished("main")
        self.eventually(lambda: self.annotation("scan-error") == "")

    def test_branches_outlive_a_kill(self):
        self.branch("topic", **{"Jenkinsfile": "node { sh 'while [ ! -e go ]; do sleep 0.1; done' }"})
        self.make()
        self.finished("main")
        self.eventually(lambda: self.run_of("topic")["status"]["phase"] == "Running")
        workspace = self.eventually(lambda: [os.path.join(at, "topic") for at, folders, _ in os.walk(self.server.data_dir)
                                             if at.endswith(f"workspace/{self.ns}/web") and "topic" in folders])[0]
        self.server.kill()
        self.server.start(*self.flags)
        with open(os.path.join(workspace, "go"), "w"):
            pass
        self.assertEqual(self.finished("topic")["status"]["phase"], "Succeeded")
        self.scan()
        self.eventually(lambda: "Finished: SUCCESS" in self.server.request(
            "GET", f"{V2}/devops/{self.ns}/pipelines/web/consolelog").body.decode())
        self.assertEqual(len(self.runs()), 2)

    def test_svn_is_refused(self):
        self.kubectl("create", "-f", "-", stdin={
            "apiVersion": GROUP, "kind": "Pipeline", "metadata": {"name": "web", "namespace": self.ns},
            "spec": {"type": "multi-branch-pipeline", "multi_branch_pipeline": {
                "name": "web", "source_type": "svn", "script_path": "Jenkinsfile", "svn_source": {"remote": "svn://h/r"}}}})
        self.eventually(lambda: [e for e in json.loads(self.kubectl("get", "events", "-o", "json"))["items"]
                                 if e["reason"] == "FailedSync" and "Subversion" in e["message"]])


if __name__ == "__main__":
    unittest.main()
