"""What the dynamic loader bound to what, and which of it must not be.

The loader is asked by LD_DEBUG=bindings, with LD_BIND_NOW so that it binds everything at once. Each
file belongs to a group; a table says which group may bind to which.
"""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

OUR_ARROW = "our Arrow"
OTHER_ARROW = "another Arrow"
OURS = "Thalweg"
THIRD = "third party"
ALLOCATOR = "allocator"
SYSTEM = "system"

# The first pattern that fits decides.
_GROUPS = (
    (re.compile(r"/libthalweg_[a-z_]+(-[0-9a-f]+)?\.so"), OUR_ARROW),
    (re.compile(r"/libthalweg(-[0-9a-f]+)?\.so|/thalweg/_core\.|/thalweg$"), OURS),
    (re.compile(r"/pyarrow[^/]*/|/lib(arrow|parquet)[a-z_]*\.so"), OTHER_ARROW),
    (re.compile(r"/libmimalloc"), ALLOCATOR),
    (re.compile(r"/lib(re2|simdjson|utf8proc|yaml-cpp|date-tz|zstd|lz4|brotli\w*|z|uring|fmt"
                r"|spdlog)(-[0-9a-f]+)?\.so"), THIRD),
)

_MAY_BIND = {
    OUR_ARROW: {OUR_ARROW, SYSTEM, ALLOCATOR},
    OTHER_ARROW: {OTHER_ARROW, SYSTEM, ALLOCATOR},
    OURS: {OURS, THIRD, SYSTEM, ALLOCATOR},
    THIRD: {THIRD, SYSTEM, ALLOCATOR},
    ALLOCATOR: {ALLOCATOR, SYSTEM},
    # Python's own modules use some of the third parties too.
    SYSTEM: {SYSTEM, ALLOCATOR, THIRD},
}

# Names whose meaning depends on a version, as they stand in mangled symbols, and in C.
_VERSIONED = re.compile(
    r"(5arrow|7parquet|3re2|4absl|8simdjson|13opentelemetry|10fast_float|4YAML|4date|3fmt|6spdlog)"
    r"|^(utf8proc|ZSTD|LZ4|Brotli|EVP|SSL|CRYPTO|OPENSSL|BIO|X509|inflate|deflate)")
_ARROW_NAMES = re.compile(r"5arrow|7parquet")
_NOT_ARROW_NAMES = re.compile(r"3re2|4absl|8simdjson|13opentelemetry")
# Templates and functions of the C++ standard library, which every library carries copies of. They
# are the same in all of them, as long as no name above is among their arguments.
_STANDARD = re.compile(
    r"^_Z(T[VIST]|GV)?(NK?R?)?(S[tabsiod]|9__gnu_cxx|10__cxxabiv1)|^_Zn[aw]|^_Zd[al]")

# Data of the C library, of which a program that uses it holds the one copy.
_C_DATA = frozenset({"stdin", "stdout", "stderr", "environ", "__environ", "__libc_single_threaded"})

_LINE = re.compile(r"binding file (\S+) \[\d+\] to (\S+) \[\d+\]: \w+ symbol `([^']+)'")


@dataclass(frozen=True)
class Binding:
    source: str
    target: str
    symbol: str

    def __str__(self) -> str:
        return (f"{self.symbol}: {pathlib.Path(self.source).name} ({group(self.source)}) bound to "
                f"{pathlib.Path(self.target).name} ({group(self.target)})")


def group(file: str) -> str:
    for pattern, name in _GROUPS:
        if pattern.search(file):
            return name
    return SYSTEM


def parse(log: str) -> Iterator[Binding]:
    for line in log.splitlines():
        match = _LINE.search(line)
        if match:
            yield Binding(*match.groups())


def is_wrong(binding: Binding) -> bool:
    source, target = group(binding.source), group(binding.target)
    symbol = binding.symbol
    if symbol in _C_DATA:
        return False
    if target in _MAY_BIND[source]:
        return False
    if source == OURS and target == OUR_ARROW and _ARROW_NAMES.search(symbol):
        return bool(_NOT_ARROW_NAMES.search(symbol))
    return not (_STANDARD.match(symbol) and not _VERSIONED.search(symbol))


def observe(command: list[str], **environment: str) -> tuple[str, list[Binding]]:
    """Runs a command, and returns what it printed and all that was bound in its processes."""
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=300,
            env={**os.environ, **environment, "LD_DEBUG": "bindings", "LD_BIND_NOW": "1",
                 "LD_DEBUG_OUTPUT": f"{folder}/log"})
        logs = [path.read_text(errors="replace") for path in pathlib.Path(folder).iterdir()]
    assert result.returncode == 0, f"{command} ended with {result.returncode}: {result.stderr}"
    return result.stdout, [binding for log in logs for binding in parse(log)]


def wrong(bindings: list[Binding]) -> list[str]:
    return sorted({str(binding) for binding in bindings if is_wrong(binding)})
