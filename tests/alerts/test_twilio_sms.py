"""SMS through Twilio: none of the measured defects of the stock client is ours, and each fault has one of three outcomes."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from alerts.channels.contract import Accepted, Outgoing, Refusal, Refused, Unanswered
from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, Mode, StandInProcess, StandInProvider

TO = "+999123456789"


def _account(provider: StandInProvider, token: str = AUTH_TOKEN) -> TwilioAccount:
    return TwilioAccount(ACCOUNT_SID, token, "PolyriskLK", provider.base_url)


def _send(provider: StandInProvider, *, timeout_s: float = 5.0, token: str = AUTH_TOKEN, to: str = TO) -> Accepted | Refused | Unanswered:
    async def call() -> Accepted | Refused | Unanswered:
        async with TwilioSms(_account(provider, token), timeout_s=timeout_s) as channel:
            try:
                return await channel.send(Outgoing(to, "FLOOD", 3_600))
            except (Refused, Unanswered) as outcome:
                return outcome

    return asyncio.run(call())


@pytest.mark.parametrize(
    ("mode", "outcome", "accepted"),
    [
        (Mode.OK, Accepted, 1),
        (Mode.SLOW_DOWN, Refusal.SLOW_DOWN, 0),
        (Mode.STOPPED, Refusal.STOPPED, 0),
        (Mode.UNAUTHORISED, Refusal.UNAUTHORISED, 0),
        (Mode.ACCEPT_THEN_500, Unanswered, 1),
        (Mode.ACCEPT_THEN_DROP, Unanswered, 1),
        (Mode.ACCEPT_THEN_HANG, Unanswered, 1),
        (Mode.HANG, Unanswered, 0),
        (Mode.HTML_502, Unanswered, 0),
        (Mode.NOT_MODIFIED, Unanswered, 0),
    ],
)
def test_each_fault_is_one_request_and_one_of_three_outcomes(mode: Mode, outcome: object, accepted: int) -> None:
    """Taken, surely not, or perhaps; one call is one request whatever happens, so nobody gets two."""
    with StandInProvider(mode, hang_s=2.0) as provider:
        got = _send(provider, timeout_s=0.5)
    assert (got.refusal if isinstance(got, Refused) else type(got)) is outcome
    assert (provider.requests, len(provider.accepted)) == (1, accepted)


@pytest.mark.parametrize("content", ['{"sid": "SM', "[1, 2]", '"SM1"', "<html>", "", "{}", '{"sid": "SM1", "to": "+999000000001"}'])
def test_a_success_that_makes_no_sense_is_perhaps(content: str) -> None:
    """A 201 or 200 that is no JSON, no object, or about nobody or somebody else, says nothing about our message."""

    class Babbling(StandInProvider):
        async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(status=201 if request.method == "POST" else 200, text=content, content_type="application/json")

    async def look_up(provider: StandInProvider) -> tuple[Accepted, ...]:
        async with TwilioSms(_account(provider)) as channel:
            return await channel.look_up(Outgoing(TO, "FLOOD", 60), datetime.now(UTC))

    with Babbling() as provider:
        assert isinstance(_send(provider), Unanswered)
        if not content.startswith('{"sid": "SM1"'):
            with pytest.raises(Unanswered):
                asyncio.run(look_up(provider))


def test_nothing_listening_is_surely_not_sent() -> None:
    """A refused connection is no doubt: the message can be sent later."""
    with StandInProvider() as provider:
        account = _account(provider)

    async def call() -> None:
        async with TwilioSms(account) as channel:
            await channel.send(Outgoing(TO, "FLOOD", 60))

    with pytest.raises(Refused) as refused:
        asyncio.run(call())
    assert refused.value.refusal is Refusal.NOT_CONNECTED


def test_retry_after_is_kept() -> None:
    """When the provider says how long to wait, we know it; the stock client drops it."""
    with StandInProvider(Mode.SLOW_DOWN, retry_after_s=3) as provider:
        got = _send(provider)
    assert isinstance(got, Refused)
    assert got.retry_after_s == 3.0


def test_each_caller_gets_the_answer_about_its_own_message() -> None:
    """Of 300 calls at once, each is given the id of the message to its own recipient; the stock client mixed up 296."""

    async def call(provider: StandInProvider) -> dict[str, str]:
        numbers = [f"+999{n:09d}" for n in range(300)]
        async with TwilioSms(_account(provider), connections=50) as channel:
            taken = await asyncio.gather(*(channel.send(Outgoing(n, "FLOOD", 60)) for n in numbers))
        return {number: accepted.provider_id for number, accepted in zip(numbers, taken, strict=True)}

    with StandInProvider() as provider:
        answers = asyncio.run(call(provider))
    assert answers == {m.to: m.sid for m in provider.accepted}


@pytest.mark.parametrize("mode", [Mode.OK, Mode.STOPPED, Mode.HTML_502, Mode.ACCEPT_THEN_DROP])
def test_no_number_stands_in_any_log_or_error(mode: Mode, caplog: pytest.LogCaptureFixture) -> None:
    """At the most talkative level, neither log nor error holds a number; the stock client logs it at INFO."""
    caplog.set_level(logging.DEBUG)

    async def call(provider: StandInProvider) -> list[str]:
        said = []
        async with TwilioSms(_account(provider)) as channel:
            for action in (channel.send(Outgoing(TO, "FLOOD", 60)), channel.look_up(Outgoing(TO, "FLOOD", 60), datetime.now(UTC))):
                try:
                    said.append(repr(await action))
                except (Refused, Unanswered) as error:
                    said.append(repr(error) + repr(error.__cause__))
        return said

    with StandInProvider(mode) as provider:
        said = asyncio.run(call(provider))
    assert TO[1:] not in caplog.text + "".join(said) + repr(Outgoing(TO, "FLOOD", 60))
    assert AUTH_TOKEN not in caplog.text + repr(_account(provider)).replace("auth_token", "")


def test_nobodys_number_never_leaves_this_machine() -> None:
    """A made-up number is refused before any connection, unless the channel is pointed at a stand-in here."""

    async def call(base_url: str | None) -> None:
        async with TwilioSms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "PolyriskLK", base_url)) as channel:
            await channel.send(Outgoing(TO, "FLOOD", 60))

    for base_url in (None, "https://api.twilio.com", "http://127.0.0.1.example.org"):
        with pytest.raises(Refused) as refused:
            asyncio.run(call(base_url))
        assert refused.value.refusal is Refusal.NOBODYS_NUMBER


def test_surroundings_do_not_change_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """TWILIO_REGION and TWILIO_EDGE would rewrite the address, a stand-in's too."""
    monkeypatch.setenv("TWILIO_REGION", "au1")
    monkeypatch.setenv("TWILIO_EDGE", "singapore")
    with StandInProvider() as provider:
        assert isinstance(_send(provider), Accepted)


def test_what_was_taken_is_found_by_recipient_time_and_body() -> None:
    """A look-up finds our message, and neither another text, nor another person's, nor one of an earlier day."""
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    clock = [now - timedelta(days=1)]

    async def call(provider: StandInProvider) -> list[int]:
        async with TwilioSms(_account(provider)) as channel:
            await channel.send(Outgoing(TO, "FLOOD", 60))
            clock[0] = now
            await channel.send(Outgoing(TO, "FLOOD", 60))
            await channel.send(Outgoing(TO, "ALL CLEAR", 60))
            found = [
                await channel.look_up(Outgoing(to, body, 60), now)
                for to, body in ((TO, "FLOOD"), (TO, "OTHER"), ("+999000000001", "FLOOD"))
            ]
        return [len(f) for f in found]

    with StandInProvider(clock=lambda: clock[0]) as provider:
        assert asyncio.run(call(provider)) == [1, 0, 0]


def test_a_stand_in_in_a_process_of_its_own_tells_what_it_took() -> None:
    """Each message with its recipient, sender, words and time, in their order, repeated words included."""

    async def call(provider: StandInProcess) -> None:
        for sender, body in (("PolyriskLK", "FLOOD"), ("PolyriskLK", "නියඟය + வெள்ளம்"), ("MG" + "0" * 32, "FLOOD"), ("PolyriskLK", "FLOOD")):
            async with TwilioSms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, sender, provider.base_url)) as channel:
                await channel.send(Outgoing(TO, body, 60))

    begun = datetime.now(UTC)
    with StandInProcess() as provider:
        asyncio.run(call(provider))
        accepted = provider.accepted
    assert [(m.sender[:2], m.body) for m in accepted] == [("Po", "FLOOD"), ("Po", "නියඟය + வெள்ளம்"), ("MG", "FLOOD"), ("Po", "FLOOD")]
    assert {m.to for m in accepted} == {TO}
    assert len({m.sid for m in accepted}) == 4
    assert begun <= accepted[0].at <= accepted[-1].at <= datetime.now(UTC)
