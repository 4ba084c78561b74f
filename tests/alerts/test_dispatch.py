"""Sent once: whatever the provider does and whenever we die, nobody gets two and nobody gets none, or it is counted as unknown."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from alert_places import START
from event_makers import event, tell
from sending import Intend, Wall, dispatcher, doubled, states
from sqlalchemy.event import listen

from alerts import intents
from alerts.dispatch import GRACE
from alerts.registry import Registry
from alerts.service import AlertService
from alerts.stand_in_provider import Mode, StandInProvider
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.levels import Level
from schemas.outputs import EventChange


def test_most_at_risk_first(intend: Intend, registry: Registry, wall: Wall) -> None:
    """The gravest level goes out before the others. One call at a time: of those under way at once, any may arrive first."""
    intend(400, Level.ORANGE, ("LK92", "LK21"))
    with registry.begin() as connection:
        connection.exec_driver_sql("UPDATE messages SET priority = 3 WHERE area = 'LK92'")
    with StandInProvider(clock=wall) as provider:
        dispatcher(registry, provider, wall, at_once=1).run(START)
    order = ["කෑගල්ල" in m.body or "கேகாலை" in m.body or "Kegalle" in m.body for m in provider.accepted]
    assert order == sorted(order, reverse=True)
    assert 0 < sum(order) < len(order)


def test_the_next_chunk_is_read_from_the_front_of_the_queue(registry: Registry, wall: Wall) -> None:
    """SQLite finds the next messages in their order, by the index; sorting the queue for each chunk grows with its square."""
    asked: list[tuple[str, Any]] = []
    with registry.begin() as connection:
        listen(connection, "before_cursor_execute", lambda _c, _u, statement, values, _x, _m: asked.append((statement, values)))
        intents.claim(connection, 500, wall(), START)
        (statement, values), *more = asked
        plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert more == []
    assert "INDEX messages_in_turn (state=?)" in plan[0]
    assert all(step.startswith("SEARCH") for step in plan), plan


@pytest.mark.parametrize("mode", [Mode.ACCEPT_THEN_500, Mode.ACCEPT_THEN_DROP])
def test_what_was_taken_without_an_answer_is_found_and_not_sent_again(intend: Intend, registry: Registry, wall: Wall, mode: Mode) -> None:
    """Every third answer is lost after the message was taken: all arrive, none twice."""
    number = intend(300)
    with StandInProvider(lambda n: mode if n % 3 == 0 else Mode.OK, clock=wall) as provider:
        report = dispatcher(registry, provider, wall).run(START)
        dispatcher(registry, provider, wall).run(START)
    assert Counter(m.to for m in provider.accepted).most_common(1)[0][1] == 1
    assert len(provider.accepted) == number
    assert (report.accepted + report.found, report.found > 0) == (number, True)
    assert states(registry) == {"accepted": number}


@pytest.mark.parametrize("ahead", [timedelta(hours=-10), timedelta(minutes=2), timedelta(hours=10)])
def test_a_wrong_clock_of_ours_doubles_nothing(intend: Intend, registry: Registry, wall: Wall, ahead: timedelta) -> None:
    """Our clock was wrong while answers were lost, and is set right past the grace time: what the provider took is found all the same."""
    number = intend(100)
    right = wall.now
    with StandInProvider(Mode.ACCEPT_THEN_DROP, clock=lambda: right) as provider:
        wall.now = right + ahead
        dispatcher(registry, provider, wall).run(START)
        wall.now = right + timedelta(hours=11)
        dispatcher(registry, provider, wall).run(START)
    assert (len(provider.accepted), doubled(registry)) == (number, 0)
    assert states(registry) == {"accepted": number}


@pytest.mark.parametrize(("level", "state", "marked"), [(Level.RED, "accepted", True), (Level.YELLOW, "unknown", False)])
def test_past_the_grace_time_the_gravest_are_sent_again_and_the_rest_is_marked_unknown_at_its_end(
    intend: Intend, registry: Registry, wall: Wall, level: Level, state: str, marked: bool
) -> None:
    """What the provider never showed waits for the grace time; then a grave warning goes out again, marked. Another waits for a sign that
    it was not taken, without the provider being asked again and again, and is given up when it has run out."""
    number = intend(100, level)
    with StandInProvider(Mode.HTML_502, clock=wall) as provider:
        dispatcher(registry, provider, wall).run(START)
        first = provider.requests
        wall.now += GRACE - timedelta(seconds=1)
        assert dispatcher(registry, provider, wall).run(START).waiting == number
        assert (provider.requests, states(registry)) == (first, {"sending": number})
        provider.mode = Mode.OK
        wall.now += timedelta(seconds=2)
        later = dispatcher(registry, provider, wall)
        later.run(START)
        assert states(registry) == {"accepted" if marked else "sending": number}
        asked = provider.listed
        assert later.run(START).waiting == (0 if marked else number)
        assert provider.listed == asked
        dispatcher(registry, provider, wall).run(START + timedelta(days=30))
    assert states(registry) == {state: number}
    assert len(provider.accepted) == (number if marked else 0)
    assert doubled(registry) == (number if marked else 0)


def test_what_the_provider_surely_did_not_take_is_sent_again_whatever_its_level(intend: Intend, registry: Registry, wall: Wall) -> None:
    """A process died with a chunk in its hands. Once the provider shows what was sent later, what it does not show was not taken."""
    number = intend(100, Level.YELLOW)
    with registry.begin() as connection:
        left = len(intents.claim(connection, number // 2, wall(), START))
    with StandInProvider(clock=wall) as provider:
        sending = dispatcher(registry, provider, wall)
        sending.run(START)
        wall.now += GRACE - timedelta(seconds=1)
        assert sending.run(START).waiting == left
        wall.now += timedelta(seconds=2)
        assert sending.run(START).resent == left
    assert sorted(Counter(m.to for m in provider.accepted).values()) == [1] * number
    assert (states(registry), doubled(registry)) == ({"accepted": number}, 0)


def test_nobody_gets_a_warning_after_its_all_clear(
    intend: Intend, registry: Registry, log: EventLog, country: LoadedCountry, wall: Wall
) -> None:
    """A process died with warnings in its hands, and the danger ended meanwhile: only the end still goes out."""
    number = intend(100)
    with registry.begin() as connection:
        intents.claim(connection, number, wall(), START)
    service = AlertService(log, registry, country)
    service.run_once(tell(log, event(EventChange.CLOSED, area="LK11", hours=1)))
    for by, role in (("first", "duty_officer"), ("second", "director")):
        for waiting in service.pending():
            service.sign(waiting.id, by, role, START)
    with StandInProvider(clock=wall) as provider:
        sending = dispatcher(registry, provider, wall)
        sending.run(START)
        wall.now += GRACE + timedelta(seconds=1)
        sending.run(START)
    assert len({m.body for m in provider.accepted}) <= len(country.languages)
    assert states(registry) == {"accepted": number, "expired": number}


def test_when_asked_to_slow_down_it_waits_as_long_as_asked_and_all_arrive_once(intend: Intend, registry: Registry, wall: Wall) -> None:
    """A 429 was not taken: the message goes back into the queue, after the pause the provider asked for."""
    number = intend(200)
    with StandInProvider(lambda n: Mode.SLOW_DOWN if n % 5 == 0 else Mode.OK, clock=wall, retry_after_s=7) as provider:
        dispatcher(registry, provider, wall).run(START)
    assert set(wall.slept) == {7.0}
    assert sorted(Counter(m.to for m in provider.accepted).values()) == [1] * number


def test_a_provider_that_takes_nothing_leaves_the_queue_for_later(intend: Intend, registry: Registry, wall: Wall) -> None:
    """It gives up after a few pauses that grow, and nothing is lost."""
    number = intend(200)
    with StandInProvider() as provider:
        gone = dispatcher(registry, provider, wall)
    gone.run(START)
    assert wall.slept == sorted(wall.slept)
    assert len(wall.slept) == 3
    assert states(registry) == {"intended": number}


def test_who_left_at_the_provider_is_on_our_list_too(intend: Intend, registry: Registry, wall: Wall) -> None:
    """A STOP that only the provider heard holds for all that comes after."""
    number = intend(100)
    with StandInProvider(Mode.STOPPED) as provider:
        dispatcher(registry, provider, wall).run(START)
    assert states(registry) == {"refused": number}
    assert registry.counts(["LK11"], "household") == {}


def test_without_an_agreement_no_number_of_a_person_is_called(intend: Intend, registry: Registry, wall: Wall) -> None:
    """While the country is only watching, a real number in the registry is refused before the channel hears of it."""
    intend(60)
    with registry.begin() as connection:
        connection.exec_driver_sql("UPDATE subscribers SET number = ?", (registry.keys.encrypt("+94771234567"),))
    with StandInProvider() as provider:
        dispatcher(registry, provider, wall).run(START)
    assert provider.requests == 0
    assert set(states(registry)) == {"refused"}


def test_what_ran_out_or_was_overtaken_is_not_sent(
    intend: Intend, registry: Registry, log: EventLog, country: LoadedCountry, wall: Wall
) -> None:
    """Nobody gets a warning after its time, nor the first one after the graver second."""
    number = intend(100)
    with StandInProvider() as provider:
        assert dispatcher(registry, provider, wall).run(START + timedelta(days=30)).dropped == number
    assert provider.requests == 0
    assert states(registry) == {"expired": number}
