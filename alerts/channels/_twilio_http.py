"""The HTTP client that Twilio's library is given instead of its own.

Its own asynchronous client ignores its time-out, can send one message three times (`max_retries`), can hand one caller the answer
meant for another, drops Retry-After, and logs telephone numbers. This one has an explicit time-out and a bounded pool, never
repeats a POST, keeps nothing between calls, logs nothing, and sorts every answer into taken, not taken, or perhaps.
"""

import json
import logging
from functools import lru_cache
from urllib.parse import quote_plus

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    TCPConnector,
    encode_basic_auth,
)
from aiohttp.payload import BytesPayload
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

from alerts.channels.contract import Refusal, Refused, Unanswered

_SILENT = logging.getLogger("polyrisk.twilio")

REFUSED = {
    10001: Refusal.SUSPENDED,
    20003: Refusal.UNAUTHORISED,
    20005: Refusal.SUSPENDED,
    20429: Refusal.SLOW_DOWN,
    21211: Refusal.INVALID_NUMBER,
    21408: Refusal.COUNTRY_CLOSED,
    21602: Refusal.BAD_TEXT,
    21610: Refusal.STOPPED,
    21611: Refusal.SLOW_DOWN,
    21612: Refusal.NOT_ROUTABLE,
    21614: Refusal.NOT_MOBILE,
    21617: Refusal.BAD_TEXT,
    21635: Refusal.NOT_MOBILE,
    90010: Refusal.SUSPENDED,
}
"""Twilio's error codes, from its error dictionary; a code not listed is OTHER and is counted."""


class SafeHttpClient(AsyncHttpClient):  # type: ignore[misc]  # twilio ships no types
    """Must be made inside a running event loop, and closed.

    Args:
        connections: calls that may be under way at once.
        timeout_s: for one call as a whole.
    """

    def __init__(self, connections: int, timeout_s: float) -> None:
        super().__init__(_SILENT, True, timeout_s)
        self._session = ClientSession(
            connector=TCPConnector(limit=connections),
            timeout=ClientTimeout(total=timeout_s, connect=timeout_s / 2),
            cookie_jar=DummyCookieJar(),
        )

    async def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002 - Twilio's signature; ours is set once, above
        allow_redirects: bool = False,  # noqa: ARG002 - a POST is never sent on to another address
    ) -> Response:
        """Call once.

        Raises:
            Refused: the provider, or the lack of a connection, says that nothing was taken.
            Unanswered: nobody knows.
        """
        try:
            async with self._session.request(
                method,
                uri,
                params=_plain(params),
                data=BytesPayload(_form(data)) if data else None,
                headers={**(headers or {}), **({"Authorization": encode_basic_auth(*auth)} if auth else {})},
                allow_redirects=False,
            ) as answer:
                return _sorted(answer, await answer.text("utf-8"))
        except (ClientConnectorError, ConnectionTimeoutError):
            raise Refused(Refusal.NOT_CONNECTED) from None
        except (TimeoutError, ClientError, UnicodeDecodeError) as error:
            raise Unanswered(type(error).__name__) from None

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()


def _form(data: dict[str, object]) -> bytes:
    """Only the recipient is quoted for each message, and never kept."""
    fields = ((name, str(one)) for name, value in data.items() for one in (value if isinstance(value, list) else (value,)))
    return "&".join((_quoted if name == "To" else _quoted_once)(name, value) for name, value in fields).encode()


def _quoted(name: str, value: str) -> str:
    return f"{quote_plus(name)}={quote_plus(value)}"


@lru_cache(maxsize=64)
def _quoted_once(name: str, value: str) -> str:
    """Body, sender and options are the same for thousands of people; quoting them anew was a tenth of the time a message took."""
    return _quoted(name, value)


def _plain(params: dict[str, object] | None) -> dict[str, str] | None:
    return {name: str(value) for name, value in params.items()} if params else None


def _sorted(answer: ClientResponse, text: str) -> Response:
    """The answer if it is a plain success; else what it means. The error's own text is dropped: it may hold a number.

    A success that begins as an object is read by Twilio's library, once: what is no JSON raises ValueError there.
    """
    if 200 <= answer.status < 300 and text.lstrip().startswith("{"):
        return Response(answer.status, text, answer.headers)
    if answer.status == 429:
        raise Refused(Refusal.SLOW_DOWN, code="20429", retry_after_s=_seconds(answer.headers.get("Retry-After")))
    code = _code(text)
    if 400 <= answer.status < 500 and code is not None:
        raise Refused(REFUSED.get(code, Refusal.OTHER), code=str(code), retry_after_s=_seconds(answer.headers.get("Retry-After")))
    if answer.status == 401:
        raise Refused(Refusal.UNAUTHORISED, code="401")
    raise Unanswered(f"HTTP {answer.status}")


def _code(text: str) -> int | None:
    try:
        content = json.loads(text)
    except ValueError:
        return None
    code = content.get("code") if isinstance(content, dict) else None
    return code if isinstance(code, int) else None


def _seconds(header: str | None) -> float | None:
    """Retry-After in seconds; a date, which Twilio does not use, is left to our own back-off."""
    try:
        return max(0.0, float(header)) if header is not None else None
    except ValueError:
        return None
