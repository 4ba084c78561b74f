"""Logs of places that report every hour and are regular most of the time, with what makes them irregular for a while, by a seed."""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from engine_tables import DAY, configuration, configured_record
from msgspec.structs import replace

from schemas.envelopes import input_record, observations_record
from schemas.inputs import GaugeDeclaration, Heartbeat, Observation, Tick
from schemas.microseconds import to_microseconds
from schemas.observations import to_batch
from schemas.records import Record

UNITS = {"river_level": "m", "rain_1d": "mm", "landslide_warning": "level"}
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Trouble:
    """How the world departs from order.

    Attributes:
        settle, horizon: of the thresholds, as written. late, doubled, null: the share of readings that come late, twice, without value.
        forecast: the share of readings beside which the feed also brings what it foretold, of this hour or a later one.
        odd: whether a gauge is declared dead, an area falls silent for a while, and the configuration changes once.
    """

    settle: str
    horizon: str
    late: float
    doubled: float
    null: float
    odd: bool
    forecast: float = 0.0

    @classmethod
    def drawn(cls, chance: random.Random) -> "Trouble":
        """Any of them."""
        return cls(
            settle=chance.choice(["0 h", "3 h"]),
            horizon=chance.choice(["3 h", "1 d"]),
            late=chance.choice([0, 0, 0.02]),
            doubled=chance.choice([0, 0.02]),
            null=chance.choice([0, 0.02, 0.1]),
            odd=chance.random() < 0.4,
            forecast=chance.choice([0, 0.1]),
        )


def log_of(chance: random.Random, trouble: Trouble, areas: int = 4, hours: int = 45) -> list[Record]:
    """A configuration and what came hour by hour, an hour's readings in one record or a few."""
    names = [f"A{n}" for n in range(areas)]
    records = [_configured(names, trouble, "4 m")]
    waiting: list[tuple[int, Observation]] = []
    walks: dict[tuple[str, str], float] = {}
    silent = chance.choice(names) if trouble.odd else ""
    for hour in range(hours):
        now = DAY + hour * HOUR + timedelta(minutes=5)
        for area in names:
            if area != silent or not 20 <= hour < 36:
                waiting += [w for indicator in UNITS for w in _reading(chance, trouble, walks, hour, area, indicator)]
        due = [o.model_copy(update={"received": now}) for at, o in waiting if at == hour]
        waiting = [(at, o) for at, o in waiting if at > hour]
        chance.shuffle(due)
        size = max(1, len(due) // chance.choice([1, 1, 2, 5]))
        for first in range(0, len(due), size):
            name = f"{hour:08d}{first:08d}"
            records.append(observations_record("TST", "f", name, now, to_batch(due[first : first + size])))
        records += _between(chance, trouble, names, hour, now)
    return records


def _configured(names: list[str], trouble: Trouble, orange: str) -> Record:
    base = {"settle": trouble.settle, "horizon": trouble.horizon, "stale_after": "9 h", "for": "2 readings"}
    river = {"name": "river", "indicator": "river_level", "levels": {"yellow": "3 m", "orange": orange}, "leave_below": "0.4 m"}
    rain = {"name": "rain", "indicator": "rain_1d", "levels": {"orange": "4 mm"}, "leave_below": "0.4 mm", "quiet": "2 h"}
    slide = {"name": "slide", "indicator": "landslide_warning", "levels": {"orange": "4 level"}, "for": "1 readings"}
    of = ["river >= orange", "rain >= orange", "slide >= orange"]
    joint: dict[str, Any] = {
        "name": "joint",
        "when": {"together": 2, "of": of, "within": "12 h"},
        "until": {"not": {"at_least": 2, "of": of}},
    }
    joint |= {"dimensions": ["environmental"], "raise": [{"to": "red", "if": {"all": of}}]}
    single = {"name": "single", "when": {"any": of}, "dimensions": ["environmental"], "level": "yellow"}
    return configured_record(
        configuration(
            [base | river, base | rain, base | slide],
            [joint, single],
            areas=[{"code": name, "level": "adm2", "names": {"en": name}} for name in names],
            feeds=[{"feed": "f", "every": "1 h", "indicators": list(UNITS)}],
        )
    )


def _reading(
    chance: random.Random, trouble: Trouble, walks: dict[tuple[str, str], float], hour: int, area: str, indicator: str
) -> list[tuple[int, Observation]]:
    """The reading of an hour with the hour it arrives, once or twice."""
    before = walks.get((area, indicator), chance.choice([2.0, 4.0, 5.0]))
    value = walks[area, indicator] = min(7.0, max(0.0, before + chance.choice([-1.5, -1, -0.5, 0, 0.5, 1, 1.5])))
    at = DAY + hour * HOUR
    reading = Observation(
        area=area, indicator=indicator, start=at, end=at, received=at, value=None if chance.random() < trouble.null else value,
        unit=UNITS[indicator], feed="f", key=f"{area} {indicator} {hour}", delivery=f"d{hour}",
    )  # fmt: skip
    arrives = hour + (chance.randint(1, 3) if chance.random() < trouble.late else 0)
    again = [(hour + chance.randint(0, 6), reading)] if chance.random() < trouble.doubled else []
    begin = at + chance.choice([0, 6]) * HOUR
    later = {"start": begin, "end": begin, "lead": 6 * HOUR, "value": 7.0, "key": f"{reading.key} foretold"}
    foretold = [(hour, reading.model_copy(update=later))] if chance.random() < trouble.forecast else []
    return [(arrives, reading), *again, *foretold]


def _between(chance: random.Random, trouble: Trouble, names: list[str], hour: int, now: Any) -> list[Record]:
    """What comes between the readings: ticks, heartbeats, and odd things."""
    found = []
    if chance.random() < 0.3:
        found.append(input_record("TST", Tick(at=now + timedelta(minutes=chance.randint(1, 50)))))
    if chance.random() < 0.3:
        found.append(input_record("TST", Heartbeat(feed="f", received=now, delivery="h", new=False, rows=0, quarantined=0)))
    if trouble.odd and hour in (15, 25):
        state = "dead" if hour == 15 else "back"
        found.append(input_record("TST", GaugeDeclaration(at=now, area=names[0], state=state, by="a named person", reason="tests")))
    if trouble.odd and hour == 40:
        found.append(replace(_configured(names, trouble, "3.5 m"), id="configuration:again", received_microseconds=to_microseconds(now)))
    return found
