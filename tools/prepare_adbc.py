"""Takes the ADBC drivers that are shipped, and the header of their interface, from pinned wheels.

    python tools/prepare_adbc.py [--output build/deps/adbc]

The drivers are loaded by path when a database is first asked for, and hold everything they need, so
they stay as they are. Running it again changes nothing.
"""

from __future__ import annotations

import argparse
import filecmp
import importlib.metadata
import pathlib
import sys

from prepare_arrow import write_atomically

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER = ("adbc-driver-manager", "adbc_driver_manager/arrow-adbc/adbc.h")
DRIVERS = ("postgresql", "sqlite")
LICENCES = ("LICENSE.txt", "NOTICE.txt")


class PrepareError(RuntimeError):
    """A wheel is missing or not what was expected."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "build/deps/adbc")
    arguments = parser.parse_args()
    try:
        changed = prepare(arguments.output)
    except (OSError, PrepareError, importlib.metadata.PackageNotFoundError) as error:
        print(f"prepare_adbc: {error}", file=sys.stderr)
        return 1
    version = importlib.metadata.version(f"adbc-driver-{DRIVERS[0]}")
    print(f"prepare_adbc: drivers {version} are in place"
          + (f": {changed} files written to {arguments.output}" if changed else ""))
    return 0


def prepare(output: pathlib.Path) -> int:
    wanted = {output / "include/arrow-adbc/adbc.h": member(*HEADER)}
    for driver in DRIVERS:
        library = f"libadbc_driver_{driver}.so"
        package = f"adbc-driver-{driver}"
        wanted[output / "lib" / library] = member(package, f"adbc_driver_{driver}/{library}")
        for text in LICENCES:
            wanted[output / f"{package}-{text}"] = member(package, f"licenses/{text}")
    changed = 0
    for target, source in wanted.items():
        if target.exists() and filecmp.cmp(source, target, shallow=False):
            continue
        write_atomically(target, source.read_bytes())
        if target.suffix == ".so":
            target.chmod(0o755)
        changed += 1
    return changed


def member(package: str, name: str) -> pathlib.Path:
    """A file of an installed package, by the end of its path."""
    for file in importlib.metadata.files(package) or ():
        if file.as_posix().endswith(name):
            return pathlib.Path(str(file.locate()))
    raise PrepareError(f"{package} {importlib.metadata.version(package)} has no {name}")


if __name__ == "__main__":
    sys.exit(main())
