"""Records through `Pipeline<In, Out>`: large ones (A) and small ones (B), with two allocators.

`…-loop` is what a loop on each core does to the same records, with nothing handed over: what the
machine has to give in this run.

The ancestor that these cases come from is a Rust crate that is in no registry; it is reported as
missing.
"""

from __future__ import annotations

import json
import pathlib
import subprocess
from typing import Any

from run import Context, Result, median_and_spread

THREADS = 4
RUNS_PER_PROCESS = 5
CASES = (
    "A", "A-fresh", "A-pregen", "A-loop",
    "B-empty", "B-5k", "B-1m", "B-loop",
    "B-pregen", "B-pregen-loop", "B-pregen-each", "B-pregen-vector",
)
SWEEP = (1000, 2000, 5000, 10000, 20000)


def one_process(program: pathlib.Path, case: str, batch: int) -> dict[str, Any]:
    command = [str(program), "--case", case, "--runs", str(RUNS_PER_PROCESS)]
    command += ["--workers", str(THREADS)]
    if batch:
        command += ["--batch", str(batch)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    return dict(json.loads(done.stdout))


def measure(context: Context, case: str, batch: int = 0) -> list[Result]:
    programs = {
        "mimalloc": context.program("bench_etl_mimalloc"),
        "malloc": context.program("bench_etl"),
    }
    samples: dict[str, list[dict[str, Any]]] = {}
    for turn in range(context.rounds):
        for allocator, program in list(programs.items())[:: -1 if turn % 2 else 1]:
            if program is not None:
                samples.setdefault(allocator, []).append(one_process(program, case, batch))
    name = f"{case}-batch-{batch}" if batch else case
    results = []
    for allocator, processes in samples.items():
        records = processes[0]["records"]
        seconds = [s for process in processes for s in process["seconds"]]
        cpu = [s for process in processes for s in process["cpu_seconds"]]
        common: dict[str, Any] = {
            "engine": allocator,
            "threads": THREADS,
            "peak_rss_mib": max(process["peak_rss_mib"] for process in processes),
            "ok": all(process["ok"] for process in processes),
        }
        middle, spread = median_and_spread(seconds)
        if records:
            note = f"best {records / min(seconds) / 1e6:.3g} M/s"
            results.append(
                Result(
                    name,
                    metric="records_per_s",
                    value=records / middle,
                    unit="records/s",
                    spread=spread,
                    note=note,
                    **common,
                )
            )
            results.append(
                Result(
                    name,
                    metric="cpu_per_record",
                    unit="ns",
                    value=median_and_spread(cpu)[0] / records * 1e9,
                    **common,
                )
            )
            results.append(
                Result(
                    name,
                    metric="allocations_per_record",
                    unit="",
                    value=processes[0]["allocations_per_record"],
                    **common,
                )
            )
            # A loop has no bucket.
            for quantile in () if case.endswith("-loop") else ("p50", "p99"):
                waits = [process[f"bucket_{quantile}_s"] * 1e6 for process in processes]
                results.append(
                    Result(
                        name,
                        metric=f"bucket_{quantile}",
                        unit="us",
                        value=median_and_spread(waits)[0],
                        **common,
                    )
                )
        results.append(
            Result(name, metric="seconds", value=middle, unit="s", spread=spread, **common)
        )
    return with_best_as_ours(name, results)


def with_best_as_ours(name: str, results: list[Result]) -> list[Result]:
    """Calls the faster allocator's results ours, and the other's by the allocator."""
    times = {r.engine: r.value or 0.0 for r in results if r.metric == "seconds"}
    best = min(times, key=lambda engine: times[engine])
    loop = name.endswith("-loop")
    ours = "loop" if loop else "thalweg"
    for r in results:
        allocator = r.engine
        r.engine = ours if allocator == best else f"{ours}+{allocator}"
        r.note = "; ".join(part for part in (f"with {allocator}", r.note) if part)
    missing = Result(
        name,
        "etl-rust",
        "records_per_s",
        None,
        "records/s",
        ok=False,
        note="missing: in no registry",
    )
    return sorted(results, key=lambda r: r.engine != ours) + ([] if loop else [missing])


def run(context: Context) -> list[Result]:
    results = []
    for case in CASES:
        results += measure(context, case)
    for batch in SWEEP:
        swept = measure(context, "B-1m", batch)
        results += [r for r in swept if r.engine == "thalweg" and r.metric == "records_per_s"]
    return results
