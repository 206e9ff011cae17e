"""pymarc's tables of MARC-8, by the final byte of a set: `{code: (character, combining)}`.

They are made when they are asked for.
"""

from __future__ import annotations

from typing import Any

from thalweg import _core

_FINALS = b"4E321pQSBbgN"
_ODD = (0x21203D, 0x212040, 0x7F2014, 0x7F2019, 0x7F2020, 0x7F2122)


def _table(final: int) -> dict[int, tuple[int, int]]:
    return _eacc() if final == 0x31 else _found(final, range(0x20, 0x100))


def _found(final: int, codes: Any) -> dict[int, tuple[int, int]]:
    table = {}
    for code in codes:
        found = _core.marc8_find(final, code)
        if found is not None:
            table[code] = (found[0], int(found[1]))
    return table


def _eacc() -> dict[int, tuple[int, int]]:
    table: dict[int, tuple[int, int]] = {}
    for first in range(0x21, 0x80):
        for second in range(0x20, 0x80):
            start = first << 16 | second << 8
            table.update(_found(0x31, range(start | 0x20, start | 0x80)))
    return table


def __getattr__(name: str) -> Any:
    made: Any
    if name == "CODESETS":
        made = {final: _table(final) for final in _FINALS}
    elif name == "ODD_MAP":
        made = {code: _core.marc8_find_odd(code) for code in _ODD}
    elif name.startswith("CHARSET_"):
        made = _table(int(name.removeprefix("CHARSET_"), 16))
    else:
        raise AttributeError(name)
    globals()[name] = made
    return made
