"""MARC records, with pymarc's interface: `from thalweg import marc as pymarc` is all it takes.

>>> from thalweg import marc
>>> record = marc.Record(fields=[marc.Field("245", subfields=[marc.Subfield("a", "Rivers")])])
>>> data = record.as_marc()
>>> for record in marc.MARCReader(data + data):
...     print(record.title)
Rivers
Rivers

Everything that pymarc 5.4 has is here under its name, and in modules of its names. Beyond it,
`MARCReader` takes paths, `recovery` and `validation`, and `column`, `columns` and `to_arrow` read
values of many records at once; `read`, `read_parallel` and `write` know all formats. `FieldQuery`
and its kin in `thalweg.marc.query` choose fields, `Validator` says what MARC 21 says of a record.
"""

from thalweg.marc._formats import FormatWriter, formats, join_split, read, read_parallel, write
from thalweg.marc.constants import (
    DIRECTORY_ENTRY_LEN,
    END_OF_FIELD,
    END_OF_RECORD,
    LEADER_LEN,
    SUBFIELD_INDICATOR,
)
from thalweg.marc.defect import Defect
from thalweg.marc.exceptions import (
    BadLeaderValue,
    BadSubfieldCodeWarning,
    BaseAddressInvalid,
    BaseAddressNotFound,
    EndOfRecordNotFound,
    FatalReaderError,
    FieldNotFound,
    MarcError,
    MissingLinkedFields,
    NoActiveFile,
    NoFieldsFound,
    PymarcException,
    RecordDirectoryInvalid,
    RecordLeaderInvalid,
    RecordLengthInvalid,
    TruncatedRecord,
    WriteNeedsRecord,
)
from thalweg.marc.field import Field, Indicators, RawField, Subfield, map_marc8_field
from thalweg.marc.leader import Leader
from thalweg.marc.marc8 import MARC8ToUnicode, marc8_to_unicode
from thalweg.marc.marcjson import JSONHandler, parse_json_to_array
from thalweg.marc.marcxml import (
    MARC_XML_NS,
    MARC_XML_SCHEMA,
    XSI_NS,
    XmlHandler,
    map_xml,
    parse_xml,
    parse_xml_to_array,
    record_to_xml,
    record_to_xml_node,
)
from thalweg.marc.query import (
    FieldQuery,
    SubfieldPatternQuery,
    SubfieldValueQuery,
    TagRangeQuery,
)
from thalweg.marc.reader import (
    AuthorityMARCReader,
    HoldingsMARCReader,
    JSONReader,
    MARCMakerReader,
    MARCReader,
    Reader,
    map_records,
)
from thalweg.marc.record import Record, map_marc8_record, normalize_subfield_code
from thalweg.marc.validation import Finding, Validator
from thalweg.marc.writer import JSONWriter, MARCWriter, TextWriter, Writer, XMLWriter

__all__ = [
    "DIRECTORY_ENTRY_LEN",
    "END_OF_FIELD",
    "END_OF_RECORD",
    "LEADER_LEN",
    "MARC8ToUnicode",
    "MARC_XML_NS",
    "MARC_XML_SCHEMA",
    "SUBFIELD_INDICATOR",
    "XSI_NS",
    "AuthorityMARCReader",
    "BadLeaderValue",
    "BadSubfieldCodeWarning",
    "BaseAddressInvalid",
    "BaseAddressNotFound",
    "Defect",
    "EndOfRecordNotFound",
    "FatalReaderError",
    "Field",
    "FieldNotFound",
    "FieldQuery",
    "Finding",
    "FormatWriter",
    "HoldingsMARCReader",
    "Indicators",
    "JSONHandler",
    "JSONReader",
    "JSONWriter",
    "Leader",
    "MARCMakerReader",
    "MARCReader",
    "MARCWriter",
    "MarcError",
    "MissingLinkedFields",
    "NoActiveFile",
    "NoFieldsFound",
    "PymarcException",
    "RawField",
    "Reader",
    "Record",
    "RecordDirectoryInvalid",
    "RecordLeaderInvalid",
    "RecordLengthInvalid",
    "Subfield",
    "SubfieldPatternQuery",
    "SubfieldValueQuery",
    "TagRangeQuery",
    "TextWriter",
    "TruncatedRecord",
    "Validator",
    "WriteNeedsRecord",
    "Writer",
    "XMLWriter",
    "XmlHandler",
    "formats",
    "join_split",
    "map_marc8_field",
    "map_marc8_record",
    "map_records",
    "map_xml",
    "marc8_to_unicode",
    "normalize_subfield_code",
    "parse_json_to_array",
    "parse_xml",
    "parse_xml_to_array",
    "read",
    "read_parallel",
    "record_to_xml",
    "record_to_xml_node",
    "write",
]
