"""What the rules of tools/tidy.py look at: the files of a checkout."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass

CPP_SUFFIXES = (".cc", ".h", ".inc")


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


class Tree:
    """The files of one checkout, by their path relative to it."""

    def __init__(self, root: pathlib.Path, paths: list[str]):
        self.root = root
        self.paths = frozenset(paths)
        self._lines = functools.cache(self._read)

    def lines(self, path: str) -> list[str]:
        return self._lines(path)

    def cpp(self) -> Iterator[str]:
        """The C++ files, in order of their paths."""
        return (path for path in sorted(self.paths) if path.endswith(CPP_SUFFIXES))

    def ending(self, *suffixes: str) -> Iterator[str]:
        return (path for path in sorted(self.paths) if path.endswith(suffixes))

    def _read(self, path: str) -> list[str]:
        return (self.root / path).read_text(encoding="utf-8", errors="replace").splitlines()
