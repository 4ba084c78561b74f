"""Regular places judged going forward: the readings of several records at once in columns, then what changed, place by place.

What is said with which record is the same as if each record had been taken in by itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from processors.arrivals import Arrivals, Span
from processors.bounds import Column
from processors.column_machine import Flags, Machines, codes_of, judge, meets_any
from processors.columns import Columns, Course, Watch, gives_up_at, marked_at
from processors.levels import Code, Entry
from processors.life import Going, Walk
from processors.plan import Place
from processors.pointwise import Standing, level_truth
from processors.quiet import marked
from processors.regular import RuleLayout
from processors.rows import Rows, joined_rows
from processors.state import Judged
from processors.stretches import Change, Namer, Said, Stretch, differences, ended, moved, opened
from processors.timelines import BEGINNING, FAR

_TRUE = Code.TRUE  # to find a member in its class takes longer than to compare it
Codes = tuple[Code, ...]


class IrregularError(Exception):
    """Something in an area does not go forward; it is judged by timelines instead."""


class BreachChanges(NamedTuple):
    """What is to be said of a threshold at a place with one record.

    Attributes:
        record: its number. reading: the number, among the readings judged, of the one that made the change.
        entries: what was said of the threshold there.
    """

    record: int
    lane: int
    changes: Sequence[Change]
    reading: int
    entries: tuple[Entry, ...]


class Seen(NamedTuple):
    """How a rule's conditions stood at a moment, with what was said of each threshold there."""

    standing: Standing
    codes: tuple[Codes, ...]
    entries: tuple[tuple[Entry, ...], ...]


class RuleChanges(NamedTuple):
    """What is to be said of a rule in an area with one record; `seen` by the moment of each change."""

    record: int
    area: int
    rule: int
    changes: Sequence[Change]
    seen: dict[int, Seen]


@dataclass
class Forward:
    """What going forward gives.

    Attributes:
        columns: the places afterwards. judged: the readings taken in, by series and time; due: with which record.
        irregular: areas in which it did not go forward; in the columns they are as before.
    """

    columns: Columns
    judged: Rows
    due: npt.NDArray[np.int32]
    irregular: Flags
    breaches: list[BreachChanges] = field(default_factory=list)
    rules: list[RuleChanges] = field(default_factory=list)


class _Step(NamedTuple):
    """What one reading changed of a series."""

    record: int
    start: int
    lane: int
    entry: Entry
    reading: int


def go_forward(columns: Columns, arrivals: Arrivals, span: Span, ids: Sequence[str]) -> Forward:
    """Judge the regular areas by what arrived.

    Args:
        ids: of the records.
    """
    width, count = len(columns.layout.thresholds), len(span.nows)
    irregular = arrivals.irregular.copy()
    taken = (arrivals.due < count) & ~irregular[arrivals.rows.lanes // width]
    judged, due = arrivals.rows.take(taken), arrivals.due[taken]
    machines = columns.machines.copy()
    made = _judge_all(columns, machines, judged, due, span, irregular)
    silent = (machines.end != BEGINNING) & (machines.end + columns.layout.laws.stale <= span.upto[-1])
    irregular |= columns.regular & (silent.reshape(-1, width).any(axis=1) | (columns.gives_up < span.upto[-1]))
    result = Forward(columns, judged, due, irregular)
    walker = _Walker(columns, span, ids, result)
    for area, steps in groupby(made, key=lambda step: step.lane // width):
        if not irregular[area]:
            walker.area(area, list(steps))
    result.columns = _after(columns, machines, result, walker, arrivals, int(span.nows[-1]))
    return result


def _judge_all(columns: Columns, machines: Machines, judged: Rows, due: npt.NDArray[np.int32], span: Span, irregular: Flags) -> list[_Step]:
    """Judge the readings that give a value, the first of each series, then the second, and so on; answer what changed, by area."""
    laws, width = columns.layout.laws, len(columns.layout.thresholds)
    given = np.flatnonzero(judged.given)
    lanes = judged.lanes[given].astype(np.intp)
    begins = np.concatenate(([True], np.diff(lanes) != 0)) if len(lanes) else np.zeros(0, bool)
    firsts = np.flatnonzero(begins)
    nth = np.arange(len(lanes)) - np.repeat(firsts, np.diff(np.append(firsts, len(lanes))))
    starts, ends, values = judged.starts[given], judged.ends[given], judged.values[given]
    before = np.where(begins, machines.end[lanes], np.concatenate((np.zeros(1, np.int64), ends[:-1])))
    _refuse_silence(columns, starts, before, lanes, due[given], span, irregular)
    peaks = np.full(len(lanes), BEGINNING)
    says, codes = np.zeros(len(lanes), bool), np.zeros((len(lanes), laws.limit.shape[1]), dtype=np.int8)
    met, idle = meets_any(laws, lanes, values), machines.idle(np.arange(columns.layout.lanes))
    for which in _rounds(nth):
        awake = which[met[which] | ~idle[lanes[which]]]  # a reading at no level, of a series that is at none, changes nothing
        if len(awake):
            some = lanes[awake]
            machines.end[some] = before[awake]
            made = judge(machines, laws, some, starts[awake], ends[awake], values[awake])
            peaks[awake], says[awake], codes[awake] = made.peak, made.says, made.codes
            irregular[some[made.broken] // width] = True
            idle[some] = machines.idle(some)
    lasts = np.append(firsts[1:], len(lanes))[: len(firsts)] - 1
    machines.start[lanes[lasts]], machines.end[lanes[lasts]] = starts[lasts], ends[lasts]
    return list(_steps(columns, judged, due, given, np.flatnonzero(says), codes, peaks, irregular))


def _rounds(nth: npt.NDArray[np.intp]) -> Iterator[npt.NDArray[np.intp]]:
    """The readings that are the first of their series, then the second, and so on."""
    order = np.argsort(nth, kind="stable")
    edges = np.flatnonzero(np.diff(nth[order])) + 1
    yield from (part for part in np.split(order, edges) if len(part))


def _refuse_silence(
    columns: Columns, starts: Column, before: Column, lanes: npt.NDArray[np.intp], due: npt.NDArray[np.int32], span: Span, irregular: Flags
) -> None:
    """Series in which silence was said, or would have been, before the next reading came.

    Args:
        before: the end of the reading before each of its series; BEGINNING if there is none.
    """
    stale = before + columns.layout.laws.stale[lanes]
    silent = (before != BEGINNING) & ((stale <= span.upto[due]) | (starts > stale))
    irregular[lanes[silent] // len(columns.layout.thresholds)] = True


def _steps(
    columns: Columns,
    judged: Rows,
    due: npt.NDArray[np.int32],
    given: npt.NDArray[np.intp],
    which: npt.NDArray[np.intp],
    codes: npt.NDArray[np.int8],
    peaks: Column,
    irregular: Flags,
) -> Iterator[_Step]:
    """What changed, by area, record and time. At most one change of a series with one record is taken here."""
    width, levels = len(columns.layout.thresholds), columns.layout.laws.levels
    readings = given[which]
    lanes, records = judged.lanes[readings], due[readings]
    twice = (np.diff(lanes) == 0) & (np.diff(records) == 0)
    irregular[lanes[1:][twice] // width] = True
    # A breach that ends had its peak before this reading.
    first = (which == 0) | (judged.lanes[given[which - 1]] != lanes)
    peaks_before = np.where(first, columns.machines.peak[lanes], peaks[which - 1])
    order = np.lexsort((judged.starts[readings], records, lanes // width))
    readings = readings[order]
    columns_of = (
        records[order], judged.starts[readings], judged.ends[readings], lanes[order], readings, levels[lanes[order]],
        codes[which[order]], peaks[which[order]], peaks_before[order],
    )  # fmt: skip
    numbers_kept = {BEGINNING: BEGINNING}  # each moment once, for entries are kept long and most areas speak of the same hours
    for record, at, until, lane, reading, count, numbers, peak, before in zip(*(c.tolist() for c in columns_of), strict=True):
        said = codes_of(numbers[:count])
        start, end = numbers_kept.setdefault(at, at), numbers_kept.setdefault(until, until)
        gravest = peak if _TRUE in said else before
        yield _Step(record, start, lane, Entry(start, end, said, True, numbers_kept.get(gravest, gravest)), reading)


class _Walker:
    """Goes along what changed, area by area."""

    def __init__(self, columns: Columns, span: Span, ids: Sequence[str], result: Forward) -> None:
        self.columns, self.layout, self.ids, self.result = columns, columns.layout, ids, result
        self.levels = [tuple([int(bound.level) for bound in self.layout.plan.bounds[name]]) for name in self.layout.thresholds]
        self.nows, self.upto = span.nows.tolist(), span.upto.tolist()
        self.settles = span.settle > 0
        self.watches: dict[int, Watch] = {}
        self.courses: dict[int, tuple[Course, ...]] = {}

    def area(self, area: int, steps: Sequence[_Step]) -> None:
        """All that changed in one area."""
        watches = {lane: self._watch(lane) for lane in self._lanes(area)}
        courses = list(self.columns.courses[area])
        breaches: list[BreachChanges] = []
        rules: list[RuleChanges] = []
        try:
            codes = [watch.entries[-1].codes if watch.entries else () for watch in watches.values()]
            for record, of_record in groupby(steps, key=_record_of):
                changed = list(of_record)
                for step in changed:
                    watches[step.lane], told = self._breach(watches[step.lane], step)
                    breaches += told
                rules += self._rules(area, record, changed, courses, watches, codes)
                for step in changed:
                    codes[step.lane - area * len(codes)] = step.entry.codes
            if gives_up_at(self.layout, tuple(courses)) < self.upto[-1]:
                raise IrregularError
        except IrregularError:
            self.result.irregular[area] = True
            return
        self.watches |= watches
        self.courses[area] = tuple(courses)
        self.result.breaches += breaches
        self.result.rules += rules

    def _lanes(self, area: int) -> range:
        width = len(self.layout.thresholds)
        return range(area * width, (area + 1) * width)

    def _watch(self, lane: int) -> Watch:
        watch = self.columns.watches[lane]
        if watch is None:
            raise LookupError(f"series {lane} of a regular area is not watched")
        return watch

    def _place(self, lane: int) -> Place:
        area, threshold = divmod(lane, len(self.layout.thresholds))
        return self.layout.thresholds[threshold], self.layout.areas[area]

    def _judged_before(self, judged: int, record: int) -> int:
        return max(judged, int(self.upto[record])) if self.settles else judged

    def _namer(self, place: Place, record: int) -> Namer:
        return Namer(self.layout.plan.configuration.shard, *place, self.ids[record])

    def _breach(self, watch: Watch, step: _Step) -> tuple[Watch, list[BreachChanges]]:
        level = 0
        for code, of in zip(step.entry.codes, self.levels[step.lane % len(self.levels)], strict=False):
            level = of if code is _TRUE else level
        over, standing = _parted(watch.said)
        entries, upto = (*watch.entries, step.entry), max(self.upto[step.record + 1], watch.judged)
        if level == (standing.level if standing is not None else 0):
            return Watch(entries, watch.said, upto, watch.settled), []
        change = self._change(standing, step, level)
        told = BreachChanges(step.record, step.lane, (change,), step.reading, entries)
        return Watch(entries, (*over, change.said), upto, watch.settled), [told]

    def _change(self, standing: Said | None, step: _Step, level: int) -> Change:
        """The one change of a breach that goes forward, as `differences` finds it: it opens, moves or ends."""
        record = self.ids[step.record]
        if standing is None:
            return opened(step.start, level, self._namer(self._place(step.lane), step.record), self.nows[step.record], record)
        if standing.since >= step.start or standing.doubted or standing.steps:
            raise IrregularError
        return moved(standing, step.start, level, record) if level else ended(standing, step.start, record)

    def _rules(
        self,
        area: int,
        record: int,
        changed: Sequence[_Step],
        courses: list[Course],
        watches: dict[int, Watch],
        before: Sequence[Codes],
    ) -> list[RuleChanges]:
        first = area * len(self.layout.thresholds)
        entries = tuple([watch.entries for watch in watches.values()])
        told = []
        for n in sorted({n for step in changed for n in self.layout.readers[step.lane - first]}):
            layout = self.layout.rules[n]
            mine = [step for step in changed if step.lane - first in layout.thresholds]
            codes = list(before)
            stroll = _Stroll(layout, courses[n])
            for moment, at_moment in groupby(mine, key=_start_of):
                for step in at_moment:
                    codes[step.lane - first] = step.entry.codes
                stroll.to(moment, tuple(codes), entries)
            courses[n], changes = self._said(area, layout, courses[n], stroll, record)
            if changes:
                told.append(RuleChanges(record, area, n, changes, stroll.seen))
        return told

    def _said(self, area: int, layout: RuleLayout, course: Course, stroll: "_Stroll", record: int) -> tuple[Course, list[Change]]:
        """What must be said of a rule after it has been walked along."""
        now, record_id = self.nows[record], self.ids[record]
        walk, upto = stroll.walk, max(self.upto[record + 1], course.judged)
        if walk is None:
            was = course.going
            here = Going(was.raised, stroll.moment, was.current, was.armed, was.known, was.ended)
            return course._replace(moment=stroll.moment, going=here, judged=upto), []
        after = Course(
            stroll.standing, stroll.moment, walk.here(stroll.moment), course.base, course.said, upto, course.issued, course.issued_level
        )
        if walk.found == stroll.found:
            return after, []
        judged = self._judged_before(course.judged, record)
        over, standing = _parted(course.said)
        open_now = [standing] if standing is not None else []
        name = self._namer((layout.name, self.layout.areas[area]), record)
        changes, said = differences(open_now, walk.found, judged, name, now, record_id)
        stands = Judged(said=(*over, *said), issued=course.issued, issued_level=course.issued_level)
        changes, stands = marked(changes, stands, layout.rule, (), now, record_id)
        return after._replace(said=stands.said, issued=stands.issued, issued_level=stands.issued_level), changes


class _Stroll:
    """One rule in one area, walked along from change to change of its levels.

    Attributes:
        walk: along the rule's truth; none as long as none of its conditions has come to stand otherwise. found: its stretches before.
    """

    def __init__(self, layout: RuleLayout, course: Course) -> None:
        self.layout, self.going = layout, course.going
        self.standing, self.moment = course.standing, course.moment
        self.walk: Walk | None = None
        self.found: list[Stretch] = []
        self.seen: dict[int, Seen] = {}

    def to(self, moment: int, codes: tuple[Codes, ...], entries: tuple[tuple[Entry, ...], ...]) -> None:
        """The next moment at which a level changed."""
        if moment <= self.moment:
            raise IrregularError
        leaves = [level_truth(codes[threshold], level) for threshold, level in self.layout.leaves]
        before = self.standing
        self.standing = self.layout.tree.advance(before, leaves, moment)
        self.moment = moment
        walk = self.walk
        if walk is None:
            if self.standing is before and (self.going.current is None or self.going.known == FAR):
                return
            walk = self.walk = Walk(self.going, self.layout.law)
            self.found = list(walk.found)
        walk.known = min(walk.known, moment)
        truths = [self.standing.known(root) for root in self.layout.tree.roots]
        if walk.current is not None and walk.known + self.layout.law.ends < moment + 1:
            raise IrregularError
        walk.take(moment, FAR, truths, truths)
        self.seen[moment] = Seen(self.standing, codes, entries)


_record_of, _start_of = attrgetter("record"), attrgetter("start")


def _parted(said: tuple[Said, ...]) -> tuple[tuple[Said, ...], Said | None]:
    """What is over, and what stands. At most one does, and it is the last: no two of a place overlap."""
    return (said[:-1], said[-1]) if said and said[-1].until is None else (said, None)


def _after(columns: Columns, machines: Machines, result: Forward, walker: _Walker, arrivals: Arrivals, now: int) -> Columns:
    """The columns once all has been judged; irregular areas are as before, and their readings are not taken."""
    width = len(columns.layout.thresholds)
    broken = np.repeat(result.irregular, width)
    machines.restore(np.flatnonzero(broken), columns.machines)
    kept = ~broken[result.judged.lanes]
    judged = result.judged.take(kept)
    seen_ends, seen_starts, newest = columns.seen_ends.copy(), columns.seen_starts.copy(), columns.newest.copy()
    # Rows are in order, so of several of one series the last one stays.
    seen_ends[judged.lanes], seen_starts[judged.lanes] = judged.ends, judged.starts
    given = judged.given
    newest[judged.lanes[given], 0], newest[judged.lanes[given], 1] = judged.sources[given], judged.rows[given]
    still = (arrivals.due == len(walker.nows)) & ~broken[arrivals.rows.lanes]
    before = columns.pending.take(broken[columns.pending.lanes])
    watches, courses, gives_up = list(columns.watches), list(columns.courses), columns.gives_up.copy()
    for lane, watch in walker.watches.items():
        watches[lane] = watch
    for area, found in walker.courses.items():
        courses[area] = found
        gives_up[area] = gives_up_at(columns.layout, found)
    pending = joined_rows([arrivals.rows.take(still), before])
    if len(before):
        pending = pending.take(np.argsort(pending.lanes, kind="stable"))
    after = replace(
        columns, machines=machines, seen_ends=seen_ends, seen_starts=seen_starts, newest=newest, watches=tuple(watches),
        courses=tuple(courses), gives_up=gives_up, history=(*columns.history, judged) if len(judged) else columns.history, pending=pending,
    )  # fmt: skip
    return marked_at(after, now)
