"""Counts of messages: what the log says last is what the registry holds, whatever happened between sending and publishing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from alert_places import START
from event_makers import event, tell
from sqlalchemy import Connection, func, select, update
from sqlalchemy.event import listen

from alerts import audience, deliveries, intents
from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.intents import Counted, Unsent
from alerts.people.synthetic import fill
from alerts.registry import Registry
from alerts.service import AlertService
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, Mode, StandInProvider
from alerts.tables import messages, subscribers
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.envelopes import read_output
from schemas.outputs import EventChange
from schemas.warning_records import Delivery, MessageState

Start = Callable[[StandInProvider], AlertService]


@pytest.fixture
def start(log: EventLog, registry: Registry, country: LoadedCountry) -> Start:
    """Start a service, as after a crash, over one log and one filled registry."""
    fill(registry, country, households=400)

    def started(provider: StandInProvider) -> AlertService:
        account = TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "PolyriskLK", provider.base_url)
        return AlertService(log, registry, country, TwilioSms(account, timeout_s=1.0))

    return started


def issue(service: AlertService, area: str, hours: float = 0) -> int:
    """Have a warning for an area signed; answers how many people are to be told."""
    now = START + timedelta(hours=hours)
    service.take_in(tell(service.log, event(EventChange.OPENED, area=area, hours=hours)))
    for by, role in (("first", "duty_officer"), ("second", "director")):
        issued = [service.sign(waiting.id, by, role, now) for waiting in service.pending()]
    return sum(warning.recipients for warning in issued)


def said(log: EventLog) -> dict[Counted, int]:
    """What the log says last, without zeros."""
    found = [d for s in log.read("deliveries") if isinstance(d := read_output(s.record), Delivery)]
    last = {(d.message, d.area, d.language, d.state): d.count for d in found}
    return {key: count for key, count in last.items() if count}


def held(registry: Registry) -> dict[Counted, int]:
    """What the registry holds."""
    with registry.reading() as connection:
        return intents.counts(connection)


def open_ones(registry: Registry) -> list[str]:
    """Messages of warnings that the next round would count."""
    with registry.reading() as connection:
        return list(connection.execute(intents.unsettled()).scalars())


def test_after_a_crash_between_sending_and_publishing_all_is_counted(start: Start, log: EventLog, registry: Registry) -> None:
    """Sent and recorded, but dead before the counts were published: the next start publishes them although nothing is left to send."""
    with StandInProvider() as provider:
        service = start(provider)
        issue(service, "LK11")
        service.send(START)
        assert said(log) == {}
        start(provider).dispatch(START)
    assert said(log) == held(registry)
    assert {state for *_, state in said(log)} == {MessageState.ACCEPTED}


def test_what_is_settled_is_not_counted_again_and_what_moves_is(start: Start, log: EventLog, registry: Registry) -> None:
    """A message without an answer keeps its warning open until it is found; the others are closed, and later ones come in."""
    with StandInProvider() as provider:
        service = start(provider)
        issue(service, "LK11")
        service.dispatch(START)
        assert (said(log), open_ones(registry)) == (held(registry), [])
        provider.mode = Mode.HTML_502
        lost = issue(service, "LK21", hours=1)
        (unanswered,) = open_ones(registry)
        service.dispatch(START + timedelta(hours=1))
        assert (said(log), open_ones(registry)) == (held(registry), [unanswered])
        assert sum(count for (*_, state), count in said(log).items() if state is MessageState.SENDING) == lost
        with registry.begin() as connection:
            connection.exec_driver_sql("UPDATE messages SET attempted_at = '2000-01-01 00:00:00' WHERE state = 'sending'")
        provider.mode = Mode.OK
        service.dispatch(START + timedelta(hours=2))
    assert (said(log), open_ones(registry)) == (held(registry), [])
    with registry.reading() as connection:
        assert {key: count for key, count in deliveries.published(connection).items() if count} == held(registry)


def test_who_gets_a_message_whose_counts_were_closed_is_counted(start: Start, log: EventLog, registry: Registry) -> None:
    """Somebody comes to the place, and somebody was spared the message for a graver warning: once they have it the log says so."""
    with StandInProvider() as provider:
        service = start(provider)
        issue(service, "LK11")
        spared = update(messages).where(messages.c.subscriber == select(func.min(messages.c.subscriber)).scalar_subquery())
        with registry.begin() as connection:
            connection.execute(spared.values(state=MessageState.EXPIRED.value, refusal=Unsent.GROUPED.value))
        service.dispatch(START)
        assert (said(log), open_ones(registry)) == (held(registry), [])
        came = select(func.min(subscribers.c.id)).where(subscribers.c.area == "LK21").scalar_subquery()
        with registry.begin() as connection:
            connection.execute(
                update(subscribers).where(subscribers.c.id == came).values(area="LK11", joined_at=START + timedelta(minutes=30))
            )
            connection.execute(update(subscribers).where(subscribers.c.area == "LK11").values(joined_at=START + timedelta(minutes=30)))
        service.run_once(START + timedelta(hours=1))
    assert (said(log), open_ones(registry)) == (held(registry), [])
    assert {state for *_, state in said(log)} == {MessageState.ACCEPTED}


def test_what_was_overtaken_before_it_was_sent_is_counted(start: Start, log: EventLog, registry: Registry) -> None:
    """Opened and ended before anything went out: nobody is called, and the log says that nothing waits any more."""
    told = {"audience": "operators", "rule": "river_flood"}
    with StandInProvider() as provider:
        service = start(provider)
        service.run_once(START)
        now = tell(log, event(EventChange.OPENED, **told), event(EventChange.CLOSED, hours=1, **told))
        service.run_once(now)
    assert (provider.requests, said(log)) == (0, held(registry))
    assert {state for *_, state in said(log)} == {MessageState.EXPIRED}


@pytest.mark.parametrize("ask", [lambda c: intents.counts(c, intents.unsettled()), lambda c: audience.by_language(c, audience.told("w1"))])
def test_only_the_messages_of_the_warnings_in_question_are_read(registry: Registry, ask: Callable[[Connection], object]) -> None:
    """Of what is still open, and of those who were told of one warning: SQLite does not read all that was ever sent."""
    asked: list[tuple[str, Any]] = []
    with registry.begin() as connection:
        listen(connection, "before_cursor_execute", lambda _c, _u, statement, values, _x, _m: asked.append((statement, values)))
        ask(connection)
        (statement, values), *_ = asked
        plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    by_warning = "SEARCH messages USING INDEX sqlite_autoindex_messages_1 (message=?)"
    assert [step for step in plan if " messages " in step] == [by_warning]
