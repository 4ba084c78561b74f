"""Fetching politely over HTTP: conditional, patient, bounded, and never taken in by an answer that is none."""

import json
import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import lru_cache
from urllib.parse import urlsplit, urlunsplit

import certifi
import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential, wait_random

from schemas.errors import FetchError
from schemas.manifests import FeedManifest

USER_AGENT = "polyrisk/0.1 (early warning; reads public hazard, health and market feeds)"
ATTEMPTS = 4
LONGEST_WAIT_S = 60.0
"""A source that asks for more patience than this is left alone until the feed's next turn."""
LONGEST_ANSWER = 5
"""Times the manifest's time-out that a whole answer may take: a body that trickles is no better than none."""
MOST_PAGES = 200
_GROWING = wait_exponential(multiplier=0.2, max=LONGEST_WAIT_S) + wait_random(0, 1)
_HTML = (b"<!doctype html", b"<html")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Failure(StrEnum):
    """Why a fetch gave no delivery. A closed set: log and metric show the same word."""

    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    STATUS = "status"
    EMPTY = "empty"
    HTML = "html"
    CUT_OFF = "cut_off"
    TOO_LARGE = "too_large"
    CHANGED = "changed"


class FailedFetch(FetchError):
    """A fetch that gave no delivery, with the kind of failure.

    Attributes:
        failure: the kind. again: whether another try may help. wait_s: how long the source asked to wait.
    """

    def __init__(self, feed: str, failure: Failure, what: str, *, remedy: str = "", again: bool = False, wait_s: float = 0.0) -> None:
        super().__init__(what, where=f"feed {feed}", remedy=remedy)
        self.failure = failure
        self.again = again
        self.wait_s = wait_s


@dataclass(frozen=True)
class Validators:
    """What a source said of its last answer, given back to it so that it need not say the same again."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True)
class Fetched:
    """An answer.

    Attributes:
        body: none if the source says that nothing has changed (304).
        clock_ahead_s: by how much this machine's clock was ahead of the source's when it answered; none if the source did not say its time.
    """

    body: bytes | None
    validators: Validators
    clock_ahead_s: float | None = field(default=None, compare=False)


def address(manifest: FeedManifest, base_url: str | None) -> str:
    """Where the feed is asked: its own address, or the same path and query below a stand-in's."""
    return manifest.url if base_url is None else _below(manifest.feed, manifest.url, base_url)


def fetch(
    manifest: FeedManifest,
    base_url: str | None,
    validators: Validators,
    client: httpx.Client | None = None,
    *,
    attempts: int = ATTEMPTS,
) -> Fetched:
    """The feed's current answer.

    Args:
        attempts: how often a source out of breath is asked, the first time included.

    Raises:
        FailedFetch: no delivery after all tries; says why.
    """
    with client or httpx.Client(follow_redirects=True, headers={"User-Agent": USER_AGENT}, verify=_trusted()) as session:
        if manifest.pages == "next":
            return _pages(session, manifest, base_url, attempts)
        return _patiently(session, manifest, address(manifest, base_url), validators, attempts)


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """Whom we believe over TLS: read once, because reading it takes longer than most fetches."""
    return ssl.create_default_context(cafile=certifi.where())


def _patiently(session: httpx.Client, manifest: FeedManifest, url: str, validators: Validators, attempts: int) -> Fetched:
    retrying = Retrying(
        stop=stop_after_attempt(attempts),
        wait=_wait,
        retry=retry_if_exception(lambda error: isinstance(error, FailedFetch) and error.again),
        reraise=True,
    )
    return retrying(_once, session, manifest, url, validators)


def _wait(state: RetryCallState) -> float:
    """What the source asked for, else exponential with jitter."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait_s if isinstance(error, FailedFetch) else 0.0
    return min(LONGEST_WAIT_S, max(asked, _GROWING(state)))


def _once(session: httpx.Client, manifest: FeedManifest, url: str, validators: Validators) -> Fetched:
    headers = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    feed = manifest.feed
    try:
        with session.stream(
            "GET", url, headers={k: v for k, v in headers.items() if v}, timeout=manifest.timeout.total_seconds()
        ) as answer:
            ahead_s = _clock_ahead(answer.headers, datetime.now(UTC))
            if answer.status_code == httpx.codes.NOT_MODIFIED:
                return Fetched(None, validators, ahead_s)
            if answer.status_code != httpx.codes.OK:
                raise _refused(feed, answer)
            body = _bounded(answer, manifest)
            said = Validators(answer.headers.get("etag", ""), answer.headers.get("last-modified", ""))
            return Fetched(_believable(body, answer.headers.get("content-type", ""), feed), said, ahead_s)
    except httpx.TimeoutException as error:
        raise FailedFetch(feed, Failure.TIMED_OUT, f"The source did not answer within {manifest.timeout}.", again=True) from error
    except (httpx.RemoteProtocolError, httpx.DecodingError) as error:
        raise FailedFetch(feed, Failure.CUT_OFF, f"The answer was cut off: {error}.", again=True) from error
    except httpx.TooManyRedirects as error:
        raise FailedFetch(feed, Failure.STATUS, f"{error}", remedy="Look whether the source has moved.") from error
    except httpx.TransportError as error:
        raise FailedFetch(feed, Failure.UNREACHABLE, f"The source cannot be reached: {error}.", again=True) from error


def _clock_ahead(headers: httpx.Headers, here: datetime) -> float | None:
    """How far our clock is ahead of a source's, in seconds: its `Date`, and what a cache on the way says of how old the answer is."""
    age = headers.get("age", "")
    try:
        said = parsedate_to_datetime(headers.get("date", ""))
        return (here - said - timedelta(seconds=int(age) if age.isascii() and age.isdecimal() else 0)).total_seconds()
    except (TypeError, ValueError, OverflowError):  # no date, one without a zone, or an age beyond all time
        return None


def _refused(feed: str, answer: httpx.Response) -> FailedFetch:
    status = answer.status_code
    passing = status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR
    wait = _retry_after(answer)
    again = passing and wait <= LONGEST_WAIT_S
    remedy = "" if passing else "Look whether the source has moved."
    asked = f" and asked for {wait:g} s of patience" if wait else ""
    return FailedFetch(feed, Failure.STATUS, f"The source answered {status}{asked}.", remedy=remedy, again=again, wait_s=wait)


def _retry_after(answer: httpx.Response) -> float:
    text = answer.headers.get("retry-after", "")
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        asked, said = parsedate_to_datetime(text), parsedate_to_datetime(answer.headers.get("date", ""))
        return max(0.0, (asked - said).total_seconds())
    except (TypeError, ValueError):  # no dates, or one of them without a zone
        return 0.0


def _bounded(answer: httpx.Response, manifest: FeedManifest) -> bytes:
    body = bytearray()
    patience = manifest.timeout * LONGEST_ANSWER
    deadline = time.monotonic() + patience.total_seconds()
    for chunk in answer.iter_bytes():
        body += chunk
        if time.monotonic() > deadline:
            raise FailedFetch(manifest.feed, Failure.TIMED_OUT, f"The answer was not whole after {patience}.")
        if len(body) > manifest.size_limit:
            what = f"The answer is longer than {manifest.size_limit:,} bytes."
            raise FailedFetch(manifest.feed, Failure.TOO_LARGE, what, remedy="Look at it; if it is right, raise size_limit in feed.yaml.")
    return bytes(body)


def _believable(body: bytes, content_type: str, feed: str) -> bytes:
    """Bytes, and no page for people in place of data."""
    if not body.strip():
        raise FailedFetch(feed, Failure.EMPTY, "The source answered without a single byte.", again=True)
    if "text/html" in content_type or body.removeprefix(_BYTE_ORDER_MARK).lstrip()[:20].lower().startswith(_HTML):
        raise FailedFetch(feed, Failure.HTML, "The source answered with a page for people.", remedy="Open it: it may say what is wrong.")
    return body


def _pages(session: httpx.Client, manifest: FeedManifest, base_url: str | None, attempts: int) -> Fetched:
    """All pages as one JSON list of replies, up to the first empty one: some sources have a `next` on every page, the empty one too.

    Only path and query of a `next` are followed: it may name a host that we do not ask, or plain HTTP behind a proxy.
    """
    url: str | None = address(manifest, base_url)
    pages: list[object] = []
    size, ahead_s = 0, None
    while url is not None:
        answer = _patiently(session, manifest, url, Validators(), attempts)
        body, ahead_s = answer.body or b"", answer.clock_ahead_s
        size += len(body)
        page = _reply(manifest, body)
        pages.append(page)
        if size > manifest.size_limit or len(pages) > MOST_PAGES:
            what = f"The pages are longer than {manifest.size_limit:,} bytes or more than {MOST_PAGES}."
            raise FailedFetch(
                manifest.feed, Failure.TOO_LARGE, what, remedy="Look at them; if they are right, raise size_limit in feed.yaml."
            )
        following: object = page.get("next") if page.get("results") else None
        url = None if following is None else _on_our_host(manifest, str(following), base_url)
    return Fetched(json.dumps(pages).encode(), Validators(), ahead_s)


def _reply(manifest: FeedManifest, body: bytes) -> dict[str, object]:
    try:
        page = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise FailedFetch(manifest.feed, Failure.CUT_OFF, f"A page is not whole JSON: {error}.") from error
    if not isinstance(page, dict):
        raise FailedFetch(
            manifest.feed, Failure.CHANGED, "A page is no JSON object with `results`.", remedy="Read the source's documentation."
        )
    return page


def _on_our_host(manifest: FeedManifest, url: str, base_url: str | None) -> str:
    try:
        if base_url is not None:
            return _below(manifest.feed, url, base_url)
        following, own = urlsplit(url), urlsplit(manifest.url)
    except ValueError as error:
        what = f"`next` is {url!r:.80}, which is no address."
        raise FailedFetch(manifest.feed, Failure.CHANGED, what, remedy="Look at the page.") from error
    return urlunsplit((own.scheme, own.netloc, following.path, following.query, ""))


def _below(feed: str, url: str, base_url: str) -> str:
    own = urlsplit(url)
    base = urlsplit(base_url)
    return urlunsplit((base.scheme, base.netloc, f"{base.path.rstrip('/')}/{feed}{own.path}", own.query, ""))
