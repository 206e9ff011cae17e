"""One case of the MARC benchmark in one Python library; the suite runs it in a process of its own.

    python bench/marc_python.py ENGINE CASE FILE [--no-digest]

prints one JSON object: `records`, `seconds` (the best of the passes over the file that two seconds
hold, at least one), `digest` of what was read, which has to be the same for all engines, and
`peak_rss_mib`.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import resource
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

ENGINES = ("thalweg", "mrrc", "rmarc", "pymarc")
CASES = ("read", "title", "values", "json", "columns")
SECONDS_MIN = 2.0


def reader_of(engine: str) -> Callable[[str], Iterable[Any]]:
    """What opens a file by its path, or as the library wants it."""
    if engine == "thalweg":
        return importlib.import_module("thalweg.marc").MARCReader
    library = importlib.import_module(engine)
    if engine == "mrrc":
        return library.MARCReader
    return lambda path: library.MARCReader(open(path, "rb"))


def read(records: Iterable[Any], engine: str, take: Callable[[str], None]) -> int:
    """Iterates, and touches nothing."""
    count = 0
    for _ in records:
        count += 1
    return count


def title(records: Iterable[Any], engine: str, take: Callable[[str], None]) -> int:
    """The first $a of the first 245; libraries differ in what they call the title."""
    count = 0
    for record in records:
        field = record.get("245")
        take((field.get("a") or "") if field is not None else "")
        count += 1
    return count


def values(records: Iterable[Any], engine: str, take: Callable[[str], None]) -> int:
    """Every value of every subfield."""
    count = 0
    if engine == "mrrc":
        for record in records:
            for field in record.fields():
                for subfield in field.subfields():
                    take(subfield.value)
            count += 1
        return count
    for record in records:
        for field in record.fields:
            for subfield in field.subfields:
                take(subfield.value)
        count += 1
    return count


def as_json(records: Iterable[Any], engine: str, take: Callable[[str], None]) -> int:
    """Each record as MARC-in-JSON."""
    count = 0
    for record in records:
        take(record.as_json())
        count += 1
    return count


def columns(engine: str, path: str, take: Callable[[str], None], compared: bool) -> int:
    """001, the first 245$a and every 650$a: in bulk where a library can, in a loop elsewhere.

    Rows are taken only where they are compared: to have the columns is what is measured.
    """
    if engine == "thalweg":
        reader: Any = reader_of(engine)(path)
        table = reader.to_arrow("001, 245$a, 650$a[]")
        if compared:
            for row in zip(*table.to_pydict().values()):
                take(json.dumps(row))
        return len(table)
    made: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
    for record in reader_of(engine)(path):
        control = record.get("001")
        field = record.get("245")
        made[0].append(control.data if control is not None else None)
        made[1].append(field.get("a") if field is not None else None)
        made[2].append([v for f in record.get_fields("650") for v in f.get_subfields("a")])
    if compared:
        for row in zip(*made):
            take(json.dumps(row))
    return len(made[0])


WORK = {"read": read, "title": title, "values": values, "json": as_json}


def one_pass(
    engine: str, case: str, path: str, take: Callable[[str], None], compared: bool = False
) -> int:
    if case == "columns":
        return columns(engine, path, take, compared)
    return WORK[case](reader_of(engine)(path), engine, take)


def digest_of(engine: str, case: str, path: str) -> str:
    """What the case gives, in one number. JSON is compared as data: its spacing is free. The order
    of fields does not count: not every library keeps it."""
    seen: list[str] = []
    count = one_pass(engine, case, path, seen.append, compared=True)
    if case == "json":
        parsed = [json.loads(text) for text in seen]
        seen = [
            record["leader"] + "".join(sorted(json.dumps(field) for field in record["fields"]))
            for record in parsed
        ]
    digest = hashlib.sha256(str(count).encode())
    for text in sorted(seen):
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()[:16]


def main() -> int:
    arguments = [word for word in sys.argv[1:] if word != "--no-digest"]
    if len(arguments) != 3 or arguments[0] not in ENGINES or arguments[1] not in CASES:
        print(__doc__, file=sys.stderr)
        return 2
    engine, case, path = arguments

    def drop(_: str) -> None:
        pass

    best = float("inf")
    records = 0
    started = time.perf_counter()
    while records == 0 or time.perf_counter() - started < SECONDS_MIN:
        begin = time.perf_counter()
        records = one_pass(engine, case, path, drop)
        best = min(best, time.perf_counter() - begin)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result: dict[str, Any] = {"records": records, "seconds": best, "peak_rss_mib": peak}
    if "--no-digest" not in sys.argv:
        result["digest"] = digest_of(engine, case, path)
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
