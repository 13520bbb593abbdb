"""Every pipeline of examples/ runs with `ks run`, with the outcome that examples/README.md promises."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

KS = os.environ["KS_BINARY"]
SOURCE = os.environ["KS_SOURCE_DIR"]


class ExamplesTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="ks-examples-")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def run_example(self, name, *flags):
        """Exit code, console lines and the result file of one example."""
        result_file = os.path.join(self.dir, "result.json")
        done = subprocess.run(
            [KS, "run", "--workspace", os.path.join(self.dir, "workspace"), "--result-json", result_file, *flags,
             os.path.join(SOURCE, "examples", name, "Jenkinsfile")],
            capture_output=True, text=True, timeout=120, cwd=self.dir)
        self.assertTrue(os.path.exists(result_file), done.stdout + done.stderr)
        with open(result_file) as file:
            return done.returncode, done.stdout, json.load(file)

    def assert_lines(self, lines, console):
        """All of `lines` are there, in this order."""
        rest = console.splitlines()
        for line in lines:
            self.assertIn(line, rest, console)
            rest = rest[rest.index(line) + 1:]

    def test_hello_with_defaults(self):
        code, console, result = self.run_example("hello")
        self.assertEqual(code, 0, console)
        self.assert_lines([
            "[Pipeline] Start of Pipeline",
            "[Pipeline] { (simple)",
            "My name is rick.",
            "Target Kubernetes version is v1.18.8",
            "[Pipeline] { (debug stage)",
            "Stage \"debug stage\" skipped due to when conditional",
            "[Pipeline] End of Pipeline",
            "Finished: SUCCESS"], console)
        self.assertNotIn("debug info", console)
        self.assertEqual([stage["name"] for stage in result["stages"]], ["simple", "debug stage"])

    def test_hello_with_parameters(self):
        code, console, _ = self.run_example("hello", "--param", "name=ada", "--param", "debug=true",
                                            "--param", "kubernetesVersion=v1.18.9")
        self.assertEqual(code, 0, console)
        self.assert_lines([
            "My name is ada.",
            "Target Kubernetes version is v1.18.9",
            "You can put some debug info at here.",
            "Another way to use param: ada",
            "It's joke, there're debug info here.",
            "Finished: SUCCESS"], console)

    def test_build_cpp_builds_tests_and_archives(self):
        repository = os.path.join(self.dir, "calculator")
        shutil.copytree(os.path.join(SOURCE, "examples/build-cpp/project"), repository)
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        for command in (["init", "-q", "-b", "main"], ["add", "."], [*identity, "commit", "-qm", "start"]):
            subprocess.run(["git", *command], cwd=repository, check=True)
        code, console, result = self.run_example("build-cpp", "--param", "REPOSITORY=" + repository)
        self.assertEqual(code, 0, console)
        head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=repository, capture_output=True, text=True)
        self.assert_lines(["building " + head.stdout.strip(), "+ make", "Recording test results",
                           "Archiving artifacts", "Finished: SUCCESS"], console)
        self.assertEqual(result["tests"]["totalCount"], 2)
        self.assertEqual(result["tests"]["failCount"], 0)
        self.assertEqual(len(result["artifacts"]), 1)

    def test_parallel_merges_what_the_branches_stashed(self):
        code, console, result = self.run_example("parallel")
        self.assertEqual(code, 0, console)
        self.assert_lines(["lines: 3", "characters: 17", "Finished: SUCCESS"], console)
        names = [stage["name"] for stage in result["stages"]]
        for name in ("Prepare", "Count", "Lines", "Characters", "Report"):
            self.assertIn(name, names)

    def test_approval_goes_on_when_answered(self):
        code, console, result = self.run_example("approval", "--input", "Release=ok,VERSION=1.2")
        self.assertEqual(code, 0, console)
        self.assert_lines(["Input requested", "published 1.2", "Finished: SUCCESS"], console)
        self.assertEqual(len(result["artifacts"]), 1)

    def test_approval_ends_aborted_when_rejected(self):
        code, console, result = self.run_example("approval", "--input", "Release=abort")
        self.assertEqual(code, 3, console)
        self.assertEqual(result["result"], "ABORTED")
        self.assertNotIn("published", console)

    def test_credentials_reach_the_shell_but_not_the_log(self):
        secrets = os.path.join(SOURCE, "examples/credentials/secrets.yaml")
        code, console, _ = self.run_example("credentials", "--credential", secrets)
        self.assertEqual(code, 0, console)
        self.assert_lines(["logging in as robot with ****", "token: ****", "17", "Finished: SUCCESS"], console)
        for secret in ("correct-horse-battery", "s3cr3t-token-0815"):
            self.assertNotIn(secret, console)

    def test_artifacts_are_kept_and_failed_tests_make_it_unstable(self):
        code, console, result = self.run_example("artifacts")
        self.assertEqual(code, 2, console)
        self.assertEqual(result["result"], "UNSTABLE")
        self.assertEqual((result["tests"]["totalCount"], result["tests"]["failCount"]), (3, 1))
        self.assertEqual(len(result["artifacts"]), 2)
        self.assert_lines(["some tests failed; see the test results", "Finished: UNSTABLE"], console)


if __name__ == "__main__":
    unittest.main()
