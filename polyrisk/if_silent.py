"""`polyrisk explain --if-silent`: which rules would go blind, where and when, if a gauge said nothing more from now on.

Two futures are judged by the engine: in one all places that report now go on as they are, in the other this one falls silent.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from eventlog.log import EventLog
from polyrisk.local_time import clock
from polyrisk.replaying import replayed
from polyrisk.story import rounded
from processors import engine
from processors.advance import all_by_timelines
from processors.bounds import MILLIONTHS
from processors.plan import Plan
from processors.state import State
from processors.timelines import micros, moment
from schemas.conditions import Silent, walk
from schemas.country_files import LoadedCountry
from schemas.envelopes import input_record, observations_record
from schemas.errors import RefusedError
from schemas.indicators import CATALOGUE
from schemas.inputs import Heartbeat, Observation, Tick
from schemas.levels import Truth
from schemas.observations import to_batch
from schemas.place_tables import nearest
from schemas.records import Record

_PAST = timedelta(seconds=1)
"""How long after a limit its effect is looked at: a reading exactly at it is still in time."""
_WORDS = {Truth.TRUE: "true", Truth.FALSE: "false", Truth.UNKNOWN: "cannot tell"}
Place = tuple[str, str]


@dataclass(frozen=True)
class Effect:
    """What a station's silence does to a rule in an area.

    Attributes:
        now: its truth at that moment. changes: (since when, truth, held) where silence makes it another than it would be, in order.
    """

    rule: str
    area: str
    now: Truth
    changes: tuple[tuple[datetime, Truth, bool], ...]

    @property
    def blind_from(self) -> datetime | None:
        """From when on nobody can tell, though one could if it reported; none if that does not happen."""
        return next((start for start, truth, _ in self.changes if truth is Truth.UNKNOWN), None)


@dataclass(frozen=True)
class Outlook:
    """What would follow.

    Attributes:
        last: the end of the station's last reading. stale: from when on it tells nothing. until: how far was looked.
        silent: it tells nothing already.
    """

    station: str
    last: datetime
    stale: datetime
    until: datetime
    silent: bool
    effects: tuple[Effect, ...]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "station": self.station,
            "last_reading": self.last.isoformat(),
            "stale_from": self.stale.isoformat(),
            "looked_until": self.until.isoformat(),
            "already_silent": self.silent,
            "effects": [
                {
                    "rule": effect.rule,
                    "area": effect.area,
                    "now": effect.now.value,
                    "blind_from": effect.blind_from.isoformat() if effect.blind_from is not None else None,
                    "changes": [{"since": s.isoformat(), "truth": t.value, "held": held} for s, t, held in effect.changes],
                }
                for effect in self.effects
            ],
        }


def if_silent(
    log: EventLog, country: LoadedCountry, station: str, at: datetime | None = None, done: Callable[[float], None] = lambda _: None
) -> Outlook:
    """Judge both futures from how the shard stood at a moment, by default from how it stands.

    Args:
        station: its code or its name.

    Raises:
        RefusedError: there is no such station, no rule reads it, or it never gave a reading.
        LogError: the log cannot be read.
    """
    stations = country.places.stations
    code = station if station in stations else {one.name.lower(): one.code for one in stations.values()}.get(station.lower())
    if code is None:
        raise RefusedError(f"There is no station `{station}`.", remedy=nearest(station, tuple(stations)))
    state = all_by_timelines(replayed(log, country.shard, at, done).state)
    if state.plan is None:
        raise RefusedError("Nothing was configured here yet.", remedy="Run `polyrisk run all` or `polyrisk demo` first.")
    read = [place for place in state.plan.dependents if place[1] == code]
    if not read:
        raise RefusedError(f"No rule reads `{code}`.", remedy="`rules.yaml` and `thresholds.yaml` say what they read.")
    heard = [place for place in read if place in state.tracks and len(state.tracks[place].series.with_values())]
    if not heard:
        raise RefusedError(f"`{code}` never gave a reading, so every rule is blind to it already.", remedy="Ask its feed.")
    return _Futures(state, state.plan, code, heard).outlook()


def lines(outlook: Outlook, country: LoadedCountry) -> Iterator[str]:
    """The outlook as a person reads it."""
    zone = country.timezone
    name = country.places.stations[outlook.station].name
    yield f"{name} ({outlook.station}) spoke last at {clock(outlook.last, zone)}."
    stale = clock(outlook.stale, zone)
    if outlook.silent:
        yield f"It is silent already: since {stale} it tells nothing to the rules that read it."
        yield from (f"  {effect.rule} in {_area(effect, country)}, now {_WORDS[effect.now]}" for effect in outlook.effects)
        return
    yield f"If it says nothing more, it tells nothing from {stale} on."
    for effect in outlook.effects:
        yield f"  {effect.rule} in {_area(effect, country)}, now {_WORDS[effect.now]}:"
        for start, truth, held in effect.changes:
            after = rounded(start - outlook.last)
            yield f"    from {clock(start, zone)}, {after} after its last reading: {_WORDS[truth]}{', held' if held else ''}"
        if effect.blind_from is None:
            yield "    not blind: the other places still decide it" if not effect.changes else "    not blind within the time looked at"
    yield f"Looked until {clock(outlook.until, zone)}; all other places that report now go on with their last value."


def _area(effect: Effect, country: LoadedCountry) -> str:
    return f"{country.places.areas[effect.area].names.get('en', effect.area)} ({effect.area})"


class _Futures:
    """Both futures of a shard."""

    def __init__(self, state: State, plan: Plan, station: str, read: list[Place]) -> None:
        self.state, self.plan, self.station = state, plan, station
        self.rules = sorted({rule for place in read for rule in plan.dependents[place]})
        self.last = max(int(state.tracks[place].series.with_values().ends[-1]) for place in read)
        settings = [plan.settings(*place) for place in read]
        self.stale = self.last + min(one.stale for one in settings)
        limits = {self.last + span for one in settings for span in (one.stale, one.stale + one.hold, one.lapse)}
        limits |= {self.last + one.delay + span for one in settings for span in self._spans_of_silence()}
        self.moments = sorted(moment(at) + _PAST for at in limits if state.now < at < self.last + micros(timedelta(days=400)))
        self.until = max(self.moments, default=moment(state.now) + _PAST)

    def outlook(self) -> Outlook:
        """What differs between them."""
        now = {place: line for place, line in engine.timelines(self.state).items() if place in self.rules}
        without, with_it = self._judged(silent=True), self._judged(silent=False)
        effects = []
        for rule, area in self.rules:
            changes = dict.fromkeys(
                there[rule, area] for there, here in zip(without, with_it, strict=True) if there[rule, area][1:] != here[rule, area][1:]
            )
            truth = now[rule, area][-1][1] if now.get((rule, area)) else Truth.UNKNOWN
            effects.append(Effect(rule, area, truth, tuple(changes)))
        stale = moment(self.stale)
        return Outlook(self.station, moment(self.last), stale, self.until, self.stale < self.state.now, tuple(effects))

    def _spans_of_silence(self) -> set[int]:
        names = {rule for rule, _ in self.rules}
        parts = [part for name in sorted(names) for condition in self.plan.rules[name].conditions for part in walk(condition)]
        return {micros(p.silent.stale_after) for p in parts if isinstance(p, Silent) and p.silent.stale_after is not None}

    def _judged(self, *, silent: bool) -> list[dict[Place, tuple[datetime, Truth, bool]]]:
        """At each moment the last stretch of each rule in each area."""
        records = sorted(self._records(silent), key=lambda record: record.received)
        state, first = self.state, 0
        found = []
        for at in self.moments:
            last = first
            while last < len(records) and records[last].received <= at:
                last += 1
            state, _ = engine.advance(state, [*records[first:last], input_record(state.shard, Tick(at=at))])
            first = last
            timelines = engine.timelines(state)
            found.append({place: timelines[place][-1] if timelines.get(place) else (at, Truth.UNKNOWN, False) for place in self.rules})
        return found

    def _records(self, silent: bool) -> Iterator[Record]:
        """Readings of all places that report now, as they were last, for as long as is looked; and their feeds' answers."""
        deliveries: dict[tuple[datetime, str], list[Observation]] = defaultdict(list)
        for threshold, place in sorted({read for rule in self.rules for read in self.plan.read_by(*rule)}):
            track = self.state.tracks.get((threshold, place))
            settings = self.plan.settings(threshold, place)
            given = track.series.with_values() if track is not None else ()
            feed = self.plan.feed_of(place, self.plan.thresholds[threshold].indicator)
            if track is None or not len(given) or feed is None or (silent and place == self.station):
                continue
            series = track.series.with_values()
            start, end, value = int(series.starts[-1]), int(series.ends[-1]), int(series.values[-1])
            if end + settings.stale < self.state.now:
                continue
            step = max(micros(feed.at_best or feed.every), end - start)
            number = max(1, (self.state.now - end - settings.delay) // step + 1)
            while (received := moment(end + number * step + settings.delay)) <= self.until:
                indicator = self.plan.thresholds[threshold].indicator
                said = f"{indicator} {place} {number}"
                deliveries[received, feed.feed].append(
                    Observation(
                        area=place,
                        indicator=indicator,
                        start=moment(start + number * step),
                        end=moment(end + number * step),
                        received=received,
                        value=value / MILLIONTHS,
                        unit=CATALOGUE[indicator].unit,
                        feed=feed.feed,
                        key=said,
                        delivery=hashlib.sha256(said.encode()).hexdigest(),
                    )
                )
                number += 1
        for (received, name), readings in deliveries.items():
            delivery = hashlib.sha256("".join(sorted(r.delivery for r in readings)).encode()).hexdigest()
            yield observations_record(self.state.shard, name, delivery, received, to_batch(readings))
        for feed_facts in self.plan.configuration.feeds:
            at = moment(self.state.now) + feed_facts.every
            while at <= self.until:
                beat = Heartbeat(feed=feed_facts.feed, received=at, delivery="outlook", new=False, rows=0, quarantined=0)
                yield input_record(self.state.shard, beat)
                at += feed_facts.every
