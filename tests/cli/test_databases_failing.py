"""Databases that die, refuse, or are not who they say: nothing is lost, halved or given away."""

from __future__ import annotations

import os
import pathlib
import signal
import socket
import subprocess
import time

from postgres_server import (CLI, EX_NOINPUT, EX_UNAVAILABLE, EX_USAGE, Certificate, Server,
                             thalweg)


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
    other = "postgresql://u:hunter2/x@h/db"
    for arguments in (["describe", other, "--read", "table=t"],
                      ["describe", "postgresql://u:pa?hunter2@h", "--read", "table=t"],
                      ["sql", "SELECT * FROM read_adbc('adbc:postgresql', table := 't', "
                       "uri := 'postgresql://u:hunter2%@h')"],
                      ["sql", f"SELECT * FROM a b '{other}'"],
                      ["sql", f"SELECT * FROM read_postgresql('{uri}', table := 't')"],
                      ["sql", f"SELECT * FROM '{uri}'"],
                      ["describe", uri, "--read", "table=t"],
                      ["copy", uri, "out.csv", "--read", "table=t"]):
        done = thalweg(*arguments, cwd=tmp_path)
        assert done.returncode != 0
        assert "hunter2" not in done.stdout + done.stderr, done.stderr


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


def test_a_failed_run_leaves_no_new_database(tmp_path: pathlib.Path) -> None:
    (tmp_path / "in.csv").write_text("id,name\n" + csv_rows(0, 100_000) + "a,b,c\n")
    done = thalweg("copy", "in.csv", "sqlite:new.db", "--write", "table=t", cwd=tmp_path)
    assert done.returncode != 0
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
