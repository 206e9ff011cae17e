#!/usr/bin/env python3
"""Runs a suite of benchmarks, prints one table and writes bench/results/SUITE.json.

    bench/run.py SUITE|all [--baseline NAME] [--build DIR] [--rounds N]

A suite is a module bench/suite_NAME.py with `run(context) -> list[Result]`. It alternates the
engines that it compares. With a baseline, the first run saves its results under that name and
later runs are compared with them.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence

BENCH = pathlib.Path(__file__).resolve().parent
ROOT = BENCH.parent


@dataclasses.dataclass
class Result:
    """One number of one engine in one case. `value` is None where the engine cannot be had."""

    case: str
    engine: str
    metric: str
    value: float | None
    unit: str
    threads: int = 0
    peak_rss_mib: float | None = None
    ok: bool = True
    spread: float | None = None  # Half the distance of the quartiles, as a share of the median.
    note: str = ""


@dataclasses.dataclass
class Context:
    """What a suite is given."""

    build: pathlib.Path
    data: pathlib.Path
    rounds: int

    def program(self, name: str) -> pathlib.Path | None:
        path = self.build / name
        return path if path.exists() else None


def median_and_spread(values: Sequence[float]) -> tuple[float, float]:
    """The median, and half the distance between the quartiles as a share of it."""
    middle = statistics.median(values)
    if len(values) < 2 or middle == 0:
        return middle, 0.0
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return middle, (high - low) / 2 / abs(middle)


def suites() -> list[str]:
    return sorted(path.stem.removeprefix("suite_") for path in BENCH.glob("suite_*.py"))


def output_of(command: list[str]) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


def machine() -> dict[str, object]:
    model = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "kernel": platform.release(),
        "load_1_min": round(os.getloadavg()[0], 2),
    }


def formatted(value: float | None, unit: str) -> str:
    if value is None:
        return "missing"
    if unit in ("records/s", "rows/s", "bytes/s"):
        for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "K")):
            if value >= limit:
                return f"{value / limit:.2f} {suffix} {unit}"
    if unit == "records":
        return f"{value:,.0f} {unit}"
    return f"{value:.4g} {unit}".strip()


def print_table(results: list[Result]) -> None:
    rows = [("case", "metric", "engine", "value", "±", "ratio to ours", "peak MiB", "ok", "note")]
    ours = {(r.case, r.metric): r.value for r in results if r.engine == "thalweg"}
    for r in results:
        mine = ours.get((r.case, r.metric))
        ratio = f"{r.value / mine:.2f}" if r.value is not None and mine else ""
        rows.append(
            (
                r.case,
                r.metric,
                r.engine,
                formatted(r.value, r.unit),
                f"{r.spread:.0%}" if r.spread is not None else "",
                ratio if r.engine != "thalweg" else "",
                f"{r.peak_rss_mib:.0f}" if r.peak_rss_mib is not None else "",
                "yes" if r.ok else "NO",
                r.note,
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def write(suite: str, results: list[Result], about: dict[str, object]) -> pathlib.Path:
    """Writes the list of results; the first one also says where and how they were measured."""
    objects = [{k: v for k, v in dataclasses.asdict(r).items() if v != ""} for r in results]
    if objects:
        objects[0] = {**objects[0], **about}
    path = BENCH / "results" / f"{suite}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(objects, indent=1) + "\n", encoding="utf-8")
    return path


def compare(results: list[Result], path: pathlib.Path) -> None:
    before = {
        (r["case"], r["engine"], r["metric"]): r["value"]
        for r in json.loads(path.read_text(encoding="utf-8"))
    }
    print(f"\ncompared with {path.stem}:")
    for r in results:
        old = before.get((r.case, r.engine, r.metric))
        if old and r.value is not None:
            print(f"  {r.case:24} {r.engine:16} {r.metric:24} {r.value / old:6.2f} ×")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("suite", choices=[*suites(), "all"])
    parser.add_argument("--baseline", help="name under which results are kept and compared")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument(
        "--rounds", type=int, default=5, help="alternations, each with its own process"
    )
    arguments = parser.parse_args()
    sys.path.insert(0, str(BENCH))
    context = Context(arguments.build, BENCH / "data", arguments.rounds)
    all_ok = True
    for suite in suites() if arguments.suite == "all" else [arguments.suite]:
        about = {
            "machine": machine(),
            "commit": output_of(["git", "rev-parse", "HEAD"]).strip(),
            "command": " ".join(["bench/run.py", *sys.argv[1:]]),
        }
        results: list[Result] = importlib.import_module(f"suite_{suite}").run(context)
        print_table(results)
        written = write(suite, results, about)
        print(f"written: {written.relative_to(ROOT)}")
        all_ok = all_ok and all(r.ok or r.value is None for r in results)
        if arguments.baseline:
            kept = ROOT / "build" / "bench" / f"{suite}-{arguments.baseline}.json"
            kept.parent.mkdir(parents=True, exist_ok=True)
            if kept.exists():
                compare(results, kept)
            else:
                kept.write_text(written.read_text(encoding="utf-8"), encoding="utf-8")
                print(f"baseline saved: {kept.relative_to(ROOT)}")
    return 0 if all_ok else 1


if __name__ == "__main__":
    sys.modules["run"] = sys.modules["__main__"]  # Suites import this very module.
    sys.exit(main())
