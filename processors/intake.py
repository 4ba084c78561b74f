"""What a record changes of what is known: readings are put where they belong, and judged."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from processors.batch_columns import BatchColumns
from processors.bounds import LONGEST_PERIOD, needed, replaced
from processors.contents import Whole
from processors.forecasts import member_series, take_forecasts
from processors.formers import parted_by
from processors.held_against import bounds_for
from processors.plan import Place, Plan, Watcher
from processors.series import Rank, Series, empty, recent
from processors.silence import delivered
from processors.sources import Source
from processors.state import Ahead, State
from processors.timelines import BEGINNING, micros
from processors.touched import Touched
from processors.tracks import BoundsOf, Track, new_track, take_bounds, take_declaration, take_readings, take_steps
from schemas.configuration import Configuration
from schemas.errors import ConfigurationError
from schemas.inputs import Baseline, BaselineRow, ConfigChange, GaugeDeclaration, Heartbeat, Quality, Tick
from schemas.records import Record

_ALIVE_FOR = 2
"""A feed counts as delivering for this many of its intervals after an answer: one may be late."""


class Intake:
    """A state being changed by one record. What the given state holds is never touched, only replaced.

    Args:
        only: the (threshold, place) that are looked at; by default all that the plan watches.
    """

    def __init__(self, state: State, record: Record, only: Set[Place] | None = None) -> None:
        self._before = state
        self._only = only
        self.record = record
        self.now = max(state.now, micros(record.received))
        self.plan = state.plan
        self.tracks = dict(state.tracks)
        self.baselines = dict(state.baselines)
        self.alive = dict(state.alive)
        self.sources = dict(state.sources)
        self.numbered = state.numbered
        self.changed: set[Place] = set()
        self.spoken: set[Place] = set()
        self.answered = False
        self.replanned = False
        self.events, self.formers, self.ahead = state.events, state.formers, state.ahead
        self.withdrawn: tuple[State, ...] = ()

    @property
    def _planned(self) -> Plan:
        """The plan; there are no tracks without one."""
        if self.plan is None:
            raise ConfigurationError("There is no configuration yet.", where=f"record {self.record.id}", remedy="Append one first.")
        return self.plan

    def touched(self) -> Touched:
        """What the record touched."""
        return Touched(frozenset(self.changed), frozenset(self.spoken), self.answered, self.replanned, self.withdrawn)

    def state(self) -> State:
        """The state with all that was taken in."""
        return State(
            shard=self._before.shard,
            now=self.now,
            plan=self.plan,
            sources=self.sources,
            numbered=self.numbered,
            tracks=self.tracks,
            baselines=self.baselines,
            alive=self.alive,
            breaches=self._before.breaches,
            events=self.events,
            formers=self.formers,
            ahead=self.ahead,
        )

    def take(self, content: Whole) -> None:
        """What the record says; first of all what comes into force by then."""
        if self.ahead is not None and self.ahead.start <= self.now:
            ahead, self.ahead = self.ahead, None
            self._replace(ahead.plan, moves=ahead.moves)
        match content:
            case Heartbeat():
                self.heartbeat(content)
            case Tick():
                pass
            case ConfigChange():
                self.configuration(content)
            case Baseline():
                self.baseline(content)
            case GaugeDeclaration():
                self.declaration(content)
            case _:
                self.observations(content)

    def heartbeat(self, heartbeat: Heartbeat) -> None:
        """A feed answered."""
        self._delivered(heartbeat.feed, micros(heartbeat.received))

    def observations(self, batch: pa.RecordBatch) -> None:
        """Readings, by threshold and place; a station's own levels first, because its readings are held against them."""
        if self.plan is None or batch.num_rows == 0:
            return
        number = self.numbered
        columns, plan = BatchColumns(batch), self.plan
        groups = [(w, place, rows) for indicator, place, rows in _grouped(batch, columns) for w in plan.watchers.get(indicator, ())]
        groups = [g for g in groups if self._fits(g[0].threshold, g[1]) and g[0].threshold not in plan.of_forecasts]
        groups = [(w, place, trusted(rows, batch, plan.thresholds[w.threshold].least_trust)) for w, place, rows in groups]
        told = _grouped(batch, columns, forecasts=True) if plan.of_forecasts else ()
        issued = [(w, place, rows) for indicator, place, rows in told for w in plan.watchers.get(indicator, ())]
        issued = [g for g in issued if self._fits(g[0].threshold, g[1]) and g[0].threshold in plan.of_forecasts]
        issued = [(w, place, trusted(rows, batch, plan.thresholds[w.threshold].least_trust)) for w, place, rows in issued]
        feeds = batch.column("feed")
        for feed in sorted({feeds.dictionary[int(number)].as_py() for number in np.unique(feeds.indices.to_numpy())}):
            self._delivered(feed, micros(self.record.received))
        groups, issued = [g for g in groups if len(g[2])], [g for g in issued if len(g[2])]
        if not groups and not issued:
            return
        self.sources[number] = Source((self.record.id,), batch)
        self.numbered += 1
        for watcher, place, rows in sorted(groups, key=lambda g: (g[0].level is None, g[0].threshold, g[1])):
            self._take(watcher, place, columns.series(rows, number))
        for watcher, place, rows in sorted(issued, key=lambda g: (g[0].threshold, g[1])):
            self._forecasts((watcher.threshold, place), member_series(columns, rows, number))

    def baseline(self, baseline: Baseline) -> None:
        """Other bounds: what is inside the horizon is held against them again."""
        before = self.baselines
        rows: dict[str, list[BaselineRow]] = {}
        for row in baseline.rows:
            rows.setdefault(row.area, []).append(row)
        old = before.get(baseline.threshold, {})
        new = {}
        for area, found in rows.items():
            every = replaced(old.get(area, ()), tuple(found))
            new[area] = needed(every, self._oldest((baseline.threshold, area)))
        self.baselines = {**before, baseline.threshold: {**old, **new}}
        for place in sorted((baseline.threshold, area) for area in rows):
            if self.plan is not None and place in self.tracks:
                settings, held = self.plan.settings(*place), bounds_for(self.plan, before, *place)
                self._put(place, take_bounds(self.tracks[place], settings, held, self._bounds(place), self.now))
            self.changed.add(place)  # also without a reading: an admitted place counts for what it rolls up to

    def _oldest(self, place: Place) -> int:
        """The earliest moment of a reading's period that may still be judged; BEGINNING as long as there is no such threshold."""
        if self.plan is None or place[0] not in self.plan.thresholds:
            return BEGINNING
        settings, track = self.plan.settings(*place), self.tracks.get(place)
        oldest = self.now - settings.horizon - settings.delay - micros(LONGEST_PERIOD)
        return oldest if track is None or not len(track.series) else min(oldest, int(track.series.starts.min()))

    def declaration(self, declaration: GaugeDeclaration) -> None:
        """A person says that a station is dead, or back; it holds for readings that come later too."""
        if self.plan is None:
            return
        code, dead = declaration.area, declaration.state == "dead"
        for threshold in sorted(name for name in self.plan.thresholds if self._fits(name, code)):
            place = (threshold, code)
            settings = self.plan.settings(*place)
            track = self.tracks.get(place) or new_track(settings, self._steps(threshold))
            self._put(place, take_declaration(track, micros(declaration.at), dead, settings, self._bounds(place)))
            self.changed.add(place)

    def configuration(self, change: ConfigChange) -> None:
        """From here on the shard is judged by this, or from a moment to come on. What was still to come is not any more.

        Raises:
            ConfigurationError: it is not the configuration whose hash it carries, or means nothing.
        """
        configuration = Configuration.model_validate(change.configuration)
        if configuration.hash != change.hash:
            raise ConfigurationError("The configuration is not the one its hash names.", where=f"record {self.record.id}")
        self.ahead = None
        if self.plan is not None and self.plan.hash == change.hash:
            return
        plan, moves = Plan(configuration, change.hash), change.open_events == "move"
        if change.holds_from is not None and micros(change.holds_from) > self.now:
            self.ahead = Ahead(plan, micros(change.holds_from), moves)
        else:
            self._replace(plan, moves=moves)

    def _replace(self, plan: Plan, *, moves: bool) -> None:
        """From here on judge by a plan; the events that are open are set apart, unless they are to be judged on by it."""
        before = self.plan
        if before is not None:
            parted = parted_by(self.state(), before, plan, moves=moves)
            self.events, self.formers, self.withdrawn = parted.events, parted.formers, (*self.withdrawn, *parted.withdrawn)
        self.plan, self.replanned = plan, True
        old, self.tracks = self.tracks, {}
        for place, track in old.items():
            if before is not None and place[0] in self._planned.thresholds:
                self._replan(place, track, before)

    def _replan(self, place: Place, track: Track, before: Plan) -> None:
        """A track under another configuration: as it is if its threshold is the same, else judged again as far as the horizon reaches."""
        threshold, settings = self._planned.thresholds[place[0]], self._planned.settings(*place)
        if before.thresholds[place[0]] == threshold and before.settings(*place) == settings:
            self.tracks[place] = track
        elif place[0] in self._planned.of_forecasts | before.of_forecasts:
            self._reread(place, track, before)
        elif before.thresholds[place[0]].indicator == threshold.indicator and self._planned.reads(threshold, place[1]):
            steps = self._steps(place[0])
            series = recent(track.series, self.now - settings.horizon - settings.delay - settings.looks_back)
            again = replace(
                new_track(settings, steps),
                series=self._trusted(series, threshold.least_trust),
                steps=track.steps if len(track.steps) == steps else (empty(),) * steps,
                declarations=track.declarations,
                heard=track.heard,
            )
            self.tracks[place] = take_bounds(again, settings, self._bounds(place), self._bounds(place), self.now)
            self.changed.add(place)

    def _reread(self, place: Place, track: Track, before: Plan) -> None:
        """Issues of an ensemble read by other levels; what was no forecast before, or is none any more, begins anew."""
        self.changed.add(place)
        both = place[0] in self._planned.of_forecasts & before.of_forecasts
        if both and self._planned.reads(self._planned.thresholds[place[0]], place[1]):
            self.tracks[place] = replace(new_track(self._planned.settings(*place), 0), declarations=track.declarations)
            self._forecasts(place, dict(enumerate(track.steps)))

    def _trusted(self, series: Series, least: Quality | None) -> Series:
        """Of a series that is judged anew, what is trusted enough now; what was not trusted before is not there any more."""
        if least is None:
            return series
        read = zip(series.sources.tolist(), series.rows.tolist(), strict=True)
        qualities = [Quality(self.sources[source].batch.column("quality")[row].as_py()) for source, row in read]
        return series.take(np.array([quality.reaches(least) for quality in qualities], dtype=bool))

    def _steps(self, threshold: str) -> int:
        return sum(b.series is not None for b in self._planned.bounds[threshold])

    def _fits(self, threshold: str, place: str) -> bool:
        return self._planned.fits(threshold, place) and (self._only is None or (threshold, place) in self._only)

    def _take(self, watcher: Watcher, place: str, new: Series) -> None:
        key = (watcher.threshold, place)
        settings = self._planned.settings(*key)
        track = self.tracks.get(key)
        if track is None:
            track = new_track(settings, self._steps(watcher.threshold))
        if watcher.level is None:
            self._put(key, take_readings(track, new, settings, self._bounds(key), rank_in(self.sources), self.now))
            self.spoken.add(key)
        else:
            self._put(key, take_steps(track, watcher.level, new, settings, self._bounds(key), rank_in(self.sources), self.now))

    def _forecasts(self, key: Place, new: Mapping[int, Series]) -> None:
        settings, threshold = self._planned.settings(*key), self._planned.thresholds[key[0]]
        track = self.tracks.get(key) or new_track(settings, 0)
        self._put(key, take_forecasts(track, new, threshold, settings, self._bounds(key), rank_in(self.sources), self.now))
        self.spoken.add(key)

    def _put(self, place: Place, track: Track) -> None:
        before = self.tracks.get(place)
        self.tracks[place] = track
        if before is None or not before.says_what(track, self.now):
            self.changed.add(place)

    def _bounds(self, place: Place) -> BoundsOf:
        return bounds_for(self._planned, self.baselines, *place)

    def _delivered(self, feed: str, at: int) -> None:
        self.answered = True
        self.alive[feed] = delivered(self.alive.get(feed, ()), at, lasting(self.plan, feed))


def lasting(plan: Plan | None, feed: str) -> int:
    """How long a feed counts as delivering after an answer, in microseconds."""
    every = next((micros(f.every) for f in plan.configuration.feeds if f.feed == feed), 0) if plan is not None else 0
    return _ALIVE_FOR * every


def trusted(rows: npt.NDArray[np.int32], batch: pa.RecordBatch, least: Quality | None) -> npt.NDArray[np.int32]:
    """Those of some rows of a batch whose readings are trusted as much as a threshold asks for."""
    if least is None:
        return rows
    qualities = batch.column("quality")
    enough = np.array([Quality(word).reaches(least) for word in qualities.dictionary.to_pylist()], dtype=bool)
    kept: npt.NDArray[np.int32] = rows[enough[qualities.indices.to_numpy()[rows]]]
    return kept


def rank_in(sources: Mapping[int, Source]) -> Rank:
    """What decides between two readings of one identity that were issued and fetched at the same time."""

    def rank(source: int, row: int) -> tuple[str, str]:
        batch = sources[source].batch
        return batch.column("delivery")[row].as_py(), batch.column("key")[row].as_py()

    return rank


def _grouped(batch: pa.RecordBatch, columns: BatchColumns, *, forecasts: bool = False) -> Iterator[tuple[str, str, npt.NDArray[np.int32]]]:
    """The rows of each (indicator, place): readings only, or forecasts only."""
    indicators, places = batch.column("indicator"), batch.column("area")
    names, codes = indicators.dictionary.to_pylist(), places.dictionary.to_pylist()
    keys = indicators.indices.to_numpy().astype(np.int64) * len(codes) + places.indices.to_numpy()
    observed = np.flatnonzero(columns.observed != forecasts).astype(np.int32)
    if len(observed) == 0:
        return
    order = observed[np.argsort(keys[observed], kind="stable")]
    edges = np.flatnonzero(np.diff(keys[order])) + 1
    for rows in np.split(order, edges):
        indicator, place = divmod(int(keys[rows[0]]), len(codes))
        yield names[indicator], codes[place], rows
