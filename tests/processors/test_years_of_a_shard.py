"""A shard that runs for years keeps no more than what is still needed, and says what it would say if it kept all."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from engine_tables import DAY, begun, configuration, reading, readings_record

from processors.engine import State, step, to_bytes
from processors.telling import LONGEST_SINCE, told_since
from processors.timelines import BEGINNING, micros
from schemas.envelopes import input_record
from schemas.inputs import Baseline, BaselineRow, GaugeDeclaration, Tick
from schemas.outputs import CompoundEvent, EventChange, ThresholdBreach
from schemas.records import Record

WEEK = timedelta(days=7)
YEARS = 4
THRESHOLDS: list[dict[str, Any]] = [
    {"name": "rain", "indicator": "rain_1d", "levels": {"orange": "60 mm"}, "stale_after": "21 d", "horizon": "7 d"},
    {"name": "river", "levels": {"orange": "2 m"}, "stale_after": "21 d", "horizon": "7 d"},
    {
        "name": "dengue", "indicator": "dengue_cases", "kind": "endemic_channel", "levels": {"orange": "mean + 2 sd"},
        "baseline": {"years": 2, "needs": "2 years"}, "stale_after": "21 d", "horizon": "14 d",
    },
]  # fmt: skip
COUNTRY = configuration(
    THRESHOLDS,
    [
        {"name": "wet", "when": {"all": ["rain >= orange", "river >= orange"]}, "cool_down": "1 d"},
        {"name": "outbreak", "dimensions": ["health"], "when": {"all": ["rain >= orange", "dengue >= orange"]}, "cool_down": "1 d"},
    ],
    feeds=[{"feed": "weekly", "every": "7 d", "indicators": ["rain_1d", "river_level", "dengue_cases"]}],
)  # fmt: skip
"""With a rule that never holds, because its river is always low, though its rain comes and goes: that stands since the beginning."""


def log() -> Iterator[Record]:
    """Each week rain that comes and goes, a low river, some dengue, and a baseline for the weeks to come."""
    for week in range(YEARS * 52):
        at = DAY + week * WEEK
        bounds = {"orange": 50.0 + week % 5}
        row = BaselineRow(area="A", start=at - WEEK, end=at, statistics={}, bounds=bounds, admitted=week % 9 > 0, reason="")
        yield input_record("TST", Baseline(at=at, threshold="dengue", inputs_hash=f"{week}", rows=(row,)))
        values = (("rain_1d", 80.0 if week % 2 else 10.0), ("river_level", 0.5), ("dengue_cases", 80.0 if week % 6 < 2 else 20.0))
        yield readings_record(
            [
                reading("A", value, at - WEEK / 2, at + timedelta(hours=1), indicator=indicator, feed="weekly", delivery=f"{week}")
                for indicator, value in values
            ]
        )


def lived() -> tuple[list[int], list[ThresholdBreach | CompoundEvent], State]:
    """The size of the snapshot after each year, all that was said, and the state in the end."""
    state, sizes, said = begun(COUNTRY), [], []
    for number, record in enumerate(log(), start=1):
        state, outputs = step(state, record)
        said += outputs
        if number % 104 == 0:
            sizes.append(len(to_bytes(state)))
    return sizes, said, state


def test_a_shard_of_years_is_as_small_as_one_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its snapshot no longer grows, and it says what one says that lets go of nothing."""
    sizes, said, state = lived()
    monkeypatch.setattr("processors.benches.may_forget", lambda _track: False)
    monkeypatch.setattr("processors.intake.needed", lambda rows, _oldest: rows)
    all_sizes, all_said, kept = lived()
    assert {"wet", "outbreak"} - {s.rule for s in said if isinstance(s, CompoundEvent)} == {"wet"}
    assert said == all_said
    assert max(sizes[2:]) <= sizes[1]
    assert all_sizes[1:] == sorted(set(all_sizes[1:]))
    assert len(state.tracks["rain", "A"].frozen) < 52 + 64 + 10 < len(kept.tracks["rain", "A"].frozen)
    assert len(state.baselines["dengue"]["A"]) < 80 < 200 < len(kept.baselines["dengue"]["A"])


GAUGES = [{"code": f"g{n}", "name": f"{n}", "feed": "river", "areas": ["A"]} for n in (1, 2, 3)]
RIVER = {"name": "river", "at": "station", "levels": {"orange": "2 m"}, "stale_after": "3 d", "horizon": "7 d", "roll_up": {"to": "adm2"}}
WATCHED = configuration(
    [RIVER],
    [{"name": "gone", "when": {"silent": {"count": 2, "of": "river", "within": "2 d"}}}],
    stations=GAUGES,
    feeds=[{"feed": "river", "every": "1 d", "indicators": ["river_level"]}],
)
"""Gauges that are read every day; from each month's tenth day on two of them are silent for a week, from its twentieth on the feed."""


def months() -> Iterator[Record]:
    """Two years of them; each month a person says of the third gauge that it is dead, and that it is back."""
    for day in range(24 * 30):
        at, of_month = DAY + timedelta(days=day), day % 30
        if of_month in (3, 5):
            state = "dead" if of_month == 3 else "back"
            yield input_record("TST", GaugeDeclaration(at=at, area="g3", state=state, by="a duty officer", reason="tests"))
        given = ["g3"] if 10 <= of_month < 17 else [] if of_month >= 20 else ["g1", "g2", "g3"]
        if given:
            yield readings_record([reading(code, 1.0, at, at + timedelta(hours=1), delivery=f"{day}") for code in given])
        else:
            yield input_record("TST", Tick(at=at))


def watched() -> tuple[list[int], list[int], list[ThresholdBreach | CompoundEvent]]:
    """How often each day the feed is known to have delivered, what people are known to have said, and what the engine said."""
    state, spans, words, said = begun(WATCHED), [], [], []
    for record in months():
        state, outputs = step(state, record)
        said += outputs
        spans.append(len(state.alive.get("river", ())))
        words.append(len(state.tracks["river", "g3"].declarations) if ("river", "g3") in state.tracks else 0)
    return spans, words, said


def test_what_was_heard_of_feeds_and_said_of_gauges_is_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """After years no more is kept of either than after half of one, and as often as before the gauges that fell silent are found."""
    spans, words, said = watched()
    monkeypatch.setattr("processors.benches.since_asked", lambda alive, _asked: alive)
    monkeypatch.setattr("processors.tracks._without_old_words", lambda track: track)
    all_spans, all_words, all_said = watched()
    assert said == all_said
    assert sum(s.change is EventChange.OPENED for s in said if isinstance(s, CompoundEvent)) == 24
    assert max(spans) < 5 < 20 < max(all_spans)
    assert max(words) < 12 < 40 < max(all_words)


@pytest.mark.parametrize(("days", "told"), [(0, True), (366, True), (367, False)])
def test_since_when_is_told_for_a_year(days: int, told: bool) -> None:
    """What has stood for longer stands for long; no more of it is kept."""
    at = micros(DAY)
    expected: datetime | None = DAY - timedelta(days=days) if told else None
    assert told_since(at - days * LONGEST_SINCE // 366, at) == expected
    assert told_since(BEGINNING, at) is told_since(None, at) is None
