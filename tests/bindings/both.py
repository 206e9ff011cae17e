"""Uses Thalweg and whichever pyarrow is on the path in one process: `both.py ORDER FOLDER`.

Both do what leads into code that the two copies of Arrow share by name: kernels with regular
expressions, Parquet with its statistics, JSON, decimals, time zones, and tables handed over.
"""

from __future__ import annotations

import decimal
import pathlib
import sys

order, folder = sys.argv[1], pathlib.Path(sys.argv[2])
if order == "ours-first":
    import thalweg

    import pyarrow
else:
    import pyarrow  # noqa: I001

    import thalweg

import pyarrow.compute
import pyarrow.json
import pyarrow.parquet

rows = [("Oslo", decimal.Decimal("4.50")), ("Lima", decimal.Decimal("19.00")), (None, None)]
table = pyarrow.table(
    {
        "station": pyarrow.array([name for name, _ in rows]),
        "celsius": pyarrow.array([value for _, value in rows], pyarrow.decimal128(9, 2)),
    }
)

# A table of theirs through a query of ours and back.
query = "SELECT upper(station) AS s, regexp_matches(station, '^[LO]') AS m, celsius * 2 AS d FROM t"
ours = thalweg.sql(query, tables={"t": table}).arrow()
assert ours.column("s").to_pylist() == ["OSLO", "LIMA", None], ours
assert ours.column("m").to_pylist() == [True, True, None], ours
assert ours.column("d").to_pylist() == [decimal.Decimal(9), decimal.Decimal(38), None], ours
theirs = pyarrow.compute.match_substring_regex(table.column("station"), "^[LO]")
assert theirs.to_pylist() == ours.column("m").to_pylist()

# Parquet of theirs read by us, and of ours read by them.
pyarrow.parquet.write_table(table, folder / "theirs.parquet", compression="zstd")
read = thalweg.sql(f"SELECT * FROM '{folder}/theirs.parquet'").fetchall()
assert [tuple(row) for row in read] == rows, read
copy = f"COPY (SELECT * FROM '{folder}/theirs.parquet') TO '{folder}/ours.parquet' (FORMAT parquet)"
thalweg.sql(copy)
written = pyarrow.parquet.read_table(folder / "ours.parquet")
assert written.column("station").to_pylist() == [name for name, _ in rows], written
assert written.column("celsius").to_pylist() == [value for _, value in rows], written

# JSON, for which both have a parser of the same name.
(folder / "rows.jsonl").write_text('{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n')
assert thalweg.sql(f"SELECT a, b FROM '{folder}/rows.jsonl'").fetchall() == [(1, "x"), (2, "y")]
assert pyarrow.json.read_json(folder / "rows.jsonl").column("a").to_pylist() == [1, 2]

print(f"thalweg {thalweg.__version__} and pyarrow {pyarrow.__version__}: all equal")
