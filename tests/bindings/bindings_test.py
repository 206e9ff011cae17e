"""Our Arrow and third parties are bound to themselves, whatever else is in the process.

Needs a release build. Two other major versions of pyarrow are installed into build/deps, by hash.
"""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys

import pytest

from bindings import OTHER_ARROW, OUR_ARROW, OURS, THIRD, Binding, group, is_wrong, observe, wrong

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RELEASE = pathlib.Path(os.environ.get("THALWEG_BUILD", ROOT / "build/release"))
LIBRARY = next(RELEASE.glob("libthalweg.so.?"), RELEASE / "libthalweg.so.0")
PROGRAM = RELEASE / "thalweg"
PACKAGE = RELEASE / "python"
OTHERS = ("24", "25")


def pairs(bindings: list[Binding], source: str, target: str) -> int:
    return sum(group(b.source) == source and group(b.target) == target for b in bindings)


# The rules themselves


@pytest.mark.parametrize(
    ("source", "target", "symbol"),
    [
        ("/l/libthalweg_parquet.so.2600", "/usr/lib/libsimdjson.so.14", "_ZN8simdjson8internalE"),
        ("/l/libthalweg_arrow.so.2600", "/v/pyarrow/libarrow.so.2500", "_ZN5arrow5int64Ev"),
        ("/v/pyarrow/lib.so", "/l/libthalweg_arrow.so.2600", "_ZN5arrow5int64Ev"),
        ("/l/libthalweg.so.0", "/l/libthalweg_arrow_compute.so.2600", "_ZN3re23RE2C1EPKc"),
        ("/l/libthalweg.so.0", "/l/libthalweg_parquet.so.2600", "EVP_sha256"),
        ("/l/libthalweg.so.0", "/l/libthalweg_parquet.so.2600", "_ZNSt6vectorIN8simdjson1XESaE"),
        ("/usr/lib/libre2.so.9", "/l/libthalweg_arrow_compute.so.2600", "_ZN3re26Regexp5ParseE"),
        ("/l/libthalweg.so.0", "/v/pyarrow/libarrow.so.2500", "_ZN5arrow5int64Ev"),
    ],
)
def test_finds_a_wrong_pair(source, target, symbol):
    assert is_wrong(Binding(source, target, symbol))


@pytest.mark.parametrize(
    ("source", "target", "symbol"),
    [
        ("/l/libthalweg.so.0", "/l/libthalweg_arrow.so.2600", "_ZN5arrow5int64Ev"),
        ("/l/libthalweg.so.0", "/usr/lib/libre2.so.9", "_ZN3re23RE2C1EPKc"),
        ("/l/libthalweg_arrow.so.2600", "/lib/libc.so.6", "memcpy"),
        ("/l/libthalweg_parquet.so.2600", "/l/libthalweg_arrow.so.2600", "_ZN5arrow5int64Ev"),
        ("/l/libthalweg.so.0", "/l/libthalweg_arrow.so.2600", "_ZNSt6vectorIiSaIiEE9push_backEi"),
        ("/build/release/thalweg", "/usr/lib/libmimalloc.so.2", "malloc"),
    ],
)
def test_passes_a_right_pair(source, target, symbol):
    assert not is_wrong(Binding(source, target, symbol))


# What is built


def test_the_command_line():
    _, bindings = observe([str(PROGRAM), "version"])
    assert wrong(bindings) == []
    assert pairs(bindings, OUR_ARROW, OUR_ARROW) > 1000
    assert pairs(bindings, OURS, OUR_ARROW) > 100
    assert pairs(bindings, OURS, THIRD) > 10


def test_the_library_shows_only_its_own_names():
    shown = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], check=True, capture_output=True,
                           text=True).stdout
    names = [line.split()[-1] for line in shown.splitlines()]
    foreign = [name for name in names if not re.match(r"thalweg_|_Z\w*7thalweg", name)]
    assert names
    assert foreign == []


# Beside other versions


@pytest.fixture(scope="session", params=OTHERS)
def other_pyarrow(request) -> pathlib.Path:
    folder = ROOT / f"build/deps/pyarrow-{request.param}"
    lock = HERE / f"pyarrow-{request.param}.lock"
    stamp = folder / "lock"
    if not stamp.exists() or stamp.read_text() != lock.read_text():
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             "--upgrade", "--no-deps", "--require-hashes", "--only-binary", ":all:",
             "--target", folder, "--requirement", lock], check=True)
        stamp.write_text(lock.read_text())
    return folder


@pytest.mark.parametrize("order", ["ours-first", "theirs-first"])
def test_another_arrow_in_the_same_process(other_pyarrow, order, tmp_path):
    printed, bindings = observe(
        [sys.executable, str(HERE / "both.py"), order, str(tmp_path)],
        PYTHONPATH=f"{other_pyarrow}:{PACKAGE}")
    assert "all equal" in printed
    assert wrong(bindings) == []
    assert pairs(bindings, OUR_ARROW, OUR_ARROW) > 1000
    assert pairs(bindings, OTHER_ARROW, OTHER_ARROW) > 1000
