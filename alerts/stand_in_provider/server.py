"""The stand-in's server: what it answers, rightly or with a fault."""

import asyncio
import base64
import json
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import unquote_plus

import uvloop
from aiohttp import web

from alerts.stand_in_provider.book import AcceptedMessage, Book
from alerts.stand_in_provider.callbacks import ARRIVES, Callbacks, Said
from alerts.stand_in_provider.calls import CallBook, MadeCall, refusal_of_call
from alerts.stand_in_provider.rules import ACCOUNT, ACCOUNT_SID, AUTH_TOKEN, NO_LIMITS, TOO_MANY, Error, Gate, Limits, refusal

if TYPE_CHECKING:
    from alerts.stand_in_provider.specification import Exchange

Check = Callable[["Exchange"], list[str]]
MESSAGES = f"{ACCOUNT}/Messages.json"
_MESSAGE = f"{ACCOUNT}/Messages/"
_BALANCE = f"{ACCOUNT}/Balance.json"
_CALLS = f"{ACCOUNT}/Calls.json"
_AUTHORIZATION = "Basic " + base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()


class Mode(StrEnum):
    """How it answers a request to send."""

    OK = "ok"
    SLOW_DOWN = "429"
    STOPPED = "21610"
    ACCEPT_THEN_500 = "accept_then_500"
    ACCEPT_THEN_DROP = "accept_then_drop"
    ACCEPT_THEN_HANG = "accept_then_hang"
    HANG = "hang"
    HTML_502 = "html502"
    NOT_MODIFIED = "304"
    UNAUTHORISED = "20003"
    SUSPENDED = "20005"


_TAKEN = {Mode.OK, Mode.ACCEPT_THEN_500, Mode.ACCEPT_THEN_DROP, Mode.ACCEPT_THEN_HANG}
_ERRORS = {
    Mode.STOPPED: Error(400, 21610, "Attempt to send to unsubscribed recipient"),
    Mode.UNAUTHORISED: Error(401, 20003, "Authenticate"),
    Mode.SUSPENDED: Error(403, 20005, "Account not active"),
}


class StandInProvider:
    """Runs in a thread on 127.0.0.1 while the context lasts.

    Args:
        mode: how it answers each request to send; given the number of the request, from 0, if it is a function.
        clock: its wall clock. hang_s: how long a hanging answer takes. retry_after_s: what a 429 asks for.
        limits: of the account. lists_late: how long after it was accepted a list of messages shows one.
        says: the statuses that are called back for each message that asks for them. balance: on the account, in dollars.
        presses: the key that who is called presses, if they are asked for one. call_mode: how it answers a request to call.
        check: what is wrong with an exchange, by Twilio's OpenAPI. check_every: of how many exchanges one is checked.

    Attributes:
        checks_all: what `check` is if none is given; the tests set it for all of them.
    """

    checks_all: ClassVar[Check | None] = None

    def __init__(
        self,
        mode: Mode | Callable[[int], Mode] = Mode.OK,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        hang_s: float = 30.0,
        retry_after_s: float = 0.0,
        limits: Limits = NO_LIMITS,
        lists_late: timedelta = timedelta(),
        says: Callable[[AcceptedMessage], Sequence[Said]] = lambda _: ARRIVES,
        balance: str = "100.00",
        presses: Callable[[MadeCall], str] = lambda _: "",
        call_mode: Mode = Mode.OK,
        check: Check | None = None,
        check_every: int = 1,
        port: int = 0,
    ) -> None:
        self.mode = mode
        self.balance = balance
        self.requests = 0
        self.listed = 0
        self.checked = 0
        self.wrong: list[str] = []
        self.book = Book(lists_late)
        self.callbacks = Callbacks(says)
        self.calls = CallBook(lists_late, presses)
        self.call_mode = call_mode
        self.gate = Gate(limits)
        self._limits = limits
        self._clock = clock
        self._hang_s = hang_s
        self._retry_after_s = retry_after_s
        self._check = check or type(self).checks_all
        self._check_every = check_every
        self._exchanges = 0
        self._port = port
        self._ready = threading.Event()
        self._failed: OSError | None = None
        self._loop = uvloop.new_event_loop()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, name="stand-in provider", daemon=True)

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def accepted(self) -> list[AcceptedMessage]:
        """What it has accepted so far."""
        return self.book.accepted

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._failed is not None:
            raise self._failed
        return self

    def __exit__(self, raised: type[BaseException] | None, *_: object) -> None:
        """End.

        Raises:
            AssertionError: an exchange was not as Twilio specifies.
        """
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        if self.wrong and raised is None:
            raise AssertionError(f"{len(self.wrong)} exchanges are not as Twilio specifies: {'; '.join(self.wrong[:3])}")

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._live())
        except OSError as error:
            self._failed = error
        finally:
            self._ready.set()
            self._loop.close()

    async def _live(self) -> None:
        runner = web.ServerRunner(web.Server(self._exchange, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self._port).start()
        self._port = runner.addresses[0][1]
        async with self.callbacks.open():
            self._ready.set()
            await self._ended.wait()
        await runner.cleanup()

    async def _exchange(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer, and hold request and answer against the specification."""
        body = await request.read()
        answer = await self._answer(request, body)
        if self._check is not None and isinstance(answer, web.Response) and request.path.startswith(ACCOUNT):
            self._exchanges += 1
            if self._exchanges % self._check_every == 0:
                self._judge(request, body, answer)
        return answer

    def _judge(self, request: web.BaseRequest, body: bytes, answer: web.Response) -> None:
        from alerts.stand_in_provider.specification import Exchange

        said = answer.body if isinstance(answer.body, bytes) else b""
        assert self._check is not None  # noqa: S101 - asked above
        self.checked += 1
        self.wrong += self._check(Exchange(request.method, request.path_qs, body, answer.status, said))

    async def _answer(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        path = request.path
        if path == "/accepted":
            return web.json_response(self.book.for_ourselves())
        if path == "/checked":
            return web.json_response({"checked": self.checked, "wrong": self.wrong})
        if request.headers.get("Authorization") != _AUTHORIZATION and path.startswith("/2010-04-01/Accounts/"):
            return _error(Error(401, 20003, "Authenticate"))
        if path == MESSAGES:
            return self._list(request) if request.method == "GET" else await self._create(request, body)
        if path == _CALLS and request.method == "GET":
            size = int(request.query.get("PageSize", "50"))
            return _json(200, self.calls.page(request.query.get("To"), size, path, self._clock()))
        if path == _CALLS:
            return await self._call(request, _form(body))
        if path == _BALANCE:
            return _json(200, {"account_sid": ACCOUNT_SID, "balance": self.balance, "currency": "USD"})
        found = self.book.find(path.removeprefix(_MESSAGE).removesuffix(".json")) if path.startswith(_MESSAGE) else None
        if found is not None and request.method == "GET":
            return _json(200, self.book.resource(found))
        return _error(Error(404, 20404, "The requested resource was not found"))

    async def _create(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        form = _form(body)
        mode = self.mode(self.requests) if callable(self.mode) else self.mode
        self.requests += 1
        with self.gate as within_limits:
            if not within_limits:
                return self._too_many()
            refused = refusal(form, self._limits)
            if refused is not None:
                return _error(refused)
            if mode in _TAKEN:
                message = self._accept(form)
            if mode is Mode.OK:
                return _json(201, self.book.resource(message))
            return await self._faulty(mode, request)

    async def _call(self, request: web.BaseRequest, form: dict[str, str]) -> web.StreamResponse:
        refused = refusal_of_call(form)
        if refused is not None:
            return _error(refused)
        if self.call_mode not in _TAKEN:
            return await self._faulty(self.call_mode, request)
        call = self.calls.make(form, self._clock())
        pressed = self.calls.pressed(call)
        if pressed is not None:
            self.callbacks.press(*pressed)
        return _json(201, self.calls.resource(call)) if self.call_mode is Mode.OK else await self._faulty(self.call_mode, request)

    def _accept(self, form: dict[str, str]) -> AcceptedMessage:
        message = self.book.accept(form, self._clock())
        address = form.get("StatusCallback")
        if address is not None:
            self.callbacks.send(message, address, self.book.says)
        return message

    async def _faulty(self, mode: Mode, request: web.BaseRequest) -> web.StreamResponse:
        match mode:
            case Mode.SLOW_DOWN:
                return self._too_many()
            case Mode.STOPPED | Mode.UNAUTHORISED | Mode.SUSPENDED:
                return _error(_ERRORS[mode])
            case Mode.HTML_502:
                return web.Response(status=502, text="<html><h1>Bad Gateway</h1></html>", content_type="text/html")
            case Mode.NOT_MODIFIED:
                return web.Response(status=304)
            case Mode.HANG | Mode.ACCEPT_THEN_HANG:
                await asyncio.sleep(self._hang_s)
            case Mode.ACCEPT_THEN_DROP if request.transport is not None:
                request.transport.close()
            case _:
                pass
        return _error(Error(500, 20500, "Internal Server Error"))

    def _too_many(self) -> web.Response:
        return _error(TOO_MANY, {"Retry-After": f"{self._retry_after_s:g}"})

    def _list(self, request: web.BaseRequest) -> web.StreamResponse:
        self.listed += 1
        size = int(request.query.get("PageSize", "50"))
        return _json(200, self.book.page(request.query.get("To"), size, request.path, self._clock()))


def _form(content: bytes) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in content.decode().split("&"))
    return {_unquoted(name): _unquoted(value) for name, _, value in pairs if value}


@lru_cache(maxsize=1_024)
def _unquoted(text: str) -> str:
    """All but the recipient is the same for thousands of messages, so it is read once, and kept in memory once."""
    return unquote_plus(text)


def _json(status: int, content: dict[str, Any]) -> web.Response:
    return web.Response(status=status, text=json.dumps(content), content_type="application/json")


def _error(error: Error, headers: dict[str, str] | None = None) -> web.Response:
    more = f"https://www.twilio.com/docs/errors/{error.code}"
    content = {"code": error.code, "message": error.text, "more_info": more, "status": error.status}
    return web.Response(status=error.status, text=json.dumps(content), content_type="application/json", headers=headers)
