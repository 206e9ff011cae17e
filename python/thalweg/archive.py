"""Sealed archives: small, secret, intact, seekable.

>>> from thalweg import archive
>>> public = archive.keygen("key.txt")
>>> note = archive.Content("note.txt", b"hello")
>>> report = archive.seal(["src", note], "a.twa", recipients=public.recipient)
>>> with archive.open("a.twa", identity="key.txt") as sealed:
...     for entry in sealed:
...         print(entry.path, entry.size)
...     sealed["note.txt"].read()
b'hello'

The GIL is released while the library works. Every failure is a `thalweg.Error`.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Sequence
from typing import Any, BinaryIO

from thalweg import _core
from thalweg._archive_keys import (
    Identity,
    IdentityLike,
    Path,
    PublicKeys,
    Recipient,
    RecipientLike,
    Signer,
    identities_of,
    keygen,
    recipients_of,
    signer_of,
)
from thalweg._archive_reader import (
    Archive,
    Content,
    Difference,
    Entry,
    InputLike,
    inputs_of,
    with_run,
)
from thalweg._errors import InvalidArgumentError
from thalweg._run import interruptible

__all__ = [
    "Archive",
    "Content",
    "Difference",
    "Entry",
    "Identity",
    "PublicKeys",
    "Recipient",
    "Signer",
    "append",
    "info",
    "keygen",
    "open",
    "rekey",
    "repair",
    "seal",
    "verify",
]

_RUN_OPTIONS = frozenset({"workers", "memory_bytes_max", "on_progress"})
_LIMIT_OPTIONS = frozenset({"output_bytes_max", "ratio_max", "kdf_memory_kib_max"})
_SEAL_OPTIONS = frozenset(
    {
        "sha256",
        "parity",
        "parity_beside",
        "pad",
        "exclude",
        "metadata",
        "mask_binary",
        "force",
        "resume",
    }
)


def _checked(options: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    for name in options:
        if name not in known:
            raise TypeError(f"unknown option {name!r}; known are: {', '.join(sorted(known))}")
    return options


class _SeekableReader:
    """Gives the library ranges of a seekable binary file, one at a time."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self._lock = threading.Lock()

    def size(self) -> int:
        return self._file.seek(0, io.SEEK_END)

    def read_at(self, offset: int, length: int) -> bytes:
        with self._lock:
            self._file.seek(offset)
            parts = []
            while length > 0:
                part = self._file.read(length)
                if not part:
                    break
                parts.append(part)
                length -= len(part)
            return b"".join(parts)


def open(
    source: Path | BinaryIO,
    *,
    identity: IdentityLike | Sequence[IdentityLike] = None,
    passphrase: str | bytes | None = None,
    key: bytes | None = None,
    signer: str = "",
    require_encrypted: bool = False,
    recover: bool = False,
    **options: Any,
) -> Archive:
    """Opens an archive: a path, or a seekable binary file.

    identity: a key file's path, an `Identity`, or several of them.
    passphrase, key: what it was sealed with instead.
    signer: only if it was signed by this one (`thalweg-signer1…`).
    recover: open an archive that was cut off as far as its last checkpoint.
    options: `workers`, `memory_bytes_max`, `output_bytes_max`, `ratio_max`, `kdf_memory_kib_max`.

    Raises `thalweg.UnauthenticatedError` when no key fits, `thalweg.CorruptionError` for what is
    no archive, is damaged or cut off.
    """
    given = {
        "signer": signer,
        "require_encrypted": require_encrypted,
        "recover": recover,
        **_checked(options, _RUN_OPTIONS | _LIMIT_OPTIONS),
    }
    identities = identities_of(identity, passphrase, key)
    place = source if isinstance(source, (str, os.PathLike)) else _SeekableReader(source)
    return Archive(interruptible(lambda stop: _core.archive_open(place, identities, given, stop)))


def seal(
    inputs: InputLike | Sequence[InputLike],
    output: Path | BinaryIO,
    *,
    recipients: RecipientLike | Sequence[RecipientLike] = (),
    passphrase: str | bytes | None = None,
    key: bytes | None = None,
    plain: bool = False,
    stages: str = "",
    sign: Signer | Path | None = None,
    identity: IdentityLike | Sequence[IdentityLike] = None,
    **options: Any,
) -> dict[str, Any]:
    """Seals paths, bytes and streams into a new archive, and returns what was done.

    inputs: paths of files and directories, and `Content` for bytes and streams.
    output: a path, or a binary file to write to. A path appears complete, or not at all.
    recipients: `thalweg1…`, `Recipient`, or several of them.
    stages: `zstd:9,aes-256-gcm`, `auto:speed`, `pii-mask,zstd`, ….
    sign: a `Signer`, or the path of a key file.
    identity: opens the rest that an interrupted seal has left, with `resume`.
    options: `sha256`, `parity` (percent), `parity_beside`, `pad`, `exclude`, `metadata`,
        `mask_binary`, `force`, `resume`, `workers`, `memory_bytes_max`, `on_progress`.

    The result has `entries`, `bytes_content`, `bytes_archive`, `unreadable` and `changed` (pairs
    of path and reason), `run` (what the machine did), ….
    """
    given = {"plain": plain, "stages": stages, **_checked(options, _RUN_OPTIONS | _SEAL_OPTIONS)}
    target = output.write if hasattr(output, "write") else output
    whom = recipients_of(recipients, passphrase, key)
    if not whom and not plain:
        raise InvalidArgumentError("nothing says who may open it: recipients, passphrase or plain")
    identities = identities_of(identity, passphrase, key)
    what = inputs_of(inputs)
    signer = signer_of(sign)
    return with_run(
        interruptible(
            lambda stop: _core.archive_seal(what, target, whom, identities, signer, given, stop)
        )
    )


def append(
    path: Path,
    inputs: InputLike | Sequence[InputLike],
    *,
    identity: IdentityLike | Sequence[IdentityLike] = None,
    passphrase: str | bytes | None = None,
    key: bytes | None = None,
    stages: str = "",
    sign: Signer | Path | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Adds to an archive; a name that is there already hides the older one. As `seal`."""
    given = {"stages": stages, **_checked(options, _RUN_OPTIONS | _SEAL_OPTIONS)}
    identities = identities_of(identity, passphrase, key)
    what = inputs_of(inputs)
    signer = signer_of(sign)
    return with_run(
        interruptible(
            lambda stop: _core.archive_append(path, what, identities, signer, given, stop)
        )
    )


def rekey(
    path: Path,
    *,
    identity: IdentityLike | Sequence[IdentityLike] = None,
    passphrase: str | bytes | None = None,
    key: bytes | None = None,
    recipients: RecipientLike | Sequence[RecipientLike] = (),
    new_passphrase: str | bytes | None = None,
    new_key: bytes | None = None,
    full: bool = False,
    output: Path = "",
    cipher: str = "",
    sign: Signer | Path | None = None,
    resume: bool = False,
    **options: Any,
) -> None:
    """Changes who can open an archive.

    Without `full` only the key stanzas are replaced: somebody who could open it before may have
    kept a copy. With it, the content is encrypted anew, into `output` or in place.
    """
    given = {
        "full": full,
        "output": os.fspath(output),
        "cipher": cipher,
        "resume": resume,
        **_checked(options, _RUN_OPTIONS | _LIMIT_OPTIONS),
    }
    identities = identities_of(identity, passphrase, key)
    whom = recipients_of(recipients, new_passphrase, new_key)
    signer = signer_of(sign)
    interruptible(lambda stop: _core.archive_rekey(path, identities, whom, signer, given, stop))


def repair(path: Path, output: Path = "", *, force: bool = False, **options: Any) -> dict[str, Any]:
    """Corrects damage by the parity that was sealed with it; needs no key.

    Raises `thalweg.CorruptionError` when there is more damage than parity.
    """
    given = _checked(options, _RUN_OPTIONS)
    return dict(
        interruptible(
            lambda stop: _core.archive_repair(path, os.fspath(output), force, given, stop)
        )
    )


def verify(path: Path, *, signer: str = "", **options: Any) -> dict[str, Any]:
    """Compares an archive with the SHA-256 tree in it, without a key.

    `Archive.verify` authenticates every byte as well.
    """
    given = _checked(options, _RUN_OPTIONS)
    return dict(interruptible(lambda stop: _core.archive_verify(path, signer, given, stop)))


def info(path: Path) -> dict[str, Any]:
    """What can be told about an archive without a key."""
    return dict(_core.archive_info(path))
