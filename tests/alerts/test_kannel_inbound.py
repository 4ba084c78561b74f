"""What people write, through a real Kannel: it reaches the listener whole, is answered once, and a repetition changes nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn
from alert_places import country_without_feeds
from kannel_gateway import PASSWORD, USER, Kannel, Operator, free_port, wait_until
from sqlalchemy import select
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.channels.kannel_smpp import KannelAccount, KannelSmpp
from alerts.dispatch import Dispatcher
from alerts.listening.inbox import one
from alerts.listening.listener import Listener
from alerts.listening.webhooks import Doors, create_app
from alerts.people.keys import Keys
from alerts.people.person import Consent, Enrolment
from alerts.registry import Registry
from alerts.tables import inbox, messages
from eventlog.log import open_log

SECRET = "of-the-address"
NUMBER = "+999000000077"
AREA = "NP0324"


@dataclass
class Wavering:
    """Our webhooks behind a connection that may break after we have taken a call, so that Kannel believes that we have not.

    Attributes:
        breaks: how many of the next calls are taken and not acknowledged. seen: the query of each call.
    """

    app: ASGIApp
    breaks: int = 0
    seen: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call."""
        self.seen.append(scope["query_string"].decode())
        lost = self.breaks > 0
        self.breaks -= lost

        async def answer(message: Message) -> None:
            await send({**message, "status": 503} if lost and message["type"] == "http.response.start" else message)

        await self.app(scope, receive, answer)


@dataclass
class Place:
    """A country behind Kannel: people write to its number and are answered."""

    registry: Registry
    listener: Listener
    operator: Operator
    webhooks: Wavering
    channel: KannelSmpp

    def outcomes(self) -> list[str]:
        """What became of each message that came in, once each was looked at."""
        self.listener.process(datetime.now(UTC))
        with self.registry.reading() as connection:
            return list(connection.execute(select(inbox.c.outcome).order_by(inbox.c.place)).scalars())

    def answered(self) -> list[str]:
        """The texts that the person's telephone got, after all that waits was sent."""
        Dispatcher(self.registry, self.channel).run(datetime.now(UTC))
        with self.registry.reading() as connection:
            intended = len(connection.execute(select(messages.c.message)).all())
        wait_until(lambda: len(self.operator.texts()) >= intended, "an answer does not arrive")
        return [text for _, to, text in self.operator.texts() if NUMBER.endswith(to)]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A household of Nepal, a Kannel bound to an operator, and our webhooks."""
    country = country_without_feeds("npl")
    with ExitStack() as stack:
        registry = Registry(f"sqlite:///{tmp_path}/registry.sqlite", Keys.load(tmp_path / "keys", create=True))
        stack.callback(registry.close)
        registry.enrol_synthetic(
            [("s1", Enrolment(NUMBER, AREA, "ne", "household", Consent(datetime(2026, 1, 1, tzinfo=UTC), "v1", "office")))]
        )
        log = stack.enter_context(closing(open_log(f"sqlite:///{tmp_path}/log.sqlite")))
        listener = Listener(log, registry, country)
        webhooks = Wavering(create_app(Doors("", "", PASSWORD, SECRET), listener))
        url = _served(stack, webhooks)
        operator = stack.enter_context(Operator(free_port()))
        kannel = stack.enter_context(Kannel(tmp_path, operator.port, f"{url}/kannel_smpp/message?secret={SECRET}"))
        channel = KannelSmpp(KannelAccount(kannel.url, USER, PASSWORD, "PolyriskNP", stands_in=True))
        yield Place(registry, listener, operator, webhooks, channel)


def _served(stack: ExitStack, app: ASGIApp) -> str:
    """Serve on loopback until the stack is closed; answers the address."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    stack.callback(bound.close)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    stack.callback(thread.join)
    stack.callback(setattr, server, "should_exit", True)
    wait_until(lambda: server.started, "the webhooks are not served")
    return f"http://127.0.0.1:{bound.getsockname()[1]}"


def test_a_keyword_and_a_nepali_word_reach_us_whole_and_are_answered(place: Place) -> None:
    """HELP in GSM-7 and the Nepali word for STOP in UCS-2 are understood, each is answered in Nepali, and after STOP nothing more goes."""
    place.operator.writes(NUMBER, "Help")
    wait_until(lambda: place.outcomes() == ["help"], "the keyword does not come")
    assert len(place.answered()) == 1
    place.operator.writes(NUMBER, "बन्द")
    wait_until(lambda: place.outcomes() == ["help", "stop"], "the Nepali word does not come")
    first, goodbye = place.answered()
    assert "वडा कार्यालय" in first
    assert goodbye != first
    place.operator.writes(NUMBER, "Help")
    wait_until(lambda: place.outcomes() == ["help", "stop", "stranger"], "the third message does not come")
    assert place.answered() == [first, goodbye]


def test_what_kannel_hands_over_twice_is_done_once(place: Place) -> None:
    """We take a message and the answer to Kannel is lost: it hands the same one over again, under the same identity, and nothing happens
    twice; the same words written anew are another message."""
    place.webhooks.breaks = 1
    place.operator.writes(NUMBER, "Help")
    wait_until(lambda: len(place.webhooks.seen) == 2, "Kannel does not try again")
    assert place.webhooks.seen[0] == place.webhooks.seen[1]
    assert place.outcomes() == ["help"]
    assert len(place.answered()) == 1
    place.operator.writes(NUMBER, "Help")
    wait_until(lambda: place.outcomes() == ["help", "help"], "the second message does not come")
    assert len(place.answered()) == 2
    assert len(set(place.webhooks.seen)) == 2


def test_a_long_nepali_message_comes_as_one(place: Place) -> None:
    """Written in two parts, it reaches a person on duty with every letter, and its writer gets one example."""
    said = "हाम्रो गाउँमा पानी घर भित्र पस्यो र बाटो बन्द छ, पुल पनि बगायो, बूढाबूढी र केटाकेटी छानामा छन्, छिटो डुङ्गा पठाउनुहोस्"
    place.operator.writes(NUMBER, said)
    wait_until(lambda: place.outcomes() == ["unsure"], "the message does not come")
    with place.registry.reading() as connection:
        identity = connection.execute(select(inbox.c.id)).scalar_one()
    assert one(place.registry, identity).text == said
    assert len(place.answered()) == 1
