"""Sealed archives beside zstd, age, 7z, restic and mlar: two cores, the same input, all written.

What sealing makes is synced to the disk within its time, as ours always is; what opening makes is
not, by anyone. Every round trip is compared with the input. Peers that are not installed are
reported as missing. mlar comes from `cargo install mlar --root
build/bench/peers`.
"""

from __future__ import annotations

import dataclasses
import filecmp
import hashlib
import json
import os
import pathlib
import random
import shlex
import shutil
import subprocess
import sys
import time

import archive_corpus
from run import ROOT, Context, Result, median_and_spread

MIB = 1 << 20
RANGE_AT = 700 * MIB + 12345
PASSWORD = "correct horse battery staple"


@dataclasses.dataclass
class Engine:
    """One way to keep a file. The commands are for a shell, in the work folder; `{input}` is the
    file. `product` is what sealing makes, `restored` what opening makes."""

    name: str
    program: str
    seal: str
    product: str
    open: str = ""
    restored: str = ""
    verify: str = ""
    prepare: str = ""  # Before each sealing, not measured.
    note: str = ""


def mlar() -> str:
    own = ROOT / "build/bench/peers/bin/mlar"
    return str(own) if own.exists() else "mlar"


def own(program: pathlib.Path) -> list[Engine]:
    ours = f"{shlex.quote(str(program))} -q"
    sealed = f"{ours} seal --workers 2 -f -r $(cat recipient)"
    opened = f"{ours} open --workers 2 -f -i key.txt out.twa -o out.raw"
    checked = f"{ours} verify --workers 2 -i key.txt out.twa"
    return [
        Engine(
            "thalweg",
            str(program),
            f"{sealed} -3 {{input}} -o out.twa",
            "out.twa",
            opened,
            "out.raw",
            checked,
            note="zstd 3, AES-256-GCM",
        ),
        Engine(
            "thalweg store",
            str(program),
            f"{sealed} --stages store {{input}} -o store.twa",
            "store.twa",
            opened.replace("out.twa", "store.twa"),
            "out.raw",
            checked.replace("out.twa", "store.twa"),
        ),
    ]


def streams() -> list[Engine]:
    return [
        Engine(
            "zstd -T2 -3",
            "zstd",
            "zstd -q -f -T2 -3 {input} -o out.zst && sync out.zst",
            "out.zst",
            "zstd -q -d -f out.zst -o out.raw",
            "out.raw",
            "zstd -q -t out.zst",
            note="not encrypted",
        ),
        Engine(
            "zstd -T2 -3 | age",
            "age",
            "zstd -q -c -T2 -3 {input} | age -r $(cat age.pub) > out.zst.age && sync out.zst.age",
            "out.zst.age",
            "age -d -i age.key out.zst.age | zstd -q -d -f -o out.raw",
            "out.raw",
            "age -d -i age.key out.zst.age | zstd -q -t",
        ),
        Engine(
            "age",
            "age",
            "age -r $(cat age.pub) -o out.age {input} && sync out.age",
            "out.age",
            "age -d -i age.key -o out.raw out.age",
            "out.raw",
            "age -d -i age.key out.age > /dev/null",
        ),
    ]


def archivers() -> list[Engine]:
    keys = "-k mla.mlapriv -p mla.mlapub"
    restic = "RESTIC_PASSWORD_FILE=password restic -q --no-cache -r repo"
    return [
        Engine(
            "7z -mx1",
            "7z",
            f"7z a -bd -bso0 -mx1 -mmt2 -mhe=on '-p{PASSWORD}' out.7z {{input}} && sync out.7z",
            "out.7z",
            f"7z x -bd -bso0 -y -mmt2 '-p{PASSWORD}' -oseven out.7z",
            "seven/{name}",
            f"7z t -bd -bso0 -mmt2 '-p{PASSWORD}' out.7z",
            prepare="rm -rf out.7z seven",
        ),
        Engine(
            "restic",
            "restic",
            f"GOMAXPROCS=2 {restic} backup {{input}} && sync -f repo",
            "repo",
            f"GOMAXPROCS=2 {restic} restore latest --target restored",
            "restored{input}",
            f"GOMAXPROCS=2 {restic} check --read-data",
            prepare=f"rm -rf repo restored && {restic} init",
        ),
        Engine(
            "mlar",
            mlar(),
            f"{mlar()} create {keys} -q 3 -o out.mla {{input}} && sync out.mla",
            "out.mla",
            f"{mlar()} extract {keys} -i out.mla -o mla",
            "mla{input}",
            f"{mlar()} to-tar {keys} -i out.mla -o - > /dev/null",
            prepare="rm -rf out.mla mla",
        ),
    ]


def installed(engine: Engine) -> bool:
    return shutil.which(engine.program) is not None


def timed(command: str, cwd: pathlib.Path) -> tuple[float, float, bool]:
    """Seconds, the largest process's peak MiB, and whether it succeeded."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    errors = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        print(f"{command}: {errors.decode(errors='replace')[-2000:]}", file=sys.stderr)
    return seconds, usage.ru_maxrss / 1024, process.returncode == 0


def size_of(path: pathlib.Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size if path.exists() else 0


def make_keys(program: pathlib.Path, work: pathlib.Path) -> None:
    def run(command: str) -> None:
        subprocess.run(["bash", "-c", command], cwd=work, check=True, capture_output=True)

    ours = shlex.quote(str(program))
    run(f"{ours} -q keygen -o key.txt && {ours} keygen --public key.txt > recipient")
    (work / "password").write_text(PASSWORD)
    if shutil.which("age-keygen"):
        run("age-keygen -o age.key && age-keygen -y age.key > age.pub")
    if shutil.which(mlar()):
        run(f"{mlar()} keygen mla")


class Series:
    """The times of one engine in one case."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {"seal": [], "open": [], "verify": []}
        self.peak: dict[str, float] = dict.fromkeys(self.seconds, 0.0)
        self.ok: dict[str, bool] = dict.fromkeys(self.seconds, True)
        self.size = 0

    def add(self, metric: str, command: str, work: pathlib.Path) -> None:
        seconds, peak, good = timed(command, work)
        self.seconds[metric].append(seconds)
        self.peak[metric] = max(self.peak[metric], peak)
        self.ok[metric] = self.ok[metric] and good


def one_round(engine: Engine, series: Series, source: pathlib.Path, work: pathlib.Path) -> None:
    if engine.prepare:
        timed(engine.prepare, work)
    restored = work / engine.restored.format(input=source, name=source.name).lstrip("/")
    restored.unlink(missing_ok=True)
    series.add("seal", engine.seal.format(input=source), work)
    series.size = size_of(work / engine.product)
    series.add("open", engine.open, work)
    same = restored.exists() and filecmp.cmp(restored, source, shallow=False)
    series.ok["open"] = series.ok["open"] and same
    series.add("verify", engine.verify, work)


def results_of(case: str, engine: Engine, series: Series | None, bytes_in: int) -> list[Result]:
    if series is None:
        return [Result(case, engine.name, "seal", None, "s", note="not installed")]
    found = []
    for metric, seconds in series.seconds.items():
        middle, spread = median_and_spread(seconds)
        found.append(
            Result(
                case,
                engine.name,
                metric,
                middle,
                "s",
                2,
                series.peak[metric],
                series.ok[metric],
                spread,
                f"{bytes_in / middle / 1e6:.0f} MB/s {engine.note}".strip(),
            )
        )
    found.append(
        Result(case, engine.name, "size", series.size / bytes_in, "of input", 2, None, True, 0.0)
    )
    return found


def into_page_cache(path: pathlib.Path) -> None:
    """In small pieces: a child's peak memory counts the pages of the process that it came from."""
    with path.open("rb") as file:
        while file.read(MIB):
            pass


def measure(context: Context, case: str, source: pathlib.Path, program: pathlib.Path,
            work: pathlib.Path) -> list[Result]:
    all_engines = [*own(program), *streams(), *archivers()]
    series = {engine.name: Series() for engine in all_engines if installed(engine)}
    into_page_cache(source)
    for number in range(context.rounds):
        # Another order each time: who comes behind a large process finds other memory than who
        # comes behind a small one.
        order = random.Random(number).sample(all_engines, len(all_engines))
        for engine in order:
            if engine.name in series:
                one_round(engine, series[engine.name], source, work)
    results: list[Result] = []
    for engine in all_engines:
        results += results_of(case, engine, series.get(engine.name), source.stat().st_size)
    return results


def repeated(context: Context, case: str, engine: str, metric: str, command: str,
             work: pathlib.Path, check: tuple[pathlib.Path, bytes] | None = None) -> Result:
    """A short command, measured several times as often as the long ones."""
    seconds, peak, ok = [], 0.0, True
    for _ in range(4 * context.rounds):
        taken, mib, good = timed(command, work)
        seconds.append(taken)
        peak = max(peak, mib)
        ok = ok and good and (check is None or check[0].read_bytes() == check[1])
    middle, spread = median_and_spread(seconds)
    return Result(case, engine, metric, middle * 1000, "ms", 2, peak, ok, spread)


RANGE_SCRIPT = """
import hashlib, json, sys, time
import thalweg.archive
name, at, size, times = sys.argv[1], *map(int, sys.argv[2:])
milliseconds = []
for _ in range(times):
    begin = time.perf_counter()
    with thalweg.archive.open("large.twa", identity="key.txt") as archive:
        entry = archive.open(name)
        entry.seek(at)
        content = entry.read(size)
    milliseconds.append((time.perf_counter() - begin) * 1000)
print(json.dumps([milliseconds, hashlib.sha256(content).hexdigest()]))
"""


def range_in_process(context: Context, case: str, name: str, work: pathlib.Path,
                     wanted: bytes) -> Result:
    """The same from Python: open the archive with the key file, seek and read, every time anew."""
    environment = dict(os.environ, PYTHONPATH=str((context.build / "python").resolve()))
    command = [sys.executable, "-c", RANGE_SCRIPT, name, str(RANGE_AT), str(MIB),
               str(4 * context.rounds)]
    done = subprocess.run(command, cwd=work, env=environment, check=True, capture_output=True)
    milliseconds, digest = json.loads(done.stdout)
    middle, spread = median_and_spread(milliseconds)
    return Result(case, "thalweg", "open-and-read", middle, "ms", 2, None,
                  digest == hashlib.sha256(wanted).hexdigest(), spread, "from Python")


def measure_range(context: Context, large: pathlib.Path, program: pathlib.Path,
                  work: pathlib.Path) -> list[Result]:
    """1 MiB out of 1 GiB, with a key file, as a process of its own."""
    ours = f"{shlex.quote(str(program))} -q"
    timed(f"{ours} seal --workers 2 -f -r $(cat recipient) {large} -o large.twa", work)
    with large.open("rb") as file:
        file.seek(RANGE_AT)
        wanted = file.read(MIB)
    check = (work / "range", wanted)
    command = (
        f"{ours} archive cat -i key.txt large.twa {large.name} "
        f"--range {RANGE_AT}-{RANGE_AT + MIB - 1} > range"
    )
    case = "range-1-mib-of-1-gib"
    into_page_cache(work / "large.twa")
    results = [repeated(context, case, "thalweg", "cat", command, work, check),
               range_in_process(context, case, large.name, work, wanted)]
    if shutil.which("age"):
        timed(f"zstd -q -T2 -3 -c {large} | age -r $(cat age.pub) > large.age", work)
        command = (
            "set +o pipefail; age -d -i age.key large.age | zstd -q -d -c "
            f"| tail -c +{RANGE_AT + 1} | head -c {MIB} > range; true"
        )
        seconds, peak, _ = timed(command, work)
        good = check[0].read_bytes() == wanted
        results.append(Result(case, "age | zstd", "cat", seconds * 1000, "ms",
                              2, peak, good, 0.0, "reads from the front; one run"))
    (work / "large.twa").unlink(missing_ok=True)
    (work / "large.age").unlink(missing_ok=True)
    return results


def measure_small(context: Context, source: pathlib.Path, program: pathlib.Path,
                  work: pathlib.Path) -> list[Result]:
    """What a run costs beyond the work: 1 MiB and 10 MB."""
    ours = f"{shlex.quote(str(program))} -q"
    results = []
    for label, size in (("1-mib", MIB), ("10-mb", 10_000_000)):
        small = work / f"small-{label}"
        with source.open("rb") as file:
            file.seek(40 * MIB)
            small.write_bytes(file.read(size))
        for name, command in (
            ("thalweg", f"{ours} seal --workers 2 -f -r $(cat recipient) {small} -o small.twa"),
            ("zstd -T2 -3", f"zstd -q -f -T2 -3 {small} -o small.zst && sync small.zst"),
            ("zstd -T2 -3 | age",
             f"zstd -q -c -T2 -3 {small} | age -r $(cat age.pub) > small.age && sync small.age"),
        ):
            if shutil.which("age") or "age" not in name:
                results.append(repeated(context, f"small-{label}", name, "seal", command, work))
    return results


def measure_tuning(context: Context, source: pathlib.Path, program: pathlib.Path,
                   work: pathlib.Path) -> list[Result]:
    """Adapting by measurement beside the table of fixed settings by size, in turns."""
    ours = f"{shlex.quote(str(program))} -q"
    results = []
    for megabytes in (1, 10, 50, 100, 250):
        part = work / f"part-{megabytes}"
        with source.open("rb") as file, part.open("wb") as out:
            for _ in range(megabytes):
                out.write(file.read(1_000_000))
        seconds: dict[str, list[float]] = {"climb": [], "table": []}
        for _ in range(2 * context.rounds):
            for policy, taken in seconds.items():
                command = f"{ours} seal --tuning {policy} -f -r $(cat recipient) {part} -o part.twa"
                taken.append(timed(command, work)[0])
        for policy, taken in seconds.items():
            middle, spread = median_and_spread(taken)
            engine = "thalweg" if policy == "climb" else f"thalweg {policy}"
            results.append(Result(f"tuning-{megabytes}-mb", engine, "seal", middle, "s", 2,
                                  spread=spread, note=policy))
    return results


def run(context: Context) -> list[Result]:
    program = context.program("thalweg")
    if program is None:
        raise SystemExit("build/release/thalweg is missing; run `make build`")
    program = program.resolve()
    inputs = archive_corpus.make(context.data)
    work = context.data / "archive-work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    make_keys(program, work)
    results: list[Result] = []
    for case, source in inputs.items():
        results += measure(context, case, source.resolve(), program, work)
    results += measure_small(context, inputs["mixed"].resolve(), program, work)
    results += measure_tuning(context, inputs["mixed"].resolve(), program, work)
    large = archive_corpus.make_large(context.data, inputs["mixed"])
    results += measure_range(context, large.resolve(), program, work)
    shutil.rmtree(work)
    return results
