"""Records for the comparison with pymarc: real ones, and what becomes of them when bytes change."""

from __future__ import annotations

import pathlib
import random

import pytest

BOOKS = pathlib.Path(__file__).resolve().parent.parent / "vectors" / "marc" / "books.mrc"
SEED = 20261121
DAMAGES = 4000


@pytest.fixture(scope="session")
def books() -> list[bytes]:
    """Real records, as bytes."""
    data = BOOKS.read_bytes()
    chunks = []
    at = 0
    while at < len(data):
        size = int(data[at : at + 5])
        chunks.append(data[at : at + size])
        at += size
    return chunks


def _marc8(chunk: bytes, rng: random.Random) -> bytes:
    """The same record under a leader that says MARC-8, with some of MARC-8's bytes in it."""
    changed = bytearray(chunk)
    changed[9] = ord(" ")
    base = int(chunk[12:17])
    pieces = [b"\xe2e", b"\xe8u", b"\xa1", b"\xc3", b"\x1b(N", b"\x1b)Q", b"\x1b$1!0d", b"\x88"]
    for _ in range(rng.randrange(6)):
        piece = rng.choice(pieces)
        at = rng.randrange(base, max(base + 1, len(changed) - len(piece) - 1))
        if not set(changed[at : at + len(piece)]) & {0x1D, 0x1E, 0x1F}:
            changed[at : at + len(piece)] = piece
    return bytes(changed)


def damage(chunk: bytes, rng: random.Random) -> bytes:
    """A record with something wrong in it, or with something unusual."""
    changed = bytearray(chunk)
    base = int(chunk[12:17])
    how = rng.randrange(9)
    if how == 0:
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    elif how == 1:
        changed[rng.randrange(24)] = rng.choice(b"0123456789 a\x1e\xff")
    elif how == 2:
        changed[rng.randrange(24, base)] = rng.choice(b"0123456789 +\x1e\xc3")
    elif how == 3:
        marks = [at for at in range(base, len(chunk)) if chunk[at] == 0x1F]
        if marks:
            changed[rng.choice(marks) + rng.choice([-2, -1, 0, 1])] = rng.choice(b" 1\x1f\xc3\xe9z")
    elif how == 4:
        del changed[rng.randrange(len(changed)) :]
    elif how == 5:
        at = rng.randrange(base, len(changed))
        changed[at:at] = rng.choice([b"\x1f", b"\x1e", b"\xff", b"\x1fa", b"\x1d", b"\t"])
        if rng.randrange(2):
            changed[:5] = f"{len(changed):05}".encode()
    elif how == 6:
        changed[12:17] = rng.choice([b"00000", b"99999", b"   30", b"00024", b"00025", b"0002x"])
    elif how == 7:
        changed = bytearray(_marc8(chunk, rng))
    else:
        changed[:5] = rng.choice([b"00000", b"99999", b"  100", b"+0100", b"abcde", b"00004"])
    return bytes(changed)


@pytest.fixture(scope="session")
def damaged(books: list[bytes]) -> list[bytes]:
    """Records that are odd or broken in every way we know. The seed is printed."""
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    return [damage(rng.choice(books), rng) for _ in range(DAMAGES)]
