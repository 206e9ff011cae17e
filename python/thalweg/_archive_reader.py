"""What is in a sealed archive."""

from __future__ import annotations

import datetime
import io
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, TypeAlias

from thalweg import _core
from thalweg._archive_keys import Path
from thalweg._errors import InvalidArgumentError, NotFoundError
from thalweg._run import interruptible

InputLike: TypeAlias = "Content | str | os.PathLike[str]"


class Readable(Protocol):
    """A binary stream, read from front to back."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Content:
    """Something to seal that is no file: bytes, or a stream, under a name."""

    name: str
    data: bytes | bytearray | memoryview | Readable
    mode: int = 0o644
    modified: datetime.datetime | None = None  # By default, now.


@dataclass(frozen=True)
class Difference:
    """What `Archive.compare` found: `kind` is one of `only_in_archive`, `only_on_disk`, `type`,
    `size`, `content` and `metadata`."""

    path: str
    kind: str
    detail: str


@dataclass(frozen=True)
class Entry:
    """A file, directory or link in an archive."""

    path: str
    type: str  # 'file', 'directory', 'symlink' or 'hardlink'
    size: int
    mode: int
    modified_ns: int
    target: str | None
    owner: tuple[int, int, str, str] | None  # uid, gid and, where they were known, their names
    xattrs: Mapping[str, bytes]
    sha256: bytes | None
    _archive: Archive = field(repr=False, compare=False)
    _index: int = field(repr=False, compare=False)

    @property
    def modified(self) -> datetime.datetime:
        """The time of the last change, in UTC."""
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return epoch + datetime.timedelta(microseconds=self.modified_ns // 1000)

    @property
    def is_file(self) -> bool:
        return self.type in ("file", "hardlink")

    def open(self) -> io.BufferedReader:
        """The content as a seekable binary file; only what is read is decrypted."""
        if not self.is_file:
            raise InvalidArgumentError(f"{self.path!r} is a {self.type} and has no content")
        return io.BufferedReader(_Content(self), buffer_size=1 << 16)

    def read(self) -> bytes:
        """All of the content."""
        if not self.is_file:
            raise InvalidArgumentError(f"{self.path!r} is a {self.type} and has no content")
        buffer = bytearray(self.size)
        done = 0
        while done < self.size:
            count = self._archive._read_into(self._index, done, memoryview(buffer)[done:])
            if count == 0:
                break
            done += count
        return bytes(buffer[:done])


class _Content(io.RawIOBase):
    """The content of one entry."""

    def __init__(self, entry: Entry):
        super().__init__()
        self._entry = entry
        self._at = 0
        self.name = entry.path

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer).cast("B")
        count = self._entry._archive._read_into(self._entry._index, self._at, view)
        self._at += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._entry.size}[whence]
        if base + offset < 0:
            raise ValueError("a place before the begin")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at


class Archive:
    """An open archive: iterable, and a mapping from paths to entries. Made by `open`.

    Several threads may read it at once.
    """

    def __init__(self, core: _core.Archive):
        self._core: _core.Archive | None = core
        self._entries = [
            Entry(_archive=self, _index=index, **values)
            for index, values in enumerate(core.entries())
        ]
        self._by_path = {entry.path: entry for entry in self._entries}

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives back the file and wipes the keys. Entries can no longer be read."""
        self._core = None

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, path: object) -> bool:
        return path in self._by_path

    def __getitem__(self, path: str) -> Entry:
        try:
            return self._by_path[path]
        except KeyError:
            raise NotFoundError(f"not in the archive: {path!r}") from None

    def __repr__(self) -> str:
        state = "closed" if self._core is None else f"{len(self._entries)} entries"
        return f"<thalweg.archive.Archive, {state}>"

    def open(self, path: str) -> io.BufferedReader:
        """The content of a file as a seekable binary file."""
        return self[path].open()

    def read(self, path: str) -> bytes:
        """All of a file's content."""
        return self[path].read()

    @property
    def info(self) -> dict[str, Any]:
        """What the archive is: `cipher`, `stages`, `entries`, `content_bytes`, `lossy`, …."""
        return dict(self._open_core().info())

    def extract(
        self,
        target: Path = ".",
        *,
        entries: Sequence[str] = (),
        rename: str = "",
        force: bool = False,
        owners: bool = False,
        permissions: bool = True,
        set_id: bool = False,
        times: bool = True,
        xattrs: bool = True,
        symlinks: bool = True,
        hard_links: bool = True,
        sync: bool = False,
    ) -> dict[str, Any]:
        """Restores beneath `target`, never outside of it, and returns what was done.

        entries: paths or patterns, directories with all beneath; by default everything.
        rename: the one file that `entries` choose appears under this name, directly in `target`.
        The result has `entries`, `bytes`, `skipped` (pairs of path and reason) and `run`.
        """
        options = {
            "entries": [entries] if isinstance(entries, str) else list(entries),
            "rename": rename,
            "force": force,
            "owners": owners,
            "permissions": permissions,
            "set_id": set_id,
            "times": times,
            "xattrs": xattrs,
            "symlinks": symlinks,
            "hard_links": hard_links,
            "sync": sync,
        }
        core = self._open_core()
        return with_run(interruptible(lambda _: core.extract(target, options)))

    def verify(self) -> dict[str, Any]:
        """Reads and authenticates every byte. Raises what is wrong."""
        core = self._open_core()
        return dict(interruptible(lambda _: core.verify()))

    def compare(self, inputs: Path | Sequence[Path], *, content: bool = True) -> list[Difference]:
        """What differs between the archive and files on disk, named as when they were sealed."""
        core = self._open_core()
        given = inputs_of(inputs)
        found = interruptible(lambda _: core.compare(given, content))
        return [Difference(*difference) for difference in found]

    def _open_core(self) -> _core.Archive:
        if self._core is None:
            raise ValueError("the archive is closed")
        return self._core

    def _read_into(self, index: int, offset: int, buffer: memoryview) -> int:
        return self._open_core().read_into(index, offset, buffer)


def inputs_of(given: InputLike | Sequence[InputLike]) -> list[tuple[Any, ...]]:
    """The tuples that the private module takes."""
    found: list[tuple[Any, ...]] = []
    for item in [given] if isinstance(given, (Content, str, os.PathLike)) else given:
        if isinstance(item, Content):
            modified = time.time_ns()
            if item.modified is not None:
                modified = int(item.modified.timestamp() * 1_000_000) * 1000
            found.append((None, item.name, _reader(item.data), item.mode, modified))
        else:
            found.append((item, None, None, 0, 0))
    return found


def _reader(data: bytes | bytearray | memoryview | Readable) -> Callable[[int], bytes]:
    if isinstance(data, (bytes, bytearray, memoryview)):
        return io.BytesIO(data).read
    return data.read


def with_run(report: dict[str, Any]) -> dict[str, Any]:
    return {**report, "run": json.loads(report["run"])}
