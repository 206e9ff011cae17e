"""Writes docs/reference/{functions,codecs,connectors,job}.md from what the command line says.

    tools/reference.py [--build DIR] [--check]

The text comes from the specs in the code, so that a page cannot say anything else. With --check
nothing is written, and a page that differs is an error: the test of these pages.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs/reference"
INTRODUCTIONS = {
    "functions": ("SQL functions", "`thalweg functions NAME` prints the same."),
    "codecs": ("Formats", "`thalweg codecs NAME` prints the same. A format follows a file's "
                          "suffix, or the option `format`; `.gz`, `.zst`, `.lz4` and `.br` behind "
                          "it are read through."),
    "connectors": ("Places", "`thalweg connectors NAME` prints the same. Without a name before a "
                             "colon a place is a file."),
}
GENERATED = "<!-- Written by `make docs`. Do not edit. -->"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    arguments = parser.parse_args()
    program = arguments.build / "thalweg"
    pages = {kind: reference(program, kind) for kind in INTRODUCTIONS}
    pages["job"] = job(program)
    stale = []
    for name, text in pages.items():
        path = PAGES / f"{name}.md"
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path)
        if not arguments.check:
            path.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{path.relative_to(ROOT)}: " + ("run `make docs`" if arguments.check else "written"))
    return 1 if arguments.check and stale else 0


def say(program: pathlib.Path, *words: str) -> str:
    done = subprocess.run([program, *words], check=True, capture_output=True, text=True)
    return done.stdout


def reference(program: pathlib.Path, kind: str) -> str:
    title, introduction = INTRODUCTIONS[kind]
    lines = [f"# {title}", "", GENERATED, "", introduction, ""]
    for name in (line.split()[0] for line in say(program, kind).splitlines() if line.strip()):
        lines += entry(say(program, kind, name))
    return "\n".join(lines).rstrip() + "\n"


def entry(page: str) -> list[str]:
    """One page of the command line: its first line as a heading, lists as code."""
    first, *rest = page.rstrip().splitlines()
    lines = [f"## {first}"]
    code = False
    for line in rest:
        if line.startswith("  ") != code:
            code = not code
            lines.append("```text" if code else "```")
            if not code and line:
                lines.append("")
        lines.append(line[2:] if code else line)
    if code:
        lines.append("```")
    return [*lines, ""]


def job(program: pathlib.Path) -> str:
    schema = json.loads(say(program, "schema"))
    lines = ["# Job files", "", GENERATED, "",
             "A job is a TOML, YAML or JSON file with these keys, or SQL that ends in `COPY … TO`. "
             "`thalweg schema` prints the JSON schema for editors. An unknown key is an error. "
             "`source` and `sink` also take the options of their place and format: see "
             "[formats](codecs.md) and [places](connectors.md).", ""]
    properties = schema["properties"]
    lines += table("At the top", {name: key for name, key in properties.items()
                                  if "type" in key and "properties" not in key})
    for name, key in properties.items():
        if "properties" in key:
            lines += table(f"`[{name}]`", key["properties"])
        elif "oneOf" in key:
            lines += [f"## `[{name}]`", "", key["description"], ""]
    return "\n".join(lines).rstrip() + "\n"


def table(title: str, keys: dict[str, dict]) -> list[str]:
    lines = [f"## {title}", "", "| Key | Value | Meaning |", "|---|---|---|"]
    for name, key in keys.items():
        kind = key.get("enum") or key.get("type", "")
        shown = ", ".join(f"`{k}`" for k in kind) if "enum" in key else (
            kind if isinstance(kind, str) else " or ".join(kind))
        lines.append(f"| `{name}` | {shown} | {key.get('description', '')} |")
    return [*lines, ""]


if __name__ == "__main__":
    sys.exit(main())
