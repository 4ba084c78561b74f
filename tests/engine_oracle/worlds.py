"""Logs for the property tests: readings that wander around the levels, with every fault a real feed has.

Duplicates, revisions, nulls, late readings, bursts, gaps and silence; issues of forecasts, whole, cut in parts, superseded and revised;
ticks, heartbeats, baselines and declarations between them.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from configurations import BASELINES, FEEDS, MEMBERS, SHARD, STEPS, configurations
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.configuration import Configuration
from schemas.envelopes import input_record, observations_record, read_input
from schemas.indicators import CATALOGUE
from schemas.inputs import Baseline, BaselineRow, ConfigChange, GaugeDeclaration, Heartbeat, Observation, Tick
from schemas.observations import decode, encode, from_batch, to_batch
from schemas.records import Record

START = datetime(2025, 6, 1, tzinfo=UTC)
GRID = timedelta(minutes=10)


@dataclass(frozen=True, repr=False)
class World:
    """A configuration and the log that is judged by it, its first record the configuration."""

    configuration: Configuration
    records: tuple[Record, ...]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def __str__(self) -> str:
        """What a person needs to see of a failing example."""
        thresholds = [t.model_dump(mode="json", by_alias=True, exclude={"document"}) for t in self.configuration.thresholds]
        rules = [r.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"document"}) for r in self.configuration.rules]
        return "\n".join(["World:", *map(str, thresholds), *map(str, rules), *map(said, self.records[1:])])


def said(record: Record) -> str:
    """A record in a line or two."""
    content = read_input(record)
    if record.kind != "observations":
        return f"{record.received:%d %H:%M} {content}"
    return f"{record.received:%d %H:%M} " + "; ".join(map(_said_of, from_batch(content)))


def _said_of(row: Observation) -> str:
    of = f" lead {row.lead} member {row.member}" if row.lead is not None else ""
    return f"{row.area} {row.indicator} {row.start:%d %H:%M}..{row.end:%d %H:%M}{of} = {row.value} issued {row.issued}"


def split(records: Sequence[Record]) -> list[Record]:
    """The same log with one reading a record."""
    cut: list[Record] = []
    for record in records:
        if record.kind != "observations":
            cut.append(record)
            continue
        for number, row in enumerate(from_batch(decode(record.payload))):
            cut.append(replace(record, id=f"{record.id}/{number}", payload=encode(to_batch([row]))))
    return cut


def without_horizon(world: World) -> World:
    """The same, with a horizon longer than the log."""
    thresholds = tuple(t.model_copy(update={"horizon": timedelta(days=365)}) for t in world.configuration.thresholds)
    configuration = world.configuration.model_copy(update={"thresholds": thresholds})
    return World(configuration, (_configured(configuration), *world.records[1:]))


def without_shadow(world: World) -> World:
    """The same, without the rules that run in shadow."""
    rules = tuple(rule for rule in world.configuration.rules if rule.shadow is None)
    configuration = world.configuration.model_copy(update={"rules": rules})
    return World(configuration, (_configured(configuration), *world.records[1:]))


def _configured(configuration: Configuration) -> Record:
    content = ConfigChange(at=START, hash=configuration.hash, configuration=configuration.canonical(), author="tests", reason="tests")
    return input_record(SHARD, content)


# Logs -----------------------------------------------------------------------------------------------------------------

PLACES = {
    "gauges": ["s1", "s3"],
    "observers": ["s2", "s4"],
    "slopes": ["B1", "B2", "C1"],
    "clinics": ["B", "C"],
    "markets": ["B", "C"],
    "sky": ["B1", "B2", "C1"],
    "models": ["B", "C", "B1", "C1"],
}
_STEPS = [0, 1, 3, 6, 6, 6, 12, 36]
_AGES = [0, 0, 0, 0, 1, 2, 6, 12, 40, 100]
_PERIODS = {"dengue_cases": 36, "price_rice_white": 72, "rain_1d": 36}
"""Length of a period in steps of the grid; all others are moments."""
_SEEDS = st.integers(0, 2**32)


@st.composite
def worlds(draw: st.DrawFn, *, records: int = 40, configured: st.SearchStrategy[Configuration] | None = None) -> World:
    """A configuration, by default any, and up to `records` records after it."""
    configuration = draw(configured if configured is not None else configurations())
    chance = random.Random(draw(_SEEDS))
    log = Log(configuration, chance)
    for _ in range(chance.randint(records // 5, records)):
        log.add()
    return World(configuration, (_configured(configuration), *log.records))


class Log:
    """A log as it grows. Each series wanders by at most a level a reading, so that runs of readings happen."""

    def __init__(self, configuration: Configuration, chance: random.Random) -> None:
        self.configuration = configuration
        self.chance = chance
        self.now = START
        self.records: list[Record] = []
        self.worth: dict[tuple[str, str], float] = {}
        self.given: list[Observation] = []
        own = ["yellow", "orange", "red"] if any(t.kind == "station_levels" for t in configuration.thresholds) else []
        self.indicators = sorted({t.indicator for t in configuration.thresholds}) + [f"river_level.{word}" for word in own]
        self.baselined = [t for t in configuration.thresholds if t.name in BASELINES]
        self.forecast = any(t.forecast is not None for t in configuration.thresholds)

    def add(self) -> None:
        """One more record, some time after the last."""
        self.now += self.chance.choice(_STEPS) * GRID
        dice, number = self.chance.random(), len(self.records)
        if dice < 0.12:
            self.records.append(input_record(SHARD, Tick(at=self.now)))
        elif dice < 0.2:
            feed = self.chance.choice(list(FEEDS))
            beat = Heartbeat(feed=feed, received=self.now, delivery=f"h{number}", new=False, rows=0, quarantined=0)
            self.records.append(input_record(SHARD, beat))
        elif dice < 0.24:
            place, state = self.chance.choice(["s1", "s2", "B1", "B"]), self.chance.choice(["dead", "back"])
            said_so = GaugeDeclaration(at=self.now, area=place, state=state, by="a named person", reason=f"tests {number}")
            self.records.append(input_record(SHARD, said_so))
        elif self.baselined and (dice < 0.3 or number < 2):
            self.records.append(input_record(SHARD, self._baseline(number)))
        else:
            self.records.append(self._delivery(number))

    def _delivery(self, number: int) -> Record:
        first = self.chance.choice(self.indicators)
        feed = self.chance.choice([f for f, (_, _, given) in FEEDS.items() if first in given])
        of_feed = [i for i in self.indicators if i in FEEDS[feed][2]]
        received = self.now - (2 * GRID if self.chance.random() < 0.05 and self.now > START + 2 * GRID else timedelta(0))
        if feed == "models" and self.forecast and self.chance.random() < 0.8:
            rows = self._issue(str(number), received)
        else:
            rows = [self._reading(feed, self.chance.choice(of_feed), f"{number}/{n}", received) for n in range(self.chance.randint(1, 4))]
        if self.chance.random() < 0.15:
            again = [o for o in self.given if o.feed == feed]
            rows += [self._revised(o, f"{number}/again", received) for o in self.chance.sample(again, min(1, len(again)))]
        self.given += rows
        return observations_record(SHARD, feed, f"{number:016d}", received, to_batch(rows))

    def _issue(self, key: str, received: datetime) -> list[Observation]:
        """An issue of forecasts for one place, of the last base time or an earlier one: whole, one part of it, or without a member."""
        base = received - self.chance.choice([0, 0, 0, 1, 2, 8]) * 36 * GRID
        base = START + ((base - START) // (36 * GRID)) * 36 * GRID
        place, cut = self.chance.choice(PLACES["models"]), self.chance.choice([1.0, 1.0, 1.0, 0.5])
        issued = self.chance.choice([None, base, received])
        members = self.chance.sample(range(MEMBERS), self.chance.choice([MEMBERS, MEMBERS, MEMBERS - 1]))
        rows = []
        for member in sorted(members):
            for step in range(STEPS + 1):
                if self.chance.random() < cut:
                    rows.append(self._forecast(f"{key}/{member}/{step}", place, base, step, member, issued, received))
        return rows or [self._forecast(f"{key}/0/1", place, base, 1, 0, issued, received)]

    def _forecast(
        self, key: str, place: str, base: datetime, step: int, member: int, issued: datetime | None, received: datetime
    ) -> Observation:
        lead = step * 36 * GRID
        return Observation(
            area=place,
            indicator="river_discharge",
            start=base + lead,
            end=base + lead,
            issued=issued,
            received=received,
            lead=lead,
            member=member,
            value=None if self.chance.random() < 0.03 else self._value("river_discharge", f"{place}/{member}"),
            unit=CATALOGUE["river_discharge"].unit,
            feed="models",
            key=key,
            delivery=key,
        )

    def _revised(self, before: Observation, key: str, received: datetime) -> Observation:
        """The same identity once more: the same value, another, or none; said to be issued later, or not."""
        value = self.chance.choice([before.value, None, (before.value or 0.0) + 2, 1.0])
        issued = self.chance.choice([before.issued, None, received])
        changed = {"value": value, "issued": issued, "received": received, "key": key, "delivery": key}
        return before.model_copy(update=changed)

    def _reading(self, feed: str, indicator: str, key: str, received: datetime) -> Observation:
        place = self.chance.choice(PLACES[feed])
        period = _PERIODS.get(indicator, 0)
        end = received - self.chance.choice(_AGES) * GRID
        if period:
            end = START + ((end - START) // (period * GRID)) * period * GRID
        return Observation(
            area=place,
            indicator=indicator,
            start=end - period * GRID,
            end=end,
            issued=None if self.chance.random() < 0.7 else received - self.chance.choice([0, 1, 4]) * GRID,
            received=received,
            value=None if self.chance.random() < 0.05 else self._value(indicator, place),
            unit=CATALOGUE[indicator].unit,
            feed=feed,
            key=key,
            delivery=key,
        )

    def _value(self, indicator: str, place: str) -> float:
        """The series' next value: a station's own levels hardly move, all else wanders from 0 to 8."""
        if "." in indicator:
            return {"yellow": 2.0, "orange": 4.0, "red": 6.0}[indicator.split(".")[1]] + self.chance.choice([0, 0, 0, 0.25, 0.5])
        moved = self.worth.get((indicator, place), self.chance.choice([1.0, 3.0, 5.0])) + self.chance.choice([-2, -1, -0.5, 0, 0.5, 1, 2])
        self.worth[(indicator, place)] = min(max(moved, 0.0), 8.0)
        value = self.worth[(indicator, place)]
        return min(value // 2, 3.0) if indicator == "landslide_warning" else value

    def _baseline(self, number: int) -> Baseline:
        """Rows of two periods that join one another, each admitted or not."""
        edges = [START - timedelta(days=9), START + timedelta(days=1), START + timedelta(days=20)]
        threshold, rows = self.chance.choice(self.baselined), []
        for area in ("B", "C") if threshold.at == "adm2" else ("B1", "C1"):
            for start, end in pairwise(edges):
                lift, fits = self.chance.choice([0, 0.5, 1]), self.chance.random() < 0.75
                numbers = (2, 4, 6) if threshold.direction == "above" else (6, 4, 2)
                bounds = {word: number + lift for word, number in zip(("yellow", "orange", "red"), numbers, strict=True)} if fits else {}
                reason = "enough" if fits else "too little history"
                rows.append(BaselineRow(area=area, start=start, end=end, bounds=bounds, admitted=fits, reason=reason))
        return Baseline(at=self.now, threshold=threshold.name, inputs_hash=f"{number:016d}", rows=tuple(rows))
