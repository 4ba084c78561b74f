"""One threshold at one place: its readings inside the horizon, how they were judged, and what silence will make of them."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from processors.bounds import NO_BOUND, Column
from processors.levels import Declarations, Entry, Machine, Settings, ahead, fresh, judge
from processors.series import NULL, Rank, Series, empty, inserted
from processors.timelines import FAR

_FOLD_AT = 64
"""Readings past the horizon are put into the kept state this many at a time; when has no effect on what is said."""
_LET_GO_AT = 8
"""The same of a track that is put aside: as long as it keeps them, the records that they came in are kept too."""

BoundsOf = Callable[["Track", Series], Column]
"""The bounds of each reading of a series, one column a level."""


@dataclass(frozen=True, slots=True)
class Track:
    """What is kept of one threshold at one place. It never changes; taking something in gives another one.

    Attributes:
        series: the readings, the oldest of which may already be judged for good.
        steps: for a station's own levels, the readings of each.
        folded: how many readings at the beginning are judged for good. edge: the machine after them.
        tip: the machine after the last reading.
        frozen, live, tail: entries that cannot change any more, those of the readings after the edge, those of silence to come.
        declarations: (moment, dead) by people.
        heard: whether a reading ever gave a value, so that there is a series.
    """

    series: Series
    steps: tuple[Series, ...]
    folded: int
    edge: Machine
    tip: Machine
    frozen: tuple[Entry, ...] = ()
    live: tuple[Entry, ...] = ()
    tail: tuple[Entry, ...] = ()
    declarations: Declarations = ()
    heard: bool = False

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All that is said of the place, into the future as if no further reading came."""
        return self.frozen + self.live + self.tail

    def says_what(self, other: "Track", now: int) -> bool:
        """Whether another track says the same up to a moment, silence to come aside."""
        if self.heard != other.heard or self._silence(now) != other._silence(now):
            return False
        if self.frozen is other.frozen:
            return self.live == other.live
        return self.frozen + self.live == other.frozen + other.live

    def _silence(self, now: int) -> list[Entry]:
        return [entry for entry in self.tail if entry.start <= now]

    @property
    def newest(self) -> int | None:
        """The valid time of the last reading with a value."""
        return self.tip.start if self.tip.codes else None


def reach(track: Track, settings: Settings) -> int:
    """How far back, in microseconds, a reading may still alter what is said of a place, as far as is known how long its periods last."""
    series = track.series
    if len(series) == 0 or series.starts[-1] == series.ends[-1]:
        return settings.reach
    return settings.reach + max(int((series.ends - series.starts).max()) - settings.lasts, 0)


def new_track(settings: Settings, steps: int) -> Track:
    """Nothing read yet."""
    return Track(empty(), (empty(),) * steps, 0, fresh(settings), fresh(settings))


def accepted(new: Series, settings: Settings, now: int) -> Series:
    """The readings that came within the horizon; the others are kept in the archive and have no effect."""
    inside = new.ends + settings.delay >= now - settings.horizon
    return new if inside.all() else new.take(inside)


def take_readings(track: Track, new: Series, settings: Settings, bounds_of: BoundsOf, rank: Rank, now: int) -> Track:
    """The track with new readings, judged again from the first that differs."""
    new = accepted(new, settings, now)
    if len(new) == 0:
        return track
    before = len(track.series)
    series, changed = inserted(track.series, new, rank)
    track = replace(track, series=series, heard=track.heard or bool(np.any(new.values != NULL)))
    if changed < before:
        return judged_anew(track, settings, bounds_of)
    added = series.take(slice(changed, None))
    return fold_if_many(_went_on(track, added, settings, bounds_of), settings, bounds_of, now)


def take_steps(track: Track, level: int, new: Series, settings: Settings, bounds_of: BoundsOf, rank: Rank, now: int) -> Track:
    """The track with new readings of a station's own level; judged again only if a reading is now held against another bound."""
    new = accepted(new, settings, now)
    if len(new) == 0:
        return track
    steps = list(track.steps)
    steps[level], _ = inserted(steps[level], new, rank)
    if len(steps[level]) > 2 * _FOLD_AT:
        unjudged = track.series.starts[track.folded] if track.folded < len(track.series) else now
        steps[level] = _in_force(steps[level], min(now - settings.horizon - settings.delay, int(unjudged)))
    changed = replace(track, steps=tuple(steps))
    if np.array_equal(bounds_of(track, track.series), bounds_of(changed, track.series)):
        return changed
    folded = fold(track, settings, bounds_of, now)
    return judged_anew(replace(folded, steps=changed.steps), settings, bounds_of)


def take_bounds(track: Track, settings: Settings, old: BoundsOf, new: BoundsOf, now: int) -> Track:
    """The track held against other bounds, as far back as the horizon reaches."""
    return judged_anew(fold(track, settings, old, now), settings, new)


def take_declaration(track: Track, at: int, dead: bool, settings: Settings, bounds_of: BoundsOf) -> Track:
    """The track with what a person says of the station."""
    return judged_anew(replace(track, declarations=tuple(sorted({*track.declarations, (at, dead)}))), settings, bounds_of)


def as_judged(track: Track, settings: Settings, bounds_of: BoundsOf, upto: int) -> Track:
    """The track as if the readings after a moment had not come: a threshold that settles has not judged them yet."""
    if track.newest is None or track.newest <= upto:
        return track
    known = track.series.starts <= upto
    return judged_anew(
        replace(track, series=track.series.take(known), folded=int(np.count_nonzero(known[: track.folded]))), settings, bounds_of
    )


def unjudged_from(track: Track, upto: int) -> int:
    """The first reading after a moment; FAR if there is none."""
    later = track.series.starts[track.series.starts > upto]
    return int(later.min()) if len(later) else FAR


def judged_anew(track: Track, settings: Settings, bounds_of: BoundsOf) -> Track:
    """The track with all that is not judged for good judged again."""
    tip = track.edge.copy()
    live = judge(tip, settings, *_columns(track, track.series.take(slice(track.folded, None)), bounds_of), track.declarations)
    return replace(track, tip=tip, live=tuple(live), tail=tuple(ahead(tip, settings, track.declarations)))


def may_forget(track: Track) -> bool:
    """Whether enough is kept for it to be worth looking at what nothing asks for any more."""
    return len(track.frozen) >= _FOLD_AT


def forget(track: Track, before: int) -> Track:
    """The track without the entries that nothing asks for any more, but for the one in force at a moment."""
    first = max(bisect_right(track.frozen, before, key=lambda e: e.start) - 1, 0)
    return replace(track, frozen=track.frozen[first:]) if first else track


def fold_if_many(track: Track, settings: Settings, bounds_of: BoundsOf, now: int) -> Track:
    """The track, with what no reading can alter any more judged for good if it is worth the work."""
    due = int(np.searchsorted(track.series.ends, now - settings.horizon - settings.delay))
    return fold(track, settings, bounds_of, now) if due - track.folded >= _FOLD_AT else track


def without_old(track: Track, settings: Settings, bounds_of: BoundsOf, now: int) -> Track:
    """The track, to be put aside, without most of what no reading can alter any more."""
    due = int(np.searchsorted(track.series.ends, now - settings.horizon - settings.delay))
    return fold(track, settings, bounds_of, now, _LET_GO_AT) if due >= _LET_GO_AT else track


def fold(track: Track, settings: Settings, bounds_of: BoundsOf, now: int, least: int = _FOLD_AT) -> Track:
    """Judge for good what no reading can alter any more, and let go of it but for the last reading.

    Args:
        least: so many readings are worth letting go of.
    """
    due = int(np.searchsorted(track.series.ends, now - settings.horizon - settings.delay))
    if due <= track.folded:
        return track
    edge = track.edge.copy()
    entries = judge(edge, settings, *_columns(track, track.series.take(slice(track.folded, due)), bounds_of), track.declarations)
    track = judged_anew(replace(track, edge=edge, frozen=track.frozen + tuple(entries), folded=due), settings, bounds_of)
    return _without_old_words(_without_old(track, settings, now)) if due >= least else track


def _went_on(track: Track, added: Series, settings: Settings, bounds_of: BoundsOf) -> Track:
    tip = track.tip.copy()
    live = judge(tip, settings, *_columns(track, added, bounds_of), track.declarations)
    return replace(track, tip=tip, live=track.live + tuple(live), tail=tuple(ahead(tip, settings, track.declarations)))


def _columns(track: Track, series: Series, bounds_of: BoundsOf) -> tuple[tuple[list[int], list[int], list[int]], list[list[int]]]:
    readings = series.starts.tolist(), series.ends.tolist(), series.values.tolist()
    return readings, bounds_of(track, series).tolist()


def _without_old(track: Track, settings: Settings, now: int) -> Track:
    """Without the readings judged for good, but for the last of them that gave a value, what bounds look back to, and steps in force."""
    given = np.flatnonzero(track.series.values[: track.folded] != NULL)
    if settings.looks_back:  # a reading still to come may be held against the line that begins at the last of these
        given = given[track.series.ends[given] <= now - settings.horizon - settings.delay - settings.looks_back]
    first = int(given[-1]) if len(given) else 0 if settings.looks_back else track.folded
    oldest = track.series.starts[first] if first < len(track.series) else None
    steps = track.steps if oldest is None else tuple(_in_force(s, int(oldest)) for s in track.steps)
    return replace(track, series=track.series.take(slice(first, None)), folded=track.folded - first, steps=steps)


def _without_old_words(track: Track) -> Track:
    """Without what people said of the station before its oldest reading that is kept, but for the last word of then."""
    if len(track.series) == 0:
        return track
    said = bisect_right(track.declarations, int(track.series.starts[0]), key=lambda d: d[0])
    past = max(min(said, track.edge.declared) - 1, 0)
    edge, tip = track.edge.copy(), track.tip.copy()
    edge.declared, tip.declared = edge.declared - past, tip.declared - past
    return replace(track, edge=edge, tip=tip, declarations=track.declarations[past:])


def _in_force(steps: Series, at: int) -> Series:
    first = int(np.searchsorted(steps.starts, at, side="right")) - 1
    return steps.take(slice(first, None)) if first > 0 else steps


def step_columns(steps: tuple[Series, ...]) -> tuple[tuple[Column, Column], ...]:
    """For each level its (starts, bounds), a null being no bound."""
    return tuple((s.starts, np.where(s.values == NULL, NO_BOUND, s.values)) for s in steps)
