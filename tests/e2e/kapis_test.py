"""The DevOps API under /kapis against one real server: what KubeSphere's console and its scripts send."""

import base64
import http.server
import json
import re
import threading
import unittest
import urllib.parse

import ks_server

V2 = "/kapis/devops.kubesphere.io/v1alpha2"
V3 = "/kapis/devops.kubesphere.io/v1alpha3"
GITOPS = "/kapis/gitops.kubesphere.io/v1alpha1"
SCRIPT = "pipeline {\n  agent any\n  stages {\n    stage('a') { steps { echo \"hello ${params.TAG}\" } }\n  }\n}\n"


class KapisTest(ks_server.Case):
    def setUp(self):
        base = re.sub(r"[^a-z0-9]+", "-", self._testMethodName.removeprefix("test_"))[:40].strip("-")
        made = self.ask("POST", f"{V3}/workspaces/ws1/devops", {
            "metadata": {"generateName": base, "annotations": {"kubesphere.io/creator": "admin"}}, "spec": {}})
        self.assertEqual(made.status, 200, made)
        self.base, self.ns = base, made.json()["metadata"]["name"]
        self.eventually(lambda: self.ask("GET", f"{V3}/workspaces/ws1/devops/{self.ns}").json()["status"].get(
            "adminNamespace") == self.ns, "the project's namespace")

    def ask(self, method, path, body=None, **more):
        return self.server.request(method, path, None if body is None else body if isinstance(body, str)
                                   else json.dumps(body), **more)

    def ok(self, method, path, body=None, **more):
        reply = self.ask(method, path, body, **more)
        self.assertEqual(reply.status, 200, f"{method} {path}: {reply}")
        return reply.json() if reply.body else None

    def pipeline(self, name="build", script=SCRIPT, **spec):
        self.ok("POST", f"{V3}/devops/{self.ns}/pipelines", {
            "apiVersion": "devops.kubesphere.io/v1alpha3", "kind": "Pipeline", "metadata": {"name": name},
            "spec": {"type": "pipeline", "pipeline": {
                "name": name, "jenkinsfile": script,
                "parameters": [{"name": "TAG", "type": "string", "default_value": "latest"}], **spec}}})
        return f"{V3}/namespaces/{self.ns}/pipelines/{name}/pipelineruns"

    def finished(self, run):
        path = f"{V3}/namespaces/{self.ns}/pipelineruns/{run}"
        return self.eventually(lambda: (lambda o: o if o.get("status", {}).get("completionTime") else None)(
            self.ok("GET", path)), f"the end of {run}")

    # ----- projects -----

    def test_projects(self):
        listed = self.ok("GET", f"{V3}/workspaces/ws1/devops?limit=-1")
        self.assertIn(self.ns, [p["metadata"]["name"] for p in listed["items"]])
        self.assertEqual(self.ok("GET", f"{V3}/workspaces/ws1/devops/{self.base}?generateName=true")["metadata"]["name"],
                         self.ns)
        self.assertEqual(self.ok("GET", f"{V3}/workspaces/ws1/namespaces/{self.base}?check=true&generateName=true"),
                         {"exist": True})
        again = self.ask("POST", f"{V3}/workspaces/ws1/devops", {"metadata": {"generateName": self.base}})
        self.assertEqual(again.status, 409)
        nameless = self.ask("POST", f"{V3}/workspaces/ws1/devops", {"metadata": {}})
        self.assertEqual((nameless.status, nameless.headers["Content-Type"]), (400, "text/plain; charset=utf-8"))
        missing = self.ask("GET", f"{V3}/workspaces/ws1/devops/none")
        self.assertEqual((missing.status, missing.body.decode()), (404, 'devopsprojects.devops.kubesphere.io "none" not found\n'))
        self.assertEqual(self.ok("DELETE", f"{V3}/workspaces/ws1/devops/{self.ns}"), {"message": "success"})

    # ----- pipelines -----

    def test_pipelines(self):
        self.pipeline()
        path = f"{V3}/devops/{self.ns}/pipelines"
        one = self.ok("GET", f"{path}/build")
        self.assertNotIn("kind", one)
        self.assertEqual(self.ok("GET", f"{V3}/namespaces/{self.ns}/pipelines?name=uil")["totalItems"], 1)
        # Form leftovers are dropped and named; whole objects come back with whatever version they had.
        one["devopsName"] = "x"
        one["spec"]["pipeline"]["description"] = "new"
        one["metadata"]["resourceVersion"] = "1"
        written = self.ask("PUT", f"{path}/build", one)
        self.assertEqual(written.status, 200, written)
        self.assertIn("devopsName", written.headers["Warning"])
        self.assertEqual(written.json()["spec"]["pipeline"]["description"], "new")
        strict = self.ask("PUT", f"{path}/build?fieldValidation=Strict", one)
        self.assertEqual(strict.status, 400)
        self.assertIn(b"devopsName", strict.body)
        wrong = self.ask("PUT", f"{path}/build", {**one, "spec": {"type": "pipeline", "pipeline": {
            "name": "build", "parameters": "many"}}})
        self.assertEqual(wrong.status, 400)
        self.assertIn(b"spec.pipeline.parameters", wrong.body)
        self.assertEqual(self.ask("POST", path, one).status, 400)
        self.assertEqual(self.ask("POST", path, "{").status, 400)
        self.assertEqual(self.ask("POST", path, "<a/>", content_type="text/xml").status, 400)
        self.assertEqual(self.ok("PUT", f"{V3}/namespaces/{self.ns}/pipelines/build/jenkinsfile?mode=raw",
                                 {"data": "echo 1"}), {"result": "success"})
        self.assertEqual(self.ok("GET", f"{path}/build")["spec"]["pipeline"]["jenkinsfile"], "echo 1")
        self.assertEqual(self.ask("PUT", f"{V3}/namespaces/{self.ns}/pipelines/build/jenkinsfile?mode=x",
                                  {"data": ""}).status, 400)
        self.assertEqual(self.ok("DELETE", f"{path}/build"), {"message": "success"})
        self.eventually(lambda: self.ask("GET", f"{path}/build").status == 404, "the pipeline's end")

    # ----- credentials -----

    def test_credentials_are_never_readable_back(self):
        path = f"{V3}/devops/{self.ns}/credentials"
        made = self.ok("POST", path, {
            "metadata": {"name": "hub"}, "type": "credential.devops.kubesphere.io/basic-auth",
            "stringData": {"username": "bob", "password": "s3cr3t-of-bob"}})
        self.assertEqual(made["data"], {"password": "", "username": base64.b64encode(b"bob").decode()})
        for reply in (self.ask("GET", f"{path}/hub"), self.ask("GET", path), self.ask("GET", f"{path}/hub?content=1")):
            self.assertEqual(reply.status, 200)
            self.assertNotIn(b"s3cr3t-of-bob", reply.body)
            self.assertNotIn(base64.b64encode(b"s3cr3t-of-bob"), reply.body)
        self.kubectl("create", "secret", "generic", "private", f"--namespace={self.ns}", "--from-literal=a=b")
        self.assertEqual(self.ask("GET", f"{path}/private").status, 404)
        self.assertEqual(self.ask("DELETE", f"{path}/private").status, 404)
        self.assertEqual(self.ask("POST", path, {"metadata": {"name": "x"}, "type": "Opaque"}).status, 400)
        self.assertEqual(self.ok("GET", path)["totalItems"], 1)
        self.assertEqual(self.ok("DELETE", f"{path}/hub"), {"message": "success"})

    # ----- runs -----

    def test_a_run_by_both_generations(self):
        runs = self.pipeline()
        made = self.ok("POST", runs, {"parameters": [{"name": "TAG", "value": "v1"}, {"name": "", "value": 1}]})
        self.assertNotIn("kind", made)
        self.assertEqual(made["spec"]["parameters"], [{"name": "TAG", "value": "v1"}])
        self.assertEqual(made["metadata"]["annotations"]["devops.kubesphere.io/creator"], "admin")
        run = self.finished(made["metadata"]["name"])
        self.assertEqual(run["status"]["phase"], "Succeeded")
        number = run["metadata"]["annotations"]["devops.kubesphere.io/jenkins-pipelinerun-id"]

        old = self.ok("GET", runs)
        self.assertEqual((old["totalItems"], old["items"][0]["id"], old["items"][0]["result"]), (1, number, "SUCCESS"))
        self.assertEqual(self.ok("GET", f"{runs}?backward=false")["items"][0]["kind"], "PipelineRun")
        details = self.ok("GET", f"{V3}/namespaces/{self.ns}/pipelineruns/{run['metadata']['name']}/nodedetails")
        self.assertEqual([n["displayName"] for n in details], ["a"])
        self.assertTrue(details[0]["steps"][0]["approvable"])

        v2 = f"{V2}/devops/{self.ns}/pipelines/build"
        self.assertEqual(self.ok("GET", v2)["fullName"], f"{self.ns}/build")
        listed = self.ok("GET", f"{v2}/runs?start=0&limit=10")
        self.assertEqual((listed["totalItems"], listed["items"][0]["state"]), (1, "FINISHED"))
        self.assertEqual(self.ok("GET", f"{v2}/runs/{number}")["result"], "SUCCESS")
        log = self.ask("GET", f"{v2}/runs/{number}/log/?start=0")
        self.assertIn(b"hello v1", log.body)
        self.assertEqual(log.headers["Content-Type"], "text/plain; charset=utf-8")
        node = self.ok("GET", f"{v2}/runs/{number}/nodesdetail/")[0]
        self.assertEqual(node["steps"][0]["aprovable"], False)
        step_log = self.ask("GET", f"{v2}/runs/{number}/nodes/{node['id']}/steps/{node['steps'][0]['id']}/log?start=0")
        self.assertIn(b"hello v1", step_log.body)
        self.assertIn("X-Text-Size", step_log.headers)
        started = self.ok("POST", f"{v2}/runs", {"parameters": [{"name": "TAG", "value": "v2"}]})
        exact = self.ok("POST", runs, '{"parameters": [{"name": "TAG", "value": 1.50}]}')
        self.assertEqual(exact["spec"]["parameters"], [{"name": "TAG", "value": "1.50"}])
        self.assertEqual(started["id"], "2")

        self.assertEqual(self.ask("GET", f"{v2}/runs/99").status, 404)
        self.assertEqual(self.ask("POST", runs, "{").status, 400)
        self.assertEqual(self.ask("POST", runs, {"parameters": "x"}).status, 400)
        missing = self.ask("GET", f"{V3}/namespaces/{self.ns}/pipelineruns/none")
        self.assertEqual((missing.status, missing.body.decode()), (404, 'PipelineRun.devops.kubesphere.io "none" not found\n'))
        path = f"{V3}/namespaces/{self.ns}/pipelineruns/{run['metadata']['name']}"
        self.assertEqual(self.ask("DELETE", path).status, 200)
        self.eventually(lambda: self.ask("GET", path).status == 404, "the run's end")

    def test_what_jenkins_clients_ask_goes_through(self):
        runs = self.pipeline("files", "pipeline {\n  agent any\n  stages {\n    stage('a') { steps {\n"
                             "      sh 'mkdir -p d; echo x > d/a.txt; echo y > b.bin'\n"
                             "      archiveArtifacts 'd/a.txt,b.bin'\n    } }\n  }\n}\n")
        run = self.finished(self.ok("POST", runs, {})["metadata"]["name"])
        self.assertEqual(run["status"]["phase"], "Succeeded")
        v2 = f"{V2}/devops/{self.ns}/pipelines/files"
        self.assertEqual(sorted(a["path"] for a in self.ok("GET", f"{v2}/runs/1/artifacts")), ["b.bin", "d/a.txt"])
        path = f"{V3}/namespaces/{self.ns}/pipelineruns/{run['metadata']['name']}/artifacts/download"
        file = self.ask("GET", f"{path}?filename=d%252Fa.txt")
        self.assertEqual((file.status, file.body), (200, b"x\n"))
        self.assertEqual(file.headers["Content-Disposition"], 'attachment; filename="d/a.txt"')
        self.assertEqual(self.ask("GET", f"{path}?filename=../log").status, 400)
        self.assertEqual(self.ask("GET", f"{path}?filename=none").status, 404)
        core = f"/job/{self.ns}/job/files"
        shown = self.ask("GET", f"{core}/lastSuccessfulBuild/artifact/b.bin")
        self.assertEqual((shown.body, shown.headers["Content-Type"]), (b"y\n", "application/octet-stream"))
        self.assertIn("attachment", shown.headers["Content-Disposition"])
        self.assertEqual(self.ok("POST", f"{v2}/runs/1/replay", {})["id"], "2")
        self.eventually(lambda: self.ok("GET", f"{v2}/runs/2")["state"] == "FINISHED", "the replay's end")
        self.assertIn("Replayed #1", self.ok("GET", f"{core}/2/api/json")["actions"][0]["causes"][1]["shortDescription"])
        self.assertEqual(self.ok("GET", f"{core}/api/json?tree=name,lastBuild[number]"), {
            "_class": "org.jenkinsci.plugins.workflow.job.WorkflowJob", "name": "files",
            "lastBuild": {"_class": "org.jenkinsci.plugins.workflow.job.WorkflowRun", "number": 2}})
        self.assertEqual(self.ok("GET", f"{core}/2/wfapi/describe")["status"], "SUCCESS", self.ask("GET", f"{core}/2/consoleText").body)
        self.assertEqual([s["name"] for s in self.ok("GET", f"{core}/2/wfapi/describe")["stages"]], ["a"])
        self.assertEqual(self.ok("GET", "/whoAmI/api/json")["name"], "admin")
        self.assertEqual(self.ask("POST", "/scriptText", "script=1", content_type="application/x-www-form-urlencoded").status, 403)

    def test_checks_while_somebody_types(self):
        self.pipeline()
        v2 = f"{V2}/devops/{self.ns}"
        form = "application/x-www-form-urlencoded"

        def check(script):
            return self.ok("POST", f"{v2}/pipelines/build/checkScriptCompile", urllib.parse.urlencode({"value": script}),
                           content_type=form)
        self.assertEqual(check(SCRIPT), {"status": "success"})
        wrong = check("pipeline {\n  agent any\n}\n")
        self.assertEqual((wrong["status"], wrong["line"]), ("fail", 1))
        self.assertIn("stages", wrong["message"])
        good = self.ok("POST", f"{v2}/checkCron", {"pipelineName": "build", "cron": "H 4 * * *"})
        self.assertEqual(good["result"], "ok")
        self.assertRegex(good["nextTime"], r"^20\d\d-\d\d-\d\dT04:\d\d:00Z$")
        self.assertEqual(self.ok("POST", f"{v2}/checkCron", {"cron": "abc"}),
                         {"result": "error", "message": "Invalid input: \"abc\": line 1:1: unexpected char: 'a'"})
        self.assertEqual(self.ask("POST", f"{v2}/checkCron", {"cron": 5}).status, 400)
        tree = self.ok("POST", f"{V2}//tojson", urllib.parse.urlencode({"jenkinsfile": SCRIPT}), content_type=form)
        self.assertEqual(tree["data"]["result"], "success")
        back = self.ok("POST", f"{V2}/tojenkinsfile", urllib.parse.urlencode({"json": json.dumps(tree["data"]["json"])}),
                       content_type=form)
        self.assertIn("stage('a')", back["data"]["jenkinsfile"])
        broken = self.ok("POST", f"{V2}/tojenkinsfile", urllib.parse.urlencode({"json": '{"pipeline":{}}'}), content_type=form)
        self.assertEqual(broken["data"]["result"], "failure")

    def test_a_question_is_answered_by_whom_it_names(self):
        script = ("pipeline {\n  agent none\n  stages {\n    stage('ask') { steps { input message: 'go?', id: 'Go' } }\n"
                  "    stage('mine') { steps { input message: 'mine?', id: 'Mine', submitter: 'carol' } }\n  }\n}\n")
        runs = self.pipeline("ask", script)
        made = self.ok("POST", runs, {})
        v2 = f"{V2}/devops/{self.ns}/pipelines/ask/runs/1"

        def waiting(question):
            for node in self.ok("GET", f"{v2}/nodesdetail"):
                for step in node.get("steps", []):
                    if step.get("input", {}).get("id") == question:
                        return node, step
            return None
        node, step = self.eventually(lambda: self.ask("GET", v2).status == 200 and waiting("Go"), "the question")
        self.assertTrue(step["aprovable"])
        answer = self.ask("POST", f"{v2}/nodes/{node['id']}/steps/{step['id']}", {"id": "Go"})
        self.assertEqual(answer.status, 200, answer)
        node, step = self.eventually(lambda: waiting("Mine"), "the second question")
        # The pipeline's creator may, so whoever is not must be told: the field says who asks.
        self.assertEqual(step["input"]["submitter"], "carol")
        refused = self.ask("POST", f"{v2}/nodes/{node['id']}/steps/nope", {"id": "Mine"})
        self.assertEqual(refused.json(), {"allow": "false", "message": "you have no permission to approve this step"})
        self.ask("POST", f"{v2}/nodes/{node['id']}/steps/{step['id']}", {"id": "Mine", "abort": True})
        self.assertEqual(self.finished(made["metadata"]["name"])["status"]["phase"], "Failed")

    # ----- templates -----

    def test_templates_render(self):
        self.kubectl("create", "-f", "-", stdin={
            "apiVersion": "devops.kubesphere.io/v1alpha3", "kind": "ClusterTemplate", "metadata": {"name": self.ns},
            "spec": {"parameters": [{"name": "repo"}],
                     "template": "git '$(.params.repo)'\n$(range .params.l)x$(.)$(end)"}})
        rendered = self.ok("POST", f"{V3}/clustertemplates/{self.ns}/render",
                           {"parameters": [{"name": "repo", "value": "r"}, {"name": "l", "value": [1, 2]}]})
        self.assertEqual(rendered["metadata"]["annotations"]["devops.kubesphere.io/render-result"], "git 'r'\nx1x2")
        self.assertEqual(self.ask("POST", f"{V3}/clustertemplates/none/render", {}).status, 404)
        self.kubectl("create", "-f", "-", stdin={
            "apiVersion": "devops.kubesphere.io/v1alpha3", "kind": "ClusterStepTemplate", "metadata": {"name": self.ns},
            "spec": {"runtime": "shell", "container": "base", "template": "{{.param.command}}",
                     "parameters": [{"name": "command", "defaultValue": "make"}]}})
        step = self.ok("POST", f"{V3}/clustersteptemplates/{self.ns}/render", {"command": 'echo "a"\n'})
        inner = json.loads(step["data"])
        self.assertEqual(inner["name"], "container")
        self.assertEqual(inner["children"][0]["arguments"][0]["value"]["value"], 'echo "a"\n')

    # ----- git repositories and applications -----

    def test_git_repositories(self):
        path = f"{V3}/namespaces/{self.ns}/gitrepositories"
        repository = {"metadata": {"name": "r"}, "spec": {"provider": "github", "url": "https://example.com/r"}}
        self.ok("POST", path, repository)
        self.assertEqual(self.ask("POST", path, repository).status, 409)
        one = self.ok("GET", f"{path}/r")
        self.assertEqual(one["kind"], "GitRepository")
        one["spec"]["url"] = "https://example.com/s"
        self.assertEqual(self.ok("PUT", f"{path}/r", one)["spec"]["url"], "https://example.com/s")
        self.assertEqual(self.ok("GET", path)["totalItems"], 1)
        self.assertEqual(self.ok("DELETE", f"{path}/r")["metadata"]["name"], "r")
        self.assertEqual(self.ask("GET", f"{path}/r").status, 404)

    def test_applications(self):
        path = f"{GITOPS}/namespaces/{self.ns}/applications"
        self.ok("POST", path, {"metadata": {"name": "a"}, "spec": {"argoApp": {"spec": {
            "project": "default", "destination": {"server": "https://kubernetes.default.svc", "namespace": "x"},
            "source": {"repoURL": "https://example.com/r"}, "syncPolicy": {"syncOptions": ["Prune=true"]}}}}})
        self.assertEqual(self.ok("GET", f"{GITOPS}/namespaces/{self.ns}/application-summary")["total"], 1)
        synced = self.ok("POST", f"{path}/a/sync", {"revision": "main", "prune": True})
        operation = synced["spec"]["argoApp"]["operation"]
        self.assertEqual((operation["sync"]["revision"], operation["sync"]["syncOptions"],
                          operation["initiatedBy"]["username"]), ("main", ["Prune=true"], "admin"))
        again = self.ask("POST", f"{path}/a/sync", {})
        self.assertEqual((again.status, again.body.decode()),
                         (400, "[ServiceError:400] another operation is already in progress\n"))
        self.assertEqual(self.ok("GET", f"{GITOPS}/clusters")[0]["name"], "in-cluster")
        self.assertEqual(self.ask("DELETE", f"{path}/a?cascade=true").json()["metadata"]["finalizers"],
                         ["resources-finalizer.argocd.argoproj.io"])

    # ----- SCM providers -----

    def test_scm_servers_at_private_addresses_are_refused(self):
        for server in ("http://127.0.0.1:9", "http://169.254.169.254", "http://[::1]:9", "http://localhost:9"):
            said = self.ok("POST", f"{V3}/scms/gitea/verify?server={server}")
            self.assertEqual(said["code"], 101, f"{server}: {said}")
        self.assertEqual(self.ok("POST", f"{V3}/scms/gitee/verify")["message"], "Unsupported $GIT_KIND value: gitee")
        self.assertEqual(self.ok("POST", f"{V3}/scms/gitea/verify?server=file:///etc/passwd")["code"], 100)
        self.assertEqual(self.ok("POST", f"{V3}/scms/gitea/verify")["message"], "No git serverURL was specified")
        missing = self.ok("POST", f"{V3}/scms/github/verify?secret=none&secretNamespace={self.ns}")
        self.assertEqual((missing["code"], missing["credentialId"]), (100, "none"))
        self.assertRegex(missing["message"], '^cannot get secret.*error is: secrets? "none" not found$')

    # ----- the router, identity, documentation -----

    def test_what_is_not_there(self):
        self.assertEqual(self.ask("GET", f"{V3}/nothing").body, b"404: Page Not Found")
        self.assertEqual(self.ask("PATCH", f"{V3}/clustertemplates", "{}").status, 405)
        self.assertEqual(self.ask("GET", f"{V3}/clustertemplates", headers={"Accept": "text/xml"}).status, 406)
        self.assertEqual(self.ask("POST", f"{V2}/tojson", "{}").status, 415)
        self.assertEqual(self.ok("GET", f"{V3}//clustertemplates/")["totalItems"] >= 0, True)
        self.assertEqual(self.ok("GET", "/v1alpha3/clustertemplates?limit=0")["items"], [])

    def test_every_route_wants_a_token_but_the_documentation(self):
        documentation = json.loads(self.server.request("GET", "/openapi.json", token=False).body)
        self.assertEqual(documentation["openapi"], "3.0.3")
        self.assertEqual(self.server.request("GET", "/apidocs/", token=False).status, 200)
        roots = json.loads(self.server.request("GET", "/apidocs.json", token=False).body)
        self.assertIn(V3, [a["path"] for a in roots["apis"]])
        self.assertIn("apis", json.loads(self.server.request("GET", "/apidocs.json" + V3, token=False).body))
        asked = 0
        for path, methods in documentation["paths"].items():
            for method in methods:
                reply = self.server.request(method.upper(), path.replace("{", "").replace("}", ""), token=False)
                # Webhooks ask for a signature once there is something to sign.
                wanted = (200, 400, 401) if re.search(r"/webhook/git(hub)?$|/webhooks/scm$", path) else (401,)
                self.assertIn(reply.status, wanted, f"{method} {path}")
                self.assertIn(reply.body[:60], (b"unknown SCM type",) if reply.status == 200 else (reply.body[:60],))
                asked += 1
        self.assertGreater(asked, 120)


class Provider(http.server.BaseHTTPRequestHandler):
    """A fake: answers in the shapes of GitHub's and GitLab's APIs, as far as they are asked here."""
    asked = []

    def do_GET(self):
        Provider.asked.append((self.path, self.headers.get("Authorization") or self.headers.get("Private-Token")))
        path, _, query = self.path.partition("?")
        answers = {
            "/api/v3/user": {"login": "bob"},
            "/api/v3/user/orgs": [{"login": "acme", "avatar_url": "https://example.com/a.png"}],
            "/api/v3/user/repos": [{"name": "mine", "default_branch": "main"}],
            "/api/v3/orgs/acme/repos": [{"name": "web", "default_branch": "trunk"}],
            "/api/v4/user": {"username": "bob"},
            "/api/v4/groups": [{"path": "team", "avatar_url": None}],
            "/api/v4/groups/team/projects": [{"path": "app", "default_branch": "main"}],
        }
        refused = (self.headers.get("Authorization") or self.headers.get("Private-Token") or "").endswith("wrong")
        body = json.dumps({"message": "Bad credentials"} if refused else answers.get(path, {"message": "Not Found"})).encode()
        self.send_response(401 if refused else 200 if path in answers else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class ScmTest(ks_server.Case):
    flags = ("--allow-private-addresses",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
        threading.Thread(target=cls.provider.serve_forever, daemon=True).start()
        cls.url = f"http://127.0.0.1:{cls.provider.server_port}"

    @classmethod
    def tearDownClass(cls):
        cls.provider.shutdown()
        cls.provider.server_close()
        super().tearDownClass()

    def ask(self, method, path):
        return self.server.request(method, V3 + path)

    def test_providers_are_asked_with_the_secret(self):
        for name, token in (("good", "t0ken"), ("bad", "wrong")):
            self.kubectl("create", "secret", "generic", name, f"--namespace={self.ns}", f"--from-literal=token={token}")
        where = f"server={self.url}&secret=good&secretNamespace={self.ns}"
        self.assertEqual(self.ask("POST", f"/scms/github/verify?{where}").json(),
                         {"message": "ok", "code": 0, "credentialId": "good"})
        self.assertEqual(self.ask("GET", f"/scms/github/organizations?{where}&includeUser=true").json(), [
            {"name": "acme", "avatar": "https://example.com/a.png"},
            {"name": "bob", "avatar": "https://avatars.githubusercontent.com/bob"}])
        self.assertEqual(self.ask("GET", f"/scms/github/organizations/acme/repositories?{where}&pageNumber=2&pageSize=5").json(),
                         {"repositories": {"items": [{"defaultBranch": "trunk", "name": "web"}]}})
        self.assertIn(("/api/v3/orgs/acme/repos?page=2&per_page=5", "Bearer t0ken"), Provider.asked)
        self.assertEqual(self.ask("GET", f"/scms/github/organizations/bob/repositories?{where}").json()["repositories"]["items"],
                         [{"defaultBranch": "main", "name": "mine"}])
        self.assertEqual(self.ask("GET", f"/scms/gitlab/organizations/team/repositories?{where}").json()["repositories"]["items"],
                         [{"defaultBranch": "main", "name": "app"}])
        self.assertIn(("/api/v4/user", "t0ken"), Provider.asked)
        refused = self.ask("POST", f"/scms/github/verify?server={self.url}&secret=bad&secretNamespace={self.ns}").json()
        self.assertEqual((refused["code"], refused["message"]), (101, "Bad credentials"))
        self.assertEqual(self.ask("GET", f"/scms/github/organizations/none/repositories?{where}").status, 404)


if __name__ == "__main__":
    unittest.main()
