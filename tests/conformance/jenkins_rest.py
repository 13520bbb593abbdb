#!/usr/bin/env python3
"""Drives every endpoint of engine-rest.md against a real `ks up`: as it is meant, and wrongly.

The endpoints are read from the file: the first column of its tables, the paths that its sections on stages, webhooks and
events name, the conventions, and the JSON shapes. One case each; one that nobody here knows how to drive fails.
"""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
os.environ.setdefault("KS_SOURCE_DIR", ROOT)
os.environ.setdefault("KS_BINARY", os.path.join(ROOT, "build/release/ks"))
sys.path.insert(0, os.path.join(ROOT, "tests/e2e"))
sys.path.insert(0, HERE)
from jenkins_rest_checks import CHECKS  # noqa: E402
from jenkins_rest_world import World  # noqa: E402
from served import parse_flags, report  # noqa: E402

# What first columns say in code besides paths.
NO_ENDPOINT = re.compile(r"[{_]|Content-Type|text/xml|\w+(\.\w+)?=[^/]*$|json=|declarative-linter")
PATH = re.compile(r"(GET|POST|PUT|DELETE|GET\|POST)?\s*/\S*$")


def endpoints(text):
    """(id, example) of each thing that the file promises; the example is JSON or a list of keys, mostly nothing."""
    section, fenced, heading, last = "", None, "", ""
    for line in text.splitlines():
        if line.startswith("```"):
            if fenced:
                yield "shape " + heading, "\n".join(fenced)
                heading = ""
            fenced = [] if fenced is None else None
            continue
        if fenced is not None:
            if heading:
                fenced.append(line)
            continue
        if line.startswith("#"):
            title = line.lstrip("# ")
            section = title if line.startswith("## ") else section
            heading = title if line.startswith("### ") and not title.startswith("config.xml") else ""
            last = ""
            continue
        number = section.split(".")[0]
        if number == "0" and line.startswith("* "):
            yield "convention " + re.split(r"[:;]| \(", line[2:].replace("`", ""))[0], None
        elif line.startswith("|") and not line.startswith("|---"):
            cell = re.split(r" \| ", line.strip("|").strip())[0]
            names = re.findall(r"`([^`]+)`", cell) or [cell.strip()]
            if names[0] in ("endpoint", "call", "path"):
                continue
            names = [name for name in names if not NO_ENDPOINT.match(name)] if len(names) > 1 else names
            for name in names:
                yield name if name == names[0] else f"{names[0]} > {name}", None
        elif number in ("2", "4", "5", "6") and not line.startswith("|"):
            for name in re.findall(r"`([^`]+)`", line):
                if PATH.match(name) and not name.startswith("/job/demo"):
                    yield f"§{number} {name}", None
        elif heading and line.startswith("`") and ("," in line or "{" in line):
            yield "shape " + heading, line
            heading = ""
        if heading in ("Logs",) and line and last != heading:
            yield "shape " + heading, None
            last = heading


def main():
    flags = parse_flags(__doc__)
    path = flags.corpus if flags.corpus.endswith(".md") else os.path.join(flags.corpus, "engine-rest.md")
    with open(path, encoding="utf-8") as file:
        found = dict(endpoints(file.read()))
    cases = []
    world = World()
    try:
        world.start()
        for name, example in found.items():
            if flags.filter not in name:
                continue
            why = ""
            try:
                check = CHECKS.get(name)
                if check is None:
                    why = "nothing drives it"
                elif example:
                    check(world, example)
                else:
                    check(world)
            except Exception as error:  # whatever goes wrong with one endpoint, the others are driven
                why = f"{type(error).__name__}: {error}"
            cases.append({"id": name, "outcome": "failed" if why else "passed", "why": why})
    finally:
        world.remove()
    if not flags.filter:
        # A check whose endpoint the file does not name any more checks nothing.
        for name in CHECKS.keys() - found.keys():
            cases.append({"id": name, "outcome": "failed", "why": "the contract has no such endpoint"})
    return report("jenkins_rest", "endpoints", cases, flags)


if __name__ == "__main__":
    sys.exit(main())
