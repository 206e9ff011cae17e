"""The command line as a person meets it: output, messages, exit statuses."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import stat
import subprocess
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("THALWEG", str(ROOT / "build/release/thalweg"))

FLIGHTS = "origin,dest,delay\nEWR,IAH,11\nLGA,IAH,20\nJFK,MIA,33\nEWR,ORD,\n"


def thalweg(
    *arguments: str, cwd: pathlib.Path, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments], cwd=cwd, input=stdin, capture_output=True, text=True, timeout=60
    )


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "flights.csv").write_text(FLIGHTS)
    return tmp_path


def test_version_and_help(folder: pathlib.Path) -> None:
    assert thalweg("version", cwd=folder).stdout.startswith("thalweg ")
    help_text = thalweg("help", cwd=folder).stdout
    for command in ("sql", "run", "copy", "init", "check", "preview", "describe", "functions"):
        assert command in help_text
    assert "Exit status" in help_text
    assert thalweg("help", "sql", cwd=folder).returncode == 0


def test_archives_bind_no_arrow_and_the_rest_is_beside(folder: pathlib.Path) -> None:
    listed = subprocess.run(
        [PROGRAM], env=dict(os.environ, LD_TRACE_LOADED_OBJECTS="1"), capture_output=True, text=True
    )
    assert "libcrypto" in listed.stdout and "arrow" not in listed.stdout
    for command in ("seal", "open", "verify", "keygen", "archive"):
        assert thalweg(command, "--help", cwd=folder).returncode == 0
        # The engine's program knows them too, where it is asked for help.
        assert thalweg("help", command, cwd=folder).returncode == 0
    # A flag before the command, with a value.
    assert thalweg("--log-format", "json", "seal", "--help", cwd=folder).returncode == 0
    assert thalweg("-q", "seal", "missing", "--plain", cwd=folder).returncode == 66

    alone = folder / "thalweg"
    shutil.copy(PROGRAM, alone)
    done = subprocess.run([alone, "sql", "SELECT 1"], capture_output=True, text=True)
    assert done.returncode == 69
    assert "thalweg-engine" in done.stderr and "hint:" in done.stderr


def test_sql_prints_csv_to_a_pipe(folder: pathlib.Path) -> None:
    done = thalweg("sql", "SELECT origin, delay FROM 'flights.csv' WHERE delay > 15", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "origin,delay\nLGA,20\nJFK,33\n")


def test_sql_draws_a_table(folder: pathlib.Path) -> None:
    done = thalweg(
        "sql",
        "--format",
        "table",
        "SELECT origin, COUNT(*) AS n FROM 'flights.csv' GROUP BY origin ORDER BY origin",
        cwd=folder,
    )
    assert done.returncode == 0
    assert "| EWR     |      2 |" in done.stdout


def test_null_and_empty_string_are_told_apart(folder: pathlib.Path) -> None:
    done = thalweg("sql", "SELECT NULL AS a, '' AS b, 1 AS c", cwd=folder)
    assert done.stdout == 'a,b,c\n,"",1\n'


def test_stdin_and_stdout(folder: pathlib.Path) -> None:
    done = thalweg("sql", "SELECT dest FROM '-'", "--format", "jsonl", cwd=folder, stdin=FLIGHTS)
    assert [json.loads(line)["dest"] for line in done.stdout.splitlines()] == [
        "IAH",
        "IAH",
        "MIA",
        "ORD",
    ]


def test_a_mistake_gets_a_caret_and_a_hint(folder: pathlib.Path) -> None:
    done = thalweg("sql", "SELECT orign FROM 'flights.csv'", cwd=folder)
    assert done.returncode == 64
    assert "^" in done.stderr and "origin" in done.stderr


def test_missing_input(folder: pathlib.Path) -> None:
    assert thalweg("sql", "SELECT * FROM 'nothing.csv'", cwd=folder).returncode == 66


def test_output_is_not_overwritten_without_force(folder: pathlib.Path) -> None:
    (folder / "out.csv").write_text("precious\n")
    done = thalweg("copy", "flights.csv", "out.csv", cwd=folder)
    assert done.returncode == 73
    assert "--force" in done.stderr
    assert (folder / "out.csv").read_text() == "precious\n"
    assert thalweg("copy", "--force", "flights.csv", "out.csv", cwd=folder).returncode == 0
    assert (folder / "out.csv").read_text() == FLIGHTS


def test_round_trip_through_every_format(folder: pathlib.Path) -> None:
    for name in (
        "a.parquet",
        "a.jsonl",
        "a.json",
        "a.arrow",
        "a.csv.gz",
        "a.csv.zst",
        "a.csv.lz4",
        "a.csv.br",
    ):
        assert thalweg("copy", "flights.csv", name, cwd=folder).returncode == 0, name
        done = thalweg("sql", f"SELECT * FROM '{name}'", cwd=folder)
        assert (done.returncode, done.stdout) == (0, FLIGHTS), name


def test_partitions_and_reading_them_back(folder: pathlib.Path) -> None:
    done = thalweg(
        "sql",
        "COPY (SELECT * FROM 'flights.csv') TO 'set' (FORMAT parquet, PARTITION_BY (origin))",
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (folder / "set").iterdir()) == [
        "origin=EWR",
        "origin=JFK",
        "origin=LGA",
    ]
    done = thalweg("sql", "SELECT dest, origin FROM 'set' ORDER BY origin, dest", cwd=folder)
    assert done.stdout == "dest,origin\nIAH,EWR\nORD,EWR\nMIA,JFK\nIAH,LGA\n"


def test_partition_values_cannot_leave_the_target(folder: pathlib.Path) -> None:
    (folder / "evil.csv").write_text("k,v\n../../up,1\n/etc/passwd,2\n..,3\n,4\n")
    done = thalweg(
        "sql",
        "COPY (SELECT * FROM 'evil.csv') TO 'set' (FORMAT csv, PARTITION_BY (k))",
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    files = [path for path in (folder / "set").rglob("*") if path.is_file()]
    assert len(files) == 4
    assert {path.name for path in folder.iterdir()} == {"flights.csv", "evil.csv", "set"}


BAD = "a,b\n1,x\ntwo,y\n3,z\n"
BAD_JOB = """
[source]
path = "bad.csv"
types = {{ a = "BIGINT" }}
[sink]
path = "out.csv"
[errors]
policy = "{policy}"
error_rate_max = {rate}
path = "rejects"
"""


def bad_job(folder: pathlib.Path, policy: str, rate: float) -> subprocess.CompletedProcess[str]:
    (folder / "bad.csv").write_text(BAD)
    (folder / "job.toml").write_text(BAD_JOB.format(policy=policy, rate=rate))
    return thalweg("run", "job.toml", cwd=folder)


def test_a_bad_row_fails_the_job_and_leaves_nothing(folder: pathlib.Path) -> None:
    done = bad_job(folder, "fail", 0.1)
    assert done.returncode == 64
    assert "line 3" in done.stderr and "two" in done.stderr
    assert not (folder / "out.csv").exists()
    assert [p.name for p in folder.iterdir() if p.name.endswith(".part")] == []


def test_dead_letters_hold_place_reason_and_bytes(folder: pathlib.Path) -> None:
    done = bad_job(folder, "dead_letter", 0.5)
    assert done.returncode == 0, done.stderr
    assert (folder / "out.csv").read_text() == "a,b\n1,x\n3,z\n"
    (letters,) = (folder / "rejects").iterdir()
    assert stat.S_IMODE(letters.stat().st_mode) == 0o600
    letter = json.loads(letters.read_text())
    assert (letter["file"], letter["line"], letter["column"]) == ("bad.csv", 3, "a")
    assert letter["raw"].rstrip("\n") == "two,y"
    assert done.stderr.rstrip().splitlines()[-1].startswith("1 rejected: rejects")


def test_too_many_rejected_rows_fail_the_job(folder: pathlib.Path) -> None:
    done = bad_job(folder, "skip", 0.1)
    assert done.returncode == 64
    assert "error_rate_max" in done.stderr
    assert not (folder / "out.csv").exists()


def test_strict_exit_status(folder: pathlib.Path) -> None:
    bad_job(folder, "skip", 0.5)
    assert thalweg("run", "--strict", "--force", "job.toml", cwd=folder).returncode == 65


def test_check_reports_every_problem(folder: pathlib.Path) -> None:
    (folder / "job.toml").write_text(
        '[source]\npath = "flights.csv"\n[sink]\npath = "o.csv"\n'
        '[errors]\npolcy = "skip"\nerror_rate_max = 2\n'
    )
    done = thalweg("check", "job.toml", cwd=folder)
    assert done.returncode == 64
    assert "did you mean 'policy'" in done.stderr
    assert "error_rate_max" in done.stderr


def test_init_gives_a_job_that_runs(folder: pathlib.Path) -> None:
    job = thalweg("init", "flights.csv", "out.parquet", cwd=folder)
    (folder / "job.toml").write_text(job.stdout)
    assert thalweg("check", "job.toml", cwd=folder).returncode == 0
    assert thalweg("preview", "job.toml", "-n", "2", cwd=folder).stdout.count("IAH") == 2
    assert thalweg("run", "job.toml", cwd=folder).returncode == 0


def test_references_fill_values_never_sql(folder: pathlib.Path) -> None:
    (folder / "job.yaml").write_text(
        "source: ${THALWEG_TEST_IN:-flights.csv}\nsink: ${THALWEG_TEST_OUT:-o.csv}\n"
        "transform:\n  sql: SELECT '${HOME}' AS h FROM source LIMIT 1\n"
    )
    done = thalweg("run", "job.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "o.csv").read_text() == "h\n${HOME}\n"


def test_head_ends_quietly(folder: pathlib.Path) -> None:
    with (folder / "big.csv").open("w") as file:
        file.write("n\n")
        file.writelines(f"{i}\n" for i in range(500_000))
    done = subprocess.run(
        f"{PROGRAM} sql \"SELECT * FROM 'big.csv'\" | head -1; echo ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "n\n0\n"
    assert done.stderr == ""


def test_reference_and_completion(folder: pathlib.Path) -> None:
    assert "csv" in thalweg("codecs", cwd=folder).stdout
    assert "delim" in thalweg("codecs", "csv", cwd=folder).stdout
    assert "lower" in thalweg("functions", "lower", cwd=folder).stdout
    assert "did you mean 'lower'" in thalweg("functions", "lowr", cwd=folder).stderr
    assert json.loads(thalweg("schema", cwd=folder).stdout)["title"] == "Thalweg job"
    for shell in ("bash", "zsh"):
        assert "describe" in thalweg("completion", shell, cwd=folder).stdout


def test_report_is_json(folder: pathlib.Path) -> None:
    assert (
        thalweg("copy", "--report", "r.json", "flights.csv", "o.parquet", cwd=folder).returncode
        == 0
    )
    report = json.loads((folder / "r.json").read_text())
    assert report["outcome"] == "ok" and report["records_in"] == 4 and report["conserved"]


def test_metrics_while_a_job_runs(folder: pathlib.Path) -> None:
    (folder / "job.toml").write_text(
        '[source]\npath = "-"\nformat = "csv"\n[sink]\npath = "o.csv"\n'
    )
    process = subprocess.Popen(
        [PROGRAM, "run", "job.toml", "--metrics-port", "0"],
        cwd=folder, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    assert process.stdin is not None and process.stderr is not None
    url = process.stderr.readline().split()[-1]
    process.stdin.write("n\n")
    seen = ""
    rows = 0
    while "thalweg_records_in" not in seen and rows < 5_000_000:  # The job starts after its sample.
        process.stdin.write("1\n" * 50_000)
        rows += 50_000
        with urllib.request.urlopen(url, timeout=20) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            seen = answer.read().decode()
    assert "# TYPE thalweg_records_in_total counter" in seen
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    process.stderr.close()
    assert len((folder / "o.csv").read_text().splitlines()) == rows + 1


def test_a_job_of_python_says_where_it_runs(folder: pathlib.Path) -> None:
    (folder / "job.toml").write_text(
        '[source]\npath = "flights.csv"\n[transform]\npython = "m:f"\n[sink]\npath = "o.csv"\n'
    )
    assert thalweg("check", "job.toml", cwd=folder).returncode == 0
    done = thalweg("run", "job.toml", cwd=folder)
    assert done.returncode == 64 and "thalweg.run(" in done.stderr
    assert not (folder / "o.csv").exists()
