#!/usr/bin/env python3
"""Writes src/devops/crds/*.yaml: structure from the contract's CRD files, descriptions from crds_descriptions.txt.

    scripts/schema/crds.py ../shared/spec/crds src/devops/crds

Only for when the contract changes (needs python3-yaml); the files that it writes are the project's source. Where two
releases of a kind differ, the result takes the fields of both.
"""

import pathlib
import sys

import yaml

SCHEMA_KEYS = ("type", "format", "default", "enum", "pattern", "nullable", "required")


class Descriptions:
    def __init__(self, path):
        self.lines, self.used = {}, set()
        for line in path.read_text().splitlines():
            if line.strip() and not line.startswith("#"):
                name, text = line.split(": ", 1)
                self.lines[name] = text

    def of(self, kind, path):
        """The text of the field at `path`, a list of names."""
        name, parent = path[-1], path[-2] if len(path) > 1 else None
        candidates = [f"{kind}/{name}"] if parent is None else []
        if parent is not None:
            candidates += [f"{kind}/{parent}.{name}", f"{parent}.{name}", f"{kind}/{name}"]
        for key in candidates + [name]:
            if key in self.lines:
                self.used.add(key)
                return self.lines[key]
        sys.exit(f"no description of {kind} {'.'.join(path)}")


def merge(one, other):
    """The schema that has what either has; required is what both require."""
    out = dict(one)
    for key, value in other.items():
        if key == "properties" and key in one:
            names = list(dict.fromkeys([*one[key], *value]))
            out[key] = {
                name: merge(one[key][name], value[name]) if name in one[key] and name in value
                else one[key].get(name, value.get(name))
                for name in names
            }
        elif key in ("items", "additionalProperties") and isinstance(one.get(key), dict):
            out[key] = merge(one[key], value)
        elif key == "required":
            out[key] = [name for name in value if name in one.get(key, value)]
        else:
            out[key] = value
    return out


def rewrite(schema, kind, path, descriptions):
    out = {}
    if path:
        out["description"] = descriptions.of(kind, path)
    for key in SCHEMA_KEYS:
        if key in schema:
            out[key] = schema[key]
    for key in sorted(schema):
        if key not in out and key not in ("description", "properties", "items", "additionalProperties"):
            out[key] = schema[key]
    for key in ("items", "additionalProperties"):
        if key in schema:
            inner = schema[key]
            out[key] = inner if not isinstance(inner, dict) else rewrite(inner, kind, path, descriptions)
            if isinstance(inner, dict):
                out[key].pop("description", None)
    if "properties" in schema:
        out["properties"] = {
            name: rewrite(inner, kind, path + [name], descriptions)
            for name, inner in sorted(schema["properties"].items())
        }
    return out


def definition(document, newer, descriptions):
    spec = document["spec"]
    kind = spec["names"]["plural"]
    versions = []
    for version in spec["versions"]:
        other = next((v for v in newer["spec"]["versions"] if v["name"] == version["name"]), version) if newer else version
        schema = merge(version["schema"]["openAPIV3Schema"], other["schema"]["openAPIV3Schema"])
        columns = version.get("additionalPrinterColumns", [])
        columns = other.get("additionalPrinterColumns", []) + [
            c for c in columns if c not in other.get("additionalPrinterColumns", [])]
        out = {"name": version["name"], "served": version["served"], "storage": version["storage"]}
        if columns:
            out["additionalPrinterColumns"] = [
                {k: c[k] for k in ("name", "type", "format", "priority", "jsonPath") if k in c} for c in columns]
        if version.get("subresources"):
            out["subresources"] = version["subresources"]
        descriptions.used.add("@" + kind)
        out["schema"] = {"openAPIV3Schema": {"description": descriptions.lines["@" + kind],
                                             **rewrite(schema, kind, [], descriptions)}}
        versions.append(out)
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": document["metadata"]["name"]},
        "spec": {"group": spec["group"], "names": spec["names"], "scope": spec["scope"], "versions": versions},
    }


class Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


def represent_mapping(dumper, data):
    # A leaf stands on one line; what holds more opens a block.
    leaf = not any(isinstance(v, dict) and v or isinstance(v, list) and v and isinstance(v[0], dict)
                   for v in data.values())
    return dumper.represent_mapping("tag:yaml.org,2002:map", list(data.items()), flow_style=leaf)


def represent_sequence(dumper, data):
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data,
                                     flow_style=not any(isinstance(v, (dict, list)) for v in data))


Dumper.add_representer(dict, represent_mapping)
Dumper.add_representer(list, represent_sequence)


def main(source, target):
    descriptions = Descriptions(pathlib.Path(__file__).with_name("crds_descriptions.txt"))
    for path in sorted(source.glob("*.yaml")):
        document = yaml.safe_load(path.read_text())
        newer_path = source / "v4" / path.name
        newer = yaml.safe_load(newer_path.read_text()) if newer_path.exists() else None
        out = definition(document, newer, descriptions)
        name = out["spec"]["names"]["plural"] + ".yaml"
        text = yaml.dump(out, Dumper=Dumper, sort_keys=False, width=1000, allow_unicode=True)
        (target / name).write_text(text)
    for key in descriptions.lines:
        if key not in descriptions.used:
            print(f"not used: {key}", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
