"""The configuration turned so that the step can ask it quickly: who watches what, which places an area has, what depends on what."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from processors.bounds import LONGEST_PERIOD, Bound, quantity
from processors.kinds import BASELINE_KINDS, KINDS, bounds_of, looks_back
from processors.levels import Settings
from processors.moves import Moved, moves_of
from processors.relations import Relations
from processors.timelines import BEGINNING, FAR, micros
from schemas.conditions import AtLevel, Condition, Dimensions, Near, Nearby, Share, Silence, Silent, Sustained, Unless, walk
from schemas.configuration import Configuration, FeedFacts, Rule, Threshold
from schemas.errors import ConfigurationError
from schemas.figures import Figure
from schemas.indicators import CATALOGUE
from schemas.levels import Dimension, Level

Place = tuple[str, str]
"""(threshold, place) or (rule, area)."""


@dataclass(frozen=True)
class Watcher:
    """A threshold that reads an indicator: its values, or the bound of one of its levels (by its place among the defined ones)."""

    threshold: str
    level: int | None


@dataclass(frozen=True)
class Plan:
    """A configuration, ready to judge by.

    Raises:
        ConfigurationError: a threshold's bound or a rule's name means nothing.
    """

    configuration: Configuration
    hash: str
    thresholds: dict[str, Threshold] = field(init=False)
    rules: dict[str, Rule] = field(init=False)
    bounds: dict[str, tuple[Bound, ...]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "thresholds", {t.name: t for t in self.configuration.thresholds})
        object.__setattr__(self, "rules", {r.name: r for r in self.configuration.rules})
        object.__setattr__(self, "bounds", {t.name: bounds_of(t) for t in self.configuration.thresholds})
        for rule in self.configuration.rules:
            for name in sorted(names_in(rule.conditions)):
                if name not in self.thresholds:
                    raise ConfigurationError(f"no threshold is called `{name}`.", where=f"rule {rule.name}")

    @cached_property
    def watchers(self) -> dict[str, tuple[Watcher, ...]]:
        """Indicator to those who read it."""
        found: dict[str, list[Watcher]] = defaultdict(list)
        for threshold in self.thresholds.values():
            for number, bound in enumerate(self.bounds[threshold.name]):
                if bound.series is not None:
                    found[bound.series].append(Watcher(threshold.name, number))
            found[threshold.indicator].append(Watcher(threshold.name, None))
        return {indicator: tuple(watchers) for indicator, watchers in found.items()}

    @cached_property
    def level_of(self) -> dict[str, str]:
        """Area to its administrative level; station to `station`."""
        return {a.code: a.level for a in self.configuration.areas} | {s.code: "station" for s in self.configuration.stations}

    @cached_property
    def _parents(self) -> dict[str, str | None]:
        return {a.code: a.parent for a in self.configuration.areas}

    def around(self, area: str) -> tuple[str, ...]:
        """The area and those around it, smallest first."""
        line: list[str] = []
        current: str | None = area
        while current is not None and current in self._parents:
            line.append(current)
            current = self._parents[current]
        return tuple(line)

    @cached_property
    def _under(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Level of place to area to the places of that level in it."""
        found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for area in self.configuration.areas:
            for outer in self.around(area.code):
                found[area.level][outer].append(area.code)
        for station in self.configuration.stations:
            for outer in sorted({o for a in station.areas for o in self.around(a)}):
                found["station"][outer].append(station.code)
        return {level: {a: tuple(sorted(p)) for a, p in areas.items()} for level, areas in found.items()}

    def moves(self, rule: str, area: str) -> tuple[Moved, ...]:
        """How figures of an area move the level of a rule's events there."""
        return moves_of(self.rules[rule], area, self._figures)

    @cached_property
    def _figures(self) -> dict[tuple[str, str], Figure]:
        return {(figure.area, figure.figure): figure for figure in self.configuration.figures or ()}

    def places(self, threshold: str, area: str) -> tuple[str, ...]:
        """The places whose levels make the threshold's level in the area: itself, one around it, or those in it."""
        if area not in self._stations and self.level_of.get(area) == self.thresholds[threshold].at:
            return (area,)  # not kept: most thresholds are at the level that their rules are judged at
        if (threshold, area) not in self._places:
            self._places[threshold, area] = self._places_of(threshold, area)
        return self._places[threshold, area]

    @cached_property
    def _places(self) -> dict[Place, tuple[str, ...]]:
        return {}

    def _places_of(self, threshold: str, area: str) -> tuple[str, ...]:
        watched = self.thresholds[threshold]
        if area in self._stations:
            return (area,) if watched.at == "station" and self.reads(watched, area) else ()
        same = next((a for a in self.around(area) if self.level_of[a] == watched.at), None)
        if same is not None:
            return (same,)
        target = watched.roll_up.to if watched.roll_up is not None else None
        if target is not None:
            area = next((a for a in self.around(area) if self.level_of[a] == target), area)
        candidates = self._under.get(watched.at, {}).get(area, ())
        return tuple(p for p in candidates if self.reads(watched, p))

    def inside(self, condition: Condition | Unless, area: str) -> tuple[tuple[Condition, str], ...]:
        """The conditions inside one that is judged in an area, each with the place it is judged at."""
        match condition:
            case Share():
                return tuple((condition.condition, other) for other in self._relations.of_share(condition, area))
            case Near():
                return tuple((condition.near.condition, place) for place in self._in_reach(condition.near, area))
        return tuple((part, area) for part in condition.parts)

    def walk(self, condition: Condition | Unless, area: str) -> Iterator[tuple[Condition | Unless, str]]:
        """A condition judged in an area and all inside it, each with the place it is judged at, outermost first."""
        yield condition, area
        for part, place in self.inside(condition, area):
            yield from self.walk(part, place)

    def _in_reach(self, near: Nearby, area: str) -> tuple[str, ...]:
        """The places near an area, worked out once."""
        if (near, area) not in self._reached:
            self._reached[near, area] = self._in_reach_of(near, area)
        return self._reached[near, area]

    @cached_property
    def _reached(self) -> dict[tuple[Nearby, str], tuple[str, ...]]:
        return {}

    def _in_reach_of(self, near: Nearby, area: str) -> tuple[str, ...]:
        """Stations if only thresholds at stations are read, else areas of the area's level."""
        read = [self.thresholds[name] for name in names_in((near.condition,))]
        if not read or any(threshold.at != "station" for threshold in read):
            return self._relations.areas_near(area, near.distance)
        return self._relations.stations_near(area, near.distance, lambda s: any(self.reads(t, s) for t in read))

    @cached_property
    def _relations(self) -> Relations:
        return Relations(self.configuration)

    def stations(self, silence: Silence, area: str) -> tuple[str, ...]:
        """The stations whose silence is counted: those of the areas it names, else of the area itself."""
        watched = self.thresholds[silence.of]
        found = {p for a in silence.areas or (area,) for p in self._under.get("station", {}).get(a, ())}
        return tuple(sorted(p for p in found if self.reads(watched, p)))

    def fits(self, threshold: str, place: str) -> bool:
        """Whether a threshold is about places of this kind and feed, and the configuration knows this one."""
        watched = self.thresholds[threshold]
        return self.level_of.get(place) == watched.at and watched.feed in (None, self._stations.get(place))

    def reads(self, watched: Threshold, place: str) -> bool:
        """Whether a threshold can read a place: one that can have its indicator, from the feed it asks for, if it asks for one."""
        return self.gives(place, watched.indicator) and watched.feed in (None, self._stations.get(place))

    def gives(self, place: str, indicator: str) -> bool:
        """Whether a place can have the indicator at all: an area always, a station if its feed brings it."""
        station = self._stations.get(place)
        return station is None or station not in self._feeds or indicator in self._feeds[station].indicators

    @cached_property
    def _stations(self) -> dict[str, str]:
        return {s.code: s.feed for s in self.configuration.stations}

    @cached_property
    def _feeds(self) -> dict[str, FeedFacts]:
        return {f.feed: f for f in self.configuration.feeds}

    def feed_of(self, place: str, indicator: str) -> FeedFacts | None:
        """The feed that brings an indicator at a place."""
        own = self._feeds.get(self._stations.get(place, ""))
        if own is not None:
            return own
        return next((f for f in self.configuration.feeds if indicator in f.indicators), None)

    def settings(self, threshold: str, place: str) -> Settings:
        """A threshold as numbers, for one place."""
        feed = self.feed_of(place, self.thresholds[threshold].indicator)
        return self._settings_of[threshold, feed.feed if feed is not None else ""]

    @cached_property
    def _settings_of(self) -> dict[tuple[str, str], Settings]:
        feeds = [("", 0, 0, 0)]
        feeds += [(f.feed, micros(f.delay), micros(f.at_best or f.every), micros(f.every)) for f in self.configuration.feeds]
        return {
            (t.name, name): _settings(t, self.bounds[t.name], delay, every, slowest)
            for t in self.thresholds.values()
            for name, delay, every, slowest in feeds
        }

    @cached_property
    def of_forecasts(self) -> frozenset[str]:
        """The thresholds that read forecasts, and no observed readings."""
        return frozenset(name for name, threshold in self.thresholds.items() if KINDS[threshold.kind].against == "members")

    @cached_property
    def datums(self) -> dict[str, str]:
        """Station to what its readings are measured from, where that is known."""
        return {s.code: s.datum for s in self.configuration.stations if s.datum is not None}

    @cached_property
    def overridden(self) -> dict[Place, dict[int, int]]:
        """(threshold, place) to the values that somebody set there: a level's place among the defined ones to its bound."""
        found: dict[Place, dict[int, int]] = {}
        for threshold in self.thresholds.values():
            numbers = {b.level.word: n for n, b in enumerate(self.bounds[threshold.name])}
            for one in threshold.overrides or ():
                values = {numbers[word]: quantity(text, threshold.indicator) for word, text in one.levels.items()}
                found[threshold.name, one.place] = values
        return found

    @cached_property
    def judged(self) -> tuple[Place, ...]:
        """(rule, area) of all that is judged, in order of area, then rule."""
        found: list[Place] = []
        for rule in self.rules.values():
            areas = rule.only or tuple(a.code for a in self.configuration.areas if a.level == rule.area)
            found.extend((rule.name, area) for area in areas)
        return tuple(sorted(found, key=lambda p: (p[1], p[0])))

    def judges(self, rule: str, area: str) -> bool:
        """Whether a rule is judged in an area."""
        return (rule, area) in self._read_by

    @cached_property
    def dependents(self) -> dict[Place, tuple[Place, ...]]:
        """(threshold, place) to the (rule, area) that must be judged when it changes."""
        found: dict[Place, list[Place]] = defaultdict(list)
        for judged in self.judged:
            for place in self.read_by(*judged):
                found[place].append(judged)
        same: dict[tuple[Place, ...], tuple[Place, ...]] = {}  # what an area's thresholds bring about is mostly the same for all of them
        return {place: same.setdefault(rules, rules) for place, rules in ((place, tuple(rules)) for place, rules in found.items())}

    def read_by(self, rule: str, area: str) -> tuple[Place, ...]:
        """The (threshold, place) that a rule reads in an area."""
        return self._read_by[rule, area]

    @cached_property
    def _read_by(self) -> dict[Place, tuple[Place, ...]]:
        found: dict[Place, tuple[Place, ...]] = {}
        same: dict[Place, Place] = {}  # each place once, however many rules read it
        for judged in self.judged:
            rule, area = judged
            parts = [found for condition in self.rules[rule].conditions for found in self.walk(condition, area)]
            read = sorted({place for part, at in parts for place in self._read(part, at)})
            found[judged] = tuple([same.setdefault(place, place) for place in read])
        return found

    def _read(self, part: Condition | Unless, area: str) -> set[Place]:
        match part:
            case AtLevel(threshold=name):
                return {(name, place) for place in self.places(name, area)}
            case Silent(silent=silence):
                return {(silence.of, place) for place in self.stations(silence, area)}
            case Dimensions():
                names = [n for group in self.dimensions.values() for n in group]
                return {(name, place) for name in names for place in self.places(name, area)}
        return set()

    @cached_property
    def dimensions(self) -> dict[Dimension, tuple[str, ...]]:
        """Dimension of human security to the thresholds whose breaches count for it."""
        found: dict[Dimension, list[str]] = defaultdict(list)
        for threshold in self.thresholds.values():
            found[CATALOGUE[threshold.indicator].dimension].append(threshold.name)
        return {dimension: tuple(sorted(names)) for dimension, names in sorted(found.items())}

    @cached_property
    def listening(self) -> frozenset[Place]:
        """(rule, area) with a condition on silence: judged whenever a station speaks, because that too ends a silence."""
        with_silence = {r.name for r in self.rules.values() if any(isinstance(p, Silent) for c in r.conditions for p in walk(c))}
        return frozenset(place for place in self.judged if place[0] in with_silence)

    def number(self, threshold: str, level: Level) -> int | None:
        """The place of a level among the defined ones; of the next above if it is not defined; none if there is none."""
        return self._numbers[threshold][level]

    @cached_property
    def _numbers(self) -> dict[str, dict[Level, int | None]]:
        return {t: {level: _number(bounds, level) for level in Level} for t, bounds in self.bounds.items()}

    def reach(self, rule: str, area: str) -> int:
        """How far back, in microseconds, a reading may still alter what the rule says, if no period lasts longer than is expected."""
        return self._reach[rule, area]

    @cached_property
    def _reach(self) -> dict[Place, int]:
        return {place: max((self.settings(*read).reach for read in self.read_by(*place)), default=0) for place in self.judged}

    @cached_property
    def longest_reach(self) -> int:
        """How far back, in microseconds, any reading may alter anything, however long its period is."""
        return max((settings.reach for settings in self._settings_of.values()), default=0) + micros(LONGEST_PERIOD)

    def window(self, rule: str) -> int:
        """The longest span over which the rule looks back, in microseconds."""
        parts = [p for c in self.rules[rule].conditions for p in walk(c)]
        return sum(micros(span) for part in parts if (span := _looks_back(part)) is not None)


def _looks_back(part: Condition | Unless) -> timedelta | None:
    """The span over which a condition itself looks back; none if it looks at the present alone."""
    if isinstance(part, Sustained):
        return part.for_
    span: timedelta | None = getattr(part, "within", None)
    return span


def _number(bounds: tuple[Bound, ...], level: Level) -> int | None:
    return next((n for n, b in enumerate(bounds) if b.level >= level), None)


def names_in(conditions: tuple[Condition | Unless, ...]) -> set[str]:
    """The thresholds that conditions name."""
    parts = [p for c in conditions for p in walk(c)]
    return {p.threshold for p in parts if isinstance(p, AtLevel)} | {p.silent.of for p in parts if isinstance(p, Silent)}


def _settings(threshold: Threshold, bounds: tuple[Bound, ...], delay: int, every: int, lasts: int) -> Settings:
    where = f"threshold {threshold.name}"
    persistence = threshold.for_
    stale, horizon = delay + micros(threshold.stale_after), micros(threshold.horizon)
    floor = quantity(threshold.floor, threshold.indicator, where) if threshold.floor and threshold.direction == "above" else BEGINNING
    return Settings(
        levels=len(bounds),
        sign=1 if threshold.direction == "above" else -1,
        readings=persistence if isinstance(persistence, int) else 0,
        run=0 if isinstance(persistence, int) else micros(persistence),
        burst=every // 4,
        leave=quantity(threshold.leave_below, threshold.indicator, where, difference=True) if threshold.leave_below else 0,
        floor=floor,
        quiet=micros(threshold.quiet),
        stale=stale,
        hold=micros(threshold.hold_for),
        bridge=micros(threshold.bridge) if threshold.bridge is not None else -1,
        lapse=FAR if threshold.kind in BASELINE_KINDS else max(stale, horizon + delay),
        delay=delay,
        horizon=horizon,
        looks_back=looks_back(threshold),
        lasts=lasts,
    )
