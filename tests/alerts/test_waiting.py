"""Since when signatures, messages to people and messages from people wait, as Prometheus is told: an age that is not there is no zero."""

from datetime import UTC, datetime, timedelta
from math import isnan

import pytest
from alert_places import START
from event_makers import event, tell
from small_world import World
from sqlalchemy import insert, update

from alerts import stops, tables, waiting
from alerts.registry import Registry
from alerts.service import AlertService
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.levels import Level
from schemas.outputs import EventChange
from schemas.warning_records import MessageState

WALL = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def world(log: EventLog, homed: Registry, country: LoadedCountry) -> World:
    """One person, and a service that sends to nobody until a test lets it."""
    made = World(log, homed, country)
    made.service = AlertService(log, homed, country)
    made.person("Amara")
    return made


def gauge(world: World, name: str, **labels: str) -> float | None:
    """A metric of the service; none where it is not a number."""
    value = world.service.metrics.registry.get_sample_value(name, labels)
    assert value is not None, name
    return None if isnan(value) else value


def to_send(world: World, now: datetime) -> datetime | None:
    """Since when the oldest message waits that could go out."""
    with world.registry.reading() as connection:
        return waiting.looked(connection, now, WALL, stops.standing_stops(connection)).to_send


def test_what_waits_for_signatures_is_told_by_level_with_when_it_is_due(world: World) -> None:
    """Nothing waits: no number. A red proposal waits: since it was proposed, due after what the rule or the country asks for, if that is
    less. Signed: no number again."""
    world.at(0)
    assert {gauge(world, "polyrisk_unsigned_oldest_timestamp_seconds", level=level.word) for level in Level} == {None}
    world.happens(EventChange.OPENED, 1)
    (proposed,) = world.service.pending()
    assert gauge(world, "polyrisk_unsigned_oldest_timestamp_seconds", level="red") == (START + HOUR).timestamp()
    within = min(world.country.facts.sign["red"].within, _rule(world, proposed.rule))
    assert gauge(world, "polyrisk_unsigned_due_timestamp_seconds", level="red") == (START + HOUR + within).timestamp()
    assert gauge(world, "polyrisk_unsigned_oldest_timestamp_seconds", level="orange") is None
    world.sign(1.5)
    assert gauge(world, "polyrisk_unsigned_oldest_timestamp_seconds", level="red") is None
    assert gauge(world, "polyrisk_unsigned_due_timestamp_seconds", level="red") is None


def _rule(world: World, name: str) -> timedelta:
    return next(rule.sign.within for rule in world.country.configuration.rules if rule.name == name)


def test_a_message_waits_since_it_went_out_and_for_who_came_later_since_then(world: World) -> None:
    """Who joins an hour later is not told to have waited an hour."""
    assert to_send(world, START) is None
    world.happens(EventChange.OPENED, 0)
    world.sign(1)
    assert to_send(world, START + HOUR) == START + HOUR
    world.leaves("Amara")
    world.person("Bandara", joined=3)
    world.at(3)
    assert to_send(world, START + 4 * HOUR) == START + 3 * HOUR


def test_what_a_person_halted_or_the_night_holds_is_not_stuck(world: World) -> None:
    """It waits for that person, or for the morning, and from then on."""
    world.happens(EventChange.OPENED, 0)
    world.sign(1)
    with world.registry.begin() as connection:
        connection.execute(update(tables.warnings).values(wait_until=START + 5 * HOUR))
    assert to_send(world, START + 2 * HOUR) is None
    assert to_send(world, START + 6 * HOUR) == START + 5 * HOUR
    with world.registry.begin() as connection:
        stops.stop(connection, stops.ALL, "director", "wrong place", START)
    assert to_send(world, START + 6 * HOUR) is None


def test_what_is_to_be_tried_later_waits_from_then(world: World) -> None:
    """A handset that was off is left in peace for a while, and that is no queue."""
    world.happens(EventChange.OPENED, 0)
    world.sign(1)
    for put_off, since in ((WALL + HOUR, None), (WALL - HOUR, WALL - HOUR)):
        with world.registry.begin() as connection:
            connection.execute(update(tables.messages).values(not_before=put_off))
        assert to_send(world, START + HOUR) == since


def test_a_call_without_an_answer_and_a_message_nobody_answered_are_told(world: World) -> None:
    """Since the call, and since it came in; both are gone once they are answered."""
    world.happens(EventChange.OPENED, 0)
    world.sign(1)
    with world.registry.begin() as connection:
        connection.execute(update(tables.messages).values(state=MessageState.SENDING.value, attempted_at=WALL - HOUR))
        connection.execute(insert(tables.inbox).values(id="twilio:1", at=WALL - 2 * HOUR, outcome=""))
    with world.registry.reading() as connection:
        found = waiting.looked(connection, START + HOUR, WALL, ())
    assert found == waiting.Waiting(None, WALL - HOUR, WALL - 2 * HOUR)
    world.service.metrics.observe_waiting(found)
    assert gauge(world, "polyrisk_messages_oldest_timestamp_seconds", state="sending") == (WALL - HOUR).timestamp()
    assert gauge(world, "polyrisk_messages_oldest_timestamp_seconds", state="intended") is None
    assert gauge(world, "polyrisk_inbox_oldest_timestamp_seconds") == (WALL - 2 * HOUR).timestamp()
    with world.registry.begin() as connection:
        connection.execute(update(tables.inbox).values(handled_at=WALL))
    with world.registry.reading() as connection:
        assert waiting.looked(connection, START + HOUR, WALL, ()).to_answer is None


def test_sending_that_gets_on_says_when_it_last_did(log: EventLog, homed: Registry, country: LoadedCountry) -> None:
    """Before the first message nobody knows; and how many stand where is no number before it was looked at."""
    world = World(log, homed, country)
    world.service = AlertService(log, homed, country, world.telephones, wall_clock=lambda: WALL)
    world.person("Amara")
    assert gauge(world, "polyrisk_messages", state="unknown") is None
    world.happens(EventChange.OPENED, 0)
    assert gauge(world, "polyrisk_messages", state="unknown") == 0
    assert gauge(world, "polyrisk_sending_progress_timestamp_seconds") is None
    world.sign(1)
    assert gauge(world, "polyrisk_messages", state="accepted") == 1
    assert gauge(world, "polyrisk_sending_progress_timestamp_seconds") == WALL.timestamp()


def test_the_service_looks_by_itself(world: World, log: EventLog) -> None:
    """What a person has waited for is told without anybody asking; answers are counted from the start."""
    world.service.run_once(tell(log, event(EventChange.OPENED)))
    assert gauge(world, "polyrisk_answers", answer="need_help") == 0
    assert gauge(world, "polyrisk_inbox_oldest_timestamp_seconds") is None
    with world.registry.begin() as connection:
        connection.execute(insert(tables.inbox).values(id="twilio:1", at=WALL, outcome=""))
    later = AlertService(log, world.registry, world.country, member="later")
    later.run_once(START)
    assert later.metrics.registry.get_sample_value("polyrisk_inbox_oldest_timestamp_seconds") == WALL.timestamp()
