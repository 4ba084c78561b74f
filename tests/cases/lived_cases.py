"""What a test of a case is given."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eventlog.log import EventLog
from feeds.cases import Case
from polyrisk.case_run import Tally
from processors.engine import State, initial, step
from processors.taking import published
from schemas.country_files import LoadedCountry
from schemas.records import Record
from schemas.topics import INPUT

SUBSCRIBERS = 400


@dataclass(frozen=True)
class Lived:
    """A case that was lived through, with its log open."""

    case: Case
    country: LoadedCountry
    state: Path
    log: EventLog
    tally: Tally


Live = Callable[..., Lived]


def inputs(lived: Lived) -> list[Record]:
    """All that the engine read, in its order."""
    return [s.record for s in lived.log.read(INPUT.name, shard=lived.country.shard)]


def judged(records: list[Record], shard: str) -> tuple[State, list[bytes]]:
    """The engine's last state, and all it said as it would be published."""
    state, said = initial(shard), []
    for record in records:
        state, outputs = step(state, record)
        said += [r.payload for r in published(outputs, record.id)]
    return state, said
