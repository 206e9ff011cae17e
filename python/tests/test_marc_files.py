"""Files of MARC records as a whole: read by several threads, split and joined."""

from __future__ import annotations

import io
import pathlib

import pytest

from thalweg import marc

BOOKS = pathlib.Path(__file__).resolve().parents[2] / "tests" / "vectors" / "marc" / "books.mrc"


@pytest.fixture(scope="module")
def data() -> bytes:
    return BOOKS.read_bytes()


def test_what_was_split_is_joined_again(tmp_path: pathlib.Path) -> None:
    large = next(iter(marc.read(BOOKS)))
    for _ in range(30):
        large.add_field(marc.Field("500", subfields=[marc.Subfield("a", "n" * 9000)]))
    others = list(marc.read(BOOKS))[1:5]
    whole = [large.as_dict()["fields"], *(record.as_dict()["fields"] for record in others)]
    split = tmp_path / "split.mrc"
    marc.write([large, *others], split, oversize="split")
    parts = list(marc.read(split))
    assert len(parts) == 7
    joined = list(marc.join_split(parts))
    assert [record.as_dict()["fields"] for record in joined if record is not None] == whole
    assert list(marc.join_split([None, others[0], None])) == [None, others[0], None]
    nameless = [marc.Record(), marc.Record()]
    assert list(marc.join_split(nameless)) == nameless


def test_read_parallel(data: bytes) -> None:
    for workers in (0, 1, 2):
        records = marc.read_parallel(BOOKS, workers=workers)
        assert b"".join(record.as_marc() for record in records) == data
        table = marc.read_parallel(BOOKS, "001, 245$a", workers=workers)
        assert table.to_pydict() == marc.MARCReader(data).columns("001, 245$a")
    whole = data + data[:-40]
    for source in (whole, bytearray(whole), memoryview(whole), io.BytesIO(whole)):
        defects: list[marc.Defect] = []
        records = marc.read_parallel(source, workers=2, defects=defects)
        assert b"".join(record.as_marc() for record in records[: len(records) // 2]) == data
        assert len(defects) > 0
        assert all(defect.record_index == len(records) - 1 for defect in defects)

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("the tape broke")

    with pytest.raises(OSError, match="the tape broke"):
        marc.read_parallel(Broken(data))
