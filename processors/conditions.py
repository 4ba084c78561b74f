"""The truth of each form of condition in an area, over valid time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from processors.held_against import bounds_for
from processors.kinds import BASELINE_KINDS
from processors.levels import Code, Entry, level_line
from processors.plan import Plan
from processors.roll_up import ENOUGH, worst
from processors.sequences import in_sequence
from processors.silence import silences, together
from processors.timelines import FAR, NOTHING_KNOWN, Line, at_least, every, excused, lasting, lately, micros, opposite, some
from processors.times import became_true
from processors.together import together_within
from processors.tracks import BoundsOf, Track, as_judged, reach
from schemas.conditions import (
    All,
    AnyOf,
    AtLeast,
    AtLevel,
    Condition,
    Dimensions,
    Near,
    Not,
    Share,
    Silence,
    Silent,
    Sustained,
    Times,
    Together,
    Unless,
    Within,
)
from schemas.conditions import Sequence as InSequence
from schemas.inputs import BaselineRow
from schemas.levels import Dimension, Level


@dataclass
class Sight:
    """What a condition is judged by. Lines are made once and kept for as long as this lives: one record.

    Attributes:
        tracks: (threshold, place) to its track.
        baselines: threshold, then place, to the rows in force.
        alive: feed to the spans in which it delivered.
        now: the shard's; readings that a threshold has not settled yet are not looked at.
    """

    plan: Plan
    tracks: Mapping[tuple[str, str], Track]
    baselines: Mapping[str, Mapping[str, tuple[BaselineRow, ...]]]
    alive: Mapping[str, tuple[tuple[int, int], ...]]
    now: int
    _settled: dict[tuple[str, str], Track] = field(default_factory=dict)
    _levels: dict[tuple[str, str, Level], Line | None] = field(default_factory=dict)

    def level(self, threshold: str, area: str, level: Level) -> Line | None:
        """The truth of a threshold's level in an area or at a station; none if it has no series there."""
        key = (threshold, area, level)
        if key not in self._levels:
            self._levels[key] = self._level(threshold, area, level)
        return self._levels[key]

    def _level(self, threshold: str, area: str, level: Level) -> Line | None:
        number = self.plan.number(threshold, level)
        read = self.read(threshold, area)
        if not read:
            return None
        if number is None:
            return NOTHING_KNOWN
        if read[0][0] == area or read[0][0] in self.plan.around(area):
            return level_line(read[0][1].entries, number)
        roll_up = self.plan.thresholds[threshold].roll_up
        if self.plan.thresholds[threshold].kind in BASELINE_KINDS:
            entries = self._admitted(threshold, area, dict(read))
        else:
            entries = [track.entries for _, track in read]
        return worst(tuple(entries), number, ENOUGH[roll_up.needs if roll_up is not None else "half"])

    def bounds_of(self, threshold: str, place: str) -> BoundsOf:
        """What readings of a threshold at a place are held against."""
        return bounds_for(self.plan, self.baselines, threshold, place)

    def read(self, threshold: str, area: str) -> list[tuple[str, Track]]:
        """The places that make the threshold's level in an area, as far as they ever had a reading."""
        places = (area,) if (threshold, area) in self.tracks else self.plan.places(threshold, area)
        found = [(place, self.tracks[threshold, place]) for place in places if (threshold, place) in self.tracks]
        return [(place, self.judged(threshold, place, track)) for place, track in found if track.heard]

    def judged(self, threshold: str, place: str, track: Track) -> Track:
        """A track as far as its threshold has settled."""
        if not self.plan.thresholds[threshold].settle:
            return track
        if (threshold, place) not in self._settled:
            upto = self.judged_to(threshold, track)
            self._settled[threshold, place] = as_judged(track, self.plan.settings(threshold, place), self.bounds_of(threshold, place), upto)
        return self._settled[threshold, place]

    def reach(self, rule: str, area: str) -> int:
        """How far back, in microseconds, a reading may still alter what the rule says."""
        read = ((place, self.tracks.get(place)) for place in self.plan.read_by(rule, area))
        spans = (reach(track, self.plan.settings(*place)) for place, track in read if track is not None)
        return max([self.plan.reach(rule, area), *spans])

    def judged_to(self, threshold: str, *tracks: Track) -> int:
        """Up to when a threshold may be judged: the newest valid time of the places or now, less the time it takes to settle."""
        settle = self.plan.thresholds[threshold].settle
        newest = [track.newest for track in tracks if track.newest is not None]
        return max([self.now, *newest]) - (micros(settle) + 1 if settle else 0)

    def _admitted(self, threshold: str, area: str, read: Mapping[str, Track]) -> list[tuple[Entry, ...]]:
        """What is said of the places of an area; those with an admitted baseline count from the beginning, read or not."""
        first = min((track.entries[0].start for track in read.values() if track.entries), default=0)
        unknown = Entry(first, first, (Code.UNKNOWN,) * len(self.plan.bounds[threshold]), True)
        found: list[tuple[Entry, ...]] = []
        for place in self.plan.places(threshold, area):
            track = read.get(place) or self.tracks.get((threshold, place))
            entries = track.entries if track is not None else ()
            if not any(row.admitted for row in self.baselines.get(threshold, {}).get(place, ())):
                found.append(tuple(entry._replace(counts=False) for entry in entries))
            elif entries and entries[0].start <= first:
                found.append(entries)
            else:
                found.append((unknown, *entries))
        return found

    def truth(self, condition: Condition | Unless, area: str) -> Line | None:
        """The truth of a condition in an area; none if the area is not covered."""
        match condition:
            case AtLevel():
                return self.level(condition.threshold, area, condition.level)
            case Not():
                return _opposite(self.truth(condition.not_, area))
            case Within():
                return _lately(self.truth(condition.condition, area), condition.within)
            case Sustained():
                one = self.truth(condition.condition, area)
                return lasting(one, micros(condition.for_)) if one is not None else None
            case All():
                lines = self._parts(condition.all, area, condition.within)
                return every([one or NOTHING_KNOWN for one in lines]) if any(lines) else None
            case AnyOf():
                covered = [one for one in self._parts(condition.any, area, condition.within) if one is not None]
                return some(covered) if covered else None
            case AtLeast():
                covered = [one for one in self._parts(condition.of, area, condition.within) if one is not None]
                return at_least(condition.at_least, covered) if covered else None
            case Together():
                covered = [one for one in self._parts(condition.of, area, None) if one is not None]
                return together_within(condition.together, covered, micros(condition.within)) if covered else None
            case InSequence():
                lines = self._parts(condition.sequence, area, None)
                lag = micros(condition.least_lag) if condition.least_lag is not None else 0
                known = [one or NOTHING_KNOWN for one in lines]
                return in_sequence(known, micros(condition.within), lag) if any(lines) else None
            case Times():
                one = self.truth(condition.of, area)
                return became_true(one, condition.times, micros(condition.within)) if one is not None else None
            case Share():
                lines = [self.truth(*part) for part in self.plan.inside(condition, area)]
                return at_least(condition.needed(len(lines)), [one or NOTHING_KNOWN for one in lines]) if any(lines) else None
            case Near():
                covered = [one for part in self.plan.inside(condition, area) if (one := self.truth(*part)) is not None]
                if condition.near.at_least is not None:
                    return at_least(condition.near.at_least, covered) if covered else None
                return some(covered) if covered else None
            case Unless():
                one, excuse = self.truth(condition.when, area), self.truth(condition.unless, area)
                return excused(one or NOTHING_KNOWN, excuse or NOTHING_KNOWN) if one or excuse else None
            case Silent():
                return self.silent(condition.silent, area)
            case Dimensions():
                covered = [one for _, one in self.dimensions(condition, area) if one is not None]
                return at_least(condition.dimensions, covered) if covered else None

    def _parts(self, parts: Sequence[Condition], area: str, within: timedelta | None) -> list[Line | None]:
        lines = [self.truth(part, area) for part in parts]
        return [_lately(one, within) for one in lines] if within is not None else lines

    def dimensions(self, condition: Dimensions, area: str) -> list[tuple[Dimension, Line | None]]:
        """Each dimension of human security that any threshold counts for, with the truth of a breach in it."""
        found: list[tuple[Dimension, Line | None]] = []
        for dimension, thresholds in self.plan.dimensions.items():
            reaching = [threshold for threshold in thresholds if self.plan.number(threshold, condition.level) is not None]
            lines = [self.level(threshold, area, condition.level) for threshold in reaching]
            covered = [one for one in lines if one is not None]
            one = some(covered) if covered else None
            found.append((dimension, _lately(one, condition.within) if condition.within is not None else one))
        return found

    def silent(self, silence: Silence, area: str) -> Line | None:
        """The truth of `silent`: its stations are those of the areas it names, else of the rule's."""
        read = dict(found for place in self.plan.stations(silence, area) for found in self.read(silence.of, place))
        if not read:
            return None
        stations, known_from = [], FAR
        for place, track in sorted(read.items()):
            given = track.series.with_values()
            settings = self.plan.settings(silence.of, place)
            stale = settings.delay + micros(silence.stale_after) if silence.stale_after is not None else settings.stale
            feed = self.plan.feed_of(place, self.plan.thresholds[silence.of].indicator)
            alive = self.alive.get(feed.feed, ()) if feed is not None else ()
            stations.append((silences(given.starts.tolist(), given.ends.tolist(), stale, dead_spans(track)), alive))
            known_from = min(known_from, next((entry.start for entry in track.entries if entry.counts), FAR))
        return together(stations, silence.count, micros(silence.within), known_from)


def dead_spans(track: Track) -> list[tuple[int, int]]:
    """The spans in which a person has declared the station dead."""
    spans: list[tuple[int, int]] = []
    for at, dead in track.declarations:
        if dead and (not spans or spans[-1][1] < FAR):
            spans.append((at, FAR))
        elif not dead and spans and spans[-1][1] == FAR:
            spans[-1] = (spans[-1][0], at)
    return spans


def _opposite(one: Line | None) -> Line | None:
    return opposite(one) if one is not None else None


def _lately(one: Line | None, span: timedelta) -> Line | None:
    return lately(one, micros(span)) if one is not None else None
