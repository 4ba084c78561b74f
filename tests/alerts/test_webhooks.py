"""Where providers call us: only what Twilio signed, or Kannel sends from this machine, is let in, and nothing of a call is told on."""

import base64
import hmac
import logging
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from provider_client import provider_client

from alerts.channels.contract import Receipt, ReceiptState, referred
from alerts.channels.kannel_smpp import KannelAccount, KannelSmpp
from alerts.listening.inbound import Inbound, Pressed
from alerts.listening.webhooks import LARGEST_BODY, Doors, create_app
from schemas.errors import ConfigurationError

NUMBER = "+999100000001"
BASE = "https://warn.example.org"
TOKEN, PASSWORD, SECRET = "of Twilio", "of Kannel", "of the way in"
DOORS = Doors(BASE, TOKEN, PASSWORD, SECRET)
MESSAGE = {"MessageSid": "SM1", "From": NUMBER, "To": "12345", "Body": "STOP", "NumMedia": "0"}


@dataclass
class Taken:
    """Remembers what was let in."""

    messages: list[Inbound] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    broken: str = ""

    def receive(self, message: Inbound) -> None:
        if self.broken:
            raise RuntimeError(self.broken)
        self.messages.append(message)

    def receipt(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)

    def woken(self, reference: str, *, awake: bool) -> Pressed:
        return Pressed(f"{reference} {awake}", "en", ours=True)


@pytest.fixture
def taken() -> Taken:
    return Taken()


@dataclass
class Provider:
    """Calls the application as a provider does."""

    taken: Taken
    doors: Doors = DOORS
    host: str = "127.0.0.1"

    async def call(self, method: str, path: str, **how: Any) -> httpx.Response:
        async with provider_client(create_app(self.doors, self.taken), "http://10.0.0.7:8460", self.host) as client:
            return await client.request(method, path, **how)

    async def twilio(self, path: str, form: dict[str, str], *, signature: str | bytes | None = None, **headers: str) -> httpx.Response:
        signed = signature if signature is not None else sign(f"{BASE}{path}", form)
        content = urlencode(form).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signed}
        return await self.call("POST", path, content=content, headers={**kind, **headers})


@pytest.fixture
def provider(taken: Taken) -> Provider:
    return Provider(taken)


def sign(url: str, form: dict[str, str], token: str = TOKEN, how: Any = sha1) -> str:
    """As Twilio's documentation says: the address, then each field's name and value in the order of names."""
    text = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), how).digest()).decode()


pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_signed_message_is_let_in(provider: Provider, taken: Taken) -> None:
    """The address is that of the configuration: the one of the request is another, as behind every proxy."""
    answer = await provider.twilio("/twilio_sms/message", MESSAGE)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert taken.messages == [Inbound("twilio_sms:SM1", NUMBER, "STOP")]


async def test_what_twilio_took_it_for_is_read(provider: Provider, taken: Taken) -> None:
    """Its OptOutType comes along."""
    await provider.twilio("/twilio_sms/message", {**MESSAGE, "OptOutType": "STOP"})
    assert taken.messages[0].opt_out == "STOP"


@pytest.mark.parametrize(
    "forged",
    ["", "x", "é", sign(f"{BASE}/twilio_sms/message", MESSAGE, token="another"), sign("https://evil.example/twilio_sms/message", MESSAGE)],
)
async def test_a_wrong_signature_is_refused(forged: str, provider: Provider, taken: Taken) -> None:
    """With 403 and nothing else."""
    answer = await provider.twilio("/twilio_sms/message", MESSAGE, signature=forged.encode())
    assert (answer.status_code, answer.content, taken.messages) == (403, b"", [])


async def test_a_missing_signature_is_refused(provider: Provider, taken: Taken) -> None:
    """Twilio's own library would fail with a 500."""
    answer = await provider.call("POST", "/twilio_sms/message", data=MESSAGE)
    assert (answer.status_code, taken.messages) == (403, [])


async def test_the_request_cannot_choose_how_it_is_checked(provider: Provider, taken: Taken) -> None:
    """Neither another algorithm nor another host is believed, whatever the headers say."""
    path = "/twilio_sms/message"
    better = sign(f"{BASE}{path}", MESSAGE, how=sha256)
    settings = {"X-Twilio-Webhooks-Signature-Settings": "key=k,algorithm=HMAC_SHA256"}
    assert (await provider.twilio(path, MESSAGE, signature=better, **settings)).status_code == 403
    other = sign(f"https://evil.example{path}", MESSAGE)
    assert (
        await provider.twilio(path, MESSAGE, signature=other, Host="evil.example", **{"X-Forwarded-Host": "evil.example"})
    ).status_code == 403
    assert taken.messages == []


async def test_a_changed_field_is_refused(provider: Provider, taken: Taken) -> None:
    """A signature is of all fields; one added, doubled or changed breaks it."""
    path = "/twilio_sms/message"
    signature = sign(f"{BASE}{path}", MESSAGE)
    for form in ({**MESSAGE, "Body": "START"}, {**MESSAGE, "OptOutType": "STOP"}, {k: v for k, v in MESSAGE.items() if k != "To"}):
        assert (await provider.twilio(path, form, signature=signature)).status_code == 403
    doubled = urlencode([*MESSAGE.items(), ("Body", "START")]).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
    assert (await provider.call("POST", path, content=doubled, headers=headers)).status_code == 403
    assert taken.messages == []


async def test_a_receipt_carries_our_reference_and_it_is_signed(provider: Provider, taken: Taken) -> None:
    """Nobody can put another message's reference into the address."""
    form = {"MessageSid": "SM7", "MessageStatus": "delivered", "To": NUMBER, "From": "PolyriskLK"}
    path = referred("/twilio_sms/receipt", "w1.1~LKA-h000001")
    assert (await provider.twilio(path, form)).status_code == 204
    assert taken.receipts == [Receipt("w1.1~LKA-h000001", "SM7", ReceiptState.DELIVERED)]
    swapped = referred("/twilio_sms/receipt", "w1.1~LKA-h000002")
    assert (await provider.twilio(swapped, form, signature=sign(f"{BASE}{path}", form))).status_code == 403
    assert len(taken.receipts) == 1


async def test_an_unknown_status_changes_nothing(provider: Provider, taken: Taken) -> None:
    """A status that Twilio may add one day is no error."""
    assert (await provider.twilio("/twilio_sms/receipt", {"MessageSid": "SM7", "MessageStatus": "teleported"})).status_code == 204
    assert taken.receipts == []


async def test_a_body_too_large_is_not_read_on(provider: Provider, taken: Taken) -> None:
    """Nobody fills our memory; the limit is far above ten parts of an SMS."""
    answer = await provider.twilio("/twilio_sms/message", {**MESSAGE, "Body": "x" * LARGEST_BODY})
    assert (answer.status_code, taken.messages) == (413, [])
    whole = {**MESSAGE, "Body": "බ" * 670}
    assert (await provider.twilio("/twilio_sms/message", whole)).status_code == 200
    assert taken.messages[0].body == "බ" * 670


@pytest.mark.parametrize(
    "field", [{"From": "PolyriskLK"}, {"From": "whatsapp:+999100000001"}, {"MessageSid": ""}, {"MessageSid": "x" * 500}]
)
async def test_what_is_no_message_of_a_telephone_is_passed_over(field: dict[str, str], provider: Provider, taken: Taken) -> None:
    """It is signed, so it is answered as in order, but nobody wrote it."""
    assert (await provider.twilio("/twilio_sms/message", {**MESSAGE, **field})).status_code == 200
    assert taken.messages == []


async def test_a_failure_of_ours_asks_for_another_call_and_tells_no_number(
    provider: Provider, taken: Taken, caplog: pytest.LogCaptureFixture
) -> None:
    """The provider calls again on a 503; of the error only its kind reaches the log."""
    taken.broken = f"cannot store {NUMBER}"
    with caplog.at_level(logging.DEBUG):
        answer = await provider.twilio("/twilio_sms/message", MESSAGE)
    assert (answer.status_code, answer.content) == (503, b"")
    assert "RuntimeError" in caplog.text
    assert NUMBER not in caplog.text
    assert NUMBER[1:] not in caplog.text


async def test_kannel_hands_over_messages_with_a_secret_from_this_machine(provider: Provider, taken: Taken) -> None:
    """By its get-url, in UTF-8 or as the network's UTF-16, or by its post-url, where number and words stand in no address."""
    way = f"/kannel_smpp/message?secret={quote(SECRET)}&from={quote(NUMBER)}"
    assert (await provider.call("GET", f"{way}&id=k1&text=STOP")).status_code == 200
    wide = "".join(f"%{byte:02X}" for byte in "बन्द".encode("utf-16-be"))
    assert (await provider.call("GET", f"{way}&id=k2&coding=2&text={wide}")).status_code == 200
    headers = {"X-Kannel-From": NUMBER, "Content-Type": "text/plain; charset=UTF-8"}
    post = f"/kannel_smpp/message?secret={quote(SECRET)}&id=k3"
    assert (await provider.call("POST", post, content="වතුර 2".encode(), headers=headers)).status_code == 200
    headers["X-Kannel-Coding"] = "2"
    assert (await provider.call("POST", post.replace("k3", "k4"), content="නව".encode("utf-16-be"), headers=headers)).status_code == 200
    assert [(m.id, m.body) for m in taken.messages] == [
        ("kannel_smpp:k1", "STOP"),
        ("kannel_smpp:k2", "बन्द"),
        ("kannel_smpp:k3", "වතුර 2"),
        ("kannel_smpp:k4", "නව"),
    ]


@pytest.mark.parametrize("secret", ["", "wrong", SECRET[:-1]])
async def test_kannel_without_the_secret_is_refused(secret: str, provider: Provider, taken: Taken) -> None:
    """And so is who knows it, from another machine or through a proxy on this one."""
    path = f"/kannel_smpp/message?from={quote(NUMBER)}&id=k1&text=STOP&secret="
    assert (await provider.call("GET", path + quote(secret))).status_code == 403
    assert (await Provider(taken, host="203.0.113.9").call("GET", path + quote(SECRET))).status_code == 403
    assert (await provider.call("GET", path + quote(SECRET), headers={"X-Forwarded-For": "203.0.113.9"})).status_code == 403
    assert taken.messages == []


async def test_kannels_receipts_carry_a_key_of_ours(provider: Provider, taken: Taken) -> None:
    """The address that a message was sent with is let in, another reference with its key is not."""
    sender = KannelSmpp(
        KannelAccount("http://127.0.0.1:1", "polyrisk", PASSWORD, "PolyriskNP", "http://127.0.0.1:8460/kannel_smpp/receipt")
    )
    asked = sender._receipt_url("/kannel_smpp/receipt", "w1.1~s1").replace("%%", "%").replace("%d", "1").replace("%A", "")
    assert (await provider.call("GET", asked)).status_code == 204
    assert (await provider.call("GET", asked.replace("s1", "s2"))).status_code == 403
    assert [(r.reference, r.state) for r in taken.receipts] == [("w1.1~s1", ReceiptState.DELIVERED)]


async def test_without_its_secret_a_provider_has_no_address(taken: Taken) -> None:
    """What is not configured is not there."""
    bare = Provider(taken, Doors(BASE, TOKEN))
    assert (await bare.call("GET", "/kannel_smpp/message?secret=&from=1&id=1&text=STOP")).status_code == 404
    assert (await Provider(taken, Doors("", "", PASSWORD)).call("POST", "/twilio_sms/message", data=MESSAGE)).status_code == 404


def test_the_environment_must_say_how_twilio_reaches_us() -> None:
    """A token without an address could check nothing; no secret at all is nothing to listen to."""
    with pytest.raises(ConfigurationError, match="nobody said how Twilio reaches us"):
        Doors.of({"TWILIO_AUTH_TOKEN": TOKEN})
    with pytest.raises(ConfigurationError, match="no provider to listen to"):
        Doors.of({})
    assert "of Twilio" not in repr(Doors.of({"TWILIO_AUTH_TOKEN": TOKEN, "POLYRISK_CALLBACK_URL": f"{BASE}/"}))
