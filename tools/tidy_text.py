"""Rules about text: budgets, banned names, tests that do not run, the changelog, the pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tidy_tree import CPP_SUFFIXES, Finding, Tree

COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500

# Names that say nothing about what is inside.
EMPTY_NAMES = frozenset({"util", "utils", "helper", "helpers", "common", "misc"})


# Budgets


def line_length(tree: Tree) -> Iterator[Finding]:
    for path in tree.ending(*CPP_SUFFIXES, ".py", ".cmake", "CMakeLists.txt"):
        for number, line in enumerate(tree.lines(path), 1):
            if len(line) > COLUMNS_MAX and not _is_only_a_link(line):
                yield Finding(path, number, "line-length",
                              f"{len(line)} columns, {COLUMNS_MAX} allowed")


def _is_only_a_link(line: str) -> bool:
    return re.fullmatch(r"\s*(//|#)\s*https?://\S+", line) is not None


def file_length(tree: Tree) -> Iterator[Finding]:
    for path in tree.ending(*CPP_SUFFIXES, ".py", ".cmake"):
        length = len(tree.lines(path))
        if length > FILE_LINES_MAX:
            yield Finding(path, 1, "file-length", f"{length} lines, {FILE_LINES_MAX} allowed")


def function_length(tree: Tree) -> Iterator[Finding]:
    for path in tree.ending(*CPP_SUFFIXES, ".py"):
        functions = _python_functions if path.endswith(".py") else _cpp_functions
        for first, last in functions(tree.lines(path)):
            length = last - first + 1
            if length > FUNCTION_LINES_MAX:
                yield Finding(path, first, "function-length",
                              f"{length} lines, {FUNCTION_LINES_MAX} allowed")


def _python_functions(lines: list[str]) -> Iterator[tuple[int, int]]:
    try:
        module = ast.parse("\n".join(lines))
    except SyntaxError:
        return
    for node in ast.walk(module):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno or node.lineno


_NO_FUNCTION = re.compile(r"\s*(template\b.*>\s*)?(namespace|class|struct|enum|union|extern)\b")
_NO_START = re.compile(r"\s*($|[}#]|//|/\*|\*|(public|private|protected|case\b.*|default):|\[\[)")


def _cpp_functions(lines: list[str]) -> Iterator[tuple[int, int]]:
    """First and last line of each function, by the indentation that clang-format gives.

    A body ends with a lone brace, at the column of the line that begins its signature. Functions
    stand at column 0, and at column 2 inside a class; a block inside a function is never longer
    than the function, so that taking it for one does no harm.
    """
    starts: dict[int, int] = {}
    for number, line in enumerate(lines, 1):
        indent = len(line) - len(line.lstrip(" "))
        if indent not in (0, 2):
            continue
        if line.strip() == "}" and indent in starts:
            first = starts.pop(indent)
            if not _NO_FUNCTION.match(lines[first - 1]):
                yield first, number
        elif not _NO_START.match(line):
            starts[indent] = number


# Banned names


class _Ban:
    def __init__(self, pattern: str, message: str, allowed: str = "(?!)"):
        self.pattern = re.compile(pattern)
        self.message = message
        self.allowed = re.compile(allowed)


_TESTS = r".*_(test|bench)\.(cc|h)|(bench|tests|fuzz|examples)/.*|src/testing/.*"
_BANS = (
    _Ban(r"\bstd::(cout|cerr|clog)\b|#\s*include\s*<iostream>",
         "only a program prints", rf"apps/.*|{_TESTS}"),
    _Ban(r"\bstd::j?thread\b(?!::hardware_concurrency|::id)|\bstd::async\b|\bpthread_create\b",
         "threads are made in src/runtime/executor only",
         rf"src/runtime/executor.*|apps/.*|{_TESTS}"),
    _Ban(r"\busing\s+namespace\b(?! std::(\w+_)?literals)", "name what is used"),
    _Ban(r"\bstd::w?regex|#\s*include\s*<regex>", "its time is unbounded: use RE2"),
    _Ban(r"\b(std::)?(exit|_exit|quick_exit|abort)\(", "only a program ends the process",
         rf"apps/.*|src/base/(check|status)\.cc|{_TESTS}"),
    _Ban(r"\bstd::rand\(|\bsrand\(", "randomness comes from a seed that is printed"),
    _Ban(r"\.detach\(\)", "every thread is joined", r"apps/.*"),
)


def banned(tree: Tree) -> Iterator[Finding]:
    for path in tree.cpp():
        bans = [ban for ban in _BANS if not ban.allowed.fullmatch(path)]
        for number, line in enumerate(tree.lines(path), 1):
            code = line.split("//", 1)[0]
            for ban in bans:
                match = ban.pattern.search(code)
                if match:
                    yield Finding(path, number, "banned", f"{match.group().strip()}: {ban.message}")


def file_name(tree: Tree) -> Iterator[Finding]:
    for path in sorted(tree.paths):
        if not path.endswith((*CPP_SUFFIXES, ".py")):
            continue
        folders, _, name = path.rpartition("/")
        words = {*folders.split("/"), *re.split(r"[_.]", name)}
        for word in sorted(words & EMPTY_NAMES):
            yield Finding(path, 1, "file-name", f"`{word}` does not say what is inside")


# Tests that do not run

_DISABLED = (
    (CPP_SUFFIXES, re.compile(r"\s*//+\s*(TEST|TEST_F|TEST_P|TYPED_TEST|RC_GTEST_PROP)\("),
     "commented out"),
    (CPP_SUFFIXES, re.compile(r"\s*TEST(_F|_P)?\(.*\bDISABLED_|.*, DISABLED_\w+\)"), "disabled"),
    (CPP_SUFFIXES, re.compile(r"\s*#\s*if\s+0\b"), "code that is never compiled"),
    ((".py",), re.compile(r"\s*#\s*(async )?def test_"), "commented out"),
    (("CMakeLists.txt",), re.compile(r"\s*#\s*(add_test|thalweg_test|thalweg_layer)\("),
     "commented out"),
)


def disabled_test(tree: Tree) -> Iterator[Finding]:
    for suffixes, pattern, message in _DISABLED:
        for path in tree.ending(*suffixes):
            for number, line in enumerate(tree.lines(path), 1):
                if pattern.match(line):
                    yield Finding(path, number, "disabled-test", f"{message}: {line.strip()}")


# The changelog and the pages

_SECTIONS = ("Added", "Changed", "Fixed", "Performance", "Security", "Removed")


def changelog(tree: Tree) -> Iterator[Finding]:
    """Versions, kinds of change, and lines of the form `- Area: sentence.`"""
    path = "CHANGELOG.md"
    if path not in tree.paths:
        yield Finding(path, 1, "changelog", "missing")
        return
    lines = tree.lines(path)
    for number, line in enumerate(lines, 1):
        problem = _changelog_problem(line, _whole_item(lines, number - 1))
        if problem:
            yield Finding(path, number, "changelog", problem)


def _whole_item(lines: list[str], index: int) -> str:
    """The item that begins at a line, with the lines that continue it."""
    item = lines[index]
    for line in lines[index + 1:]:
        if not line.startswith("  "):
            break
        item += " " + line.strip()
    return item


def _changelog_problem(line: str, item: str) -> str | None:
    if line.startswith("## "):
        released = re.fullmatch(r"## (Unreleased|\d+\.\d+\.\d+ \(\d{4}-\d{2}-\d{2}\))", line)
        return None if released else "a version is `## Unreleased` or `## 1.2.3 (2026-01-31)`"
    if line.startswith("### "):
        return None if line[4:] in _SECTIONS else f"a section is one of {', '.join(_SECTIONS)}"
    if line.startswith("- "):
        shaped = re.fullmatch(r"- (\*\*Breaking\*\* )?[A-Z][\w ,/+-]*: \S.*\.", item)
        return None if shaped else "an item is `- Area: sentence.`"
    return None


def page_title(tree: Tree) -> Iterator[Finding]:
    for path in tree.ending(".md"):
        titles, fenced = [], False
        for number, line in enumerate(tree.lines(path), 1):
            if line.lstrip().startswith("```"):
                fenced = not fenced
            elif line.startswith("# ") and not fenced:
                titles.append(number)
        if len(titles) != 1:
            place = titles[1] if titles else 1
            yield Finding(path, place, "page-title", f"{len(titles)} titles, 1 wanted")
