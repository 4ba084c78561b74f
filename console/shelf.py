"""Pages that were made, kept for all who ask for the same: made once however many ask at a moment, compressed once, bounded in bytes."""

import hashlib
import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import zip_longest
from threading import Lock

from starlette.requests import Request
from starlette.responses import Response

MOST_BYTES = 8_000_000
"""Of all pages kept, as they are and compressed."""
LEAST_BYTES = 600
"""What is shorter is not compressed."""
_LEVEL = 6
_RAW_DEFLATE = -15
_GZIP = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""The head of a gzip stream (RFC 1952): deflated, no name, no time."""


@dataclass(frozen=True)
class Kept:
    """A page in parts, between which stands what is of its reader alone; each part also deflated so that all can be put together.

    Attributes:
        marks: what stood between the parts, one less than those. tag: SHA-256 of the page.
    """

    parts: tuple[bytes, ...]
    marks: tuple[bytes, ...]
    deflated: tuple[bytes, ...]
    tag: str

    @classmethod
    def of(cls, body: bytes, *marks: bytes) -> "Kept":
        """A page, parted where each of the marks stands first; one that does not stand there is left out."""
        there = sorted((mark for mark in marks if mark in body), key=body.index)
        parts, rest = [], body
        for mark in there:
            part, _, rest = rest.partition(mark)
            parts.append(part)
        parts.append(rest)
        deflated = tuple(_deflated(part, last=n == len(there)) for n, part in enumerate(parts))
        return cls(tuple(parts), tuple(there), deflated, hashlib.sha256(body).hexdigest())

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return sum(map(len, (*self.parts, *self.deflated)))

    def response(self, request: Request, headers: Mapping[str, str], kind: str, theirs: Mapping[bytes, bytes]) -> Response:
        """The answer to who asks; 304 if they have it.

        Args:
            theirs: mark to what stands there for them alone.
        """
        between = [theirs.get(mark, b"") for mark in self.marks]
        digest = hashlib.sha256(self.tag.encode())
        for own in between:
            digest.update(hashlib.sha256(own).digest())
        tag = f'W/"{digest.hexdigest()[:24]}"'
        headers = {"vary": "Accept-Encoding", **headers, "etag": tag, "cache-control": "no-cache"}
        if tag in (one.strip() for one in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers=headers)
        whole = b"".join(_woven(self.parts, between))
        if len(whole) < LEAST_BYTES or "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(whole, headers={**headers, "content-type": kind})
        return Response(self._gzipped(between, whole), headers={**headers, "content-type": kind, "content-encoding": "gzip"})

    def _gzipped(self, between: Sequence[bytes], whole: bytes) -> bytes:
        packed = _woven(self.deflated, [_deflated(own, last=False) for own in between])
        end = zlib.crc32(whole).to_bytes(4, "little") + (len(whole) % 2**32).to_bytes(4, "little")
        return b"".join((_GZIP, *packed, end))


def _woven(parts: Sequence[bytes], between: Sequence[bytes]) -> Iterator[bytes]:
    """The parts with what stands between them."""
    for part, own in zip_longest(parts, between, fillvalue=b""):
        yield part
        yield own


def _deflated(part: bytes, *, last: bool) -> bytes:
    """A part of a deflate stream that refers to no other part."""
    if not part and not last:
        return b""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW_DEFLATE)
    return packer.compress(part) + packer.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)


Made = tuple[Kept, bool] | None
"""A page, and whether it may be kept; none for what is not there."""


class Shelf:
    """What was made, by what it was made of. Several threads may ask; who asks for what is being made waits for it, and gets the same."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._size = most_bytes, 0
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._making: dict[Hashable, Future[Made]] = {}
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Made]) -> Kept | None:
        """What is kept under a key, or what is made now.

        Args:
            key: all that it is made of, but for the country and its files.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            making = self._making.get(key)
            if making is None:
                own = self._making[key] = Future[Made]()
        made = making.result() if making is not None else self._made(key, make, own)
        return made[0] if made is not None else None

    def _made(self, key: Hashable, make: Callable[[], Made], future: Future[Made]) -> Made:
        try:
            made = make()
        except BaseException as error:
            with self._lock:
                del self._making[key]
            future.set_exception(error)
            raise
        with self._lock:
            del self._making[key]
            if made is not None and made[1]:
                self._put(key, made[0])
        future.set_result(made)
        return made

    def _put(self, key: Hashable, page: Kept) -> None:
        self._size += page.size
        self._kept[key] = page
        while self._size > self._most and len(self._kept) > 1:
            self._size -= self._kept.popitem(last=False)[1].size
