"""Records: what pymarc's do, over bytes that are shared and decoded where they are touched.

>>> record = Record()
>>> record.add_field(Field("001", data="ocm1"))
>>> record.add_field(Field("245", Indicators("1", "0"), [Subfield("a", "Rivers")]))
>>> record.title, record["001"].data, "650" in record
('Rivers', 'ocm1', False)
>>> record["245"] is record["245"]
True
"""

from __future__ import annotations

import json
import re
import unicodedata
import warnings
from typing import Any

from thalweg import _core
from thalweg.marc import _links
from thalweg.marc.constants import (
    DIRECTORY_ENTRY_LEN,
    END_OF_FIELD,
    END_OF_RECORD,
    LEADER_LEN,
    SUBFIELD_INDICATOR,
)
from thalweg.marc.exceptions import (
    BadSubfieldCodeWarning,
    BaseAddressInvalid,
    BaseAddressNotFound,
    FieldNotFound,
    MissingLinkedFields,
    NoFieldsFound,
    RecordDirectoryInvalid,
    RecordLeaderInvalid,
    TruncatedRecord,
)
from thalweg.marc.field import Field, Indicators, RawField, Subfield, logger, map_marc8_field
from thalweg.marc.leader import Leader
from thalweg.marc.marc8 import marc8_to_unicode

__all__ = ["Record", "map_marc8_record", "normalize_subfield_code"]

_ISBN = re.compile(r"([0-9\-xX]+)")
_MARK = SUBFIELD_INDICATOR.encode("ascii")

# fmt: off
_SUBJECTS = (
    "600", "610", "611", "630", "648", "650", "651", "653", "654", "655",
    "656", "657", "658", "662", "690", "691", "696", "697", "698", "699",
)
_ADDED_ENTRIES = (
    "700", "710", "711", "720", "730", "740", "752", "753", "754", "790",
    "791", "792", "793", "796", "797", "798", "799",
)
_NOTES = (
    "500", "501", "502", "504", "505", "506", "507", "508", "510", "511",
    "513", "514", "515", "516", "518", "520", "521", "522", "524", "525",
    "526", "530", "533", "534", "535", "536", "538", "540", "541", "544",
    "545", "546", "547", "550", "552", "555", "556", "561", "562", "563",
    "565", "567", "580", "581", "583", "584", "585", "586", "590", "591",
    "592", "593", "594", "595", "596", "597", "598", "599",
)
# fmt: on


class Record(_core.RecordBase, _links.Links):
    """A record: a leader and a list of fields.

    `Record(data)` parses a record in the exchange format (ISO 2709) and raises what is wrong with
    it; `Record(fields=[…])` and `Record()` build one. `to_unicode`, `force_utf8`,
    `hide_utf8_warnings`, `utf8_handling` and `file_encoding` say how text is read, as for
    `MARCReader`.

    Records can be changed, copied, compared by identity, pickled. A record that was read shares
    its bytes with its neighbours; a field becomes an object when it is asked for, once.
    """

    __slots__ = ()

    def __init__(
        self,
        data: str | bytes = "",
        fields: list[Field] | None = None,
        to_unicode: bool = True,
        force_utf8: bool = False,
        hide_utf8_warnings: bool = False,
        utf8_handling: str = "strict",
        leader: str = " " * LEADER_LEN,
        file_encoding: str = "iso8859-1",
    ) -> None:
        self.leader = Leader(f"{leader[0:10]}22{leader[12:20]}4500")
        self.fields = fields or []
        self.pos = 0
        self.force_utf8 = bool(force_utf8)
        self.to_unicode = bool(to_unicode)
        if fields:
            return
        if len(data) > 0:
            self.decode_marc(
                data,
                to_unicode=to_unicode,
                force_utf8=force_utf8,
                hide_utf8_warnings=hide_utf8_warnings,
                utf8_handling=utf8_handling,
                encoding=file_encoding,
            )
        elif force_utf8:
            self.leader = Leader(f"{self.leader[0:9]}a{self.leader[10:]}")

    # --- changing ---------------------------------------------------------------------------------

    def add_field(self, *fields: Field) -> None:
        """Adds fields behind the last one."""
        self.fields.extend(fields)

    def add_grouped_field(self, *fields: Field) -> None:
        """Adds fields behind those whose tag begins with the same digit, or a smaller one."""
        self._add_sorted(fields, lambda tag: int(tag[0]))

    def add_ordered_field(self, *fields: Field) -> None:
        """Adds fields behind those with the same tag, or a smaller one."""
        self._add_sorted(fields, int)

    def _add_sorted(self, fields: tuple[Field, ...], rank: Any) -> None:
        for field in fields:
            place = len(self.fields)
            if self.fields and field.tag.isdigit():
                own = rank(field.tag)
                for at, other in enumerate(self.fields):
                    if not other.tag.isdigit() or rank(other.tag) > own:
                        place = at
                        break
            self.fields.insert(place, field)

    def remove_field(self, *fields: Field) -> None:
        """Removes these very fields; FieldNotFound when one is not there."""
        for field in fields:
            try:
                self.fields.remove(field)
            except ValueError:
                raise FieldNotFound from None

    def remove_fields(self, *tags: str) -> None:
        """Removes all fields that have one of these tags."""
        if tags:
            self.fields[:] = [field for field in self.fields if field.tag not in tags]

    def get_linked_fields(self, field: Field) -> list[Field]:
        """The 880 fields that are linked with a field; MissingLinkedFields when it says that there
        are some, and there are none."""
        number = field.linkage_occurrence_num()
        linked = [
            other for other in self.get_fields("880") if other.linkage_occurrence_num() == number
        ]
        if number is not None and not linked:
            raise MissingLinkedFields(field)
        return linked

    # --- reading ----------------------------------------------------------------------------------

    def decode_marc(
        self,
        marc: Any,
        to_unicode: bool = True,
        force_utf8: bool = False,
        hide_utf8_warnings: bool = False,
        utf8_handling: str = "strict",
        encoding: str = "iso8859-1",
    ) -> None:
        """Adds the fields of a record in the exchange format, and takes its leader."""
        leader = marc[0:LEADER_LEN].decode("ascii")
        if len(leader) != LEADER_LEN:
            raise RecordLeaderInvalid
        if leader[9] == "a" or self.force_utf8:
            encoding = "utf-8"
        self.leader = Leader(leader)
        base = int(marc[12:17])
        if base <= 0:
            raise BaseAddressNotFound
        if base >= len(marc):
            raise BaseAddressInvalid
        if len(marc) < int(self.leader[:5]):
            raise TruncatedRecord
        directory = marc[LEADER_LEN : base - 1].decode("ascii")
        if len(directory) % DIRECTORY_ENTRY_LEN != 0:
            raise RecordDirectoryInvalid

        def text_of(value: bytes) -> Any:
            if not to_unicode:
                return value
            if self.leader[9] == "a" or force_utf8:
                return value.decode("utf-8", utf8_handling)
            if encoding == "iso8859-1":
                return marc8_to_unicode(value, hide_utf8_warnings)
            return value.decode(encoding)

        kind = Field if to_unicode else RawField
        for at in range(0, len(directory), DIRECTORY_ENTRY_LEN):
            tag = directory[at : at + 3]
            length = int(directory[at + 3 : at + 7])
            start = base + int(directory[at + 7 : at + 12])
            data = marc[start : start + length - 1]
            if tag < "010" and tag.isdigit():
                field = kind(tag, data=data.decode(encoding) if to_unicode else data)
            else:
                head, *rest = data.split(_MARK)
                indicators = _indicators_of(head, data)
                field = kind(tag, indicators=indicators, subfields=_subfields_of(rest, text_of))
            self.add_field(field)
        if not directory:
            raise NoFieldsFound

    # --- writing ----------------------------------------------------------------------------------

    def _marc_of_fields(self) -> bytes:
        if self.to_unicode:
            if isinstance(self.leader, Leader):
                self.leader.coding_scheme = "a"
            else:
                self.leader = f"{self.leader[0:9]}a{self.leader[10:]}"
        encoding = "utf-8" if self.leader[9] == "a" or self.force_utf8 else "iso8859-1"
        data = bytearray()
        directory = []
        for field in self.fields:
            if isinstance(field, RawField):
                raw = field.as_marc()
            else:
                raw = field.as_marc(encoding=encoding)
            tag = f"{int(field.tag):03d}" if field.tag.isdigit() else f"{field.tag:>03}"
            directory.append(f"{tag}{len(raw):04d}{len(data):05d}")
            data += raw
        entries = f"{''.join(directory)}{END_OF_FIELD}".encode(encoding)
        data += END_OF_RECORD.encode(encoding)
        base = LEADER_LEN + len(entries)
        leader = f"{base + len(data):0>5}{self.leader[5:12]}{base:0>5}{self.leader[17:]}"
        return leader.encode(encoding) + entries + bytes(data)

    def _text_of_fields(self) -> str:
        return "\n".join([f"=LDR  {self.leader}", *(str(field) for field in self.fields)]) + "\n"

    def as_dict(self) -> dict[str, Any]:
        """The record as the dictionary that `as_json` writes."""
        fields: list[dict[str, Any]] = []
        for field in self:
            if field.control_field:
                fields.append({field.tag: field.data})
                continue
            subfields = [{subfield.code: subfield.value} for subfield in field.subfields]
            fields.append(
                {
                    field.tag: {
                        "ind1": field.indicator1,
                        "ind2": field.indicator2,
                        "subfields": subfields,
                    }
                }
            )
        return {"leader": str(self.leader), "fields": fields}

    def _json_of_fields(self, **kwargs: Any) -> str:
        return json.dumps(self.as_dict(), **kwargs)

    # --- what people ask --------------------------------------------------------------------------

    @property
    def series(self) -> list[Field]:
        """440, 490, 800, 810, 811 and 830."""
        return self.get_fields("440", "490", "800", "810", "811", "830")

    @property
    def subjects(self) -> list[Field]:
        """The subject fields of 6XX, local ones too."""
        return self.get_fields(*_SUBJECTS)

    @property
    def addedentries(self) -> list[Field]:
        """The added entries of 7XX, local ones too."""
        return self.get_fields(*_ADDED_ENTRIES)

    @property
    def location(self) -> list[Field]:
        """852."""
        return self.get_fields("852")

    @property
    def notes(self) -> list[Field]:
        """The notes of 5XX."""
        return self.get_fields(*_NOTES)

    @property
    def physicaldescription(self) -> list[Field]:
        """300."""
        return self.get_fields("300")

    # The other attributes of pymarc's come from the bytes; these say the same of changed records.

    def _title(self, tag: str = "245") -> str | None:
        field = self.get(tag)
        title = field.get("a") if field else None
        rest = field.get("b") if field and title else None
        return title + f" {rest}" if title and rest else title

    def _issn_title(self) -> str | None:
        return self._title("222")

    def _isbn(self) -> str | None:
        field = self.get("020")
        found = _ISBN.search((field.get("a") if field else None) or "")
        return found.group(1).replace("-", "") if found else None

    def _first_value(self, tag: str, code: str) -> str | None:
        field = self.get(tag)
        return field.get(code) if field else None

    def _issn(self) -> str | None:
        return self._first_value("022", "a")

    def _issnl(self) -> str | None:
        return self._first_value("022", "l")

    def _first_formatted(self, *tags: str) -> str | None:
        for tag in tags:
            field = self.get(tag)
            if field:
                return field.format_field()
        return None

    def _sudoc(self) -> str | None:
        return self._first_formatted("086")

    def _author(self) -> str | None:
        return self._first_formatted("100", "110", "111")

    def _uniformtitle(self) -> str | None:
        return self._first_formatted("130", "240")

    def _of_publication(self, code: str) -> str | None:
        for field in self.get_fields("260", "264"):
            if field.tag == "260" or field.indicator2 == "1":
                return field.get(code)
        return None

    def _publisher(self) -> str | None:
        return self._of_publication("b")

    def _pubyear(self) -> str | None:
        return self._of_publication("c")

    # --- copies -----------------------------------------------------------------------------------

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        state = (self.leader, self.fields, self.pos, self.force_utf8, self.to_unicode)
        return (_restore, (type(self), state), getattr(self, "__dict__", None) or None)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(self.leader)!r}, {len(self.fields)} fields>"


def map_marc8_record(record: Record) -> Record:
    """Decodes the MARC-8 in a record, in place."""
    record.fields = [map_marc8_field(field) for field in record.fields]
    leader = record.leader.leader
    record.leader = Leader(f"{leader[:9]}a{leader[10:]}")
    return record


def normalize_subfield_code(subfield: bytes) -> tuple[str, int]:
    """An ASCII code for a subfield whose code is not ASCII, and how many bytes that one takes.

    >>> normalize_subfield_code("é text".encode())
    ('e', 2)
    """
    try:
        text = subfield.decode("utf-8")
        size = len(text[0].encode("utf-8"))
    except UnicodeDecodeError:
        text = subfield.decode("latin-1")
        size = 1
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return bare[0], size


def _indicators_of(head: bytes, data: bytes) -> Indicators:
    """Two indicators, whatever there is: missing ones are blank, and more than two are dropped."""
    text = head.decode("ascii")
    if not text:
        logger.warning("missing indicators: %s", data)
    elif len(text) == 1:
        logger.warning("only 1 indicator found: %s", data)
    elif len(text) > 2:
        logger.warning("more than 2 indicators found: %s", data)
    return Indicators(*f"{text[:2]:2}")


def _subfields_of(parts: list[bytes], text_of: Any) -> list[Subfield]:
    subfields = []
    for part in parts:
        if not part:
            continue
        size = 1
        try:
            code = part[0:1].decode("ascii")
        except UnicodeDecodeError:
            warnings.warn(BadSubfieldCodeWarning(part), stacklevel=4)
            code, size = normalize_subfield_code(part)
        subfields.append(Subfield(code, text_of(part[size:])))
    return subfields


def _restore(kind: type[Record], state: tuple[Any, ...]) -> Record:
    record = kind.__new__(kind)
    record.leader, record.fields, record.pos, record.force_utf8, record.to_unicode = state
    return record
