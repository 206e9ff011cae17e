"""Edits of ELF shared libraries that patchelf does not offer: symbolic binding and symbol strength.

Only 64-bit little-endian files are read, which is what every platform of Thalweg has.
"""

from __future__ import annotations

import pathlib
import struct
from dataclasses import dataclass

DT_NULL = 0
DT_SYMBOLIC = 16
DT_RELACOUNT = 0x6FFFFFF9
PT_DYNAMIC = 2
SHT_DYNSYM = 11
STB_WEAK = 2
STB_GNU_UNIQUE = 10

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
_SECTION_HEADER = struct.Struct("<IIQQQQIIQQ")
_DYNAMIC = struct.Struct("<qQ")
_SYMBOL_BYTES = 24
_SYMBOL_INFO_OFFSET = 4


class ElfError(ValueError):
    """The file is not a shared library that this module can edit."""


@dataclass(frozen=True)
class _Span:
    offset: int
    size: int


class SharedLibrary:
    """A shared library held in memory. Call `write` to keep the edits."""

    def __init__(self, data: bytes):
        self._data = bytearray(data)
        if len(data) < _HEADER.size or data[:4] != b"\x7fELF":
            raise ElfError("not an ELF file")
        if data[4] != 2 or data[5] != 1:
            raise ElfError("not a 64-bit little-endian ELF file")
        header = _HEADER.unpack_from(data)
        self._program_headers = (header[5], header[9], header[10])
        self._section_headers = (header[6], header[11], header[12])

    @classmethod
    def read(cls, path: pathlib.Path) -> SharedLibrary:
        return cls(path.read_bytes())

    def write(self, path: pathlib.Path) -> None:
        path.write_bytes(self._data)

    def dynamic_tags(self) -> list[int]:
        """The tags of the dynamic section up to its end marker."""
        tags = [tag for _, tag in self._dynamic_entries()]
        return tags[: tags.index(DT_NULL)] if DT_NULL in tags else tags

    def make_symbolic(self) -> bool:
        """Makes the library look its own symbols up in itself first. False when it already does.

        The dynamic section ends with spare null entries, of which the first becomes the tag. Where
        none is spare, the count of relative relocations gives its place: it only speeds loading up.
        """
        if DT_SYMBOLIC in self.dynamic_tags():
            return False
        entries = self._dynamic_entries()
        nulls = [offset for offset, tag in entries if tag == DT_NULL]
        counts = [offset for offset, tag in entries if tag == DT_RELACOUNT]
        if len(nulls) >= 2:
            place = nulls[0]
        elif counts:
            place = counts[0]
        else:
            raise ElfError("no spare dynamic entry")
        _DYNAMIC.pack_into(self._data, place, DT_SYMBOLIC, 0)
        return True

    def weaken_unique_symbols(self) -> int:
        """Turns process-wide unique symbols into weak ones, and returns how many there were.

        The loader gives a unique symbol one address in the whole process, even among libraries
        that were loaded privately, and so would tie two Arrow versions to one table.
        """
        changed = 0
        for span in self._sections(SHT_DYNSYM):
            for symbol in range(span.offset, span.offset + span.size, _SYMBOL_BYTES):
                info = self._data[symbol + _SYMBOL_INFO_OFFSET]
                if info >> 4 == STB_GNU_UNIQUE:
                    self._data[symbol + _SYMBOL_INFO_OFFSET] = STB_WEAK << 4 | info & 0xF
                    changed += 1
        return changed

    def _dynamic_entries(self) -> list[tuple[int, int]]:
        """(file offset, tag) of every entry, the spare ones past the end marker included."""
        span = self._dynamic_span()
        offsets = range(span.offset, span.offset + span.size, _DYNAMIC.size)
        return [(offset, _DYNAMIC.unpack_from(self._data, offset)[0]) for offset in offsets]

    def _dynamic_span(self) -> _Span:
        first, size, count = self._program_headers
        for index in range(count):
            fields = self._unpack(_PROGRAM_HEADER, first + index * size)
            if fields[0] == PT_DYNAMIC:
                return self._checked(fields[2], fields[5])
        raise ElfError("no dynamic section: not a shared library")

    def _sections(self, kind: int) -> list[_Span]:
        first, size, count = self._section_headers
        spans = []
        for index in range(count):
            fields = self._unpack(_SECTION_HEADER, first + index * size)
            if fields[1] == kind:
                spans.append(self._checked(fields[4], fields[5]))
        return spans

    def _unpack(self, layout: struct.Struct, offset: int) -> tuple:
        self._checked(offset, layout.size)
        return layout.unpack_from(self._data, offset)

    def _checked(self, offset: int, size: int) -> _Span:
        if offset + size > len(self._data):
            raise ElfError("a section reaches past the end of the file")
        return _Span(offset, size)
