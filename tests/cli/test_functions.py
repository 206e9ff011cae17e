"""Every example that `thalweg functions` shows is true."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess

import pytest

CLI = pathlib.Path(os.environ["THALWEG_BUILD"]) / "thalweg"


def shown(*arguments: str) -> str:
    command = [CLI, "functions", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


NAMES = [line.split()[0] for line in shown().splitlines() if line.strip()]
# Their answers depend on when they are asked, or on chance.
UNSTEADY = {"now", "current_date", "current_time", "current_timestamp", "random", "uuid", "today",
            "gen_random_uuid", "setseed", "localtimestamp", "transaction_timestamp"}


def examples(name: str) -> list[tuple[str, str]]:
    _, _, after = shown(name).partition("\nExamples:\n")
    pairs = (line.strip().split("  -- ", 1) for line in after.splitlines() if "  -- " in line)
    return [(call.strip(), answer.strip()) for call, answer in pairs]


def test_there_are_functions_of_every_family() -> None:
    assert len(NAMES) > 150
    assert {"lower", "round", "date_trunc", "json_extract", "list_sort", "sum"} <= set(NAMES)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in UNSTEADY])
def test_examples(name: str) -> None:
    page = shown(name)
    assert page.startswith(name) and re.search(r"\n\n\S", page), page
    for call, answer in examples(name):
        query = f"SELECT CAST({call} AS VARCHAR) AS v"
        done = subprocess.run([CLI, "sql", "--format", "jsonl", query], capture_output=True,
                              text=True, check=False)
        assert done.returncode == 0, (call, done.stderr)
        assert json.loads(done.stdout)["v"] == text_of(answer), call


def text_of(answer: str) -> str | None:
    """What CAST makes of an answer that is written as a literal or as it prints."""
    if answer == "NULL":
        return None
    if len(answer) >= 2 and answer[0] == answer[-1] == "'":
        return answer[1:-1].replace("''", "'")
    return answer
