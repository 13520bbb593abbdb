"""`ks lsp` as an editor drives it."""

import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from ks_process import KS, ProcessTest, environment  # noqa: E402


class Editor:
    """Speaks to one server; keeps the diagnostics that it was sent."""

    def __init__(self, *flags):
        self.process = subprocess.Popen([KS, "lsp", *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env=environment())
        self.diagnostics = {}
        self.messages = []
        self.last = 0

    def raw(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def read(self):
        length = None
        while True:
            line = self.process.stdout.readline()
            assert line, "the server went away: " + self.process.stderr.read().decode()
            if line in (b"\r\n", b"\n"):
                break
            name, value = line.split(b":")
            if name.lower() == b"content-length":
                length = int(value)
        message = json.loads(self.process.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        self.messages.append(message)
        return message

    def notify(self, method, **params):
        self.send({"method": method, "params": params})

    def ask(self, method, **params):
        self.last += 1
        self.send({"id": self.last, "method": method, "params": params})
        while True:
            message = self.read()
            if message.get("id") == self.last:
                return message

    def result(self, method, **params):
        message = self.ask(method, **params)
        assert "error" not in message, message
        return message["result"]

    def initialize(self, **more):
        return self.result("initialize", processId=None, rootUri=None, capabilities={}, **more)

    def open(self, uri, text):
        self.notify("textDocument/didOpen", textDocument={"uri": uri, "languageId": "groovy", "version": 1, "text": text})
        while uri not in self.diagnostics:
            self.read()
        return self.diagnostics[uri]

    def change(self, uri, *changes):
        self.diagnostics.pop(uri, None)
        self.notify("textDocument/didChange", textDocument={"uri": uri, "version": 2}, contentChanges=list(changes))
        while uri not in self.diagnostics:
            self.read()
        return self.diagnostics[uri]

    def at(self, method, uri, line, character, **more):
        return self.result("textDocument/" + method, textDocument={"uri": uri}, position={"line": line, "character": character}, **more)

    def end(self):
        self.notify("exit")
        return self.close()

    def close(self):
        code = self.process.wait(30)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()
        return code


def span(line, start, end, end_line=None):
    return {"start": {"line": line, "character": start}, "end": {"line": line if end_line is None else end_line, "character": end}}


DOC = "file:///work/Jenkinsfile"


class LanguageServer(ProcessTest):
    def editor(self, *flags):
        editor = Editor(*flags)

        def end():
            if editor.process.poll() is None:
                editor.process.kill()
                editor.close()
        self.addCleanup(end)
        return editor

    def test_a_session(self):
        editor = self.editor()
        capabilities = editor.initialize()["capabilities"]
        self.assertEqual(capabilities["textDocumentSync"]["change"], 2)
        editor.notify("initialized")
        found = editor.open(DOC, "node {\n  sh(script: 'x', returnStdot: true)\n}\n")
        self.assertEqual([(d["severity"], d["code"], d["range"]) for d in found], [(1, "unknown-parameter", span(1, 18, 35))])
        self.assertIn("did you mean 'returnStdout'?", found[0]["message"])
        # Only what changed travels; the text has a character of two UTF-16 units in front.
        self.assertEqual(editor.change(DOC, {"range": span(1, 27, 29), "text": "out"}), [])
        found = editor.change(DOC, {"range": span(0, 0, 0), "text": "def a = '\U0001F600' ; echoo 'x'\n"})
        self.assertEqual([(d["code"], d["range"]) for d in found], [("unused-variable", span(0, 4, 12)), ("unknown-step", span(0, 15, 24))])
        self.assertEqual(found[0]["tags"], [1])
        editor.change(DOC, {"text": "node {\n  sh script: 'x', \n}\n"})
        labels = [item["label"] for item in editor.at("completion", DOC, 1, 18)["items"]]
        self.assertEqual(labels, ["returnStdout", "returnStatus", "encoding", "label"])
        help_text = editor.at("hover", DOC, 1, 3)["contents"]["value"]
        self.assertIn("sh(script: String, returnStdout?: boolean", help_text)
        self.assertIn("Runs a shell script", help_text)
        self.assertEqual(editor.at("hover", DOC, 1, 3)["range"], span(1, 2, 4))
        self.assertIsNone(editor.at("hover", DOC, 0, 6))
        options = {"tabSize": 4, "insertSpaces": True}
        self.assertIsNone(editor.result("textDocument/formatting", textDocument={"uri": DOC}, options=options))
        editor.change(DOC, {"text": "node{\nsh 'x'\n}\n"})
        edits = editor.result("textDocument/formatting", textDocument={"uri": DOC}, options=options)
        self.assertEqual(edits, [{"range": span(0, 0, 0, 3), "newText": "node {\n    sh 'x'\n}\n"}])
        editor.diagnostics.pop(DOC)
        editor.notify("textDocument/didClose", textDocument={"uri": DOC})
        self.assertEqual(editor.ask("textDocument/hover", textDocument={"uri": DOC}, position={"line": 0, "character": 0})["error"]["code"], -32602)
        self.assertEqual(editor.diagnostics[DOC], [])
        self.assertIsNone(editor.result("shutdown"))
        self.assertEqual(editor.end(), 0)

    def test_completion_knows_where_it_is(self):
        editor = self.editor()
        editor.initialize()
        editor.open(DOC, "pipeline {\n  \n  agent any\n  stages { stage('a') {\n  st\n  steps { ti } } }\n  post { \n }\n  options { \n }\n}\n")

        def labels(line, character):
            return {item["label"] for item in editor.at("completion", DOC, line, character)["items"]}
        self.assertLessEqual({"agent", "stages", "post", "options"}, labels(1, 2))
        self.assertLessEqual({"steps", "when", "matrix"}, labels(4, 4))
        self.assertLessEqual({"timeout", "timestamps", "sh"}, labels(5, 12))
        self.assertNotIn("post", labels(5, 12))
        self.assertLessEqual({"always", "cleanup"}, labels(6, 9))
        self.assertLessEqual({"buildDiscarder", "skipDefaultCheckout"}, labels(8, 12))
        editor.change(DOC, {"text": "echo 'inside a string '\necho(\n"})
        self.assertEqual(editor.at("completion", DOC, 0, 15), [])
        self.assertEqual([i["label"] for i in editor.at("completion", DOC, 1, 5)["items"]], ["message"])

    def test_definitions_here_and_in_libraries(self):
        os.makedirs(os.path.join(self.dir, "lib/vars"))
        os.makedirs(os.path.join(self.dir, "lib/src/org/example"))
        deploy = self.write("lib/vars/deploy.groovy", "// what\ndef call(String where) { }\n\ndef check() { true }\n")
        self.write("lib/vars/deploy.txt", "Deploys the *application*.")
        helper = self.write("lib/src/org/example/Helper.groovy", "package org.example\nclass Helper { }\n")
        editor = self.editor("--library", os.path.join(self.dir, "lib"))
        editor.initialize()
        found = editor.open(DOC, "def build(what) { sh what }\nnode { build('a') ; deploy('b') ; deploy.check() }\ndef h = new org.example.Helper()\nh.go()\n")
        self.assertEqual(found, [])
        self.assertEqual(editor.at("definition", DOC, 1, 8), {"uri": DOC, "range": span(0, 4, 9)})
        self.assertEqual(editor.at("definition", DOC, 1, 22), {"uri": "file://" + deploy, "range": span(1, 4, 8)})
        self.assertEqual(editor.at("definition", DOC, 1, 43), {"uri": "file://" + deploy, "range": span(3, 4, 9)})
        self.assertEqual(editor.at("definition", DOC, 2, 25)["uri"], "file://" + helper)
        self.assertIsNone(editor.at("definition", DOC, 1, 1))
        self.assertIn("Deploys the *application*.", editor.at("hover", DOC, 1, 22)["contents"]["value"])
        self.assertIn("deploy", [i["label"] for i in editor.at("completion", DOC, 1, 6)["items"]])
        # The same by the options of the client.
        other = self.editor()
        other.initialize(initializationOptions={"libraries": [os.path.join(self.dir, "lib")]})
        self.assertEqual(other.open(DOC, "deploy('a')\n"), [])

    def test_bad_frames_are_answered_and_the_next_is_read(self):
        editor = self.editor()
        self.assertEqual(editor.ask("textDocument/hover")["error"]["code"], -32002)
        editor.initialize()
        for raw, code in ((b"Content-Length: 5\r\n\r\n{oops", -32700), (b"Banana: 1\r\n\r\n", -32700), (b"Content-Length: -4\r\n\r\n", -32700),
                          (b"Content-Length: 2\r\n\r\n[]", -32600), (b"Content-Length: 20\r\n\r\n" + b'{"method": 1,"id":2}', -32600),
                          (b"Content-Length: 17000000\r\n\r\n" + b"x" * 17000000, -32600),
                          (b"x" * 20000 + b"\r\nContent-Length: 2\r\n\r\n{}", -32600)):
            editor.raw(raw)
            message = editor.read()
            self.assertEqual((message["error"]["code"], message["id"]), (code, None), raw[:40])
        self.assertEqual(editor.ask("nosuch/method")["error"]["code"], -32601)
        deep = b"[" * 100000
        editor.raw(b"Content-Length: %d\r\n\r\n" % len(deep) + deep)
        self.assertEqual(editor.read()["error"]["code"], -32700)
        # Positions and ranges outside of the text, unknown documents: no harm.
        editor.open(DOC, "echo 'x'\n")
        editor.at("completion", DOC, 4000000000, 4000000000)
        editor.change(DOC, {"range": span(9, 9, 1, 2), "text": "\n"})
        self.assertEqual(editor.ask("textDocument/hover", textDocument={"uri": "file:///no"}, position={"line": 0, "character": 0})["error"]["code"], -32602)
        self.assertEqual(editor.end(), 1)

    def test_huge_documents_are_bounded(self):
        editor = self.editor()
        editor.initialize()
        found = editor.open(DOC, "// " + "x" * (3 << 20))
        self.assertEqual([d["severity"] for d in found], [3])
        self.assertIn("not checked", found[0]["message"])
        self.assertLessEqual(len(editor.open("file:///many", "nosuch()\n" * 5000)), 1000)
        for number in range(6):
            editor.notify("textDocument/didOpen",
                          textDocument={"uri": f"file:///{number}", "languageId": "groovy", "version": 1, "text": "x" * (12 << 20)})
        self.assertIsNone(editor.result("shutdown"))
        self.assertTrue(any(m.get("method") == "window/showMessage" for m in editor.messages))
        self.assertEqual(editor.end(), 0)


if __name__ == "__main__":
    unittest.main()
