"""Whatever comes in, the listener stands: no error of ours, no 500, and nothing of a number anywhere (the suite's search looks on).

POLYRISK_MUTATIONS asks for another number of spoilt messages and calls.
"""

import base64
import hmac
import os
import random
import unicodedata
from collections import Counter
from hashlib import sha1
from urllib.parse import parse_qsl, quote_plus

import pytest
from listening_world import World
from provider_client import provider_client

from alerts.listening.inbox import FAILED
from alerts.listening.keywords import Meaning, place_words, vocabulary
from alerts.listening.understanding import understood
from alerts.listening.webhooks import Doors, create_app
from alerts.registry import Registry
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry

MUTATIONS = int(os.environ.get("POLYRISK_MUTATIONS", "400"))
BASE, TOKEN, SECRET = "https://warn.example.org", "of Twilio", "of the way in"
STATUSES = ("queued", "sent", "delivered", "undelivered", "failed", "teleported", "")
ODD = [
    "\u0000",
    "\u200b",
    "\u202e",
    "\ufffd",
    "\U0001f4a7",
    "०",
    "২",
    "٣",
    "é",
    "e\u0301",
    "%",
    "&",
    "=",
    ";",
    "<b>",
    "'",
    "\n",
    " ",
    "9" * 30,
    "+",
]


def words() -> list[str]:
    """What people may mean to write."""
    known = vocabulary()
    reports = [f"{word} {count}" for word in known.reports for count in ("", "2", "০৫", "2 Kandy")]
    return [*known.whole, *(f"{word} Kandy" for word in known.opening), *reports, "1", "2", "please help", ""]


def spoilt(chance: random.Random, text: str) -> str:
    """A text with up to six things done to it that telephones, networks and people do."""
    for _ in range(chance.randint(0, 6)):
        at = chance.randrange(len(text) + 1)
        match chance.randrange(8):
            case 0:
                text = text[:at] + chance.choice(ODD) + text[at:]
            case 1:
                text = text[:at] + text[at + 1 :]
            case 2:
                text = text[:at] + text[:at]
            case 3:
                text = chance.choice([text.upper(), text.lower(), text.swapcase()])
            case 4:
                text = unicodedata.normalize(chance.choice(["NFC", "NFD", "NFKC", "NFKD"]), text)
            case 5:
                text = text[:at] + chr(chance.choice([*range(32, 0x3000), *range(0xFE00, 0xFFFE)])) + text[at:]
            case 6:
                text = text[::-1]
            case _:
                text = text + " " + chance.choice(words())
        text = text[:3_000]
    return text


def test_spoilt_messages_are_understood_or_not_and_nothing_else(country: LoadedCountry) -> None:
    """Each has one meaning of the closed set; a place is one of the country's, a count one that can be."""
    chance, places, said = random.Random(7), place_words(country.places), Counter[Meaning]()
    for _ in range(MUTATIONS):
        found = understood(spoilt(chance, chance.choice(words())), places)
        assert found.place == "" or found.place in country.places.areas
        assert 0 <= found.count <= 500
        said[found.meaning] += 1
    assert sum(said.values()) == MUTATIONS
    assert said[Meaning.UNSURE] > 0
    assert said[Meaning.STOP] > 0


def test_stop_survives_what_telephones_do_to_it(country: LoadedCountry) -> None:
    """Every stop word of every language, with invisible characters, spaces, another case and another form, still stops."""
    chance, places = random.Random(8), place_words(country.places)
    stops = [word for of_one in vocabulary().by_language.values() for word in of_one.stop]
    for _ in range(MUTATIONS):
        word = chance.choice([str.upper, str.lower, str.title])(unicodedata.normalize(chance.choice(["NFC", "NFD"]), chance.choice(stops)))
        at = chance.randrange(len(word) + 1)
        word = chance.choice(["", " ", "\u200b", "\n", "."]) + word[:at] + chance.choice(["", "\u200b", "\u00ad", "\ufeff"]) + word[at:]
        assert understood(word + chance.choice(["", "  ", "!", "\r\n"]), places).meaning is Meaning.STOP, ascii(word)


@pytest.mark.anyio
async def test_spoilt_calls_change_nothing_and_break_nothing(log: EventLog, registry: Registry, country: LoadedCountry) -> None:
    """Signed or not, whole or cut off, repeated and out of order: each is answered by a 2xx or 4xx, and each message is handled once."""
    world, chance, answers = World(log, registry, country), random.Random(9), Counter[int]()
    numbers = [f"+99920000{n:04d}" for n in range(12)]
    for number in numbers[:8]:
        world.person(number, language=chance.choice(["en", "si", "ta"]))
    app = create_app(Doors(BASE, TOKEN, "of Kannel", SECRET), world.listener)
    async with provider_client(app, BASE) as client:
        for serial in range(MUTATIONS):
            path, content = _call(chance, numbers, serial)
            url = f"{BASE}{path}"
            signed = chance.random() < 0.7
            signature = _signature(url, content) if signed else spoilt(chance, "c2lnbmF0dXJl").encode("utf-8", "replace")
            if chance.random() < 0.3:
                content = _cut(chance, content)
            headers = {"X-Twilio-Signature": signature.replace(b"\n", b"").replace(b"\r", b"").replace(b"\x00", b"")}
            headers["Content-Type"] = chance.choice(
                [b"application/x-www-form-urlencoded", b"application/json", b"text/plain; charset=utf-16"]
            )
            for _ in range(chance.choice([1, 1, 1, 2])):
                answer = await client.request(chance.choice(["POST", "POST", "GET"]), path, content=content, headers=headers)
                answers[answer.status_code] += 1
            if serial % 25 == 0:
                world.later(hours=2)
                world.listener.process(world.now)
    world.listener.process(world.now)
    assert {status // 100 for status in answers} <= {2, 4}, answers
    assert answers[403] > 0
    assert answers[200] > 0
    with registry.reading() as connection:
        outcomes = Counter(row[0] for row in connection.exec_driver_sql("SELECT outcome FROM inbox"))
        open_ones = connection.exec_driver_sql("SELECT count(*) FROM inbox WHERE handled_at IS NULL").scalar_one()
    assert (open_ones, outcomes[FAILED]) == (0, 0)
    assert sum(outcomes.values()) > 0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def _call(chance: random.Random, numbers: list[str], serial: int) -> tuple[str, bytes]:
    """An address and a body as a provider, or somebody who plays one, may send them."""
    number, text = chance.choice(numbers), spoilt(chance, chance.choice(words()))
    identity = f"SM{chance.choice([serial, serial // 3, chance.randrange(50)]):032d}"
    match chance.randrange(4):
        case 0:
            fields = {
                "MessageSid": identity,
                "MessageStatus": chance.choice(STATUSES),
                "To": number,
                "ErrorCode": chance.choice(["", "30003", "x"]),
            }
            return f"/twilio_sms/receipt?ref={quote_plus(spoilt(chance, 'w1.1~p0001'), errors='replace')}", _form(fields)
        case 1:
            query = f"secret={quote_plus(SECRET)}&id={identity}&coding={chance.choice(['', '0', '2', 'x'])}"
            return f"/kannel_smpp/message?{query}&from={quote_plus(number)}&text={quote_plus(text, errors='replace')}", text.encode(
                "utf-8", "replace"
            )
        case 2:
            return f"/kannel_smpp/receipt?ref=w1.1~p0001&key={identity}&type={chance.choice(['1', '8', 'x'])}", b""
        case _:
            opt_out = chance.choice(["", "", "", "STOP", "HELP", "odd"])
            fields = {"MessageSid": identity, "From": chance.choice([number, spoilt(chance, number)]), "Body": text, "OptOutType": opt_out}
            return "/twilio_sms/message", _form(fields)


def _form(fields: dict[str, str]) -> bytes:
    return "&".join(f"{name}={quote_plus(value, errors='replace')}" for name, value in fields.items()).encode()


def _signature(url: str, content: bytes) -> bytes:
    """As Twilio signs, over the fields as a form's reader sees them."""
    fields = sorted(set(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True)))
    text = url + "".join(name + value for name, value in fields)
    return base64.b64encode(hmac.new(TOKEN.encode(), text.encode(), sha1).digest())


def _cut(chance: random.Random, content: bytes) -> bytes:
    """The end is missing, a byte is another, or all is far too long."""
    if not content:
        return b"\xff" * chance.randrange(40)
    at = chance.randrange(len(content))
    return chance.choice([content[:at], content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :], content * 40])
