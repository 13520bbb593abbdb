"""ks pipeline import, from a Jenkins home that the test writes in the shape of the original, and from a second server by REST."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import ks_server

PIPELINE = """<?xml version='1.1' encoding='UTF-8'?>
<flow-definition plugin="workflow-job@1400.v7fd111b_ec82f">
  <actions/>
  <description>{description}</description>
  <keepDependencies>false</keepDependencies>
  <properties>
    <org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty>
      <triggers><hudson.triggers.TimerTrigger><spec>H 3 1 1 *</spec></hudson.triggers.TimerTrigger></triggers>
    </org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty>
  </properties>
  <definition class="org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition" plugin="workflow-cps@3894.vd0f0248b_a_fc4">
    <script>{script}</script>
    <sandbox>true</sandbox>
  </definition>
  <triggers/>
  <disabled>{disabled}</disabled>
</flow-definition>
"""

FROM_SCM = """<?xml version='1.1' encoding='UTF-8'?>
<flow-definition plugin="workflow-job@1400.v7fd111b_ec82f">
  <description/>
  <properties/>
  <definition class="org.jenkinsci.plugins.workflow.cps.CpsScmFlowDefinition" plugin="workflow-cps@3894.vd0f0248b_a_fc4">
    <scm class="{scm}" plugin="git@5.2.1">
      <configVersion>2</configVersion>
      <userRemoteConfigs>
        <hudson.plugins.git.UserRemoteConfig>
          <url>https://git.invalid/shop/web.git</url>
          <credentialsId>git</credentialsId>
        </hudson.plugins.git.UserRemoteConfig>
      </userRemoteConfigs>
      <branches><hudson.plugins.git.BranchSpec><name>{branch}</name></hudson.plugins.git.BranchSpec></branches>
    </scm>
    <scriptPath>ci/Jenkinsfile</scriptPath>
    <lightweight>true</lightweight>
  </definition>
  <disabled>false</disabled>
</flow-definition>
"""

MULTI_BRANCH = """<?xml version='1.1' encoding='UTF-8'?>
<org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject plugin="workflow-multibranch@783">
  <description>all branches</description>
  <triggers/>
  <sources class="jenkins.branch.MultiBranchProject$BranchSourceList" plugin="branch-api@2">
    <data>
      <jenkins.branch.BranchSource>
        <source class="jenkins.plugins.git.GitSCMSource" plugin="git@5.2.1">
          <id>6b2f</id>
          <remote>https://git.invalid/shop/api.git</remote>
          <credentialsId>git</credentialsId>
          <traits><jenkins.plugins.git.traits.BranchDiscoveryTrait/></traits>
        </source>
      </jenkins.branch.BranchSource>
    </data>
  </sources>
  <factory class="org.jenkinsci.plugins.workflow.multibranch.WorkflowBranchProjectFactory">
    <scriptPath>Jenkinsfile</scriptPath>
  </factory>
</org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject>
"""

FOLDER = """<?xml version='1.1' encoding='UTF-8'?>
<com.cloudbees.hudson.plugins.folder.Folder plugin="cloudbees-folder@6.9">
  <description/>
  <properties>{properties}</properties>
</com.cloudbees.hudson.plugins.folder.Folder>
"""

CREDENTIALS = """<domainCredentialsMap class="hudson.util.CopyOnWriteMap$Hash">
    <entry>
      <com.cloudbees.plugins.credentials.domains.Domain><specifications/></com.cloudbees.plugins.credentials.domains.Domain>
      <java.util.concurrent.CopyOnWriteArrayList>{}</java.util.concurrent.CopyOnWriteArrayList>
    </entry>
  </domainCredentialsMap>"""

SYSTEM_CREDENTIALS = """<?xml version='1.1' encoding='UTF-8'?>
<com.cloudbees.plugins.credentials.SystemCredentialsProvider plugin="credentials@1319">
  {}
</com.cloudbees.plugins.credentials.SystemCredentialsProvider>
""".format(CREDENTIALS.format("""
  <com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl>
    <scope>GLOBAL</scope><id>git</id><description>the git server</description><username>ada</username><password>{AQAAABs3cr3tOfJenkins=}</password>
  </com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl>
  <org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl>
    <scope>GLOBAL</scope><id>unused</id><description/><secret>{AQAAABs3cr3tOfJenkins=}</secret>
  </org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl>
"""))

FOLDER_CREDENTIALS = ("<com.cloudbees.hudson.plugins.folder.properties.FolderCredentialsProvider_-FolderCredentialsProperty>"
                      + CREDENTIALS.format("""
  <org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl>
    <scope>GLOBAL</scope><id>deploy-token</id><description/><secret>{AQAAABs3cr3tOfJenkins=}</secret>
  </org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl>
  <org.jenkinsci.plugins.plaincredentials.impl.FileCredentialsImpl>
    <scope>GLOBAL</scope><id>key-file</id><description/><fileName>a</fileName><secretBytes>{AQAAABs3cr3tOfJenkins=}</secretBytes>
  </org.jenkinsci.plugins.plaincredentials.impl.FileCredentialsImpl>""")
                      + "</com.cloudbees.hudson.plugins.folder.properties.FolderCredentialsProvider_-FolderCredentialsProperty>")

BUILD = """<?xml version='1.1' encoding='UTF-8'?>
<flow-build plugin="workflow-job@1400.v7fd111b_ec82f">
  <actions/>
  <queueId>{number}</queueId>
  <timestamp>{start}</timestamp>
  <startTime>{start}</startTime>
  {result}
  <duration>{duration}</duration>
  <charset>UTF-8</charset>
  <completed>true</completed>
</flow-build>
"""

START = 1_700_000_000_000  # 2023-11-14T22:13:20Z


class Home:
    """A Jenkins home that is being written."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="ks-jenkins-home-"))
        (self.path / "jobs").mkdir()

    def place(self, job):
        path = self.path
        for name in job.split("/"):
            path = path / "jobs" / name
        return path

    def job(self, job, config):
        place = self.place(job)
        place.mkdir(parents=True, exist_ok=True)
        (place / "config.xml").write_text(config)
        return place

    @staticmethod
    def build(place, number, result, seconds):
        build = place / "builds" / str(number)
        build.mkdir(parents=True)
        (build / "build.xml").write_text(BUILD.format(number=number, start=START + number * 60_000, duration=seconds * 1000,
                                                      result=f"<result>{result}</result>" if result else ""))


class ImportTest(ks_server.Case):
    def ks(self, *arguments, env=None, server=True):
        environment = {**self.environment, "NO_COLOR": "1", **(env or {})}
        environment.pop("JENKINS_API_TOKEN", None)
        environment.update(env or {})
        if not server:
            environment["KUBECONFIG"] = ""
        return subprocess.run([ks_server.KS, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120, env=environment)

    def rows(self, *arguments, code=0, **more):
        """The rows as {(kind, in Jenkins): row}."""
        done = self.ks("pipeline", "import", *arguments, "-o", "json", **more)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertNotIn("s3cr3t", done.stdout)
        return {(row["kind"], row["from"]): row for row in json.loads(done.stdout)}

    def new_home(self):
        home = Home()
        self.addCleanup(shutil.rmtree, home.path)
        return home

    def spec(self, project, name):
        return self.server.get(f"/apis/devops.kubesphere.io/v1alpha3/namespaces/{project}/pipelines/{name}")["spec"]

    def runs(self, project):
        return self.server.get(f"/apis/devops.kubesphere.io/v1alpha3/namespaces/{project}/pipelineruns")["items"]

    def test_home(self):
        home = self.new_home()
        (home.path / "config.xml").write_text("<?xml version='1.1' encoding='UTF-8'?>\n<hudson><version>2.440</version></hudson>\n")
        (home.path / "credentials.xml").write_text(SYSTEM_CREDENTIALS)
        script = "node { withCredentials([string(credentialsId: 'deploy-token', variable: 'T')]) { echo 'hello' } }"
        home.job("Shop Floor", FOLDER.format(properties=FOLDER_CREDENTIALS))
        web = home.job("Shop Floor/Web App", PIPELINE.format(description="the shop", script=script, disabled="false"))
        home.build(web, 9, "SUCCESS", 12)
        home.build(web, 10, "FAILURE", 3)
        home.build(web, 11, None, 0)  # under way when it was copied
        os.symlink("10", web / "builds" / "lastFailedBuild")
        api = home.job("Shop Floor/api", MULTI_BRANCH)
        branch = api / "branches" / "feature-x.k3j1"
        home.build(branch, 4, "UNSTABLE", 5)
        (branch / "name-utf8.txt").write_text("feature%2Fx")
        home.job("Shop Floor/deep", FOLDER.format(properties=""))
        home.job("Shop Floor/deep/nightly", PIPELINE.format(description="", script="echo credentials('nowhere')", disabled="true"))
        site = home.job("site", FROM_SCM.format(scm="hudson.plugins.git.GitSCM", branch="*/main"))
        home.build(site, 1, "SUCCESS", 7)
        home.job("svn-site", FROM_SCM.format(scm="hudson.scm.SubversionSCM", branch="*/main"))
        home.job("tagged", FROM_SCM.format(scm="hudson.plugins.git.GitSCM", branch="refs/tags/v1"))
        home.job("old", "<?xml version='1.1' encoding='UTF-8'?>\n<project><builders/></project>\n")

        # Without a server the plan can be had all the same.
        planned = self.rows(home.path, "--dry-run", "--history", server=False, env={"HOME": str(home.path)})
        self.assertEqual({row["what"] for row in planned.values()}, {"create", "missing", "refused"})
        rows = self.rows(home.path, "--dry-run", "--history")
        self.assertEqual(rows, planned)
        self.assertEqual(self.server.request("GET", "/apis/devops.kubesphere.io/v1alpha3/devopsprojects/shop-floor").status, 404)
        self.assertEqual(rows[("project", "Shop Floor")]["as"], "shop-floor")
        self.assertEqual(rows[("project", "Shop Floor/deep")]["as"], "shop-floor-deep")
        self.assertEqual(rows[("pipeline", "Shop Floor/Web App")],
                         {"kind": "pipeline", "from": "Shop Floor/Web App", "as": "shop-floor/web-app", "what": "create",
                          "note": "needs deploy-token"})
        self.assertEqual(rows[("pipeline", "site")]["as"], "jenkins/site")
        self.assertIn("of the branch main; needs git", rows[("pipeline", "site")]["note"])
        self.assertIn("freestyle", rows[("job", "old")]["note"])
        self.assertIn("git is supported", rows[("job", "svn-site")]["note"])
        self.assertIn("refs/tags/v1", rows[("job", "tagged")]["note"])
        self.assertEqual(rows[("runs", "Shop Floor/Web App")]["note"], "2 runs")
        self.assertEqual(rows[("credential", "Shop Floor: deploy-token")]["what"], "missing")
        self.assertIn("FileCredentialsImpl", rows[("credential", "Shop Floor: key-file")]["note"])
        self.assertIn("no store", rows[("credential", "-: nowhere")]["note"])
        self.assertIn("no job", rows[("credential", "Jenkins: unused")]["note"])

        rows = self.rows(home.path, "--history")
        self.assertEqual({row["what"] for row in rows.values()}, {"created", "missing", "refused"})
        self.assertEqual(self.server.request("GET", "/api/v1/namespaces/shop-floor/secrets/deploy-token").status, 404)
        spec = self.spec("shop-floor", "web-app")
        self.assertEqual((spec["type"], spec["pipeline"]["jenkinsfile"], spec["pipeline"]["description"], spec["pipeline"]["timer_trigger"]),
                         ("pipeline", script, "the shop", {"cron": "H 3 1 1 *"}))
        self.assertNotIn("timer_trigger", self.spec("shop-floor-deep", "nightly")["pipeline"])
        api = self.spec("shop-floor", "api")
        self.assertEqual((api["type"], api["multi_branch_pipeline"]["git_source"]["url"]),
                         ("multi-branch-pipeline", "https://git.invalid/shop/api.git"))
        site = self.spec("jenkins", "site")["multi_branch_pipeline"]
        self.assertEqual((site["script_path"], site["git_source"]["regex_filter"], site["git_source"]["credential_id"]),
                         ("ci/Jenkinsfile", "main", "git"))
        runs = {run["metadata"]["name"]: run for run in self.runs("shop-floor")}
        done = runs["web-app-jenkins-9"]
        self.assertEqual((done["status"]["phase"], done["status"]["startTime"], done["status"]["completionTime"]),
                         ("Succeeded", "2023-11-14T22:22:20Z", "2023-11-14T22:22:32Z"))
        self.assertEqual(runs["web-app-jenkins-10"]["status"]["phase"], "Failed")
        self.assertNotIn("web-app-jenkins-11", runs)
        self.assertEqual([run["spec"]["scm"]["refName"] for run in runs.values() if "scm" in run["spec"]], ["feature%2Fx"])
        history = json.loads(self.said("pipeline", "history", "shop-floor/web-app", "-o", "json"))
        self.assertEqual(sorted(run["result"] for run in history), ["FAILURE", "SUCCESS"])

        # What exists stays as it is, and what somebody changed since too.
        before = self.runs("shop-floor")
        home.job("Shop Floor/Web App", PIPELINE.format(description="changed", script="echo 'changed'", disabled="false"))
        rows = self.rows(home.path, "--history")
        self.assertEqual({row["what"] for row in rows.values()}, {"exists", "missing", "refused"})
        self.assertEqual(self.spec("shop-floor", "web-app"), spec)
        after = self.runs("shop-floor")
        self.assertEqual([run["metadata"]["resourceVersion"] for run in before], [run["metadata"]["resourceVersion"] for run in after])

        # A build here has a number of its own, and the imported ones stay what they were.
        home.job("Shop Floor/plain", PIPELINE.format(description="", script="echo 'here'", disabled="false"))
        home.build(home.place("Shop Floor/plain"), 1, "ABORTED", 2)
        self.rows(home.path)
        # An import that was cut off between the two writes of a run: the next one does the second.
        self.server.create("/apis/devops.kubesphere.io/v1alpha3/namespaces/shop-floor/pipelineruns",
                           {"apiVersion": "devops.kubesphere.io/v1alpha3", "kind": "PipelineRun",
                            "metadata": {"name": "plain-jenkins-1", "labels": {"devops.kubesphere.io/pipeline": "plain"},
                                         "annotations": {"devops.kubesphere.io/jenkins-pipelinerun-id": "jenkins-1",
                                                         "devops.kubesphere.io/jenkins-pipelinerun-status": '{"result":"ABORTED"}'}},
                            "spec": {"pipelineRef": {"name": "plain"}}})
        self.assertEqual(self.rows(home.path, "--history")[("runs", "Shop Floor/plain")]["what"], "created")
        self.assertEqual(self.rows(home.path, "--history")[("runs", "Shop Floor/plain")]["what"], "exists")
        self.assertIn("here", self.said("pipeline", "run", "shop-floor/plain"))
        # The run has ended before its PipelineRun says so.
        def history_of_plain():
            return [(run["id"], run["result"]) for run in json.loads(self.said("pipeline", "history", "shop-floor/plain", "-o", "json"))]
        self.eventually(lambda: history_of_plain() == [("1", "SUCCESS"), ("jenkins-1", "ABORTED")], "both runs, the newest first", 60)

        rows = self.rows(home.path, "--credentials")
        self.assertEqual(rows[("credential", "Shop Floor: deploy-token")]["what"], "created")
        secret = self.server.get("/api/v1/namespaces/jenkins/secrets/git")
        self.assertEqual((secret["type"], secret["data"]), ("credential.devops.kubesphere.io/basic-auth", {"username": "YWRh", "password": ""}))
        self.assertEqual(self.rows(home.path, "--credentials")[("credential", "Jenkins: git")]["what"], "exists")

        table = self.ks("pipeline", "import", home.path).stdout.splitlines()
        self.assertRegex(table[0], r"^KIND +IN JENKINS +HERE +WHAT +NOTE$")
        at = table[0].index("HERE")
        self.assertTrue(all(line[at - 1] == " " and line[at] != " " for line in table), table)

    def said(self, *arguments):
        done = self.ks(*arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_hostile_home(self):
        home = self.new_home()
        outside = self.new_home()
        secret = outside.job("secret", PIPELINE.format(description="", script="echo 'outside'", disabled="false"))
        os.symlink(secret, home.path / "jobs" / "linked")
        (home.path / "jobs" / "inner").mkdir()
        os.symlink(secret / "config.xml", home.path / "jobs" / "inner" / "config.xml")
        os.symlink("..", home.job("loop", FOLDER.format(properties="")) / "jobs")
        home.job("bomb", '<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>\n'
                         "<flow-definition><description>&b;</description></flow-definition>")
        home.job("outer", '<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n'
                          "<flow-definition><description>&a;</description></flow-definition>")
        home.job("large", "<flow-definition>" + " " * (9 << 20) + "</flow-definition>")
        home.job("deep", "<flow-definition>" + "<a>" * 5000 + "</a>" * 5000 + "</flow-definition>")
        home.job("broken", "<flow-definition><desc")
        home.job("\x1b[31mred", "<project/>")
        home.job("日本", PIPELINE.format(description="", script="echo 1", disabled="false"))
        home.job("twin", PIPELINE.format(description="", script="echo 1", disabled="false"))
        home.job("Twin", PIPELINE.format(description="", script="echo 2", disabled="false"))
        (home.path / "jobs" / "empty").mkdir()
        os.mkfifo(home.path / "jobs" / "empty" / "config.xml")
        home.job("/".join(["f"] * 18), FOLDER.format(properties=""))
        for depth in range(1, 18):
            home.job("/".join(["f"] * depth), FOLDER.format(properties=""))

        rows = self.rows(home.path, "--dry-run", "--project", "hostile")
        notes = {source: row["note"] for (kind, source), row in rows.items() if row["what"] == "refused"}
        for name, words in {"linked": "links are not followed", "inner": "links are not followed", "loop": "links are not followed",
                            "bomb": "DOCTYPE", "outer": "DOCTYPE", "large": "jobs/large/config.xml", "deep": "nested deeper", "broken": "xml: at byte",
                            "日本": "rename it", "twin": "which is that of Twin", "empty": "is no file",
                            "/".join(["f"] * 17): "more than 16 folders"}.items():
            self.assertIn(words, notes.get(name, ""), name)
        self.assertEqual([source for (kind, source) in rows if kind == "pipeline"], ["Twin"])
        self.assertNotIn("\x1b", self.ks("pipeline", "import", home.path, "--dry-run").stdout)

        for arguments, words in (((home.path / "nothing",), "cannot read"), ((secret / "..",), "is no Jenkins home"),
                                 ((home.path, "--project", "A b"), "is no name of a project"),
                                 (("https://ada:secret@ci.invalid/",), "--token-file"), (("https://ci.invalid", "--user", "ada"), "token of ada is missing")):
            done = self.ks("pipeline", "import", *arguments)
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertIn(words, done.stderr)

    def test_server(self):
        # A second server is the Jenkins: its REST is what a stock one has.
        other = ks_server.Server()
        self.addCleanup(other.remove)
        other.start()
        elsewhere = {"KUBECONFIG": other.kubeconfig}
        script = self.file("node { echo 'there' }", "there")
        done = self.ks("pipeline", "create", "moved/web", "-f", script, env=elsewhere)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = self.ks("pipeline", "run", "moved/web", env=elsewhere)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        other.create("/api/v1/namespaces/moved/secrets", {"metadata": {"name": "git", "annotations": {}},
                                                          "type": "credential.devops.kubesphere.io/basic-auth",
                                                          "stringData": {"username": "ada", "password": "s3cr3t"}})
        self.eventually(lambda: other.request("GET", "/job/moved/credentials/store/folder/domain/_/credential/git/api/json").status == 200,
                        "the credential in the engine", 60)

        token = self.file(other.token + "\n", "token")
        flags = ("--token-file", token, "--insecure", "--history", "--project", "top")
        rows = self.rows(other.url, *flags, "--dry-run")
        self.assertEqual(rows[("pipeline", "moved/web")]["what"], "create")
        rows = self.rows(other.url, *flags)
        self.assertEqual({key[0]: row["what"] for key, row in rows.items() if key[1].startswith("moved")},
                         {"project": "created", "pipeline": "created", "runs": "created", "credential": "missing"})
        self.assertIn("there", self.spec("moved", "web")["pipeline"]["jenkinsfile"])
        run, = self.runs("moved")
        self.assertEqual((run["metadata"]["name"], run["status"]["phase"]), ("web-jenkins-1", "Succeeded"))
        rows = self.rows(other.url, *flags)
        self.assertEqual({row["what"] for row in rows.values()}, {"exists", "missing"})
        # A user and a password, the password from the environment.
        with open(os.path.join(other.data_dir, "admin-password")) as file:
            password = file.read().strip()
        rows = self.rows(other.url, "--user", "admin", "--insecure", "--project", "top", env={"JENKINS_API_TOKEN": password})
        self.assertEqual(rows[("pipeline", "moved/web")]["what"], "exists")

        for wrong in (("--token-file", self.file("wrong", "wrong"), "--insecure"), ()):
            done = self.ks("pipeline", "import", other.url, *wrong)
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("does not know this user or token", self.ks("pipeline", "import", other.url, "--insecure", "--token-file",
                                                                  self.file("wrong", "wrong")).stderr)

    def test_completion_knows_it(self):
        script = self.said("completion", "bash")
        self.assertIn("'pipeline import')", script)
        self.assertIn("--token-file", script)


if __name__ == "__main__":
    unittest.main()
