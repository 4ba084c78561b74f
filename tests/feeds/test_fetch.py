"""Fetching: polite to the source, bounded in time and size, and never taken in by an answer that is none."""

import gzip
import json
from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest
from parse_contexts import manifest
from scripted_source import Reply, Source

from feeds.fetch import ATTEMPTS, USER_AGENT, FailedFetch, Failure, Fetched, Validators, fetch
from schemas.errors import FetchError
from schemas.manifests import FeedManifest

RIVER = manifest("lka_irrigation_river")
PAGED = manifest("npl_bipad_river")
BODY = b'{"features":[]}'


def get(source: Source, feed: FeedManifest = RIVER, validators: Validators | None = None) -> Fetched:
    """The answer of the scripted source."""
    return fetch(feed, source.base_url, validators or Validators())


def refused(source: Source, feed: FeedManifest = RIVER) -> FailedFetch:
    """The failure that the scripted source leads to."""
    with pytest.raises(FailedFetch) as caught:
        get(source, feed)
    return caught.value


def test_path_and_query_are_the_sources_own(source: Source) -> None:
    """A stand-in is asked below the feed's name for the very path and query of the manifest; the project is named to whoever runs it."""
    source.script(Reply(BODY))
    assert get(source).body == BODY
    path, headers = source.asked[0]
    url = httpx.URL(RIVER.url)
    assert path == f"/{RIVER.feed}{url.raw_path.decode()}"
    assert headers["user-agent"] == USER_AGENT
    assert "polyrisk" in USER_AGENT


def test_what_a_source_said_of_its_answer_is_given_back(source: Source) -> None:
    """ETag and Last-Modified come back as If-None-Match and If-Modified-Since; 304 is an answer without a body that keeps both."""
    source.script(Reply(BODY, headers={"ETag": '"a"', "Last-Modified": "Thu, 27 Nov 2025 14:33:00 GMT"}), Reply(status=304))
    first = get(source)
    again = get(source, validators=first.validators)
    assert again == Fetched(None, first.validators)
    _, headers = source.asked[1]
    assert (headers["if-none-match"], headers["if-modified-since"]) == ('"a"', "Thu, 27 Nov 2025 14:33:00 GMT")
    assert "if-none-match" not in source.asked[0][1]


def test_a_source_out_of_breath_is_asked_again(source: Source, waits: list[float]) -> None:
    """503, then the answer: one wait, and a delivery."""
    source.script(Reply(status=503), Reply(BODY))
    assert get(source).body == BODY
    assert len(waits) == 1


def test_waits_grow(source: Source, waits: list[float]) -> None:
    """A source that stays down is asked a few times, each time later, and then left until its next turn."""
    source.script(Reply(status=500))
    failed = refused(source)
    assert (failed.failure, len(source.asked), len(waits)) == (Failure.STATUS, ATTEMPTS, ATTEMPTS - 1)
    assert [0.2 * 2**n <= wait <= 0.2 * 2**n + 1 for n, wait in enumerate(waits)] == [True] * len(waits)


def test_a_source_may_be_asked_once_only(source: Source, waits: list[float]) -> None:
    """In a played case the clock stands still between two tries, so there is one."""
    source.script(Reply(status=503), Reply(BODY))
    with pytest.raises(FailedFetch):
        fetch(RIVER, source.base_url, Validators(), attempts=1)
    assert (len(source.asked), waits) == (1, [])


@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Thu, 27 Nov 2025 14:33:09 GMT", "Date": "Thu, 27 Nov 2025 14:33:00 GMT"}, 9.0),
    ],
)
def test_the_patience_that_a_source_asks_for_is_given(source: Source, waits: list[float], headers: dict[str, str], asked: float) -> None:
    """Retry-After in seconds or as a date, reckoned by the source's own clock."""
    source.script(Reply(status=429, headers=headers), Reply(BODY))
    assert get(source).body == BODY
    assert waits == [asked]


def test_a_source_that_wants_an_hour_is_left_alone(source: Source, waits: list[float]) -> None:
    """It is not asked again in this run; the feed's next turn comes by its schedule."""
    source.script(Reply(status=503, headers={"Retry-After": "3600"}), Reply(BODY))
    failed = refused(source)
    assert (failed.failure, failed.wait_s, waits, len(source.asked)) == (Failure.STATUS, 3600.0, [], 1)


@pytest.mark.parametrize("text", ["soon", "²", "-5", "Thu, 27 Nov 2025 14:33:09 -0000", "1e3"])
def test_a_retry_after_that_cannot_be_read_is_none(source: Source, waits: list[float], text: str) -> None:
    """The usual waits are used."""
    source.script(Reply(status=503, headers={"Retry-After": text}), Reply(BODY))
    assert get(source).body == BODY
    assert waits[0] <= 1.2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_refusal_is_not_repeated(source: Source, waits: list[float], status: int) -> None:
    """What a source refuses once it refuses again; a person is told to look."""
    source.script(Reply(status=status))
    failed = refused(source)
    assert (failed.failure, len(source.asked), waits) == (Failure.STATUS, 1, [])
    assert str(status) in failed.what
    assert failed.remedy


@pytest.mark.parametrize("body", [b"", b"  \r\n\t "])
def test_no_bytes_are_a_failed_fetch(source: Source, waits: list[float], body: bytes) -> None:
    """An empty answer says nothing about rivers; it is not an empty list."""
    source.script(Reply(body))
    assert refused(source).failure is Failure.EMPTY


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<!DOCTYPE html><title>Down for maintenance</title>", "application/json"),
        (b"\xef\xbb\xbf\n <HTML><body>502</body></HTML>", ""),
        (b"Please log in.", "text/html; charset=utf-8"),
    ],
)
def test_a_page_for_people_is_a_failed_fetch(source: Source, body: bytes, content_type: str) -> None:
    """However it is labelled, and whatever it is labelled as."""
    source.script(Reply(body, headers={"Content-Type": content_type} if content_type else {}))
    assert refused(source).failure is Failure.HTML


def test_a_body_cut_off_is_fetched_again(source: Source, waits: list[float]) -> None:
    """Fewer bytes than were promised are no delivery; the next try may have them all."""
    source.script(Reply(BODY[:5], missing=len(BODY) - 5), Reply(BODY))
    assert get(source).body == BODY
    assert len(waits) == 1


def test_chunks_without_an_end_are_a_failed_fetch(source: Source, waits: list[float]) -> None:
    """A connection that closes in the middle of a chunked body."""
    source.script(Reply(chunks=[BODY[:5]]))
    assert refused(source).failure is Failure.CUT_OFF


def test_a_garbled_compression_is_a_failed_fetch(source: Source, waits: list[float]) -> None:
    """A body that says it is gzip and is not; one that is gzip is read."""
    source.script(Reply(b"not gzip at all", headers={"Content-Encoding": "gzip"}))
    assert refused(source).failure is Failure.CUT_OFF
    source.script(Reply(gzip.compress(BODY), headers={"Content-Encoding": "gzip"}))
    assert get(source).body == BODY


def test_no_more_is_read_than_the_manifest_allows(source: Source) -> None:
    """The limit counts unpacked bytes, so that a small body cannot grow without bound; exactly the limit is read."""
    small = RIVER.model_copy(update={"size_limit": len(BODY)})
    source.script(Reply(BODY))
    assert get(source, small).body == BODY
    source.script(Reply(gzip.compress(b" " * 1_000_000 + BODY), headers={"Content-Encoding": "gzip"}))
    failed = refused(source, small)
    assert (failed.failure, "size_limit" in failed.remedy) == (Failure.TOO_LARGE, True)


def test_a_body_that_trickles_is_given_up(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte in time and the whole never: the answer as a whole has a time-out too."""
    source.script(Reply(chunks=[b" "] * 50))
    moments = iter(range(0, 10**9, 60))
    monkeypatch.setattr("feeds.fetch.time", SimpleNamespace(monotonic=lambda: next(moments)))
    assert refused(source).failure is Failure.TIMED_OUT


def test_a_source_that_cannot_be_reached_is_said_so(waits: list[float]) -> None:
    """Nobody listens on the port; after all tries the failure is one of ours, not the library's."""
    with pytest.raises(FetchError, match="cannot be reached"):
        fetch(RIVER, "http://127.0.0.1:9", Validators())
    assert len(waits) == ATTEMPTS - 1


def test_a_source_that_does_not_answer_in_time(source: Source, waits: list[float]) -> None:
    """The manifest's time-out is kept."""
    transport = httpx.MockTransport(_late)
    with pytest.raises(FailedFetch) as caught:
        fetch(RIVER.model_copy(update={"timeout": timedelta(seconds=1)}), source.base_url, Validators(), httpx.Client(transport=transport))
    assert caught.value.failure is Failure.TIMED_OUT


def _late(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("too late", request=request)


def test_redirects_are_followed_and_not_for_ever(source: Source) -> None:
    """A moved source is found; one that sends us round in circles is a failed fetch."""
    source.script(Reply(status=302, headers={"Location": "/elsewhere"}), Reply(BODY))
    assert get(source).body == BODY
    source.script(Reply(status=302, headers={"Location": "/elsewhere"}))
    assert refused(source).failure is Failure.STATUS


def page(following: object, *results: object) -> Reply:
    """A page of a paged source."""
    return Reply(json.dumps({"count": 2**63 - 1, "next": following, "results": results}).encode())


def test_pages_are_followed_to_the_first_empty_one(source: Source) -> None:
    """`next` stands on every page, the empty one too, and `count` is no count: the empty page is the end."""
    source.script(page("https://elsewhere.example/api/v1/river-stations/?offset=2", 1, 2), page("https://elsewhere.example/x?offset=4"))
    pages = json.loads(get(source, PAGED).body or b"")
    assert [found["results"] for found in pages] == [[1, 2], []]


def test_a_next_page_stays_with_the_source(source: Source) -> None:
    """Only its path and query are followed: a host it names is not asked."""
    source.script(page("https://elsewhere.example/api/v1/river-stations/?offset=2", 1), page(None))
    get(source, PAGED)
    assert source.asked[1][0] == "/npl_bipad_river/api/v1/river-stations/?offset=2"
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json={"next": "http://elsewhere.example/api/v1/x?offset=2", "results": [1] if len(asked) == 1 else []})

    fetch(PAGED, None, Validators(), httpx.Client(transport=httpx.MockTransport(answer)))
    own = httpx.URL(PAGED.url)
    assert [(url.scheme, url.host) for url in asked] == [(own.scheme, own.host)] * 2
    assert asked[1].raw_path == b"/api/v1/x?offset=2"


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        (Reply(b'{"results": [1], "next'), Failure.CUT_OFF),
        (Reply(b"[" * 100_000), Failure.CUT_OFF),
        (Reply(b"[1, 2]"), Failure.CHANGED),
        (page("http://[", 1), Failure.CHANGED),
    ],
)
def test_a_page_that_is_none_is_a_failed_fetch(source: Source, reply: Reply, failure: Failure) -> None:
    """Pages that came before are no delivery without the rest: gauges would seem to have fallen silent."""
    source.script(page("/api/v1/river-stations/?offset=2", 1), reply)
    assert refused(source, PAGED).failure is failure


def test_pages_end(source: Source) -> None:
    """A source whose pages are never empty is given up at the size limit or at two hundred pages."""
    source.script(page("/api/v1/river-stations/?offset=2", 1))
    assert refused(source, PAGED).failure is Failure.TOO_LARGE
    assert len(source.asked) <= 201
