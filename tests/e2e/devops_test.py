"""DevOpsProjects, Pipelines, PipelineRuns and credentials as kubectl's users meet them: the whole way through the
controllers and the engine of one server."""

import base64
import json
import os
import re
import subprocess
import tempfile
import time
import unittest

import ks_server

GROUP = "devops.kubesphere.io/v1alpha3"
RUN_ID = "devops.kubesphere.io/jenkins-pipelinerun-id"
RUN_STATUS = "devops.kubesphere.io/jenkins-pipelinerun-status"


def declarative(*stages):
    return "pipeline {\n  agent any\n  stages {\n" + "".join(
        f"    stage('{name}') {{ steps {{ {steps} }} }}\n" for name, steps in stages) + "  }\n}\n"


class DevOpsTest(ks_server.Case):
    """Each test has a project of its own, and its namespace."""

    def setUp(self):
        self.ns = re.sub(r"[^a-z0-9]+", "-", self._testMethodName.removeprefix("test_").lower())[:50].strip("-")
        self.kubectl("create", "-f", "-", stdin={
            "apiVersion": GROUP, "kind": "DevOpsProject",
            "metadata": {"name": self.ns, "annotations": {"kubesphere.io/creator": "alice"}}})
        self.eventually(lambda: self.project().get("status", {}).get("adminNamespace") == self.ns)

    # ----- the state of things -----

    def eventually(self, holds, what=None, seconds=20):
        """Waits for what comes without being asked for."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if value := holds():
                    return value
            except (AssertionError, KeyError):
                pass
            time.sleep(0.02)
        return self.fail(f"{what or 'it'} did not happen: {holds()}")

    def project(self):
        return self.server.get(f"/apis/{GROUP}/devopsprojects/{self.ns}")

    def run_object(self, name):
        return self.get(f"pipelineruns/{name}", GROUP)

    def phase(self, name):
        return self.run_object(name).get("status", {}).get("phase")

    def condition(self, name, kind="Succeeded"):
        return next((c for c in self.run_object(name)["status"]["conditions"] if c["type"] == kind), None)

    def stages(self, name):
        return json.loads(self.get(f"configmaps/{name}")["data"]["stage"])

    def run_summary(self, name):
        return json.loads(self.run_object(name)["metadata"]["annotations"][RUN_STATUS])

    def log(self, pipeline, number=None):
        return self.ks("pipeline", "logs", f"{self.ns}/{pipeline}", *([number] if number else []))

    def ks(self, *arguments):
        done = subprocess.run([ks_server.KS, *map(str, arguments)], capture_output=True, text=True, timeout=60,
                              env={**self.environment, "NO_COLOR": "1"})
        self.assertEqual(done.returncode, 0, f"ks {arguments}\n{done.stdout}{done.stderr}")
        return done.stdout

    # ----- making things -----

    def make_pipeline(self, name, script, **fields):
        self.kubectl("create", "-f", "-", stdin={
            "apiVersion": GROUP, "kind": "Pipeline", "metadata": {"name": name, "namespace": self.ns},
            "spec": {"type": "pipeline", "pipeline": {"name": name, "jenkinsfile": script, **fields}}})

    def start_run(self, pipeline, name=None, **parameters):
        """`kubectl create -f run.yaml`; gives the run's name."""
        metadata = {"name": name} if name else {"generateName": f"{pipeline}-"}
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", dir=self.home) as file:
            json.dump({"apiVersion": GROUP, "kind": "PipelineRun", "metadata": metadata,
                       "spec": {"pipelineRef": {"name": pipeline},
                                "parameters": [{"name": k, "value": v} for k, v in parameters.items()]}}, file)
            file.flush()
            return self.kubectl("create", "-f", file.name, "-o", "jsonpath={.metadata.name}")

    def finished_run(self, pipeline, phase="Succeeded", **parameters):
        name = self.start_run(pipeline, **parameters)
        self.eventually(lambda: self.run_object(name).get("status", {}).get("completionTime"), f"the end of {name}")
        self.assertEqual(self.phase(name), phase, self.log(pipeline))
        return name

    # ----- projects -----

    def test_project_has_a_namespace(self):
        project = self.project()
        self.assertEqual(project["metadata"]["annotations"]["devopsproject.devops.kubesphere.io/syncstatus"], "successful")
        self.assertIn("devopsproject.finalizers.kubesphere.io", project["metadata"]["finalizers"])
        space = self.server.get(f"/api/v1/namespaces/{self.ns}")["metadata"]
        self.assertEqual(space["labels"]["kubesphere.io/devopsproject"], self.ns)
        self.assertEqual(space["annotations"]["kubesphere.io/creator"], "alice")
        self.assertEqual([(o["kind"], o["name"], o["controller"], o["blockOwnerDeletion"]) for o in space["ownerReferences"]],
                         [("DevOpsProject", self.ns, True, True)])

    def test_project_takes_everything_with_it(self):
        self.make_pipeline("build", "echo 'hi'")
        self.finished_run("build")
        self.kubectl("delete", "devopsproject", self.ns, "--timeout=20s")
        self.eventually(lambda: self.server.request("GET", f"/api/v1/namespaces/{self.ns}").status == 404)
        self.assertEqual(self.server.get(f"/apis/{GROUP}/namespaces/{self.ns}/pipelineruns")["items"], [])

    def test_project_does_not_take_a_namespace_of_others(self):
        other = self.ns[:40] + "-other"
        self.kubectl("create", "namespace", other)
        self.kubectl("create", "-f", "-", stdin={"apiVersion": GROUP, "kind": "DevOpsProject", "metadata": {"name": other}})
        self.addCleanup(self.kubectl, "delete", "devopsproject", other, "--wait=false")
        self.eventually(lambda: "CreateAdminNamespaceFailed" in self.kubectl("get", "events", "-A"))
        self.assertNotIn("ownerReferences", self.server.get(f"/api/v1/namespaces/{other}")["metadata"])

    # ----- pipelines -----

    def test_pipeline_is_synced(self):
        self.make_pipeline("build", "echo 'one'", parameters=[
            {"name": "who", "type": "string", "default_value": "rick", "description": "whom to greet"},
            {"name": "debug", "type": "boolean", "default_value": "false"},
            {"name": "size", "type": "choice", "default_value": "small\nlarge"}])

        def annotations():
            found = self.get("pipelines/build", GROUP)["metadata"].get("annotations", {})
            return {key.removeprefix("pipeline.devops.kubesphere.io/"): value for key, value in found.items()}

        self.eventually(lambda: "jenkins-metadata" in annotations())
        before = annotations()
        self.assertEqual(before["syncstatus"], "successful")
        self.assertRegex(before["spechash"], r"^[a-z0-9]+$")
        metadata = json.loads(before["jenkins-metadata"])
        self.assertEqual(metadata["name"], "build")
        self.assertEqual(metadata["weatherScore"], 100)
        self.assertEqual([(p["name"], p["type"], p["defaultParameterValue"]["value"]) for p in metadata["parameters"]],
                         [("who", "string", "rick"), ("debug", "boolean", False), ("size", "choice", "small")])
        self.assertEqual(metadata["parameters"][2]["choices"], ["small", "large"])
        self.assertIn("pipeline.finalizers.kubesphere.io", self.get("pipelines/build", GROUP)["metadata"]["finalizers"])

        self.kubectl("patch", "pip", "build", "--type=merge", "-p",
                     json.dumps({"spec": {"pipeline": {"jenkinsfile": "echo 'two'"}}}))
        self.eventually(lambda: annotations()["spechash"] != before["spechash"])
        self.finished_run("build")
        self.assertIn("two", self.log("build"))
        self.eventually(lambda: "estimatedDurationInMillis" in json.loads(annotations()["jenkins-metadata"]))

        row = self.kubectl("get", "pip", "build").splitlines()
        self.assertEqual(row[0].split(), ["NAME", "TYPE", "AGE"])
        self.assertEqual(row[1].split()[:2], ["build", "pipeline"])
        self.assertIn("MetaUpdated", self.kubectl("get", "events"))

    def test_pipeline_takes_its_runs_with_it(self):
        self.make_pipeline("build", "echo 'hi'")
        run = self.finished_run("build")
        self.kubectl("delete", "pipeline", "build", "--timeout=20s")
        self.eventually(lambda: not self.exists(f"pipelineruns/{run}", GROUP))
        self.eventually(lambda: not self.exists(f"configmaps/{run}"))

    def test_pipeline_needs_its_type(self):
        said = self.kubectl_fails("create", "-f", "-", stdin={
            "apiVersion": GROUP, "kind": "Pipeline", "metadata": {"name": "build"},
            "spec": {"pipeline": {"name": "build", "jenkinsfile": ""}}})
        self.assertRegex(said, r"spec.type: Required value|missing required field \"type\"")

    # ----- runs -----

    def test_run_is_seen_live(self):
        self.make_pipeline("release", declarative(("build", "echo \"hello ${params.who}\"; sh 'sleep 0.3'"),
                                                  ("approve", "input 'go on?'"), ("deploy", "echo 'done'")),
                           parameters=[{"name": "who", "type": "string", "default_value": "rick"}])
        watch = self.start_kubectl("get", "pipelineruns", "-w")
        run = self.start_run("release", who="ada")
        watch.wait_line(rf"^{run}\s+1\s+Running")
        watch.wait_line(rf"^{run}\s+1\s+Pending")
        self.assertEqual(self.condition(run, "Ready")["reason"], "PAUSED")
        self.assertEqual([(s["displayName"], s["state"]) for s in self.stages(run)][:2],
                         [("build", "FINISHED"), ("approve", "PAUSED")])
        self.assertEqual(self.stages(run)[1]["steps"][0]["input"]["message"], "go on?")
        self.ks("pipeline", "approve", f"{self.ns}/release")
        watch.wait_line(rf"^{run}\s+1\s+Succeeded")
        self.kubectl("wait", f"pipelinerun/{run}", "--for=condition=Succeeded", "--timeout=10s")

        ended = self.run_object(run)
        meta, status = ended["metadata"], ended["status"]
        self.assertEqual(meta["labels"]["devops.kubesphere.io/pipeline"], "release")
        self.assertEqual(meta["annotations"][RUN_ID], "1")
        self.assertIn("pipelinerun.finalizers.kubesphere.io", meta["finalizers"])
        self.assertEqual([(o["kind"], o["name"]) for o in meta["ownerReferences"]], [("Pipeline", "release")])
        self.assertEqual(ended["spec"]["pipelineSpec"]["type"], "pipeline")
        done = self.condition(run)
        self.assertEqual((done["status"], done["reason"]), ("True", "FINISHED"))
        self.assertEqual(status["conditions"][0]["type"], "Succeeded")
        self.assertLessEqual(status["startTime"], status["completionTime"])
        self.assertLessEqual(status["completionTime"], status["updateTime"])
        summary = self.run_summary(run)
        self.assertEqual((summary["id"], summary["state"], summary["result"]), ("1", "FINISHED", "SUCCESS"))
        self.assertEqual([(s["displayName"], s["result"]) for s in self.stages(run)],
                         [("build", "SUCCESS"), ("approve", "SUCCESS"), ("deploy", "SUCCESS")])
        self.assertEqual([s["displayDescription"] for s in self.stages(run)[0]["steps"]], ["hello ada", "sleep 0.3"])
        self.assertEqual(self.get(f"configmaps/{run}")["metadata"]["ownerReferences"][0]["kind"], "PipelineRun")
        said = self.kubectl("get", "events", "--field-selector", f"involvedObject.name={run}")
        self.assertIn("Started", said)
        self.assertIn("Updated", said)

    def test_run_fails(self):
        self.make_pipeline("build", declarative(("test", "echo 'before'; sh 'exit 3'"), ("never", "echo 'x'")))
        run = self.finished_run("build", phase="Failed")
        self.assertEqual(self.condition(run)["status"], "False")
        self.assertEqual(self.run_summary(run)["result"], "FAILURE")
        self.assertEqual(self.stages(run)[0]["result"], "FAILURE")
        self.assertIn("exit code 3", self.log("build"))

    def test_run_of_a_broken_script_fails(self):
        self.make_pipeline("build", "pipeline {\n  agent any\n  stages {\n")
        run = self.finished_run("build", phase="Failed")
        self.assertEqual(self.run_summary(run)["result"], "FAILURE")
        self.assertRegex(self.log("build"), r"(?s)line \d+, column \d+")

    def test_run_has_defaults_and_numbers(self):
        self.make_pipeline("build", "echo \"hi ${params.who}\"",
                           parameters=[{"name": "who", "type": "string", "default_value": "rick"}])
        first, second = self.finished_run("build"), self.finished_run("build", who="eve")
        self.assertEqual([self.run_object(r)["metadata"]["annotations"][RUN_ID] for r in (first, second)], ["1", "2"])
        self.assertIn("hi rick", self.log("build", 1))
        self.assertIn("hi eve", self.log("build", 2))

    def test_run_waits_for_its_pipeline(self):
        run = self.start_run("later", name="early")
        time.sleep(0.2)
        self.assertNotIn("annotations", self.run_object(run)["metadata"])
        self.make_pipeline("later", "echo 'now'")
        self.eventually(lambda: self.phase(run) == "Succeeded")

    def test_run_without_a_pipeline_is_an_orphan(self):
        run = self.kubectl("create", "-f", "-", "-o", "jsonpath={.metadata.name}", stdin={
            "apiVersion": GROUP, "kind": "PipelineRun", "metadata": {"generateName": "x-"}, "spec": {"pipelineRef": {}}})
        self.eventually(lambda: self.phase(run) == "Unknown")
        self.assertEqual(self.run_object(run)["metadata"]["labels"]["devops.kubesphere.io/jenkins-pipelinerun-orphan"], "true")
        self.kubectl("delete", "pr", run, "--timeout=10s")

    def test_run_is_stopped(self):
        marker = os.path.join(self.home, "after")
        self.make_pipeline("build", declarative(("long", f"sh 'sleep 60; touch {marker}'")))
        run = self.start_run("build")
        self.eventually(lambda: self.stages(run)[0]["steps"])
        self.kubectl("patch", "pr", run, "--type=merge", "-p", '{"spec":{"action":"Stop"}}')
        self.eventually(lambda: self.phase(run) == "Failed")
        self.assertEqual(self.run_summary(run)["result"], "ABORTED")
        self.assertFalse(os.path.exists(marker))

        second = self.start_run("build")
        self.eventually(lambda: self.phase(second) == "Running")
        self.ks("pipeline", "stop", f"{self.ns}/build")
        self.eventually(lambda: self.phase(second) == "Failed")
        self.assertEqual(self.run_summary(second)["result"], "ABORTED")

    def test_run_is_deleted(self):
        self.make_pipeline("build", declarative(("long", "sh 'sleep 60'")))
        run = self.start_run("build")
        self.eventually(lambda: self.phase(run) == "Running")
        self.kubectl("delete", "pr", run, "--timeout=20s")
        self.assertFalse(self.exists(f"pipelineruns/{run}", GROUP))
        self.eventually(lambda: not self.exists(f"configmaps/{run}"))
        # Its number is not given again, and its executor is free.
        self.kubectl("patch", "pip", "build", "--type=merge", "-p",
                     json.dumps({"spec": {"pipeline": {"jenkinsfile": declarative(("short", "echo 'x'"))}}}))
        second = self.finished_run("build")
        self.assertEqual(self.run_object(second)["metadata"]["annotations"][RUN_ID], "2")

    def test_status_is_a_subresource(self):
        self.make_pipeline("build", "echo 'x'")
        run = self.finished_run("build")
        self.kubectl("patch", "pr", run, "--type=merge", "-p", '{"status":{"phase":"Running"}}')
        self.assertEqual(self.phase(run), "Succeeded")

    def test_discarder_keeps_the_newest(self):
        self.make_pipeline("build", "echo 'x'", discarder={"num_to_keep": "2", "days_to_keep": "-1"})
        runs = [self.finished_run("build") for _ in range(4)]
        self.eventually(lambda: not self.exists(f"pipelineruns/{runs[1]}", GROUP))
        self.assertEqual([self.exists(f"pipelineruns/{run}", GROUP) for run in runs], [False, False, True, True])

    def test_runs_survive_a_kill(self):
        self.make_pipeline("release", declarative(("count", "sh 'echo x >> $COUNT'"), ("approve", "input 'go on?'"),
                                                  ("after", "sleep 1")),
                           parameters=[{"name": "COUNT", "type": "string", "default_value": os.path.join(self.home, "count")}])
        run = self.start_run("release")
        self.eventually(lambda: self.phase(run) == "Pending")
        seen = self.run_object(run)
        address = f"127.0.0.1:{self.server.port}"
        self.server.kill()
        self.server.start(bind=address)
        # It takes an answer at once, and nobody sees it go back.
        self.ks("pipeline", "approve", f"{self.ns}/release")
        self.eventually(lambda: self.phase(run) == "Succeeded")
        phases = ["Pending"]
        version = seen["metadata"]["resourceVersion"]
        with self.server.watch(self.path("pipelineruns", GROUP) + f"?watch=1&resourceVersion={version}") as watch:
            while phases[-1] != "Succeeded":
                phase = watch.next_of("MODIFIED")["object"]["status"]["phase"]
                phases += [phase] if phase != phases[-1] else []
        self.assertEqual(phases, ["Pending", "Running", "Succeeded"])
        with open(os.path.join(self.home, "count")) as file:
            self.assertEqual(file.read(), "x\n")

    def test_a_run_is_paused_and_resumed(self):
        self.make_pipeline("build", declarative(("one", "sleep 1"), ("two", "echo 'second'")))
        run = self.start_run("build")
        self.eventually(lambda: self.phase(run) == "Running")
        self.kubectl("patch", "pr", run, "--type=merge", "-p", '{"spec":{"action":"Pause"}}')
        self.eventually(lambda: self.phase(run) == "Pending")
        time.sleep(1.2)
        self.assertEqual(self.phase(run), "Pending")
        self.assertEqual(self.run_summary(run)["causeOfBlockage"], "Paused by admin")
        self.kubectl("patch", "pr", run, "--type=merge", "-p", '{"spec":{"action":"Resume"}}')
        self.eventually(lambda: self.phase(run) == "Succeeded")

    # ----- credentials -----

    def make_secret(self, name, kind, **data):
        self.kubectl("create", "-f", "-", stdin={
            "apiVersion": "v1", "kind": "Secret", "metadata": {
                "name": name, "annotations": {"credential.devops.kubesphere.io/autosync": "true"}},
            "type": f"credential.devops.kubesphere.io/{kind}",
            "data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}})
        self.eventually(lambda: self.get(f"secrets/{name}")["metadata"].get("annotations", {}).get(
            "credential.devops.kubesphere.io/syncstatus") == "successful")

    def test_credentials_reach_the_pipeline(self):
        self.make_secret("login", "basic-auth", username="ada", password="pass-4711")
        self.make_secret("key", "ssh-auth", username="git", passphrase="phrase-0815", private_key="KEY TEXT\nline two\n")
        self.make_secret("token", "secret-text", secret="token-2342")
        self.make_secret("cluster", "kubeconfig", content="kind: Config\nname: c-1\n")
        out = os.path.join(self.home, "credentials")
        self.make_pipeline("use", f"""
node {{
  withCredentials([usernamePassword(credentialsId: 'login', usernameVariable: 'U', passwordVariable: 'P'),
                   sshUserPrivateKey(credentialsId: 'key', keyFileVariable: 'K', usernameVariable: 'KU', passphraseVariable: 'KP'),
                   string(credentialsId: 'token', variable: 'T'),
                   kubeconfigContent(credentialsId: 'cluster', variable: 'C')]) {{
    sh 'printf "%s|%s|%s|%s|%s|%s" "$U" "$P" "$KU" "$KP" "$T" "$C" > {out}; cat "$K" >> {out}; echo "token is $T, pass is $P"'
  }}
}}""")
        self.finished_run("use")
        with open(out) as file:
            self.assertEqual(file.read(), "ada|pass-4711|git|phrase-0815|token-2342|kind: Config\nname: c-1\nKEY TEXT\nline two\n")
        log = self.log("use")
        self.assertIn("token is ****, pass is ****", log)
        for secret in ("pass-4711", "token-2342", "phrase-0815"):
            self.assertNotIn(secret, log)

        meta = self.get("secrets/token")["metadata"]
        self.assertIn("finalizers.kubesphere.io/credential", meta["finalizers"])
        before = meta["annotations"]["credential.devops.kubesphere.io/datahash"]
        self.kubectl("patch", "secret", "token", "--type=merge", "-p",
                     json.dumps({"stringData": {"secret": "token-new"}}))
        self.eventually(lambda: self.get("secrets/token")["metadata"]["annotations"][
            "credential.devops.kubesphere.io/datahash"] != before)
        self.finished_run("use")
        with open(out) as file:
            self.assertIn("|token-new|", file.read())

        self.kubectl("delete", "secret", "token", "--timeout=10s")
        self.finished_run("use", phase="Failed")
        self.assertIn("token", self.log("use"))


if __name__ == "__main__":
    unittest.main()
