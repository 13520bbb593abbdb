"""A `ks up` with a folder of jobs, asked as Jenkins' clients ask: Basic authentication and forms."""

import base64
import json
import os
import shutil
import tempfile
import time
import urllib.parse
from xml.sax.saxutils import escape

import git_server
import ks_server

FORM = "application/x-www-form-urlencoded"
XML = "application/xml"
FOLDER = "com.cloudbees.hudson.plugins.folder.Folder"
BUILD = """
pipeline {
  agent any
  stages {
    stage('one') {
      steps {
        sh 'mkdir -p dir && echo fizz > dir/fizz && echo "tag is $TAG"'
        sh '''printf '<testsuite name="s"><testcase classname="c" name="good"/><testcase classname="c" name="bad"><failure message="m">text</failure></testcase></testsuite>' > r.xml'''
        archiveArtifacts 'dir/fizz'
        junit 'r.xml'
      }
    }
    stage('both') {
      parallel {
        stage('left') { steps { echo 'left' } }
        stage('right') { steps { echo 'right' } }
      }
    }
  }
}
"""
ASKING = """
pipeline {
  agent none
  stages {
    stage('q') {
      steps { input message: 'Deploy?', id: 'Go', parameters: [string(name: 'a', defaultValue: 'x', description: '')] }
    }
  }
}
"""
PARAMETERS = """
<hudson.model.ParametersDefinitionProperty><parameterDefinitions>
  <hudson.model.StringParameterDefinition><name>TAG</name><description/><defaultValue>v1</defaultValue></hudson.model.StringParameterDefinition>
  <hudson.model.ChoiceParameterDefinition><name>C</name><description/><choices class="java.util.Arrays$ArrayList"><a class="string-array"><string>x</string><string>y</string></a></choices></hudson.model.ChoiceParameterDefinition>
  <hudson.model.BooleanParameterDefinition><name>B</name><description/><defaultValue>true</defaultValue></hudson.model.BooleanParameterDefinition>
</parameterDefinitions></hudson.model.ParametersDefinitionProperty>
"""


def config(script, properties="", more=""):
    return (f"<?xml version='1.1' encoding='UTF-8'?>\n<flow-definition plugin=\"workflow-job\"><description/><properties>{properties}"
            '</properties><definition class="org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition" plugin="workflow-cps">'
            f"<script>{escape(script)}</script><sandbox>true</sandbox></definition><triggers/>{more}<disabled>false</disabled></flow-definition>")


def multi_config(url):
    return ("<?xml version='1.1' encoding='UTF-8'?>\n"
            '<org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject plugin="workflow-multibranch"><description/><properties/>'
            '<sources class="jenkins.branch.MultiBranchProject$BranchSourceList" plugin="branch-api"><data><jenkins.branch.BranchSource>'
            '<source class="jenkins.plugins.git.GitSCMSource" plugin="git"><id>s</id>'
            f"<remote>{escape(url)}</remote><credentialsId/><traits><jenkins.plugins.git.traits.BranchDiscoveryTrait/></traits></source>"
            "</jenkins.branch.BranchSource></data></sources>"
            '<factory class="org.jenkinsci.plugins.workflow.multibranch.WorkflowBranchProjectFactory"><scriptPath>Jenkinsfile</scriptPath></factory>'
            "</org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject>")


def quote(text):
    return urllib.parse.quote(text, safe="")


class Answer:
    def __init__(self, reply):
        self.status, self.headers, self.bytes = reply.status, reply.headers, reply.body
        self.text = reply.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.text)

    def __str__(self):
        return f"{self.status}: {self.text[:200]!r}"


class World:
    job = "/job/rest/job/demo"
    blue = "/blue/rest/organizations/jenkins/pipelines/rest/pipelines/demo"

    def __init__(self):
        self.server = ks_server.Server()
        self.folder = tempfile.mkdtemp(prefix="ks-rest-")
        self.git = None
        self.made = 0

    def start(self):
        self.server.start("--no-demo")
        with open(os.path.join(self.server.data_dir, "admin-password")) as file:
            self.password = file.read().strip()
        self.must("POST", "/createItem", {"name": "rest", "mode": FOLDER, "json": json.dumps({"name": "rest", "mode": FOLDER})})
        self.create("demo", BUILD, PARAMETERS)
        self.create("asking", ASKING)
        self.create("slow", "node { sh 'sleep 600' }")
        self.number = self.finished("demo", self.begin("demo"))

    def remove(self):
        if self.git:
            self.git.close()
        self.server.stop()
        self.server.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ----- asking -----

    def ask(self, method, path, body=None, content_type=None, headers=None, user=True):
        """A dictionary is sent as a form, or as JSON to Blue Ocean. `user`: False for nobody, or (name, password)."""
        more = dict(headers or {})
        if isinstance(body, dict) and path.startswith("/blue/"):
            body, content_type = json.dumps(body), content_type or "application/json"
        elif isinstance(body, dict):
            body, content_type = urllib.parse.urlencode(body), content_type or FORM
        if user:
            pair = user if isinstance(user, tuple) else ("admin", self.password)
            more["Authorization"] = "Basic " + base64.b64encode(":".join(pair).encode()).decode()
        return Answer(self.server.request(method, path, body, headers=more, token=False, content_type=content_type or FORM))

    def must(self, method, path, body=None, status=(200, 302), **more):
        answer = self.ask(method, path, body, **more)
        assert answer.status in (status if isinstance(status, tuple) else (status,)), f"{method} {path} answers {answer}"
        return answer

    def get(self, path, **more):
        return self.must("GET", path, status=200, **more).json()

    def refused(self, method, path, body=None, status=None, **more):
        """An error of the caller's, with a text."""
        answer = self.ask(method, path, body, **more)
        assert answer.status == status if status else 400 <= answer.status < 500, f"{method} {path} answers {answer}"
        assert answer.text or method == "HEAD", f"{method} {path} answers {answer.status} without a text"
        return answer

    def wait(self, holds, what, seconds=60):
        end = time.monotonic() + seconds
        while not (got := holds()):
            assert time.monotonic() < end, f"not within {seconds} s: {what}"
            time.sleep(0.02)
        return got

    # ----- jobs and builds -----

    def name(self, word="made"):
        self.made += 1
        return f"{word}{self.made}"

    def create(self, name, script="echo 1", properties="", more="", at="/job/rest"):
        self.must("POST", f"{at}/createItem?name={quote(name)}", config(script, properties, more), content_type=XML, status=200)
        return f"{at}/job/{quote(name)}"

    def begin(self, job, body=None):
        """The number of a new build."""
        body = body if body is not None else {"parameters": []}
        path = f"/blue/rest/organizations/jenkins/pipelines/rest/pipelines/{job}/runs/"
        return int(self.must("POST", path, body, status=200).json()["id"])

    def build(self, job, number):
        return self.get(f"/job/rest/job/{job}/{number}/api/json")

    def finished(self, job, number):
        self.wait(lambda: not self.build(job, number)["building"], f"end of {job} #{number}")
        return number

    def asked(self, job="asking"):
        """The number of a build that waits for its answer."""
        number = self.begin(job)
        self.wait(lambda: self.get(f"/job/rest/job/{job}/{number}/wfapi/pendingInputActions"), "the question")
        return number

    def running(self, job="slow"):
        number = self.begin(job)
        path = f"/blue/rest/organizations/jenkins/pipelines/rest/pipelines/{job}/runs/{number}/"
        self.wait(lambda: self.get(path)["state"] == "RUNNING", f"beginning of {job} #{number}")
        return number

    def queued(self):
        """A job with a build that waits behind another, and what the queue says of it."""
        name = self.name("queue")
        self.create(name, "input 'wait'", "<org.jenkinsci.plugins.workflow.job.properties.DisableConcurrentBuildsJobProperty/>")
        self.begin(name)
        answer = self.must("POST", f"/job/rest/job/{name}/build", status=201)
        return name, answer.headers["Location"]

    # ----- git -----

    def repository(self):
        """A repository over HTTP with branches, and a job that checks it out, built twice with a change between."""
        if self.git is None:
            repositories = os.path.join(self.folder, "repositories")
            repository = git_server.Repository(repositories, "app")
            repository.commit("first", {"Jenkinsfile": "node { echo 'from a branch' }", "a": "1"})
            git_server.git(repository.work, "push", "-q", "origin", "HEAD:feature/x")
            self.git = git_server.HttpServer(repositories)
            self.url = self.git.url + "/app.git"
            self.create("changes", f"node {{ git url: '{self.url}', branch: 'main' }}")
            self.finished("changes", self.begin("changes"))
            self.commit = repository.commit("second line", {"a": "2"})
            self.finished("changes", self.begin("changes"))
        return self.url

    def multi(self):
        """A multi-branch pipeline over that repository whose branches are there."""
        url = self.repository()
        if self.ask("GET", "/job/rest/job/multi/api/json").status == 404:
            self.must("POST", "/job/rest/createItem?name=multi", multi_config(url), content_type=XML, status=200)
            self.must("POST", "/job/rest/job/multi/build?delay=0", status=(200, 201, 302))
            path = "/blue/rest/organizations/jenkins/pipelines/rest/pipelines/multi/branches/"
            self.wait(lambda: len(self.get(path)) == 2, "the branches")
        return "/job/rest/job/multi", "/blue/rest/organizations/jenkins/pipelines/rest/pipelines/multi"
