"""Worlds that random ones failed on, made small by hand: what the specification means in each, and that engine and oracle both say it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from comparing import difference, final, run
from configurations import AREAS, DOCUMENT, FEEDS, SHARD, STATIONS
from oracle import HeldSteps, judged_until, rule_steps
from oracle_known import known_from
from worlds import START

from processors.engine import timelines
from schemas.configuration import Configuration
from schemas.envelopes import input_record, observations_record
from schemas.indicators import CATALOGUE
from schemas.inputs import ConfigChange, Observation, Tick
from schemas.observations import to_batch
from schemas.records import Record

RIVER = {"name": "river", "indicator": "river_level", "at": "station", "levels": {"yellow": "2 m", "orange": "4 m"}, "stale_after": "12 h"}
CASES = {"name": "cases", "indicator": "dengue_cases", "levels": {"yellow": "2 cases", "orange": "4 cases"}, "stale_after": "2 d"}
FEED_OF = {"river_level": "observers", "dengue_cases": "clinics"}
HOUR = timedelta(hours=1)
Row = tuple[float, float, str, str, float]
"""Start and end of its period in hours, place, indicator, value. Unless a test says otherwise, it is received at the end of its period."""


def _at(hour: float) -> datetime:
    return START + hour * HOUR


def _configuration(when: Any, cases_at: str = "adm2", horizon: str = "14 d") -> Configuration:
    base = {"kind": "fixed", "hold_for": "6 h", "horizon": horizon, "document": DOCUMENT}
    rule = {"name": "rule", "area": "adm2", "dimensions": ["environmental"], "level": "orange", "text": "t", "document": DOCUMENT}
    return Configuration.model_validate(
        {
            "shard": SHARD,
            "areas_version": "tests",
            "areas": [{"code": c, "level": level, "parent": p, "names": {"en": c}} for c, level, p in AREAS],
            "stations": [{"code": c, "name": c, "feed": "observers", "areas": a} for c, a in STATIONS.items()],
            "feeds": [{"feed": f, "every": e, "delay": d, "indicators": i} for f, (e, d, i) in FEEDS.items()],
            "thresholds": [{**base, **threshold} for threshold in (RIVER, {**CASES, "at": cases_at})],
            "rules": [{**rule, "when": when, "ends": {"otherwise_after": "30 d"}}],
        }
    )


def _log(configuration: Configuration, rows: Sequence[tuple[float, Row]], now: float) -> list[Record]:
    """A record for each (hour of its receipt, row)."""
    content = ConfigChange(at=START, hash=configuration.hash, configuration=configuration.canonical(), author="tests", reason="tests")
    records = [input_record(SHARD, content)]
    for number, (hour, (start, end, place, indicator, value)) in enumerate(rows):
        feed, unit = FEED_OF[indicator], CATALOGUE[indicator].unit
        named = {"feed": feed, "key": str(number), "delivery": str(number), "unit": unit, "received": _at(hour)}
        row = Observation(area=place, indicator=indicator, start=_at(start), end=_at(end), value=value, **named)
        records.append(observations_record(SHARD, feed, str(number), _at(hour), to_batch([row])))
    return [*records, input_record(SHARD, Tick(at=_at(now)))]


def _told(steps: HeldSteps) -> list[tuple[float, str]]:
    return [((at - START) / HOUR, f"{truth.value}{' held' if held else ''}") for at, truth, held in steps]


def _truth(when: Any, rows: Sequence[Row], *, now: float, area: str = "C", cases_at: str = "adm2") -> list[tuple[float, str]]:
    """The truth of a rule in an area as the oracle has it, held against the engine's."""
    records = _log(_configuration(when, cases_at), [(row[1], row) for row in sorted(rows, key=lambda row: row[1])], now)
    known = known_from(records)
    rule = known.configuration.rules[0]
    steps = rule_steps(known, rule, area)
    said = timelines(run(records)[0]).get((rule.name, area), ())
    found = difference(said, steps, after=START - 48 * HOUR, before=judged_until(known, rule, area))
    assert not found, f"engine, oracle {found}"
    return _told(steps)


BOTH = {"all": ["river >= orange", "cases >= orange"]}
SICK = [(0.0, 6.0, "C", "dengue_cases", 8.0), (6.0, 12.0, "C", "dengue_cases", 8.0)]


def test_a_reading_that_changes_nothing_does_not_move_an_onset() -> None:
    """The river rises at 6 h, as a period with as many cases as before begins: the onset is known by the river's reading."""
    rows = [*SICK, (5.0, 5.0, "s4", "river_level", 1.0), (6.0, 6.0, "s4", "river_level", 5.0), (12.0, 12.0, "s4", "river_level", 5.0)]
    once = {"times": 1, "of": BOTH, "within": "3 h"}
    assert _truth(once, rows, now=20) == [(0, "unknown"), (6, "true"), (9, "false")]


def test_a_place_that_stays_lower_does_not_move_the_onset_of_its_district() -> None:
    """One place rises to orange at 6 h, as a period begins in which the other rises to yellow: orange is known by the first alone."""
    rise = [(5.0, 5.0, "B1", "dengue_cases", 0.0), (6.0, 6.0, "B1", "dengue_cases", 8.0), (6.0, 12.0, "B2", "dengue_cases", 3.0)]
    once = {"times": 1, "of": "cases >= orange", "within": "3 h"}
    rows = [(0.0, 0.0, "B2", "dengue_cases", 0.0), *rise]
    assert _truth(once, rows, now=20, area="B", cases_at="adm3") == [(0, "unknown"), (3, "false"), (6, "true"), (9, "false")]


def _since(when: Any, rows: Sequence[tuple[float, Row]], *, horizon: str) -> list[float]:
    """Since when the rule's events stand in C, in hours."""
    said = run(_log(_configuration(when, horizon=horizon), rows, rows[-1][0]))[1]
    return [(since - START) / HOUR for _, _, since, until, _ in final(said) if until is None]


def test_a_period_that_may_still_be_revised_is_not_settled_from_its_start() -> None:
    """Of a period of twelve hours that a revision takes back and the next brings again, the event begins where it had begun."""
    period = (0.0, 12.0, "C", "dengue_cases")
    revised = [(13.0, (*period, 8.0)), (15.0, (*period, 1.0)), (15.0, (*period, 8.0))]
    assert _since("cases >= orange", revised, horizon="12 h") == [0]


def test_a_period_that_comes_late_begins_where_it_begins() -> None:
    """Nothing was known of the cases before; the period comes within the horizon, which counts from its end."""
    late = [(15.0, (15.0, 15.0, "s4", "river_level", 1.0)), (15.0, (0.0, 6.0, "C", "dengue_cases", 8.0))]
    assert _since({"any": ["river >= orange", "cases >= orange"]}, late, horizon="12 h") == [0]
