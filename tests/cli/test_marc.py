"""`thalweg marc` as a person meets it: what is written, what is said, exit statuses."""

from __future__ import annotations

import gzip
import json
import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("THALWEG", str(ROOT / "build/release/thalweg"))
BOOKS = ROOT / "tests/vectors/marc/books.mrc"
RSS_BYTES_MAX = 256 << 20
SLIM = "{http://www.loc.gov/MARC21/slim}"


def marc(
    *arguments: str | pathlib.Path, cwd: pathlib.Path, stdin: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [PROGRAM, "marc", *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        timeout=120,
    )


def thalweg(*arguments: str, cwd: pathlib.Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([PROGRAM, *arguments], cwd=cwd, capture_output=True, timeout=120)


def records_of(path: pathlib.Path) -> list[bytes]:
    return [piece + b"\x1d" for piece in path.read_bytes().split(b"\x1d") if piece]


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Twenty records."""
    path = tmp_path_factory.mktemp("marc") / "few.mrc"
    path.write_bytes(b"".join(records_of(BOOKS)[:20]))
    return path


@pytest.mark.parametrize(
    "suffix", ["xml", "json", "jsonl", "mrk", "csv", "marcjson", "xml.gz", "json.zst"]
)
def test_every_format_and_back(suffix: str, tmp_path: pathlib.Path) -> None:
    there = marc("convert", BOOKS, f"out.{suffix}", cwd=tmp_path)
    assert (there.returncode, there.stderr.decode()) == (
        0,
        "2,000 read / 0 repaired / 0 dropped\n",
    )
    assert marc("convert", f"out.{suffix}", "back.mrc", cwd=tmp_path).returncode == 0
    assert (tmp_path / "back.mrc").read_bytes() == BOOKS.read_bytes()


def test_xml_and_json_are_what_other_programs_read(
    few: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    text = marc("convert", "-t", "marcxml", few, cwd=tmp_path).stdout
    tree = xml.etree.ElementTree.fromstring(text)
    assert len(tree.findall(f"{SLIM}record")) == 20
    for ascii in ([], ["--ascii"]):
        text = marc("convert", "-t", "json", *ascii, few, cwd=tmp_path).stdout
        assert [record["leader"][5:8] for record in json.loads(text)] == ["cam"] * 20


@pytest.mark.parametrize("form", ["mods", "dc"])
def test_descriptions_are_well_formed(form: str, tmp_path: pathlib.Path) -> None:
    text = marc("convert", "-t", form, BOOKS, cwd=tmp_path).stdout
    assert len(xml.etree.ElementTree.fromstring(text)) == 2000


def test_standard_streams_globs_and_compression(few: pathlib.Path, tmp_path: pathlib.Path) -> None:
    through = marc("cat", cwd=tmp_path, stdin=few.read_bytes())
    assert through.stdout == few.read_bytes()
    (tmp_path / "a.mrc").write_bytes(few.read_bytes())
    (tmp_path / "b.mrc.gz").write_bytes(gzip.compress(few.read_bytes()))
    assert marc("count", "*.mrc*", cwd=tmp_path).stdout == b"40\n"
    both = marc("cat", "a.mrc", "b.mrc.gz", "--skip", "5", "--limit", "20", cwd=tmp_path)
    assert both.stdout == b"".join((records_of(few) * 2)[5:25])
    assert marc("count", "none*", cwd=tmp_path).returncode == 66


def test_an_output_that_exists_is_kept(few: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "out.xml").write_text("mine")
    refused = marc("convert", few, "out.xml", cwd=tmp_path)
    assert refused.returncode == 73
    assert (tmp_path / "out.xml").read_text() == "mine"
    assert marc("convert", few, "out.xml", "--force", cwd=tmp_path).returncode == 0


def test_bad_records_are_told_and_kept(few: pathlib.Path, tmp_path: pathlib.Path) -> None:
    records = records_of(few)
    junk = b"x" * 40 + b"\x1d"
    (tmp_path / "bad.mrc").write_bytes(records[0] + junk + records[1])
    result = marc("cat", "bad.mrc", "-o", "good.mrc", cwd=tmp_path)
    assert result.returncode == 65
    last = result.stderr.decode().splitlines()[-1]
    assert last.endswith("1 dropped → rejects.mrc")
    assert (tmp_path / "good.mrc").read_bytes() == records[0] + records[1]
    assert junk.strip(b"\x1d") in (tmp_path / "rejects.mrc").read_bytes()
    strict = marc("cat", "bad.mrc", "--recovery", "strict", "-o", "none.mrc", cwd=tmp_path)
    assert strict.returncode == 65
    assert not (tmp_path / "none.mrc").exists()


def test_text_before_the_first_subfield_is_told(tmp_path: pathlib.Path) -> None:
    field = b"10Lost\x1fatitle\x1e"
    head = b"245%04d00000\x1e" % len(field)
    length, base = 24 + len(head) + len(field) + 1, 24 + len(head)
    record = b"%05dnam a22%05d a 4500" % (length, base) + head + field + b"\x1d"
    (tmp_path / "pre.mrc").write_bytes(record)
    for mode in ("strict", "lenient", "skip"):
        done = marc("convert", "--recovery", mode, "-t", "mrk", "pre.mrc", "-", cwd=tmp_path)
        assert done.returncode == 0
        assert b"=245  10$atitle" in done.stdout
        assert b"W007 text_before_subfield 1" in done.stderr
    assert marc("cat", "pre.mrc", cwd=tmp_path).stdout == record


def test_rejects_never_overwrite_each_other(few: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """Several inputs and formats, what cannot be written, and programs beside each other."""
    records = records_of(few)
    bad = [b"00100nam a22xxxxx" + bytes([65 + i]) * 40 + b"\x1d" for i in range(8)]
    for i, junk in enumerate(bad):
        (tmp_path / f"{i}.mrc").write_bytes(records[0] + junk + records[1])
    line = marc("convert", "-t", "jsonl", "--limit", "1", few, cwd=tmp_path).stdout
    (tmp_path / "x.jsonl").write_bytes(line + b'{"leader": 7, "fields": "none"}\n' + line)
    one = marc("cat", "0.mrc", "x.jsonl", "1.mrc", "-t", "mrk", "-o", "out.mrk", cwd=tmp_path)
    assert one.returncode == 65
    assert one.stderr.decode().endswith("3 dropped → rejects.mrc, rejects.jsonl\n")
    assert (tmp_path / "rejects.mrc").read_bytes() == bad[0] + bad[1]
    assert (tmp_path / "rejects.jsonl").read_bytes() == b'{"leader": 7, "fields": "none"}\n'
    running = [
        subprocess.Popen(
            [PROGRAM, "marc", "count", f"{i}.mrc"], cwd=tmp_path, stdout=subprocess.PIPE
        )
        for i in range(2, 8)
    ]
    running += [
        subprocess.Popen(
            [PROGRAM, "marc", "cat", f"{i}.mrc", "--rejects", "rejects.mrc"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
        )
        for i in range(2, 8)
    ]
    for process in running:
        process.communicate(timeout=120)
        assert process.returncode == 65
    kept = sorted(path.read_bytes() for path in tmp_path.glob("rejects*.mrc"))
    assert all(kept.count(junk) >= 1 for junk in bad[2:])
    assert len(kept) == 1 + sum(kept.count(junk) for junk in bad[2:])


def test_what_cannot_be_written_is_kept_beside_what_cannot_be_read(
    few: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    long = "".join(f"=500  \\\\$a{'n' * 9000}\n" for _ in range(12))
    text = f"=LDR  00000nam a2200000   4500\n=001  long\n{long}\nno record\n\n"
    (tmp_path / "in.mrk").write_text(text)
    result = marc("convert", "in.mrk", "out.mrc", cwd=tmp_path)
    assert result.returncode == 65
    names = result.stderr.decode().splitlines()[-1].split(" → ")[1].split(", ")
    assert len(set(names)) == len(names)
    texts = [(tmp_path / name).read_text() for name in names]
    assert any('"001":"long"' in text for text in texts)


@pytest.mark.parametrize(
    "arguments",
    [
        ["convert", "big.mrc", "big.jsonl"],
        ["convert", "big.mrc", "big.xml"],
        ["cat", "big.mrc", "-o", "copy.mrc"],
        ["table", "001, 245$a, 650$a[]", "big.mrc", "-o", "big.csv"],
        ["validate", "big.mrc"],
    ],
    ids=lambda arguments: " ".join(arguments[:1] + arguments[-1:]),
)
def test_memory_is_bounded(arguments: list[str], tmp_path: pathlib.Path) -> None:
    """A file larger than the memory that may be used: 2,000 records again and again."""
    books = BOOKS.read_bytes()
    with (tmp_path / "big.mrc").open("wb") as file:
        for _ in range(150):
            file.write(books)
    assert (tmp_path / "big.mrc").stat().st_size > RSS_BYTES_MAX
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            [PROGRAM, "marc", *arguments], cwd=tmp_path, stdout=out, stderr=out
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (0, 65)
    assert usage.ru_maxrss * 1024 < RSS_BYTES_MAX


def test_filter_count_and_extract(few: pathlib.Path, tmp_path: pathlib.Path) -> None:
    english = marc("filter", "008/35-37 = eng", few, cwd=tmp_path).stdout
    others = marc("filter", "-v", "008/35-37 = eng", few, cwd=tmp_path).stdout
    assert english.count(b"\x1d") + others.count(b"\x1d") == 20
    count = marc("count", "-e", "008/35-37 = eng", few, cwd=tmp_path).stdout
    assert int(count) == english.count(b"\x1d")
    assert marc("filter", "008/35-37 =", few, cwd=tmp_path).returncode == 64
    lines = marc("extract", "001", "245a", few, cwd=tmp_path).stdout.decode().splitlines()
    assert len(lines) == 20 and all(line.count("\t") == 1 for line in lines)
    values = marc("extract", "-p", "650$a[]", "--form", "jsonl", few, cwd=tmp_path).stdout
    rows = [json.loads(line) for line in values.splitlines()]
    assert len(rows) == 20 and all(isinstance(v, list) for row in rows for v in row.values())


def test_table(few: pathlib.Path, tmp_path: pathlib.Path) -> None:
    columns = "001, 245$a AS title, 650$a[] AS subjects"
    assert marc("table", columns, few, "-o", "t.csv", cwd=tmp_path).returncode == 0
    lines = (tmp_path / "t.csv").read_text().splitlines()
    assert lines[0] == "001,title,subjects" and len(lines) == 21


def test_a_table_in_parquet(tmp_path: pathlib.Path) -> None:
    records = records_of(BOOKS)[:300]
    junk = b"x" * 40 + b"\x1d"
    (tmp_path / "in.mrc").write_bytes(b"".join(records[:200]) + junk + b"".join(records[200:]))
    columns = "001, 245$a AS title, 650$a[] AS subjects, 246$a AS other"
    made = marc("table", columns, "in.mrc", "-o", "t.parquet", cwd=tmp_path)
    assert made.returncode == 65
    assert made.stderr.decode().endswith("1 dropped → rejects.mrc\n")
    assert marc("table", columns, "in.mrc", "-o", "t.parquet", cwd=tmp_path).returncode == 73
    rows = thalweg("sql", "--format", "jsonl", "SELECT * FROM 't.parquet'", cwd=tmp_path).stdout
    lines = marc("table", columns, "in.mrc", "-o", "t.jsonl", cwd=tmp_path)
    assert lines.returncode == 65
    assert [json.loads(line) for line in rows.splitlines()] == [
        json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()
    ]
    types = thalweg("describe", "t.parquet", cwd=tmp_path).stdout.decode()
    assert "VARCHAR[]" in types
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["in.mrc", "rejects-2.mrc", "rejects.mrc", "t.jsonl", "t.parquet"]


def test_rows_become_records(few: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """JSON lines whose members are paths, a query that names them, and a column of records."""
    rows = [
        {"001": "1", "245$a": "Dogs", "650$a[]": ["War", "Peace"]},
        {"001": "2", "245$a": "Grüße", "650$a[]": []},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "rows.jsonl").write_text(text)
    assert thalweg("copy", "rows.jsonl", "rows.mrc", cwd=tmp_path).returncode == 0
    dump = marc("dump", "rows.mrc", cwd=tmp_path).stdout.decode()
    assert "=245  \\\\$aDogs\n=650  \\\\$aWar\n=650  \\\\$aPeace\n" in dump
    assert "=245  \\\\$aGrüße\n\n" in dump + "\n"
    query = (
        "COPY (SELECT \"001\", concat(\"245$a\", '!') AS \"245[ind1=1][ind2=0]$a\" "
        "FROM 'rows.mrc') TO 'loud.mrc'"
    )
    assert thalweg("sql", query, cwd=tmp_path).returncode == 0
    dump = marc("dump", "loud.mrc", cwd=tmp_path).stdout.decode()
    assert "=001  2\n=245  10$aGrüße!\n" in dump
    whole = f"COPY (SELECT record FROM '{few}') TO 'same.mrc'"
    assert thalweg("sql", whole, cwd=tmp_path).returncode == 0
    assert (tmp_path / "same.mrc").read_bytes() == few.read_bytes()
    (tmp_path / "wrong.jsonl").write_text('{"title": "x", "001": "1"}\n')
    wrong = thalweg("copy", "wrong.jsonl", "wrong.mrc", cwd=tmp_path)
    assert wrong.returncode == 64 and b"'title' cannot be written" in wrong.stderr
    job = """
[source]
path = "rows.jsonl"
[sink]
path = "job.mrc"
"""
    (tmp_path / "job.toml").write_text(job)
    assert thalweg("run", "job.toml", cwd=tmp_path).returncode == 0
    assert (tmp_path / "job.mrc").read_bytes() == (tmp_path / "rows.mrc").read_bytes()


def test_edit_lists_and_writes(few: pathlib.Path, tmp_path: pathlib.Path) -> None:
    command = "add 590 __ $aSeen"
    listed = marc("edit", "-e", command, "-n", few, cwd=tmp_path)
    assert listed.stdout == b""
    assert "+ =590  \\\\$aSeen" in listed.stderr.decode()
    assert "20 changes in 20 records" in listed.stderr.decode()
    assert marc("edit", "-e", command, few, "-o", "out.mrc", cwd=tmp_path).returncode == 0
    assert marc("count", "-e", "590$a = Seen", "out.mrc", cwd=tmp_path).stdout == b"20\n"
    assert marc("edit", "-e", "nonsense", few, cwd=tmp_path).returncode == 64


def test_edit_lists_in_the_order_of_the_input(tmp_path: pathlib.Path) -> None:
    # 2 MB: many threads take ranges of it.
    numbers = re.findall(rb"\x1e( *\d+) *\x1eDLC\x1e", BOOKS.read_bytes())
    edit = ("edit", "-e", "add 590 __ $aSeen", "--listed", "0", BOOKS)
    for arguments in (("-n",), ("-o", "out.mrc")):
        listed = marc(*edit, *arguments, cwd=tmp_path).stderr
        assert [number.strip() for number in re.findall(rb"(?m)^001 (.*)$", listed)] == [
            number.strip() for number in numbers
        ]


def test_sort_dedup_split_sample(few: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "twice.mrc").write_bytes(few.read_bytes() * 2)
    assert marc("dedup", "twice.mrc", cwd=tmp_path).stdout == few.read_bytes()
    backwards = marc("sort", "-r", few, cwd=tmp_path).stdout
    assert backwards != few.read_bytes()
    again = marc("sort", cwd=tmp_path, stdin=backwards).stdout
    assert again == b"".join(sorted(records_of(few), key=lambda r: r[r.index(b"\x1e") + 1 :]))
    assert marc("split", "-n", "8", few, "--prefix", "p", cwd=tmp_path).returncode == 0
    parts = [(tmp_path / f"p000{i}.mrc").read_bytes() for i in (1, 2, 3)]
    assert b"".join(parts) == few.read_bytes()
    one = marc("sample", "-n", "5", "--seed", "3", few, cwd=tmp_path).stdout
    assert one == marc("sample", "-n", "5", "--seed", "3", few, cwd=tmp_path).stdout
    assert one.count(b"\x1d") == 5


def test_what_was_split_is_joined_again(few: pathlib.Path, tmp_path: pathlib.Path) -> None:
    large = json.loads(marc("convert", "-t", "jsonl", "--limit", "1", few, cwd=tmp_path).stdout)
    note = {"ind1": " ", "ind2": " ", "subfields": [{"a": "n" * 9000}]}
    large["fields"] = [{"001": "large"}, *large["fields"][1:], *[{"500": note}] * 30]
    (tmp_path / "large.jsonl").write_text(json.dumps(large) + "\n")
    small = marc("cat", "-t", "iso2709", few, cwd=tmp_path).stdout
    split = marc("convert", "-t", "iso2709", "--oversize", "split", "large.jsonl", cwd=tmp_path)
    assert split.stdout.count(b"\x1d") == 3
    (tmp_path / "split.mrc").write_bytes(split.stdout + small)
    refused = marc("join", "split.mrc", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (64, b"") and b"at most 99999" in refused.stderr
    done = marc("join", "split.mrc", "-o", "whole.jsonl", cwd=tmp_path)
    assert done.stderr.decode().startswith("2 joined\n"), done.stderr
    first, *others = (tmp_path / "whole.jsonl").read_text().splitlines()
    assert json.loads(first)["fields"] == large["fields"]
    assert marc("convert", "-t", "jsonl", few, cwd=tmp_path).stdout.decode().splitlines() == others
    assert marc("join", few, cwd=tmp_path).stdout == few.read_bytes()


def test_diff(few: pathlib.Path, tmp_path: pathlib.Path) -> None:
    assert marc("diff", few, few, cwd=tmp_path).returncode == 0
    marc("edit", "-e", "set 245 ind1 = 9", "--limit", "19", few, "-o", "b.mrc", cwd=tmp_path)
    result = marc("diff", few, "b.mrc", cwd=tmp_path)
    assert result.returncode == 1
    assert b"- =245" in result.stdout and b"+ =245  9" in result.stdout
    assert result.stderr.decode() == "19 changed, 1 only in A, 0 only in B\n"


def test_validate_info_frequency(tmp_path: pathlib.Path) -> None:
    summary = marc("validate", BOOKS, cwd=tmp_path)
    assert b"deprecatedField 440" in summary.stdout
    schema = {"fields": {"245": {"subfields": {"a": {"pattern": "^nothing$"}}}}}
    (tmp_path / "own.json").write_text(json.dumps(schema))
    own = marc(
        "validate", BOOKS, "--schema", "own.json", "--findings", "jsonl", "--limit", "3",
        cwd=tmp_path,
    )
    assert own.returncode == 65
    rules = [json.loads(line)["rule"] for line in own.stdout.splitlines()]
    assert rules.count("patternMismatch") == 3
    printed = marc("validate", "--print-schema", "authority", cwd=tmp_path).stdout
    assert "fields" in json.loads(printed)
    info = json.loads(marc("info", "--json", BOOKS, cwd=tmp_path).stdout)
    assert info["records"] == 2000 and info["bytes"] == BOOKS.stat().st_size
    frequency = marc("frequency", BOOKS, cwd=tmp_path).stdout.decode().splitlines()
    assert "245\t2000\t2000" in frequency


def test_fix(few: pathlib.Path, tmp_path: pathlib.Path) -> None:
    record = bytearray(records_of(few)[0])
    record[20:24] = b"xxxx"
    (tmp_path / "bad.mrc").write_bytes(bytes(record))
    result = marc("fix", "bad.mrc", "-o", "good.mrc", cwd=tmp_path)
    assert result.returncode == 0
    assert (tmp_path / "good.mrc").read_bytes()[20:24] == b"4500"


def test_every_report_has_an_output(few: pathlib.Path, tmp_path: pathlib.Path) -> None:
    commands: list[list[str | pathlib.Path]] = [
        ["info", few], ["count", few], ["frequency", few], ["validate", few], ["diff", few, few],
        ["extract", "001", few], ["table", "001", few], ["dump", few],
    ]
    for command in commands:
        out = tmp_path / f"{command[0]}.txt"
        said = marc(*command, cwd=tmp_path).stdout
        assert marc(*command, "-o", out, cwd=tmp_path).stdout == b""
        assert out.read_bytes() == said
        assert marc(*command, "-o", out, cwd=tmp_path).returncode == 73
        assert marc(*command, "-o", out, "--force", cwd=tmp_path).returncode != 73


def test_whoever_has_seen_enough_may_go(tmp_path: pathlib.Path) -> None:
    (tmp_path / "many.mrc").write_bytes(BOOKS.read_bytes() * 5)
    for command in (
        ["cat"], ["convert", "-t", "json"], ["convert", "-t", "csv"], ["dump"], ["extract", "245a"],
        ["sort"], ["dedup", "--whole"], ["sample", "-n", "5000"],
    ):
        process = subprocess.Popen(
            [PROGRAM, "marc", *command, "many.mrc"],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        assert process.stdout is not None and process.stderr is not None
        process.stdout.read(100)
        process.stdout.close()
        said = process.stderr.read()
        process.stderr.close()
        assert (process.wait(timeout=60), b"error" in said) == (0, False), (command, said)


def test_a_limit_tells_of_what_it_gave_out(few: pathlib.Path, tmp_path: pathlib.Path) -> None:
    records = records_of(few)
    bad = bytearray(records[1])
    bad[27:31] = b"xxxx"
    (tmp_path / "in.mrc").write_bytes(records[0] + bytes(bad) + b"x" * 40 + b"\x1d" + records[2])
    for limit, skip, said in (
        (1, 0, "1 read / 0 repaired / 0 dropped"),
        (2, 0, "2 read / 1 repaired (E101 directory_invalid 1) / 0 dropped"),
        (1, 1, "1 read / 1 repaired (E101 directory_invalid 1) / 0 dropped"),
        (1, 2, "2 read / 0 repaired (E002 leader_invalid 1) / 1 dropped"),
    ):
        done = marc("dump", "--limit", str(limit), "--skip", str(skip), "in.mrc", cwd=tmp_path)
        assert done.stderr.decode().startswith(said), (limit, skip, done.stderr)
    info = json.loads(marc("info", "--json", "--limit", "1", few, cwd=tmp_path).stdout)
    assert info["bytes"] == len(records[0])


def test_leaders_of_any_bytes_are_told_in_json(few: pathlib.Path, tmp_path: pathlib.Path) -> None:
    record = bytearray(records_of(few)[0])
    record[6:8] = b'"\xff'
    (tmp_path / "odd.mrc").write_bytes(bytes(record))
    done = marc("info", "--json", "odd.mrc", cwd=tmp_path)
    assert json.loads(done.stdout)["types"] == {'bibliographic " ': 1}


def test_records_stay_in_the_format_they_come_in(few: pathlib.Path, tmp_path: pathlib.Path) -> None:
    marc("convert", few, "few.xml", cwd=tmp_path)
    commands = (["sort"], ["dedup"], ["sample", "-n", "3"], ["cat"], ["filter", "001"], ["fix"])
    for command in commands:
        assert marc(*command, "few.xml", cwd=tmp_path).stdout.startswith(b"<?xml"), command
    marc("split", "-n", "15", "few.xml", cwd=tmp_path)
    assert (tmp_path / "part-0002.xml").read_bytes().startswith(b"<?xml")


def test_diff_reads_either_side_from_standard_input(
    few: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    records = records_of(few)
    (tmp_path / "b.mrc").write_bytes(b"".join(records[1:]) + records[0].replace(b"1899", b"1898"))
    plain = marc("diff", few, "b.mrc", cwd=tmp_path)
    for left, right, stdin in (("-", "b.mrc", few), (few, "-", tmp_path / "b.mrc")):
        piped = marc("diff", left, right, cwd=tmp_path, stdin=stdin.read_bytes())
        assert piped.returncode == plain.returncode == 1
        assert piped.stderr == plain.stderr
        assert sorted(piped.stdout.splitlines()) == sorted(plain.stdout.splitlines())
    assert marc("diff", "-", "-", cwd=tmp_path, stdin=b"").returncode == 64


def test_long_records_come_through_pipes(tmp_path: pathlib.Path) -> None:
    """Pipes give little at a time, and records may be longer than what is read at once."""
    text = "=LDR  00000nam a2200000   4500\n=001  long\n" + f"=500  \\\\$a{'n' * 9000}\n" * 600
    (tmp_path / "in.mrk").write_text(text + "\n")
    done = marc("convert", "in.mrk", "long.mrc", "--oversize", "zero", cwd=tmp_path)
    assert done.returncode == 0
    data = (tmp_path / "long.mrc").read_bytes()
    assert len(data) > 5 << 20
    through = marc("cat", "-f", "iso2709", "--oversize", "zero", cwd=tmp_path, stdin=data)
    assert through.stdout == data


@pytest.mark.parametrize("form", ["mrk", "json", "marcxml", "csv", "mods", "iso2709"])
def test_input_without_end_takes_bounded_memory(form: str, tmp_path: pathlib.Path) -> None:
    """A record that never ends, of 400 MB; a record may have 64 MiB."""
    starts = {
        "mrk": b"=LDR  00000nam a2200000   4500\n=001  x",
        "json": b'[{"leader":"',
        "marcxml": b"<collection><record><leader>",
        "csv": b'record,tag,ind1,ind2,subfield_code,value\n1,245,1,0,a,"',
        "mods": b"<modsCollection><mods><titleInfo><title>",
        "iso2709": b"99999nam a2200037   4500001000100000\x1e",
    }
    process = subprocess.Popen(
        [PROGRAM, "marc", "count", "-f", form], cwd=tmp_path, stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    process.stdin.write(starts[form])
    for _ in range(400):
        process.stdin.write(b"a" * (1 << 20))
    process.stdin.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 65
    assert usage.ru_maxrss * 1024 < 3 * RSS_BYTES_MAX


def test_a_missing_file_is_told_before_the_others_are_read(
    few: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    done = marc("convert", "-t", "json", few, "none.mrc", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (66, b"")
    assert b"none.mrc" in done.stderr
