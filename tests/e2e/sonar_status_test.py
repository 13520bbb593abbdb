"""What SonarQube says of a pipeline's last build, over a real build and a server that answers in SonarQube's shape (written by us)."""

import json
import os
import tempfile
import unittest

import ks_server
import sonar_server

GROUP = "devops.kubesphere.io/v1alpha3"
SCRIPT = ("node {\n  for (id in params.IDS.split(',')) {\n    withSonarQubeEnv('sonar') {\n"
          "      sh \"echo ceTaskId=${id} > report-task.txt\"\n    }\n  }\n}\n")


class SonarStatusTest(ks_server.Case):
    @classmethod
    def setUpClass(cls):
        cls.sonar = sonar_server.SonarServer()
        cls.addClassCleanup(cls.sonar.close)
        folder = tempfile.TemporaryDirectory(prefix="ks-e2e-sonar-")
        cls.addClassCleanup(folder.cleanup)
        config = os.path.join(folder.name, "ks.yaml")
        with open(config, "w") as file:
            file.write(f"sonar: {{name: sonar, url: '{cls.sonar.url}/', token: squ_token}}\n")
        cls.flags = ("--config", config)
        super().setUpClass()

    def test_the_analyses_of_the_last_build(self):
        made = self.server.request("POST", "/kapis/devops.kubesphere.io/v1alpha3/workspaces/ws/devops",
                                   {"metadata": {"generateName": "sonar"}, "spec": {}})
        project = made.json()["metadata"]["name"]
        self.eventually(lambda: self.server.request("GET", f"/api/v1/namespaces/{project}").status == 200, "the namespace")
        pipelines = f"/apis/{GROUP}/namespaces/{project}/pipelines"
        self.assertEqual(self.server.request("POST", pipelines, {
            "apiVersion": GROUP, "kind": "Pipeline", "metadata": {"name": "p"}, "spec": {"type": "pipeline", "pipeline": {
                "name": "p", "jenkinsfile": SCRIPT, "parameters": [{"name": "IDS", "type": "string", "default_value": "x"}]}}}).status, 201)
        self.eventually(lambda: self.server.request("GET", f"/job/{project}/job/p/api/json").status == 200, "the job")
        paths = [f"{root}/{word}/{project}/pipelines/p/sonarstatus" for root, word in (
            ("/kapis/devops.kubesphere.io/v1alpha2", "devops"), ("/v1alpha2", "devops"),
            ("/kapis/devops.kubesphere.io/v1alpha2", "namespaces"))]
        for path in paths:
            reply = self.server.request("GET", path)
            self.assertEqual((reply.status, reply.body), (200, b"null"), "there is no build")
        self.run_with(project, "A1,B2")
        for path in paths:
            said = self.server.get(path)
            self.assertEqual([one["task"]["task"]["id"] for one in said], ["A1", "B2"])
            self.assertEqual(said[0]["measures"]["component"]["measures"], [{"metric": "bugs", "value": "2", "bestValue": False}])
            self.assertEqual(said[0]["issues"]["issues"][0]["textRange"], {"startLine": 7, "endLine": 7})
            self.assertNotIn("strange", json.dumps(said))
        asked = dict(self.sonar.asked)
        self.assertIn("new_duplicated_lines_density", asked["measures/component"]["metricKeys"])
        self.assertEqual((asked["issues/search"]["resolved"], asked["issues/search"]["ps"]), ("false", "10"))
        # Without issues the rest counts; without measures the whole does not.
        self.sonar.broken = {"issues/search"}
        self.assertEqual([sorted(one) for one in self.server.get(paths[0])], [["measures", "task"]] * 2)
        self.sonar.broken = {"measures/component"}
        self.assertEqual(self.server.get(paths[0]), [])
        self.sonar.broken = set()
        # A restart forgets nothing.
        self.server.stop()
        self.server.start(*self.flags)
        self.assertEqual(len(self.server.get(paths[0])), 2)
        self.assertEqual(self.server.request("GET", paths[0].replace("/p/", "/none/")).body, b"null")

    def run_with(self, project, ids):
        runs = f"/kapis/devops.kubesphere.io/v1alpha3/namespaces/{project}/pipelines/p/pipelineruns"
        name = self.server.request("POST", runs, {"parameters": [{"name": "IDS", "value": ids}]}).json()["metadata"]["name"]
        path = f"/apis/{GROUP}/namespaces/{project}/pipelineruns/{name}"
        run = self.eventually(lambda: (lambda o: o if o.get("status", {}).get("completionTime") else None)(self.server.get(path)),
                              "the run's end")
        self.assertEqual(run["status"]["phase"], "Succeeded", run)


if __name__ == "__main__":
    unittest.main()
