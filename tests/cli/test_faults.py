"""What goes wrong around a run leaves no partial file, no crash and a message that helps."""

from __future__ import annotations

import os
import pathlib
import random
import re
import resource
import signal
import subprocess
import time

import pytest

CLI = (pathlib.Path(os.environ["THALWEG_BUILD"]) / "thalweg").resolve()
SEED = int(os.environ.get("THALWEG_SEED", "20260101"))
MIB = 1 << 20


def thalweg(folder: pathlib.Path, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run([CLI, *arguments], cwd=folder, text=True, capture_output=True,
                          check=False, timeout=120, **options)


def limited(kind: int, value: int):
    def apply() -> None:
        resource.setrlimit(kind, (value, value))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    return apply


def names(folder: pathlib.Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "in.csv").write_text("id,name\n" + "".join(f"{i},name {i}\n" for i in range(40)))
    return tmp_path


def big(folder: pathlib.Path, rows: int) -> pathlib.Path:
    path = folder / "big.csv"
    with path.open("w") as file:
        file.write("id,text,value\n")
        for start in range(0, rows, 1000):
            lines = (f"{i},text of row {i},{i / 8}\n" for i in range(start, start + 1000))
            file.write("".join(lines))
    return path


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl.gz"])
def test_no_room_at_any_byte(folder: pathlib.Path, suffix: str) -> None:
    out = folder / f"out.{suffix}"
    assert thalweg(folder, "copy", "in.csv", out.name).returncode == 0
    whole = out.read_bytes()
    step = max(1, len(whole) // 24)
    for size in [*range(0, len(whole), step), len(whole) - 1]:
        out.unlink(missing_ok=True)
        done = thalweg(folder, "copy", "in.csv", out.name,
                       preexec_fn=limited(resource.RLIMIT_FSIZE, size))
        assert done.returncode == 75, (size, done.stderr)  # Room may come back.
        assert "error" in done.stderr and out.name in done.stderr
        assert names(folder) == {"in.csv"}, size


def test_full_device_on_standard_output(folder: pathlib.Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([CLI, "sql", "SELECT * FROM 'in.csv'"], cwd=folder, stdout=full,
                              stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert done.returncode == 75, done.stderr


def test_killed_at_random_leaves_all_or_nothing(tmp_path: pathlib.Path) -> None:
    big(tmp_path, 400_000)
    chance = random.Random(SEED)
    started = time.monotonic()
    assert thalweg(tmp_path, "copy", "big.csv", "whole.parquet").returncode == 0
    took = time.monotonic() - started
    finished = 0
    for _ in range(25):
        process = subprocess.Popen([CLI, "copy", "-q", "big.csv", "out.parquet"], cwd=tmp_path)
        try:
            process.wait(chance.uniform(0, 1.2 * took))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        out = tmp_path / "out.parquet"
        if out.exists():
            finished += 1
            assert out.read_bytes() == (tmp_path / "whole.parquet").read_bytes(), SEED
            out.unlink()
    # What a killed run left beside is not taken for data, and the next run is not in its way.
    assert thalweg(tmp_path, "copy", "big.csv", "out.parquet").returncode == 0, finished


def test_terminated_run_leaves_nothing(tmp_path: pathlib.Path) -> None:
    big(tmp_path, 1_000_000)
    process = subprocess.Popen([CLI, "copy", "-q", "big.csv", "out.csv.zst"], cwd=tmp_path,
                               stderr=subprocess.PIPE, text=True)
    time.sleep(0.15)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=15)
    if process.returncode == 0:
        pytest.skip("the run was faster than the signal")
    assert process.returncode == 130, said
    assert names(tmp_path) == {"big.csv"}


def test_poison_record_at_any_position(tmp_path: pathlib.Path) -> None:
    rows = [f"{i},{i}.5" for i in range(1000)]
    for place in [0, 1, 499, 998, 999]:
        lines = [*rows[:place], f"{place},not a number", *rows[place + 1:]]
        (tmp_path / "in.csv").write_text("id,value\n" + "\n".join(lines) + "\n")
        for path in tmp_path.glob("rejects*"):
            path.unlink()
        done = thalweg(
            tmp_path, "sql", "--errors", "dead_letter", "--rejects", "rejects.jsonl", "--format",
            "csv", "SELECT id, value FROM read_csv('in.csv', types := {'value': 'DOUBLE'})")
        assert done.returncode == 0, done.stderr
        letters = (tmp_path / "rejects.jsonl").read_text().splitlines()
        assert len(letters) == 1 and f"{place},not a number" in letters[0]
        assert f'"line":{place + 2}' in letters[0].replace(" ", "")
        kept = [line.split(",")[0] for line in done.stdout.splitlines()[1:]]
        assert kept == [str(i) for i in range(1000) if i != place]


def test_files_of_one_pattern_that_differ(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a1.csv").write_text("id,name\n1,x\n")
    (tmp_path / "a2.csv").write_text("name,id\ny,2\n")
    same = thalweg(tmp_path, "sql", "--format", "csv", "SELECT id, name FROM 'a*.csv' ORDER BY id")
    assert same.returncode == 0 and same.stdout == "id,name\n1,x\n2,y\n", same.stderr
    (tmp_path / "a3.csv").write_text("id,other\n3,z\n")
    drift = thalweg(tmp_path, "sql", "SELECT id, name FROM 'a*.csv'")
    assert drift.returncode != 0 and "name" in drift.stderr and "a3.csv" in drift.stderr


def run_bounded(folder: pathlib.Path, *arguments: str) -> tuple[int, str, float, float]:
    """Exit status, standard error, seconds, peak memory in MiB."""
    begin = time.monotonic()
    process = subprocess.Popen([CLI, *arguments], cwd=folder, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, said, time.monotonic() - begin, usage.ru_maxrss / 1024


@pytest.mark.parametrize("start", ['1,"', "1,"])
def test_record_without_an_end(tmp_path: pathlib.Path, start: str) -> None:
    with (tmp_path / "in.csv").open("wb") as file:
        file.write(b"id,text\n" + start.encode())
        for _ in range(96):
            file.write(b"x" * MIB)
    query = "SELECT count(text) FROM read_csv('in.csv', header := true, delim := ',')"
    status, said, _, peak = run_bounded(tmp_path, "sql", query)
    assert status in (65, 75), said
    assert "max_line_size" in said or "64 MiB" in said, said
    assert peak < 400, peak


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
def test_bomb_is_read_in_bounded_memory(tmp_path: pathlib.Path, packer: str) -> None:
    suffix = {"gzip": "gz", "zstd": "zst"}[packer]
    with (tmp_path / f"bomb.csv.{suffix}").open("wb") as out:
        pack = subprocess.Popen([packer, "-1", "-c"], stdin=subprocess.PIPE, stdout=out)
        for _ in range(512):
            pack.stdin.write(b"\0" * MIB)
        pack.stdin.close()
        assert pack.wait() == 0
    status, said, _, peak = run_bounded(tmp_path, "sql", f"SELECT * FROM 'bomb.csv.{suffix}'")
    assert status in (65, 75), said
    assert peak < 400, peak


@pytest.mark.parametrize("text", ["(" * 100_000 + "1", "SELECT " + "NOT " * 100_000 + "true",
                                  "SELECT " + "CASE WHEN true THEN " * 50_000,
                                  "SELECT " + "[" * 100_000])
def test_deep_sql(tmp_path: pathlib.Path, text: str) -> None:
    (tmp_path / "deep.sql").write_text(text)
    done = thalweg(tmp_path, "sql", "-f", "deep.sql",
                   preexec_fn=limited(resource.RLIMIT_STACK, 256 << 10))
    assert done.returncode == 64, (done.returncode, done.stderr[:300])


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '{"a":' + "[" * 100_000])
def test_deep_json(tmp_path: pathlib.Path, text: str) -> None:
    (tmp_path / "deep.jsonl").write_text(text)
    done = thalweg(tmp_path, "sql", "SELECT * FROM 'deep.jsonl'",
                   preexec_fn=limited(resource.RLIMIT_STACK, 256 << 10))
    assert 0 < done.returncode < 126, (done.returncode, done.stderr[:300])


@pytest.mark.parametrize("name,text", [
    ("deep.json", '{"source":' + "[" * 50_000), ("deep.yaml", "a: " + "[" * 20_000),
    ("deep.toml", "a = " + "[" * 50_000), ("cycle.yaml", "a: &x [*x]\n"),
])
def test_deep_job(tmp_path: pathlib.Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    done = thalweg(tmp_path, "check", name, "--offline",
                   preexec_fn=limited(resource.RLIMIT_STACK, 256 << 10))
    assert 0 < done.returncode < 126, (done.returncode, done.stderr[:300])


def test_many_files_with_few_descriptors(tmp_path: pathlib.Path) -> None:
    for number in range(120):
        (tmp_path / f"part{number:03}.csv").write_text(f"id\n{number}\n")
    done = thalweg(tmp_path, "sql", "--format", "csv", "SELECT sum(id) AS s FROM 'part*.csv'",
                   preexec_fn=limited(resource.RLIMIT_NOFILE, 32))
    assert done.stdout == "s\n7140\n" or (done.returncode in (74, 75) and "error" in done.stderr)


def test_two_writers_of_one_target(tmp_path: pathlib.Path) -> None:
    big(tmp_path, 200_000)
    both = [subprocess.Popen([CLI, "copy", "-q", "big.csv", "out.parquet"], cwd=tmp_path,
                             stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[1] for process in both]
    assert sorted(process.returncode for process in both) in ([0, 0], [0, 73]), said
    count = thalweg(tmp_path, "sql", "--format", "csv", "SELECT count(*) AS n FROM 'out.parquet'")
    assert count.stdout == "n\n200000\n"
    assert names(tmp_path) == {"big.csv", "out.parquet"}


def peak_mib(process: subprocess.Popen) -> float:
    """Its peak so far. Unlike `ru_maxrss`, not that of the process that it was forked from."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0  # It has ended.


def test_stalled_reader_holds_memory_at_its_bound(tmp_path: pathlib.Path) -> None:
    big(tmp_path, 4_000_000)
    command = [CLI, "sql", "--memory", "64 MiB", "--format", "csv", "SELECT * FROM 'big.csv'"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    first = os.read(process.stdout.fileno(), 1)
    time.sleep(1.5)  # Everything that may be read ahead has been read.
    taken = len(first)
    peak = 0.0
    while piece := process.stdout.read(MIB):
        taken += len(piece)
        peak = max(peak, peak_mib(process))
    process.stdout.close()
    assert process.wait() == 0 and taken > 100 * MIB
    assert 1 < peak <= 64 + 64
