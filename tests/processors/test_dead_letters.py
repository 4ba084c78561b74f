"""What cannot be taken in goes to the dead letters with its reason, and the next record is judged as ever."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_tables import DAY, configuration
from loop_case import CONFIGURED, outputs, records
from msgspec.structs import replace
from prometheus_client import REGISTRY

from eventlog.log import EventLog, open_log
from processors.engine import State, step, to_bytes
from processors.loop import Processor
from processors.taking import KEPT_BYTES, Engine
from schemas.envelopes import input_record, read_output
from schemas.inputs import ConfigChange
from schemas.outputs import CompoundEvent, DeadLetter, ThresholdBreach
from schemas.records import Record


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    """An empty log."""
    opened = open_log(f"sqlite:///{tmp_path / 'log.sqlite'}")
    yield opened
    opened.close()


def letters(log: EventLog) -> list[DeadLetter]:
    """The dead letters of the log."""
    return [letter for s in log.read("dead_letters") if isinstance(letter := read_output(s.record), DeadLetter)]


def changed(configured: object, **more: object) -> Record:
    """A change of configuration that says of itself what it should not."""
    assert configured is CONFIGURED
    change = ConfigChange(at=DAY, hash=CONFIGURED.hash, configuration=CONFIGURED.canonical(), author="planner", reason="test")
    return input_record("TST", change.model_copy(update=more))


def test_a_letter_names_the_record_and_the_reason(log: EventLog) -> None:
    """The letter says which record it was, what is wrong with it, and holds its payload; what comes after it is judged."""
    configured, first, *rest = records()
    broken = replace(first, id="broken", payload=b"\x00not Arrow")
    log.append([configured, broken, first, *rest])
    Processor(log, "TST").run_until_idle()
    (letter,) = letters(log)
    assert (letter.record, letter.record_kind, letter.topic, letter.shard) == ("broken", "observations", "input", "TST")
    assert (letter.received, letter.at) == (broken.received, broken.received)
    assert base64.b64decode(letter.payload) == broken.payload
    assert (letter.size, letter.sha256, letter.cut) == (10, hashlib.sha256(broken.payload).hexdigest(), False)
    assert letter.error == "PolyriskError"
    assert "no Arrow stream" in letter.reason
    assert letter.remedy
    assert letter.configuration == CONFIGURED.hash
    assert len(outputs(log)) >= 8


def test_a_large_payload_is_cut_and_says_so(log: EventLog) -> None:
    """A letter stays small enough to be read; the whole payload is in the input, under the hash that the letter gives."""
    payload = bytes(range(256)) * 2000
    log.append([replace(records()[1], payload=payload)])
    Processor(log, "TST").run_until_idle()
    (letter,) = letters(log)
    assert letter.cut
    assert base64.b64decode(letter.payload) == payload[:KEPT_BYTES]
    assert (letter.size, letter.sha256) == (len(payload), hashlib.sha256(payload).hexdigest())


@pytest.mark.parametrize("error", [ZeroDivisionError, RecursionError, AssertionError, KeyError, OverflowError])
def test_a_fault_of_the_engine_itself_stops_nothing(log: EventLog, error: type[Exception]) -> None:
    """Whatever a step raises, the record that made it do so is named, with the exception, and the others are judged."""
    trouble = records()[3]

    def faulty(state: State, record: Record) -> tuple[State, list[ThresholdBreach | CompoundEvent]]:
        if record.id == trouble.id:
            raise error("a fault of ours")
        return step(state, record)

    log.append(records())
    Processor(log, "TST", engine=Engine(step=faulty)).run_until_idle()
    (letter,) = letters(log)
    assert (letter.record, letter.error) == (trouble.id, error.__name__)
    assert log.lag("processors") == {"input": 0}
    assert outputs(log)


def test_no_room_is_no_fault_of_the_record(log: EventLog) -> None:
    """Out of memory, the processor ends and takes nothing in; the record is judged by the next one."""

    def hungry(state: State, record: Record) -> tuple[State, list[ThresholdBreach | CompoundEvent]]:
        raise MemoryError

    log.append(records())
    with pytest.raises(MemoryError):
        Processor(log, "TST", engine=Engine(step=hungry)).run_until_idle()
    assert letters(log) == []
    assert log.committed("processors") == {}


@pytest.mark.parametrize("batch", [1, 500])
def test_a_letter_is_written_once(log: EventLog, batch: int) -> None:
    """Restarts and replays, with or without a snapshot, write no second letter, and the state is the same."""
    configured, *rest = records()
    broken = [replace(record, id=f"broken:{n}", payload=b"?") for n, record in enumerate(rest)]
    log.append([configured, *(r for pair in zip(broken, rest, strict=True) for r in pair)])
    while Processor(log, "TST", batch=batch).run_once():
        pass
    assert [letter.record for letter in letters(log)] == [record.id for record in broken]
    other = Processor(log, "TST", group="another")
    other.run_until_idle()
    assert len(letters(log)) == len(broken)
    assert to_bytes(other.state) == to_bytes(Processor(log, "TST").state)


POISONED = {
    "its hash is another's": {"hash": "0" * 64},
    "a threshold that nobody knows": {
        "configuration": CONFIGURED.canonical() | {"rules": [{**CONFIGURED.canonical()["rules"][0], "when": "volcano >= orange"}]}
    },
    "another shard's": {
        "hash": CONFIGURED.model_copy(update={"shard": "NPL"}).hash,
        "configuration": CONFIGURED.model_copy(update={"shard": "NPL"}).canonical(),
    },
    "no configuration at all": {"configuration": {"shard": "TST"}},
    "a level that is none": {
        "configuration": CONFIGURED.canonical() | {"thresholds": [{**CONFIGURED.canonical()["thresholds"][0], "levels": {"purple": "1 m"}}]}
    },
}


@pytest.mark.parametrize("poison", sorted(POISONED))
def test_a_poisoned_configuration_is_refused_and_the_last_good_one_stays(log: EventLog, poison: str) -> None:
    """A configuration that cannot be applied changes nothing: what was judged before it is judged on, and a metric says so."""
    asked = ("polyrisk_processor_configuration_refused", {"shard": "TST"})
    good, *rest = records()
    log.append([good, *rest[:5], changed(CONFIGURED, **POISONED[poison]), *rest[5:]])
    processor = Processor(log, "TST")
    processor.run_until_idle()
    (letter,) = letters(log)
    assert (letter.record_kind, letter.configuration) == ("configuration", CONFIGURED.hash)
    assert processor.state.plan is not None
    assert processor.state.plan.hash == CONFIGURED.hash
    assert REGISTRY.get_sample_value(*asked) == 1
    calm = open_log("sqlite:///" + str(Path(log.path).with_name("calm.sqlite")))  # type: ignore[attr-defined]
    calm.append([good, *rest])
    Processor(calm, "TST").run_until_idle()
    assert outputs(log) == outputs(calm)
    calm.close()


def test_a_refused_configuration_is_still_known_after_a_restart_and_forgotten_with_the_next_good_one(log: EventLog) -> None:
    """Until a configuration is accepted again, also a processor begun anew says that the newest was refused."""
    asked = ("polyrisk_processor_configuration_refused", {"shard": "TST"})
    log.append([records()[0], changed(CONFIGURED, hash="0" * 64)])
    Processor(log, "TST").run_until_idle()
    again = Processor(log, "TST")
    assert REGISTRY.get_sample_value(*asked) == 1
    mended = configuration([{"name": "river", "levels": {"yellow": "4 m"}}])
    log.append([input_record("TST", ConfigChange(at=DAY, hash=mended.hash, configuration=mended.canonical(), author="p", reason="mended"))])
    again.run_until_idle()
    assert REGISTRY.get_sample_value(*asked) == 0
    Processor(log, "TST")
    assert REGISTRY.get_sample_value(*asked) == 0
