"""Where providers call us: messages from people, and receipts. Answered at once; what follows from them is done afterwards.

Twilio signs each call; the address that it signed is made anew of what is configured, never of the request's own headers, which anybody can
write. Kannel signs nothing: it calls from this machine, with a secret, and each receipt carries a key of ours. Who is refused learns only
that, and nothing of a call is logged but the kind of an error: addresses and bodies hold telephone numbers.
"""

import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MultiDict
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import HMAC_SHA1, SIGNATURE_HEADER, RequestValidator

from alerts.channels import kannel_smpp, twilio_sms
from alerts.channels.contract import CALLBACKS, Receipt
from alerts.listening.inbound import Inbound, Pressed, inbound
from schemas.errors import ConfigurationError

INBOUND_SECRET = "POLYRISK_INBOUND_SECRET"  # noqa: S105 - the name of a variable
"""Names the secret in the address by which Kannel hands us messages."""
SECRETS = ("TWILIO_AUTH_TOKEN", "KANNEL_PASSWORD", INBOUND_SECRET)
"""The variables of which one at least must be set to listen."""
LARGEST_BODY = 16_384
"""Bytes; an SMS of ten parts with all that Twilio says beside it takes four thousand."""
MOST_FIELDS = 100
AWAKE = "1"
"""The key that an officer presses who is awake."""
TWILIO, KANNEL = "twilio_sms", "kannel_smpp"
_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
_LOOPBACK = ("127.0.0.1", "::1")
_LOG = logging.getLogger(__name__)
Handler = Callable[[Request], Awaitable[Response]]


class Takes(Protocol):
    """Who is told what came in (`alerts.listening.listener.Listener`)."""

    def receive(self, message: Inbound) -> None:
        """A message from a person; a repetition changes nothing."""
        ...

    def receipt(self, receipt: Receipt) -> None:
        """What a provider says of a message of ours; a repetition changes nothing."""
        ...

    def woken(self, reference: str, *, awake: bool) -> Pressed:
        """An officer who was called pressed a key, perhaps the one that says that they are awake. A repetition changes nothing."""
        ...


@dataclass(frozen=True)
class Doors:
    """By which secrets callbacks are let in. Without its secret a provider's addresses do not exist.

    Attributes:
        base_url: as providers reach us from outside, such as `https://warn.example.org`.
        twilio_token: the account's, by which Twilio signs. kannel_password: by which receipts were asked for.
        inbound_secret: in the address by which Kannel hands us messages.
        voices: language to the voice in which Twilio answers who pressed a key.
    """

    base_url: str
    twilio_token: str = field(default="", repr=False)
    kannel_password: str = field(default="", repr=False)
    inbound_secret: str = field(default="", repr=False)
    voices: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Doors":
        """The doors of the process's environment.

        Raises:
            ConfigurationError: it names no secret at all, Twilio's without the address that Twilio signs, or voices that cannot be read.
        """
        base = environment.get(CALLBACKS, "").rstrip("/")
        doors = cls(
            base,
            environment.get("TWILIO_AUTH_TOKEN", ""),
            environment.get("KANNEL_PASSWORD", ""),
            environment.get(INBOUND_SECRET, ""),
            twilio_sms.voices_of(environment),
        )
        if doors.twilio_token and not base:
            remedy = f"Set {CALLBACKS} to the address by which Twilio reaches us, such as https://warn.example.org."
            raise ConfigurationError("nobody said how Twilio reaches us.", where=CALLBACKS, remedy=remedy)
        if not (doors.twilio_token or doors.kannel_password or doors.inbound_secret):
            remedy = f"Set TWILIO_AUTH_TOKEN with {CALLBACKS}, or KANNEL_PASSWORD and {INBOUND_SECRET}."
            raise ConfigurationError("there is no provider to listen to.", where="listener", remedy=remedy)
        return doors


def create_app(doors: Doors, takes: Takes) -> Starlette:
    """The callbacks as an ASGI application. It is to be served without an access log."""
    calls = _Calls(doors, takes)
    routes = []
    if doors.twilio_token:
        handlers = {"message": calls.twilio_message, "receipt": calls.twilio_receipt, "woken": calls.twilio_woken}
        routes += [_route(TWILIO, name, handler, "POST") for name, handler in handlers.items()]
    if doors.inbound_secret:
        routes.append(_route(KANNEL, "message", calls.kannel_message, "GET", "POST"))
    if doors.kannel_password:
        routes.append(_route(KANNEL, "receipt", calls.kannel_receipt, "GET"))
    return Starlette(routes=routes)


def _route(channel: str, name: str, handler: Handler, *methods: str) -> Route:
    return Route(f"/{channel}/{name}", _quiet(handler), methods=list(methods))


def _quiet(handler: Handler) -> Handler:
    """Whatever goes wrong, the provider is asked to call again, and nothing of the call reaches a log."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:  # noqa: BLE001 - an error's own text may hold a number; its kind is all that may be told
            _LOG.error("a callback could not be taken in: %s", type(error).__name__)
            return Response(status_code=503)

    return handle


@dataclass(frozen=True)
class _Calls:
    doors: Doors
    takes: Takes

    async def twilio_message(self, request: Request) -> Response:
        form = await self._signed(request, f"/{TWILIO}/message")
        if isinstance(form, Response):
            return form
        message = inbound(TWILIO, form.get("MessageSid", ""), form.get("From", ""), form.get("Body", ""), form.get("OptOutType", ""))
        if message is not None:
            await run_in_threadpool(self.takes.receive, message)
        return Response(_TWIML, media_type="text/xml")

    async def twilio_receipt(self, request: Request) -> Response:
        form = await self._signed(request, f"/{TWILIO}/receipt")
        if isinstance(form, Response):
            return form
        await self._take(twilio_sms.receipt_of(form, request.query_params))
        return Response(status_code=204)

    async def twilio_woken(self, request: Request) -> Response:
        form = await self._signed(request, f"/{TWILIO}/woken")
        if isinstance(form, Response):
            return form
        reference, awake = request.query_params.get("ref", ""), form.get("Digits") == AWAKE
        pressed = await run_in_threadpool(partial(self.takes.woken, reference, awake=awake))
        return Response(twilio_sms.answered_with(pressed.words, pressed.language, self.doors.voices), media_type="text/xml")

    async def _signed(self, request: Request, path: str) -> MultiDict | Response:
        """The form, if Twilio signed it for the address that is configured; else the answer."""
        signature = request.headers.get(SIGNATURE_HEADER)
        if not signature:
            return Response(status_code=403)
        content = await _bounded(request)
        if content is None:
            return Response(status_code=413)
        form = _form(content)
        query = request.scope["query_string"].decode("ascii", errors="replace")
        url = f"{self.doors.base_url}{path}" + (f"?{query}" if query else "")
        if form is None or not RequestValidator(self.doors.twilio_token).validate(url, form, signature, HMAC_SHA1):
            return Response(status_code=403)
        return form

    async def kannel_message(self, request: Request) -> Response:
        if not _from_here(request) or not _same(request.query_params.get("secret", ""), self.doors.inbound_secret):
            return Response(status_code=403)
        content = await _bounded(request)
        if content is None:
            return Response(status_code=413)
        query = _bytes_of(request)
        number, text, coding = query.get("from", b""), query.get("text", b""), query.get("coding", b"").decode("latin-1")
        if request.method == "POST":
            number = request.headers.get("X-Kannel-From", "").encode("latin-1", errors="replace")
            text, coding = content, request.headers.get("X-Kannel-Coding", "") or coding
        identity = query.get("id", b"").decode("latin-1")
        message = inbound(KANNEL, identity, number.decode("latin-1"), _text(text, coding, request.headers.get("Content-Type", "")))
        if message is not None:
            await run_in_threadpool(self.takes.receive, message)
        return Response(status_code=200)

    async def kannel_receipt(self, request: Request) -> Response:
        receipt = kannel_smpp.receipt_of(request.query_params, self.doors.kannel_password) if _from_here(request) else None
        if receipt is None:
            return Response(status_code=403)
        await self._take(receipt)
        return Response(status_code=204)

    async def _take(self, receipt: Receipt | None) -> None:
        if receipt is not None:
            await run_in_threadpool(self.takes.receipt, receipt)


async def _bounded(request: Request) -> bytes | None:
    """The body; none if it is larger than any that a provider sends."""
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > LARGEST_BODY:
            return None
    return bytes(content)


def _form(content: bytes) -> MultiDict | None:
    """The fields of a form, those that stand in it twice included; none if it is none."""
    try:
        fields = parse_qsl(content.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    return MultiDict(fields)


def _bytes_of(request: Request) -> dict[str, bytes]:
    """The address's fields as bytes: Kannel puts a text in as its network has it."""
    try:
        fields = parse_qsl(request.scope["query_string"], keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}
    return {name.decode("latin-1"): value for name, value in fields}


def _text(content: bytes, coding: str, content_type: str) -> str:
    """A text as Kannel hands it over: UTF-16 if its coding is 2 or its type says so, else UTF-8."""
    wide = coding == "2" or "utf-16" in content_type.casefold() or "ucs-2" in content_type.casefold()
    return content.decode("utf-16-be" if wide else "utf-8", errors="replace")


def _from_here(request: Request) -> bool:
    """Whether the call comes from this machine itself, and through no proxy on it."""
    return request.client is not None and request.client.host in _LOOPBACK and "x-forwarded-for" not in request.headers


def _same(given: str, secret: str) -> bool:
    return bool(secret) and hmac.compare_digest(given.encode("utf-8", errors="replace"), secret.encode())
