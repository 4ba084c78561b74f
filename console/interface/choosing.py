"""In which language a request is answered: the one that its reader chose, else one that the browser asks for, else the country's, else
English. A choice is an ordinary link (`?lang=ne`) and is kept in a cookie that says nothing else; no script has to run.

Of whoever is signed in it is a setting of the account, by which they are woken too, so there the country's comes before the browser's: a
waking has no browser to ask.
"""

from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.interface.catalogues import SOURCE, catalogues
from console.interface.speaking import speaking
from console.sessions import is_secure

COOKIE, ASKED = "polyrisk_language", "lang"
"""The cookie, and what an address asks with."""
_YEAR_S = 365 * 24 * 3600
_READING = frozenset({"GET", "HEAD"})
Keep = Callable[[Request, str], None]
"""Keeps a choice in the account of whoever made it, if they are signed in."""


class ChoosesLanguage:
    """Stands before an application: answers a choice, and has everything behind it speak the language of whoever asks.

    Args:
        default: of the country, for who has chosen nothing and whose browser asks for none; empty for English.
        keep: is given a choice that was made on a page of ours; none where there are no accounts.
    """

    def __init__(self, app: ASGIApp, default: str = "", keep: Keep | None = None) -> None:
        self._app, self._default, self._keep = app, default, keep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request in a language."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        chosen = request.query_params.get(ASKED, "")
        if chosen in catalogues() and request.method in _READING:
            if self._keep is not None and _is_pressed(request):
                await run_in_threadpool(self._keep, request, chosen)
            await _kept(request, chosen)(scope, receive, send)
            return
        with speaking(language_of(request, self._default)):
            await self._app(scope, receive, _saying(send))


def language_of(request: Request, default: str = "") -> str:
    """The language in which a request of nobody who is known is answered."""
    kept = request.cookies.get(COOKIE, "")
    if kept in catalogues():
        return kept
    return _asked_for(request) or (default if default in catalogues() else SOURCE)


def language_for(request: Request, own: str, default: str = "") -> str:
    """The language in which a request of somebody who is signed in is answered.

    Args:
        own: the account's; empty if they chose none.
    """
    wished = (own, request.cookies.get(COOKIE, ""), default)
    return next((tag for tag in wished if tag in catalogues()), "") or _asked_for(request) or SOURCE


def _asked_for(request: Request) -> str:
    """What the browser asks for most of what is offered; empty if it asks for none of it."""
    for tag in _accepted(request.headers.get("accept-language", "")):
        found = next((one for one in (tag, tag.partition("-")[0]) if one in catalogues()), None)
        if found is not None:
            return found
    return ""


def _is_pressed(request: Request) -> bool:
    """Whether a person pressed the link on a page of ours, or typed the address: what another site leads to changes no account."""
    if request.method != "GET" or "prefetch" in request.headers.get("sec-purpose", ""):
        return False
    site = request.headers.get("sec-fetch-site", "")
    if site:
        return site in ("same-origin", "none")
    before = urlsplit(request.headers.get("referer", ""))
    return (before.scheme, before.netloc) == (request.url.scheme, request.url.netloc)


def _accepted(header: str) -> list[str]:
    """The tags of an Accept-Language header, the most wanted first; what cannot be read, or is not wanted, is left out."""
    found = []
    for part in header[:400].split(","):
        tag, _, quality = part.strip().partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=")) if quality else 1.0
        except ValueError:
            continue
        if tag and 0 < weight <= 1:
            found.append((weight, tag.strip().lower()))
    return [tag for _, tag in sorted(found, key=lambda one: -one[0])]


def _kept(request: Request, chosen: str) -> Response:
    """Back to the page that the choice was made on, as it was shown, in the language chosen from now on."""
    response = RedirectResponse(_page_shown(request), 303, headers={"cache-control": "no-store"})
    response.set_cookie(COOKIE, chosen, max_age=_YEAR_S, httponly=True, samesite="lax", secure=is_secure(request))
    return response


def _page_shown(request: Request) -> str:
    """The address without the choice. The link on a page names only the choice; what else stood in the page's address, as the moment that
    was looked at, a browser says by itself of a page of ours."""
    path = "/" + request.url.path.lstrip("/\\")  # two strokes would name another site
    before = urlsplit(request.headers.get("referer", ""))
    ours = (before.scheme, before.netloc, before.path) == (request.url.scheme, request.url.netloc, request.url.path)
    asked = parse_qsl(before.query if ours else request.url.query, keep_blank_values=True)
    query = urlencode([(name, value) for name, value in asked if name != ASKED], safe=":/")
    return path + (f"?{query}" if query else "")


def _saying(send: Send) -> Send:
    """An answer says that another language would have been another answer."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name in ("Accept-Language", "Cookie"):
                headers.add_vary_header(name)
        await send(message)

    return sending
