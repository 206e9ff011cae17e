"""Questions about the fields of a record, put together by a program.

(In text, with `Record.select` and `MARCReader.column`, they are paths: `650[ind2=0]$a`.)
Expressions are RE2's. What is found are the record's own fields, not copies of them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from thalweg import _core

if TYPE_CHECKING:
    from thalweg.marc.field import Field

__all__ = [
    "FieldQuery",
    "SubfieldPatternQuery",
    "SubfieldValueQuery",
    "TagRangeQuery",
    "authority_heading",
    "authors_with_dates",
    "holdings_locations",
    "isbns_matching",
    "names_in_range",
    "related_headings",
    "see_also_tracings",
    "see_from_tracings",
    "subjects_with_subdivision",
    "textual_holdings",
]

_NAMES = frozenset({"100", "110", "111", "700", "710", "711"})


class FieldQuery:
    """Which fields of a record: all conditions have to hold. Methods can be chained.

    >>> from thalweg.marc import Field, Record, Subfield
    >>> def subject(text, source):
    ...     return Field("650", indicators=[" ", source], subfields=[Subfield("a", text)])
    >>> record = Record(fields=[subject("War", "0"), subject("Krieg", "7"), Field("651")])
    >>> query = FieldQuery().tag("650").indicator2("0").has_subfield("a")
    >>> [field["a"] for field in query.find(record)]
    ['War']
    >>> query = FieldQuery().tag_range("600", "699").matches("a", "^K")
    >>> [field["a"] for field in query.find(record)]
    ['Krieg']
    """

    def __init__(self) -> None:
        self._query = _core.MarcQuery()

    def tag(self, tag: str) -> FieldQuery:
        """Fields with this tag."""
        return self.tag_range(tag, tag)

    def tag_range(self, first: str, last: str) -> FieldQuery:
        """Fields with tags from `first` to `last`, both included."""
        self._query.with_tags(first, last)
        return self

    def indicator1(self, value: str) -> FieldQuery:
        """With this first indicator."""
        self._query.with_indicator(1, value)
        return self

    def indicator2(self, value: str) -> FieldQuery:
        """With this second indicator."""
        self._query.with_indicator(2, value)
        return self

    def has_subfield(self, code: str) -> FieldQuery:
        """With such a subfield."""
        self._query.with_subfields(code)
        return self

    def has_subfields(self, *codes: str) -> FieldQuery:
        """With each of these."""
        self._query.with_subfields("".join(codes))
        return self

    def value(
        self, code: str, value: str, *, partial: bool = False, negate: bool = False
    ) -> FieldQuery:
        """A subfield is `value`, or contains it; `negate`: none does."""
        self._query.with_value(code, value, partial, negate)
        return self

    def matches(self, code: str, pattern: str, *, negate: bool = False) -> FieldQuery:
        """A subfield matches a regular expression; `negate`: none does."""
        self._query.with_pattern(code, pattern, negate)
        return self

    def find(self, record: Any) -> list[Field]:
        """The fields, in the order of the record."""
        places = self._query.places(record)
        fields = record.fields
        return [fields[place] for place in places]

    def first(self, record: Any) -> Field | None:
        """The first of them; None when there is none."""
        return next(iter(self.find(record)), None)


class TagRangeQuery(FieldQuery):
    """Fields with tags of a range, and indicators and subfields as they are asked for.

    >>> from thalweg.marc import Field, Record
    >>> record = Record(fields=[Field("600"), Field("650"), Field("700")])
    >>> [field.tag for field in record.fields_matching(TagRangeQuery("600", "699"))]
    ['600', '650']
    """

    def __init__(
        self,
        start_tag: str,
        end_tag: str,
        indicator1: str | None = None,
        indicator2: str | None = None,
        required_subfields: tuple[str, ...] | list[str] = (),
    ) -> None:
        super().__init__()
        self.tag_range(start_tag, end_tag)
        if indicator1 is not None:
            self.indicator1(indicator1)
        if indicator2 is not None:
            self.indicator2(indicator2)
        self.has_subfields(*required_subfields)


class SubfieldPatternQuery(FieldQuery):
    """Fields with a tag in which a value matches a regular expression, or none does.

    >>> from thalweg.marc import Field, Record, Subfield
    >>> isbns = [Field("020", subfields=[Subfield("a", text)]) for text in ("978-1", "0-12")]
    >>> query = SubfieldPatternQuery("020", "a", "^978")
    >>> [field["a"] for field in query.find(Record(fields=isbns))]
    ['978-1']
    """

    def __init__(self, tag: str, subfield_code: str, pattern: str, negate: bool = False) -> None:
        super().__init__()
        self.tag(tag).matches(subfield_code, pattern, negate=negate)


class SubfieldValueQuery(FieldQuery):
    """Fields with a tag in which a value is `value`, or contains it, or none does.

    >>> from thalweg.marc import Field, Record, Subfield
    >>> record = Record(fields=[Field("650", subfields=[Subfield("a", "Civil war")])])
    >>> [len(SubfieldValueQuery("650", "a", "war", partial=p).find(record)) for p in (False, True)]
    [0, 1]
    """

    def __init__(
        self, tag: str, subfield_code: str, value: str, partial: bool = False, negate: bool = False
    ) -> None:
        super().__init__()
        self.tag(tag).value(subfield_code, value, partial=partial, negate=negate)


@lru_cache(maxsize=256)
def compiled(path: str) -> Any:
    """A path of the path language."""
    return _core.MarcPath(path)


def subjects_with_subdivision(record: Any, value: str) -> list[Field]:
    """Subject fields (600 to 655) with this in $v, $x, $y or $z."""
    return [
        field
        for field in FieldQuery().tag_range("600", "655").find(record)
        if value in field.get_subfields("v", "x", "y", "z")
    ]


def isbns_matching(record: Any, pattern: str) -> list[str]:
    """Values of 020 $a that match a regular expression.

    >>> from thalweg.marc import Field, Record, Subfield
    >>> both = [Subfield("a", "0198526636"), Subfield("a", "9780198526636")]
    >>> isbns_matching(Record(fields=[Field("020", subfields=both)]), "^978")
    ['9780198526636']
    """
    return _core.marc_isbns_matching(record, pattern)


def names_in_range(record: Any, first: str, last: str) -> list[Field]:
    """Names (100, 110, 111, 700, 710, 711) whose $a lies between two texts, both included."""
    return [
        field
        for field in record.fields
        if field.tag in _NAMES and first <= (field.get("a") or "") <= last and "a" in field
    ]


def authors_with_dates(record: Any) -> list[tuple[str, str]]:
    """Persons (100, 700) that have dates, as name and dates."""
    return [
        (field["a"], field["d"])
        for field in record.get_fields("100", "700")
        if "a" in field and "d" in field
    ]


def authority_heading(record: Any) -> Field | None:
    """The heading of an authority record (1XX)."""
    return FieldQuery().tag_range("100", "199").first(record)


def see_from_tracings(record: Any) -> list[Field]:
    """Forms of an authority record's heading that are not used (4XX)."""
    return FieldQuery().tag_range("400", "499").find(record)


def see_also_tracings(record: Any) -> list[Field]:
    """Related headings of an authority record (5XX)."""
    return FieldQuery().tag_range("500", "599").find(record)


def related_headings(record: Any, text: str) -> list[Field]:
    """Related headings (5XX) whose text contains `text`."""
    return [field for field in see_also_tracings(record) if text in field.value()]


def holdings_locations(record: Any) -> list[Field]:
    """Locations of a holdings record (852)."""
    return list(record.get_fields("852"))


def textual_holdings(record: Any) -> list[Field]:
    """Holdings in words (866 to 868)."""
    return FieldQuery().tag_range("866", "868").find(record)
