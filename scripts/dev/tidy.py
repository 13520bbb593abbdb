#!/usr/bin/env python3
"""Runs clang-tidy over the sources, in parallel, and only over what changed.

usage: tidy.py BUILD_DIR [PART|FILE...]

What a file's last check said stands in BUILD_DIR/checked/, under a key of all it depended on: the file, the headers of
the project that it reaches, its flags, .clang-tidy and the program's version. Same key, same answer.
"""
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

TIDY = "clang-tidy-19"
INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)
FINDING = re.compile(r"^/\S+?:\d+:\d+: (?:error|warning): .*$")


def flags_by_file(build):
    """The compiler's flags for each source, without what names the output."""
    flags = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])[1:]
        source = os.path.relpath(entry["file"])
        flags.setdefault(source, [w for w in words if not w.endswith((".o", source)) and w not in ("-o", "-c")])
    return flags


def chosen(sources, filters):
    """All sources, or those of a part (`store`), below a folder, or named."""
    if not filters:
        return sources
    found = []
    for name in filters:
        name = name.rstrip("/")
        below = [s for s in sources if s == name or s.startswith((name + "/", f"src/{name}/"))]
        if not below:
            sys.exit(f"./dev: lint: no part or source '{name}'")
        found += below
    return list(dict.fromkeys(found))


class Keys:
    """Hashes of sources together with everything of the project that they include."""

    def __init__(self, version):
        self.common = version.encode() + Path(".clang-tidy").read_bytes()
        self.contents = {}
        self.includes = {}

    def digest(self, path):
        if path not in self.contents:
            data = Path(path).read_bytes()
            self.contents[path] = hashlib.sha256(data).digest()
            self.includes[path] = [name.decode() for name in INCLUDE.findall(data)]
        return self.contents[path]

    def of(self, source, flags):
        folders = [flag[2:] for flag in flags if flag.startswith("-I")]
        key = hashlib.sha256(self.common + " ".join(flags).encode())
        todo, seen = [source], {source}
        while todo:
            path = todo.pop()
            key.update(path.encode() + self.digest(path))
            for name in self.includes[path]:
                for folder in [os.path.dirname(path), *folders]:
                    reached = os.path.relpath(os.path.join(folder, name))
                    if os.path.isfile(reached):
                        if reached not in seen:
                            seen.add(reached)
                            todo.append(reached)
                        break
        return key.hexdigest()


def check(build, source):
    """What clang-tidy finds; empty when the source is clean."""
    run = subprocess.run([TIDY, "-p", str(build), "--quiet", source], capture_output=True, text=True)
    if run.returncode == 0:
        return ""
    return run.stdout or run.stderr or f"{source}: {TIDY} ended with {run.returncode}\n"


def main():
    build, filters = Path(sys.argv[1]), sys.argv[2:]
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "src/*.cc", "tests/*.cc",
                             "bench/*.cc", "cmake/*.cc"], capture_output=True, text=True, check=True).stdout.split()
    sources = chosen([s for s in listed if os.path.exists(s)], filters)
    flags = flags_by_file(build)
    unknown = [s for s in sources if s not in flags]
    if unknown:
        sys.exit(f"./dev: lint: no target compiles {unknown[0]}")

    keys = Keys(subprocess.run([TIDY, "--version"], capture_output=True, text=True, check=True).stdout)
    findings, todo = {}, []
    for source in sources:
        key = keys.of(source, flags[source])
        stamp = build / "checked" / source
        kept, _, text = stamp.read_text().partition("\n") if stamp.exists() else ("", "", "")
        if kept == key:
            findings[source] = text
        else:
            todo.append((source, stamp, key))

    jobs = int(os.environ.get("KS_LINT_JOBS", os.cpu_count()))
    print(f"{len(sources)} files, {len(sources) - len(todo)} of them unchanged since their last check", flush=True)
    shown = set()

    def show(text):
        """Prints findings, each once: one in a header is found again in every file that includes it."""
        fresh = True
        for line in text.splitlines():
            if FINDING.match(line):
                fresh = line not in shown
                shown.add(line)
            if fresh:
                print(line)
        sys.stdout.flush()

    for text in findings.values():
        show(text)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:

        def timed(source):
            start = time.monotonic()
            return check(build, source), time.monotonic() - start

        running = {pool.submit(timed, source): (source, stamp, key) for source, stamp, key in todo}
        try:
            for done, future in enumerate(concurrent.futures.as_completed(running), 1):
                source, stamp, key = running[future]
                text, took = future.result()
                findings[source] = text
                stamp.parent.mkdir(parents=True, exist_ok=True)
                stamp.write_text(f"{key}\n{text}")
                print(f"[{done}/{len(todo)}] {source} {took:.1f}s{' FOUND' if text else ''}", flush=True)
                show(text)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            sys.exit(130)
    bad = [source for source, text in findings.items() if text]
    if bad:
        print(f"clang-tidy: {len(shown)} findings in {len(bad)} files", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
