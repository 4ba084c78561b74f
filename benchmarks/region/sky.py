"""The weather of a made-up year by a seed: rivers, rain, dengue and prices, as the deliveries of four feeds bring them.

A spell of rain has a middle and a reach; gauges and divisions near the middle rise, dengue follows weeks later. There are two at once in
different parts of a country, and the same come again each month; another two are under way at the end.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.region.countries import FEEDS, SEED, District, Size, districts_of, gauges_of
from schemas.envelopes import input_record, observations_record
from schemas.indicators import CATALOGUE
from schemas.inputs import Baseline, BaselineRow, Heartbeat
from schemas.observations import SCHEMA
from schemas.records import Record

END = datetime(2026, 11, 1, 6, tzinfo=UTC)
"""The newest moment; a spell is under way then."""
LIVED = timedelta(days=6)
"""Before the end: so long the engine and the alert service live it."""
EVERY = timedelta(days=30)
"""What is lived comes again each time so much of the year before has passed."""
_RIVER, _DENGUE, _PRICES, _RAIN = FEEDS
_BOUNDS = {"yellow": 5.0, "orange": 6.0, "red": 7.0}
_AT_ONCE = 2
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Spell:
    """Rain that begins, is at its most in the middle of its time, and ends."""

    start: datetime
    length: timedelta
    column: float
    row: float
    reach: float

    def strength(self, at: datetime, near: Values) -> Values:
        """From 0 to 1 at a moment, for places so near (0 to 1)."""
        part = (at - self.start) / self.length
        return near * np.sin(np.pi * part) ** 2 if 0 < part < 1 else near * 0

    def near(self, districts: tuple[District, ...]) -> Values:
        """How near each district is to its middle, 1 in it."""
        far = np.array([(d.column - self.column) ** 2 + (d.row - self.row) ** 2 for d in districts]) / self.reach**2
        return np.exp(-far)


class Sky:
    """A country's year.

    Args:
        days: before `END`.
    """

    def __init__(self, size: Size, shard: str, days: int) -> None:
        self.shard, self.begin = shard, END - days * _DAY
        self.districts = districts_of(size)
        self._chance = np.random.default_rng([SEED, size.districts])
        self._gauges, self._of_gauge = zip(*gauges_of(size), strict=True)
        self._divisions = [(code, d) for d in self.districts for code in d.divisions]
        self._base = self._chance.uniform(1.0, 3.0, len(self._gauges))
        first = END - LIVED + 12 * _HOUR
        once = [self._spell(first + 6 * n * _HOUR, 60 * _HOUR) for n in range(_AT_ONCE)]
        again = range((days * _DAY - LIVED) // EVERY, -1, -1)
        self.spells = [replace(spell, start=spell.start - n * EVERY) for n in again for spell in once]
        self.spells += [self._spell(END - hours * _HOUR, 80 * _HOUR) for hours in (20, 23)]
        of_division = tuple(district for _, district in self._divisions)
        self._near = [(spell.near(self._of_gauge), spell.near(of_division), spell.near(self.districts)) for spell in self.spells]

    def _spell(self, start: datetime, length: timedelta) -> Spell:
        middle = self.districts[int(self._chance.integers(len(self.districts)))]
        return Spell(start, length, middle.column, middle.row, float(self._chance.uniform(1.2, 2.2)))

    def baselines(self) -> Iterator[Record]:
        """What is usual, for the whole year and the time around it."""
        at, span = END - LIVED, (self.begin - 400 * _DAY, END + 400 * _DAY)
        for threshold, bounds in (("dengue_channel", {"orange": 40.0, "red": 80.0}), ("rice_price", {"orange": 250.0, "red": 280.0})):
            rows = tuple(
                BaselineRow(
                    area=d.code, start=span[0], end=span[1], bounds=bounds, admitted=True, reason="made up", statistics={"mean": 20.0}
                )
                for d in self.districts
            )
            made = Baseline(at=at, threshold=threshold, inputs_hash=hashlib.sha256(threshold.encode()).hexdigest(), rows=rows)
            yield input_record(self.shard, made)

    def hour(self, at: datetime) -> Iterator[Record]:
        """What feeds bring at a full hour: rivers hourly while it rains and six-hourly while it is calm, the others once a day."""
        wet = any(spell.start - _DAY < at < spell.start + spell.length + _DAY for spell in self.spells)
        if wet or at.hour % 6 == 0:
            yield from self._rivers(at)
        if at.hour == 5:
            yield from self._rain(at)
            yield from self._dengue(at)
            yield from self._rice(at)

    def _rivers(self, at: datetime) -> Iterator[Record]:
        level = self._base + self._chance.normal(0, 0.03, len(self._gauges))
        for spell, (near, _, _) in zip(self.spells, self._near, strict=True):
            level = level + 7.5 * spell.strength(at, near)
        valid, gauges = at - timedelta(minutes=20), list(self._gauges)
        values = [level.round(2), *(np.full(len(gauges), bound) for bound in _BOUNDS.values())]
        names = [name for word in ("", *(f".{word}" for word in _BOUNDS)) for name in [f"river_level{word}"] * len(gauges)]
        yield from self._delivery(_RIVER, gauges * 4, names, valid, valid, at + timedelta(minutes=3), np.concatenate(values))

    def _rain(self, at: datetime) -> Iterator[Record]:
        rain = self._chance.gamma(0.6, 8.0, len(self._divisions))
        for spell, (_, near, _) in zip(self.spells, self._near, strict=True):
            rain = rain + 160 * spell.strength(at - 12 * _HOUR, near)
        day = at.replace(hour=0)
        codes = [code for code, _ in self._divisions]
        yield from self._delivery(_RAIN, codes, ["rain_1d"] * len(codes), day - _DAY, day, at + timedelta(minutes=11), rain.round(1))

    def _dengue(self, at: datetime) -> Iterator[Record]:
        received = at + timedelta(minutes=17)
        if at.weekday() != 0:
            yield self._heartbeat(_DENGUE, received, f"{at:%G%V}", new=False, rows=0)
            return
        cases = self._chance.poisson(9, len(self.districts)).astype(float)
        for spell, (_, _, near) in zip(self.spells, self._near, strict=True):
            follows = Spell(spell.start + 18 * _DAY, 35 * _DAY, spell.column, spell.row, spell.reach)
            cases = cases + np.round(80 * follows.strength(at, near))
        monday = at.replace(hour=0) - 7 * _DAY
        codes = [d.code for d in self.districts]
        yield from self._delivery(_DENGUE, codes, ["dengue_cases"] * len(codes), monday - 7 * _DAY, monday, received, cases)

    def _rice(self, at: datetime) -> Iterator[Record]:
        received = at + timedelta(minutes=29)
        if at.day != 2:
            yield self._heartbeat(_PRICES, received, f"{at:%Y%m}", new=False, rows=0)
            return
        last = at.replace(day=1, hour=0) - _DAY
        codes = [d.code for d in self.districts]
        price = self._chance.normal(236, 6, len(codes)).round(1)
        yield from self._delivery(_PRICES, codes, ["price_rice_white"] * len(codes), last.replace(day=1), last, received, price)

    def _delivery(
        self, feed: str, areas: list[str], indicators: list[str], start: datetime, end: datetime, received: datetime, values: Values
    ) -> Iterator[Record]:
        delivery = hashlib.sha256(f"{self.shard}{feed}{received.isoformat()}".encode()).hexdigest()
        count = len(areas)
        rows = {
            "area": areas, "indicator": indicators, "start": [start] * count, "end": [end] * count, "issued": [None] * count,
            "received": [received] * count, "lead": [None] * count, "member": [None] * count, "value": values,
            "unit": [CATALOGUE[name].unit for name in indicators], "quality": ["measured"] * count, "feed": [feed] * count,
            "key": areas, "delivery": [delivery] * count,
        }  # fmt: skip
        columns = [_column(rows[field.name], field.type) for field in SCHEMA]
        yield observations_record(self.shard, feed, delivery, received, pa.RecordBatch.from_arrays(columns, schema=SCHEMA))
        yield self._heartbeat(feed, received, delivery, new=True, rows=count)

    def _heartbeat(self, feed: str, received: datetime, delivery: str, *, new: bool, rows: int) -> Record:
        return input_record(self.shard, Heartbeat(feed=feed, received=received, delivery=delivery, new=new, rows=rows, quarantined=0))


def _column(values: object, kind: pa.DataType) -> pa.Array:
    return pa.array(values, pa.string()).dictionary_encode() if pa.types.is_dictionary(kind) else pa.array(values, kind)
