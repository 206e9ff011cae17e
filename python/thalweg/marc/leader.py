"""The 24 characters at the head of a record.

>>> leader = Leader("00475cas a2200169 i 4500")
>>> leader.record_status, leader[6], leader[0:5]
('c', 'a', '00475')
>>> leader.record_status = "n"
>>> str(leader)
'00475nas a2200169 i 4500'
"""

from __future__ import annotations

from typing import Any, overload

from thalweg import _core
from thalweg.marc.constants import LEADER_LEN
from thalweg.marc.exceptions import BadLeaderValue, RecordLeaderInvalid

__all__ = ["Leader"]


class _Place:
    """A named place of the leader, as an attribute."""

    def __init__(self, start: int, length: int, label: str) -> None:
        self._start = start
        self._end = start + length
        # pymarc says 4 where it wants 5; the text is part of what it promises.
        said = "1 char" if length == 1 else "4 chars"
        self._complaint = f"{label} is {said} field, got "
        last = f"-{self._end - 1:02}" if length > 1 else ""
        self.__doc__ = f"{label} ({start:02}{last})."

    @overload
    def __get__(self, leader: None, owner: type) -> _Place: ...
    @overload
    def __get__(self, leader: Leader, owner: type) -> str: ...
    def __get__(self, leader: Leader | None, owner: type) -> _Place | str:
        if leader is None:
            return self
        # A single place that is missing is an error, a part of several is what there is.
        if self._end - self._start == 1:
            return leader.leader[self._start]
        return leader.leader[self._start : self._end]

    def __set__(self, leader: Leader, value: str) -> None:
        if len(value) != self._end - self._start:
            raise BadLeaderValue(f"{self._complaint}{value}")
        leader._replace_values(position=self._start, value=value)


class Leader:
    """A leader that can be changed: by name, by place, by slice.

    `record_length` and `base_address` are computed when a record is written.
    """

    record_length = _Place(0, 5, "Record length")
    record_status = _Place(5, 1, "Record status")
    type_of_record = _Place(6, 1, "Type of record")
    bibliographic_level = _Place(7, 1, "Bibliographic level")
    type_of_control = _Place(8, 1, "Type of control")
    coding_scheme = _Place(9, 1, "Character coding scheme")
    indicator_count = _Place(10, 1, "Indicator count")
    subfield_code_count = _Place(11, 1, "Subfield code count")
    base_address = _Place(12, 5, "Base address of data")
    encoding_level = _Place(17, 1, "Encoding level")
    cataloging_form = _Place(18, 1, "Descriptive cataloging form")
    multipart_ressource = _Place(19, 1, "Multipart resource record level")
    length_of_field_length = _Place(20, 1, "Length of the length-of-field portion")
    starting_character_position_length = _Place(
        21, 1, "Length of the starting-character-position portion"
    )
    implementation_defined_length = _Place(22, 1, "Length of the implementation-defined portion")

    def __init__(self, leader: str) -> None:
        if len(leader) != LEADER_LEN:
            raise RecordLeaderInvalid
        self.leader = leader

    def __getitem__(self, item: str | int | slice) -> Any:
        """A character by its place, several by a slice, a part by its name."""
        if isinstance(item, (slice, int)):
            return self.leader[item]
        return getattr(self, item)

    def __setitem__(self, item: str | int | slice, value: str) -> None:
        """Writes `value` from a place on, or where the slice starts, or into the named part."""
        if isinstance(item, slice):
            self._replace_values(position=item.start, value=value)
        elif isinstance(item, int):
            self._replace_values(position=item, value=value)
        else:
            setattr(self, item, value)

    def __str__(self) -> str:
        return self.leader

    def __repr__(self) -> str:
        return f"Leader({self.leader!r})"

    # --- beyond pymarc ----------------------------------------------------------------------------

    def values_at(self, place: int) -> dict[str, str]:
        """The values that MARC 21 defines for a place, and what they mean.

        They depend on the kind of the record. Empty where any value may stand.

        >>> Leader("00475cas a2200169 i 4500").values_at(9)
        {' ': 'MARC-8', 'a': 'UCS/Unicode'}
        """
        return dict(_core.marc_leader_values(place, self.leader[6]))

    def meaning_of(self, place: int) -> str | None:
        """What the value at a place means; None when it is not defined.

        >>> Leader("00475cas a2200169 i 4500").meaning_of(7)
        'Serial'
        """
        return self.values_at(place).get(self.leader[place])

    def is_valid_at(self, place: int) -> bool:
        """Whether the value at a place is defined, or any value may stand there."""
        values = self.values_at(place)
        return not values or self.leader[place] in values

    def _replace_values(self, position: int, value: str) -> None:
        if position < 0:
            raise IndexError("Position must be positive")
        end = position + len(value)
        if end > LEADER_LEN:
            raise BadLeaderValue(f"{value} is too long to be inserted at {position}")
        self.leader = f"{self.leader[:position]}{value}{self.leader[end:]}"
