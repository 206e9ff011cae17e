"""Sealed archives on the command line: round trips, keys, exit statuses, nothing overwritten."""

from __future__ import annotations

import json
import os
import pathlib
import re
import stat
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("THALWEG_BUILD", ROOT / "build/release"))
PROGRAM = os.environ.get("THALWEG", str(BUILD / "thalweg"))
# What keys cost is not what is tested here.
CHEAP = ("--kdf", "argon2id:19:2:1")


def thalweg(
    *arguments: str,
    cwd: pathlib.Path,
    stdin: bytes | None = None,
    env: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [PROGRAM, *arguments],
        cwd=cwd,
        input=stdin if stdin is not None else b"",
        capture_output=True,
        timeout=120,
        env={**os.environ, **(env or {})},
        start_new_session=True,  # Without a terminal to ask on.
    )


def ok(*arguments: str, cwd: pathlib.Path, stdin: bytes | None = None) -> bytes:
    done = thalweg(*arguments, cwd=cwd, stdin=stdin)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    data = tmp_path / "data"
    (data / "deep/er").mkdir(parents=True)
    (data / "empty").mkdir()
    (data / "a.txt").write_text("alpha\n" * 1000)
    (data / "deep/er/b.bin").write_bytes(bytes(range(256)) * 100)
    (data / "zero").touch()
    (data / "run.sh").write_text("#!/bin/sh\n")
    (data / "run.sh").chmod(0o750)
    (data / "link").symlink_to("a.txt")
    os.link(data / "a.txt", data / "hard")
    os.utime(data / "a.txt", ns=(1_600_000_000_123_456_789,) * 2)
    ok("keygen", "-o", "key.txt", cwd=tmp_path)
    return tmp_path


def recipient(folder: pathlib.Path) -> str:
    return ok("keygen", "--public", "key.txt", cwd=folder).decode().strip()


def sealed(folder: pathlib.Path, *more: str) -> pathlib.Path:
    ok("seal", "-i", "key.txt", "data", "-f", *more, cwd=folder)
    return folder / "data.twa"


def tree(top: pathlib.Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in sorted(top.rglob("*")):
        name = str(path.relative_to(top))
        info = path.lstat()
        if path.is_symlink():
            found[name] = ("link", os.readlink(path))
        elif path.is_dir():
            found[name] = ("directory", stat.S_IMODE(info.st_mode), info.st_mtime_ns)
        else:
            found[name] = (
                path.read_bytes(),
                stat.S_IMODE(info.st_mode),
                info.st_mtime_ns,
                info.st_nlink,
            )
    return found


# Keys


def test_keygen_makes_a_private_file_and_never_replaces_one(folder: pathlib.Path) -> None:
    key = folder / "key.txt"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    assert thalweg("keygen", "-o", "key.txt", cwd=folder).returncode == 73
    assert key.read_bytes() == before
    assert re.fullmatch(r"thalweg1[a-z0-9]+", recipient(folder))
    signer = ok("keygen", "--signer", "key.txt", cwd=folder).decode().strip()
    assert signer.startswith("thalweg-signer1")
    assert recipient(folder).encode() in before  # As a comment.
    assert thalweg("keygen", cwd=folder).returncode == 64


def test_a_key_file_that_others_may_read_is_refused(folder: pathlib.Path) -> None:
    sealed(folder)
    (folder / "key.txt").chmod(0o640)
    done = thalweg("verify", "-i", "key.txt", "data.twa", cwd=folder)
    assert done.returncode == 77
    assert b"chmod 600" in done.stderr


def test_a_key_in_the_arguments_is_refused_and_not_repeated(folder: pathlib.Path) -> None:
    secret = next(
        line
        for line in (folder / "key.txt").read_text().splitlines()
        if line.startswith("THALWEG-SECRET-KEY-1")
    )
    for flag in ("-r", "-i"):
        done = thalweg("seal", flag, secret, "data", cwd=folder)
        assert done.returncode == 64
        assert secret not in done.stderr.decode()
    assert not (folder / "data.twa").exists()


# Round trips


def test_a_tree_comes_back_as_it_was(folder: pathlib.Path) -> None:
    sealed(folder)
    ok("open", "-i", "key.txt", "data.twa", "-C", "back", cwd=folder)
    assert tree(folder / "back/data") == tree(folder / "data")


@pytest.mark.parametrize("codec", ["store", "zstd:1", "zstd:19", "lz4", "gzip", "brotli:4", "auto"])
def test_every_codec(folder: pathlib.Path, codec: str) -> None:
    sealed(folder, "--stages", codec)
    ok("open", "-i", "key.txt", "data.twa", "-C", "back", cwd=folder)
    assert tree(folder / "back/data") == tree(folder / "data")


@pytest.mark.parametrize(
    "cipher",
    ["aes-128-gcm", "aes-192-gcm", "aes-256-gcm", "chacha20-poly1305", "xchacha20-poly1305"],
)
def test_every_cipher(folder: pathlib.Path, cipher: str) -> None:
    sealed(folder, "--stages", f"zstd,{cipher},sha256")
    assert cipher.encode() in ok("archive", "info", "data.twa", cwd=folder)
    ok("verify", "-i", "key.txt", "data.twa", cwd=folder)
    ok("open", "-i", "key.txt", "data.twa", "-C", "back", cwd=folder)
    assert tree(folder / "back/data") == tree(folder / "data")


def test_plain_needs_no_key_and_no_question(folder: pathlib.Path) -> None:
    ok("seal", "--plain", "data", cwd=folder)
    ok("open", "data.twa", "-C", "back", cwd=folder)
    assert tree(folder / "back/data") == tree(folder / "data")
    refused = thalweg("open", "--require-encrypted", "data.twa", "-C", "b", cwd=folder)
    assert refused.returncode == 77
    assert not (folder / "b").exists()


def test_passphrase_from_a_file_and_from_a_descriptor(folder: pathlib.Path) -> None:
    secret = folder / "pass"
    secret.write_text("correct horse\n")
    secret.chmod(0o600)
    ok("seal", "--passphrase-file", "pass", *CHEAP, "data", cwd=folder)
    ok("verify", "--passphrase-fd", "0", "data.twa", cwd=folder, stdin=b"correct horse\n")
    wrong = thalweg("verify", "--passphrase-fd", "0", "data.twa", cwd=folder, stdin=b"battery\n")
    assert wrong.returncode == 77
    assert b"battery" not in wrong.stderr


@pytest.mark.parametrize("kdf", ["argon2id:19:2:1", "scrypt:15", "pbkdf2:100000"])
def test_every_kdf(folder: pathlib.Path, kdf: str) -> None:
    ok("seal", "--passphrase-fd", "0", "--kdf", kdf, "data", cwd=folder, stdin=b"secret")
    assert kdf.partition(":")[0].encode() in ok("archive", "info", "data.twa", cwd=folder)
    ok("verify", "--passphrase-fd", "0", "data.twa", cwd=folder, stdin=b"secret")


def test_raw_key_file_and_several_recipients(folder: pathlib.Path) -> None:
    (folder / "raw").write_text("0f" * 32 + "\n")
    (folder / "raw").chmod(0o600)
    ok("keygen", "-o", "other.txt", cwd=folder)
    other = ok("keygen", "--public", "other.txt", cwd=folder).decode()
    (folder / "team").write_text(f"# the team\n\n{other}")
    ok("seal", "-r", recipient(folder), "-R", "team", "--key-file", "raw", "data", cwd=folder)
    for flags in (("-i", "key.txt"), ("-i", "other.txt"), ("--key-file", "raw")):
        ok("verify", *flags, "data.twa", cwd=folder)
    (folder / "raw").write_text("0e" * 32)
    assert thalweg("verify", "--key-file", "raw", "data.twa", cwd=folder).returncode == 77


def test_a_key_command_wraps_and_unwraps(folder: pathlib.Path) -> None:
    script = folder / "vault"
    script.write_text('#!/bin/sh\necho "$1" >> calls\ntr "\\000-\\377" "\\200-\\377\\000-\\177"\n')
    script.chmod(0o700)
    ok("seal", "--key-command", "./vault", "data", cwd=folder)
    ok("open", "--key-command", "./vault", "data.twa", "-C", "back", cwd=folder)
    assert (folder / "calls").read_text() == "wrap\nunwrap\n"
    assert tree(folder / "back/data") == tree(folder / "data")
    failing = thalweg("open", "--key-command", "false", "data.twa", cwd=folder)
    assert failing.returncode == 77
    assert b"key command" in failing.stderr


def test_without_keys_and_without_a_terminal_it_fails(folder: pathlib.Path) -> None:
    done = thalweg("seal", "data", cwd=folder)
    assert done.returncode == 64
    assert b"--plain" in done.stderr
    assert not (folder / "data.twa").exists()


# Streams


def test_stdin_to_stdout_and_back(folder: pathlib.Path) -> None:
    text = os.urandom(300_000) + b"end"
    archive = ok("seal", "-i", "key.txt", "-", cwd=folder, stdin=text)
    assert ok("open", "-", "-i", "key.txt", cwd=folder, stdin=archive) == text
    (folder / "s.twa").write_bytes(archive)
    assert ok("archive", "list", "-i", "key.txt", "s.twa", cwd=folder) == b"stdin\n"
    assert ok("open", "s.twa", "-i", "key.txt", "-o", "-", cwd=folder) == text
    ok("open", "s.twa", "-i", "key.txt", "-o", "out", cwd=folder)
    assert (folder / "out").read_bytes() == text
    assert thalweg("open", "s.twa", "-i", "key.txt", "-o", "out", cwd=folder).returncode == 73


def test_one_file_is_restored_under_another_name(folder: pathlib.Path) -> None:
    inside = folder / "data" / "one.bin"
    inside.write_bytes(os.urandom(9_000_000))
    inside.chmod(0o640)
    os.utime(inside, (1_000_000_000, 1_000_000_000))
    ok("seal", "-i", "key.txt", "data", "-o", "d.twa", "-f", cwd=folder)
    opens = ("open", "d.twa", "-i", "key.txt")
    (folder / "there").mkdir()
    ok(*opens, "data/one.bin", "-o", "there/two.bin", "--sync", cwd=folder)
    copy = folder / "there" / "two.bin"
    assert copy.read_bytes() == inside.read_bytes()
    assert copy.stat().st_mode & 0o777 == 0o640
    assert copy.stat().st_mtime == 1_000_000_000
    assert [path.name for path in (folder / "there").iterdir()] == ["two.bin"]

    done = thalweg(*opens, "data", "-o", "all", cwd=folder)
    assert done.returncode == 64
    assert b"do not fit into one" in done.stderr
    assert thalweg(*opens, "data/one.bin", "-o", "there", cwd=folder).returncode == 64
    assert thalweg(*opens, "data/one.bin", "-o", "there/", cwd=folder).returncode == 64
    assert ok(*opens, "data/one.bin", "-o", "/dev/null", "-f", cwd=folder) == b""
    assert not (folder / "all").exists()


def test_a_pipe_that_ends_early_fails(folder: pathlib.Path) -> None:
    archive = ok("seal", "-i", "key.txt", "-", cwd=folder, stdin=os.urandom(300_000))
    for cut in (len(archive) - 1, len(archive) // 2, 700, 10, 0):
        done = thalweg("open", "-", "-i", "key.txt", "-o", "-", cwd=folder, stdin=archive[:cut])
        assert done.returncode in (65, 77), (cut, done.stderr)
        done = thalweg("open", "-", "-i", "key.txt", "-o", "f", cwd=folder, stdin=archive[:cut])
        assert done.returncode in (65, 77)
        assert not (folder / "f").exists()
    assert [path.name for path in folder.iterdir() if path.name.endswith(".part")] == []


def test_a_reader_that_goes_away_is_no_failure(folder: pathlib.Path) -> None:
    (folder / "data/big").write_bytes(os.urandom(3_000_000))
    sealed(folder)
    done = subprocess.run(
        ["bash", "-c", f"'{PROGRAM}' open -i key.txt data.twa -o - | head -c 100 | wc -c; "
         "echo ${PIPESTATUS[0]}"],
        cwd=folder, capture_output=True, text=True, timeout=60,
    )
    assert done.stdout.split() == ["100", "0"], done.stderr


# Looking inside


def test_list_cat_and_info(folder: pathlib.Path) -> None:
    sealed(folder)
    names = ok("archive", "list", "-i", "key.txt", "data.twa", cwd=folder).decode().splitlines()
    assert "data/deep/er/b.bin" in names and "data/zero" in names and "data/link" in names
    some = ok("archive", "list", "-i", "key.txt", "data.twa", "data/deep", cwd=folder)
    assert b"data/deep/er/b.bin" in some and b"a.txt" not in some
    long = ok("archive", "list", "-l", "-i", "key.txt", "data.twa", cwd=folder).decode()
    assert "-rwxr-x---" in long and "data/link -> a.txt" in long
    rows = [
        json.loads(line)
        for line in ok("archive", "list", "--json", "-i", "key.txt", "data.twa", cwd=folder)
        .decode()
        .splitlines()
    ]
    by_path = {row["path"]: row for row in rows}
    assert by_path["data/deep/er/b.bin"]["size"] == 25600
    assert by_path["data/a.txt"]["modified"] == "2020-09-13T12:26:40Z"
    info = json.loads(ok("archive", "info", "--json", "data.twa", cwd=folder))
    assert info["keys"] == "x25519" and "entries" not in info
    info = json.loads(ok("archive", "info", "--json", "-i", "key.txt", "data.twa", cwd=folder))
    assert info["entries"] == len(rows)
    text = (folder / "data/a.txt").read_bytes()
    cat = ("archive", "cat", "-i", "key.txt", "data.twa", "data/a.txt")
    assert ok(*cat, cwd=folder) == text
    assert ok(*cat, "--range", "10-19", cwd=folder) == text[10:20]
    assert ok(*cat, "--range", "5990-", cwd=folder) == text[5990:]
    assert ok(*cat, "--range", "-7", cwd=folder) == text[-7:]
    assert ok(*cat, "--range", "99999-", cwd=folder) == b""
    for wrong in ("7", "x-y", "9-3", "-"):
        assert thalweg(*cat, "--range", wrong, cwd=folder).returncode == 64
    missing = thalweg("archive", "cat", "-i", "key.txt", "data.twa", "nope", cwd=folder)
    assert missing.returncode == 66


def test_entries_can_be_chosen(folder: pathlib.Path) -> None:
    sealed(folder)
    ok("open", "-i", "key.txt", "data.twa", "-C", "some", "data/deep", "data/*.txt", cwd=folder)
    files = {str(p.relative_to(folder / "some")) for p in (folder / "some").rglob("*")
             if p.is_file()}
    assert files == {"data/deep/er/b.bin", "data/a.txt"}
    assert thalweg("open", "-i", "key.txt", "data.twa", "nope", cwd=folder).returncode == 66


def test_names_with_control_characters_are_shown_escaped(folder: pathlib.Path) -> None:
    evil = folder / "evil"
    evil.mkdir()
    (evil / "a\x1b[31m\nb").write_text("x")
    os.close(os.open(bytes(evil) + b"/\xff\xfe", os.O_CREAT | os.O_WRONLY))
    ok("seal", "--plain", "evil", cwd=folder)
    long = ok("archive", "list", "-l", "evil.twa", cwd=folder)
    assert b"\x1b" not in long and b"\\x1B" in long and b"\\xFF\\xFE" in long
    names = ok("archive", "list", "-0", "evil.twa", cwd=folder).split(b"\0")
    assert b"evil/a\x1b[31m\nb" in names and b"evil/\xff\xfe" in names
    ok("open", "evil.twa", "-C", "back", cwd=folder)
    assert tree(folder / "back/evil") == tree(evil)


# Damage and malice


def test_damage_is_found_and_leaves_nothing(folder: pathlib.Path) -> None:
    archive = sealed(folder)
    good = archive.read_bytes()
    for place in (20, 100, 700, len(good) // 2, len(good) - 40):
        bad = bytearray(good)
        bad[place] ^= 0x40
        archive.write_bytes(bad)
        # Nothing vouches for the key slots to somebody who has no key.
        for flags in (("-i", "key.txt"),) if place == 700 else ((), ("-i", "key.txt")):
            done = thalweg("verify", *flags, "data.twa", cwd=folder)
            assert done.returncode in (64, 65, 69, 77), (place, flags, done.stderr)
        opened = thalweg("open", "-i", "key.txt", "data.twa", "-C", "back", cwd=folder)
        if opened.returncode == 0:  # What was not looked at may be damaged: a spare slot, the tree.
            assert tree(folder / "back/data") == tree(folder / "data")
            subprocess.run(["rm", "-rf", folder / "back"], check=True)
        else:
            left = [path for path in folder.rglob("back/**/*") if path.is_file()]
            assert all(path.read_bytes() == (folder / path.relative_to(folder / "back"))
                       .read_bytes() for path in left)


def test_truncation_is_found(folder: pathlib.Path) -> None:
    archive = sealed(folder)
    good = archive.read_bytes()
    for length in (0, 1, 63, 600, len(good) // 3, len(good) - 1):
        archive.write_bytes(good[:length])
        done = thalweg("open", "-i", "key.txt", "data.twa", "-C", "back", cwd=folder)
        assert done.returncode == 65, (length, done.stderr)
        assert not [path for path in folder.rglob("back/**/*") if path.is_file()]


def test_the_wrong_key(folder: pathlib.Path) -> None:
    sealed(folder)
    ok("keygen", "-o", "other.txt", cwd=folder)
    done = thalweg("open", "-i", "other.txt", "data.twa", "-C", "back", cwd=folder)
    assert done.returncode == 77
    assert not (folder / "back").exists()
    keyless = thalweg("open", "data.twa", "-C", "back", cwd=folder)
    assert keyless.returncode == 77
    assert b"-i KEYFILE" in keyless.stderr


def test_signatures(folder: pathlib.Path) -> None:
    signer = ok("keygen", "--signer", "key.txt", cwd=folder).decode().strip()
    sealed(folder, "--sign", "key.txt")
    assert signer.encode() in ok("verify", "--signer", signer, "data.twa", cwd=folder)
    (folder / "signer.pub").write_text(f"# ours\n{signer}\n")
    ok("verify", "-i", "key.txt", "--signer", "signer.pub", "data.twa", cwd=folder)
    ok("keygen", "-o", "other.txt", cwd=folder)
    other = ok("keygen", "--signer", "other.txt", cwd=folder).decode().strip()
    assert thalweg("verify", "--signer", other, "data.twa", cwd=folder).returncode == 77
    sealed(folder)
    assert thalweg("verify", "--signer", signer, "data.twa", cwd=folder).returncode == 77


# Nothing is overwritten


def test_nothing_is_overwritten_without_force(folder: pathlib.Path) -> None:
    archive = sealed(folder)
    before = archive.read_bytes()
    done = thalweg("seal", "-i", "key.txt", "data", cwd=folder)
    assert done.returncode == 73
    assert b"--force" in done.stderr
    assert archive.read_bytes() == before
    (folder / "back/data").mkdir(parents=True)
    (folder / "back/data/a.txt").write_text("mine")
    done = thalweg("open", "-i", "key.txt", "data.twa", "-C", "back", cwd=folder)
    assert done.returncode in (3, 73)
    assert (folder / "back/data/a.txt").read_text() == "mine"
    ok("open", "-f", "-i", "key.txt", "data.twa", "-C", "back", cwd=folder)
    assert (folder / "back/data/a.txt").read_text() == "alpha\n" * 1000


def test_usage_mistakes(folder: pathlib.Path) -> None:
    for arguments in (
        ("seal",),
        ("seal", "--plain", "data", "key.txt"),  # Several inputs and no name.
        ("seal", "--plain", "."),
        ("seal", "--plain", "-i", "key.txt", "data"),
        ("seal", "--stages", "zstd:99", "-i", "key.txt", "data"),
        ("seal", "--stages", "rot13", "-i", "key.txt", "data"),
        ("seal", "--parity", "0%", "-i", "key.txt", "data"),
        ("seal", "-r", "thalweg1nonsense", "data"),
        ("seal", "--kdf", "md5", "--passphrase-fd", "0", "data"),
        ("open",),
        ("open", "data.twa", "-o", "x", "-C", "y"),
        ("archive",),
        ("archive", "rekey", "data.twa", "-i", "key.txt"),
    ):
        done = thalweg(*arguments, cwd=folder, stdin=b"secret")
        assert done.returncode == 64, (arguments, done.stderr)
        assert done.stderr.startswith(b"error: ")
    assert thalweg("seal", "--plain", "nothing", cwd=folder).returncode == 66
    assert thalweg("open", "nothing.twa", cwd=folder).returncode == 66
    assert not list(folder.glob("*.twa"))


def test_sql_reads_inside_an_archive(folder: pathlib.Path) -> None:
    orders = folder / "orders"
    orders.mkdir()
    (orders / "a.csv").write_text("id,v\n1,2.5\n2,3.5\n")
    (orders / "b.csv").write_text("id,v\n3,1.0\n")
    ok("sql", "COPY (SELECT * FROM 'orders/*.csv') TO 'orders/all.parquet'", cwd=folder)
    recipient = ok("keygen", "--public", "key.txt", cwd=folder).decode().split()[0]
    ok("seal", "-r", recipient, "orders", "-o", "o.twa", cwd=folder)
    for read in (
        "read_csv('twa:o.twa!/orders/*.csv'",
        "read_parquet('twa:o.twa!/orders/all.parquet'",
    ):
        query = f"SELECT sum(id) AS n, sum(v) AS v FROM {read}, key := 'file:key.txt')"
        assert ok("sql", "--format", "csv", query, cwd=folder) == b"n,v\n6,7.0\n"
    refused = thalweg("sql", "SELECT * FROM 'twa:o.twa!/orders/*.csv'", cwd=folder)
    assert refused.returncode == 77 and b"no key" in refused.stderr
