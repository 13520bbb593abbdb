"""Stands in for a SonarQube server, which takes gigabytes: the three calls of its API that are needed, as its documentation
gives them. Written by us."""

import base64
import http.server
import json
import threading
import urllib.parse


class SonarServer:
    def __init__(self, token="squ_token"):
        self.asked = []
        self.broken = set()  # names of calls that fail
        outer = self
        wanted = "Basic " + base64.b64encode(f"{token}:".encode()).decode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(url.query))
                name = url.path.removeprefix("/api/")
                outer.asked.append((name, query))
                status, body = outer.answer(name, query)
                if self.headers.get("Authorization") != wanted:
                    status, body = 401, {"errors": [{"msg": "no"}]}
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, name, query):
        if name in self.broken:
            return 500, {}
        if name == "ce/task":
            return 200, {"task": {"id": query["id"], "componentKey": "app:" + query["id"], "status": "SUCCESS", "warningCount": 0,
                                  "analysisId": "an-1", "strange": "x"}}
        if name == "measures/component":
            return 200, {"component": {"key": query["component"], "name": "app", "qualifier": "TRK", "measures": [
                {"metric": "bugs", "value": "2", "bestValue": False, "strange": 1}]}, "periods": [{"index": 1, "mode": "previous_version"}]}
        if name == "issues/search":
            return 200, {"total": 1, "p": 1, "ps": 10, "paging": {"pageIndex": 1, "pageSize": 10, "total": 1}, "issues": [
                {"key": "i1", "rule": "java:S1", "severity": "MAJOR", "line": 7, "textRange": {"startLine": 7, "endLine": 7}, "strange": []}],
                "facets": [{"property": "severities", "values": [{"val": "MAJOR", "count": 1}]}]}
        return 404, {}

    def close(self):
        self.server.shutdown()
        self.server.server_close()
