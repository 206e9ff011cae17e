"""MARC-in-JSON as records, all at once.

>>> text = '[{"leader": "          22        4500", "fields": [{"001": "ocm1"}]}]'
>>> [record["001"].data for record in parse_json_to_array(text)]
['ocm1']
"""

from __future__ import annotations

from typing import Any

from thalweg.marc.field import Field, Indicators
from thalweg.marc.leader import Leader
from thalweg.marc.reader import JSONReader
from thalweg.marc.record import Record

__all__ = ["JSONHandler", "parse_json_to_array"]


class JSONHandler:
    """Makes records of parsed JSON, and gives each to `process_record`.

    The dictionaries are used up.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._record: Record | None = None
        self._field: Field | None = None
        self._text: list[str] = []

    def element(self, element_dict: Any, name: str | None = None) -> None:
        """Takes an object of JSON, or its member `name` as part of what came before."""
        if not name:
            self._record = Record()
            self.element(element_dict, "leader")
        elif name == "leader" and self._record:
            self._record.leader = Leader(element_dict[name])
            self.element(element_dict, "fields")
        elif name == "fields" and self._record:
            for member in element_dict[name]:
                self._take_field(*member.popitem())
            self.process_record(self._record)
        elif name == "subfields" and self._field:
            for subfield in element_dict[name]:
                self._field.add_subfield(*subfield.popitem())

    def _take_field(self, tag: str, content: Any) -> None:
        field = self._field = Field(tag)
        if field.control_field:
            field.data = content
        else:
            self.element(content, "subfields")
            field.indicators = Indicators(content["ind1"], content["ind2"])
        if self._record:
            self._record.add_field(field)

    def elements(self, dict_list: Any) -> list[Record]:
        """Takes one object or a list of them; gives all records so far."""
        for given in dict_list if type(dict_list) is list else [dict_list]:
            self.element(given)
        return self.records

    def process_record(self, record: Record) -> None:
        """Takes a record. By default it is added to `records`."""
        self.records.append(record)


def parse_json_to_array(json_file: Any) -> list[Record]:
    """The records of JSON, which is given as text, by path or as a file."""
    return JSONHandler().elements(JSONReader(json_file).records)
