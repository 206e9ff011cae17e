"""What authority and holdings records say of themselves.

Headings, tracings, locations and textual holdings are in `thalweg.marc.query`.

>>> from thalweg.marc import Field, Leader, Record, Subfield
>>> record = Record(
...     leader="00000nz  a2200000n  4500",
...     fields=[
...         Field("008", data="860211n| aaannaabn          |a ana     c"),
...         Field("150", subfields=[Subfield("a", "Rivers"), Subfield("x", "History")]),
...     ],
... )
>>> heading_text(record), is_established(record), is_reference(record)
('Rivers--History', True, False)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thalweg.marc.query import FieldQuery, authority_heading

if TYPE_CHECKING:
    from thalweg.marc.field import Field

__all__ = [
    "acquisition_method",
    "acquisition_status",
    "authority_kind",
    "authority_notes",
    "completeness",
    "establishment_level",
    "heading_links",
    "heading_text",
    "holdings_captions",
    "holdings_enumeration",
    "holdings_items",
    "holdings_type",
    "is_established",
    "is_multipart",
    "is_reference",
    "is_serial",
]

_NOT_SHOWN = "012345678iw"
_SUBDIVISIONS = "vxyz"


def _place(record: Any, kind: str, place: int) -> str | None:
    """A position of 008, in records of this kind."""
    field = record.get("008")
    if field is None or record.record_kind() != kind:
        return None
    return field.data[place : place + 1] or None


def _between(record: Any, first: str, last: str) -> list[Field]:
    return FieldQuery().tag_range(first, last).find(record)


# --- authority ------------------------------------------------------------------------------------


def heading_text(record: Any) -> str | None:
    """The heading (1XX) as people write it, with `--` before subdivisions."""
    heading = authority_heading(record)
    if heading is None:
        return None
    text = ""
    for code, value in heading.subfields:
        if code not in _NOT_SHOWN:
            text += (("--" if code in _SUBDIVISIONS else " ") if text else "") + value
    return text


def authority_notes(record: Any) -> list[Field]:
    """Notes (663 to 688)."""
    return _between(record, "663", "688")


def heading_links(record: Any) -> list[Field]:
    """Headings of other systems that are linked (7XX)."""
    return _between(record, "700", "799")


def authority_kind(record: Any) -> str | None:
    """008/09: 'a' established heading, 'b' untraced and 'c' traced reference, 'd' subdivision, ….

    'e' node label, 'f' established heading and subdivision, 'g' reference and subdivision.
    """
    return _place(record, "authority", 9)


def establishment_level(record: Any) -> str | None:
    """008/33: 'a' fully established, 'b' memorandum, 'c' provisional, 'd' preliminary, 'n' none."""
    return _place(record, "authority", 33)


def is_established(record: Any) -> bool:
    """The heading is one that may be used in other records."""
    return authority_kind(record) in ("a", "f")


def is_reference(record: Any) -> bool:
    """The record leads from a form that is not used to one that is."""
    return authority_kind(record) in ("b", "c", "g")


# --- holdings -------------------------------------------------------------------------------------


def holdings_captions(record: Any) -> list[Field]:
    """Captions and patterns (853 to 855)."""
    return _between(record, "853", "855")


def holdings_enumeration(record: Any) -> list[Field]:
    """Enumeration and chronology (863 to 865)."""
    return _between(record, "863", "865")


def holdings_items(record: Any) -> list[Field]:
    """Item information (876 to 878)."""
    return _between(record, "876", "878")


def holdings_type(record: Any) -> str | None:
    """leader/06: 'u' unknown, 'v' multipart, 'x' single-part, 'y' serial."""
    return record.leader[6] if record.record_kind() == "holdings" else None


def acquisition_status(record: Any) -> str | None:
    """008/06, such as '4': currently received."""
    return _place(record, "holdings", 6)


def acquisition_method(record: Any) -> str | None:
    """008/07, such as 'p': purchase."""
    return _place(record, "holdings", 7)


def completeness(record: Any) -> str | None:
    """008/16: '1' complete, '2' incomplete, '3' scattered, '4' not applicable, '0' other."""
    return _place(record, "holdings", 16)


def is_serial(record: Any) -> bool:
    """Holdings of a serial."""
    return holdings_type(record) == "y"


def is_multipart(record: Any) -> bool:
    """Holdings of a work in several parts."""
    return holdings_type(record) == "v"
