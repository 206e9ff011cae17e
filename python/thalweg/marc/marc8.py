"""MARC-8 text as Unicode, the way pymarc reads it.

Reading files needs none of this: readers decode by themselves. `thalweg.marc` also has a decoder
that follows the Library of Congress where pymarc does not: `decode_marc8`.
"""

from __future__ import annotations

import sys
import unicodedata

from thalweg import _core

__all__ = ["MARC8ToUnicode", "marc8_to_unicode"]

_ESCAPE = 0x1B
_EACC = 0x31  # Three bytes a character.
_BACK_TO_ASCII = 0x73
_SETS = frozenset(b"1234BENQSgbp")


def marc8_to_unicode(marc8: bytes, hide_utf8_warnings: bool = False) -> str:
    """The text of MARC-8 bytes. Codes that are not known become blanks, and standard error says so.

    >>> marc8_to_unicode(b"Caf\\xe2e")
    'Café'
    """
    if type(marc8) is bytes:
        text = _core.marc8_text(marc8)
        if text is not None:
            return text
    try:
        return MARC8ToUnicode(quiet=hide_utf8_warnings).translate(marc8)
    except (IndexError, TypeError) as error:
        reason = "invalid multibyte character encoding"
        raise UnicodeDecodeError("marc8_to_unicode", marc8, 0, len(marc8), reason) from error


class MARC8ToUnicode:
    """A decoder that remembers, from one text to the next, which sets are designated."""

    basic_latin = 0x42
    ansel = 0x45

    def __init__(
        self,
        G0: int = basic_latin,  # noqa: N803
        G1: int = ansel,  # noqa: N803
        quiet: bool = False,
    ) -> None:
        self.g0 = G0
        self.g0_set = {b"(", b",", b"$"}
        self.g1 = G1
        self.g1_set = {b")", b"-", b"$"}
        self.quiet = quiet

    def translate(self, marc8_string: bytes) -> str:
        """The text of some bytes, in composed form."""
        if not marc8_string:
            return ""
        made: list[str] = []
        marks: list[str] = []
        at = 0
        while at < len(marc8_string):
            if marc8_string[at : at + 1] == b"\x1b":
                at, read_on = self._designate(marc8_string, at, made)
                if at == len(marc8_string) and read_on is None:
                    break
                if not read_on:
                    continue
            at = self._character(marc8_string, at, made, marks)
        # Marks without a base behind them are dropped.
        return unicodedata.normalize("NFC", "".join(made))

    def _designate(self, text: bytes, at: int, made: list[str]) -> tuple[int, bool | None]:
        """Follows an escape. The place behind it, and whether a character is read there at once."""
        kind = text[at + 1 : at + 2]
        if kind in self.g0_set:
            if len(text) < at + 3:
                made.append("\x1b")
                return at + 1, False
            if kind == b"$" and text[at + 2 : at + 3] == b",":
                at += 1
            self.g0 = ord(text[at + 2 : at + 3])
            return at + 3, False
        if kind in self.g1_set:
            self.g1 = ord(text[at + 2 : at + 3])
            return at + 3, False
        final = ord(kind)
        if final == _BACK_TO_ASCII:
            self.g0 = self.basic_latin
            return at + 2, None if at + 2 == len(text) else True
        if final in _SETS:
            self.g0 = final
            return at + 2, True
        return at, True

    def _character(self, text: bytes, at: int, made: list[str], marks: list[str]) -> int:
        wide = self.g0 == _EACC
        if not wide:
            code = ord(text[at : at + 1])
        elif len(text) < at + 3:
            sys.stderr.write(
                f"Multi-byte position {at + 3} exceeds length of marc8 string {len(text)}\n"
            )
            code = 0x20
        else:
            code = int.from_bytes(text[at : at + 3], "big")
        at += 3 if wide else 1
        if code < 0x20 or 0x80 < code < 0xA0:
            return at
        found = _core.marc8_find(self.g1 if code > 0x80 and not wide else self.g0, code)
        if found is None:
            odd = _core.marc8_find_odd(code)
            if odd is not None:
                made.append(chr(odd))
                return at
            if not self.quiet:
                sys.stderr.write(
                    f"Unable to parse character 0x{code:x} in g0={self.g0} g1={self.g1}\n"
                )
            found = (0x20, False)
        character, combining = found
        if combining:
            marks.append(chr(character))
        else:
            made.append(chr(character))
            made.extend(marks)
            marks.clear()
        return at
