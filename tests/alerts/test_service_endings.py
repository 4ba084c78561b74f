"""How warnings end: once, for exactly those who were warned, and with no all-clear for what nobody knows."""

from datetime import timedelta

import pytest
from alert_places import START
from event_makers import event, tell
from serving import HOUSEHOLDS, sign_all

from alerts.people.synthetic import fill
from alerts.registry import Registry
from alerts.service import AlertService
from alerts.stand_in_provider import StandInProvider
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, EventChange
from schemas.warning_records import WarningStatus

GREATER, LESSER = "river_and_landslide", "landslide"
OLDER, YOUNGER = {"id": "LKA:river_and_landslide:LK21:1"}, {"id": "LKA:river_and_landslide:LK21:2"}


def both_stand(service: AlertService, log: EventLog) -> None:
    """Households stand under a landslide warning, and under that of river and landslide which mutes it."""
    service.run_once(tell(log, event(EventChange.OPENED, rule=LESSER)))
    sign_all(service)
    service.run_once(tell(log, event(EventChange.OPENED, rule=GREATER, hours=1)))
    sign_all(service, 1)


def _muted(rule: str) -> str:
    return f"muted by {GREATER}" if rule == LESSER else ""


def younger_stands(service: AlertService, log: EventLog, provider: StandInProvider) -> list[str]:
    """An event has come and gone with its all-clear, and another of the same rule stands; answers whom it warned."""
    service.run_once(tell(log, event(EventChange.OPENED, **OLDER)))
    sign_all(service)
    service.run_once(tell(log, event(EventChange.CLOSED, hours=5, until=START + timedelta(hours=5), **OLDER)))
    sign_all(service, 5)
    service.run_once(START + timedelta(hours=5))
    provider.accepted.clear()
    service.run_once(tell(log, event(EventChange.OPENED, hours=9, **YOUNGER)))
    sign_all(service, 9)
    service.run_once(START + timedelta(hours=9))
    warned = sorted(m.to for m in provider.accepted)
    provider.accepted.clear()
    return warned


def merged(hours: float) -> CompoundEvent:
    """The younger event became part of the older one."""
    return event(EventChange.CLOSED, hours=hours, truth=Truth.TRUE, quiet=f"merged into {OLDER['id']}", **YOUNGER)


def test_the_all_clear_goes_to_exactly_those_who_were_warned(
    service: AlertService, log: EventLog, registry: Registry, country: LoadedCountry, provider: StandInProvider
) -> None:
    """Neither somebody who came later, nor somebody who left, nor one fewer."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    sign_all(service)
    service.run_once(START)
    warned = {m.to for m in provider.accepted}
    fill(registry, country, households=HOUSEHOLDS + 200, seed=2)
    left = min(warned)
    registry.stop(left, START)
    provider.accepted.clear()
    service.run_once(tell(log, event(EventChange.CLOSED, hours=5)))
    (issued,) = sign_all(service, 5)
    service.run_once(START + timedelta(hours=5))
    assert sorted(m.to for m in provider.accepted) == sorted(warned - {left})
    assert (issued.status, issued.message_type, issued.references) == (WarningStatus.CANCELLED, "Cancel", (f"{issued.warning}.1",))


def test_the_end_goes_to_those_too_who_heard_only_that_the_warning_still_stands(
    service: AlertService, log: EventLog, registry: Registry, country: LoadedCountry, provider: StandInProvider
) -> None:
    """Who came after the first message and had the reminder has been warned."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    sign_all(service)
    service.run_once(START)
    fill(registry, country, households=HOUSEHOLDS + 200, seed=2)
    provider.accepted.clear()
    service.run_once(START + timedelta(days=7))
    sign_all(service, 7 * 24)
    service.run_once(START + timedelta(days=7))
    reminded = sorted(m.to for m in provider.accepted)
    provider.accepted.clear()
    service.run_once(tell(log, event(EventChange.CLOSED, hours=8 * 24)))
    sign_all(service, 8 * 24)
    service.run_once(START + timedelta(days=8))
    assert sorted(m.to for m in provider.accepted) == reminded


def test_a_dead_gauge_ends_in_we_can_no_longer_tell(service: AlertService, log: EventLog) -> None:
    """Unconfirmed leaves the warning standing, told to people on duty; the end without knowledge is no all-clear."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    sign_all(service)
    service.run_once(
        tell(log, event(EventChange.UNCONFIRMED, hours=72, silent=("lka_irrigation_river lk-peradeniya: no reading since 2025-11-27",)))
    )
    assert [w for w in service.pending() if w.message_type != "Update"] == []
    service.run_once(tell(log, event(EventChange.CANNOT_TELL, hours=300)))
    issued = sign_all(service, 300)[-1]
    assert (issued.status, issued.message_type) == (WarningStatus.CANNOT_TELL, "Update")
    assert "NO LONGER TELL" in next(t.body for t in issued.texts if t.language == "en")
    assert "lk-peradeniya" in next(n.text for n in service.notices() if n.kind == "unconfirmed")


@pytest.mark.parametrize("change", [EventChange.CANNOT_TELL, EventChange.CLOSED])
@pytest.mark.parametrize("order", [(GREATER, LESSER), (LESSER, GREATER)])
def test_two_warnings_that_end_together_end_in_one_message(
    service: AlertService, log: EventLog, order: tuple[str, str], change: EventChange
) -> None:
    """Whichever is handled first, the greater one's end speaks for both, and the people on duty know it."""
    both_stand(service, log)
    service.run_once(tell(log, *(event(change, rule=rule, hours=300, quiet=_muted(rule)) for rule in order)))
    assert [(w.rule, w.reason) for w in service.pending()] == [(GREATER, change.value)]
    (notice,) = [n for n in service.notices() if n.kind == "ended_in_greater"]
    assert notice.text.startswith(f"{LESSER} in LK21 ended ({change.value.replace('_', ' ')})")


def test_an_end_that_was_left_to_a_greater_warning_is_not_taken_back_by_its_end_being_signed(service: AlertService, log: EventLog) -> None:
    """One message for both, whenever it is signed; after it, nobody is owed a word."""
    both_stand(service, log)
    service.run_once(tell(log, event(EventChange.CANNOT_TELL, rule=GREATER, hours=300)))
    service.run_once(tell(log, event(EventChange.CANNOT_TELL, rule=LESSER, hours=301, quiet=_muted(LESSER))))
    assert [w.rule for w in sign_all(service, 302)] == [GREATER]
    service.run_once(START + timedelta(hours=302))
    assert service.run_once(START + timedelta(hours=500)) == 0


def test_the_end_of_a_small_warning_is_told_once_the_greater_ones_end_went_out(service: AlertService, log: EventLog) -> None:
    """What ended long before speaks for nobody: the small one's own end is owed to those who were warned."""
    both_stand(service, log)
    service.run_once(tell(log, event(EventChange.CANNOT_TELL, rule=GREATER, hours=300)))
    sign_all(service, 300)
    service.run_once(tell(log, event(EventChange.CANNOT_TELL, rule=LESSER, hours=310)))
    assert [(w.rule, w.reason) for w in service.pending()] == [(LESSER, "cannot_tell")]


def test_a_late_reading_that_moves_an_end_already_told_says_nothing_to_households(service: AlertService, log: EventLog) -> None:
    """Neither a new warning nor a second all-clear; the people on duty see that it moved. What stands again warns anew."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    sign_all(service)
    service.run_once(tell(log, event(EventChange.CLOSED, hours=5, until=START + timedelta(hours=5))))
    sign_all(service, 5)
    for hours in (6, 7):
        moved = event(EventChange.UPDATED, hours=hours, truth=Truth.FALSE, until=START + timedelta(hours=hours - 2))
        service.run_once(tell(log, moved))
    assert service.pending() == []
    assert [(n.kind, "after its end (updated" in n.text) for n in service.notices()] == [("revised", True)] * 2
    service.run_once(tell(log, event(EventChange.OPENED, hours=8)))
    assert [(w.reason, w.message_type) for w in service.pending()] == [("reopened", "Alert")]


def test_a_late_reading_that_moves_an_end_not_yet_signed_leaves_it_waiting(service: AlertService, log: EventLog) -> None:
    """Households are still owed the end; taking it back would leave them under a warning for ever."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    sign_all(service)
    service.run_once(tell(log, event(EventChange.CLOSED, hours=5, until=START + timedelta(hours=5))))
    service.run_once(tell(log, event(EventChange.UPDATED, hours=6, truth=Truth.FALSE, until=START + timedelta(hours=4))))
    assert [w.reason for w in service.pending()] == ["closed"]
    service.run_once(tell(log, event(EventChange.UPDATED, hours=7, truth=Truth.UNKNOWN, until=START + timedelta(hours=6))))
    assert [w.reason for w in service.pending()] == ["closed_unknown"]


@pytest.mark.parametrize("more", [{}, {"quiet": "cooled until 2025-11-28T00:00+00:00"}])
def test_who_was_warned_of_what_became_part_of_an_older_event_hears_one_end(
    service: AlertService, log: EventLog, provider: StandInProvider, more: dict[str, str]
) -> None:
    """A late reading closes the gap between two: no all-clear and no second warning then, and one end when it is over."""
    warned = younger_stands(service, log, provider)
    service.run_once(tell(log, event(EventChange.OPENED, hours=10, **OLDER, **more), merged(10)))
    assert service.pending() == []
    assert "merged" in [n.kind for n in service.notices()]
    service.run_once(tell(log, event(EventChange.CLOSED, hours=20, until=START + timedelta(hours=20), **OLDER, **more)))
    (issued,) = sign_all(service, 20)
    service.run_once(START + timedelta(hours=20))
    assert (issued.reason, issued.message_type) == ("closed", "Cancel")
    assert sorted(m.to for m in provider.accepted) == warned
    assert service.run_once(START + timedelta(days=30)) == 0


def test_what_became_part_of_an_older_event_that_is_over_ends_with_it(
    service: AlertService, log: EventLog, provider: StandInProvider
) -> None:
    """The late reading shows at once that it was one event and that it is over: its end was told before the second warning."""
    warned = younger_stands(service, log, provider)
    over = event(EventChange.UPDATED, hours=10, truth=Truth.FALSE, until=START + timedelta(hours=9.5), **OLDER)
    service.run_once(tell(log, merged(10), over))
    (issued,) = sign_all(service, 10)
    service.run_once(START + timedelta(hours=10))
    assert issued.message_type == "Cancel"
    assert sorted(m.to for m in provider.accepted) == warned


def test_what_became_part_of_a_graver_event_is_updated(service: AlertService, log: EventLog, provider: StandInProvider) -> None:
    """The warning goes on as that of the older event, so it says what that one is."""
    younger_stands(service, log, provider)
    service.run_once(tell(log, event(EventChange.OPENED, Level.ORANGE, hours=10, **OLDER), merged(10)))
    assert [(w.reason, w.message_type, w.level) for w in service.pending()] == [("eased", "Update", Level.ORANGE)]


def test_what_became_part_of_an_event_nobody_could_put_into_words_goes_on_standing(service: AlertService, log: EventLog) -> None:
    """Nothing is said rather than a wrong end; it runs out loudly, and the people on duty know why."""
    service.run_once(tell(log, event(EventChange.OPENED, **YOUNGER)))
    sign_all(service)
    service.run_once(tell(log, merged(10)))
    assert service.pending() == []
    service.run_once(START + timedelta(days=15))
    assert [n.kind for n in service.notices()] == ["merged", "expired"]


def test_a_retraction_is_said_though_a_greater_warning_stands(service: AlertService, log: EventLog) -> None:
    """That a warning rested on a wrong reading is news whatever else stands."""
    both_stand(service, log)
    service.run_once(tell(log, event(EventChange.RETRACTED, rule=LESSER, hours=5, quiet=_muted(LESSER))))
    assert [(w.rule, w.reason) for w in service.pending()] == [(LESSER, "retracted")]


def test_a_revision_withdraws_what_it_disproves(service: AlertService, log: EventLog) -> None:
    """If the truth never was, those who were warned hear that the first message rested on a wrong reading."""
    service.run_once(tell(log, event(EventChange.OPENED)))
    sign_all(service)
    service.run_once(START)
    service.run_once(tell(log, event(EventChange.RETRACTED, hours=1, truth=Truth.FALSE)))
    (issued,) = sign_all(service, 1)
    assert issued.message_type == "Cancel"
    assert "wrong reading" in next(t.body for t in issued.texts if t.language == "en")
