"""The package as its users call it."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pyarrow as pa
import pytest

import thalweg


def test_version_is_that_of_the_library() -> None:
    assert thalweg.__version__.count(".") == 2


def test_sql_gives_rows_as_python_values() -> None:
    assert thalweg.sql("SELECT 1 + 1 AS two, 'a' AS letter").fetchall() == [(2, "a")]


def test_tables_and_parameters() -> None:
    table = pa.table({"n": [1, 2, 3], "name": ["a", "b", None]})
    result = thalweg.sql(
        "SELECT name, n * 10 AS m FROM t WHERE n >= $least",
        tables={"t": table},
        params={"least": 2},
    )
    assert result.columns == ["name", "m"]
    assert result.fetchall() == [("b", 20), (None, 30)]
    assert len(result) == 2


def test_a_table_can_be_used_twice_in_a_script() -> None:
    table = pa.table({"n": [1, 2]})
    result = thalweg.sql("SELECT n FROM t; SELECT SUM(n) AS s FROM t", tables={"t": table})
    assert [int(row[0]) for row in result.fetchall()] == [3]


def test_result_is_an_arrow_stream_more_than_once() -> None:
    result = thalweg.sql("SELECT * FROM (VALUES (1), (2)) v")
    assert pa.table(result).num_rows == 2
    assert pa.table(result).num_rows == 2
    assert sum(batch.num_rows for batch in result) == 2


def test_repr_is_a_table() -> None:
    text = repr(thalweg.sql("SELECT 7 AS seven"))
    assert "seven" in text and "7" in text and "│" in text


def test_errors_have_classes_and_say_where() -> None:
    with pytest.raises(thalweg.NotFoundError) as missing:
        thalweg.sql("SELECT * FROM 'no/such/file.csv'")
    assert isinstance(missing.value, FileNotFoundError)
    with pytest.raises(ValueError) as wrong:
        thalweg.sql("SELECT colour FROM t", tables={"t": pa.table({"color": [1]})})
    assert "color" in str(wrong.value)


def test_unknown_option_is_named() -> None:
    with pytest.raises(thalweg.InvalidArgumentError, match="wrokers"):
        thalweg.sql("SELECT 1", wrokers=2)


def test_pipeline_from_records_to_a_callable() -> None:
    seen: list[int] = []
    report = thalweg.Pipeline(
        extract=({"n": i} for i in range(10_000)),
        transform="SELECT n * 2 AS n FROM source WHERE n % 2 = 0",
        load=lambda batch: seen.extend(pa.record_batch(batch).column(0).to_pylist()),
    ).run()
    assert seen == [2 * i for i in range(0, 10_000, 2)]
    assert report["records_out"] == 5_000


def test_pipeline_error_in_load_ends_the_run() -> None:
    def load(batch: thalweg.Batch) -> None:
        raise RuntimeError("the disk is made of cheese")

    with pytest.raises(thalweg.Error, match="cheese"):
        thalweg.Pipeline(extract=[{"n": 1}], load=load).run()


def test_pipeline_error_in_extract_ends_the_run() -> None:
    def extract():
        yield {"n": 1}
        for i in range(4096):
            yield {"n": i}
        raise RuntimeError("the line went dead")

    with pytest.raises(thalweg.Error, match="dead"):
        thalweg.Pipeline(extract=extract(), load=lambda batch: None).run()


def test_job_runs_and_reports(tmp_path: pathlib.Path) -> None:
    (tmp_path / "in.csv").write_text("a,b\n1,x\n2,y\n")
    job = tmp_path / "job.toml"
    job.write_text(f"""
        [source]
        path = "{tmp_path}/in.csv"
        [transform]
        sql = "SELECT a + 1 AS a, b FROM source"
        [sink]
        path = "{tmp_path}/out.jsonl"
        """)
    report = thalweg.run(job)
    assert report["outcome"] == "ok"
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert rows == [{"a": 2, "b": "x"}, {"a": 3, "b": "y"}]
    with pytest.raises(FileExistsError):
        thalweg.run(job)
    thalweg.run(job, set=["sink.mode=replace"])


EVERY_TYPE = """
    SELECT * FROM (VALUES
        (TRUE, 200::UTINYINT, -5::BIGINT, 1.5::DOUBLE, 1.50::DECIMAL(10, 2), -7::HUGEINT, 'é',
         'x'::BLOB, DATE '1969-12-31', TIME '10:00:01.5', TIMESTAMP '1901-02-03 04:05:06.789',
         TIMESTAMPTZ '2020-07-01 10:00:00+02', [1, NULL], {'a': [DATE '2020-01-01'], 'b': NULL},
         MAP(['k', 'l'], [1, 2]), 'a text that is too long for a view to hold'),
        (FALSE, 0::UTINYINT, 9223372036854775807, -0.0::DOUBLE, -0.01::DECIMAL(10, 2),
         170141183460469231731687303715884105727 // 10, '', ''::BLOB, DATE '9999-12-31',
         TIME '00:00:00', TIMESTAMP '0001-01-01 00:00:00', TIMESTAMPTZ '1970-01-01 00:00:00+00',
         [], {'a': [], 'b': 'x'}, MAP([], []), ''),
        (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
         NULL)
    ) AS t
"""


def test_rows_are_those_of_pyarrow() -> None:
    result = thalweg.sql(EVERY_TYPE)
    assert result.fetchall() == list(zip(*(c.to_pylist() for c in result.arrow().columns)))
    assert len(result.fetchall()) == 3


def test_rows_of_slices_dictionaries_and_views() -> None:
    table = pa.table({
        "word": pa.array(["a", None, "b", "a"]).dictionary_encode(),
        "view": pa.array(["short", "longer than twelve bytes", None, ""], pa.string_view()),
        "pair": pa.array([[1, 2], None, [3, 4], [5, None]], pa.list_(pa.int8(), 2)),
        "span": pa.array([1, -2, None, 4], pa.duration("ms")),
    }).slice(1)
    result = thalweg.sql("SELECT * FROM t", tables={"t": table})
    assert result.fetchall() == list(zip(*(c.to_pylist() for c in result.arrow().columns)))


def test_rows_that_python_cannot_hold() -> None:
    span = thalweg.sql("SELECT INTERVAL '1 month 2 days'")
    assert span.fetchall() == [(thalweg.Interval(1, 2, 0),)]
    with pytest.raises(ValueError, match="column 'far'"):
        thalweg.sql("SELECT DATE '12000-01-01' AS far").fetchall()


def test_rows_without_any_package() -> None:
    code = """
import sys
sys.modules["pyarrow"] = None
import thalweg
print(thalweg.sql("SELECT 1 AS a, 'b' AS b, NULL AS c").fetchall())
"""
    answer = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert answer == "[(1, 'b', None)]\n"


def callable_job(folder: pathlib.Path, transform: str) -> pathlib.Path:
    (folder / "in.csv").write_text("n,word\n1,a\n2,b\n3,c\n")
    job = folder / "job.toml"
    job.write_text(
        f"[source]\npath = '{folder}/in.csv'\n[transform]\n{transform}\n"
        f"[sink]\npath = '{folder}/out.csv'\nmode = 'replace'\n"
    )
    return job


def test_a_job_calls_python(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "changes.py").write_text(
        "import pyarrow as pa, pyarrow.compute as pc\n"
        "def twice(batch):\n"
        "    table = pa.table(pa.record_batch(batch))\n"
        "    table = table.set_column(0, 'n', pc.multiply(table['n'], 2))\n"
        "    return table.filter(pc.greater(table['n'], 2))\n"
        "def other(batch):\n"
        "    rows = pa.record_batch(batch)\n"
        "    return rows if len(rows) else pa.record_batch({'x': [1]})\n"
        "def fails(batch):\n"
        "    raise KeyError('gone')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    report = thalweg.run(callable_job(tmp_path, "python = 'changes:twice'"))
    assert report["records_out"] == 2
    assert (tmp_path / "out.csv").read_text() == "n,word\n4,b\n6,c\n"
    for name, message in (
        ("changes:other", "other columns than before"),
        ("changes:fails", "changes:fails: KeyError: 'gone'"),
        ("changes:none", "has no attribute 'none'"),
        ("no_such_module:f", "No module named 'no_such_module'"),
    ):
        with pytest.raises(thalweg.InvalidArgumentError, match=message):
            thalweg.run(callable_job(tmp_path, f"python = '{name}'"))
        assert (tmp_path / "out.csv").read_text() == "n,word\n4,b\n6,c\n"
    with pytest.raises(thalweg.InvalidArgumentError, match="not both"):
        thalweg.run(callable_job(tmp_path, "sql = 'SELECT 1'\npython = 'changes:twice'"))
