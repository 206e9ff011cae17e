"""Rules about the layers: who may include whom, and what a component consists of."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from tidy_tree import Finding, Tree

# Each layer, and the layers whose headers it may include besides its own.
_IO = ("base", "runtime", "io")
_ENGINE = (*_IO, "columnar", "engine")
LAYERS: dict[str, tuple[str, ...]] = {
    "base": (),
    "runtime": ("base",),
    "io": ("base", "runtime"),
    "archive": _IO,
    "marc": _IO,
    "columnar": _IO,
    "engine": (*_IO, "columnar"),
    "codecs": (*_ENGINE, "marc"),
    "connectors": (*_ENGINE, "archive"),
    "functions": _ENGINE,
    "operators": _ENGINE,
    "sql": _ENGINE,
    "job": (*_ENGINE, "sql"),
    "server": (*_ENGINE, "sql", "job"),
    "testing": _ENGINE,
}
# The layers that know Arrow; below them nothing does.
ARROW_LAYERS = frozenset(LAYERS) - {"base", "runtime", "io", "archive", "marc", "testing"}
COMPONENT_LAYERS = ("codecs", "connectors", "functions", "operators")
# What stands outside the library and may use its public headers only.
OUTSIDE = ("apps/", "python/", "examples/", "tests/install/")

_INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
_STANDARD = re.compile(r"[a-z_0-9]+|(std[a-z]+|limits|assert|errno|math|string|time)\.h")
_ARROW = re.compile(r"(arrow|parquet)/")


def includes(tree: Tree, path: str) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(tree.lines(path), 1):
        match = _INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def include_direction(tree: Tree) -> Iterator[Finding]:
    """Headers are included downwards only, Arrow only from columnar on, and outside only ours."""
    for path in tree.cpp():
        for number, bracket, header in includes(tree, path):
            problem = _problem(tree, path, bracket, header)
            if problem:
                yield Finding(path, number, "include-direction", problem)


def _problem(tree: Tree, path: str, bracket: str, header: str) -> str | None:
    if path.startswith(OUTSIDE):
        return _problem_outside(tree, path, bracket, header)
    parts = path.split("/")
    if parts[0] != "src" or len(parts) < 3:
        return None
    layer = parts[1]
    if layer not in LAYERS:
        return f"src/{layer} is no layer of tools/tidy_layers.py"
    if bracket == "<":
        knows_arrow = layer in ARROW_LAYERS or path.startswith("src/testing/columnar/")
        return f"{layer} may not know Arrow" if _ARROW.match(header) and not knows_arrow else None
    target = header.split("/")[0]
    if target == "thalweg" or target == layer:
        return None
    allowed = set(LAYERS[layer])
    if path.endswith(("_test.cc", "_bench.cc", "_test_support.h", "_test_support.cc")):
        allowed.add("testing")
    if layer == "testing" and not path.startswith("src/testing/columnar/"):
        allowed -= {"columnar", "engine"}
    return None if target in allowed else f"{layer} may not include {header}"


def _problem_outside(tree: Tree, path: str, bracket: str, header: str) -> str | None:
    if bracket == "<":
        return f"Arrow is private: <{header}>" if _ARROW.match(header) else None
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), header))
    own = f"apps/{header}" if path.startswith("apps/") else beside
    if {beside, own, f"include/{header}"} & tree.paths:
        return None
    return f"only public headers here: {header}"


def public_header(tree: Tree) -> Iterator[Finding]:
    """A public header includes the standard library and other public headers, nothing else."""
    for path in tree.cpp():
        if not path.startswith("include/"):
            continue
        for number, bracket, header in includes(tree, path):
            if bracket == "<" and not _STANDARD.fullmatch(header):
                yield Finding(path, number, "public-header", f"third party: <{header}>")
            if bracket == '"' and not header.startswith("thalweg/"):
                yield Finding(path, number, "public-header", f"not public: {header}")


def pragma_once(tree: Tree) -> Iterator[Finding]:
    for path in tree.ending(".h"):
        if not any(line.strip() == "#pragma once" for line in tree.lines(path)):
            yield Finding(path, 1, "pragma-once", "missing")


def component_test(tree: Tree) -> Iterator[Finding]:
    """A component, which is a file that registers something, has its test beside it.

    `sort_test.cc` is a test of `sort.cc`, and of `sort_merge.cc` as well.
    """
    for path in tree.ending(".cc"):
        parts = path.split("/")
        if parts[0] != "src" or parts[1] not in COMPONENT_LAYERS:
            continue
        if path.endswith(("_test.cc", "_bench.cc")):
            continue
        registers = [
            number
            for number, line in enumerate(tree.lines(path), 1)
            if line.startswith("void Register(engine::Registry& registry)")
        ]
        if registers and not _tests(path) & tree.paths:
            yield Finding(path, registers[0], "component-test", "no test file beside the component")


def _tests(path: str) -> set[str]:
    words = path.removesuffix(".cc").split("_")
    return {"_".join(words[:count]) + "_test.cc" for count in range(1, len(words) + 1)}
