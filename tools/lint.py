"""Formatting, conventions, types and clang-tidy: `tools/lint.py [--fix] [--all]`.

clang-tidy reads the files that differ from the last commit of the main branch, or all with --all:
reading everything takes many minutes. The tools are the pinned ones of the project's environment.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys

import tidy
from tidy_tree import CPP_SUFFIXES

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/release"
TOOLS = pathlib.Path(sys.executable).parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fix", action="store_true", help="format in place and stop")
    parser.add_argument("--all", action="store_true", help="clang-tidy for every source")
    arguments = parser.parse_args()
    sources = [path for path in tidy.listed(ROOT) if path.endswith(CPP_SUFFIXES)]
    if arguments.fix:
        return clang_format(sources, "-i")
    steps = {
        "format": lambda: clang_format(sources, "--dry-run", "-Werror"),
        "tidy": lambda: run(sys.executable, "tools/tidy.py", "--build", str(BUILD)),
        "types": mypy,
        "clang-tidy": lambda: clang_tidy(sources if arguments.all else changed(sources)),
    }
    failed = [name for name, step in steps.items() if say(name) or step() != 0]
    print("lint: " + (f"failed: {', '.join(failed)}" if failed else "all clean"))
    return 1 if failed else 0


def say(name: str) -> None:
    print(f"lint: {name}", flush=True)


def run(*command: str) -> int:
    return subprocess.run(command, cwd=ROOT).returncode


def clang_format(sources: list[str], *options: str) -> int:
    return run(str(TOOLS / "clang-format"), *options, *sources) if sources else 0


def mypy() -> int:
    if not (ROOT / "python/thalweg/__init__.py").exists():
        return 0
    return run(str(TOOLS / "mypy"), "--strict", "python/thalweg")


def changed(sources: list[str]) -> list[str]:
    """What differs from the remote's main branch; from the last commit where there is no remote."""
    for base in ("origin/main", "origin/master", "HEAD"):
        shown = subprocess.run(["git", "diff", "--name-only", base], cwd=ROOT, capture_output=True,
                               text=True)
        if shown.returncode == 0:
            return sorted(set(shown.stdout.split()) & set(sources))
    return []


def clang_tidy(sources: list[str]) -> int:
    units = [path for path in sources if path.endswith(".cc")]
    # The precompiled headers are GCC's, which clang cannot read.
    options = ["-p", str(BUILD), "--quiet", "--extra-arg=-Wno-unknown-warning-option",
               "--extra-arg=-Wno-ignored-optimization-argument"]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        codes = pool.map(lambda unit: run(str(TOOLS / "clang-tidy"), *options, unit), units)
        return max(codes, default=0)


if __name__ == "__main__":
    sys.exit(main())
