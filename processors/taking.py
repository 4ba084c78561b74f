"""Records through the engine: the one place where the loop calls it, and where what it cannot take in is caught."""

import base64
import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from processors.engine import ENGINE_VERSION, State, advance, step
from schemas.envelopes import output_record
from schemas.errors import ConfigurationError, LogError, PolyriskError
from schemas.outputs import CompoundEvent, DeadLetter, ThresholdBreach
from schemas.records import Record, received_of

_LOGGER = logging.getLogger(__name__)
KEPT_BYTES = 256 * 1024
"""Of a payload that cannot be taken in; a longer one is cut in its letter, and whole in the input."""
_LONGEST_REASON = 2000
_REMEDY = "The record stays in the input: once the fault is mended, an upgrade of the engine judges it anew. Else send it again, mended."
_CONFIGURATION_REMEDY = (
    "The configuration in force stays. Mend the files, `polyrisk check` them, and put them in force with `polyrisk config apply`."
)


Said = ThresholdBreach | CompoundEvent


@dataclass(frozen=True)
class Engine:
    """A version of the judgement: the pure step, and its name."""

    version: str = ENGINE_VERSION
    step: Callable[[State, Record], tuple[State, list[Said]]] = step

    def advance(self, state: State, records: Sequence[Record], *, reasons: bool = True) -> tuple[State, list[list[Said]]]:
        """The step for many records; of another engine than ours one after the other, and always with its reasons."""
        if self.step is step:
            return advance(state, records, reasons=reasons)
        said = []
        for record in records:
            state, outputs = self.step(state, record)
            said.append(outputs)
        return state, said


@dataclass(frozen=True)
class Taken:
    """What came of one record: what is said because of it, or the letter that says why it could not be taken in."""

    record: Record
    said: Sequence[Said] = ()
    letter: DeadLetter | None = None

    def outputs(self) -> list[Record]:
        """All that goes out because of the record, under ids made of what is said and of the record that showed it."""
        if self.letter is not None:
            return [letter_record(self.letter)]
        return published(self.said, self.record.id)


def take(engine: Engine, state: State, records: Sequence[Record], *, reasons: bool = True) -> tuple[State, dict[int, Taken]]:
    """The state after all the records, and what came of them, in their order: by number, for of most comes nothing.

    A record that the engine cannot take in leaves the state as it was, because the next one may carry a warning.

    Args:
        reasons: whether what is said is made whole, as in `engine.advance`.

    Raises:
        LogError: a record is of a newer version, which no letter would make good.
        MemoryError: there is no room; nothing is wrong with the record.
    """
    taken: dict[int, Taken] = {}
    first = 0
    for changes, group in groupby(records, key=lambda record: record.kind == "configuration"):
        part = list(group)
        state, found = _one_by_one(engine, state, part) if changes else _at_once(engine, state, part, reasons=reasons)
        taken |= {first + number: one for number, one in found.items()}
        first += len(part)
    return state, taken


def _at_once(engine: Engine, state: State, records: Sequence[Record], *, reasons: bool) -> tuple[State, dict[int, Taken]]:
    try:
        after, said = engine.advance(state, records, reasons=reasons)
        return after, {number: Taken(records[number], outputs) for number, outputs in enumerate(said) if outputs}
    except (LogError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - one by one they show which record it is, and that one gets a letter
        _LOGGER.info("%d records of %s are taken in one by one: %r", len(records), records[0].shard, error)
    return _one_by_one(engine, state, records)


def _one_by_one(engine: Engine, state: State, records: Sequence[Record]) -> tuple[State, dict[int, Taken]]:
    taken: dict[int, Taken] = {}
    for number, record in enumerate(records):
        try:
            after, said = engine.step(state, record)
            _check_shard(after, record)
            state = after
            if said:
                taken[number] = Taken(record, said)
        except (LogError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, or with the engine, it must not stop the next one
            taken[number] = Taken(record, letter=_letter(record, error, state, engine))
    return state, taken


def _check_shard(state: State, record: Record) -> None:
    """Refuse another shard's configuration: what is said by it would go into that shard's order, where this one's offsets mean nothing."""
    plans = (state.plan, state.ahead.plan if state.ahead is not None else None) if record.kind == "configuration" else ()
    named = next((plan.configuration.shard for plan in plans if plan is not None and plan.configuration.shard != record.shard), None)
    if named is not None:
        raise ConfigurationError(f"The configuration is of shard {named}, the record of {record.shard}.", where=f"record {record.id}")


def published(said: Sequence[ThresholdBreach | CompoundEvent], shown_by: str) -> list[Record]:
    """What was said, as records whose ids are made of what they say and of what showed it."""
    digest = hashlib.sha256(shown_by.encode()).hexdigest()[:12]
    return [output_record(o, ":".join((o.id, o.change.value, received_of(o.at), digest)), o.known) for o in said]


def letter_record(letter: DeadLetter) -> Record:
    """A letter as a record: one for each input record, however often it is tried."""
    return output_record(letter, f"dead:{hashlib.sha256(letter.record.encode()).hexdigest()[:24]}", letter.at)


def _letter(record: Record, error: Exception, state: State, engine: Engine) -> DeadLetter:
    told = error.what if isinstance(error, PolyriskError) else str(error)
    where = f"{error.where}: " if isinstance(error, PolyriskError) and error.where else ""
    remedy = error.remedy if isinstance(error, PolyriskError) else ""
    return DeadLetter(
        shard=record.shard,
        topic=record.topic,
        record=record.id,
        record_kind=record.kind,
        received=record.received,
        sha256=hashlib.sha256(record.payload).hexdigest(),
        size=len(record.payload),
        payload=base64.b64encode(record.payload[:KEPT_BYTES]).decode(),
        cut=len(record.payload) > KEPT_BYTES,
        error=type(error).__name__,
        reason=f"{where}{told}"[:_LONGEST_REASON],
        remedy=remedy or (_CONFIGURATION_REMEDY if record.kind == "configuration" else _REMEDY),
        configuration=state.plan.hash if state.plan is not None else None,
        engine=engine.version,
        at=record.received,
    )
