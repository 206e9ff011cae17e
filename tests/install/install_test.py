"""What is installed works where nothing else of ours is: the CMake package and the wheel."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RELEASE = pathlib.Path(os.environ.get("THALWEG_BUILD", ROOT / "build/release"))
TOOLS = pathlib.Path(sys.executable).parent
# What the quick start's shell lines use besides Thalweg.
SHELL_PROGRAMS = ("sh", "cat", "ls", "head", "rm", "mkdir")


def run(*command: object, timeout: int = 600, **options) -> str:
    result = subprocess.run([str(part) for part in command], text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, timeout=timeout, **options)
    assert result.returncode == 0, f"{command} ended with {result.returncode}:\n{result.stdout}"
    return result.stdout


def moved(folder: pathlib.Path) -> pathlib.Path:
    """Renames an installed tree: what refers to the place it was built for, fails from here on."""
    return folder.rename(folder.with_name(folder.name + "-moved"))


def test_a_program_builds_on_the_installed_copy(tmp_path):
    run(TOOLS / "cmake", "--install", RELEASE, "--prefix", tmp_path / "prefix")
    prefix = moved(tmp_path / "prefix")
    build = tmp_path / "build"
    run(TOOLS / "cmake", "-S", HERE / "consumer", "-B", build, "-G", "Ninja",
        f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_MAKE_PROGRAM={TOOLS / 'ninja'}")
    run(TOOLS / "cmake", "--build", build)
    assert "not even" in run(build / "consumer")
    assert run(prefix / "bin/thalweg", "version").startswith("thalweg 0.")


def quick_start() -> list[tuple[str, str]]:
    """(language, code) of each block below the README's heading of that name."""
    text = (ROOT / "README.md").read_text()
    part = re.search(r"^## Quick start\n(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    assert part, "README.md has no quick start"
    return re.findall(r"^```(\w+)[^\n]*\n(.*?)^```", part.group(1), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="session")
def wheel() -> pathlib.Path:
    # Compiles everything once more, unless the compiler's cache has it.
    run(sys.executable, ROOT / "tools/wheel.py", "--output", ROOT / "dist", timeout=3600)
    return next((ROOT / "dist").glob("thalweg-*.whl"))


@pytest.fixture
def bare_environment(wheel, tmp_path) -> dict[str, str]:
    """An environment with the wheel and nothing else: no compiler, no packages."""
    venv = tmp_path / "venv"
    run(sys.executable, "-m", "venv", venv)
    run(venv / "bin/pip", "install", "--quiet", "--no-index", "--no-deps", wheel)
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in SHELL_PROGRAMS:
        (programs / name).symlink_to(shutil.which(name))
    kept = {name: os.environ[name] for name in ("LANG", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "PATH": f"{venv / 'bin'}:{programs}"}


def test_the_quick_start_runs_from_the_wheel(bare_environment, tmp_path):
    path = bare_environment["PATH"]
    assert not any(shutil.which(name, path=path) for name in ("cc", "c++", "gcc", "g++", "clang"))
    work = tmp_path / "work"
    work.mkdir()
    blocks = quick_start()
    assert {language for language, _ in blocks} >= {"sh", "python"}
    for language, code in blocks:
        if language == "sh":
            run("sh", "-euc", code, cwd=work, env=bare_environment)
        elif language == "python":
            run(pathlib.Path(path.split(":")[0]) / "python", "-c", code, cwd=work,
                env=bare_environment)


def test_databases_work_from_the_wheel(bare_environment, tmp_path):
    run("thalweg", "sql", "COPY (SELECT 7 AS n) TO 'sqlite:t.db' (TABLE 't')", cwd=tmp_path,
        env=bare_environment)
    query = "SELECT n FROM read_sqlite('t.db', table := 't')"
    assert run("thalweg", "sql", query, cwd=tmp_path, env=bare_environment) == "n\n7\n"


def test_the_wheel_holds_everything(wheel):
    listed = run(sys.executable, "-m", "zipfile", "--list", wheel)
    for wanted in ("thalweg/_core.", "thalweg/bin/thalweg ", "thalweg/bin/thalweg-engine ",
                   "thalweg/lib/libthalweg", "thalweg/lib/libadbc_driver_postgresql.so",
                   "thalweg/include/thalweg/status.h", "thalweg/py.typed", "LICENSE"):
        assert wanted in listed, f"{wanted} is missing"
    for unwanted in ("__pycache__", ".cc ", "_test"):
        assert unwanted not in listed, f"{unwanted} does not belong there"
