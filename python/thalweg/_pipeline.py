"""Extract, transform and load with Python on either side."""

from __future__ import annotations

import importlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Union

from thalweg import _core
from thalweg._errors import InvalidArgumentError
from thalweg._run import interruptible

Batches = Iterable[Any]
Transform = Union[str, Callable[[Any], Any], None]
Load = Union[str, Callable[[Any], None]]

_ROWS_A_BATCH = 4096


class Batch:
    """Rows that a callable is given: an Arrow array of structs, by `__arrow_c_array__`."""

    def __init__(self, schema: object, array: object) -> None:
        self._capsules = (schema, array)

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        return self._capsules


def _as_batches(items: Batches) -> Iterator[Any]:
    """Arrow batches as they are; mappings gathered into batches (which needs pyarrow)."""
    iterator = iter(items)
    for first in iterator:
        if hasattr(first, "__arrow_c_array__"):
            yield first
        elif hasattr(first, "__arrow_c_stream__"):
            import pyarrow

            yield from pyarrow.RecordBatchReader.from_stream(first)
        elif isinstance(first, Mapping):
            import pyarrow

            rest = itertools.islice(iterator, _ROWS_A_BATCH - 1)
            yield pyarrow.RecordBatch.from_pylist([dict(first), *map(dict, rest)])
        else:
            raise TypeError(
                "extract must give Arrow batches, tables or mappings, not " + type(first).__name__
            )


def _arrow_array_of(batch: Any) -> tuple[object, object]:
    """The capsules of a batch, or of a table whose rows become one batch (which needs pyarrow)."""
    if hasattr(batch, "__arrow_c_array__"):
        capsules: tuple[object, object] = batch.__arrow_c_array__()
        return capsules
    if not hasattr(batch, "__arrow_c_stream__"):
        raise TypeError(f"expected an Arrow batch or table, not {type(batch).__name__}")
    import pyarrow

    table = pyarrow.table(batch)
    batches = table.combine_chunks().to_batches()
    made = batches[0] if batches else pyarrow.RecordBatch.from_pylist([], schema=table.schema)
    return _arrow_array_of(made)


def import_callable(name: str) -> Callable[[object, object], tuple[object, object]]:
    """`module:function` as a function from the capsules of a batch to those of another."""
    module, _, function = name.partition(":")
    try:
        call = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise InvalidArgumentError(f"transform: python = '{name}': {error}") from error
    return lambda schema, array: _arrow_array_of(call(Batch(schema, array)))


class Pipeline:
    """Moves batches from `extract` through `transform` to `load`, in bounded memory.

    extract: an iterable of Arrow batches (anything with `__arrow_c_array__`), of tables, or of
        mappings (needs pyarrow).
    transform: SQL over the table `source`, a callable from a batch to a batch, or nothing.
    load: a place, as for `COPY … TO`, or a callable that is given each `Batch`.
    options: as for `thalweg.sql`; options of the place (`format`, `mode`, `partition_by`) go in
        `write`.

    >>> import thalweg
    >>> seen = []
    >>> report = thalweg.Pipeline(
    ...     extract=({"n": i} for i in range(3)),
    ...     transform="SELECT n * 2 AS n FROM source",
    ...     load=seen.append,
    ... ).run()
    >>> report["records_out"]
    3
    """

    def __init__(
        self,
        extract: Batches,
        transform: Transform = None,
        load: Load = "-",
        *,
        write: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self._extract = extract
        self._transform = transform
        self._load = load
        self._write = dict(write or {})
        self._options = options

    def run(self) -> dict[str, Any]:
        """Runs to the end and returns the report. Failures raise; nothing partial is left."""
        batches = _as_batches(self._extract)
        sql = "SELECT * FROM source"
        if callable(self._transform):
            batches = _as_batches(map(self._transform, batches))
        elif self._transform:
            sql = self._transform
        session = _core.Session()
        session.add_iterator("source", batches)
        load = self._load
        if callable(load):
            take = load
            report = interruptible(
                lambda stop: session.run_batches(
                    sql, lambda schema, array: take(Batch(schema, array)), self._options, stop
                )
            )
        else:
            place = load
            report = interruptible(
                lambda stop: session.run_to(sql, place, self._write, self._options, stop)
            )
        result: dict[str, Any] = json.loads(report)
        return result
