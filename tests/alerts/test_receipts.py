"""Receipts: in any order, more than once, before the answer; and what follows from a message that did not arrive."""

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from alert_places import START
from event_makers import event, tell
from sending import Intend, Wall, dispatcher, states, told_on_duty
from sqlalchemy import select, update

from alerts import deliveries, intents
from alerts.channels.contract import Cause, Receipt, ReceiptState
from alerts.receipts import MOST_ATTEMPTS, TRY_AGAIN_AFTER, Taken, merged, record_receipt
from alerts.registry import Registry
from alerts.service import AlertService
from alerts.stand_in_provider import StandInProvider
from alerts.tables import messages
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.levels import Level
from schemas.outputs import EventChange
from schemas.warning_records import MessageState

S = ReceiptState
Say = Callable[..., Taken]


@pytest.fixture
def one(intend: Intend, registry: Registry) -> Any:
    """A message to one person that waits, by its row."""
    intend(60)
    with registry.reading() as connection:
        return connection.execute(select(messages).order_by(messages.c.subscriber)).first()


@pytest.fixture
def say(registry: Registry, one: Any, wall: Wall) -> Say:
    """Take in a receipt about that message."""

    def take(state: ReceiptState, provider_id: str = "SM1", cause: Cause = Cause.NONE, now: datetime = START) -> Taken:
        reference = intents.reference(one.message, one.subscriber)
        with registry.begin() as connection:
            return record_receipt(connection, Receipt(reference, provider_id, state, "30000" if cause else "", cause), wall(), now)

    return take


def row(registry: Registry, one: Any) -> Any:
    """The same message as it now stands."""
    with registry.reading() as connection:
        same = (messages.c.message == one.message) & (messages.c.subscriber == one.subscriber)
        return connection.execute(select(messages).where(same)).one()


def change(registry: Registry, one: Any, **values: Any) -> None:
    """Set the message as it would stand at another time."""
    with registry.begin() as connection:
        same = (messages.c.message == one.message) & (messages.c.subscriber == one.subscriber)
        connection.execute(update(messages).where(same).values(**values))


@pytest.mark.parametrize("last", [S.DELIVERED, S.UNDELIVERED, S.FAILED, S.CANCELED, S.SENT])
def test_the_order_of_receipts_does_not_matter(last: ReceiptState) -> None:
    """All orders of a message's states, repetitions included, end in the same; the furthest wins."""
    said = [S.ACCEPTED, S.QUEUED, S.SENDING, S.SENT, last]
    ends = set()
    for order in itertools.permutations(said):
        state = MessageState.SENDING
        for one in (*order, order[0], order[2]):
            state = merged(state, one)
        ends.add(state)
    assert len(ends) == 1
    assert ends <= {MessageState.DELIVERED, MessageState.UNDELIVERED, MessageState.FAILED, MessageState.SENT}


@pytest.mark.parametrize("known", list(MessageState))
def test_a_handsets_receipt_is_the_last_word(known: MessageState) -> None:
    """Whatever was held of it before, the person has it, and nothing takes that back."""
    assert merged(known, S.DELIVERED) is MessageState.DELIVERED
    assert all(merged(MessageState.DELIVERED, later) is MessageState.DELIVERED for later in S)


def test_a_receipt_proves_what_a_lost_answer_left_in_doubt(registry: Registry, one: Any, say: Say) -> None:
    """The process died after the call; the receipt carries our reference: it was taken, and is not sent again."""
    change(registry, one, state="sending", attempts=1, attempted_at=START)
    assert say(S.QUEUED) is Taken.RECORDED
    assert (row(registry, one).state, row(registry, one).provider_id) == ("accepted", "SM1")
    assert say(S.QUEUED) is Taken.NOTHING_NEW


def test_a_receipt_before_the_answer_is_not_overwritten_by_it(registry: Registry, one: Any, say: Say, wall: Wall) -> None:
    """The network was quicker than our own record: the message stays delivered."""
    with registry.begin() as connection:
        (claimed,) = [i for i in intents.claim(connection, 1_000, wall(), START) if i.subscriber == one.subscriber]
    say(S.DELIVERED)
    with registry.begin() as connection:
        intents.record(connection, [intents.Answered(claimed, MessageState.ACCEPTED, "SM1")], wall())
    assert (row(registry, one).state, row(registry, one).provider_id) == ("delivered", "SM1")


def test_what_waits_to_be_sent_again_is_not_when_a_receipt_proves_it_taken(registry: Registry, one: Any, say: Say) -> None:
    """Past the grace time it was put back into the queue as possibly doubled; then the receipt comes."""
    change(registry, one, state="intended", attempts=1, possibly_doubled=True)
    assert say(S.SENT) is Taken.RECORDED
    assert row(registry, one).state == "sent"


def test_a_handset_that_is_off_is_tried_again_later_and_not_for_ever(registry: Registry, one: Any, say: Say, wall: Wall) -> None:
    """Ten minutes, twenty; then it is left. Each attempt has its own id, and what is said late of an earlier one changes nothing."""
    waits = []
    for attempt in range(1, MOST_ATTEMPTS + 1):
        change(registry, one, state="accepted", attempts=attempt, provider_id=f"SM{attempt}")
        taken = say(S.UNDELIVERED, f"SM{attempt}", Cause.PASSING)
        if attempt < MOST_ATTEMPTS:
            assert (taken, row(registry, one).state, row(registry, one).provider_id) == (Taken.TO_BE_SENT_AGAIN, "intended", None)
            waits.append(row(registry, one).not_before - wall())
            assert say(S.UNDELIVERED, f"SM{attempt}", Cause.PASSING) is Taken.NOTHING_NEW
            assert say(S.SENT, "SM1") is Taken.NOTHING_NEW
    assert waits == [TRY_AGAIN_AFTER, TRY_AGAIN_AFTER * 2]
    assert (row(registry, one).state, row(registry, one).refusal) == ("undelivered", "30000")


def test_what_is_to_be_tried_later_waits_until_then_and_is_not_found_as_the_old_one(intend: Intend, registry: Registry, wall: Wall) -> None:
    """The provider's list still shows the first attempt under the same words: that is not taken for the second."""
    number = intend(60)
    with StandInProvider(clock=wall) as provider:
        sending = dispatcher(registry, provider, wall)
        sending.run(START)
        first = provider.accepted[0]
        with registry.begin() as connection:
            receipt = Receipt("", first.sid, S.UNDELIVERED, "30003", Cause.PASSING)
            assert record_receipt(connection, receipt, wall(), START) is Taken.TO_BE_SENT_AGAIN
        sending.run(START)
        assert len(provider.accepted) == number
        wall.now += TRY_AGAIN_AFTER
        with registry.begin() as connection:
            (again,) = intents.claim(connection, 10, wall(), START)  # and a process dies with it in its hands
            assert intents.known_provider_ids(connection, [first.sid]) == {first.sid}
        sending.run(START)
        assert states(registry) == {"accepted": number - 1, "sending": 1}
        assert again.reference.startswith(again.message)


@pytest.mark.parametrize(
    ("level", "cause", "again"),
    [
        (Level.RED, Cause.UNEXPLAINED, True),
        (Level.ORANGE, Cause.UNEXPLAINED, True),
        (Level.YELLOW, Cause.UNEXPLAINED, False),
        (Level.RED, Cause.FILTERED, False),
        (Level.RED, Cause.SUSPENDED, False),
        (Level.RED, Cause.STOPPED, False),
        (Level.RED, Cause.NONE, False),
    ],
)
def test_only_the_gravest_are_tried_once_more_without_a_reason(
    registry: Registry, one: Any, say: Say, level: Level, cause: Cause, again: bool
) -> None:
    """Unknown error: one more time if it is grave. Blocked, a landline, filtered, suspended, left: never the same again."""
    change(registry, one, state="sent", attempts=1, provider_id="SM1", priority=int(level))
    assert (say(S.UNDELIVERED, cause=cause) is Taken.TO_BE_SENT_AGAIN) is again
    if again:
        change(registry, one, state="sent", attempts=2, provider_id="SM2")
        assert say(S.UNDELIVERED, "SM2", cause) is Taken.RECORDED


def test_nothing_is_tried_again_after_its_time_or_its_end(
    registry: Registry, one: Any, say: Say, log: EventLog, country: LoadedCountry
) -> None:
    """A warning that ran out, and one whose all-clear went out, reach nobody any more."""
    change(registry, one, state="accepted", attempts=1, provider_id="SM1")
    assert say(S.UNDELIVERED, cause=Cause.PASSING, now=START + timedelta(days=30)) is Taken.RECORDED
    change(registry, one, state="accepted", attempts=1, provider_id="SM1")
    service = AlertService(log, registry, country)
    service.run_once(tell(log, event(EventChange.CLOSED, area="LK11", hours=1)))
    for by, role in (("first", "duty_officer"), ("second", "director")):
        for waiting in service.pending():
            service.sign(waiting.id, by, role, START + timedelta(hours=1))
    assert say(S.UNDELIVERED, cause=Cause.PASSING) is Taken.RECORDED


def test_a_filtered_text_is_told_to_people_on_duty_once(registry: Registry, one: Any, say: Say) -> None:
    """Many may be filtered; the notice names the message and the language, and is one."""
    for state in ("sent", "accepted"):
        change(registry, one, state=state, provider_id="SM1")
        say(S.UNDELIVERED, cause=Cause.FILTERED)
    (told,) = told_on_duty(registry, "filtered")
    assert one.message in told
    assert one.subscriber not in told


def test_who_left_at_the_provider_is_on_our_list_too(registry: Registry, one: Any, say: Say) -> None:
    """A STOP that only the provider heard holds for all that comes after."""
    change(registry, one, state="accepted", provider_id="SM1")
    before = sum(registry.counts(["LK11"], "household").values())
    say(S.FAILED, cause=Cause.STOPPED)
    assert sum(registry.counts(["LK11"], "household").values()) == before - 1


def test_a_second_message_that_we_did_not_know_of_marks_it_as_doubled(registry: Registry, one: Any, say: Say) -> None:
    """The provider took it twice, which only its receipts show; that one of them arrived counts."""
    change(registry, one, state="undelivered", provider_id="SM1")
    assert say(S.SENT, "SM2") is Taken.RECORDED
    assert (row(registry, one).state, row(registry, one).possibly_doubled) == ("undelivered", True)
    assert say(S.DELIVERED, "SM2") is Taken.RECORDED
    assert row(registry, one).state == "delivered"
    assert say(S.DELIVERED, "SM2") is Taken.NOTHING_NEW


@pytest.mark.parametrize("reference", ["", "nonsense", "a~b", "~", "x" * 5_000])
def test_a_receipt_about_nothing_of_ours_changes_nothing(registry: Registry, one: Any, wall: Wall, reference: str) -> None:
    """Whatever stands in it."""
    with registry.begin() as connection:
        assert record_receipt(connection, Receipt(reference, "", S.DELIVERED), wall(), START) is Taken.NOT_OURS
        assert record_receipt(connection, Receipt(reference, "SM9", S.DELIVERED), wall(), START) is Taken.NOT_OURS
    assert row(registry, one) == one


def test_counts_follow_receipts_and_are_published_once(registry: Registry, one: Any, say: Say) -> None:
    """A message that had come to rest moves by a receipt: its count is published anew, and then no more."""
    with registry.begin() as connection:
        connection.execute(update(messages).values(state="accepted"))
        deliveries.publish(connection, "LKA", START)
        assert deliveries.publish(connection, "LKA", START) == 0
    say(S.DELIVERED)
    with registry.begin() as connection:
        assert deliveries.publish(connection, "LKA", START) == 2
        counted = deliveries.published(connection)
        assert deliveries.publish(connection, "LKA", START) == 0
    assert sum(number for (_, _, _, state), number in counted.items() if state is MessageState.DELIVERED) == 1
