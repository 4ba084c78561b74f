"""The life of a warning: what is said, what is not, and why, as a table."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from alert_places import START
from event_makers import event
from hypothesis import given
from hypothesis import strategies as st

from alerts.life import ENDINGS, Decision, Life, Pending, Reason, decide, due, issued_status, message_type, silenced
from alerts.texts import Kind
from schemas.levels import Level, Truth
from schemas.outputs import EventChange
from schemas.warning_records import WarningStatus

NEW = Life("w1", "e1")
PROPOSED = Life("w1", "e1", messages=1, pending=Pending("w1.1", Kind.WARNING, Level.ORANGE))
STANDING = Life("w1", "e1", told=True, level=Level.ORANGE, messages=1, last_issued=START, expires=START + timedelta(days=14))
ENDING = replace(STANDING, messages=2, open=False, pending=Pending("w1.2", Kind.ALL_CLEAR, Level.ORANGE))
ENDED = Life("w1", "e1", messages=2, last_issued=START, open=False)
UNSENT = Life("w1", "e1", messages=1, open=False)
MOVED = {"until": START + timedelta(hours=2)}
"""Of an event that had ended, a late reading shows another end."""


@pytest.mark.parametrize(
    ("life", "change", "level", "more", "reason", "say", "withdraw"),
    [
        (NEW, EventChange.OPENED, Level.ORANGE, {}, Reason.OPENED, Kind.WARNING, False),
        (NEW, EventChange.OPENED, Level.ORANGE, {"quiet": "cooled"}, Reason.QUIET, None, False),
        (NEW, EventChange.UPDATED, Level.ORANGE, {}, Reason.NO_LONGER_QUIET, Kind.WARNING, False),
        (NEW, EventChange.FOUND_AFTERWARDS, Level.RED, {}, Reason.FOUND_AFTERWARDS, None, False),
        (NEW, EventChange.CLOSED, Level.ORANGE, {}, Reason.ENDED_UNSENT, None, False),
        (PROPOSED, EventChange.UPDATED, Level.ORANGE, {}, Reason.NO_CHANGE, None, False),
        (PROPOSED, EventChange.ESCALATED, Level.RED, {}, Reason.ESCALATED, Kind.WARNING, True),
        (PROPOSED, EventChange.CLOSED, Level.ORANGE, {}, Reason.ENDED_UNSENT, None, True),
        (PROPOSED, EventChange.UPDATED, Level.ORANGE, {"quiet": "muted by three_at_once"}, Reason.QUIET, None, True),
        (STANDING, EventChange.ESCALATED, Level.RED, {}, Reason.ESCALATED, Kind.UPDATE, False),
        (STANDING, EventChange.EASED, Level.YELLOW, {}, Reason.EASED, Kind.UPDATE, False),
        (STANDING, EventChange.UPDATED, Level.ORANGE, {}, Reason.NO_CHANGE, None, False),
        (STANDING, EventChange.UNCONFIRMED, Level.ORANGE, {}, Reason.UNCONFIRMED, None, False),
        (STANDING, EventChange.CONFIRMED, Level.ORANGE, {}, Reason.NO_CHANGE, None, False),
        (STANDING, EventChange.CLOSED, Level.ORANGE, {}, Reason.CLOSED, Kind.ALL_CLEAR, False),
        (STANDING, EventChange.CLOSED, Level.ORANGE, {"quiet": "cooled"}, Reason.CLOSED, Kind.ALL_CLEAR, False),
        (STANDING, EventChange.CLOSED, Level.ORANGE, {"truth": Truth.UNKNOWN}, Reason.CLOSED_UNKNOWN, Kind.CANNOT_TELL, False),
        (STANDING, EventChange.CLOSED, Level.ORANGE, {"unconfirmed": True}, Reason.CLOSED_UNKNOWN, Kind.CANNOT_TELL, False),
        (STANDING, EventChange.CANNOT_TELL, Level.ORANGE, {}, Reason.CANNOT_TELL, Kind.CANNOT_TELL, False),
        (STANDING, EventChange.RETRACTED, Level.ORANGE, {}, Reason.RETRACTED, Kind.RETRACTION, False),
        (ENDING, EventChange.CONFIRMED, Level.ORANGE, {}, Reason.REOPENED, None, True),
        (ENDING, EventChange.ESCALATED, Level.RED, {}, Reason.ESCALATED, Kind.UPDATE, True),
        (ENDING, EventChange.CLOSED, Level.ORANGE, {}, Reason.NO_CHANGE, None, False),
        (ENDING, EventChange.RETRACTED, Level.ORANGE, {}, Reason.RETRACTED, Kind.RETRACTION, True),
        (ENDING, EventChange.UPDATED, Level.ORANGE, {**MOVED, "truth": Truth.FALSE}, Reason.NO_CHANGE, None, False),
        (ENDING, EventChange.UPDATED, Level.RED, {**MOVED, "truth": Truth.FALSE}, Reason.NO_CHANGE, None, False),
        (ENDING, EventChange.UPDATED, Level.ORANGE, {**MOVED, "truth": Truth.UNKNOWN}, Reason.CLOSED_UNKNOWN, Kind.CANNOT_TELL, True),
        (ENDED, EventChange.ESCALATED, Level.RED, {}, Reason.REOPENED, Kind.WARNING, False),
        (ENDED, EventChange.OPENED, Level.ORANGE, {}, Reason.REOPENED, Kind.WARNING, False),
        (ENDED, EventChange.UPDATED, Level.RED, MOVED, Reason.REVISED, None, False),
        (ENDED, EventChange.UPDATED, Level.RED, {}, Reason.REVISED, None, False),
        (ENDED, EventChange.EASED, Level.YELLOW, {}, Reason.REVISED, None, False),
        (ENDED, EventChange.RETRACTED, Level.ORANGE, {}, Reason.REVISED, None, False),
        (UNSENT, EventChange.UPDATED, Level.ORANGE, MOVED, Reason.REVISED, None, False),
        (UNSENT, EventChange.OPENED, Level.ORANGE, {}, Reason.OPENED, Kind.WARNING, False),
    ],
)
def test_what_a_change_leads_to(life, change, level, more, reason, say, withdraw) -> None:  # type: ignore[no-untyped-def]  # a table
    """Each change of an event at each stage of its warning has one answer with one reason."""
    decision = decide(life, event(change, level, **more))
    assert (decision.reason, decision.say, decision.withdraw) == (reason, say, withdraw)


LIVES = st.sampled_from([NEW, PROPOSED, STANDING, ENDING, ENDED, UNSENT])
CHANGES = st.sampled_from(list(EventChange))
UNTIL = st.sampled_from([None, MOVED["until"]])


@given(LIVES, CHANGES, st.sampled_from(list(Level)[1:]), st.booleans(), UNTIL)
def test_nothing_unknown_ever_ends_in_an_all_clear(
    life: Life, change: EventChange, level: Level, unconfirmed: bool, until: datetime | None
) -> None:
    """Whatever happens at whatever stage, an unknown truth is never told as the end of danger."""
    truth = Truth.TRUE if unconfirmed else Truth.UNKNOWN
    assert decide(life, event(change, level, truth=truth, unconfirmed=unconfirmed, until=until)).say is not Kind.ALL_CLEAR


@given(LIVES, st.sampled_from(list(Truth)), UNTIL, st.booleans(), st.booleans())
def test_what_was_merged_into_another_never_ends_in_an_all_clear(
    life: Life, truth: Truth, until: datetime | None, greater: bool, has_until: bool
) -> None:
    """The danger goes on in the other event, whatever the truth was where this one began."""
    merged = event(EventChange.CLOSED, truth=truth, until=until, quiet="merged into LKA:river_flood:LK21:1")
    assert decide(life, merged, over=(STANDING,) if greater else (), has_until=has_until).say is None


@given(st.sampled_from([ENDED, UNSENT]), CHANGES, st.sampled_from(list(Level)[1:]), st.sampled_from(list(Truth)), UNTIL)
def test_after_an_end_only_what_stands_again_is_said(
    life: Life, change: EventChange, level: Level, truth: Truth, until: datetime | None
) -> None:
    """A later look at what is over neither warns anew nor gives the all-clear a second time."""
    say = decide(life, event(change, level, truth=truth, until=until)).say
    assert say is None or (say is Kind.WARNING and change in (EventChange.OPENED, EventChange.ESCALATED) and until is None)


@given(LIVES, st.sampled_from(list(EventChange)), st.sampled_from(list(Truth)), st.booleans())
def test_an_end_is_told_only_to_those_who_were_told_of_a_beginning(life: Life, change: EventChange, truth: Truth, greater: bool) -> None:
    """A warning that never went out has no end to tell."""
    if decide(life, event(change, truth=truth), over=(STANDING,) if greater else ()).say in ENDINGS:
        assert life.told


def ending(kind: Kind) -> Life:
    """A greater warning whose event has ended, and whose end waits for signatures."""
    return Life("w9", "e9", told=True, level=Level.RED, open=False, last_issued=START, pending=Pending("w9.2", kind, Level.RED))


@pytest.mark.parametrize(
    ("greater", "change", "say"),
    [
        (STANDING, EventChange.CLOSED, None),
        (STANDING, EventChange.CANNOT_TELL, None),
        (STANDING, EventChange.RETRACTED, Kind.RETRACTION),
        (ending(Kind.ALL_CLEAR), EventChange.CLOSED, None),
        (ending(Kind.ALL_CLEAR), EventChange.CANNOT_TELL, Kind.CANNOT_TELL),
        (ending(Kind.CANNOT_TELL), EventChange.CLOSED, None),
        (ending(Kind.CANNOT_TELL), EventChange.CANNOT_TELL, None),
        (ending(Kind.RETRACTION), EventChange.CLOSED, Kind.ALL_CLEAR),
        (ending(Kind.RETRACTION), EventChange.CANNOT_TELL, Kind.CANNOT_TELL),
    ],
)
def test_an_end_is_left_to_a_greater_warning_that_says_no_less(greater: Life, change: EventChange, say: Kind | None) -> None:
    """Neither "it is over" nor "we cannot tell" is said to who stands under flood and landslide; an all-clear hides nothing unknown."""
    decision = decide(STANDING, event(change), over=(greater,))
    assert decision.say is say
    assert (decision.reason is Reason.ENDED_IN_GREATER) is (say is None)


def test_a_moved_end_is_known_only_if_its_own_truth_is() -> None:
    """The engine says only that an end moved, not whether `until` knew it: what is in doubt is then told as such."""
    moved = event(EventChange.UPDATED, truth=Truth.TRUE, unconfirmed=True, **MOVED)
    assert decide(replace(STANDING, open=False), moved, has_until=True).say is Kind.CANNOT_TELL


def test_a_known_until_ends_in_an_all_clear_though_the_rule_itself_is_unknown() -> None:
    """`until` is what the planner said must be known: if it is, the window of the rule's own condition may still be open."""
    closed = event(EventChange.CLOSED, truth=Truth.UNKNOWN, unconfirmed=True)
    assert decide(STANDING, closed, has_until=True).say is Kind.ALL_CLEAR
    assert decide(STANDING, closed, has_until=False).say is Kind.CANNOT_TELL


def test_what_was_merged_ends_with_the_older_one() -> None:
    """No end is told of a warning that became part of one which still stands."""
    merged = event(EventChange.CLOSED, truth=Truth.TRUE, quiet="merged into LKA:river_flood:LK21:1")
    assert decide(STANDING, merged, over=(STANDING,)).reason is Reason.ENDED_IN_GREATER
    assert decide(STANDING, merged).reason is Reason.MERGED


def test_only_a_known_end_is_a_cancel() -> None:
    """A machine that reads CAP must not take the end of watching, or of a message's time, for the end of danger."""
    assert {kind: message_type(kind) for kind in Kind} == {
        Kind.WARNING: "Alert",
        Kind.UPDATE: "Update",
        Kind.STILL: "Update",
        Kind.ALL_CLEAR: "Cancel",
        Kind.RETRACTION: "Cancel",
        Kind.CANNOT_TELL: "Update",
        Kind.CORRECTION: "Update",
        Kind.EXPIRED: "Update",
    }


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(71, None), (72, Reason.REMINDER), (14 * 24 - 2, Reason.RENEWED), (14 * 24, Reason.EXPIRED)],
)
def test_what_the_passing_of_time_leads_to(hours: int, expected: Reason | None) -> None:
    """A standing warning is said again, is renewed before it runs out, and never runs out in silence."""
    decision = due(STANDING, START + timedelta(hours=hours), remind_every=timedelta(days=3), ahead=timedelta(hours=2))
    assert (decision.reason if decision else None) is expected


@pytest.mark.parametrize(
    ("hours", "life", "expected"),
    [
        (72, STANDING, Decision(Reason.SILENCED)),
        (72, replace(STANDING, held=True), None),
        (14 * 24 - 2, STANDING, Decision(Reason.RENEWED, Kind.STILL)),
        (14 * 24, STANDING, Decision(Reason.EXPIRED, Kind.EXPIRED)),
        (14 * 24, ENDING, Decision(Reason.EXPIRED, Kind.EXPIRED, withdraw=True)),
    ],
)
def test_a_silence_holds_a_reminder_once_and_no_end(hours: int, life: Life, expected: Decision | None) -> None:
    """What keeps a warning from running out passes, and that it ran out is said, whether or not an end waits for signatures."""
    now = START + timedelta(hours=hours)
    assert due(life, now, remind_every=timedelta(days=3), ahead=timedelta(hours=2), silenced=True) == expected


@pytest.mark.parametrize(
    ("life", "change", "level", "reason", "withdraw"),
    [
        (NEW, EventChange.OPENED, Level.ORANGE, Reason.SILENCED, False),
        (PROPOSED, EventChange.ESCALATED, Level.RED, Reason.SILENCED, True),
        (STANDING, EventChange.EASED, Level.YELLOW, Reason.SILENCED, False),
        (STANDING, EventChange.UPDATED, Level.ORANGE, Reason.NO_CHANGE, False),
        (ENDING, EventChange.CONFIRMED, Level.ORANGE, Reason.REOPENED, True),
        (STANDING, EventChange.CLOSED, Level.ORANGE, Reason.CLOSED, False),
        (STANDING, EventChange.CANNOT_TELL, Level.ORANGE, Reason.CANNOT_TELL, False),
        (STANDING, EventChange.RETRACTED, Level.ORANGE, Reason.RETRACTED, False),
    ],
)
def test_what_a_silence_holds(life: Life, change: EventChange, level: Level, reason: Reason, withdraw: bool) -> None:
    """What would be proposed is held, and the life remembers it; an end is not, and an end that waits wrongly is still taken back."""
    decision = decide(life, event(change, level), silenced=True)
    assert (decision.reason, decision.withdraw) == (reason, withdraw)
    assert life.after(decision, event(change, level)).held == (reason is Reason.SILENCED)


@pytest.mark.parametrize(("life", "taken_back"), [(NEW, False), (PROPOSED, True), (STANDING, False), (ENDING, False)])
def test_a_silence_that_begins_takes_back_what_waits_but_for_an_end(life: Life, taken_back: bool) -> None:
    """Who silences a gauge that runs wild wants its proposal gone, not the all-clear of another day."""
    assert (silenced(life) is not None) == taken_back


@pytest.mark.parametrize("hours", [72, 14 * 24 - 2])
def test_what_is_only_said_again_is_said_as_still_in_force(hours: int) -> None:
    """An update says that something changed; households that hear "now GRAVE" each week stop listening."""
    decision = due(STANDING, START + timedelta(hours=hours), remind_every=timedelta(days=3), ahead=timedelta(hours=2))
    assert decision is not None
    assert decision.say is Kind.STILL
    assert decision.say not in ENDINGS
    assert issued_status(decision.say) is WarningStatus.UPDATED
