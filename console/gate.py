"""What every request passes before it comes to a page: who asks is looked up, and a form from elsewhere or from nobody goes no further.

Without a registry, or before the first administrator has signed in, whoever is on this machine reads as ever and changes nothing. From
then on reading, too, needs an account. If it cannot be known who asks, nothing is shown.

What is refused to somebody who is signed in is a step of the journal: a form that is not theirs, one that is too large, what is not
granted.
"""

import logging
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import ImmutableMultiDict, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts import journal
from alerts.journal import Step
from alerts.officers.sessions import Session, Stage
from alerts.officers.signing_in import SigningIn
from alerts.officers.visits import Visits
from console.access import ANYWHERE, TOKEN_FIELD, What, is_form_token, note_refusal, officer_of, refusal_of, require, sign_in_path
from console.interface.choosing import language_for
from console.interface.speaking import _, later, speaking
from console.lost_registry import in_one_line
from console.rendering import Pages
from console.sessions import LOOPBACK_NAMES, form_key_header, form_key_of, may_type_secrets, new_form_key, token_of
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError

WAYS_IN = frozenset({"/sign-in", "/sign-in/elsewhere", "/sign-in/back", "/second-factor", "/set-up", "/authenticator"})
"""Pages for who is not signed in yet."""
_TELEPHONE = "/account/telephone"
OWN = frozenset(
    {"/account", "/account/language", "/sign-out", _TELEPHONE, *(f"{_TELEPHONE}/{does}" for does in ("number", "code", "forget"))}
)
"""Pages of whoever is signed in, whatever is granted to them."""
_LIFE = "/healthz"
"""Answered to anybody, whatever is broken."""
_FOR_MACHINES = frozenset({"/metrics", "/readyz"})
"""Answered to programs on this machine."""
_ONLY_READ = frozenset({"GET", "HEAD", "OPTIONS"})
_FORM = "application/x-www-form-urlencoded"
MOST_BYTES, _MOST_FIELDS = 65_536, 200
_NO_TEXT = "\0"
"""No database takes it for text."""
_LONGEST_PATH = 200
"""Letters of an address that the journal keeps."""
_LOGGER = logging.getLogger(__name__)


class Gate:
    """Stands before the pages of a country.

    Args:
        signing_in: the registry's side; none if there is no registry, and so nobody who could sign in.
        visits: where it is noted that an officer looks.
    """

    def __init__(
        self, app: ASGIApp, pages: Pages, country: LoadedCountry, signing_in: SigningIn | None, visits: Visits | None = None
    ) -> None:
        self._app, self._pages, self._country, self._signing_in, self._visits = app, pages, country, signing_in, visits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        if request.url.path == _LIFE or (request.url.path in _FOR_MACHINES and _from_this_machine(request)):
            self._note(request, None)
            await self._app(scope, receive, self._with_headers(send, request, private=False))
            return
        try:
            session, closed = await run_in_threadpool(self._look, token_of(request))
        except SQLAlchemyError as error:
            _LOGGER.error("the registry cannot be read, so nobody is let in: %s", in_one_line(error))  # noqa: TRY400 - one line is enough
            refused = self._refused(
                request, 503, later("It cannot be known who asks: the registry cannot be read."), _("See the console's log.")
            )
            await refused(scope, receive, self._with_headers(send, request, private=True))
            return
        self._note(request, session)
        officer = officer_of(request)
        own = speaking(language_for(request, officer.language, self._country.facts.console_language)) if officer else nullcontext()
        with own:
            await self._answer(request, scope, receive, send, closed=closed)

    async def _answer(self, request: Request, scope: Scope, receive: Receive, send: Send, *, closed: bool) -> None:
        """Answer whoever is known by now, or let them through."""
        answer = self._answer_of_gate(request, closed=closed)
        if answer is None and _NO_TEXT in unquote(f"{request.url.path}{request.url.query}"):
            answer = self._refused(request, 400, later("The address cannot be read."), _("Go to the overview, and on from there."))
        if answer is None and request.method not in _ONLY_READ:
            receive, answer = await self._form(request, receive)
        private = closed or request.state.session is not None or request.url.path in WAYS_IN
        await (answer or self._app)(scope, receive, self._with_headers(send, request, private=private))

    def _keep_refusal(self, request: Request) -> None:
        """In the journal, if somebody is signed in: of strangers there are too many, and any of them could fill it."""
        officer = officer_of(request)
        if self._signing_in is None or officer is None:
            return
        asked = {"asked": request.method, "why": refusal_of(request)}
        try:
            with self._signing_in.registry.acting() as connection:
                now = self._signing_in.now()
                journal.write(connection, now, officer.display, "", Step.REFUSED, request.url.path[:_LONGEST_PATH], asked)
        except SQLAlchemyError as error:  # what was refused stays refused
            _LOGGER.error("a refusal could not be kept: %s", type(error).__name__)  # noqa: TRY400 - its text has the statement

    def _look(self, token: str) -> tuple[Session | None, bool]:
        if self._signing_in is None:
            return None, False
        session = self._signing_in.look(token) if token else None
        if session is not None and session.stage is Stage.FULL and self._visits is not None:
            self._visits.note(session.officer)
        return session, self._signing_in.is_closed()

    def _note(self, request: Request, session: Session | None) -> None:
        request.state.session = session
        known = session.token if session is not None else form_key_of(request)
        request.state.form_key, request.state.form_key_is_new = known or new_form_key(), not known
        request.state.form_key_used = False

    def _answer_of_gate(self, request: Request, *, closed: bool) -> Response | None:
        """What is said to who goes no further; none for who may go on."""
        path, officer = request.url.path, officer_of(request)
        if path in WAYS_IN:
            if not may_type_secrets(request):
                remedy = _("Ask for it by https; a proxy in front must pass on X-Forwarded-Proto.")
                return self._refused(request, 403, later("This page would send your password so that others can read it."), remedy)
            return None
        if request.method not in _ONLY_READ and officer is None:
            remedy = _("Sign in and try again. The first account is made on the machine: polyrisk officers first.")
            return self._refused(request, 403, later("Nothing is changed by who is not signed in."), remedy)
        if not closed:
            return None
        if officer is None:
            return RedirectResponse(sign_in_path(request), 303)
        if path in OWN:
            return None
        try:
            require(officer, What.VIEW, self._country, ANYWHERE)
        except RefusedError as error:
            note_refusal(request, error.what)
            return self._page(403, error.what, error.remedy)
        return None

    async def _form(self, request: Request, receive: Receive) -> tuple[Receive, Response | None]:
        """Read and check a form. Answers what gives its bytes out again, and what is said to one that goes no further."""
        if not _from_this_site(request):
            what = later("This form was sent from another site.")
            return receive, self._refused(request, 403, what, _("Nothing was changed. Open the console by its own address and try again."))
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            return receive, self._refused(request, 415, later("Only forms are taken here."), _("Send {type}.", type=_FORM))
        body = await _read(receive)
        if body is None:
            return receive, self._refused(
                request, 413, later("The form is too large."), _("Send at most {bytes, number} bytes.", bytes=MOST_BYTES)
            )
        try:
            fields = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=_MOST_FIELDS)
        except ValueError:
            return receive, self._refused(request, 400, later("The form cannot be read."), _("Load the page again."))
        if any(_NO_TEXT in text for field in fields for text in field):
            return receive, self._refused(request, 400, later("The form holds a character that no text has."), _("Write it anew."))
        form = ImmutableMultiDict(fields)
        if not is_form_token(request.state.form_key, form.get(TOKEN_FIELD, "")):
            what = later("This form is not one of yours, or is older than your session.")
            return receive, self._refused(request, 403, what, _("Nothing was changed. Load the page again and repeat it."))
        request.state.form = form
        return _again(body, receive), None

    def _refused(self, request: Request, status: int, what: str, remedy: str) -> Response:
        """A page; of `what`, a text marked to be translated later, the journal keeps the English."""
        note_refusal(request, what)
        return self._page(status, _(what), remedy)

    def _page(self, status: int, what: str, remedy: str) -> Response:
        return Response(self._pages.failed(what, remedy), status, media_type="text/html")

    def _with_headers(self, send: Send, request: Request, *, private: bool) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                if refusal_of(request):  # kept before it is told
                    await run_in_threadpool(self._keep_refusal, request)
                headers = MutableHeaders(scope=message)
                for name, value in self._pages.headers.items():
                    headers.setdefault(name, value)
                if private:
                    headers["cache-control"] = "no-store"
                if request.scope["state"].get("form_key_used") and request.state.form_key_is_new:
                    message["headers"].append(form_key_header(request, request.state.form_key))
            await send(message)

        return sending


def _from_this_site(request: HTTPConnection) -> bool:
    """Whether a browser says that a form came from a page of ours; one that says nothing is held against the form's token alone."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True
    parts = urlsplit(origin)
    return (parts.scheme, parts.netloc.lower()) == (request.url.scheme, request.url.netloc.lower())


def _from_this_machine(request: HTTPConnection) -> bool:
    """Whether a program beside us asks, and no proxy for somebody else."""
    passed_on = any(name in request.headers for name in ("x-forwarded-for", "forwarded"))
    return request.client is not None and request.client.host in LOOPBACK_NAMES and not passed_on


async def _read(receive: Receive) -> bytes | None:
    """The whole body; none if it is too large."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        if sum(map(len, parts)) > MOST_BYTES:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """What was read is given out once more, then whatever comes."""
    given: list[Mapping[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> Message:
        return dict(given.pop()) if given else await receive()

    return receiving
