"""Character sets of records: what a record says of itself, and what it is.

>>> from thalweg.marc import Field, Record
>>> examine_encoding(Record(fields=[Field("001", data="1")]).as_marc())
Encoding(declared='utf8', found='ascii', lying=False)
>>> unicode_to_marc8("\\xe9t\\xe9")
b'\\xe2et\\xe2e'
>>> unicode_to_marc8("\\U0001F600"), unicode_to_marc8("\\U0001F600", unmappable="placeholder")
(b'&#x1F600;', b'|')
>>> ascii(decode_marc8(b"\\xe2et\\xe2e")), ascii(decode_marc8(b"\\xe2et\\xe2e", normalize="nfc"))
("'e\\\\u0301te\\\\u0301'", "'\\\\xe9t\\\\xe9'")
"""

from __future__ import annotations

from typing import NamedTuple

from thalweg import _core

__all__ = ["Encoding", "decode_marc8", "examine_encoding", "unicode_to_marc8"]


class Encoding(NamedTuple):
    """How the text of a record is written: 'ascii', 'marc8', 'utf8', 'unimarc', 'other'."""

    declared: str  #: By leader/09.
    found: str  #: By the bytes. ASCII fits everything.
    lying: bool  #: The one contradicts the other.


def examine_encoding(chunk: bytes) -> Encoding:
    """The character set of a record in the exchange format, such as `reader.current_chunk`."""
    return Encoding(*_core.marc_examine_encoding(chunk))


def unicode_to_marc8(text: str, *, unmappable: str = "reference") -> bytes:
    """MARC-8 with the escapes it needs.

    unmappable: 'reference' writes `&#x1F600;` for what has no code, 'placeholder' writes `|`.
    """
    if unmappable not in ("reference", "placeholder"):
        raise ValueError(f"unmappable: 'reference' or 'placeholder', not {unmappable!r}")
    return _core.marc_unicode_to_marc8(text, unmappable == "placeholder")


def decode_marc8(text: bytes, *, normalize: str = "none") -> str:
    """MARC-8 by the tables of the Library of Congress, in decomposed text unless normalised.

    What has no character becomes U+FFFD. (`marc8_to_unicode` does as pymarc does.)
    """
    return _core.marc_decode_marc8(text, normalize)
