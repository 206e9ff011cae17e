"""Changing, comparing and repairing archives; stages, profiles, reports, prompts."""

from __future__ import annotations

import json
import os
import pathlib
import pty
import re
import select
import subprocess
import time
import urllib.request

import pytest
from test_archive import CHEAP, PROGRAM, folder, ok, recipient, sealed, thalweg, tree

__all__ = ["folder"]


def test_compare(folder: pathlib.Path) -> None:
    sealed(folder)
    compare = ("archive", "compare", "-i", "key.txt", "data.twa", "data")
    assert ok(*compare, cwd=folder) == b""
    (folder / "data/a.txt").write_text("alpha\n" * 999 + "omega\n")
    (folder / "data/new").touch()
    (folder / "data/zero").unlink()
    done = thalweg(*compare, cwd=folder)
    assert done.returncode == 1
    text = done.stdout.decode()
    assert "data/a.txt: content" in text or "data/a.txt: metadata" in text
    assert "data/new: only on disk" in text and "data/zero: only in archive" in text
    rows = [json.loads(line) for line in thalweg(*compare, "--json", cwd=folder)
            .stdout.decode().splitlines()]
    assert {"path": "data/zero", "kind": "only in archive"}.items() <= {
        row["path"]: row for row in rows}["data/zero"].items()


def test_append(folder: pathlib.Path) -> None:
    sealed(folder)
    (folder / "more.txt").write_text("more")
    ok("archive", "append", "-i", "key.txt", "data.twa", "more.txt", cwd=folder)
    ok("archive", "append", "-i", "key.txt", "data.twa", "-", "--name", "piped", cwd=folder,
       stdin=b"from a pipe")
    ok("verify", "-i", "key.txt", "data.twa", cwd=folder)
    ok("open", "-i", "key.txt", "data.twa", "-C", "back", cwd=folder)
    assert tree(folder / "back/data") == tree(folder / "data")
    assert (folder / "back/more.txt").read_text() == "more"
    assert (folder / "back/piped").read_text() == "from a pipe"
    (folder / "more.txt").write_text("newer")
    ok("archive", "append", "-i", "key.txt", "data.twa", "more.txt", cwd=folder)
    assert ok("archive", "cat", "-i", "key.txt", "data.twa", "more.txt", cwd=folder) == b"newer"


def test_rekey_changes_no_byte_of_the_body(folder: pathlib.Path) -> None:
    archive = sealed(folder)
    before = archive.read_bytes()
    ok("keygen", "-o", "new.txt", cwd=folder)
    new = ok("keygen", "--public", "new.txt", cwd=folder).decode().strip()
    ok("archive", "rekey", "data.twa", "-i", "key.txt", "-r", new, cwd=folder)
    after = archive.read_bytes()
    assert len(after) == len(before) and after[-1000:] == before[-1000:]
    assert thalweg("verify", "-i", "key.txt", "data.twa", cwd=folder).returncode == 77
    ok("verify", "-i", "new.txt", "data.twa", cwd=folder)
    ok("archive", "rekey", "data.twa", "-i", "new.txt", "--new-passphrase-fd", "0", *CHEAP,
       cwd=folder, stdin=b"words")
    ok("open", "--passphrase-fd", "0", "data.twa", "-C", "back", cwd=folder, stdin=b"words")
    assert tree(folder / "back/data") == tree(folder / "data")


def test_full_rekey(folder: pathlib.Path) -> None:
    archive = sealed(folder)
    before = archive.read_bytes()
    ok("keygen", "-o", "new.txt", cwd=folder)
    new = ok("keygen", "--public", "new.txt", cwd=folder).decode().strip()
    ok("archive", "rekey", "--full", "data.twa", "-i", "key.txt", "-r", new, "-o", "new.twa",
       "--cipher", "chacha20-poly1305", cwd=folder)
    assert archive.read_bytes() == before
    assert b"chacha20-poly1305" in ok("archive", "info", "new.twa", cwd=folder)
    ok("open", "-i", "new.txt", "new.twa", "-C", "back", cwd=folder)
    assert tree(folder / "back/data") == tree(folder / "data")


@pytest.mark.parametrize("beside", [False, True])
def test_repair(folder: pathlib.Path, beside: bool) -> None:
    (folder / "data/noise").write_bytes(os.urandom(200_000))
    archive = sealed(folder, "--parity", "20%", *(["--parity-beside"] if beside else []))
    assert (folder / "data.twa.par").exists() == beside
    good = archive.read_bytes()
    assert b"no damage" in ok("archive", "repair", "data.twa", cwd=folder)
    bad = bytearray(good)
    bad[5000:5100] = bytes(100)
    bad[80_000] ^= 1
    archive.write_bytes(bad)
    assert thalweg("verify", "data.twa", cwd=folder).returncode == 65
    ok("archive", "repair", "data.twa", "-o", "fixed.twa", cwd=folder)
    assert archive.read_bytes() == bytes(bad)
    assert (folder / "fixed.twa").read_bytes() == good
    assert b"corrected" in ok("archive", "repair", "data.twa", cwd=folder)
    assert archive.read_bytes() == good
    bad[10_000:150_000] = bytes(140_000)
    archive.write_bytes(bad)
    done = thalweg("archive", "repair", "data.twa", cwd=folder)
    assert done.returncode == 65
    assert archive.read_bytes() == bytes(bad)


def test_pii_mask_says_that_it_loses_data(folder: pathlib.Path) -> None:
    (folder / "mail.txt").write_text("from ann@example.com, 123-45-6789\n")
    done = thalweg("seal", "-i", "key.txt", "--stages", "pii-mask,zstd", "mail.txt", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert b"loses data" in done.stderr
    assert ok("open", "-i", "key.txt", "mail.txt.twa", "-o", "-", cwd=folder) == (
        b"from ***@*******.***, ***-**-****\n"
    )
    assert b"pii-mask" in ok("archive", "info", "-i", "key.txt", "mail.txt.twa", cwd=folder)
    (folder / "noise").write_bytes(bytes(range(256)))
    refused = thalweg("seal", "-i", "key.txt", "--stages", "pii-mask", "noise", cwd=folder)
    assert refused.returncode == 64
    assert not (folder / "noise.twa").exists()
    told = thalweg(
        "seal", "-i", "key.txt", "--stages", "pii-mask", "--mask-binary", "noise", cwd=folder
    )
    assert told.returncode == 0, told.stderr


def test_stages_that_watch(folder: pathlib.Path) -> None:
    (folder / "in.txt").write_text("some text\n")
    stages = "passthrough,tee:copy.txt,debug:raw,base64,zstd:9"
    ok("seal", "-i", "key.txt", "--stages", stages, "in.txt", cwd=folder)
    assert (folder / "copy.txt").read_text() == "some text\n"
    assert ok("open", "-i", "key.txt", "in.txt.twa", "-o", "-", cwd=folder) == b"some text\n"
    cat = ("archive", "cat", "-i", "key.txt", "in.txt.twa", "in.txt", "--range", "5-8")
    assert ok(*cat, cwd=folder) == b"text"


def test_levels_as_zstd_users_know_them(folder: pathlib.Path) -> None:
    (folder / "data/text").write_text("".join(f"line {i * i}\n" for i in range(20_000)))
    sizes = {}
    for level in ("-1", "-19"):
        sealed(folder, level)
        info = ok("archive", "info", "-i", "key.txt", "data.twa", cwd=folder).decode()
        assert f"zstd:{level[1:]}" in info
        sizes[level] = (folder / "data.twa").stat().st_size
    assert sizes["-19"] < sizes["-1"]


def test_exclude_and_metadata(folder: pathlib.Path) -> None:
    sealed(folder, "--exclude", "*.bin", "--exclude", "data/empty", "--no-metadata")
    names = ok("archive", "list", "-i", "key.txt", "data.twa", cwd=folder).decode().split()
    assert "data/deep/er/b.bin" not in names and "data/empty" not in names
    assert "data/deep/er" in names and "data/a.txt" in names


def test_profiles(folder: pathlib.Path) -> None:
    env = {"XDG_CONFIG_HOME": str(folder / "config")}

    def profile(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return thalweg("archive", "profile", *arguments, cwd=folder, env=env)

    assert profile("list").stdout == b""
    assert profile("create", "nightly", "--stages", "zstd:9,sha256").returncode == 0
    assert profile("create", "nightly", "--stages", "lz4").returncode == 73
    assert profile("create", "fast", "--stages", "lz4").returncode == 0
    assert profile("create", "bad", "--stages", "rot13").returncode == 64
    assert profile("create", "b/d", "--stages", "lz4").returncode == 64
    assert b"zstd:9" in profile("show", "nightly").stdout
    assert [line.split()[0] for line in profile("list").stdout.splitlines()] == [
        b"fast", b"nightly"]
    done = thalweg("seal", "-i", "key.txt", "--profile", "nightly", "data", cwd=folder, env=env)
    assert done.returncode == 0, done.stderr
    assert b"zstd:9" in ok("archive", "info", "-i", "key.txt", "data.twa", cwd=folder)
    assert profile("delete", "nightly").returncode == 0
    assert profile("show", "nightly").returncode == 66
    assert profile("delete", "nightly").returncode == 66


def test_report_has_stages_waits_and_a_verdict(folder: pathlib.Path) -> None:
    sealed(folder, "--report", "report.json")
    report = json.loads((folder / "report.json").read_text())
    assert {stage["stage"] for stage in report["stages"]} >= {"read", "compress", "encrypt",
                                                              "write"}
    assert report["entries"] > 5 and report["bytes_archive"] > 0
    assert {"wait_p50_s", "wait_p95_s", "wait_p99_s", "saturation"} <= report["cpu_tokens"].keys()
    assert report["bottleneck"] and report["run"]["nodes"]
    for command in ("verify", "open"):
        ok(command, "-i", "key.txt", "data.twa", "--report", "r.json",
           *(["-C", "back"] if command == "open" else []), cwd=folder)
        report = json.loads((folder / "r.json").read_text())
        assert report["operation"] == command
        assert report["stages"] and report["bottleneck"] and report["memory_peak_bytes"] >= 0
        assert "wait_p99_s" in report["cpu_tokens"]


def test_unreadable_files_are_named_and_have_their_own_status(folder: pathlib.Path) -> None:
    os.mkfifo(folder / "data/pipe")
    done = thalweg("seal", "-i", "key.txt", "data", cwd=folder)
    assert done.returncode == 3, done.stderr
    assert b"data/pipe" in done.stderr
    names = ok("archive", "list", "-i", "key.txt", "data.twa", cwd=folder).decode().split()
    assert "data/a.txt" in names and "data/pipe" not in names


def test_the_input_is_left_alone(folder: pathlib.Path) -> None:
    before = tree(folder / "data")
    sealed(folder)
    assert tree(folder / "data") == before


def test_an_archive_inside_its_own_input_is_left_out(folder: pathlib.Path) -> None:
    ok("seal", "-i", "key.txt", "data", "-o", "data/self.twa", cwd=folder)
    names = ok("archive", "list", "-i", "key.txt", "data/self.twa", cwd=folder).decode().split()
    assert "data/a.txt" in names
    assert not [name for name in names if "self" in name]


def test_benchmark_recommends(folder: pathlib.Path) -> None:
    text = ok("-q", "seal", "--benchmark", "data", cwd=folder).decode()
    assert re.search(r"^for speed: --stages \S+ --workers \d+$", text, re.MULTILINE)
    assert re.search(r"^for ratio: --stages \S+ --workers \d+$", text, re.MULTILINE)
    assert not (folder / "data.twa").exists()


def test_metrics_while_it_runs(folder: pathlib.Path) -> None:
    process = subprocess.Popen(
        [PROGRAM, "seal", "-i", "key.txt", "-", "-o", "s.twa", "--metrics-port", "0"],
        cwd=folder, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    assert process.stdin is not None and process.stderr is not None
    url = process.stderr.readline().split()[-1]
    with urllib.request.urlopen(url, timeout=20) as answer:
        assert answer.status == 200
    with urllib.request.urlopen(url.replace("metrics", "health"), timeout=20) as answer:
        assert answer.read() == b"ok\n"
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    process.stderr.close()


# Prompts


class Terminal:
    """The program with a terminal of its own."""

    def __init__(self, folder: pathlib.Path, *arguments: str):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execv(PROGRAM, ["thalweg", *arguments])
        self.text = ""

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + 60
        while text not in self.text:
            assert time.monotonic() < deadline, self.text
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.text += os.read(self.master, 4096).decode()
                except OSError:
                    break
        assert text in self.text, self.text

    def send(self, line: str) -> None:
        os.write(self.master, line.encode() + b"\n")

    def end(self) -> int:
        while True:
            try:
                part = os.read(self.master, 4096)
            except OSError:
                break
            if not part:
                break
            self.text += part.decode()
        _, status = os.waitpid(self.pid, 0)
        os.close(self.master)
        return os.waitstatus_to_exitcode(status)


def test_it_asks_twice_and_shows_nothing(folder: pathlib.Path) -> None:
    terminal = Terminal(folder, "seal", "data", *CHEAP, "-p")
    terminal.wait_for("New passphrase: ")
    terminal.send("open sesame")
    terminal.wait_for("The same again: ")
    terminal.send("open sesame")
    assert terminal.end() == 0, terminal.text
    assert "sesame" not in terminal.text
    terminal = Terminal(folder, "open", "data.twa", "-C", "back")
    terminal.wait_for("Passphrase: ")
    terminal.send("open sesame")
    assert terminal.end() == 0, terminal.text
    assert "sesame" not in terminal.text
    assert tree(folder / "back/data") == tree(folder / "data")


def test_two_answers_that_differ(folder: pathlib.Path) -> None:
    terminal = Terminal(folder, "seal", "data")
    terminal.wait_for("New passphrase: ")
    terminal.send("one")
    terminal.wait_for("The same again: ")
    terminal.send("two")
    assert terminal.end() == 64
    assert "differ" in terminal.text
    assert not (folder / "data.twa").exists()


def test_an_archive_is_not_written_to_a_terminal(folder: pathlib.Path) -> None:
    terminal = Terminal(folder, "seal", "data", "-i", "key.txt", "-o", "-")
    assert terminal.end() == 64
    assert "terminal" in terminal.text


def test_secrets_are_nowhere(folder: pathlib.Path) -> None:
    canary = "canary-7b1f9c"
    (folder / "pass").write_text(canary)
    (folder / "pass").chmod(0o600)
    outputs = []
    for arguments in (
        ("seal", "--passphrase-file", "pass", *CHEAP, "data", "-v", "-v", "--report", "r.json"),
        ("verify", "--passphrase-file", "pass", "data.twa", "-v"),
        ("open", "--passphrase-file", "pass", "data.twa", "-C", "back", "-v"),
        ("archive", "info", "--passphrase-file", "pass", "data.twa"),
        ("seal", "--passphrase-file", "pass", "data"),
    ):
        done = thalweg(*arguments, cwd=folder)
        outputs.append(done.stdout + done.stderr)
    outputs += [(folder / name).read_bytes() for name in ("r.json", "data.twa")]
    assert all(canary.encode() not in output for output in outputs)
    assert recipient(folder)


def test_completion_and_help_name_every_command(folder: pathlib.Path) -> None:
    text = ok("completion", "bash", cwd=folder).decode()
    for word in ("keygen", "seal", "open", "verify", "archive", "--recipient", "--benchmark",
                 "rekey", "profile"):
        assert word in text
    check = subprocess.run(["bash", "-n"], input=text, text=True, check=False)
    assert check.returncode == 0
    for command in ("keygen", "seal", "open", "verify"):
        assert b"Example" in ok("help", command, cwd=folder)
        assert b"Example" in ok(command, "--help", cwd=folder)
    for command in ("list", "cat", "info", "compare", "append", "rekey", "repair", "profile"):
        assert command.encode() in ok("archive", "--help", cwd=folder)
        ok("archive", command, "--help", cwd=folder)
