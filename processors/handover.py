"""A place handed over from timelines to columns once it is regular, and back when something irregular comes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from processors.column_machine import Machines
from processors.columns import Columns, Course, Mark, Watch, gives_up_at, readings_of
from processors.conditions import Sight
from processors.events import lines_of, needed_from, settled
from processors.held_against import bounds_for
from processors.levels import Code, Machine, Settings
from processors.life import beginning, tip
from processors.onsets import Onsets
from processors.plan import Place
from processors.pointwise import Shown, Standing, Tree
from processors.regular import Layout, RuleLayout
from processors.rows import Rows, joined_rows, rows_of
from processors.series import NULL, Rank, Series, inserted, joined
from processors.state import Judged
from processors.timelines import BEGINNING, FALSE, FAR, TRUE, UNKNOWN, Line
from processors.tracks import Track, as_judged, forget, judged_anew, may_forget, new_track, without_old

_CERTAIN = (Code.LOWER, Code.PENDING, Code.TRUE)
_UNHEARD = Watch((), (), BEGINNING, BEGINNING)


@dataclass(frozen=True)
class Timelines:
    """One area as timelines know it: its tracks, and what stands of its thresholds and rules."""

    tracks: Mapping[Place, Track]
    breaches: Mapping[Place, Judged]
    events: Mapping[Place, Judged]


@dataclass(frozen=True)
class Lane:
    """One series on its way into columns."""

    track: Track
    watch: Watch
    pending: Series


@dataclass(frozen=True)
class Handed:
    """One area on its way into columns."""

    lanes: tuple[Lane, ...]
    courses: tuple[Course, ...]


def regular(layout: Layout, area: str, known: Timelines, sight: Sight) -> Handed | None:
    """The area as columns take it; none if it is not regular."""
    upto = sight.now - (layout.settle + 1 if layout.settle else 0)
    lanes = []
    for name in layout.thresholds:
        lane = _lane((name, area), known, sight, upto, layout)
        if lane is None:
            return None
        lanes.append(lane)
    courses = [_course(rule, area, known, sight, upto) for rule in layout.rules]
    found = tuple(course for course in courses if course is not None)
    return Handed(tuple(lanes), found) if len(found) == len(courses) else None


def _lane(place: Place, known: Timelines, sight: Sight, upto: int, layout: Layout) -> Lane | None:
    track = known.tracks.get(place)
    if track is None or not track.heard or track.declarations or track.newest is None or track.newest > sight.now:
        return None
    settings = sight.plan.settings(*place)
    bounds_of = bounds_for(sight.plan, sight.baselines, *place)
    judged = as_judged(track, settings, bounds_of, upto)
    settled = track.series.starts <= upto
    pending = track.series.take(slice(len(judged.series), None))
    if not settled[: len(judged.series)].all() or settled[len(judged.series) :].any() or not _goes_on(judged, settings.stale, upto):
        return None
    given = judged.series.with_values()
    if len(given) == 0 or given.ends[-1] != judged.tip.end:
        return None
    judged = without_old(judged, settings, bounds_of, sight.now)
    stands = known.breaches.get(place, Judged())
    if may_forget(judged):
        judged = forget(judged, needed_from(place, stands, known.events, sight))
    entries = judged.frozen + judged.live
    if layout.moments_only and any(entry.end > entry.start for entry in entries):
        return None
    watch = Watch(entries, stands.said, max(stands.judged, BEGINNING), stands.settled)
    return Lane(replace(judged, tail=()), watch, pending)


def _goes_on(track: Track, stale: int, upto: int) -> bool:
    """Whether the last reading judged still holds and was taken in without doubt."""
    tip_now, last = track.tip, track.tip.last
    fresh = tip_now.end != BEGINNING and upto < tip_now.end + stale
    return fresh and not tip_now.dead and _is_certain(tip_now.codes) and last is not None and last.counts and last.codes == tip_now.codes


def _is_certain(codes: Sequence[Code]) -> bool:
    return bool(codes) and all(code in _CERTAIN for code in codes)


def _course(layout: RuleLayout, area: str, known: Timelines, sight: Sight, upto: int) -> Course | None:
    lines = [sight.truth(condition, area) for condition in layout.tree.conditions]
    if any(one is None for one in lines):
        return None
    cut = [one.upto(upto) for one in lines if one is not None]
    standing = _standing(layout.tree, cut, upto)
    if standing is None:
        return None
    judged = known.events.get((layout.name, area), Judged())
    base = judged.going if judged.going is not None and len(judged.going.raised) == len(layout.law.raises) else beginning(layout.law)
    going = tip(base, lines_of(layout.rule, area, sight), layout.law, upto)
    moment = max((one.starts[-1] for one in cut), default=BEGINNING)
    return Course(standing, moment, going, base, judged.said, judged.judged, judged.issued, judged.issued_level)


def _standing(tree: Tree, lines: Sequence[Line], upto: int) -> Standing | None:
    truths, since, shown = [], [], []
    for n, one in enumerate(lines):
        keep, sure = one.at(upto)
        began = one.since(upto)
        if began is None or keep != sure:
            return None
        truths.append(sure)
        since.append(began)
        shown.append(_shown(one, upto) if tree.watches(n) else None)
    return Standing(tuple(truths), tuple(since), tuple(shown))


def _shown(one: Line, upto: int) -> Shown:
    """What is kept of onsets, out of a line up to a moment."""
    onsets = Onsets(one.starts, one.ends, one.sure)
    truth = one.sure[-1]
    if truth == FALSE:
        return Shown()
    known, _ = onsets.last(upto)
    fell = max((at for at in onsets.fell), default=BEGINNING)
    hidden = tuple((o.first, o.last) for o in onsets.hidden if o.start >= fell and o.last < FAR - 1)
    dark = next((o.first for o in onsets.hidden if o.start >= fell and o.last == FAR - 1), None) if truth == UNKNOWN else None
    settled = next((t for t in reversed(one.sure) if t != UNKNOWN), FALSE) == TRUE
    return Shown(known[0].first if known else None, hidden, dark, settled)


def timelines(columns: Columns, number: int, sight: Sight, rank: Rank) -> Timelines:
    """A regular area as timelines know it, with all that was said of it."""
    layout, area = columns.layout, columns.layout.areas[number]
    # While readings pend, time alone has them judged, record by record.
    ticked = sight.now - layout.settle - 1 if layout.settle else BEGINNING
    tracks: dict[Place, Track] = {}
    breaches: dict[Place, Judged] = {}
    for threshold, name in enumerate(layout.thresholds):
        lane = layout.lane(threshold, number)
        place = (name, area)
        watch = columns.watches[lane]
        if watch is None or (not watch.entries and not len(columns.pending.of(lane))):
            continue  # nothing was heard of it yet
        tracks[place] = track_of(columns, lane, place, watch, sight, rank)
        # Its deadline is past, so that it is looked at again with the next record.
        breaches[place] = Judged(said=watch.said, judged=max(watch.judged, ticked), settled=watch.settled, deadline=BEGINNING)
    there = Sight(sight.plan, {**sight.tracks, **tracks}, sight.baselines, sight.alive, sight.now)
    events = {}
    for rule, course in zip(layout.rules, columns.courses[number] if tracks else (), strict=bool(tracks)):
        judged = course._replace(judged=max(course.judged, ticked))
        events[rule.name, area] = _stands(rule, area, judged, there)
    return Timelines(tracks, breaches, events)


def _stands(rule: RuleLayout, area: str, course: Course, sight: Sight) -> Judged:
    """What stands of a rule, with the walk up to where nothing can alter it any more."""
    lines = lines_of(rule.rule, area, sight)
    going = settled(course.base, lines, rule.law, course.judged - sight.reach(rule.name, area) - 1)
    said = tuple(s for s in course.said if s.until is None or s.until > going.at)
    return Judged(going, said, course.judged, going.at, BEGINNING, course.issued, course.issued_level)


def track_of(columns: Columns, lane: int, place: Place, watch: Watch, sight: Sight, rank: Rank) -> Track:
    """A series as a track: judged again from the newest mark before which nothing can be altered any more."""
    settings = sight.plan.settings(*place)
    bounds_of = bounds_for(sight.plan, sight.baselines, *place)
    since = int(columns.since[lane // len(columns.layout.thresholds)])
    oldest = sight.now - settings.horizon - settings.delay
    usable = [mark for mark in columns.marks if since < mark.at < oldest and mark.heard(lane)]
    rows = readings_of(columns, lane)
    if usable:
        track = _from_mark(usable[-1], lane, rows, watch, new_track(settings, 0), settings.levels)
    else:
        track = replace(columns.bases[lane], series=rows.series())
    series, _ = inserted(track.series, columns.pending.of(lane).series(), rank)
    heard = bool(watch.entries) or bool(np.any(series.values != NULL))
    return judged_anew(replace(track, series=series, heard=heard), settings, bounds_of)


def _from_mark(mark: Mark, lane: int, rows: Rows, watch: Watch, blank: Track, levels: int) -> Track:
    machines = mark.machine(lane)
    count = int(machines.emitted[0])
    edge: Machine = machines.machine(0, levels, watch.entries[count - 1])
    later = rows.after(*mark.seen(lane))
    last = rows.take((rows.ends == edge.end) & (rows.starts == edge.start) & (rows.values != NULL))
    return replace(blank, series=joined(last.series(), later.series()), folded=len(last), edge=edge, frozen=watch.entries[:count])


def begun(columns: Columns, areas: Sequence[int], now: int, events: Mapping[Place, Judged]) -> Columns:
    """The columns with some areas more, by number, that nothing was known of."""
    if not areas:
        return columns
    layout, width, plan = columns.layout, len(columns.layout.thresholds), columns.layout.plan
    which = np.zeros(len(layout.areas), dtype=bool)
    which[list(areas)] = True
    lanes = [lane for area in areas for lane in range(area * width, (area + 1) * width)]
    machines, blank = columns.machines.copy(), Machines.blank(layout.lanes, layout.laws.limit.shape[1])
    machines.restore(np.array(lanes, dtype=np.intp), blank)
    seen_ends, seen_starts = columns.seen_ends.copy(), columns.seen_starts.copy()
    newest, carried = columns.newest.copy(), columns.carried.copy()
    seen_ends[lanes], seen_starts[lanes], newest[lanes], carried[lanes] = BEGINNING, BEGINNING, -1, 0
    watches, courses, bases = list(columns.watches), list(columns.courses), dict(columns.bases)
    for area in areas:
        courses[area] = tuple(unheard(rule, events.get((rule.name, layout.areas[area]), Judged())) for rule in layout.rules)
    blank_tracks: dict[Settings, Track] = {}  # one for all alike, for a track never changes
    for lane in lanes:
        watches[lane] = _UNHEARD
        settings = plan.settings(layout.thresholds[lane % width], layout.areas[lane // width])
        if settings not in blank_tracks:
            blank_tracks[settings] = new_track(settings, 0)
        bases[lane] = blank_tracks[settings]
    return replace(
        columns, machines=machines, regular=columns.regular | which, since=np.where(which, now, columns.since),
        gives_up=np.where(which, FAR, columns.gives_up), seen_ends=seen_ends, seen_starts=seen_starts, newest=newest, carried=carried,
        watches=tuple(watches), courses=tuple(courses), bases=bases,
    )  # fmt: skip


def unheard(rule: RuleLayout, judged: Judged) -> Course:
    """A rule in an area that nothing was heard of."""
    going = judged.going if judged.going is not None else beginning(rule.law)
    return Course(rule.tree.unheard(), BEGINNING, going, going, (), judged.judged, judged.issued, judged.issued_level)


def taken_over(columns: Columns, handed: Mapping[int, Handed], now: int) -> Columns:
    """The columns with some areas more, by number."""
    layout, width = columns.layout, len(columns.layout.thresholds)
    machines, regular_now, since, gives_up = columns.machines.copy(), columns.regular.copy(), columns.since.copy(), columns.gives_up.copy()
    seen_ends, seen_starts, newest = columns.seen_ends.copy(), columns.seen_starts.copy(), columns.newest.copy()
    carried, watches, courses, bases = columns.carried.copy(), list(columns.watches), list(columns.courses), dict(columns.bases)
    pending = [columns.pending]
    for number, area in handed.items():
        regular_now[number], since[number] = True, now
        courses[number], gives_up[number] = area.courses, gives_up_at(layout, area.courses)
        for threshold, lane in enumerate(area.lanes):
            at = number * width + threshold
            series, given = lane.track.series, lane.track.series.with_values()
            machines.put(at, lane.track.tip, len(lane.watch.entries))
            seen_ends[at], seen_starts[at], carried[at] = series.ends[-1], series.starts[-1], len(lane.watch.entries)
            newest[at] = given.sources[-1], given.rows[-1]
            watches[at], bases[at] = lane.watch, lane.track
            pending.append(rows_of(lane.pending, at))
    rows = joined_rows(pending)
    return replace(
        columns, machines=machines, regular=regular_now, since=since, gives_up=gives_up, seen_ends=seen_ends, seen_starts=seen_starts,
        newest=newest, carried=carried, watches=tuple(watches), courses=tuple(courses), bases=bases,
        pending=rows.take(np.lexsort((rows.starts, rows.ends, rows.lanes))),
    )  # fmt: skip
