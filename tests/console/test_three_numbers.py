"""Three numbers of each warning: what the provider took, what a handset got, and what a person answered."""

from datetime import UTC, datetime

from console.warning_views import _answered, _reached
from schemas.warning_records import Answer, AnswerCount, Delivery, MessageState

AT = datetime(2025, 11, 27, 12, tzinfo=UTC)
SAME = {"warning": "w1", "message": "w1.1", "shard": "LKA", "area": "LK21", "language": "en", "at": AT}


def test_taken_received_and_answered_are_told_apart() -> None:
    """A message that a provider took, or an operator sent on, is not one that somebody got; the newest count replaces the older."""
    states = {MessageState.ACCEPTED: 3, MessageState.SENT: 2, MessageState.DELIVERED: 7, MessageState.FAILED: 1, MessageState.REFUSED: 4}
    deliveries = [
        Delivery(**SAME, state=MessageState.ACCEPTED, count=900),
        *(Delivery(**SAME, state=s, count=n) for s, n in states.items()),
    ]
    assert _reached("w1.1", "en", deliveries) == "13 accepted by the provider, 7 received by a handset, 1 did not arrive, 4 not sent"
    assert _reached("w1.1", "si", deliveries) == ""


def test_answers_are_counted_by_what_they_say() -> None:
    """Over all areas of a message, by language."""
    said = [AnswerCount(**SAME, answer=Answer.SAFE, count=1), AnswerCount(**SAME, answer=Answer.SAFE, count=5)]
    said.append(AnswerCount(**{**SAME, "area": "LK2157"}, answer=Answer.NEED_HELP, count=2))
    assert _answered("w1.1", "en", said) == "7 answered: 5 safe, 2 need help"
    assert _answered("w1.2", "en", said) == ""
