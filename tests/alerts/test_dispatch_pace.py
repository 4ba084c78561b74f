"""How fast, and in which order: never more than a minute's work ahead of the sender, so that what is graver goes first, whenever."""

from collections import Counter
from datetime import timedelta

from alert_places import START
from event_makers import event, tell
from sending import Intend, Wall, dispatcher, states
from sqlalchemy import insert, select, update

from alerts.pace import AHEAD_S, Backlog
from alerts.people.synthetic import fill
from alerts.registry import Registry
from alerts.service import AlertService
from alerts.stand_in_provider import StandInProvider
from alerts.tables import bodies, lives, messages, subscribers
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.levels import Level
from schemas.outputs import EventChange

STANDS = {
    "warning": "another",
    "event": "LKA:other:LK92:1",
    "rule": "other",
    "area": "LK92",
    "told": True,
    "level": int(Level.RED),
    "messages": 1,
    "open": True,
    "unconfirmed": False,
    "quiet": False,
    "latest": "{}",
}
"""A warning that people of a district stand under."""


def test_a_sender_is_given_as_much_as_it_can_send_in_the_time_ahead() -> None:
    """Full at first, nothing more until time has passed, then as much as was sent meanwhile."""
    now = [1_000.0]
    backlog = Backlog(10, lambda: now[0])
    assert backlog.room() == 10 * AHEAD_S
    backlog.hand_over(int(10 * AHEAD_S))
    assert backlog.room() == 0
    now[0] += 2.0
    assert backlog.room() == 20
    backlog.hand_over(35)  # a message is not cut: the last of a hand-over may go beyond
    assert backlog.room() == 0
    now[0] += 10 * AHEAD_S
    assert backlog.room() == 10 * AHEAD_S


def test_who_has_no_limit_is_never_held_back() -> None:
    """A stand-in, a drill."""
    backlog = Backlog(None)
    backlog.hand_over(10**9)
    assert backlog.room() == float("inf")


def test_no_more_segments_are_handed_over_than_the_sender_sends_meanwhile(intend: Intend, registry: Registry, wall: Wall) -> None:
    """Messages of two segments count twice; the rest waits with us, for the next time."""
    number = intend(600)
    with StandInProvider(clock=wall) as provider:
        dispatcher(registry, provider, wall, segments_per_second=1, clock=lambda: 100.0).run(START)
        sent = {m.to: m.body for m in provider.accepted}
    with registry.reading() as connection:
        size = dict(connection.execute(select(bodies.c.body, bodies.c.segments)).all())
    assert 0 < sum(size[body] for body in sent.values()) <= AHEAD_S < number
    assert states(registry) == {"accepted": len(sent), "intended": number - len(sent)}


def test_restarts_lose_and_double_nothing_though_what_is_ahead_is_forgotten(intend: Intend, registry: Registry, wall: Wall) -> None:
    """How much the provider still has to send is known to the process alone; what was handed over and what waits stands in the outbox.
    After each restart a new process hands over as much again at most, and in the end everybody has it once."""
    number = intend(1_800)
    handed_over = []
    with StandInProvider(clock=wall) as provider:
        while states(registry).get("intended"):
            before = len(provider.accepted)
            dispatcher(registry, provider, wall, segments_per_second=1, clock=lambda: 100.0).run(START)
            handed_over.append(len(provider.accepted) - before)
            assert states(registry).get("accepted", 0) == len(provider.accepted)
            assert sum(states(registry).values()) == number
        dispatcher(registry, provider, wall).run(START)
        got = Counter(message.to for message in provider.accepted)
    assert len(handed_over) > 2
    assert all(0 < count <= AHEAD_S for count in handed_over)
    assert len(got) == number
    assert set(got.values()) == {1}


def test_a_graver_warning_that_comes_in_the_middle_overtakes(
    intend: Intend, registry: Registry, wall: Wall, log: EventLog, country: LoadedCountry
) -> None:
    """An orange warning is on its way to many; a red one comes: apart from the minute that was handed over, all of the red goes first."""
    intend(1_800, Level.ORANGE, ("LK11",))
    with StandInProvider(clock=wall) as provider:
        sending = dispatcher(registry, provider, wall, segments_per_second=1, clock=lambda: 100.0)
        sending.run(START)
        ahead = len(provider.accepted)
        service = AlertService(log, registry, country)
        service.run_once(tell(log, event(EventChange.OPENED, Level.RED, area="LK92", hours=1)))
        for by, role in (("first", "duty_officer"), ("second", "director")):
            for waiting in service.pending():
                service.sign(waiting.id, by, role, START + timedelta(hours=1))
        later = dispatcher(registry, provider, wall, at_once=1)
        later.run(START + timedelta(hours=1))
        with registry.reading() as connection:
            rows = connection.execute(select(messages.c.provider_id, messages.c.priority)).all()
        level = {row.provider_id: row.priority for row in rows}
        order = [level[m.sid] for m in provider.accepted]
    assert 0 < ahead <= AHEAD_S
    assert order[:ahead] == [int(Level.ORANGE)] * ahead
    assert order[ahead:] == sorted(order[ahead:], reverse=True)
    assert order.count(int(Level.RED)) > 0


def test_under_one_level_who_moves_slowly_goes_first_then_other_needs_then_the_place_in_most_danger(
    intend: Intend, registry: Registry, wall: Wall, log: EventLog, country: LoadedCountry
) -> None:
    """Two districts under the same level of a new warning, one of which stands under a red one already; the rest is in a fixed order."""
    fill(registry, country, households=600)
    with registry.begin() as connection:
        people = connection.execute(select(subscribers.c.id, subscribers.c.area).order_by(subscribers.c.id)).all()
        chosen = {area: [p.id for p in people if p.area == area and "-h" in p.id] for area in ("LK11", "LK92")}
        needs = {chosen["LK92"][0]: "mobility", chosen["LK11"][1]: "livestock,mobility", chosen["LK92"][1]: "pregnancy"}
        for who, what in needs.items():
            connection.execute(update(subscribers).where(subscribers.c.id == who).values(needs=what))
        connection.execute(insert(lives).values(**STANDS))
    service = AlertService(log, registry, country)
    service.run_once(tell(log, *(event(EventChange.OPENED, Level.ORANGE, area=area) for area in ("LK11", "LK92"))))
    for by, role in (("first", "duty_officer"), ("second", "director")):
        for waiting in service.pending():
            service.sign(waiting.id, by, role, START)
    with StandInProvider(clock=wall) as provider:
        dispatcher(registry, provider, wall, at_once=1).run(START)
        order = [m.sid for m in provider.accepted]
    with registry.reading() as connection:
        rows = connection.execute(select(messages.c.provider_id, messages.c.subscriber, messages.c.area)).all()
    of = {row.provider_id: row for row in rows}
    first = [of[sid].subscriber for sid in order[:3]]
    assert first == [chosen["LK92"][0], chosen["LK11"][1], chosen["LK92"][1]]
    rest = [(of[sid].area, of[sid].subscriber) for sid in order[3:]]
    assert rest == sorted(rest, key=lambda pair: (pair[0] != "LK92", pair[1]))
    assert {area for area, _ in rest} == {"LK11", "LK92"}
