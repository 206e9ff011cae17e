"""Builds the wheel: `tools/wheel.py [--output dist]`.

The wheel holds the library, its private Arrow, the public headers, the command line and the Python
package. auditwheel takes in what else they link from the system and names the platform for which
that holds.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
RAW = ROOT / "build/wheel/raw"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "dist")
    arguments = parser.parse_args()
    try:
        wheel = repair(build(), arguments.output)
    except subprocess.CalledProcessError as error:
        print(f"wheel: {' '.join(map(str, error.cmd))} ended with {error.returncode}",
              file=sys.stderr)
        return 1
    print(f"wheel: {wheel} ({wheel.stat().st_size / 1e6:.0f} MB)")
    return 0


def run(*command: object) -> None:
    tools = pathlib.Path(sys.executable).parent
    environment = {**os.environ, **compilers(), "PATH": f"{tools}:{os.environ['PATH']}"}
    subprocess.run([str(part) for part in command], cwd=ROOT, env=environment, check=True)


def compilers() -> dict[str, str]:
    """The compilers of the release build, by the same names: otherwise the ones that Python was
    built with are taken, and ccache, which goes by the name too, has nothing of theirs."""
    cache = ROOT / "build/release/CMakeCache.txt"
    text = cache.read_text() if cache.exists() else ""
    found = re.findall(r"^CMAKE_(C|CXX)_COMPILER:\w+=(.+)$", text, re.MULTILINE)
    return {{"C": "CC", "CXX": "CXX"}[language]: path for language, path in found}


def build() -> pathlib.Path:
    shutil.rmtree(RAW, ignore_errors=True)
    # Without isolation: the tools are the locked ones of this environment.
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--no-build-isolation", "--wheel-dir", RAW, ROOT)
    return next(RAW.glob("thalweg-*.whl"))


def repair(raw: pathlib.Path, output: pathlib.Path) -> pathlib.Path:
    output.mkdir(parents=True, exist_ok=True)
    for old in output.glob("thalweg-*.whl"):
        old.unlink()
    run(sys.executable, "-m", "auditwheel", "repair", "--wheel-dir", output, raw)
    return next(output.glob("thalweg-*.whl"))


if __name__ == "__main__":
    sys.exit(main())
