"""What the README shows works as it stands there."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ["THALWEG_BUILD"])
HEADER = (
    "year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,carrier,"
    "flight,tailnum,origin,dest,air_time,distance,hour,minute,time_hour\n"
)
FLIGHTS = (
    "2013,1,1,517,515,2,830,819,11,UA,1545,N14228,EWR,IAH,227,1400,5,15,2013-01-01T10:00:00Z\n"
    "2013,1,1,NA,1630,NA,NA,1815,NA,EV,4308,N18120,EWR,RDU,NA,416,16,30,2013-01-01T21:00:00Z\n"
    "2013,2,1,533,529,4,850,830,20,UA,1714,N24211,LGA,IAH,227,1416,5,29,2013-02-01T10:00:00Z\n"
)


def blocks(heading: str, language: str) -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    part = re.search(rf"^## {re.escape(heading)}\n(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    assert part, f"README.md has no part {heading!r}"
    found = re.findall(rf"^```{language}\n(.*?)^```", part.group(1), re.MULTILINE | re.DOTALL)
    assert found, f"{heading!r} has no {language}"
    return found


def run(*command: object, cwd: pathlib.Path) -> str:
    environment = {**os.environ, "PATH": f"{BUILD.resolve()}:{os.environ['PATH']}",
                   "PYTHONPATH": str(BUILD.resolve() / "python")}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=environment, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_quick_start(tmp_path: pathlib.Path) -> None:
    shell = run("sh", "-e", "-c", blocks("Quick start", "sh")[0], cwd=tmp_path)
    assert "Oslo" in shell and "5" in shell and shell.splitlines()[-2:] == ["readings", "3"]
    said = run(sys.executable, "-c", blocks("Quick start", "python")[0], cwd=tmp_path)
    assert "Lima" in said and "19.0" in said and "5.5" in said


def test_job(tmp_path: pathlib.Path) -> None:
    (tmp_path / "flights.csv").write_text(HEADER + FLIGHTS)
    (tmp_path / "flights.toml").write_text(blocks("A job", "toml")[0])
    run("thalweg", "check", "flights.toml", cwd=tmp_path)
    run("thalweg", "run", "flights.toml", cwd=tmp_path)
    query = "SELECT count(*) AS n, sum(delay_hours) AS h FROM 'out/**/*.parquet'"
    said = run("thalweg", "sql", query, "--format", "csv", cwd=tmp_path)
    assert said.startswith("n,h\n2,0.51666")
    months = {path.parent.name for path in tmp_path.glob("out/**/*.parquet")}
    assert months == {"month=1", "month=2"}


@pytest.mark.skipif(shutil.which("g++") is None, reason="no compiler")
def test_cpp(tmp_path: pathlib.Path) -> None:
    for number, code in enumerate(blocks("C++", "cpp")):
        source = tmp_path / f"readme{number}.cc"
        source.write_text(code)
        run("g++", "-std=c++20", "-fsyntax-only", "-Wall", "-I", ROOT / "include", source,
            cwd=tmp_path)
