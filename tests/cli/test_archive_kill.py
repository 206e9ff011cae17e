"""Archives whose making is killed: what is gone on with is whole, and no nonce serves twice.

A point is a number of bytes of a file. The kernel ends the program exactly there (`RLIMIT_FSIZE`),
or it is killed when the file has become that long.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from test_archive import PROGRAM, ok, thalweg

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "archive"))
import reader  # noqa: E402

SEED = int(os.environ.get("THALWEG_TEST_SEED", "20240229"))
MIB = 1 << 20
OLD, NEW = b"o" * 32, b"n" * 32
KEYS = {"raw": OLD}
OPENS = ("--key-file", "old")
CHECKPOINT = ("--checkpoint", "5 MiB")
STORE = ("--stages", "store,aes-256-gcm")


class Nonces:
    """Every key and nonce that was seen, and what was encrypted with it.

    One that comes again is the same message, or the beginning of it where it was cut off.
    """

    def __init__(self) -> None:
        self.seen: dict[bytes, bytes] = {}
        self.messages = 0

    def add(self, key_and_nonce: bytes, message: bytes) -> None:
        known = self.seen.setdefault(key_and_nonce, message)
        shorter, longer = sorted((known, message), key=len)
        assert longer.startswith(shorter), "a key and nonce serve two messages"
        self.seen[key_and_nonce] = longer
        self.messages += 1

    def add_file(self, path: pathlib.Path, keys: tuple[bytes, ...]) -> None:
        """All of what stands in a file, whole or not; the first of `keys` that fits opens it."""
        data = path.read_bytes()
        if len(data) < 64:
            return
        suite, slot_bytes = data[18], struct.unpack_from("<I", data, 20)[0]
        header_hash, archive_id = reader.sha256(data[:64]), data[24:56]
        start = 576 + 2 * slot_bytes
        payload_key = self.add_slots(data[576:start], slot_bytes, archive_id, keys, suite)
        if payload_key is None:
            assert len(data) < start, "no key fits"
            return
        at, before, index = start, bytes(32), 0
        while at + 8 <= len(data):
            magic, length = struct.unpack_from("<II", data, at)
            if magic != 0x184D2A54:
                at += 8 + length
                continue
            message = data[at + 32 : at + 8 + length]
            if len(message) >= 56:
                name, size, nonce_bytes = reader.AEADS[suite]
                context = (reader.LABEL + b"message" + header_hash
                           + struct.pack("<QB", index, data[at + 12]) + before)
                info = b"c2sp.org/chunked-encryption@v1+" + name + b"\0" + message[:24] + context
                expand = reader.HKDFExpand(reader.hashes.SHA512(), size + nonce_bytes + 32, info)
                derived = expand.derive(payload_key)
                assert derived[-32:] == message[24:56], "another predecessor or index"
                self.add(derived[:-32], message[56:])
                before = message[24:56]
            index += 1
            at += 8 + length

    def add_slots(self, slots: bytes, slot_bytes: int, archive_id: bytes, keys: tuple[bytes, ...],
                  suite: int) -> bytes | None:
        payload_key = None
        for slot in (slots[:slot_bytes], slots[slot_bytes:]):
            if slot[:8] != b"TWAKSLOT" or len(slot) < slot_bytes:
                continue
            at = 24
            for _ in range(struct.unpack_from("<H", slot, 20)[0]):
                kind, length = struct.unpack_from("<HH", slot, at)
                body = slot[at + 4 : at + 4 + length]
                # A wrap's commitment comes from the same bytes as its key.
                self.add(body[-80:-48], body[-48:])
                for key in keys:
                    file_key = reader.open_stanza(kind, body, archive_id, {"raw": key})
                    if file_key is not None:
                        name, size, _ = reader.AEADS[suite]
                        payload_key = reader.hkdf(
                            file_key, archive_id, reader.LABEL + b"payload " + name, size)
                at += 4 + length
        return payload_key


def run_until(point: int, exactly: bool, grows: pathlib.Path, folder: pathlib.Path,
              *arguments: str) -> bool:
    """False: the program was done before."""
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if exactly:
            resource.setrlimit(resource.RLIMIT_FSIZE, (point, point))

    process = subprocess.Popen(
        [PROGRAM, "-q", *arguments], cwd=folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=limit)
    assert process.stderr is not None
    deadline = time.monotonic() + 120
    while not exactly and process.poll() is None and time.monotonic() < deadline:
        if grows.exists() and grows.stat().st_size >= point:
            process.kill()
    status = process.wait(timeout=120)
    message = process.stderr.read().decode()
    process.stderr.close()
    assert status in (0, -signal.SIGKILL, -signal.SIGXFSZ), message
    return status != 0


def digest(path: pathlib.Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Inputs of about 21 MiB, so that several checkpoints lie between frames of 4 MiB."""
    top = tmp_path_factory.mktemp("kill")
    made = random.Random(SEED)
    for name, key in (("old", OLD), ("new", NEW)):
        (top / name).write_bytes(key)
        (top / name).chmod(0o600)
    (top / "data").mkdir()
    for name, size in (("a", 300_000), ("b", 9 * MIB + 17), ("c", 4 * MIB), ("d", 7 * MIB)):
        (top / "data" / name).write_bytes(made.randbytes(size))
    (top / "more").write_bytes(made.randbytes(10 * MIB))
    ok("seal", *OPENS, *STORE, *CHECKPOINT, "data", "-o", "whole.twa", cwd=top)
    return top


def opened(folder: pathlib.Path, archive: str, key: str = "old") -> dict[str, str]:
    target = folder / "back"
    ok("open", "--key-file", key, archive, "-C", "back", cwd=folder)
    found = {str(path.relative_to(target)): digest(path)
             for path in sorted(target.rglob("*")) if path.is_file()}
    shutil.rmtree(target)
    return found


def contents(folder: pathlib.Path, *names: str) -> dict[str, str]:
    paths = [path for name in names for path in [folder / name, *(folder / name).rglob("*")]]
    return {str(path.relative_to(folder)): digest(path) for path in sorted(paths)
            if path.is_file()}


def points(count: int, first: int, last: int) -> list[tuple[int, bool]]:
    """Points between two places, spread over all of it, every other one exact."""
    chosen = random.Random(SEED + first)
    step = (last - first) / count
    return [(first + int(step * (i + chosen.random())), i % 2 == 0) for i in range(count)]


def each(runs: list[tuple[int, bool]], check: Callable[[int, bool], bool]) -> None:
    killed = 0
    for point, exactly in runs:
        try:
            killed += check(point, exactly)
        except AssertionError as error:
            raise AssertionError(f"seed {SEED}, point {point}, exactly {exactly}") from error
    # Somebody slow may see the end before the point; who is ended exactly never does.
    assert killed >= len(runs) // 2


def test_seal(folder: pathlib.Path) -> None:
    out = folder / "s.twa"
    part = folder / ".s.twa.part"
    wanted = contents(folder, "data")
    seal = ("seal", *OPENS, *STORE, *CHECKPOINT, "data", "-o", "s.twa")
    resumed = []

    def check(point: int, exactly: bool) -> bool:
        out.unlink(missing_ok=True)
        part.unlink(missing_ok=True)
        killed = run_until(point, exactly, part, folder, *seal)
        nonces = Nonces()
        if killed:
            assert not out.exists()
            nonces.add_file(part, (OLD,))
            done = thalweg(*seal, "--resume", "--report", "report", cwd=folder)
            assert done.returncode == 0, done.stderr
            resumed.append(b'"bytes_resumed":0' not in (folder / "report").read_bytes())
        nonces.add_file(out, (OLD,))
        assert opened(folder, "s.twa") == wanted
        assert not part.exists()
        return killed

    whole = (folder / "whole.twa").stat().st_size
    # Before the first checkpoint nothing can be kept; behind it, something is.
    each([*points(16, 1, whole), (100, True), (4 * MIB, True), (whole - 50, True)], check)
    assert {True, False} == set(resumed)


def test_append(folder: pathlib.Path) -> None:
    target = folder / "a.twa"
    old, both = contents(folder, "data"), contents(folder, "data", "more")
    append = ("archive", "append", *OPENS, *STORE, "a.twa", "more")

    def check(point: int, exactly: bool) -> bool:
        shutil.copy(folder / "whole.twa", target)
        killed = run_until(point, exactly, target, folder, *append)
        nonces = Nonces()
        nonces.add_file(target, (OLD,))
        if killed:
            # What was there before still is, and only that.
            assert opened(folder, "a.twa") == old
            ok(*append, cwd=folder)
        nonces.add_file(target, (OLD,))
        assert opened(folder, "a.twa") == both
        return killed

    whole = (folder / "whole.twa").stat().st_size
    each([*points(12, whole, whole + 10 * MIB), (whole + 1, True)], check)


def test_rekey_in_full(folder: pathlib.Path) -> None:
    target = folder / "r.twa"
    part = folder / ".r.twa.part"
    wanted = contents(folder, "data")
    rekey = ("archive", "rekey", "--full", *OPENS, "--new-key-file", "new", *CHECKPOINT, "r.twa")
    kept = []

    def check(point: int, exactly: bool) -> bool:
        shutil.copy(folder / "whole.twa", target)
        part.unlink(missing_ok=True)
        killed = run_until(point, exactly, part, folder, *rekey)
        nonces = Nonces()
        if killed:
            nonces.add_file(target, (OLD,))
            nonces.add_file(part, (NEW,))
            assert opened(folder, "r.twa") == wanted
            before = part.read_bytes()
            ok(*rekey, "--key-file", "new", "--resume", cwd=folder)
            begin = target.read_bytes()[:64]
            kept.append(before[:64] == begin)
        nonces.add_file(target, (NEW,))
        assert opened(folder, "r.twa", "new") == wanted
        assert not part.exists()
        return killed

    whole = (folder / "whole.twa").stat().st_size
    each([*points(10, 1, whole), (4 * MIB, True), (whole - 50, True)], check)
    assert {True, False} == set(kept)


def test_rekey_of_the_stanzas(folder: pathlib.Path) -> None:
    target = folder / "k.twa"
    shutil.copy(folder / "whole.twa", target)
    body = 576 + 2 * struct.unpack_from("<I", target.read_bytes(), 20)[0]
    nonces = Nonces()
    key = "old"

    def check(point: int, exactly: bool) -> bool:
        nonlocal key
        other = "new" if key == "old" else "old"
        rekey = ("archive", "rekey", "--key-file", key, "--new-key-file", other, "k.twa")
        # It does not grow: who is not ended at a place is killed at once.
        killed = run_until(point if exactly else 0, exactly, target, folder, *rekey)
        nonces.add_file(target, (OLD, NEW))
        # Somebody can open it wherever it was ended; `verify` tells whether it is to be run again.
        opens = [name for name in (key, other)
                 if thalweg("archive", "list", "--key-file", name, "k.twa",
                            cwd=folder).returncode == 0]
        assert opens
        if thalweg("verify", "--key-file", other, "k.twa", cwd=folder).returncode != 0:
            ok("archive", "rekey", "--key-file", opens[0], "--new-key-file", other, "k.twa",
               cwd=folder)
        key = other
        nonces.add_file(target, (OLD, NEW))
        assert target.read_bytes()[body:] == (folder / "whole.twa").read_bytes()[body:]
        ok("verify", "--key-file", key, "k.twa", cwd=folder)
        return killed

    each(points(8, 576, body), check)
    assert opened(folder, "k.twa", key) == contents(folder, "data")
