"""Makes a folder of links to a Python package's files, beside which the build puts its module.

    python tools/link_package.py python/thalweg build/release/python/thalweg

Edits of the sources are seen at once, and nothing that was built ever stands among them. Links to
files that are gone are removed.
"""

from __future__ import annotations

import os
import pathlib
import sys


def link_package(source: pathlib.Path, target: pathlib.Path) -> None:
    wanted = {
        path.relative_to(source)
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".so"
    }
    target.mkdir(parents=True, exist_ok=True)
    for link in target.rglob("*"):
        if link.is_symlink() and link.relative_to(target) not in wanted:
            link.unlink()
    for relative in wanted:
        link = target / relative
        link.parent.mkdir(parents=True, exist_ok=True)
        destination = (source / relative).resolve()
        if link.is_symlink() and os.readlink(link) == str(destination):
            continue
        link.unlink(missing_ok=True)
        link.symlink_to(destination)


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__.splitlines()[2].strip(), file=sys.stderr)
        return 2
    link_package(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
