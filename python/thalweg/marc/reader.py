"""Readers: of the exchange format, of MARC-in-JSON, of MARCMaker's text.

>>> reader = MARCReader(b"00038nam a2200037   4500001000100000\\x1e1\\x1e\\x1d"[:0])
>>> list(reader)
[]
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from io import IOBase, StringIO
from typing import Any

from thalweg import _core
from thalweg.marc import _extraction, _recovery
from thalweg.marc.constants import LEADER_LEN
from thalweg.marc.exceptions import (
    EndOfRecordNotFound,
    FatalReaderError,
    PymarcException,
    RecordLengthInvalid,
    TruncatedRecord,
)
from thalweg.marc.field import Field, Indicators, RawField, Subfield
from thalweg.marc.leader import Leader
from thalweg.marc.record import Record

__all__ = [
    "AuthorityMARCReader",
    "HoldingsMARCReader",
    "JSONReader",
    "MARCMakerReader",
    "MARCReader",
    "Reader",
    "map_records",
]

_core.marc_setup(
    {
        "Record": Record,
        "Field": Field,
        "RawField": RawField,
        "Subfield": Subfield,
        "Indicators": Indicators,
        "Leader": Leader,
        "TruncatedRecord": TruncatedRecord,
        "RecordLengthInvalid": RecordLengthInvalid,
        "EndOfRecordNotFound": EndOfRecordNotFound,
        "FatalReaderError": FatalReaderError,
    }
)


class Reader:
    """Base of all readers."""


class MARCReader(_core.ReaderBase, Reader):
    """Iterates over the records of a file in the exchange format (ISO 2709).

    marc_target: bytes, a binary file, or the path of a file, which may be compressed.
    to_unicode: text becomes `str`; False gives `RawField`s that hold bytes.
    force_utf8: text is UTF-8, whatever the leader says.
    hide_utf8_warnings: nothing is said of MARC-8 codes that are not known.
    utf8_handling: 'strict', 'replace' or 'ignore', for text that is not UTF-8.
    file_encoding: of records whose leader does not say UTF-8, when it is not MARC-8.
    permissive: taken and kept, as pymarc does.

    As with pymarc a bad record comes as None, and `current_exception` and `current_chunk` tell
    why; after a `FatalReaderError` there is nothing more. `recovery` chooses another way, which
    goes by the marks in the data, never ends early, and knows the place and the code of whatever
    is wrong:

    recovery: 'strict' raises `MarcError` and goes on behind the record at the next call, 'lenient'
        repairs what can be repaired, 'skip' leaves bad records out.
    validation: 'none'; 'lost_text': also text before a field's first subfield (W007), which only
        ISO 2709 can hold; 'structure': also indicators, codes and fields without subfields;
        'marc21': also what MARC 21 lets a record say, which stops nothing: `findings` has it.
    errors_max: more defects than so many end the reading.
    normalize: 'nfc' or 'nfd'. With `recovery` only.
    batch_records: how many records are parsed at a time, without the GIL; by default it is tuned.

    A file is read ahead of the records that were given out.
    """

    def __init__(
        self,
        marc_target: Any,
        to_unicode: bool = True,
        force_utf8: bool = False,
        hide_utf8_warnings: bool = False,
        utf8_handling: str = "strict",
        file_encoding: str = "iso8859-1",
        permissive: bool = False,
        *,
        recovery: str | None = None,
        validation: str = "none",
        errors_max: int | None = None,
        normalize: str | None = None,
        batch_records: int = 0,
    ) -> None:
        self.to_unicode = to_unicode
        self.force_utf8 = force_utf8
        self.hide_utf8_warnings = hide_utf8_warnings
        self.utf8_handling = utf8_handling
        self.file_encoding = file_encoding
        self.permissive = permissive
        self.recovery = recovery
        self.batch_records = batch_records
        self._source: _recovery.Source | None = None
        target = _target(marc_target)
        self.file_handle: Any = target if not isinstance(target, (bytes, str)) else None
        if recovery is not None or validation != "none" or errors_max or normalize:
            self._source = _recovery.Source(
                target,
                recovery=recovery or "strict",
                validation=validation,
                errors_max=errors_max or 0,
                to_unicode=bool(to_unicode),
                force_utf8=bool(force_utf8),
                invalid_text=utf8_handling,
                file_encoding=file_encoding,
                normalize=normalize or "none",
                batch_records=batch_records,
            )
            self._follow(iter(self._source))
            return
        self._start(
            target if isinstance(target, bytes) else None,
            self.file_handle,
            target if isinstance(target, str) else None,
            bool(to_unicode),
            bool(force_utf8),
            file_encoding == "iso8859-1",
            _extends_ascii(file_encoding),
            batch_records,
        )

    def close(self) -> None:
        """Closes the file."""
        if self.file_handle is not None:
            self.file_handle.close()

    def __enter__(self) -> MARCReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- beyond pymarc ----------------------------------------------------------------------------

    def read_record(self) -> Record | None:
        """The next record; None at the end."""
        return next(self, None)

    def iter_with_errors(self) -> Iterator[tuple[Record | None, list[Any]]]:
        """Pairs of a record and what was wrong with it, or with what was dropped before it.

        With `recovery` these are `Defect`s, and None stands for a record that was dropped; else
        they are the exceptions that `current_exception` would give. With `validation='marc21'`
        `Finding`s follow them.

        >>> title = Field("245", indicators=["5", "0"], subfields=[Subfield("a", "Rivers")])
        >>> data = Record(fields=[Field("001", data="1"), title]).as_marc()
        >>> reader = MARCReader(data, recovery="lenient", validation="marc21")
        >>> for record, found in reader.iter_with_errors():
        ...     print(record["001"].data, [each.kind for each in found if each.tag == "245"])
        1 ['invalidIndicator 245 ind1']
        """
        if self._source is not None:
            yield from self._source.with_defects()
            return
        for record in self:
            exception = self.current_exception
            yield record, [] if exception is None else [exception]

    @property
    def defects(self) -> list[Any]:
        """All defects that were found so far, with `recovery`."""
        return [] if self._source is None else self._source.defects

    @property
    def findings(self) -> list[Any]:
        """All `Finding`s so far, with `validation='marc21'`, of what was read ahead."""
        return [] if self._source is None else self._source.findings

    def column(self, path: str) -> list[Any]:
        """One value a record: the first that a path finds, or all of them where it ends with `[]`.

        Records are not made; the reader is at its end afterwards. Records that cannot be read have
        no value.

        >>> import io
        >>> marc = Record(fields=[Field("245", subfields=[Subfield("a", "Rivers")])]).as_marc()
        >>> MARCReader(io.BytesIO(marc + marc)).column("245$a")
        ['Rivers', 'Rivers']
        """
        return _extraction.columns(self, [path])[0]

    def columns(self, paths: str) -> dict[str, list[Any]]:
        """Values by name: `"001, 245$a AS title, 650$a[]"`."""
        return _extraction.named_columns(self, paths)

    def to_arrow(self, paths: str) -> _extraction.Table:
        """Values as a table of Arrow's, which pyarrow, polars, DuckDB and `thalweg.sql` take.

        Needs none of them.
        """
        return _extraction.to_arrow(self, paths)

    # --- for the C++ half -------------------------------------------------------------------------

    def _decode(self, chunk: bytes) -> Record:
        return Record(
            chunk,
            to_unicode=self.to_unicode,
            force_utf8=self.force_utf8,
            hide_utf8_warnings=self.hide_utf8_warnings,
            utf8_handling=self.utf8_handling,
            file_encoding=self.file_encoding,
        )

    @staticmethod
    def _refuse_text(text: str) -> tuple[str, Exception]:
        """The chunk and the verdict for a file that was opened as text."""
        if len(text) < 5:
            return text, TruncatedRecord()
        try:
            length = int(text[:5])
        except ValueError:
            return text[:5], RecordLengthInvalid()
        chunk = text[:length] if length >= 5 else text
        return chunk, TruncatedRecord() if len(chunk) < length else EndOfRecordNotFound()


class _TypedReader(MARCReader):
    """Passes over records of other types."""

    _types = ""

    def __next__(self) -> Any:
        for record in iter(super().__next__, self):
            if record is None or record.leader[6] in self._types:
                return record
        raise StopIteration


class AuthorityMARCReader(_TypedReader):
    """Gives the authority records of a file (leader/06 `z`)."""

    _types = "z"


class HoldingsMARCReader(_TypedReader):
    """Gives the holdings records of a file (leader/06 `u`, `v`, `x` or `y`)."""

    _types = "uvxy"


def map_records(f: Callable[[Any], Any], *files: Any) -> None:
    """Calls a function with every record of some files."""
    for file in files:
        for record in MARCReader(file):
            f(record)


class JSONReader(Reader):
    """Iterates over the records of MARC-in-JSON: an array, or one record.

    marc_target: JSON, the path of a file, or a file.
    """

    file_handle: Any

    def __init__(self, marc_target: Any, encoding: str = "utf-8", stream: bool = False) -> None:
        self.encoding = encoding
        self.file_handle = _text_file(marc_target)
        if stream:
            sys.stderr.write(
                "Streaming not yet implemented, your data will be loaded into memory\n"
            )
        self.records = json.load(self.file_handle, strict=False)

    def __iter__(self) -> JSONReader:
        several = hasattr(self.records, "__iter__") and not isinstance(self.records, dict)
        self.iter = iter(self.records if several else [self.records])
        return self

    def __next__(self) -> Record:
        given = next(self.iter)
        record = Record()
        record.leader = Leader(given["leader"])
        for member in given["fields"]:
            tag, value = next(iter(member.items()))
            if not ("subfields" in value and hasattr(value, "update")):
                record.add_field(Field(tag, data=value))
                continue
            subfields = [
                Subfield(code, text)
                for subfield in value["subfields"]
                for code, text in subfield.items()
            ]
            indicators = Indicators(value["ind1"], value["ind2"])
            record.add_field(Field(tag, indicators=indicators, subfields=subfields))
        return record


class MARCMakerReader(Reader):
    """Iterates over the records of MARCMaker's text, as `str(record)` writes it.

    >>> text = "=LDR  00000nam a2200000   4500\\n=001  ocm1\\n=245  10$aRivers"
    >>> [record["245"]["a"] for record in MARCMakerReader(text)]
    ['Rivers']
    """

    def __init__(self, target: Any, encoding: str = "utf-8") -> None:
        file = _text_file(target, encoding)
        self.records = file.read().split("\n\n")
        file.close()
        self.iter = iter(self.records)

    def __iter__(self) -> MARCMakerReader:
        return self

    def __next__(self) -> Record:
        record = Record()
        for line in next(self.iter).splitlines():
            try:
                part = self._parse_line(line)
            except Exception as error:
                raise PymarcException(f'Unable to parse line "{line}"') from error
            if isinstance(part, Leader):
                record.leader = part
            else:
                record.add_field(part)
        return record

    def _parse_line(self, line: str) -> Leader | Field:
        if line[0] != "=":
            raise ValueError('Line should start with a "=".')
        if line[4:6] != "  ":
            raise ValueError("Tag should be separated from the rest of the field by two spaces.")
        tag, data = line[1:4], line[6:]
        if tag == "LDR":
            return Leader(data)
        if tag < "010":
            return Field(tag, data=data)
        indicators = Indicators(data[0], data[1])
        subfields = [Subfield(part[:1], part[1:]) for part in data[3:].split("$")]
        return Field(tag, indicators=indicators, subfields=subfields)


def _target(marc_target: Any) -> Any:
    """Bytes, the path of a file, or a file."""
    if isinstance(marc_target, (bytearray, memoryview)):
        return bytes(marc_target)
    if isinstance(marc_target, os.PathLike):
        return os.fsdecode(marc_target)
    return marc_target


def _text_file(target: Any, encoding: str | None = None) -> Any:
    if isinstance(target, IOBase):
        return target
    if isinstance(target, str) and os.path.exists(target):
        return open(target, encoding=encoding)
    return StringIO(target)


def _extends_ascii(encoding: str) -> bool:
    """Whether ASCII bytes, without control characters but tabs and line ends, mean ASCII in it."""
    text = "".join(map(chr, range(LEADER_LEN + 8, 0x7F)))
    try:
        return text.encode("ascii").decode(encoding) == text and encoding.lower() != "hz"
    except (UnicodeError, LookupError):
        return False
