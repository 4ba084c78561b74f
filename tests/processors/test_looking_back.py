"""What is let go of is asked for by nobody any more; an onset may be asked for long after the span that it lies in."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from engine_tables import DAY, begun, configuration, reading, readings_record

from processors import tracks
from processors.engine import step
from schemas.outputs import CompoundEvent, ThresholdBreach
from schemas.records import Record

_HOUR = timedelta(hours=1)
_OF = {"stale_after": "3 h", "hold_for": "0 h", "horizon": "6 h"}
_COUNTRY = configuration(
    [
        {"name": "river", "levels": {"orange": "2 m"}, **_OF},
        {"name": "rain", "indicator": "rain_1d", "levels": {"orange": "100 mm"}, **_OF},
    ],
    [{"name": "after", "when": {"sequence": ["rain >= orange", "river >= orange"], "within": "24 h"}}],
    feeds=[{"feed": "river", "every": "1 h", "indicators": ["river_level", "rain_1d"]}],
)


def log() -> Iterator[Record]:
    """Rain, then a river that is high for days, falls silent for half a day, and is high again when it speaks."""
    for hour in range(90):
        at = DAY + hour * _HOUR
        rain, river = 120.0 if hour == 2 or (hour % 4 == 0 and hour > 10) else 10.0, 3.0 if hour >= 4 else 1.0
        readings = [reading("A", rain, at, at, indicator="rain_1d")]
        if not 50 <= hour < 62:
            readings.append(reading("A", river, at, at))
        yield readings_record(readings)


def said() -> list[ThresholdBreach | CompoundEvent]:
    """All that is said."""
    state, found = begun(_COUNTRY), []
    for record in log():
        state, outputs = step(state, record)
        found += outputs
    return found


def test_an_onset_is_kept_as_long_as_its_truth_may_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """True, unknown, true is no new onset: the one of days ago, and the rain before it, are asked for again when the river is heard."""
    monkeypatch.setattr(tracks, "_FOLD_AT", 1)
    soon = said()
    monkeypatch.setattr("processors.benches.may_forget", lambda _track: False)
    assert soon == said()
    assert {one.change.value for one in soon if isinstance(one, CompoundEvent)} >= {"opened", "unconfirmed", "confirmed"}
