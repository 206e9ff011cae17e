"""Sealed archives from Python."""

from __future__ import annotations

import io
import os
import pathlib
import random
import threading

import pytest

import thalweg
from thalweg import archive

CHEAP = {"memory_kib": 19 << 10, "passes": 2, "lanes": 1}


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "src/deep").mkdir(parents=True)
    (tmp_path / "src/a.txt").write_bytes(b"alpha\n" * 10_000)
    (tmp_path / "src/deep/b").write_bytes(bytes(range(256)) * 4000)
    (tmp_path / "src/link").symlink_to("a.txt")
    return tmp_path


def test_paths_bytes_and_streams(folder: pathlib.Path) -> None:
    public = archive.keygen(folder / "key.txt")
    stream = io.BytesIO(b"streamed" * 1000)
    report = archive.seal(
        [
            folder / "src",
            archive.Content("note", b"hello"),
            archive.Content("piped", stream, mode=0o600),
        ],
        folder / "a.twa",
        recipients=public.recipient,
        sha256=True,
    )
    assert report["unreadable"] == [] and report["changed"] == []
    assert report["run"]["outcome"] == "ok"
    with archive.open(folder / "a.twa", identity=folder / "key.txt") as sealed:
        assert len(sealed) == report["entries"] == 7
        assert [e.path for e in sealed if e.is_file] == ["src/a.txt", "src/deep/b", "note", "piped"]
        assert sealed["note"].read() == b"hello"
        assert sealed.read("piped") == stream.getvalue()
        assert sealed["piped"].mode == 0o600
        assert sealed["src/link"].target == "a.txt"
        assert sealed["src/a.txt"].modified_ns == (folder / "src/a.txt").stat().st_mtime_ns
        assert len(sealed["note"].sha256 or b"") == 32
        assert "src" in sealed and "nothing" not in sealed
        with pytest.raises(thalweg.NotFoundError):
            sealed["nothing"]
        with pytest.raises(thalweg.InvalidArgumentError):
            sealed["src"].open()
        assert sealed.verify()["with_key"]
        assert sealed.info["cipher"] == "aes-256-gcm" or sealed.info["cipher"].startswith("chacha")
    with pytest.raises(ValueError):
        sealed.verify()


def test_content_is_a_seekable_file(folder: pathlib.Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    source = random.Random(seed)
    data = source.randbytes(9_000_000)
    archive.seal(archive.Content("x", data), folder / "x.twa", plain=True)
    with archive.open(folder / "x.twa") as sealed, sealed.open("x") as file:
        assert file.readable() and file.seekable() and not file.writable()
        for _ in range(200):
            at = source.randrange(len(data) + 1000)
            length = source.randrange(70_000)
            assert file.seek(at) == at
            assert file.read(length) == data[at : at + length]
        assert file.seek(-5, io.SEEK_END) == len(data) - 5
        assert file.read() == data[-5:]
        assert file.read() == b""


def test_several_threads_read_one_archive(folder: pathlib.Path) -> None:
    data = os.urandom(6_000_000)
    archive.seal(archive.Content("x", data), folder / "x.twa", key=b"k" * 32)
    sealed = archive.open(folder / "x.twa", key=b"k" * 32)
    wrong: list[int] = []

    def read(start: int) -> None:
        with sealed.open("x") as file:
            for at in range(start, len(data), 400_000):
                file.seek(at)
                if file.read(1000) != data[at : at + 1000]:
                    wrong.append(at)

    threads = [threading.Thread(target=read, args=(n * 1000,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_every_kind_of_key(folder: pathlib.Path) -> None:
    calls = []

    def wrap(key: bytes) -> bytes:
        calls.append("wrap")
        return bytes(b ^ 0x5A for b in key)

    def unwrap(blob: bytes) -> bytes:
        calls.append("unwrap")
        return bytes(b ^ 0x5A for b in blob)

    recipients = [
        archive.Recipient.passphrase("words", **CHEAP),
        archive.Recipient.raw_key(b"r" * 32),
        archive.Recipient.command(wrap),
    ]
    archive.seal(archive.Content("x", b"data"), folder / "x.twa", recipients=recipients)
    for identity in (
        archive.Identity.passphrase("words"),
        archive.Identity.raw_key(b"r" * 32),
        archive.Identity.command(unwrap),
    ):
        with archive.open(folder / "x.twa", identity=identity) as sealed:
            assert sealed.read("x") == b"data"
    assert calls == ["wrap", "unwrap"]
    with pytest.raises(thalweg.UnauthenticatedError):
        archive.open(folder / "x.twa", passphrase="other")
    with pytest.raises(thalweg.UnauthenticatedError):
        archive.open(folder / "x.twa")
    with pytest.raises(thalweg.InvalidArgumentError):
        archive.Recipient.passphrase("words", kdf="md5")
    assert "words" not in repr(archive.Identity.passphrase("words"))


def test_key_files(folder: pathlib.Path) -> None:
    path = folder / "key.txt"
    public = archive.keygen(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(thalweg.AlreadyExistsError):
        archive.keygen(path)
    path.chmod(0o644)
    with pytest.raises(thalweg.UnauthenticatedError):
        archive.Identity.file(path)
    path.chmod(0o600)
    archive.seal(
        archive.Content("x", b"data"), folder / "x.twa", recipients=public.recipient, sign=path
    )
    with archive.open(folder / "x.twa", identity=path, signer=public.signer) as sealed:
        assert sealed.verify()["signer"] == public.signer
    other = archive.keygen(folder / "other.txt")
    with pytest.raises(thalweg.UnauthenticatedError):
        archive.open(folder / "x.twa", identity=path, signer=other.signer)
    with pytest.raises(thalweg.NotFoundError):
        archive.Identity.file(folder / "nothing")


def test_extract_and_compare(folder: pathlib.Path) -> None:
    archive.seal(folder / "src", folder / "a.twa", plain=True)
    with archive.open(folder / "a.twa") as sealed:
        done = sealed.extract(folder / "back")
        assert done["entries"] == len(sealed) and done["skipped"] == []
        assert (folder / "back/src/deep/b").read_bytes() == (folder / "src/deep/b").read_bytes()
        assert os.readlink(folder / "back/src/link") == "a.txt"
        assert sealed.extract(folder / "some", entries="src/deep")["bytes"] == 1_024_000
        sealed.extract(folder / "one", entries="src/deep", rename="c")
        assert [path.name for path in (folder / "one").iterdir()] == ["c"]
        assert (folder / "one/c").read_bytes() == (folder / "src/deep/b").read_bytes()
        with pytest.raises(thalweg.InvalidArgumentError, match="do not fit into one"):
            sealed.extract(folder / "some", entries="src", rename="one")
        assert sealed.compare(folder / "src") == []
        (folder / "src/a.txt").write_bytes(b"beta\n")
        found = {d.kind for d in sealed.compare(folder / "src") if d.path == "src/a.txt"}
        assert found and found <= {"size", "content", "metadata"}


def test_to_and_from_binary_files(folder: pathlib.Path) -> None:
    target = io.BytesIO()
    archive.seal(folder / "src", target, passphrase="pw")
    with archive.open(target, passphrase="pw") as sealed:
        assert sealed.read("src/a.txt") == (folder / "src/a.txt").read_bytes()


def test_failures_of_streams_are_told(folder: pathlib.Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError("the tape tore")

    with pytest.raises(thalweg.IoError, match="the tape tore"):
        archive.seal(archive.Content("x", Broken()), folder / "x.twa", plain=True)
    assert not (folder / "x.twa").exists()
    with pytest.raises(TypeError, match="unknown option 'levle'"):
        archive.seal(folder / "src", folder / "x.twa", plain=True, levle=3)
    with pytest.raises(thalweg.InvalidArgumentError):
        archive.seal(folder / "src", folder / "x.twa")
    with pytest.raises(thalweg.InvalidArgumentError):
        archive.seal(folder / "src", folder / "x.twa", plain=True, stages="rot13")


def test_damage_is_an_error(folder: pathlib.Path) -> None:
    archive.seal(archive.Content("x", os.urandom(50_000)), folder / "x.twa", key=b"k" * 32)
    good = (folder / "x.twa").read_bytes()
    (folder / "x.twa").write_bytes(good[:-1])
    with pytest.raises(thalweg.CorruptionError):
        archive.open(folder / "x.twa", key=b"k" * 32)
    bad = bytearray(good)
    bad[len(bad) // 2] ^= 1
    (folder / "x.twa").write_bytes(bad)
    with pytest.raises(thalweg.Error):
        archive.verify(folder / "x.twa")
    with archive.open(folder / "x.twa", key=b"k" * 32) as sealed:
        with pytest.raises((thalweg.UnauthenticatedError, thalweg.CorruptionError)):
            sealed.verify()
        with pytest.raises((thalweg.UnauthenticatedError, thalweg.CorruptionError)):
            sealed.read("x")


def test_append_rekey_and_repair(folder: pathlib.Path) -> None:
    path = folder / "a.twa"
    archive.seal(folder / "src", path, key=b"k" * 32, parity=20)
    archive.append(path, archive.Content("more", b"added"), key=b"k" * 32)
    archive.rekey(path, key=b"k" * 32, new_key=b"n" * 32)
    with pytest.raises(thalweg.UnauthenticatedError):
        archive.open(path, key=b"k" * 32)
    with archive.open(path, key=b"n" * 32) as sealed:
        assert sealed.read("more") == b"added"
        assert sealed.read("src/a.txt") == (folder / "src/a.txt").read_bytes()
    archive.rekey(path, key=b"n" * 32, new_key=b"f" * 32, full=True, output=folder / "b.twa")
    with archive.open(folder / "b.twa", key=b"f" * 32) as sealed:
        assert sealed.read("more") == b"added"
    archive.seal(folder / "src", folder / "p.twa", plain=True, parity=20)
    good = (folder / "p.twa").read_bytes()
    bad = bytearray(good)
    bad[len(bad) // 2] ^= 0xFF
    (folder / "p.twa").write_bytes(bad)
    assert archive.repair(folder / "p.twa")["shards_corrected"] == 1
    assert (folder / "p.twa").read_bytes() == good


def test_progress_is_told(folder: pathlib.Path) -> None:
    seen: list[dict[str, int]] = []
    archive.seal(
        archive.Content("x", os.urandom(20_000_000)),
        folder / "x.twa",
        plain=True,
        on_progress=seen.append,
    )
    assert seen and seen[-1]["bytes_in"] == 20_000_000
