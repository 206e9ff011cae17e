"""Values of many records at once, without making the records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thalweg import _core

if TYPE_CHECKING:
    from thalweg.marc.reader import MARCReader


class Table:
    """Columns of text, or of lists of text, as Arrow's streams give them.

    `pyarrow.table(t)`, `polars.DataFrame(t)` and `thalweg.sql(…, tables={"t": t})` take it.
    """

    def __init__(self, columns: _core.MarcColumns) -> None:
        self._columns = columns

    @property
    def num_rows(self) -> int:
        """How many records there were."""
        rows: int = self._columns.num_rows
        return rows

    @property
    def column_names(self) -> list[str]:
        """The names behind AS, or else the paths."""
        names: list[str] = self._columns.names
        return names

    def __len__(self) -> int:
        return self.num_rows

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._columns.stream()

    def to_pydict(self) -> dict[str, list[Any]]:
        """The values as lists, by name."""
        return {name: self._columns.values(place) for place, name in enumerate(self.column_names)}


def _extract(reader: MARCReader, builder: _core.MarcColumns) -> _core.MarcColumns:
    if reader._source is not None:
        for batch in reader._source._batches():
            builder.add_batch(batch)
    else:
        builder.add_reader(reader)
    return builder


def columns(reader: MARCReader, paths: list[str]) -> list[list[Any]]:
    """One list of values for each path."""
    builder = _extract(reader, _core.MarcColumns(", ".join(paths)))
    return [builder.values(place) for place in range(len(paths))]


def named_columns(reader: MARCReader, paths: str) -> dict[str, list[Any]]:
    """Lists of values by name."""
    return to_arrow(reader, paths).to_pydict()


def to_arrow(reader: MARCReader, paths: str) -> Table:
    """A table."""
    return Table(_extract(reader, _core.MarcColumns(paths)))
