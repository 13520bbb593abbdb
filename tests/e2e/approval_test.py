"""Approval from outside: a real small HTTP server stands for the process system; it is asked by a signed webhook and answers by the
callback."""

import hashlib
import hmac
import http.server
import json
import os
import tempfile
import threading
import unittest
import urllib.parse

import ks_server

GROUP = "devops.kubesphere.io/v1alpha3"
SECRET = "secret-of-both"
SCRIPT = """node {
  def env = input message: 'ship it?', id: 'Ship', ok: 'Go', parameters: [choice(name: 'ENV', choices: ['test', 'prod']),
                                                                         string(name: 'WHY', defaultValue: 'none')]
  echo "to ${env.ENV} because ${env.WHY}"
}
"""


class ProcessSystem:
    """Takes questions; `failures` of them are refused first."""

    def __init__(self):
        self.questions, self.refused, self.failures = [], 0, 0
        self.wrong = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                signed = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
                if self.headers["X-Hub-Signature-256"] != signed or self.headers["X-KS-Event"] != "approval":
                    outer.wrong.append(dict(self.headers))
                status = 200
                if outer.refused < outer.failures:
                    outer.refused += 1
                    status = 503
                else:
                    outer.questions.append(json.loads(body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks/ks"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class ApprovalTest(ks_server.Case):
    @classmethod
    def setUpClass(cls):
        cls.system = ProcessSystem()
        cls.addClassCleanup(cls.system.close)
        folder = tempfile.TemporaryDirectory(prefix="ks-e2e-approval-")
        cls.addClassCleanup(folder.cleanup)
        config = os.path.join(folder.name, "ks.yaml")
        with open(config, "w") as file:
            file.write(f"approval: {{url: '{cls.system.url}', secret: {SECRET}}}\n")
        cls.flags = ("--config", config)
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.system.failures = self.system.refused = 0
        made = self.server.request("POST", "/kapis/devops.kubesphere.io/v1alpha3/workspaces/ws/devops",
                                   {"metadata": {"generateName": self.ns[:30].strip("-")}, "spec": {}})
        self.project = made.json()["metadata"]["name"]
        self.eventually(lambda: self.server.request("GET", f"/api/v1/namespaces/{self.project}").status == 200, "the namespace")

    def start(self, script=SCRIPT):
        pipelines = f"/apis/{GROUP}/namespaces/{self.project}/pipelines"
        reply = self.server.request("POST", pipelines, {"apiVersion": GROUP, "kind": "Pipeline", "metadata": {"name": "p"},
                                                        "spec": {"type": "pipeline", "pipeline": {"name": "p", "jenkinsfile": script}}})
        self.assertEqual(reply.status, 201, reply)
        self.eventually(lambda: self.server.request("GET", f"/job/{self.project}/job/p/api/json").status == 200, "the job")
        reply = self.server.request("POST", f"/kapis/{GROUP}/namespaces/{self.project}/pipelines/p/pipelineruns", {})
        self.assertEqual(reply.status, 200, reply)
        self.name = reply.json()["metadata"]["name"]

    def question(self):
        return self.eventually(lambda: next((q for q in self.system.questions if q["pipelineRun"] == self.name), None),
                               "the question", timeout=60)

    def run_object(self):
        return self.server.get(f"/apis/{GROUP}/namespaces/{self.project}/pipelineruns/{self.name}")

    def finished(self):
        return self.eventually(lambda: (lambda o: o if o.get("status", {}).get("completionTime") else None)(self.run_object()),
                               "the run's end", timeout=60)

    def answer(self, question, body, token=None):
        url = urllib.parse.urlsplit(question["callback"])
        query = url.query if token is None else "token=" + token
        return self.server.request("POST", f"{url.path}?{query}", body, token=False)

    def log(self):
        run = self.run_object()["metadata"]["annotations"]["devops.kubesphere.io/jenkins-pipelinerun-id"]
        return self.server.request("GET", f"/job/{self.project}/job/p/{run}/consoleText").body.decode()

    def test_yes_with_parameters_lets_the_run_go_on(self):
        self.start()
        question = self.question()
        self.assertEqual((question["project"], question["pipeline"], question["message"], question["input"], question["ok"]),
                         (self.project, "p", "ship it?", "Ship", "Go"))
        self.assertEqual([p["name"] for p in question["parameters"]], ["ENV", "WHY"])
        self.assertTrue(question["callback"].startswith(self.server.url), question)
        self.assertEqual(self.system.wrong, [], "each is signed")
        for token in ("", "x" * 64, question["callback"][-64:-1] + "g"):
            self.assertEqual(self.answer(question, {"approved": True}, token).status, 401)
        for body in ({}, {"approved": "yes"}, {"approved": True, "parameters": []}, {"approved": True, "by": "a\nb"}):
            self.assertEqual(self.answer(question, body).status, 400, body)
        done = self.answer(question, {"approved": True, "by": "carol", "comment": "fine", "parameters": {"ENV": "prod"}})
        self.assertEqual((done.status, done.json()), (200, {"message": "success"}), done)
        self.assertEqual(self.answer(question, {"approved": False}).status, 410, "it answers once")
        self.assertEqual(self.finished()["status"]["phase"], "Succeeded")
        self.assertIn("to prod because none", self.log())
        self.assertIn("Approved by carol", self.log())
        notes = self.run_object()["metadata"]["annotations"]
        answered = json.loads(next(v for k, v in notes.items() if k.startswith("approval.devops.kubesphere.io/answered-")))
        self.assertEqual((answered["approved"], answered["by"], answered["comment"]), (True, "carol", "fine"))
        self.assertRegex(answered["at"], r"^\d{4}-\d\d-\d\dT")
        self.assertEqual(len([q for q in self.system.questions if q["pipelineRun"] == self.name]), 1, "asked once")

    def test_no_ends_the_run(self):
        self.start()
        self.assertEqual(self.answer(self.question(), {"approved": False, "by": "dave"}).status, 200)
        self.assertIn(self.finished()["status"]["phase"], ("Failed", "Cancelled"))
        self.assertIn("Rejected by dave", self.log())

    def test_only_submitters_may_answer(self):
        self.start("input message: 'go?', submitter: 'alice,bob'\necho 'done'\n")
        question = self.question()
        self.assertEqual(question["submitters"], ["alice", "bob"])
        for body in ({"approved": True, "by": "carol"}, {"approved": True, "by": "admin"}, {"approved": False, "by": "admin"}, {"approved": True}):
            refused = self.answer(question, body)
            self.assertEqual((refused.status, b"You need to be alice,bob" in refused.body), (403, True), refused)
        self.assertEqual(self.answer(question, {"approved": True, "by": "bob"}).status, 200)
        self.assertEqual(self.finished()["status"]["phase"], "Succeeded")

    def test_deliveries_are_repeated_also_after_a_crash(self):
        self.system.failures = 10**6
        self.start()
        self.eventually(lambda: self.system.refused >= 2, "a second try", timeout=60)
        self.server.kill()
        self.system.failures = 0
        self.server.start(*self.flags)
        question = self.question()
        self.assertEqual(self.answer(question, {"approved": True, "by": "eve"}).status, 200)
        self.assertEqual(self.finished()["status"]["phase"], "Succeeded")

    def test_somebody_here_may_be_faster(self):
        self.start()
        question = self.question()
        run = self.run_object()["metadata"]["annotations"]["devops.kubesphere.io/jenkins-pipelinerun-id"]
        reply = self.server.request("POST", f"/job/{self.project}/job/p/{run}/input/Ship/proceedEmpty", "")
        self.assertLess(reply.status, 400, reply)
        self.assertEqual(self.finished()["status"]["phase"], "Succeeded")
        self.assertEqual(self.answer(question, {"approved": True}).status, 410)


if __name__ == "__main__":
    unittest.main()
