"""Our requests and the stand-in's answers, held against Twilio's own OpenAPI: the stand-in may not teach us a dialect."""

import asyncio
import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from alerts.channels.contract import Outgoing, Refused
from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, Mode, StandInProvider
from alerts.stand_in_provider import specification as pinned
from alerts.stand_in_provider.npm_file import PinnedFileError
from alerts.stand_in_provider.specification import ACCOUNT, Exchange, Specification

BODY = "Polyrisk සිංහල தமிழ் {Koshi} €5 & more=1"
SERVICE = "MG" + "0" * 32
MESSAGES = f"{ACCOUNT}/Messages.json"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Twilio's own, of what we use."""
    return pinned.document()


@pytest.fixture(scope="module")
def specification(document: dict[str, Any]) -> Specification:
    """The same, made ready."""
    return Specification(document)


@pytest.fixture(scope="module")
def exchanges() -> list[Exchange]:
    """What we really send, by sender and by Messaging Service, with a callback, a look-up, and the question for the balance."""
    seen: list[Exchange] = []

    def keep(exchange: Exchange) -> list[str]:
        seen.append(exchange)
        return []

    async def call(provider: StandInProvider) -> None:
        for sender, receipts in (("PolyriskLK", None), (SERVICE, "https://warn.example.org/twilio_sms/receipt")):
            account = TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, sender, provider.base_url, receipts)
            async with TwilioSms(account) as channel:
                message = Outgoing("+999123456789", BODY, 10**6, "LKA:rule:LK21:1.1~s0123")
                await channel.send(message)
                assert len(await channel.look_up(message, datetime.now(UTC) - timedelta(minutes=1))) > 0
                balance = await channel.balance()
                assert balance is not None
                assert (str(balance.amount), balance.currency) == ("100.00", "USD")

    with StandInProvider(check=keep) as provider:
        asyncio.run(call(provider))
        assert {m.body for m in provider.accepted} == {BODY}
    return seen


def test_each_request_and_answer_is_as_twilio_specifies(document: dict[str, Any], exchanges: list[Exchange]) -> None:
    """Sends, look-ups and balances go over the wire, all of them valid by a library that reads OpenAPI, answers included."""
    reader = OpenAPI.from_dict(document)
    assert [(e.method, e.status) for e in exchanges] == [("POST", 201), ("GET", 200), ("GET", 200)] * 2
    for exchange in exchanges:
        parts = urlsplit(exchange.target)
        token = base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
        request = MockRequest(
            "https://api.twilio.com",
            exchange.method.lower(),
            parts.path,
            path_pattern=parts.path.replace(ACCOUNT_SID, "{AccountSid}"),
            view_args={"AccountSid": ACCOUNT_SID},
            args=dict(parse_qsl(parts.query)),
            headers={"Authorization": f"Basic {token}"},
            data=exchange.body or None,
            content_type="application/x-www-form-urlencoded",
        )
        reader.validate_request(request)
        reader.validate_response(request, MockResponse(exchange.answer, status_code=exchange.status, content_type="application/json"))


def test_our_own_check_finds_nothing_wrong_with_them(specification: Specification, exchanges: list[Exchange]) -> None:
    """The check that every test's stand-in makes, which is fast enough for thousands, agrees."""
    assert [specification.check(exchange) for exchange in exchanges] == [[]] * len(exchanges)


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        (b"Body=x&From=y", "'To' is a required property"),
        (b"To=%2B999&RiskCheck=bogus&Body=x", "'bogus' is not one of"),
        (b"To=%2B999&ValidityPeriod=abc&Body=x", "'abc' is not of type 'integer'"),
        (b"To=%2B999&MessagingServiceSid=XX1&Body=x", "'XX1'"),
        (b"To=%2B999&SmartEncoded=maybe&Body=x", "'maybe' is not of type 'boolean'"),
        (b"To=%2B999&ValidtyPeriod=60&Body=x", "'ValidtyPeriod' was unexpected"),
    ],
)
def test_the_check_sees_wrong_requests(specification: Specification, exchanges: list[Exchange], form: bytes, wrong: str) -> None:
    """A check that passed everything would prove nothing. A misspelt option, which Twilio would ignore, is wrong too."""
    found = specification.check(replace(exchanges[0], body=form))
    assert any(wrong in what for what in found), found


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        (b'"queued"', b'"teleported"', "'teleported' is not one of"),
        (b'"SM0', b'"XX0', "does not match"),
        (b'"num_media": "0"', b'"num_media": 0', "0 is not of type 'string'"),
        (b"{", b"<", "is no JSON"),
    ],
)
def test_the_check_sees_wrong_answers(specification: Specification, exchanges: list[Exchange], old: bytes, new: bytes, wrong: str) -> None:
    """A stand-in that answered something Twilio never would is found out."""
    answer = exchanges[0].answer.replace(old, new)
    assert answer != exchanges[0].answer
    found = specification.check(replace(exchanges[0], answer=answer))
    assert any(wrong in what for what in found), found


def test_the_check_sees_what_is_no_operation(specification: Specification, exchanges: list[Exchange]) -> None:
    """A path that Twilio does not have, and an answer that no operation gives."""
    assert "no such operation" in specification.check(replace(exchanges[0], target=f"/2010-04-01/Accounts/{ACCOUNT_SID}/Texts.json"))[0]
    assert "no answer 204" in specification.check(replace(exchanges[0], status=204))[0]


def test_a_stand_in_that_saw_a_wrong_exchange_says_so_when_it_ends() -> None:
    """No test has to remember to ask."""

    async def call(provider: StandInProvider) -> None:
        async with TwilioSms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "Polyrisk", provider.base_url)) as channel:
            with pytest.raises(Refused):
                await channel.send(Outgoing("+999123456789", BODY, 60, "one"))

    def live() -> None:
        with StandInProvider(Mode.STOPPED, check=lambda _: ["nonsense"]) as provider:
            asyncio.run(call(provider))

    with pytest.raises(AssertionError, match="1 exchanges are not as Twilio specifies: nonsense"):
        live()


def test_another_document_than_the_pinned_one_is_refused(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was fetched is known by its hash, so that nobody slips us another."""
    kept = tmp_path / "twilio_api_v2010.json"
    kept.write_text("{}")
    monkeypatch.setattr(pinned, "_FILE", replace(pinned._FILE, kept=kept))
    with pytest.raises(PinnedFileError, match="not the pinned one"):
        pinned.document()
