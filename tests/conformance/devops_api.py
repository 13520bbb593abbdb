#!/usr/bin/env python3
"""Drives every route of devops-routes.tsv against a real `ks up`: once as it is meant, once with names that are not there.

A route is served when the first answer has the status and the shape that the contract gives, and the second is an error
of the caller's (4xx) with a text. One case a line of the file.
"""

import json
import os
import re
import sys
import tempfile
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
os.environ.setdefault("KS_SOURCE_DIR", ROOT)
os.environ.setdefault("KS_BINARY", os.path.join(ROOT, "build/release/ks"))
sys.path.insert(0, os.path.join(ROOT, "tests/e2e"))
import git_server  # noqa: E402
import ks_server  # noqa: E402
import s3_server  # noqa: E402
import scm_server  # noqa: E402
import sonar_server  # noqa: E402
from served import parse_flags, report  # noqa: E402

GROUP = "devops.kubesphere.io/v1alpha3"
V3 = "/kapis/devops.kubesphere.io/v1alpha3"
JENKINSFILE = ("pipeline {\n  agent any\n  stages {\n    stage('a') {\n      steps {\n        sh 'echo x > a.txt'\n"
               "        archiveArtifacts 'a.txt'\n        echo 'hello'\n      }\n    }\n  }\n}\n")
ASKING = ("pipeline {\n  agent none\n  stages {\n    stage('q') { steps { input message: 'go?', id: 'Go' } }\n  }\n}\n")
ENVELOPE = ("items", "totalItems")
FORM = "application/x-www-form-urlencoded"


class World:
    """What the routes are about: one of everything."""

    def __init__(self, server):
        self.server = server
        self.folder = tempfile.TemporaryDirectory()
        self.repository = git_server.Repository(self.folder.name, "app")
        git_server.git(self.repository.bare, "config", "http.receivepack", "true")
        self.git = git_server.HttpServer(self.folder.name)
        self.commit = self.repository.commit("first", {"a.txt": "one\n", "keep.txt": "two\n"})
        branches = git_server.Repository(self.folder.name, "branches")
        branches.commit("first", {"Jenkinsfile": JENKINSFILE})
        git_server.git(branches.work, "checkout", "-qb", "asking")
        branches.commit("second", {"Jenkinsfile": ASKING})
        made = self.send("POST", f"{V3}/workspaces/ws/devops", {"metadata": {"generateName": "w"}, "spec": {}})
        self.project = made.json()["metadata"]["name"]
        self.wait(lambda: self.send("GET", f"/api/v1/namespaces/{self.project}").status == 200)
        self.objects()
        self.scm = scm_server.ScmServer()
        self.scm_credential = self.send("POST", "/kapis/devops.kubesphere.io/v1alpha2/scms/github-enterprise/verify", {
            "accessToken": "ghp_right", "apiUrl": self.scm.api}).json()["credentialId"]
        self.run = self.finished("p", self.start("p"))
        self.number = self.run["metadata"]["annotations"]["devops.kubesphere.io/jenkins-pipelinerun-id"]
        node = self.send("GET", f"/kapis/devops.kubesphere.io/v1alpha2/devops/{self.project}/pipelines/p/runs/{self.number}"
                                "/nodesdetail").json()[0]
        self.node, self.step = node["id"], node["steps"][0]["id"]
        self.wait(lambda: self.branch().get("latestRun", {}).get("state") == "FINISHED")
        # A branch is checked out first: the steps of its run are others.
        self.branch_node = self.send("GET", f"/kapis/devops.kubesphere.io/v1alpha2/devops/{self.project}/pipelines/multi"
                                            "/branches/main/runs/1/nodesdetail").json()[0]

    def send(self, method, path, body=None, content_type="application/json", headers=None):
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        return self.server.request(method, path, body, headers=headers, content_type=content_type)

    def wait(self, holds, seconds=30):
        end = time.monotonic() + seconds
        while not (got := holds()):
            if time.monotonic() > end:
                raise RuntimeError("the world did not come about")
            time.sleep(0.02)
        return got

    def create(self, kind, plural, name, namespaced=True, group=GROUP, **fields):
        space = f"/namespaces/{self.project}" if namespaced else ""
        thing = {"apiVersion": group, "kind": kind, "metadata": {"name": name}, **fields}
        reply = self.send("POST", f"/apis/{group}{space}/{plural}", thing)
        if reply.status not in (201, 409):
            raise RuntimeError(f"{kind} {name}: {reply}")

    def objects(self):
        for name, script in (("p", JENKINSFILE), ("asking", ASKING)):
            self.create("Pipeline", "pipelines", name,
                        spec={"type": "pipeline", "pipeline": {"name": name, "jenkinsfile": script}})
        self.create("Pipeline", "pipelines", "multi", spec={"type": "multi-branch-pipeline", "multi_branch_pipeline": {
            "name": "multi", "source_type": "git", "script_path": "Jenkinsfile",
            "git_source": {"url": self.git.url + "/branches.git", "discover_branches": True}}})
        self.create("Template", "templates", "t", spec={"template": "echo '$(.params.a)'"})
        self.create("ClusterTemplate", "clustertemplates", "ct", False, spec={"template": "echo '$(.params.a)'"})
        self.create("ClusterStepTemplate", "clustersteptemplates", "st", False,
                    spec={"template": "make", "runtime": "shell"})
        self.create("GitRepository", "gitrepositories", "g", spec={"provider": "git", "url": self.git.url + "/app.git"})
        self.create("Application", "applications", "app", group="gitops.kubesphere.io/v1alpha1",
                    spec={"argoApp": {"spec": APP_SPEC}})
        self.create("S2iBinary", "s2ibinaries", "b", group="devops.kubesphere.io/v1alpha1")
        self.send("POST", f"{V3}/devops/{self.project}/credentials", credential("c"))

    def branch(self):
        """The branch `main` of the multi-branch pipeline, as its annotation tells."""
        reply = self.send("GET", f"{V3}/namespaces/{self.project}/pipelines/multi/branches/main")
        return reply.json() if reply.status == 200 else {}

    def start(self, pipeline, query=""):
        return self.send("POST", f"{V3}/namespaces/{self.project}/pipelines/{pipeline}/pipelineruns{query}", {}).json()[
            "metadata"]["name"]

    def run_object(self, name):
        return self.send("GET", f"{V3}/namespaces/{self.project}/pipelineruns/{name}").json()

    def finished(self, _, name):
        return self.wait(lambda: (lambda o: o if o.get("status", {}).get("completionTime") else None)(self.run_object(name)))

    def question(self, of_branch):
        """A run that waits: its number, and the node and step of its question."""
        pipeline, query = ("multi/branches/asking", "?branch=asking") if of_branch else ("asking", "")
        name = self.start(pipeline.split("/")[0], query)
        number = self.wait(lambda: self.run_object(name)["metadata"].get("annotations", {}).get(
            "devops.kubesphere.io/jenkins-pipelinerun-id"))
        path = f"/kapis/devops.kubesphere.io/v1alpha2/devops/{self.project}/pipelines/{pipeline}/runs/{number}/nodesdetail"

        def look():
            reply = self.send("GET", path)
            for node in reply.json() if reply.status == 200 else []:
                for step in node.get("steps", []):
                    if step.get("input"):
                        return number, node["id"], step["id"]
            return None
        return self.wait(look)


UPLOAD = ("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file0\"; filename=\"u\"\r\n\r\nx\r\n"
          "--b\r\nContent-Disposition: form-data; name=\"file0_name\"\r\n\r\nu.txt\r\n--b--\r\n")
BINARY = ("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"s2ibinary\"; filename=\"u.jar\"\r\n\r\nx\r\n--b--\r\n")
SCM = {"scm": "github-enterprise", "organization": "acme"}
APP_SPEC = {"project": "default", "destination": {"server": "https://kubernetes.default.svc", "namespace": "x"},
            "source": {"repoURL": "https://127.0.0.1:9/none.git"}}


def credential(name):
    return {"metadata": {"name": name}, "type": "credential.devops.kubesphere.io/secret-text", "stringData": {"secret": "x1y2"}}


def form(**fields):
    return urllib.parse.urlencode(fields)


class Answer:
    def __init__(self, reply):
        self.status, self.text = reply.status, reply.body.decode("utf-8", "replace")
        self.type = reply.headers.get("Content-Type", "")

    def json(self):
        return json.loads(self.text)


def has(*fields):
    return lambda value: isinstance(value, dict) and all(field in value for field in fields)


def is_list(value):
    return isinstance(value, list)


def is_text(_):
    return True


# What is special about a route: pattern of `METHOD path` below its root -> how it is asked, and what the answer must have.
# The first that fits counts. Without one: no body, 200, any JSON.
RULES = [
    # working copies; `{file}` is base64 of a path
    (r"PUT .*/configs/default$", {"body": {"config": {"User": {"Name": "a", "Email": "a@b"}}}, "shape": has("config")}),
    (r"GET .*/configs/default$", {"shape": has("config")}),
    (r"GET .*/gitrepositories/.*/(branches|branches/\{branch\}/(commits|files))$", {"shape": has(*ENVELOPE, "options")}),
    (r"GET .*/gitrepositories/.*/rawfiles/\{file\}$", {"shape": is_text}),
    (r"GET .*/gitrepositories/.*/files/\{file\}$", {"shape": has("name", "size", "isDir")}),
    (r"GET .*/gitrepositories/.*/branches/\{branch\}$", {"shape": has("ref", "name", "commit")}),
    (r"GET .*/gitrepositories/.*/commits/\{commit\}$", {"shape": has("Hash", "Author", "TreeHash")}),
    (r"DELETE .*/gitrepositories/.*/files$", {"query": "file=a.txt&message=away", "shape": has("commit")}),
    (r"POST .*/gitrepositories/.*/files$", {"body": {"files": [{"name": "n-{n}", "data": "eA=="}], "message": "m"},
                                            "shape": has("commit")}),
    (r"POST .*/gitrepositories/.*/uploads$", {"raw": UPLOAD}),
    (r"POST .*/gitrepositories/.*/(checkouts|pulls)$", {"body": {}}),
    (r"PUT .*/s2ibinaries/\{s2ibinary\}/file$", {"raw": BINARY, "shape": has("metadata", "spec", "status")}),
    (r"GET .*/s2ibinaries/\{s2ibinary\}/file/\{file\}$", {"set": {"file": "u.jar"}, "status": (302,)}),
    # pipelines, runs
    (r"GET .*/credentials/\{credential\}/usage$", {"shape": has("id", "type", "domain")}),
    (r"GET .*/search$", {"query": "q=type:pipeline;pipeline:{devops}/**", "shape": has("items", "total_count")}),
    (r"GET .*/pipelines/\{pipeline\}/runs$", {"query": "start=0&limit=10", "shape": has(*ENVELOPE)}),
    # null for what was never built
    (r"GET .*/pipelines/\{pipeline\}/sonarstatus$", {"shape": is_list, "no_names": True}),
    (r"GET .*/branches/\{branch\}/sonarstatus$", {"no_names": True}),
    (r"POST .*/runs/\{run\}/stop$", {"body": {}, "shape": has("id", "state")}),
    (r"POST .*/runs/\{run\}/replay$", {"body": {}, "shape": has("id")}),
    (r"POST .*/pipelines/\{pipeline\}(/branches/\{branch\})?/runs$", {"body": {"parameters": []}, "shape": has("id", "pipeline")}),
    (r"GET .*/runs/\{run\}/(artifacts|nodes|nodesdetail)$", {"shape": is_list}),
    (r"GET .*/nodes/\{node\}/steps$", {"shape": is_list}),
    (r"POST .*/nodes/\{node\}/steps/\{step\}$", {"question": True, "body": {"id": "Go"}, "shape": is_text}),
    (r"GET .*/log$", {"query": "start=0", "shape": is_text}),
    (r"GET .*/runs/\{run\}$", {"shape": has("id", "state", "result", "_links")}),
    (r"GET .*v1alpha2/.*/pipelines/\{pipeline\}/branches$", {"multi": True, "shape": is_list}),
    (r"POST .*/scan$", {"multi": True, "query": "delay=0", "shape": is_text}),
    (r"GET .*/consolelog$", {"multi": True, "shape": is_text}),
    (r"GET .*/crumbissuer$", {"shape": has("crumb", "crumbRequestField"), "no_names": True}),
    (r"POST .*v1alpha2/scms/\{scm\}/verify$", {"set": SCM, "body": {"accessToken": "ghp_right", "apiUrl": "{scm_server}"},
                                                "shape": has("credentialId")}),
    (r"POST .*v1alpha2/scms/\{scm\}/servers$", {"set": SCM, "body": {"name": "s", "apiUrl": "{scm_server}"},
                                                 "shape": has("id", "name", "apiUrl")}),
    (r"GET .*v1alpha2/scms/\{scm\}/servers$", {"set": SCM, "shape": is_list}),
    (r"GET .*v1alpha2/scms/.*organizations$", {"set": SCM, "query": "credentialId={scm_credential}", "shape": is_list}),
    (r"GET .*v1alpha2/scms/.*repositories$", {"set": SCM, "query": "credentialId={scm_credential}", "shape": has("repositories")}),
    (r"(GET|POST) .*/webhook/git$", {"query": "url=https://127.0.0.1:9/other.git", "body": {}, "shape": is_text, "no_names": True}),
    (r"POST .*/webhook/github$", {"body": {"zen": "x"}, "headers": {"X-GitHub-Event": "ping"}, "shape": is_text, "no_names": True}),
    (r"POST .*/webhook/generic-trigger$", {"query": "token=none", "body": {}, "status": (200, 404), "shape": is_text, "no_names": True}),
    (r"POST .*/checkScriptCompile$", {"form": form(value="echo 1"), "shape": has("status"), "no_names": True}),
    (r"POST .*/checkCron$", {"body": {"pipelineName": "p", "cron": "H 4 * * *"}, "shape": has("result", "message", "nextTime"), "no_names": True}),
    (r"POST .*/tojson$", {"form": form(jenkinsfile=JENKINSFILE), "shape": has("status", "data"), "no_names": True}),
    (r"POST .*/tojenkinsfile$", {"form": form(json='{"pipeline":{}}'), "shape": has("status", "data"), "no_names": True}),
    (r"GET .*/jenkins/\{path:\*\}$", {"path": "job/{devops}/api/json", "shape": has("_class")}),
    (r"POST .*/jenkins/\{path:\*\}$", {"path": "pipeline-model-converter/toJson", "form": form(jenkinsfile=JENKINSFILE), "no_names": True}),
    (r"GET .*v1alpha2/.*/pipelines/\{pipeline\}/branches/\{branch\}$", {"shape": has("name", "weatherScore", "_links")}),
    (r"GET .*v1alpha2/.*/pipelines/\{pipeline\}$", {"shape": has("name", "weatherScore", "_links")}),
    # v1alpha3
    (r"POST .*v1alpha3/.*/credentials$", {"body": credential("new-{n}"), "shape": has("metadata", "type")}),
    (r"PUT .*/credentials/\{credential\}$", {"body": credential("c"), "shape": has("metadata", "data")}),
    (r"DELETE .*/credentials/\{credential\}$", {"make": "credential", "shape": has("message")}),
    (r"POST .*v1alpha3/.*/pipelines$", {"body": {"metadata": {"name": "new-{n}"}, "spec": {
        "type": "pipeline", "pipeline": {"name": "new-{n}", "jenkinsfile": "echo 1"}}}, "shape": has("metadata", "status")}),
    (r"PUT .*/pipelines/\{pipeline\}$", {"body": {"metadata": {"name": "{pipeline}"}, "spec": {
        "type": "pipeline", "pipeline": {"name": "{pipeline}", "jenkinsfile": JENKINSFILE}}}, "shape": has("metadata", "spec")}),
    (r"PUT .*/jenkinsfile$", {"query": "mode=raw", "body": {"data": JENKINSFILE}, "shape": has("result")}),
    (r"DELETE .*/pipelines/\{pipeline\}$", {"make": "pipeline", "shape": has("message")}),
    (r"POST .*/workspaces/\{workspace\}/(devops|namespaces)$", {"body": {"metadata": {"generateName": "new-{n}"}, "spec": {}},
                                                                 "shape": has("metadata", "status"), "no_names": True}),
    (r"PUT .*/workspaces/.*/\{devops\}$", {"stored": True, "shape": has("metadata")}),
    (r"DELETE .*/workspaces/.*/\{devops\}$", {"make": "project", "shape": has("message")}),
    (r"GET .*/workspaces/\{workspace\}/(devops|namespaces|workspacemembers/\{workspacemember\}/namespaces)$",
     {"shape": has(*ENVELOPE), "no_names": True}),
    (r"POST .*v1alpha3/scms/\{scm\}/verify$", {"query": "server=https://127.0.0.1:9&secret=c&secretNamespace={devops}",
                                                "shape": has("message", "code"), "no_names": True}),
    (r"GET .*v1alpha3/scms/.*$", {"query": "server=https://127.0.0.1:9&secret=c&secretNamespace={devops}", "status": (200, 502)}),
    (r"POST .*/gitrepositories$", {"body": {"metadata": {"name": "new-{n}"}, "spec": {"provider": "git", "url": "https://127.0.0.1:9/x"}},
                                    "shape": has("metadata", "spec"), "no_names": True}),
    (r"PUT .*/gitrepositories/\{gitrepository\}$", {"make": "repository", "body": {"metadata": {"name": "{gitrepository}", "namespace": "{devops}"}, "spec": {
        "provider": "git", "url": "https://127.0.0.1:9/y"}}, "shape": has("metadata")}),
    (r"DELETE .*/gitrepositories/\{gitrepository\}$", {"make": "repository", "shape": has("metadata")}),
    (r"GET .*v1alpha3/.*/pipelines/\{pipeline\}/pipelineruns$", {"query": "backward=true", "shape": has(*ENVELOPE)}),
    (r"POST .*/pipelineruns$", {"body": {"parameters": [{"name": "a", "value": True}]}, "shape": has("metadata", "spec", "status")}),
    (r"GET .*/nodedetails$", {"shape": is_list}),
    (r"GET .*/artifacts/download$", {"query": "filename=a.txt", "shape": is_text}),
    (r"DELETE .*/pipelineruns/\{pipelinerun\}$", {"make": "run", "shape": is_text}),
    (r"GET .*v1alpha3/.*/branches$", {"multi": True, "shape": has(*ENVELOPE)}),
    (r"GET .*v1alpha3/.*/branches/\{branch\}$", {"shape": has("name", "weatherScore")}),
    (r"POST .*/render$", {"body": {"parameters": [{"name": "a", "value": "b"}]}, "shape": lambda v: "metadata" in v or "data" in v}),
    (r"POST .*/webhooks/jenkins$", {"body": {"type": "run.started"}, "shape": is_text, "no_names": True}),
    (r"POST .*/webhooks/scm$", {"body": {}, "shape": is_text, "no_names": True}),
    (r"GET .*/ci/nodelabels$", {"make": "labels", "shape": has("status", "data"), "no_names": True}),
    (r"GET .*(templates|credentials|gitrepositories|applications|pipelines|clusters.*templates)$",
     {"shape": has(*ENVELOPE), "no_names": True}),
    # gitops
    (r"POST .*/applications$", {"body": {"metadata": {"name": "new-{n}"}, "spec": {"argoApp": {"spec": APP_SPEC}}},
                                "shape": has("metadata"), "no_names": True}),
    (r"PUT .*/applications/\{application\}$", {"body": {"metadata": {"name": "app", "namespace": "{devops}"},
                                                          "spec": {"argoApp": {"spec": APP_SPEC}}}, "shape": has("metadata")}),
    (r"DELETE .*/applications/\{application\}$", {"make": "application", "shape": has("metadata")}),
    (r"POST .*/sync$", {"make": "application", "body": {"revision": "main"}, "shape": has("spec")}),
    (r"GET .*/application-summary$", {"shape": has("total", "healthStatus", "syncStatus"), "no_names": True}),
    (r"GET .*/clusters$", {"shape": is_list, "no_names": True}),
    # the rest
    (r"POST /oauth/authenticate$", {"body": {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
                                             "spec": {"token": "a.b.c"}}, "shape": has("kind", "status"), "no_names": True}),
    (r"GET /apidocs.json$", {"shape": has("swaggerVersion", "apis"), "no_names": True}),
    (r"GET /apidocs.json/.*$", {"docs": True, "no_names": True}),
    (r"GET /(apidocs|swagger-ui)/\*\*$", {"shape": is_text, "no_names": True}),
    (r"GET /openapi.json$", {"shape": has("paths"), "no_names": True}),
    (r"ANY /apis?/\*\*$", {"kube": True, "no_names": True}),
    (r"\w+ /v1alpha\d/\{subpath:\*\}$", {"short": True, "no_names": True}),
]


class Driver:
    def __init__(self, world):
        self.world = world
        self.made = 0

    def rule(self, method, path):
        for pattern, rule in RULES:
            if re.match(pattern, f"{method} {path}"):
                return rule
        return {}

    def names(self, rule, path):
        w = self.world
        names = {"devops": w.project, "namespace": w.project, "pipeline": "p", "run": w.number, "node": w.node, "step": w.step,
                 "pipelinerun": w.run["metadata"]["name"], "credential": "c", "workspace": "ws", "workspacemember": "admin",
                 "template": "t", "clustertemplate": "ct", "clustersteptemplate": "st", "gitrepository": "g",
                 "application": "app", "scm": "github", "organization": "o", "branch": "main", "commit": w.commit,
                 "file": "YS50eHQ=", "s2ibinary": "b", "scm_server": w.scm.api,
                 "scm_credential": w.scm_credential}
        of_branch = "{branch}" in path and "gitrepositories" not in path
        if rule.get("multi") or of_branch:
            names["pipeline"] = "multi"
            names["run"], names["node"], names["step"] = "1", w.branch_node["id"], w.branch_node["steps"][0]["id"]
        if rule.get("question"):
            names["branch" if of_branch else "pipeline"] = "asking"
            names["run"], names["node"], names["step"] = w.question(of_branch)
        self.made += 1
        names["n"] = str(self.made)
        names.update(self.make(rule.get("make"), f"made-{self.made}"))
        names.update(rule.get("set", {}))
        return names

    def make(self, kind, name):
        """Something of its own for a route that takes it away."""
        w = self.world
        if kind == "credential":
            w.send("POST", f"{V3}/devops/{w.project}/credentials", credential(name))
        elif kind == "pipeline":
            w.create("Pipeline", "pipelines", name, spec={"type": "pipeline", "pipeline": {"name": name, "jenkinsfile": "echo 1"}})
        elif kind == "repository":
            w.create("GitRepository", "gitrepositories", name, spec={"provider": "git", "url": "https://127.0.0.1:9/x"})
            return {"gitrepository": name}
        elif kind == "application":
            w.create("Application", "applications", name, group="gitops.kubesphere.io/v1alpha1", spec={"argoApp": {"spec": APP_SPEC}})
        elif kind == "project":
            made = w.send("POST", f"{V3}/workspaces/ws/devops", {"metadata": {"generateName": name}, "spec": {}})
            return {"devops": made.json()["metadata"]["name"]}
        elif kind == "run":
            return {"pipelinerun": w.finished("p", w.start("p"))["metadata"]["name"]}
        elif kind == "labels":
            w.send("POST", "/api/v1/namespaces", {"metadata": {"name": "kubesphere-devops-system"}})
            w.send("POST", "/api/v1/namespaces/kubesphere-devops-system/configmaps",
                   {"metadata": {"name": "jenkins-agent-config"}, "data": {"agent.labels": "base,go"}})
            return {}
        return {kind: name} if kind else {}

    def fill(self, text, names):
        return re.sub(r"\{(\w+)\}", lambda m: str(names.get(m.group(1), m.group(0))), text)

    def fill_body(self, body, names):
        if isinstance(body, str):
            return self.fill(body, names) if re.fullmatch(r"[\w.-]*\{\w+\}[\w.-]*", body) else body
        if isinstance(body, dict):
            return {k: self.fill_body(v, names) for k, v in body.items()}
        return [self.fill_body(v, names) for v in body] if isinstance(body, list) else body

    def ask(self, method, path, rule, names):
        target = path
        if rule.get("kube"):
            target = "/api/v1/namespaces/default" if path.startswith("/api/") else f"/apis/{GROUP}/devopsprojects"
            method = "GET"
        elif rule.get("docs"):
            target = "/apidocs.json" + V3
        elif rule.get("short"):
            if method not in ("GET",):
                return None
            group = path.split("/")[1]
            target = f"/{group}/" + {"v1alpha1": f"namespaces/{names['namespace']}/applications",
                                     "v1alpha2": f"devops/{names['devops']}/pipelines/p",
                                     "v1alpha3": "clustertemplates"}[group]
        elif "{path:*}" in path:
            target = path.replace("{path:*}", rule.get("path", "api/json"))
        target = self.fill(target.replace("**", ""), names)
        if rule.get("query"):
            target += "?" + self.fill(rule["query"], names)
        body = rule.get("body")
        if rule.get("stored"):
            body = self.world.send("GET", target).json()
        if rule.get("raw"):
            return Answer(self.world.send(method, target, rule["raw"][1], rule["raw"][0]))
        if rule.get("form") is not None:
            return Answer(self.world.send(method, target, rule["form"], FORM, rule.get("headers")))
        if body is not None and method != "GET":
            return Answer(self.world.send(method, target, self.fill_body(body, names), headers=rule.get("headers")))
        return Answer(self.world.send(method, target))

    def drive(self, method, path):
        """None when the route is served; else why it is not."""
        rule = self.rule(method, path)
        names = self.names(rule, path)
        answer = self.ask(method, path, rule, names)
        if answer is None:
            return None
        wanted = rule.get("status", (200,))
        if answer.status not in wanted:
            return f"answers {answer.status}: {answer.text[:160]!r}"
        shape = rule.get("shape")
        if answer.status == 200 and shape is not is_text:
            try:
                value = answer.json()
            except ValueError:
                return f"answers no JSON: {answer.text[:160]!r}"
            if shape is not None and not shape(value):
                return f"has another shape: {answer.text[:160]!r}"
        if not rule.get("no_names") and re.search(r"\{(devops|namespace|pipeline|pipelinerun|credential|template|application)", path):
            strange = {k: "none-such" for k in names if k not in ("workspace", "n", "scm", "organization")}
            if rule.get("stored"):
                rule = {**rule, "stored": False, "body": {"metadata": {"name": "none-such"}}}
            wrong = self.ask(method, path, rule, {**names, **strange})
            denied = rule.get("question") and wrong.status == 200 and '"allow":"false"' in wrong.text
            if not (400 <= wrong.status < 500 and wrong.text) and not denied:
                return f"names that are not there: {wrong.status} {wrong.text[:160]!r}"
        return None


def routes(corpus):
    path = corpus if corpus.endswith(".tsv") else os.path.join(corpus, "devops-routes.tsv")
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#") or not line.strip():
                continue
            method, path, _, since = line.rstrip("\n").split("\t")[:4]
            yield method, path, since


def main():
    flags = parse_flags(__doc__)
    server = ks_server.Server()
    cases, store = [], None
    try:
        sonar = sonar_server.SonarServer()
        store = s3_server.Swift(tempfile.mkdtemp(prefix="ks-swift-"))
        store.make_bucket("s2i-binaries")
        config = os.path.join(server.data_dir, "conformance.yaml")
        with open(config, "w", encoding="utf-8") as file:
            json.dump({"sonar": {"name": "sonar", "url": sonar.url, "token": "squ_token"},
                       "s3": {"endpoint": store.url, "bucket": "s2i-binaries", "accessKeyID": store.access,
                              "secretAccessKey": store.secret}}, file)
        server.start("--no-demo", "--allow-private-addresses", "--config", config)
        driver = Driver(World(server))
        for method, path, since in routes(flags.corpus):
            name = f"{method} {path} {since}"
            if flags.filter not in name:
                continue
            if since == "none":
                cases.append({"id": name, "outcome": "skipped", "why": "not a route of the original"})
                continue
            try:
                why = driver.drive(method, path)
            except Exception as error:  # whatever goes wrong with one route, the others are driven
                why = f"{type(error).__name__}: {error}"
            cases.append({"id": name, "outcome": "failed" if why else "passed", "why": why or ""})
    finally:
        server.stop()
        server.remove()
        if store:
            store.close()
    return report("devops_api", "routes", cases, flags)


if __name__ == "__main__":
    sys.exit(main())
