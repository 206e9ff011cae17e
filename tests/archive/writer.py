"""Writes sealed archives from docs/formats/archive.md alone, the honest and the hostile ones.

It stands on `cryptography.cobblestone` and the stock `zstd`, and shares no code with the library.
Suites 1 and 3 with a raw key, and suite 0.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import os
import struct
import subprocess
from collections.abc import Callable

from cryptography import cobblestone
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from reader import AEADS, LABEL, hkdf, sha256

SLOT_BYTES = 1024
FILE, DIRECTORY, SYMLINK, HARDLINK = range(4)


def zstd(data: bytes) -> bytes:
    """One frame that says how long its content is."""
    command = ["zstd", "-q", "-c", "--no-check", f"--stream-size={len(data)}"]
    return subprocess.run(command, input=data, check=True, stdout=subprocess.PIPE).stdout


def text(value: bytes) -> bytes:
    return struct.pack("<I", len(value)) + value


@dataclasses.dataclass
class Item:
    path: bytes
    content: bytes = b""
    kind: int = FILE
    target: bytes = b""
    mode: int = 0o644
    size: int | None = None  # What the index says; by default the truth.
    stored: int | None = None
    offset: int | None = None


@dataclasses.dataclass
class Segment:
    """Part of the body, as it is written and as the index names it."""

    kind: int
    data: bytes
    commitment: bytes
    content: int = 0
    frame: int = 0
    codec: int = 0


class Writer:
    """Makes one archive. Tests replace what they want to be wrong."""

    def __init__(self, suite: int = 3, key: bytes = b"k" * 32, frame_bytes: int = 1 << 20):
        self.suite, self.key, self.frame_bytes = suite, key, frame_bytes
        self.id, self.file_key = os.urandom(32), os.urandom(32)
        slot_bytes = SLOT_BYTES if suite else 0
        head = struct.pack("<II8sHBBI", 0x184D2A50, 568 + 2 * slot_bytes, b"\x89TWA\r\n\x1a\n", 1,
                           suite, 0, slot_bytes) + self.id
        self.header = head + sha256(head)[:8]
        self.header_hash = sha256(self.header)
        self.mac_key = hkdf(self.file_key, self.id, LABEL + b"mac", 32)
        if suite:
            name, size, _ = AEADS[suite]
            self.payload_key = hkdf(self.file_key, self.id, LABEL + b"payload " + name, size)
        self.segments: list[Segment] = []
        self.edit_index: Callable[[bytes], bytes] = lambda index: index
        self.edit_frame: Callable[[bytes], bytes] = lambda frame: frame

    def slots(self) -> bytes:
        salt = os.urandom(16)
        okm = hkdf(self.key, salt, LABEL + b"raw-key", 64)
        wrap = okm[32:] + ChaCha20Poly1305(okm[:32]).encrypt(bytes(12), self.file_key, None)
        stanza = struct.pack("<HH", 3, 96) + salt + wrap
        slot = struct.pack("<8sQIHH", b"TWAKSLOT", 1, len(stanza), 1, 0) + stanza
        slot = slot.ljust(SLOT_BYTES - 32, b"\0")
        mac = hmac.digest(self.mac_key, LABEL + b"slot" + self.header_hash + slot, "sha256")
        return slot + mac + bytes(SLOT_BYTES)

    def segment(self, kind: int, payload: bytes) -> Segment:
        index = len(self.segments)
        before = self.segments[-1].commitment if self.segments else bytes(32)
        if not self.suite:
            mark = struct.pack("<4sB3xQQ", b"TWAM", kind, index, len(payload))
            leaf = sha256(LABEL + b"leaf" + mark + payload)
            frame = 56 + (0 if kind == 1 else len(payload))
            head = struct.pack("<II", 0x184D2A54, frame)
            return Segment(kind, head + mark + leaf + payload, leaf)
        context = LABEL + b"message" + self.header_hash + struct.pack("<QB", index, kind) + before
        names = {1: "Cobblestone128Encryptor", 3: "Cobblestone256Encryptor"}
        encryptor = getattr(cobblestone, names[self.suite])(self.payload_key, context)
        message: bytes = encryptor.update(payload)
        message += encryptor.finalize()
        mark = struct.pack("<4sB3xQQ", b"TWAM", kind, index, len(message))
        data = struct.pack("<II", 0x184D2A54, 24 + len(message)) + mark + message
        return Segment(kind, data, message[24:56])

    def add_content(self, stream: bytes) -> None:
        for at in range(0, len(stream), self.frame_bytes):
            piece = stream[at : at + self.frame_bytes]
            frame = self.edit_frame(zstd(piece))
            segment = self.segment(1, frame)
            segment.content, segment.frame, segment.codec = len(piece), len(frame), 1
            self.segments.append(segment)

    def index(self, items: list[Item], stream_bytes: int, body_start: int) -> bytes:
        out = struct.pack("<4sHHq", b"TWAI", 1, 0, 1_700_000_000_000_000)
        out += text(b"zstd:3") + struct.pack("<IQ", 0, stream_bytes)
        out += struct.pack("<Q", len(self.segments))
        offset = body_start
        for s in self.segments:
            out += struct.pack("<QQB", offset, len(s.data), s.kind) + s.commitment
            out += struct.pack("<IIB", s.content, s.frame, s.codec)
            offset += len(s.data)
        out += struct.pack("<Q", len(items))
        at = 0
        for item in items:
            size = len(item.content) if item.size is None else item.size
            stored = len(item.content) if item.stored is None else item.stored
            place = at if item.offset is None else item.offset
            out += struct.pack("<BBHIqQQQ", item.kind, 0, 0, item.mode, 0, size, place, stored)
            out += text(item.path)
            if item.kind in (SYMLINK, HARDLINK):
                out += text(item.target)
            at += len(item.content)
        return out

    def write(self, items: list[Item]) -> bytes:
        body_start = 576 + 2 * (SLOT_BYTES if self.suite else 0)
        stream = b"".join(item.content for item in items)
        self.add_content(stream)
        index = zstd(self.edit_index(self.index(items, len(stream), body_start)))
        end_payload = struct.pack("<II", 0x184D2A55, len(index)) + index
        table = b"".join(struct.pack("<II", s.frame, s.content) for s in self.segments)
        table += struct.pack("<II", len(end_payload), 0)
        frames = len(self.segments) + 1
        seek = table + struct.pack("<IBI", frames, 0, 0x8F92EAB1)
        end_payload += struct.pack("<II", 0x184D2A5E, len(seek)) + seek
        before = self.segments[-1].commitment if self.segments and self.suite else bytes(32)
        end = self.segment(3, end_payload)
        parts = [s.data for s in self.segments] + [end.data]
        return self.header + bytes(512) + (self.slots() if self.suite else b"") + self.tail(
            parts, body_start, before)

    def tail(self, parts: list[bytes], body_start: int, before: bytes) -> bytes:
        body = b"".join(parts)
        at = body_start + len(body)
        records = b"".join(struct.pack("<Q", len(part)) + sha256(part) for part in parts)
        root = sha256(LABEL + b"tree" + self.header_hash + struct.pack("<Q", len(parts)) + records)
        trailer = struct.pack("<4sHHQQQ", b"TWAT", 1, 0, body_start, at, at - len(parts[-1]))
        trailer += before + struct.pack("<Q", len(parts)) + records + root
        trailer = struct.pack("<II", 0x184D2A56, len(trailer) + 32) + trailer
        label = LABEL + b"trailer" + self.header_hash + trailer
        seal = hmac.digest(self.mac_key, label, "sha256") if self.suite else sha256(label)
        trailer += seal
        footer = struct.pack("<II8sQQQQQ", 0x184D2A59, 120, b"TWAFOOT1", at, len(trailer), 0, 0,
                             at + len(trailer)) + bytes(40)
        return body + trailer + footer + hashlib.sha256(self.header_hash + footer).digest()
