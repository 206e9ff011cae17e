"""Checks the conventions that a compiler does not: `tools/tidy.py [--build FOLDER] [RULE…]`.

Prints one line a finding, `path:line: rule: message`, and ends with 1 when there is any. A finding
that has a reason to stay is named in tools/tidy_allow.txt. With --build, what needs a configured
build is checked too: that public headers stand alone and that every source belongs to a target.
"""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys
from collections.abc import Iterable

import tidy_build
import tidy_layers
import tidy_text
from tidy_tree import Finding, Tree

ROOT = pathlib.Path(__file__).resolve().parent.parent
ALLOWED = "tools/tidy_allow.txt"

RULES = {
    "include-direction": tidy_layers.include_direction,
    "public-header": tidy_layers.public_header,
    "pragma-once": tidy_layers.pragma_once,
    "component-test": tidy_layers.component_test,
    "line-length": tidy_text.line_length,
    "file-length": tidy_text.file_length,
    "function-length": tidy_text.function_length,
    "banned": tidy_text.banned,
    "file-name": tidy_text.file_name,
    "disabled-test": tidy_text.disabled_test,
    "changelog": tidy_text.changelog,
    "page-title": tidy_text.page_title,
}
BUILD_RULES = {
    "stands-alone": tidy_build.stands_alone,
    "in-a-target": tidy_build.in_a_target,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    parser.add_argument("--build", type=pathlib.Path, help="a configured build folder")
    parser.add_argument("rules", nargs="*", metavar="RULE", help="only these")
    arguments = parser.parse_args()
    unknown = set(arguments.rules) - RULES.keys() - BUILD_RULES.keys()
    if unknown:
        parser.error(f"no such rule: {', '.join(sorted(unknown))}")
    findings = check(Tree(arguments.root, listed(arguments.root)), arguments.rules, arguments.build)
    for finding in findings:
        print(finding)
    print(f"tidy: {len(findings)} findings")
    return 1 if findings else 0


def listed(root: pathlib.Path) -> list[str]:
    """Tracked files, and new ones that git would track."""
    kinds = ["--cached", "--others", "--exclude-standard"]
    command = ["git", "-C", str(root), "ls-files", "-z", *kinds]
    shown = subprocess.run(command, check=True, capture_output=True).stdout.decode()
    return sorted({path for path in shown.split("\0") if path and (root / path).is_file()})


def check(tree: Tree, only: Iterable[str] = (), build: pathlib.Path | None = None) -> list[Finding]:
    """The findings of all rules, or of the named ones, less those that are allowed."""
    wanted = set(only)
    findings: list[Finding] = []
    for name, rule in RULES.items():
        if not wanted or name in wanted:
            findings += rule(tree)
    for name, rule in BUILD_RULES.items():
        if build and (not wanted or name in wanted):
            findings += rule(tree, build)
    allowed = dict(read_allowed(tree))
    left = [finding for finding in findings if (finding.rule, finding.path) not in allowed]
    if not wanted:
        left += stale(findings, allowed, build is not None)
    return left


def read_allowed(tree: Tree) -> Iterable[tuple[tuple[str, str], int]]:
    """(rule, path) -> line. Each line of the file is `rule path: reason`."""
    if ALLOWED not in tree.paths:
        return
    for number, line in enumerate(tree.lines(ALLOWED), 1):
        if line and not line.startswith("#"):
            subject, _, reason = line.partition(": ")
            words = subject.split()
            if len(words) != 2 or not reason:
                raise SystemExit(f"{ALLOWED}:{number}: not `rule path: reason`: {line}")
            yield (words[0], words[1]), number


def stale(
    findings: list[Finding], allowed: dict[tuple[str, str], int], built: bool
) -> list[Finding]:
    """What is allowed but no longer found: the list only ever holds what is true."""
    found = {(finding.rule, finding.path) for finding in findings}
    return [
        Finding(ALLOWED, line, "allowed", f"nothing to allow any more: {rule} {path}")
        for (rule, path), line in allowed.items()
        if (rule, path) not in found and (built or rule not in BUILD_RULES)
    ]


if __name__ == "__main__":
    sys.exit(main())
