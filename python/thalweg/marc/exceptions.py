"""What goes wrong with MARC records. The classes of pymarc's names carry pymarc's texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thalweg._errors import CorruptionError

if TYPE_CHECKING:
    from thalweg.marc.defect import Defect
    from thalweg.marc.field import Field


class PymarcException(Exception):  # noqa: N818 - pymarc's name
    """Base of the exceptions that pymarc has too."""


class FatalReaderError(PymarcException):
    """Nothing can be read behind this."""


class RecordLengthInvalid(FatalReaderError):
    """The first five bytes of a record are no number."""

    def __str__(self) -> str:
        return "Invalid record length in first 5 bytes of record"


class TruncatedRecord(FatalReaderError):
    """The data ends before the record does."""

    def __str__(self) -> str:
        return "Record length in leader is greater than the length of data"


class EndOfRecordNotFound(FatalReaderError):
    """A record does not end with the mark that ends records."""

    def __str__(self) -> str:
        return "Unable to locate end of record marker"


class RecordLeaderInvalid(PymarcException):
    """A leader that has not 24 characters."""

    def __str__(self) -> str:
        return "Unable to extract record leader"


class RecordDirectoryInvalid(PymarcException):
    """A directory that is not made of whole entries."""

    def __str__(self) -> str:
        return "Invalid directory"


class NoFieldsFound(PymarcException):
    """A record without fields."""

    def __str__(self) -> str:
        return "Unable to locate fields in record data"


class BaseAddressInvalid(PymarcException):
    """Fields would start behind the end of the record."""

    def __str__(self) -> str:
        return "Base address exceeds size of record"


class BaseAddressNotFound(PymarcException):
    """The leader does not say where fields start."""

    def __str__(self) -> str:
        return "Unable to locate base address of record"


class WriteNeedsRecord(PymarcException):
    """Something else than a record was to be written."""

    def __str__(self) -> str:
        return "Write requires a pymarc.Record object as an argument"


class NoActiveFile(PymarcException):
    """A writer without a file."""

    def __str__(self) -> str:
        return "There is no active file to write to in call to write"


class FieldNotFound(PymarcException):
    """A field that is not in the record was to be removed."""

    def __str__(self) -> str:
        return "Record does not contain the specified field"


class BadLeaderValue(PymarcException):
    """A value that does not fit into its place of the leader."""


class MissingLinkedFields(PymarcException):
    """A field says that it is linked, but no 880 is linked with it."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self.field = field

    def __str__(self) -> str:
        return f"{self.field.tag} field includes a subfield 6 but no linked fields could be found."


class BadSubfieldCodeWarning(Warning):
    """A subfield code that is not ASCII."""

    def __init__(self, subf: bytes) -> None:
        super().__init__()
        self.subf = subf

    def __str__(self) -> str:
        return f"The subfield contained a non-ASCII subfield code: {self.subf!r}"


class MarcError(CorruptionError, PymarcException):
    """A record that the `strict` mode does not take. `defect` tells what and where."""

    def __init__(self, defect: Defect) -> None:
        super().__init__(str(defect))
        self.defect = defect

    def __reduce__(self) -> tuple[Any, ...]:
        return (MarcError, (self.defect,))
