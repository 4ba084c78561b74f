"""Pages that are kept: what a reader gets is what was made and what is theirs alone, made once, packed once, and never another reader's."""

import gzip
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from console.shelf import Kept, Made, Shelf

MARK, OTHER = b"<!--officer-->", b"<!--changes-->"
LONG = b"<p>" + b"Kandy is unknown, not safe. " * 200 + b"</p>"


def asked(**headers: str) -> Request:
    """A request with these headers."""
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": named, "query_string": b""})


def answered(kept: Kept, between: bytes, **headers: str) -> Response:
    """What a reader gets."""
    return kept.response(asked(**headers), {}, "text/html", {MARK: between, OTHER: b"<p>since Tuesday</p>"})


def page(body: bytes = LONG, *, whole: bool = True) -> Made:
    """A page without a mark."""
    return Kept.of(body), whole


@given(before=st.binary(max_size=3000), between=st.binary(max_size=300), after=st.binary(max_size=3000))
def test_parts_that_are_put_together_unpack_to_the_whole(before: bytes, between: bytes, after: bytes) -> None:
    """One gzip stream with its own check sum, whatever the parts are, but for a mark of their own; and the same without gzip."""
    assume(not any(mark in part for mark in (MARK, OTHER) for part in (before, after)))
    kept = Kept.of(before + MARK + after + OTHER + after, OTHER, MARK)
    body = before + between + after + b"<p>since Tuesday</p>" + after
    packed = answered(kept, between, accept_encoding="gzip")
    unpacked = gzip.decompress(packed.body) if packed.headers.get("content-encoding") == "gzip" else packed.body
    assert unpacked == body == answered(kept, between).body


def test_a_page_without_a_mark_is_whole_and_holds_nobody() -> None:
    """Where a page has no place for who is signed in, nothing is lost."""
    assert answered(Kept.of(LONG, MARK), b"").body == LONG


def test_nobody_is_told_that_another_readers_page_is_still_theirs() -> None:
    """The tag is of the page and of who is signed in: with another's tag the own page comes whole."""
    kept = Kept.of(LONG + MARK + LONG, MARK)
    perera, rajan = (answered(kept, name).headers["etag"] for name in (b"Perera", b"Rajan"))
    assert answered(kept, b"Perera", if_none_match=perera).status_code == 304
    found = answered(kept, b"Rajan", if_none_match=perera)
    assert (found.status_code, found.headers["etag"]) == (200, rajan)
    assert b"Perera" not in found.body


def test_however_many_ask_at_once_it_is_made_once() -> None:
    """Twenty readers of a new page wait for the first of them, and get what it got; also a page that is not whole and is not kept."""
    shelf, begun, go_on, made = Shelf(), Event(), Event(), []

    def make() -> Made:
        made.append(1)
        begun.set()
        go_on.wait(30)
        return page(whole=False)

    with ThreadPoolExecutor(20) as readers:
        first = readers.submit(shelf.get, "now", make)
        begun.wait(30)
        others = [readers.submit(shelf.get, "now", make) for _ in range(19)]
        while not all(other.running() for other in others):
            time.sleep(0.01)
        go_on.set()
        found = [one.result() for one in (first, *others)]
    assert all(one is not None and one.parts == (LONG,) for one in found)
    assert len(made) < 20
    assert shelf.get("now", lambda: page(b"made anew")) is not found[0]


def test_what_went_wrong_is_said_to_all_and_not_kept() -> None:
    """The next who asks has it made again."""
    shelf = Shelf()

    def broken() -> Made:
        raise ValueError("no such template")

    with pytest.raises(ValueError, match="no such template"):
        shelf.get("now", broken)
    found = shelf.get("now", page)
    assert found is not None
    assert found.parts == (LONG,)


def test_what_is_not_there_is_not_kept() -> None:
    """A warning that is proposed a moment later is found then."""
    shelf = Shelf()
    assert shelf.get("warning", lambda: None) is None
    assert shelf.get("warning", page) is not None


def test_the_shelf_is_bounded_and_lets_go_of_what_nobody_asks_for() -> None:
    """Of a thousand pages as many stay as there is room for; the one that is asked for all the time is among them."""
    shelf = Shelf(most_bytes=40 * Kept.of(LONG).size)
    made: list[int] = []

    def make() -> Made:
        made.append(1)
        return page()

    for number in range(1000):
        shelf.get("asked for", make)
        shelf.get(number, make)
    assert len(made) == 1001
    shelf.get(0, make)
    assert len(made) == 1002
