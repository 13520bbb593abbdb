"""Every subcommand of `ks` with the real binary: output, exit codes, what it says when something is wrong."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from ks_process import KS, SOURCE, ProcessTest, environment, read  # noqa: E402

COMMANDS = ["up", "down", "run", "agent", "lint", "fmt", "lsp", "replay", "groovy", "completion", "version", "store backup", "store restore", "store compact", "store check",
            "pipeline create", "pipeline list", "pipeline run", "pipeline logs", "pipeline stop", "pipeline approve", "pipeline history"]


class Help(ProcessTest):
    def test_every_command_has_help_with_examples(self):
        for command in COMMANDS + ["store", "pipeline", ""]:
            done = self.ks(*command.split(), "--help")
            self.assertEqual(done.returncode, 0, command)
            self.assertRegex(done.stdout, r"Examples?:\n  (ks|source) ", command)

    def test_usage_errors_end_with_64_and_go_to_stderr(self):
        for arguments in (["nothing"], ["run"], ["run", "/does/not/exist"], ["lint"], ["groovy"], ["store"], ["store", "backup"], ["pipeline"],
                          ["pipeline", "run"], ["pipeline", "run", "noslash"], ["pipeline", "create", "a/b"], ["version", "-o", "xml"],
                          ["completion", "fish"], ["run", "--param", "x", __file__], ["run", "--max-heap", "lots", __file__]):
            done = self.ks(*arguments)
            self.assertEqual(done.returncode, 64, (arguments, done.stdout))
            self.assertEqual(done.stdout, "", arguments)
            self.assertNotEqual(done.stderr, "", arguments)

    def test_version(self):
        self.assertRegex(self.ks("version").stdout, r"^ks \d+\.\d+\.\d+ \(Kubernetes API v1\.32\.\d+\)\n$")
        self.assertEqual(json.loads(self.ks("version", "-o", "json").stdout)["kubernetes"][:5], "v1.32")

    def test_completion_knows_every_command_and_flag(self):
        script = self.write("complete.sh", self.ks("completion", "bash").stdout)

        def complete(*words):
            line = f'source {script}; COMP_WORDS=({" ".join(words)} ""); COMP_CWORD={len(words)}; _ks; printf "%s\\n" "${{COMPREPLY[@]}}"'
            return subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=self.dir).stdout.split()
        for command in COMMANDS:
            words = command.split()
            self.assertIn(words[-1], complete("ks", *words[:-1]), command)
        self.assertIn("--result-json", complete("ks", "run"))
        self.assertIn("--max-log", complete("ks", "up"))
        self.assertNotIn("--detached", complete("ks", "up"))
        self.assertTrue(self.ks("completion", "zsh").stdout.startswith("autoload -U +X bashcompinit"))


class Run(ProcessTest):
    def run_script(self, text, *flags):
        return self.ks("run", self.write("Jenkinsfile", text), *flags)

    def test_exit_codes(self):
        for text, code in (("echo 'x'", 0), ("error 'no'", 1), ("unstable 'meh'", 2), ("currentBuild.result = 'ABORTED'", 3),
                           ("currentBuild.result = 'NOT_BUILT'", 4)):
            done = self.run_script(text)
            self.assertEqual(done.returncode, code, done.stdout)
            self.assertRegex(done.stdout.splitlines()[-1], "^Finished: ")

    def test_parameters_environment_workspace(self):
        workspace = os.path.join(self.dir, "w")
        done = self.run_script("node { echo \"$params.a ${env.B} ${sh(script: 'pwd; cat in', returnStdout: true)}\" }", "--param", "a=1=2", "--env",
                               "B=two words", "--workspace", workspace)
        self.assertEqual(done.returncode, 1, done.stdout)  # no such file
        self.write("w/in", "content")
        done = self.run_script("node { echo \"$params.a ${env.B} ${sh(script: 'pwd; cat in', returnStdout: true)}\" }", "--param", "a=1=2", "--env",
                               "B=two words", "--workspace", "w")
        self.assertIn(f"1=2 two words {workspace}\ncontent", done.stdout)

    def test_nodes_are_chosen_by_label(self):
        done = self.run_script("node('big && linux') { echo \"on $NODE_NAME with $CC\" }", "--node", "small labels=linux", "--node",
                               "large labels=linux,big env:CC=clang")
        self.assertIn("on large with clang", done.stdout)
        done = self.run_script("echo 1", "--node", "labels=x")
        self.assertEqual(done.returncode, 64)
        self.assertIn("a node needs a name", done.stderr)

    def test_input_is_answered_by_flags(self):
        text = "def v = input(id: 'Go', message: 'Go?', parameters: [string(name: 'V', defaultValue: '1')])\necho \"got $v\""
        self.assertIn("got 2", self.run_script(text, "--input", "Go=ok,V=2").stdout)
        self.assertEqual(self.run_script(text, "--input", "Go=abort").returncode, 3)
        self.assertEqual(self.run_script(text, "--input", "Go=maybe").returncode, 64)
        done = self.run_script(text)
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertIn("--input Go=", done.stdout)

    def test_result_json(self):
        file = os.path.join(self.dir, "result.json")
        done = self.run_script("stage('A') { echo 'x' }\nstage('B') { parallel(l: { node { sh 'true' } }, r: { echo 'y' }) }", "--result-json", file)
        self.assertEqual(done.returncode, 0, done.stdout)
        result = json.loads(read(file))
        self.assertEqual(set(result), {"result", "durationMillis", "stages", "artifacts", "tests"})
        self.assertEqual(result["result"], "SUCCESS")
        stages = {stage["name"]: stage for stage in result["stages"]}
        self.assertEqual(set(stages), {"A", "B", "l", "r"})
        for stage in stages.values():
            self.assertEqual(set(stage), {"id", "name", "status", "startMillis", "durationMillis", "parent", "steps"})
        self.assertEqual(stages["l"]["parent"], stages["B"]["id"])
        self.assertEqual([step["name"] for step in stages["A"]["steps"]], ["echo"])
        self.assertEqual(set(stages["A"]["steps"][0]), {"id", "name", "label", "status"})
        same = json.loads(self.run_script("stage('A') { echo 'x' }", "-o", "json").stdout)
        self.assertEqual(same["stages"][0]["name"], "A")

    def test_limits_are_flags(self):
        done = self.run_script("while (true) { }", "--max-operations", "10000")
        self.assertEqual(done.returncode, 1)
        self.assertIn("10000", done.stdout.replace(",", "").replace("_", ""))
        done = self.run_script("echo 'x' * 5000", "--max-log-line", "1Ki")
        self.assertLess(max(len(line) for line in done.stdout.splitlines()), 1200)

    def test_syntax_errors_show_place_and_caret_and_run_nothing(self):
        done = self.run_script("echo 'before'\ndef x = (1 +\n}\n")
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("\nbefore", done.stdout)
        self.assertRegex(done.stdout, r"WorkflowScript: \d+: .* @ line \d+, column \d+\.")
        self.assertRegex(done.stdout, r"(?m)^ +\^$")
        self.assertIn("Finished: FAILURE", done.stdout)

    def on_terminal(self, *arguments, **env):
        """What a terminal of 80 columns gets, and the exit code."""
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.dir)
            os.execve(KS, [KS, *arguments], environment(HOME=self.dir, TERM="xterm", LANG="C.UTF-8", **env))
        out = b""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if not select.select([fd], [], [], 1)[0]:
                continue
            try:
                piece = os.read(fd, 65536)
            except OSError:
                break
            if not piece:
                break
            out += piece
        return out.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def test_a_terminal_shows_the_tree_of_stages(self):
        file = self.write("Jenkinsfile", "stage('Build it') { node { sh 'sleep 0.3' } }\nstage('Test') { parallel(unit: { echo '1' }, e2e: { error 'no' }) }")
        text, code = self.on_terminal("run", file)
        self.assertEqual(code, 1, text)
        self.assertIn("\033[", text)
        self.assertIn("Finished: FAILURE", text)
        last = re.sub(r"\033\[[0-9;]*[A-Za-z]", "", text[text.rindex("\033[J"):])
        self.assertRegex(last, r"✔ Build it +\d+ms|✔ Build it +\d\.\ds")
        self.assertRegex(last, r"✘ Test ")
        self.assertRegex(last, r"  ✔ unit ")
        self.assertRegex(last, r"  ✘ e2e ")

    def test_no_color(self):
        file = self.write("Jenkinsfile", "stage('A') { echo 'x' }")
        text, code = self.on_terminal("run", file, NO_COLOR="1")
        self.assertEqual(code, 0)
        self.assertNotRegex(text, r"\033\[[0-9;]*m")
        self.assertNotIn("\033", self.ks("run", file).stdout)


class TraceAndReplay(ProcessTest):
    SCRIPT = """pipeline {
  agent any
  parameters { string(name: 'who', defaultValue: 'ada') }
  stages {
    stage('Build') {
      steps {
        sh 'echo built >> count; cat count'
        script { env.STAMP = sh(returnStdout: true, script: 'date +%s%N').trim() }
        stash name: 'made', includes: 'count'
      }
    }
    stage('Deploy') {
      steps {
        sh 'cat count > deployed; echo "deploy for $who at $STAMP"'
        dir('other') { unstash 'made' ; sh 'cat count' }
      }
    }
  }
}
"""

    def keep(self):
        kept = os.path.join(self.dir, "kept")
        done = self.ks("run", self.write("Jenkinsfile", self.SCRIPT), "--param", "who=eve", "--keep", kept)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return kept, done.stdout

    def test_trace_on_the_terminal_and_in_files(self):
        otlp, chrome = os.path.join(self.dir, "otlp.json"), os.path.join(self.dir, "chrome.json")
        file = self.write("Jenkinsfile", "stage('One') { sleep 1 }\nparallel a: { echo 'x' }, b: { error 'no' }\n")
        done = self.ks("run", file, "--trace", "--trace-out", otlp, "--trace-out", "chrome:" + chrome)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stdout.endswith("Finished: FAILURE\n"))
        self.assertRegex(done.stderr, r"(?m)^ +id +start +took$")
        self.assertRegex(done.stderr, r"(?m)^ +\d+ +\d+ms +1\.\d+s    One$")
        self.assertRegex(done.stderr, r"(?m)    b  FAILURE$")
        spans = json.loads(read(otlp))["resourceSpans"][0]["scopeSpans"][0]["spans"]
        one = next(span for span in spans if span["name"] == "One")
        sleep = next(span for span in spans if span["name"] == "sleep")
        self.assertGreaterEqual(int(sleep["endTimeUnixNano"]) - int(sleep["startTimeUnixNano"]), 999_000_000)
        self.assertEqual(one["parentSpanId"], spans[0]["spanId"])
        self.assertEqual(spans[0]["status"]["code"], 2)
        events = json.loads(read(chrome))["traceEvents"]
        rows = {event["name"]: event["tid"] for event in events if event["ph"] == "X"}
        self.assertNotEqual(rows["echo"], rows["error"])

    def test_replay_of_a_whole_run_has_its_parameters(self):
        kept, first = self.keep()
        done = self.ks("replay", kept)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("deploy for eve at", done.stdout)
        self.assertNotEqual(re.search(r"at (\d+)", done.stdout)[1], re.search(r"at (\d+)", first)[1])

    def test_replay_from_a_stage_keeps_what_was_before(self):
        kept, first = self.keep()
        again = os.path.join(self.dir, "again")
        done = self.ks("replay", kept, "--from", "Deploy", "--keep", again, "--trace")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        # The console is whole, the stamp is the first run's, and nothing was built twice.
        self.assertEqual(re.search(r"at (\d+)", done.stdout)[1], re.search(r"at (\d+)", first)[1])
        self.assertEqual([line for line in done.stdout.splitlines() if line == "built"], ["built", "built"])
        self.assertEqual(done.stdout.count("[Pipeline] { (Build)"), 1)
        self.assertEqual(read(os.path.join(again, "workspace/run/deployed")), "built\n")
        self.assertIn(again + "/workspace/run", done.stdout)
        number = re.search(r"(?m)^ +(\d+) .*unstash made$", done.stderr)[1]
        done = self.ks("replay", again, "--from", number)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertTrue(done.stdout.endswith("Finished: SUCCESS\n"))

    def test_replay_with_another_script(self):
        kept, _ = self.keep()
        editor = self.write("editor.sh", "#!/bin/sh\nsed -i 's/deploy for/DEPLOY FOR/' \"$1\"\n")
        os.chmod(editor, 0o755)
        done = self.ks("replay", kept, "--from", "Deploy", "--edit", env=environment(EDITOR=editor))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("DEPLOY FOR eve", done.stdout)
        # What changes the way to the stage cannot be replayed, and says where.
        self.write("editor.sh", "#!/bin/sh\nsed -i 's/sh .echo built.*/echo 1/' \"$1\"\n")
        done = self.ks("replay", kept, "--from", "Deploy", "--edit", env=environment(EDITOR=editor))
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("ERROR: the replay came to step 'echo'", done.stdout)
        self.assertNotIn("DEPLOY", done.stdout)
        done = self.ks("replay", kept, "--edit", env=environment(EDITOR="false"))
        self.assertEqual(done.returncode, 64)
        self.assertIn("the editor 'false' ended with status 1", done.stderr)

    def test_replay_of_a_run_of_the_server(self):
        self.up()
        done = self.ks("replay", "demo/hello#1", "--data-dir", self.data, "--from", "debug stage")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout.count("[Pipeline] { (simple)"), 1)
        self.assertTrue(done.stdout.endswith("Finished: SUCCESS\n"), done.stdout)
        done = self.ks("replay", "demo/hello#7", "--data-dir", self.data)
        self.assertEqual(done.returncode, 64)
        self.assertIn("no such run", done.stderr)

    def test_replay_says_what_is_wrong(self):
        kept, _ = self.keep()
        done = self.ks("replay", kept, "--from", "Deplo")
        self.assertEqual((done.returncode, done.stdout), (64, ""))
        self.assertIn("did you mean 'Deploy'?", done.stderr)
        self.assertEqual(self.ks("replay", "/nowhere").returncode, 64)
        self.assertIn("no such run", self.ks("replay", "demo/hello#3", "--data-dir", self.dir).stderr)
        self.assertIn("there is a run already", self.ks("run", self.write("x", "echo 'x'"), "--keep", kept).stderr)


class LintAndGroovy(ProcessTest):
    def test_lint_shows_all_errors_with_line_column_and_caret(self):
        file = self.write("Jenkinsfile", "pipeline {\n  agent any\n  stagez { }\n  options { nosuch() }\n}\n")
        done = self.ks("lint", file)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f'{file}:3:3: error: Undefined section "stagez" [syntax]', done.stdout)
        self.assertRegex(done.stdout, r"Jenkinsfile:4:\d+: error: Invalid option type")
        self.assertGreaterEqual(len(re.findall(r"(?m)^ +\^~*$", done.stdout)), 2, done.stdout)
        errors = json.loads(self.ks("lint", "-o", "json", file).stdout)[0]["errors"]
        self.assertLessEqual({3, 4}, {error["line"] for error in errors})
        for error in errors:
            self.assertGreater(error["column"], 0)

    def test_lint_of_what_is_right(self):
        done = self.ks("lint", os.path.join(SOURCE, "examples/hello/Jenkinsfile"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("successfully validated", done.stdout)

    SCRIPTED = "node {\n  sh(script: 'x', returnStdot: true)\n  slackSend 'x'\n}\n"

    def test_lint_of_a_scripted_pipeline(self):
        file = self.write("Jenkinsfile", self.SCRIPTED)
        done = self.ks("lint", file)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{file}:2:19: error: step 'sh' has no parameter 'returnStdot' [unknown-parameter]\n"
                      "    sh(script: 'x', returnStdot: true)\n"
                      "                    ^~~~~~~~~~~~~~~~~\n"
                      "  hint: did you mean 'returnStdout'?\n", done.stdout)
        self.assertIn("1 error, 1 warning", done.stdout)
        findings = json.loads(self.ks("lint", "-o", "json", file).stdout)[0]["findings"]
        self.assertEqual([(f["rule"], f["severity"], f["line"], f["column"], f["endColumn"]) for f in findings],
                         [("unknown-parameter", "error", 2, 19, 36), ("unsupported-step", "warning", 3, 3, 16)])

    def test_lint_of_several_files_and_stdin(self):
        right = self.write("right", "echo 'x'\n")
        warned = self.write("warned", "def unused = 1\n")
        done = self.ks("lint", right, warned)
        self.assertEqual(done.returncode, 0)
        self.assertIn(f"{right} successfully validated.", done.stdout)
        self.assertIn(f"{warned}:1:5: warning: variable 'unused' is never read", done.stdout)
        self.assertEqual(self.ks("lint", "--strict", right, warned).returncode, 1)
        done = self.ks("lint", "-", input="nosuchstep()\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn("-:1:1: error: there is no step or method 'nosuchstep'", done.stdout)
        os.makedirs(os.path.join(self.dir, "library/vars"))
        self.write("library/vars/nosuchstep.groovy", "def call() { }\n")
        self.assertEqual(self.ks("lint", "--library", os.path.join(self.dir, "library"), "-", input="nosuchstep()\n").returncode, 0)
        self.assertRegex(self.ks("lint", "--steps").stdout, r"(?m)^runs sh +Runs a shell script")

    def test_lint_as_sarif(self):
        file = self.write("Jenkins file", self.SCRIPTED)
        done = self.ks("lint", "-o", "sarif", file)
        self.assertEqual(done.returncode, 1)
        report = json.loads(done.stdout)
        self.assertEqual((report["version"], len(report["runs"])), ("2.1.0", 1))
        run = report["runs"][0]
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        self.assertEqual(len(rules), len(set(rules)))
        self.assertEqual(len(run["results"]), 2)
        for result in run["results"]:
            self.assertEqual(rules[result["ruleIndex"]], result["ruleId"])
            self.assertIn(result["level"], ("error", "warning", "note", "none"))
            place = result["locations"][0]["physicalLocation"]
            self.assertNotIn(" ", place["artifactLocation"]["uri"])
            self.assertGreaterEqual(place["region"]["startLine"], 1)
            self.assertGreater(place["region"]["endColumn"], place["region"]["startColumn"])

    def test_fmt(self):
        text = "node{\n      sh( 'a' ) // why\n\n\n  }\n"
        wanted = "node {\n  sh('a') // why\n}\n"
        file = self.write("Jenkinsfile", text)
        os.chmod(file, 0o755)
        done = self.ks("fmt", "--check", file)
        self.assertEqual((done.returncode, done.stdout), (1, file + "\n"))
        done = self.ks("fmt", "--diff", file)
        self.assertEqual((done.returncode, done.stdout),
                         (0, f"--- {file}\n+++ {file}\n@@ -1,5 +1,3 @@\n-node{{\n-      sh( 'a' ) // why\n-\n-\n-  }}\n"
                             "+node {\n+  sh('a') // why\n+}\n"))
        self.assertEqual(read(file), text)
        self.assertEqual(self.ks("fmt", "-", input=text).stdout, wanted)
        done = self.ks("fmt", file)
        self.assertEqual((done.returncode, done.stdout, read(file)), (0, file + "\n", wanted))
        self.assertEqual(os.stat(file).st_mode & 0o777, 0o755)
        self.assertEqual((self.ks("fmt", file).stdout, self.ks("fmt", "--check", file).returncode), ("", 0))
        wrong = self.write("wrong", "node {\n")
        done = self.ks("fmt", wrong, file)
        self.assertEqual((done.returncode, done.stdout, read(wrong)), (1, "", "node {\n"))
        self.assertIn("WorkflowScript: 2", done.stderr)

    def test_groovy(self):
        done = self.ks("groovy", self.write("a.groovy", "println([1, 2].collect { it * 2 })\n"))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "[2, 4]\n", ""))
        done = self.ks("groovy", self.write("a.groovy", "println 'first'\nthrow new IllegalStateException('bad')\n"))
        self.assertEqual((done.returncode, done.stdout), (1, "first\n"))
        self.assertIn("java.lang.IllegalStateException: bad", done.stderr)
        done = self.ks("groovy", self.write("a.groovy", "def x = )\n"))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("^", done.stderr)


class Pipelines(ProcessTest):
    def setUp(self):
        super().setUp()
        self.up("--no-demo")

    def create(self, name, text):
        done = self.ks("pipeline", "create", name, "-f", self.write("Jenkinsfile", text))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_from_create_to_history(self):
        self.assertIn("there are no pipelines", self.ks("pipeline", "list").stdout)
        done = self.create("team/web", "stage('Greet') { echo \"hello ${params.who ?: 'me'}\" }")
        self.assertIn("created the project team", done.stdout)
        done = self.ks("pipeline", "run", "team/web", "--param", "who=you")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("hello you\n", done.stdout)
        self.assertTrue(done.stdout.endswith("Finished: SUCCESS\n"))
        self.assertEqual(self.ks("pipeline", "logs", "team/web").stdout, done.stdout)
        self.assertEqual(self.ks("pipeline", "logs", "-f", "team/web", "1").stdout, done.stdout)
        result = json.loads(self.ks("pipeline", "run", "team/web", "-o", "json").stdout)
        self.assertEqual((result["id"], result["result"]), ("2", "SUCCESS"))

        def history():
            runs = json.loads(self.ks("pipeline", "history", "team/web", "-o", "json").stdout)
            return runs if all(run["ended"] for run in runs) else None
        runs = self.until(history)
        self.assertEqual([(run["id"], run["result"], run["phase"]) for run in runs], [("2", "SUCCESS", "Succeeded"), ("1", "SUCCESS", "Succeeded")])
        text = self.ks("pipeline", "history", "team/web").stdout.splitlines()
        self.assertRegex(text[0], "^RUN +NAME +RESULT +DURATION +AGE$")
        self.assertRegex(text[1], r"^#2 +web-\w+ +SUCCESS +\S+ +\d+s$")
        self.assertRegex(self.ks("pipeline", "list").stdout.splitlines()[1], r"^team/web +#2 +SUCCESS +\d+s$")
        self.assertEqual(self.ks("pipeline", "list", "other").stdout[:9], "there are")

    def test_an_existing_pipeline_is_replaced_when_asked(self):
        self.create("team/web", "echo 'old'")
        file = self.write("Jenkinsfile", "echo 'new'")
        done = self.ks("pipeline", "create", "team/web", "-f", file)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--replace", done.stderr)
        self.assertEqual(self.ks("pipeline", "create", "team/web", "-f", file, "--replace").returncode, 0)
        self.until(lambda: "\nnew\n" in self.ks("pipeline", "run", "team/web").stdout)

    def test_exit_codes_are_those_of_the_run(self):
        self.create("team/bad", "error 'no'")
        self.assertEqual(self.ks("pipeline", "run", "team/bad").returncode, 1)
        self.assertEqual(self.ks("pipeline", "logs", "-f", "team/bad").returncode, 1)
        self.create("team/meh", "unstable 'meh'")
        self.assertEqual(self.ks("pipeline", "run", "team/meh").returncode, 2)

    def test_approve(self):
        self.create("team/ask", "stage('Ask') { def v = input(id: 'Go', message: 'Really?', parameters: [string(name: 'V', defaultValue: '1')])\necho \"got $v\" }\ninput(id: 'Outside', message: 'And?')")
        self.ks("pipeline", "run", "team/ask", "--no-follow")

        def approve(*flags):
            done = self.ks("pipeline", "approve", "team/ask", *flags)
            return done if done.returncode == 0 else None
        self.assertIn("approved team/ask #1: Really?", self.until(lambda: approve("--param", "V=7")).stdout)
        done = self.until(lambda: (lambda d: d if "asks: Outside" in d.stderr or "waits for no" in d.stderr else None)(
            self.ks("pipeline", "approve", "team/ask", "--input", "Go")))
        self.assertEqual(done.returncode, 1)
        # The second question is outside of any stage.
        self.assertIn("approved team/ask #1: And?", self.until(lambda: approve()).stdout)
        self.assertIn("got 7\n", self.ks("pipeline", "logs", "-f", "team/ask").stdout)
        done = self.ks("pipeline", "approve", "team/ask")
        self.assertEqual(done.returncode, 1)
        self.assertIn("waits for no answer", done.stderr)
        self.ks("pipeline", "run", "team/ask", "--no-follow")
        self.assertIn("rejected", self.until(lambda: approve("2", "--abort")).stdout)
        self.assertEqual(self.ks("pipeline", "logs", "-f", "team/ask", "2").returncode, 3)

    def test_stop(self):
        self.create("team/long", "node { sh 'sleep 100' }")
        self.ks("pipeline", "run", "team/long", "--no-follow")
        self.until(lambda: "sleep 100" in self.ks("pipeline", "logs", "team/long").stdout)
        self.assertIn("stopping team/long #1", self.ks("pipeline", "stop", "team/long").stdout)
        self.assertEqual(self.ks("pipeline", "logs", "-f", "team/long").returncode, 3)
        done = self.until(lambda: (lambda d: d if d.returncode else None)(self.ks("pipeline", "stop", "team/long")))
        self.assertIn("has ended already", done.stderr)

    def test_what_is_not_there(self):
        for arguments, message in ((["run", "no/such"], "there is no pipeline no/such"), (["history", "no/such"], "there is no pipeline no/such"),
                                   (["logs", "no/such"], "there is no pipeline no/such")):
            done = self.ks("pipeline", *arguments)
            self.assertEqual(done.returncode, 1, arguments)
            self.assertIn(message, done.stderr)
        self.create("team/web", "echo 1")
        self.assertIn("has no runs", self.ks("pipeline", "logs", "team/web").stderr)
        self.ks("pipeline", "run", "team/web")
        self.assertIn("has no run 9", self.ks("pipeline", "logs", "team/web", "9").stderr)

    def test_a_server_that_does_not_run(self):
        self.down()
        done = self.ks("pipeline", "list")
        self.assertEqual(done.returncode, 1)
        self.assertIn("start it with `ks up`", done.stderr)
        done = self.ks("pipeline", "list", "--kubeconfig", os.path.join(self.dir, "nothing"))
        self.assertIn("start a server with `ks up`", done.stderr)

    def test_following_survives_a_restart_of_the_server(self):
        mark = os.path.join(self.dir, "go")
        self.create("team/slow", f"node {{ sh 'while [ ! -e {mark} ]; do sleep 0.05; done; echo at last' }}")
        port = self.url().rsplit(":", 1)[1]
        follow = subprocess.Popen([KS, "pipeline", "run", "team/slow", "--kubeconfig", os.path.join(self.data, "kubeconfig")], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, env=environment(HOME=self.dir))
        self.until(lambda: "[Pipeline] sh" in self.ks("pipeline", "logs", "team/slow").stdout)
        self.down()
        self.up("--no-demo", "--bind", f"127.0.0.1:{port}")
        with open(mark, "w"):
            pass
        out, err = follow.communicate(timeout=60)
        self.assertEqual(follow.returncode, 0, out + err)
        self.assertEqual(out.splitlines().count("at last"), 1, out)
        self.assertEqual(out, self.ks("pipeline", "logs", "team/slow").stdout)


class Store(ProcessTest):
    def store(self, *arguments, code=0):
        done = self.ks("store", *arguments, "--data-dir", self.data)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def test_backup_of_a_running_server_and_restore(self):
        self.up("--no-demo")
        self.kubectl("create", "configmap", "kept")
        backup = os.path.join(self.dir, "backup.db")
        self.assertIn("backed up", self.store("backup", backup).stdout)
        self.assertIn("all is well", self.ks("store", "check", backup).stdout)
        self.assertIn("name a new file", self.store("backup", backup, code=1).stderr)
        self.kubectl("create", "configmap", "later")
        self.assertIn("process", self.store("restore", backup, code=1).stderr)
        self.assertIn("process", self.store("compact", code=1).stderr)
        self.down()
        self.assertIn("is kept as", self.store("restore", backup).stdout)
        self.up("--no-demo")
        self.assertEqual(self.kubectl("get", "configmap", "kept").returncode, 0)
        self.assertNotEqual(self.kubectl("get", "configmap", "later").returncode, 0)

    def test_check_and_compact(self):
        self.up("--no-demo")
        for i in range(5):
            self.kubectl("create", "configmap", f"c{i}")
            self.kubectl("delete", "configmap", f"c{i}")
        found = json.loads(self.store("check", "-o", "json").stdout)
        self.assertEqual(found["faults"], [])
        self.assertGreater(found["versions"], found["objects"])
        self.down()
        self.assertGreater(json.loads(self.store("compact", "-o", "json").stdout)["versions"], 0)
        found = json.loads(self.store("check", "-o", "json").stdout)
        self.assertEqual(found["versions"], found["objects"])

    def test_damage_is_found(self):
        self.up("--no-demo")
        self.down()
        path = os.path.join(self.data, "store.db")
        with open(path, "r+b") as file:
            file.seek(os.path.getsize(path) // 2)
            file.write(b"\xff" * 4096)
        done = self.store("check", code=1)
        self.assertIn("something is wrong", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
