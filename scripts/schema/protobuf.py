#!/usr/bin/env python3
"""Writes src/store/api/protobuf.inc: the numbers that the fields of built-in types have in protocol buffers.

    scripts/schema/protobuf.py MODULES > src/store/api/protobuf.inc

MODULES is a folder with Kubernetes' published Go modules (`api`, `apimachinery`, `apiextensions-apiserver`,
`kube-aggregator`, each with its version after an @); the struct tags there are the only place that says which number a
field has, and whether its zero is a value. The types are those of src/store/schema/builtin.inc. A line is a type and its
fields, `NUMBER[MARKS]=NAME`; the marks are `*` (a pointer: zero is a value), `!` (written even when it is zero) and `^`
(no field of its own: the fields of the type NAME are this type's).
"""

import glob
import os
import re
import sys

ROOTS = {
    "meta.v1.": "apimachinery@*/pkg/apis/meta/v1",
    "apiextensions.v1.": "apiextensions-apiserver@*/pkg/apis/apiextensions/v1",
    "apiregistration.v1.": "kube-aggregator@*/pkg/apis/apiregistration/v1",
}
FIELD = re.compile(r"^\s*(?:(\w+)\s+)?([\w\[\].*]+)\s+`(.*)`")


def folder(brief):
    for prefix, pattern in ROOTS.items():
        if brief.startswith(prefix):
            return pattern
    group, version, _ = brief.split(".")
    return f"api@*/{group}/{version}"


def structs(path):
    """The fields of every struct of a package: name -> lines."""
    out = {}
    for file in sorted(glob.glob(os.path.join(path, "*.go"))):
        if file.endswith((".pb.go", "_test.go")) or "zz_generated" in file:
            continue
        name = None
        for line in open(file, encoding="utf-8"):
            opened = re.match(r"^type (\w+) struct \{", line)
            if opened:
                name = opened.group(1)
                out[name] = []
            elif line.startswith("}"):
                name = None
            elif name and not line.lstrip().startswith("//"):
                out[name].append(line)
    return out


def qualified(go_type, brief):
    """The brief name of an embedded type, as the package of `brief` writes it."""
    go_type = go_type.lstrip("*")
    if "." not in go_type:
        return brief.rsplit(".", 1)[0] + "." + go_type
    package, name = go_type.split(".")
    return {"metav1": "meta.v1.", "v1": "core.v1.", "corev1": "core.v1."}[package] + name


def fields_of(brief, lines, wanted):
    out = []
    for line in lines:
        match = FIELD.match(line)
        number = match and re.search(r'protobuf:"\w+,(\d+),', match.group(3))
        if not number:
            continue
        go_name, go_type, tags = match.groups()
        tag = re.search(r'json:"([^"]*)"', tags)
        name, *options = tag.group(1).split(",") if tag else ("",)
        if tag and name == "" and ("inline" in options or go_name is None):
            inner = qualified(go_type, brief)
            wanted.append(inner)
            out.append((int(number.group(1)), "^", inner))
            continue
        marks = "*" if go_type.startswith("*") else ""
        if not marks and not {"omitempty", "omitzero"} & set(options):
            marks = "!"
        out.append((int(number.group(1)), marks, name or go_name[0].lower() + go_name[1:]))
    return sorted(out)


def main():
    modules = sys.argv[1]
    here = os.path.dirname(os.path.abspath(__file__))
    table = open(os.path.join(here, "../../src/store/schema/builtin.inc"), encoding="utf-8").read()
    wanted = re.findall(r"^T (\w+\.\w+\.\w+) object", table, re.M)
    cache, lines, seen = {}, [], set()
    while wanted:
        brief = wanted.pop(0)
        if brief in seen:
            continue
        seen.add(brief)
        path = sorted(glob.glob(os.path.join(modules, folder(brief))))
        if not path:
            print(f"no package of {brief}", file=sys.stderr)
            continue
        package = cache.setdefault(path[-1], structs(path[-1]))
        fields = fields_of(brief, package.get(brief.rsplit(".", 1)[1], []), wanted)
        if not fields:
            print(f"no fields of {brief}", file=sys.stderr)
            continue
        lines.append(" ".join([brief] + [f"{number}{marks}={name}" for number, marks, name in fields]))
    print('R"~(\n' + "\n".join(sorted(lines)) + '\n)~"')


main()
