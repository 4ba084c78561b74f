"""What the log had said at a moment, and what the engine had judged by then."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from console_world import END, START, World
from hand_made import event, known, warning
from msgspec.structs import replace

from console.judging import Judge
from console.reading import LogReader, NotReadYetError
from console.view import head
from eventlog.log import EventLog, Snapshot, open_log
from processors.engine import ENGINE_VERSION, State, initial, levels, step, to_bytes
from schemas.envelopes import input_record, output_record, read_output
from schemas.inputs import Tick
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent
from schemas.records import Record
from schemas.topics import EVENTS, INPUT

PATIENCE_S = 120.0


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    """An empty log."""
    made = open_log(f"sqlite:///{tmp_path / 'log.sqlite'}")
    yield made
    made.close()


def state_of(judge: Judge, at: datetime) -> State:
    """The judge's state, waited for."""
    state = judge.state(at, PATIENCE_S)
    assert isinstance(state, State)
    return state


def from_scratch(world: World, moments: Sequence[datetime]) -> dict[datetime, State]:
    """The state at each moment, every record stepped one by one."""
    state, found = initial(world.country.shard), {}
    for stored in world.log.read(INPUT.name):
        found.update({at: state for at in moments if at not in found and stored.record.received > at})
        state, _ = step(state, stored.record)
    return {at: found.get(at, state) for at in moments}


def test_nothing_received_later_is_known(world: World) -> None:
    """Of every topic only what had been received by the moment is there, the newest heartbeat among it."""
    reader = LogReader(world.log, world.country.shard)
    reader.refresh()
    early, whole = reader.until(START + timedelta(hours=12)), reader.until(END)
    assert {e.rule for e in early.events} == {"landslide"}
    assert len(early.events) < len(whole.events)
    assert len(early.warnings) < len(whole.warnings)
    assert early.last is not None
    assert early.last <= START + timedelta(hours=12)
    assert early.heartbeats["lka_irrigation_river"].received == START + timedelta(hours=9, minutes=40)
    assert reader.end() == END


def test_a_feed_that_repeats_itself_has_nothing_newer(world: World) -> None:
    """The newest reading of the prices stays that of August, however often the source answers."""
    reader = LogReader(world.log, world.country.shard)
    reader.refresh()
    assert f"{reader.until(END).newest['lka_wfp_prices']:%Y-%m-%d}" == "2025-08-31"


def test_reading_again_takes_in_only_what_is_new(log: EventLog) -> None:
    """The version changes when the log grows, and only then; nothing is told twice."""
    log.append([output_record(event(), "e:1", event().known)])
    reader = LogReader(log, "LKA")
    first = reader.refresh()
    assert reader.refresh() == first
    log.append([output_record(warning(), "w:1", warning().proposed)])
    assert reader.refresh() != first
    assert (len(reader.until(END).events), len(reader.until(END).warnings)) == (1, 1)


def test_a_record_that_cannot_be_read_is_told_and_the_rest_goes_on(log: EventLog, world: World) -> None:
    """A record of another version is not passed over in silence, and does not take the page away."""
    good = output_record(warning(), "w:1", warning().proposed)
    bad: Record = replace(good, id="w:0", payload=b'{"kind": "warning", "new": 1}')
    log.append([bad, good])
    reader = LogReader(log, "LKA")
    reader.refresh()
    found = reader.until(END)
    assert (len(found.warnings), found.unreadable) == (1, 1)
    assert any("cannot be read by this version" in line for line in head(known(END, unreadable=1), world.country).silences)


def test_an_events_reasons_are_those_of_the_log(world: World) -> None:
    """They are kept as bytes, and are whole for whoever opens a warning."""
    reader = LogReader(world.log, world.country.shard)
    reader.refresh()
    found = reader.until(END)
    published = [read_output(stored.record) for stored in world.log.read(EVENTS.name)]
    assert [found.whole(one) for one in found.events] == published
    without = {"evidence", "ending", "beside"}
    for bare, full in zip(found.events, (one for one in published if isinstance(one, CompoundEvent)), strict=True):
        assert bare.model_dump(exclude=without) == full.model_dump(exclude=without)
        assert bare.evidence == full.evidence.model_copy(update={"readings": (), "parts": ()})


def test_what_comes_later_changes_nothing_of_what_was_known_at_a_moment(log: EventLog) -> None:
    """It is the same for all who ask, and another as soon as something of that moment is other than it was."""
    noon = warning().proposed
    log.append([input_record("LKA", Tick(at=noon))])
    reader = LogReader(log, "LKA")
    reader.refresh()
    before = reader.until(noon)
    log.append([input_record("LKA", Tick(at=noon + timedelta(minutes=1)))])
    reader.refresh()
    assert reader.until(noon) is before
    log.append([output_record(warning(), "w:1", noon)])
    reader.refresh()
    after = reader.until(noon)
    assert (len(after.warnings), after.version == before.version) == (1, False)


def test_records_out_of_order_are_known_from_when_they_were_received(log: EventLog) -> None:
    """One that was received earlier and written later counts from its receipt; the order stays that of the log."""
    made = [
        (output_record(warning(number), f"w:{number}", warning().proposed + timedelta(hours=hour)))
        for number, hour in ((1, 2), (2, 0), (3, 1))
    ]
    log.append(made)
    reader = LogReader(log, "LKA")
    reader.refresh()
    at = [[p.warning.id for p in reader.until(warning().proposed + timedelta(hours=hour)).warnings] for hour in (0, 1, 2)]
    assert at == [["w1.2"], ["w1.2", "w1.3"], ["w1.1", "w1.2", "w1.3"]]


def test_who_does_not_wait_for_the_log_is_told_how_far_it_is_read(log: EventLog) -> None:
    """Half a log is never shown as all of it; who asks again finds more of it read."""
    log.append([input_record("LKA", Tick(at=START + timedelta(minutes=minute))) for minute in range(2500)])
    reader = LogReader(log, "LKA")
    came_to = []
    for _ in range(3):
        with pytest.raises(NotReadYetError) as found:
            reader.refresh(0.0)
        came_to.append(found.value.came_to)
    assert came_to == [START + timedelta(minutes=minute) for minute in (999, 1999, 2499)]
    assert reader.refresh(0.0) == reader.refresh()


def test_the_judgement_of_a_moment_is_that_of_the_engine_from_scratch(world: World) -> None:
    """Asked in any order, with states kept between, it is what stepping from the first record gives."""
    judge = Judge(world.log, world.country.shard)
    moments = [START + timedelta(hours=hour) for hour in (30, 16, 4, 17)]
    expected = from_scratch(world, moments)
    for at in moments:
        assert levels(state_of(judge, at)) == levels(expected[at]), at.isoformat()


def test_levels_of_some_places_are_those_of_all(world: World) -> None:
    """A page asks for its districts alone, of a country with thousands of places."""
    state = state_of(Judge(world.log, world.country.shard), START + timedelta(hours=40))
    wanted = {"LK21", "LK23"}
    assert levels(state, wanted) == {key: line for key, line in levels(state).items() if key[1] in wanted}
    assert levels(state, wanted)


def test_kandy_is_held_not_lower_after_its_gauge_fell_silent(world: World) -> None:
    """Thirty hours after Peradeniya's last reading orange still holds in Kandy."""
    lines = levels(state_of(Judge(world.log, world.country.shard), START + timedelta(hours=68)))
    _, truth, held = lines["river_station", "LK21", Level.ORANGE][-1]
    assert (truth, held) == (Truth.TRUE, True)


def test_who_does_not_wait_is_told_how_far_it_has_come(world: World) -> None:
    """Without patience there is no state, and the replay goes on until it is there."""
    judge = Judge(world.log, world.country.shard)
    at = START + timedelta(hours=30)
    assert not isinstance(judge.state(at, 0.0), State)
    assert isinstance(judge.state(at, PATIENCE_S), State)


def test_a_snapshot_that_cannot_be_used_is_left_and_the_log_read_instead(log: EventLog) -> None:
    """Damaged, of another engine or of a later moment: none of them changes what is said."""
    log.append([input_record("LKA", Tick(at=START)), input_record("LKA", Tick(at=START + timedelta(hours=1)))])
    log.consumer("processors", "p", [INPUT.name]).close()
    later = to_bytes(initial("LKA"))
    for engine, content in ((ENGINE_VERSION, b"no snapshot"), ("0", later)):
        log.save_snapshot(Snapshot("processors", "LKA", 0, engine, START, content))
        state = state_of(Judge(log, "LKA"), START + timedelta(hours=1))
        assert state.now == int((START + timedelta(hours=1)).timestamp() * 1_000_000)


def test_an_error_of_the_log_reaches_the_one_who_asked(log: EventLog) -> None:
    """A replay in a thread of its own does not hide that the log cannot be read."""
    judge = Judge(log, "LKA")
    log.close()
    with pytest.raises(Exception, match="closed"):
        judge.state(START, PATIENCE_S)
