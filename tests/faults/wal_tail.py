"""A torn write at the end of an SQLite write-ahead log: what the machine had begun to write when it stopped.

Only bytes after the last whole transaction are touched. What was written to the disk before that cannot be torn by a crash.
"""

import struct
from pathlib import Path
from random import Random

_HEADER, _FRAME = 32, 24
_MAGIC = 0x377F0682
"""Of a file whose checksums are little-endian; the lowest bit is set if they are big-endian."""


def tear(path: Path, chance: Random) -> str:
    """Write half of a transaction after the last whole one; says what was done, nothing if there is no such file."""
    if not path.exists() or path.stat().st_size < _HEADER:
        return ""
    content = path.read_bytes()
    end, page = whole_until(content)
    frames = chance.randrange(1, 4)
    begun = b"".join(_frame(content, page, chance) for _ in range(frames))
    torn = begun[: chance.randrange(1, len(begun))]
    path.write_bytes(content[:end] + torn)
    return f"{len(torn)} bytes of {frames} frames after {path.name}:{end}"


def whole_until(content: bytes) -> tuple[int, int]:
    """Where the last whole transaction ends, and the size of a page."""
    magic, _, page, _, salt_1, salt_2, *sums = struct.unpack(">8I", content[:_HEADER])
    order = ">" if magic & 1 else "<"
    running = (sums[0], sums[1])
    end = at = _HEADER
    while at + _FRAME + page <= len(content):
        _, size, *salts, first, second = struct.unpack(">6I", content[at : at + _FRAME])
        running = _checksum(order, content[at : at + 8], running)
        running = _checksum(order, content[at + _FRAME : at + _FRAME + page], running)
        if salts != [salt_1, salt_2] or running != (first, second):
            break
        at += _FRAME + page
        end = at if size else end
    return end, page


def _frame(content: bytes, page: int, chance: Random) -> bytes:
    """A frame of this log's generation whose content was not written as its checksum says."""
    salts = content[16:24]
    return struct.pack(">2I", chance.randrange(1, 50), chance.choice([0, 50])) + salts + chance.randbytes(8 + page)


def _checksum(order: str, content: bytes, running: tuple[int, int]) -> tuple[int, int]:
    """SQLite's, over pairs of 32-bit words."""
    first, second = running
    words = struct.unpack(f"{order}{len(content) // 4}I", content)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second
