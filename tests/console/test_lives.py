"""How a warning lived: who let it be said, what was said, and how it ended."""

import pytest
from hand_made import event, hours, known, signature, warning

from console.lives import event_behind, lives, story
from console.reading import Published
from schemas.levels import Level
from schemas.outputs import EventChange
from schemas.warning_records import Warning, WarningStatus


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        (warning(2, WarningStatus.CANCELLED, 5, reason="closed"), "all-clear"),
        (warning(2, WarningStatus.CANCELLED, 5, reason="retracted"), "mistaken"),
        (warning(2, WarningStatus.CANNOT_TELL, 5, reason="cannot_tell"), "cannot-tell"),
    ],
)
def test_an_end_is_said_as_what_it_is(last: Warning, kind: str) -> None:
    """An all-clear, a mistake and "we can no longer tell" are three different ends."""
    life = lives(known(hours(9), warning(), last))["w1"]
    assert life.end is not None
    assert (life.end.kind, life.end.at) == (kind, hours(5.5))


def test_a_warning_that_ran_out_is_no_all_clear() -> None:
    """The note that the last message ran out ends the life as such."""
    out = warning()
    ran_out = Published(hours(8), out.model_copy(update={"status": WarningStatus.EXPIRED}))
    life = lives(known(hours(9), out, ran_out))["w1"]
    assert life.end is not None
    assert (life.end.kind, life.end.at) == ("ran-out", hours(8))


def test_a_proposal_that_was_overtaken_never_went_out() -> None:
    """Withdrawn before it was signed, with nothing else waiting: the life ended unsaid."""
    proposed, taken = warning(1, WarningStatus.PROPOSED), warning(1, WarningStatus.WITHDRAWN)
    life = lives(known(hours(9), proposed, Published(hours(2), taken)))["w1"]
    assert life.issued is None
    assert life.end is not None
    assert life.end.kind == "withdrawn"


def test_a_warning_that_stands_or_waits_has_no_end() -> None:
    """Neither a standing warning nor an unsigned proposal has ended."""
    assert lives(known(hours(9), warning()))["w1"].end is None
    waiting = lives(known(hours(9), warning(1, WarningStatus.PROPOSED)))["w1"]
    assert (waiting.end, [w.id for w in waiting.waits()]) == (None, ["w1.1"])


def test_the_page_shows_what_people_were_last_warned_of_not_how_it_ended() -> None:
    """The message shown first is the last one that warned; before anything went out it is the proposal."""
    life = lives(known(hours(9), warning(), warning(2, WarningStatus.UPDATED, 2), warning(3, WarningStatus.CANCELLED, 5)))["w1"]
    assert life.main().id == "w1.2"
    assert lives(known(hours(9), warning(1, WarningStatus.PROPOSED)))["w1"].main().id == "w1.1"


def test_the_story_tells_each_signature_once_and_in_order() -> None:
    """Proposed, signed by each, gone out, ended; a signature repeated in later records is told once."""
    signed = (signature("N. Perera", 0.2), signature("S. Rajan", 0.4))
    proposed = Published(hours(0), warning(1, WarningStatus.PROPOSED))
    half = Published(hours(0.25), warning(1, WarningStatus.ESCALATED, signatures=signed[:1]))
    out, end = warning(1, signatures=signed), warning(2, WarningStatus.CANCELLED, 5, reason="closed")
    told = [entry.says for entry in story(lives(known(hours(9), proposed, half, out, end))["w1"])]
    assert told == [
        "Alert proposed (opened)",
        "signed by N. Perera, duty officer",
        "passed on: not signed in time",
        "signed by S. Rajan, duty officer",
        "Alert went out (opened)",
        "went out: all-clear",
    ]


def test_the_reasons_are_those_of_the_change_that_made_the_message() -> None:
    """Not a later change of the event: a message is explained by what was known when it was made."""
    first, later = event(level=Level.ORANGE), event(EventChange.ESCALATED, 3)
    message = warning(known=hours(0))
    found = event_behind(message, (first, later))
    assert found is first
    assert event_behind(warning(known=hours(4)), (first, later)) is later
    assert event_behind(message, ()) is None
