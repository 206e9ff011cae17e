"""All 250,000 real records through every format and back: what comes back has to be what was there.

Nothing is measured here but how many records are equal. The suite fails where one is not, but for
the difference that docs/marc/formats.md names: XML cannot hold most control characters.
"""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from run import ROOT, Context, Result

BOOKS = ROOT / "build/data/marc/BooksAll.2016.part01.utf8"
TITLES = BOOKS.with_name("x.txt")
# Formats that hold all of a record but for its bytes, so that the bytes follow from it again.
WHOLE = ("iso2709", "json", "jsonl", "native-json", "marcjson", "mrk", "csv")
NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
BLOCK_BYTES = 1 << 20


def check(context: Context) -> list[Result]:
    program = context.program("thalweg")
    if program is None or not BOOKS.exists() or not TITLES.exists():
        print("all books: not there; `make marc-data` fetches them", file=sys.stderr)
        return []
    sys.path.insert(0, str(context.build / "python"))
    context.data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=context.data) as name:
        books = Books(program, pathlib.Path(name))
        cases: dict[str, Callable[[], int]] = {
            **{f"through-{form}": lambda form=form: books.through(form) for form in WHOLE},
            "through-marcxml": books.through_xml,
            "through-arrow": books.through_arrow,
            "python-as_marc": books.written_anew,
            "columns": books.columns,
            "titles-as-x.txt": books.titles,
        }
        return [books.result(case, equal) for case, equal in cases.items()]


class Books:
    """The file, and what becomes of it."""

    def __init__(self, program: pathlib.Path, folder: pathlib.Path) -> None:
        self._program = program
        self._folder = folder
        self.count = BOOKS.read_bytes().count(b"\x1d")

    def result(self, case: str, equal: Callable[[], int]) -> Result:
        """How many records are equal; not ok when one is not, or when there were too few."""
        try:
            value, note = equal(), ""
        except (subprocess.CalledProcessError, ValueError) as error:
            value, note = 0, str(error)
        note = note or f"of {self.count:,}"
        return Result(f"all-books/{case}", "thalweg", "equal", float(value), "records",
                      ok=value == self.count, note=note)

    def _convert(self, form: str) -> pathlib.Path:
        """The books after they were written in a format and read from it."""
        there, back = self._folder / "there", self._folder / "back"
        for source, to, target in ((BOOKS, form, there), (there, "iso2709", back)):
            said = subprocess.run(
                [self._program, "marc", "convert", "--force", "-t", to, source, "-o", target],
                check=True, capture_output=True, text=True).stderr.splitlines()
            if said[-1] != f"{self.count:,} read / 0 repaired / 0 dropped":
                raise ValueError(said[-1])
        return back

    def through(self, form: str) -> int:
        """Byte for byte."""
        pairs = zip(_records(BOOKS), _records(self._convert(form)), strict=True)
        return sum(one == other for one, other in pairs)

    def through_xml(self) -> int:
        """Value for value: U+FFFD stands for what XML cannot hold."""
        from thalweg import marc

        back = marc.MARCReader(str(self._convert("marcxml")))
        pairs = zip(marc.MARCReader(str(BOOKS)), back, strict=True)
        return sum(_values(one, NO_XML) == _values(other) for one, other in pairs)

    def through_arrow(self) -> int:
        """Records as a column of an Arrow file."""
        arrow, back = self._folder / "books.arrow", self._folder / "back.mrc"
        for source, target in ((BOOKS, arrow), (arrow, back)):
            rows = f"read_marc('{source}')" if source == BOOKS else f"'{source}'"
            query = f"COPY (SELECT record FROM {rows}) TO '{target}'"
            subprocess.run([self._program, "sql", "--force", query], check=True,
                           capture_output=True)
        pairs = zip(_records(BOOKS), _records(back), strict=True)
        return sum(one == other for one, other in pairs)

    def written_anew(self) -> int:
        """Records whose fields were all made in Python and written again."""
        from thalweg import marc

        equal = 0
        for chunk, record in zip(_records(BOOKS), marc.MARCReader(str(BOOKS)), strict=True):
            fields = [
                marc.Field(field.tag, data=field.data) if field.control_field
                else marc.Field(field.tag, field.indicators, list(field.subfields))
                for field in record.fields
            ]
            made = marc.Record(fields=fields, leader=str(record.leader))
            equal += made.as_marc() == chunk
        return equal

    def columns(self) -> int:
        """Columns of Arrow, by one thread and by several, against the values of the records."""
        import pyarrow

        from thalweg import marc

        paths = "LDR/06, 001, 008/35-37, 245$a, 650$a[]"
        tables = [
            pyarrow.table(marc.MARCReader(str(BOOKS)).to_arrow(paths)),
            pyarrow.table(marc.read_parallel(BOOKS, paths)),
        ]
        if not tables[0].equals(tables[1]):
            raise ValueError("one thread and several differ")
        columns = [column.to_pylist() for column in tables[0].columns]
        rows = zip(marc.MARCReader(str(BOOKS)), *columns, strict=True)
        return sum(row == _row(record) for record, *row in rows)

    def titles(self) -> int:
        """Titles as pymarc gives them."""
        from thalweg import marc

        expected = TITLES.read_text(encoding="utf-8").split("\n")[: self.count]
        pairs = zip(marc.MARCReader(str(BOOKS)), expected, strict=True)
        return sum((record.title or "") == title for record, title in pairs)


def _records(path: pathlib.Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        rest = b""
        while block := file.read(BLOCK_BYTES):
            *whole, rest = (rest + block).split(b"\x1d")
            yield from (piece + b"\x1d" for piece in whole)
    if rest:
        yield rest


def _values(record: Any, replaced: re.Pattern[str] | None = None) -> str:
    """All that a record says but for lengths and places."""
    text = str(record)
    leader, _, fields = text.partition("\n")
    text = f"{leader[:6]}{leader[11:18]}{leader[23:]}\n{fields}"
    return replaced.sub("�", text) if replaced else text


def _row(record: Any) -> list[object]:
    titles = record.get("245")
    subjects = [
        value
        for field in record.get_fields("650")
        for value in field.get_subfields("a")
    ]
    return [
        record.leader[6],
        record["001"].data,
        record["008"].data[35:38],
        titles.get("a") if titles else None,
        subjects,
    ]
