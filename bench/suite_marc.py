"""MARC records beside mrrc, pymarc, rmarc and yaz-marcdump: the same file, the same work.

Needs `make marc-data`. The small records are made here, of the shape that mrrc publishes its
figures for: six fields, about 264 bytes.
"""

from __future__ import annotations

import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

import marc_books
from marc_books import BOOKS
from run import ROOT, Context, Result, median_and_spread

SMALL_RECORDS = 200_000
# Part of the books, so that the slowest engine ends in seconds.
BOOKS_BYTES = 24 << 20
CPP_CASES = ("read", "index", "title", "write", "rebuild", "json", "xml")
MRRC_CASES = ("read", "index", "title", "write", "json", "xml")
ENGINES = ("thalweg", "mrrc", "rmarc", "pymarc")
PYTHON_CASES = ("read", "title", "values", "json", "columns")
WORDS = ("history of the world modern computer programming introduction to chemistry poems "
         "selected letters art music house river mountain city").split()


def run(context: Context) -> list[Result]:
    files = {"small": small_file(context.data), "books": books_file(context.data)}
    results = marc_books.check(context)
    for name, path in files.items():
        if path is None:
            print("books: not there; `make marc-data` fetches them", file=sys.stderr)
            continue
        results += in_cpp(context, name, path)
        # All of the books, and more small ones: less is read before a second thread is at its best.
        results += in_parallel(context, name, BOOKS if name == "books" else five_times(path))
        results += in_python(context, name, path)
        results += converted(context, name, path)
    return results


def small_file(data: pathlib.Path) -> pathlib.Path:
    path = data / "marc_small.mrc"
    if path.exists():
        return path
    rng = random.Random(7)

    def text(words: int) -> str:
        return " ".join(rng.choice(WORDS) for _ in range(words))

    data.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        for index in range(SMALL_RECORDS):
            out.write(iso2709([
                ("001", f"{index:012d}"),
                ("008", "040520s2004    nyu           000 0 eng  "),
                ("020", f"  \x1fa{9780000000000 + index}"),
                ("100", f"1 \x1fa{text(2).title()},\x1fd19{index % 100:02d}-"),
                ("245", f"10\x1fa{text(4)} /\x1fc{text(2)}."),
                ("650", f" 0\x1fa{text(2)}.\x1fx{text(1)}."),
            ]))
    return path


def five_times(path: pathlib.Path) -> pathlib.Path:
    longer = path.with_name(f"{path.stem}_5.mrc")
    if not longer.exists():
        with longer.open("wb") as out:
            for _ in range(5):
                out.write(path.read_bytes())
    return longer


def iso2709(fields: list[tuple[str, str]]) -> bytes:
    directory = data = ""
    for tag, value in fields:
        directory += f"{tag}{len(value) + 1:04d}{len(data):05d}"
        data += value + "\x1e"
    base = 24 + len(directory) + 1
    leader = f"{base + len(data) + 1:05d}nam a22{base:05d} a 4500"
    return f"{leader}{directory}\x1e{data}\x1d".encode()


def books_file(data: pathlib.Path) -> pathlib.Path | None:
    path = data / "marc_books.mrc"
    if not path.exists() and BOOKS.exists():
        with BOOKS.open("rb") as source:
            head = source.read(BOOKS_BYTES)
        path.write_bytes(head[: head.rindex(b"\x1d") + 1])
    return path if path.exists() else None


def mrrc_program() -> pathlib.Path | None:
    """mrrc's Rust core behind the cases of bench/marc.cc, where cargo can build it."""
    program = ROOT / "build/bench/mrrc_peer/release/mrrc-peer"
    if shutil.which("cargo"):
        environment = dict(os.environ, CARGO_TARGET_DIR=str(program.parent.parent))
        subprocess.run(["cargo", "build", "-q", "--release"], cwd=ROOT / "bench/mrrc_peer",
                       env=environment, check=False)
    return program if program.exists() else None


def rates_of(command: list[str]) -> dict[str, object]:
    done = subprocess.run(command, check=True, capture_output=True)
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def says_the_same(context: Context, peer: pathlib.Path, path: pathlib.Path, form: str) -> bool:
    """Whether mrrc's JSON or XML of a file says what ours does. It does not keep the order of
    fields, and its leaders have lengths of their own."""
    thalweg = str(context.program("thalweg"))
    with tempfile.TemporaryDirectory() as folder:
        theirs, ours = pathlib.Path(folder, f"theirs.{form}"), pathlib.Path(folder, f"ours.{form}")
        text = subprocess.run([peer, path, "text", form], check=True, capture_output=True).stdout
        if form == "xml":
            bare = text.replace(b'<?xml version="1.0" encoding="UTF-8"?>', b"")
            # It copies control characters, which XML 1.0 cannot hold; ours become U+FFFD.
            bare = re.sub(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", "\ufffd".encode(), bare)
            text = b"<collection>" + bare + b"</collection>"
        theirs.write_bytes(text)
        our_form, their_form = ("marcxml", "marcxml") if form == "xml" else ("json", "marcjson")
        # `diff` takes one format for both sides, and mrrc's is not told by its first bytes alone.
        back = pathlib.Path(folder, "theirs.mrc")
        convert = [thalweg, "-q", "marc", "convert"]
        subprocess.run([*convert, "-t", our_form, path, "-o", ours], check=True)
        subprocess.run([*convert, "-f", their_form, theirs, "-o", back], check=True)
        flags = ["--ignore-order", "--ignore-leader", "--brief"]
        done = subprocess.run([thalweg, "-q", "marc", "diff", *flags, ours, back],
                              capture_output=True, check=False)
        if done.returncode != 0:
            print(done.stdout[:2000].decode(), done.stderr.decode(), file=sys.stderr)
        return done.returncode == 0


def in_cpp(context: Context, name: str, path: pathlib.Path) -> list[Result]:
    """In C++, beside mrrc's Rust core: one thread, in turns."""
    program, peer = context.program("bench_marc"), mrrc_program()
    if program is None:
        return []
    results = []
    for case in CPP_CASES:
        commands = {"thalweg": [str(program), str(path), "--case", case, "--runs", "3"]}
        if peer is not None and case in MRRC_CASES:
            commands["mrrc (Rust)"] = [str(peer), str(path), case, "3"]
        rates: dict[str, list[float]] = {engine: [] for engine in commands}
        answers: dict[str, dict[str, object]] = {}
        for _ in range(context.rounds):
            for engine, command in commands.items():
                answers[engine] = rates_of(command)
                rates[engine] += list(answers[engine]["rates"])  # type: ignore[call-overload]
        for engine in commands:
            rate, spread = median_and_spread(rates[engine])
            # Of what is written in the same form, the bytes are counted, too.
            compared = ("records", "check") if case == "write" else ("records",)
            same = all(answers[engine][key] == answers["thalweg"][key] for key in compared)
            if peer is not None and engine != "thalweg" and case in ("json", "xml"):
                same = same and says_the_same(context, peer, path, case)
            results.append(Result(f"{name}/cpp-{case}", engine, "rate", rate, "records/s",
                                  threads=1, spread=spread, ok=same))
    answer = rates_of([str(program), str(path), "--case", "heap"])
    heap = float(str(answer["heap_bytes"])) / float(str(answer["records"])) / 100
    results.append(Result(f"{name}/cpp-heap", "thalweg", "heap", heap, "MB/10k records"))
    return results


def in_parallel(context: Context, name: str, path: pathlib.Path) -> list[Result]:
    """One file by one thread and by two, and by two processes of one thread, in turns: what two
    cores of this machine give where nothing is shared is the bound of what two threads can."""
    program = context.program("bench_marc")
    if program is None:
        return []
    command = [str(program), str(path), "--case", "parallel", "--runs", "3", "--threads"]
    ways: dict[tuple[str, int], list[float]] = {
        ("thalweg", 1): [], ("thalweg", 2): [], ("two processes", 2): []}
    for _ in range(2 * context.rounds):
        for (engine, threads), rates in ways.items():
            if engine == "thalweg":
                answer = rates_of([*command, str(threads)])
                rates += list(answer["rates"])  # type: ignore[call-overload]
            else:
                rates += rates_of_two([*command, "1"])
    results = []
    for (engine, threads), rates in ways.items():
        rate, spread = median_and_spread(rates)
        # Pair by pair: the machine is not as fast in one minute as in the next.
        ones = ways["thalweg", 1]
        times, _ = median_and_spread([n / one for n, one in zip(rates, ones)])
        results.append(Result(f"{name}/cpp-parallel-{threads}", engine, "rate", rate, "records/s",
                              threads=threads, spread=spread, note=f"{times:.2f} × one thread"))
    return results


def rates_of_two(command: list[str]) -> list[float]:
    """The rates of a program that runs twice at once, added up."""
    both = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    rates = [json.loads(process.communicate()[0])["rates"] for process in both]
    return [sum(pair) for pair in zip(*rates)]


def in_python(context: Context, name: str, path: pathlib.Path) -> list[Result]:
    environment = dict(os.environ, PYTHONPATH=str(context.build / "python"))
    script = ROOT / "bench/marc_python.py"
    results = []
    for case in PYTHON_CASES:
        rates: dict[str, list[float]] = {engine: [] for engine in ENGINES}
        answers: dict[str, dict[str, object]] = {}
        for _ in range(context.rounds):
            for engine in ENGINES:
                command = [sys.executable, str(script), engine, case, str(path)]
                if engine in answers:
                    command.append("--no-digest")
                process = subprocess.run(command, capture_output=True, text=True, check=False,
                                         env=environment)
                if process.returncode == 0:
                    answer = json.loads(process.stdout)
                    rates[engine].append(answer["records"] / answer["seconds"])
                    answers.setdefault(engine, answer)
        expected = answers.get("pymarc", {}).get("digest")
        for engine in ENGINES:
            if not rates[engine]:
                results.append(Result(f"{name}/python-{case}", engine, "rate", None, "records/s",
                                      note="missing"))
                continue
            rate, spread = median_and_spread(rates[engine])
            results.append(Result(
                f"{name}/python-{case}", engine, "rate", rate, "records/s", threads=1,
                spread=spread, peak_rss_mib=float(str(answers[engine]["peak_rss_mib"])),
                ok=answers[engine]["digest"] == expected))
    return results


def converted(context: Context, name: str, path: pathlib.Path) -> list[Result]:
    """A file to JSON and to MARCXML, from the command line."""
    thalweg, yaz = context.program("thalweg"), shutil.which("yaz-marcdump")
    records = path.read_bytes().count(b"\x1d")
    results = []
    for form, yaz_form in (("json", "json"), ("marcxml", "marcxml")):
        commands: dict[str, list[str] | None] = {
            "thalweg": [str(thalweg), "marc", "convert", "-t", form, str(path), "-"]
            if thalweg else None,
            "yaz-marcdump": [yaz, "-o", yaz_form, "-f", "utf8", "-t", "utf8", str(path)]
            if yaz else None,
        }
        rates: dict[str, list[float]] = {engine: [] for engine in commands}
        counts: dict[str, int] = {}
        for _ in range(context.rounds):
            for engine, command in commands.items():
                if command is None:
                    continue
                start = time.perf_counter()
                process = subprocess.run(command, capture_output=True, check=False)
                seconds = time.perf_counter() - start
                mark = b'"leader"' if form == "json" else b"<leader>"
                counts[engine] = process.stdout.count(mark)
                rates[engine].append(records / seconds)
        for engine, values in rates.items():
            if not values:
                results.append(Result(f"{name}/convert-{form}", engine, "rate", None, "records/s",
                                      note="missing"))
                continue
            rate, spread = median_and_spread(values)
            results.append(Result(f"{name}/convert-{form}", engine, "rate", rate, "records/s",
                                  spread=spread, ok=counts[engine] == records))
    return results
