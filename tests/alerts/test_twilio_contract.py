"""Our requests and the stand-in's answers, held against Twilio's own OpenAPI: the stand-in may not teach us a dialect."""

import asyncio
import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse
from twilio_contract import MESSAGES, messages_specification

from alerts.channels.contract import Outgoing
from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, StandInProvider

BODY = "Polyrisk සිංහල தமிழ் {Koshi} €5 & more=1"
SERVICE = "MG" + "0" * 32


@dataclass(frozen=True)
class Exchange:
    """One request as it arrived, and its answer."""

    request: MockRequest
    response: MockResponse


class Recording(StandInProvider):
    """A stand-in that keeps what went over the wire."""

    def __init__(self) -> None:
        super().__init__()
        self.exchanges: list[Exchange] = []

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        answer = await super()._answer(request)
        assert isinstance(answer, web.Response)
        sent = _request(request.method, request.path, dict(request.query), dict(request.headers), body)
        content = answer.body if isinstance(answer.body, bytes) else b""
        self.exchanges.append(Exchange(sent, MockResponse(content, status_code=answer.status, content_type=answer.content_type)))
        return answer


def _request(method: str, path: str, query: dict[str, Any], headers: dict[str, Any], body: bytes) -> MockRequest:
    """The request as the specification names its parts."""
    return MockRequest(
        "https://api.twilio.com",
        method.lower(),
        path,
        path_pattern=MESSAGES,
        view_args={"AccountSid": ACCOUNT_SID},
        args=query,
        headers=headers,
        data=body or None,
        content_type=str(headers.get("Content-Type", "")),
    )


@pytest.fixture(scope="module")
def specification() -> OpenAPI:
    """Twilio's own."""
    return OpenAPI.from_dict(messages_specification())


@pytest.fixture(scope="module")
def exchanges() -> list[Exchange]:
    """What we really send, by sender and by Messaging Service, and a look-up."""

    async def call(provider: Recording) -> None:
        for sender in ("PolyriskLK", SERVICE):
            async with TwilioSms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, sender, provider.base_url)) as channel:
                message = Outgoing("+999123456789", BODY, 10**6)
                await channel.send(message)
                assert len(await channel.look_up(message, datetime.now(UTC) - timedelta(minutes=1))) > 0

    with Recording() as provider:
        asyncio.run(call(provider))
        assert {m.body for m in provider.accepted} == {BODY}
    return provider.exchanges


def test_each_request_and_answer_is_as_twilio_specifies(specification: OpenAPI, exchanges: list[Exchange]) -> None:
    """Two sends and two look-ups go over the wire, all of them valid, answers included."""
    assert [(e.request.method, e.response.status_code) for e in exchanges] == [("post", 201), ("get", 200)] * 2
    for exchange in exchanges:
        specification.validate_request(exchange.request)
        specification.validate_response(exchange.request, exchange.response)


@pytest.mark.parametrize(
    "form",
    [
        b"Body=x&From=y",
        b"To=%2B999&RiskCheck=bogus&Body=x",
        b"To=%2B999&ValidityPeriod=abc&Body=x",
        b"To=%2B999&MessagingServiceSid=XX1&Body=x",
    ],
)
def test_the_check_sees_wrong_requests(specification: OpenAPI, form: bytes) -> None:
    """A contract test that passes everything would prove nothing."""
    token = base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
    headers = {"Authorization": f"Basic {token}", "Content-Type": "application/x-www-form-urlencoded"}
    path = MESSAGES.replace("{AccountSid}", ACCOUNT_SID)
    with pytest.raises(OpenAPIError):
        specification.validate_request(_request("post", path, {}, headers, form))


@pytest.mark.parametrize(("old", "new"), [(b'"queued"', b'"teleported"'), (b'"SM0', b'"XX0'), (b'"num_media": "0"', b'"num_media": 0')])
def test_the_check_sees_wrong_answers(specification: OpenAPI, exchanges: list[Exchange], old: bytes, new: bytes) -> None:
    """A stand-in that answered something Twilio never would is found out."""
    exchange = exchanges[0]
    assert exchange.response.data is not None
    wrong = exchange.response.data.replace(old, new)
    assert wrong != exchange.response.data
    with pytest.raises(OpenAPIError):
        specification.validate_response(exchange.request, MockResponse(wrong, status_code=201, content_type="application/json"))
