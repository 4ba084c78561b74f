"""The input records that a written rule test stands for, in the order in which a shard would receive them."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

from schemas.configuration import FeedFacts
from schemas.country_files import LoadedCountry
from schemas.envelopes import input_record, observations_record
from schemas.errors import ConfigurationError
from schemas.indicators import CATALOGUE
from schemas.inputs import Baseline, BaselineRow, ConfigChange, GaugeDeclaration, Heartbeat, Observation, Tick
from schemas.observations import to_batch
from schemas.records import Record
from schemas.rule_test_files import WrittenTest, is_group, places_of
from schemas.rule_tests import WrittenBaseline, WrittenSeries, following, moment_of, periods

MOST_TICKS = 20_000
_EVER = (datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
_BEFORE = timedelta(minutes=1)
"""How long before everything else the configuration is in force."""


class TestRecords:
    """A test's records.

    Raises:
        ConfigurationError: time would go on more often than makes sense; names the line.
    """

    __test__ = False

    def __init__(self, written: WrittenTest, country: LoadedCountry) -> None:
        self.written, self.test, self.country = written, written.test, country
        self.feeds = {feed.feed: feed for feed in country.configuration.feeds}
        self.last = max(moment_of(self.test.start, one.at) for one in self.test.expect)
        readings = [reading for number, series in enumerate(self.test.series) for reading in self._readings(series, number)]
        self.begin = min([self.test.start, *(min(r.start, r.received) for r in readings)]) - _BEFORE
        self.readings = [*self._own_levels(), *readings]

    def records(self) -> list[Record]:
        """All of them by the time they were received: at one moment baselines, then readings, answers of feeds, and the tick last."""
        configuration = self.country.configuration
        change = ConfigChange(
            at=self.begin, hash=configuration.hash, configuration=configuration.canonical(), author="rule test", reason="rule test"
        )
        shard = self.country.shard
        baselines = [self._baseline(one, number) for number, one in enumerate(self.test.baselines)]
        declared = [
            GaugeDeclaration(
                at=moment_of(self.test.start, one.at), area=one.station, state=one.state, by="rule test", reason=f"declared {number}"
            )
            for number, one in enumerate(self.test.declared)
        ]
        inputs = [*(input_record(shard, one) for one in baselines), *(input_record(shard, one) for one in declared)]
        beats = [input_record(shard, beat) for beat in self._heartbeats()]
        ticks = [input_record(shard, Tick(at=at)) for at in sorted(set(self._ticks()))]
        ordered = sorted([*inputs, *self._deliveries(), *beats, *ticks], key=lambda record: record.received)
        return [input_record(shard, change), *ordered]

    def _readings(self, series: WrittenSeries, number: int) -> Iterator[Observation]:
        """The readings of a series at each of its places, when they would have been received had their feed answered."""
        zone = self.country.timezone
        for place in self._places(series):
            feed = self._feed_of(place, series.indicator)
            for start, end, value in periods(series, self.test, zone):
                base = start if series.lead else end
                arrived = self._answered(feed.feed, base + feed.delay if series.received is None else moment_of(base, series.received))
                if arrived is None:
                    continue
                if not series.lead:
                    issued = moment_of(end, series.issued) if series.issued is not None else None
                    yield self._observation((place, series.indicator, feed.feed), (start, end), value, arrived, f"{number}", issued=issued)
                for lead, member in product(series.lead, series.member or (None,)):
                    valid = (base + lead - (end - start), base + lead)
                    said = f"{number} {lead} {member}"
                    of = (place, series.indicator, feed.feed)
                    yield self._observation(of, valid, value, arrived, said, issued=base, lead=lead, member=member)

    def _observation(
        self,
        of: tuple[str, str, str],
        valid: tuple[datetime, datetime],
        value: float | None,
        received: datetime,
        said: str,
        *,
        issued: datetime | None = None,
        lead: timedelta | None = None,
        member: int | None = None,
    ) -> Observation:
        """One reading.

        Args:
            of: place, indicator and feed. valid: beginning and end. said: what tells it from others of the same time.
        """
        key = f"{said} {of[0]} {of[1]} {valid[0].isoformat()} {value}"
        return Observation(
            area=of[0],
            indicator=of[1],
            start=valid[0],
            end=valid[1],
            issued=issued,
            received=received,
            lead=lead,
            member=member,
            value=value,
            unit=CATALOGUE[of[1]].unit,
            feed=of[2],
            key=key,
            delivery=hashlib.sha256(key.encode()).hexdigest(),
        )

    def _places(self, series: WrittenSeries) -> list[str]:
        named = {p for s in self.test.series if s.indicator == series.indicator for p in s.place if not is_group(p)}
        found: dict[str, None] = {}
        for written in series.place:
            codes = places_of(written, self.country)
            found |= dict.fromkeys(code for code in codes if not is_group(written) or code not in named)
        return list(found)

    def _own_levels(self) -> Iterator[Observation]:
        """The stations' own levels, as their feeds bring them with the readings: known from the beginning."""
        indicators = [t.indicator for t in self.country.configuration.thresholds if t.kind == "station_levels" and t.at == "station"]
        for station, levels in self.test.own_levels.items():
            feed = self.country.places.stations[station].feed
            for indicator in dict.fromkeys(indicators):
                for colour, quantity in levels.items():
                    name = f"{indicator}.{colour}"
                    if name not in self.feeds[feed].indicators:
                        continue
                    value = float(quantity.split()[0]) if quantity is not None else None
                    yield self._observation((station, name, feed), (self.begin, self.begin), value, self.begin, "own level")

    def _feed_of(self, place: str, indicator: str) -> FeedFacts:
        station = self.country.places.stations.get(place)
        if station is not None and station.feed in self.feeds:
            return self.feeds[station.feed]
        return next(feed for feed in self.country.configuration.feeds if indicator in feed.indicators)

    def _answered(self, feed: str, received: datetime) -> datetime | None:
        """When what a feed has would really have been received; none if it never answers again."""
        for silence in self.test.silent:
            since = moment_of(self.test.start, silence.since)
            until = moment_of(self.test.start, silence.until) if silence.until is not None else None
            if silence.feed == feed and since <= received and (until is None or received < until):
                return self._answered(feed, until) if until is not None else None
        return received

    def _deliveries(self) -> Iterator[Record]:
        """One record for all that a feed brought at a moment."""
        together: dict[tuple[datetime, str], list[Observation]] = defaultdict(list)
        for reading in self.readings:
            together[reading.received, reading.feed].append(reading)
        for (received, feed), readings in together.items():
            delivery = hashlib.sha256("".join(r.delivery for r in readings).encode()).hexdigest()
            yield observations_record(self.country.shard, feed, delivery, received, to_batch(readings))

    def _heartbeats(self) -> Iterator[Heartbeat]:
        """Each feed that the test has readings of answers at its slowest interval, unless the test says that it is silent."""
        for feed in sorted({reading.feed for reading in self.readings}):
            at = self.begin
            while at <= self.last:
                if self._answered(feed, at) == at:
                    yield Heartbeat(feed=feed, received=at, delivery="rule test", new=False, rows=0, quarantined=0)
                at += self.feeds[feed].every

    def _ticks(self) -> Iterator[datetime]:
        step = self.test.ticks or self.test.step
        number, at = 0, self.test.start
        while at <= self.last:
            yield at
            number += 1
            if number > MOST_TICKS:
                line, column = self.written.place(("ticks",) if self.test.ticks is not None else ("step",))
                raise ConfigurationError(
                    f"time goes on more than {MOST_TICKS} times until the last expectation.",
                    where=f"{self.written.file.name}:{line}:{column}",
                    remedy="Write longer `ticks`, or an earlier moment.",
                )
            at = following(self.test.start, step, number, self.country.timezone)
        yield from (moment for one in self.test.expect if (moment := moment_of(self.test.start, one.at)) > self.test.start)

    def _baseline(self, written: WrittenBaseline, number: int) -> Baseline:
        start = self.test.start
        rows = tuple(
            BaselineRow(
                area=code,
                start=moment_of(start, written.since) if written.since is not None else _EVER[0],
                end=moment_of(start, written.until) if written.until is not None else _EVER[1],
                bounds={str(colour): value for colour, value in written.bounds.items()},
                admitted=written.admitted,
                reason="given by the test" if written.admitted else "too little history, says the test",
            )
            for place in written.place
            for code in places_of(place, self.country)
        )
        at = moment_of(start, written.at) if written.at is not None else self.begin
        said = f"{number} " + "".join(row.model_dump_json() for row in rows)
        return Baseline(at=at, threshold=written.threshold, inputs_hash=hashlib.sha256(said.encode()).hexdigest(), rows=rows)
