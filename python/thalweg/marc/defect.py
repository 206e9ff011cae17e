"""What is wrong with a record, and where."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

__all__ = ["Defect"]


@dataclass(frozen=True)
class Defect:
    """One defect. What is not known is None."""

    code: str  #: Stable: 'E101'.
    slug: str  #: Stable: 'directory_invalid'.
    severity: str  #: 'warning' or 'error'.
    summary: str  #: What the code means, in one sentence.
    repaired: bool  #: The record was given out, mended.
    record_index: int | None  #: From 0, of every record of the input.
    byte_offset: int | None  #: In the input, as it is when decompressed.
    record_offset: int | None  #: From the first byte of the record.
    source: str | None
    control_number: str | None
    tag: str | None
    indicator: int | None
    subfield_code: str | None
    found: str | None
    expected: str | None
    bytes_near: bytes
    help_url: str
    text: str  #: All of it in one line.

    def __str__(self) -> str:
        return self.text

    def to_json(self) -> str:
        """The defect as a JSON object; bytes as hexadecimal digits."""
        values = asdict(self) | {"bytes_near": self.bytes_near.hex()}
        return json.dumps(values, ensure_ascii=False)
