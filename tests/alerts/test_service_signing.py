"""From event to people, with signatures between: nothing goes out unsigned, and nothing lapses for want of a signature."""

from datetime import timedelta

import pytest
from alert_places import START
from event_makers import event, tell
from serving import english, sign_all, warnings

from alerts.proposals import waiting as count_waiting
from alerts.service import AlertService
from alerts.stand_in_provider import StandInProvider
from eventlog.log import EventLog
from schemas.errors import RefusedError
from schemas.levels import Level
from schemas.outputs import EventChange
from schemas.warning_records import WarningStatus


def test_nothing_goes_out_before_two_people_in_two_roles_have_signed(
    service: AlertService, log: EventLog, provider: StandInProvider
) -> None:
    """The default is to propose and to wait; one person, one role, or a role that may not sign is not enough."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    (waiting,) = service.pending()
    assert (waiting.status, waiting.recipients > 0, waiting.cost > 0) == (WarningStatus.PROPOSED, True, True)
    service.sign(waiting.id, "first person", "duty_officer", START)
    for by, role in (("first person", "director"), ("second person", "duty_officer"), ("second person", "planner"), ("x", "nobody")):
        with pytest.raises(RefusedError):
            service.sign(waiting.id, by, role, START)
    service.run_once(START)
    assert provider.accepted == []
    issued = service.sign(waiting.id, "second person", "director", START)
    service.run_once(START)
    assert issued.status is WarningStatus.ISSUED
    assert [s.role for s in issued.signatures] == ["duty_officer", "director"]
    assert len(provider.accepted) == issued.recipients == waiting.recipients
    with pytest.raises(RefusedError):
        service.sign(waiting.id, "third person", "district_unit", START)


def test_each_household_reads_its_own_language_and_place(service: AlertService, log: EventLog, provider: StandInProvider) -> None:
    """The texts that arrive are those that were signed, as many of each language as were counted."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    (issued,) = sign_all(service)
    service.run_once(START)
    bodies = [m.body for m in provider.accepted]
    assert {t.language for t in issued.texts} == {"si", "ta", "en"}
    assert {t.body: bodies.count(t.body) for t in issued.texts} == {t.body: t.recipients for t in issued.texts}
    assert {"si": "මහනුවර", "ta": "கண்டி", "en": "Kandy"}.items() <= {
        t.language: next(n for n in ("මහනුවර", "கண்டி", "Kandy") if n in t.body) for t in issued.texts
    }.items()
    assert issued.segments == sum(t.segments * t.recipients for t in issued.texts)


def test_what_overtakes_a_proposal_withdraws_it(service: AlertService, log: EventLog, provider: StandInProvider) -> None:
    """Signatures stand for what was signed: a graver level needs new ones, and an end before signing sends nothing."""
    service.run_once(tell(log, event(EventChange.OPENED, Level.ORANGE)))
    service.sign(service.pending()[0].id, "first person", "duty_officer", START)
    service.run_once(tell(log, event(EventChange.ESCALATED, Level.RED, hours=1)))
    (waiting,) = service.pending()
    assert (waiting.level, waiting.signatures) == (Level.RED, ())
    service.run_once(tell(log, event(EventChange.CLOSED, hours=2)))
    assert service.pending() == []
    assert provider.accepted == []
    assert [w.status.value for w in warnings(log)] == ["proposed", "proposed", "withdrawn", "proposed", "withdrawn"]


def test_a_warning_nobody_signs_is_passed_on_and_never_lapses(service: AlertService, log: EventLog) -> None:
    """After the time to sign, it is published as escalated and told to the next on the ladder, again and again, and still waits."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    for hours in (0.4, 0.6, 2, 5):
        service.run_once(START + timedelta(hours=hours))
    assert [w.status for w in warnings(log)] == [WarningStatus.PROPOSED] + [WarningStatus.ESCALATED] * 3
    assert [n.kind for n in service.notices()] == ["unsigned"] * 3
    assert "director" in service.notices()[0].text
    assert "district_unit" in service.notices()[1].text
    assert len(service.pending()) == count_waiting(log) == 1
    sign_all(service, 6)
    assert count_waiting(log) == 0


def test_a_standing_warning_is_said_again_and_renewed_before_it_runs_out(service: AlertService, log: EventLog) -> None:
    """A reminder when the rule says so; and if nobody signs anything new, the end of the last message is recorded, not passed over."""
    opened = event(EventChange.OPENED)
    (remind,) = (r.remind for r in service.country.configuration.rules if r.name == opened.rule)
    assert remind is not None
    service.run_once(tell(log, opened))
    sign_all(service)
    service.run_once(START + remind.every - timedelta(hours=1))
    assert service.pending() == []
    service.run_once(START + remind.every)
    (reminder,) = service.pending()
    assert (reminder.reason, reminder.message_type) == ("reminder", "Update")
    assert "STILL IN FORCE" in english(reminder)
    assert "GRAVE" not in english(reminder)
    service.run_once(START + timedelta(days=15))
    expired = [w for w in warnings(log) if w.status is WarningStatus.EXPIRED]
    assert [(w.message_type, w.issued is not None, w.references) for w in expired] == [("Update", True, (f"{reminder.warning}.1",))]
    assert "expired" in [n.kind for n in service.notices()]


def test_a_reminder_says_when_nothing_is_heard_from_the_gauges(service: AlertService, log: EventLog) -> None:
    """Who hears that a warning stands may rely on it being watched; so silence is said, and only silence."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    sign_all(service)
    service.run_once(START + timedelta(days=7))
    assert "NO readings" not in english(service.pending()[0])
    sign_all(service, 7 * 24)
    service.run_once(tell(log, event(EventChange.UNCONFIRMED, hours=8 * 24, unconfirmed=True)))
    service.run_once(START + timedelta(days=14))
    assert "NO readings" in english(service.pending()[0])
