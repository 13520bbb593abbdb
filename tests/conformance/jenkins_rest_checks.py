"""What each endpoint of engine-rest.md must do: one function for each, under the name that the file gives it."""

import base64
import io
import json
import re
import time
import urllib.parse
import zipfile
from xml.etree import ElementTree

from jenkins_rest_world import BUILD, FOLDER, PARAMETERS, XML, config

CHECKS = {}
TOKEN = "/user/admin/descriptorByName/jenkins.security.ApiTokenProperty/"
STORE = "/job/rest/credentials/store/folder/domain/_"
TEXT_CREDENTIAL = "org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$")


def endpoint(*names):
    def keep(check):
        for name in names:
            assert name not in CHECKS, name
            CHECKS[name] = check
        return check
    return keep


def fits(wanted, got, at="answer"):
    """Every member of the contract's example is there, of the same kind; null stands for any."""
    if wanted is None or got is None:
        return
    if isinstance(wanted, dict):
        assert isinstance(got, dict), f"{at} is {got!r}"
        for key, value in wanted.items():
            assert key in got, f"{at} has no {key!r}: {sorted(got)}"
            fits(value, got[key], f"{at}.{key}")
    elif isinstance(wanted, list):
        assert isinstance(got, list), f"{at} is {got!r}"
        if wanted and got and "_class" not in str(wanted[0]):
            fits(wanted[0], got[0], at + "[0]")
    else:
        number = isinstance(wanted, (int, float)) and not isinstance(wanted, bool)
        same = isinstance(got, (int, float)) and not isinstance(got, bool) if number else isinstance(got, type(wanted))
        assert same, f"{at} is {got!r}, not like {wanted!r}"


def example(text):
    """The JSON of an example with its ellipses taken out."""
    text = text.strip().strip("`")
    text = re.sub(r"\{…[^{}]*\}", "{}", text)
    text = re.sub(r"(:|,)…", r"\1null", text)
    return json.loads(text)


def keys(text):
    """The names of a list such as `a, b[], c{d, e}` outside of brackets."""
    flat, depth = "", 0
    for c in text.strip().strip("`{}."):
        depth += (c in "[{(") - (c in ")}]")
        flat += c if depth == 0 and c not in "]})" else ""
    return [re.match(r"\w+", part.strip()).group() for part in flat.split(",")]


def has(value, *names):
    for name in names:
        assert name in value, f"there is no {name!r} in {str(value)[:300]}"
    return value


# ----- conventions -----

@endpoint("convention Auth")
def _(w):
    answer = w.refused("GET", "/api/json", user=False, status=401)
    assert 'Basic realm="Jenkins"' in answer.headers.get_all("WWW-Authenticate"), answer.headers.items()
    w.refused("GET", "/api/json", user=("admin", "wrong"), status=401)
    w.get("/me/api/json", user=("admin", w.server.token))


@endpoint("convention CSRF")
def _(w):
    crumb = w.get("/crumbIssuer/api/json")
    w.must("POST", f"{w.job}/descriptorByName/org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition/checkScriptCompile",
           {"value": "echo 1"}, headers={crumb["crumbRequestField"]: crumb["crumb"]})
    w.must("POST", "/pipeline-model-converter/toJson", {"jenkinsfile": BUILD}, status=200)


@endpoint("convention Response header X-Jenkins")
def _(w):
    for path, user in (("/api/json", True), (w.blue + "/", True), ("/job/none/api/json", True), ("/api/json", False)):
        answer = w.ask("GET", path, user=user)
        assert answer.headers.get("X-Jenkins", "").startswith("2."), f"{path}: {answer.headers.items()}"
        assert answer.headers.get("X-Jenkins-Session") and answer.headers.get("X-Hudson"), path


@endpoint("convention api/json")
def _(w):
    kept = w.get(w.job + "/api/json?tree=name,builds[number]{0,1}")
    assert kept.keys() == {"_class", "name", "builds"} and len(kept["builds"]) == 1, kept
    assert "number" in kept["builds"][0] and "url" not in kept["builds"][0], kept
    w.refused("GET", w.job + "/api/json?tree=a[", status=400)
    assert "\n" in w.must("GET", w.job + "/api/json?pretty=true").text
    deep = w.get("/job/rest/api/json?depth=2")
    assert any("builds" in job for job in deep["jobs"]), deep
    tree = w.must("GET", w.job + "/api/xml")
    assert tree.headers["Content-Type"].startswith("application/xml"), tree.headers["Content-Type"]
    root = ElementTree.fromstring(tree.text)
    assert root.tag == "workflowJob" and root.findtext("name") == "demo", tree.text[:200]
    assert eval(w.must("GET", w.job + "/api/python").text, {"__builtins__": {}})["name"] == "demo"


@endpoint("convention Dates")
def _(w):
    assert TIME.match(w.get(f"{w.blue}/runs/{w.number}/")["startTime"])
    assert w.build("demo", w.number)["timestamp"] > 1_600_000_000_000


@endpoint("convention Blue Ocean errors")
def _(w):
    answer = w.refused("GET", w.blue + "x/", status=404).json()
    has(answer, "message", "code", "errors")
    assert answer["code"] == 404


@endpoint("convention Paging")
def _(w):
    w.create("paged")
    for _ in range(3):
        w.finished("paged", w.begin("paged"))
    path = "/blue/rest/organizations/jenkins/pipelines/rest/pipelines/paged/runs/"
    answer = w.must("GET", path + "?start=0&limit=2")
    assert [run["id"] for run in answer.json()] == ["3", "2"], answer
    link = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers["Link"]).group(1)
    assert [run["id"] for run in w.get(urllib.parse.urlsplit(link)._replace(scheme="", netloc="").geturl())] == ["1"]
    w.refused("GET", path + "?limit=x", status=400)


@endpoint("convention Blue list/tree")
def _(w):
    run = w.get(f"{w.blue}/runs/{w.number}/?tree=id,state")
    assert run.keys() <= {"_class", "id", "state"} and run["id"] == str(w.number), run
    link = w.get(f"{w.blue}/runs/{w.number}/")["_links"]["self"]
    assert link["_class"] == "io.jenkins.blueocean.rest.hal.Link" and w.get(link["href"])["id"] == str(w.number)
    assert w.get("/blue/rest/organizations/jenkins/pipelines/rest/demo/")["name"] == "demo"


# ----- the server, folders and jobs -----

@endpoint("GET /crumbIssuer/api/json")
def _(w):
    crumb = w.get("/crumbIssuer/api/json")
    assert crumb["crumbRequestField"] == "Jenkins-Crumb" and crumb["crumb"], crumb


@endpoint("GET /api/json")
def _(w):
    server = has(w.get("/api/json"), "mode", "nodeName", "numExecutors", "quietingDown", "useCrumbs", "useSecurity", "primaryView")
    assert server["_class"] == "hudson.model.Hudson" and server["numExecutors"] > 0, server
    job = next(job for job in server["jobs"] if job["name"] == "rest")
    assert job["_class"] == FOLDER and job["url"].endswith("/job/rest/"), job
    has(server["views"][0], "name", "url")


@endpoint("POST [/job/{p}]/createItem?name=X")
def _(w):
    for kind in (XML, "text/xml"):
        name = w.name()
        w.must("POST", f"/job/rest/createItem?name={name}", config("echo 1"), content_type=kind, status=200)
        again = w.refused("POST", f"/job/rest/createItem?name={name}", config("echo 1"), content_type=kind, status=400)
        assert f"A job already exists with the name ‘{name}’" in again.text, again
    w.must("POST", "/job/rest/createItem", {"name": name + "c", "mode": "copy", "from": "demo"})
    assert w.must("GET", f"/job/rest/job/{name}c/config.xml").text == w.must("GET", w.job + "/config.xml").text
    w.refused("POST", "/job/rest/createItem", {"name": name + "d", "mode": "copy", "from": "none"})
    folder = w.name("folder")
    w.must("POST", "/createItem", {"name": folder, "mode": FOLDER, "json": json.dumps({"name": folder, "mode": FOLDER})})
    assert w.get(f"/job/{folder}/api/json")["_class"] == FOLDER
    for bad in ("a/b", "..", ".", "", "a%00b", "x" * 300, "a?b", "a%2Fb", "a%252Fb", "a*b", "a\\b", "a<b"):
        w.refused("POST", f"/job/rest/createItem?name={urllib.parse.quote(bad, safe='%')}", config("echo 1"), content_type=XML, status=400)
    freestyle = w.refused("POST", f"/job/rest/createItem?name={w.name()}", "<project><builders/></project>", content_type=XML)
    assert "project" in freestyle.text and "not supported" in freestyle.text, freestyle
    w.refused("POST", "/job/none/createItem?name=x", config("echo 1"), content_type=XML, status=404)
    job = w.create("a ü'b")
    assert w.get(job + "/api/json")["name"] == "a ü'b"
    w.refused("POST", f"/job/rest/createItem?name={w.name()}", json.dumps({"a": 1}), content_type="application/json", status=415)


@endpoint("GET …/config.xml")
def _(w):
    answer = w.must("GET", w.job + "/config.xml")
    assert answer.text.startswith("<?xml version='1.1' encoding='UTF-8'?>"), answer
    assert "xml" in answer.headers["Content-Type"]
    w.refused("GET", w.job + "x/config.xml", status=404)


@endpoint("POST …/config.xml")
def _(w):
    job = w.create(w.name())
    w.must("POST", job + "/config.xml", config("echo 'other'"), content_type=XML, status=200)
    assert "echo 'other'" in w.must("GET", job + "/config.xml").text
    assert w.ask("POST", job + "/config.xml", "<flow-definition", content_type=XML).status in (400, 500)
    bomb = ('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]>'
            "<flow-definition><description>&y;</description></flow-definition>")
    outside = ('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
               "<flow-definition><description>&x;</description></flow-definition>")
    for body in (bomb, outside):
        answer = w.ask("POST", job + "/config.xml", body, content_type=XML)
        assert answer.status in (400, 500) and "root:" not in answer.text, answer
    assert "echo 'other'" in w.must("GET", job + "/config.xml").text
    w.refused("POST", job + "x/config.xml", config("echo 1"), content_type=XML, status=404)


@endpoint("POST …/doDelete")
def _(w):
    job = w.create(w.name())
    answer = w.must("POST", job + "/doDelete", status=302)
    assert answer.headers["Location"].endswith("/job/rest/"), answer.headers["Location"]
    w.refused("GET", job + "/api/json", status=404)
    w.refused("POST", job + "/doDelete", status=404)


@endpoint("POST …/doDelete > DELETE …/")
def _(w):
    job = w.create(w.name())
    w.must("DELETE", job + "/", status=(200, 204, 302))
    w.refused("DELETE", job + "/", status=404)


@endpoint("POST …/disable", "POST …/disable > …/enable")
def _(w):
    name = w.name()
    job = w.create(name)
    w.must("POST", job + "/disable", status=302)
    shown = w.get(job + "/api/json")
    assert shown["color"] == "disabled" and shown["buildable"] is False, shown
    w.refused("POST", job + "/build", status=409)
    w.refused("POST", f"/blue/rest/organizations/jenkins/pipelines/rest/pipelines/{name}/runs/", {})
    w.must("POST", job + "/enable", status=302)
    w.must("POST", job + "/build", status=201)
    w.finished(name, 1)
    w.must("POST", f"{job}/confirmRename?newName={name}new", status=302)
    assert w.get(f"/job/rest/job/{name}new/api/json")["lastBuild"]["number"] == 1
    assert "Finished: SUCCESS" in w.must("GET", f"/job/rest/job/{name}new/1/consoleText").text
    w.refused("GET", job + "/api/json", status=404)
    w.must("POST", f"/job/rest/job/{name}new/doRename?newName={name}", status=302)
    assert w.get(job + "/api/json")["name"] == name
    w.refused("POST", f"{job}/confirmRename?newName=demo", status=400)
    w.refused("POST", f"{job}/confirmRename?newName=..", status=400)
    w.refused("POST", "/job/rest/job/none/disable", status=404)


@endpoint("GET …/api/json")
def _(w):
    job = w.get(w.job + "/api/json")
    assert (job["fullName"], job["fullDisplayName"]) == ("rest/demo", "rest » demo"), job
    assert job["color"] == "yellow", job["color"]
    w.refused("GET", w.job + "x/api/json", status=404)


@endpoint("POST …/build[?token=T&cause=C&delay=0sec]")
def _(w):
    name = w.name()
    job = w.create(name, "echo \"tag is ${params.TAG} ${params.B} ${params.F}\"",
                   PARAMETERS.replace("</parameterDefinitions>", "<hudson.model.FileParameterDefinition><name>F</name>"
                                      "<description/></hudson.model.FileParameterDefinition></parameterDefinitions>"))
    answer = w.must("POST", job + "/build?delay=0sec", {"json": json.dumps({"parameter": [
        {"name": "TAG", "value": "v2"}, {"name": "B", "value": False}]})}, status=201)
    item = urllib.parse.urlsplit(answer.headers["Location"]).path
    assert re.fullmatch(r"/queue/item/\d+/", item), answer.headers["Location"]
    w.wait(lambda: w.get(item + "api/json").get("executable"), "the build of a queue item")
    w.finished(name, 1)
    assert "tag is v2 false" in w.must("GET", job + "/1/consoleText").text
    parts = {"json": json.dumps({"parameter": [{"name": "TAG", "value": "v3"}, {"name": "F", "file": "file0"}]})}
    body = "".join(f'--b\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in parts.items())
    body += '--b\r\nContent-Disposition: form-data; name="file0"; filename="up.txt"\r\nContent-Type: text/plain\r\n\r\ncontent\r\n--b--\r\n'
    w.must("POST", job + "/build", body, content_type="multipart/form-data; boundary=b", status=201)
    w.finished(name, 2)
    assert "tag is v3 true up.txt" in w.must("GET", job + "/2/consoleText").text
    w.refused("POST", job + "/build", "--b\r\nbroken", content_type="multipart/form-data; boundary=b", status=400)
    w.refused("POST", job + "/build", {"json": "{"}, status=400)
    w.refused("POST", job + "x/build", status=404)


@endpoint("POST …/buildWithParameters?a=b")
def _(w):
    name = w.name()
    job = w.create(name, "echo \"tag is ${params.TAG}\"", PARAMETERS)
    assert "/queue/item/" in w.must("POST", job + "/buildWithParameters?TAG=v4", status=201).headers["Location"]
    w.must("POST", job + "/buildWithParameters", {"TAG": "v5"}, status=201)
    for number, tag in ((1, "v4"), (2, "v5")):
        w.finished(name, number)
        assert f"tag is {tag}\n" in w.must("GET", f"{job}/{number}/consoleText").text
    w.refused("POST", job + "/buildWithParameters?C=not-a-choice", status=400)
    w.refused("POST", job + "x/buildWithParameters?a=b", status=404)


# ----- the queue -----

@endpoint("GET /queue/api/json")
def _(w):
    name, _ = w.queued()
    items = w.get("/queue/api/json")["items"]
    item = next(item for item in items if item["task"]["name"] == name)
    assert item["why"] and item["blocked"] is True, item


@endpoint("GET /queue/api/json > /queue/item/{id}/api/json")
def _(w):
    name, location = w.queued()
    path = urllib.parse.urlsplit(location).path
    item = w.get(path + "api/json")
    assert item["task"]["name"] == name and item["id"] == int(path.split("/")[3]), item
    w.refused("GET", "/queue/item/1/api/json", status=404)
    w.refused("GET", "/queue/item/x/api/json", status=404)


@endpoint("GET /queue/api/json > POST /queue/cancelItem?id=")
def _(w):
    name, location = w.queued()
    number = urllib.parse.urlsplit(location).path.split("/")[3]
    w.must("POST", f"/queue/cancelItem?id={number}", status=(204, 302))
    assert w.get(f"/queue/item/{number}/api/json")["cancelled"] is True
    assert all(item["task"]["name"] != name for item in w.get("/queue/api/json")["items"])
    w.refused("POST", "/queue/cancelItem?id=1", status=404)
    w.refused("POST", "/queue/cancelItem", status=400)


@endpoint("shape Queue item")
def _(w, text):
    _, location = w.queued()
    wanted = example(re.sub(r'"task":\{[^}]*\}', '"task":{"_class":"x","name":"x","url":"x","color":"x"}', text))
    waiting = {key: value for key, value in wanted.items() if key not in ("buildableStartMilliseconds", "cancelled", "executable")}
    fits(waiting, w.get(urllib.parse.urlsplit(location).path + "api/json"))
    left = w.must("POST", w.job + "/build", status=201).headers["Location"]
    path = urllib.parse.urlsplit(left).path
    fits({key: wanted[key] for key in ("_class", "id", "task", "url", "why", "cancelled", "executable")},
         w.wait(lambda: (lambda i: i if i.get("executable") else None)(w.get(path + "api/json")), "the build"))


# ----- builds -----

@endpoint("GET …/{n}/api/json")
def _(w):
    build = w.build("demo", w.number)
    assert (build["result"], build["building"], build["number"]) == ("UNSTABLE", False, w.number), build
    assert build["artifacts"] == [{"displayPath": "fizz", "fileName": "fizz", "relativePath": "dir/fizz"}], build["artifacts"]
    causes = next(a for a in build["actions"] if a["_class"] == "hudson.model.CauseAction")["causes"]
    assert causes[0]["userId"] == "admin" and causes[0]["shortDescription"] == "Started by user admin", causes
    parameters = next(a for a in build["actions"] if a["_class"] == "hudson.model.ParametersAction")["parameters"]
    assert {"_class": "hudson.model.StringParameterValue", "name": "TAG", "value": "v1"} in parameters, parameters
    w.refused("GET", w.job + "/99/api/json", status=404)


def last(word, expected):
    def check(w):
        name = "lasts"
        if w.ask("GET", "/job/rest/job/lasts/api/json").status == 404:
            w.create(name, "if (params.TAG == 'bad') { error 'no' }", PARAMETERS)
            for tag in ("good", "bad"):
                w.finished(name, w.begin(name, {"parameters": [{"name": "TAG", "value": tag}]}))
        assert w.get(f"/job/rest/job/{name}/{word}/api/json")["number"] == expected
        w.refused("GET", "/job/rest/job/asking/lastNonsense/api/json", status=404)
    return check


for _word, _expected in (("lastBuild", 2), ("lastSuccessfulBuild", 1), ("lastCompletedBuild", 2), ("lastFailedBuild", 2)):
    endpoint("GET …/{n}/api/json > " + _word)(last(_word, _expected))


def ends(how):
    def check(w):
        number = w.running()
        w.must("POST", f"/job/rest/job/slow/{number}/{how}")
        w.finished("slow", number)
        assert w.build("slow", number)["result"] == "ABORTED"
        w.refused("POST", f"/job/rest/job/slow/99/{how}", status=404)
    return check


endpoint("POST …/{n}/stop")(ends("stop"))
endpoint("POST …/{n}/stop > term")(ends("term"))
endpoint("POST …/{n}/stop > kill")(ends("kill"))


@endpoint("POST …/{n}/doDelete")
def _(w):
    name = w.name()
    job = w.create(name)
    w.finished(name, w.begin(name))
    w.must("POST", job + "/1/doDelete", status=302)
    w.refused("GET", job + "/1/api/json", status=404)
    w.refused("POST", job + "/1/doDelete", status=404)


@endpoint("GET …/{n}/consoleText")
def _(w):
    answer = w.must("GET", f"{w.job}/{w.number}/consoleText")
    assert answer.headers["Content-Type"].startswith("text/plain") and "tag is v1\n" in answer.text, answer
    assert answer.text.endswith("Finished: UNSTABLE\n"), answer.text[-80:]
    piece = w.must("GET", f"{w.job}/{w.number}/consoleText", status=206, headers={"Range": "bytes=5-14"})
    assert piece.bytes == answer.bytes[5:15], piece
    assert piece.headers["Content-Range"] == f"bytes 5-14/{len(answer.bytes)}", piece.headers["Content-Range"]
    rest = w.must("GET", f"{w.job}/{w.number}/consoleText", status=206, headers={"Range": "bytes=-7"})
    assert rest.bytes == answer.bytes[-7:], rest
    w.refused("GET", f"{w.job}/{w.number}/consoleText", status=416, headers={"Range": "bytes=99999999-"})
    w.refused("GET", w.job + "/99/consoleText", status=404)


@endpoint("GET …/{n}/consoleText > logText/progressiveText?start=N", "GET …/{n}/consoleText > logText/progressiveHtml?start=N")
def _(w):
    whole = w.must("GET", f"{w.job}/{w.number}/consoleText").bytes
    answer = w.must("GET", f"{w.job}/{w.number}/logText/progressiveText?start=10")
    assert answer.bytes == whole[10:] and answer.headers["X-Text-Size"] == str(len(whole)), answer.headers.items()
    assert "X-More-Data" not in answer.headers
    page = w.must("GET", f"{w.job}/{w.number}/logText/progressiveHtml?start=0")
    assert page.headers["Content-Type"].startswith("text/html") and "<testsuite" not in page.text, page
    assert page.headers["X-Text-Size"] == str(len(whole)), page.headers.items()
    number = w.running()
    assert w.must("GET", f"/job/rest/job/slow/{number}/logText/progressiveText?start=0").headers["X-More-Data"] == "true"
    w.must("POST", f"/job/rest/job/slow/{number}/stop")
    w.refused("GET", w.job + "/99/logText/progressiveText?start=0", status=404)


@endpoint("GET …/indexing/consoleText", "GET …/indexing/consoleText > …/computation/…")
def _(w):
    job, _ = w.multi()
    for word in ("indexing", "computation"):
        w.wait(lambda: w.must("GET", f"{job}/{word}/consoleText").text.rstrip().endswith("Finished: SUCCESS"), "the end of the scan")
        w.must("GET", f"{job}/{word}/logText/progressiveText?start=0")
    w.refused("GET", w.job + "/indexing/consoleText", status=404)


@endpoint("GET …/{n}/artifact/PATH")
def _(w):
    answer = w.must("GET", f"{w.job}/{w.number}/artifact/dir/fizz")
    assert answer.text == "fizz\n" and answer.headers["X-Content-Type-Options"] == "nosniff", answer.headers.items()
    assert answer.headers["Content-Disposition"].startswith("attachment"), answer.headers.items()
    piece = w.must("GET", f"{w.job}/{w.number}/artifact/dir/fizz", status=206, headers={"Range": "bytes=1-2"})
    assert piece.text == "iz", piece
    for bad in ("dir/none", "../../../config.xml", "%2e%2e/%2e%2e/log", "dir/..%2f..%2flog"):
        w.refused("GET", f"{w.job}/{w.number}/artifact/{bad}", status=404)


@endpoint("GET …/{n}/artifact/PATH > artifact/*zip*/archive.zip")
def _(w):
    answer = w.must("GET", f"{w.job}/{w.number}/artifact/*zip*/archive.zip")
    assert answer.headers["Content-Type"] == "application/zip", answer.headers["Content-Type"]
    archive = zipfile.ZipFile(io.BytesIO(answer.bytes))
    assert archive.namelist() == ["archive/dir/fizz"] and archive.read("archive/dir/fizz") == b"fizz\n", archive.namelist()
    w.refused("GET", w.job + "/99/artifact/*zip*/archive.zip", status=404)
    name = w.name()
    w.create(name)
    w.finished(name, w.begin(name))
    w.refused("GET", f"/job/rest/job/{name}/1/artifact/*zip*/archive.zip", status=404)


@endpoint("GET …/{n}/testReport/api/json")
def _(w):
    report = w.get(f"{w.job}/{w.number}/testReport/api/json")
    assert (report["totalCount"], report["failCount"], report["skipCount"]) == (2, 1, 0), report
    cases = [case for suite in report["suites"] for case in suite["cases"]]
    assert [(case["className"], case["name"], case["status"]) for case in cases if case["status"] in ("FAILED", "REGRESSION")] == [
        ("c", "bad", cases[-1]["status"])], cases
    w.refused("GET", "/job/rest/job/paged/1/testReport/api/json", status=404)


@endpoint("POST …/{n}/replay/run")
def _(w):
    name = w.name()
    job = w.create(name)
    w.finished(name, w.begin(name))
    w.must("POST", job + "/1/replay/run", {"json": json.dumps({"mainScript": "echo 'replayed'"})})
    w.finished(name, 2)
    assert "replayed" in w.must("GET", job + "/2/consoleText").text
    w.refused("POST", job + "/9/replay/run", {"json": json.dumps({"mainScript": "echo 1"})}, status=404)
    w.refused("POST", job + "/1/replay/run", {"json": "["}, status=400)


@endpoint("POST …/{n}/restart/restart?stageName=")
def _(w):
    name = w.name()
    job = w.create(name, "pipeline { agent none\n stages { stage('a') { steps { echo 'A' } }\n stage('b') { steps { echo 'B' } } } }")
    w.finished(name, w.begin(name))
    w.must("POST", job + "/1/restart/restart?stageName=b")
    w.finished(name, 2)
    console = w.must("GET", job + "/2/consoleText").text
    assert "B\n" in console and "A\n" not in console.replace("[Pipeline]", ""), console
    w.refused("POST", job + "/1/restart/restart?stageName=zzz")
    w.refused("POST", job + "/1/restart/restart", status=400)
    w.refused("POST", job + "/9/restart/restart?stageName=b", status=404)


def answers(word, body, result):
    def check(w):
        number = w.asked()
        path = f"/job/rest/job/asking/{number}/input/Go/{word}"
        w.refused("POST", f"/job/rest/job/asking/{number}/input/None/{word}", status=404)
        w.must("POST", path, body)
        w.finished("asking", number)
        assert w.build("asking", number)["result"] == result
        w.refused("POST", path, body)
    return check


endpoint("POST …/{n}/input/{id}/proceedEmpty")(answers("proceedEmpty", None, "SUCCESS"))
endpoint("POST …/{n}/input/{id}/proceedEmpty > …/proceed?json=…")(
    answers("proceed", {"json": json.dumps({"parameter": [{"name": "a", "value": "b"}]})}, "SUCCESS"))
endpoint("POST …/{n}/input/{id}/proceedEmpty > …/abort")(answers("abort", None, "ABORTED"))


@endpoint("GET …/{n}/wfapi/…", "§4 /{n}/wfapi/describe")
def _(w):
    run = has(w.get(f"{w.job}/{w.number}/wfapi/describe"), "_links", "id", "name", "status", "startTimeMillis", "endTimeMillis",
              "durationMillis", "queueDurationMillis", "pauseDurationMillis", "stages")
    assert run["status"] == "UNSTABLE" and run["stages"][0]["name"] == "one", run
    has(run["stages"][0], "_links", "id", "execNode", "status", "startTimeMillis", "durationMillis", "pauseDurationMillis")
    assert w.get(run["_links"]["self"]["href"]) == run
    w.refused("GET", w.job + "/99/wfapi/describe", status=404)


@endpoint("POST …/descriptorByName/org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition/checkScriptCompile")
def _(w):
    path = w.job + "/descriptorByName/org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition/checkScriptCompile"
    assert w.must("POST", path, {"value": "echo 1"}).json() == {"column": 0, "line": 0, "message": "", "status": "success"}
    wrong = w.must("POST", path, {"value": "pipeline {"}).json()
    assert wrong[0]["status"] == "fail" and wrong[0]["line"] >= 1, wrong


@endpoint("GET …/descriptorByName/hudson.triggers.TimerTrigger/checkSpec?value=CRON")
def _(w):
    path = w.job + "/descriptorByName/hudson.triggers.TimerTrigger/checkSpec?value="
    assert "<div class=ok>" in w.must("GET", path + "H+4+*+*+*").text
    assert "class=error" in w.must("GET", path + "x").text
    assert "Do you really mean" in w.must("GET", path + "*+*+*+*+*").text


@endpoint("POST /scriptText")
def _(w):
    w.refused("POST", "/scriptText", {"script": "println 1"}, status=403)


@endpoint("GET /computer/api/json")
def _(w):
    computers = has(w.get("/computer/api/json"), "_class", "busyExecutors", "computer", "displayName", "totalExecutors")
    has(computers["computer"][0], "_class", "assignedLabels", "displayName", "executors", "idle", "numExecutors", "offline")
    assert computers["totalExecutors"] == sum(one["numExecutors"] for one in computers["computer"]) > 0, computers


@endpoint("GET /computer/api/json > /computer/{name}/…")
def _(w):
    for name in ("(built-in)", "(master)", "built-in"):
        one = w.get(f"/computer/{urllib.parse.quote(name)}/api/json")
        assert one["offline"] is False and one["numExecutors"] > 0, one
    w.refused("GET", "/computer/none/api/json", status=404)


@endpoint("GET /computer/api/json > /pluginManager/api/json?depth=1")
def _(w):
    plugins = w.get("/pluginManager/api/json?depth=1")["plugins"]
    has(plugins[0], "shortName", "version", "active", "enabled")


@endpoint("GET /computer/api/json > /me/api/json", "GET /computer/api/json > /user/{u}/api/json")
def _(w):
    for path in ("/me/api/json", "/user/admin/api/json"):
        user = w.get(path)
        assert user["id"] == "admin" and user["fullName"], user


@endpoint("GET /computer/api/json > /whoAmI/api/json")
def _(w):
    user = w.get("/whoAmI/api/json")
    assert user["name"] == "admin" and user["authenticated"] is True and "authenticated" in user["authorities"], user


@endpoint("GET /computer/api/json > POST /user/{u}/descriptorByName/jenkins.security.ApiTokenProperty/generateNewToken")
def _(w):
    made = w.must("POST", TOKEN + "generateNewToken", {"newTokenName": "ci"}, status=200).json()
    assert made["status"] == "ok" and made["data"]["tokenName"] == "ci" and made["data"]["tokenUuid"], made
    token = made["data"]["tokenValue"]
    assert re.fullmatch(r"11[0-9a-f]{32}", token), token
    assert w.get("/me/api/json", user=("admin", token))["id"] == "admin"
    w.must("POST", w.job + "/build", status=201, user=("admin", token))
    w.refused("GET", "/me/api/json", user=("admin", token[:-1] + ("0" if token[-1] != "0" else "1")), status=401)
    assert token not in w.must("GET", "/user/admin/api/json?depth=3").text
    w.must("POST", TOKEN + "revoke", {"tokenUuid": made["data"]["tokenUuid"]})
    w.refused("GET", "/me/api/json", user=("admin", token), status=401)
    w.refused("POST", TOKEN.replace("admin", "other") + "generateNewToken", {"newTokenName": "ci"}, status=403)


@endpoint("POST /configuration-as-code/reload", "POST /configuration-as-code/reload > /checkNewSource",
          "POST /configuration-as-code/reload > /replace", "POST /configuration-as-code/reload > /apply")
def _(w):
    w.must("POST", "/configuration-as-code/reload")
    for call in ("checkNewSource", "replace", "apply"):
        w.must("POST", "/configuration-as-code/" + call, {"_.newSource": "/var/jenkins_home/casc_configs/jenkins_user.yaml",
                                                          "json": json.dumps({"newSource": "/var/jenkins_home/casc_configs/jenkins_user.yaml"})})
    w.refused("POST", "/configuration-as-code/none", status=404)


@endpoint("POST /configuration-as-code/reload > /export")
def _(w):
    assert "jenkins:" in w.must("POST", "/configuration-as-code/export").text


@endpoint("POST /configuration-as-code/reload > /schema")
def _(w):
    assert w.must("POST", "/configuration-as-code/schema").json()["type"] == "object"


@endpoint("GET /login", "GET /login > /")
def _(w):
    for path, user in (("/login", False), ("/", True), ("/", False)):
        answer = w.ask("GET", path, user=user)
        assert answer.status in (200, 403) and "X-Jenkins" in answer.headers, f"{path}: {answer} {answer.headers.items()}"


@endpoint("/role-strategy/strategy/*")
def _(w):
    for call in ("addRole", "removeRoles", "assignRole", "deleteSid"):
        assert w.must("POST", "/role-strategy/strategy/" + call, {"type": "projectRoles", "roleName": "r"}, status=200).text == ""
    assert w.get("/role-strategy/strategy/getAllRoles?type=globalRoles") == {}
    has(w.get("/role-strategy/strategy/getRole?type=globalRoles&roleName=admin"), "permissionIds", "sids")


@endpoint("shape Job JSON")
def _(w, text):
    fits(example(text), w.get(w.job + "/api/json"))


@endpoint("shape Build JSON")
def _(w, text):
    w.repository()
    build = has(w.build("demo", w.number), *keys(text))
    changed = w.build("changes", 2)
    sets = changed["changeSets"]
    assert sets and sets[0]["kind"] == "git", changed
    item = has(sets[0]["items"][0], "affectedPaths", "commitId", "timestamp", "author", "authorEmail", "comment", "date", "id", "msg", "paths")
    assert (item["commitId"], item["msg"], item["affectedPaths"]) == (w.commit, "second line", ["a"]), item
    assert item["paths"] == [{"editType": "edit", "file": "a"}] and item["author"]["fullName"] == "Ada", item
    assert [one["fullName"] for one in changed["culprits"]] == ["Ada"], changed["culprits"]
    assert build["changeSets"] == [] and changed["previousBuild"]["number"] == 1 and changed["nextBuild"] is None
    assert w.build("changes", 1)["nextBuild"]["number"] == 2
    data = next(a for a in changed["actions"] if a.get("_class") == "hudson.plugins.git.util.BuildData")
    assert data["lastBuiltRevision"]["SHA1"] == w.commit and data["remoteUrls"] == [w.url], data


# ----- credentials -----

def credential(name, secret="s3cr3t", **more):
    return {"scope": "GLOBAL", "id": name, "secret": secret, "description": "d", "stapler-class": TEXT_CREDENTIAL, "$class": TEXT_CREDENTIAL, **more}


def keep(w, name, store=STORE, **more):
    w.must("POST", store + "/createCredentials", {"json": json.dumps({"credentials": credential(name, **more)})})


@endpoint("POST /job/{p}/credentials/store/folder/domain/_/createCredentials")
def _(w):
    name = w.name("secret")
    keep(w, name)
    answer = w.ask("POST", STORE + "/createCredentials", {"json": json.dumps({"credentials": credential(name)})})
    assert answer.status in (409, 500), answer
    kinds = {"com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl": {"username": "u", "password": "s3cr3t"},
             "com.cloudbees.jenkins.plugins.sshcredentials.impl.BasicSSHUserPrivateKey": {"username": "u", "passphrase": "p", "privateKeySource": {
                 "stapler-class": "com.cloudbees.jenkins.plugins.sshcredentials.impl.BasicSSHUserPrivateKey$DirectEntryPrivateKeySource", "privateKey": "s3cr3t"}},
             "com.microsoft.jenkins.kubernetes.credentials.KubeconfigCredentials": {"kubeconfigSource": {
                 "stapler-class": "com.microsoft.jenkins.kubernetes.credentials.KubeconfigCredentials$DirectEntryKubeconfigSource", "content": "s3cr3t"}}}
    for kind, fields in kinds.items():
        form = {"scope": "GLOBAL", "id": w.name("secret"), "description": "", "stapler-class": kind, **fields}
        w.must("POST", STORE + "/createCredentials", {"json": json.dumps({"credentials": form})})
    form = {"scope": "GLOBAL", "id": w.name("file"), "description": "", "file": "file0",
            "stapler-class": "org.jenkinsci.plugins.plaincredentials.impl.FileCredentialsImpl"}
    body = (f'--b\r\nContent-Disposition: form-data; name="json"\r\n\r\n{json.dumps({"credentials": form})}\r\n'
            '--b\r\nContent-Disposition: form-data; name="file0"; filename="f.txt"\r\n\r\ns3cr3t\r\n--b--\r\n')
    w.must("POST", STORE + "/createCredentials", body, content_type="multipart/form-data; boundary=b")
    assert w.get(f"{STORE}/credential/{form['id']}/api/json")["typeName"] == "Secret file"
    w.refused("POST", STORE + "/createCredentials", {"json": "{"}, status=400)
    w.refused("POST", STORE + "/createCredentials", {"json": json.dumps({"credentials": {"id": "x", "stapler-class": "?"}})}, status=400)
    w.refused("POST", STORE.replace("rest", "none") + "/createCredentials", {"json": json.dumps({"credentials": credential("x")})}, status=404)


@endpoint("POST …/credential/{id}/updateSubmit")
def _(w):
    name = w.name("secret")
    keep(w, name)
    w.must("POST", f"{STORE}/credential/{name}/updateSubmit", {"json": json.dumps({**credential(name), "description": "new"})})
    assert w.get(f"{STORE}/credential/{name}/api/json")["description"] == "new"
    w.refused("POST", f"{STORE}/credential/none/updateSubmit", {"json": json.dumps(credential("none"))}, status=404)


@endpoint("POST …/credential/{id}/doDelete")
def _(w):
    name = w.name("secret")
    keep(w, name)
    w.must("POST", f"{STORE}/credential/{name}/doDelete")
    w.refused("GET", f"{STORE}/credential/{name}/api/json", status=404)
    w.refused("POST", f"{STORE}/credential/{name}/doDelete", status=404)


@endpoint("GET …/credential/{id}/api/json?depth=2")
def _(w):
    name = w.name("secret")
    keep(w, name)
    answer = w.must("GET", f"{STORE}/credential/{name}/api/json?depth=2")
    shown = has(answer.json(), "id", "typeName", "displayName", "description", "fingerprint", "fullName")
    assert (shown["id"], shown["typeName"], shown["description"]) == (name, "Secret text", "d"), shown
    for path in (f"{STORE}/credential/{name}/api/json?depth=9", f"{STORE}/credential/{name}/config.xml", f"{STORE}/api/json?depth=9",
                 "/job/rest/credentials/api/json?depth=9", "/job/rest/api/json?depth=9", f"{STORE}/credential/{name}/api/xml"):
        seen = w.ask("GET", path)
        assert "s3cr3t" not in seen.text and base64.b64encode(b"s3cr3t").decode() not in seen.text, f"{path} tells the secret"
    w.refused("GET", f"{STORE}/credential/none/api/json?depth=2", status=404)


@endpoint("GET …/domain/_/api/json?depth=2")
def _(w):
    name = w.name("secret")
    keep(w, name)
    assert name in [one["id"] for one in w.get(STORE + "/api/json?depth=2")["credentials"]]
    w.refused("GET", STORE.replace("/_", "/none") + "/api/json", status=404)
    w.must("POST", "/job/rest/credentials/store/folder/createDomain", {"json": json.dumps({"name": "d", "description": "x"})})
    store = "/job/rest/credentials/store/folder/domain/d"
    keep(w, "in-d", store=store)
    assert [one["id"] for one in w.get(store + "/api/json")["credentials"]] == ["in-d"]
    assert "in-d" not in [one["id"] for one in w.get(STORE + "/api/json")["credentials"]]
    assert set(w.get("/job/rest/credentials/store/folder/api/json")["domains"]) == {"_", "d"}
    w.must("POST", store + "/doDelete")
    w.refused("GET", store + "/api/json", status=404)
    w.refused("GET", "/job/rest/credentials/store/none/domain/_/api/json", status=404)


@endpoint("/credentials/store/system/domain/_/…")
def _(w):
    store = "/credentials/store/system/domain/_"
    keep(w, "of-all", store=store)
    assert w.get(store + "/credential/of-all/api/json")["id"] == "of-all"
    name = w.name()
    w.create(name, "node { withCredentials([string(credentialsId: 'of-all', variable: 'S')]) { sh 'test \"$S\" = s3cr3t && echo \"is $S\"' } }")
    w.finished(name, w.begin(name))
    console = w.must("GET", f"/job/rest/job/{name}/1/consoleText").text
    assert "Finished: SUCCESS" in console and "s3cr3t" not in console, console
    w.must("POST", store + "/credential/of-all/doDelete")
    w.refused("GET", store + "/credential/of-all/api/json", status=404)


# ----- the converter -----

def convert(w, name, **form):
    answer = w.must("POST", "/pipeline-model-converter/" + name, form, status=200).json()
    assert answer["status"] == "ok", answer
    return answer["data"]


def converts(name, good, field, missing):
    def check(w):
        data = convert(w, name, **good)
        assert data["result"] == "success" and (not field or data[field]), data
        (key, value), = good.items()
        assert convert(w, name, **{key: value[:len(value) // 2]})["result"] == "failure"
        if missing:
            assert convert(w, name) == {"result": "failure", "errors": [{"error": f"No content found for '{key}' parameter"}]}
    return check


MODEL = json.dumps({"pipeline": {"stages": [{"name": "a", "branches": [{"name": "default", "steps": [
    {"name": "echo", "arguments": [{"key": "message", "value": {"isLiteral": True, "value": "x"}}]}]}]}],
    "agent": {"type": "any"}}})
STEPS = json.dumps([{"name": "echo", "arguments": {"isLiteral": True, "value": "Hello"}}])
endpoint("toJenkinsfile")(converts("toJenkinsfile", {"json": MODEL}, "jenkinsfile", True))
endpoint("toJson")(converts("toJson", {"jenkinsfile": BUILD}, "json", True))
endpoint("validateJenkinsfile")(converts("validateJenkinsfile", {"jenkinsfile": BUILD}, None, True))
endpoint("validateJson")(converts("validateJson", {"json": MODEL}, None, True))
endpoint("stepsToJson")(converts("stepsToJson", {"jenkinsfile": "echo 'Hello'"}, "json", True))
endpoint("stepsToJenkinsfile")(converts("stepsToJenkinsfile", {"json": STEPS}, "jenkinsfile", True))


@endpoint("validate")
def _(w):
    say = lambda **form: w.must("POST", "/pipeline-model-converter/validate", form, status=200).text
    assert "Jenkinsfile successfully validated." in say(jenkinsfile=BUILD)
    assert "Errors encountered validating Jenkinsfile:" in say(jenkinsfile="pipeline { stages {} }")
    assert "did not contain the 'pipeline' step" in say(jenkinsfile="echo 1")
    assert "No Jenkinsfile specified" in say()


@endpoint("§2 GET /pipeline-model-schema/json")
def _(w):
    schema = w.get("/pipeline-model-schema/json")
    schema = schema.get("data", schema)
    assert "pipeline" in json.dumps(schema) and ("properties" in schema or "definitions" in schema), str(schema)[:200]


@endpoint("§2 POST /kapis/devops.kubesphere.io/v1alpha2/tojson|tojenkinsfile|…")
def _(w):
    for call, form in (("tojson", {"jenkinsfile": BUILD}), ("tojenkinsfile", {"json": MODEL})):
        answer = w.must("POST", "/kapis/devops.kubesphere.io/v1alpha2/" + call, form, status=200).json()
        assert answer["data"]["result"] == "success", answer


# ----- Blue Ocean -----

ORGANIZATION = "/blue/rest/organizations/jenkins/"


@endpoint("GET organizations/", "GET organizations/ > organizations/jenkins/")
def _(w):
    one = has(w.get(ORGANIZATION), "_class", "_links", "displayName", "name")
    assert one["name"] == "jenkins" and w.get("/blue/rest/organizations/") == [one]
    w.refused("GET", "/blue/rest/organizations/none/", status=404)


@endpoint("GET search/?q=type:pipeline;organization:jenkins;pipeline:{p}/*name*;excludedFromFlattening=jenkins.branch.MultiBranchProject,"
          "hudson.matrix.MatrixProject&filter=no-folders&start=&limit=")
def _(w):
    ask = lambda name, more="": w.get("/blue/rest/search/?q=type:pipeline;organization:jenkins;pipeline:" + name + ";excludedFromFlattening="
                                      "jenkins.branch.MultiBranchProject,hudson.matrix.MatrixProject&filter=no-folders" + more)
    assert [one["name"] for one in ask("rest/*dem*")] == ["demo"]
    assert {"demo", "asking", "slow"} <= {one["name"] for one in ask("rest/**")}
    assert len(ask("rest/**", "&start=1&limit=1")) == 1
    assert ask("none/*")  == []
    w.refused("GET", "/blue/rest/search/?q=type:nonsense")


@endpoint("GET …/pipelines/{p}/pipelines/{j}/")
def _(w):
    pipeline = w.get(w.blue + "/")
    assert (pipeline["fullName"], pipeline["name"]) == ("rest/demo", "demo") and len(pipeline["parameters"]) == 3, pipeline
    choice = next(one for one in pipeline["parameters"] if one["name"] == "C")
    assert choice["choices"] == ["x", "y"], choice
    assert any(one["name"] == "demo" for one in w.get("/blue/rest/organizations/jenkins/pipelines/rest/pipelines/"))
    assert w.get("/blue/rest/organizations/jenkins/pipelines/rest/")["name"] == "rest"
    w.refused("GET", w.blue + "x/", status=404)


@endpoint("GET …/branches/?filter=origin|pull-requests&start=&limit=")
def _(w):
    _, blue = w.multi()
    assert {one["displayName"] for one in w.get(blue + "/branches/?filter=origin&start=0&limit=10")} == {"main", "feature/x"}
    assert w.get(blue + "/branches/?filter=pull-requests") == []
    w.refused("GET", w.blue + "x/branches/", status=404)


@endpoint("GET …/branches/?filter=origin|pull-requests&start=&limit= > GET …/branches/{b}/")
def _(w):
    _, blue = w.multi()
    branch = has(w.get(blue + "/branches/feature%252Fx/"), "branch", "pullRequest", "latestRun", "name", "displayName")
    assert (branch["name"], branch["displayName"]) == ("feature%2Fx", "feature/x"), branch
    w.refused("GET", blue + "/branches/none/", status=404)


@endpoint("GET …/runs/?start=&limit=")
def _(w):
    assert [run["id"] for run in w.get(w.blue + "/runs/?start=0&limit=100")][-1] == "1"
    w.refused("GET", w.blue + "x/runs/", status=404)


@endpoint("GET …/runs/?start=&limit= > POST …/runs/")
def _(w):
    name = w.name()
    job = w.create(name, "echo \"tag is ${params.TAG}\"", PARAMETERS)
    path = f"{ORGANIZATION}pipelines/rest/pipelines/{name}/runs/"
    run = has(w.must("POST", path, {"parameters": [{"name": "TAG", "value": "b"}]}, status=200).json(), "id", "queueId", "state", "result", "type")
    assert (run["id"], run["pipeline"]) == ("1", name), run
    assert w.must("POST", path, status=200).json()["id"] == "2"
    w.finished(name, 1)
    assert "tag is b" in w.must("GET", job + "/1/consoleText").text
    w.refused("POST", path, "{", content_type="application/json", status=400)
    w.refused("POST", path.replace(name, "none"), {}, status=404)


@endpoint("/branches/{b}/runs/")
def _(w):
    _, blue = w.multi()
    path = blue + "/branches/feature%252Fx/runs/"
    made = w.must("POST", path, {}, status=200).json()
    w.wait(lambda: w.get(f"{path}{made['id']}/")["state"] == "FINISHED", "the run of a branch")
    assert made["id"] in [run["id"] for run in w.get(path)]
    w.refused("GET", blue + "/branches/none/runs/", status=404)


@endpoint("GET …/runs/{n}/")
def _(w):
    run = w.get(f"{w.blue}/runs/{w.number}/")
    assert (run["state"], run["result"], run["runSummary"]) == ("FINISHED", "UNSTABLE", "unstable"), run
    assert run["artifactsZipFile"] == f"{w.job}/{w.number}/artifact/*zip*/archive.zip"
    w.refused("GET", w.blue + "/runs/99/", status=404)
    w.refused("GET", w.blue + "/runs/x/", status=404)


@endpoint("PUT …/runs/{n}/stop/?blocking=true&timeOutInSecs=10")
def _(w):
    path = ORGANIZATION + "pipelines/rest/pipelines/slow/runs/"
    for method in ("PUT", "POST"):
        number = w.running()
        run = w.must(method, f"{path}{number}/stop/?blocking=true&timeOutInSecs=10", {}, status=200).json()
        assert run["id"] == str(number) and (run["state"], run["result"]) == ("FINISHED", "ABORTED"), run
    w.refused("PUT", path + "99/stop/", {}, status=404)


@endpoint("POST …/runs/{n}/replay/")
def _(w):
    name = w.name()
    w.create(name)
    path = f"{ORGANIZATION}pipelines/rest/pipelines/{name}/runs/"
    w.finished(name, w.begin(name))
    assert w.must("POST", path + "1/replay/", {}, status=200).json()["id"] == "2"
    w.refused("POST", path + "9/replay/", {}, status=404)


@endpoint("GET …/runs/{n}/nodes/?limit=10000")
def _(w):
    nodes = w.get(f"{w.blue}/runs/{w.number}/nodes/?limit=10000")
    assert [(node["displayName"], node["type"]) for node in nodes] == [
        ("one", "STAGE"), ("both", "STAGE"), ("left", "PARALLEL"), ("right", "PARALLEL")], nodes
    assert [edge["id"] for edge in nodes[1]["edges"]] == [nodes[2]["id"], nodes[3]["id"]], nodes
    w.refused("GET", w.blue + "/runs/99/nodes/", status=404)


def node_of(w):
    return w.get(f"{w.blue}/runs/{w.number}/nodes/")[0]


@endpoint("GET …/runs/{n}/nodes/?limit=10000 > /nodes/{id}/")
def _(w):
    node = node_of(w)
    assert w.get(f"{w.blue}/runs/{w.number}/nodes/{node['id']}/") == node
    w.refused("GET", f"{w.blue}/runs/{w.number}/nodes/999/", status=404)


@endpoint("POST …/runs/{n}/nodes/{id}/restart/")
def _(w):
    name = w.name()
    w.create(name, "pipeline { agent none\n stages { stage('a') { steps { echo 'A' } }\n stage('b') { steps { echo 'B' } } } }")
    path = f"{ORGANIZATION}pipelines/rest/pipelines/{name}/runs/"
    w.finished(name, w.begin(name))
    node = w.get(path + "1/nodes/")[1]
    assert w.must("POST", f"{path}1/nodes/{node['id']}/restart/", {"restart": True}, status=200).json()["id"] == "2"
    w.refused("POST", f"{path}1/nodes/{node['id']}/restart/", {"restart": False}, status=400)
    w.refused("POST", f"{path}1/nodes/999/restart/", {"restart": True}, status=404)


@endpoint("GET …/runs/{n}/nodes/{id}/steps/", "GET …/runs/{n}/nodes/{id}/steps/ > …/runs/{n}/steps/")
def _(w):
    steps = w.get(f"{w.blue}/runs/{w.number}/nodes/{node_of(w)['id']}/steps/")
    assert [step["displayName"] for step in steps] == ["Shell Script", "Shell Script", "Archive the artifacts",
                                                       "Archive JUnit-formatted test results"], steps
    assert steps[0]["actions"][0]["urlName"] == "log" and "mkdir" in steps[0]["displayDescription"], steps[0]
    everything = w.get(f"{w.blue}/runs/{w.number}/steps/")
    assert {step["id"] for step in steps} < {step["id"] for step in everything}
    w.refused("GET", f"{w.blue}/runs/{w.number}/nodes/999/steps/", status=404)


@endpoint("GET …/runs/{n}/log/?start=0[&download=true]", "shape Logs")
def _(w):
    path = f"{w.blue}/runs/{w.number}/log/"
    answer = w.must("GET", path + "?start=0")
    assert answer.headers["Content-Type"].lower().replace(" ", "") == "text/plain;charset=utf-8", answer.headers["Content-Type"]
    assert answer.headers["X-Text-Size"] == str(len(answer.bytes)) and answer.headers["X-Text-Delivered"] == str(len(answer.bytes))
    assert "X-More-Data" not in answer.headers
    assert w.must("GET", path + "?start=20").bytes == answer.bytes[20:]
    saved = w.must("GET", path + "?start=0&download=true")
    assert saved.headers["Content-Disposition"].startswith("attachment; filename="), saved.headers.items()
    assert w.must("GET", path + "?start=99999").headers["X-Text-Size"] == str(len(answer.bytes))
    w.refused("GET", w.blue + "/runs/99/log/", status=404)


@endpoint("GET …/runs/{n}/log/?start=0[&download=true] > …/nodes/{id}/log/")
def _(w):
    node = node_of(w)
    answer = w.must("GET", f"{w.blue}/runs/{w.number}/nodes/{node['id']}/log/")
    assert "tag is v1" in answer.text and "[Pipeline]" not in answer.text, answer
    w.refused("GET", f"{w.blue}/runs/{w.number}/nodes/999/log/", status=404)


@endpoint("GET …/runs/{n}/log/?start=0[&download=true] > …/nodes/{id}/steps/{sid}/log/?start=0")
def _(w):
    node = node_of(w)
    path = f"{w.blue}/runs/{w.number}/nodes/{node['id']}/steps/"
    step = w.get(path)[0]
    answer = w.must("GET", f"{path}{step['id']}/log/?start=0")
    assert "tag is v1" in answer.text and answer.headers["X-Text-Size"] == str(len(answer.bytes)), answer
    w.refused("GET", f"{path}999/log/", status=404)


@endpoint("POST …/runs/{n}/nodes/{id}/steps/{sid}/")
def _(w):
    number = w.asked()
    runs = f"{ORGANIZATION}pipelines/rest/pipelines/asking/runs/{number}/"
    node = w.get(runs + "nodes/")[0]
    path = f"{runs}nodes/{node['id']}/steps/"
    step = next(step for step in w.get(path) if step["input"])
    fits({"_class": "x", "_links": {}, "id": "x", "message": "x", "ok": "x", "parameters": [], "submitter": "x"}, step["input"])
    path += step["id"] + "/"
    assert "id is required" in w.refused("POST", path, {}, status=400).text
    assert "parameters is required" in w.refused("POST", path, {"id": "Go"}, status=400).text
    assert "does not have an Input with an id of 'No'" in w.refused("POST", path, {"id": "No", "parameters": []}, status=400).text
    assert w.must("POST", path, {"id": "Go", "parameters": [{"name": "a", "value": "b"}]}, status=200).text == ""
    w.finished("asking", number)


@endpoint("GET …/runs/{n}/artifacts/?start=&limit=")
def _(w):
    assert len(w.get(f"{w.blue}/runs/{w.number}/artifacts/?start=0&limit=10")) == 1
    assert w.get(f"{w.blue}/runs/{w.number}/artifacts/?start=1&limit=10") == []
    w.refused("GET", w.blue + "/runs/99/artifacts/", status=404)


@endpoint("GET …/runs/{n}/changeSet/", "shape Change set entry")
def _(w, text=None):
    w.repository()
    path = ORGANIZATION + "pipelines/rest/pipelines/changes/runs/2/"
    entry = w.get(path + "changeSet/")[0]
    has(entry, *(keys(text) if text else ("commitId",)))
    has(entry["author"], "id", "fullName", "email")
    assert (entry["commitId"], entry["msg"], entry["affectedPaths"]) == (w.commit, "second line", ["a"]), entry
    assert w.get(path)["changeSet"][0]["commitId"] == w.commit and w.get(path)["commitId"] == w.commit
    assert w.get(f"{w.blue}/runs/{w.number}/changeSet/") == []
    w.refused("GET", w.blue + "/runs/99/changeSet/", status=404)


@endpoint("GET …/runs/{n}/changeSet/ > tests/", "GET …/runs/{n}/changeSet/ > blueTestSummary/")
def _(w):
    summary = w.get(f"{w.blue}/runs/{w.number}/blueTestSummary/")
    assert (summary["total"], summary["failed"], summary["passed"], summary["skipped"]) == (2, 1, 1, 0), summary
    tests = w.get(f"{w.blue}/runs/{w.number}/tests/?status=FAILED")
    assert [(test["name"], test["status"]) for test in tests] == [("bad – c", "FAILED")], tests
    has(tests[0], "id", "age", "duration", "errorDetails", "errorStackTrace", "state", "hasStdLog")
    w.refused("GET", w.blue + "/runs/99/tests/", status=404)
    w.refused("GET", w.blue + "/runs/99/blueTestSummary/", status=404)


@endpoint("GET …/runs/{n}/changeSet/ > actions/")
def _(w):
    assert any(action["_class"] == "hudson.model.CauseAction" for action in w.get(f"{w.blue}/runs/{w.number}/actions/"))
    w.refused("GET", w.blue + "/runs/99/actions/", status=404)


@endpoint("GET …/runs/{n}/changeSet/ > …/queue/", "GET …/runs/{n}/changeSet/ > DELETE …/queue/{id}")
def _(w):
    name, _ = w.queued()
    path = f"{ORGANIZATION}pipelines/rest/pipelines/{name}/queue/"
    item = has(w.get(path)[0], "id", "expectedBuildNumber", "queuedTime", "pipeline", "causeOfBlockage")
    assert item["expectedBuildNumber"] == 2, item
    w.must("DELETE", f"{path}{item['id']}/", status=(200, 204))
    assert w.get(path) == []
    w.refused("DELETE", path + "1/", status=404)
    w.refused("GET", path.replace(name, "none"), status=404)


@endpoint("GET organizations/jenkins/scm/{github|bitbucket-server|…}/servers/",
          "GET organizations/jenkins/scm/{github|bitbucket-server|…}/servers/ > POST")
def _(w):
    path = ORGANIZATION + "scm/bitbucket-server/servers/"
    made = has(w.must("POST", path, {"name": "s", "apiUrl": "https://127.0.0.1:9"}, status=200).json(), "_class", "_links", "id", "name", "apiUrl")
    assert made["id"] in [one["id"] for one in w.get(path)]
    w.refused("POST", path, {"name": "s"}, status=400)
    w.refused("GET", ORGANIZATION + "scm/none/servers/", status=404)


@endpoint("PUT organizations/jenkins/scm/{scm}/validate")
def _(w):
    answer = w.refused("PUT", ORGANIZATION + "scm/github/validate", {"accessToken": "wrong"})
    assert answer.status in (400, 401, 403, 428), answer
    w.refused("PUT", ORGANIZATION + "scm/github/validate", {}, status=400)


@endpoint("GET organizations/jenkins/scm/{scm}/organizations/?credentialId=&includeUser=true",
          "GET …/organizations/{o}/repositories/?credentialId=&pageNumber=1&pageSize=20")
def _(w):
    for path in ("organizations/?includeUser=true", "organizations/o/repositories/?pageNumber=1&pageSize=20"):
        answer = w.refused("GET", ORGANIZATION + "scm/github/" + path + "&credentialId=none")
        assert answer.status in (400, 428) and "redential" in answer.text, answer


@endpoint("GET/PUT …/pipelines/{j}/scm/content?branch=&path=")
def _(w):
    _, blue = w.multi()
    content = w.get(blue + "/scm/content?branch=main&path=Jenkinsfile")["content"]
    assert b"from a branch" in base64.b64decode(content["base64Data"]), content
    w.refused("GET", blue + "/scm/content?branch=main&path=none", status=404)


@endpoint("GET users/…")
def _(w):
    assert w.get("/blue/rest/users/admin/")["id"] == "admin"
    w.must("PUT", w.blue + "/favorite/", {"favorite": True}, status=200)
    favorites = w.get("/blue/rest/users/admin/favorites/")
    assert any(one["item"]["fullName"] == "rest/demo" for one in favorites), favorites
    w.must("PUT", w.blue + "/favorite/", {"favorite": False}, status=200)
    assert w.get("/blue/rest/users/admin/favorites/") == []
    w.refused("PUT", w.blue + "x/favorite/", {"favorite": True}, status=404)


@endpoint("GET users/… > organizations/jenkins/user/")
def _(w):
    user = has(w.get(ORGANIZATION + "user/"), "id", "fullName", "permission")
    assert user["id"] == "admin", user


@endpoint("GET users/… > classes/…")
def _(w):
    one = w.get("/blue/rest/classes/io.jenkins.blueocean.rest.impl.pipeline.PipelineImpl/")
    assert "io.jenkins.blueocean.rest.model.BluePipeline" in one["classes"], one
    assert "map" in w.get("/blue/rest/classes/?q=hudson.model.Hudson")


@endpoint("GET users/… > GET /jwt-auth/token")
def _(w):
    answer = w.must("GET", "/jwt-auth/token", status=(200, 204))
    token = answer.headers["X-BLUEOCEAN-JWT"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["sub"] == "admin" and claims["exp"] > time.time(), claims
    assert w.get("/jwt-auth/jwks/" + json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["kid"] + "/")["kty"] == "RSA"


@endpoint("shape Pipeline")
def _(w, text):
    fits(example(text), w.get(w.blue + "/"))


@endpoint("shape Run")
def _(w, text):
    w.create("three")
    for _ in range(3):
        w.finished("three", w.begin("three"))
    run = w.get(f"{ORGANIZATION}pipelines/rest/pipelines/three/runs/2/")
    fits(example(text), run)
    assert [w.get(run["_links"][name]["href"])["id"] for name in ("prevRun", "nextRun")] == ["1", "3"], run["_links"]
    assert w.get(run["_links"]["parent"]["href"])["name"] == "three", run["_links"]


@endpoint("shape Node (graph)")
def _(w, text):
    fits(example(text), node_of(w))


@endpoint("shape Step")
def _(w, text):
    fits(example(text), w.get(f"{w.blue}/runs/{w.number}/nodes/{node_of(w)['id']}/steps/")[0])


@endpoint("shape Artifact")
def _(w, text):
    fits(example(text), w.get(f"{w.blue}/runs/{w.number}/artifacts/")[0])


# ----- stages -----

@endpoint("§4 GET /job/…/wfapi/")
def _(w):
    assert has(w.get(w.job + "/wfapi/"), "_links", "name", "runCount")["runCount"] >= 1
    w.refused("GET", w.job + "x/wfapi/", status=404)


@endpoint("§4 /wfapi/runs?since=&fullStages=true")
def _(w):
    runs = w.get(w.job + "/wfapi/runs?fullStages=true")
    assert runs[-1]["id"] == "1" and "stageFlowNodes" in runs[-1]["stages"][0], runs[-1]
    assert all(int(run["id"]) >= w.number for run in w.get(f"{w.job}/wfapi/runs?since=%23{w.number}"))
    w.refused("GET", w.job + "x/wfapi/runs", status=404)


@endpoint("§4 /{n}/wfapi/pendingInputActions", "§4 /{n}/wfapi/nextPendingInputAction")
def _(w):
    number = w.asked()
    path = f"/job/rest/job/asking/{number}/wfapi/"
    one = has(w.get(path + "pendingInputActions")[0], "id", "proceedText", "message", "inputs", "proceedUrl", "abortUrl", "redirectApprovalUrl")
    assert (one["id"], one["message"], one["inputs"][0]["name"]) == ("Go", "Deploy?", "a"), one
    assert w.get(path + "nextPendingInputAction") == one
    assert w.get(f"/job/rest/job/asking/{number}/wfapi/describe")["status"] == "PAUSED_PENDING_INPUT"
    w.must("POST", one["proceedUrl"], {"json": json.dumps({"parameter": [{"name": "a", "value": "b"}]})})
    w.finished("asking", number)
    assert w.get(path + "pendingInputActions") == []
    w.refused("GET", "/job/rest/job/asking/99/wfapi/pendingInputActions", status=404)


@endpoint("§4 /{n}/wfapi/artifacts")
def _(w):
    one = has(w.get(f"{w.job}/{w.number}/wfapi/artifacts")[0], "id", "name", "path", "url", "size")
    assert w.must("GET", one["url"]).text == "fizz\n" and one["size"] == 5, one


@endpoint("§4 /{n}/wfapi/changesets")
def _(w):
    w.repository()
    one = has(w.get("/job/rest/job/changes/2/wfapi/changesets")[0], "kind", "commitCount", "commits")
    assert one["kind"] == "git" and one["commits"][0]["commitId"] == w.commit, one


def stage(w):
    return w.get(f"{w.job}/{w.number}/wfapi/describe")["stages"][0]["id"]


@endpoint("§4 /execution/node/{id}/wfapi/describe")
def _(w):
    node = w.get(f"{w.job}/{w.number}/execution/node/{stage(w)}/wfapi/describe")
    step = has(node["stageFlowNodes"][0], "id", "name", "status", "parameterDescription", "startTimeMillis", "durationMillis", "parentNodes")
    has(step["_links"], "log", "console")
    assert w.get(f"{w.job}/{w.number}/execution/node/{step['id']}/wfapi/describe")["id"] == step["id"]
    w.refused("GET", f"{w.job}/{w.number}/execution/node/999/wfapi/describe", status=404)


@endpoint("§4 /execution/node/{id}/wfapi/log")
def _(w):
    node = w.get(f"{w.job}/{w.number}/execution/node/{stage(w)}/wfapi/describe")["stageFlowNodes"][0]
    log = has(w.get(node["_links"]["log"]["href"]), "nodeId", "nodeStatus", "length", "hasMore", "text", "consoleUrl")
    assert "tag is v1" in log["text"] and log["hasMore"] is False and log["nodeId"] == node["id"], log
    w.refused("GET", f"{w.job}/{w.number}/execution/node/999/wfapi/log", status=404)


# ----- webhooks -----

@endpoint("§5 GET|POST /git/notifyCommit?url=U[&branches=a,b][&sha1=S][&token=T]")
def _(w):
    w.multi()
    query = "/git/notifyCommit?url=" + urllib.parse.quote(w.url)
    for method in ("GET", "POST"):
        assert "Git SCM API plugin: scheduled indexing of" in w.must(method, query).text
    answer = w.must("GET", "/git/notifyCommit?url=https://127.0.0.1:9/none.git&branches=b")
    assert "No git jobs using repository: https://127.0.0.1:9/none.git and branches: b" in answer.text, answer
    w.refused("GET", "/git/notifyCommit", status=400)
    assert w.ask("GET", query, user=False).status in (401, 403)


@endpoint("§5 POST /github-webhook/")
def _(w):
    answer = w.must("POST", "/github-webhook/", json.dumps({"zen": "x"}), content_type="application/json", headers={"X-GitHub-Event": "ping"}, status=200)
    assert answer.text == "", answer
    w.must("POST", "/github-webhook/", {"payload": json.dumps({"zen": "x"})}, headers={"X-GitHub-Event": "ping"}, status=200)
    w.refused("POST", "/github-webhook/", "{", content_type="application/json", headers={"X-GitHub-Event": "push"}, status=400)


@endpoint("§5 POST /generic-webhook-trigger/invoke?token=T")
def _(w):
    name = w.name()
    trigger = ("<org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty><triggers><org.jenkinsci.plugins.gwt.GenericTrigger><spec/>"
               f"<token>tok-{name}</token><causeString>hooked $who</causeString><regexpFilterText>$who</regexpFilterText>"
               "<regexpFilterExpression>^ad.*</regexpFilterExpression><genericVariables><org.jenkinsci.plugins.gwt.GenericVariable>"
               "<expressionType>JSONPath</expressionType><key>title</key><value>$.pr.title</value></org.jenkinsci.plugins.gwt.GenericVariable></genericVariables>"
               "<genericRequestVariables><org.jenkinsci.plugins.gwt.GenericRequestVariable><key>who</key><regexpFilter/></org.jenkinsci.plugins.gwt.GenericRequestVariable>"
               "</genericRequestVariables></org.jenkinsci.plugins.gwt.GenericTrigger></triggers>"
               "</org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty>")
    w.create(name, "echo \"by ${env.who}: ${env.title}\"", trigger)
    body = json.dumps({"pr": {"title": "a title"}})
    call = lambda token, who, user=False: w.ask("POST", f"/generic-webhook-trigger/invoke?token={token}&who={who}", body, content_type="application/json", user=user)
    answer = call("tok-" + name, "ada").json()
    job = has(answer["jobs"]["rest/" + name], "regexpFilterExpression", "triggered", "resolvedVariables", "regexpFilterText", "id", "url")
    assert answer["message"] == "Triggered jobs." and job["triggered"] is True and job["resolvedVariables"]["who"] == "ada", answer
    w.finished(name, 1)
    console = w.must("GET", f"/job/rest/job/{name}/1/consoleText").text
    assert "by ada: a title" in console and console.startswith("hooked ada"), console
    assert call("tok-" + name, "bob").json()["jobs"]["rest/" + name]["triggered"] is False
    for bad in (call("none", "ada"), call("", "ada"), call("", "ada", True)):
        assert bad.status == 404 and "Did not find any jobs with GenericTrigger configured!" in bad.text, bad
    body = json.dumps({"pr": {"title": "x" * (2 << 20)}})
    large = call("tok-" + name, "ada")
    assert large.status == 413 and "title" in large.json()["jobs"]["rest/" + name]["errors"], large
    assert w.get(f"/job/rest/job/{name}/api/json")["lastBuild"]["number"] == 1


@endpoint("§5 POST /multibranch-webhook-trigger/invoke?token=T")
def _(w):
    assert w.ask("POST", "/multibranch-webhook-trigger/invoke?token=none", "{}", content_type="application/json").status in (200, 404)
    answer = w.must("POST", "/multibranch-webhook-trigger/invoke?token=none", "{}", content_type="application/json", status=(200, 404)).json()
    assert answer["status"] == "ok" and "triggerResults" in answer["data"], answer


@endpoint("§5 POST /gitlab-webhook/post")
def _(w):
    w.must("POST", "/gitlab-webhook/post", json.dumps({"object_kind": "push"}), content_type="application/json", headers={"X-Gitlab-Event": "Push Hook"}, status=200)


@endpoint("§5 /bitbucket-scmsource-hook/notify")
def _(w):
    w.must("POST", "/bitbucket-scmsource-hook/notify", json.dumps({}), content_type="application/json", headers={"X-Event-Key": "repo:push"}, status=200)


@endpoint("§5 /sonarqube-webhook/")
def _(w):
    w.must("POST", "/sonarqube-webhook/", json.dumps({"taskId": "t", "status": "SUCCESS"}), content_type="application/json", status=200)
    w.refused("POST", "/sonarqube-webhook/", "{", content_type="application/json", status=400)


@endpoint("§5 POST /job/…/build?token=T", "§5 /buildByToken/build?job=&token=")
def _(w):
    name = w.name()
    job = w.create(name, more="<authToken>tok</authToken>")
    w.must("POST", job + "/build?token=tok&cause=because", status=201, user=False)
    w.finished(name, 1)
    assert "because" in str(w.build(name, 1)["actions"])
    w.must("POST", f"/buildByToken/build?job=rest/{name}&token=tok", status=201, user=False)
    w.finished(name, 2)
    for path in (job + "/build?token=bad", job + "/build?token=", job + "/build", "/job/rest/job/demo/build?token=",
                 f"/buildByToken/build?job=rest/{name}&token=bad", "/buildByToken/build?job=rest/demo&token=",
                 "/buildByToken/build?job=rest/none&token=tok"):
        answer = w.ask("POST", path, user=False)
        assert answer.status in (401, 403, 404), f"{path}: {answer}"
    assert w.get(job + "/api/json")["lastBuild"]["number"] == 2


# ----- events -----

@endpoint("§6 POST /v1alpha3/webhooks/jenkins")
def _(w):
    event = {"type": "run.started", "source": "job/rest/job/demo/", "id": "u", "dataType": "org.jenkinsci.plugins.workflow.job.WorkflowRun",
             "data": {"_parentFullName": "rest", "_projectName": "demo", "_multiBranch": False, "id": str(w.number), "number": w.number}}
    w.must("POST", "/v1alpha3/webhooks/jenkins", json.dumps(event), content_type="application/json", status=200)
    w.refused("POST", "/v1alpha3/webhooks/jenkins", "{", content_type="application/json", status=400)


@endpoint("§6 GET /sse-gateway/connect?clientId=", "§6 POST /sse-gateway/configure?batchId=", "§6 GET /sse-gateway/listen/{clientId}")
def _(w):
    client = w.name("client")
    answer = w.get("/sse-gateway/connect?clientId=" + client)
    assert answer["status"] == "ok", answer
    connection = w.server.connect(60)
    connection.request("GET", "/sse-gateway/listen/" + client, headers=w.server.headers())
    stream = connection.getresponse()
    assert stream.status == 200 and stream.headers["Content-Type"].startswith("text/event-stream"), stream.headers.items()
    w.must("POST", "/sse-gateway/configure?batchId=1", json.dumps({"dispatcherId": client, "subscribe": [{"jenkins_channel": "job"}], "unsubscribe": []}),
           content_type="application/json", status=200)
    number = w.begin("paged")
    seen, lines = set(), []
    while "job_run_ended" not in seen:
        line = stream.readline().decode()
        assert line, f"the stream ended: {lines}"
        lines.append(line)
        if line.startswith("data:") and "jenkins_event" in line:
            event = json.loads(line[5:])
            if event.get("job_name") == "rest/paged" and event.get("jenkins_object_id") == str(number):
                seen.add(event["jenkins_event"])
                assert event["jenkins_channel"] == "job" and event["blueocean_job_pipeline_name"] == "rest/paged", event
    assert "job_run_started" in seen, seen
    stream.close()
    connection.close()
    w.refused("GET", "/sse-gateway/listen/none", status=404)
    w.refused("POST", "/sse-gateway/configure?batchId=1", "{", content_type="application/json", status=400)
