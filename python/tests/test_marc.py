"""thalweg.marc beyond what pymarc has. That it is like pymarc is tested in tests/pymarc."""

from __future__ import annotations

import doctest
import gc
import gzip
import importlib
import io
import pathlib
import pickle
import pkgutil
import threading
import weakref
from typing import Any

import pytest

import thalweg
from thalweg import marc

BOOKS = pathlib.Path(__file__).resolve().parents[2] / "tests" / "vectors" / "marc" / "books.mrc"


@pytest.fixture(scope="module")
def data() -> bytes:
    return BOOKS.read_bytes()


def spoiled(data: bytes, index: int) -> bytes:
    """The same records, but the directory of one makes no sense."""
    at = 0
    for _ in range(index):
        at += int(data[at : at + 5])
    return data[: at + 27] + b"xxxx" + data[at + 31 :]


def modules() -> list[str]:
    names = [module.name for module in pkgutil.iter_modules(marc.__path__)]
    return ["thalweg.marc", *(f"thalweg.marc.{name}" for name in names)]


@pytest.mark.parametrize("name", modules())
def test_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


# --- readers --------------------------------------------------------------------------------------


def test_every_kind_of_input_gives_the_same(data: bytes, tmp_path: pathlib.Path) -> None:
    packed = tmp_path / "books.mrc.gz"
    packed.write_bytes(gzip.compress(data))
    inputs: list[Any] = [
        data,
        bytearray(data),
        memoryview(data),
        BOOKS,
        str(BOOKS),
        packed,
        io.BytesIO(data),
        BOOKS.open("rb"),
        BOOKS.open("rb", buffering=0),
    ]
    for target in inputs:
        with marc.MARCReader(target) as reader:
            assert b"".join(record.as_marc() for record in reader) == data


class Trickle:
    """A file that gives a few bytes at a time, as sockets do."""

    def __init__(self, data: bytes, size: int) -> None:
        self._file = io.BytesIO(data)
        self._size = size

    def read(self, size: int = -1) -> bytes:
        return self._file.read(min(size, self._size) if size >= 0 else -1)


def test_a_file_that_gives_little_at_a_time(data: bytes) -> None:
    for size in (1, 7, 1000):
        part = data[: 30 * size * 20][: len(data)]
        at = 0
        while at + 5 <= len(part) and at + int(part[at : at + 5]) <= len(part):
            at += int(part[at : at + 5])
        whole = part[:at]
        assert b"".join(r.as_marc() for r in marc.MARCReader(Trickle(whole, size))) == whole


def test_batches_of_any_size_give_the_same(data: bytes) -> None:
    for size in (1, 3, 500, 1 << 20):
        reader = marc.MARCReader(BOOKS, batch_records=size)
        assert sum(1 for _ in reader) == 2000


def test_a_failing_file_is_not_the_end(data: bytes) -> None:
    class Broken:
        def read(self, size: int) -> bytes:
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        next(marc.MARCReader(Broken()))
    with pytest.raises(thalweg.NotFoundError):
        marc.MARCReader("/nowhere/books.mrc")


def test_records_outlive_their_reader(data: bytes) -> None:
    records = list(marc.MARCReader(bytes(data)))
    titles = [record.title for record in records]
    gc.collect()
    kept = records[1234]
    field = kept["245"]
    del records
    gc.collect()
    assert kept.title == titles[1234]
    del kept
    assert field["a"] in titles[1234]


def test_cycles_are_collected(data: bytes) -> None:
    class Node(marc.Record):
        pass

    node = Node(data[: int(data[:5])])
    node.fields.append(node)  # type: ignore[arg-type]
    node.other = node  # type: ignore[attr-defined]
    gone = weakref.ref(node)
    del node
    gc.collect()
    assert gone() is None


def test_threads_may_not_share_a_reader_unnoticed(data: bytes) -> None:
    reader = marc.MARCReader(BOOKS)
    seen: list[int] = []

    def count() -> None:
        own = 0
        try:
            for _ in reader:
                own += 1
        except ValueError:
            pass
        seen.append(own)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(seen) <= 2000


def test_many_threads_with_readers_of_their_own(data: bytes) -> None:
    found: list[list[str | None]] = []
    threads = [
        threading.Thread(target=lambda: found.append([r.title for r in marc.MARCReader(BOOKS)]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(titles == found[0] for titles in found)


# --- recovery -------------------------------------------------------------------------------------


def test_strict_raises_and_goes_on(data: bytes) -> None:
    reader = marc.MARCReader(spoiled(data, 3), recovery="strict")
    assert len([next(reader) for _ in range(3)]) == 3
    with pytest.raises(marc.MarcError) as caught:
        next(reader)
    defect = caught.value.defect
    assert isinstance(caught.value, thalweg.Error)
    assert (defect.record_index, defect.severity) == (3, "error")
    assert defect.code.startswith("E1")
    assert "record" in str(defect)
    assert '"record_index": 3' in defect.to_json()
    assert pickle.loads(pickle.dumps(caught.value)).defect == defect
    assert sum(1 for _ in reader) == 1996


def test_skip_leaves_out_and_tells(data: bytes) -> None:
    reader = marc.MARCReader(spoiled(data, 3), recovery="skip")
    assert sum(1 for _ in reader) == 1999
    assert {defect.record_index for defect in reader.defects} == {3}


def test_lenient_mends(data: bytes) -> None:
    reader = marc.MARCReader(spoiled(data, 3), recovery="lenient")
    records = list(reader)
    assert len(records) == 2000
    assert records[4].as_marc() in data
    assert [defect.repaired for defect in reader.defects if defect.record_index == 3][:1] == [True]


def test_modes_agree_on_good_records(data: bytes) -> None:
    for recovery in ("strict", "lenient", "skip"):
        for target in (data, BOOKS, io.BytesIO(data)):
            reader = marc.MARCReader(target, recovery=recovery, validation="structure")
            assert b"".join(record.as_marc() for record in reader) == data


def test_iter_with_errors(data: bytes) -> None:
    told = list(marc.MARCReader(spoiled(data, 3), recovery="skip").iter_with_errors())
    assert len(told) == 2000
    assert [place for place, (record, _) in enumerate(told) if record is None] == [3]
    assert [place for place, (_, defects) in enumerate(told) if defects] == [3]
    plain = list(marc.MARCReader(spoiled(data, 3)).iter_with_errors())
    assert [place for place, (record, _) in enumerate(plain) if record is None] == [3]
    assert isinstance(plain[3][1][0], ValueError)


def test_a_wrong_option_is_named() -> None:
    with pytest.raises(ValueError, match="strict, lenient, skip"):
        marc.MARCReader(b"", recovery="gentle")
    with pytest.raises(ValueError, match="structure"):
        marc.MARCReader(b"", validation="all")


# --- columns --------------------------------------------------------------------------------------


def test_columns_are_what_records_say(data: bytes) -> None:
    records = list(marc.MARCReader(data))
    titles = [record.get("245").get("a") if "245" in record else None for record in records]
    subjects = [
        [value for field in record.get_fields("650") for value in field.get_subfields("a")]
        for record in records
    ]
    for options in ({}, {"recovery": "lenient"}):
        assert marc.MARCReader(BOOKS, **options).column("245$a") == titles
        assert marc.MARCReader(BOOKS, **options).column("650$a[]") == subjects
    named = marc.MARCReader(data).columns("001, 245$a AS title, 650$a[] AS subjects")
    assert list(named) == ["001", "title", "subjects"]
    assert named["title"] == titles
    assert named["subjects"] == subjects


def test_columns_of_odd_records_too(data: bytes) -> None:
    first = data[: int(data[:5])]
    odd = first[:9] + b" " + first[10:]
    column = marc.MARCReader(first + odd + spoiled(data, 1)[:20000]).column("001")
    assert column[0] == column[1] == column[2]
    assert None not in column


def test_to_arrow(data: bytes) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = marc.MARCReader(data).to_arrow("001, 245$a AS title, 020$a, 650$a[] AS subjects")
    assert (len(table), table.column_names) == (2000, ["001", "title", "020$a", "subjects"])
    for _ in range(2):  # It can be taken more than once.
        taken = pyarrow.table(table)
        taken.validate(full=True)
        assert taken.schema.field("subjects").type == pyarrow.list_(pyarrow.string())
        assert taken.to_pydict() == table.to_pydict()
    column = pyarrow.table(table).column("subjects")
    del taken, table
    gc.collect()
    assert len(column.to_pylist()) == 2000


def test_sql_over_a_table(data: bytes) -> None:
    table = marc.MARCReader(data).to_arrow("001, 245$a AS title, 008/35-37 AS language")
    answer = thalweg.sql("SELECT count(*) AS n FROM t WHERE language = 'eng'", tables={"t": table})
    assert answer.fetchall()[0][0] == table.to_pydict()["language"].count("eng")


def test_a_wrong_path_is_named(data: bytes) -> None:
    with pytest.raises(ValueError, match="24"):
        marc.MARCReader(data).column("24$$")


# --- formats --------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".mrc", ".xml", ".json", ".mrk", ".jsonl", ".mrc.gz"])
def test_records_survive_every_format(data: bytes, tmp_path: pathlib.Path, suffix: str) -> None:
    path = tmp_path / f"books{suffix}"
    records = list(marc.MARCReader(data))[:300]
    assert marc.write(records, path) == 300
    back = list(marc.read(path))
    assert [str(record)[24:] for record in back] == [str(record)[24:] for record in records]
    with pytest.raises(thalweg.AlreadyExistsError):
        marc.write(records, path)
    assert marc.write(records[:1], path, force=True) == 1
    assert len(list(marc.read(path))) == 1


def test_writing_changed_records(tmp_path: pathlib.Path, data: bytes) -> None:
    record = next(marc.MARCReader(data))
    record["245"]["a"] = "Ünïcode"
    file = io.BytesIO()
    with marc.FormatWriter(file, "marcxml") as writer:
        writer.write(record)
        with pytest.raises(marc.WriteNeedsRecord):
            writer.write("x")  # type: ignore[arg-type]
    assert "Ünïcode".encode() in file.getvalue()
    whole, plain = io.BytesIO(), io.BytesIO()
    marc.write([record], whole, "bibframe-turtle")
    with marc.FormatWriter(plain, "bibframe-turtle", include_bflc=False) as writer:
        writer.write(record)
    assert b"bflc:marcKey" in whole.getvalue()
    assert b"bflc:" not in plain.getvalue().replace(b"@prefix bflc:", b"")
    record["245"]["a"] = "a\x1fb"
    with pytest.raises(ValueError, match="no place in MARC"):
        marc.write([record], tmp_path / "x.mrc")
    assert not (tmp_path / "x.mrc").exists()


def test_formats_are_described() -> None:
    known = marc.formats()
    assert {"iso2709", "marcxml", "mrk"} <= known.keys()
    assert known["marcxml"]["reads"] and known["marcxml"]["writes"]


# --- records --------------------------------------------------------------------------------------


def test_readers_of_other_kinds(data: bytes) -> None:
    authority = bytearray(data[: int(data[:5])])
    authority[6] = ord("z")
    holdings = bytearray(data[: int(data[:5])])
    holdings[6] = ord("x")
    mixed = data[: int(data[:5])] + bytes(authority) + bytes(holdings)
    assert [r.leader[6] for r in marc.AuthorityMARCReader(mixed)] == ["z"]
    assert [r.leader[6] for r in marc.HoldingsMARCReader(mixed)] == ["x"]
    assert next(marc.AuthorityMARCReader(mixed)).record_kind() == "authority"


def test_other_scripts() -> None:
    def field(tag: str, link: str) -> marc.Field:
        return marc.Field(tag, subfields=[marc.Subfield("6", link), marc.Subfield("a", tag)])

    record = marc.Record(
        fields=[
            field("100", "880-01"),
            field("245", "880-02"),
            field("880", "245-02/Hebr/r"),
            field("880", "100-01/(N"),
            field("880", "500-00"),
        ]
    )
    pairs = record.get_field_pairs()
    assert [(one["a"], two and two["6"]) for one, two in pairs] == [
        ("100", "100-01/(N"),
        ("245", "245-02/Hebr/r"),
    ]
    assert record.get_original_field(record.fields[2]) is record.fields[1]
    assert record.get_original_field(record.fields[4]) is None
    assert record.get_linked_fields(record["100"]) == [record.fields[3]]


def test_writers_close_with_their_block(tmp_path: pathlib.Path, data: bytes) -> None:
    path = tmp_path / "books.json"
    with marc.JSONWriter(path.open("w")) as writer:
        for record in list(marc.MARCReader(data))[:2]:
            writer.write(record)
    assert len(marc.parse_json_to_array(str(path))) == 2


# --- rules and queries ----------------------------------------------------------------------------


def test_findings_come_with_their_records(data: bytes) -> None:
    reader = marc.MARCReader(spoiled(data, 3), recovery="skip", validation="marc21")
    validator = marc.Validator()
    at = 0
    checked = 0
    for record, found in reader.iter_with_errors():
        findings = [finding for finding in found if isinstance(finding, marc.Finding)]
        if record is None:
            assert at == 3 and findings == []
        else:
            assert [str(finding) for finding in findings] == [
                str(finding) for finding in validator.check(record)
            ]
            assert all(finding.record_index == at for finding in findings)
            checked += len(findings)
        at += 1
    assert at == 2000
    assert checked == len(reader.findings) > 100
    assert {finding.severity for finding in reader.findings} <= {"warning", "error"}
    # What is found stops nothing, in no mode.
    strict = list(marc.MARCReader(data, recovery="strict", validation="marc21"))
    assert len(strict) == 2000


def test_validation_has_four_names(data: bytes) -> None:
    with pytest.raises(thalweg.Error, match="none, lost_text, structure"):
        marc.MARCReader(data, validation="all")
    pre = b"00055nam a2200037 a 4500245001700000\x1e10Lost\x1fatitle: a\x1e\x1d"
    told = marc.MARCReader(pre, recovery="strict", validation="lost_text")
    assert [record["245"]["a"] for record in told] == ["title: a"]
    assert [defect.code for defect in told.defects] == ["W007"]
    assert marc.MARCReader(data, recovery="skip").findings == []
    own = '{"fields": {"245": {"subfields": {"a": {"pattern": "^nothing$"}}}}}'
    record = next(marc.MARCReader(data))
    rules = [finding.rule for finding in marc.Validator([own], marc21=False).check(record)]
    assert "patternMismatch" in rules


def test_queries_choose_the_fields_of_the_record(data: bytes) -> None:
    for record in list(marc.MARCReader(data))[:200]:
        query = marc.FieldQuery().tag_range("600", "699").indicator2("0").has_subfield("x")
        expected = [
            field
            for field in record.fields
            if "600" <= field.tag <= "699" and field.indicator2 == "0" and "x" in field
        ]
        found = record.fields_matching(query)
        assert len(found) == len(expected)
        assert all(one is other for one, other in zip(found, expected))
        assert record.select("6XX[ind2=0][$x]") == found
        assert record.values("650$a") == [
            value for field in record.get_fields("650") for value in field.get_subfields("a")
        ]
        history = marc.SubfieldPatternQuery("650", "x", "^[Hh]istory").find(record)
        assert history == [
            field
            for field in record.get_fields("650")
            if any(value.lower().startswith("history") for value in field.get_subfields("x"))
        ]
        without = marc.SubfieldValueQuery("650", "x", "History", partial=True, negate=True)
        assert len(without.find(record)) <= len(record.get_fields("650"))


def test_queries_see_what_was_changed(data: bytes) -> None:
    record = next(marc.MARCReader(data))
    record.add_field(marc.Field("650", subfields=[marc.Subfield("a", "Éire")]))
    assert [field["a"] for field in record.select("650[$a=Éire]")] == ["Éire"]
    with pytest.raises(thalweg.Error, match="tag"):
        marc.FieldQuery().tag("65")
    with pytest.raises(thalweg.Error):
        marc.FieldQuery().matches("a", "(")


def test_questions_of_authority_and_holdings_records() -> None:
    from thalweg.marc import query

    def field(tag: str, **values: str) -> marc.Field:
        return marc.Field(tag, subfields=[marc.Subfield(code, v) for code, v in values.items()])

    record = marc.Record(
        fields=[
            field("100", a="Hunt, Andrew", d="1964-"),
            field("400", a="Hunt, Andy"),
            field("500", a="Thomas, David"),
            field("650", a="War", x="History"),
            field("700", a="Zed"),
            field("852", b="Main"),
            field("866", a="v.1-"),
        ]
    )
    assert query.authority_heading(record) is record["100"]
    assert query.see_from_tracings(record) == [record["400"]]
    assert query.see_also_tracings(record) == [record["500"]]
    assert query.related_headings(record, "David") == [record["500"]]
    assert query.related_headings(record, "Andy") == []
    assert query.subjects_with_subdivision(record, "History") == [record["650"]]
    assert query.names_in_range(record, "A", "I") == [record["100"]]
    assert query.authors_with_dates(record) == [("Hunt, Andrew", "1964-")]
    assert query.holdings_locations(record) == [record["852"]]
    assert query.textual_holdings(record) == [record["866"]]
