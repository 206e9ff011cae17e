"""The answer to a query."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from thalweg import _core

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


class Interval(NamedTuple):
    """An SQL INTERVAL: its parts are kept apart, because months and days differ in length."""

    months: int
    days: int
    nanoseconds: int


class Result:
    """Rows of a query, in memory, as Arrow columns.

    It has `__arrow_c_stream__`, so pyarrow, polars, DuckDB and pandas take it without copying.
    """

    def __init__(self, core: _core.QueryResult) -> None:
        self._core = core

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rows as an Arrow C stream in a capsule. May be asked for more than once."""
        return self._core.stream()

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return [name for name, _ in self._core.columns]

    @property
    def types(self) -> list[str]:
        """SQL types of the columns."""
        return [type_ for _, type_ in self._core.columns]

    @property
    def report(self) -> dict[str, Any]:
        """What the run did: rows, times, decisions, bottleneck."""
        report: dict[str, Any] = json.loads(self._core.report)
        return report

    def __len__(self) -> int:
        return self._core.num_rows

    def arrow(self) -> pyarrow.Table:
        """As a pyarrow table (needs pyarrow)."""
        import pyarrow

        return pyarrow.table(self)

    def df(self) -> pandas.DataFrame:
        """As a pandas frame (needs pandas and pyarrow)."""
        frame: pandas.DataFrame = self.arrow().to_pandas()
        return frame

    def pl(self) -> polars.DataFrame:
        """As a polars frame (needs polars)."""
        import polars

        frame = polars.DataFrame(self)
        return frame

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows as tuples of Python values; needs no other package.

        Decimals with a scale are `decimal.Decimal`, other whole numbers `int`; a struct is a
        `dict`, a map a list of pairs, an INTERVAL an `Interval`. Raises `ValueError` where Python
        has no such value, as for a year beyond 9999.
        """
        return self._core.rows(Interval)

    def __iter__(self) -> Iterator[pyarrow.RecordBatch]:
        """Batches, as pyarrow record batches (needs pyarrow)."""
        import pyarrow

        yield from pyarrow.RecordBatchReader.from_stream(self)

    def __repr__(self) -> str:
        return self._core.text(40).rstrip("\n")

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self._core.text(40))}</pre>"
