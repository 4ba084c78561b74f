"""The truth of a rule over valid time: the table of section 4 of the specification, with 4.1, 6.2, 6.3, 6.6 and 6.7.

Each form is evaluated twice from the leaves: once with held breaches taken as true, once as unknown.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import combinations, product
from math import acos, cos, radians, sin

from oracle_known import NO_TIME, Known, Reading, admitted
from oracle_levels import FALSE, TRUE, UNKNOWN, Levels, Steps, steps_from, truth_at

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
    Within,
)
from schemas.conditions import Sequence as InSequence
from schemas.configuration import Rule, Threshold
from schemas.indicators import CATALOGUE
from schemas.levels import Dimension, Level, Truth

INSTANT = timedelta(microseconds=1)
BEGINNING = datetime(1, 1, 2, tzinfo=UTC)
"""Before all knowledge."""


# Kleene's tables ------------------------------------------------------------------------------------------------------


def all_of(truths: Sequence[Truth]) -> Truth:
    """True if all are, false if one is, else unknown."""
    if FALSE in truths:
        return FALSE
    return UNKNOWN if UNKNOWN in truths else TRUE


def any_of(truths: Sequence[Truth]) -> Truth:
    """True if one is, false if all are, else unknown."""
    if TRUE in truths:
        return TRUE
    return UNKNOWN if UNKNOWN in truths or not truths else FALSE


def not_(truth: Truth) -> Truth:
    """The other one; of unknown, unknown."""
    return {TRUE: FALSE, FALSE: TRUE, UNKNOWN: UNKNOWN}[truth]


def at_least(n: int, truths: Sequence[Truth]) -> Truth:
    """n are true; or true and unknown together are fewer than n; else unknown. Fewer than n to look at is unknown (6.3)."""
    if list(truths).count(TRUE) >= n:
        return TRUE
    possible = list(truths).count(TRUE) + list(truths).count(UNKNOWN)
    return FALSE if possible < n <= len(truths) else UNKNOWN


def within(steps: Steps, span: timedelta) -> Steps:
    """True if it was at some moment of the last span; false if known false throughout; else unknown. Before the first: unknown."""
    return over_the_last(steps, span, any_of)


def throughout(steps: Steps, span: timedelta) -> Steps:
    """True if it was at every moment of the last span; false if known false at one of them; else unknown, as before the first."""
    return over_the_last(steps, span, all_of)


def over_the_last(steps: Steps, span: timedelta, joined: Callable[[list[Truth]], Truth]) -> Steps:
    """At each moment the truths of the last span, joined to one."""

    def seen(moment: datetime) -> Truth:
        truths = {truth_at(steps, moment)}
        for index, (start, truth) in enumerate(steps):
            end = steps[index + 1][0] if index + 1 < len(steps) else None
            if start <= moment and (end is None or end > moment - span):
                truths.add(truth)
        if steps[0][0] > moment - span:
            truths.add(UNKNOWN)
        return joined(list(truths))

    return steps_from({at + add for at, _ in steps for add in (NO_TIME, span)}, seen)


# Conditions -----------------------------------------------------------------------------------------------------------


class Rules:
    """The truths that a prefix of the log makes, with held breaches taken as `held_as`."""

    def __init__(self, known: Known, held_as: Truth) -> None:
        self.known = known
        self.held_as = held_as
        self.levels = Levels(known)

    def covered(self, condition: Condition, area: str) -> bool:
        """Whether the area has a series for it at all (6.3)."""
        match condition:
            case AtLevel():
                return self._has_series(self.known.threshold(condition.threshold), area)
            case Silent():
                threshold = self.known.threshold(condition.silent.of)
                return any(self._has_series(threshold, a) for a in condition.silent.areas or (area,))
            case Dimensions():
                return any(self._dimension_covered(condition, d, area) for d in Dimension)
            case Share():
                return any(self.covered(condition.condition, other) for other in self.related(condition, area))
            case Near():
                return any(self.covered(condition.near.condition, place) for place in self.in_reach(condition, area))
            case _:
                return any(self.covered(part, area) for part in condition.parts)

    def _has_series(self, threshold: Threshold, area: str) -> bool:
        station = [area] if self.known.station(area) is not None else []
        places = [*station, *self.levels.places(threshold, area), *self.levels.around(area)]
        return any(r.value is not None for p in places for r, _ in admitted(self.known, threshold, threshold.indicator, p))

    def holds(self, rule: Rule, area: str) -> Steps:
        """What the rule is judged by: `when`, and not `unless`, of which what is held is unknown."""
        when, excuse = self._but_for(rule, area)
        return when if rule.unless is None else joined(lambda truths: all_of([truths[0], not_(truths[1])]), [when, excuse])

    def asked(self, rule: Rule, area: str) -> Steps:
        """True where nothing but the excuse may be in doubt."""
        return joined(lambda truths: FALSE if truths[1] is TRUE else truths[0], list(self._but_for(rule, area)))

    def _but_for(self, rule: Rule, area: str) -> tuple[Steps, Steps]:
        return self.truth(rule.when, area), Rules(self.known, UNKNOWN).truth(rule.unless, area) if rule.unless is not None else []

    def truth(self, condition: Condition, area: str) -> Steps:
        """The truth of a condition over time in an area."""
        match condition:
            case AtLevel():
                threshold = self.known.threshold(condition.threshold)
                if self.known.station(area) is not None:
                    moments = self.levels.moments(threshold, [area])
                    return steps_from(moments, lambda t: self.levels.place(threshold, area, condition.level, t, self.held_as))
                return self.levels.in_area(threshold, area, condition.level, self.held_as)
            case All():
                return self._joined(all_of, condition.all, condition.within, area)
            case AnyOf():
                covered = [c for c in condition.any if self.covered(c, area)]
                return self._joined(any_of, covered, condition.within, area)
            case AtLeast():
                covered = [c for c in condition.of if self.covered(c, area)]
                return self._joined(lambda truths: at_least(condition.at_least, truths), covered, condition.within, area)
            case Not():
                return [(at, not_(truth)) for at, truth in self.truth(condition.not_, area)]
            case Within():
                return within(self.truth(condition.condition, area), condition.within)
            case Sustained():
                return throughout(self.truth(condition.condition, area), condition.for_)
            case Together():
                return self.together(condition, area)
            case InSequence():
                return self.sequence(condition, area)
            case Times():
                return self.times(condition, area)
            case Share():
                related = self.related(condition, area)
                in_each = [self.truth(condition.condition, other) for other in related]
                return joined(lambda truths: share(condition.share, truths), in_each)
            case Near():
                reached = [p for p in self.in_reach(condition, area) if self.covered(condition.near.condition, p)]
                needed = condition.near.at_least or 1
                table = any_of if needed == 1 else lambda truths: at_least(needed, truths)
                return joined(table, [self.truth(condition.near.condition, place) for place in reached])
            case Silent():
                return self.silent(condition.silent, area)
            case Dimensions():
                return self.dimensions(condition, area)

    def related(self, condition: Share, area: str) -> list[str]:
        """The areas of which a share is asked for, with a series or without one."""
        areas = self.known.configuration.areas
        if condition.of == "children":
            return [a.code for a in areas if a.parent == area]
        return [code for a in areas if a.code == area for code in (a.neighbours if condition.of == "neighbours" else a.upstream or ())]

    def in_reach(self, condition: Near, area: str) -> list[str]:
        """Stations if nothing but thresholds at stations is read, else areas of the same level; those without a series are left out."""
        known = self.known.configuration
        own = next((a for a in known.areas if a.code == area), None)
        if own is None or own.latitude is None or own.longitude is None:
            return []
        read = self._thresholds(condition.near.condition)
        stations = bool(read) and all(t.at == "station" for t in read)
        places = known.stations if stations else [a for a in known.areas if a.level == own.level]
        here = (own.latitude, own.longitude)
        return [
            p.code
            for p in places
            if p.latitude is not None and p.longitude is not None and _apart(here, (p.latitude, p.longitude)) <= condition.near.distance
        ]

    def _joined(self, table: Callable[[Sequence[Truth]], Truth], parts: Sequence[Condition], span: timedelta | None, area: str) -> Steps:
        """A table held against all parts at once; `within` beside it holds for each."""
        return joined(table, [self._windowed(self.truth(part, area), span) for part in parts])

    def _windowed(self, steps: Steps, span: timedelta | None) -> Steps:
        return steps if span is None else within(steps, span)

    def _of_dimension(self, condition: Dimensions, dimension: Dimension) -> list[Threshold]:
        thresholds = self.known.configuration.thresholds
        of_it = [t for t in thresholds if CATALOGUE[t.indicator].dimension is dimension]
        return [t for t in of_it if self.levels.at_or_above(t, condition.level)]

    def _dimension_covered(self, condition: Dimensions, dimension: Dimension, area: str) -> bool:
        return any(self._has_series(t, area) for t in self._of_dimension(condition, dimension))

    def dimensions(self, condition: Dimensions, area: str) -> Steps:
        """Breaches in n dimensions, each of them by any of its thresholds; those without a series are left out (6.3)."""
        found = []
        for dimension in Dimension:
            covered = [t for t in self._of_dimension(condition, dimension) if self._has_series(t, area)]
            if covered:
                breached = joined(any_of, [self.levels.in_area(t, area, condition.level, self.held_as) for t in covered])
                found.append(self._windowed(breached, condition.within))
        return joined(lambda truths: at_least(condition.dimensions, truths), found)

    def silent(self, silence: Silence, area: str) -> Steps:
        """n series went stale with last readings at most `within` apart, while their feed itself delivers; else false."""
        threshold = self.known.threshold(silence.of)
        areas = silence.areas or (area,)
        places = sorted({p for a in areas for p in self.levels.places(threshold, a)})
        stale_after = silence.stale_after or threshold.stale_after

        def went(place: str, moment: datetime) -> Reading | None:
            """The last reading of a place that is silent at the moment."""
            last = self.levels.last(threshold, place, moment)
            if last is None or self.levels.dead_since(place, last, moment):
                return None
            return last if moment >= last.end + self.known.feed(last.feed).delay + stale_after else None

        def together(places: Sequence[tuple[str, Reading]]) -> bool:
            chosen = combinations([reading.end for _, reading in places], silence.count)
            return any(max(ends) - min(ends) <= silence.within for ends in chosen)

        def judge(moment: datetime) -> Truth:
            silent = [(p, r) for p in places if (r := went(p, moment)) is not None]
            if together([(p, r) for p, r in silent if self._alive(r.feed, moment)]):
                return TRUE
            return UNKNOWN if together(silent) else FALSE

        moments = self.levels.moments(threshold, places)
        for place in places:
            for reading in self.levels.readings(threshold, place):
                moments.add(reading.end + self.known.feed(reading.feed).delay + stale_after)
        for feed, heard in self.known.alive.items():
            moments |= {at + add for at in heard for add in (NO_TIME, 2 * self.known.feed(feed).every)}
        started = [r.start for p in places for r in self.levels.readings(threshold, p)]
        return steps_from({m for m in moments if started and m >= min(started)}, judge)

    def _alive(self, feed: str, moment: datetime) -> bool:
        """A feed delivers while it was heard within twice its interval."""
        return any(at <= moment < at + 2 * self.known.feed(feed).every for at in self.known.alive.get(feed, []))

    def sequence(self, condition: InSequence, area: str) -> Steps:
        """Each became true not before the one before it, the last at most `within` after the first and still true."""
        lag = condition.least_lag or NO_TIME
        parts = [_Part(self.truth(part, area), self._ends(part, area)) for part in condition.sequence]
        marks = {m for part in parts for m in part.marks}
        moments = {m + j * lag + w for m in marks for j in range(len(parts) + 1) for w in (NO_TIME, condition.within, -condition.within)}
        return steps_from(moments, lambda t: _in_sequence(parts, t, condition.within, lag))

    def together(self, condition: Together, area: str) -> Steps:
        """n of those covered are true, and their onsets lie at most `within` apart; fewer than n to look at is unknown (6.3)."""
        parts = [_Part(self.truth(part, area), self._ends(part, area)) for part in condition.of if self.covered(part, area)]
        marks = {m for part in parts for m in part.marks}
        moments = {m + w for m in marks for w in (NO_TIME, condition.within, -condition.within)}
        return steps_from(moments, lambda t: _together(parts, condition.together, t, condition.within))

    def times(self, condition: Times, area: str) -> Steps:
        """It became true n times in the last span; false if it cannot have, seen from what is unknown in it."""
        part = _Part(self.truth(condition.of, area), self._ends(condition.of, area))
        if not part.steps[1:]:
            return []
        moments = {m + w for m in part.marks for w in (NO_TIME, condition.within)}
        return steps_from({m for m in moments if m >= part.steps[1][0]}, lambda t: _times(part, condition.times, t, condition.within))

    def _ends(self, condition: Condition, area: str) -> dict[datetime, datetime]:
        """Start of a reading to the end of its period, for the readings by which an onset of a condition is known.

        Such a reading changed what is known of the condition, be it only that it is held no more, or left it unknown.
        """
        ends: dict[datetime, datetime] = {}
        for found in self._ends_inside(condition, area):
            for start, end in found.items():
                ends[start] = max(ends.get(start, end), end)
        both = [rules.truth(condition, area) for rules in self._both()] if ends else []
        return {start: end for start, end in ends.items() if any(_tells(steps, start) for steps in both)}

    def _both(self) -> "list[Rules]":
        return [self, Rules(self.known, UNKNOWN if self.held_as is TRUE else TRUE)]

    def _ends_inside(self, condition: Condition, area: str) -> list[dict[datetime, datetime]]:
        match condition:
            case AtLevel():
                threshold = self.known.threshold(condition.threshold)
                own = self.levels.own_place(threshold, area)
                places = self.levels.places(threshold, area) if own is None else [own]
                return [self._ends_at(threshold, place, condition.level) for place in places]
            case Silent():
                return []
            case Share():
                return [self._ends(condition.condition, other) for other in self.related(condition, area)]
            case Near():
                return [self._ends(condition.near.condition, place) for place in self.in_reach(condition, area)]
            case Dimensions():
                parts = [
                    AnyOf(any=tuple(AtLevel(threshold=t.name, level=condition.level) for t in found))
                    for dimension in Dimension
                    if (found := self._of_dimension(condition, dimension))
                ]
                return self._ends_of(parts, condition.within, area)
            case All() | AnyOf() | AtLeast():
                return self._ends_of(condition.parts, condition.within, area)
            case _:
                return self._ends_of(condition.parts, None, area)

    def _ends_of(self, parts: Sequence[Condition], span: timedelta | None, area: str) -> list[dict[datetime, datetime]]:
        return [self._ends(part if span is None else Within(condition=part, within=span), area) for part in parts]

    def _ends_at(self, threshold: Threshold, place: str, level: Level) -> dict[datetime, datetime]:
        """The same for a level at one place: there a reading may also make the place one that counts again."""
        ends: dict[datetime, datetime] = {}
        for reading in self.levels.readings(threshold, place):
            before, after = (self._known_at(threshold, place, level, t) for t in (reading.start - INSTANT, reading.start))
            if before != after or UNKNOWN in after:
                ends[reading.start] = max(ends.get(reading.start, reading.end), reading.end)
        return ends

    def _known_at(self, threshold: Threshold, place: str, level: Level, moment: datetime) -> tuple[Truth, Truth, bool]:
        held, opening = (self.levels.place(threshold, place, level, moment, held_as) for held_as in (TRUE, UNKNOWN))
        return held, opening, self.levels.counts(threshold, place, moment)

    def _thresholds(self, condition: Condition) -> list[Threshold]:
        match condition:
            case AtLevel():
                return [self.known.threshold(condition.threshold)]
            case Silent():
                return []
            case Dimensions():
                return [t for d in Dimension for t in self._of_dimension(condition, d)]
            case _:
                return [t for part in condition.parts for t in self._thresholds(part)]


def joined(table: Callable[[Sequence[Truth]], Truth], all_steps: Sequence[Steps]) -> Steps:
    """A table held against several truths at every moment one of them changes."""
    moments = {at for steps in all_steps for at, _ in steps}
    return steps_from(moments, lambda t: table([truth_at(steps, t) for steps in all_steps]))


def _tells(steps: Steps, moment: datetime) -> bool:
    """Whether a truth changes at a moment, or is unknown there."""
    truth = truth_at(steps, moment)
    return truth is UNKNOWN or truth is not truth_at(steps, moment - INSTANT)


def share(least: Decimal, truths: Sequence[Truth]) -> Truth:
    """True if those that are true make up the share, false if with all unknown ones they would not, else unknown."""
    if truths and Decimal(truths.count(TRUE)) / len(truths) >= least:
        return TRUE
    possible = truths.count(TRUE) + truths.count(UNKNOWN)
    return FALSE if truths and Decimal(possible) / len(truths) < least else UNKNOWN


def _apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Kilometres between two points in degrees, by the law of cosines on the sphere."""
    (north, east), (north_too, east_too) = (map(radians, one), map(radians, other))
    return 6371.0088 * acos(min(1.0, sin(north) * sin(north_too) + cos(north) * cos(north_too) * cos(east - east_too)))


class _Part:
    """One condition of a sequence: its truth over time, its onsets, and where an onset may hide.

    Onsets are (moment it is true from, moment it is compared by): the end of the period of the reading that made it.
    """

    def __init__(self, steps: Steps, ends: dict[datetime, datetime]) -> None:
        self.steps = [(BEGINNING, UNKNOWN), *steps]
        self.ends = ends
        self.marks = {at for at, _ in steps} | set(ends.values())

    def onsets(self) -> list[tuple[datetime, datetime]]:
        """False to true, also through unknown; the first truth known counts; true, unknown, true is none (4.1)."""
        found = []
        last_known = FALSE
        for at, truth in self.steps:
            if truth is TRUE and last_known is not TRUE:
                found.append((at, self.ends.get(at, at)))
            if truth is not UNKNOWN:
                last_known = truth
        return found

    def hidden(self, moment: datetime, after: datetime = BEGINNING) -> list[tuple[datetime, datetime]]:
        """Unknown stretches from `after` up to `moment`, as first and last moment an onset may be at, by which it is compared.

        An unknown stretch between two truths hides none (4.1).
        """
        found = []
        stretches = [*self.steps, (moment + INSTANT, FALSE)]
        for index, (at, truth) in enumerate(self.steps):
            end, following = stretches[index + 1][0], stretches[index + 1][1]
            before = self.steps[index - 1][1] if index else FALSE
            if truth is UNKNOWN and after <= at <= moment and not (before is TRUE and following is TRUE and index + 1 < len(self.steps)):
                last = min(end - INSTANT, moment)
                found.append((at, last))
                found += [(e, e) for s, e in self.ends.items() if at <= s <= last and e > s]
        return sorted(set(found))

    def last_runs(self, moment: datetime, *, possible: bool) -> list[tuple[datetime, datetime]]:
        """Where the onset of a truth that still stands at `moment` is: exactly known, or anywhere it may hide."""
        truth = truth_at(self.steps, moment)
        known = [at for at, t in self.steps if at <= moment and t is FALSE]
        fell = max(known, default=None)
        run = [o for o in self.onsets() if o[0] <= moment and (fell is None or o[0] > fell)]
        exact = [(compared, compared) for _, compared in run[-1:]]
        if truth is TRUE and not possible:
            return exact
        if truth is FALSE or not possible:
            return []
        return exact + self.hidden(moment, fell or BEGINNING)


def _in_sequence(parts: Sequence[_Part], moment: datetime, span: timedelta, lag: timedelta) -> Truth:
    last = parts[-1]
    for first, _ in last.last_runs(moment, possible=False):
        if _chain([_exact(p, moment) for p in parts[:-1]], first, first, span, lag):
            return TRUE
    before = [_exact(p, moment) + p.hidden(moment) for p in parts[:-1]]
    for low, high in last.last_runs(moment, possible=True):
        for at in _choices(low, high, before, lag):
            if _chain(before, at, at, span, lag):
                return UNKNOWN
    return FALSE


def _together(parts: Sequence[_Part], count: int, moment: datetime, span: timedelta) -> Truth:
    if len(parts) < count:
        return UNKNOWN
    for possible, truth in ((False, TRUE), (True, UNKNOWN)):
        for chosen in combinations(parts, count):
            for onsets in product(*(part.last_runs(moment, possible=possible) for part in chosen)):
                if max(low for low, _ in onsets) - min(high for _, high in onsets) <= span:
                    return truth
    return FALSE


def _times(part: _Part, count: int, moment: datetime, span: timedelta) -> Truth:
    if sum(at <= moment and compared > moment - span for at, compared in part.onsets()) >= count:
        return TRUE
    for index, (at, truth) in enumerate(part.steps):
        after = part.steps[index + 1] if index + 1 < len(part.steps) else None
        between = index > 0 and part.steps[index - 1][1] is TRUE and after is not None and after[1] is TRUE
        if truth is not UNKNOWN or at > moment or between:
            continue
        if after is None or after[0] > moment - span:
            return UNKNOWN
        if any(at <= start < after[0] and start <= moment and end > start and end > moment - span for start, end in part.ends.items()):
            return UNKNOWN
    return FALSE


def _exact(part: _Part, moment: datetime) -> list[tuple[datetime, datetime]]:
    return [(compared, compared) for at, compared in part.onsets() if at <= moment]


def _choices(low: datetime, high: datetime, before: Sequence[list[tuple[datetime, datetime]]], lag: timedelta) -> list[datetime]:
    """The moments of a stretch worth trying as the last onset: its first, and where an earlier one just fits."""
    fits = {first + j * lag for part in before for first, _ in part for j in range(len(before) + 1)}
    return [low, *sorted(m for m in fits if low < m <= high)]


def _chain(before: Sequence[list[tuple[datetime, datetime]]], last: datetime, at: datetime, span: timedelta, lag: timedelta) -> bool:
    """Whether onsets exist going back from `at`, each the latest that fits, the first at most `span` before `last`."""
    if not before:
        return last - at <= span
    fitting = [min(high, at - lag) for low, high in before[-1] if low <= at - lag]
    return bool(fitting) and _chain(before[:-1], last, max(fitting), span, lag)
