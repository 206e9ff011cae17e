"""Data pipelines with SQL over files, streams and Python objects.

>>> import thalweg
>>> thalweg.sql("SELECT 1 + 1 AS two").fetchall()
[(2,)]
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from thalweg import _core
from thalweg._errors import (
    AlreadyExistsError,
    CancelledError,
    CorruptionError,
    DeadlineExceededError,
    Error,
    InternalError,
    InvalidArgumentError,
    IoError,
    NotFoundError,
    ResourceExhaustedError,
    UnauthenticatedError,
    UnavailableError,
    UnsupportedError,
)
from thalweg._pipeline import Batch, Pipeline, import_callable
from thalweg._result import Interval, Result
from thalweg._run import interruptible

__version__: str = _core.version

__all__ = [
    "AlreadyExistsError",
    "Batch",
    "CancelledError",
    "CorruptionError",
    "DeadlineExceededError",
    "Error",
    "InternalError",
    "Interval",
    "InvalidArgumentError",
    "IoError",
    "NotFoundError",
    "Pipeline",
    "ResourceExhaustedError",
    "Result",
    "UnauthenticatedError",
    "UnavailableError",
    "UnsupportedError",
    "run",
    "sql",
]


def __getattr__(name: str) -> Any:
    """`thalweg.archive` and `thalweg.marc` are imported when they are first used."""
    if name in ("archive", "marc"):
        return importlib.import_module(f"thalweg.{name}")
    raise AttributeError(f"module 'thalweg' has no attribute {name!r}")


def _stream_of(table: Any) -> object:
    """The Arrow C stream of anything tabular."""
    if hasattr(table, "__arrow_c_stream__"):
        return table.__arrow_c_stream__()
    if type(table).__module__.split(".")[0] == "pandas":
        import pyarrow

        return pyarrow.Table.from_pandas(table, preserve_index=False).__arrow_c_stream__()
    if hasattr(table, "fetch_arrow_table"):
        return table.fetch_arrow_table().__arrow_c_stream__()
    raise TypeError(f"not a table (no __arrow_c_stream__): {type(table).__name__}")


def sql(
    query: str,
    *,
    tables: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    **options: Any,
) -> Result:
    """Runs SQL and returns the answer to its last statement.

    tables: names for anything with `__arrow_c_stream__` (pyarrow, polars, DuckDB), or pandas
        frames.
    params: values of `$name`.
    options: `workers`, `memory_bytes_max`, `batch_rows`, `ordered`, `errors` ('fail', 'skip' or
        'dead_letter'), `error_rate_max`, `reject_path`, `force`, `on_progress`.

    The GIL is released while the engine works. Raises `thalweg.Error` and its subclasses.
    """
    session = _core.Session()
    for name, table in (tables or {}).items():
        session.add_stream(name, _stream_of(table), True)
    given = {"parameters": dict(params or {}), **options}
    results = interruptible(lambda stop: session.run(query, given, stop))
    if not results:
        raise InvalidArgumentError("there is no statement to run")
    return Result(results[-1])


def run(
    job: str | os.PathLike[str],
    *,
    set: Sequence[str] = (),
    on_progress: Callable[[dict[str, Any]], None] | None = None,
    force: bool = False,
) -> dict[str, Any]:
    """Runs a job file to its end and returns the report.

    A job whose transform is `python = "module:function"` has that function called with each batch.

    set: overrides such as `"sink.mode=replace"`.
    on_progress: is given a dict with `rows_in`, `rows_out`, `rows_rejected`, `bytes_in`,
        `bytes_total` and `seconds`, about ten times a second, from another thread.
    """
    options = {"on_progress": on_progress, "force": force}
    report = interruptible(
        lambda stop: _core.run_job(os.fspath(job), list(set), options, import_callable, stop)
    )
    result: dict[str, Any] = json.loads(report)
    return result
