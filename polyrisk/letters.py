"""`polyrisk dead-letters`: what could not be taken in, why, and what to do; and by what a shard is judged meanwhile."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError
from rich.markup import escape

from eventlog.log import NOTHING, EventLog
from schemas.country_files import LoadedCountry
from schemas.envelopes import read_input, read_output
from schemas.errors import PolyriskError
from schemas.inputs import ConfigChange
from schemas.outputs import DeadLetter, EngineChange
from schemas.records import Record, Stored
from schemas.topics import DEAD_LETTERS, ENGINES, INPUT

_BATCH = 1000


@dataclass(frozen=True)
class Judging:
    """By what a shard is judged.

    Attributes:
        configuration: the hash of the newest one that was not refused; none before the first.
        refused: why the newest configuration is not in force; none if it is.
        engine: none before the first record.
    """

    configuration: str | None
    refused: DeadLetter | None
    engine: str | None


def letters_of(log: EventLog, shard: str) -> list[DeadLetter]:
    """A shard's dead letters, oldest first."""
    return [letter for s in _all(log, DEAD_LETTERS.name, shard) if isinstance(letter := read_output(s.record), DeadLetter)]


def judging_of(log: EventLog, shard: str, letters: list[DeadLetter], group: str = "processors") -> Judging:
    """By what a shard is judged, as its log says."""
    dead = {letter.record: letter for letter in letters}
    in_force, refused, ahead = None, None, None
    for stored in _all(log, INPUT.name, shard):
        if ahead is not None and ahead.holds_from is not None and stored.record.received >= ahead.holds_from:
            in_force, ahead = ahead.hash, None
        if stored.record.kind == "configuration":
            refused = dead.get(stored.record.id)
            change = _change_in(stored.record) if refused is None else None
            if change is not None:
                waits = change.holds_from is not None and change.holds_from > stored.record.received
                in_force, ahead = (in_force, change) if waits else (change.hash, None)
    engines = [e for s in _all(log, ENGINES.name, shard) if isinstance(e := read_output(s.record), EngineChange) and e.group == group]
    return Judging(in_force, refused, engines[-1].engine if engines else None)


def _change_in(record: Record) -> ConfigChange | None:
    """The change that a record brings; none if it cannot be read, of which the processor will write a letter."""
    try:
        change = read_input(record)
    except (PolyriskError, ValidationError):
        return None
    return change if isinstance(change, ConfigChange) else None


def lines_of(letter: DeadLetter, country: LoadedCountry) -> Iterator[str]:
    """A letter for a terminal (rich markup)."""
    received = letter.received.astimezone(country.timezone)
    what = f"{letter.record_kind}, {letter.size:,} bytes, engine {letter.engine}"
    yield f"{received:%Y-%m-%d %H:%M}  [bold]{escape(letter.record)}[/]  {what}"
    yield f"    {escape(' '.join(letter.reason.split()))} ({letter.error})"
    yield f"    {escape(letter.remedy)}"


def _all(log: EventLog, topic: str, shard: str) -> Iterator[Stored]:
    after = NOTHING
    while found := log.read(topic, after=after, shard=shard, limit=_BATCH):
        yield from found
        after = found[-1].offset
