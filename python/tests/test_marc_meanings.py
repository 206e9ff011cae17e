"""What records, leaders and texts mean: `thalweg.marc` beyond fields and values."""

from __future__ import annotations

import pathlib
import random

import pytest

from thalweg import marc
from thalweg.marc import encoding, kinds

BOOKS = pathlib.Path(__file__).resolve().parents[2] / "tests" / "vectors" / "marc" / "books.mrc"


def field(tag: str, **values: str) -> marc.Field:
    return marc.Field(tag, subfields=[marc.Subfield(code, v) for code, v in values.items()])


def test_what_leaders_mean() -> None:
    book = marc.Leader("00475cam a2200169 i 4500")
    assert list(book.values_at(9)) == [" ", "a"]
    assert book.meaning_of(7) and book.is_valid_at(7) and book.is_valid_at(0)
    assert not marc.Leader("00475c!m a2200169 i 4500").is_valid_at(6)
    assert marc.Leader("00475nz  a2200169n  4500").values_at(5) != book.values_at(5)


def test_encodings_are_examined_and_made() -> None:
    record = next(r for r in marc.MARCReader(BOOKS) if b"\xcc\x81" in r.as_marc())
    chunk = record.as_marc()
    assert encoding.examine_encoding(chunk) == ("utf8", "utf8", False)
    assert encoding.examine_encoding(chunk[:9] + b" " + chunk[10:]).lying
    for text in ("été", "Ⅳ Łódź — 東京", "א"):
        made = encoding.unicode_to_marc8(text)
        assert encoding.decode_marc8(made, normalize="nfc") == text
    with pytest.raises(ValueError, match="unmappable"):
        encoding.unicode_to_marc8("x", unmappable="drop")
    with pytest.raises(ValueError, match="normalize"):
        encoding.decode_marc8(b"x", normalize="nfkc")


def test_holdings_say_what_they_are() -> None:
    record = marc.Record(
        leader="00000ny  a22000003n 4500",
        fields=[
            marc.Field("008", data="9301084p    8   1001uu   0901128"),
            field("853", a="v."),
            field("863", a="1-"),
            field("876", p="39"),
        ],
    )
    assert (kinds.holdings_type(record), kinds.is_serial(record)) == ("y", True)
    assert (kinds.acquisition_status(record), kinds.acquisition_method(record)) == ("4", "p")
    assert kinds.completeness(record) == "1" and not kinds.is_multipart(record)
    assert kinds.holdings_captions(record) == [record["853"]]
    assert kinds.holdings_enumeration(record) == [record["863"]]
    assert kinds.holdings_items(record) == [record["876"]]
    assert kinds.authority_kind(record) is None and kinds.authority_notes(record) == []
    record.leader[6] = "z"
    assert kinds.holdings_type(record) is None
    assert kinds.heading_text(record) is None and kinds.heading_links(record) == []


def test_text_that_is_not_utf8_is_mended_as_python_does() -> None:
    """One U+FFFD for each maximal part, as Unicode recommends and CPython's decoder does."""
    rng = random.Random(25)
    pieces = [
        b"\xc0\x80", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf0\x80\x80\x80", b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80", b"\xe2\x82", b"\xf0\x9f\x98", b"\xc3", b"\x80", b"\xff", b"\xfe",
        "é—😀".encode(), b"a",
    ]
    for _ in range(3000):
        text = b"".join(
            rng.choice(pieces) if rng.randrange(3) else bytes([rng.randrange(0x80, 0x100)])
            for _ in range(rng.randrange(1, 9))
        )
        value = b"10\x1fa" + text + b"\x1e"
        head = b"245%04d00000\x1e" % len(value)
        base = 24 + len(head)
        chunk = b"%05dnam a22%05d a 4500" % (base + len(value) + 1, base) + head + value + b"\x1d"
        record = next(marc.MARCReader(chunk, recovery="lenient", force_utf8=True))
        assert record["245"]["a"] == text.decode("utf-8", "replace"), text
