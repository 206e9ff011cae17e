"""Reading with a say in what happens to bad records."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from thalweg import _core
from thalweg.marc.defect import Defect
from thalweg.marc.exceptions import MarcError
from thalweg.marc.record import Record
from thalweg.marc.validation import Finding, Validator


class Source:
    """Batches of records of an input in any format, with their defects."""

    def __init__(self, target: Any, *, format: str | None = "iso2709", **options: Any) -> None:
        self._strict = options["recovery"] == "strict"
        self.defects: list[Defect] = []
        self.findings: list[Finding] = []
        self._validator: Validator | None = None
        if options["validation"] == "marc21":
            self._validator = Validator()
            options["validation"] = "structure"
        if isinstance(target, str):
            self._source = _core.MarcSource.open(target, format, options)
        elif isinstance(target, bytes):
            self._source = _core.MarcSource.over_memory(target, format, options)
        else:
            self._source = _core.MarcSource.over_file(target.read, format, options)

    @property
    def format(self) -> str:
        """The name of the format."""
        name: str = self._source.format
        return name

    def __iter__(self) -> Iterator[Record]:
        if self._strict:
            return _Strict(self._batches())
        return chain.from_iterable(batch.records() for batch in self._batches())

    def _batches(self) -> Iterator[Any]:
        while True:
            batch = self._source.read()
            if batch is None:
                return
            batch.known = [Defect(**values) for values in batch.defects()]
            self.defects.extend(batch.known)
            batch.findings = self._check(batch)
            yield batch

    def _check(self, batch: Any) -> list[list[Finding]]:
        """What is found in each record of a batch."""
        if self._validator is None:
            return []
        numbers = _record_indexes(batch)
        found = self._validator._check_batch(batch, numbers)
        for of_record in found:
            self.findings.extend(of_record)
        return found

    def with_defects(self) -> Iterator[tuple[Record | None, list[Defect | Finding]]]:
        """Each record with its defects and findings; None for one that was dropped."""
        for batch in self._batches():
            by_record: dict[int | None, list[Defect | Finding]] = {}
            for defect in batch.known:
                by_record.setdefault(defect.record_index, []).append(defect)
            dropped = batch.dropped()
            records = batch.records()
            index = batch.first_index
            for place in range(len(records) + 1):
                while dropped and dropped[0][0] == place:
                    _, _, is_record = dropped.pop(0)
                    if is_record:
                        yield None, by_record.pop(index, [])
                        index += 1
                if place < len(records):
                    found = batch.findings[place] if batch.findings else []
                    yield records[place], by_record.pop(index, []) + found
                    index += 1
            for rest in by_record.values():
                yield None, rest


def _record_indexes(batch: Any) -> list[int]:
    """Where each record of a batch stands among those of the input."""
    dropped = [place for place, _, is_record in batch.dropped() if is_record]
    indexes = []
    index = batch.first_index
    for place in range(batch.size):
        while dropped and dropped[0] == place:
            dropped.pop(0)
            index += 1
        indexes.append(index)
        index += 1
    return indexes


class _Strict:
    """Raises where a record was dropped; the next call goes on behind it."""

    def __init__(self, batches: Iterator[Any]) -> None:
        self._batches = batches
        self._records: Iterator[Record] = iter(())
        self._failures: list[Defect] = []

    def __iter__(self) -> _Strict:
        return self

    def __next__(self) -> Record:
        while True:
            record = next(self._records, None)
            if record is not None:
                return record
            if self._failures:
                raise MarcError(self._failures.pop(0))
            batch = next(self._batches)
            self._records = iter(batch.records())
            self._failures = [batch.known[defect] for _, defect, _ in batch.dropped()]
