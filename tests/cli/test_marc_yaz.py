"""`thalweg marc` beside yaz-marcdump: the same records in, the same records out.

What differs has to have one of the reasons that docs/marc/differences.md explains; anything else
fails.
"""

from __future__ import annotations

import importlib.util
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import unicodedata
import xml.etree.ElementTree
from collections.abc import Callable
from typing import Any

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("THALWEG", str(ROOT / "build/release/thalweg"))
BOOKS = ROOT / "tests/vectors/marc/books.mrc"
SLIM = "{http://www.loc.gov/MARC21/slim}"
YAZ = shutil.which("yaz-marcdump")
DAMAGED = 120
FORMATS = {"marcxml": "marcxml", "json": "jsonl", "line": "line"}

pytestmark = pytest.mark.skipif(YAZ is None, reason="yaz-marcdump is not installed")

# A leader and fields; a field is (tag, data) or (tag, indicator, indicator, subfields). Of the line
# format, the lines.
Parsed = tuple[str, list[Any]]


def run(command: list[str], data: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, input=data, capture_output=True, timeout=120)


def yaz(form: str, data: bytes, *encodings: str) -> bytes:
    """On a file: from a pipe yaz-marcdump reads nothing."""
    return run([str(YAZ), "-o", form, *encodings, "/dev/stdin"], data).stdout


def ours(form: str, data: bytes) -> tuple[bytes, list[str]]:
    """What is written, and the codes of what is told."""
    command = [PROGRAM, "marc", "convert", "-f", "iso2709", "-t", FORMATS[form], "--rejects", ""]
    result = run(command, data)
    return result.stdout, re.findall(r"\b([EW]\d{3})\b", result.stderr.decode())


def of_xml(record: xml.etree.ElementTree.Element) -> Parsed:
    fields: list[Any] = []
    for element in record:
        if element.tag == f"{SLIM}controlfield":
            fields.append((element.get("tag"), element.text or ""))
        elif element.tag == f"{SLIM}datafield":
            subfields = [(subfield.get("code"), subfield.text or "") for subfield in element]
            fields.append((element.get("tag"), element.get("ind1"), element.get("ind2"), subfields))
    return record.findtext(f"{SLIM}leader") or "", fields


def of_json(record: dict[str, Any]) -> Parsed:
    fields: list[Any] = []
    for field in record["fields"]:
        ((tag, value),) = field.items()
        if isinstance(value, str):
            fields.append((tag, value))
        else:
            subfields = [next(iter(subfield.items())) for subfield in value["subfields"]]
            fields.append((tag, value["ind1"], value["ind2"], subfields))
    return record["leader"], fields


def parse(form: str, text: bytes) -> list[Parsed]:
    """Raises a ValueError or a ParseError where the text is not what it should be."""
    if form == "marcxml":
        if not text.strip():
            return []
        return [of_xml(element) for element in xml.etree.ElementTree.fromstring(text)]
    decoded = text.decode()
    if form == "line":
        lines = [record.split("\n") for record in decoded.split("\n\n") if record.strip()]
        return [(record[0], [line for line in record[1:] if line]) for record in lines]
    records = []
    at = 0
    while decoded[at:].strip():
        at += len(decoded[at:]) - len(decoded[at:].lstrip())
        record, at = json.JSONDecoder().raw_decode(decoded, at)
        records.append(of_json(record))
    return records


def composed(record: Parsed) -> list[Any]:
    """Its fields in NFC, without the list of character sets, which Unicode has no use for.

    yaz leaves the references as they are that MARC-8 has for characters without a code.
    """
    text = json.dumps(record[1], ensure_ascii=False)
    text = re.sub("&#x([0-9A-F]{4,6});", lambda match: chr(int(match[1], 16)), text)
    fields = json.loads(unicodedata.normalize("NFC", text))
    return [field for field in fields if field[0] != "066"]


@pytest.mark.parametrize("form", FORMATS)
def test_good_records_are_equal(form: str) -> None:
    data = BOOKS.read_bytes()
    text, codes = ours(form, data)
    assert codes == []
    theirs = parse(form, yaz(form, data))
    assert len(theirs) == 2000
    assert parse(form, text) == theirs


def test_marc8_is_equal() -> None:
    command = [PROGRAM, "marc", "convert", "-t", "iso2709", "--to-encoding", "marc8"]
    data = run(command, BOOKS.read_bytes()).stdout
    theirs = parse("marcxml", yaz("marcxml", data, "-f", "marc-8", "-t", "utf-8"))
    mine = parse("marcxml", ours("marcxml", data)[0])
    assert len(mine) == 2000
    for one, other in zip(mine, theirs):
        assert composed(one) == composed(other)
        assert one[0][:9] + one[0][10:] == other[0][:9] + other[0][10:]


# --- bad records ----------------------------------------------------------------------------------


def damaged_records() -> list[tuple[bytes, bytes]]:
    """Good records, each with what became of it. The seed is that of the tests beside pymarc."""
    path = ROOT / "tests/pymarc/conftest.py"
    spec = importlib.util.spec_from_file_location("marc_damage", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rng = random.Random(module.SEED)
    books = [piece + b"\x1d" for piece in BOOKS.read_bytes().split(b"\x1d") if piece]
    chosen = [rng.choice(books) for _ in range(DAMAGED)]
    return [(book, module.damage(book, rng)) for book in chosen]


class Difference:
    """What the two make of a bad record."""

    def __init__(self, form: str, good: bytes, bad: bytes) -> None:
        self.good, self.bad = good, bad
        self.text = yaz(form, bad)
        self.theirs: list[Parsed] | None = None
        try:
            self.theirs = parse(form, self.text)
        except (ValueError, xml.etree.ElementTree.ParseError):
            pass
        text, self.codes = ours(form, bad)
        self.mine = parse(form, text)
        self.right = parse(form, ours(form, good)[0])[0][1]

    def none(self) -> bool:
        return self.theirs == self.mine

    def lost(self) -> list[Any]:
        """Fields of the good record that yaz still gives and we do not."""
        if self.bad[9:10] != b"a":
            return []  # Only one of them decodes MARC-8.
        mine = [field for record in self.mine for field in record[1]]
        theirs = [field for record in self.theirs or [] for field in record[1]]
        return [field for field in self.right if field in theirs and field not in mine]


def _unencodable(case: Difference) -> bool:
    """yaz copies bytes into XML and JSON that cannot stand there."""
    try:
        text = case.text.decode()
    except UnicodeDecodeError:
        return True
    return case.theirs is None and re.search(r"[\x00-\x08\x0b-\x1f\\\"]", text) is not None


def _counts(case: Difference) -> bool:
    """yaz believes leader/10, /11 and /20-23, which MARC 21 fixes; we read by what it fixes."""
    return case.bad[10:12] != b"22" or case.bad[20:24] != b"4500"


def _declared(case: Difference) -> bool:
    """yaz writes `a` into leader/09 of MARCXML; we do where text is not ASCII."""
    mine, theirs = case.mine, case.theirs or []
    return [r[1] for r in mine] == [r[1] for r in theirs] and all(
        one[0][:9] + one[0][10:] == other[0][:9] + other[0][10:]
        for one, other in zip(mine, theirs)
    )


def _no_first_mark(case: Difference) -> bool:
    """yaz takes the byte behind indicators for a mark; we pass over all before the first one."""
    pieces = set(case.bad.split(b"\x1e")) - set(case.good.split(b"\x1e"))
    return any(piece[2:3] != b"\x1f" for piece in pieces)


def _odd_codes(case: Difference) -> bool:
    """Control characters as codes: yaz leaves them out, we write U+FFFD."""
    return re.search(b"\x1f[\x00-\x20\x7f-\xff]", case.bad) is not None


def _controls(case: Difference) -> bool:
    """Control characters in text: yaz leaves them out of XML, we write U+FFFD for them."""
    mine = json.dumps([record[1] for record in case.mine]).replace(r"\ufffd", "")
    return mine == json.dumps([record[1] for record in case.theirs or []])


def _told(case: Difference) -> bool:
    """Both saw the damage, or we did; each mends it in its way."""
    return bool(case.codes)


REASONS: list[Callable[[Difference], bool]] = [
    _told,
    _unencodable,
    _counts,
    _declared,
    _no_first_mark,
    _odd_codes,
    _controls,
]


@pytest.mark.parametrize("form", FORMATS)
def test_differences_on_bad_records_are_explained(form: str) -> None:
    unexplained = []
    for number, (good, bad) in enumerate(damaged_records()):
        case = Difference(form, good, bad)
        if case.none():
            continue
        if not any(reason(case) for reason in REASONS):
            unexplained.append((number, bad))
        assert case.lost() == [] or _no_first_mark(case), (number, bad)
    assert unexplained == []
