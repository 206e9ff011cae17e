"""Numbers of books, serials and records: ISBN, ISSN, LCCN.

>>> normalize_isbn("0-19-852663-6 (pbk.)"), is_valid_isbn("0-19-852663-6 (pbk.)")
('0198526636', True)
>>> isbn13("0-19-852663-6"), is_valid_isbn("0-19-852663-5")
('9780198526636', False)
>>> is_valid_issn("0317-8471"), normalize_lccn("n 78-890351")
(True, 'n78890351')
"""

from __future__ import annotations

from typing import Any

from thalweg import _core

__all__ = [
    "extract_isbns",
    "is_valid_isbn",
    "is_valid_issn",
    "isbn13",
    "normalize_isbn",
    "normalize_lccn",
]


def normalize_isbn(text: str) -> str | None:
    """The 10 or 13 digits (and X) that a text begins with, whether or not the last one is right."""
    return _core.marc_normalize_isbn(text)


def is_valid_isbn(text: str) -> bool:
    """A text begins with an ISBN whose check digit is right, whatever follows behind a blank."""
    return _core.marc_is_valid_isbn(text)


def isbn13(text: str) -> str | None:
    """The 13 digits of a valid ISBN of 10 or 13."""
    return _core.marc_isbn13(text)


def extract_isbns(record: Any) -> list[str]:
    """Every valid ISBN in 020 $a, normalised.

    >>> from thalweg.marc import Field, Record, Subfield
    >>> values = [Subfield("a", "0-19-852663-6 (pbk.)"), Subfield("a", "12345")]
    >>> extract_isbns(Record(fields=[Field("020", subfields=values)]))
    ['0198526636']
    """
    return _core.marc_extract_isbns(record)


def is_valid_issn(text: str) -> bool:
    """`1234-5679`; the hyphen may be missing."""
    return _core.marc_is_valid_issn(text)


def normalize_lccn(text: str) -> str | None:
    """A control number of the Library of Congress in the form that URIs have."""
    return _core.marc_normalize_lccn(text)
