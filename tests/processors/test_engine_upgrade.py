"""Another engine takes over: what it judges otherwise goes out once, with the reason `engine`, under the identifiers that people know."""

import random
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from engine_tables import DAY, reading, readings_record
from loop_case import CONFIGURED, of_shard, outputs, records
from msgspec.structs import replace

from eventlog.log import Consumer, EventLog, Snapshot, Transaction, open_log
from processors.engine import ENGINE_VERSION, State, from_bytes, step, to_bytes
from processors.loop import Processor
from processors.taking import Engine
from processors.ticker import Ticker
from processors.upgrade import Content, Standing, followed
from schemas.configuration import Configuration
from schemas.envelopes import input_record, read_input, read_output
from schemas.errors import LogError, NewerVersionError
from schemas.inputs import ConfigChange
from schemas.outputs import CompoundEvent, DeadLetter, EngineChange, ThresholdBreach
from schemas.records import Record

NEXT = f"{ENGINE_VERSION}.1"
OTHERWISE: dict[str, dict[str, Any]] = {
    "sees more": {"levels": {"yellow": "4.5 m", "orange": "6.8 m"}},
    "sees less": {"levels": {"yellow": "5 m", "orange": "7.25 m"}},
    "sees nothing": {"levels": {"yellow": "50 m", "orange": "70 m"}},
    "sees it at once": {"levels": {"yellow": "5 m", "orange": "7 m"}, "for": "1 readings"},
    "lets go later": {"levels": {"yellow": "5 m", "orange": "7 m"}, "leave_below": "1.5 m"},
    "is patient": {"levels": {"yellow": "5 m", "orange": "7 m"}, "stale_after": "20 h"},
    "sees the same": {"levels": {"yellow": "5 m", "orange": "7 m"}},
}


def engine(how: str, version: str = NEXT) -> Engine:
    """An engine of another version, which judges by other levels than the configuration says."""

    def judged(state: State, record: Record) -> tuple[State, list[ThresholdBreach | CompoundEvent]]:
        if record.kind == "configuration":
            record = _altered(record, OTHERWISE[how])
        state, said = step(state, record)
        return state, [content.model_copy(update={"engine": version}) for content in said]

    return Engine(version, judged)


def _altered(record: Record, threshold: Mapping[str, Any]) -> Record:
    told = CONFIGURED.canonical()
    plain = {k: v for k, v in told["thresholds"][0].items() if k not in threshold}
    configured = Configuration.model_validate(told | {"thresholds": [plain | threshold]})
    before = read_input(record)
    assert isinstance(before, ConfigChange)
    changed = before.model_copy(update={"hash": configured.hash, "configuration": configured.canonical()})
    return replace(input_record(record.shard, changed), id=record.id)


def season(seed: int) -> list[Record]:
    """Three days of a river that rises and falls by chance, some of its readings late, with hourly ticks."""
    chance = random.Random(seed)
    found, value = [records()[0]], 5.0
    for hour in range(72):
        value = min(9.0, max(3.0, value + chance.choice([-1.4, -0.6, 0.0, 0.6, 1.4])))
        received = DAY + timedelta(hours=hour, minutes=10)
        valid = received - timedelta(hours=chance.choice([0, 0, 0, 0, 5]))
        if chance.random() < 0.8:
            found.append(readings_record([reading("A", round(value, 2), valid, received)]))
    return found


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    """An empty log."""
    opened = open_log(f"sqlite:///{tmp_path / 'log.sqlite'}")
    yield opened
    opened.close()


def said(log: EventLog) -> list[Content]:
    """All that was said, in the order of the log."""
    told = (read_output(s.record) for topic in ("breaches", "events") for s in log.read(topic))
    return [content for content in told if isinstance(content, Content)]


def because_of_the_engine(log: EventLog) -> list[Content]:
    """What was said because another engine judges otherwise."""
    return [content for content in said(log) if content.reason == "engine"]


def changes(log: EventLog) -> list[EngineChange]:
    """Which engines have judged."""
    return [change for s in log.read("engines") if isinstance(change := read_output(s.record), EngineChange)]


def stands(log: EventLog) -> list[tuple[object, ...]]:
    """How everything stands by what was said, identifiers aside.

    Of two that had ended before they were found to be one, the older is that one, and no word is said of the other.
    """
    found: list[Standing] = []
    for one in sorted(followed({}, said(log)).values(), key=lambda s: (s.since, s.id)):
        joined = one.until is not None and any(one.overlaps(other) and one.subject == other.subject for other in found)
        if not one.gone and not joined:
            found.append(one)
    return sorted((_shown(one) for one in found), key=repr)


def _shown(one: Standing) -> tuple[object, ...]:
    begun = one.since if isinstance(one.last, CompoundEvent) or one.until else None  # the moved onset of a breach has no word of its own
    return one.subject, begun, one.until, one.level, one.doubted and one.until is None


def judge(log: EventLog, judging: Engine | None = None, **more: Any) -> Processor:
    """Take in all there is, and stop without a chance to tidy up."""
    processor = Processor(log, "TST", engine=judging, **more)
    processor.run_until_idle()
    return processor


@pytest.mark.parametrize("how", sorted(OTHERWISE))
@pytest.mark.parametrize("seed", [1, 2])
def test_after_an_upgrade_everything_stands_as_if_the_new_engine_had_always_judged(
    log: EventLog, tmp_path: Path, how: str, seed: int
) -> None:
    """Wherever the upgrade falls, what was said in all, updates included, comes to what the new engine says of the whole input."""
    everything = season(seed)
    alone = open_log(f"sqlite:///{tmp_path / 'alone.sqlite'}")
    alone.append(everything)
    judge(alone, engine(how))
    for cut in random.Random(seed).sample(range(1, len(everything)), 4):
        upgraded = open_log(f"sqlite:///{tmp_path / f'{cut}.sqlite'}")
        upgraded.append(everything[:cut])
        judge(upgraded)
        upgraded.append(everything[cut:])
        judge(upgraded, engine(how), batch=7)
        assert stands(upgraded) == stands(alone)
        upgraded.close()
    alone.close()


def test_what_is_judged_the_same_is_not_said_again(log: EventLog) -> None:
    """A new version that judges alike says nothing, and its version is in the log."""
    log.append(season(1))
    judge(log)
    before = outputs(log)
    judge(log, engine("sees the same"))
    assert outputs(log) == before
    assert [(c.engine, c.before, c.said) for c in changes(log)] == [(ENGINE_VERSION, None, 0), (NEXT, ENGINE_VERSION, 0)]


def test_an_event_that_overlaps_keeps_its_identifier_and_goes_on_under_it(log: EventLog) -> None:
    """What people were warned of under one name escalates, moves and ends under that name, whatever the new engine would call it."""
    everything = records()
    log.append(everything[:4])
    judge(log)
    (opened,) = [c for c in said(log) if isinstance(c, CompoundEvent)]
    judge(log, engine("sees it at once"))
    (moved,) = [c for c in because_of_the_engine(log) if isinstance(c, CompoundEvent)]
    assert (moved.id, moved.change.value, moved.engine) == (opened.id, "updated", NEXT)
    assert moved.since == opened.since - timedelta(hours=1)
    (renamed,) = {c.renamed[new] for c in changes(log) for new in c.renamed if c.renamed[new] == opened.id}
    assert renamed == opened.id
    log.append(everything[4:8])
    judge(log, engine("sees it at once"))
    closed = [c for c in said(log) if isinstance(c, CompoundEvent)][-1]
    assert (closed.id, closed.change.value, closed.reason) == (opened.id, "closed", "")


def test_what_the_new_engine_does_not_see_is_retracted(log: EventLog) -> None:
    """An event that rests on the former engine alone is taken back, with the reason."""
    log.append(records()[:4])
    judge(log)
    judge(log, engine("sees nothing"))
    assert [c.change.value for c in because_of_the_engine(log)] == ["retracted", "retracted"]
    assert {c.record for c in because_of_the_engine(log)} == {records()[3].id}


def test_what_only_the_new_engine_sees_is_opened(log: EventLog) -> None:
    """An event that the former engine did not see opens with the upgrade, before anything new is taken in."""
    log.append(records()[:3])
    judge(log)
    log.append(records()[3:])
    Processor(log, "TST", engine=engine("sees it at once"))
    event = because_of_the_engine(log)[-1]
    assert isinstance(event, CompoundEvent)
    assert (event.change.value, event.reason) == ("opened", "engine")
    assert log.lag("processors") == {"input": len(records()) - 3}


@pytest.mark.parametrize("takes_place", [True, False])
def test_a_crash_in_an_upgrade_neither_loses_nor_doubles_it(log: EventLog, tmp_path: Path, monkeypatch: Any, takes_place: bool) -> None:
    """Whether the upgrade's transaction had taken place when the processor died or not, all is said once and the state is the same."""
    everything = season(2)
    calm = open_log(f"sqlite:///{tmp_path / 'calm.sqlite'}")
    for one in (calm, log):
        one.append(everything[:40])
        judge(one).close()
    undisturbed = judge(calm, engine("sees more"))

    whole = log.transaction

    @contextmanager
    def dying(consumer: Consumer) -> Iterator[Transaction]:
        with whole(consumer) as transaction:
            yield transaction
            if not takes_place:
                raise KeyboardInterrupt
        raise KeyboardInterrupt

    monkeypatch.setattr(log, "transaction", dying)
    with pytest.raises(KeyboardInterrupt):
        judge(log, engine("sees more"))
    monkeypatch.setattr(log, "transaction", whole)
    assert bool(because_of_the_engine(log)) == takes_place
    again = judge(log, engine("sees more"))
    assert outputs(log) == outputs(calm)
    assert to_bytes(again.state) == to_bytes(undisturbed.state)
    for one in (calm, log):
        one.append(everything[40:])
        judge(one, engine("sees more"))
    assert outputs(log) == outputs(calm)
    assert len(changes(log)) == 2
    calm.close()


def test_a_snapshot_lost_after_an_upgrade_is_only_a_longer_way(log: EventLog, tmp_path: Path) -> None:
    """Without any snapshot the whole input is replayed by the new engine, and what was renamed is renamed again at its place."""
    everything = season(3)
    log.append(everything[:30])
    judge(log)
    log.append(everything[30:])
    kept = judge(log, engine("sees it at once"))
    before = outputs(log)
    for file in (tmp_path / "log.sqlite.snapshots").rglob("*.snapshot"):
        file.unlink()
    again = judge(log, engine("sees it at once"))
    assert to_bytes(again.state) == to_bytes(kept.state)
    assert outputs(log) == before


def test_an_upgrade_leaves_a_snapshot_of_the_new_engine(log: EventLog) -> None:
    """The state is kept at once, so that the next start replays nothing."""
    log.append(season(1))
    judge(log)
    upgraded = Processor(log, "TST", engine=engine("sees more"))
    snapshot = log.load_snapshot("processors", "TST")
    assert isinstance(snapshot, Snapshot)
    assert (snapshot.engine, snapshot.offset) == (NEXT, upgraded.offset)
    assert to_bytes(from_bytes(snapshot.state)) == to_bytes(upgraded.state)


def test_an_older_engine_does_not_take_over_by_itself(log: EventLog) -> None:
    """While versions are mixed the older one stops and says why; going back is asked for, and is an upgrade like any other."""
    log.append(season(2))
    judge(log, engine("sees more"))
    with pytest.raises(NewerVersionError, match="--go-back"):
        Processor(log, "TST")
    judge(log, go_back=True)
    assert changes(log)[-1].engine == ENGINE_VERSION
    assert stands(log) == stands_after(log, season(2))


def stands_after(log: EventLog, everything: list[Record]) -> list[tuple[object, ...]]:
    """How everything stands if this engine alone judges it."""
    alone = open_log("sqlite:///" + str(Path(log.path).with_name("alone.sqlite")))  # type: ignore[attr-defined]
    alone.append(everything)
    judge(alone)
    found = stands(alone)
    alone.close()
    return found


def test_a_member_that_lost_the_shard_says_nothing_of_its_upgrade(log: EventLog) -> None:
    """Of two members that judge anew at the same time, one says it."""
    log.append(season(1))
    judge(log).close()
    first = Processor(log, None, member="a", engine=engine("sees more"))
    second = Processor(log, None, member="b", engine=engine("sees more"))
    first.run_once()
    second.run_once()
    assert len(changes(log)) == 2
    assert len({s.record.id for s in log.read("events")}) == len(log.read("events"))


def test_the_past_that_the_log_has_lost_is_not_taken_for_calm(log: EventLog) -> None:
    """Without the first records there is no configuration and no past to judge anew: the processor says so and stops."""
    log.append(season(1))
    judge(log).close()
    log.append([of_shard(season(1)[0], "TST")])
    log.retain("input", DAY + timedelta(days=2))
    with pytest.raises(LogError, match="no longer in the log"):
        Processor(log, "TST", engine=engine("sees more"))
    assert because_of_the_engine(log) == []


def test_letters_of_an_upgrade_are_those_that_only_the_new_engine_writes(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """What neither could take in has its one letter; what the former took in and the new one cannot gets one with the upgrade."""
    configured, first, *rest = season(1)
    broken = replace(first, id="broken", payload=b"?")
    log.append([configured, first, broken, *rest])
    judge(log)
    new = engine("sees more")

    def choosy(state: State, record: Record) -> tuple[State, list[ThresholdBreach | CompoundEvent]]:
        if record.id == first.id:
            raise ValueError("the new engine does not take this")
        return new.step(state, record)

    appended: list[str] = []
    whole = log.transaction

    @contextmanager
    def noting(consumer: Consumer) -> Iterator[Transaction]:
        with whole(consumer) as transaction:
            append = transaction.append
            transaction.append = lambda made: (appended.extend(r.kind for r in made), append(made))[1]  # type: ignore[method-assign]
            yield transaction

    monkeypatch.setattr(log, "transaction", noting)
    judge(log, Engine(NEXT, choosy))
    letters = [letter for s in log.read("dead_letters") if isinstance(letter := read_output(s.record), DeadLetter)]
    assert [(letter.record, letter.engine) for letter in letters] == [("broken", ENGINE_VERSION), (first.id, NEXT)]
    assert appended.count("dead_letter") == 1


@pytest.mark.parametrize("taken", [20, 40, 60])
def test_a_group_whose_place_is_forgotten_says_nothing_twice(log: EventLog, tmp_path: Path, taken: int) -> None:
    """Kafka forgets where a group stood that rested for long: all is judged anew, and what was said before is not said again."""
    everything = season(2)[:60]
    log.append(everything[:taken])
    judge(log).close()
    before = outputs(log)
    log.append(everything[taken:])
    connection = sqlite3.connect(tmp_path / "log.sqlite")
    with connection:
        connection.execute("DELETE FROM committed")
    connection.close()
    judge(log)
    assert because_of_the_engine(log) == []
    assert stands(log) == stands_after(log, everything)
    assert [outputs(log).count(one) for one in before] == [1] * len(before)
    assert taken < 60 or outputs(log) == before
    assert log.lag("processors") == {"input": 0}


def test_ticks_do_not_disturb_an_upgrade(log: EventLog) -> None:
    """A shard of ticks alone is judged anew without a word."""
    Ticker(log, "TST", last=DAY).tick(DAY + timedelta(minutes=5))
    judge(log)
    judge(log, engine("sees more"))
    assert outputs(log) == []
    assert [c.said for c in changes(log)] == [0, 0]
