"""The keys of sealed archives."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from thalweg import _core
from thalweg._errors import (
    AlreadyExistsError,
    InvalidArgumentError,
    NotFoundError,
    UnauthenticatedError,
)

Path: TypeAlias = "str | os.PathLike[str]"
IdentityLike: TypeAlias = "Identity | str | os.PathLike[str] | None"
RecipientLike: TypeAlias = "Recipient | str"


@dataclass(frozen=True)
class PublicKeys:
    """The public halves of a key file: whom to seal for, and who signed."""

    recipient: str
    signer: str


class Identity:
    """Opens archives. Never shows what it holds."""

    def __init__(self, parts: Sequence[_core.ArchiveIdentity]):
        self._parts = tuple(parts)

    @staticmethod
    def file(path: Path) -> Identity:
        """The keys of a key file, which only its owner may be able to read."""
        identities, _, _, _ = _core.archive_parse_key_file(_read_secret(path))
        if not identities:
            raise InvalidArgumentError(f"no key in {os.fspath(path)!r}")
        return Identity(identities)

    @staticmethod
    def parse(text: str) -> Identity:
        """`THALWEG-SECRET-KEY-1…`."""
        return Identity([_core.ArchiveIdentity.parse(text.encode())])

    @staticmethod
    def passphrase(passphrase: str | bytes) -> Identity:
        return Identity([_core.ArchiveIdentity.passphrase(_bytes(passphrase))])

    @staticmethod
    def raw_key(key: bytes) -> Identity:
        """32 random bytes, or 64 hexadecimal digits."""
        return Identity([_core.ArchiveIdentity.raw_key(key)])

    @staticmethod
    def command(unwrap: Callable[[bytes], bytes]) -> Identity:
        """`unwrap` turns back what the `wrap` of `Recipient.command` made."""
        return Identity([_core.ArchiveIdentity.command(unwrap)])

    def __repr__(self) -> str:
        return f"<thalweg.archive.Identity of {len(self._parts)}>"


class Recipient:
    """Somebody to seal for."""

    def __init__(self, part: _core.ArchiveRecipient):
        self._part = part

    @staticmethod
    def parse(text: str) -> Recipient:
        """`thalweg1…`."""
        return Recipient(_core.ArchiveRecipient.parse(text))

    @staticmethod
    def passphrase(passphrase: str | bytes, **cost: Any) -> Recipient:
        """cost: `kdf` ('argon2id', 'scrypt' or 'pbkdf2'), and of those `memory_kib`, `passes`,
        `lanes`; `log_n`; `iterations`."""
        return Recipient(_core.ArchiveRecipient.passphrase(_bytes(passphrase), cost))

    @staticmethod
    def raw_key(key: bytes) -> Recipient:
        """32 random bytes, or 64 hexadecimal digits."""
        return Recipient(_core.ArchiveRecipient.raw_key(key))

    @staticmethod
    def command(wrap: Callable[[bytes], bytes]) -> Recipient:
        """`wrap` turns a key of 32 bytes into at most 1,024 that only its owner can turn back."""
        return Recipient(_core.ArchiveRecipient.command(wrap))


class Signer:
    """Signs archives. Never shows what it holds."""

    def __init__(self, part: _core.ArchiveSigner):
        self._part = part

    @staticmethod
    def file(path: Path) -> Signer:
        """The signing key of a key file."""
        _, signers, _, _ = _core.archive_parse_key_file(_read_secret(path))
        if len(signers) != 1:
            raise InvalidArgumentError(f"{os.fspath(path)!r} holds {len(signers)} signing keys")
        return Signer(signers[0])


def keygen(path: Path) -> PublicKeys:
    """Writes a new key file, mode 0600, and returns its public halves. Never replaces a file."""
    text = _core.archive_generate_key_file()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError:
        raise AlreadyExistsError(
            f"{os.fspath(path)!r} exists, and a key is never replaced"
        ) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    _, _, recipients, signers = _core.archive_parse_key_file(text)
    return PublicKeys(recipients[0], signers[0])


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _read_secret(path: Path) -> bytes:
    """A key file, refused when others may read it."""
    try:
        with open(path, "rb") as file:
            info_of = os.fstat(file.fileno())
            if stat.S_ISREG(info_of.st_mode):
                if info_of.st_uid != os.geteuid():
                    raise UnauthenticatedError(f"{os.fspath(path)!r} belongs to another user")
                if info_of.st_mode & 0o077:
                    raise UnauthenticatedError(f"others may read {os.fspath(path)!r}: chmod 600")
            return file.read()
    except FileNotFoundError:
        raise NotFoundError(f"no such key file: {os.fspath(path)!r}") from None


def identities_of(
    given: IdentityLike | Sequence[IdentityLike],
    passphrase: str | bytes | None,
    key: bytes | None,
) -> list[_core.ArchiveIdentity]:
    found: list[Identity] = []
    for item in [given] if isinstance(given, (Identity, str, os.PathLike)) else given or ():
        if isinstance(item, Identity):
            found.append(item)
        elif isinstance(item, str) and item.startswith("THALWEG-SECRET-KEY-1"):
            found.append(Identity.parse(item))
        elif item is not None:
            found.append(Identity.file(item))
    if passphrase is not None:
        found.append(Identity.passphrase(passphrase))
    if key is not None:
        found.append(Identity.raw_key(key))
    return [part for identity in found for part in identity._parts]


def recipients_of(
    given: RecipientLike | Sequence[RecipientLike],
    passphrase: str | bytes | None,
    key: bytes | None,
) -> list[_core.ArchiveRecipient]:
    items = [given] if isinstance(given, (Recipient, str)) else given
    found = [item if isinstance(item, Recipient) else Recipient.parse(item) for item in items]
    if passphrase is not None:
        found.append(Recipient.passphrase(passphrase))
    if key is not None:
        found.append(Recipient.raw_key(key))
    return [recipient._part for recipient in found]


def signer_of(given: Signer | Path | None) -> _core.ArchiveSigner | None:
    if given is None:
        return None
    return (given if isinstance(given, Signer) else Signer.file(given))._part
