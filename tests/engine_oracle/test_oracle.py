"""The oracle itself, held against tables and small timelines worked out by hand from the specification, so that it is not untested."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from configurations import AREAS, DOCUMENT, FEEDS, SHARD, STATIONS
from oracle import HeldSteps, level_steps, rule_steps
from oracle_events import lives
from oracle_known import Known, known_from
from oracle_levels import FALSE, TRUE, UNKNOWN
from oracle_rules import all_of, any_of, at_least, not_, within
from worlds import START

from schemas.configuration import Configuration
from schemas.envelopes import input_record, observations_record
from schemas.indicators import CATALOGUE
from schemas.inputs import ConfigChange, GaugeDeclaration, Heartbeat, Observation, Tick
from schemas.levels import Level, Truth
from schemas.observations import to_batch
from schemas.records import Record

T, F, U = TRUE, FALSE, UNKNOWN
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("one", "other", "both", "either"),
    [
        (T, T, T, T),
        (T, F, F, T),
        (T, U, U, T),
        (F, T, F, T),
        (F, F, F, F),
        (F, U, F, U),
        (U, T, U, T),
        (U, F, F, U),
        (U, U, U, U),
    ],
)
def test_all_and_any_are_kleenes(one: Truth, other: Truth, both: Truth, either: Truth) -> None:
    """Section 4: `all` and `any` as in Kleene's strong logic of three values."""
    assert all_of([one, other]) is both
    assert any_of([one, other]) is either


def test_not_is_kleenes() -> None:
    """Section 4: the other one, and unknown of unknown."""
    assert [not_(t) for t in (T, F, U)] == [F, T, U]


@pytest.mark.parametrize(
    ("n", "truths", "expected"),
    [
        (2, [T, T, F], T),
        (2, [T, F, F], F),
        (2, [T, U, F], U),
        (2, [U, U, F], U),
        (2, [U, F, F], F),
        (1, [U, F, F], U),
        (3, [T, T, U], U),
        (2, [T], U),
        (2, [F], U),
        (1, [], U),
    ],
)
def test_at_least_counts_unknown_as_possible(n: int, truths: list[Truth], expected: Truth) -> None:
    """Section 4: false only if true and unknown together are too few; 6.3: with fewer to look at than asked for, nobody knows."""
    assert at_least(n, truths) is expected


def _at(hour: float) -> datetime:
    return START + hour * HOUR


def _hours(steps: Sequence[tuple[datetime, Truth]]) -> list[tuple[float, Truth]]:
    return [((at - START) / HOUR, truth) for at, truth in steps]


def test_within_looks_back_over_what_was_true_and_what_nobody_knew() -> None:
    """Section 4: true while a true moment lies in the last span, false if known false throughout it, else unknown."""
    steps = [(_at(0), F), (_at(5), T), (_at(6), F), (_at(10), U), (_at(11), F)]
    assert _hours(within(steps, 2 * HOUR)) == [(0, U), (2, F), (5, T), (8, F), (10, U), (13, F)]


# Small worlds ---------------------------------------------------------------------------------------------------------


def _configuration(threshold: dict[str, Any], when: Any, **rule: Any) -> Configuration:
    body = {"name": "river", "indicator": "river_level", "at": "station", "kind": "fixed", "levels": {"orange": "4 m"}}
    body |= {"stale_after": "3 h", "hold_for": "6 h", "roll_up": {"to": "adm2"}, "document": DOCUMENT, **threshold}
    named = {"name": "rule", "area": "adm2", "dimensions": ["environmental"], "when": when, "level": "orange", "text": "t"}
    return Configuration.model_validate(
        {
            "shard": SHARD,
            "areas_version": "tests",
            "areas": [{"code": c, "level": level, "parent": p, "names": {"en": c}} for c, level, p in AREAS],
            "stations": [{"code": c, "name": c, "feed": "gauges", "areas": a} for c, a in STATIONS.items()],
            "feeds": [{"feed": f, "every": e, "delay": d, "indicators": i} for f, (e, d, i) in FEEDS.items()],
            "thresholds": [body],
            "rules": [{**named, "ends": {"otherwise_after": "30 d"}, "document": DOCUMENT, **rule}],
        }
    )


def _known(configuration: Configuration, readings: Sequence[tuple[float, str, float | None]], *more: Record, now: float = 48) -> Known:
    """A log of one record for each (hour, station, value), received as it is valid, and a tick at hour `now`."""
    content = ConfigChange(at=START, hash=configuration.hash, configuration=configuration.canonical(), author="tests", reason="tests")
    records = [input_record(SHARD, content)]
    for number, (hour, station, value) in enumerate(readings):
        row = Observation(
            area=station,
            indicator="river_level",
            start=_at(hour),
            end=_at(hour),
            received=_at(hour),
            value=value,
            unit=CATALOGUE["river_level"].unit,
            feed="gauges",
            key=str(number),
            delivery=str(number),
        )
        records.append(observations_record(SHARD, "gauges", str(number), _at(hour), to_batch([row])))
    return known_from([*records, *more, input_record(SHARD, Tick(at=_at(now)))])


def _told(steps: HeldSteps) -> list[tuple[float, str]]:
    return [((at - START) / HOUR, f"{truth.value}{' held' if held else ''}") for at, truth, held in steps]


def _river(known: Known, place: str = "s4") -> list[tuple[float, str]]:
    return _told(level_steps(known, "river", place, Level.ORANGE))


def _rule(known: Known, area: str = "C") -> list[tuple[float, str]]:
    """The rule's truth; unknown at first is left out, for it is unknown before the first step anyhow."""
    told = _told(rule_steps(known, known.configuration.rules[0], area))
    return told[1:] if told and told[0][1] == "unknown" else told


RIVER = "river >= orange"


def test_a_breach_is_held_then_unknown_and_never_closed_by_silence() -> None:
    """3.3: known until 3 h after the reading, held for 6 h from then, then unknown; a later reading decides."""
    known = _known(_configuration({}, RIVER), [(1, "s4", 5.0), (20, "s4", 1.0)], now=30)
    assert _river(known) == [(1, "true"), (4, "true held"), (10, "unknown"), (20, "false"), (23, "unknown")]


def test_a_level_is_left_only_under_the_hysteresis() -> None:
    """3.2: left at a reading under it by more than `leave_below`, not by just as much."""
    known = _known(_configuration({"leave_below": "1 m"}, RIVER), [(1, "s4", 4.0), (2, "s4", 3.0), (3, "s4", 2.9)], now=4)
    assert _river(known) == [(1, "true"), (3, "false")]


def test_a_run_that_is_not_complete_is_lower_after_lower() -> None:
    """3.2 and 6.1: the first of two readings in a row is no breach; a burst counts as one, a null not at all."""
    readings = [(1, "s4", 1.0), (2, "s4", 5.0), (2 + 1 / 6, "s4", 5.0), (2.5, "s4", None), (3, "s4", 5.0)]
    known = _known(_configuration({"for": "2 readings"}, RIVER), readings, now=4)
    assert _river(known) == [(1, "false"), (3, "true")]


def test_a_run_that_is_not_complete_is_unknown_at_first() -> None:
    """6.1: with nothing known before it, the first of two readings is not lower."""
    readings = [(2, "s4", 5.0), (2 + 1 / 6, "s4", 5.0), (3, "s4", 5.0)]
    known = _known(_configuration({"for": "2 readings"}, RIVER), readings, now=4)
    assert _river(known) == [(2, "unknown"), (3, "true")]


def test_a_gap_starts_the_run_again() -> None:
    """3.2: two readings further apart than `stale_after` are no run; exactly at the limit they are."""
    configuration = _configuration({"for": "2 readings"}, RIVER)
    assert _river(_known(configuration, [(1, "s4", 5.0), (4, "s4", 5.0)], now=5)) == [(1, "unknown"), (4, "true")]
    assert _river(_known(configuration, [(1, "s4", 5.0), (4.5, "s4", 5.0)], now=5)) == [(1, "unknown")]


def test_an_all_clear_waits_for_quiet_readings() -> None:
    """6.6: left at the first reading of a run of leaving ones that lasts as long as `quiet`; a silence is no quiet time."""
    configuration = _configuration({"quiet": "2 h"}, RIVER)
    readings = [(1, "s4", 5.0), (2, "s4", 1.0), (3, "s4", 1.0), (4, "s4", 1.0)]
    assert _river(_known(configuration, readings, now=5)) == [(1, "true"), (4, "false")]
    assert _river(_known(configuration, [(1, "s4", 5.0), (2, "s4", 1.0), (6, "s4", 1.0)], now=7)) == [
        (1, "true"),
        (5, "true held"),
        (6, "true"),
    ]


def test_a_short_silence_between_two_lower_readings_is_lower() -> None:
    """4.2: a gap of at most `bridge` between known-lower readings; a longer one, or one with a breach beside it, stays unknown."""
    configuration = _configuration({"bridge": "2 h"}, RIVER)
    assert _river(_known(configuration, [(1, "s4", 1.0), (6, "s4", 1.0)], now=7)) == [(1, "false")]
    assert _river(_known(configuration, [(1, "s4", 1.0), (6.5, "s4", 1.0)], now=7)) == [(1, "false"), (4, "unknown"), (6.5, "false")]
    assert _river(_known(configuration, [(1, "s4", 1.0), (6, "s4", 5.0)], now=7)) == [(1, "false"), (4, "unknown"), (6, "true")]


def test_a_gauge_declared_dead_holds_nothing() -> None:
    """3.3: from the declaration on unknown; it no longer blocks its area's all-clear."""
    dead = GaugeDeclaration(at=_at(3), area="s1", state="dead", by="a duty officer", reason="washed away")
    known = _known(_configuration({}, RIVER), [(1, "s1", 5.0), (2, "s3", 1.0), (4, "s3", 1.0)], input_record(SHARD, dead), now=5)
    assert _river(known, "s1") == [(1, "true"), (3, "unknown")]
    assert _river(known, "B") == [(1, "true"), (3, "false")]


def test_an_area_is_calm_only_if_nothing_is_open_and_enough_is_known() -> None:
    """3.8: one place in breach makes it true; a held or undecided one blocks a false; half of those that count must be known."""
    known = _known(_configuration({}, RIVER), [(1, "s1", 5.0), (2, "s2", 1.0), (11, "s2", 1.0), (11, "s3", 1.0)], now=13)
    assert _river(known, "B") == [(1, "true"), (4, "true held"), (10, "unknown")]
    half = _known(_configuration({"roll_up": {"to": "adm2", "needs": "all"}}, RIVER), [(1, "s1", 1.0), (2, "s2", 1.0)], now=4.5)
    assert _river(half, "B") == [(1, "false"), (4, "unknown")]


def test_a_condition_without_a_series_is_left_out_of_any_but_not_of_all() -> None:
    """6.3: `any` goes by what is covered; `all` with something nobody watches is never true."""
    lower = [(1.0, "s4", 1.0)]
    somewhere = {"any": [RIVER, {"dimensions": 1, "level": "red"}]}
    assert _rule(_known(_configuration({}, somewhere), lower, now=2), "C") == [(1, "false")]
    assert _rule(_known(_configuration({}, somewhere), lower, now=2), "B") == []


SEQUENCE = {"sequence": [RIVER, f"not {RIVER}"], "within": "2 h"}


def test_a_sequence_is_true_while_the_last_stands_and_unknown_while_it_could_be() -> None:
    """Section 4 and 4.1: up at 1 h and down at 2 h is a sequence within 2 h; a river never known before may have been high."""
    known = _known(_configuration({}, SEQUENCE), [(0, "s4", 1.0), (1, "s4", 5.0), (2, "s4", 1.0), (4, "s4", 1.0)], now=6)
    assert _rule(known) == [(1, "false"), (2, "true")]


def test_a_sequence_too_slow_is_false() -> None:
    """Section 4: the last more than `within` after the first is none, known on both sides."""
    known = _known(_configuration({}, SEQUENCE), [(0, "s4", 1.0), (1, "s4", 5.0), (3, "s4", 5.0), (3.5, "s4", 1.0)], now=4)
    assert _rule(known) == [(1, "false")]


def test_a_step_of_a_sequence_may_look_back() -> None:
    """Section 4: absent for 2 h became true at the end of them; the river that rises half an hour later ends it, and comes after it."""
    dry = {"sequence": [{"not": RIVER, "for": "2 h"}, RIVER], "within": "1 h"}
    known = _known(_configuration({}, dry), [(0, "s4", 1.0), (1, "s4", 1.0), (2, "s4", 1.0), (2.5, "s4", 5.0)], now=4)
    assert _rule(known) == [(0, "false"), (2.5, "true")]
    known = _known(_configuration({}, dry), [(0, "s4", 1.0), (1, "s4", 1.0), (2, "s4", 1.0), (3.5, "s4", 5.0)], now=4)
    assert _rule(known) == [(0, "false")]


TOGETHER = {"together": 2, "of": [RIVER, {"threshold": "river", "level": "yellow"}], "within": "1 h"}


def test_together_needs_onsets_that_lie_near_and_is_unknown_while_they_may() -> None:
    """Section 4: yellow at 1 h and orange at 2 h are together, at 3 h no more; in silence both may have risen."""
    levels = {"levels": {"yellow": "2 m", "orange": "4 m"}}
    rise = [(0, "s4", 1.0), (1, "s4", 3.0), (2, "s4", 5.0), (3, "s4", 3.0)]
    assert _rule(_known(_configuration(levels, TOGETHER), rise, now=4)) == [(0, "false"), (2, "true"), (3, "false")]
    slow = [(0, "s4", 1.0), (1, "s4", 3.0), (2, "s4", 3.0), (3, "s4", 5.0)]
    assert _rule(_known(_configuration(levels, TOGETHER), slow, now=4)) == [(0, "false")]
    silent = [(0, "s4", 1.0), (6, "s4", 3.0), (7, "s4", 5.0)]
    expected = [(0, "false"), (3, "unknown"), (6, "false"), (7, "true")]
    assert _rule(_known(_configuration(levels, TOGETHER), silent, now=8)) == expected


SILENT = {"silent": {"count": 2, "of": "river", "within": "1 h"}}


def test_silent_needs_stations_that_stop_together_while_the_feed_goes_on() -> None:
    """Section 4 and 6.6: true when two went stale with last readings an hour apart; unknown while the feed itself is not heard."""
    beats = [Heartbeat(feed="gauges", received=_at(h), delivery=str(h), new=False, rows=0, quarantined=0) for h in (3, 4, 5)]
    known = _known(_configuration({}, SILENT), [(1, "s1", 1.0), (2, "s2", 1.0)], *(input_record(SHARD, b) for b in beats), now=12)
    assert _rule(known, "B") == [(1, "false"), (5, "true"), (7, "unknown")]


def test_an_event_stays_through_unknown_and_ends_when_known_false() -> None:
    """4.3: since the first true moment, held through silence, closed by a reading."""
    known = _known(_configuration({}, RIVER), [(1, "s4", 5.0), (20, "s4", 1.0)], now=30)
    (life,) = lives(known, known.configuration.rules[0], "C")
    assert (life.since, life.until, life.told) == (_at(1), _at(20), True)


def test_an_event_ends_without_an_all_clear_when_nobody_can_tell() -> None:
    """4.3 and 6.4: `otherwise_after` counts from the last truth that was not held."""
    known = _known(_configuration({}, RIVER, ends={"otherwise_after": "12 h"}), [(1, "s4", 5.0)], now=30)
    (life,) = lives(known, known.configuration.rules[0], "C")
    assert (life.since, life.until, life.told) == (_at(1), _at(16), False)


def test_until_alone_closes() -> None:
    """6.4: with `until` a known false truth does not end the event."""
    configuration = _configuration({"levels": {"yellow": "2 m", "orange": "4 m"}}, RIVER, until="not river >= yellow")
    known = _known(configuration, [(1, "s4", 5.0), (2, "s4", 3.0), (3, "s4", 1.0)], now=4)
    (life,) = lives(known, known.configuration.rules[0], "C")
    assert (life.since, life.until, life.told) == (_at(1), _at(3), True)
