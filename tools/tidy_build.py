"""Rules that need a configured build: a compiler and the list of what it compiles."""

from __future__ import annotations

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
from collections.abc import Iterator

from tidy_tree import Finding, Tree

SOURCE_FOLDERS = ("src/", "apps/", "bench/", "examples/", "fuzz/", "python/", "tests/")
# Built by other projects: the copy that is installed, by the test that installs it.
ELSEWHERE = ("tests/install/",)
# Compiled into other sources' targets only where those are there.
PARTS = ("fuzz/replay/",)


def stands_alone(tree: Tree, build: pathlib.Path) -> Iterator[Finding]:
    """Every public header compiles with nothing before it."""
    compiler = _compiler(build)
    headers = [path for path in tree.cpp() if path.startswith("include/")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        errors = pool.map(lambda path: _compile(tree, compiler, path), headers)
        for path, error in zip(headers, errors):
            if error:
                yield Finding(path, 1, "stands-alone", error)


def _compiler(build: pathlib.Path) -> str:
    cache = (build / "CMakeCache.txt").read_text()
    found = re.search(r"^CMAKE_CXX_COMPILER:\w+=(.+)$", cache, re.MULTILINE)
    return found.group(1) if found else "c++"


def _compile(tree: Tree, compiler: str, path: str) -> str | None:
    command = [compiler, "-std=c++20", "-fsyntax-only", "-I", "include", "-x", "c++", path]
    result = subprocess.run(command, cwd=tree.root, capture_output=True, text=True)
    if result.returncode == 0:
        return None
    errors = [line for line in result.stderr.splitlines() if "error:" in line]
    return errors[0] if errors else f"the compiler ended with {result.returncode}"


def in_a_target(tree: Tree, build: pathlib.Path) -> Iterator[Finding]:
    """Every C++ source is compiled by some target."""
    commands = json.loads((build / "compile_commands.json").read_text())
    root = tree.root.resolve()
    compiled = {
        os.path.normpath(os.path.join(entry["directory"], entry["file"])) for entry in commands
    }
    for path in tree.ending(".cc"):
        if not path.startswith(SOURCE_FOLDERS) or path.startswith(ELSEWHERE + PARTS):
            continue
        if str(root / path) not in compiled:
            yield Finding(path, 1, "in-a-target", "no target compiles it")
