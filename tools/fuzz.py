"""Builds the fuzz targets and runs each for a while: `tools/fuzz.py [--seconds 60] [TARGET…]`.

Needs clang 15 or newer: older ones cannot read the ranges of the standard library of GCC 12. New
inputs that reach new code are kept in build/fuzz/found/TARGET; an input that fails is kept in
build/fuzz/failed/ and ends the run with 1. The inputs of fuzz/corpus/TARGET are where it starts.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/fuzz"
PREFIX = "fuzz_"
INPUT_BYTES_MAX = 1 << 16
INPUT_SECONDS_MAX = 10


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    arguments = parser.parse_args()
    if not build():
        return 1
    built = sorted(path.name.removeprefix(PREFIX) for path in BUILD.glob(f"{PREFIX}*")
                   if path.is_file() and os.access(path, os.X_OK))
    unknown = set(arguments.targets) - set(built)
    if unknown or not built:
        print(f"fuzz: not built: {', '.join(sorted(unknown)) or 'any target'}", file=sys.stderr)
        return 2
    failed = [name for name in arguments.targets or built if fuzz(name, arguments.seconds) != 0]
    print("fuzz: " + (f"failed: {', '.join(failed)}" if failed else "nothing found"))
    return 1 if failed else 0


def build() -> bool:
    compilers = [f"clang++-{version}" for version in range(30, 14, -1)] + ["clang++"]
    compiler = next((name for name in compilers if shutil.which(name)), None)
    if compiler is None:
        print("fuzz: no clang; `python3 tools/setup.py --with fuzz` installs one", file=sys.stderr)
        return False
    configure = ["cmake", "--preset", "fuzz", "--log-level=NOTICE",
                 f"-DCMAKE_CXX_COMPILER={compiler}",
                 f"-DCMAKE_C_COMPILER={compiler.replace('clang++', 'clang')}"]
    compile_all = ["cmake", "--build", "--preset", "fuzz", "--target", "thalweg_fuzz"]
    return all(subprocess.run(step, cwd=ROOT).returncode == 0 for step in (configure, compile_all))


def fuzz(name: str, seconds: int) -> int:
    print(f"fuzz: {name} for {seconds} s", flush=True)
    found, failed = BUILD / "found" / name, BUILD / "failed"
    found.mkdir(parents=True, exist_ok=True)
    failed.mkdir(parents=True, exist_ok=True)
    corpus = ROOT / "fuzz/corpus" / name
    command = [BUILD / f"{PREFIX}{name}", f"-max_total_time={seconds}",
               f"-max_len={INPUT_BYTES_MAX}", f"-timeout={INPUT_SECONDS_MAX}",
               f"-artifact_prefix={failed}/{name}-", "-print_final_stats=1",
               found, *([corpus] if corpus.is_dir() else [])]
    log = BUILD / f"{name}.log"
    with log.open("w") as output:
        code = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT).returncode
    lines = log.read_text(errors="replace").splitlines()
    for line in lines[-40:] if code else lines:
        if code or line.startswith(("stat::number_of_executed_units", "stat::new_units_added")):
            print(f"    {line}")
    return code


if __name__ == "__main__":
    sys.exit(main())
