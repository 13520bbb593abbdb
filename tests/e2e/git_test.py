"""git, checkout, Jenkinsfiles and libraries from real git servers: http with a password, ssh with a key, submodules, LFS."""

import json
import os
import pwd
import shutil
import subprocess
import unittest
from urllib.parse import quote

import ks_process
from git_server import HttpServer, Repository, SshServer, git
from ks_process import KS, environment, read

SECRET = "s3cr3t-p@ss/word"


def secret(name, kind, **data):
    return json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name},
                       "type": "credential.devops.kubesphere.io/" + kind, "stringData": data})


class GitCase(ks_process.ProcessTest):
    def setUp(self):
        super().setUp()
        self.repositories = os.path.join(self.dir, "repositories")
        self.app = Repository(self.repositories, "app")

    def serve(self, *arguments):
        server = HttpServer(self.repositories, *arguments)
        self.addCleanup(server.close)
        return server

    def run_file(self, script, *flags):
        """Exit code and console of `ks run`."""
        done = self.ks("run", *flags, self.write("Jenkinsfile", script), timeout=120,
                       env=environment(HOME=self.dir, GIT_CONFIG_NOSYSTEM="1"))
        return done.returncode, done.stdout + done.stderr


class RunTest(GitCase):
    def test_password_over_http(self):
        commit = self.app.commit("first", {"a.txt": "one"})
        server = self.serve("ada", SECRET)
        credentials = self.write("secrets.yaml", secret("git-ada", "basic-auth", username="ada", password=SECRET))
        code, console = self.run_file(
            "node { def v = git url: '%s/app.git', branch: 'main', credentialsId: 'git-ada'\n"
            "  echo \"commit ${v.GIT_COMMIT}\"; sh 'env; cat a.txt .git/config' }" % server.url, "--credential", credentials)
        self.assertEqual(code, 0, console)
        self.assertIn("using credential git-ada", console)
        self.assertIn("commit " + commit, console)
        # Neither in the log, nor in what stays on the node, nor in the environment of later commands.
        self.assertNotIn(SECRET, console)
        self.assertNotIn("KS_GIT", console)
        self.assertIn("url = %s/app.git\n" % server.url, console)

    def test_without_password_or_with_a_wrong_one(self):
        self.app.commit("first", {"a.txt": "one"})
        server = self.serve("ada", SECRET)
        credentials = self.write("secrets.yaml", secret("wrong", "basic-auth", username="ada", password="no"))
        for argument in ("", ", credentialsId: 'wrong'"):
            code, console = self.run_file("node { git url: '%s/app.git', branch: 'main'%s }" % (server.url, argument),
                                          "--credential", credentials)
            self.assertEqual(code, 1, console)
            self.assertIn("ERROR: Error cloning remote repo 'origin'", console)
            self.assertIn("stderr: fatal: ", console)

    def test_token_is_not_in_the_process_list(self):
        self.app.commit("first", {"a.txt": "one"})
        server = self.serve("x-access-token", SECRET)
        credentials = self.write("secrets.yaml", secret("token", "secret-text", secret=SECRET))
        # A git that looks at every process of the machine before it does its work.
        tools = os.path.join(self.dir, "tools")
        os.makedirs(tools)
        seen = os.path.join(self.dir, "seen")
        real = shutil.which("git")
        path = os.path.join(tools, "git")
        with open(path, "w") as file:
            file.write(f"#!/bin/sh\ncat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' >>{seen}\nexec {real} \"$@\"\n")
        os.chmod(path, 0o755)
        code, console = self.run_file(
            "node { withEnv(['PATH+X=%s']) { git url: '%s/app.git', branch: 'main', credentialsId: 'token' } }" % (tools, server.url),
            "--credential", credentials)
        self.assertEqual(code, 0, console)
        listed = read(seen)
        self.assertIn("git fetch --tags", listed)
        self.assertNotIn(SECRET, listed)

    def test_credentials_go_to_their_host_alone(self):
        inner = Repository(self.repositories, "inner")
        inner.commit("inner", {"i.txt": "inside"})
        other = self.serve()
        git(self.app.work, "submodule", "add", "-q", other.url + "/inner.git", "sub")
        self.app.commit("with submodule", {"a.txt": "one"})
        server = self.serve("ada", SECRET)
        other.asked.clear()
        credentials = self.write("secrets.yaml", secret("git-ada", "basic-auth", username="ada", password=SECRET))
        code, console = self.run_file(
            "node { checkout scmGit(branches: [[name: 'main']], userRemoteConfigs: [[url: '%s/app.git', credentialsId: 'git-ada']],\n"
            "  extensions: [submodule(recursiveSubmodules: true, parentCredentials: true)]); sh 'cat sub/i.txt' }" % server.url,
            "--credential", credentials)
        self.assertEqual(code, 0, console)
        self.assertIn("\ninside", console)
        self.assertTrue(other.asked)
        self.assertEqual([given for _, given in other.asked if given], [])

    def test_shallow_clone(self):
        for number in range(3):
            self.app.commit(f"number {number}", {"a.txt": str(number)})
        code, console = self.run_file(
            "node { checkout scmGit(branches: [[name: '*/main']], userRemoteConfigs: [[url: '%s/app.git']],\n"
            "  extensions: [cloneOption(depth: 1, shallow: true)]); sh 'echo \"count $(git rev-list --count HEAD)\"' }"
            % self.serve().url)
        self.assertEqual(code, 0, console)
        self.assertIn("\ncount 1\n", console)

    def test_lfs(self):
        git(self.app.work, "lfs", "install", "--local")
        git(self.app.work, "lfs", "track", "*.bin")
        self.app.commit("large", {"big.bin": "large content"})
        self.assertIn("git-lfs", git(self.app.work, "show", "HEAD:big.bin"))
        code, console = self.run_file(
            "node { checkout scmGit(branches: [[name: 'main']], userRemoteConfigs: [[url: 'file://%s']], extensions: [lfs()])\n"
            "  sh 'cat big.bin' }" % self.app.bare)
        self.assertEqual(code, 0, console)
        self.assertIn(" > git lfs pull origin", console)
        self.assertIn("\nlarge content", console)

    def test_ssh_key(self):
        commit = self.app.commit("first", {"a.txt": "one"})
        user = pwd.getpwuid(os.getuid()).pw_name
        for passphrase in ("", "pass phrase"):
            server = SshServer(os.path.join(self.dir, "ssh" + passphrase.replace(" ", "")), passphrase)
            self.addCleanup(server.close)
            credentials = self.write("secrets.yaml", secret("key", "ssh-auth", username=user, private_key=server.key,
                                                            passphrase=passphrase))
            for who in ("", user + "@"):
                code, console = self.run_file(
                    "node { def v = git url: 'ssh://%s127.0.0.1:%d%s', branch: 'main', credentialsId: 'key'\n"
                    "  echo \"commit ${v.GIT_COMMIT}\"; sh 'ls -a \"$WORKSPACE_TMP\" || true' }" % (who, server.port, self.app.bare),
                    "--credential", credentials)
                self.assertEqual(code, 0, console)
                self.assertIn("commit " + commit, console)
                self.assertNotIn("git-", console.split("+ ls -a")[1].split("[Pipeline]")[0], "a key stays on the node")
                self.assertNotIn(server.key.splitlines()[1], console)

    def test_a_wrong_ssh_key(self):
        self.app.commit("first", {"a.txt": "one"})
        server = SshServer(os.path.join(self.dir, "ssh"))
        self.addCleanup(server.close)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", os.path.join(self.dir, "other")], check=True)
        credentials = self.write("secrets.yaml", secret("key", "ssh-auth", username="root", private_key=read(os.path.join(self.dir, "other")),
                                                        passphrase=""))
        code, console = self.run_file("node { git url: 'ssh://127.0.0.1:%d%s', branch: 'main', credentialsId: 'key' }" %
                                      (server.port, self.app.bare), "--credential", credentials)
        self.assertEqual(code, 1, console)
        self.assertIn("Permission denied", console)

    def test_scm_of_ks_run(self):
        self.app.commit("first", {"a.txt": "committed"})
        jenkinsfile = os.path.join(self.app.work, "Jenkinsfile")
        with open(jenkinsfile, "w") as file:
            file.write("node { def v = checkout scm; sh 'cat a.txt'; echo \"on ${v.GIT_BRANCH}\"; echo readTrusted('b.txt') }")
        for name in ("a.txt", "b.txt"):
            with open(os.path.join(self.app.work, name), "w") as file:
                file.write("not committed")
        # The repository around the Jenkinsfile, as it is committed; readTrusted reads beside the Jenkinsfile.
        done = self.ks("run", jenkinsfile)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("\ncommitted", done.stdout)
        self.assertIn("on origin/main", done.stdout)
        self.assertIn("\nnot committed", done.stdout)
        # In the repository itself nothing is overwritten.
        done = self.ks("run", "--workspace", self.app.work, jenkinsfile)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("is the repository itself", done.stdout)
        self.assertEqual(read(os.path.join(self.app.work, "a.txt")), "not committed")
        done = self.ks("run", "--scm", "none", jenkinsfile)
        self.assertIn("ERROR: ‘checkout scm’ is only available", done.stdout)

    def test_scm_flag_of_ks_run(self):
        self.app.commit("first", {"a.txt": "one"})
        git(self.app.work, "checkout", "-q", "-b", "next")
        self.app.commit("second", {"a.txt": "two"})
        pipeline = "pipeline { agent any\n stages { stage('s') { steps { sh 'cat a.txt' } } } }"
        code, console = self.run_file(pipeline, "--scm", self.serve().url + "/app.git@main")
        self.assertEqual(code, 0, console)
        self.assertIn("[Pipeline] { (Declarative: Checkout SCM)", console)
        self.assertIn("\none", console)
        code, console = self.run_file(pipeline, "--scm", self.app.bare + "@next")
        self.assertIn("\ntwo", console)

    def test_library_flag(self):
        library = Repository(self.repositories, "tools")
        library.commit("first", {"vars/hello.groovy": "def call(n) { echo \"hello ${n}\" }"})
        git(library.work, "tag", "v1")
        git(library.work, "push", "-q", "origin", "v1")
        library.commit("second", {"vars/hello.groovy": "def call(n) { echo \"HELLO ${n}\" }"})
        url = self.serve().url + "/tools.git"
        for source, annotation, wanted in ((url + "@v1", "@Library('tools') _", "hello x"), (url, "@Library('tools@main') _", "HELLO x"),
                                           (url + "@v1", "", "hello x"), (library.work, "@Library('tools') _", "HELLO x")):
            code, console = self.run_file(f"{annotation}\nhello 'x'", "--library", "tools=" + source)
            self.assertEqual(code, 0, console)
            self.assertIn("\n" + wanted, console)
        done = self.ks("run", "--library", "tools", self.write("Jenkinsfile", "echo 'x'"))
        self.assertEqual(done.returncode, 64)
        self.assertIn("expected NAME=GIT_URL_OR_DIR[@VERSION]", done.stderr)


CONFIG = """<flow-definition><definition class="org.jenkinsci.plugins.workflow.cps.CpsScmFlowDefinition">
<scm class="hudson.plugins.git.GitSCM"><userRemoteConfigs><hudson.plugins.git.UserRemoteConfig><url>%s</url>%s
</hudson.plugins.git.UserRemoteConfig></userRemoteConfigs><branches><hudson.plugins.git.BranchSpec><name>*/main</name>
</hudson.plugins.git.BranchSpec></branches><extensions><hudson.plugins.git.extensions.impl.LocalBranch><localBranch>**</localBranch>
</hudson.plugins.git.extensions.impl.LocalBranch></extensions></scm><scriptPath>ci/Jenkinsfile</scriptPath><lightweight>true</lightweight>
</definition></flow-definition>"""


class ServerTest(GitCase):
    def build(self, number):
        """The console of a build of demo/app, once it has ended."""
        status, _, text = self.request("POST", "/job/demo/job/app/build")
        self.assertIn(status, (200, 201, 302), text)
        return self.ended(number)

    def ended(self, number):
        def console():
            status, _, text = self.request("GET", f"/job/demo/job/app/{number}/consoleText")
            return text if status == 200 and "\nFinished: " in text else None
        return self.until(console, 60)

    def make_job(self, config):
        self.request("POST", "/createItem?name=demo&mode=com.cloudbees.hudson.plugins.folder.Folder")
        status, _, text = self.request("POST", "/job/demo/createItem?name=app", config, {"Content-Type": "application/xml"})
        self.assertIn(status, (200, 201, 302), text)

    def test_jenkinsfile_and_libraries_from_git(self):
        tools = Repository(self.repositories, "tools")
        tools.commit("first", {"vars/hello.groovy": "def call(n) { echo \"hello ${n}\" }"})
        self.app.commit("first", {"a.txt": "one", "ci/Jenkinsfile": """@Library('tools') _
pipeline { agent any
  stages {
    stage('build') { steps { hello('server'); sh 'cat a.txt'; echo "branch ${env.GIT_BRANCH} ${env.GIT_LOCAL_BRANCH}"
      script { for (set in currentBuild.changeSets) { for (e in set.items) { echo "new: ${e.msg}" } } }
      echo "before ${env.GIT_PREVIOUS_SUCCESSFUL_COMMIT}" } }
    stage('js') { when { changeset '**/*.js' }
      steps { echo 'javascript changed' } }
  } }"""})
        server = self.serve("ada", SECRET)
        libraries = self.write("libraries.yaml", f"""libraries:
- name: tools
  git: {server.url}/tools.git
  version: main
  credentialsId: git-ada
  project: demo
""")
        self.up("--libraries", libraries, "--executors", "4")
        self.make_job(CONFIG % (server.url + "/app.git", "<credentialsId>git-ada</credentialsId>"))
        status, _, text = self.request(
            "POST", "/job/demo/credentials/store/folder/domain/_/createCredentials",
            "json=" + quote(json.dumps({"credentials": {
                "$class": "com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl",
                "scope": "GLOBAL", "id": "git-ada", "username": "ada", "password": SECRET, "description": ""}})),
            {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertIn(status, (200, 201, 302), text)
        first = self.build(1)
        self.assertIn("Finished: SUCCESS", first)
        self.assertIn("Obtained ci/Jenkinsfile from git " + server.url, first)
        self.assertIn("Loading library tools@main", first)
        self.assertIn("[Pipeline] { (Declarative: Checkout SCM)", first)
        self.assertIn("\nhello server", first)
        self.assertIn("\none", first)
        self.assertIn("branch origin/main main", first)
        self.assertIn("First time build. Skipping changelog.", first)
        self.assertIn("before null", first)
        self.assertNotIn(SECRET, first)
        before = git(self.app.work, "rev-parse", "HEAD")
        self.app.commit("a script", {"src/x.js": "1"})
        # kill -9 between the builds: what was checked out is known all the same.
        self.kill()
        self.up("--libraries", libraries, "--executors", "4")
        second = self.build(2)
        self.assertIn("Finished: SUCCESS", second)
        self.assertIn("new: a script", second)
        self.assertIn("javascript changed", second)
        self.assertIn("before " + before, second)

    def test_a_folder_of_the_server_is_refused_unless_allowed(self):
        self.app.commit("first", {"ci/Jenkinsfile": "echo 'from the folder'"})
        self.up()
        self.make_job(CONFIG % (self.app.bare, ""))
        console = self.build(1)
        self.assertIn("is a folder of the server", console)
        self.assertIn("Finished: FAILURE", console)
        self.down()
        self.up("--allow-local-repositories")
        self.assertIn("\nfrom the folder", self.build(2))

    def test_a_job_with_another_scm_is_refused(self):
        self.up()
        self.request("POST", "/createItem?name=demo&mode=com.cloudbees.hudson.plugins.folder.Folder")
        for bad in (CONFIG.replace("hudson.plugins.git.GitSCM", "hudson.scm.SubversionSCM") % ("http://x/", ""),
                    CONFIG % ("ext::sh -c id", ""), CONFIG % ("--upload-pack=id", "")):
            status, _, text = self.request("POST", "/job/demo/createItem?name=app", bad, {"Content-Type": "application/xml"})
            self.assertEqual(status, 400, text)
            self.assertIn("config.xml: definition/scm", text)


if __name__ == "__main__":
    unittest.main()
