"""Records of every format, read and written by one function each."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from thalweg import _core
from thalweg.marc import _extraction, _recovery
from thalweg.marc.defect import Defect
from thalweg.marc.exceptions import WriteNeedsRecord
from thalweg.marc.record import Record


def formats() -> dict[str, dict[str, Any]]:
    """What is known of each format: `summary`, `suffixes`, `reads`, `writes`."""
    return {values.pop("name"): values for values in _core.marc_formats()}


def read(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    recovery: str = "strict",
    validation: str = "none",
    errors_max: int = 0,
    normalize: str = "none",
    file_encoding: str = "iso8859-1",
    batch_records: int = 0,
) -> Iterator[Record]:
    """The records of a file of any format, which is detected when it is not given.

    The file may be compressed; `-` is standard input. `recovery` and the others are those of
    `MARCReader`.
    """
    return iter(
        _recovery.Source(
            os.fsdecode(path),
            format=format,
            **_options(recovery, validation, errors_max, normalize, file_encoding, batch_records),
        )
    )


def read_parallel(
    source: Any,
    columns: str | None = None,
    *,
    workers: int = 0,
    recovery: str = "lenient",
    validation: str = "none",
    errors_max: int = 0,
    normalize: str = "none",
    file_encoding: str = "iso8859-1",
    defects: list[Defect] | None = None,
) -> Any:
    """All records in the exchange format, parsed by several threads, in their order.

    source: the path of a file, which may be compressed; the bytes themselves; or a binary file.
    columns: as for `MARCReader.to_arrow`: gives the table instead of the records.
    workers: threads; by default as many as there are cores.
    defects: gets what was wrong.
    """
    options = _options(recovery, validation, errors_max, normalize, file_encoding, 0)
    found: list[dict[str, Any]] = []
    if isinstance(source, str | os.PathLike):
        taken: Any = os.fsdecode(source)
    elif isinstance(source, bytes | bytearray | memoryview):
        taken = bytes(source)
    else:
        taken = source.read
    try:
        if columns is None:
            return _core.marc_read_parallel(taken, options, workers, found)
        table = _core.MarcColumns(columns)
        table.add_parallel(taken, options, workers, found)
        return _extraction.Table(table)
    finally:
        if defects is not None:
            defects.extend(Defect(**values) for values in found)


def _options(
    recovery: str,
    validation: str,
    errors_max: int,
    normalize: str,
    file_encoding: str,
    batch_records: int,
) -> dict[str, Any]:
    return {
        "recovery": recovery,
        "validation": validation,
        "errors_max": errors_max,
        "to_unicode": True,
        "force_utf8": False,
        "invalid_text": "strict",
        "file_encoding": file_encoding,
        "normalize": normalize,
        "batch_records": batch_records,
    }


class FormatWriter:
    """Writes records of any format into a file, which appears when the writer is closed.

    path: where it stands; a suffix such as `.gz` compresses. Or a binary file.
    format: see `formats()`; by default the suffix tells.
    force: replaces a file that is there.
    oversize: 'error', 'split' or 'zero', for records over 99,999 bytes in the exchange format.
    encoding: 'keep', 'utf8' or 'marc8', for the exchange format.
    base_uri: an absolute IRI with which the names of Works and Instances begin, for BIBFRAME.
    include_bflc: whether BIBFRAME has terms of the Library of Congress's extension.
    """

    def __init__(
        self,
        path: Any,
        format: str | None = None,
        *,
        force: bool = False,
        oversize: str = "error",
        encoding: str = "keep",
        pretty: bool = False,
        base_uri: str = "http://example.org/",
        include_bflc: bool = True,
    ) -> None:
        options = {"oversize": oversize, "encoding": encoding, "pretty": pretty,
                   "base_uri": base_uri, "include_bflc": include_bflc}
        if hasattr(path, "write"):
            self._writer = _core.MarcWriter.to_file(path.write, format or "iso2709", options)
        else:
            self._writer = _core.MarcWriter.create(os.fsdecode(path), force, format, options)

    def write(self, record: Record) -> None:
        """Writes a record; WriteNeedsRecord for anything else."""
        if not isinstance(record, Record):
            raise WriteNeedsRecord
        self._writer.write(record)

    def close(self) -> None:
        """Ends what is written: the file is there."""
        self._writer.close()

    def __enter__(self) -> FormatWriter:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        # After a failure there is no file, rather than a part of one.
        if kind is None:
            self.close()


def write(
    records: Iterable[Record], path: Any, format: str | None = None, **options: Any
) -> int:
    """Writes records into a file and gives their number. Options are those of `FormatWriter`."""
    count = 0
    with FormatWriter(path, format, **options) as writer:
        for record in records:
            writer.write(record)
            count += 1
    return count


def join_split(records: Iterable[Record | None]) -> Iterator[Record | None]:
    """Joins records that were split because they were too large for the exchange format.

    They follow each other with the same 001, and agree in all control fields and in the leader but
    for its lengths; the joined record has these once, and all other fields in their order. None,
    as `MARCReader` gives for what it cannot read, stays where it is.

    >>> from thalweg.marc import Field, Record, Subfield
    >>> parts = [Record(), Record()]
    >>> for part in parts:
    ...     part.add_field(Field("001", data="1"))
    ...     part.add_field(Field("500", subfields=[Subfield("a", "Note")]))
    >>> [len(record.fields) for record in join_split(parts)]
    [3]
    """
    held: Record | None = None
    for record in records:
        if held is not None and record is not None and _shared(held) == _shared(record):
            held.add_field(*(field for field in record.fields if not field.control_field))
            continue
        if held is not None:
            yield held
        held = record if record is not None and "001" in record else None
        if held is None:
            yield record
    if held is not None:
        yield held


def _shared(record: Record) -> tuple[str, list[tuple[str, str | None]]]:
    leader = str(record.leader)
    fields = [(field.tag, field.data) for field in record.fields if field.control_field]
    return leader[5:12] + leader[17:], fields
