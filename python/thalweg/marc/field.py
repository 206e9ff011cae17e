"""Fields of records.

>>> values = [Subfield("a", "Rivers /"), Subfield("c", "A. Gee.")]
>>> field = Field("245", Indicators("1", "0"), values)
>>> field["a"], field.value()
('Rivers /', 'Rivers / A. Gee.')
>>> print(field)
=245  10$aRivers /$cA. Gee.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

from thalweg import _core
from thalweg.marc.constants import END_OF_FIELD, SUBFIELD_INDICATOR
from thalweg.marc.marc8 import marc8_to_unicode

__all__ = ["Field", "Indicators", "RawField", "Subfield", "map_marc8_field"]

# Programs that listen to pymarc go on hearing it.
logger = logging.getLogger("pymarc")

_SUBDIVISIONS = frozenset("vxyz")


class Subfield(NamedTuple):
    """A code and a value."""

    code: str
    value: str


class Indicators(NamedTuple):
    """The two indicators of a data field."""

    first: str
    second: str


class Field(_core.FieldBase):
    """A control field with `data`, or a data field with `indicators` and `subfields`.

    Control fields are those with tags from 000 to 009. A field that was read shares the bytes of
    its record until one of its attributes is asked for or changed.

    >>> Field("001", data="ocm123").data
    'ocm123'
    """

    __slots__ = ()

    def __init__(
        self,
        tag: str,
        indicators: Sequence[str] | None = None,
        subfields: list[Subfield] | None = None,
        data: str | None = None,
    ) -> None:
        if isinstance(tag, str):
            self.tag = f"{int(tag):03}" if tag.isdigit() and len(tag) != 3 else tag
        else:
            try:
                self.tag = f"{int(tag):03}"
            except (TypeError, ValueError):
                self.tag = f"{tag}"
        if subfields and isinstance(subfields[0], str):
            raise ValueError(_STRINGS_FOR_SUBFIELDS)
        self.control_field = self.tag < "010" and self.tag.isdigit()
        if self.control_field:
            self.subfields = []
            self.data = data
            return
        self.subfields = subfields or []
        if not indicators:
            self._indicators = _BLANK
        elif isinstance(indicators, (list, tuple)) and len(indicators) == 2:
            self._indicators = Indicators(*indicators)
        else:
            self.indicators = indicators

    @property
    def indicators(self) -> Any:
        """The indicators; None for control fields."""
        return self._indicators

    @indicators.setter
    def indicators(self, value: Sequence[str] | None) -> None:
        if value and isinstance(value, (list, tuple)) and len(value) != 2:
            raise ValueError(_NOT_TWO_INDICATORS)
        if value is not None:
            self._indicators = value if isinstance(value, Indicators) else Indicators(*value)

    @property
    def indicator1(self) -> str:
        """The first indicator; empty for control fields."""
        pair = self._indicators
        return pair.first if pair else ""

    @indicator1.setter
    def indicator1(self, value: str) -> None:
        self._replace_indicator(first=value)

    @property
    def indicator2(self) -> str:
        """The second indicator; empty for control fields."""
        pair = self._indicators
        return pair.second if pair else ""

    @indicator2.setter
    def indicator2(self, value: str) -> None:
        self._replace_indicator(second=value)

    def _replace_indicator(self, **values: str) -> None:
        if self.control_field:
            self._indicators = None
        self._indicators = self._indicators._replace(**values)

    @classmethod
    def convert_legacy_subfields(cls, subfields: list[str]) -> list[Subfield]:
        """Subfields from a flat list of codes and values.

        >>> Field.convert_legacy_subfields(["a", "Rivers", "b", "and lakes"])
        [Subfield(code='a', value='Rivers'), Subfield(code='b', value='and lakes')]
        """
        flat = iter(subfields)
        return [Subfield(code, value) for code, value in zip(flat, flat, strict=True)]

    def __str__(self) -> str:
        """The field as a line of MARCMaker's format, without its mnemonics."""
        if self.control_field:
            data = self.data.replace(" ", "\\") if self.data else ""
            return f"={self.tag}  {data}"
        marks = "".join("\\" if mark in (" ", "\\") else f"{mark}" for mark in self._indicators)
        values = "".join(f"${code}{value}" for code, value in _pairs(self.subfields))
        return f"={self.tag}  {marks}{values}"

    def __repr__(self) -> str:
        if self.control_field:
            return f"<{type(self).__name__} {self.tag} {self.data!r}>"
        return f"<{type(self).__name__} {str(self)!r}>"

    def __setitem__(self, code: str, value: str) -> None:
        """Replaces the one value with this code.

        Raises KeyError when there is none, or more than one, and on control fields.
        """
        if self.control_field:
            raise KeyError("field is a control field")
        places = [place for place, own in enumerate(self.subfields) if own.code == code]
        if not places:
            raise KeyError(f"no code '{code}'")
        if len(places) > 1:
            raise KeyError(f"more than one code '{code}'")
        self.subfields[places[0]] = Subfield(self.subfields[places[0]].code, value)

    def add_subfield(self, code: str, value: str, pos: int | None = None) -> None:
        """Adds a subfield, at the end or before the one at `pos`. Nothing on control fields."""
        if self.control_field:
            return
        if pos is None or pos > len(self.subfields):
            self.subfields.append(Subfield(code, value))
        else:
            self.subfields.insert(pos, Subfield(code, value))

    def delete_subfield(self, code: str) -> str | None:
        """Takes the first subfield with this code away and gives its value; None without one."""
        if self.control_field:
            return None
        for place, subfield in enumerate(self.subfields):
            if subfield.code == code:
                value: str = self.subfields.pop(place).value
                return value
        return None

    def subfields_as_dict(self) -> dict[str, list[str]]:
        """The values by code.

        >>> field = Field("650", subfields=[Subfield("a", "Rivers"), Subfield("x", "Law")])
        >>> field.subfields_as_dict()
        {'a': ['Rivers'], 'x': ['Law']}
        """
        values: dict[str, list[str]] = {}
        if not self.control_field:
            for subfield in self.subfields:
                values.setdefault(subfield.code, []).append(subfield.value)
        return values

    def is_control_field(self) -> bool:
        """The same as `control_field`."""
        return self.control_field

    def is_subject_field(self) -> bool:
        """Whether it is one of 6XX."""
        return self.tag.startswith("6")

    def linkage_occurrence_num(self) -> str | None:
        """The occurrence number in subfield 6; None without one."""
        link = self.get("6", "")
        return link.split("-")[1].split("/")[0] if link else None

    def format_field(self) -> str:
        """The field as people read it: without $6, and with subdivisions behind ` -- `."""
        if self.control_field:
            return self.data or ""
        subject = self.is_subject_field()
        parts = [
            f" -- {value}" if subject and code in _SUBDIVISIONS else f" {value}"
            for code, value in _pairs(self.subfields)
            if code != "6"
        ]
        return "".join(parts).strip()

    def as_marc(self, encoding: str) -> bytes:
        """The bytes of the field, with the mark that ends it."""
        if self.control_field:
            return f"{self.data}{END_OF_FIELD}".encode(encoding)
        values = "".join(
            f"{SUBFIELD_INDICATOR}{code}{value}" for code, value in _pairs(self.subfields)
        )
        return f"{self.indicator1}{self.indicator2}{values}{END_OF_FIELD}".encode(encoding)

    as_marc21 = as_marc

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        state = (self.tag, self.control_field, self.data, self._indicators, self.subfields)
        return (_restore, (type(self), state), getattr(self, "__dict__", None) or None)


class RawField(Field):
    """A field whose values are bytes as they were read."""

    __slots__ = ()

    def as_marc(self, encoding: str | None = None) -> bytes:
        """The bytes of the field, with the mark that ends it."""
        if encoding is not None:
            logger.warning("Attempt to force a RawField into encoding %s", encoding)
        end = END_OF_FIELD.encode("ascii")
        if self.control_field:
            data: bytes = self.data
            return data + end
        marc = self.indicator1.encode("ascii") + self.indicator2.encode("ascii")
        for code, value in _pairs(self.subfields):
            marc += SUBFIELD_INDICATOR.encode("ascii") + code.encode("ascii") + value
        return marc + end


def map_marc8_field(f: Field) -> Field:
    """Decodes the MARC-8 in a field, in place."""
    if f.control_field:
        f.data = marc8_to_unicode(f.data)
    else:
        f.subfields = [
            Subfield(code, marc8_to_unicode(value)) for code, value in _pairs(f.subfields)
        ]
    return f


def _pairs(subfields: list[Any]) -> list[tuple[Any, Any]]:
    return [(subfield.code, subfield.value) for subfield in subfields]


def _restore(kind: type[Field], state: tuple[Any, ...]) -> Field:
    field = kind.__new__(kind)
    field.tag, field.control_field, field.data, field._indicators, field.subfields = state
    return field


_BLANK = Indicators(" ", " ")
_STRINGS_FOR_SUBFIELDS = """The subfield input no longer accepts strings, and should use Subfield.
                   Please consult the documentation for details.
                """
_NOT_TWO_INDICATORS = """The indicators input no longer accepts an iterable of arbitrary length. Use
                   the Indicators() named tuple instead. Please consult the documentation
                   for details.
                """
