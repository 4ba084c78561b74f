"""States of the engine that are kept as files: a short cut to moments of the past, and never another answer."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from console_world import END, START, World, filled
from hypothesis import given, settings
from hypothesis import strategies as st
from test_reading_and_judging import state_of

from console.judging import Judge
from console.kept_states import KeptStates
from eventlog.log import EventLog, open_log
from processors.engine import State, initial, step, to_bytes
from processors.taking import Engine, Taken, take
from schemas.envelopes import input_record
from schemas.inputs import Tick
from schemas.records import Record
from schemas.topics import INPUT

_MINUTES = int((END - START) / timedelta(minutes=1))
_EMPTY = initial("LKA")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Four days in a log, whose processors kept no snapshot."""
    folder = tmp_path_factory.mktemp("lived")
    world = filled(folder)
    for file in (folder / "log.sqlite.snapshots").rglob("*.snapshot"):
        file.unlink()
    yield world
    world.log.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    """A log of a tick each hour for three days."""
    made = open_log(f"sqlite:///{tmp_path / 'log.sqlite'}")
    made.append([input_record("LKA", Tick(at=START + timedelta(hours=hour))) for hour in range(72)])
    yield made
    made.close()


@pytest.fixture(scope="module")
def steps(lived: World) -> Sequence[tuple[datetime, State]]:
    """When each record was received, and the state before it, every record stepped one by one; the last one for ever after."""
    state, found = initial(lived.country.shard), []
    for stored in lived.log.read(INPUT.name):
        found.append((stored.record.received, state))
        state, _ = step(state, stored.record)
    return [*found, (END + timedelta(days=9), state)]


def stepped(steps: Sequence[tuple[datetime, State]], at: datetime) -> bytes:
    """The state at a moment, from the first record."""
    return to_bytes(next(state for received, state in steps if received > at))


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, _MINUTES), min_size=1, max_size=4), st.sets(st.integers(0, 3)))
def test_a_moment_is_judged_from_a_kept_state_as_from_the_first_record(
    lived: World, steps: Sequence[tuple[datetime, State]], minutes: Sequence[int], starts: set[int]
) -> None:
    """In whatever order moments are asked for, with starts of the console between: the same state, to the last byte."""
    moments = [START + timedelta(minutes=minute) for minute in minutes]
    with TemporaryDirectory() as folder:
        judge = Judge(lived.log, lived.country.shard, kept=Path(folder))
        for number, at in enumerate(moments):
            judge = Judge(lived.log, lived.country.shard, kept=Path(folder)) if number in starts else judge
            assert to_bytes(state_of(judge, at)) == stepped(steps, at), at.isoformat()


def test_after_a_start_a_moment_is_reached_from_the_nearest_state(
    lived: World, steps: Sequence[tuple[datetime, State]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The console before it came by there; what is between is lived through, and not all of the log."""
    state_of(Judge(lived.log, lived.country.shard, kept=tmp_path), END)
    taken: list[int] = []

    def taking(engine: Engine, state: State, records: Sequence[Record], *, reasons: bool) -> tuple[State, dict[int, Taken]]:
        taken.append(len(records))
        return take(engine, state, records, reasons=reasons)

    monkeypatch.setattr("console.judging.take", taking)
    at = START + timedelta(hours=80)
    assert to_bytes(state_of(Judge(lived.log, lived.country.shard, kept=tmp_path), at)) == stepped(steps, at)
    assert 0 < sum(taken) < len(steps) / 2


def test_a_state_of_lately_is_made_ready_once(lived: World, tmp_path: Path) -> None:
    """A console whose folder is empty lives through the log in the background, so that whoever looks at yesterday need not wait for it."""
    judge = Judge(lived.log, lived.country.shard, kept=tmp_path)
    state_of(judge, END)
    for file in tmp_path.glob("*.state"):
        file.unlink()
    judge = Judge(lived.log, lived.country.shard, kept=tmp_path)
    judge.make_ready(END)
    state_of(judge, END - timedelta(days=1))
    assert not KeptStates(tmp_path, lived.log, lived.country.shard).wants(END - timedelta(days=1))


@pytest.mark.parametrize("wrong", ["damaged", "of another engine", "cut off", "empty"])
def test_what_cannot_be_used_is_left_and_let_go_of(log: EventLog, tmp_path: Path, wrong: str) -> None:
    """A short cut that leads elsewhere is none: the one before it is taken, or none."""
    kept = KeptStates(tmp_path / "states", log, "LKA")
    for hour in (10, 20):
        kept.keep(hour, START + timedelta(hours=hour), _EMPTY)
    (last,) = (tmp_path / "states").glob("*-20-*")
    match wrong:
        case "damaged":
            last.write_bytes(last.read_bytes()[:-9] + b"damaged!!")
        case "cut off":
            last.write_bytes(last.read_bytes()[:40])
        case "empty":
            last.write_bytes(b"")
        case _:
            last.rename(last.with_name(f"{last.name.rpartition('-')[0]}-0.state"))
    found = KeptStates(tmp_path / "states", log, "LKA").nearest(END, -1)
    assert found is not None
    assert found[:2] == (10, START + timedelta(hours=10))
    assert len(list((tmp_path / "states").iterdir())) == 1


def test_a_state_of_another_log_is_not_used(log: EventLog, tmp_path: Path) -> None:
    """Whoever began anew in the same folder is not judged by what was before."""
    folder = tmp_path / "states"
    KeptStates(folder, log, "LKA").keep(20, START + timedelta(hours=20), _EMPTY)
    assert KeptStates(folder, log, "LKA").nearest(END, -1) is not None
    with_other = open_log(f"sqlite:///{tmp_path / 'other.sqlite'}")
    with_other.append([input_record("LKA", Tick(at=START + timedelta(hours=hour, minutes=hour == 15))) for hour in range(72)])
    assert KeptStates(folder, with_other, "LKA").nearest(END, -1) is None
    with_other.close()


def test_a_log_that_was_cut_after_a_state_is_not_gone_on_with_from_there(log: EventLog, tmp_path: Path) -> None:
    """What the log no longer has would be missing from the answer, and nobody would see it."""
    kept = KeptStates(tmp_path / "states", log, "LKA")
    kept.keep(20, START + timedelta(hours=20), _EMPTY)
    consumer = log.consumer("processors", "p", [INPUT.name])
    found = consumer.poll()
    with log.transaction(consumer) as transaction:
        transaction.commit(found)
    assert log.retain(INPUT.name, START + timedelta(hours=40)) == 40
    assert kept.nearest(END, -1) is None


def test_states_are_bounded_in_number_and_in_bytes(log: EventLog, tmp_path: Path) -> None:
    """Of two years: one each six hours of the last two weeks, one a day before, the first of each month before that."""
    kept = KeptStates(tmp_path / "states", log, "LKA")
    times = [START + timedelta(hours=6 * n) for n in range(4 * 730) if n % 4 == 0 or n > 4 * 710]
    for at in times:
        if kept.wants(at):
            kept.keep(20, at, _EMPTY)
    found = sorted(int(path.name.partition("-")[0]) for path in (tmp_path / "states").iterdir())
    ages = [times[-1] - datetime.fromtimestamp(at / 1_000_000, times[-1].tzinfo) for at in found]
    assert sum(age <= timedelta(days=14) for age in ages) in range(56, 59)
    assert sum(timedelta(days=14) < age <= timedelta(days=400) for age in ages) in range(385, 389)
    assert sum(timedelta(days=400) < age for age in ages) in range(10, 14)


def test_the_oldest_go_first_where_there_are_too_many_bytes(log: EventLog, tmp_path: Path) -> None:
    """The newest is kept however large it is."""
    kept = KeptStates(tmp_path / "states", log, "LKA", most_bytes=1)
    for hour in (10, 20, 30):
        kept.keep(hour, START + timedelta(hours=hour), _EMPTY)
    assert [path.name.split("-")[1] for path in (tmp_path / "states").iterdir()] == ["30"]


def test_a_folder_that_cannot_be_written_takes_no_page_away(log: EventLog, tmp_path: Path) -> None:
    """It is said in the log, and moments of the past take longer."""
    (tmp_path / "states").write_text("a file is in the way")
    judge = Judge(log, "LKA", kept=tmp_path / "states")
    state = state_of(judge, START + timedelta(hours=30))
    assert isinstance(state, State)
