"""What was read of the input is kept from one start of the console to the next: a shorter way to the same pages."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from console_world import END, START, World, filled
from msgspec.structs import replace

from console.kept_reading import KeptReading
from console.reading import LogReader
from console.series_columns import KeptReadings
from console.series_kept import horizons
from eventlog.log import EventLog, open_log
from schemas.envelopes import input_record
from schemas.inputs import Tick
from schemas.outputs import CompoundEvent, Reading
from schemas.records import Record, Stored
from schemas.topics import EVENTS, INPUT

_MOMENTS = (START + timedelta(hours=30), END, END + timedelta(hours=2))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Four days in a log."""
    world = filled(tmp_path_factory.mktemp("lived"))
    yield world
    world.log.close()


def reader_of(world: World, log: EventLog, folder: Path) -> LogReader:
    """A console's reader, as it is after a start."""
    return LogReader(log, world.country.shard, horizons(world.country), KeptReading(folder / "reading", log, world.country.shard))


def told(reader: LogReader, at: datetime) -> list[object]:
    """All that pages are made of, as of a moment: what was known, and every reading that is kept."""
    known = reader.until(at)

    def readings(one: KeptReadings) -> list[object]:
        columns = (one.starts, one.ends, one.issued, one.known, one.leads, one.members)
        return [*(column.tolist() for column in columns), [str(v) for v in one.values.tolist()], [one.origin(n) for n in range(len(one))]]

    def series() -> list[object]:
        return reader.series(
            lambda kept: [
                (key, readings(kept.readings(*key, START - timedelta(days=9), at)), kept.whole_from(*key, at))
                for key in sorted({(r.indicator, r.area) for event in known.events for r in every(known.whole(event))})
            ]
        ) or []  # fmt: skip

    bounds = reader.series(lambda kept: [kept.bounds_of("dengue_channel", area, at) for area in ("LK11", "LK21")])
    answers = reader.answers(START, at)
    return [known, known.version, answers, series(), bounds]


def every(event: CompoundEvent) -> list[Reading]:
    """Every reading in an event's tree of reasons."""
    left, found = [event.evidence], list[Reading]()
    while left:
        one = left.pop()
        found += one.readings
        left += one.parts
    return found


def grown(world: World, folder: Path, share: float) -> tuple[EventLog, list[Record]]:
    """A log that holds a first part of the input and all that was said by then; and the records that are missing, in order."""
    log = open_log(f"sqlite:///{folder / 'log.sqlite'}")
    inputs = [stored.record for stored in world.log.read(INPUT.name)]
    first = inputs[: int(len(inputs) * share)]
    said = [stored.record for stored in world.log.read(EVENTS.name)]
    by_then = [record for record in said if first and record.received <= first[-1].received]
    log.append([*first, *by_then])
    return log, [*inputs[len(first) :], *said[len(by_then) :]]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8, 1.0])
def test_a_console_that_reads_on_tells_what_one_tells_that_reads_all(lived: World, tmp_path: Path, share: float) -> None:
    """Wherever the one before it ended, with what came since: the same known, the same readings, whole from the same moment on."""
    log, missing = grown(lived, tmp_path, share)
    before = reader_of(lived, log, tmp_path)
    before.refresh()
    before.keep()
    log.append(missing)
    again = reader_of(lived, log, tmp_path)
    again.refresh()
    whole = LogReader(log, lived.country.shard, horizons(lived.country))
    whole.refresh()
    for at in _MOMENTS:
        assert told(again, at) == told(whole, at), at.isoformat()
    log.close()


def test_what_was_read_is_not_read_again(lived: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the input only what came since, but for the records by which the log is known again."""
    first = reader_of(lived, lived.log, tmp_path)
    first.refresh()
    first.keep()
    read: list[int] = []
    whole = lived.log.read

    def reading(topic: str, *, after: int = -1, shard: str | None = None, limit: int | None = None) -> list[Stored]:
        found = whole(topic, after=after, shard=shard, limit=limit)
        read.extend(stored.offset for stored in found if topic == INPUT.name)
        return found

    monkeypatch.setattr(lived.log, "read", reading)
    reader_of(lived, lived.log, tmp_path).refresh()
    assert 0 < len(read) <= 100


@pytest.mark.parametrize("wrong", ["damaged", "cut off", "empty", "of another log", "of other horizons"])
def test_what_cannot_be_used_is_not(lived: World, tmp_path: Path, wrong: str) -> None:
    """The whole log is read then, and says what it says."""
    first = reader_of(lived, lived.log, tmp_path)
    first.refresh()
    first.keep()
    file, log, spans = tmp_path / "reading", lived.log, horizons(lived.country)
    match wrong:
        case "damaged":
            file.write_bytes(file.read_bytes()[:-9] + b"damaged!!")
        case "cut off":
            file.write_bytes(file.read_bytes()[:35])
        case "empty":
            file.write_bytes(b"")
        case "of another log":
            log = open_log(f"sqlite:///{tmp_path / 'other.sqlite'}")
            log.append([input_record(lived.country.shard, Tick(at=START + timedelta(minutes=n))) for n in range(900)])
        case _:
            spans = {feed: span + timedelta(days=1) for feed, span in spans.items()}
    again = LogReader(log, lived.country.shard, spans, KeptReading(file, log, lived.country.shard))
    again.refresh()
    whole = LogReader(log, lived.country.shard, spans)
    whole.refresh()
    assert told(again, END) == told(whole, END)


def test_what_cannot_all_be_read_is_read_again_at_each_start(lived: World, tmp_path: Path) -> None:
    """That a record is missing must be told after each start; nor is anything kept of a log of which nothing was read."""
    log = open_log(f"sqlite:///{tmp_path / 'log.sqlite'}")
    reader_of(lived, log, tmp_path).keep()
    log.append([replace(input_record("LKA", Tick(at=START)), kind="observations", payload=b"no readings")])
    first = reader_of(lived, log, tmp_path)
    first.refresh()
    first.keep()
    assert not (tmp_path / "reading").exists()
    again = reader_of(lived, log, tmp_path)
    again.refresh()
    assert again.until(END).unreadable == 1
    log.close()


def test_a_folder_that_cannot_be_written_takes_no_page_away(lived: World, tmp_path: Path) -> None:
    """It is said in the log, and the next start takes longer."""
    (tmp_path / "console").write_text("a file is in the way")
    reader = LogReader(lived.log, "LKA", horizons(lived.country), KeptReading(tmp_path / "console" / "reading", lived.log, "LKA"))
    reader.refresh()
    reader.keep()
    assert reader.end() == END
