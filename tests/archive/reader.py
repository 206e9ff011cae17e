"""A second reader of sealed archives, written from docs/formats/archive.md alone.

It stands on PyPI `cryptography` and the stock `zstd -d` and shares no code with the library. It
reads all of a file into memory and checks every seal on the way. `reader.py ARCHIVE [KEYFILE]`
lists what an archive holds.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import hashlib
import hmac
import pathlib
import struct
import subprocess
import sys
from collections.abc import Iterator

from cryptography import cobblestone
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

LABEL = b"thalweg.archive/1 "
AEADS = {  # By suite: name, bytes of key and nonce.
    1: (b"AEAD_AES_128_GCM", 16, 12),
    2: (b"AEAD_AES_192_GCM", 24, 12),
    3: (b"AEAD_AES_256_GCM", 32, 12),
    4: (b"AEAD_CHACHA20_POLY1305", 32, 12),
    5: (b"AEAD_XCHACHA20_POLY1305", 32, 24),
}
CHUNK = 16384
GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)  # Of BIP 173.


class Wrong(Exception):
    """The file is not what the format says."""


def check(condition: bool, what: str) -> None:
    if not condition:
        raise Wrong(what)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def hkdf(ikm: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(ikm)


def bech32(text: str, kind: str) -> bytes:
    """The bytes of a key's text form (BIP 173)."""
    prefix, _, data = text.strip().lower().rpartition("1")
    check(prefix == kind, f"not a {kind}")
    values = ["qpzry9x8gf2tvdw0s3jn54khce6mua7l".index(c) for c in data]
    state = 1
    for value in [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + values:
        top, state = state >> 25, (state & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(GENERATORS):
            state ^= generator if top >> bit & 1 else 0
    check(state == 1, "bech32 checksum")
    number = int("".join(f"{value:05b}" for value in values[:-6]), 2)
    spare = 5 * (len(values) - 6) % 8
    return (number >> spare).to_bytes(5 * (len(values) - 6) // 8, "big")


def hchacha20(key: bytes, nonce: bytes) -> bytes:
    """The subkey of XChaCha20 (draft-irtf-cfrg-xchacha-03, 2.2)."""
    x = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce))
    rounds = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15))
    for step in (rounds + ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))) * 10:
        for turn, (to, by, mix) in zip((16, 12, 8, 7), ((0, 1, 3), (2, 3, 1)) * 2):
            a, b, d = step[to], step[by], step[mix]
            x[a] = (x[a] + x[b]) & 0xFFFFFFFF
            x[d] ^= x[a]
            x[d] = (x[d] << turn | x[d] >> (32 - turn)) & 0xFFFFFFFF
    return struct.pack("<8I", *x[:4], *x[12:])


def decrypt(suite: int, key: bytes, message: bytes, context: bytes) -> bytes:
    """One C2SP chunked-encryption message."""
    if suite in (1, 3):  # The instances that `cryptography` has itself.
        names = {1: "Cobblestone128Decryptor", 3: "Cobblestone256Decryptor"}
        decryptor = getattr(cobblestone, names[suite])(key, context)
        plain: bytes = decryptor.update(message)
        return plain + decryptor.finalize()
    name, key_bytes, nonce_bytes = AEADS[suite]
    info = b"c2sp.org/chunked-encryption@v1+" + name + b"\0" + message[:24] + context
    derived = HKDFExpand(hashes.SHA512(), key_bytes + nonce_bytes + 32, info).derive(key)
    nonce, commitment = derived[key_bytes:-32], derived[-32:]
    check(hmac.compare_digest(commitment, message[24:56]), "commitment")
    chunk_key, prefix = derived[:key_bytes], b""
    if suite == 5:
        chunk_key, prefix, nonce = hchacha20(chunk_key, nonce[:16]), bytes(4), nonce[16:]
    cipher = AESGCM(chunk_key) if suite == 2 else ChaCha20Poly1305(chunk_key)
    out = b""
    for index, at in enumerate(range(56, len(message), CHUNK + 16)):
        place = (int.from_bytes(nonce, "big") ^ index).to_bytes(len(nonce), "big")
        out += cipher.decrypt(prefix + place, message[at : at + CHUNK + 16], None)
    check((len(message) - 56) % (CHUNK + 16) >= 16, "the last chunk is not short")
    return out


def unwrap(wrap: bytes, secret: bytes, salt: bytes, label: bytes) -> bytes | None:
    okm = hkdf(secret, salt, LABEL + label, 64)
    if not hmac.compare_digest(okm[32:], wrap[:32]):
        return None
    return ChaCha20Poly1305(okm[:32]).decrypt(bytes(12), wrap[32:], None)


def passphrase_key(body: bytes, passphrase: bytes) -> bytes:
    kdf, a, b, c = struct.unpack_from("<B3xIII", body)
    salt = body[16:32]
    if kdf == 1:
        argon2 = Argon2id(salt=salt, length=32, iterations=b, lanes=c, memory_cost=a)
        return argon2.derive(passphrase)
    if kdf == 2:
        return Scrypt(salt, 32, 1 << a, b, c).derive(passphrase)
    return PBKDF2HMAC(hashes.SHA256(), 32, salt, a).derive(passphrase)


def open_stanza(kind: int, body: bytes, archive_id: bytes, keys: dict[str, bytes]) -> bytes | None:
    wrap = body[-80:]
    if kind == 1 and "identity" in keys:
        private = X25519PrivateKey.from_private_bytes(keys["identity"])
        shared = private.exchange(X25519PublicKey.from_public_bytes(body[:32]))
        public = private.public_key().public_bytes_raw()
        return unwrap(wrap, shared, body[:32] + public, b"x25519")
    if kind == 2 and "passphrase" in keys:
        return unwrap(wrap, passphrase_key(body, keys["passphrase"]), body[16:32], b"passphrase")
    if kind == 3 and "raw" in keys:
        return unwrap(wrap, keys["raw"], body[:16], b"raw-key")
    return None


@dataclasses.dataclass
class Entry:
    path: str
    kind: str
    mode: int
    modified_ns: int
    size: int
    offset: int
    stored: int
    is_base64: bool
    target: str = ""
    owner: tuple[int, int, str, str] | None = None
    sha256: bytes | None = None
    extents: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    xattrs: dict[str, bytes] = dataclasses.field(default_factory=dict)


class Cursor:
    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def take(self, form: str) -> tuple[int, ...]:
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def bytes(self, length: int) -> bytes:
        check(self.at + length <= len(self.data), "a field ends behind the index")
        self.at += length
        return self.data[self.at - length : self.at]

    def text(self) -> bytes:
        return self.bytes(self.take("I")[0])


def entry_of(index: Cursor) -> Entry:
    kind, flags, _, mode, modified, size, offset, stored = index.take("BBHIqQQQ")
    path = index.text().decode("utf-8", "surrogateescape")
    name = ("file", "directory", "symlink", "hardlink")[kind]
    entry = Entry(path, name, mode, modified, size, offset, stored, bool(flags & 16))
    if kind in (2, 3):
        entry.target = index.text().decode("utf-8", "surrogateescape")
    if flags & 1:
        uid, gid = index.take("II")
        entry.owner = (uid, gid, index.text().decode(), index.text().decode())
    if flags & 2:
        entry.sha256 = index.bytes(32)
    if flags & 4:
        entry.extents = [(o, n) for o, n in (index.take("QQ") for _ in range(index.take("I")[0]))]
    if flags & 8:
        for _ in range(index.take("I")[0]):
            attribute = index.text().decode()
            entry.xattrs[attribute] = index.text()
    return entry


@dataclasses.dataclass
class Start:
    """A file that a map names, and where it begins in the content stream."""

    offset: int
    is_base64: bool
    size: int = 0
    extents: list[tuple[int, int]] = dataclasses.field(default_factory=list)


def starts_of(rest: bytes, content: int, place: int) -> list[Start]:
    """The map behind a frame whose content begins at a place of the content stream."""
    if not rest:
        return []
    magic, length = struct.unpack_from("<II", rest)
    check((magic, length) == (0x184D2A57, len(rest) - 8), "something stands behind a frame")
    cursor = Cursor(rest[8:])
    starts: list[Start] = []
    for _ in range(cursor.take("I")[0] if length >= 4 else 0):
        offset, flags = cursor.take("II")
        check(offset <= content and flags in (0, 4, 16), "map of files")
        start = Start(place + offset, flags == 16)
        if flags == 4:
            start.size, count = cursor.take("QI")
            start.extents = [(o, n) for o, n in (cursor.take("QQ") for _ in range(count))]
        starts.append(start)
    check(not any(cursor.data[cursor.at :]), "padding")
    return starts


def spread(stored: bytes, size: int, extents: list[tuple[int, int]]) -> bytes:
    whole, at = bytearray(size), 0
    for offset, length in extents:
        whole[offset : offset + length] = stored[at : at + length]
        at += length
    check(at == len(stored), "regions")
    return bytes(whole)


def product(a: int, b: int) -> int:
    """In GF(2^8) with the polynomial 0x11D."""
    result = 0
    while b:
        result ^= a if b & 1 else 0
        a = a << 1 ^ (0x11D if a & 0x80 else 0)
        b >>= 1
    return result


@functools.cache
def inverse(a: int) -> int:
    return next(b for b in range(1, 256) if product(a, b) == 1)


@functools.cache
def row_of(a: int) -> bytes:
    return bytes(product(a, b) for b in range(256))


def multiply(shards: list[bytes], coefficients: list[int]) -> bytes:
    total = 0
    for shard, coefficient in zip(shards, coefficients):
        total ^= int.from_bytes(shard.translate(row_of(coefficient)), "big")
    return total.to_bytes(len(shards[0]), "big")


class Archive:
    """What a file holds; `entries` by path, `content(entry)` as it was."""

    def __init__(self, data: bytes, keys: dict[str, bytes]):
        self.data = data
        self.read_header()
        if self.suite:
            self.open_slots(keys)
        self.read_trailer()
        segments = self.read_end()
        self.starts: list[Start] = []
        self.stream = self.read_segments(segments)
        self.read_parity()

    def read_header(self) -> None:
        head = struct.unpack_from("<II8sHBBI", self.data)
        magic, _, mark, version, self.suite, flags, self.slot_bytes = head
        check(magic == 0x184D2A50 and mark == b"\x89TWA\r\n\x1a\n", "not a sealed archive")
        check((version, flags) == (1, 0) and self.suite <= 5, "unknown version, flags or suite")
        check(sha256(self.data[:56])[:8] == self.data[56:64], "header")
        self.id, self.header_hash = self.data[24:56], sha256(self.data[:64])
        check(self.data[64:576] == bytes(512), "an append is under way")
        self.body_start = 576 + 2 * self.slot_bytes

    def open_slots(self, keys: dict[str, bytes]) -> None:
        slots = [self.data[576 + i * self.slot_bytes :][: self.slot_bytes] for i in (0, 1)]
        for slot in sorted(slots, key=lambda s: s[8:16][::-1], reverse=True):
            if slot[:8] != b"TWAKSLOT":
                continue
            _, count = struct.unpack_from("<IH", slot, 16)
            at = 24
            for _ in range(count):
                kind, length = struct.unpack_from("<HH", slot, at)
                file_key = open_stanza(kind, slot[at + 4 : at + 4 + length], self.id, keys)
                at += 4 + length
                if file_key is not None:
                    self.mac_key = hkdf(file_key, self.id, LABEL + b"mac", 32)
                    self.check_mac(b"slot", slot[:-32], slot[-32:])
                    name, size, _ = AEADS[self.suite]
                    self.payload_key = hkdf(file_key, self.id, LABEL + b"payload " + name, size)
                    return
        raise Wrong("no key fits")

    def check_mac(self, label: bytes, data: bytes, tag: bytes) -> None:
        text = LABEL + label + self.header_hash + data
        wanted = hmac.digest(self.mac_key, text, "sha256") if self.suite else sha256(text)
        check(hmac.compare_digest(wanted, tag), label.decode())

    def read_trailer(self) -> None:
        footer = self.data[-128:]
        check(footer[8:16] == b"TWAFOOT1", "no footer: cut off")
        check(sha256(self.header_hash + footer[:96]) == footer[96:], "footer")
        at, length = struct.unpack_from("<QQ", footer, 16)
        trailer = self.data[at : at + length]
        flags, body, place, self.end_at = struct.unpack_from("<HQQQ", trailer, 14)
        self.end_before = trailer[40:72]
        (count,) = struct.unpack_from("<Q", trailer, 72)
        check(trailer[8:12] == b"TWAT" and body == self.body_start and place == at, "trailer")
        records = trailer[80 : 80 + 40 * count]
        offset = self.body_start
        for i in range(count):
            size = struct.unpack_from("<Q", records, 40 * i)[0]
            wanted = records[40 * i + 8 : 40 * i + 40]
            check(sha256(self.data[offset : offset + size]) == wanted, f"segment {i}")
            offset += size
        check(offset == at, "the segments do not fill the body")
        root = sha256(LABEL + b"tree" + self.header_hash + struct.pack("<Q", count) + records)
        rest = trailer[80 + 40 * count :]
        check(rest[:32] == root, "root of the tree")
        self.signer: bytes | None = None
        if flags & 1:
            self.signer = rest[32:64]
            Ed25519PublicKey.from_public_bytes(self.signer).verify(
                rest[64:128], LABEL + b"signature" + self.header_hash + root)
        self.check_mac(b"trailer", trailer[:-32], trailer[-32:])

    def payload(self, at: int, before: bytes) -> tuple[int, bytes, bytes]:
        """Kind, commitment and payload of the segment at a place."""
        magic, frame, mark, kind, index, length = struct.unpack_from("<II4sB3xQQ", self.data, at)
        check(magic == 0x184D2A54 and mark == b"TWAM", "segment header")
        if self.suite:
            message = self.data[at + 32 : at + 32 + length]
            place = struct.pack("<QB", index, kind)
            context = LABEL + b"message" + self.header_hash + place + before
            return kind, message[24:56], decrypt(self.suite, self.payload_key, message, context)
        payload = self.data[at + 64 : at + 64 + length]
        leaf = sha256(LABEL + b"leaf" + self.data[at + 8 : at + 32] + payload)
        check(leaf == self.data[at + 32 : at + 64], "leaf")
        check(frame == 56 + (0 if kind == 1 else length), "length of the skippable frame")
        return kind, leaf, payload

    def read_end(self) -> list[tuple[int, ...]]:
        kind, _, payload = self.payload(self.end_at, self.end_before)
        magic, length = struct.unpack_from("<II", payload)
        check(kind == 3 and magic == 0x184D2A55, "index frame")
        index = Cursor(expand(payload[8 : 8 + length]))
        mark, version, flags, self.sealed_us = struct.unpack("<4sHHq", index.bytes(16))
        check((mark, version, flags) == (b"TWAI", 1, 0), "index")
        self.stages = index.text().decode()
        self.lossy = [index.text().decode() for _ in range(index.take("I")[0])]
        self.stream_bytes = index.take("Q")[0]
        segments = []
        for _ in range(index.take("Q")[0]):
            offset, size, kind = index.take("QQB")
            segments.append((offset, size, kind, index.bytes(32), *index.take("IIB")))
        entries = [entry_of(index) for _ in range(index.take("Q")[0])]
        check(index.at == len(index.data), "bytes behind the index")
        self.entries = {entry.path: entry for entry in entries}
        return segments

    def read_segments(self, segments: list[tuple[int, ...]]) -> bytes:
        before = bytes(32)
        frames = []
        place = 0
        for offset, _, kind, commitment, content, frame_bytes, codec in segments:
            if kind == 0:
                continue
            found, before, payload = self.payload(offset, before)
            check(found == kind and before == commitment, "the index names another segment")
            if kind == 1:
                check(codec <= 1, "only zstd and store can be read here")
                frames.append(payload[:frame_bytes])
                self.starts += starts_of(payload[frame_bytes:], content, place)
                place += content
        wanted = before if self.suite else bytes(32)
        check(self.end_before == wanted, "the end follows another segment")
        stream = expand(b"".join(frames))
        check(len(stream) == self.stream_bytes, "length of the content stream")
        return stream

    def content(self, entry: Entry) -> bytes:
        if entry.kind == "hardlink":
            return self.content(self.entries[entry.target])
        stored = self.stream[entry.offset : entry.offset + entry.stored]
        if entry.is_base64:
            stored = base64.b64decode(stored, validate=True)
        if entry.extents:
            stored = spread(stored, entry.size, entry.extents)
        check(len(stored) == entry.size, f"size of {entry.path}")
        check(entry.sha256 is None or sha256(stored) == entry.sha256, f"SHA-256 of {entry.path}")
        return stored

    def given(self) -> bytes:
        """What a reader gives that sees the content stream and its maps, but no index before."""
        out, ends = b"", [start.offset for start in self.starts[1:]] + [len(self.stream)]
        first = self.starts[0].offset if self.starts else len(self.stream)
        out += self.stream[:first]
        for start, end in zip(self.starts, ends):
            stored = self.stream[start.offset : end]
            if start.is_base64:
                stored = base64.b64decode(stored, validate=True)
            out += spread(stored, start.size, start.extents) if start.extents else stored
        for entry in self:  # Holes behind the last byte of all content.
            named = any(start.offset == entry.offset == len(self.stream) for start in self.starts)
            if entry.extents and entry.stored == 0 and entry.offset == len(self.stream):
                out += b"" if named else bytes(entry.size)
        return out

    def read_parity(self) -> None:
        at, length = struct.unpack_from("<QQ", self.data, len(self.data) - 96)
        section = self.data[at : at + length]
        if not section:
            return
        check(at + length == len(self.data) - 128, "the parity does not end at the footer")
        size = 8 + struct.unpack_from("<I", section, 4)[0]
        descriptor = section[:size]
        check(descriptor == section[-size:], "the parity's descriptors differ")
        mark, version, flags = struct.unpack_from("<4sHH", descriptor, 8)
        check((mark, flags) == (b"TWAP", 0) and version in (1, 2), "the parity's descriptor")
        check(sha256(descriptor[8:-32]) == descriptor[-32:], "the descriptor's hash")
        check(descriptor[16:80] == self.data[:64], "the descriptor's copy of the header")
        begin, end, _, _, shard, k, m, stripes, shards = struct.unpack_from(
            "<QQQIIIIQQ", descriptor, 80)
        check((begin, end) == (self.body_start, at), "what the parity covers")
        if version >= 2 and self.suite:
            slots = self.data[576 : self.body_start]
            wanted = b"TWAK" + bytes(4) + slots
            wanted += sha256(LABEL + b"key copy" + self.header_hash + slots)
            frame = struct.pack("<II", 0x184D2A58, len(wanted)) + wanted
            check(section[size : size + len(frame)] == frame, "the copy of the key slots")
            size += len(frame)
        data = self.data[begin:end].ljust(shard * k * stripes, b"\0")
        hashes = [sha256(data[i * shard : (i + 1) * shard])[:16] for i in range(shards)]
        check(b"".join(hashes) == descriptor[136:-32], "the hashes of the shards")
        for s in range(stripes):
            own = [data[(s + j * stripes) * shard :][:shard] for j in range(k)]
            parity = [multiply(own, [inverse((k + i) ^ j) for j in range(k)]) for i in range(m)]
            marks = b"".join(sha256(part)[:16] for part in parity)
            wanted = b"TWAS" + struct.pack("<IQ", 0, s) + marks + b"".join(parity) + marks
            frame = struct.pack("<II", 0x184D2A58, len(wanted)) + wanted
            check(section[size : size + len(frame)] == frame, f"stripe {s} of the parity")
            size += len(frame)
        check(size + len(descriptor) == len(section), "bytes in the parity")

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())


def expand(frames: bytes) -> bytes:
    if not frames:
        return b""
    command = ["zstd", "-d", "-q", "-c", "--long=27"]
    return subprocess.run(command, input=frames, check=True, stdout=subprocess.PIPE).stdout


def identity_of(key_file: str) -> bytes:
    for line in key_file.splitlines():
        if line.startswith("THALWEG-SECRET-KEY-1"):
            return bech32(line, "thalweg-secret-key-")
    raise Wrong("no identity in the key file")


def main() -> int:
    keys = {"identity": identity_of(pathlib.Path(sys.argv[2]).read_text())} if sys.argv[2:] else {}
    archive = Archive(pathlib.Path(sys.argv[1]).read_bytes(), keys)
    for entry in archive:
        length = len(archive.content(entry)) if entry.kind == "file" else 0
        print(f"{entry.kind:9} {entry.mode:04o} {length:12} {entry.path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
