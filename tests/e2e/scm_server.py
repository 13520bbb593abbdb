"""A fake SCM provider: answers in the shape of GitHub's API as far as it is asked, to who has the token `ghp_right`. Written by us."""

import http.server
import json
import threading


class Provider(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        answers = {"/api/v3/user": {"login": "bob"}, "/api/v3/user/orgs": [{"login": "acme", "avatar_url": "https://example.org/a.png"}],
                   "/api/v3/orgs/acme/repos": [{"name": "web", "default_branch": "trunk"}]}
        path = self.path.partition("?")[0]
        right = self.headers.get("Authorization") == "Bearer ghp_right"
        body = json.dumps(answers.get(path, {}) if right else {"message": "Bad credentials"}).encode()
        self.send_response((200 if path in answers else 404) if right else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class ScmServer:
    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
        self.api = f"http://127.0.0.1:{self.server.server_port}/api/v3"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
