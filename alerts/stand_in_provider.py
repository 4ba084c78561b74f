"""A stand-in for Twilio on this machine: stateful, with the faults that the real one can have. For demonstrations, drills and tests.

It keeps its own record of what it accepted, so that "each person exactly once" can be checked at the only place that counts.
Its requests and answers are held against Twilio's own OpenAPI in the tests.
"""

import asyncio
import base64
import json
import subprocess
import sys
import threading
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import StrEnum
from functools import lru_cache
from itertools import count
from typing import Any, Self
from urllib.parse import quote, unquote_plus

import uvloop
from aiohttp import web

from alerts.segments import measure

ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "stand-in"  # noqa: S105 - of a provider that exists on this machine alone
LONGEST_BODY = 1_600


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


_TAKEN = {Mode.OK, Mode.ACCEPT_THEN_500, Mode.ACCEPT_THEN_DROP, Mode.ACCEPT_THEN_HANG}


@dataclass(frozen=True, slots=True)
class AcceptedMessage:
    """One SMS that the provider would have delivered."""

    sid: str
    to: str
    sender: str
    body: str
    at: datetime


class StandInProvider:
    """Runs in a thread on 127.0.0.1 while the context lasts.

    Args:
        mode: how it answers each request to send; given the number of the request, from 0, if it is a function.
        clock: its wall clock. hang_s: how long a hanging answer takes. retry_after_s: what a 429 asks for.
    """

    def __init__(
        self,
        mode: Mode | Callable[[int], Mode] = Mode.OK,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        hang_s: float = 30.0,
        retry_after_s: float = 0.0,
        port: int = 0,
    ) -> None:
        self.mode = mode
        self.accepted: list[AcceptedMessage] = []
        self.requests = 0
        self.listed = 0
        self._by_recipient: dict[str, list[AcceptedMessage]] = defaultdict(list)
        self._serial = count()
        self._clock = clock
        self._hang_s = hang_s
        self._retry_after_s = retry_after_s
        self._port = port
        self._ready = threading.Event()
        self._failed: OSError | None = None
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="stand-in provider", daemon=True)

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._failed is not None:
            raise self._failed
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            runner = self._loop.run_until_complete(self._listen())
        except OSError as error:
            self._failed = error
            return
        finally:
            self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _listen(self) -> web.ServerRunner:
        runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self._port).start()
        self._port = runner.addresses[0][1]
        return runner

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/accepted":
            return web.json_response(_listed(self.accepted))
        if request.path != f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json":
            return _error(404, 20404, "The requested resource was not found")
        expected = base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            return _error(401, 20003, "Authenticate")
        if request.method == "GET":
            return self._list(request)
        return await self._create(request)

    async def _create(self, request: web.BaseRequest) -> web.StreamResponse:
        form = _form(await request.read())
        mode = self.mode(self.requests) if callable(self.mode) else self.mode
        self.requests += 1
        refusal = _refusal(form)
        if refusal is not None:
            return refusal
        if mode in _TAKEN:
            message = self._accept(form)
        if mode is Mode.OK:
            return web.Response(status=201, text=json.dumps(self._resource(message)), content_type="application/json")
        return await self._faulty(mode, request)

    async def _faulty(self, mode: Mode, request: web.BaseRequest) -> web.StreamResponse:
        match mode:
            case Mode.SLOW_DOWN:
                return _error(429, 20429, "Too Many Requests", {"Retry-After": f"{self._retry_after_s:g}"})
            case Mode.STOPPED:
                return _error(400, 21610, "Attempt to send to unsubscribed recipient")
            case Mode.UNAUTHORISED:
                return _error(401, 20003, "Authenticate")
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
        return _error(500, 20500, "Internal Server Error")

    def _accept(self, form: dict[str, str]) -> AcceptedMessage:
        message = AcceptedMessage(
            sid=f"SM{next(self._serial):032x}",
            to=form["To"],
            sender=form.get("From") or form["MessagingServiceSid"],
            body=form["Body"],
            at=self._clock(),
        )
        self.accepted.append(message)
        self._by_recipient[message.to].append(message)
        return message

    def _list(self, request: web.BaseRequest) -> web.StreamResponse:
        """The newest first, as Twilio does; one page of all that fits."""
        self.listed += 1
        to = request.query.get("To")
        size = int(request.query.get("PageSize", "50"))
        found = list(reversed(self._by_recipient[to] if to is not None else self.accepted))[:size]
        here = f"{request.path}?To={quote(to or '')}&PageSize={size}&Page=0"
        page = {
            "messages": [self._resource(m) for m in found],
            "page": 0,
            "page_size": size,
            "start": 0,
            "end": max(0, len(found) - 1),
            "first_page_uri": here,
            "next_page_uri": None,
            "previous_page_uri": None,
            "uri": here,
        }
        return web.Response(text=json.dumps(page), content_type="application/json")

    def _resource(self, message: AcceptedMessage) -> dict[str, Any]:
        created = _date(message.at.replace(microsecond=0))
        service = message.sender if message.sender.startswith("MG") else None
        path = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{message.sid}"
        return {
            "account_sid": ACCOUNT_SID,
            "api_version": "2010-04-01",
            "body": message.body,
            "date_created": created,
            "date_sent": None,
            "date_updated": created,
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": None if service else message.sender,
            "messaging_service_sid": service,
            "num_media": "0",
            "num_segments": "0" if service else _segments(message.body),
            "price": None,
            "price_unit": None,
            "sid": message.sid,
            "status": "accepted" if service else "queued",
            "subresource_uris": {"media": f"{path}/Media.json"},
            "to": message.to,
            "uri": f"{path}.json",
        }


def _listed(accepted: Sequence[AcceptedMessage]) -> dict[str, Any]:
    """For our own use. What is said to thousands is written once: 150,000 messages are 15 MB, not 250."""
    said: dict[tuple[str, str], int] = {}
    messages = [(m.sid, m.to, said.setdefault((m.sender, m.body), len(said)), m.at.isoformat()) for m in accepted]
    return {"said": list(said), "messages": messages}


def _form(content: bytes) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in content.decode().split("&"))
    return {_unquoted(name): _unquoted(value) for name, _, value in pairs if value}


@lru_cache(maxsize=1_024)
def _unquoted(text: str) -> str:
    """All but the recipient is the same for thousands of messages, so it is read once, and kept in memory once."""
    return unquote_plus(text)


@lru_cache(maxsize=256)
def _segments(body: str) -> str:
    """Counting the segments of each message anew was half of the time that one took."""
    return str(measure(body).segments)


@lru_cache(maxsize=8)
def _date(second: datetime) -> str:
    return format_datetime(second.astimezone(UTC))


def _refusal(form: dict[str, str]) -> web.Response | None:
    """What Twilio refuses whatever else is wrong with the day."""
    if not form.get("To"):
        return _error(400, 21604, "A 'To' phone number is required.")
    if not form.get("Body"):
        return _error(400, 21602, "Message body is required.")
    if len(form["Body"]) > LONGEST_BODY:
        return _error(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
    if not form.get("From") and not form.get("MessagingServiceSid"):
        return _error(400, 21603, "A 'From' phone number is required.")
    return None


def _error(status: int, code: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    content = {"code": code, "message": text, "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status}
    return web.Response(status=status, text=json.dumps(content), content_type="application/json", headers=headers)


class StandInProcess:
    """The same in a process of its own, so that many messages a second do not wait for one interpreter. Ends with its parent.

    Raises:
        OSError: it did not start.
    """

    def __init__(self) -> None:
        self.base_url = ""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "alerts.stand_in_provider"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own module
        self.base_url = self._process.stdout.readline().strip() if self._process.stdout else ""
        if not self.base_url:
            raise OSError("the stand-in provider did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()

    @property
    def pid(self) -> int:
        """Of the process, so that what it takes can be measured."""
        return self._process.pid

    @property
    def accepted(self) -> list[AcceptedMessage]:
        """What it has accepted so far."""
        with urllib.request.urlopen(f"{self.base_url}/accepted", timeout=30) as answer:  # noqa: S310 - our own address
            listed = json.load(answer)
        rows = ((sid, to, listed["said"][n], at) for sid, to, n, at in listed["messages"])
        return [AcceptedMessage(sid, to, sender, body, datetime.fromisoformat(at)) for sid, to, (sender, body), at in rows]


def main() -> None:
    """Serve until the one who started this closes our standard input."""
    with StandInProvider() as provider:
        print(provider.base_url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
