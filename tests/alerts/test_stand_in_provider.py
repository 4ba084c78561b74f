"""The stand-in provider: it keeps the rules and limits that Twilio has, and calls back as Twilio does."""

import asyncio
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import ClientSession, encode_basic_auth
from kannel_gateway import wait_until
from twilio.request_validator import RequestValidator

from alerts.channels.contract import Cause, Outgoing, Receipt, ReceiptState
from alerts.channels.twilio_sms import TwilioAccount, TwilioSms, receipt_of
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, Limits, StandInProcess, StandInProvider
from alerts.stand_in_provider.server import MESSAGES

TO = "+999123456789"
AUTHORIZED = {"Authorization": encode_basic_auth(ACCOUNT_SID, AUTH_TOKEN)}
Answer = tuple[int, dict[str, Any], dict[str, str]]


def asked(provider: StandInProvider, *forms: dict[str, str], at_once: bool = False) -> list[Answer]:
    """Post forms as somebody would who does not use our channel: status, content, headers of each answer."""

    async def post(session: ClientSession, form: dict[str, str]) -> Answer:
        async with session.post(provider.base_url + MESSAGES, data=form, headers=AUTHORIZED) as answer:
            return answer.status, await answer.json(), dict(answer.headers)

    async def all_of_them() -> list[Answer]:
        async with ClientSession() as session:
            if at_once:
                return await asyncio.gather(*(post(session, form) for form in forms))
            return [await post(session, form) for form in forms]

    return asyncio.run(all_of_them())


def sends(provider: StandInProvider, *messages: Outgoing, receipts: str | None = None) -> None:
    """Send by our channel."""

    async def call() -> None:
        async with TwilioSms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "Polyrisk", provider.base_url, receipts)) as channel:
            for message in messages:
                await channel.send(message)

    asyncio.run(call())


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "hello"}, 21211),
        ({"To": "0771234567"}, 21211),
        ({"To": "+998123456789"}, 21408),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1_601}, 21617),
        ({"From": ""}, 21603),
        ({"From": "TwelveLetters"}, 21212),
        ({"From": "123456789012"}, 21212),
        ({"From": "", "MessagingServiceSid": "MGnone"}, 21701),
        ({"ValidityPeriod": "0"}, 20001),
        ({"ValidityPeriod": "36001"}, 20001),
        ({"StatusCallback": "warn.example.org"}, 21609),
    ],
)
def test_what_twilio_refuses_it_refuses(change: dict[str, str], code: int) -> None:
    """Rules of which the OpenAPI says nothing: recipient, words, sender, validity, callback, country. Nothing is accepted."""
    good = {"To": TO, "From": "Polyrisk", "Body": "FLOOD", "ValidityPeriod": "60"}
    with StandInProvider(limits=Limits(closed=("+998",)), check=lambda _: []) as provider:
        (refused,) = asked(provider, {**good, **change})
        assert provider.accepted == []
        (taken,) = asked(provider, good)
    assert (refused[0], refused[1]["code"]) == (400, code)
    assert taken[0] == 201


def test_more_at_once_than_the_account_may_is_429_with_the_time_to_wait() -> None:
    """Requests beyond the limit were not processed, and say when to come again."""
    forms = [{"To": f"+999{n:09d}", "From": "Polyrisk", "Body": "FLOOD"} for n in range(40)]
    with StandInProvider(limits=Limits(a_second=10), retry_after_s=2) as provider:
        answers = asked(provider, *forms, at_once=True)
        accepted = len(provider.accepted)
    refused = [answer for answer in answers if answer[0] == 429]
    assert len(refused) == 40 - accepted
    assert 10 <= accepted <= 20  # the second may have changed once
    assert {(answer[1]["code"], answer[2]["Retry-After"]) for answer in refused} == {(20429, "2")}


def test_a_list_shows_a_message_when_it_is_old_enough() -> None:
    """As long as lists are late, what was accepted is not there; the message itself can be fetched at once."""
    now = [datetime(2026, 11, 24, 12, tzinfo=UTC)]
    message = Outgoing(TO, "FLOOD", 60, "late")

    async def found(provider: StandInProvider) -> int:
        async with TwilioSms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "Polyrisk", provider.base_url)) as channel:
            return len(await channel.look_up(message, now[0]))

    with StandInProvider(clock=lambda: now[0], lists_late=timedelta(minutes=5)) as provider:
        sends(provider, message)
        assert asyncio.run(found(provider)) == 0
        now[0] += timedelta(minutes=4, seconds=59)
        assert asyncio.run(found(provider)) == 0
        now[0] += timedelta(seconds=1)
        assert asyncio.run(found(provider)) == 1


class Hook:
    """Where callbacks come: address as it was called, form, and signature of each."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls: list[tuple[str, dict[str, str], str]] = []


@contextmanager
def hook() -> Iterator[Hook]:
    """A server on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            signature = self.headers["X-Twilio-Signature"]
            taken.calls.append((f"http://{self.headers['Host']}{self.path}", dict(parse_qsl(body)), signature))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        taken = Hook(f"http://127.0.0.1:{server.server_address[1]}/twilio_sms/receipt")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield taken
        server.shutdown()
        thread.join()


def test_callbacks_are_signed_and_bring_our_reference_back() -> None:
    """Twilio's own validator accepts them, and no longer if the address or a field was changed; we read what they say."""
    reference = "LKA:rule:LK21:1.1~s01 &=%"
    said: Sequence[tuple[str, str]] = (("sent", ""), ("undelivered", "30003"))
    with hook() as taken, StandInProvider(says=lambda _: said) as provider:
        sends(provider, Outgoing(TO, "FLOOD", 60, reference), receipts=taken.url)
        wait_until(lambda: len(taken.calls) == 2, "callbacks do not come")
        (message,) = provider.accepted
    validator = RequestValidator(AUTH_TOKEN)
    receipts = []
    for address, form, signature in taken.calls:
        assert validator.validate(address, form, signature)
        assert not validator.validate(address.replace("s01", "s02"), form, signature)
        assert not validator.validate(address, {**form, "MessageStatus": "delivered"}, signature)
        receipts.append(receipt_of(form, dict(parse_qsl(urlsplit(address).query))))
    assert receipts == [
        Receipt(reference, message.sid, ReceiptState.SENT),
        Receipt(reference, message.sid, ReceiptState.UNDELIVERED, "30003", Cause.PASSING),
    ]


def test_a_status_that_nobody_knows_is_no_receipt() -> None:
    """A new word of the provider's changes nothing."""
    assert receipt_of({"MessageSid": "SM1", "MessageStatus": "teleported"}, {"ref": "x"}) is None
    assert receipt_of({}, {}) is None


def test_callbacks_that_nobody_takes_hold_up_nothing() -> None:
    """The address does not answer: the message is accepted all the same."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/receipt"
    with StandInProvider() as provider:
        sends(provider, Outgoing(TO, "FLOOD", 60, "one"), receipts=address)
        wait_until(lambda: provider.callbacks.answers == [0, 0], "it does not try")
        assert len(provider.accepted) == 1


def test_a_resource_follows_what_was_called_back() -> None:
    """Who asks later for the message itself is told the newest status, and when it was made."""

    async def fetch(provider: StandInProvider) -> dict[str, Any]:
        address = provider.base_url + MESSAGES.replace(".json", f"/{provider.accepted[0].sid}.json")
        async with ClientSession() as session, session.get(address, headers=AUTHORIZED) as answer:
            shown: dict[str, Any] = await answer.json()
            return shown

    with hook() as taken, StandInProvider() as provider:
        sends(provider, Outgoing(TO, "FLOOD", 60, "one"), receipts=taken.url)
        wait_until(lambda: len(taken.calls) == 2, "callbacks do not come")
        shown = asyncio.run(fetch(provider))
        at = provider.accepted[0].at
    assert (shown["status"], shown["date_created"]) == ("delivered", format_datetime(at.replace(microsecond=0)))


def test_a_process_of_its_own_checks_as_many_exchanges_as_it_is_told() -> None:
    """Of 25 exchanges every tenth is held against Twilio's OpenAPI, and nothing is wrong."""

    async def call(provider: StandInProcess) -> None:
        async with TwilioSms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "Polyrisk", provider.base_url)) as channel:
            for n in range(25):
                await channel.send(Outgoing(f"+999{n:09d}", "FLOOD", 60, str(n)))

    with StandInProcess(check_every=10) as provider:
        asyncio.run(call(provider))
        assert provider.wrong == (2, [])
