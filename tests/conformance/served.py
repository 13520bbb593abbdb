"""What the harnesses that drive a server by the paths of a contract have in common: their flags and their report."""

import argparse
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))


def parse_flags(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--filter", default="")
    parser.add_argument("--list-failures", action="store_true")
    parser.add_argument("--output", choices=["json"])
    parser.add_argument("--gate", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args()


def known_failures(harness):
    with open(os.path.join(HERE, "known_failures.txt"), encoding="utf-8") as lines:
        return {line.strip().removeprefix(harness + " ") for line in lines if line.startswith(harness + " ")}


def report(harness, noun, cases, flags):
    """Prints the outcome; the exit code is 0 when nothing fails but what is known to, and nothing is listed that passes."""
    known = known_failures(harness)
    count = {outcome: sum(c["outcome"] == outcome for c in cases) for outcome in ("passed", "failed", "skipped")}
    failed = [c for c in cases if c["outcome"] == "failed"]
    unknown = [c for c in failed if c["id"] not in known]
    stale = [c["id"] for c in cases if c["outcome"] == "passed" and c["id"] in known]
    if flags.output == "json":
        print(json.dumps({**count, "cases": cases}))
        return bool(unknown or stale)
    for case in failed:
        listed = " (not yet)" if case["id"] in known else ""
        print(f"FAILED{listed} {case['id']}" + ("" if flags.list_failures else f": {case['why']}"))
    for name in stale:
        print(f"passes but is listed in known_failures.txt: {name}")
    total = count["passed"] + count["failed"]
    print(f"served {count['passed']} of {total} {noun} ({100 * count['passed'] / max(total, 1):.1f} %), {count['skipped']} skipped")
    print(f"{count['passed']} passed, {len(unknown) + len(stale) if flags.gate else count['failed']} failed")
    return bool(unknown or stale)
