"""What people would have been told in three recorded disasters, and what the same log says when it is read in other ways."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from click.testing import CliRunner
from lived_cases import Live, Lived, inputs, judged

from polyrisk.__main__ import main
from polyrisk.status import status_of
from polyrisk.story import events_said, judge, warnings_said
from processors.engine import State, levels, timelines
from schemas.envelopes import observations_record, read_input, read_output
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent
from schemas.records import Record
from schemas.topics import BREACHES, EVENTS, INPUT, WARNINGS
from schemas.warning_records import Warning, WarningStatus

PERADENIYA_LAST_HEARD = datetime(2025, 11, 27, 14, 33, tzinfo=UTC)
HAZARDS = {"river_flood", "landslide", "river_and_landslide"}
Replayed = tuple[State, list[bytes]]
ENDED = {WarningStatus.CANCELLED, WarningStatus.CANNOT_TELL}


def test_ditwah_warns_where_it_had_to_and_nowhere_else(ditwah: Lived) -> None:
    """Each expectation of the case is met: compound warnings in the hills, floods in the valleys, dengue after flood, none in the hills."""
    assert [one.text for one in judge(ditwah.case, events_said(ditwah.log)) if not one.met] == []


def test_trishuli_is_seen_by_silence_alone_and_told_to_operators(trishuli: Lived) -> None:
    """No gauge crossed its level; the people on duty are told of the joint silence, households are not."""
    assert [one.text for one in judge(trishuli.case, events_said(trishuli.log)) if not one.met] == []
    assert {w.rule for w in warnings_said(trishuli.log)} == {"joint_silence"}
    assert {w.recipients for w in warnings_said(trishuli.log)} == {2}


def test_colombo_is_true_in_three_dimensions_in_june_and_known_in_july(live: Live) -> None:
    """Landslide, dengue and rice stand at once in June 2023; that is known only when June's price comes in July."""
    colombo = live("lka/colombo-2023", step=timedelta(hours=6), until=datetime(2023, 7, 15, tzinfo=UTC))
    found = [e for e in events_said(colombo.log) if e.rule == "three_at_once" and e.area == "LK11"]
    assert found[0].since.month == 6
    assert found[0].known.month == 7
    assert {d.value for d in found[0].dimensions} == {"environmental", "health", "food"}


def test_kandy_never_turns_calm_after_its_gauge_died(ditwah: Lived, replayed: Replayed) -> None:
    """Peradeniya is never heard of after 27 November 20:03; Nawalapitiya reads low later. Neither makes Kandy's rivers known lower."""
    state, _ = replayed
    later = [truth for start, truth, _ in levels(state)["river_station", "LK21", Level.ORANGE] if start > PERADENIYA_LAST_HEARD]
    assert later
    assert Truth.FALSE not in later
    said = [e for e in events_said(ditwah.log) if e.area == "LK21" and e.rule == "river_and_landslide"]
    assert "closed" not in {e.change.value for e in said}


def test_every_hazard_warning_ends_in_an_all_clear_or_says_that_nobody_can_tell(ditwah: Lived) -> None:
    """No district is left with a standing flood or landslide warning when the case ends, two months after the storm."""
    last: dict[str, Warning] = {w.warning: w for w in warnings_said(ditwah.log) if w.rule in HAZARDS}
    areas = defaultdict(list)
    for warning in last.values():
        areas[warning.area].append(warning.status)
    assert len(areas) >= 15
    assert {area: states for area, states in areas.items() if not any(s in ENDED for s in states)} == {}


def test_the_market_cannot_be_told_and_it_says_since_when(replayed: Replayed) -> None:
    """Prices end in September 2025: a rule that needs the market says that it cannot tell, and since which price."""
    state, _ = replayed
    line = levels(state)["rice_price", "LK11", Level.ORANGE]
    assert line[-1][1] is Truth.UNKNOWN
    assert timelines(state)["three_at_once", "LK11"][-1][1] is not Truth.TRUE


def test_the_same_log_says_the_same(ditwah: Lived, replayed: Replayed) -> None:
    """Replaying the log gives the published breaches and events byte for byte, however its records were cut into polls."""
    _, said = replayed
    stored = [s.record.payload for topic in (BREACHES, EVENTS) for s in ditwah.log.read(topic.name)]
    assert sorted(said) == sorted(stored)


def test_one_reading_a_record_ends_in_the_same_truths(ditwah: Lived) -> None:
    """Where deliveries were cut decides when a thing is said, never what: a reading a record gives the same truth timelines."""
    records = [r for r in inputs(ditwah) if r.received < datetime(2025, 11, 27, tzinfo=UTC)]
    whole, _ = judged(records, ditwah.country.shard)
    pieces = [piece for record in records for piece in cut(record)]
    assert timelines(judged(pieces, ditwah.country.shard)[0]) == timelines(whole)


def cut(record: Record) -> list[Record]:
    """A record of river readings as records of twenty readings each; others whole."""
    if record.kind != "observations" or not record.id.startswith("lka_irrigation_river"):
        return [record]
    batch = read_input(record)
    assert isinstance(batch, pa.RecordBatch)
    slices = [batch.slice(start, 20) for start in range(0, batch.num_rows, 20)]
    return [
        observations_record(record.shard, f"lka_irrigation_river.{n}", f"{n:016d}", record.received, part) for n, part in enumerate(slices)
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_arrival_changes_no_truth(ditwah: Lived, seed: int) -> None:
    """Records of two days put into another order, all inside the horizon, end in the same truth timelines."""
    begin, end = datetime(2025, 11, 24, tzinfo=UTC), datetime(2025, 11, 26, tzinfo=UTC)
    records = [r for r in inputs(ditwah) if r.received < end]
    fixed = [r for r in records if r.received < begin]
    mixed = [r for r in records if r.received >= begin]
    random.Random(seed).shuffle(mixed)
    plain, _ = judged(records, ditwah.country.shard)
    shuffled, _ = judged(fixed + mixed, ditwah.country.shard)
    assert timelines(shuffled) == timelines(plain)


def test_living_twice_gives_byte_equal_warnings(live: Live) -> None:
    """Two runs of the same days publish the same warnings, byte for byte."""
    until = datetime(2025, 11, 26, 12, tzinfo=UTC)
    first, second = ([s.record.payload for s in live("lka/ditwah-2025", until=until).log.read(WARNINGS.name)] for _ in range(2))
    assert len(first) > 0
    assert first == second


def test_a_silent_feed_makes_districts_unknown_never_calm_and_status_names_it(live: Live) -> None:
    """With the rivers silenced in the storm no district's river turns known lower, and `status` says which feed is silent since when."""
    since = datetime(2025, 11, 26, 18, tzinfo=UTC)
    drill = live("lka/ditwah-2025", until=datetime(2025, 12, 1, tzinfo=UTC), silence={"lka_irrigation_river": since})
    state, _ = judged(inputs(drill), drill.country.shard)
    rivers = {
        place: line for (threshold, place, level), line in levels(state).items() if threshold == "river_station" and level is Level.ORANGE
    }
    assert {place for place, line in rivers.items() if line and line[-1][1] is Truth.FALSE} == set()
    stands = status_of(drill.log, drill.country, drill.state, drill.case.feeds)
    assert [(feed.feed, feed.last <= since) for feed in stands.silent if feed.last] == [("lka_irrigation_river", True)]
    shown = CliRunner().invoke(main, ["status", "--state", str(drill.state)])
    assert shown.exit_code == 1
    assert "lka_irrigation_river since 2025-11-26" in shown.output


def test_a_feed_that_answers_and_brings_nothing_new_is_no_good_news(ditwah: Lived) -> None:
    """Gauges end on 1 December and prices in September, though their sources answer to the end: `status` says so and ends with code 1."""
    stands = status_of(ditwah.log, ditwah.country, ditwah.state, ditwah.case.feeds)
    behind = {feed.feed: feed.newest for feed in stands.feeds if feed.behind}
    assert stands.silent == []
    assert {"lka_irrigation_river", "lka_wfp_prices"} <= behind.keys()
    assert str(behind["lka_irrigation_river"]).startswith("2025-12-01")
    shown = CliRunner().invoke(main, ["status", "--state", str(ditwah.state)])
    assert shown.exit_code == 1
    assert "STALE   lka_wfp_prices answers, but its newest reading is of 2025-10-01" in shown.output


def test_explain_reaches_down_to_readings(ditwah: Lived) -> None:
    """`explain` shows a warning's conditions and the readings behind them, with value, bound, times and the hash of the raw bytes."""
    kandy = next(w for w in warnings_said(ditwah.log) if w.area == "LK21" and w.rule == "river_and_landslide")
    shown = CliRunner().invoke(main, ["explain", kandy.id, "--state", str(ditwah.state)])
    assert shown.exit_code == 0
    for word in ("Peradeniya", "river_level", "landslide_warning", "received", "raw "):
        assert word in shown.output


def test_explain_says_what_stood_in_the_other_dimensions_and_since_when_nobody_can_tell(ditwah: Lived) -> None:
    """Prices of Colombo end in September: beside flood and landslide its market cannot be told, and the tree says since which price."""
    colombo = next(w for w in warnings_said(ditwah.log) if w.area == "LK11" and w.rule == "river_and_landslide")
    shown = CliRunner().invoke(main, ["explain", colombo.id, "--state", str(ditwah.state)])
    beside = shown.output.partition("beside it, in the other dimensions")[2]
    for word in ("food >= yellow in Colombo: cannot tell since 2025-11", "no reading since 2025-10-01 00:00", "price_rice_white"):
        assert word in beside
    assert "health >= yellow in Colombo: false" in beside


def test_nothing_in_log_or_page_is_a_number_of_a_person(ditwah: Lived) -> None:
    """No record of any topic holds a synthetic number, and no event names a subscriber."""
    for topic in (INPUT, BREACHES, EVENTS, WARNINGS):
        for stored in ditwah.log.read(topic.name):
            assert b"+999" not in stored.record.payload
    assert all(isinstance(read_output(s.record), CompoundEvent) for s in ditwah.log.read(EVENTS.name))
