"""Scripts that are wrong or want too much: each ends with an error that says so, soon, and in bounded memory."""

import os
import re
import resource
import subprocess
import tempfile
import textwrap
import unittest

KS = os.environ["KS_BINARY"]
MEGABYTE = 1024  # ru_maxrss counts kilobytes


class EngineFaultsTest(unittest.TestCase):
    def run_script(self, script, *flags, seconds=60, limit=None):
        """Exit code and console of `ks run`."""
        with tempfile.NamedTemporaryFile("w", suffix=".Jenkinsfile") as file:
            file.write(textwrap.dedent(script).lstrip("\n"))
            file.flush()
            done = subprocess.run([KS, "run", *flags, file.name], capture_output=True, text=True, errors="replace",
                                  timeout=seconds, preexec_fn=limit)
        return done.returncode, done.stdout

    def assert_fails(self, script, message, *flags, **options):
        code, console = self.run_script(script, *flags, **options)
        self.assertEqual(code, 1, console[-2000:])
        self.assertIn(message, console[-20000:])
        self.assertTrue(console.endswith("Finished: FAILURE\n"), console[-2000:])
        return console

    def test_all_syntax_errors_are_shown_and_nothing_runs(self):
        console = self.assert_fails("""
            pipeline {
              agent any
              stages {
                stage('a') { steps { echo 'never' + } }
                stage('b') { steps { sh( } }
                stage('c') { steps { echo 'fine' } }
              }
              post { always { x = ) } }
            }
            """, "3 errors")
        self.assertNotIn("[Pipeline]", console)
        # A caret below each; of a long line only the place is shown.
        self.assertEqual(re.findall(r"@ line (\d+), column (\d+)\.\n.*\n *\^\n", console),
                         [("4", "41"), ("5", "30"), ("8", "23")])

    def test_all_errors_of_the_model_are_shown_and_nothing_runs(self):
        console = self.assert_fails("""
            pipeline {
              agent any
              stages {
                stage('a') { step { echo 'never' } }
                stage('b') { steps { } }
                stage('b') { steps { echo 'never' } }
              }
            }
            """, "Duplicate stage name: \"b\" @ line 6")
        self.assertIn("Unknown stage section \"step\"", console)
        self.assertIn("No steps specified for branch @ line 5", console)
        self.assertNotIn("[Pipeline]", console)

    def test_an_endless_loop_ends(self):
        self.assert_fails("echo 'on'\nwhile (true) { }",
                          "limit of 1000000000 evaluator operations without a pause, --max-operations")

    def test_an_endless_recursion_ends(self):
        self.assert_fails("def f(x) { f(x + 1) }\nf(0)", "limit of 1000, --max-call-depth")

    def test_a_string_of_two_gigabytes_is_refused(self):
        for script in ("def s = 'x' * 2147483647", "def s = 'x'\nwhile (true) { s += s }",
                       "def s = 'x'.padRight(2147483647)",
                       "def s = new StringBuilder()\nwhile (true) { s << 'x' * 100000 }"):
            self.assert_fails(script, "limit of 67108864 bytes for one string, --max-string")
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 600 * MEGABYTE)

    def test_a_heap_that_grows_without_end_is_stopped(self):
        self.assert_fails("def l = []\nwhile (true) { l << 'x' * 10000 }", "limit of 268435456 bytes, --max-heap")
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 600 * MEGABYTE)

    def test_limits_are_flags(self):
        self.assert_fails("while (true) { }", "limit of 1000 evaluator", "--max-operations", "1000")
        self.assert_fails("def f(x) { f(x + 1) }\nf(0)", "limit of 50, --max-call-depth", "--max-call-depth", "50")
        self.assert_fails("def s = 'x' * 2000", "limit of 1024 bytes for one string", "--max-string", "1Ki")
        self.assert_fails("while (true) { echo 'x' }", "limit of 20 steps, --max-steps", "--max-steps", "20")
        self.assert_fails("parallel a: { }, b: { }, c: { }",
                          "3 parallel branches are more than the limit of 2 (--max-branches)", "--max-branches", "2")

    def test_long_lines_and_logs_are_cut_and_marked(self):
        code, console = self.run_script("""
            echo 'a' * 3000
            node { sh '#!/bin/sh\\nhead -c 3000 /dev/zero | tr "\\\\0" b; echo; echo after' }
            """, "--max-log-line", "1Ki")
        self.assertEqual(code, 0, console)
        self.assertEqual(console.count("[cut: the line is longer than 1024 bytes, --max-log-line]\n"), 2, console)
        self.assertIn("\nafter\n", console)
        code, console = self.run_script("for (int i = 0; i < 1000; i++) { echo 'line' }", "--max-log", "2Ki")
        self.assertEqual(code, 0, console)
        self.assertIn("[cut: the log has reached its limit of 2048 bytes, --max-log]\nFinished: SUCCESS\n", console)

    def test_a_full_disk_is_told(self):
        def full():
            resource.setrlimit(resource.RLIMIT_FSIZE, (16 << 10, 16 << 10))
        with self.assertRaises(subprocess.TimeoutExpired) as stands:
            self.run_script("for (int i = 0; i < 2000; i++) { echo \"line ${i}\" }\nsleep 600", seconds=2, limit=full)
        self.assertIn(b"stands still until its files can be written", stands.exception.stderr)


if __name__ == "__main__":
    unittest.main()
