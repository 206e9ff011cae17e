"""The same calls on pymarc and on thalweg.marc: values, text, warnings and exceptions are equal."""

from __future__ import annotations

import copy
import io
import logging
import pickle
import random
import warnings
from typing import Any

import pytest

pymarc = pytest.importorskip("pymarc")

from thalweg import marc  # noqa: E402

ACCESSORS = (
    "title author isbn issn issnl issn_title sudoc uniformtitle publisher pubyear".split()
)
FIELD_LISTS = "series subjects addedentries location notes physicaldescription fields".split()
PARAMETERS: list[dict[str, Any]] = [
    {},
    {"to_unicode": False},
    {"force_utf8": True},
    {"utf8_handling": "replace"},
    {"utf8_handling": "ignore", "force_utf8": True},
    {"file_encoding": "latin-1"},
    {"file_encoding": "cp1251"},
    {"hide_utf8_warnings": True},
]


def outcome(call: Any, *args: Any) -> Any:
    """What a call gives: its value, or the class and text of its exception."""
    try:
        return call(*args)
    except Exception as error:
        return (type(error).__name__, str(error))


def field_values(field: Any) -> tuple[Any, ...]:
    return (
        type(field).__name__,
        field.tag,
        field.data,
        field.control_field,
        field.indicators and tuple(field.indicators),
        [tuple(subfield) for subfield in field.subfields],
        outcome(str, field),
        outcome(field.value),
        outcome(field.format_field),
        outcome(field.get_subfields, "a", "b", "6"),
        outcome(field.get, "a"),
        "a" in field,
        outcome(field.subfields_as_dict),
        outcome(field.linkage_occurrence_num),
        outcome(field.as_marc, "utf-8"),
    )


def xml_of(module: Any, record: Any) -> Any:
    return outcome(module.record_to_xml, record)


def record_values(module: Any, record: Any) -> dict[str, Any]:
    """Everything that can be asked, before and after fields were made."""
    if record is None:
        return {}
    values: dict[str, Any] = {"first title": outcome(lambda: record.title)}
    values["json"] = outcome(record.as_json)
    values["text"] = outcome(str, record)
    values["xml"] = xml_of(module, record)
    for name in ACCESSORS:
        values[name] = outcome(getattr, record, name)
    for name in FIELD_LISTS:
        values[name] = [field_values(field) for field in getattr(record, name)]
    values["accessors again"] = [outcome(getattr, record, name) for name in ACCESSORS]
    values["json again"] = outcome(record.as_json)
    values["dict"] = outcome(record.as_dict)
    values["leader"] = str(record.leader)
    values["marc"] = outcome(record.as_marc)
    values["leader behind"] = str(record.leader)
    return values


def listen(module: Any, chunk: bytes, parameters: dict[str, Any], capture: Any) -> list[Any]:
    """What a reader gives for some bytes, with all that it says meanwhile."""
    heard: list[Any] = []
    handler = logging.Handler()
    handler.emit = lambda entry: heard.append(entry.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("pymarc")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            reader = module.MARCReader(io.BytesIO(chunk), **parameters)
            given = []
            for record in reader:
                exception = reader.current_exception
                given.append(
                    (
                        record is None,
                        type(exception).__name__,
                        str(exception),
                        reader.current_chunk,
                        record_values(module, record),
                    )
                )
                if len(given) > 20:
                    break
        heard += [str(warning.message) for warning in warned]
    finally:
        logger.removeHandler(handler)
        logger.propagate = True
    return [given, heard, capture.readouterr().err]


@pytest.mark.parametrize("parameters", PARAMETERS, ids=str)
def test_good_records(
    books: list[bytes], parameters: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = books[::3] if not parameters else books[::19]
    for chunk in chosen:
        assert listen(marc, chunk, parameters, capsys) == listen(pymarc, chunk, parameters, capsys)


@pytest.mark.parametrize("parameters", PARAMETERS, ids=str)
def test_bad_records(
    damaged: list[bytes], parameters: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = damaged[::2] if not parameters else damaged[::13]
    for chunk in chosen:
        ours = listen(marc, chunk, parameters, capsys)
        assert ours == listen(pymarc, chunk, parameters, capsys), chunk


def test_files_of_good_and_bad_records(
    books: list[bytes], damaged: list[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    """Where one record ends decides what the next one is."""
    rng = random.Random(7)
    for _ in range(150):
        parts = [rng.choice(books if rng.randrange(3) else damaged) for _ in range(6)]
        data = b"".join(parts)
        assert listen(marc, data, {}, capsys) == listen(pymarc, data, {}, capsys), data


def change(module: Any, record: Any, rng: random.Random) -> Any:
    """One change of a record, the same for equal states of `rng`."""
    how = rng.randrange(11)
    fields = record.get_fields()
    if how == 0:
        new = [module.Subfield("a", "New — text"), module.Subfield("x", "$ {")]
        record.add_field(module.Field("999", module.Indicators("1", " "), new))
    elif how == 1:
        record.add_ordered_field(module.Field("500", subfields=[module.Subfield("a", "Note")]))
    elif how == 2:
        record.add_grouped_field(module.Field("510", subfields=[module.Subfield("a", "Note")]))
    elif how == 3 and fields:
        record.remove_field(rng.choice(fields))
    elif how == 4:
        record.remove_fields("650", "020")
    elif how == 5 and "245" in record:
        record["245"]["a"] = "Changed"
    elif how == 6 and fields:
        rng.choice(fields).add_subfield("z", "added", rng.choice([None, 0, 1, 99]))
    elif how == 7 and fields:
        return rng.choice(fields).delete_subfield("a")
    elif how == 8:
        record.leader[6] = rng.choice("acz")
    elif how == 9 and fields:
        rng.choice(fields).tag = rng.choice(["9XX", "100", "1"])
    elif fields:
        rng.choice(fields).indicator1 = "7"
    return None


def test_changed_records(books: list[bytes]) -> None:
    for seed, chunk in enumerate(books[:300]):
        answers = []
        for module in (marc, pymarc):
            rng = random.Random(seed)
            record = next(module.MARCReader(chunk))
            said = [outcome(change, module, record, rng) for _ in range(4)]
            answers.append((said, record_values(module, record)))
        assert answers[0] == answers[1], seed


def test_copies_are_independent_and_equal(books: list[bytes]) -> None:
    for chunk in books[:200]:
        record = next(marc.MARCReader(chunk))
        for other in (copy.deepcopy(record), pickle.loads(pickle.dumps(record))):
            assert record_values(marc, other) == record_values(marc, record)
            other.fields[-1].tag = "999"
            other.leader[5] = "d"
            assert record.as_marc() == chunk


def test_identity(books: list[bytes]) -> None:
    for record in marc.MARCReader(b"".join(books[:50])):
        first = record["245"]
        assert first is record["245"] is record.get("245") is record.get_fields("245")[0]
        assert first in record.fields
        assert record.fields is record.fields
        assert record.leader is record.leader
        assert first.subfields is first.subfields
        assert first is next(field for field in record if field.tag == "245")


def test_writers(books: list[bytes]) -> None:
    for writer, file in (("JSONWriter", io.StringIO), ("TextWriter", io.StringIO)):
        texts = []
        for module in (marc, pymarc):
            out = file()
            made = getattr(module, writer)(out)
            for record in module.MARCReader(b"".join(books[:100])):
                made.write(record)
            made.close(close_fh=False)
            texts.append(out.getvalue())
        assert texts[0] == texts[1]
    for writer in ("MARCWriter", "XMLWriter"):
        data = []
        for module in (marc, pymarc):
            raw = io.BytesIO()
            made = getattr(module, writer)(raw)
            for record in module.MARCReader(b"".join(books[:100])):
                made.write(record)
            made.close(close_fh=False)
            data.append(raw.getvalue())
        assert data[0] == data[1]


def test_other_readers(books: list[bytes]) -> None:
    records = list(pymarc.MARCReader(b"".join(books[:100])))
    text = "\n".join(str(record) for record in records)
    xml = b"".join(pymarc.record_to_xml(record) for record in records)
    json_text = "[" + ",".join(record.as_json() for record in records) + "]"
    for read in (
        lambda module: module.MARCMakerReader(text.rstrip("\n")),
        lambda module: module.JSONReader(json_text),
        lambda module: module.parse_json_to_array(json_text),
        lambda module: module.parse_xml_to_array(io.BytesIO(b"<c>" + xml + b"</c>")),
    ):
        ours = [record_values(marc, record) for record in read(marc)]
        assert ours == [record_values(pymarc, record) for record in read(pymarc)]
        assert len(ours) == 100


def test_marc8_of_random_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    rng = random.Random(11)
    pieces = [b"\x1b(N", b"\x1b)2", b"\x1b$1", b"\x1bg", b"\x1bs", b"\x1b", b"\xe2", b"\xeb"]
    pieces.append(b"!0d")
    for _ in range(5000):
        text = b"".join(
            rng.choice(pieces) if rng.randrange(3) == 0 else bytes([rng.randrange(256)])
            for _ in range(rng.randrange(12))
        )
        ours = outcome(marc.marc8_to_unicode, text), capsys.readouterr().err
        theirs = outcome(pymarc.marc8_to_unicode, text), capsys.readouterr().err
        assert ours == theirs, text


def test_every_public_name_is_there() -> None:
    import importlib

    # What pymarc imports for itself stands among its names, too.
    own = [
        name
        for name, value in vars(pymarc).items()
        if getattr(value, "__module__", "").startswith("pymarc")
        or (name.isupper() and isinstance(value, (int, str)))
    ]
    assert len(own) > 40
    assert [name for name in own if not hasattr(marc, name)] == []
    for module in "record field leader reader writer marcxml marcjson marc8 exceptions".split():
        theirs = importlib.import_module(f"pymarc.{module}")
        ours = importlib.import_module(f"thalweg.marc.{module}")
        own = [
            name
            for name, value in vars(theirs).items()
            if getattr(value, "__module__", "") == theirs.__name__
        ]
        assert [name for name in own if not hasattr(ours, name)] == []
    for name in ("Record", "Field", "Leader", "MARCReader", "XmlHandler", "Writer", "MARCWriter"):
        theirs = getattr(pymarc, name)
        public = [attribute for attribute in dir(theirs) if attribute[0] != "_"]
        lacking = [attribute for attribute in public if not hasattr(getattr(marc, name), attribute)]
        assert lacking in ([], ["file_handle"]), (name, lacking)
