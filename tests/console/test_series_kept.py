"""Readings that are kept for drawing: of what an event rests on, from before its horizon until it is over, and nothing for ever."""

import math
from datetime import datetime, timedelta

from hand_made import NOON, event, evidence, hours, reading

from console.series_columns import NONE, KeptReadings, Origin
from console.series_kept import AFTER, SHORTEST, SeriesKept, leaves
from processors.timelines import micros
from schemas.inputs import Baseline, BaselineRow, Observation
from schemas.levels import Truth
from schemas.observations import to_batch
from schemas.outputs import CompoundEvent, EventChange, Evidence

FEED, STATION = "lka_irrigation_river", "lk-peradeniya"
DAY = timedelta(days=1)


def observed(at: datetime, value: float | None, place: str = STATION, indicator: str = "river_level", **more: object) -> Observation:
    """A reading of a moment."""
    said = {"start": at, "end": at, "received": at, "unit": "m", "feed": FEED, "key": place, "delivery": "d" * 64}
    return Observation.model_validate({"area": place, "indicator": indicator, "value": value, **said, **more})


def take(kept: SeriesKept, known: datetime, *said: Observation) -> None:
    """A record with these readings."""
    kept.take(f"r{known.isoformat()}", known, to_batch(said))


def flood(change: EventChange = EventChange.OPENED, at: float = 0) -> CompoundEvent:
    """An event that rests on Peradeniya's level at noon."""
    named = reading(start=NOON, end=NOON, received=NOON)
    return event(change, at, evidence=evidence("all", parts=(evidence(area=STATION, readings=(named,)),)))


def values(kept: SeriesKept, at: datetime, indicator: str = "river_level", place: str = STATION) -> list[float | None]:
    """What is kept and had been said by a moment, in the order of the log."""
    return in_words(kept.readings(indicator, place, NOON - 30 * DAY, at))


def in_words(said: KeptReadings) -> list[float | None]:
    """Values, none where the source gave none."""
    return [None if math.isnan(value) else value for value in said.values.tolist()]


def test_what_came_before_an_event_is_there_when_it_opens() -> None:
    """Readings and the station's own levels of the days before are drawn as soon as something rests on them."""
    kept = SeriesKept({FEED: 8 * DAY})
    for hour in range(-48, 1, 12):
        take(kept, hours(hour), observed(hours(hour), float(hour)), observed(hours(hour), 7.0, indicator="river_level.orange"))
    assert values(kept, NOON) == []
    kept.claim(flood())
    assert values(kept, NOON) == [-48.0, -36.0, -24.0, -12.0, 0.0]
    assert values(kept, NOON, "river_level.orange") == [7.0] * 5


def test_what_comes_while_it_stands_is_taken_in_and_what_comes_long_after_is_not() -> None:
    """Until a day after the end; a second event that rests on the same place tells nothing twice."""
    kept = SeriesKept({FEED: 8 * DAY})
    take(kept, NOON, observed(NOON, 1.0))
    kept.claim(flood())
    take(kept, hours(3), observed(hours(3), 2.0))
    kept.claim(flood().model_copy(update={"id": "e2"}))
    kept.claim(flood(EventChange.CLOSED, 6))
    kept.claim(flood(EventChange.CLOSED, 6).model_copy(update={"id": "e2"}))
    take(kept, hours(20), observed(hours(20), 3.0))
    take(kept, hours(6) + AFTER + timedelta(minutes=1), observed(hours(31), 4.0))
    assert values(kept, hours(99)) == [1.0, 2.0, 3.0]


def test_nothing_of_other_places_and_nothing_that_nobody_asked_for_is_kept() -> None:
    """A neighbour's gauge rests in no tree; what is older than the feed's horizon is let go of before an event wants it."""
    kept = SeriesKept({FEED: 2 * DAY})
    take(kept, hours(-60), observed(hours(-60), 1.0))
    take(kept, hours(-20), observed(hours(-20), 2.0), observed(hours(-20), 9.0, "lk-hanwella"))
    take(kept, NOON, observed(NOON, 3.0))
    kept.claim(flood())
    assert values(kept, NOON) == [2.0, 3.0]
    assert values(kept, NOON, place="lk-hanwella") == []


def test_it_is_known_from_when_on_nothing_is_missing() -> None:
    """What was let go of before an event wanted it is not taken for silence."""
    kept = SeriesKept({FEED: 2 * DAY})
    assert kept.whole_from("river_level", STATION, NOON) is None
    take(kept, hours(-60), observed(hours(-60), 1.0))
    take(kept, NOON, observed(NOON, 3.0))
    kept.claim(flood())
    assert kept.whole_from("river_level", STATION, NOON) == hours(-48)
    assert kept.whole_from("river_level", STATION, hours(-61)) is None
    later = flood().model_copy(update={"id": "e2", "since": NOON + 10 * DAY})
    other = SeriesKept({FEED: 2 * DAY})
    take(other, NOON, observed(NOON, 3.0))
    take(other, NOON + 10 * DAY, observed(NOON + 10 * DAY, 4.0))
    other.claim(later)
    assert other.whole_from("river_level", STATION, NOON + 10 * DAY) == NOON


def test_the_log_read_from_its_beginning_gives_what_was_kept_while_it_grew() -> None:
    """Events are read first then: every reading that they want is kept as it comes by, be its feed's horizon ever so short."""
    live, again = SeriesKept({FEED: 8 * DAY}), SeriesKept({FEED: 8 * DAY})
    said = [(hours(n), observed(hours(n), float(n))) for n in range(-24, 24, 3)]
    for at, one in said[:9]:
        take(live, at, one)
    live.claim(flood())
    for at, one in said[9:]:
        take(live, at, one)
    again.claim(flood())
    for at, one in said:
        take(again, at, one)
    one, other = (kept.readings("river_level", STATION, hours(-24), hours(24)) for kept in (live, again))
    assert len(one) == len(said)
    assert (one.starts == other.starts).all()
    assert (one.values == other.values).all()
    assert [one.origin(row) for row in range(len(one))] == [other.origin(row) for row in range(len(other))]


def test_nothing_later_is_told_and_every_part_of_a_reading_is() -> None:
    """As of a moment: what the log had by then, with all its times, its quality, its feed and the hash of its raw bytes."""
    kept = SeriesKept({FEED: 8 * DAY})
    kept.claim(flood())
    late = observed(hours(-2), 4.5, issued=hours(-1), quality="manual", lead=timedelta(hours=3), member=2, received=hours(5))
    take(kept, NOON, observed(NOON, None))
    take(kept, hours(5), late)
    assert in_words(kept.readings("river_level", STATION, hours(-9), hours(4))) == [None]
    told = kept.readings("river_level", STATION, hours(-9), hours(5))
    columns = (told.starts, told.ends, told.issued, told.known, told.leads)
    whole = (hours(-2), hours(-2), hours(-1), hours(5), timedelta(hours=3))
    assert [int(column[1]) for column in columns] == [micros(one) for one in whole]
    assert (told.members[0], told.members[1], told.values[1]) == (NONE, 2, 4.5)
    assert told.origin(1) == Origin("manual", FEED, "d" * 64, f"r{hours(5).isoformat()}", 2)
    assert in_words(kept.readings("river_level", STATION, hours(-1), hours(5))) == [None]


def test_a_baseline_is_told_as_it_was_then() -> None:
    """The row of a newer baseline takes the place of an older one of its period, from when it was made."""
    kept = SeriesKept()
    for at, bound in ((hours(0), 40.0), (hours(5), 50.0)):
        row = BaselineRow(area="LK11", start=NOON, end=NOON + 7 * DAY, bounds={"orange": bound}, admitted=True, reason="made")
        kept.baseline(Baseline(at=at, threshold="dengue_channel", inputs_hash="h" * 64, rows=(row,)))
    assert kept.bounds_of("dengue_channel", "LK11", hours(-1)) == ()
    assert [row.bounds["orange"] for row in kept.bounds_of("dengue_channel", "LK11", hours(4))] == [40.0]
    assert [row.bounds["orange"] for row in kept.bounds_of("dengue_channel", "LK11", hours(6))] == [50.0]


def test_every_leaf_of_a_tree_says_which_threshold_it_is_about() -> None:
    """Also of what is not so, and of a gauge that fell silent, whose threshold stands in the condition around it."""
    silent = Evidence(condition=f"{STATION} silent", truth=Truth.TRUE, area=STATION, readings=(reading(),))
    tree = evidence(
        "all",
        parts=(
            evidence("not rain_day >= red", Truth.FALSE, readings=(reading(indicator="rain_1d"),)),
            evidence("1 of river_station silent within 40 min", parts=(silent,)),
            evidence("river_station >= orange (set by N. Perera on 2025-01-01: new gauge)", readings=(reading(),)),
        ),
    )
    assert [threshold for threshold, _ in leaves(tree)] == ["rain_day", "river_station", "river_station"]


def test_a_feed_that_no_threshold_reads_is_kept_for_a_while() -> None:
    """A threshold may come to read it: the span is never nothing."""
    assert timedelta(days=7) < SHORTEST
