"""Databases as places: PostgreSQL, with a server that the tests start, and SQLite."""

from __future__ import annotations

import datetime
import os
import pathlib
import pwd
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CLI = (pathlib.Path(os.environ["THALWEG_BUILD"]) / "thalweg").resolve()
BOOKS = ROOT / "tests/vectors/marc/books.mrc"
BOOK_COLUMNS = '"001" AS id, "245$a" AS title, "650$a[]" AS subjects'
EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_UNAVAILABLE, EX_CANTCREAT = 64, 65, 66, 69, 73


def thalweg(*arguments: str, cwd: pathlib.Path, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run([CLI, *arguments], cwd=cwd, text=True, capture_output=True, check=False,
                          timeout=120, **options)


def sql(query: str, cwd: pathlib.Path) -> str:
    done = thalweg("sql", "--format", "csv", query, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Server:
    """A PostgreSQL server in a folder of its own, which nobody reaches but by its socket."""

    def __init__(self) -> None:
        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        self.programs = programs[-1].parent if programs else pathlib.Path("/usr/bin")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="thalweg-pg."))
        self.user: str | None = None
        if os.geteuid() == 0:  # PostgreSQL does not run as root.
            self.user = "postgres"
            os.chown(self.folder, pwd.getpwnam("postgres").pw_uid, -1)
        self.program("initdb", "--username=postgres", "--auth=trust", "--no-sync",
                     "--encoding=UTF8", "--locale=C")
        self.start()

    @property
    def uri(self) -> str:
        return f"postgresql:///postgres?host={self.folder}&user=postgres"

    def program(self, name: str, *arguments: str) -> None:
        subprocess.run([self.programs / name, f"--pgdata={self.folder}/data", *arguments],
                       cwd=self.folder, user=self.user, check=True, capture_output=True, timeout=60)

    def start(self, settings: str = "-c listen_addresses=''") -> None:
        options = f"{settings} -c fsync=off -k {self.folder}"
        subprocess.run([self.programs / "pg_ctl", f"--pgdata={self.folder}/data", "--wait",
                        f"--log={self.folder}/log", f"--options={options}", "start"],
                       cwd=self.folder, user=self.user, check=True, stdout=subprocess.DEVNULL,
                       timeout=60)

    def stop(self, mode: str = "immediate") -> None:
        self.program("pg_ctl", f"--mode={mode}", "--wait", "stop")

    def give(self, path: pathlib.Path) -> None:
        """To the user that the server runs as; for that user's eyes only."""
        path.chmod(0o600)
        if self.user is not None:
            os.chown(path, pwd.getpwnam(self.user).pw_uid, -1)

    def psql(self, *commands: str) -> str:
        words = [word for command in commands for word in ("--command", command)]
        done = subprocess.run(["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
                               self.uri, *words], check=True, capture_output=True, text=True)
        return done.stdout.strip()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.stop()
    shutil.rmtree(made.folder)


@pytest.fixture
def postgres(server: Server) -> Server:
    """The server with an empty database."""
    server.psql("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return server


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


def test_queries_push_down_what_they_can(postgres: Server, tmp_path: pathlib.Path) -> None:
    postgres.psql("CREATE TABLE t AS "
                  "SELECT i AS a, 'b' || i AS b FROM generate_series(1, 100000) i")
    read = f"read_postgres('{postgres.uri}', table := 't')"
    assert sql(f"SELECT count(*) AS n FROM {read}", tmp_path) == "n\n100000\n"
    assert sql(f"SELECT b FROM {read} LIMIT 3", tmp_path) == "b\nb1\nb2\nb3\n"
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


# Failures


def csv_rows(begin: int, end: int) -> str:
    return "".join(f"{i},text of row {i}\n" for i in range(begin, end))


def test_a_run_that_fails_leaves_nothing(postgres: Server, tmp_path: pathlib.Path) -> None:
    postgres.psql("CREATE TABLE t (id int PRIMARY KEY, name text)", "INSERT INTO t VALUES (-1, '')")
    (tmp_path / "bad.csv").write_text("id,name\n" + csv_rows(0, 200_000) + "199999,again\n")
    (tmp_path / "worse.csv").write_text("id,name\n" + csv_rows(0, 200_000) + "three,fields,here\n")
    done = thalweg("copy", "bad.csv", postgres.uri, "--write", "table=t", "--write", "mode=append",
                   cwd=tmp_path)
    assert done.returncode == EX_USAGE and "duplicate key" in done.stderr, done.stderr
    for table, mode in (("t", "append"), ("t", "replace"), ("new", "create")):
        done = thalweg("copy", "worse.csv", postgres.uri, "--write", f"table={table}", "--write",
                       f"mode={mode}", cwd=tmp_path)
        assert done.returncode != 0, (table, mode)
    assert postgres.psql("SELECT * FROM t") == "-1|"
    assert postgres.psql("SELECT to_regclass('new') IS NULL") == "t"


def test_a_server_that_dies_takes_no_part_of_the_rows(
    server: Server, postgres: Server, tmp_path: pathlib.Path
) -> None:
    command = [CLI, "copy", "-", server.uri, "--read", "format=csv", "--write", "table=t"]
    with subprocess.Popen(command, cwd=tmp_path, text=True, stdin=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stderr is not None
        process.stdin.write("id,name\n" + csv_rows(0, 400_000))
        process.stdin.flush()
        wait_for(lambda: "COPY" in postgres.psql(
            "SELECT query FROM pg_stat_activity WHERE application_name = 'thalweg'"))
        server.stop()
        try:
            process.stdin.write(csv_rows(400_000, 600_000))
            process.stdin.close()
        except BrokenPipeError:
            pass
        said = process.stderr.read()
        assert process.wait(timeout=60) == EX_UNAVAILABLE, said
    server.start()
    assert server.psql("SELECT to_regclass('t') IS NULL") == "t"
    assert thalweg(*command[1:], cwd=tmp_path, input="id,name\n1,x\n").returncode == 0


def wait_for(condition, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_interrupt_reaches_the_server(postgres: Server, tmp_path: pathlib.Path) -> None:
    query = ("SELECT * FROM "
             f"read_postgresql('{postgres.uri}', query := 'SELECT pg_sleep(100)::text')")
    active = ("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'thalweg' "
              "AND state = 'active' AND query LIKE '%pg_sleep%'")
    with subprocess.Popen([CLI, "sql", query], cwd=tmp_path, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        wait_for(lambda: postgres.psql(active) == "1")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
    wait_for(lambda: postgres.psql(active) == "0")


def test_a_job_tries_again_where_that_may_help(postgres: Server, tmp_path: pathlib.Path) -> None:
    (tmp_path / "in.csv").write_text("id\n1\n")
    job = tmp_path / "job.toml"
    job.write_text('[source]\npath = "in.csv"\n[sink]\n'
                   f'path = "postgresql:///postgres?host={tmp_path}&user=postgres"\ntable = "t"\n'
                   '[retry]\nattempts_max = 2\ndelay = "1 ms"\n')
    done = thalweg("run", "job.toml", cwd=tmp_path)
    assert done.returncode == EX_UNAVAILABLE, done.stderr
    job.write_text(job.read_text().replace(f"host={tmp_path}&user=postgres",
                                           f"host={postgres.folder}&user=nobody_here"))
    assert thalweg("run", "job.toml", cwd=tmp_path).returncode == EX_USAGE  # No use.
    checked = thalweg("check", "job.toml", cwd=tmp_path)
    assert checked.returncode == EX_USAGE and "nobody_here" in checked.stderr


def test_messages_keep_the_password(postgres: Server, tmp_path: pathlib.Path) -> None:
    uri = f"postgresql://nobody_here:hunter2@/postgres?host={postgres.folder}"
    for arguments in (["sql", f"SELECT * FROM read_postgresql('{uri}', table := 't')"],
                      ["sql", f"SELECT * FROM '{uri}'"],
                      ["describe", uri, "--read", "table=t"],
                      ["copy", uri, "out.csv", "--read", "table=t"]):
        done = thalweg(*arguments, cwd=tmp_path)
        assert done.returncode != 0
        assert "hunter2" not in done.stdout + done.stderr, done.stderr


class Certificate:
    """A key and its certificate, issued by `issuer` or by itself."""

    def __init__(self, name: str, issuer: Certificate | None = None, days: int = 1) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        by = issuer or self
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(self.name).issuer_name(by.name).public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(end - datetime.timedelta(days=10)).not_valid_after(end)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None),
                           critical=True)
            .sign(by.key, hashes.SHA256()))

    def write(self, certificate: pathlib.Path, key: pathlib.Path | None = None) -> None:
        pem = serialization.Encoding.PEM
        certificate.write_bytes(self.certificate.public_bytes(pem))
        if key is not None:
            key.write_bytes(self.key.private_bytes(pem, serialization.PrivateFormat.PKCS8,
                                                   serialization.NoEncryption()))


def test_a_server_elsewhere_has_to_show_its_certificate(
    server: Server, tmp_path: pathlib.Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    authority = Certificate("Test authority")
    authority.write(tmp_path / "root.crt")
    files = server.folder / "server.crt", server.folder / "server.key"

    def show(certificate: Certificate) -> None:
        certificate.write(*files)
        for file in files:
            server.give(file)

    # Its name is said to be db.example, so it is no server of this machine.
    place = f"db.example:{port}/postgres?user=postgres&hostaddr=127.0.0.1"
    root = f"&sslrootcert={tmp_path}/root.crt"

    def ask(more: str) -> subprocess.CompletedProcess[str]:
        query = f"SELECT * FROM read_postgresql('{place}{more}', query := 'SELECT 1 AS one')"
        return thalweg("sql", query, cwd=tmp_path, env={**os.environ, "HOME": str(tmp_path)})

    show(Certificate("db.example", authority))
    server.stop("fast")
    server.start(f"-c listen_addresses=127.0.0.1 -c port={port} -c ssl=on "
                 f"-c ssl_cert_file={files[0]} -c ssl_key_file={files[1]}")
    try:
        done = ask(root)
        assert (done.returncode, done.stdout) == (0, "one\n1\n"), done.stderr
        assert ask("").returncode != 0  # Nothing to verify it with.
        assert ask("&sslmode=require").returncode == 0  # As asked for.
        for certificate, reason in (
            (Certificate("db.example"), "certificate verify failed"),
            (Certificate("other.example", authority), "does not match host name"),
            (Certificate("db.example", authority, days=-1), "certificate verify failed"),
        ):
            show(certificate)
            server.program("pg_ctl", "reload")
            wait_for(lambda wanted=reason: wanted in ask(root).stderr)
            assert ask(root).returncode != 0
    finally:
        server.stop("fast")
        server.start()
    server.stop("fast")
    server.start(f"-c listen_addresses=127.0.0.1 -c port={port}")
    try:
        refused = ask(root)
        assert refused.returncode != 0 and "SSL" in refused.stderr
    finally:
        server.stop("fast")
        server.start()


def test_what_is_missing_is_named(postgres: Server, tmp_path: pathlib.Path) -> None:
    for query, code, hint in (
        (f"SELECT * FROM read_postgresql('{postgres.uri}', table := 'nonesuch')", EX_NOINPUT,
         "nonesuch"),
        (f"SELECT * FROM '{postgres.uri}'", EX_USAGE, "'table' or 'query'"),
        (f"SELECT * FROM read_postgresql('{postgres.uri}', tables := 't')", EX_USAGE, "'table'"),
        (f"COPY (SELECT 1 AS a) TO '{postgres.uri}'", EX_USAGE, "table"),
        ("SELECT * FROM read_sqlite('none.db', table := 't')", EX_NOINPUT, "none.db"),
        ("SELECT * FROM read_adbc('adbc:nonesuch', table := 't')", EX_NOINPUT, "nonesuch"),
        ("SELECT * FROM read_postgre('x', table := 't')", EX_NOINPUT, "read_postgresql"),
    ):
        done = thalweg("sql", query, cwd=tmp_path)
        assert (done.returncode, hint in done.stderr) == (code, True), (query, done.stderr)
    assert not (tmp_path / "none.db").exists()


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


def test_a_failed_run_leaves_no_new_database(tmp_path: pathlib.Path) -> None:
    (tmp_path / "in.csv").write_text("id,name\n" + csv_rows(0, 100_000) + "a,b,c\n")
    done = thalweg("copy", "in.csv", "sqlite:new.db", "--write", "table=t", cwd=tmp_path)
    assert done.returncode != 0
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
