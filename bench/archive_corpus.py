"""The inputs of the archive benchmarks, made from what the project's own environment holds.

Three kinds of files in about equal parts (text, source code, machine code), taken in the order of
their paths and put into one tar with fixed metadata, so that equal environments give equal bytes.
A second tar holds random bytes from a fixed seed.
"""

from __future__ import annotations

import io
import pathlib
import random
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator

MIB = 1 << 20
KINDS = {
    "text": (".txt", ".csv", ".json", ".md", ".rst", ".rsp", ".zip"),
    "code": (".py", ".pyi", ".h", ".hpp"),
    "binary": (".so", ".2600", ".2601"),
}
PART_BYTES = 90 * MIB
FILE_BYTES_MAX = 32 * MIB
RANDOM_FILES = 4
RANDOM_FILE_BYTES = 64 * MIB
SEED = 20240229


def candidates() -> Iterator[tuple[str, pathlib.Path]]:
    """Names and places of the environment's files, then of the standard library's."""
    for label in ("purelib", "stdlib"):
        root = pathlib.Path(sysconfig.get_paths()[label])
        for path in sorted(root.rglob("*")):
            if "__pycache__" in path.parts or not path.is_file() or path.is_symlink():
                continue
            if label == "stdlib" and "site-packages" in path.parts:
                continue
            yield f"{label}/{path.relative_to(root)}", path


def kind_of(name: str) -> str | None:
    for kind, suffixes in KINDS.items():
        if name.endswith(suffixes) or (kind == "binary" and ".so." in name):
            return kind
    return None


def contents(name: str, path: pathlib.Path) -> Iterator[tuple[str, bytes]]:
    """The file, cut where it is large; a zip gives its members, which are text here."""
    if path.suffix != ".zip":
        data = path.read_bytes()
        yield name, data[:FILE_BYTES_MAX]
        return
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as packed:
        for member in packed.namelist():
            yield f"{name}/{member}", packed.read(member)[:FILE_BYTES_MAX]


def add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.mode = 0o644
    archive.addfile(info, io.BytesIO(data))


def make_mixed(target: pathlib.Path) -> None:
    """A tar of at least 256 MiB of text, code and machine code."""
    left = dict.fromkeys(KINDS, PART_BYTES)
    partial = target.with_suffix(".partial")
    with tarfile.open(partial, "w", format=tarfile.GNU_FORMAT) as archive:
        for name, path in candidates():
            kind = kind_of(path.name)
            if kind is None or left[kind] <= 0:
                continue
            for member, data in contents(name, path):
                add(archive, member, data[: left[kind]])
                left[kind] -= min(len(data), left[kind])
                if left[kind] <= 0:
                    break
    short = [kind for kind, bytes_left in left.items() if bytes_left > 0]
    if short:
        partial.unlink()
        raise SystemExit(f"the environment has too few files of: {', '.join(short)}")
    partial.rename(target)


def make_random(target: pathlib.Path, files: int, file_bytes: int) -> None:
    """A tar of bytes that nothing can make shorter."""
    source = random.Random(SEED)
    partial = target.with_suffix(".partial")
    with tarfile.open(partial, "w", format=tarfile.GNU_FORMAT) as archive:
        for number in range(files):
            add(archive, f"random-{number}", source.randbytes(file_bytes))
    partial.rename(target)


def make(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """The inputs by name, made where they are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    mixed = folder / "archive-mixed.tar"
    noise = folder / "archive-random.tar"
    if not mixed.exists():
        make_mixed(mixed)
    if not noise.exists():
        make_random(noise, RANDOM_FILES, RANDOM_FILE_BYTES)
    return {"mixed": mixed, "random": noise}


def make_large(folder: pathlib.Path, mixed: pathlib.Path) -> pathlib.Path:
    """1 GiB: the mixed tar again and again, every copy with other first bytes in each MiB."""
    large = folder / "archive-1gib.bin"
    if large.exists():
        return large
    whole = mixed.stat().st_size // MIB
    source = random.Random(SEED)
    partial = large.with_suffix(".partial")
    with partial.open("wb") as file, mixed.open("rb") as data:
        for number in range(1024):
            data.seek(number % whole * MIB)
            file.write(source.randbytes(64) + data.read(MIB)[64:])
    partial.rename(large)
    return large
