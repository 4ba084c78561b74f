"""What the product says, in the words of the peers: an event opened is a raise at its `since`, one that closed a clear at its `until`."""

from datetime import datetime

import msgspec

from benchmarks.compound.expected import CLEAR, RAISE, Answer
from benchmarks.compound.work import BEGIN, STEP
from schemas.outputs import EventChange


class Said(msgspec.Struct):
    """What an alert is made of in the payload of an `event` record; the rest is left unread."""

    area: str
    change: str
    since: datetime
    until: datetime | None = None


_DECODE = msgspec.json.Decoder(Said).decode


def answers(payload: bytes) -> list[Answer]:
    """The alerts that a published event stands for; none if it says something else, such as that nobody can tell for now."""
    event = _DECODE(payload)
    raised = (_area(event), _step(event.since), RAISE)
    cleared = [(_area(event), _step(event.until), CLEAR)] if event.until is not None else []
    match event.change:
        case EventChange.OPENED:
            return [raised]
        case EventChange.CLOSED:
            return cleared
        case EventChange.FOUND_AFTERWARDS:
            return [raised, *cleared]
    return []


def _area(event: Said) -> int:
    return int(event.area.removeprefix("A"))


def _step(time: datetime) -> int:
    return (time - BEGIN) // STEP
