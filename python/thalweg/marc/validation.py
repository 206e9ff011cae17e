"""What records say, checked against MARC 21 and against schemas of one's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from thalweg import _core

__all__ = ["Finding", "Validator"]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with what a record says. What does not apply is None."""

    rule: str  #: Stable: 'invalidIndicator'.
    severity: str  #: 'warning' or 'error'.
    tag: str | None  #: 'LDR' for the leader.
    occurrence: int | None  #: From 1, among the fields with this tag.
    indicator: int | None  #: 1 or 2.
    subfield_code: str | None
    first: int | None  #: First position, and
    last: int | None  #: last, counted from 0.
    value: str | None  #: What was found.
    expected: str | None  #: What may stand there, or what the place is called.
    kind: str  #: What counts as the same finding elsewhere: 'invalidIndicator 245 ind1'.
    text: str  #: All of it in one line.
    record_index: int | None = None  #: Of records that a reader gave.
    control_number: str | None = None  #: Likewise.

    def __str__(self) -> str:
        return self.text


class Validator:
    """Checks records against the rules of MARC 21 for their kind.

    schemas: Avram schemas, as JSON; a field that one defines replaces ours.
    marc21: False leaves only the schemas and the identifiers.
    identifiers: check digits of ISBN and ISSN, and LCCN.

    Whether a record can be read at all is the readers' concern.

    >>> from thalweg.marc import Field, Record, Subfield
    >>> title = Field("245", indicators=["5", "0"], subfields=[Subfield("a", "Rivers")])
    >>> record = Record(fields=[Field("001", data="1"), title])
    >>> for finding in Validator().check(record):
    ...     if finding.tag == "245":
    ...         print(finding)
    error invalidIndicator: 245 ind1: '5' (one of 0 1)
    """

    def __init__(
        self, schemas: Iterable[str] = (), *, marc21: bool = True, identifiers: bool = True
    ) -> None:
        self._validator = _core.MarcValidator(list(schemas), marc21, identifiers)

    def check(self, record: Any) -> list[Finding]:
        """What is found, in the order of the record."""
        return [Finding(**values) for values in self._validator.check(record)]

    def _check_batch(self, batch: Any, numbers: Iterable[int]) -> list[list[Finding]]:
        found = self._validator.check_batch(batch)
        return [
            [Finding(**values, record_index=number) for values in of_record]
            for number, of_record in zip(numbers, found)
        ]
