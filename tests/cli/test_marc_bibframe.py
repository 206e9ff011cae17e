"""BIBFRAME: the four ways of writing it say the same, triple by triple, and are read back."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("THALWEG", str(ROOT / "build/release/thalweg"))
BOOKS = ROOT / "tests/vectors/marc/books.mrc"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
BF = "http://id.loc.gov/ontologies/bibframe/"
BFLC = "http://id.loc.gov/ontologies/bflc/"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"

Triple = tuple[str, str, str]


def written(form: str) -> str:
    result = subprocess.run(
        [PROGRAM, "marc", "convert", "-t", form, "--limit", "300", str(BOOKS)],
        capture_output=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.decode()


def unescaped(text: str) -> str:
    return str(json.loads(f'"{text}"'))


def of_ntriples(text: str) -> set[Triple]:
    line = re.compile(r'<([^<>" ]+)> <([^<>" ]+)> (?:<([^<>" ]+)>|"((?:[^"\\\n]|\\.)*)") \.')
    triples = set()
    for row in text.splitlines():
        found = line.fullmatch(row)
        assert found, row
        subject, predicate, resource, literal = found.groups()
        triples.add((subject, predicate, resource or '"' + unescaped(literal)))
    return triples


def of_turtle(text: str) -> set[Triple]:
    prefixes = dict(re.findall(r"^@prefix (\w+): <(.+)> \.$", text, re.MULTILINE))
    lines = [line for line in text.splitlines() if not line.startswith("@prefix")]

    def full(name: str) -> str:
        prefix, local = name.split(":")
        return str(prefixes[prefix]) + local

    triples = set()
    subject = ""
    for line in lines:
        if line.startswith("<"):
            subject = line[1:-1]
            continue
        assert line.startswith("    ") and line.endswith((" ;", " ."))
        predicate, value = line[4:-2].split(" ", 1)
        if predicate == "a":
            triples |= {(subject, RDF + "type", full(name)) for name in value.split(", ")}
        elif value.startswith("<"):
            triples.add((subject, full(predicate), value[1:-1]))
        else:
            triples.add((subject, full(predicate), '"' + unescaped(value[1:-1])))
    return triples


def of_xml(text: str) -> set[Triple]:
    triples = set()

    def name(tag: str) -> str:
        return tag[1:].replace("}", "")

    def walk(node: ElementTree.Element) -> str:
        subject = node.get(f"{{{RDF}}}about")
        assert subject
        triples.add((subject, RDF + "type", name(node.tag)))
        for child in node:
            resource = child.get(f"{{{RDF}}}resource")
            if resource is None:
                resource = walk(child[0]) if len(child) else '"' + (child.text or "")
            triples.add((subject, name(child.tag), resource))
        return subject

    for node in ElementTree.fromstring(text):
        walk(node)
    return triples


def of_json(text: str) -> set[Triple]:
    document = json.loads(text)
    context = document["@context"]
    triples = set()

    def full(short: str) -> str:
        prefix, local = short.split(":")
        return str(context[prefix]) + local

    def walk(node: dict[str, Any]) -> str:
        subject = str(node["@id"])
        for kind in node.get("@type", []):
            triples.add((subject, RDF + "type", full(kind)))
        for key, values in node.items():
            for value in [] if key.startswith("@") else values:
                to = '"' + value if isinstance(value, str) else walk(value)
                triples.add((subject, full(key), to))
        return subject

    for node in document["@graph"]:
        walk(node)
    return triples


def test_all_forms_say_the_same() -> None:
    triples = of_ntriples(written("bibframe-ntriples"))
    assert of_turtle(written("bibframe-turtle")) == triples
    assert of_xml(written("bibframe")) == triples
    assert of_json(written("bibframe-jsonld")) == triples
    assert len({s for s, p, o in triples if o == BF + "Work"}) >= 300


def test_what_records_say_is_there() -> None:
    """Titles, headings with all of their subfields, identifiers, languages."""
    triples = of_ntriples(written("bibframe-ntriples"))
    text = subprocess.run(
        [PROGRAM, "marc", "convert", "-t", "jsonl", "--limit", "300", str(BOOKS)],
        capture_output=True,
        timeout=120,
    ).stdout
    keys = {o[1:] for s, p, o in triples if p == BFLC + "marcKey"}
    numbers = {o[1:] for s, p, o in triples if p == RDF + "value"}
    headings = 0
    for line in text.splitlines():
        for field in json.loads(line)["fields"]:
            ((tag, value),) = field.items()
            if tag == "001":
                assert value in numbers
            if tag in ("100", "110", "700", "650", "651") and not any(
                "t" in subfield for subfield in value["subfields"]
            ):
                parts = [f"${c}{v}" for s in value["subfields"] for c, v in s.items()]
                assert tag + value["ind1"] + value["ind2"] + "".join(parts) in keys
                headings += 1
    assert headings > 500


FORMS = {
    "bibframe": "rdf",
    "bibframe-turtle": "ttl",
    "bibframe-ntriples": "nt",
    "bibframe-jsonld": "jsonld",
}


def read(form: str, text: bytes, *options: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [PROGRAM, "marc", "convert", "-f", form, "-t", "mrk", *options, "-"],
        input=text,
        capture_output=True,
        timeout=120,
    )


def test_all_forms_are_read_back() -> None:
    back = {form: read(form, written(form).encode()) for form in FORMS}
    for result in back.values():
        assert result.returncode == 0, result.stderr
    texts = {result.stdout for result in back.values()}
    assert len(texts) == 1
    assert texts.pop().count(b"=LDR") == 300


def test_files_are_told_by_their_bytes(tmp_path: pathlib.Path) -> None:
    """Hand-written files, as other programs write them, give the same record."""
    outputs = set()
    for suffix in FORMS.values():
        text = (ROOT / f"tests/vectors/marc/bibframe.{suffix}").read_bytes()
        (tmp_path / "in").write_bytes(text)
        result = subprocess.run(
            [PROGRAM, "marc", "convert", "in", "out.mrk", "--force"],
            cwd=tmp_path,
            capture_output=True,
            timeout=120,
        )
        assert result.returncode == 0, result.stderr
        # Only one of them gives the author a name, which becomes $1.
        named = "$1http://id.loc.gov/rwo/agents/n1"
        outputs.add((tmp_path / "out.mrk").read_text().replace(named, ""))
    assert len(outputs) == 1
    assert "=650  \\0$aRivers$zNorway$xHistory" in outputs.pop()


def test_headings_come_back_exactly() -> None:
    back = read("bibframe", written("bibframe").encode()).stdout.decode()
    before = subprocess.run(
        [PROGRAM, "marc", "convert", "-t", "mrk", "--limit", "300", str(BOOKS)],
        capture_output=True,
        timeout=120,
    ).stdout.decode()
    kept = re.compile(r"^=(?:001|1\d\d|240|6\d\d|7[013]\d|8[013]\d)  .*$", re.MULTILINE)
    assert kept.findall(back) == kept.findall(before)
    assert len(kept.findall(back)) > 1000


def test_what_is_wrong_is_told_with_its_place() -> None:
    result = read(
        "bibframe-turtle", b"<a> <b> <c> .\n<a> b:c <d> .\n", "--recovery", "strict"
    )
    assert result.returncode != 0
    assert b"line 2, column 5" in result.stderr
    remote = b'{"@context": "https://example.com/x", "@id": "a"}'
    result = read("bibframe-jsonld", remote, "--recovery", "strict")
    assert result.returncode != 0
    assert b"never fetched" in result.stderr


def test_names_begin_with_the_base_that_is_given(tmp_path: pathlib.Path) -> None:
    def convert(*more: str) -> subprocess.CompletedProcess[bytes]:
        command = [PROGRAM, "marc", "convert", "--limit", "5", "-t", "bibframe-ntriples", *more]
        return subprocess.run([*command, str(BOOKS)], capture_output=True, timeout=120)

    base = "https://library.test/catalogue/"
    done = convert("--base-uri", base)
    assert done.returncode == 0
    subjects = {line.split()[0] for line in done.stdout.decode().splitlines()}
    assert all(subject.startswith(f"<{base}") for subject in subjects)
    assert done.stdout.replace(base.encode(), b"http://example.org/") == convert().stdout
    (tmp_path / "books.nt").write_bytes(done.stdout)
    back = subprocess.run([PROGRAM, "marc", "count", "books.nt"], cwd=tmp_path, capture_output=True)
    assert back.stdout.split() == [b"5"]

    plain = convert("--no-bflc")
    assert plain.returncode == 0 and b"ontologies/bflc/" in convert().stdout
    assert b"ontologies/bflc/" not in plain.stdout

    for wrong in ("catalogue/", "https://library.test/a b", "https://library.test/<"):
        refused = convert("--base-uri", wrong)
        assert refused.returncode == 64 and b"base_uri" in refused.stderr
