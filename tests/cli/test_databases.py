"""Databases as places: PostgreSQL, with a server that the tests start, and SQLite."""

from __future__ import annotations

import pathlib
import sqlite3
import subprocess

from postgres_server import EX_CANTCREAT, EX_USAGE, Server, sql, thalweg

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BOOKS = ROOT / "tests/vectors/marc/books.mrc"
BOOK_COLUMNS = '"001" AS id, "245$a" AS title, "650$a[]" AS subjects'


# MARC into a database


def test_a_job_loads_marc_into_postgresql(postgres: Server, tmp_path: pathlib.Path) -> None:
    broken = b"00042nam a2200000   4500 this is no record \x1d"
    pieces = BOOKS.read_bytes().split(b"\x1d")
    (tmp_path / "books.mrc").write_bytes(b"\x1d".join(pieces[:500]) + b"\x1d" + broken
                                         + b"\x1d".join(pieces[500:]))
    (tmp_path / "job.toml").write_text(f"""
        name = "library"
        [source]
        path = "books.mrc"
        [transform]
        sql = '''SELECT {BOOK_COLUMNS} FROM source'''
        [sink]
        path = "{postgres.uri}"
        table = "books"
        [errors]
        policy = "dead_letter"
        """)
    done = thalweg("run", "job.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 rejected" in done.stderr, done.stderr
    letters = list(tmp_path.glob("*.jsonl"))
    assert len(letters) == 1 and len(letters[0].read_text().splitlines()) == 1
    order = "ORDER BY id, title"
    loaded = sql(f"SELECT * FROM read_postgresql('{postgres.uri}', table := 'books') {order}",
                 tmp_path)
    assert loaded == sql(f"SELECT {BOOK_COLUMNS} FROM '{BOOKS}' {order}", tmp_path)
    counts = postgres.psql("SELECT count(*), sum(cardinality(subjects)) > 2000 FROM books")
    assert counts == "2000|t"


def test_records_come_back_from_a_database(postgres: Server, tmp_path: pathlib.Path) -> None:
    target = f"TO '{postgres.uri}' (TABLE 'raw')"
    sql(f"COPY (SELECT record FROM read_marc('{BOOKS}')) {target}", tmp_path)
    sql(f"COPY (SELECT record FROM read_postgresql('{postgres.uri}', table := 'raw')) "
        "TO 'back.mrc'", tmp_path)
    assert sorted((tmp_path / "back.mrc").read_bytes().split(b"\x1d")) == sorted(
        BOOKS.read_bytes().split(b"\x1d"))


# Modes


def test_modes(postgres: Server, tmp_path: pathlib.Path) -> None:
    place = f"'{postgres.uri}'"

    def load(value: int, options: str = "", *flags: str) -> subprocess.CompletedProcess[str]:
        return thalweg("sql", *flags, f"COPY (SELECT {value} AS a, 'x' AS b) TO {place} "
                       f"(TABLE 't'{options})", cwd=tmp_path)

    assert load(1).returncode == 0
    refused = load(2)
    assert refused.returncode == EX_CANTCREAT and "mode = 'append'" in refused.stderr
    assert postgres.psql("SELECT a FROM t") == "1"
    assert load(3, ", MODE append").returncode == 0
    assert postgres.psql("SELECT a FROM t ORDER BY a") == "1\n3"
    assert load(4, ", MODE replace").returncode == 0
    assert load(5, "", "--force").returncode == 0
    assert postgres.psql("SELECT a FROM t") == "5"
    postgres.psql("DELETE FROM t", "ALTER TABLE t ADD c text DEFAULT 'kept'")
    assert load(6).returncode == 0  # Empty, so it may be filled, and stays as it was made.
    assert postgres.psql("SELECT * FROM t") == "6|x|kept"
    unknown = thalweg("sql", f"COPY (SELECT 1 AS aa) TO {place} (TABLE 't', MODE append)",
                      cwd=tmp_path)
    assert unknown.returncode == EX_USAGE and "no column 'aa'" in unknown.stderr
    assert load(7, ", SCHEMA 'nonesuch', MODE append").returncode != 0
    postgres.psql('CREATE SCHEMA "odd ""one"')
    assert load(8, ", SCHEMA 'odd \"one', MODE append").returncode == 0
    assert postgres.psql('SELECT a FROM "odd ""one".t') == "8"


def test_no_rows_make_a_table_all_the_same(postgres: Server, tmp_path: pathlib.Path) -> None:
    sql(f"COPY (SELECT 1 AS a WHERE false) TO '{postgres.uri}' (TABLE 'none')", tmp_path)
    assert postgres.psql("SELECT count(*) FROM none") == "0"


# Values


def test_a_table_that_is_there_keeps_its_types(postgres: Server, tmp_path: pathlib.Path) -> None:
    postgres.psql("CREATE TABLE t (i int, n numeric(10,2), u uuid, j jsonb, d date, v varchar(3), "
                  "r real, b bigint, z text)")
    uuid = "0f8fad5b-d9cb-469f-a165-70867728950e"
    sql(f"""COPY (SELECT 3.0::REAL AS i, 2.345::DECIMAL(10,3) AS n, '{uuid}' AS u,
                  '{{"a": 1}}' AS j, '2024-02-29' AS d, 'abc' AS v, 7 AS r, 1::SMALLINT AS b)
            TO '{postgres.uri}' (TABLE 't', MODE append)""", tmp_path)
    assert postgres.psql("SELECT * FROM t") == f'3|2.35|{uuid}|{{"a": 1}}|2024-02-29|abc|7|1|'
    for column, value in (("i", "99999999999"), ("d", "'no date'"), ("v", "'abcd'"), ("u", "'x'")):
        done = thalweg("sql", f"COPY (SELECT {value} AS {column}) TO '{postgres.uri}' "
                       "(TABLE 't', MODE append)", cwd=tmp_path)
        assert done.returncode == EX_USAGE, (column, done.stderr)
    assert postgres.psql("SELECT count(*) FROM t") == "1"


def test_every_type_comes_back(postgres: Server, tmp_path: pathlib.Path) -> None:
    values = """true AS bool, 1::TINYINT AS i8, 2::SMALLINT AS i16, 3::INTEGER AS i32,
        4::BIGINT AS i64, 5::UINTEGER AS u32, 0.5::FLOAT AS f32, 0.25::DOUBLE AS f64,
        'é\U0001F409' AS text, '\\x00\\xFF'::BLOB AS bytes, DATE '1600-01-01' AS day,
        TIME '23:59:59.123456' AS clock, TIMESTAMP '2024-02-29 01:02:03.000004' AS moment,
        TIMESTAMPTZ '2024-02-29 01:02:03+02' AS instant, ['a', NULL, ''] AS texts,
        [1, NULL] AS numbers, NULL::VARCHAR AS nothing"""
    query = f"SELECT {values}"
    sql(f"COPY ({query}) TO '{postgres.uri}' (TABLE 'every')", tmp_path)
    back = f"SELECT * FROM read_postgresql('{postgres.uri}', table := 'every')"
    assert sql(back, tmp_path) == sql(query, tmp_path)
    postgres.psql("CREATE TYPE mood AS ENUM ('fine')",
                  "CREATE TABLE odd (n numeric, u uuid, ip inet, m money, e mood, j jsonb, "
                  "r int4range, t timetz)",
                  "INSERT INTO odd VALUES (1.10, '0f8fad5b-d9cb-469f-a165-70867728950e', "
                  "'10.0.0.1', 12.34, 'fine', '[1]', '[1,3)', '01:02:03+00')")
    assert sql(f"SELECT * FROM read_postgresql('{postgres.uri}', table := 'odd')", tmp_path) == (
        "n,u,ip,m,e,j,r,t\n1.10,0f8fad5b-d9cb-469f-a165-70867728950e,10.0.0.1/32,$12.34,fine,[1],"
        '"[1,3)",01:02:03+00\n')


def test_what_a_database_does_not_take_is_said(postgres: Server, tmp_path: pathlib.Path) -> None:
    for value in ("{'a': 1}", "[[1]]"):
        done = thalweg("sql", f"COPY (SELECT {value} AS v) TO '{postgres.uri}' (TABLE 'v')",
                       cwd=tmp_path)
        assert done.returncode == EX_USAGE and "to_json" in done.stderr, done.stderr
    done = thalweg("sql", "COPY (SELECT 1.5::DECIMAL(4,1) AS v) TO 'sqlite:v.db' (TABLE 'v')",
                   cwd=tmp_path)
    assert done.returncode == EX_USAGE and "decimal" in done.stderr
    assert not list(tmp_path.iterdir())


def test_numbers_that_do_not_fit_are_refused(postgres: Server, tmp_path: pathlib.Path) -> None:
    value = "18446744073709551615::UBIGINT"
    for written in (value, f"[{value}]"):
        done = thalweg("sql", f"COPY (SELECT {written} AS v) TO '{postgres.uri}' (TABLE 'v')",
                       cwd=tmp_path)
        assert done.returncode == EX_USAGE and "DECIMAL(20, 0)" in done.stderr, done.stderr
    sql(f"COPY (SELECT CAST({value} AS DECIMAL(20, 0)) AS v) TO '{postgres.uri}' (TABLE 'v')",
        tmp_path)
    assert postgres.psql("SELECT v FROM v") == "18446744073709551615"


def test_texts_become_what_the_column_is(postgres: Server, tmp_path: pathlib.Path) -> None:
    uuid = "0f8fad5b-d9cb-469f-a165-70867728950e"
    postgres.psql("CREATE SCHEMA apart", "CREATE TYPE apart.mood AS ENUM ('fine')",
                  "CREATE TABLE apart.t (m apart.mood, u uuid[], n numeric[])")
    sql(f"COPY (SELECT 'fine' AS m, ['{uuid}'] AS u, ['1.50'] AS n) TO '{postgres.uri}' "
        "(TABLE 't', SCHEMA 'apart', MODE append)", tmp_path)
    assert postgres.psql("SELECT * FROM apart.t") == f"fine|{{{uuid}}}|{{1.50}}"
    read = f"read_postgresql('{postgres.uri}', table := 't', schema := 'apart')"
    assert sql(f"SELECT * FROM {read}", tmp_path) == f"m,u,n\nfine,{{{uuid}}},{{1.50}}\n"
    postgres.psql("DROP SCHEMA apart CASCADE")


def test_a_table_may_replace_itself(postgres: Server, tmp_path: pathlib.Path) -> None:
    postgres.psql("CREATE TABLE t AS SELECT i AS a, repeat('x', 200) AS b "
                  "FROM generate_series(1, 300000) i")
    sql(f"COPY (SELECT a + 1 AS a FROM read_postgresql('{postgres.uri}', table := 't')) "
        f"TO '{postgres.uri}' (TABLE 't', MODE replace)", tmp_path)
    assert postgres.psql("SELECT count(*), min(a), max(a) FROM t") == "300000|2|300001"
    tables = "SELECT count(*) FROM pg_class WHERE relname LIKE 'thalweg_load%'"
    assert postgres.psql(tables) == "0"


def test_queries_push_down_what_they_can(postgres: Server, tmp_path: pathlib.Path) -> None:
    postgres.psql("CREATE TABLE t AS "
                  "SELECT i AS a, 'b' || i AS b FROM generate_series(1, 100000) i")
    read = f"read_postgres('{postgres.uri}', table := 't')"
    assert sql(f"SELECT count(*) AS n FROM {read}", tmp_path) == "n\n100000\n"
    assert sql(f"SELECT b FROM {read} LIMIT 3", tmp_path) == "b\nb1\nb2\nb3\n"
    # Reading more than is asked for would fail.
    postgres.psql("CREATE VIEW v AS SELECT i AS a, 1 / (5 - i) AS b FROM generate_series(1, 9) i")
    view = read.replace("'t'", "'v'")
    assert sql(f"SELECT b FROM {view} LIMIT 2", tmp_path) == "b\n0\n0\n"
    assert sql(f"SELECT sum(a) AS s FROM {view}", tmp_path) == "s\n45\n"
    broken = thalweg("sql", f"SELECT sum(b) FROM {view}", cwd=tmp_path)
    assert broken.returncode == EX_USAGE and "division by zero" in broken.stderr
    assert sql(f"SELECT sum(a) AS s FROM {read} WHERE b <> 'b1'", tmp_path) == "s\n5000049999\n"
    assert sql(f"SELECT x.a FROM {read} x WHERE a IN (7)", tmp_path) == "a\n7\n"
    query = "SELECT max(a) AS m, 1::smallint AS one FROM t -- of all; "
    assert sql(f"SELECT * FROM read_postgresql('{postgres.uri}', query := '{query}')",
               tmp_path) == "m,one\n100000,1\n"


def test_a_job_file_begins_with_what_a_database_wants(tmp_path: pathlib.Path) -> None:
    (tmp_path / "in.csv").write_text("id\n1\n2\n")
    written = thalweg("init", "in.csv", "sqlite:out.db", cwd=tmp_path)
    assert written.returncode == 0, written.stderr
    (tmp_path / "job.toml").write_text(written.stdout.replace('table = ""', 'table = "t"'))
    assert thalweg("run", "job.toml", cwd=tmp_path).returncode == 0
    back = thalweg("init", "sqlite:out.db", "back.csv", cwd=tmp_path).stdout
    (tmp_path / "job.toml").write_text(back.replace('table = ""', 'table = "t"'))
    assert thalweg("run", "job.toml", cwd=tmp_path).returncode == 0
    assert (tmp_path / "back.csv").read_text() == (tmp_path / "in.csv").read_text()


# SQLite


def test_sqlite_there_and_back(tmp_path: pathlib.Path) -> None:
    columns = '"001" AS id, "245$a" AS title, CAST("008/07-10" AS VARCHAR) AS year'
    sql(f"COPY (SELECT {columns} FROM '{BOOKS}') TO 'sqlite:books.db' (TABLE 'books')", tmp_path)
    with sqlite3.connect(tmp_path / "books.db") as database:
        counts = database.execute("SELECT count(*), count(title) FROM books").fetchone()
        assert counts == (2000, 2000)
    loaded = sql("SELECT * FROM read_sqlite('books.db', table := 'books') ORDER BY id", tmp_path)
    assert loaded == sql(f"SELECT {columns} FROM '{BOOKS}' ORDER BY id", tmp_path)
    assert sql("SELECT n + 1 AS n FROM read_adbc('adbc:sqlite', uri := 'books.db', "
               "query := 'SELECT count(*) AS n FROM books')", tmp_path) == "n\n2001\n"


def test_sqlite_appends_and_takes_back(tmp_path: pathlib.Path) -> None:
    with sqlite3.connect(tmp_path / "t.db") as database:
        database.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT DEFAULT 'kept')")
        database.execute("INSERT INTO t VALUES (1, 'old')")
    target = "TO 'sqlite:t.db' (TABLE 't', MODE append)"
    sql(f"COPY (SELECT 2 AS a) {target}", tmp_path)
    twice = thalweg("sql", f"COPY (SELECT 2 AS a) {target}", cwd=tmp_path)
    assert twice.returncode != 0 and "UNIQUE" in twice.stderr, twice.stderr
    with sqlite3.connect(tmp_path / "t.db") as database:
        assert database.execute("SELECT * FROM t").fetchall() == [(1, "old"), (2, "kept")]


def test_sqlite_types_follow_all_the_rows_that_are_read(tmp_path: pathlib.Path) -> None:
    with sqlite3.connect(tmp_path / "t.db") as database:
        database.execute("CREATE TABLE t (a, b)")
        database.executemany("INSERT INTO t VALUES (?, ?)", [(1, None), (2, "x"), (1.5, "y")])
    read = "read_sqlite('t.db', table := 't')"
    assert sql(f"SELECT a, b FROM {read} LIMIT 1", tmp_path) == "a,b\n1.0,\n"
    for place in ("sqlite:", "sqlite::memory:"):
        done = thalweg("sql", f"COPY (SELECT 1 AS a) TO '{place}' (TABLE 't')", cwd=tmp_path)
        assert done.returncode == EX_USAGE, place
