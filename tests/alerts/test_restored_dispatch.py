"""A backup in the middle of a dispatch, everything lost, a restore: nobody gets anything twice, and everybody gets it."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alert_places import START
from installations import Installation, installation, lose, on_another_database, polyrisk
from kannel_gateway import wait_until
from postgres_server import PostgresServer
from sending import states, told_on_duty

from alerts import intents, restores, stops
from alerts.channels.contract import Accepted, Outgoing, Unanswered
from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.dispatch import GRACE, Dispatcher
from alerts.registry import REGISTRY
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, Mode, StandInProvider
from schemas.country_files import LoadedCountry

HOUSEHOLDS = 6_000
BEFORE_COPY, AFTER_COPY = 120, 250
"""So many have theirs when the backup begins, and so many more when the machine is gone."""


@pytest.fixture(params=["sqlite", "postgresql"])
def homes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """The URLs of a registry before the loss and after it, once of each kind; of a file, the folder says it."""
    monkeypatch.setenv(REGISTRY, "")
    if request.param == "sqlite":
        yield "sqlite", "sqlite"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    urls = server.database(), server.database()
    yield urls
    for url in urls:
        server.drop(url)


def sender(on: Installation, provider: StandInProvider, *, later: timedelta = timedelta()) -> Dispatcher:
    """A dispatcher by the machine's own clock, or one that is ahead of it."""
    channel = TwilioSms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "PolyriskLK", provider.base_url))
    return Dispatcher(on.registry, channel, wall_clock=lambda: datetime.now(UTC) + later, chunk=50, concurrency=4)


class Slow:
    """How a provider answers: one after the other, and so slowly while a backup is taken that it is taken in the middle."""

    def __init__(self) -> None:
        self.copied = threading.Event()

    def __call__(self, number: int) -> Mode:
        """The answer to a request."""
        time.sleep(0.002 if self.copied.is_set() or number < BEFORE_COPY else 0.05)
        return Mode.OK


def in_the_middle(on: Installation, provider: StandInProvider, copy: Callable[[], None]) -> None:
    """Send; when some have theirs, sign what waits and copy; when more have theirs, the machine stops."""
    gone, sending = threading.Event(), sender(on, provider)

    def send() -> None:
        while not gone.wait(0.01):
            sending.run(START)

    thread = threading.Thread(target=send)
    thread.start()
    wait_until(lambda: len(provider.accepted) >= BEFORE_COPY, "nothing is sent")
    copy()
    at_copy = len(provider.accepted)
    on.sign()
    wait_until(lambda: len(provider.accepted) >= at_copy + AFTER_COPY, "nothing more is sent")
    with on.registry.begin() as connection:
        stops.stop(connection, stops.ALL, "the test", "the machine is gone", START)
    gone.set()
    thread.join()


def test_nobody_gets_two_and_everybody_gets_theirs(homes: tuple[str, str], tmp_path: Path, country: LoadedCountry) -> None:
    """Of one warning many are sent, one is signed after the backup; what went out in between is found at the provider, the rest is sent."""
    state, place, new = tmp_path / "state", tmp_path / "backups", tmp_path / "new"
    keys = tmp_path / "keys.json"
    on_another_database(homes[0])
    slow = Slow()

    def copy() -> None:
        polyrisk("backup", "--state", state, "--out", place, "--keys", keys)
        slow.copied.set()

    with StandInProvider(slow) as provider:
        with installation(state, country, households=HOUSEHOLDS) as before:
            before.warn("LK21")
            before.warn("LK11", signed=False)
            with before.registry.reading() as connection:
                first = sum(intents.counts(connection).values())
            in_the_middle(before, provider, copy)
            in_the_gap = len(provider.accepted)
            with before.registry.reading() as connection:
                everybody = sum(intents.counts(connection).values())
            assert first < everybody
            assert in_the_gap < everybody
        lose(state)
        on_another_database(homes[1])
        (backup,) = place.glob("2*")
        said = json.loads(polyrisk("restore", backup, "--state", new, "--keys", keys, "--apply", "--json"))
        assert said["restored"] is True
        assert said["in_doubt"]["unsigned"] == 1
        assert said["in_doubt"]["waiting"] > 0
        with installation(new, country) as after:
            assert 0 < states(after.registry)["accepted"] < in_the_gap
            after.sign()
            sender(after, provider, later=GRACE).run(START)
            assert len(provider.accepted) == in_the_gap  # halted: looked up, and nothing sent
            polyrisk("dispatch", "resume", "--by", "Nimal", "--why", "seen at the provider", "--state", new)
            sender(after, provider, later=GRACE).run(START + timedelta(hours=1))  # by now it is late, and would say so
            assert states(after.registry) == {"accepted": everybody}
            assert len(provider.accepted) == everybody
            assert set(Counter(sent.to for sent in provider.accepted).values()) == {1}


def test_a_restored_registry_is_halted_and_says_why(tmp_path: Path, country: LoadedCountry) -> None:
    """From the first moment: the halt and the notice are in it before any part of the installation could open it."""
    state, place, new = tmp_path / "state", tmp_path / "backups", tmp_path / "new"
    with installation(state, country, households=50) as before:
        before.warn("LK11")
        polyrisk("backup", "--state", state, "--out", place, "--keys", tmp_path / "keys.json")
    (backup,) = place.glob("2*")
    shown = polyrisk("restore", backup, "--state", new, "--keys", tmp_path / "keys.json", "--apply")
    assert "HALTED" in shown
    assert "halted by polyrisk restore" in polyrisk("dispatch", "status", "--state", new)
    with installation(new, country) as after:
        (notice,) = told_on_duty(after.registry, restores.RESTORED)
        assert notice.startswith("restored from a backup of ")


def test_what_was_halted_before_stays_halted(tmp_path: Path, country: LoadedCountry) -> None:
    """A halt of all in the backup is the halt of the restored one: resuming once is enough, and the notice says the rest."""
    state, place, new = tmp_path / "state", tmp_path / "backups", tmp_path / "new"
    with installation(state, country, households=50) as before:
        with before.registry.begin() as connection:
            stops.stop(connection, stops.ALL, "Duty", "wrong river", START)
        polyrisk("backup", "--state", state, "--out", place, "--keys", tmp_path / "keys.json")
    (backup,) = place.glob("2*")
    polyrisk("restore", backup, "--state", new, "--keys", tmp_path / "keys.json", "--apply")
    with installation(new, country) as after:
        with after.registry.reading() as connection:
            assert [halt.why for halt in stops.standing_stops(connection)] == ["wrong river"]
        assert len(told_on_duty(after.registry, restores.RESTORED)) == 1


def test_a_provider_that_cannot_be_asked_is_sent_nothing(tmp_path: Path, country: LoadedCountry) -> None:
    """What cannot be looked up waits, however often it is tried; asked again later, it goes out once."""
    with installation(tmp_path / "state", country, households=100) as on:
        on.warn("LK11")
        with on.registry.begin() as connection:
            restores.begin(connection, datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC))
            stops.resume(connection, stops.ALL, "Nimal", "seen", datetime.now(UTC))
        with StandInProvider() as provider:
            deaf = Deaf(provider)
            Dispatcher(on.registry, deaf).run(START)
            assert deaf.asked > 0
            assert len(provider.accepted) == 0
            number = states(on.registry)["intended"]
            sender(on, provider, later=timedelta(minutes=10)).run(START)
            assert len(provider.accepted) == number
            assert states(on.registry) == {"accepted": number}


def test_two_days_after_a_restore_nothing_is_looked_up_any_more(tmp_path: Path, country: LoadedCountry) -> None:
    """What was signed in the gap is over or was signed anew by then; each message costs one call again."""
    with installation(tmp_path / "state", country, households=100) as on, StandInProvider() as provider:
        on.warn("LK11")
        with on.registry.begin() as connection:
            restores.begin(connection, datetime.now(UTC) - timedelta(days=3), datetime.now(UTC))
            stops.resume(connection, stops.ALL, "Nimal", "seen", datetime.now(UTC))
        sender(on, provider, later=restores.DOUBT + timedelta(minutes=1)).run(START)
        assert states(on.registry) == {"accepted": len(provider.accepted)}
        assert provider.listed == 0


class Deaf(TwilioSms):
    """A channel whose list of messages does not answer."""

    def __init__(self, provider: StandInProvider) -> None:
        super().__init__(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "PolyriskLK", provider.base_url))
        self.asked = 0

    async def look_up(self, message: Outgoing, since: datetime) -> tuple[Accepted, ...]:
        """Nobody knows."""
        self.asked += 1
        raise Unanswered("no list")
