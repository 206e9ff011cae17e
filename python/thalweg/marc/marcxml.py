"""MARCXML: records from XML as it is parsed, and as XML.

>>> import io
>>> xml = io.StringIO("<record><leader>          22        4500</leader>"
...                   "<controlfield tag='001'>ocm1</controlfield></record>")
>>> [record["001"].data for record in parse_xml_to_array(xml)]
['ocm1']
"""

from __future__ import annotations

import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any
from xml.sax import make_parser
from xml.sax.handler import ContentHandler, feature_namespaces

from thalweg.marc.field import Field, Indicators
from thalweg.marc.leader import Leader
from thalweg.marc.marc8 import MARC8ToUnicode
from thalweg.marc.record import Record

__all__ = [
    "MARC_XML_NS",
    "MARC_XML_SCHEMA",
    "XSI_NS",
    "XmlHandler",
    "map_xml",
    "parse_xml",
    "parse_xml_to_array",
    "record_to_xml",
    "record_to_xml_node",
]

XSI_NS = "http://www.w3.org/2001/XMLSchema-instance"
MARC_XML_NS = "http://www.loc.gov/MARC21/slim"
MARC_XML_SCHEMA = f"{MARC_XML_NS} http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd"


class XmlHandler(ContentHandler):
    """Makes records of the events of an XML parser, and gives each to `process_record`.

    strict: elements that are not in MARCXML's namespace are passed over.
    normalize_form: 'NFC', 'NFD', 'NFKC' or 'NFKD', for all text.
    """

    def __init__(self, strict: bool = False, normalize_form: Any = None) -> None:
        self.records: list[Record] = []
        self._record: Record | None = None
        self._field: Field | None = None
        self._subfield_code: str | None = None
        self._text: list[str] = []
        self._strict = strict
        self.normalize_form = normalize_form

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:  # noqa: N802
        """An element begins."""
        if self._strict and name[0] != MARC_XML_NS:
            return
        self._text = []
        element = name[1]
        if element == "record":
            self._record = Record()
        elif element == "controlfield":
            self._field = Field(attrs.getValue((None, "tag")))
        elif element == "datafield":
            marks = (attrs.get((None, f"ind{place}"), " ") for place in (1, 2))
            self._field = Field(attrs.getValue((None, "tag")), Indicators(*marks))
        elif element == "subfield":
            self._subfield_code = attrs[(None, "code")]

    def endElementNS(self, name: Any, qname: Any) -> None:  # noqa: N802
        """An element ends."""
        if self._strict and name[0] != MARC_XML_NS:
            return
        text = "".join(self._text)
        if self.normalize_form is not None:
            text = unicodedata.normalize(self.normalize_form, text)
        self._text = []
        element, record, field = name[1], self._record, self._field
        if element == "subfield":
            if field and self._subfield_code:
                field.add_subfield(self._subfield_code, text)
                self._subfield_code = None
        elif not record:
            return
        elif element == "record":
            self.process_record(record)
            self._record = None
        elif element == "leader":
            record.leader = Leader(text)
        elif field and element in ("controlfield", "datafield"):
            if element == "controlfield":
                field.data = text
            record.add_field(field)
            self._field = None

    def characters(self, content: str) -> None:
        """Text, or a part of it."""
        self._text.append(content)

    def process_record(self, record: Record) -> None:
        """Takes a record. By default it is added to `records`."""
        self.records.append(record)


def parse_xml(xml_file: Any, handler: ContentHandler) -> None:
    """Parses a file, given by path or open, and gives what is found to `handler`."""
    parser = make_parser()
    parser.setContentHandler(handler)
    parser.setFeature(feature_namespaces, 1)
    parser.parse(xml_file)


def map_xml(function: Callable[[Record], Any], *files: Any) -> None:
    """Calls a function with each record of some files while they are parsed."""
    handler = XmlHandler()
    handler.process_record = function  # type: ignore[method-assign, assignment]
    for xml_file in files:
        parse_xml(xml_file, handler)


def parse_xml_to_array(
    xml_file: Any, strict: bool = False, normalize_form: Any = None
) -> list[Record]:
    """The records of a file, given by path or open. Arguments are those of `XmlHandler`."""
    handler = XmlHandler(strict, normalize_form)
    parse_xml(xml_file, handler)
    return handler.records


def record_to_xml(record: Record, quiet: bool = False, namespace: bool = False) -> bytes:
    """A record as MARCXML, in ASCII. `namespace` names the namespaces and the schema."""
    if not namespace and type(record) is Record:
        text: bytes | None = record._as_xml(True)
        if text is not None:
            return text
    made: bytes = ET.tostring(record_to_xml_node(record, quiet, namespace))
    return made


def record_to_xml_node(
    record: Record, quiet: bool = False, namespace: bool = False
) -> ET.Element:
    """A record as an element of `xml.etree`."""
    marc8 = MARC8ToUnicode(quiet=quiet)

    def text_of(value: Any) -> Any:
        return value if type(value) is str else marc8.translate(value)

    root = ET.Element("record")
    if namespace:
        root.set("xmlns", MARC_XML_NS)
        root.set("xmlns:xsi", XSI_NS)
        root.set("xsi:schemaLocation", MARC_XML_SCHEMA)
    ET.SubElement(root, "leader").text = str(record.leader)
    for field in record:
        if field.control_field:
            ET.SubElement(root, "controlfield", {"tag": field.tag}).text = text_of(field.data)
            continue
        first, second = field.indicators
        marks = {"ind1": first, "ind2": second, "tag": field.tag}
        node = ET.SubElement(root, "datafield", marks)
        for subfield in field:
            ET.SubElement(node, "subfield", {"code": subfield.code}).text = text_of(subfield.value)
    return root
