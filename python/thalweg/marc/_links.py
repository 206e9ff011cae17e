"""What records answer beyond pymarc: other scripts, ranges of fields, kinds of material."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from thalweg.marc.query import FieldQuery, compiled

if TYPE_CHECKING:
    from thalweg.marc.field import Field
    from thalweg.marc.record import Record

# A tag, a hyphen and digits; script and direction may follow.
_LINK = re.compile(r"\s*([0-9A-Za-z]{3})-([0-9]+)(?:/([^/]*))?(?:/(r))?")


class Links:
    """Methods of records that pymarc has not."""

    __slots__ = ()

    def _fields(self) -> list[Field]:
        return cast("Record", self).fields

    # --- 880 --------------------------------------------------------------------------------------

    def get_original_field(self, field: Field) -> Field | None:
        """The field that an 880 gives in another script; None when there is none."""
        link = _link_of(field)
        if field.tag != "880" or link is None or link[1] == "00":
            return None
        for other in self._fields():
            if other.tag == link[0] and other.tag != "880":
                own = _link_of(other)
                if own is not None and own[1] == link[1]:
                    return other
        return None

    def get_field_pairs(self, *tags: str) -> list[tuple[Field, Field | None]]:
        """Fields that say they are linked, with their 880; of these tags, or of all."""
        partners: dict[tuple[str, str], Field] = {}
        for field in self._fields():
            link = _link_of(field)
            if field.tag == "880" and link is not None:
                partners.setdefault(link, field)
        pairs: list[tuple[Field, Field | None]] = []
        for field in self._fields():
            link = _link_of(field)
            if link is None or field.tag == "880" or (tags and field.tag not in tags):
                continue
            partner = None if link[1] == "00" else partners.get((field.tag, link[1]))
            pairs.append((field, partner))
        return pairs

    # --- choosing ---------------------------------------------------------------------------------

    def control_field(self, tag: str) -> str | None:
        """Data of the first control field with this tag."""
        field = cast("Record", self).get(tag)
        return field.data if field is not None and field.control_field else None

    def fields_matching(self, query: FieldQuery) -> list[Field]:
        """Fields for which a query of `thalweg.marc.query` holds."""
        return query.find(self)

    def select(self, path: str) -> list[Field]:
        """Fields that a path's tag and filters choose.

        >>> from thalweg.marc import Field, Record, Subfield
        >>> record = Record(fields=[Field("650", indicators=[" ", i]) for i in "027"])
        >>> [field.indicator2 for field in record.select("650[ind2=0|7]")]
        ['0', '7']
        """
        fields = self._fields()
        return [fields[place] for place in compiled(path).places(self)]

    def values(self, path: str) -> list[str]:
        """All values that a path finds.

        >>> from thalweg.marc import Field, Record, Subfield
        >>> subjects = [Field("650", subfields=[Subfield("a", text)]) for text in ("War", "Peace")]
        >>> Record(fields=subjects).values("650$a")
        ['War', 'Peace']
        """
        found: list[str] = compiled(path).values(self)
        return found

    def fields_in_range(self, first: str, last: str) -> list[Field]:
        """Fields with tags from `first` to `last`, both included.

        >>> from thalweg.marc import Field, Record
        >>> record = Record(fields=[Field("245"), Field("650"), Field("700")])
        >>> [field.tag for field in record.fields_in_range("600", "699")]
        ['650']
        """
        return [field for field in self._fields() if first <= field.tag <= last]

    def fields_by_indicator(
        self, tag: str, *, indicator1: str | None = None, indicator2: str | None = None
    ) -> list[Field]:
        """Fields with this tag and these indicators; None stands for any."""
        return [
            field
            for field in self._fields()
            if field.tag == tag
            and indicator1 in (None, field.indicator1)
            and indicator2 in (None, field.indicator2)
        ]

    def fields_matching_pattern(
        self, tag: str, code: str, pattern: str, *, negate: bool = False
    ) -> list[Field]:
        """Fields with this tag in which a value with this code matches a regular expression."""
        wanted = re.compile(pattern)
        return [
            field
            for field in self._fields()
            if field.tag == tag
            and any(wanted.search(value) for value in field.get_subfields(code)) != negate
        ]

    def fields_matching_value(
        self, tag: str, code: str, value: str, *, partial: bool = False, negate: bool = False
    ) -> list[Field]:
        """Fields with this tag in which a value with this code is `value`, or contains it."""

        def fits(own: str) -> bool:
            return value in own if partial else value == own

        return [
            field
            for field in self._fields()
            if field.tag == tag and any(map(fits, field.get_subfields(code))) != negate
        ]

    # --- kinds ------------------------------------------------------------------------------------

    def _leader(self) -> Any:
        return cast("Record", self).leader

    def record_kind(self) -> str:
        """'bibliographic', 'authority', 'holdings', 'classification' or 'community'."""
        kind: str = _KINDS.get(self._leader()[6], "bibliographic")
        return kind

    def is_book(self) -> bool:
        """Language material that is no serial."""
        return self._leader()[6] in "at" and self._leader()[7] in "acdm"

    def is_serial(self) -> bool:
        """A serial, or a part of one."""
        return self._leader()[7] in "bs"

    def is_music(self) -> bool:
        """Notated music, or a recording of music."""
        return self._leader()[6] in "cdj"

    def is_audiovisual(self) -> bool:
        """A film or a projection, or a recording of sound that is not music."""
        return self._leader()[6] in "gi"


_KINDS = {"z": "authority", "w": "classification", "q": "community"} | dict.fromkeys(
    "uvxy", "holdings"
)


def _link_of(field: Field) -> tuple[str, str] | None:
    """Tag and occurrence of a link."""
    if field.control_field:
        return None
    found = _LINK.match(field.get("6") or "")
    return (found[1], found[2]) if found else None
