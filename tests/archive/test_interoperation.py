"""Archives between the library and a reader and a writer that others' tools make up."""

from __future__ import annotations

import os
import pathlib
import random
import subprocess

import pytest
import reader
import writer
from writer import DIRECTORY, HARDLINK, SYMLINK, Item, Writer

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("THALWEG_BUILD", ROOT / "build/release"))
PROGRAM = os.environ.get("THALWEG", str(BUILD / "thalweg"))
VECTORS = ROOT / "tests/vectors/archive"
RAW = b"k" * 32


def thalweg(
    *arguments: str, cwd: pathlib.Path, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [PROGRAM, *arguments], cwd=cwd, input=stdin, capture_output=True, timeout=120
    )


def ok(*arguments: str, cwd: pathlib.Path, stdin: bytes = b"") -> bytes:
    done = thalweg(*arguments, cwd=cwd, stdin=stdin)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "raw").write_bytes(RAW)
    (tmp_path / "raw").chmod(0o600)
    return tmp_path


@pytest.fixture
def source() -> random.Random:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    return random.Random(seed)


def make_tree(top: pathlib.Path, source: random.Random) -> None:
    (top / "deep/er").mkdir(parents=True)
    (top / "empty").touch()
    (top / "one").write_bytes(b"1")
    (top / "text").write_text("".join(f"line {n % 97}\n" for n in range(50_000)))
    (top / "noise").write_bytes(source.randbytes(source.randrange(1, 300_000)))
    for edge in (16383, 16384, 16385, 65536):
        (top / f"deep/er/{edge}").write_bytes(source.randbytes(edge))
    (top / "link").symlink_to("text")
    os.link(top / "one", top / "hard")
    with (top / "sparse").open("wb") as file:
        file.seek(3_000_000)
        file.write(b"end")
        file.truncate(5_000_000)
    os.utime(top / "text", ns=(1_234_567_890_123_456_789,) * 2)


def check_against(archive: reader.Archive, top: pathlib.Path) -> None:
    names = {str(path.relative_to(top.parent)) for path in top.rglob("*")} | {top.name}
    assert set(archive.entries) == names
    for entry in archive:
        path = top.parent / entry.path
        info = path.lstat()
        assert entry.modified_ns == info.st_mtime_ns or entry.kind == "hardlink", entry.path
        if entry.kind in ("file", "hardlink"):
            assert archive.content(entry) == path.read_bytes(), entry.path
        elif entry.kind == "symlink":
            assert entry.target == os.readlink(path)
        if entry.kind == "file":
            assert entry.mode == info.st_mode & 0o7777


@pytest.mark.parametrize("codec", ["zstd:3", "zstd:19:long=27", "store", "base64,zstd:1"])
@pytest.mark.parametrize(
    "cipher",
    ["plain", "aes-128-gcm", "aes-192-gcm", "aes-256-gcm", "chacha20-poly1305",
     "xchacha20-poly1305"],
)
def test_the_second_reader_reads_everything(
    folder: pathlib.Path, source: random.Random, codec: str, cipher: str
) -> None:
    make_tree(folder / "data", source)
    keys = [] if cipher == "plain" else ["--key-file", "raw"]
    ok("seal", *keys, "--stages", f"{codec},{cipher},sha256", "data", cwd=folder)
    archive = reader.Archive((folder / "data.twa").read_bytes(), {"raw": RAW})
    check_against(archive, folder / "data")
    assert all(entry.sha256 for entry in archive if entry.kind == "file")


def test_the_second_reader_opens_every_stanza_and_checks_the_signature(
    folder: pathlib.Path, source: random.Random
) -> None:
    make_tree(folder / "data", source)
    ok("keygen", "-o", "key.txt", cwd=folder)
    identity = reader.identity_of((folder / "key.txt").read_text())
    for kdf in ("argon2id:19:2:1", "scrypt:15", "pbkdf2:100000"):
        ok("seal", "-f", "-i", "key.txt", "-r", ok("keygen", "--public", "key.txt", cwd=folder)
           .decode().strip(), "--key-file", "raw", "--passphrase-fd", "0", "--kdf", kdf, "--pad",
           "--sign", "key.txt", "--parity", "10%", "data", cwd=folder, stdin=b"words")
        data = (folder / "data.twa").read_bytes()
        for keys in ({"identity": identity}, {"raw": RAW}, {"passphrase": b"words"}):
            archive = reader.Archive(data, keys)
            check_against(archive, folder / "data")
            assert archive.signer == reader.bech32(
                ok("keygen", "--signer", "key.txt", cwd=folder).decode(), "thalweg-signer")
        with pytest.raises(reader.Wrong):
            reader.Archive(data, {"raw": b"x" * 32})


def test_stock_zstd_expands_a_plain_archive(folder: pathlib.Path) -> None:
    text = os.urandom(100_000) + b"text " * 400_000
    for stages in ("zstd:3", "store"):
        archive = ok("seal", "--plain", "--stages", stages, "-", cwd=folder, stdin=text)
        done = subprocess.run(["zstd", "-d", "-q", "-c"], input=archive, capture_output=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout == text


@pytest.mark.parametrize("suite", [0, 1, 3])
def test_the_library_reads_what_cobblestone_wrote(
    folder: pathlib.Path, source: random.Random, suite: int
) -> None:
    keys = ["--key-file", "raw"] if suite else []
    for _ in range(6):
        sizes = [source.choice([0, 1, 16383, 16384, 16385, source.randrange(400_000)])
                 for _ in range(source.randrange(1, 5))]
        items = [Item(f"f{n}".encode(), source.randbytes(size)) for n, size in enumerate(sizes)]
        made = Writer(suite, RAW, source.choice([4096, 65536, 1 << 20]))
        (folder / "w.twa").write_bytes(made.write(items))
        ok("verify", *keys, "w.twa", cwd=folder)
        for item in items:
            name = item.path.decode()
            cat = ["archive", "cat", *keys, "w.twa", name]
            assert ok(*cat, cwd=folder) == item.content
            begin = source.randrange(len(item.content) + 10)
            end = begin + source.randrange(70_000)
            part = ok(*cat, "--range", f"{begin}-{end}", cwd=folder)
            assert part == item.content[begin : end + 1]
        assert ok("open", "-", *keys, cwd=folder, stdin=(folder / "w.twa").read_bytes()) == (
            b"".join(item.content for item in items))


HOSTILE = {
    "parent": [Item(b"../up", b"x")],
    "inside parent": [Item(b"a/../../up", b"x")],
    "absolute": [Item(b"/tmp/thalweg-up", b"x")],
    "dot": [Item(b"./a", b"x")],
    "empty": [Item(b"", b"x")],
    "zero byte": [Item(b"a\0b", b"x")],
    "slash at the end": [Item(b"a/", b"x")],
    "double slash": [Item(b"a//b", b"x")],
    "too long": [Item(b"a" * 5000, b"x")],
    "link then file through it": [
        Item(b"l", kind=SYMLINK, target=b".."), Item(b"l/up", b"x")],
    "link to the root then file": [
        Item(b"l", kind=SYMLINK, target=b"/"), Item(b"l/tmp/thalweg-up", b"x")],
    "hard link to outside": [Item(b"h", kind=HARDLINK, target=b"../up")],
    "hard link to nothing": [Item(b"h", kind=HARDLINK, target=b"nothing")],
    "file and directory of one name": [Item(b"a", b"x"), Item(b"a/b", b"y")],
    "content behind the stream": [Item(b"a", b"x", size=1000, stored=1000)],
    "content before the stream": [Item(b"a", b"x", offset=(1 << 64) - 8)],
    "size that is no size": [Item(b"a", b"x", size=(1 << 63) + 5, stored=(1 << 63) + 5)],
    "size without content": [Item(b"a", b"x", size=1 << 60, stored=1)],
    "unknown type": [Item(b"a", b"x", kind=9)],
    "set-user-id": [Item(b"a", b"x", mode=0o6755)],
    "directory with content": [Item(b"d", b"x", kind=DIRECTORY)],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_entries_stay_beneath_the_target(folder: pathlib.Path, name: str) -> None:
    """Rightly sealed by somebody who has the key, and meant to do harm."""
    (folder / "h.twa").write_bytes(Writer(3, RAW).write(HOSTILE[name]))
    before = {path.name for path in folder.iterdir()}
    done = thalweg("open", "--key-file", "raw", "h.twa", "-C", "out", cwd=folder)
    assert done.returncode in (0, 3, 64, 65, 73, 75, 77), done.stderr
    assert {path.name for path in folder.iterdir()} - {"out"} == before
    assert not pathlib.Path("/tmp/thalweg-up").exists()
    for path in (folder / "out").rglob("*"):
        assert path.is_symlink() or path.lstat().st_mode & 0o7000 == 0, path
        assert path.is_symlink() or not path.is_file() or path.stat().st_size < 1 << 20
    if name not in ("set-user-id",):
        assert done.returncode != 0 or name in ("directory with content",), done.stderr


def test_a_bomb_is_refused(folder: pathlib.Path) -> None:
    made = Writer(3, RAW, frame_bytes=64 << 20)
    bomb = writer.zstd(bytes(1 << 30))  # Where the index says a few bytes.
    made.edit_frame = lambda _: bomb
    (folder / "b.twa").write_bytes(made.write([Item(b"a", b"small")]))
    for command in (["open", "-C", "out"], ["archive", "cat"]):
        tail = ["a"] if command[0] == "archive" else []
        done = thalweg(*command, "--key-file", "raw", "b.twa", *tail, cwd=folder)
        assert done.returncode in (65, 75, 77), (command, done.stderr)
    assert not list(folder.rglob("out/*"))
    honest = Writer(3, RAW, frame_bytes=8 << 20).write([Item(b"zeros", bytes(64 << 20))])
    (folder / "z.twa").write_bytes(honest)
    done = thalweg("open", "--key-file", "raw", "z.twa", "-C", "z", "--max-size", "1 MiB",
                   cwd=folder)
    assert done.returncode == 75, done.stderr
    assert not [path for path in folder.rglob("z/*") if path.is_file()]


@pytest.mark.parametrize("stages", ["zstd,aes-256-gcm", "base64,store,aes-128-gcm", "plain"])
def test_streams_give_files_as_they_were(folder: pathlib.Path, stages: str) -> None:
    made = folder / "data"
    made.mkdir()
    keys = [] if stages == "plain" else ["--key-file", "raw"]
    (made / "a").write_bytes(b"first")
    for name, size in (("b", 6_000_000), ("c", 100_000), ("e", 700_000)):
        with open(made / name, "wb") as file:
            file.truncate(size)
            if name == "b":
                file.seek(5_000_000)
                file.write(random.Random(7).randbytes(300_000))
    (made / "d").write_bytes(b"dense" * 999)
    ok("seal", *keys, "--stages", stages, "--parity", "15%", "data", cwd=folder)
    (folder / "more").write_bytes(b"appended")
    ok("archive", "append", *keys, "--stages", stages, "data.twa", "more", cwd=folder)
    data = (folder / "data.twa").read_bytes()
    wanted = b"".join((made / name).read_bytes() for name in "abcde") + b"appended"
    archive = reader.Archive(data, {"raw": RAW})
    assert archive.given() == wanted
    piped = subprocess.run(
        [PROGRAM, "open", "-", *keys, "-o", "-"], cwd=folder, input=data, capture_output=True)
    assert piped.returncode == 0, piped.stderr.decode()
    assert piped.stdout == wanted
    ok("open", "data.twa", *keys, "-C", "back", cwd=folder)
    assert (folder / "back/data/b").read_bytes() == (made / "b").read_bytes()


def test_every_cut_and_every_flip_of_a_small_archive(folder: pathlib.Path) -> None:
    """In the second reader, so that the format itself is what refuses them."""
    data = Writer(3, RAW).write([Item(b"a", b"content of a"), Item(b"b", b"b")])
    whole = reader.Archive(data, {"raw": RAW})
    assert whole.content(whole.entries["a"]) == b"content of a"
    for length in range(0, len(data), 7):
        with pytest.raises(Exception):
            reader.Archive(data[:length], {"raw": RAW})
    spare = range(576 + writer.SLOT_BYTES, 576 + 2 * writer.SLOT_BYTES)
    for place in range(0, len(data), 5):
        if place in spare:
            continue  # An empty slot; the library refuses one that is neither empty nor valid.
        bad = bytearray(data)
        bad[place] ^= 1 << place % 8
        with pytest.raises(Exception):
            reader.Archive(bytes(bad), {"raw": RAW})


@pytest.mark.skipif(not VECTORS.is_dir(), reason="no vectors are kept")
@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.twa")), ids=lambda p: p.name)
def test_kept_archives_open_for_ever(folder: pathlib.Path, path: pathlib.Path) -> None:
    key = folder / "key.txt"
    key.write_bytes((VECTORS / "key.txt").read_bytes())
    key.chmod(0o600)
    flags = [] if "plain" in path.name else ["-i", "key.txt"]
    wanted = (VECTORS / "content.txt").read_bytes()
    ok("verify", *flags, str(path), cwd=folder)
    assert ok("archive", "cat", *flags, str(path), "content.txt", cwd=folder) == wanted
    if "lz4" not in path.name and "brotli" not in path.name and "gzip" not in path.name:
        identity = reader.identity_of(key.read_text())
        archive = reader.Archive(path.read_bytes(), {"identity": identity})
        assert archive.content(archive.entries["content.txt"]) == wanted
