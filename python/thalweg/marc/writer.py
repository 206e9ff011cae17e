"""Writers: of the exchange format, MARC-in-JSON, MARCMaker's text, MARCXML, and all other formats.

>>> import io
>>> file = io.StringIO()
>>> with JSONWriter(file) as writer:
...     writer.write(Record())
...     writer.close(close_fh=False)
>>> file.getvalue()
'[{"leader":"          22        4500","fields":[]}]'
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import Any, TypeVar

from thalweg.marc.exceptions import WriteNeedsRecord
from thalweg.marc.marcxml import record_to_xml_node
from thalweg.marc.record import Record

__all__ = ["JSONWriter", "MARCWriter", "TextWriter", "Writer", "XMLWriter"]

_Self = TypeVar("_Self", bound="Writer")


class Writer:
    """Base of all writers. With `with`, it and its file are closed at the end."""

    def __init__(self, file_handle: Any) -> None:
        self.file_handle = file_handle

    def write(self, record: Record) -> None:
        """Writes a record; WriteNeedsRecord for anything else."""
        if not isinstance(record, Record):
            raise WriteNeedsRecord

    def close(self, close_fh: bool = True) -> None:
        """Ends what is written, and closes the file unless `close_fh` is False."""
        if close_fh and self.file_handle:
            self.file_handle.close()
        self.file_handle = None

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.file_handle:
            self.close()


class JSONWriter(Writer):
    """Writes an array of MARC-in-JSON objects into a text file. It has to be closed."""

    def __init__(self, file_handle: Any) -> None:
        super().__init__(file_handle)
        self.write_count = 0
        if self.file_handle:
            self.file_handle.write("[")

    def write(self, record: Record) -> None:
        """Writes a record."""
        Writer.write(self, record)
        if not self.file_handle:
            return
        if self.write_count > 0:
            self.file_handle.write(",")
        self.file_handle.write(json.dumps(record.as_dict(), separators=(",", ":")))
        self.write_count += 1

    def close(self, close_fh: bool = True) -> None:
        """Ends the array, and closes the file unless `close_fh` is False."""
        if self.file_handle:
            self.file_handle.write("]")
        Writer.close(self, close_fh)


class MARCWriter(Writer):
    """Writes records in the exchange format (ISO 2709) into a binary file."""

    def write(self, record: Record) -> None:
        """Writes a record."""
        Writer.write(self, record)
        if self.file_handle:
            self.file_handle.write(record.as_marc())


class TextWriter(Writer):
    """Writes records as MARCMaker's text, with blank lines between them, into a text file."""

    def __init__(self, file_handle: Any) -> None:
        super().__init__(file_handle)
        self.write_count = 0

    def write(self, record: Record) -> None:
        """Writes a record."""
        Writer.write(self, record)
        if not self.file_handle:
            return
        if self.write_count > 0:
            self.file_handle.write("\n")
        self.file_handle.write(str(record))
        self.write_count += 1


class XMLWriter(Writer):
    """Writes a MARCXML collection into a binary file. It has to be closed."""

    def __init__(self, file_handle: Any) -> None:
        super().__init__(file_handle)
        if self.file_handle:
            self.file_handle.write(b'<?xml version="1.0" encoding="UTF-8"?>')
            self.file_handle.write(b'<collection xmlns="http://www.loc.gov/MARC21/slim">')

    def write(self, record: Record) -> None:
        """Writes a record."""
        Writer.write(self, record)
        if not self.file_handle:
            return
        text = record._as_xml(False)
        if text is None:
            text = ET.tostring(record_to_xml_node(record), encoding="utf-8")
        self.file_handle.write(text)

    def close(self, close_fh: bool = True) -> None:
        """Ends the collection, and closes the file unless `close_fh` is False."""
        if self.file_handle:
            self.file_handle.write(b"</collection>")
        Writer.close(self, close_fh)
