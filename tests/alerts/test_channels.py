"""The contract of a way out, which every channel must keep."""

import asyncio
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from channel_contract import Place, known_places, place_of
from kannel_gateway import wait_until

from alerts.channels.contract import Channel, Outgoing, Refusal, Refused, Settings, Unanswered, known_channels, open_channel
from alerts.channels.dry import masked
from alerts.checks import findings_of
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError

CHANNELS = known_channels()
TEXTS = {
    "en": "{Koshi} ~^ €5 [now] & more=1+1 ñ@$_",
    "ne": "परीक्षण: कोशी नदीमा बाढी आउँदैछ। सुनसरी, चतरा: आज राति नौ बजेसम्म अग्लो ठाउँमा जानुहोस्। सहायता ११५५, अहिले नै",
    "si": "අත්හදා බැලීම: මහනුවර දිස්ත්‍රික්කයේ නායයෑමේ අවදානම. වහාම ආරක්ෂිත ස්ථානයකට යන්න. උදව් 117 අමතන්න",
    "ta": "சோதனை: கண்டி மாவட்டத்தில் மண்சரிவு அபாயம். உடனடியாக பாதுகாப்பான இடத்திற்கு செல்லுங்கள். உதவி 117",
    "emoji": "🌊" * 40,
}
_A = TypeVar("_A")


@pytest.fixture(scope="module", params=CHANNELS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """What is behind each channel that is found."""
    with place_of(request.param).open_place(tmp_path_factory.mktemp(request.param)) as opened:
        yield opened


def within(channel: Channel, ask: Callable[[Channel], Awaitable[_A]]) -> _A:
    """Enter a channel, ask one thing of it, and leave it."""

    async def call() -> _A:
        async with channel as entered:
            return await ask(entered)

    return asyncio.run(call())


def number(n: int) -> str:
    """One that belongs to nobody."""
    return f"+999{n:09d}"


def test_each_channel_that_is_found_is_held_against_the_contract() -> None:
    """A channel without a place to try it would be trusted for nothing."""
    assert set(CHANNELS) >= {"dry", "kannel_smpp", "twilio_sms"}
    assert known_places() == CHANNELS


def test_an_unknown_channel_is_named_with_those_that_are_known(tmp_path: Path) -> None:
    """A misspelt name in a country's file is answered with the names there are; a part of a channel is none."""
    for name in ("twillio", "contract", "_twilio_http"):
        with pytest.raises(ConfigurationError, match=f"`{name}`.*dry, kannel_smpp, twilio_sms"):
            open_channel(name, Settings("Polyrisk", {}, tmp_path))


@pytest.mark.parametrize("name", CHANNELS)
def test_what_the_environment_lacks_is_named_and_what_it_has_is_not_shown(name: str, tmp_path: Path) -> None:
    """With one secret missing the channel does not open; opened, it shows none."""
    complete = place_of(name).ENVIRONMENT
    for missing in complete:
        with pytest.raises(ConfigurationError, match=missing) as refused:
            open_channel(name, Settings("Polyrisk", {k: v for k, v in complete.items() if k != missing}, tmp_path))
        assert "very secret" not in str(refused.value)
    opened = open_channel(name, Settings("Polyrisk", complete, tmp_path))
    assert "very secret" not in "".join(map(repr, [opened, *vars(opened).values()]))


@pytest.mark.parametrize("language", TEXTS)
def test_a_text_arrives_whole_once_and_from_its_sender(place: Place, language: str) -> None:
    """In each script, over one segment and over several, as one message."""
    outgoing = Outgoing(number(1), TEXTS[language], 3_600, f"whole:{language}")
    within(place.channel(), lambda channel: channel.send(outgoing))
    wait_until(lambda: TEXTS[language] in [body for _, _, body in place.taken()], "the text does not arrive")
    (found,) = [found for found in place.taken() if found[2] == TEXTS[language]]
    assert found[:2] in [(number(1), "Polyrisk"), (masked(number(1)), "")]


def test_each_message_has_an_id_of_its_own(place: Place) -> None:
    """Many at once, each answered about itself: no two callers are given the same id."""

    async def many(channel: Channel) -> list[str]:
        sent = (channel.send(Outgoing(number(100 + n), "FLOOD", 60, f"own:{n}")) for n in range(60))
        return [accepted.provider_id for accepted in await asyncio.gather(*sent)]

    assert len(set(within(place.channel(), many))) == 60


def test_what_was_taken_is_found_or_nothing_ever_is(place: Place) -> None:
    """After a crash the same message is found under the same id, and another is not; who keeps no list says nothing of either."""
    mine, other = (Outgoing(number(2), body, 60, f"found:{body}") for body in ("taken", "never sent"))
    since = datetime.now(UTC) - timedelta(minutes=1)
    taken = within(place.channel(), lambda channel: channel.send(mine))
    assert within(place.channel(), lambda channel: channel.look_up(mine, since)) == ((taken,) if place.shows else ())
    assert within(place.channel(), lambda channel: channel.look_up(other, since)) == ()


@contextmanager
def silent_server() -> Iterator[tuple[str, list[int]]]:
    """Takes each request and closes the connection without an answer; its address, and how many came."""
    requests: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    requests.append(len(connection.recv(65_536)))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", requests
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_lost_answer_is_perhaps_and_is_asked_for_once(place: Place) -> None:
    """The provider may have taken it, so nothing is repeated."""
    if place.at is None:
        return
    with silent_server() as (url, requests):
        with pytest.raises(Unanswered):
            within(place.at(url), lambda channel: channel.send(Outgoing(number(3), "FLOOD", 60, "lost")))
        assert len(requests) == 1


def test_nobody_listening_is_surely_not_sent(place: Place) -> None:
    """A refused connection leaves no doubt."""
    if place.at is None:
        return
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(Refused) as refused:
        within(place.at(url), lambda channel: channel.send(Outgoing(number(4), "FLOOD", 60, "nobody")))
    assert refused.value.refusal is Refusal.NOT_CONNECTED


@pytest.mark.parametrize("name", CHANNELS)
def test_a_number_that_belongs_to_nobody_is_not_called(name: str, tmp_path: Path) -> None:
    """Opened as in service, a channel that reaches people refuses made-up numbers before any connection."""
    channel = open_channel(name, Settings("Polyrisk", place_of(name).ENVIRONMENT, tmp_path))
    if not channel.reaches_people:
        return
    with pytest.raises(Refused) as refused:
        within(channel, lambda entered: entered.send(Outgoing(number(5), "FLOOD", 60, "nobody's")))
    assert refused.value.refusal is Refusal.NOBODYS_NUMBER


def test_an_empty_text_reaches_nobody(place: Place) -> None:
    """A channel refuses it, or writes it where nobody is reached."""
    channel = place.channel()
    outgoing = Outgoing(number(6), "", 60, "empty")
    if not channel.reaches_people:
        return
    with pytest.raises(Refused) as refused:
        within(channel, lambda entered: entered.send(outgoing))
    assert refused.value.refusal is Refusal.BAD_TEXT


def test_no_number_stands_in_what_is_logged_or_said(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """At the most talkative level; neither in a log, nor in an error, nor in an id."""
    caplog.set_level(logging.DEBUG)
    outgoing = Outgoing(number(712_345_678), "FLOOD", 60, "quiet")
    said = [repr(outgoing), repr(within(place.channel(), lambda channel: channel.send(outgoing)))]
    said.append(repr(within(place.channel(), lambda channel: channel.look_up(outgoing, datetime.now(UTC)))))
    if place.at is not None:
        with silent_server() as (url, _), pytest.raises(Unanswered) as error:
            within(place.at(url), lambda channel: channel.send(outgoing))
        said.append(repr(error.value) + repr(error.value.__cause__))
    assert "712345678" not in caplog.text + "".join(said)
    assert "712345678" not in "".join(to for to, sender, _ in place.taken() if not sender)


def test_a_countrys_file_that_names_no_channel_of_ours_is_found(country: LoadedCountry) -> None:
    """A misspelt channel is a finding before anybody is warned, not a failure when somebody must be."""
    messaging = country.facts.messaging.model_copy(update={"channel": "twillio"})
    wrong = replace(country, facts=country.facts.model_copy(update={"messaging": messaging}))
    assert [f.check for f in findings_of(country)] == []
    assert [(f.check, f.file) for f in findings_of(wrong)] == [("unknown-channel", "countries/lka/country.yaml")]
