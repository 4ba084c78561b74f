"""What is known of the regular places of a shard, in columns: a struct of arrays, and objects only for what changed.

Columns never change; going forward makes others that share what did not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from processors.bounds import Column
from processors.column_machine import BY_LEVEL, MACHINE_COLUMNS, Flags, Machines
from processors.levels import Entry
from processors.life import Going
from processors.packed import Packed, packed_all
from processors.pointwise import Standing
from processors.regular import Layout
from processors.rows import PackedRows, Rows, joined_rows, no_rows, packed_rows, rows_of
from processors.series import empty
from processors.sources import numbers_in
from processors.stretches import Said
from processors.timelines import BEGINNING, FAR
from processors.tracks import Track

_MARKS = 4
"""Points to judge again from are kept this many times in the longest horizon."""
_SEGMENTS = 12
"""More parts of the history than this are put together."""
_END = MACHINE_COLUMNS.index("end")


class Watch(NamedTuple):
    """A threshold at a regular place.

    Attributes:
        entries: what was said of it.
        said, judged, settled: as in `state.Judged`.
    """

    entries: tuple[Entry, ...]
    said: tuple[Said, ...]
    judged: int
    settled: int


class Course(NamedTuple):
    """A rule in a regular area.

    Attributes:
        standing: its conditions. moment: when one of them last changed.
        going: where the walk along its truth stands at that moment; `known` is FAR while the truth is known.
        base: where it stood when nothing before could be altered any more.
        said, judged, issued, issued_level: as in `state.Judged`.
    """

    standing: Standing
    moment: int
    going: Going
    base: Going
    said: tuple[Said, ...]
    judged: int
    issued: int
    issued_level: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Where all stood at a moment, to judge again from; packed, for it is seldom asked for.

    Attributes:
        at: the shard's now.
    """

    at: int
    _levels: int
    _columns: tuple[Packed, ...]

    @classmethod
    def of(cls, at: int, machines: Machines, seen_ends: Column, seen_starts: Column) -> Self:
        """Where all stands.

        Args:
            seen_ends, seen_starts: of the last reading of each series.
        """
        columns = [getattr(machines, name).reshape(-1) for name in MACHINE_COLUMNS]
        return cls(at, machines.entered.shape[1], packed_all([*columns, seen_ends, seen_starts]))

    @property
    def machines(self) -> Machines:
        """The machines of all series."""
        return self._machines(0, len(self._columns[-1]))

    def machine(self, lane: int) -> Machines:
        """The machine of one series, as the only one."""
        return self._machines(lane, lane + 1)

    def seen(self, lane: int) -> tuple[int, int]:
        """End and start of the last reading of a series."""
        end, start = (int(column.part(lane, lane + 1)[0]) for column in self._columns[-2:])
        return end, start

    def heard(self, lane: int) -> bool:
        """Whether some reading of a series gave a value."""
        return bool(self._columns[_END].part(lane, lane + 1)[0] != BEGINNING)

    @property
    def ends(self) -> Column:
        """The end of the last reading with a value of each series."""
        return self._columns[_END].whole()

    @property
    def seen_ends(self) -> Column:
        """The end of the last reading of each series."""
        return self._columns[-2].whole()

    @property
    def seen_starts(self) -> Column:
        """The start of the last reading of each series."""
        return self._columns[-1].whole()

    def _machines(self, first: int, last: int) -> Machines:
        lanes, found = len(self._columns[-1]), {}
        for name, column in zip(MACHINE_COLUMNS, self._columns, strict=False):
            width = len(column) // lanes if lanes else 1
            part = column.part(first * width, last * width)
            found[name] = part.reshape(-1, self._levels) if name in BY_LEVEL else part
        return Machines(**found)


@dataclass(frozen=True, slots=True)
class Columns:
    """The regular places.

    Attributes:
        seen_ends, seen_starts: of the last reading judged of each series, nulls included.
        newest: record and row of the last reading with a value of each series.
        regular: which areas are. since: the shard's now when each became so.
        carried: how many entries each series brought along. gives_up: when an event of each area ends that nobody can tell the end of.
        history: readings judged, part by part in order of time, each part by series, end and start; those of before the last mark packed.
        pending: readings that their threshold has not settled yet, by series, end and start.
        bases: series to its track when it became regular, as long as no mark is old enough to judge it again from; its readings stand
            there until the next mark, then in the history.
        watches: of each series. courses: of each area, in the order of the layout's rules.
    """

    layout: Layout
    machines: Machines
    seen_ends: Column
    seen_starts: Column
    newest: npt.NDArray[np.int32]
    regular: Flags
    since: Column
    carried: npt.NDArray[np.int32]
    gives_up: Column
    watches: tuple[Watch | None, ...]
    courses: tuple[tuple[Course, ...], ...]
    history: tuple[Rows | PackedRows, ...] = ()
    pending: Rows = field(default_factory=no_rows)
    marks: tuple[Mark, ...] = ()
    bases: Mapping[int, Track] = field(default_factory=dict)

    @property
    def regular_lanes(self) -> Flags:
        """Which series belong to regular areas."""
        return np.repeat(self.regular, len(self.layout.thresholds))


def no_columns(layout: Layout) -> Columns:
    """No regular place yet."""
    lanes, areas = layout.lanes, len(layout.areas)
    return Columns(
        layout=layout,
        machines=Machines.blank(lanes, layout.laws.limit.shape[1]),
        seen_ends=np.full(lanes, BEGINNING),
        seen_starts=np.full(lanes, BEGINNING),
        newest=np.full((lanes, 2), -1, dtype=np.int32),
        regular=np.zeros(areas, dtype=bool),
        since=np.full(areas, BEGINNING),
        carried=np.zeros(lanes, dtype=np.int32),
        gives_up=np.full(areas, FAR),
        watches=(None,) * lanes,
        courses=((),) * areas,
    )


def gives_up_at(layout: Layout, courses: tuple[Course, ...]) -> int:
    """When an event in an area ends that nobody can tell the end of, if no level changes before; FAR if none does."""
    unsure = [
        course.going.known + rule.law.ends
        for rule, course in zip(layout.rules, courses, strict=True)
        if course.going.current is not None and course.going.known < FAR
    ]
    return min(unsure, default=FAR)


def without(columns: Columns, areas: Sequence[int]) -> Columns:
    """The columns without some areas, by number."""
    width = len(columns.layout.thresholds)
    gone = np.zeros(len(columns.layout.areas), dtype=bool)
    gone[list(areas)] = True
    lanes = {lane for area in areas for lane in range(area * width, (area + 1) * width)}
    return replace(
        columns,
        regular=columns.regular & ~gone,
        gives_up=np.where(gone, FAR, columns.gives_up),
        watches=tuple([None if gone[lane // width] else watch for lane, watch in enumerate(columns.watches)]),
        courses=tuple([() if gone[area] else courses for area, courses in enumerate(columns.courses)]),
        pending=columns.pending.take(~gone[columns.pending.lanes // width]),
        bases={lane: track for lane, track in columns.bases.items() if lane not in lanes},
    )


def readings_of(columns: Columns, lane: int) -> Rows:
    """The readings that are kept of a series, in order."""
    rows = joined_rows([part.of(lane) for part in columns.history])
    base = columns.bases.get(lane)
    if base is None or not len(base.series):
        return rows
    # What lies in the history from before the series became regular again stands in the base, corrected.
    return joined_rows([rows_of(base.series, lane), rows.after(int(base.series.ends[-1]), int(base.series.starts[-1]))])


def sources_of(columns: Columns) -> set[int]:
    """The records of which a reading is kept."""
    newest = columns.newest[:, 0]
    bases = (track.series.sources for track in columns.bases.values())
    fresh = [part.sources for part in columns.history if isinstance(part, Rows)]
    kept = frozenset[int]().union(*(part.numbers for part in columns.history if isinstance(part, PackedRows)))
    return numbers_in([newest[newest >= 0], columns.pending.sources, *fresh, *bases]) | kept


def marked_at(columns: Columns, now: int) -> Columns:
    """The columns with a new mark if it is time for one, and without what no mark needs any more."""
    reach = int(columns.layout.laws.reach.max())
    if columns.marks and now - columns.marks[-1].at < reach // _MARKS:
        return columns if len(columns.history) <= _SEGMENTS else replace(columns, history=_in_two(columns.history))
    # Of what is caught up with at once most is let go of at the next mark, so it is not packed before that.
    catches_up = not columns.marks or now - columns.marks[-1].at > reach
    mark = Mark.of(now, columns.machines, columns.seen_ends, columns.seen_starts)
    old = [n for n, kept in enumerate(columns.marks) if kept.at < now - reach]
    marks = (*columns.marks[old[-1] if old else 0 :], mark)
    columns = _with_lean_bases(replace(columns, marks=marks))
    rows = put_together(columns.history)
    if old:
        columns, rows = _without_old(columns, marks[0], rows)
    return replace(columns, history=(rows if catches_up else packed_rows(rows),))


def _in_two(parts: tuple[Rows | PackedRows, ...]) -> tuple[Rows | PackedRows, ...]:
    """What is packed, and one part of all that is not; no more is packed before the next mark, or it would be so again and again."""
    kept = [part for part in parts if isinstance(part, PackedRows)]
    return *kept, put_together([part for part in parts if isinstance(part, Rows)])


def put_together(parts: Sequence[Rows | PackedRows]) -> Rows:
    """One part of all."""
    rows = joined_rows([part.whole() if isinstance(part, PackedRows) else part for part in parts])
    if len(parts) > 1:
        rows = rows.take(np.argsort(rows.lanes, kind="stable"))  # parts in order are quickly merged
    return rows if _are_in_order(rows) else rows.take(np.lexsort((rows.starts, rows.ends, rows.lanes)))


def _are_in_order(rows: Rows) -> bool:
    """Whether readings are by series, end and start."""
    lanes, ends, starts = np.diff(rows.lanes), np.diff(rows.ends), np.diff(rows.starts)
    return bool(np.all((lanes > 0) | ((lanes == 0) & ((ends > 0) | ((ends == 0) & (starts >= 0))))))


def _with_lean_bases(columns: Columns) -> Columns:
    """The columns with the readings of bases in the history, where they are packed, and without what is judged anew from a base."""
    corrected = [lane for lane, base in columns.bases.items() if len(base.series)]
    if not corrected:
        return columns
    based = np.zeros(columns.layout.lanes, dtype=bool)
    based[corrected] = True
    rows = put_together(columns.history)
    rows = put_together([rows.take(~based[rows.lanes]), *(readings_of(columns, lane) for lane in corrected)])
    lean = {lane: replace(columns.bases[lane], series=empty(), tip=columns.bases[lane].edge, live=()) for lane in corrected}
    return replace(columns, history=(rows,), bases={**columns.bases, **lean})


def _without_old(columns: Columns, first: Mark, rows: Rows) -> tuple[Columns, Rows]:
    """The columns and their readings without bases and readings from before the first mark, for series that can be judged again from it."""
    since = np.repeat(columns.since, len(columns.layout.thresholds))
    marked = columns.regular_lanes & (since < first.at) & (first.ends != BEGINNING)
    # Of each series the last reading with a value stays, because it is what a silence is told with.
    oldest = np.where(marked, np.minimum(first.seen_ends, first.ends), BEGINNING)
    kept = columns.regular_lanes[rows.lanes] & (rows.ends >= oldest[rows.lanes])
    columns = replace(columns, bases={lane: track for lane, track in columns.bases.items() if not marked[lane]})
    return columns, rows.take(kept)
