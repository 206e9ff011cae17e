"""The program `thalweg` of the wheel: it starts the real one, which lies in the package."""

from __future__ import annotations

import os
import pathlib
import sys

_HERE = pathlib.Path(__file__).parent
# In an installed package, and in a build tree.
_PLACES = (_HERE / "bin/thalweg", _HERE.parent.parent / "thalweg")


def main() -> int:
    for program in _PLACES:
        if program.is_file():
            os.execv(program, ["thalweg", *sys.argv[1:]])
    print("thalweg: the program is missing from this package", file=sys.stderr)
    return 70
